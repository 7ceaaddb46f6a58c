//! Old files back into their places.

use std::fs::File;
use std::io;
use std::path::Path;

use rustix::fs::RenameFlags;

use super::super::durable::sync_dir;
use super::super::file::opened::{Opened, reason};
use super::place::{Owner, into_place, remove, standing, write_beside};
use super::record::{Entry, Kept, Record, Stage, Was};
use super::told;
use crate::core::observe::StepEnd;
use crate::core::run::Failure;

/// Puts everything back, writes down how that went, and tells why it was needed and whether it worked.
pub(super) fn all(dir: &Path, record: Record, why: String) -> StepEnd {
    let going = Record { stage: Stage::PuttingBack { why: why.clone() }, ..record.clone() };
    let mut unwritten = going.write(dir).err();
    let what: Vec<String> = record.files.iter().rev().filter_map(|entry| one(entry).err()).collect();
    let (stage, sentence) = if what.is_empty() {
        let why = format!("{why}; the old files are back");
        (Stage::Back { why: why.clone() }, why)
    } else {
        let sentence = told(&why, &what);
        (Stage::NotBack { why, what }, sentence)
    };
    unwritten = unwritten.or(Record { stage, ..record }.write(dir).err());
    if let Some(why) = unwritten {
        // What was done is told all the same; done again after a crash, it changes nothing.
        tracing::error!(%why, dir = %dir.display(), "that files were put back could not be written down");
    }
    StepEnd::Bad(Failure::WrongAnswer { why: sentence })
}

/// One file back, or a sentence about why not and where its safety copy is.
fn one(entry: &Entry) -> Result<(), String> {
    let to = entry.to.display();
    // Of this attempt: what did not get into its place.
    let cleared = remove(&entry.beside());
    match &entry.was {
        Was::Absent => match standing(&entry.to) {
            Ok(None) => {}
            Ok(Some(sum)) if sum == entry.sum => {
                let removed = remove(&entry.to).and_then(|()| sync_parent(&entry.to));
                removed.map_err(|why| format!("{to}, which was not there, could not be removed: {}", reason(&why)))?;
            }
            Ok(Some(_)) => return Err(format!("{to}, which was not there, was changed by somebody else and is left")),
            Err(why) => return Err(format!("{to}, which was not there, cannot be looked at: {}", reason(&why))),
        },
        Was::Kept(kept) => {
            let copy = kept.copy.display();
            let failed = |why: io::Error| format!("{to}: {}; its safety copy is {copy}", reason(&why));
            match standing(&entry.to).map_err(failed)? {
                Some(sum) if sum == kept.sum && same_owner(&entry.to, kept).map_err(failed)? => {}
                Some(sum) if sum == kept.sum || sum == entry.sum => restore(entry, kept).map_err(failed)?,
                Some(_) => {
                    return Err(format!("{to} was changed by somebody else and is left; its safety copy is {copy}"));
                }
                None => return Err(format!("{to} was removed by somebody else; its safety copy is {copy}")),
            }
        }
    }
    cleared.map_err(|why| format!("{} could not be removed: {}", entry.beside().display(), reason(&why)))
}

fn same_owner(place: &Path, kept: &Kept) -> io::Result<bool> {
    let is = Opened::at(place)?.facts;
    Ok((is.uid, is.gid, is.mode) == (kept.uid, kept.gid, kept.mode))
}

fn restore(entry: &Entry, kept: &Kept) -> io::Result<()> {
    let changed = || io::Error::other("its safety copy is not what was saved");
    let owner = Owner { uid: kept.uid, gid: kept.gid, mode: kept.mode };
    if write_beside(&mut File::open(&kept.copy)?, &entry.beside(), &owner)? != kept.sum {
        remove(&entry.beside())?;
        return Err(changed());
    }
    into_place(entry, RenameFlags::empty())?;
    if standing(&entry.to)?.as_deref() == Some(kept.sum.as_str()) { Ok(()) } else { Err(changed()) }
}

fn sync_parent(path: &Path) -> io::Result<()> {
    sync_dir(path.parent().unwrap_or(Path::new("/")))
}
