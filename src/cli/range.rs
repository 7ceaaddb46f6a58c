//! The practice range as a process of its own, and a command of its plan. Hidden: `warroom demo` starts them.

use std::io::Write;
use std::path::{Path, PathBuf};
use std::time::Duration;

use clap::Args;
use clap::builder::RangedI64ValueParser;
use tokio::time::{Instant, sleep};

use super::fds::{take_stdin, take_stdout};
use super::{Failure, Outcome, talk};
use crate::core::time::Span;
use crate::range::{RangeOptions, Site, run, watch_in_flight};
use crate::store::StateDir;

/// How the directories of demos are named; nothing else is ever removed.
pub(super) const DEMO_DIRECTORY: &str = "warroom-demo-";

/// How long the engine of a demo may take to end before its directory goes.
const ENGINE_END: Duration = Duration::from_secs(30);

/// Runs the practice range: two sites, a router and customers
#[derive(Debug, Args)]
pub(super) struct Range {
    /// How long after the outage clock was started East goes down; never when left out
    #[arg(long, value_name = "DURATION")]
    after: Option<Span>,
    /// How long after that East wakes up again by itself; never when left out
    #[arg(long, value_name = "DURATION", requires = "after")]
    lasts: Option<Span>,
    /// Ends when the other end of this pipe is closed: standard input
    #[arg(long, value_name = "N", value_parser = RangedI64ValueParser::<u8>::new().range(0..=0))]
    lifeline_fd: Option<u8>,
    /// Where a pair of PostgreSQL servers is made, which keep the orders then; an empty directory of the demo's
    #[arg(long, value_name = "DIR")]
    postgres: Option<PathBuf>,
    /// The demo's state directory, removed at the end, once no engine uses it
    #[arg(long, value_name = "DIR")]
    remove: Option<PathBuf>,
}

impl Range {
    pub(super) fn run(self) -> Outcome {
        let broken =
            |e: std::io::Error| Failure::failed(format!("cannot take the pipes of whoever started the range: {e}"));
        let announce = std::fs::File::from(take_stdout().map_err(broken)?);
        let mut options = RangeOptions::new(Box::new(announce));
        options.after = self.after.map(Span::to_std);
        options.lasts = self.lasts.map(Span::to_std);
        options.lifeline = self.lifeline_fd.map(|_| take_stdin()).transpose().map_err(broken)?;
        options.postgres.clone_from(&self.postgres);
        talk(async {
            let ended = run(options).await.map_err(|why| Failure::failed(why.to_string()));
            if let Some(directory) = self.remove {
                remove(&directory).await?;
                if let Some(servers) = self.postgres {
                    remove(&servers).await?;
                }
            }
            ended
        })
    }
}

/// Removes a demo's directory, by whoever is left of the demo: when it was killed, that is the range.
async fn remove(directory: &Path) -> Outcome {
    let name = directory.file_name().and_then(|name| name.to_str()).unwrap_or_default();
    if !name.starts_with(DEMO_DIRECTORY) {
        return Err(Failure::Usage(format!("{} is no directory of a demo", directory.display())));
    }
    let give_up = Instant::now() + ENGINE_END;
    loop {
        // The lock is the engine's for as long as it lives.
        let lock = StateDir::lock(directory);
        let removed = if lock.is_ok() { std::fs::remove_dir_all(directory) } else { Ok(()) };
        match (lock, removed) {
            (Ok(_), Ok(())) => return Ok(()),
            (Ok(_), Err(error)) if Instant::now() > give_up => {
                return Err(Failure::failed(format!("cannot remove {}: {error}", directory.display())));
            }
            (Err(error), _) if Instant::now() > give_up => return Err(Failure::failed(error.to_string())),
            // Something still lives in there and will end: an engine, or the last command of a step.
            _ => sleep(Duration::from_millis(50)).await,
        }
    }
}

/// Waits until the range's router has nothing in flight to a site, and says how it goes
#[derive(Debug, Args)]
pub(super) struct RangeWatch {
    /// The router's administration, as http://127.0.0.1:PORT
    #[arg(long, value_name = "URL")]
    router: String,
    /// The site
    #[arg(long)]
    site: Site,
}

impl RangeWatch {
    pub(super) fn run(self) -> Outcome {
        // Its output is read while it runs: each line goes out at once.
        let mut out = std::io::stdout();
        talk(async {
            let watched = watch_in_flight(&self.router, self.site, &mut out).await;
            watched.map_err(|why| Failure::failed(why.to_string()))
        })?;
        out.flush().map_err(Failure::from_write)
    }
}
