//! The `VERSION` file: which programs may use a state directory.

use std::fs::{self, File};
use std::io::{self, Write};
use std::path::Path;

use super::error::StoreError;

/// The version of the state directory that this program writes, and the newest that it can read.
pub const VERSION: u32 = 1;

const FILE: &str = "VERSION";
/// A version file longer than this is not one.
const LONGEST: usize = 20;

/// The version that `dir` says, or none if it was never used. Refuses a newer one.
pub(super) fn read(dir: &Path) -> Result<Option<u32>, StoreError> {
    let path = dir.join(FILE);
    let text = match fs::metadata(&path).and_then(|data| match data.len() {
        length if length > LONGEST as u64 => Ok(String::new()),
        _ => fs::read_to_string(&path),
    }) {
        Ok(text) => text,
        Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(None),
        Err(error) if error.kind() == io::ErrorKind::InvalidData => String::new(),
        Err(source) => return Err(StoreError::Io { path, source }),
    };
    match text.trim().parse() {
        Ok(found) if found > VERSION => Err(StoreError::NewerVersion { path, found, known: VERSION }),
        Ok(found) => Ok(Some(found)),
        Err(_) => Err(StoreError::UnreadableVersion { path }),
    }
}

/// Writes the version so that a power cut leaves the whole file or none.
pub(super) fn write(dir: &Path) -> Result<(), StoreError> {
    let path = dir.join(FILE);
    let temporary = dir.join("VERSION.new");
    let written = || -> io::Result<()> {
        let mut file = File::create(&temporary)?;
        writeln!(file, "{VERSION}")?;
        file.sync_all()?;
        fs::rename(&temporary, &path)?;
        File::open(dir)?.sync_all()
    };
    written().map_err(|source| StoreError::Io { path: path.clone(), source })
}
