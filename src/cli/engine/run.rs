//! `warroom engine run`: is the engine, until it is told to end.

use std::io;
use std::os::fd::OwnedFd;
use std::path::PathBuf;

use clap::Args;
use clap::builder::RangedI64ValueParser;
use tracing_subscriber::EnvFilter;

use super::super::fds::{take_stdin, take_stdout};
use super::super::session::{own_program, surroundings};
use super::super::{Failure, Globals, Outcome};
use crate::engine::{EngineOptions, run};

/// Runs an engine in the foreground, until SIGTERM or SIGINT
#[derive(Debug, Args)]
#[command(after_help = "Example:\n  warroom engine run --state /var/lib/warroom --config /etc/warroom/config.toml\n\n\
                        What it logs goes to standard error; WARROOM_LOG=debug says more.")]
pub(in crate::cli) struct Run {
    /// The settings; config.toml in the state directory when left out
    #[arg(long, value_name = "FILE")]
    config: Option<PathBuf>,
    /// Leaves the session of the terminal that it was started in
    #[arg(long, hide = true)]
    detach: bool,
    /// Says "ready", or "error: " and why, on this descriptor: standard output
    #[arg(long, hide = true, value_name = "N", value_parser = RangedI64ValueParser::<u8>::new().range(1..=1))]
    ready_fd: Option<u8>,
    /// Ends when the other end of this pipe is closed: standard input
    #[arg(long, hide = true, value_name = "N", value_parser = RangedI64ValueParser::<u8>::new().range(0..=0))]
    lifeline_fd: Option<u8>,
}

impl Run {
    pub(super) fn run(self, globals: &Globals) -> Outcome {
        if self.detach {
            // It fails only for a process that leads a session or group already, which nothing then ends with the terminal.
            let _ = rustix::process::setsid();
        }
        let broken =
            |e: io::Error| Failure::failed(format!("cannot take the pipes of whoever started the engine: {e}"));
        let ready = self.ready_fd.map(|_| take_stdout()).transpose().map_err(broken)?;
        let lifeline = self.lifeline_fd.map(|_| take_stdin()).transpose().map_err(broken)?;
        let word = ready.as_ref().map(OwnedFd::try_clone).transpose().map_err(broken)?;
        let outcome = self.serve(globals, ready, lifeline);
        if let (Err(Failure::Failed { sentence, .. } | Failure::Usage(sentence)), Some(pipe)) = (&outcome, word) {
            let line = format!("error: {}\n", sentence.replace('\n', " "));
            // Whoever started it may be gone; standard error has it too.
            let _ = rustix::io::write(&pipe, line.as_bytes());
        }
        outcome
    }

    fn serve(self, globals: &Globals, ready: Option<OwnedFd>, lifeline: Option<OwnedFd>) -> Outcome {
        log();
        let state = surroundings(globals).own_state()?;
        let options = EngineOptions { state, config: self.config, ready, lifeline, exe: own_program()? };
        let runtime = tokio::runtime::Builder::new_multi_thread().worker_threads(2).enable_all().build();
        let runtime = runtime.map_err(|e| Failure::failed(format!("cannot start: {e}")))?;
        let ended = runtime.block_on(run(options, crate::api::open)).map_err(|why| Failure::failed(why.to_string()));
        // A read of the lifeline may still wait for its end; nothing else is left.
        runtime.shutdown_background();
        ended
    }
}

fn log() {
    let filter = EnvFilter::try_from_env("WARROOM_LOG").unwrap_or_else(|_| EnvFilter::new("info"));
    let log = tracing_subscriber::fmt().with_env_filter(filter).with_writer(io::stderr).with_ansi(false);
    // There is a log already only in a process that runs several engines; then that one is used.
    let _ = log.try_init();
}
