//! Database servers of the tests' own: on a free port of loopback, in a temporary directory, as a user without rights.
//!
//! All tests of one `cargo` share a server of each kind, even where each test is a process of its own. Whoever comes first
//! starts it, together with a watchman that ends it and takes its directory away once that `cargo` is gone.

use std::fs::{self, File};
use std::os::unix::fs::PermissionsExt as _;
use std::os::unix::process::CommandExt as _;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};
use std::time::Duration;

use sqlx::Connection as _;

use crate::world::eventually;

pub const PASSWORD: &str = "right-password-7f3a";

/// A server that answers.
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
        format!("{}://warroom:{password}@127.0.0.1:{}/{}", self.scheme, self.port, self.database)
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
    let server =
        Server { port: start("postgres", "postgres", &script).await, scheme: "postgres", database: "postgres" };
    eventually("PostgreSQL answers", || async { sqlx::PgConnection::connect(&server.url()).await.ok() }).await;
    Some(server)
}

/// The tests' MariaDB, or none where it is not installed, which is then said.
pub async fn mariadb() -> Option<Server> {
    if !Path::new("/usr/sbin/mariadbd").exists() {
        eprintln!("SKIPPED: MariaDB is not installed");
        return None;
    }
    let script = "set -eu; cd \"$DIR\"
         printf \"CREATE USER warroom@'127.0.0.1' IDENTIFIED BY '%s';\\n\" \"$PASSWORD\" >init.sql
         printf \"GRANT ALL ON *.* TO warroom@'127.0.0.1';\\nCREATE DATABASE shop;\\n\" >>init.sql
         mkdir -p data && chmod 777 data && chown \"$OWNER\" data
         $AS mariadb-install-db --no-defaults --datadir=\"$DIR/data\" --auth-root-authentication-method=normal \
           --skip-test-db
         $AS /usr/sbin/mariadbd --no-defaults --datadir=\"$DIR/data\" --port=$PORT --bind-address=127.0.0.1 \
           --socket=\"$DIR/data/sock\" --pid-file=\"$DIR/data/pid\" --skip-name-resolve \
           --init-file=\"$DIR/init.sql\" &
         server=$!";
    let server = Server { port: start("mariadb", "mysql", script).await, scheme: "mariadb", database: "shop" };
    let url = server.url().replace("mariadb:", "mysql:");
    eventually("MariaDB answers", || async { sqlx::MySqlConnection::connect(&url).await.ok() }).await;
    Some(server)
}

fn newest_postgres() -> Option<PathBuf> {
    let versions = fs::read_dir("/usr/lib/postgresql").ok()?;
    let mut found: Vec<PathBuf> = versions.filter_map(|entry| Some(entry.ok()?.path().join("bin"))).collect();
    found.sort();
    found.into_iter().rfind(|bin| bin.join("postgres").exists() && bin.join("initdb").exists())
}

/// The port of a server, which is started where nobody has.
async fn start(kind: &str, user: &str, script: &str) -> u16 {
    let cargo = std::os::unix::process::parent_id();
    let base = std::env::temp_dir().join(format!("warroom-steps-{cargo}-{kind}"));
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
    let told = base.join("port");
    if let Ok(port) = fs::read_to_string(&told) {
        return port.parse().unwrap();
    }
    fs::set_permissions(&base, fs::Permissions::from_mode(0o777)).unwrap();
    let port = std::net::TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap().port();
    let (owner, drop_rights) = unprivileged(user);
    let watched = format!(
        "( {script}
           tail --pid=$CARGO -f /dev/null; kill $server; wait $server || true; rm -rf \"$DIR\" ) &"
    );
    let log = File::create(base.join("log")).unwrap();
    Command::new("sh")
        .args(["-c", &watched])
        .env("DIR", &base)
        .env("PORT", port.to_string())
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
    eventually("a server listens", || async { tokio::net::TcpStream::connect(("127.0.0.1", port)).await.ok() }).await;
    fs::write(told, port.to_string()).unwrap();
    port
}

/// Who runs a server: these refuse to run as root.
fn unprivileged(user: &str) -> (String, String) {
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
