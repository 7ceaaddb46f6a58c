//! Puts files of settings in place, all of them or none.
//!
//! First every file that is to be replaced is copied to safety. Then the new ones are written beside their places, read as
//! their format, and only when all of them are valid do they take their places, each in one step. What stands there is read
//! back, and a program of the plan says whether the whole is valid. Whatever goes wrong on the way, all old files come back,
//! those that were not there are removed again, and the failure says whether that worked.
//!
//! A record in the attempt's directory is on disk before each of these parts. An attempt that a crash interrupted is found
//! again by it: [`settle`], or the same step performed again, puts the old files back.
//!
//! A file that is neither the old nor the new one when it should be put back was changed by somebody else: it is left as it is,
//! and told.

mod back;
mod check;
mod place;
mod record;
mod save;

use std::path::{Path, PathBuf};

use tokio::time::Instant;
use tokio_util::sync::CancellationToken;

use super::apart::apart;
use super::{Job, program, shim};
use crate::core::observe::StepEnd;
use crate::core::plan::{ConfigFiles, PutFile};
use crate::core::run::{Evidence, Failure};
use crate::core::time::Span;
use record::{Record, Stage};

/// How long it may take when the plan does not say, the check included. Putting back takes as long as it takes.
const TIMEOUT: Span = Span::from_secs(120);

/// How an attempt stands, by its record.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Standing {
    /// It touched no file.
    Untouched,
    /// It was at work, or still is: old and new files may stand side by side.
    Underway,
    /// The new files are in place.
    Done {
        /// How many.
        files: usize,
    },
    /// It failed, and the old files are back.
    Back {
        /// Why it failed.
        why: String,
    },
    /// It failed, and not all old files are back.
    NotBack {
        /// Why it failed, and what is not back.
        why: String,
    },
}

/// How the attempt in a directory stands.
///
/// # Errors
/// Its record is there and cannot be read: that is not the same as an attempt that never began.
pub fn look(dir: &Path) -> std::io::Result<Standing> {
    let Some(record) = Record::read(dir)? else { return Ok(Standing::Untouched) };
    Ok(match record.stage {
        Stage::Putting | Stage::PuttingBack { .. } => Standing::Underway,
        Stage::Done => Standing::Done { files: record.files.len() },
        Stage::Back { why } => Standing::Back { why },
        Stage::NotBack { why, what } => Standing::NotBack { why: told(&why, &what) },
    })
}

/// Ends an attempt that nobody performs again: where a crash interrupted it, the old files come back. Waits for one that is
/// still at work in this or another process.
pub async fn settle(dir: &Path) -> StepEnd {
    let dir = dir.to_path_buf();
    let settled = apart(move |_| {
        if !dir.try_exists()? {
            return Ok(None);
        }
        let _held = record::lock(&dir)?;
        settle_held(&dir)
    });
    match settled.await.and_then(|settled| settled) {
        Ok(Some(end)) => end,
        Ok(None) => StepEnd::Bad(Failure::Stopped),
        Err(why) => StepEnd::Lost(unreadable(&why)),
    }
}

pub(super) async fn perform(job: &Job, files: &ConfigFiles) -> StepEnd {
    let check: Result<Vec<String>, _> = files.check.iter().map(|part| part.fill(&job.values)).collect();
    let check = match check {
        Ok(check) => check,
        Err(missing) => return StepEnd::Bad(Failure::NotStarted { why: missing.to_string() }),
    };
    let stop = CancellationToken::new();
    let limit = job.step.timeout.unwrap_or(TIMEOUT);
    let work = Work {
        dir: job.dir.clone(),
        files: files.files.clone(),
        keep: keep(job, files),
        check: check::Program {
            what: "the check",
            argv: check,
            environment: shim::clean_environment(program::variables(job)),
        },
        bounds: Bounds { stop: stop.clone(), limit, deadline: Instant::now() + limit.to_std() },
    };
    // A task of its own: when this future is dropped, it still puts back what it has put.
    let _stop_with_this = stop.drop_guard();
    match tokio::spawn(work.carry_out()).await {
        Ok(end) => end,
        Err(why) => StepEnd::Lost(format!("putting files in place broke off: {why}")),
    }
}

/// Runs a program for what was put in place, as the check is run; no longer than until `deadline`.
pub(super) async fn run(
    job: &Job,
    what: &'static str,
    argv: Vec<String>,
    limit: Span,
    deadline: Instant,
) -> Result<(), String> {
    let bounds = Bounds { stop: CancellationToken::new(), limit, deadline };
    check::Program { what, argv, environment: shim::clean_environment(program::variables(job)) }.run(&bounds).await
}

