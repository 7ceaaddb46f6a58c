//! Looks at a file: whether it is there and as the plan expects.
//!
//! A file that must be there is looked at as a program that opens it would see it: through symbolic links. One that must not
//! be there must not be there in any form: a symbolic link that leads nowhere is something. Only regular files and
//! directories are looked at; a pipe or a device is refused and never opened.

pub(super) mod format;
mod names;
pub(super) mod opened;

use std::path::Path;
use std::time::SystemTime;

use super::Job;
use super::apart::{Wanted, apart};
use crate::core::observe::StepEnd;
use crate::core::plan::{FileCheck, Presence};
use crate::core::run::{Evidence, Failure};
use crate::core::time::Span;
use crate::text::size;
use opened::{Kind, Opened};

/// How long a look may take when the plan does not say: a large file is read to its end.
const TIMEOUT: Span = Span::from_secs(600);

/// How far ahead of this host's clock a time of change may lie, as clocks differ between hosts.
const AHEAD: Span = Span::from_secs(60);

pub(super) async fn perform(job: &Job, check: &FileCheck) -> StepEnd {
    let limit = job.step.timeout.unwrap_or(TIMEOUT);
    let check = check.clone();
    let look = apart(move |wanted| look(&check, SystemTime::now(), wanted));
    match tokio::time::timeout(limit.to_std(), look).await {
        Err(_) => StepEnd::Bad(Failure::TimedOut { after: limit }),
        Ok(Ok(Ok(faults))) if faults.is_empty() => StepEnd::good(Evidence::FileFits),
        Ok(Ok(Ok(faults))) => StepEnd::Bad(Failure::WrongAnswer { why: faults.join("; ") }),
        Ok(Ok(Err(why))) => StepEnd::Bad(Failure::NoAnswer { why }),
        Ok(Err(why)) => StepEnd::Bad(Failure::NotStarted { why: why.to_string() }),
    }
}

/// All that is not as it should be, each with what is and what should be; or why that cannot be found out.
fn look(check: &FileCheck, now: SystemTime, wanted: &Wanted) -> Result<Vec<String>, String> {
    let path = Path::new(&check.path);
    if !path.is_absolute() {
        return Err(format!("{} is no absolute path", check.path));
    }
    let cannot = |why: std::io::Error| format!("{} cannot be looked at: {}", check.path, opened::reason(&why));
    let mut faults = Vec::new();
    match check.presence {
        Presence::Absent => faults.extend(absent(path).map_err(cannot)?),
        Presence::Present => match Opened::at(path) {
            Ok(file) => {
                attributes(check, &file, now, &mut faults)?;
                content(check, &file, wanted, &mut faults).map_err(cannot)?;
            }
            Err(why) if why.kind() == std::io::ErrorKind::NotFound => {
                faults.push(format!("{} is not there", check.path))
            }
            Err(why) => return Err(cannot(why)),
        },
    }
    if let Some(least) = check.free {
        let free = opened::free(path).map_err(cannot)?;
        if free < least {
            faults.push(format!("{} free there, expected at least {}", size(free), size(least)));
        }
    }
    Ok(faults)
}

fn absent(path: &Path) -> std::io::Result<Option<String>> {
    match Opened::itself(path) {
        Ok(found) => Ok(Some(format!("{} is there: {}", path.display(), found.facts.kind.name()))),
        Err(why) if why.kind() == std::io::ErrorKind::NotFound => Ok(None),
        Err(why) => Err(why),
    }
}

/// What can be told without reading it.
fn attributes(check: &FileCheck, file: &Opened, now: SystemTime, faults: &mut Vec<String>) -> Result<(), String> {
    let is = &file.facts;
    if !matches!(is.kind, Kind::File | Kind::Directory) {
        faults.push(format!("{} is {}; only files and directories are looked at", check.path, is.kind.name()));
        return Ok(());
    }
    if let Some(owner) = &check.owner
        && names::user(owner)? != is.uid
    {
        faults.push(format!("its owner is {}, expected {owner}", names::of_user(is.uid)));
    }
    if let Some(group) = &check.group
        && names::group(group)? != is.gid
    {
        faults.push(format!("its group is {}, expected {group}", names::of_group(is.gid)));
    }
    if let Some(mode) = check.mode.filter(|mode| *mode != is.mode) {
        faults.push(format!("its mode is {:04o}, expected {mode:04o}", is.mode));
    }
    if let Some(most) = check.max_age {
        faults.extend(age(is.changed, now, most));
    }
    Ok(())
}

fn age(changed: SystemTime, now: SystemTime, most: Span) -> Option<String> {
    match now.duration_since(changed) {
        Ok(age) if age <= most.to_std() => None,
        Ok(age) => Some(format!("it was changed {} ago, expected at most {most}", Span::from(age))),
        Err(ahead) if ahead.duration() <= AHEAD.to_std() => None,
        Err(ahead) => Some(format!(
            "its time of change lies {} ahead of this host's clock, so that its age is not known",
            Span::from(ahead.duration())
        )),
    }
}

/// What takes reading it, and its size, which only a regular file has.
fn content(check: &FileCheck, file: &Opened, wanted: &Wanted, faults: &mut Vec<String>) -> std::io::Result<()> {
    let asked =
        check.min_size.is_some() || check.max_size.is_some() || check.format.is_some() || check.sha256.is_some();
    if !asked || !faults.is_empty() && file.facts.kind != Kind::File {
        return Ok(());
    }
    if file.facts.kind != Kind::File {
        faults.push(format!("{} is {}, expected a file", check.path, file.facts.kind.name()));
        return Ok(());
    }
    let bytes = file.facts.size;
    if let Some(least) = check.min_size.filter(|least| bytes < *least) {
        faults.push(format!("it has {}, expected at least {}", size(bytes), size(least)));
    }
    if let Some(most) = check.max_size.filter(|most| bytes > *most) {
        faults.push(format!("it has {}, expected at most {}", size(bytes), size(most)));
    }
    if let Some(format) = check.format {
        faults.extend(format::check(format, file)?.err());
    }
    if let Some(expected) = &check.sha256 {
        let sum = file.sha256(wanted)?;
        if sum != *expected {
            faults.push(format!("its SHA-256 is {sum}, expected {expected}"));
        }
    }
    Ok(())
}
