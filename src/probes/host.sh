# Ends itself, and all that it started, after $1 seconds: whoever asked has given up by then. A session that sshd begins is a
# process group of its own.
wr_main() {
  wr_limit=$1
  shift
  echo warroom-begun
  (
    trap 'kill "$wr_sleep"; exit' TERM
    sleep "$wr_limit" &
    wr_sleep=$!
    wait "$wr_sleep"
    kill -KILL 0
  ) </dev/null >/dev/null 2>&1 &
  wr_watch=$!
  wr_look "$@" </dev/null
  wr_code=$?
  kill "$wr_watch" 2>/dev/null
  printf '\nwarroom-ended %s\n' "$wr_code"
  exit
}
