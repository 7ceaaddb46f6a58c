//! PostgreSQL clusters of one test's own, which it may promote, stop, kill and rewind. Their configuration lies beside the data
//! directory, as Debian has it, so that rewinding one from another leaves it its port.

use std::fs;
use std::os::unix::fs::PermissionsExt as _;
use std::os::unix::process::CommandExt as _;
use std::path::PathBuf;
use std::process::{Command, Stdio};

use sqlx::postgres::PgConnection;
use sqlx::{AssertSqlSafe, Connection as _};

use super::{PASSWORD, eventually, newest_postgres, unprivileged};

/// A cluster, which ends with the process of its test at the latest.
pub struct Cluster {
    bin: PathBuf,
    home: PathBuf,
    pub port: u16,
}

impl Cluster {
    /// A primary that answers; none where PostgreSQL is not installed, which is then said.
    pub async fn primary() -> Option<Cluster> {
        let Some(bin) = newest_postgres() else {
            eprintln!("SKIPPED: PostgreSQL is not installed");
            return None;
        };
        let cluster = Cluster::place(bin);
        let password = cluster.home.join("password");
        fs::write(&password, PASSWORD).unwrap();
        fs::set_permissions(&password, fs::Permissions::from_mode(0o644)).unwrap();
        let pwfile = format!("--pwfile={}", password.display());
        let options = ["-U", "warroom", "-A", "scram-sha-256", &pwfile, "--no-sync", "-E", "UTF8", "--locale=C", "-k"];
        cluster.runs("initdb", &[&["-D", cluster.data().to_str().unwrap()], &options[..]].concat());
        cluster.start().await;
        Some(cluster)
    }

    /// A standby that streams from this one.
    pub async fn standby(&self) -> Cluster {
        let standby = Cluster::place(self.bin.clone());
        let (data, port) = (standby.data(), self.port.to_string());
        let to = ["-D", data.to_str().unwrap(), "-h", "127.0.0.1", "-p", &port, "-U", "warroom"];
        standby.runs("pg_basebackup", &[&to[..], &["-R", "-X", "stream", "-c", "fast", "--no-sync"]].concat());
        standby.start().await;
        standby.receives_from(self).await;
        standby
    }

    fn place(bin: PathBuf) -> Cluster {
        let home = std::env::temp_dir().join(super::fresh("warroom-cluster"));
        let data = home.join("data");
        fs::create_dir_all(&data).unwrap();
        fs::set_permissions(&data, fs::Permissions::from_mode(0o700)).unwrap();
        let (owner, _) = unprivileged("postgres");
        assert!(Command::new("chown").arg(&owner).args([&home, &data]).status().unwrap().success());
        let port = free_port();
        let settings = format!(
            "listen_addresses = '127.0.0.1'\nport = {port}\nunix_socket_directories = ''\nfsync = off\nmax_connections = 30\n\
             wal_keep_size = 256MB\nwal_receiver_status_interval = 1s\nwal_retrieve_retry_interval = 200ms\n"
        );
        fs::write(home.join("postgresql.conf"), settings).unwrap();
        let cluster = Cluster { bin, home, port };
        cluster.watch();
        cluster
    }

    /// Ends the server and takes its files away once this process is gone.
    fn watch(&self) {
        let (_, drop_rights) = unprivileged("postgres");
        let script =
            "tail --pid=$OWN -f /dev/null; $AS $BIN/pg_ctl stop -D $HOME_DIR/data -m immediate -w; rm -rf $HOME_DIR";
        Command::new("sh")
            .args(["-c", &format!("( {script} ) &")])
            .env("OWN", std::process::id().to_string())
            .env("AS", drop_rights)
            .env("BIN", &self.bin)
            .env("HOME_DIR", &self.home)
            .stdin(Stdio::null())
            .stdout(Stdio::null())
            .stderr(Stdio::null())
            .process_group(0)
            .status()
            .unwrap();
    }

    pub fn data(&self) -> PathBuf {
        self.home.join("data")
    }

    pub fn config(&self) -> PathBuf {
        self.home.join("postgresql.conf")
    }

