//! What an attempt does, on disk before it does it.

use std::fs::File;
use std::io;
use std::path::{Path, PathBuf};

use rustix::fs::{FlockOperation, flock};
use serde::{Deserialize, Serialize};
use sha2::{Digest as _, Sha256};

use super::super::durable;
use super::super::file::opened::hex;

const NAME: &str = "config.json";

/// What an attempt does, and how far it got.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub(super) struct Record {
    pub(super) stage: Stage,
    pub(super) files: Vec<Entry>,
}

/// How far it got.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub(super) enum Stage {
    /// All safety copies are there; new files may be in place or not.
    Putting,
    /// Something was wrong; old files may be back or not.
    PuttingBack { why: String },
    /// The new files are in place.
    Done,
    /// The old files are back; `why` says so.
    Back { why: String },
    /// Some of them are not.
    NotBack { why: String, what: Vec<String> },
}

/// One file, and what was in its place.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub(super) struct Entry {
    /// Its place, without symbolic links on the way.
    pub(super) to: PathBuf,
    /// The SHA-256 of the new one.
    pub(super) sum: String,
    pub(super) was: Was,
}

/// What was in a file's place.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub(super) enum Was {
    Absent,
    Kept(Kept),
}

/// A file that was copied to safety.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub(super) struct Kept {
    pub(super) copy: PathBuf,
    pub(super) sum: String,
    pub(super) mode: u32,
    pub(super) uid: u32,
    pub(super) gid: u32,
}

impl Record {
    /// The record of the attempt in a directory; none when it touched nothing.
    pub(super) fn read(dir: &Path) -> io::Result<Option<Record>> {
        durable::read(dir, NAME)
    }

    /// Has the record on disk, in place of the one before.
    pub(super) fn write(&self, dir: &Path) -> io::Result<()> {
        durable::write(&dir.join(NAME), &serde_json::to_vec_pretty(self)?)
    }
}

impl Entry {
    /// Where the next content of its place is written first: beside it, so that it gets there in one step. The same name each
    /// time, so that what a crash left is found.
    pub(super) fn beside(&self) -> PathBuf {
        let name = hex(&Sha256::digest(self.to.as_os_str().as_encoded_bytes()));
        self.to.with_file_name(format!(".warroom-{}", name.get(..16).unwrap_or(&name)))
    }
}

/// Holds an attempt's directory for one at a time, until the returned file is dropped. Waits for who holds it.
pub(super) fn lock(dir: &Path) -> io::Result<File> {
    let file = File::open(dir)?;
    flock(&file, FlockOperation::LockExclusive)?;
    Ok(file)
}
