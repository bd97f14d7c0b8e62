# Faults one after the other, each at a run of its own that is put to rest and gone on with.
rest='/tellegen rest --board /board.yaml'
train='/tellegen train --target gpio --board /board.yaml --task regression'
# A shell may have noticed the end of a job, or not yet.
gone() { [ ! -e /proc/$job/status ] || grep -qs 'State:.Z' /proc/$job/status; }
# Begins a run, and waits until it trains: NAME FOLDER [EPOCHS]
start() {
  $train --epochs ${3-10} --out $2 >/out/$1.said 2>&1 </dev/null &
  job=$!
  until grep -qs 'epoch 0' /out/$1.said || gone; do sleep 0.02; done
}
# Waits for its end: NAME
end() {
  wait $job
  ended=$?
  code $1 $ended
}
# Puts the board to rest: NAME
at_rest() {
  $rest >/out/$1.rest 2>&1 </dev/null
  code $1-rest $?
}
# Goes on with a run that did not come to its end, and shows its measures: NAME FOLDER
go_on() {
  [ -e $2/checkpoint.json ] || return
  [ $ended = 0 ] || {
    /tellegen train --resume $2 >/out/$1.resumed 2>&1 </dev/null
    code $1-resumed $?
  }
  cp $2/metrics.jsonl /out/$1.metrics
}

# At the calls of GPIO, by hil/failing-calls.c: /cases has for each its name, what is injected, and
# from when on calls are counted.
while read name kind first count action from; do
  folder=/tmp/$name
  [ $from = training ] && from=$folder/checkpoint.json || from=
  (LD_PRELOAD=/failing-calls.so FAILING_CALLS="$kind $first $count $action" FAILING_FROM=$from \
    LEARN_LINE=23 exec $train --epochs 10 --out $folder) >/out/$name.said 2>&1 </dev/null &
  job=$!
  if [ $action = signal:19 ]; then
    until grep -qs 'State:.T' /proc/$job/status || gone; do sleep 0.02; done
    sleep 3
    kill -CONT $job
  fi
  end $name
  at_rest $name
  go_on $name $folder
done </cases

# The disk fills under a run.
mkdir /full /readonly
mount -t tmpfs -o size=2m none /full
start full /full/run
dd if=/dev/zero of=/full/filler bs=4096 2>/dev/null
end full
at_rest full
rm /full/filler
go_on full /full/run

# The folder vanishes, and is brought back.
mkdir /tmp/vanished
start vanished /tmp/vanished/run
mv /tmp/vanished /tmp/elsewhere
end vanished
at_rest vanished
mv /tmp/elsewhere /tmp/vanished
go_on vanished /tmp/vanished/run

# The folder can only be read when its run is gone on with, and when a new one is begun.
mount -t tmpfs -o size=2m none /readonly
start read-only /readonly/run
kill -INT $job
end read-only
at_rest read-only
mount -o remount,ro /readonly
/tellegen train --resume /readonly/run >/out/read-only.refused 2>&1 </dev/null
code read-only-refused $?
$train --out /readonly/new >/out/read-only.new 2>&1 </dev/null
code read-only-new $?
mount -o remount,rw /readonly
go_on read-only /readonly/run

# Another program has the lines when a run is gone on with.
start held /tmp/held
kill -INT $job
end held
at_rest held
kept=$ended
# It has them for longer than any computer takes to come to ask, learns on, and is ended then.
start holder /tmp/holder 1000000
/tellegen train --resume /tmp/held >/out/held.refused 2>&1 </dev/null
code held-refused $?
epochs() { wc -l </tmp/holder/metrics.jsonl; }
further=$(($(epochs) + 10))
until [ $(epochs) -ge $further ] || gone; do sleep 0.02; done
kill -INT $job
end holder
ended=$kept
go_on held /tmp/held

# The clock jumps back and forth.
start clock /tmp/clock
date -s '2001-01-01 00:00' >/dev/null
sleep 1
date -s '2037-01-01 00:00' >/dev/null
end clock
at_rest clock
go_on clock /tmp/clock
