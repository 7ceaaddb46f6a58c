case $(state) in
  3) echo "no server runs on $data"; exit 0 ;;
  0) ;;
  *) complain "how the server on $data stands cannot be told" ;;
esac
as_owner "$bin/pg_ctl" stop -D "$data" -m "$WARROOM_POSTGRES_MODE" -w -t "$WARROOM_POSTGRES_WAIT"
[ "$(state)" = 3 ] || complain "the server on $data still runs"
