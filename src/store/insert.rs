//! Rows into the table, in as few statements as can be.
//!
//! A statement of SQLite is a transaction of its own, so a batch that fits into one needs no BEGIN and COMMIT: one round
//! trip to the connection's thread and one sync. Statements stand ready in a few sizes; a batch takes the next larger one,
//! and the places that it leaves unbound are NULL and filtered out.

use std::sync::LazyLock;

use sqlx::query::Query;
use sqlx::sqlite::SqliteArguments;
use sqlx::{Sqlite, SqliteConnection};

use super::envelope::Row;

const COLUMNS: usize = 13;
const SIZES: [usize; 4] = [1, 4, 16, 64];
/// The most rows of one statement; a larger batch is several statements in one transaction.
const LARGEST: usize = 64;

static STATEMENTS: LazyLock<[String; 4]> = LazyLock::new(|| SIZES.map(statement));

fn statement(size: usize) -> String {
    let places = format!("({})", vec!["?"; COLUMNS].join(","));
    if size == 1 {
        return format!("INSERT INTO journal VALUES {places}");
    }
    let values = vec![places; size].join(",");
    format!("INSERT INTO journal SELECT * FROM (VALUES {values}) WHERE column1 IS NOT NULL")
}

/// Inserts all of `rows` or none.
pub(super) async fn insert(connection: &mut SqliteConnection, rows: &[Row]) -> sqlx::Result<()> {
    if rows.len() <= LARGEST {
        return insert_chunk(connection, rows).await;
    }
    execute(connection, "BEGIN IMMEDIATE").await?;
    let inserted = async {
        for chunk in rows.chunks(LARGEST) {
            insert_chunk(&mut *connection, chunk).await?;
        }
        execute(&mut *connection, "COMMIT").await
    }
    .await;
    finish(connection, inserted).await
}

/// Rolls back what has failed. SQLite may have done so itself, so a refusal to do it again says nothing.
pub(super) async fn finish(connection: &mut SqliteConnection, done: sqlx::Result<()>) -> sqlx::Result<()> {
    if done.is_err() {
        let _ = execute(connection, "ROLLBACK").await;
    }
    done
}

/// Runs a statement without parameters.
pub(super) async fn execute(connection: &mut SqliteConnection, sql: &'static str) -> sqlx::Result<()> {
    sqlx::query(sql).execute(connection).await.map(|_| ())
}

async fn insert_chunk(connection: &mut SqliteConnection, rows: &[Row]) -> sqlx::Result<()> {
    let fitting = SIZES.iter().position(|size| rows.len() <= *size).unwrap_or(SIZES.len() - 1);
    let query = sqlx::query(STATEMENTS[fitting].as_str());
    rows.iter().fold(query, bind).execute(connection).await.map(|_| ())
}

fn bind<'q>(query: Query<'q, Sqlite, SqliteArguments>, row: &Row) -> Query<'q, Sqlite, SqliteArguments> {
    query
        .bind(row.seq.cast_signed())
        .bind(row.id.to_string())
        .bind(row.at)
        .bind(row.boot_id.clone())
        .bind(row.boot_ns)
        .bind(row.epoch)
        .bind(row.principal.clone())
        .bind(row.command_id.map(|id| id.to_string()))
        .bind(row.stream.clone())
        .bind(row.kind.clone())
        .bind(row.body.clone())
        .bind(row.prev.as_bytes().to_vec())
        .bind(row.hash.as_bytes().to_vec())
}
