//! `warroom run resume`, `warroom run rollback` and `warroom run abort`: what they will do is shown before they do it.

use std::io::{BufRead, IsTerminal, Read, stdin, stdout};

use clap::Args;
use serde_json::{Value, json};

use super::super::out::{Format, Out};
use super::super::session::Session;
use super::super::{Outcome, find};
use super::Failure;
use super::back::WayBack;
use super::picture::waiting;
use super::preview::fact;
use crate::core::command::Command;
use crate::core::health;
use crate::core::ids::RunId;
use crate::core::plan::Step;
use crate::core::run::{Run, StepState};
use crate::core::state::State;
use crate::text;

/// Most steps that are named in one line.
const NAMED: usize = 12;

/// Goes on with a run that is held, or takes one up again that was aborted: what was stopped waits to be tried again
#[derive(Debug, Args)]
#[command(after_help = "Example:\n  warroom run resume R1")]
pub(in crate::cli) struct Resume {
    /// The run, as R1
    run: RunId,
}

impl Resume {
    pub(super) async fn run(self, session: &Session, out: &mut Out) -> Outcome {
        let before = session.snapshot().await?;
        let brought = session.command(&before, Command::Resume { run: self.run }, "it went on already", out).await?;
        let (state, run) = (&brought.after.state, find::run(&brought.after.state, self.run)?);
        if out.format == Format::Text {
            for (place, step, seen) in run.waiting() {
                out.line(format!("^ {}", waiting(state, run, place, step, seen)))?;
            }
        }
        Ok(())
    }
}

/// Undoes what a run did, the newest first, as far as it can be
#[derive(Debug, Args)]
#[command(after_help = "Example:\n  warroom run rollback R1 --reason \"West is worse\"\n\n\
                        What will be undone, and what stays done and why, is printed first. On a terminal it asks for the run's\n\
                        number before anything happens; elsewhere it goes on.")]
pub(in crate::cli) struct Rollback {
    /// The run, as R1
    run: RunId,
    /// Why
    #[arg(long)]
    reason: String,
}

impl Rollback {
    pub(super) async fn run(self, session: &Session, out: &mut Out) -> Outcome {
        let snapshot = session.snapshot().await?;
        let run = find::run(&snapshot.state, self.run)?;
        if run.is_open() {
            let back = WayBack::of(run);
            match out.format {
                Format::Json => out.json(&json!({ "shown": back_as_json(run, &back) }))?,
                Format::Text => tell_back(run, &back, out)?,
            }
            agree(self.run, out)?;
        }
        let command = Command::RollBack { run: self.run, reason: self.reason };
        session.command(&snapshot, command, "it was going back already", out).await?;
        Ok(())
    }
}

fn tell_back(run: &Run, back: &WayBack<'_>, out: &mut Out) -> Outcome {
    let ending = under_way(run);
    if !ending.is_empty() {
        out.line(fact("ends first", format!("{}; undone too where it can be", named(&ending))))?;
    }
    for (_, step, _) in &back.undoes {
        let does = text::action(&step.action, &run.values_of(step));
        out.line(fact("will be done", format!("{} ({}): {does}", text::clean_line(&step.name), step.id)))?;
    }
    for (step, why) in &back.stays {
        let what = format!("{} ({}): {}", text::clean_line(&step.name), step.id, why.sentence());
        out.line(fact("STAYS DONE", what))?;
    }
    Ok(())
}

fn back_as_json(run: &Run, back: &WayBack<'_>) -> Value {
    let undoes = back.undoes.iter().map(|(_, step, _)| {
        json!({ "step": step.id, "name": step.name, "does": text::action(&step.action, &run.values_of(step)) })
    });
    let stays =
        back.stays.iter().map(|(step, why)| json!({ "step": step.id, "name": step.name, "why": why.sentence() }));
    let under_way: Vec<_> = under_way(run).iter().map(|step| &step.id).collect();
    json!({ "undoes": undoes.collect::<Vec<_>>(), "stays_done": stays.collect::<Vec<_>>(), "under_way": under_way })
}

