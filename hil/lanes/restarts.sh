# The double's process is stopped and started while the first run learns.
/tellegen train --target gpio --board /board.yaml --task regression --epochs 10 --trace --out /out/run
status=$?
code train $status
[ $status = 0 ] || exit

# A user who may not open the chip.
deny
as_user train --target gpio --board /board.yaml --task regression --out /tmp/none >/out/denied 2>&1
code train-denied $?
as_user doctor --board /board.yaml >>/out/denied 2>&1
code doctor-denied $?

# A run that is asked to stop, replayed and resumed.
/tellegen train --target gpio --board /board.yaml --task regression --epochs 10 --trace --out /tmp/again \
  >/out/resumed 2>&1 &
job=$!
until grep -qs 'epoch 0' /out/resumed; do sleep 0.02; done
kill -INT $(pidof tellegen)
wait $job
code interrupted $?
/tellegen replay /tmp/again >>/out/resumed 2>&1
code replayed $?
/tellegen train --resume /tmp/again >>/out/resumed 2>&1
code resumed $?
