//! Database servers of the tests' own: on a free port of loopback, in a temporary directory, as a user without rights.
//!
//! All tests of one `cargo` share a server of each kind, even where each test is a process of its own. Whoever comes first
//! starts it, together with a watchman that ends it and takes its directory away once that `cargo` is gone.

pub mod cluster;

use std::fs::{self, File};
use std::os::unix::fs::PermissionsExt as _;
use std::os::unix::process::CommandExt as _;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};
use std::time::{Duration, Instant};

use sqlx::Connection as _;

pub const PASSWORD: &str = "right-password-7f3a";

/// Longer than anything here takes on a busy machine; nothing waits for it to pass.
pub const PATIENCE: Duration = Duration::from_secs(60);

/// Longest that servers may take to be made and started, several at a time.
const STARTING: Duration = Duration::from_secs(180);

/// Waits until something comes true.
pub async fn eventually<T, F: Future<Output = Option<T>>>(what: &str, ask: impl Fn() -> F) -> T {
    within(PATIENCE, what, ask).await
}

async fn within<T, F: Future<Output = Option<T>>>(limit: Duration, what: &str, ask: impl Fn() -> F) -> T {
    let began = Instant::now();
    loop {
        if let Some(answer) = ask().await {
            return answer;
        }
        assert!(began.elapsed() < limit, "it never came true that {what}");
        tokio::time::sleep(Duration::from_millis(20)).await;
    }
}

/// A server that answers.
#[derive(Clone, Copy)]
pub struct Server {
    pub port: u16,
    scheme: &'static str,
    database: &'static str,
}

impl Server {
    pub fn url(&self) -> String {
        self.url_of(PASSWORD)
    }

    pub fn url_of(&self, password: &str) -> String {
        self.url_for("warroom", password)
    }

    pub fn url_for(&self, user: &str, password: &str) -> String {
        format!("{}://{user}:{password}@127.0.0.1:{}/{}", self.scheme, self.port, self.database)
    }

    /// One that takes connections within the patience of a test.
    async fn answers(self) -> Server {
        let url = self.url().replace("mariadb:", "mysql:");
        eventually("a database answers", || async {
            match self.scheme {
                "postgres" => sqlx::PgConnection::connect(&url).await.ok().map(drop),
                _ => sqlx::MySqlConnection::connect(&url).await.ok().map(drop),
            }
        })
        .await;
        self
    }
}

/// The tests' PostgreSQL, or none where it is not installed, which is then said.
pub async fn postgres() -> Option<Server> {
    let bin = newest_postgres();
    let Some(bin) = bin else {
        eprintln!("SKIPPED: PostgreSQL is not installed");
        return None;
    };
    let script = format!(
        "set -eu; cd \"$DIR\"
         printf '%s' \"$PASSWORD\" >password
         $AS {bin}/initdb -D data -U warroom -A scram-sha-256 --pwfile=password --no-sync -E UTF8 --locale=C
         $AS {bin}/postgres -D data -c listen_addresses=127.0.0.1 -c port=$PORT -c unix_socket_directories= \
           -c fsync=off -c max_connections=50 -c max_prepared_transactions=5 &
         server=$!",
        bin = bin.display()
    );
    let [port] = start("postgres", "postgres", &script).await;
    Some(Server { port, scheme: "postgres", database: "postgres" }.answers().await)
}

