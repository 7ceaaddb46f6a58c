//! `warroom run list` and `warroom run show`

use clap::Args;

use super::super::feed::Feed;
use super::super::out::{Format, Out};
use super::super::session::Session;
use super::super::{Failure, Outcome, find};
use super::follow::{Interrupts, to_its_end};
use super::{forecast, picture, status};
use crate::core::ids::RunId;
use crate::core::run::Run;
use crate::core::state::State;
use crate::core::status::waits_for;
use crate::text;
use crate::wire::Snapshot;

/// Shows a run step by step
#[derive(Debug, Args)]
#[command(after_help = "Examples:\n  warroom run show R1\n  warroom run show R1 --follow | tee recovery.log\n\n\
                        The column after a step's number, where there is one: its round, and how many steps go side by side\n\
                        in it. With --follow, the exit status is 1 when the run does not end as done.")]
pub(in crate::cli) struct Show {
    /// The run, as R1
    run: RunId,
    /// Go on printing what happens in it, until it is over
    #[arg(long, short)]
    follow: bool,
}

impl Show {
    pub(super) async fn run(self, session: &Session, out: &mut Out) -> Outcome {
        let snapshot = session.snapshot().await?;
        match self.follow {
            true => follow(session, snapshot, self.run, Interrupts::new()?, out).await,
            false => show(&snapshot, self.run, out),
        }
    }
}

/// Prints a run as it is, and what happens in it until it is over.
pub(super) async fn follow(
    session: &Session,
    snapshot: Snapshot,
    run: RunId,
    interrupts: Interrupts,
    out: &mut Out,
) -> Outcome {
    show(&snapshot, run, out)?;
    let incident = find::run(&snapshot.state, run)?.incident.clone();
    let mut feed = Feed::new(session, snapshot, Some(incident));
    to_its_end(&mut feed, run, &mut interrupts.at(run), out).await
}

pub(super) fn list(snapshot: &Snapshot, out: &mut Out) -> Outcome {
    let state = &snapshot.state;
    if out.format == Format::Json {
        return out.json(&state.runs.values().rev().collect::<Vec<_>>());
    }
    if state.runs.is_empty() {
        return out.line("no runs");
    }
    let rows: Vec<_> = state.runs.values().rev().map(|run| row(state, run)).collect();
    out.table(&rows)
}

pub(super) fn row(state: &State, run: &Run) -> Vec<String> {
    let (settled, all) = run.progress();
    let call_sign = state.incidents.get(&run.incident).map_or_else(String::new, |i| i.call_sign.to_string());
    vec![
        run.id.to_string(),
        text::run_state(state, &run.state),
        format!("{settled}/{all}"),
        call_sign,
        text::clean_line(&run.procedure.name).into_owned(),
        format!("{} by {}", run.started.utc.dated(), text::clean_line(&state.name(&run.by))),
    ]
}

fn show(snapshot: &Snapshot, id: RunId, out: &mut Out) -> Outcome {
    let state = &snapshot.state;
    let run = find::run(state, id)?;
    if out.format == Format::Json {
        let mut shown = serde_json::to_value(run).map_err(|why| Failure::failed(why.to_string()))?;
        shown["forecast"] = forecast::of_run(state, run, &snapshot.now);
        shown["status"] = status::document(state, run, &snapshot.live.readings, &snapshot.now);
        return out.json(&shown);
    }
    out.line(row(state, run).join("  "))?;
    out.line(text::waits(state, run, &waits_for(state, run, &snapshot.live.readings, &snapshot.now)))?;
    for line in picture::lines(state, run, &snapshot.now) {
        out.line(line)?;
    }
    Ok(())
}
