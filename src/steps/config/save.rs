//! Safety copies: of everything that is to be replaced, before anything is.

use std::collections::BTreeSet;
use std::io;
use std::path::{Path, PathBuf};

use super::super::apart::Wanted;
use super::super::durable;
use super::super::file::opened::{Kind, Opened, reason};
use super::Bounds;
use super::place::{copy, remove};
use super::record::{Entry, Kept, Record, Stage, Was};
use crate::core::plan::PutFile;

/// Looks at what is to be put and where, copies what is there, and writes the record down. Touches no file but its own.
pub(super) fn save(dir: &Path, files: &[PutFile], keep: &Path, bounds: &Bounds) -> Result<Record, String> {
    let kept = |why: io::Error| format!("no safety copies can be made in {}: {}", keep.display(), reason(&why));
    durable::private_dir(keep).map_err(kept)?;
    let mut entries = Vec::new();
    let mut places = BTreeSet::new();
    for (number, file) in files.iter().enumerate() {
        bounds.check()?;
        let to = place_of(&file.to)?;
        if !places.insert(to.clone()) {
            return Err(format!("{} stands twice among the files", file.to));
        }
        let sum = source(&file.from)?;
        let was = copy_to_safety(&to, number, keep).map_err(|why| format!("{}: {why}", file.to))?;
        entries.push(Entry { to, sum, was });
    }
    let record = Record { stage: Stage::Putting, files: entries };
    // For people, should they need the copies without the engine.
    let manifest = serde_json::to_vec_pretty(&record.files).map_err(|why| why.to_string())?;
    durable::write(&keep.join("manifest.json"), &manifest).map_err(kept)?;
    record.write(dir).map_err(|why| format!("it could not be written down: {}", reason(&why)))?;
    Ok(record)
}

/// The SHA-256 of a file that is to be put somewhere.
fn source(from: &str) -> Result<String, String> {
    let path = Path::new(from);
    let opened = if path.is_absolute() { Opened::at(path) } else { return Err(format!("{from} is no absolute path")) };
    let sum = opened.and_then(|file| file.sha256(&Wanted::default()));
    sum.map_err(|why| format!("{from} cannot be read: {}", reason(&why)))
}

/// A place without symbolic links on the way, so that it stays the same one.
fn place_of(to: &str) -> Result<PathBuf, String> {
    let path = Path::new(to);
    let (Some(parent), Some(name), true) = (path.parent(), path.file_name(), path.is_absolute()) else {
        return Err(format!("{to} is no absolute path of a file"));
    };
    let parent = parent.canonicalize().map_err(|why| format!("{to} has no place: {}", reason(&why)))?;
    Ok(parent.join(name))
}

fn copy_to_safety(to: &Path, number: usize, keep: &Path) -> Result<Was, String> {
    let opened = match Opened::itself(to) {
        Err(why) if why.kind() == io::ErrorKind::NotFound => return Ok(Was::Absent),
        opened => opened.map_err(|why| reason(&why))?,
    };
    match opened.facts.kind {
        Kind::File => {}
        // It would be replaced, and what it leads to left as it is.
        Kind::Link => return Err("it is a symbolic link; the plan must name the file itself".into()),
        other => return Err(format!("it is {}, and only files are replaced", other.name())),
    }
    let name = to.file_name().unwrap_or_default().to_string_lossy().chars().take(100).collect::<String>();
    let copy_at = keep.join(format!("{number}-{name}"));
    let sum = copy_in(&opened, &copy_at).map_err(|why| format!("no safety copy: {}", reason(&why)))?;
    let facts = &opened.facts;
    Ok(Was::Kept(Kept { copy: copy_at, sum, mode: facts.mode, uid: facts.uid, gid: facts.gid }))
}

fn copy_in(opened: &Opened, at: &Path) -> io::Result<String> {
    // Of an attempt that a crash ended before it touched anything.
    remove(at)?;
    let (file, sum) = copy(&mut opened.reader()?, at)?;
    file.sync_all()?;
    Ok(sum)
}
