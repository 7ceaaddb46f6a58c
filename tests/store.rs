//! The store, through its public face, on real files.

#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, clippy::print_stderr)]

#[path = "store/chain.rs"]
mod chain;
#[path = "store/faults.rs"]
mod faults;
#[path = "store/opening.rs"]
mod opening;
#[path = "store/reading.rs"]
mod reading;

use std::path::Path;

use sqlx::sqlite::SqliteConnectOptions;
use sqlx::{AssertSqlSafe, ConnectOptions, Connection};
use uuid::Uuid;
use warroom::store::{Draft, Journal};

/// The draft that is meant to become entry `n`.
fn draft(n: u64) -> Draft {
    Draft {
        id: Uuid::from_u128(0x0190_abcd_0000_7000_8000_0000_0000_0000 + u128::from(n)),
        at: 1_795_000_000_000_000 + n.cast_signed(),
        boot_id: "5f0a6c3e-9d0b-4a43-9d4a-2c8c8d6ad1f1".to_owned(),
        boot_ns: 1_000 * n.cast_signed(),
        epoch: 1,
        principal: format!("uid:{}", 1000 + n % 3),
        command_id: n.is_multiple_of(2).then(|| Uuid::from_u128(u128::from(n / 4) + 1)),
        stream: format!("incident/{}", n % 5),
        kind: "note.added".to_owned(),
        body: body(n),
    }
}

fn body(n: u64) -> String {
    format!("{{ \"n\":{n},  \"text\":\"{}\" }}", "é".repeat(60))
}

fn drafts(numbers: std::ops::RangeInclusive<u64>) -> Vec<Draft> {
    numbers.map(draft).collect()
}

/// A journal in `dir` with entries 1 to `entries`.
async fn journal(dir: &Path, entries: u64) -> Journal {
    let mut journal = Journal::open(dir).await.unwrap();
    let mut from = 1;
    while from <= entries {
        let to = entries.min(from + 999);
        journal.append(drafts(from..=to)).await.unwrap();
        from = to + 1;
    }
    journal
}

/// Changes the file as somebody with an SQLite shell would.
async fn tamper(dir: &Path, sql: &str) {
    let options = SqliteConnectOptions::new().filename(dir.join("journal.db"));
    let mut connection = options.connect().await.unwrap();
    sqlx::query(AssertSqlSafe(sql.to_owned())).execute(&mut connection).await.unwrap();
    connection.close().await.unwrap();
}