    pub fn url(&self) -> String {
        format!("postgres://warroom:{PASSWORD}@127.0.0.1:{}/postgres", self.port)
    }

    /// Runs one of PostgreSQL's own programs as the owner of its files.
    fn runs(&self, program: &str, arguments: &[&str]) {
        let (_, drop_rights) = unprivileged("postgres");
        let mut words: Vec<String> = drop_rights.split_whitespace().map(str::to_owned).collect();
        words.push(self.bin.join(program).display().to_string());
        words.extend(arguments.iter().map(|word| (*word).to_owned()));
        let log = self.home.join("programs.log");
        let log = fs::File::options().create(true).append(true).open(log).unwrap();
        let status = Command::new(&words[0])
            .args(&words[1..])
            .current_dir("/")
            .env("PGPASSWORD", PASSWORD)
            .stdin(Stdio::null())
            .stdout(log.try_clone().unwrap())
            .stderr(log)
            .status()
            .unwrap();
        let said = || fs::read_to_string(self.home.join("programs.log")).unwrap();
        assert!(status.success(), "{program}: {}", said());
    }

    pub async fn start(&self) {
        let options = format!("-c config_file={}", self.config().display());
        let (data, log) = (self.data(), self.data().join("start.log"));
        let (data, log) = (data.to_str().unwrap(), log.to_str().unwrap());
        self.runs("pg_ctl", &["start", "-D", data, "-l", log, "-w", "-t", "60", "-o", &options]);
        eventually("the cluster answers", || async { PgConnection::connect(&self.url()).await.ok() }).await;
    }

    pub fn stop(&self) {
        self.runs("pg_ctl", &["stop", "-D", self.data().to_str().unwrap(), "-m", "fast", "-w"]);
    }

    /// SIGKILL for all of it.
    pub fn kill(&self) {
        let written = fs::read_to_string(self.data().join("postmaster.pid")).unwrap();
        let pid = written.lines().next().unwrap();
        // A postmaster that is killed leaves processes that notice later: all of them are its children.
        let script = "children=$(pgrep -P $1 || true); kill -KILL $1 $children; tail --pid=$1 -f /dev/null";
        assert!(Command::new("sh").args(["-c", script, "sh", pid]).status().unwrap().success());
    }

    pub async fn run(&self, text: &str) {
        let mut connection = PgConnection::connect(&self.url()).await.unwrap();
        sqlx::raw_sql(AssertSqlSafe(text.to_owned())).execute(&mut connection).await.unwrap();
    }

    /// The first column of the first row, as text.
    pub async fn asks(&self, text: &str) -> Option<String> {
        let mut connection = PgConnection::connect(&self.url()).await.ok()?;
        let query = AssertSqlSafe(format!("SELECT ({text})::text"));
        sqlx::query_scalar(query).fetch_one(&mut connection).await.ok()?
    }

    pub async fn is(&self, what: &str, condition: &str) {
        eventually(what, || async { self.asks(condition).await.filter(|is| is == "true") }).await;
    }

    /// Waits until it has replayed all that the other one has written by now.
    pub async fn receives_from(&self, primary: &Cluster) {
        let lsn = primary.asks("pg_current_wal_flush_lsn()").await.unwrap();
        self.is("the standby is level", &format!("pg_last_wal_replay_lsn() >= '{lsn}'")).await;
    }
}

/// A port that nobody listens at, below those that outgoing connections are given while a server has yet to start.
fn free_port() -> u16 {
    let random = || 15_000 + (uuid::Uuid::now_v7().as_u128() % 15_000) as u16;
    std::iter::repeat_with(random)
        .take(1_000)
        .find(|port| std::net::TcpListener::bind(("127.0.0.1", *port)).is_ok())
        .unwrap()
}

impl Drop for Cluster {
    fn drop(&mut self) {
        let (_, drop_rights) = unprivileged("postgres");
        let script = format!("{drop_rights} \"$1/pg_ctl\" stop -D \"$2\" -m immediate -w >/dev/null 2>&1");
        let _ = Command::new("sh").args(["-c", &script, "sh"]).arg(&self.bin).arg(self.data()).status();
        let _ = fs::remove_dir_all(&self.home);
    }
}
