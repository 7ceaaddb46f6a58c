//! How fast the journal appends, as a ratio to bare SQLite commits of the same rows in the same minute.
//!
//! Bare is SQLite's own C interface with one prepared statement, the journal's own schema and settings, and rows that were
//! hashed before the clock starts. `cargo bench --bench journal` takes some seconds; a number after `--` is how many
//! rounds to take the median of.

#![allow(unsafe_code, clippy::unwrap_used, clippy::print_stdout)]

use std::ffi::{CString, c_int};
use std::path::Path;
use std::ptr::null_mut;
use std::time::{Duration, Instant};

use libsqlite3_sys as ffi;
use tokio::sync::{mpsc, oneshot};
use uuid::Uuid;
use warroom::store::{Draft, Journal, Row};

const SINGLE: u64 = 500;
const WRITERS: u64 = 64;
const EACH: u64 = 60;

fn draft(n: u64) -> Draft {
    Draft {
        id: Uuid::from_u128(0x0190_abcd_0000_7000_8000_0000_0000_0000 + u128::from(n)),
        at: 1_795_000_000_000_000 + n.cast_signed(),
        boot_id: "5f0a6c3e-9d0b-4a43-9d4a-2c8c8d6ad1f1".to_owned(),
        boot_ns: 1_000_000 * n.cast_signed(),
        epoch: 1,
        principal: "uid:1000".to_owned(),
        command_id: n.is_multiple_of(2).then(|| Uuid::from_u128(0x0190_abcd_1111 + u128::from(n))),
        stream: format!("run/DR-20261121-0344{:02}", n % 60),
        kind: "step.finished".to_owned(),
        body: format!("{{\"step\":\"drain\",\"attempt\":{n},\"text\":\"{}\"}}", "x".repeat(220)),
    }
}

/// SQLite without anything around it.
struct Bare {
    database: *mut ffi::sqlite3,
    insert: *mut ffi::sqlite3_stmt,
}

impl Bare {
    /// A second database with the schema and the settings of the journal in `dir`.
    fn open(dir: &Path) -> Bare {
        let path = CString::new(dir.join("bare.db").to_str().unwrap()).unwrap();
        let mut database = null_mut();
        // SAFETY: the path ends with NUL and the handle is used by this thread only.
        unsafe { ffi::sqlite3_open(path.as_ptr(), &raw mut database) };
        let mut bare = Bare { database, insert: null_mut() };
        bare.execute("PRAGMA journal_mode = WAL; PRAGMA synchronous = FULL; PRAGMA cache_size = -1024");
        bare.execute(include_str!("../src/store/migrations/0001_journal.sql"));
        let sql = CString::new("INSERT INTO journal VALUES (?,?,?,?,?,?,?,?,?,?,?,?,?)").unwrap();
        // SAFETY: the text ends with NUL; the statement is finalised before the database is closed.
        let result = unsafe { ffi::sqlite3_prepare_v2(database, sql.as_ptr(), -1, &raw mut bare.insert, null_mut()) };
        assert_eq!(result, ffi::SQLITE_OK);
        bare
    }

    fn execute(&mut self, sql: &str) {
        let sql = CString::new(sql).unwrap();
        // SAFETY: the text ends with NUL, and no callback is given.
        let result = unsafe { ffi::sqlite3_exec(self.database, sql.as_ptr(), None, null_mut(), null_mut()) };
        assert_eq!(result, ffi::SQLITE_OK);
    }

    fn text(&mut self, column: c_int, text: &str) {
        let length = c_int::try_from(text.len()).unwrap();
        // SAFETY: SQLite copies the bytes before this returns.
        unsafe {
            let transient = ffi::SQLITE_TRANSIENT();
            ffi::sqlite3_bind_text(self.insert, column, text.as_ptr().cast(), length, transient)
        };
    }

    fn blob(&mut self, column: c_int, bytes: &[u8; 32]) {
        // SAFETY: SQLite copies the 32 bytes before this returns.
        unsafe {
            let transient = ffi::SQLITE_TRANSIENT();
            ffi::sqlite3_bind_blob(self.insert, column, bytes.as_ptr().cast(), 32, transient)
        };
    }

    fn number(&mut self, column: c_int, number: i64) {
        // SAFETY: the statement is alive.
        unsafe { ffi::sqlite3_bind_int64(self.insert, column, number) };
    }

