//! The journal on disk: one SQLite file of hash-chained envelopes, and the lock on the directory that holds it.
//!
//! This folder knows envelopes, never what an event means: a body is JSON text that is handed in, kept byte for byte and
//! handed out again. [`Journal`] is the one writer; [`Reader`] reads pages beside it, in this process or another; [`verify`]
//! recomputes the chain; the line that is hashed and the form of an export are documented in `assets/journal-format.md`.

mod envelope;
mod error;
mod export;
mod filesystem;
mod hash;
mod insert;
mod journal;
mod lock;
mod reader;
mod snapshot;
pub(crate) mod sqlite;
mod verify;
mod version;

pub use envelope::{Draft, Head, Row};
pub use error::{AppendError, StoreError};
pub use export::{Bodies, ExportError};
pub use hash::{Hash, ParseHashError};
pub use journal::Journal;
pub use lock::{Holder, LockError, StateDir, StateLock};
pub use reader::Reader;
pub use snapshot::Snapshot;
pub use verify::{Broken, Fault, Verified, VerifyError, verify};
pub use version::VERSION;
