//! What a console remembers for the next one: where the person was, what was seen last, and updates that were begun.

use std::io::Write as _;
use std::path::{Path, PathBuf};

use serde::{Deserialize, Serialize};

use super::layer::Drafts;
use super::place::Place;

/// What is remembered.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
#[serde(default)]
pub(crate) struct Memory {
    /// Where the person was.
    pub(crate) place: Place,
    /// Updates that were begun and not sent.
    pub(crate) drafts: Drafts,
    /// The newest entry that was seen.
    pub(crate) seen: Option<u64>,
}

/// Where it is kept.
#[derive(Debug)]
pub(crate) struct Keeper {
    path: Option<PathBuf>,
    kept: Option<String>,
}

/// Larger files are not ours.
const MAX_FILE: u64 = 1024 * 1024;

impl Keeper {
    /// Opens what an earlier console left; a file that is missing or makes no sense is no reason not to start.
    pub(crate) fn open(path: Option<PathBuf>) -> (Keeper, Memory) {
        let text = path.as_deref().and_then(read);
        let memory = text.as_deref().and_then(|text| serde_json::from_str(text).ok()).unwrap_or_default();
        (Keeper { path, kept: text }, memory)
    }

    /// Writes it down when it is not what is written already.
    ///
    /// # Errors
    /// When the file cannot be written.
    pub(crate) fn keep(&mut self, memory: &Memory) -> std::io::Result<()> {
        let Some(path) = &self.path else { return Ok(()) };
        let text = serde_json::to_string(memory).map_err(std::io::Error::other)?;
        if self.kept.as_ref() == Some(&text) {
            return Ok(());
        }
        write_whole(path, &text)?;
        self.kept = Some(text);
        Ok(())
    }
}

fn read(path: &Path) -> Option<String> {
    let small = std::fs::metadata(path).ok().filter(|m| m.is_file() && m.len() <= MAX_FILE);
    small.and_then(|_| std::fs::read_to_string(path).ok())
}

/// All of it or nothing: beside its place first, then moved there.
fn write_whole(path: &Path, text: &str) -> std::io::Result<()> {
    use std::os::unix::fs::OpenOptionsExt as _;
    let beside = path.with_extension(format!("{}.new", std::process::id()));
    let mut options = std::fs::OpenOptions::new();
    let mut file = options.write(true).create(true).truncate(true).mode(0o600).open(&beside)?;
    let written = file.write_all(text.as_bytes()).and_then(|()| std::fs::rename(&beside, path));
    if written.is_err() {
        // It may not be there at all.
        let _ = std::fs::remove_file(&beside);
    }
    written
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::console::place::{Panel, Screen};

    fn memory() -> Memory {
        let mut memory = Memory { seen: Some(42), ..Memory::default() };
        memory.place.screen = Screen::Health;
        memory.place.panel = Panel::Team;
        memory.drafts.insert("DR-20261121-031455".parse().unwrap(), "We are\nlooking.".into());
        memory
    }

    #[test]
    fn the_next_console_finds_what_this_one_left() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("console.json");
        let (mut keeper, first) = Keeper::open(Some(path.clone()));
        assert_eq!(first, Memory::default());
        keeper.keep(&memory()).unwrap();
        assert_eq!(Keeper::open(Some(path.clone())).1, memory());
        assert_eq!(std::fs::read_dir(folder.path()).unwrap().count(), 1, "nothing is left beside it");
    }

    #[test]
    fn what_has_not_changed_is_not_written_again() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("console.json");
        let (mut keeper, _) = Keeper::open(Some(path.clone()));
        keeper.keep(&memory()).unwrap();
        std::fs::remove_file(&path).unwrap();
        keeper.keep(&memory()).unwrap();
        assert!(!path.exists());
    }

    #[test]
    fn a_file_that_makes_no_sense_is_forgotten() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("console.json");
        std::fs::write(&path, "{\"place\": 7").unwrap();
        assert_eq!(Keeper::open(Some(path)).1, Memory::default());
    }
}
