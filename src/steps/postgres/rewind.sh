# A server that was made a standby by a try before this one may be stopped; one that may take writes is not ended here.
case $(state) in
  3) ;;
  0)
    as_owner test -f "$data/standby.signal" || complain "the server on $data still runs as a primary: fence it first"
    as_owner "$bin/pg_ctl" stop -D "$data" -m fast -w -t "$WARROOM_POSTGRES_WAIT"
    ;;
  *) complain "how the server on $data stands cannot be told" ;;
esac
set -- --target-pgdata="$data" --source-server="$WARROOM_POSTGRES_SOURCE" --write-recovery-conf --progress
[ -z "$config" ] || set -- "$@" --config-file="$config"
as_owner "$bin/pg_rewind" "$@"
# The source's settings came with its data; the slot that it received by while it was a standby is none of this server's.
as_owner sh -c 'echo "primary_slot_name = '"''"'" >>"$1/postgresql.auto.conf"' sh "$data"
set -- -D "$data" -l "$data/start.log" -w -t "$WARROOM_POSTGRES_WAIT"
[ -z "$config" ] || set -- "$@" -o "-c config_file=$config"
as_owner "$bin/pg_ctl" start "$@"
