//! `warroom automation`

use clap::Subcommand;
use serde_json::{Value, json};

use super::failure::Failure;
use super::out::{Format, Out};
use super::session::Session;
use super::{Globals, Outcome, find};
use crate::core::command::Command;
use crate::core::ids::PlanId;
use crate::core::state::{Loaded, State};
use crate::core::time::Now;
use crate::text;
use crate::wire::Snapshot;

/// Failovers that begin by themselves: how they stand, and stopping them
#[derive(Debug, Subcommand)]
pub(super) enum Automation {
    /// Stops the one that is counted down, at once; none begins by itself until somebody arms it again
    #[command(
        after_help = "Examples:\n  warroom automation stop\n  warroom automation stop shop --reason \"the provider works on it\""
    )]
    Stop {
        /// The plan; may be left out when only one is counted down, or only one fails over by itself
        plan: Option<PlanId>,
        /// Why, if there is time to say
        #[arg(long)]
        reason: Option<String>,
    },
    /// Lets failovers begin by themselves again
    #[command(after_help = "Example:\n  warroom automation arm shop --reason \"the provider is done\"")]
    Arm {
        /// The plan; may be left out when only one is stopped
        plan: Option<PlanId>,
        /// Why
        #[arg(long)]
        reason: String,
    },
    /// Armed or stopped, by whom and why; what is counted down; what guards refused
    #[command(after_help = "Examples:\n  warroom automation show\n  warroom automation show shop --json")]
    Show {
        /// Only this plan
        plan: Option<PlanId>,
    },
}

impl Automation {
    pub(super) async fn run(self, globals: &Globals, out: &mut Out) -> Outcome {
        let session = Session::open(globals).await?;
        let snapshot = session.snapshot().await?;
        let state = &snapshot.state;
        let (command, nothing) = match self {
            Automation::Show { plan } => return show(&snapshot, plan.as_ref(), out),
            Automation::Stop { plan, reason } => {
                let counted = |loaded: &Loaded| loaded.automation.countdown.is_some();
                let plan = named(state, plan, &[(counted, "counted down"), (fails_over, "there")])?;
                (Command::StopAutomation { plan, reason }, "it was stopped already")
            }
            Automation::Arm { plan, reason } => {
                let stopped = |loaded: &Loaded| loaded.automation.disarmed.is_some();
                let plan = named(state, plan, &[(stopped, "stopped")])?;
                (Command::ArmAutomation { plan, reason }, "it is armed already")
            }
        };
        session.command(&snapshot, command, nothing, out).await?;
        Ok(())
    }
}

fn fails_over(loaded: &Loaded) -> bool {
    text::automatic_scenarios(&loaded.plan).next().is_some()
}

/// A rule that plans are looked for by, with the word for those that it fits.
type Fits = (fn(&Loaded) -> bool, &'static str);

/// The plan that is named, else the only one that fits the first rule that any fits.
fn named(state: &State, plan: Option<PlanId>, rules: &[Fits]) -> Result<PlanId, Failure> {
    if let Some(id) = plan {
        return Ok(find::plan(state, &id)?.plan.id.clone());
    }
    for (fits, word) in rules {
        let found: Vec<&PlanId> = state.plans.iter().filter(|(_, loaded)| fits(loaded)).map(|(id, _)| id).collect();
        match found.as_slice() {
            [] => {}
            [only] => return Ok((*only).clone()),
            several => {
                let names: Vec<String> = several.iter().map(ToString::to_string).collect();
                let names = text::any_of(&names);
                return Err(Failure::failed(format!("automatic failovers of several plans are {word}; name {names}")));
            }
        }
    }
    let word = rules.last().map_or("there", |(_, word)| word);
    Err(Failure::failed(format!("no automatic failover is {word}; `warroom automation show` shows all")))
}

fn show(snapshot: &Snapshot, plan: Option<&PlanId>, out: &mut Out) -> Outcome {
    let state = &snapshot.state;
    let plans: Vec<&Loaded> = match plan {
        Some(id) => vec![find::plan(state, id)?.as_ref()],
        None => state.plans.values().map(AsRef::as_ref).collect(),
    };
    let now = &snapshot.live.now;
    if out.format == Format::Json {
        return out.json(&plans.iter().map(|loaded| as_json(loaded, now)).collect::<Vec<_>>());
    }
    for loaded in plans {
        let stands = text::automation(state, loaded, now);
        let stands = stands.unwrap_or_else(|| "no scenario fails over by itself".to_owned());
        out.line(format!("{}: {stands}", loaded.plan.id))?;
        if let Some(countdown) = &loaded.automation.countdown {
            let stop = format!("warroom automation stop {}", loaded.plan.id);
            out.line(format!("  {}; `{stop}` stops it", text::countdown(&loaded.plan, countdown, now)))?;
        }
        for scenario in text::automatic_scenarios(&loaded.plan) {
            let Some(trigger) = &scenario.trigger else { continue };
            let procedure = scenario.procedure.as_ref().map_or("no procedure", |id| id.as_str());
            out.line(format!("  {}: {procedure} when {} for {}", scenario.id, trigger.when, trigger.held_for))?;
        }
        for refused in text::automation_refused(loaded) {
            out.line(format!("  {refused}"))?;
        }
    }
    Ok(())
}

fn as_json(loaded: &Loaded, now: &Now) -> Value {
    let scenario = |known: &crate::core::plan::Scenario| {
        json!({
            "scenario": known.id, "procedure": known.procedure, "trigger": known.trigger,
            "refused": loaded.automation.refused.get(&known.id),
        })
    };
    json!({
        "plan": loaded.plan.id,
        "armed": fails_over(loaded) && loaded.automation.disarmed.is_none(),
        "disarmed": loaded.automation.disarmed,
        "countdown": loaded.automation.countdown,
        "left": loaded.automation.countdown.as_ref().map(|countdown| countdown.left(now)),
        "scenarios": text::automatic_scenarios(&loaded.plan).map(scenario).collect::<Vec<_>>(),
    })
}
