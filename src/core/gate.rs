//! What a gate shows before it opens, and the digest that a confirmation carries back.

use sha2::{Digest, Sha256};

use super::failover::{At, Finding, Question, Says, Seen, WayBack, evaluate, lost, way_back};
use super::health::{Readings, Verdict};
use super::ids::{CallSign, SiteId};
use super::loss::Loss;
use super::plan::{Action, Component, Gate, Return, Step, Subject};
use super::run::{How, Run, StepRun, StepState};
use super::state::{Loaded, State};
use super::time::{Moment, Now, Span};

/// One line of evidence at a gate.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Check {
    /// An earlier step, and how it is known to be done.
    Step {
        /// Its name.
        name: String,
        /// How it ended.
        state: StepState,
    },
    /// The site that is left.
    Source {
        /// Its name.
        site: String,
        /// Parts that are down, and all of them.
        down: (usize, usize),
        /// The worst verdict.
        worst: Verdict,
    },
    /// The site that takes over.
    Target {
        /// Its name.
        site: String,
        /// Parts that are ok, and all of them.
        ok: (usize, usize),
        /// The worst verdict.
        worst: Verdict,
    },
}

/// How a line stands, beyond its colour.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Sign {
    /// Seen by the engine, and as it should be.
    Good,
    /// Said by a person, or skipped, or not known.
    Caution,
    /// Seen, and not as it should be.
    Bad,
}

impl Check {
    /// How it stands.
    #[must_use]
    pub fn sign(&self) -> Sign {
        match self {
            Check::Step { state: StepState::Done { how: How::Seen(_) | How::Opened { .. }, .. }, .. } => Sign::Good,
            Check::Step { .. } => Sign::Caution,
            Check::Source { worst: Verdict::Down, .. } | Check::Target { worst: Verdict::Ok, .. } => Sign::Good,
            Check::Source { .. } => Sign::Caution,
            Check::Target { worst: Verdict::Down, .. } => Sign::Bad,
            Check::Target { .. } => Sign::Caution,
        }
    }
}

/// What a gate shows.
#[derive(Debug, Clone, PartialEq)]
pub struct View {
    /// Its place in the run, counted from 1.
    pub number: usize,
    /// What is decided.
    pub question: String,
    /// The incident's call-sign.
    pub call_sign: CallSign,
    /// The word to type for what is acted on: the target site, else the procedure.
    pub target: String,
    /// The evidence.
    pub checks: Vec<Check>,
    /// What the guards of a failover find; empty at other gates.
    pub guards: Vec<Finding>,
    /// What would be lost; `None` where the plan has no data that travels.
    pub loss: Option<Loss>,
    /// From when to when the writes were made that would be lost, where that is known.
    pub window: Option<(Moment, Moment)>,
    /// What the steps after it are expected to take; `None` when no author said.
    pub remaining: Option<Span>,
    /// What cannot be undone, in the author's words.
    pub after: Option<String>,
    /// The way back, where this is the gate of a failover.
    pub back: Option<WayBack>,
    /// Whether a step without return follows.
    pub no_return: Return,
    /// How many people it takes.
    pub people: u32,
    /// Over all of this but how large the loss is, which a confirmation bounds by itself.
    pub digest: String,
}

/// What the gate at `index` of a run shows now.
#[must_use]
pub fn view(state: &State, run: &Run, index: usize, gate: &Gate, readings: &Readings, now: &Now) -> View {
    let loaded = state.plans.get(&run.plan);
    let call_sign = state.incidents.get(&run.incident).map_or_else(|| CallSign::pick(0, &[]), |i| i.call_sign.clone());
    let target = run.procedure.to.as_ref().map_or_else(|| run.procedure.id.to_string(), ToString::to_string);
    let guards = guards(state, (run, index), readings, now);
    let before = run.graph.before(index).into_iter().filter_map(|place| run.at(place));
    let mut told: Vec<_> = before.filter(|(_, step, _)| step.counts()).collect();
    if !guards.is_empty() {
        // What guards say is not said twice.
        told.retain(|(_, step, done)| !is_said_by_guards(loaded.map(AsRef::as_ref), run, step, done));
    }
    let mut checks: Vec<Check> = told.into_iter().map(|(_, step, done)| step_check(step, done)).collect();
    if guards.is_empty() {
        checks.extend(loaded.into_iter().flat_map(|loaded| site_checks(loaded, run)));
    }
    let after = run.graph.after(index);
    let after: Vec<&Step> = after.into_iter().filter_map(|place| run.procedure.steps.get(place)).collect();
    let no_return = if after.iter().any(|s| s.way_back == Return::None) { Return::None } else { Return::Open };
    let mut view = View {
        number: index + 1,
        question: gate.question.clone(),
        call_sign,
        target,
        checks,
        guards,
        loss: loaded.and_then(|loaded| worst_loss(loaded, readings, now)),
        window: loaded.and_then(|loaded| window(loaded, readings, now)),
        remaining: expected(&after),
        after: gate.after.clone(),
        back: loaded.and_then(|loaded| way_back(state, &loaded.plan, &run.procedure)),
        no_return,
        people: gate.people,
        digest: String::new(),
    };
    view.digest = digest(run, &view);
    view
}

/// The largest loss of all data that travels from the site that serves; unknown when any of it is. `None` when nothing does, as
/// after a failover, until data travels the other way.
#[must_use]
pub fn worst_loss(loaded: &Loaded, readings: &Readings, now: &Now) -> Option<Loss> {
    let losses =
        travelling(loaded, readings).filter_map(|component| lost::of_component(loaded, component, readings, now));
    losses.max_by_key(|loss| (*loss == Loss::Unknown, loss.ceiling()))
}

