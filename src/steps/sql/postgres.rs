//! PostgreSQL.

mod values;

use futures_util::TryStreamExt as _;
use sqlx::postgres::{PgConnectOptions, PgConnection};
use sqlx::{AssertSqlSafe, Connection as _, Executor as _, Row as _};
use tokio::time::Instant;

use super::super::Way;
use super::address::Address;
use super::answer::Answer;
use super::call_off::CallOff;
use super::fault::Fault;
use super::{Session, Statement};

/// SQLSTATE of a query that was cancelled, as by a time-out.
const CANCELED: &str = "57014";
/// SQLSTATE of a statement that is done outside of transactions only.
const ACTIVE_TRANSACTION: &str = "25001";

/// A connection to PostgreSQL.
pub(super) struct Postgres {
    connection: PgConnection,
    options: PgConnectOptions,
    deadline: Instant,
    /// The server's process that serves it, once asked.
    pid: i32,
}

impl Postgres {
    async fn plainly(&mut self, text: &'static str) -> Result<(), Fault> {
        sqlx::raw_sql(text).execute(&mut self.connection).await.map(drop).map_err(|error| fault(&error))
    }

    /// Has the server end what takes longer than there is time, and tell who serves. Within a transaction the limit ends with
    /// it, because a pooler may give the same connection to others afterwards.
    async fn limit(&mut self, until: &'static str) -> Result<(), Fault> {
        let left = self.deadline.saturating_duration_since(Instant::now()).as_millis().max(1);
        let asked = sqlx::query("SELECT pg_backend_pid(), set_config('statement_timeout', $1, $2 = 'transaction')")
            .bind(left.to_string())
            .bind(until)
            .persistent(false)
            .fetch_one(&mut self.connection);
        let row = asked.await.map_err(|error| fault(&error))?;
        self.pid = row.try_get(0).map_err(|error| fault(&error))?;
        Ok(())
    }
}

impl Session for Postgres {
    async fn open(address: &Address, _: Way, deadline: Instant) -> Result<Self, Fault> {
        let Address::Postgres(server) = address else { return Err(Fault::NotAsked("it is not PostgreSQL's".into())) };
        let options = server.options.clone();
        let connection = PgConnection::connect_with(&options).await.map_err(|error| Fault::of_opening(&error))?;
        Ok(Postgres { connection, options, deadline, pid: 0 })
    }

    async fn begin(&mut self, way: Way) -> Result<(), Fault> {
        self.plainly(match way {
            Way::Act => "BEGIN",
            Way::Look => "BEGIN READ ONLY",
        })
        .await?;
        self.limit("transaction").await
    }

    async fn run(&mut self, statement: &Statement) -> Result<Answer, Fault> {
        let call_off = CallOff::with(cancel(self.options.clone(), self.pid));
        // Prepared, which makes it one statement however it is written. With a name, because the driver's own questions about
        // types that it does not know would otherwise take its place.
        let mut query = sqlx::query(AssertSqlSafe(statement.text.clone()));
        for value in &statement.bound {
            query = query.bind(value);
        }
        let rows = (&mut self.connection).fetch_many(query).map_ok(|next| next.map_left(|done| done.rows_affected()));
        let answer = Answer::read(rows, fault).await;
        if !matches!(answer, Err(Fault::TooMuch(_))) {
            call_off.answered();
            // A pooler may give the connection to others, to whom the name would be in the way.
            let _ = self.connection.clear_cached_statements().await;
        }
        answer
    }

    async fn commit(&mut self) -> Result<(), Fault> {
        self.plainly("COMMIT").await
    }

    async fn roll_back(&mut self) -> Result<(), Fault> {
        self.plainly("ROLLBACK").await
    }

    async fn leave(&mut self) -> Result<(), Fault> {
        self.roll_back().await?;
        self.limit("session").await
    }
}

/// Has the server end what that process of it is at. Whoever may log in may end what they began.
async fn cancel(options: PgConnectOptions, pid: i32) {
    if let Ok(mut connection) = PgConnection::connect_with(&options).await {
        let asked = sqlx::query("SELECT pg_cancel_backend($1)").bind(pid).persistent(false);
        // The server has its own limit where this does not arrive.
        let _ = asked.execute(&mut connection).await;
    }
}

fn fault(error: &sqlx::Error) -> Fault {
    match (error.as_database_error().and_then(|said| said.code()).as_deref(), Fault::of(error)) {
        (Some(CANCELED), _) => Fault::TimedOut,
        (Some(ACTIVE_TRANSACTION), Fault::Refused(why)) => Fault::NeedsNoTransaction(why),
        (_, fault) => fault,
    }
}
