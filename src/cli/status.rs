//! `warroom status`

use clap::Args;
use serde_json::{Value, json};

use super::health::alert_rows;
use super::incident::rto;
use super::out::{Format, Out};
use super::run::waiting as waits;
use super::session::Session;
use super::{Globals, Outcome, assess};
use crate::core::clocks::clocks;
use crate::core::gate::worst_loss;
use crate::core::health;
use crate::core::impact::{Impact, Summary};
use crate::core::incident::{Incident, Phase};
use crate::core::objectives;
use crate::core::run::Run;
use crate::core::service::front_door;
use crate::core::state::{Loaded, State};
use crate::text;
use crate::wire::Snapshot;

/// Shows on one page what is broken, what is being done and what waits for people
#[derive(Debug, Args)]
#[command(
    after_help = "Examples:\n  warroom status --json | jq '.waiting'\n  warroom status --assess --incident KESTREL"
)]
pub(super) struct Status {
    /// Assesses how services, databases, external dependencies and storage stand, and writes it to the incident
    #[arg(long)]
    assess: bool,
    /// The incident that it is written to, by call-sign or identifier; may be left out when one is open
    #[arg(long, value_name = "INCIDENT", requires = "assess")]
    incident: Option<String>,
}

impl Status {
    pub(super) async fn run(self, globals: &Globals, out: &mut Out) -> Outcome {
        let session = Session::open(globals).await?;
        let snapshot = session.snapshot().await?;
        if self.assess {
            return assess::run(&session, &snapshot, self.incident.as_deref(), out).await;
        }
        match out.format {
            Format::Json => out.json(&as_json(&snapshot)),
            Format::Text => print(&snapshot, out),
        }
    }
}

fn print(snapshot: &Snapshot, out: &mut Out) -> Outcome {
    let state = &snapshot.state;
    if let Some(why) = &snapshot.live.read_only {
        out.line(format!("READ ONLY: {}", text::clean_line(why)))?;
    }
    for loaded in state.plans.values() {
        out.line(format!("{}  {}", loaded.plan.environment, text::clean_line(&loaded.plan.name)))?;
        out.table(&plan_rows(snapshot, loaded))?;
        out.table(&alert_rows(state, loaded))?;
    }
    if state.plans.is_empty() {
        out.line("no plan is loaded; `warroom plan load FILE` loads one")?;
    }
    let open: Vec<_> = state.open_incidents().collect();
    for incident in &open {
        out.line(incident_line(snapshot, incident))?;
        for run in state.runs_of(&incident.id).filter(|run| run.is_active()) {
            out.line(format!("  {}", run_line(state, run)))?;
        }
    }
    if open.is_empty() {
        out.line("no incident is open")?;
    }
    for sentence in waiting(state) {
        out.line(format!("^ {sentence}"))?;
    }
    Ok(())
}

fn plan_rows(snapshot: &Snapshot, loaded: &Loaded) -> Vec<Vec<String>> {
    let mut rows = Vec::new();
    for site in &loaded.plan.sites {
        let seen = health::site(loaded, &site.id);
        let parts: Vec<_> = seen.parts.iter().map(|(name, v)| format!("{name} {}", text::verdict(*v))).collect();
        let serves = if loaded.active.as_ref() == Some(&site.id) { "serves" } else { "" };
        let judged = text::site_verdict(health::judge_site(loaded, &site.id));
        rows.push(vec![format!("  {}", text::clean_line(&site.name)), serves.into(), judged.into(), parts.join(", ")]);
    }
    let elsewhere = health::summarise(loaded, |_, probe| probe.site.is_none());
    if !elsewhere.parts.is_empty() {
        let parts: Vec<_> = elsewhere.parts.iter().map(|(name, v)| format!("{name} {}", text::verdict(*v))).collect();
        rows.push(vec!["  before all".into(), String::new(), String::new(), parts.join(", ")]);
    }
    let impact = impact_of(&snapshot.state, loaded);
    if !impact.is_none() {
        rows.push(vec!["  impact".into(), String::new(), String::new(), text::impact_short(&impact)]);
    }
    let readings = &snapshot.live.readings;
    if loaded.plan.customers.is_some() {
        let served = readings.customers.get(&loaded.plan.id).and_then(|c| c.served?.percent());
        let served = served.map_or_else(|| "unknown".to_owned(), |percent| format!("{percent}% ok"));
        rows.push(vec!["  customers".into(), String::new(), String::new(), served]);
    } else if let Some(door) = front_door(loaded) {
        rows.push(vec!["  customers".into(), String::new(), String::new(), text::clocks::front_door(door)]);
    }
    if let Some(loss) = worst_loss(loaded, readings, &snapshot.now) {
        rows.push(vec!["  loss".into(), String::new(), String::new(), text::loss(loss)]);
    }
    let incident = snapshot.state.incident_of(&loaded.plan.id);
    let told = super::clocks::promises(&clocks(loaded, incident.map(AsRef::as_ref), readings, &snapshot.now));
    rows.extend(told.into_iter().map(|(what, says)| vec![format!("  {what}"), String::new(), String::new(), says]));
    rows
}

