//! `warroom do`

use clap::Args;
use serde_json::json;

use super::feed::Feed;
use super::out::{Format, Out};
use super::run::{Interrupts, Tail};
use super::session::Session;
use super::{Failure, Globals, Outcome, find};
use crate::core::command::Command;
use crate::core::ids::RunId;
use crate::core::plan::Action;
use crate::core::run::StepState;
use crate::core::state::State;
use crate::core::template::{Template, Values};
use crate::text;

/// The host that means the engine's own.
const HERE: &str = "here";

/// Runs a program that no runbook has, as a step in the journal, and prints what it writes
#[derive(Debug, Args)]
#[command(
    override_usage = "warroom do [OPTIONS] <HOST> -- <COMMAND>...",
    after_help = "Examples:\n  warroom do here -- systemctl status warroom\n  \
                  warroom do --incident KESTREL db-west -- pg_ctl status -D /srv/pg/west\n\n\
                  The program and its arguments go as they are: no shell reads them. Standard output is what the program wrote\n\
                  on both of its outputs; everything else goes to standard error. Ctrl-C only stops looking. Exit status 0:\n\
                  the program ended with status 0."
)]
pub(super) struct Improvise {
    /// Call-sign or identifier; may be left out when one is declared
    #[arg(long)]
    incident: Option<String>,
    /// Where: a host as ssh knows it, or `here` for the engine's own
    host: String,
    /// The program and its arguments
    #[arg(last = true, required = true, value_name = "COMMAND")]
    argv: Vec<String>,
}

impl Improvise {
    pub(super) async fn run(self, globals: &Globals, out: &mut Out) -> Outcome {
        let session = Session::open(globals).await?;
        let snapshot = session.snapshot().await?;
        let state = &snapshot.state;
        let incident = find::incident(state, self.incident.as_deref(), |p| p.is_declared(), "declared")?.clone();
        if out.format == Format::Text {
            let (host, what) = (text::clean_line(&self.host), line(&self.argv));
            out.aside(&format!("{} {}  on {host}: {what}", incident.environment, incident.call_sign))?;
        }
        let mut interrupts = Interrupts::new()?;
        let host = (self.host != HERE).then_some(self.host);
        let command = Command::Improvise { incident: incident.id.clone(), host, argv: self.argv };
        let accepted = session.post(snapshot.seq, command).await?;
        let run = accepted.run.ok_or_else(|| Failure::failed("the engine did not say which run it started"))?;
        match out.format {
            Format::Json => out.json(&json!({ "seq": accepted.seq, "incident": incident.id, "run": run }))?,
            Format::Text => out.aside(&format!("{run} started"))?,
        }
        interrupts = interrupts.at(run);
        let mut feed = Feed::new(&session, session.snapshot().await?, Some(incident.id.clone()));
        let looked = look_on(&mut feed, run, &mut interrupts, out).await;
        match looked {
            // Whoever read along is gone, and what the program comes to is not known.
            Err(Failure::Closed) => Err(interrupts.stopped()),
            other => other,
        }
    }
}

/// The program and its arguments, so that it can be seen where one ends and the next begins.
fn line(argv: &[String]) -> String {
    let literal = |word: &String| Template::new(word.replace("${", "$${")).ok();
    text::action(&Action::Command { argv: argv.iter().filter_map(literal).collect() }, &Values::new())
}

/// Prints what the only step of a run writes until it has ended, and tells how.
async fn look_on(feed: &mut Feed<'_>, run: RunId, interrupts: &mut Interrupts, out: &mut Out) -> Outcome {
    let known = find::run(&feed.snapshot.state, run)?;
    let (step, seen) = known.pairs().next().ok_or_else(|| Failure::failed(format!("{run} has no steps")))?;
    let (id, attempt) = (step.id.clone(), seen.attempts.max(1));
    Tail::new(run, id.clone(), attempt).follow(feed, interrupts, out).await?;
    out.flush()?;
    let state: &State = &feed.snapshot.state;
    let (_, _, seen) = find::step(find::run(state, run)?, &id)?;
    if out.format == Format::Json {
        out.json(&json!({ "run": run, "step": id, "state": seen.state }))?;
    }
    let sentence = format!("{run} {}", text::step_state(state, &seen.state));
    match &seen.state {
        StepState::Done { .. } if out.format == Format::Json => Ok(()),
        StepState::Done { .. } => out.aside(&sentence),
        StepState::Unknown { .. } => Err(Failure::failed(format!(
            "{sentence}; `warroom run show {run} --follow` looks whether it comes into sight again, `warroom run \
             done|retry|skip {run} {id}` says what became of it"
        ))),
        StepState::Failed { .. } if find::run(state, run)?.is_open() => Err(Failure::failed(format!(
            "{sentence}; it waits: `warroom run retry {run} {id}` tries again, `warroom run skip {run} {id} --reason WHY` \
             lets it be"
        ))),
        _ => Err(Failure::failed(sentence)),
    }
}
