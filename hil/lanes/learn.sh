# Learns once; $task and $epochs say what. All is shown on the console.
/tellegen doctor --board /board.yaml
/tellegen train --target gpio --board /board.yaml --task $task --epochs $epochs --trace --out /out/run
code train $?