    fn insert(&mut self, row: &Row) {
        self.number(1, row.seq.cast_signed());
        self.text(2, &row.id.to_string());
        self.number(3, row.at);
        self.text(4, &row.boot_id);
        self.number(5, row.boot_ns);
        self.number(6, row.epoch);
        self.text(7, &row.principal);
        match row.command_id {
            Some(id) => self.text(8, &id.to_string()),
            // SAFETY: the statement is alive.
            None => unsafe {
                ffi::sqlite3_bind_null(self.insert, 8);
            },
        }
        self.text(9, &row.stream);
        self.text(10, &row.kind);
        self.text(11, &row.body);
        self.blob(12, row.prev.as_bytes());
        self.blob(13, row.hash.as_bytes());
        // SAFETY: the statement is alive, and reset before it is used again.
        let result = unsafe {
            let result = ffi::sqlite3_step(self.insert);
            ffi::sqlite3_reset(self.insert);
            result
        };
        assert_eq!(result, ffi::SQLITE_DONE);
    }

    fn one_by_one(&mut self, rows: &[Row]) -> Duration {
        let start = Instant::now();
        for row in rows {
            self.insert(row);
        }
        start.elapsed()
    }

    fn in_batches(&mut self, rows: &[Row]) -> Duration {
        let start = Instant::now();
        for batch in rows.chunks(usize::try_from(WRITERS).unwrap()) {
            self.execute("BEGIN IMMEDIATE");
            for row in batch {
                self.insert(row);
            }
            self.execute("COMMIT");
        }
        start.elapsed()
    }
}

impl Drop for Bare {
    fn drop(&mut self) {
        // SAFETY: neither is used again.
        unsafe {
            ffi::sqlite3_finalize(self.insert);
            ffi::sqlite3_close(self.database);
        }
    }
}

async fn one_by_one(journal: &mut Journal) -> Duration {
    let start = Instant::now();
    for _ in 0..SINGLE {
        let next = draft(journal.head().seq + 1);
        journal.append(vec![next]).await.unwrap();
    }
    start.elapsed()
}

type Request = (Draft, oneshot::Sender<u64>);

/// The writers wait for their answers; whatever has come in meanwhile is the next batch.
async fn from_writers(mut journal: Journal) -> (Journal, Duration) {
    let (requests, mut incoming) = mpsc::channel::<Request>(usize::try_from(WRITERS).unwrap());
    let start = Instant::now();
    for writer in 0..WRITERS {
        let requests = requests.clone();
        tokio::spawn(async move {
            for n in 0..EACH {
                let (answer, answered) = oneshot::channel();
                requests.send((draft(writer * EACH + n), answer)).await.unwrap();
                answered.await.unwrap();
            }
        });
    }
    drop(requests);
    let mut batch = Vec::new();
    while incoming.recv_many(&mut batch, usize::try_from(WRITERS).unwrap()).await > 0 {
        let (drafts, answers): (Vec<_>, Vec<_>) = batch.drain(..).unzip();
        let rows = journal.append(drafts).await.unwrap();
        for (row, answer) in rows.iter().zip(answers) {
            answer.send(row.seq).unwrap();
        }
    }
    (journal, start.elapsed())
}

fn median(mut values: Vec<f64>) -> f64 {
    values.sort_by(f64::total_cmp);
    values[values.len() / 2]
}

fn line(what: &str, rows: u64, bare: &[Duration], ours: &[Duration]) {
    let rate = |took: &Duration| rows as f64 / took.as_secs_f64();
    let ratios = bare.iter().zip(ours).map(|(bare, ours)| bare.as_secs_f64() / ours.as_secs_f64());
    println!(
        "{what:<24} {:>12.0} {:>12.0} {:>8.2}",
        median(bare.iter().map(rate).collect()),
        median(ours.iter().map(rate).collect()),
        median(ratios.collect()),
    );
}

#[tokio::main]
async fn main() {
    let rounds = std::env::args().find_map(|argument| argument.parse().ok()).unwrap_or(9);
    // Beside the build, not in the memory file system that /tmp may be.
    let dir = tempfile::tempdir_in(env!("CARGO_TARGET_TMPDIR")).unwrap();
    let mut bare = Bare::open(dir.path());
    let mut journal = Journal::open(dir.path()).await.unwrap();
    let (mut bare_single, mut bare_batch) = (Vec::new(), Vec::new());
    let (mut single, mut batch) = (Vec::new(), Vec::new());
    for _ in 0..rounds {
        // The journal first: its rows are then what the bare side writes.
        let before = journal.head().seq;
        single.push(one_by_one(&mut journal).await);
        bare_single.push(bare.one_by_one(&journal.rows(before, usize::MAX).await.unwrap()));
        let before = journal.head().seq;
        let (back, took) = from_writers(journal).await;
        journal = back;
        batch.push(took);
        bare_batch.push(bare.in_batches(&journal.rows(before, usize::MAX).await.unwrap()));
    }
    println!("medians of {rounds} rounds, rows a second");
    println!("{:<24} {:>12} {:>12} {:>8}", "", "bare SQLite", "journal", "ratio");
    line("one by one", SINGLE, &bare_single, &single);
    line("64 writers", WRITERS * EACH, &bare_batch, &batch);
    journal.close().await;
}
