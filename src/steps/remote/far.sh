# The far side of a remote step. Sent over standard input and defined whole before any of it runs, so that a connection
# which is cut in the middle of sending runs nothing.
#
# A step's directory holds:
#   runner, script   what is run (runner.sh with the command's words; the script of a script step)
#   keeper           who waits for the command: process id, birth, boot
#   go               a directory: made by the keeper just before the command, or by whoever wants that it never begins
#   pid              the command: process id (also of its session), birth, boot, how it was detached
#   output           both streams
#   exit             the command's status, or "void" if it never began and never will
#   stopped          somebody asked for its end
#
# What is said goes to standard output, a line each: S it has begun; O N and then N bytes of output; . still here; T a stop was
# asked for; E STATUS it has ended; V it never ran and never will; L WHY nobody can tell; N WHY nothing was begun; A there
# is no such step; D removed.

# A sentence of the system's on one line.
wr_why() { printf '%s %s\n' "$1" "$(printf '%s' "$2" | tr '\n' ' ')"; }

# Whether the process that file $1 names lives.
wr_alive() {
  { read -r wr_pid wr_when wr_where wr_how <"$1"; } 2>/dev/null || return 1
  [ "$wr_where" = "$(wr_boot)" ] && [ "$wr_when" ] && [ "$(wr_born "$wr_pid")" = "$wr_when" ]
}

# A fifth of a second, or a whole one where sleep knows no less; counted in wr_fifths.
wr_tick() {
  if sleep 0.2 2>/dev/null; then
    wr_fifths=$((wr_fifths + 1))
  else
    sleep 1
    wr_fifths=$((wr_fifths + 5))
  fi
}

# Makes the step's directory: 0 made, 1 was there, 2 impossible and told.
wr_make() {
  wr_said=$(mkdir -p "$wr_base" 2>&1) || {
    wr_why N "$wr_said"
    return 2
  }
  wr_said=$(mkdir "$wr_dir" 2>&1) && return 0
  [ -d "$wr_dir" ] && return 1
  wr_why N "$wr_said"
  return 2
}

# Starts the step unless it was started, and follows it.
wr_start() {
  wr_mask=$(umask)
  umask 077
  wr_make
  case $? in
  0)
    wr_said=$(wr_files 2>&1 && : >"$wr_dir/output") || {
      mkdir "$wr_dir/go" && wr_put "$wr_dir/exit" void
      wr_why N "$wr_said"
      return
    } 2>/dev/null
    wr_detach=nohup
    command -v setsid >/dev/null 2>&1 && wr_detach=setsid
    (
      wr_environment
      exec "$wr_detach" sh "$wr_dir/runner" keep "$wr_dir" "$wr_mask" "$wr_detach"
    ) </dev/null >>"$wr_dir/output" 2>&1 &
    ;;
  2) return ;;
  esac
  wr_follow
}

# Follows a step that is known to have been started.
wr_attach() {
  if [ -d "$wr_dir" ]; then wr_follow; else echo A; fi
}

# Says how a step stands and follows it: a sign of life comes first where it has not ended yet.
wr_look() {
  [ ! -d "$wr_dir" ] || [ -s "$wr_dir/exit" ] || echo .
  wr_attach
}

# Sends what the output has gained since byte wr_from.
wr_send() {
  wr_size=$(($(wc -c <"$wr_dir/output" || echo 0)))
  [ "$wr_size" -gt "$wr_from" ] || return 0
  echo "O $((wr_size - wr_from))" && tail -c "+$((wr_from + 1))" "$wr_dir/output" | head -c "$((wr_size - wr_from))" || return 1
  wr_from=$wr_size
  wr_polls=0
} 2>/dev/null

# Waits before the next look: shortly while something happens, a second once it is quiet, with a sign of life now and then.
wr_pause() {
  wr_polls=$((wr_polls + 1))
  if [ "$wr_polls" -le 4 ]; then
    sleep 0.05 2>/dev/null || sleep 1
  elif [ "$wr_polls" -le 20 ]; then
    sleep 0.2 2>/dev/null || sleep 1
  else
    sleep 1
    [ $((wr_polls % 4)) != 0 ] || echo .
  fi
}

# Says all there is to say from byte wr_from on, to the end. A reader that has gone ends it.
wr_follow() {
  wr_polls=0 wr_begun='' wr_gone=''
  while :; do
    # Looked at before the output: what the command said is all there once it has ended.
    wr_end=$(cat "$wr_dir/exit" 2>/dev/null)
    if [ ! "$wr_begun" ] && [ -f "$wr_dir/pid" ]; then
      wr_begun=1
      echo S || exit 0
    fi
    wr_send || exit 0
    if [ "$wr_end" ]; then
      [ ! -f "$wr_dir/stopped" ] || echo T
      if [ "$wr_end" = void ]; then echo V; else echo "E $wr_end"; fi
      return
    fi
    if [ "$wr_gone" ]; then
      wr_lost && return
      continue
    fi
    if [ -f "$wr_dir/keeper" ]; then
      # An end that came between the two looks is taken in the next turn.
      wr_alive "$wr_dir/keeper" || {
        wr_gone=1
        continue
      }
    elif [ "$wr_polls" -ge 28 ]; then
      # Some ten seconds: whoever was to start it has gone.
      wr_gone=1
      continue
    fi
    wr_pause || exit 0
  done
}

