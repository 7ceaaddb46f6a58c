//! `warroom health`

mod show;

use clap::{Args, Subcommand};
use serde_json::json;

use super::out::{Format, Out};
use super::session::Session;
use super::{Globals, Outcome, args, find};
use crate::core::alert::AlertState;
use crate::core::command::Command;
use crate::core::health::Extent;
use crate::core::ids::{ComponentId, PlanId, ProbeId, SiteId};
use crate::core::state::{Loaded, State};
use crate::core::time::{Now, Span};
use crate::text;
use crate::wire::{Evidence, Snapshot};

/// What is believed of every part, and parts that do not count for a while
#[derive(Debug, Subcommand)]
pub(super) enum Health {
    /// Every probe: what is believed, since when, and why
    #[command(after_help = "Examples:\n  warroom health list\n  warroom health list shop --json")]
    List {
        /// Only this plan
        plan: Option<PlanId>,
    },
    /// A probe in full: what it believes and why, what it found before, the evidence of its last failure
    #[command(
        after_help = "Examples:\n  warroom health show shop db.east\n  warroom health show shop db.east --since 24h --json"
    )]
    Show {
        /// The plan
        plan: PlanId,
        /// The probe, as `health list` names it
        probe: ProbeId,
        /// How far back, as 2h; at most 14d is kept
        #[arg(long, value_name = "DURATION", value_parser = args::limit, default_value = "15m")]
        since: Span,
    },
    /// Has a part not count for a while: it is looked at all the same, and raises nothing
    #[command(
        after_help = "Examples:\n  warroom health pause shop --component db --for 2h --reason \"the provider works on it\"\n  \
                            warroom health pause shop --site west --for 30m --reason drill"
    )]
    Pause {
        /// The plan
        plan: PlanId,
        #[command(flatten)]
        part: Part,
        /// For how long, as 2h; at most 7d
        #[arg(long = "for", value_name = "DURATION", value_parser = args::limit)]
        length: Span,
        /// Why, for those who look at it meanwhile
        #[arg(long)]
        reason: String,
    },
    /// Has a paused part count again
    #[command(after_help = "Example:\n  warroom health resume shop --component db")]
    Resume {
        /// The plan
        plan: PlanId,
        #[command(flatten)]
        part: Part,
    },
}

/// How much of a plan; all of it when nothing is named.
#[derive(Debug, Args)]
#[group(multiple = false)]
pub(super) struct Part {
    /// What stands at this site
    #[arg(long)]
    site: Option<SiteId>,
    /// This component, wherever it stands
    #[arg(long)]
    component: Option<ComponentId>,
    /// What this probe looks at
    #[arg(long)]
    probe: Option<ProbeId>,
}

impl Part {
    fn extent(self) -> Extent {
        let site = self.site.map(Extent::Site);
        let component = self.component.map(Extent::Component);
        site.or(component).or(self.probe.map(Extent::Probe)).unwrap_or(Extent::Plan)
    }
}

impl Health {
    pub(super) async fn run(self, globals: &Globals, out: &mut Out) -> Outcome {
        let session = Session::open(globals).await?;
        let snapshot = session.snapshot().await?;
        let command = match self {
            Health::List { plan } => return list(&snapshot, plan.as_ref(), out),
            Health::Show { plan, probe, since } => {
                let histories = {
                    find::probe(find::plan(&snapshot.state, &plan)?, &probe)?;
                    session.client.history(&plan, std::slice::from_ref(&probe), since, Evidence::With).await?
                };
                return show::show(&snapshot, (&plan, &probe), &histories, out);
            }
            Health::Pause { plan, part, length, reason } => {
                Command::PauseHealth { plan, of: part.extent(), length, reason }
            }
            Health::Resume { plan, part } => Command::ResumeHealth { plan, of: part.extent() },
        };
        session.command(&snapshot, command, "nothing changed", out).await?;
        Ok(())
    }
}

fn list(snapshot: &Snapshot, plan: Option<&PlanId>, out: &mut Out) -> Outcome {
    let plans: Vec<&Loaded> = match plan {
        Some(id) => vec![find::plan(&snapshot.state, id)?.as_ref()],
        None => snapshot.state.plans.values().map(AsRef::as_ref).collect(),
    };
    if out.format == Format::Json {
        return out.json(&plans.iter().map(|loaded| as_json(loaded)).collect::<Vec<_>>());
    }
    for loaded in plans {
        out.line(text::clean_line(&loaded.plan.name))?;
        out.table(&rows(snapshot, loaded))?;
        out.table(&alert_rows(&snapshot.state, loaded))?;
        for pause in &loaded.pauses {
            let left = pause.left(&snapshot.live.now);
            let by = snapshot.state.name(&pause.by);
            out.line(format!(
                "  {} paused for {left} more by {}: {}",
                pause.of,
                text::clean_line(&by),
                text::clean_line(&pause.reason)
            ))?;
        }
    }
    Ok(())
}

fn rows(snapshot: &Snapshot, loaded: &Loaded) -> Vec<Vec<String>> {
    let since = |at: &Now| format!("since {}", at.utc);
    let row = |(component, probe): (&crate::core::plan::Component, &crate::core::plan::Probe)| {
        let belief = loaded.probes.get(&probe.id);
        let looks = snapshot.live.readings.looks(&loaded.plan.id, &probe.id);
        let measured: Vec<String> =
            looks.map(|(_, look)| text::measured(&look.measured)).filter(|m| !m.is_empty()).collect();
        vec![
            format!("  {}", probe.id),
            text::verdict(loaded.verdict_of(component, probe)).to_owned(),
            belief.and_then(|b| b.since.as_ref()).map_or(String::new(), since),
            text::clean_line(belief.map_or("", |b| b.why.as_str())).into_owned(),
            measured.join("; "),
        ]
    };
    loaded.plan.probes().map(row).collect()
}

/// The alerts that fire, as others say.
pub(super) fn alert_rows(state: &State, loaded: &Loaded) -> Vec<Vec<String>> {
    let row = |known: &&AlertState| {
        let what = format!("alert {}", text::alert(loaded, &known.alert));
        vec!["  ".to_owned() + &what, known.alert.severity.to_string(), text::alert_said(state, loaded, known)]
    };
    loaded.alerts.firing().iter().map(row).collect()
}

fn as_json(loaded: &Loaded) -> serde_json::Value {
    let probe = |(component, probe): (&crate::core::plan::Component, &crate::core::plan::Probe)| {
        let seen = loaded.probes.get(&probe.id);
        json!({
            "probe": probe.id, "component": component.id, "site": probe.site, "kind": probe.look.kind(),
            "verdict": loaded.verdict_of(component, probe), "belief": seen,
        })
    };
    json!({
        "plan": loaded.plan.id,
        "probes": loaded.plan.probes().map(probe).collect::<Vec<_>>(),
        "pauses": loaded.pauses,
        "alerts": loaded.alerts.firing(),
    })
}
