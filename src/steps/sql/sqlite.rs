//! SQLite: a file that must be there. Where several statements stand, it does them all, in one transaction; the servers
//! refuse that.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Duration;

use futures_util::TryStreamExt as _;
use sqlx::sqlite::{SqliteConnectOptions, SqliteConnection, SqliteRow};
use sqlx::{
    AssertSqlSafe, Column as _, ConnectOptions as _, Decode, Executor as _, Row as _, Sqlite as Driver, TypeInfo as _,
    ValueRef as _,
};
use tokio::time::Instant;

use super::super::Way;
use super::super::apart::apart;
use super::address::Address;
use super::answer::{Answer, Cell, Cells, hex};
use super::fault::Fault;
use super::{Session, Statement};

/// How many of its instructions SQLite does between two questions whether it should go on.
const OPS: i32 = 1_000;

/// An open file.
pub(super) struct Sqlite {
    connection: SqliteConnection,
    _given_up: GivenUp,
}

/// Has a statement end that runs in SQLite's thread, when it is dropped.
struct GivenUp(Arc<AtomicBool>);

impl Drop for GivenUp {
    fn drop(&mut self) {
        self.0.store(true, Ordering::Relaxed);
    }
}

impl Sqlite {
    async fn plainly(&mut self, text: &'static str) -> Result<(), Fault> {
        sqlx::raw_sql(text).execute(&mut self.connection).await.map(drop).map_err(|error| fault(&error))
    }
}

impl Session for Sqlite {
    async fn open(address: &Address, way: Way, deadline: Instant) -> Result<Self, Fault> {
        let Address::Sqlite(options) = address else { return Err(Fault::NotAsked("it is not SQLite's".into())) };
        let path = options.get_filename().to_path_buf();
        let looked = apart(move |_| std::fs::metadata(&path).map(|found| found.is_file())).await;
        match looked.and_then(|found| found) {
            Ok(true) => {}
            Ok(false) => return Err(Fault::NoAnswer("it is no regular file".into())),
            Err(error) => return Err(Fault::NoAnswer(format!("its file cannot be opened: {error}"))),
        }
        let left = deadline.saturating_duration_since(Instant::now()).max(Duration::from_millis(1));
        let options = SqliteConnectOptions::clone(options).read_only(way == Way::Look).busy_timeout(left);
        let mut connection = options.connect().await.map_err(|error| Fault::of_opening(&error))?;
        let given_up = Arc::new(AtomicBool::new(false));
        let asked = Arc::clone(&given_up);
        let go_on = move || Instant::now() < deadline && !asked.load(Ordering::Relaxed);
        connection.lock_handle().await.map_err(|error| fault(&error))?.set_progress_handler(OPS, go_on);
        Ok(Sqlite { connection, _given_up: GivenUp(given_up) })
    }

    async fn begin(&mut self, way: Way) -> Result<(), Fault> {
        self.plainly(match way {
            Way::Act => "BEGIN IMMEDIATE",
            Way::Look => "BEGIN",
        })
        .await
    }

    async fn run(&mut self, statement: &Statement) -> Result<Answer, Fault> {
        let mut query = sqlx::query(AssertSqlSafe(statement.text.clone())).persistent(false);
        for value in &statement.bound {
            query = query.bind(value);
        }
        let rows = (&mut self.connection).fetch_many(query).map_ok(|next| next.map_left(|done| done.rows_affected()));
        Answer::read(rows, fault).await
    }

    async fn commit(&mut self) -> Result<(), Fault> {
        self.plainly("COMMIT").await
    }

    async fn roll_back(&mut self) -> Result<(), Fault> {
        self.plainly("ROLLBACK").await
    }
}

impl Cells for SqliteRow {
    fn names(&self) -> Vec<String> {
        self.columns().iter().map(|column| column.name().to_owned()).collect()
    }

    fn cell(&self, place: usize) -> (Cell, usize) {
        let Ok(value) = self.try_get_raw(place) else { return (Cell::Null, 0) };
        if value.is_null() {
            return (Cell::Null, 0);
        }
        let kind = value.type_info().name().to_owned();
        let text = if kind == "BLOB" {
            let bytes = <Vec<u8> as Decode<'_, Driver>>::decode(value).ok();
            bytes.map(|bytes| hex("", &bytes))
        } else if kind == "REAL" {
            <f64 as Decode<'_, Driver>>::decode(value).ok().map(|number| number.to_string())
        } else {
            <String as Decode<'_, Driver>>::decode(value).ok()
        };
        let size = text.as_ref().map_or(0, String::len);
        (text.map_or(Cell::Other { kind }, Cell::Text), size)
    }
}

/// SQLite has one code for whatever it does not like; what it says is all there is.
fn fault(error: &sqlx::Error) -> Fault {
    /// The result of a statement that was told to end.
    const INTERRUPTED: &str = "9";
    let code = error.as_database_error().and_then(|said| said.code()).map(|code| code.into_owned());
    match Fault::of(error) {
        _ if code.as_deref() == Some(INTERRUPTED) => Fault::TimedOut,
        Fault::Refused(why) if why.contains("from within a transaction") || why.contains("inside a transaction") => {
            Fault::NeedsNoTransaction(why)
        }
        fault => fault,
    }
}