/// Ends a run, with what still runs of it; nothing is undone
#[derive(Debug, Args)]
#[command(after_help = "Example:\n  warroom run abort R1 --reason \"wrong site\"\n\n\
                        Who serves afterwards, what will be stopped and what stays done is printed first. On a terminal it asks\n\
                        for the run's number before anything happens; elsewhere it goes on.")]
pub(in crate::cli) struct Abort {
    /// The run, as R1
    run: RunId,
    /// Why
    #[arg(long)]
    reason: String,
}

impl Abort {
    pub(super) async fn run(self, session: &Session, out: &mut Out) -> Outcome {
        let snapshot = session.snapshot().await?;
        let run = find::run(&snapshot.state, self.run)?;
        if run.is_open() {
            match out.format {
                Format::Json => out.json(&json!({ "shown": end_as_json(&snapshot.state, run) }))?,
                Format::Text => tell_end(&snapshot.state, run, out)?,
            }
            agree(self.run, out)?;
        }
        let command = Command::Abort { run: self.run, reason: self.reason };
        session.command(&snapshot, command, "it was over already", out).await?;
        Ok(())
    }
}

fn tell_end(state: &State, run: &Run, out: &mut Out) -> Outcome {
    let serves =
        state.plans.get(&run.plan).map_or_else(|| "nobody knows which site serves".into(), |l| text::serves(l));
    let (stopped, kept): (Vec<_>, Vec<_>) = (under_way(run), run.kept().collect());
    out.line(fact("afterwards", serves))?;
    out.line(fact("will be stopped", named(&stopped)))?;
    out.line(fact("stays done", named(&kept)))?;
    if !WayBack::of(run).undoes.is_empty() {
        out.line(fact("instead", format!("`warroom run rollback {} --reason WHY` undoes what can be undone", run.id)))?;
    }
    Ok(())
}

fn end_as_json(state: &State, run: &Run) -> Value {
    let loaded = state.plans.get(&run.plan);
    let serves = loaded.and_then(|loaded| loaded.active.as_ref());
    let worst = loaded.zip(serves).map(|(loaded, site)| health::site(loaded, site).worst);
    let ids = |steps: &mut dyn Iterator<Item = &Step>| steps.map(|step| step.id.to_string()).collect::<Vec<_>>();
    json!({
        "serves": serves, "worst": worst, "stops": ids(&mut under_way(run).into_iter()), "stays_done": ids(&mut run.kept()),
    })
}

/// The steps that the engine is at.
fn under_way(run: &Run) -> Vec<&Step> {
    let runs = |seen: &StepState| matches!(seen, StepState::Running { .. });
    run.active().filter(|(_, _, seen)| runs(&seen.state)).map(|(_, step, _)| step).collect()
}

fn named(steps: &[&Step]) -> String {
    let names: Vec<_> = steps.iter().map(|step| format!("{} ({})", step.name, step.id)).collect();
    if names.is_empty() { "nothing".into() } else { text::some_of(&names, NAMED) }
}

/// On a terminal, has its person type the run's number after what was shown; nothing happens otherwise. A script has said what
/// it wants.
fn agree(run: RunId, out: &mut Out) -> Outcome {
    if out.format == Format::Json || !stdin().is_terminal() || !stdout().is_terminal() {
        return Ok(());
    }
    out.line(format!("Type {run} to go on:"))?;
    out.flush()?;
    let mut typed = String::new();
    let read = stdin().lock().take(64).read_line(&mut typed);
    read.map_err(|e| Failure::failed(format!("cannot read from the terminal: {e}")))?;
    if typed.trim().eq_ignore_ascii_case(&run.to_string()) {
        return Ok(());
    }
    Err(Failure::failed(format!("that was not {run}; nothing was done")))
}
