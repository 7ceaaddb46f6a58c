//! `warroom run confirm`

use clap::Args;
use serde_json::{Value, json};

use super::super::out::{Format, Out};
use super::super::session::Session;
use super::super::{Outcome, args, find};
use super::{At, Failure, guards};
use crate::core::command::Command;
use crate::core::gate::{self, Sign, View};
use crate::core::ids::RunId;
use crate::core::plan::{Action, Return};
use crate::core::state::State;
use crate::core::time::Span;
use crate::text::{self, Pair};

/// Says yes at a gate, to what it shows in this moment
#[derive(Debug, Args)]
#[command(after_help = "Example:\n  warroom run confirm R1 go --target west --max-loss 15s\n\n\
                        What the gate shows is printed first and goes with the answer: when it changes on the way, the\n\
                        engine refuses.")]
pub(in crate::cli) struct Confirm {
    #[command(flatten)]
    at: At,
    /// What is acted on, as the gate names it: the target site, else the procedure
    #[arg(long, value_name = "NAME")]
    target: String,
    /// The most that may be lost, as 15s; needed where the gate shows a loss
    #[arg(long, value_name = "DURATION", value_parser = args::span)]
    max_loss: Option<Span>,
}

impl Confirm {
    pub(super) async fn run(self, session: &Session, out: &mut Out) -> Outcome {
        let At { run, step } = self.at;
        let snapshot = session.snapshot().await?;
        let known = find::run(&snapshot.state, run)?;
        let (index, definition, _) = find::step(known, &step)?;
        let Action::Gate(asked) = &definition.action else {
            let kind = definition.action.kind();
            return Err(Failure::failed(format!("step {step} is of kind {kind}; only gates are confirmed")));
        };
        let view = gate::view(&snapshot.state, known, index, asked, &snapshot.live.readings, &snapshot.now);
        match out.format {
            Format::Json => out.json(&json!({ "shown": as_json(&snapshot.state, run, &view) }))?,
            Format::Text => print(&snapshot.state, run, &view, out)?,
        }
        out.flush()?;
        let digest = view.digest;
        let command = Command::Confirm { run, step, target: self.target, digest, max_loss: self.max_loss };
        session.command(&snapshot, command, "it was so already", out).await?;
        Ok(())
    }
}

/// What a gate shows, for people.
fn print(state: &State, run: RunId, view: &View, out: &mut Out) -> Outcome {
    out.line(format!("GATE {}  {}  {}", view.number, text::clean_line(&view.question), view.call_sign))?;
    let mut rows = guards::rows(state, &Pair::of_run(state, run), &view.guards);
    rows.extend(view.checks.iter().map(|check| {
        let (name, finding) = text::check(state, check);
        vec![format!("  {}", sign(check.sign())), name, finding]
    }));
    out.table(&rows)?;
    if let Some(loss) = view.loss {
        let moments = view.window.map_or(String::new(), |(from, until)| format!(", {from} to {until}, for good"));
        out.line(format!("  You lose    {}{moments}", text::loss(loss)))?;
    }
    if let Some(remaining) = view.remaining {
        out.line(format!("  Still takes about {remaining}"))?;
    }
    if let Some(after) = &view.after {
        out.line(format!("  After this  {}", text::clean_line(after)))?;
    }
    if let Some(back) = &view.back {
        out.line(format!("  {}", text::way_back(back)))?;
    }
    if view.no_return == Return::None {
        out.line("  NO RETURN AFTER THIS")?;
    }
    Ok(())
}

fn as_json(state: &State, run: RunId, view: &View) -> Value {
    let checks: Vec<_> = view
        .checks
        .iter()
        .map(|check| {
            let (name, finding) = text::check(state, check);
            json!({ "name": name, "finding": finding, "sign": sign(check.sign()) })
        })
        .collect();
    json!({
        "number": view.number, "question": view.question, "call_sign": view.call_sign, "target": view.target,
        "checks": checks, "guards": guards::as_json(&Pair::of_run(state, run), &view.guards), "loss": view.loss,
        "window": view.window, "way_back": view.back.as_ref().map(text::way_back), "remaining": view.remaining, "after": view.after,
        "no_return": view.no_return == Return::None, "people": view.people, "digest": view.digest,
    })
}

fn sign(sign: Sign) -> char {
    match sign {
        Sign::Good => 'v',
        Sign::Caution => '!',
        Sign::Bad => 'x',
    }
}
