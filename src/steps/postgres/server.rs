//! One server, as a step speaks to it.

use std::str::FromStr as _;

use sqlx::postgres::{PgConnectOptions, PgConnection};
use sqlx::{ConnectOptions as _, Connection as _};
use tokio::time::{Instant, timeout_at};

use crate::core::mask::Masker;
use crate::core::run::Failure;
use crate::core::time::Span;
use crate::outbound::io_reason;
use crate::postgres::{Conninfo, Standing, ask};

/// Longest that one question may take.
pub(super) const PATIENCE: Span = Span::from_secs(5);

/// A server and who asks it.
pub(super) struct Server {
    options: PgConnectOptions,
    pub(super) conninfo: Conninfo,
    masker: Masker,
}

impl Server {
    /// Reads an address. Sentences of failure show nothing of it, as it may hold a password.
    pub(super) fn of(url: &str) -> Result<Server, String> {
        let bad = || "the address of the server is not understood".to_owned();
        if !(url.starts_with("postgres://") || url.starts_with("postgresql://")) {
            return Err("the address of the server begins with neither postgres:// nor postgresql://".into());
        }
        let conninfo = Conninfo::of(url).ok_or_else(bad)?;
        let options = PgConnectOptions::from_str(url).map_err(|_| bad())?;
        let options = options.application_name("warroom").disable_statement_logging();
        let masker = Masker::new(conninfo.password.as_deref());
        Ok(Server { options, conninfo, masker })
    }

    pub(super) async fn connect(&self, deadline: Instant) -> Result<PgConnection, Failure> {
        self.in_time(deadline, PgConnection::connect_with(&self.options)).await
    }

    /// Connects, and says what the driver says where that fails.
    pub(super) async fn knock(&self) -> Result<(), Option<sqlx::Error>> {
        let until = Instant::now() + PATIENCE.to_std();
        match timeout_at(until, PgConnection::connect_with(&self.options)).await {
            Ok(Ok(_)) => Ok(()),
            Ok(Err(error)) => Err(Some(error)),
            Err(_) => Err(None),
        }
    }

    pub(super) async fn standing(&self, deadline: Instant) -> Result<Standing, Failure> {
        let until = deadline.min(Instant::now() + PATIENCE.to_std());
        let mut connection = self.connect(until).await?;
        self.in_time(until, ask(&mut connection, PATIENCE)).await
    }

    /// What is asked of the server, for no longer than until then.
    pub(super) async fn in_time<T>(
        &self,
        deadline: Instant,
        asked: impl Future<Output = Result<T, sqlx::Error>>,
    ) -> Result<T, Failure> {
        match timeout_at(deadline, asked).await {
            Ok(Ok(answer)) => Ok(answer),
            Ok(Err(error)) => Err(self.failure(&error)),
            Err(_) => Err(Failure::NoAnswer { why: format!("{} does not answer in time", self.conninfo.shown()) }),
        }
    }

    fn failure(&self, error: &sqlx::Error) -> Failure {
        let text = |why: String| self.masker.mask_text(&format!("{}: {why}", self.conninfo.shown()));
        match error {
            sqlx::Error::Database(said) => {
                let code = said.code().map(|code| format!(" ({code})")).unwrap_or_default();
                Failure::WrongAnswer { why: text(format!("{}{code}", said.message())) }
            }
            sqlx::Error::Io(why) => Failure::NoAnswer { why: text(io_reason(why)) },
            sqlx::Error::Tls(why) => Failure::NoAnswer { why: text(format!("no secure connection: {why}")) },
            other => Failure::WrongAnswer { why: text(other.to_string()) },
        }
    }
}