/// Puts back what this attempt has put in place, because of something that came of it.
pub(super) async fn take_back(dir: &Path, why: String) -> StepEnd {
    let dir = dir.to_path_buf();
    let taken = apart(move |_| {
        let _held = record::lock(&dir)?;
        Ok(Record::read(&dir)?.map(|record| back::all(&dir, record, why)))
    });
    match taken.await.and_then(|taken| taken) {
        Ok(Some(end)) => end,
        Ok(None) => StepEnd::Bad(Failure::Stopped),
        Err(why) => StepEnd::Lost(unreadable(&why)),
    }
}

/// Where the safety copies of this attempt go: never where those of another are.
fn keep(job: &Job, files: &ConfigFiles) -> PathBuf {
    match &files.keep {
        Some(dir) => Path::new(dir).join(format!("{}-{}-{}", job.run.id, job.step.id, job.attempt)),
        None => job.dir.join("kept"),
    }
}

/// Until when, and whether anybody still wants it.
#[derive(Clone)]
struct Bounds {
    stop: CancellationToken,
    limit: Span,
    deadline: Instant,
}

impl Bounds {
    /// Asked between the parts of the work.
    fn check(&self) -> Result<(), String> {
        if self.stop.is_cancelled() {
            return Err("it was stopped".into());
        }
        if Instant::now() >= self.deadline {
            return Err(format!("it took longer than {}", self.limit));
        }
        Ok(())
    }
}

/// What is to be done.
struct Work {
    dir: PathBuf,
    files: Vec<PutFile>,
    keep: PathBuf,
    check: check::Program,
    bounds: Bounds,
}

/// What came of the part that touches files.
enum Put {
    /// Nothing more is to be done: it ended before, or here and now.
    Over(StepEnd),
    /// All files are in place.
    InPlace(Record),
}

impl Work {
    async fn carry_out(self) -> StepEnd {
        let Work { dir, files, keep, check, bounds } = self;
        let held = {
            let dir = dir.clone();
            apart(move |_| super::durable::private_dir(&dir).and_then(|()| record::lock(&dir))).await
        };
        let _held = match held.and_then(|held| held) {
            Ok(held) => held,
            Err(why) => return StepEnd::Bad(Failure::NotStarted { why: unreadable(&why) }),
        };
        let put = {
            let (dir, bounds) = (dir.clone(), bounds.clone());
            apart(move |_| put(&dir, &files, &keep, &bounds)).await
        };
        let record = match put {
            Ok(Put::InPlace(record)) => record,
            Ok(Put::Over(end)) => return end,
            Err(why) => return StepEnd::Lost(unreadable(&why)),
        };
        let valid = check.run(&bounds).await;
        match apart(move |_| end(&dir, record, valid)).await {
            Ok(end) => end,
            Err(why) => StepEnd::Lost(unreadable(&why)),
        }
    }
}

/// Everything up to the point where all files are in place.
fn put(dir: &Path, files: &[PutFile], keep: &Path, bounds: &Bounds) -> Put {
    match settle_held(dir) {
        Ok(Some(end)) => return Put::Over(end),
        Ok(None) => {}
        Err(why) => return Put::Over(StepEnd::Lost(unreadable(&why))),
    }
    let record = match save::save(dir, files, keep, bounds) {
        Ok(record) => record,
        Err(why) => {
            return Put::Over(StepEnd::Bad(Failure::NotStarted { why: format!("{why}; no file was touched") }));
        }
    };
    match place::all(&record, files, bounds) {
        Ok(()) => Put::InPlace(record),
        Err(why) => Put::Over(back::all(dir, record, why)),
    }
}

/// The last part: it stays, or everything goes back.
fn end(dir: &Path, record: Record, valid: Result<(), String>) -> StepEnd {
    let files = record.files.len();
    let written = valid.and_then(|()| {
        let done = Record { stage: Stage::Done, ..record.clone() };
        done.write(dir).map_err(|why| format!("that it is done could not be written down: {why}"))
    });
    match written {
        Ok(()) => StepEnd::good(Evidence::FilesPut { files }),
        Err(why) => back::all(dir, record, why),
    }
}

/// How an attempt that has begun ended; what a crash interrupted is put back first. None when no file was touched.
fn settle_held(dir: &Path) -> std::io::Result<Option<StepEnd>> {
    let Some(record) = Record::read(dir)? else { return Ok(None) };
    let bad = |why: String| StepEnd::Bad(Failure::WrongAnswer { why });
    Ok(Some(match record.stage.clone() {
        Stage::Putting => back::all(dir, record, "it was interrupted".into()),
        Stage::PuttingBack { why } => back::all(dir, record, why),
        Stage::Done => StepEnd::good(Evidence::FilesPut { files: record.files.len() }),
        Stage::Back { why } => bad(why),
        Stage::NotBack { why, what } => bad(told(&why, &what)),
    }))
}

fn told(why: &str, what: &[String]) -> String {
    format!("{why}; NOT all old files are back: {}", what.join("; "))
}

fn unreadable(why: &std::io::Error) -> String {
    format!("the record of what was done cannot be had: {why}")
}

#[cfg(test)]
mod tests;
