//! One server: started, killed and stopped like the machine that it would have to itself.

use std::fs;
use std::path::{Path, PathBuf};

use rustix::process::{Pid, Signal, kill_process};
use sqlx::postgres::{PgConnectOptions, PgConnection};
use sqlx::{ConnectOptions as _, Connection as _};
use tokio::process::Command;

use super::{PostgresError, Programs, USER, written};
use crate::range::endpoint::Port;
use crate::range::names::Site;

/// The orders; their numbers are the customers'.
const TABLE: &str = "CREATE TABLE orders (
    seq bigserial PRIMARY KEY, number bigint NOT NULL, body text NOT NULL, at timestamptz NOT NULL DEFAULT clock_timestamp())";

/// One server.
#[derive(Debug)]
pub(super) struct Server {
    pub(super) site: Site,
    programs: Programs,
    directory: PathBuf,
    port: Port,
    password: String,
}

impl Server {
    pub(super) fn new(site: Site, programs: &Programs, directory: &Path, port: Port, password: &str) -> Server {
        let (programs, directory, password) = (programs.clone(), directory.to_owned(), password.to_owned());
        Server { site, programs, directory, port, password }
    }

    pub(super) fn data(&self) -> PathBuf {
        self.directory.join("data")
    }

    /// Beside the data: a rewind copies what stands among it, the other's port too.
    pub(super) fn settings(&self) -> PathBuf {
        self.directory.join("postgresql.conf")
    }

    pub(super) fn url(&self) -> String {
        format!("postgres://{USER}:{}@{}/postgres", self.password, self.port.address())
    }

    pub(super) fn options(&self) -> PgConnectOptions {
        let address = self.port.address();
        let options = PgConnectOptions::new_without_pgpass().host(&address.ip().to_string()).port(address.port());
        options.username(USER).password(&self.password).database("postgres").disable_statement_logging()
    }

    /// Writes its settings. None of them is a secret.
    pub(super) fn has_settings(&self) -> Result<(), PostgresError> {
        let settings = format!(
            "listen_addresses = '127.0.0.1'\nport = {}\nunix_socket_directories = ''\n\
             shared_buffers = '16MB'\nwal_log_hints = on\nwal_keep_size = '64MB'\nwal_retrieve_retry_interval = '200ms'\n",
            self.port.address().port()
        );
        written(&self.settings(), &settings, 0o644)
    }

    /// Has it stream from the other from its start on.
    pub(super) fn is_standby_of(&self, primary: &Server) -> Result<(), PostgresError> {
        let address = primary.port.address();
        let source = format!(
            "primary_conninfo = 'host={} port={} user={USER} password={} application_name={} connect_timeout=2'\n",
            address.ip(),
            address.port(),
            self.password,
            self.site
        );
        let (signal, orders) = (self.data().join("standby.signal"), self.data().join("postgresql.auto.conf"));
        fs::remove_file(&orders).map_err(|why| PostgresError::File { path: orders.clone(), why })?;
        for (path, text) in [(&signal, ""), (&orders, source.as_str())] {
            written(path, text, 0o600)?;
            self.programs.give(path, 0o600)?;
        }
        Ok(())
    }

    pub(super) async fn makes_table(&self) -> Result<(), PostgresError> {
        let failed = |why| PostgresError::Server { site: self.site, why };
        let mut connection = PgConnection::connect_with(&self.options()).await.map_err(failed)?;
        sqlx::raw_sql(TABLE).execute(&mut connection).await.map_err(failed)?;
        Ok(())
    }

    /// Starts it as what its data say it is, and waits until it answers; one that runs is left as it is.
    pub(super) async fn start(&self) -> Result<(), PostgresError> {
        if self.postmaster().is_some() {
            return Ok(());
        }
        let args = |command: &mut Command| {
            command.arg("start").arg("-D").arg(self.data()).arg("-l").arg(self.data().join("start.log"));
            command.args(["-w", "-t", "20", "-o"]).arg(format!("-c config_file={}", self.settings().display()));
        };
        match self.programs.run("pg_ctl", args).await {
            Ok(_) => Ok(()),
            Err(PostgresError::Program { program, why }) => {
                let log = fs::read_to_string(self.data().join("start.log")).unwrap_or_default();
                let said = log.lines().rev().find(|line| line.contains("FATAL")).unwrap_or_default();
                Err(PostgresError::Program { program, why: format!("{why} {said}") })
            }
            Err(other) => Err(other),
        }
    }

    /// Ends it at once and in the middle of all that it does, as a cut of its power would.
    pub(super) async fn kill(&self) -> Result<(), PostgresError> {
        if self.postmaster().is_none() {
            return Ok(());
        }
        self.thaw();
        let args = |command: &mut Command| {
            command.args(["stop", "-m", "immediate", "-w", "-D"]).arg(self.data());
        };
        match self.programs.run("pg_ctl", args).await {
            Err(why) if self.postmaster().is_some() => Err(why),
            _ => Ok(()),
        }
    }

    /// Stops the clock for all of it, as when its machine hangs.
    pub(super) fn freeze(&self) {
        self.send(Signal::STOP);
    }

    /// Lets it go on as if nothing had been.
    pub(super) fn thaw(&self) {
        self.send(Signal::CONT);
    }

    /// The process that all others of it come from, if it lives.
    pub(super) fn postmaster(&self) -> Option<Pid> {
        let file = fs::read_to_string(self.data().join("postmaster.pid")).ok()?;
        let pid: i32 = file.lines().next()?.parse().ok()?;
        self.is_its(pid).then(|| Pid::from_raw(pid)).flatten()
    }

    /// Whether a process is one of it: each has its data as its directory.
    fn is_its(&self, pid: i32) -> bool {
        fs::read_link(format!("/proc/{pid}/cwd")).is_ok_and(|cwd| cwd == self.data())
    }

    /// To all that it has, and to what it makes meanwhile: the postmaster comes first.
    fn send(&self, signal: Signal) {
        let Some(first) = self.postmaster() else { return };
        let all = fs::read_dir("/proc").into_iter().flatten().flatten();
        let pids = all.filter_map(|entry| entry.file_name().to_str()?.parse().ok()).filter(|pid| self.is_its(*pid));
        for pid in [first].into_iter().chain(pids.filter_map(Pid::from_raw)) {
            if let Err(error) = kill_process(pid, signal) {
                tracing::debug!(%error, "a process of the range's PostgreSQL is gone");
            }
        }
    }
}
