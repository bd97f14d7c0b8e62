# Proves the board at the lines, $attempts times by each of $scenarios, whose files are given. Limits are drawn
# here too.
for scenario in $scenarios; do
  HOME=/out /tellegen hil --target gpio --board /board.yaml --scenario /$scenario.yaml --ensemble 100 \
    --repeat $attempts --out /out/hil-$scenario
  code $scenario $?
done