/// From when to when the writes were made that would be lost: of the data of which the most would be.
fn window(loaded: &Loaded, readings: &Readings, now: &Now) -> Option<(Moment, Moment)> {
    worst_loss(loaded, readings, now)?.ceiling()?;
    let windows = travelling(loaded, readings).filter_map(|component| lost::window(loaded, component, readings, now));
    windows.max_by_key(|(from, until)| until.since(*from))
}

/// The components whose data travels away from the site that serves it.
fn travelling<'a>(loaded: &'a Loaded, readings: &'a Readings) -> impl Iterator<Item = &'a Component> {
    loaded.replicated().filter(|component| lost::travels(loaded, component, readings))
}

/// What the guards find at the gate of a failover.
fn guards(state: &State, (run, index): (&Run, usize), readings: &Readings, now: &Now) -> Vec<Finding> {
    let known = state.plans.get(&run.plan).zip(state.incidents.get(&run.incident)).zip(run.move_kind);
    let Some(((loaded, incident), kind)) = known else { return Vec::new() };
    evaluate(&Question {
        state,
        loaded,
        incident,
        readings,
        now,
        kind,
        procedure: &run.procedure,
        graph: &run.graph,
        components: &run.moving,
        at: At::Gate(run, index),
    })
}

/// Whether guards look at the very thing that a step was seen to find: the fence that holds, the health of the site that takes over.
fn is_said_by_guards(loaded: Option<&Loaded>, run: &Run, step: &Step, done: &StepRun) -> bool {
    if !matches!(done.state, StepState::Done { how: How::Seen(_), .. }) {
        return false;
    }
    let fence = run.procedure.from.as_ref().and_then(|from| loaded?.fence_of(from));
    let holds = fence.is_some_and(|fence| fence.run == run.id && fence.step == step.id);
    let of_target = match &step.action {
        Action::Health { subject: Subject::Site(site), .. } => {
            site.fill(&run.values_of(step)).ok().as_deref() == run.procedure.to.as_ref().map(SiteId::as_str)
        }
        _ => false,
    };
    holds || of_target
}

fn step_check(step: &Step, done: &StepRun) -> Check {
    Check::Step { name: step.name.clone(), state: done.state.clone() }
}

fn site_checks(loaded: &Loaded, run: &Run) -> Vec<Check> {
    let name = |id| loaded.plan.site(id).map_or_else(|| id.to_string(), |s| s.name.clone());
    let mut checks = Vec::new();
    if let Some(from) = &run.procedure.from {
        let seen = loaded.counts(Some(from));
        let down = (seen.of(Verdict::Down), seen.all());
        checks.push(Check::Source { site: name(from), down, worst: seen.worst() });
    }
    if let Some(to) = &run.procedure.to {
        let seen = loaded.counts(Some(to));
        let ok = (seen.of(Verdict::Ok), seen.all());
        checks.push(Check::Target { site: name(to), ok, worst: seen.worst() });
    }
    checks
}

fn expected(steps: &[&Step]) -> Option<Span> {
    let estimates = steps.iter().filter_map(|s| s.estimate);
    steps.iter().any(|s| s.estimate.is_some()).then(|| estimates.fold(Span::ZERO, Span::plus))
}

fn digest(run: &Run, view: &View) -> String {
    let mut hash = Sha256::new();
    let mut put = |part: &str| {
        // Lengths keep neighbouring parts apart.
        hash.update((part.len() as u64).to_be_bytes());
        hash.update(part.as_bytes());
    };
    put(&run.id.to_string());
    put(&run.plan_hash.0);
    put(&view.number.to_string());
    put(&view.target);
    put(&view.question);
    put(view.after.as_deref().unwrap_or_default());
    for (name, value) in &run.values {
        put(name);
        put(value);
    }
    // A ceiling that was named for a loss that somebody could say is none for one that nobody can.
    put(match view.loss {
        None => "no loss",
        Some(Loss::Unknown) => "loss unknown",
        Some(Loss::Measured(_) | Loss::AtMost(_)) => "loss known",
    });
    for check in &view.checks {
        put(&fingerprint(check));
    }
    for finding in &view.guards {
        put(&format!("guard|{}|{:?}|{}", finding.guard.name(), finding.says, steady(finding)));
    }
    hash.finalize().iter().take(12).map(|b| format!("{b:02x}")).collect()
}

/// What must not change between showing and confirming: verdicts and how steps ended, not moments and durations.
fn fingerprint(check: &Check) -> String {
    match check {
        Check::Step { name, state } => format!("{name}|{}|{:?}", state.word(), check.sign()),
        Check::Source { site, down, worst } => format!("source|{site}|{down:?}|{worst:?}"),
        Check::Target { site, ok, worst } => format!("target|{site}|{ok:?}|{worst:?}"),
    }
}

/// What a guard saw without the figures that move all the time; where it does not hold, what it is that does not.
#[must_use]
pub fn steady(finding: &Finding) -> String {
    match &finding.seen {
        _ if finding.says == Says::Pass => String::new(),
        Seen::Down { down, .. } => format!("{down} down"),
        Seen::Healthy { worst, .. } => format!("{worst:?}"),
        Seen::Missing { roles } => format!("{roles:?}"),
        Seen::Scenario { forbids } => format!("{forbids:?}"),
        _ => String::new(),
    }
}
