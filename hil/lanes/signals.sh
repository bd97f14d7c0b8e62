# Sends signals to programs: /moments names for each the moment, the signal, and the word in what
# the program says from which the moment counts.

# Handlers that return, as a crash reporter's, are loaded with each program where they are there.
[ ! -e /returning-handlers.so ] || export TELLEGEN_PRELOAD=/returning-handlers.so
train() { LD_PRELOAD=$TELLEGEN_PRELOAD exec /tellegen train --target gpio --board $1 --task regression --epochs 100000 --out /tmp/run --overwrite; }
# A shell may have noticed the end of a job, or not yet.
gone() { [ ! -e /proc/$job/status ] || grep -qs 'State:.Z' /proc/$job/status; }
while read moment signal start; do
  rm -f /tmp/log
  (train /board.yaml) >/tmp/log 2>&1 &
  job=$!
  # From here on it holds the lines. A shell's background jobs ignore SIGINT until they say
  # otherwise. One that ends by itself before has no signal's code.
  until grep -qs $start /tmp/log || gone; do sleep 0.02; done
  sleep $moment
  kill -$signal $job
  # A program that goes on in spite of it would go on for long.
  tries=0
  until gone || [ $tries = 200 ]; do
    sleep 0.1
    tries=$((tries + 1))
  done
  [ $tries != 200 ] || kill -KILL $job
  wait $job
  echo "{\"signal\": \"$signal\", \"moment\": $moment, \"code\": $?}" >>/out/ends.jsonl
  cat /tmp/log >>/out/messages
done </moments
# Errors end a program too: here converters that hold no sample for as long as an operation takes.
sed 's/conversion: [0-9.]*/conversion: 1e-4/' /board.yaml >/hasty.yaml
(train /hasty.yaml) >/out/error 2>&1
code error $?
