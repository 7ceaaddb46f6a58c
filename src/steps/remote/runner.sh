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
umask "$3"
if [ "${wr_path+set}" ]; then
  PATH=$wr_path
  export PATH
  unset wr_path
fi
