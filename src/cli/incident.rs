//! `warroom incident`

use clap::Subcommand;
use serde_json::json;

use super::out::{Format, Out};
use super::session::Session;
use super::{Globals, Outcome, assess, find};
use crate::core::clocks::clocks;
use crate::core::command::{Command, Declared};
use crate::core::ids::{PlanId, ScenarioId};
use crate::core::incident::{Incident as Known, Phase};
use crate::core::objectives::{self, Standing};
use crate::core::past::Past;
use crate::core::plan::{SetBy, Severity};
use crate::core::scenario::Stands;
use crate::core::state::State;
use crate::core::time::{Moment, Now};
use crate::text;
use crate::wire::Snapshot;

use super::Failure;

/// Declares, shows and ends incidents
#[derive(Debug, Subcommand)]
pub(super) enum Incident {
    /// Declares what the engine proposed, or trouble that you noticed yourself
    #[command(after_help = "Example:\n  warroom incident declare KESTREL --severity critical\n  \
                            warroom incident declare --plan shop --title \"Payments fail\"")]
    Declare {
        /// The proposal, by call-sign or identifier; may be left out when there is one
        #[arg(conflicts_with = "plan")]
        incident: Option<String>,
        /// The plan whose trouble it is, when nothing was proposed
        #[arg(long)]
        plan: Option<PlanId>,
        /// critical, high, medium or low; as proposed when left out
        #[arg(long)]
        severity: Option<Severity>,
        /// What to call it
        #[arg(long)]
        title: Option<String>,
    },
    /// Says that a proposal is no incident
    #[command(after_help = "Example:\n  warroom incident dismiss KESTREL --reason \"planned work\"")]
    Dismiss(Ending),
    /// Lists the incidents that are open and the last that ended
    #[command(after_help = "Example:\n  warroom incident list --json")]
    List,
    /// Shows an incident: phase, clocks, roles, runs
    #[command(after_help = "Example:\n  warroom incident show KESTREL")]
    Show {
        /// Call-sign or identifier; may be left out when one is open
        incident: Option<String>,
    },
    /// Says when an incident really began; every clock follows
    #[command(after_help = "Examples:\n  warroom incident began KESTREL -15m --reason \"customers called first\"\n  \
                            warroom incident began KESTREL 03:10:00Z --reason \"the probe looked every 5m\"")]
    Began {
        /// Call-sign or identifier
        incident: String,
        /// As -15m (before now), 03:10:00Z (of the last day) or 2026-11-21T03:10:00Z
        #[arg(allow_hyphen_values = true)]
        moment: String,
        /// Why
        #[arg(long)]
        reason: String,
    },
    /// Calls an incident off as a false alarm
    #[command(after_help = "Example:\n  warroom incident cancel KESTREL --reason \"the probe was wrong\"")]
    Cancel(Ending),
    /// Takes a closed or cancelled incident up again
    #[command(after_help = "Example:\n  warroom incident reopen KESTREL --reason \"errors came back\"")]
    Reopen(Ending),
    /// Says which of its plan's scenarios an incident is, or that it is not the one that it was taken for
    #[command(after_help = "Example:\n  warroom incident scenario orders-corrupt --reason \"checksums differ\"\n  \
                            warroom incident scenario east-lost --rule-out --reason \"only the line is cut\"")]
    Scenario {
        /// The scenario, as the plan calls it
        scenario: ScenarioId,
        /// Call-sign or identifier; may be left out when one is open
        #[arg(long)]
        incident: Option<String>,
        /// It is not that; takes a reason, and allows again what the scenario forbids
        #[arg(long, requires = "reason")]
        rule_out: bool,
        /// Why
        #[arg(long)]
        reason: Option<String>,
    },
    /// Says that a failover stays: nobody goes back
    #[command(after_help = "Example:\n  warroom incident commit --reason \"East is not worth mending\"")]
    Commit(Ending),
    /// Closes an incident; one that has not recovered, or owes the way back of a failover, needs a reason
    #[command(after_help = "Example:\n  warroom incident close KESTREL")]
    Close {
        /// Call-sign or identifier; may be left out when one is open
        incident: Option<String>,
        /// Why, when it has not recovered or owes the way back
        #[arg(long)]
        reason: Option<String>,
    },
}

/// An incident and a reason.
#[derive(Debug, clap::Args)]
pub(super) struct Ending {
    /// Call-sign or identifier; may be left out when there is one
    incident: Option<String>,
    /// Why
    #[arg(long)]
    reason: String,
}