/// Another PostgreSQL that archives, and a standby that streams from it.
pub async fn postgres_pair() -> Option<(Server, Server)> {
    let Some(bin) = newest_postgres() else {
        eprintln!("SKIPPED: PostgreSQL is not installed");
        return None;
    };
    let script = format!(
        "set -eu; cd \"$DIR\"
         printf '%s' \"$PASSWORD\" >password
         serve() {{
           $AS {bin}/postgres -D \"$1\" -c listen_addresses=127.0.0.1 -c port=\"$2\" -c unix_socket_directories= \
             -c fsync=off -c max_connections=50 -c archive_mode=on -c archive_command=true -c wal_receiver_status_interval=1s &
         }}
         $AS {bin}/initdb -D data -U warroom -A scram-sha-256 --pwfile=password --no-sync -E UTF8 --locale=C
         serve data $PORT
         primary=$!
         until PGPASSWORD=\"$PASSWORD\" $AS {bin}/pg_basebackup -D standby -h 127.0.0.1 -p $PORT -U warroom -R -X stream -c fast \
           --no-sync; do rm -rf standby; sleep 0.2; done
         serve standby $PORT2
         server=\"$primary $!\"",
        bin = bin.display()
    );
    let ports: [u16; 2] = start("postgres-pair", "postgres", &script).await;
    let [primary, standby] = ports.map(|port| Server { port, scheme: "postgres", database: "postgres" });
    Some((primary.answers().await, standby.answers().await))
}

/// The tests' MariaDB, or none where it is not installed, which is then said.
pub async fn mariadb() -> Option<Server> {
    if !has_mariadb() {
        return None;
    }
    let script = format!(
        "{MARIADB}
         serve data $PORT 1
         server=$!"
    );
    let [port] = start("mariadb", "mysql", &script).await;
    Some(Server { port, scheme: "mariadb", database: "shop" }.answers().await)
}

/// Another MariaDB, and one that follows it.
pub async fn mariadb_pair() -> Option<(Server, Server)> {
    if !has_mariadb() {
        return None;
    }
    let script = format!(
        "{MARIADB}
         serve data $PORT 1
         primary=$!
         printf \"CHANGE MASTER TO MASTER_HOST='127.0.0.1', MASTER_PORT=%s, MASTER_USER='warroom', MASTER_CONNECT_RETRY=1, \
           MASTER_PASSWORD='%s', MASTER_USE_GTID=slave_pos;\\nSTART SLAVE;\\nSET GLOBAL read_only=1;\\n\" \"$PORT\" \"$PASSWORD\" \
           >>init.sql
         serve standby $PORT2 2
         server=\"$primary $!\""
    );
    let ports: [u16; 2] = start("mariadb-pair", "mysql", &script).await;
    let [primary, standby] = ports.map(|port| Server { port, scheme: "mariadb", database: "shop" });
    Some((primary.answers().await, standby.answers().await))
}

/// `serve NAME PORT ID` makes and starts a server on the script's `init.sql`.
const MARIADB: &str = "set -eu; cd \"$DIR\"
         printf \"SET sql_log_bin=0;\\nCREATE USER warroom@'127.0.0.1' IDENTIFIED BY '%s';\\n\" \"$PASSWORD\" >init.sql
         printf \"GRANT ALL ON *.* TO warroom@'127.0.0.1' WITH GRANT OPTION;\\nCREATE DATABASE shop;\\n\" >>init.sql
         mkdir made && chmod 777 made && chown \"$OWNER\" made
         $AS mariadb-install-db --no-defaults --datadir=\"$DIR/made\" --auth-root-authentication-method=normal --skip-test-db
         serve() {
           cp -a made \"$1\" && cp init.sql \"$1.sql\"
           $AS /usr/sbin/mariadbd --no-defaults --datadir=\"$DIR/$1\" --port=\"$2\" --bind-address=127.0.0.1 \
             --socket=\"$DIR/$1/sock\" --pid-file=\"$DIR/$1/pid\" --skip-name-resolve --server-id=\"$3\" --log-bin=\"$DIR/$1/log\" \
             --init-file=\"$DIR/$1.sql\" &
         }";

fn has_mariadb() -> bool {
    let has = Path::new("/usr/sbin/mariadbd").exists();
    if !has {
        eprintln!("SKIPPED: MariaDB is not installed");
    }
    has
}

