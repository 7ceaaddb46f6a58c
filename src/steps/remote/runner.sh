# Runs one step: runner keep|run DIRECTORY UMASK DETACHER
case $1 in
keep)
  # What ends the host ends the command too; its status is still to be written down then.
  trap : HUP INT TERM
  wr_put "$2/keeper" "$$ $(wr_born $$) $(wr_boot)" || exit 1
  # The last word on whether this runs: whoever makes this directory has it.
  mkdir "$2/go" 2>/dev/null || exit 0
  "$4" sh "$2/runner" run "$2" "$3" "$4" &
  # What the shell has to say about its child is no output of the command.
  exec >/dev/null 2>&1
  while :; do
    wait "$!"
    wr_status=$?
    # A trapped signal ends the wait, not the child.
    [ "$wr_status" -gt 128 ] && kill -0 "$!" || break
  done
  # A full disk may have room again; a step that was removed has nobody to tell.
  until wr_put "$2/exit" "$wr_status" || [ ! -d "$2" ]; do sleep 1; done
  exit 0
  ;;
esac
# Written before the command begins, so that a stop finds whatever runs.
wr_put "$2/pid" "$$ $(wr_born $$) $(wr_boot) $4" || exit 125

# Puts the secret of variable $1 into a file too, and the path of that into variable $2. Nothing of it is stored: the file is in
# memory, has lost its name before it holds anything, and goes with the last program that has it open. Where there is no such
# place (Linux has one), or no descriptor left that every shell knows, there is no file. Descriptor 3 is left to scripts.
wr_fd=9 wr_held='' wr_memory=/dev/shm/warroom.${2##*/}.$$
wr_hold() {
  [ "$wr_fd" -ge 4 ] || return 0
  awk '$2 == "/dev/shm" && $3 == "tmpfs" { is = 1 } END { exit !is }' /proc/mounts 2>/dev/null || return 0
  mkdir "$wr_memory" 2>/dev/null || return 0
  eval "exec $wr_fd<>\"\$wr_memory/secret\""
  rm -rf "$wr_memory"
  awk 'BEGIN { printf "%s", ENVIRON[ARGV[1]] }' "$1" >&"$wr_fd" || exit 125
  eval "exec $wr_fd</proc/self/fd/$wr_fd"
  export "$2=/proc/self/fd/$wr_fd"
  wr_held="$wr_held $wr_fd<&$wr_fd" wr_fd=$((wr_fd - 1))
}
