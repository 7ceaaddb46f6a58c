//! Two PostgreSQL clusters, made once for all laboratories of one `cargo` and copied from then on.

use std::fs::{self, File};
use std::os::unix::fs::PermissionsExt as _;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};

use rustix::fs::{FlockOperation, flock};

use crate::servers::{PASSWORD, newest_postgres, unprivileged};
use crate::watchman;

/// What both servers are set to.
///
/// Without fsync: what is killed here are processes, never the machine, and the kernel keeps what a process has written. With
/// `wal_log_hints` and an archive, so that a former primary can be rewound.
const SETTINGS: &str = "
fsync = off
wal_log_hints = on
archive_mode = on
archive_command = 'cp %p ../archive/%f'
shared_buffers = 16MB
max_connections = 40
min_wal_size = 4MB
wal_keep_size = 64MB
wal_receiver_status_interval = 1s
wal_retrieve_retry_interval = 200ms
log_line_prefix = '%m [%p] '
";

/// The rows that customers write: which, where they were taken, and when.
const TABLE: &str =
    "CREATE TABLE rows (n bigint PRIMARY KEY, site text NOT NULL, at timestamptz NOT NULL DEFAULT clock_timestamp())";

const MADE: &str = "set -eu
cd \"$DIR\"
mkdir -m 700 east east/archive west west/archive
printf '%s' \"$PASSWORD\" >password
chown -R \"$OWNER\" .
export PGPASSWORD=\"$PASSWORD\"
$AS $BIN/initdb -D east/data -U warroom -A scram-sha-256 --pwfile=password --no-sync -E UTF8 --locale=C --wal-segsize=1
printf '%s' \"$SETTINGS\" >>east/data/postgresql.conf
for what in all replication; do echo \"host $what all 10.77.0.0/24 scram-sha-256\"; done >>east/data/pg_hba.conf
$AS $BIN/pg_ctl -D east/data -w -l log -o \"-c listen_addresses= -c unix_socket_directories=$DIR\" start
$AS psql -h \"$DIR\" -U warroom -d postgres -qc \"$TABLE\"
$AS $BIN/pg_basebackup -D west/data -h \"$DIR\" -U warroom -R -X stream -c fast --no-sync -C -S west
$AS $BIN/pg_ctl -D east/data -w -m fast stop
";

/// The programs of the newest PostgreSQL, and as whom they run: words before a command.
#[derive(Clone)]
pub struct Postgres {
    pub bin: PathBuf,
    pub owner: String,
    pub rights: Vec<String>,
}

impl Postgres {
    /// None where it is not installed.
    pub fn find() -> Option<Postgres> {
        let bin = newest_postgres()?;
        let (owner, rights) = unprivileged("postgres");
        Some(Postgres { bin, owner, rights: rights.split_whitespace().map(str::to_owned).collect() })
    }

    /// One of its programs, with the rights that it is to have.
    pub fn words(&self, program: &str) -> Vec<String> {
        let mut words = self.rights.clone();
        words.push(self.bin.join(program).to_string_lossy().into_owned());
        words
    }
}

/// A directory with the data of both sites, `east` and `west`.
pub fn made(postgres: &Postgres) -> PathBuf {
    let cargo = std::os::unix::process::parent_id();
    let base = std::env::temp_dir().join(format!("warroom-lab-{cargo}-template"));
    fs::create_dir_all(&base).unwrap();
    let lock = File::create(base.join("lock")).unwrap();
    flock(&lock, FlockOperation::LockExclusive).unwrap();
    if base.join("made").exists() {
        return base;
    }
    fs::set_permissions(&base, fs::Permissions::from_mode(0o755)).unwrap();
    watchman::until_gone(cargo, &base);
    make(postgres, &base);
    fs::write(base.join("made"), "").unwrap();
    base
}

fn make(postgres: &Postgres, dir: &Path) {
    let log = File::create(dir.join("script.log")).unwrap();
    let status = Command::new("sh")
        .args(["-c", MADE])
        .env("DIR", dir)
        .env("BIN", &postgres.bin)
        .env("AS", postgres.rights.join(" "))
        .env("OWNER", &postgres.owner)
        .env("PASSWORD", PASSWORD)
        .env("SETTINGS", SETTINGS)
        .env("TABLE", TABLE)
        .stdin(Stdio::null())
        .stdout(log.try_clone().unwrap())
        .stderr(log)
        .status()
        .unwrap();
    assert!(status.success(), "{}", fs::read_to_string(dir.join("script.log")).unwrap());
}
