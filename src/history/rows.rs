//! Slots and failures as rows of the file.

use std::sync::LazyLock;

use sqlx::query::Query;
use sqlx::sqlite::{SqliteArguments, SqliteRow};
use sqlx::{Row as _, Sqlite, SqliteConnection};

use crate::core::health::history::{Grain, LastFailure, Slot};
use crate::core::time::{Moment, Span};

/// What the file holds. The slots of one moment lie side by side: they come together and are thinned together. The number of a
/// grain is its place in [`Grain::ALL`]; moments of slots are in seconds, those of failures and all lengths in microseconds.
pub(super) const SCHEMA: &str = "\
    CREATE TABLE series (
        id    INTEGER PRIMARY KEY,
        plan  TEXT NOT NULL,
        probe TEXT NOT NULL,
        place TEXT NOT NULL,
        seen  INTEGER NOT NULL,
        UNIQUE (plan, probe, place)
    ) STRICT;
    CREATE TABLE slot (
        grain    INTEGER NOT NULL,
        at       INTEGER NOT NULL,
        series   INTEGER NOT NULL,
        good     INTEGER NOT NULL,
        degraded INTEGER NOT NULL,
        bad      INTEGER NOT NULL,
        unseen   INTEGER NOT NULL,
        took     INTEGER NOT NULL,
        slowest  INTEGER NOT NULL,
        measured TEXT,
        PRIMARY KEY (grain, at, series)
    ) STRICT, WITHOUT ROWID;
    CREATE TABLE failure (
        series INTEGER PRIMARY KEY,
        at     INTEGER NOT NULL,
        took   INTEGER NOT NULL,
        why    TEXT NOT NULL,
        asked  TEXT NOT NULL,
        terms  TEXT NOT NULL,
        detail TEXT
    ) STRICT;";

/// Slots that one statement writes.
const AT_ONCE: usize = 50;

static ONE: LazyLock<String> = LazyLock::new(|| statement(1));
static SEVERAL: LazyLock<String> = LazyLock::new(|| statement(AT_ONCE));

/// What was there of the same slot is added to.
fn statement(rows: usize) -> String {
    let values = vec!["(?, ?, ?, ?, ?, ?, ?, ?, ?, ?)"; rows].join(", ");
    format!(
        "INSERT INTO slot (grain, at, series, good, degraded, bad, unseen, took, slowest, measured) VALUES {values} \
         ON CONFLICT (grain, at, series) DO UPDATE SET \
         good = good + excluded.good, degraded = degraded + excluded.degraded, bad = bad + excluded.bad, \
         unseen = unseen + excluded.unseen, took = took + excluded.took, slowest = max(slowest, excluded.slowest), \
         measured = coalesce(excluded.measured, measured)"
    )
}

/// Adds slots to those of their series. The caller has begun a transaction.
pub(super) async fn write_slots(connection: &mut SqliteConnection, slots: &[(i64, &Slot)]) -> sqlx::Result<()> {
    let (many, few) = slots.split_at(slots.len() - slots.len() % AT_ONCE);
    for chunk in many.chunks(AT_ONCE) {
        let query =
            chunk.iter().fold(sqlx::query(SEVERAL.as_str()), |query, (series, slot)| bind(query, *series, slot));
        query.execute(&mut *connection).await?;
    }
    for (series, slot) in few {
        bind(sqlx::query(ONE.as_str()), *series, slot).execute(&mut *connection).await?;
    }
    Ok(())
}

fn bind<'q>(query: Query<'q, Sqlite, SqliteArguments>, series: i64, slot: &Slot) -> Query<'q, Sqlite, SqliteArguments> {
    let measured = (!slot.measured.is_empty()).then(|| serde_json::to_string(&slot.measured).unwrap_or_default());
    query
        .bind(slot.grain.number())
        .bind(seconds(slot.at))
        .bind(series)
        .bind(i64::from(slot.good))
        .bind(i64::from(slot.degraded))
        .bind(i64::from(slot.bad))
        .bind(i64::from(slot.unseen))
        .bind(signed(slot.took))
        .bind(signed(slot.slowest))
        .bind(measured)
}

/// Reads a slot out of the columns `at, good, degraded, bad, unseen, took, slowest, measured`, which stand in a row from `first` on.
/// Numbers that no writer stores count as none.
pub(super) fn slot(row: &SqliteRow, first: usize, grain: Grain) -> sqlx::Result<Slot> {
    let number = |place: usize| row.try_get::<i64, _>(first + place);
    let count = |place: usize| number(place).map(|number| u32::try_from(number).unwrap_or(0));
    let measured: Option<&str> = row.try_get(first + 7)?;
    Ok(Slot {
        at: Moment::from_micros(number(0)?.saturating_mul(1_000_000)),
        grain,
        good: count(1)?,
        degraded: count(2)?,
        bad: count(3)?,
        unseen: count(4)?,
        took: span(number(5)?),
        slowest: span(number(6)?),
        measured: measured.and_then(|text| serde_json::from_str(text).ok()).unwrap_or_default(),
    })
}

/// Keeps the last failure of a series.
pub(super) async fn write_failure(
    connection: &mut SqliteConnection,
    series: i64,
    failure: &LastFailure,
) -> sqlx::Result<()> {
    sqlx::query(
        "INSERT OR REPLACE INTO failure (series, at, took, why, asked, terms, detail) VALUES (?, ?, ?, ?, ?, ?, ?)",
    )
    .bind(series)
    .bind(failure.at.micros())
    .bind(signed(failure.took))
    .bind(failure.why.clone())
    .bind(failure.asked.clone())
    .bind(failure.terms.clone())
    .bind(failure.detail.clone())
    .execute(connection)
    .await
    .map(drop)
}

/// The last failure of a series, if it ever had one.
pub(super) async fn read_failure(connection: &mut SqliteConnection, series: i64) -> sqlx::Result<Option<LastFailure>> {
    let query = sqlx::query("SELECT at, took, why, asked, terms, detail FROM failure WHERE series = ?").bind(series);
    let Some(row) = query.fetch_optional(connection).await? else { return Ok(None) };
    Ok(Some(LastFailure {
        at: Moment::from_micros(row.try_get(0)?),
        took: span(row.try_get(1)?),
        why: row.try_get(2)?,
        asked: row.try_get(3)?,
        terms: row.try_get(4)?,
        detail: row.try_get(5)?,
    }))
}

/// Whole seconds, rounded down: slots begin at none but whole ones.
pub(super) fn seconds(at: Moment) -> i64 {
    at.micros().div_euclid(1_000_000)
}

fn signed(span: Span) -> i64 {
    i64::try_from(span.micros()).unwrap_or(i64::MAX)
}

fn span(micros: i64) -> Span {
    Span::from_micros(u64::try_from(micros).unwrap_or(0))
}
