//! One site's PostgreSQL: started, killed, frozen, asked.

use std::fs::{self, File, OpenOptions};
use std::io::Write as _;
use std::os::unix::fs::symlink;
use std::path::{Path, PathBuf};
use std::process::{Child, Command};
use std::sync::Mutex;

use rustix::process::Signal;
use sqlx::postgres::PgConnectOptions;
use sqlx::{AssertSqlSafe, Connection as _, PgConnection, Row as _};

use crate::harness::eventually;
use crate::place::Place;
use crate::programs;
use crate::servers::PASSWORD;
use crate::template::Postgres;
use crate::watchman::{processes, send, state};

pub struct Cluster {
    pub name: &'static str,
    pub place: Place,
    pub port: u16,
    /// What belongs to it; its socket is here, too, which a cut network does not cut. Steps find it by way of `machine`.
    pub dir: PathBuf,
    postgres: Postgres,
    child: Mutex<Option<Child>>,
}

impl Cluster {
    /// One that has no data yet.
    pub fn new(name: &'static str, lab: &Path, postgres: &Postgres, place: Place, port: u16) -> Cluster {
        let dir = lab.join(name);
        fs::create_dir(&dir).unwrap();
        symlink(".", dir.join("machine")).unwrap();
        Cluster { name, place, port, dir, postgres: postgres.clone(), child: Mutex::default() }
    }

    /// Gives its data a disk of its own, of so many MiB; or says why that cannot be.
    pub fn on_a_disk_of(&self, size: u32) -> Result<(), String> {
        fs::create_dir(self.data()).unwrap();
        let mut mount = Command::new("mount");
        mount.args(["-t", "tmpfs", "-o", &format!("size={size}m"), "tmpfs"]).arg(self.data());
        let output = mount.output().map_err(|error| error.to_string())?;
        let why = || String::from_utf8_lossy(&output.stderr).trim().to_owned();
        if output.status.success() { Ok(()) } else { Err(why()) }
    }

    /// Takes what the template has for this site.
    pub fn copy(&self, template: &Path) {
        let copied = Command::new("cp").arg("-a").arg(template.join(self.name).join(".")).arg(&self.dir).status();
        assert!(copied.unwrap().success());
        // Beside the data: a rewind copies what stands among it, the other's port too.
        let moved = Command::new("mv").arg(self.data().join("postgresql.conf")).arg(self.settings()).status();
        assert!(moved.unwrap().success());
        let host = self.place.host;
        self.set(&format!(
            "listen_addresses = '{host}'\nport = {}\nunix_socket_directories = '{}'\n",
            self.port,
            self.dir.display()
        ));
    }

    /// Leaves no room on its disk.
    pub fn fill_disk(&self) {
        let mut filler = File::create(self.filler()).unwrap();
        while filler.write_all(&[0; 4096]).is_ok() {}
    }

    pub fn free_disk(&self) {
        fs::remove_file(self.filler()).unwrap();
    }

    fn filler(&self) -> PathBuf {
        self.data().join("filler")
    }

    /// No step reaches its machine from now on.
    pub fn is_unreachable(&self) {
        fs::remove_file(self.dir.join("machine")).unwrap();
    }

    fn set(&self, lines: &str) {
        let mut file = OpenOptions::new().append(true).open(self.settings()).unwrap();
        file.write_all(lines.as_bytes()).unwrap();
    }

    fn settings(&self) -> PathBuf {
        self.dir.join("postgresql.conf")
    }

    pub fn data(&self) -> PathBuf {
        self.dir.join("data")
    }

    /// Has it receive from another, in place of whatever it was told.
    pub fn follows(&self, host: &str, port: u16) {
        let source = format!(
            "primary_conninfo = 'host={host} port={port} user=warroom password={PASSWORD} application_name={} connect_timeout=2'\n\
             primary_slot_name = '{}'\n",
            self.name, self.name
        );
        fs::write(self.data().join("postgresql.auto.conf"), source).unwrap();
    }

    /// Has it read its settings again.
    pub fn reload(&self) {
        send(self.postmaster().unwrap(), Signal::HUP);
    }

    pub fn start(&self) {
        let words = self.postgres.words("postgres");
        let mut command = self.place.command(&words[0]);
        command.args(&words[1..]).arg("-D").arg(self.data());
        command.arg("-c").arg(format!("config_file={}", self.settings().display()));
        programs::logged(&mut command, self.dir.parent().unwrap(), self.name);
        *self.child.lock().unwrap() = Some(command.spawn().unwrap());
    }

