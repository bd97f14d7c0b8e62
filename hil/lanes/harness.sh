# Proves the board at the lines; $scenario names the scenario's file. Limits are drawn here too.
HOME=/out /tellegen hil --target gpio --board /board.yaml --scenario /$scenario.yaml --ensemble 100 \
  --out /out/hil
code hil $?
