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

use house::House;

/// Starts a practice range with an outage to recover, and opens the console on it
#[derive(Debug, Args)]
#[command(
    after_help = "Examples:\n  warroom demo\n  warroom demo --calm\n  warroom demo --headless --after 1s >demo.json &\n\n\
                        Two sites, a router and customers run on this machine's loopback; east stops answering after 8s.\n\
                        Nothing outside the demo's own temporary directory is touched, and that goes at the end."
)]
pub(super) struct Demo {
    /// Without an outage
    #[arg(long, conflicts_with = "after")]
    calm: bool,
    /// When east stops answering
    #[arg(long, value_name = "DURATION", default_value = "8s")]
    after: Span,
    /// Without the console: prints its addresses as a line of JSON, runs until SIGTERM or until its input pipe ends
    #[arg(long)]
    headless: bool,
    /// Keep the state directory, and say where it is
    #[arg(long)]
    keep: bool,
}

impl Demo {
    pub(super) fn run(self, globals: &Globals, out: &mut Out) -> Outcome {
        if globals.state.is_some() || globals.engine.is_some() {
            return Err(Failure::Usage(
                "a demo has a state directory and an engine of its own; --keep keeps it".into(),
            ));
        }
        if !self.headless {
            console::needs_terminal("`warroom demo --headless` runs without one")?;
        }
        let after = (!self.calm).then_some(self.after);
        let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build();
        let runtime = runtime.map_err(|e| Failure::failed(format!("cannot start: {e}")))?;
        // From here on the directory goes with the range, however this ends.
        let mut house = House::new(self.keep)?;
        let outcome = self.live(&mut house, after, &runtime, globals, out);
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
        runtime: &Runtime,
        globals: &Globals,
        out: &mut Out,
    ) -> Outcome {
        runtime.block_on(house.open(after))?;
        if !self.headless {
            runtime.block_on(house.start_outage_clock())?;
            return console::open(ConsoleOptions {
                engine: Client::new(house.address().clone()),
                memory: Some(console::memory_in(house.state())),
                theme: globals.theme.clone(),
                range: house.addresses().map(|range| range.control.clone()),
            });
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