impl Incident {
    pub(super) async fn run(self, globals: &Globals, out: &mut Out) -> Outcome {
        let session = Session::open(globals).await?;
        let snapshot = session.snapshot().await?;
        let command = match self {
            Incident::List => return list(&snapshot, out),
            Incident::Show { incident } => return show(&snapshot, incident.as_deref(), out),
            other => other.command(&snapshot.state, snapshot.now.utc)?,
        };
        session.command(&snapshot, command, "it was so already", out).await?;
        Ok(())
    }

    /// What to ask of the engine; the verbs that only show are done before.
    fn command(self, state: &State, now: Moment) -> Result<Command, Failure> {
        let proposed = |phase: &Phase| *phase == Phase::Proposed;
        let ended = |phase: &Phase| matches!(phase, Phase::Closed { .. } | Phase::Cancelled { .. });
        let id = |found: &std::sync::Arc<Known>| found.id.clone();
        Ok(match self {
            Incident::Declare { plan: Some(plan), severity, title, .. } => {
                Command::Declare { what: Declared::Plan(plan), severity, title }
            }
            Incident::Declare { incident, severity, title, .. } => {
                let found = find::incident(state, incident.as_deref(), proposed, "proposed").map(id);
                let found = found.map_err(|why| hint(why, state))?;
                Command::Declare { what: Declared::Proposal(found), severity, title }
            }
            Incident::Dismiss(Ending { incident, reason }) => Command::Dismiss {
                incident: id(find::incident(state, incident.as_deref(), proposed, "proposed")?),
                reason,
            },
            Incident::Cancel(Ending { incident, reason }) => Command::Cancel {
                incident: id(find::incident(state, incident.as_deref(), Phase::is_declared, "declared and not over")?),
                reason,
            },
            Incident::Commit(Ending { incident, reason }) => {
                Command::CommitMove { incident: id(find::open_incident(state, incident.as_deref())?), reason }
            }
            Incident::Reopen(Ending { incident, reason }) => Command::Reopen {
                incident: id(find::incident(state, incident.as_deref(), ended, "closed or cancelled")?),
                reason,
            },
            Incident::Scenario { scenario, incident, rule_out, reason } => {
                let incident = id(find::open_incident(state, incident.as_deref())?);
                match reason {
                    Some(reason) if rule_out => Command::RuleOutScenario { incident, scenario, reason },
                    reason => Command::NameScenario { incident, scenario, reason },
                }
            }
            Incident::Began { incident, moment, reason } => {
                let any = |phase: &Phase| !matches!(phase, Phase::Dismissed { .. } | Phase::Cancelled { .. });
                let found = find::incident(state, Some(&incident), any, "neither dismissed nor cancelled")?;
                let began = Past::read(&moment, now);
                let began = began.map_err(|why| Failure::Usage(why.to_string()))?;
                Command::CorrectBegan { incident: found.id.clone(), began, reason }
            }
            Incident::Close { incident, reason } => Command::Close {
                incident: id(find::incident(state, incident.as_deref(), Phase::is_declared, "declared and not over")?),
                reason,
            },
            Incident::List | Incident::Show { .. } => return Err(Failure::Usage("nothing to ask for".into())),
        })
    }
}

/// Where nothing is proposed, a person can still name a plan.
fn hint(why: Failure, state: &State) -> Failure {
    match why {
        Failure::Failed { sentence, trouble } if !state.incidents.values().any(|i| i.phase == Phase::Proposed) => {
            let plans: Vec<_> = state.plans.keys().map(|id| format!("--plan {id}")).collect();
            let name =
                if plans.is_empty() { "load a plan first".into() } else { format!("or name {}", text::any_of(&plans)) };
            Failure::Failed { sentence: format!("{sentence}; {name}"), trouble }
        }
        other => other,
    }
}

fn list(snapshot: &Snapshot, out: &mut Out) -> Outcome {
    let state = &snapshot.state;
    if out.format == Format::Json {
        return out.json(&state.incidents.values().rev().collect::<Vec<_>>());
    }
    if state.incidents.is_empty() {
        return out.line("no incidents");
    }
    let row = |i: &Known| {
        vec![
            i.call_sign.to_string(),
            i.id.to_string(),
            i.severity.to_string(),
            i.phase.word().to_owned(),
            format!("down {}", objectives::downtime(i, &snapshot.now)),
            i.plan.to_string(),
            i.title.as_deref().map(|t| text::clean_line(t).into_owned()).unwrap_or_default(),
        ]
    };
    let rows: Vec<_> = state.incidents.values().rev().map(|i| row(i)).collect();
    out.table(&rows)
}

