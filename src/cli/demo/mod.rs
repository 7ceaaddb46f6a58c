//! `warroom demo`: a practice range, an engine on it, and the console, in a directory of its own that goes when it ends.

use clap::Args;
use serde_json::json;
use tokio::runtime::Runtime;
use tokio::signal::unix::{SignalKind, signal};

use super::out::Out;
use super::{Failure, Globals, Outcome, console};
use crate::client::Client;
use crate::console::ConsoleOptions;
use crate::core::time::Span;

mod house;
mod lesson;

use house::{House, Orders};
use lesson::Lesson;

/// Starts a practice range with an outage to recover, and teaches in two minutes how to
#[derive(Debug, Args)]
#[command(
    after_help = "Examples:\n  warroom demo\n  warroom demo --free\n  warroom demo --calm\n  warroom demo --postgres\n  warroom demo --headless --after 1s >demo.json &\n\n\
                        Two sites, a router and customers run on this machine's loopback, and a robot as the\n\
                        second person of a lesson: one line says what to try next, and a score comes at the end. With\n\
                        --free east stops answering after 8s, and nobody teaches.\n\
                        Nothing outside the demo's own temporary directory is touched, and that goes at the end."
)]
pub(super) struct Demo {
    /// Without the lesson
    #[arg(long)]
    free: bool,
    /// Without the lesson, and without an outage
    #[arg(long, conflicts_with_all = ["after", "free"])]
    calm: bool,
    /// Without the lesson: when east stops answering [default: 8s]
    #[arg(long, value_name = "DURATION")]
    after: Option<Span>,
    /// Without the console: prints its addresses as a line of JSON, runs until SIGTERM or until its input pipe ends
    #[arg(long)]
    headless: bool,
    /// The orders in a pair of PostgreSQL servers, where those are installed, in place of the range's own databases
    #[arg(long)]
    postgres: bool,
    /// Keep the state directory, and say where it is
    #[arg(long)]
    keep: bool,
}

/// When east stops answering, unless told otherwise.
const OUTAGE: Span = Span::from_secs(8);

impl Demo {
    /// Whether it is a lesson: whoever says anything of the outage wants to be left alone with it.
    fn teaches(&self) -> bool {
        !(self.free || self.calm || self.headless || self.after.is_some())
    }

    pub(super) fn run(self, globals: &Globals, out: &mut Out) -> Outcome {
        if globals.state.is_some() || globals.engine.is_some() {
            return Err(Failure::Usage(
                "a demo has a state directory and an engine of its own; --keep keeps it".into(),
            ));
        }
        if !self.headless {
            console::needs_terminal("`warroom demo --headless` runs without one")?;
        }
        let robot = if self.teaches() { Some(super::token::random()?) } else { None };
        let after = (!self.calm && robot.is_none()).then(|| self.after.unwrap_or(OUTAGE));
        let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build();
        let runtime = runtime.map_err(|e| Failure::failed(format!("cannot start: {e}")))?;
        // From here on the directory goes with the range, however this ends.
        let mut house = House::new(self.keep)?;
        let outcome = self.live(&mut house, after, robot.as_deref(), &runtime, globals, out);
        let closed = runtime.block_on(house.close());
        if self.keep {
            out.line(format!("kept: {}", house.state().display()))?;
        }
        outcome.and(closed)
    }

    fn live(
        &self,
        house: &mut House,
        after: Option<Span>,
        robot: Option<&str>,
        runtime: &Runtime,
        globals: &Globals,
        out: &mut Out,
    ) -> Outcome {
        let orders = if self.postgres { Orders::Postgres } else { Orders::Range };
        runtime.block_on(house.open(after, robot, orders))?;
        if !self.headless {
            runtime.block_on(house.start_outage_clock())?;
            let lesson = robot.map(|token| Lesson::begin(house, token)).transpose()?;
            let address = lesson.as_ref().map_or(house.address(), |lesson| &lesson.address);
            let left = console::open(ConsoleOptions {
                engine: Client::new(address.clone()),
                memory: Some(console::memory_in(house.state())),
                theme: globals.theme.clone(),
                range: house.addresses().map(|range| range.control.clone()),
                hints: lesson.as_ref().map(|lesson| lesson.hints.clone()),
            });
            for line in lesson.map(Lesson::end).unwrap_or_default() {
                out.line(line)?;
            }
            return left;
        }
        runtime.block_on(async {
            // Heard before the line goes out: whoever reads it may end the demo at once.
            let mut terminate = signal(SignalKind::terminate()).map_err(cannot_listen)?;
            let mut interrupt = signal(SignalKind::interrupt()).map_err(cannot_listen)?;
            house.start_outage_clock().await?;
            let socket = house.state().join("engine.sock");
            out.json(&json!({ "state": house.state(), "socket": socket, "range": house.addresses() }))?;
            out.flush()?;
            tokio::select! {
                _ = terminate.recv() => {}
                _ = interrupt.recv() => {}
                () = input_ends() => {}
            }
            Ok(())
        })
    }
}

fn cannot_listen(error: std::io::Error) -> Failure {
    Failure::failed(format!("cannot listen for signals: {error}"))
}

/// Ends when standard input is a pipe and its other end is closed. A terminal or /dev/null, which a shell gives to what it
/// starts in the background, never ends it.
async fn input_ends() {
    use tokio::io::AsyncReadExt;
    let pipe = rustix::io::fcntl_dupfd_cloexec(rustix::stdio::stdin(), 3);
    let pipe = pipe.map_err(std::io::Error::from).and_then(tokio::net::unix::pipe::Receiver::from_owned_fd);
    let Ok(mut pipe) = pipe else { return std::future::pending().await };
    let mut ignored = [0; 64];
    while matches!(pipe.read(&mut ignored).await, Ok(1..)) {}
}
