//! A primary is kept from taking writes.

use std::io::ErrorKind;

use tokio::time::Instant;

use super::program::{self, STOP};
use super::server::Server;
use super::{Seen, Work, refused, wrong};
use crate::core::observe::StepEnd;
use crate::core::plan::{Given, ServerRole};
use crate::core::run::{Failure, Proof};
use crate::core::template::Values;

/// Sets it for sessions that do not say otherwise, and ends those that began before: they may be in the middle of something.
const READ_ONLY: &str = "ALTER SYSTEM SET default_transaction_read_only = on";
const RELOAD: &str = "SELECT pg_reload_conf()";
const END_OTHERS: &str = "SELECT pg_terminate_backend(pid) FROM pg_stat_activity
    WHERE backend_type = 'client backend' AND pid <> pg_backend_pid()";

impl Work<'_> {
    /// Has its processes end on its host, and sees that nobody is let in.
    pub(super) async fn stop(&self, url: &Given) -> StepEnd {
        let server = match self.server(url) {
            Ok(server) => server,
            Err(why) => return StepEnd::Bad(why),
        };
        match program::run(self.job, STOP).await {
            Ok(()) => {}
            Err(end) => return end,
        }
        let deadline = self.deadline();
        let seen = tokio::select! {
            biased;
            seen = self.until(deadline, || lets_nobody_in(&server)) => seen,
            () = self.job.over() => Err(Failure::Stopped),
        };
        self.end(seen.map(|()| (Proof::Stopped, Values::new())))
    }

    /// Has new transactions be read-only where nobody asks otherwise.
    pub(super) async fn read_only(&self, url: &Given) -> Seen {
        let deadline = self.deadline();
        let server = self.server(url)?;
        if server.standing(deadline).await?.role == ServerRole::Standby {
            return Err(refused(format!("{} is a standby, and takes no writes", server.conninfo.shown())));
        }
        if is_read_only(&server, deadline).await.is_err() {
            let mut connection = server.connect(deadline).await?;
            for statement in [READ_ONLY, RELOAD] {
                server.in_time(deadline, sqlx::raw_sql(statement).execute(&mut connection)).await?;
            }
        }
        self.until(deadline, || is_read_only(&server, deadline)).await?;
        let mut connection = server.connect(deadline).await?;
        server.in_time(deadline, sqlx::raw_sql(END_OTHERS).execute(&mut connection)).await?;
        Ok((Proof::ReadOnly, Values::new()))
    }
}

/// A server that refuses connections, or is not to be reached at all, lets nobody in; one that says why not may yet do so.
async fn lets_nobody_in(server: &Server) -> Result<(), Failure> {
    let gone = [
        ErrorKind::ConnectionRefused,
        ErrorKind::NotFound,
        ErrorKind::HostUnreachable,
        ErrorKind::NetworkUnreachable,
        ErrorKind::TimedOut,
    ];
    match server.knock().await {
        Ok(()) => Err(wrong(format!("{} was stopped on its host, and still lets people in", server.conninfo.shown()))),
        Err(Some(sqlx::Error::Io(why))) if gone.contains(&why.kind()) => Ok(()),
        Err(None) => Ok(()),
        Err(Some(_)) => Err(wrong(format!("{} was stopped on its host, and still answers", server.conninfo.shown()))),
    }
}

async fn is_read_only(server: &Server, deadline: Instant) -> Result<(), Failure> {
    let mut connection = server.connect(deadline).await?;
    let asked = sqlx::query_scalar("SELECT current_setting('transaction_read_only') = 'on'").persistent(false);
    match server.in_time(deadline, asked.fetch_one(&mut connection)).await? {
        true => Ok(()),
        false => Err(wrong("a new transaction may still write: a role or a database has its own setting")),
    }
}
