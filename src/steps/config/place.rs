//! New files into their places.

use std::fs::{File, OpenOptions};
use std::io::{self, Read, Write as _};
use std::os::unix::fs::{MetadataExt as _, OpenOptionsExt as _, PermissionsExt};
use std::path::Path;

use rustix::fs::{CWD, RenameFlags, renameat_with};
use sha2::{Digest as _, Sha256};

use super::super::apart::Wanted;
use super::super::durable::sync_dir;
use super::super::file::format;
use super::super::file::opened::{Opened, hex, reason};
use super::Bounds;
use super::record::{Entry, Record, Was};
use crate::core::plan::PutFile;

/// The permission bits of a file that was not there and for which the plan names none.
const USUAL_MODE: u32 = 0o644;

/// Writes all files beside their places, reads them as their formats, and when all are valid puts them in place.
pub(super) fn all(record: &Record, files: &[PutFile], bounds: &Bounds) -> Result<(), String> {
    for (entry, file) in record.files.iter().zip(files) {
        bounds.check()?;
        stage(entry, file)?;
    }
    for entry in &record.files {
        bounds.check()?;
        put(entry).map_err(|why| format!("{} could not be put: {why}", entry.to.display()))?;
    }
    for entry in &record.files {
        let now = standing(&entry.to).map_err(|why| format!("{}: {}", entry.to.display(), reason(&why)))?;
        if now.as_deref() != Some(entry.sum.as_str()) {
            return Err(format!("{} does not hold what was put there", entry.to.display()));
        }
    }
    Ok(())
}

/// Writes one file beside its place.
pub(super) fn stage(entry: &Entry, file: &PutFile) -> Result<(), String> {
    let beside = entry.beside();
    let wrong = |why: io::Error| format!("{} cannot be written: {}", beside.display(), reason(&why));
    let mut from = Opened::at(Path::new(&file.from))
        .and_then(|from| from.reader())
        .map_err(|why| format!("{} cannot be read: {}", file.from, reason(&why)))?;
    let owner = match &entry.was {
        Was::Kept(kept) => Owner { uid: kept.uid, gid: kept.gid, mode: file.mode.unwrap_or(kept.mode) },
        Was::Absent => Owner { mode: file.mode.unwrap_or(USUAL_MODE), ..Owner::own() },
    };
    let sum = write_beside(&mut from, &beside, &owner).map_err(wrong)?;
    if sum != entry.sum {
        return Err(format!("{} was changed while it was read", file.from));
    }
    if let Some(as_what) = file.format {
        let read = Opened::at(&beside).and_then(|written| format::check(as_what, &written)).map_err(wrong)?;
        read.map_err(|why| format!("{}: {why}", file.from))?;
    }
    Ok(())
}

/// Whose a file is to be, and for whom.
pub(super) struct Owner {
    pub(super) uid: u32,
    pub(super) gid: u32,
    pub(super) mode: u32,
}

impl Owner {
    fn own() -> Owner {
        Owner { uid: rustix::process::geteuid().as_raw(), gid: rustix::process::getegid().as_raw(), mode: USUAL_MODE }
    }
}

/// Writes what is read, whole and on disk, with its owner; tells its SHA-256.
pub(super) fn write_beside(from: &mut impl Read, beside: &Path, owner: &Owner) -> io::Result<String> {
    remove(beside)?;
    let (file, sum) = copy(from, beside)?;
    let is = file.metadata()?;
    if (is.uid(), is.gid()) != (owner.uid, owner.gid) {
        std::os::unix::fs::fchown(&file, Some(owner.uid), Some(owner.gid))?;
    }
    // After the owner, because a change of it clears some bits.
    file.set_permissions(PermissionsExt::from_mode(owner.mode))?;
    file.sync_all()?;
    Ok(sum)
}

/// One file into its place, if that still holds what was there before.
pub(super) fn put(entry: &Entry) -> Result<(), String> {
    let there = standing(&entry.to).map_err(|why| reason(&why))?;
    let (before, flags) = match &entry.was {
        Was::Kept(kept) => (Some(kept.sum.as_str()), RenameFlags::empty()),
        Was::Absent => (None, RenameFlags::NOREPLACE),
    };
    if there.as_deref() != before {
        return Err("somebody else changed it in between".into());
    }
    into_place(entry, flags).map_err(|why| reason(&why))
}

/// What was written beside a place, into it, in one step.
pub(super) fn into_place(entry: &Entry, flags: RenameFlags) -> io::Result<()> {
    renameat_with(CWD, entry.beside(), CWD, &entry.to, flags)?;
    sync_dir(entry.to.parent().unwrap_or(Path::new("/")))
}

/// The SHA-256 of what stands in a place; none when nothing does.
pub(super) fn standing(place: &Path) -> io::Result<Option<String>> {
    match Opened::at(place) {
        Ok(file) => file.sha256(&Wanted::default()).map(Some),
        Err(why) if why.kind() == io::ErrorKind::NotFound => Ok(None),
        Err(why) => Err(why),
    }
}

/// Removes a file that need not be there.
pub(super) fn remove(path: &Path) -> io::Result<()> {
    match std::fs::remove_file(path) {
        Err(why) if why.kind() != io::ErrorKind::NotFound => Err(why),
        _ => Ok(()),
    }
}

/// A new file, mode 0600, with what is read; and its SHA-256.
pub(super) fn copy(from: &mut impl Read, at: &Path) -> io::Result<(File, String)> {
    let mut file = OpenOptions::new().write(true).create_new(true).mode(0o600).open(at)?;
    let mut sum = Sha256::new();
    let mut block = vec![0; 256 * 1024];
    loop {
        let count = from.read(&mut block)?;
        let read = block.get(..count).unwrap_or_default();
        if read.is_empty() {
            return Ok((file, hex(&sum.finalize())));
        }
        sum.update(read);
        file.write_all(read)?;
    }
}
