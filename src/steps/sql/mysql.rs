//! MySQL and MariaDB.

mod values;

use futures_util::TryStreamExt as _;
use sqlx::mysql::{MySqlConnectOptions, MySqlConnection};
use sqlx::{AssertSqlSafe, Connection as _, Executor as _, Row as _};
use tokio::time::Instant;

use super::super::Way;
use super::address::Address;
use super::answer::Answer;
use super::call_off::CallOff;
use super::fault::Fault;
use super::{Session, Statement};

/// Error numbers of a query that ran into a limit on time: MySQL's and MariaDB's.
const OUT_OF_TIME: [u16; 2] = [3_024, 1_969];

/// How statements begin that read rows or change them, and that transactions hold for.
const ROWS: [&str; 12] = [
    "SELECT", "WITH", "VALUES", "TABLE", "SHOW", "DESCRIBE", "DESC", "EXPLAIN", "INSERT", "UPDATE", "DELETE", "REPLACE",
];

/// A connection to MySQL or MariaDB.
pub(super) struct MySql {
    connection: MySqlConnection,
    options: MySqlConnectOptions,
    /// The server's number for it.
    id: u64,
    way: Way,
}

impl MySql {
    async fn plainly(&mut self, text: &'static str) -> Result<(), Fault> {
        sqlx::raw_sql(text).execute(&mut self.connection).await.map(drop).map_err(|error| fault(&error))
    }
}

impl Session for MySql {
    async fn open(address: &Address, way: Way, deadline: Instant) -> Result<Self, Fault> {
        let Address::MySql(server) = address else { return Err(Fault::NotAsked("it is not MySQL's".into())) };
        let options = server.options.clone();
        let mut connection =
            MySqlConnection::connect_with(&options).await.map_err(|error| Fault::of_opening(&error))?;
        let asked = sqlx::query("SELECT CAST(CONNECTION_ID() AS UNSIGNED), VERSION()").fetch_one(&mut connection);
        let row = asked.await.map_err(|error| fault(&error))?;
        let id = row.try_get(0).map_err(|error| fault(&error))?;
        let version: String = row.try_get(1).map_err(|error| fault(&error))?;
        limit(&mut connection, &version, deadline).await.map_err(|error| fault(&error))?;
        Ok(MySql { connection, options, id, way })
    }

    async fn begin(&mut self, way: Way) -> Result<(), Fault> {
        self.plainly(match way {
            Way::Act => "START TRANSACTION",
            Way::Look => "START TRANSACTION READ ONLY",
        })
        .await
    }

    async fn run(&mut self, statement: &Statement) -> Result<Answer, Fault> {
        // It would end the read-only transaction first, and then act.
        if self.way == Way::Look && Self::commits_by_itself(statement) {
            return Err(Fault::Refused("only questions can be asked beforehand, and this may be none".into()));
        }
        let call_off = CallOff::with(kill(self.options.clone(), self.id));
        // Prepared, which makes it one statement however it is written.
        let mut query = sqlx::query(AssertSqlSafe(statement.text.clone())).persistent(false);
        for value in &statement.bound {
            query = query.bind(value);
        }
        let rows = (&mut self.connection).fetch_many(query).map_ok(|next| next.map_left(|done| done.rows_affected()));
        let answer = Answer::read(rows, fault).await;
        if !matches!(answer, Err(Fault::TooMuch(_))) {
            call_off.answered();
        }
        answer
    }

    async fn commit(&mut self) -> Result<(), Fault> {
        self.plainly("COMMIT").await
    }

    async fn roll_back(&mut self) -> Result<(), Fault> {
        self.plainly("ROLLBACK").await
    }

    /// All but those that read and change rows end a transaction by themselves, or may.
    fn commits_by_itself(statement: &Statement) -> bool {
        let text = statement.text.trim_start_matches(|c: char| c == '(' || c.is_whitespace());
        let first: String = text.chars().take_while(char::is_ascii_alphabetic).collect();
        !ROWS.contains(&first.to_ascii_uppercase().as_str())
    }
}

/// Has the server end by itself what takes longer than there is time. MySQL does so for questions only; that and what else is
/// left is what [`kill`] is for.
async fn limit(connection: &mut MySqlConnection, version: &str, deadline: Instant) -> Result<(), sqlx::Error> {
    let left = deadline.saturating_duration_since(Instant::now());
    let set = if version.contains("MariaDB") {
        sqlx::query("SET SESSION max_statement_time = ?").bind(left.as_secs_f64().max(0.001))
    } else {
        let millis = u64::try_from(left.as_millis()).unwrap_or(u64::MAX);
        sqlx::query("SET SESSION max_execution_time = ?").bind(millis.max(1))
    };
    set.execute(connection).await.map(drop)
}

/// Has the server end a connection, and with it what runs there. Whoever may log in may end what they began.
async fn kill(options: MySqlConnectOptions, id: u64) {
    if let Ok(mut connection) = MySqlConnection::connect_with(&options).await {
        let text = AssertSqlSafe(format!("KILL {id}"));
        let _ = sqlx::raw_sql(text).execute(&mut connection).await;
    }
}

fn fault(error: &sqlx::Error) -> Fault {
    let said = error.as_database_error().and_then(|said| said.try_downcast_ref::<sqlx::mysql::MySqlDatabaseError>());
    match said {
        Some(said) if OUT_OF_TIME.contains(&said.number()) => Fault::TimedOut,
        Some(said) => Fault::Refused(format!("{} ({})", said.message(), said.number())),
        None => Fault::of(error),
    }
}