/// The programs of the newest PostgreSQL that is installed.
pub fn newest_postgres() -> Option<PathBuf> {
    let versions = fs::read_dir("/usr/lib/postgresql").ok()?;
    let mut found: Vec<PathBuf> = versions.filter_map(|entry| Some(entry.ok()?.path().join("bin"))).collect();
    found.sort();
    found.into_iter().rfind(|bin| bin.join("postgres").exists() && bin.join("initdb").exists())
}

/// The ports of servers, which are started where nobody has: `PORT`, `PORT2` and so on to the script, which leaves their
/// processes in `server`.
async fn start<const COUNT: usize>(kind: &str, user: &str, script: &str) -> [u16; COUNT] {
    let cargo = std::os::unix::process::parent_id();
    let base = std::env::temp_dir().join(format!("warroom-tests-{cargo}-{kind}"));
    fs::create_dir_all(&base).unwrap();
    let lock = tokio::task::spawn_blocking({
        let base = base.clone();
        move || {
            let lock = File::create(base.join("lock")).unwrap();
            rustix::fs::flock(&lock, rustix::fs::FlockOperation::LockExclusive).unwrap();
            lock
        }
    });
    let _lock = lock.await.unwrap();
    let told = base.join("ports");
    if let Ok(ports) = fs::read_to_string(&told) {
        let ports: Vec<u16> = ports.split(' ').map(|port| port.parse().unwrap()).collect();
        return ports.try_into().unwrap();
    }
    fs::set_permissions(&base, fs::Permissions::from_mode(0o777)).unwrap();
    // All held at once, so that they differ.
    let held: [std::net::TcpListener; COUNT] =
        std::array::from_fn(|_| std::net::TcpListener::bind("127.0.0.1:0").unwrap());
    let ports = held.map(|listener| listener.local_addr().unwrap().port());
    let named = |at: usize| if at == 0 { "PORT".to_owned() } else { format!("PORT{}", at + 1) };
    let (owner, drop_rights) = unprivileged(user);
    let watched = format!(
        "( {script}
           tail --pid=$CARGO -f /dev/null; kill $server; wait $server || true; rm -rf \"$DIR\" ) &"
    );
    let log = File::create(base.join("log")).unwrap();
    Command::new("sh")
        .args(["-c", &watched])
        .env("DIR", &base)
        .envs(ports.iter().enumerate().map(|(at, port)| (named(at), port.to_string())))
        .env("PASSWORD", PASSWORD)
        .env("OWNER", owner)
        .env("AS", drop_rights)
        .env("CARGO", cargo.to_string())
        .stdin(Stdio::null())
        .stdout(log.try_clone().unwrap())
        .stderr(log)
        .process_group(0)
        .status()
        .unwrap();
    for port in ports {
        let open = || async { tokio::net::TcpStream::connect(("127.0.0.1", port)).await.ok() };
        within(STARTING, "a server listens", open).await;
    }
    fs::write(told, ports.map(|port| port.to_string()).join(" ")).unwrap();
    ports
}

/// Who runs a server, and the words before a command that make it so: these refuse to run as root.
pub fn unprivileged(user: &str) -> (String, String) {
    let own = rustix::process::getuid().as_raw().to_string();
    if own != "0" {
        return (own, String::new());
    }
    let known = fs::read_to_string("/etc/passwd").unwrap();
    let named = |name: &str| known.lines().any(|line| line.starts_with(&format!("{name}:")));
    let user = if named(user) { user } else { "nobody" };
    let groups = "--init-groups";
    (user.to_owned(), format!("setpriv --reuid={user} --regid={} {groups}", group_of(&known, user)))
}

fn group_of(known: &str, user: &str) -> String {
    let line = known.lines().find(|line| line.starts_with(&format!("{user}:"))).unwrap();
    line.split(':').nth(3).unwrap().to_owned()
}

/// A name that no other test has.
pub fn fresh(what: &str) -> String {
    format!("{what}_{}", uuid::Uuid::now_v7().simple())
}

/// Short of what a busy machine needs for one query, long enough to have begun it.
pub const SHORT: Duration = Duration::from_millis(1_500);
