# When process $1 was born, as the host tells it; nothing if there is no such process, or only its zombie.
wr_born() {
  if [ -r /proc/self/stat ]; then
    wr_stat=$(cat "/proc/$1/stat" 2>/dev/null) || return 0
    set -f
    # The name in it may hold anything, so fields are counted from the last parenthesis.
    set -- ${wr_stat##*) }
    set +f
    case $1 in
    Z | X | x) ;;
    *) echo "${20}" ;;
    esac
  else
    case $(ps -o stat= -p "$1" 2>/dev/null) in
    '' | Z*) ;;
    *) LC_ALL=C ps -o lstart= -p "$1" | tr -s ' ' _ ;;
    esac
  fi
}

# The boot that process ids mean something in.
wr_boot() { cat /proc/sys/kernel/random/boot_id 2>/dev/null || echo -; }

# Writes line $2 as file $1, whole or not at all.
wr_put() { echo "$2" >"$1.new" && mv -f "$1.new" "$1"; }
