# What a get and a set cost through the kernel to another process and back.
/tellegen benchmark lines --board /board.yaml --count 500 >/out/virtio 2>&1
code lines $?