/// Whom the trouble of a plan hits, as its open incident sees it where there is one.
fn impact_of(state: &State, loaded: &Loaded) -> Summary {
    let incident = state.incident_of(&loaded.plan.id);
    incident.map_or_else(|| Impact::now(loaded), |incident| Impact::of(loaded, incident)).summary(loaded)
}

fn incident_line(snapshot: &Snapshot, incident: &Incident) -> String {
    let down = objectives::downtime(incident, &snapshot.now);
    let rto = rto(&snapshot.state, incident, &snapshot.now).map(|rto| format!("  RTO {rto}")).unwrap_or_default();
    format!("{}  {}  {}  down {down}{rto}", incident.call_sign, incident.severity, incident.phase.word())
}

fn run_line(state: &State, run: &Run) -> String {
    let (settled, all) = run.progress();
    let (name, how) = (text::clean_line(&run.procedure.name), text::run_state(state, &run.state));
    let more = text::overdue(run).into_iter().chain(text::turned(state, run)).map(|more| format!(", {more}"));
    format!("{}  {name}: {settled} of {all}, {how}{}", run.id, more.collect::<String>())
}

/// What waits for people, most pressing first: proposals, then steps of runs.
fn waiting(state: &State) -> Vec<String> {
    let proposed = state.open_incidents().filter(|i| i.phase == Phase::Proposed);
    let proposals = proposed.map(|i| format!("{} is proposed: declare or dismiss it", i.call_sign));
    let runs = state.runs.values();
    let steps = runs.flat_map(|run| run.waiting().map(move |(place, step, seen)| waits(state, run, place, step, seen)));
    proposals.chain(steps).collect()
}

fn as_json(snapshot: &Snapshot) -> Value {
    let state = &snapshot.state;
    let plans: Vec<_> = state
        .plans
        .values()
        .map(|loaded| {
            let readings = &snapshot.live.readings;
            let incident = state.incident_of(&loaded.plan.id);
            json!({
                "plan": loaded.plan.id, "name": loaded.plan.name, "environment": loaded.plan.environment,
                "hash": loaded.hash, "serves": loaded.active, "probes": loaded.probes,
                "customers": readings.customers.get(&loaded.plan.id), "loss": worst_loss(loaded, readings, &snapshot.now),
                "alerts": loaded.alerts.firing(),
                "clocks": clocks(loaded, incident.map(AsRef::as_ref), readings, &snapshot.now),
                "impact": impact_of(state, loaded),
            })
        })
        .collect();
    let incidents: Vec<_> = state
        .open_incidents()
        .map(|i| {
            let downtime = objectives::downtime(i, &snapshot.now).span;
            json!({ "incident": i.id, "call_sign": i.call_sign, "plan": i.plan, "severity": i.severity,
                    "phase": i.phase.word(), "downtime": downtime, "title": i.title })
        })
        .collect();
    let runs = state.runs.values().filter(|run| run.is_active()).map(|run| {
        let (settled, of) = run.progress();
        json!({ "run": run.id, "incident": run.incident, "name": run.procedure.name, "settled": settled, "of": of,
                "state": run.state, "course": run.course, "overdue": run.overdue })
    });
    json!({
        "seq": snapshot.seq, "at": snapshot.now.utc, "read_only": snapshot.live.read_only,
        "plans": plans, "incidents": incidents,
        "runs": runs.collect::<Vec<_>>(), "waiting": waiting(state),
    })
}