fn show(snapshot: &Snapshot, named: Option<&str>, out: &mut Out) -> Outcome {
    let (state, now) = (&snapshot.state, &snapshot.now);
    let known = find::open_incident(state, named)?;
    let runs: Vec<_> = state.runs_of(&known.id).collect();
    let clocks = state.plans.get(&known.plan).map(|loaded| clocks(loaded, Some(known), &snapshot.live.readings, now));
    if out.format == Format::Json {
        let downtime = objectives::downtime(known, now).to_string();
        return out.json(&json!({ "incident": known, "downtime": downtime, "runs": runs, "clocks": clocks }));
    }
    let title = known.title.as_deref().map(|t| format!("  {}", text::clean_line(t))).unwrap_or_default();
    out.line(format!("{}  {}  {}  {}{title}", known.call_sign, known.id, known.severity, known.phase.word()))?;
    let mut rows = vec![
        vec!["plan".to_owned(), format!("{} ({})", known.plan, known.environment)],
        vec!["began".into(), known.began.utc.dated()],
    ];
    if let Some(correction) = &known.corrected {
        rows.push(vec![String::new(), text::clocks::corrected(correction, &state.name(&correction.by))]);
    }
    for (what, when) in [("detected", &known.detected), ("declared", &known.declared), ("stopped", &known.stopped)] {
        rows.extend(when.as_ref().map(|when| vec![what.to_owned(), when.utc.dated()]));
    }
    rows.push(vec!["downtime".into(), objectives::downtime(known, now).to_string()]);
    rows.extend(rto(state, known, now).map(|rto| vec!["rto".to_owned(), rto]));
    for (id, matched) in &known.scenarios {
        let name = text::clean_line(&matched.name);
        let by = text::clean_line(&state.name(&matched.by)).into_owned();
        let stands = match &matched.stands {
            Stands::Counts if matched.saw.is_empty() => format!("{name}, said by {by}"),
            Stands::Counts => format!("{name}: {}", text::seen(&matched.saw)),
            Stands::RuledOut { by, reason } => {
                let by = state.name(by);
                format!("{name}: RULED OUT by {}: {}", text::clean_line(&by), text::clean_line(reason))
            }
        };
        rows.push(vec![format!("scenario {id}"), stands]);
    }
    for (role, who) in &known.roles {
        rows.push(vec![text::role(role), text::clean_line(&state.name(who)).into_owned()]);
    }
    if let Some(owed) = &known.owed {
        let plan = state.plans.get(&known.plan).map(|loaded| &*loaded.plan);
        rows.push(vec!["way back".into(), text::owed(plan, owed, now)]);
    }
    for run in runs {
        let (settled, all) = run.progress();
        let name = text::clean_line(&run.procedure.name).into_owned();
        rows.push(vec![
            run.id.to_string(),
            format!("{name}: {settled} of {all}, {}", text::run_state(state, &run.state)),
        ]);
    }
    rows.push(vec!["updates".into(), known.updates.len().to_string()]);
    out.table(&rows)?;
    for glass in &known.glass {
        if let Some(words) = text::glass(state, glass, now) {
            out.line(format!("GLASS {words}"))?;
        }
        out.line(text::glass_review(state, glass))?;
    }
    if let Some(clocks) = clocks {
        super::clocks::print(&clocks, out)?;
    }
    match &known.assessed {
        Some(assessed) => assess::print(state, assessed, out),
        None => Ok(()),
    }
}

/// How the tightest objective stands; nothing where none is given.
pub(super) fn rto(state: &State, incident: &Known, now: &Now) -> Option<String> {
    let rto = objectives::rto(state.plans.get(&incident.plan)?, incident, now)?;
    let of = rto.of.as_deref().map(|of| format!(" of {}", text::clean_line(of))).unwrap_or_default();
    let of = match rto.set_by {
        SetBy::Tier(number) => format!("{of} (tier {number})"),
        _ => of,
    };
    Some(match rto.standing {
        Standing::Left(left) => format!("{}{of}, {left} left, by {}", rto.objective, rto.ends),
        Standing::Missed { by, next: None } => format!("{}{of}, MISSED by {by}", rto.objective),
        Standing::Missed { by, next: Some((next, left)) } => {
            format!("{}{of}, MISSED by {by}; next {next}, {left} left", rto.objective)
        }
    })
}
