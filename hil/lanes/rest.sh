# Programs are killed again and again where they drive something, and another puts the board to
# rest.
rest='/tellegen rest --board /board.yaml'
for moment in 0.1 0.3 0.5 0.7 0.9 1.1 1.3 1.5 1.7 0.8; do
  rm -f /tmp/log
  # The last from training on, where clamps are driven too.
  [ $moment = 0.8 ] && start=epoch || start=bringing
  /tellegen train --target gpio --board /board.yaml --task regression --epochs 100000 --out /tmp/run \
    --overwrite >/tmp/log 2>&1 &
  job=$!
  until grep -qs $start /tmp/log; do sleep 0.02; done
  sleep $moment
  [ -e /out/held ] || {
    $rest >/out/held 2>&1
    code held $?
  }
  kill -KILL $(pidof tellegen)
  wait $job
  $rest >>/out/rest 2>&1
  code rest $?
done
# Nothing is left to say.
$rest >/out/again 2>&1
code again $?
sed 's/chip: [^ ]*/chip: nowhere/' /board.yaml >/nowhere.yaml
/tellegen rest --board /nowhere.yaml >/out/nowhere 2>&1
code nowhere $?
deny
as_user rest --board /board.yaml >/out/denied 2>&1
code denied $?