# There is no keeper. What has not begun never shall (then 1: the next look finds it void); of the rest nobody can tell.
wr_lost() {
  if mkdir "$wr_dir/go" 2>/dev/null && wr_put "$wr_dir/exit" void; then return 1; fi
  # The keeper may have come in the very moment.
  if [ -s "$wr_dir/exit" ] || wr_alive "$wr_dir/keeper"; then
    wr_gone=''
    return 1
  fi
  wr_where=$(wr_boot)
  { read -r wr_pid wr_when wr_where wr_how <"$wr_dir/keeper"; } 2>/dev/null
  if [ "$wr_where" != "$(wr_boot)" ]; then
    echo 'L the host was restarted before the command ended'
  elif wr_alive "$wr_dir/pid"; then
    echo "L the command's keeper on the host is gone; the command itself still runs as process $wr_pid"
  else
    echo "L the command's keeper on the host is gone and left no exit status; the command does not run any more"
  fi
}

# Every process, a line each: id, parent, session where that can be told.
wr_processes() {
  if [ -r /proc/self/stat ]; then
    for wr_entry in /proc/[0-9]*; do
      { IFS= read -r wr_stat <"$wr_entry/stat"; } 2>/dev/null || continue
      set -f
      set -- ${wr_stat##*) }
      set +f
      echo "${wr_entry#/proc/} $2 $4"
    done
  else
    ps -A -o pid= -o ppid=
  fi
}

# Signal $1 to all that the command started: its session, or where there is none of its own, its descendants.
wr_signal() {
  read -r wr_pid wr_when wr_where wr_how <"$wr_dir/pid" || return 0
  [ "$wr_where" = "$(wr_boot)" ] || return 0
  wr_now=$(wr_born "$wr_pid")
  # The id serves another: then nothing of the session is left either, for the system gives no id out that is in use.
  [ ! "$wr_now" ] || [ "$wr_now" = "$wr_when" ] || return 0
  # Listed before the first of them goes, for then its children are nobody's.
  wr_hit=$(wr_processes | awk -v top="$wr_pid" -v how="$wr_how" '
    { parent[$1] = $2; if (how == "setsid" && $3 == top || $1 == top) hit[$1] = 1 }
    END {
      do { more = 0; for (p in parent) if (!(p in hit) && (parent[p] in hit)) { hit[p] = 1; more = 1 } } while (more)
      for (p in hit) print p
    }')
  # The group first, for it can start nothing more meanwhile.
  [ "$wr_how" != setsid ] || kill -s "$1" -- "-$wr_pid"
  for wr_one in $wr_hit; do kill -s "$1" "$wr_one"; done
} 2>/dev/null

# Until the step has ended, but no longer than $1 fifths of a second.
wr_await() {
  wr_fifths=0
  until [ -s "$wr_dir/exit" ] || [ "$wr_fifths" -ge "$1" ]; do
    echo .
    wr_tick
  done
}

# Ends the step, whether it has begun or not, and follows it to that end.
wr_stop() {
  umask 077
  wr_make
  [ $? != 2 ] || return
  if [ ! -s "$wr_dir/exit" ]; then
    echo asked >"$wr_dir/stopped"
    if mkdir "$wr_dir/go" 2>/dev/null; then
      wr_put "$wr_dir/exit" void
    else
      # To the end, even if nobody listens any more.
      trap '' PIPE
      wr_end_it 2>/dev/null
      trap - PIPE
    fi
  fi
  wr_follow
}

wr_end_it() {
  wr_fifths=0
  # The keeper has begun it and writes its id down in a moment.
  until [ -f "$wr_dir/pid" ] || [ -s "$wr_dir/exit" ] || [ "$wr_fifths" -ge 25 ]; do wr_tick; done
  wr_signal TERM
  wr_await $((wr_grace * 5))
  wr_signal KILL
  wr_await 25
}

# Removes a step that is over: `all` of it, or all but the marks by which a start that comes late finds it done.
wr_tidy() {
  [ -s "$wr_dir/exit" ] || [ ! -d "$wr_dir" ] || return
  if [ "$1" = all ]; then
    rm -rf "$wr_dir"
  else
    rm -f "$wr_dir/runner" "$wr_dir/script" "$wr_dir/output" "$wr_dir/keeper" "$wr_dir/pid"
  fi
  echo D
}

# wr_main start|attach|look|stop KEY FROM GRACE
wr_main() {
  case ${XDG_STATE_HOME:-} in
  /*) wr_base=$XDG_STATE_HOME/warroom/steps ;;
  *)
    [ "${HOME:-}" ] || {
      echo 'N the account has no home directory there'
      return
    }
    wr_base=$HOME/.local/state/warroom/steps
    ;;
  esac
  wr_dir=$wr_base/$2 wr_from=$3 wr_grace=$4
  [ "$1" = none ] || "wr_$1"
}
