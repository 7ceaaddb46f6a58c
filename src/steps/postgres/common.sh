# What both scripts need: who owns the data, and where the programs of its version are.
data=$WARROOM_POSTGRES_DATA
config=$WARROOM_POSTGRES_CONFIG
# Where runuser is, which the PATH of people who are not root often leaves out.
PATH=$PATH:/usr/sbin:/sbin
complain() { echo "$*" >&2; exit 1; }
for path in "$data" "$config"; do
  # pg_ctl hands them to a shell.
  case $path in *[!A-Za-z0-9/._-]*) complain "$path: only letters, digits and / . _ - can stand in this path" ;; esac
done
[ -f "$data/PG_VERSION" ] || [ -n "$(find "$data" -maxdepth 0 2>/dev/null)" ] || complain "$data: there is no such directory"

owner=$(ls -ld "$data" | { read -r _ _ name _; echo "$name"; })
as_owner() {
  if [ "$(id -un)" = "$owner" ]; then "$@"
  elif [ "$(id -u)" = 0 ]; then runuser -u "$owner" -- "$@"
  else sudo -n --preserve-env=PGPASSWORD -u "$owner" -- "$@"; fi
}
cd /
as_owner test -f "$data/PG_VERSION" || complain "$data: this is no data directory of PostgreSQL"
version=$(as_owner cat "$data/PG_VERSION")
bin=
for place in "/usr/lib/postgresql/$version/bin" "/usr/pgsql-$version/bin" "$(dirname "$(command -v pg_ctl || echo /)")"; do
  [ -z "$bin" ] && [ -x "$place/pg_ctl" ] && bin=$place
done
[ -n "$bin" ] || complain "the programs of PostgreSQL $version are not found"

# 0 while it runs, 3 when it does not.
state() { as_owner "$bin/pg_ctl" status -D "$data" >/dev/null && echo 0 || echo $?; }
