# For the scripts of the examples: finds the program, makes the folder and goes there.
# The folder of the example is $here, the program $tellegen.
set -euo pipefail
here=$(cd "$(dirname "$0")" && pwd)
root=$(cd "$here/../.." && pwd)
tellegen=${TELLEGEN:-$root/.build/release/tellegen}
[ -x "$tellegen" ] || {
  echo "there is no $tellegen: run swift build -c release --product tellegen, or set TELLEGEN" >&2
  exit 69
}
export TELLEGEN_HOME=$root
folder=${1:-$root/runs/examples/$(basename "$here")}
mkdir -p "$folder"
cd "$folder"
