//! Plan files: read as YAML, diagnosed in full, resolved into a [`crate::core::plan::Plan`].
//!
//! `source` and `tree` turn bytes into a tree that knows where each thing stood and how it was written; `fields` and `values`
//! read that tree by what a field is supposed to hold, and note every fault instead of stopping at the first; `resolve` and its
//! neighbours know the fields of a plan; `check` compares things with each other; `render` shows faults to people.
//!
//! A file is never trusted: size, depth, repetition and the number of faults are bounded, and so are time and memory.

mod calls;
mod check;
mod circle;
mod component;
mod condition;
mod dead_site;
mod dl1;
mod failover;
mod fault;
mod fence;
mod fields;
mod file;
mod holds;
mod json;
mod names;
mod net;
mod order;
mod outline;
mod parameter;
mod probe;
mod procedure;
mod quantity;
mod references;
mod register;
mod render;
mod resolve;
mod scenario;
mod source;
mod step;
mod syntax;
mod targets;
mod tree;
mod values;
mod variables;

pub use fault::{Fault, Level, Place};
pub use file::{FileError, read_file};
pub(crate) use net::is_host_and_port;
pub use render::render;
pub use resolve::slug;

use std::fmt::Write as _;

use sha2::{Digest as _, Sha256};

use crate::core::plan::{Plan, PlanHash};
use fault::{At, Faults};

/// The largest plan file that is read, in bytes.
pub const MAX_BYTES: usize = 4 * 1024 * 1024;

/// What came of reading a plan file.
#[derive(Debug, Clone)]
pub struct Reading {
    /// The plan; none when there is any error.
    pub plan: Option<Plan>,
    /// Everything that is wrong or doubtful, in the order of the file; at most 500 of them, and a last one that says so.
    pub faults: Vec<Fault>,
    /// SHA-256 of the bytes.
    pub hash: PlanHash,
    /// The text that the faults' places count in. Bytes that are not UTF-8 stand in it as U+FFFD; empty for a file that was too
    /// large to be read.
    pub text: String,
}

/// Reads a plan, with every fault that it has. `name` is what messages call the file.
///
/// Time and memory are bounded whatever the bytes hold; nothing but the bytes is looked at.
#[must_use]
pub fn read(name: &str, bytes: &[u8]) -> Reading {
    let hash = hash(bytes);
    if bytes.len() > MAX_BYTES {
        let faults = Faults::new("");
        faults.error(
            At::START,
            format!("{} has {} bytes; at most {MAX_BYTES} (4 MiB) are read", values::quote(name), bytes.len()),
            Some("a smaller file: one plan a file".to_owned()),
        );
        return Reading { plan: None, faults: faults.finish().0, hash, text: String::new() };
    }
    let text = String::from_utf8_lossy(bytes).into_owned();
    let faults = Faults::new(&text);
    let plan = match std::str::from_utf8(bytes) {
        Ok(whole) => read_text(whole, &faults),
        Err(why) => {
            source::not_utf8(bytes, &why, &faults);
            None
        }
    };
    let (faults, failed) = faults.finish();
    Reading { plan: plan.filter(|_| !failed), faults, hash, text }
}

fn read_text(text: &str, faults: &Faults<'_>) -> Option<Plan> {
    let harmless = source::without_bad_characters(text, faults);
    let root = tree::parse(&harmless, faults)?;
    resolve::plan(&root, faults)
}

fn hash(bytes: &[u8]) -> PlanHash {
    let mut hex = String::with_capacity(64);
    for byte in Sha256::digest(bytes) {
        // Writing into a String cannot fail.
        let _ = write!(hex, "{byte:02x}");
    }
    PlanHash(hex)
}
