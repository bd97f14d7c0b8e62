# What every script of a lane begins with, in the simulated computer.

# Notes the exit code of what was run: code NAME $?
code() { echo "{\"name\": \"$1\", \"code\": $2}" >>/out/codes.jsonl; }

# Lets only root open the chip, and adds a user who is not root.
deny() {
  chmod 600 /dev/gpiochip0
  mkdir -p /etc
  echo 'user:x:1000:1000::/:/bin/sh' >/etc/passwd
}
# Runs the program as that user.
as_user() { start-stop-daemon -S -c user -x /tellegen -- "$@"; }