    /// Starts it, and waits until it answers.
    pub async fn up(&self) {
        self.start();
        eventually(&format!("{}'s database answers", self.name), || self.asked("SELECT 1")).await;
    }

    pub async fn alive(&self) -> bool {
        self.asked("SELECT 1").await.is_some()
    }

    /// Starts it again, once what was there is gone.
    pub async fn again(&self) {
        self.reap();
        self.up().await;
    }

    /// The process that all others of it come from, if it lives.
    pub fn postmaster(&self) -> Option<u32> {
        let file = fs::read_to_string(self.data().join("postmaster.pid")).ok()?;
        let pid = file.lines().next()?.parse().ok()?;
        state(pid).filter(|state| *state != 'Z').map(|_| pid)
    }

    /// All its processes.
    pub fn processes(&self) -> Vec<u32> {
        let (data, exe) = (self.data(), self.postgres.bin.join("postgres"));
        let at = |pid: u32, name: &str| fs::read_link(format!("/proc/{pid}/{name}")).unwrap_or_default();
        processes().filter(|pid| at(*pid, "exe") == exe && at(*pid, "cwd") == data).collect()
    }

    /// Kills all of it at once, as when its machine is lost.
    pub fn kill(&self) {
        self.send(Signal::KILL);
        self.reap();
    }

    /// Stops the clock for all of it, as when its machine hangs.
    pub fn freeze(&self) {
        self.send(Signal::STOP);
    }

    /// Lets it go on as if nothing had been.
    pub fn thaw(&self) {
        self.send(Signal::CONT);
    }

    /// To all that it has, and to what it makes meanwhile: the postmaster comes first.
    fn send(&self, signal: Signal) {
        if let Some(pid) = self.postmaster() {
            send(pid, signal);
        }
        for pid in self.processes() {
            send(pid, signal);
        }
    }

    /// Waits for the process that was started here; a dead one that nobody waits for still has its number.
    fn reap(&self) {
        if let Some(mut child) = self.child.lock().unwrap().take() {
            child.wait().unwrap();
        }
    }

    pub fn url(&self) -> String {
        format!("postgres://warroom:{PASSWORD}@{}:{}/postgres", self.place.host, self.port)
    }

    async fn connection(&self) -> Result<PgConnection, sqlx::Error> {
        let options = PgConnectOptions::new().socket(&self.dir).port(self.port);
        PgConnection::connect_with(&options.username("warroom").password(PASSWORD).database("postgres")).await
    }

    /// The rows of a query whose columns are texts; nothing when it does not answer.
    async fn asked(&self, query: &str) -> Option<Vec<Vec<String>>> {
        let mut connection = self.connection().await.ok()?;
        let rows = sqlx::raw_sql(AssertSqlSafe(query.to_owned())).fetch_all(&mut connection).await.ok()?;
        let text = |row: &sqlx::postgres::PgRow| {
            (0..row.len()).map(|at| row.try_get_unchecked::<String, _>(at).unwrap_or_default()).collect()
        };
        Some(rows.iter().map(text).collect())
    }

    pub async fn rows(&self, query: &str) -> Vec<Vec<String>> {
        self.asked(query).await.unwrap_or_else(|| panic!("{} does not answer {query}", self.name))
    }

    /// What one query finds.
    pub async fn one(&self, query: &str) -> String {
        self.rows(query).await[0][0].clone()
    }

    /// How often it or those that it follows were promoted, and one.
    pub async fn timeline(&self) -> u32 {
        let query = "SELECT greatest(timeline_id, (SELECT received_tli FROM pg_stat_wal_receiver))::text FROM pg_control_checkpoint()";
        let known: u32 = self.one(query).await.parse().unwrap();
        // A promotion is told to the control file with the next checkpoint, and to the names of files at once.
        let histories = fs::read_dir(self.data().join("pg_wal")).unwrap();
        let names = histories.filter_map(|entry| {
            u32::from_str_radix(entry.ok()?.file_name().to_str()?.strip_suffix(".history")?, 16).ok()
        });
        names.max().unwrap_or(1).max(known)
    }

    /// Whether it answers, and as a primary.
    pub async fn is_primary(&self) -> bool {
        let rows = self.asked("SELECT (NOT pg_is_in_recovery())::text").await;
        rows.is_some_and(|rows| rows[0][0] == "true")
    }

    /// What it was told in place of its settings, whom it follows among it.
    pub fn orders(&self) -> String {
        fs::read_to_string(self.data().join("postgresql.auto.conf")).unwrap()
    }

    pub fn give_orders(&self, orders: &str) {
        fs::write(self.data().join("postgresql.auto.conf"), orders).unwrap();
        self.reload();
    }
}
