//! Asks a database, or tells it: one statement, its values bound and never pasted, over a connection of its own.
//!
//! The statement runs in a transaction, which is committed only when the answer is as the plan expects: an update that meets
//! more rows than it may changes none. A statement that a database does in no transaction (`VACUUM`, `ALTER SYSTEM`) runs
//! without. As a precondition, and in a preview, it runs in a read-only transaction; SQLite opens the file itself read-only.
//! That keeps tables as they are; it cannot keep a function that acts outside of them (`pg_promote()`) from acting.
//!
//! An address that says nothing of TLS takes it where the server offers it and looks at no certificate, as such addresses do
//! elsewhere; `?sslmode=verify-full` (PostgreSQL) and `?ssl-mode=VERIFY_IDENTITY` (MySQL) do.
//!
//! The time-out reaches the server: it gets the same limit, and the query is called off there when it passes and when nobody
//! waits any more.

mod address;
mod answer;
mod call_off;
mod expect;
mod fault;
mod mysql;
mod postgres;
mod sqlite;

use tokio::time::{Instant, timeout_at};

use super::secrets::Fetched;
use super::{Job, Way, capture};
use crate::core::mask::Masker;
use crate::core::observe::StepEnd;
use crate::core::plan::{Capture, Sql};
use crate::core::run::{Evidence, Failure};
use crate::core::time::Span;
use address::Address;
use answer::Answer;
use fault::{Fault, Undone};

/// How long a statement may take when the plan does not say, its connection included.
const TIMEOUT: Span = Span::from_secs(60);

/// A statement with its values.
struct Statement {
    text: String,
    bound: Vec<String>,
}

/// What there is of one database: a connection, and one transaction at a time.
trait Session: Sized {
    /// Connects. What is asked of the server is to be given up there at `deadline`.
    async fn open(address: &Address, way: Way, deadline: Instant) -> Result<Self, Fault>;

    /// Begins a transaction, read-only for a look.
    async fn begin(&mut self, way: Way) -> Result<(), Fault>;

    /// Runs the statement and reads what comes. When the future is dropped, the server is told to stop.
    async fn run(&mut self, statement: &Statement) -> Result<Answer, Fault>;

    /// Ends the transaction: what it did stays.
    async fn commit(&mut self) -> Result<(), Fault>;

    /// Ends the transaction: what it did is undone.
    async fn roll_back(&mut self) -> Result<(), Fault>;

    /// Ends the transaction and makes ready for a statement outside of any.
    async fn leave(&mut self) -> Result<(), Fault> {
        self.roll_back().await
    }

    /// Whether a statement takes effect at once, transaction or not.
    fn commits_by_itself(_statement: &Statement) -> bool {
        false
    }
}

pub(super) async fn perform(job: &Job, sql: &Sql, way: Way, fetched: &Fetched) -> StepEnd {
    let (address, statement, expected) = match prepare(job, sql, fetched) {
        Ok(prepared) => prepared,
        Err(why) => return StepEnd::Bad(Failure::NotStarted { why }),
    };
    // A password may stand in the plan itself.
    let masker = Masker::new(address.password());
    let limit = job.step.timeout.unwrap_or(TIMEOUT);
    let judge = |answer: &Answer| {
        expect::judge(&expected, answer).map_err(|why| Failure::WrongAnswer { why })?;
        capture::take(&job.step.captures, |capture| pick(capture, answer))
    };
    let asked = Asked { statement: &statement, way, deadline: Instant::now() + limit.to_std() };
    let done = match &address {
        Address::Postgres(_) => asked.of::<postgres::Postgres, _>(&address, judge).await,
        Address::MySql(_) => asked.of::<mysql::MySql, _>(&address, judge).await,
        Address::Sqlite(_) => asked.of::<sqlite::Sqlite, _>(&address, judge).await,
    };
    match done {
        Ok((rows, results)) => StepEnd::Good { evidence: Evidence::Rows { rows }, results },
        Err(fault) => fault.end(limit, &masker),
    }
}

/// All that the plan says, with its values.
fn prepare(job: &Job, sql: &Sql, fetched: &Fetched) -> Result<(Address, Statement, expect::Expected), String> {
    let private = fetched.among(&job.values);
    let address = Address::read(&sql.url, fetched.address.as_ref(), &private)?;
    let bound: Result<Vec<String>, _> = sql.bind.iter().map(|value| value.fill(&private)).collect();
    let statement = Statement { text: sql.query.clone(), bound: bound.map_err(|missing| missing.to_string())? };
    let expected = expect::Expected::of(sql, &job.values).map_err(|missing| missing.to_string())?;
    Ok((address, statement, expected))
}

/// What is asked, of whatever database.
struct Asked<'a> {
    statement: &'a Statement,
    way: Way,
    deadline: Instant,
}

impl Asked<'_> {
    /// Asks, judges the answer, and has what was done stay only when it is good.
    async fn of<S: Session, T>(
        &self,
        address: &Address,
        judge: impl Fn(&Answer) -> Result<T, Failure>,
    ) -> Result<(u64, T), Fault> {
        let mut session = self.in_time(S::open(address, self.way, self.deadline)).await?;
        self.in_time(session.begin(self.way)).await?;
        let at_once = self.way == Way::Act && S::commits_by_itself(self.statement);
        let answer = match self.in_time(session.run(self.statement)).await {
            Ok(answer) => answer,
            Err(Fault::NeedsNoTransaction(_)) if self.way == Way::Act => return self.outside(session, judge).await,
            Err(fault) if at_once => return Err(fault.in_doubt()),
            Err(fault) => return Err(fault),
        };
        match judge(&answer) {
            Ok(good) => {
                match self.way {
                    Way::Act => self.in_time(session.commit()).await.map_err(Fault::in_doubt)?,
                    Way::Look => self.undone(&mut session).await,
                }
                Ok((answer.rows(), good))
            }
            Err(failure) => {
                self.undone(&mut session).await;
                let undone = if self.way == Way::Act && !at_once { Undone::Yes } else { Undone::No };
                Err(Fault::Judged { failure, undone })
            }
        }
    }

    /// Outside of any transaction: what is done then stays, whatever is thought of the answer.
    async fn outside<S: Session, T>(
        &self,
        mut session: S,
        judge: impl Fn(&Answer) -> Result<T, Failure>,
    ) -> Result<(u64, T), Fault> {
        self.in_time(session.leave()).await?;
        let answer = self.in_time(session.run(self.statement)).await.map_err(Fault::in_doubt)?;
        let good = judge(&answer).map_err(|failure| Fault::Judged { failure, undone: Undone::No })?;
        Ok((answer.rows(), good))
    }

    /// Rolls back. Where that is not answered the connection ends, which undoes it as well.
    async fn undone<S: Session>(&self, session: &mut S) {
        let _ = self.in_time(session.roll_back()).await;
    }

    async fn in_time<T>(&self, part: impl Future<Output = Result<T, Fault>>) -> Result<T, Fault> {
        timeout_at(self.deadline, part).await.unwrap_or(Err(Fault::TimedOut))
    }
}

fn pick(capture: &Capture, answer: &Answer) -> Result<String, String> {
    match capture {
        Capture::Column(name) => answer.cell(name)?.text().map(str::to_owned),
        Capture::Rows => Ok(answer.rows().to_string()),
        other => Err(capture::not_of("sql", other)),
    }
}
