//! Whether what a run brought holds: what was looked at after the move, the front door now, and how long it has held.

use super::super::health::Verdict;
use super::super::ids::{ProbeId, StepId};
use super::super::incident::Phase;
use super::super::plan::{Action, Measure, Part, Probe, Step};
use super::super::run::{How, Run, RunState, StepRun, StepState};
use super::super::state::{Loaded, State};
use super::super::time::{Moment, Now, Span};

/// How what a run brought was looked at.
#[derive(Debug, Clone, PartialEq)]
pub struct Verification {
    /// All of it together.
    pub found: Found,
    /// Steps that look at what was done, in order.
    pub looks: Vec<Look>,
    /// The probes at the front door, as they are believed to be now.
    pub front_door: Vec<(ProbeId, Verdict)>,
    /// Whether customers get through; `None`: nothing looks, or nobody knows.
    pub connectivity: Option<bool>,
    /// Whether they do within the limits that the plan sets to their waiting, where it sets any.
    pub performance: Option<bool>,
    /// Whether the looks at data and files among `looks` found what they should, where there are any.
    pub data: Option<bool>,
    /// How long the front door has to hold, once it is good and the run is over.
    pub window: Option<Window>,
    /// When all of it was known to be good.
    pub at: Option<Moment>,
}

/// What a verification found.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Found {
    /// Nothing yet: what is to be looked at has not come.
    Pending,
    /// Nothing bad so far, and not all of it.
    InProgress,
    /// Everything is as it should be, and held.
    Passed,
    /// Something is not.
    Failed,
    /// Nothing looks at what was done; or what should was left out, never begun, or only said to be done.
    NotLookedAt,
}

impl Found {
    /// As DL-3's `verification.status` says it.
    #[must_use]
    pub fn code(self) -> &'static str {
        match self {
            Found::Pending => "pending",
            Found::InProgress => "in_progress",
            Found::Passed => "passed",
            Found::Failed => "failed",
            Found::NotLookedAt => "not_looked_at",
        }
    }
}

/// A step that looks at what was done.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Look {
    /// Which.
    pub step: StepId,
    /// Its name.
    pub name: String,
    /// Its kind, as plans say it.
    pub kind: &'static str,
    /// What it found.
    pub state: StepState,
}

/// A time for which the front door has to hold.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Window {
    /// How long it has.
    pub held: Span,
    /// How long it must.
    pub of: Span,
    /// What is left of that.
    pub left: Span,
}

pub(super) fn verification(state: &State, run: &Run, now: &Now) -> Verification {
    let loaded = state.plans.get(&run.plan).map(AsRef::as_ref);
    let pairs = looks(run);
    let front: Vec<(&Probe, Verdict)> = loaded.map(front_door).unwrap_or_default();
    let window = loaded.and_then(|loaded| window(state, run, loaded, &front, now));
    let connectivity = together(front.iter().map(|(_, verdict)| match verdict {
        Verdict::Ok | Verdict::Degraded => Some(true),
        Verdict::Down => Some(false),
        Verdict::Unknown | Verdict::Paused => None,
    }));
    let limited = front.iter().filter(|(probe, _)| is_limited(probe));
    let performance = together(limited.map(|(_, verdict)| match verdict {
        Verdict::Ok => Some(true),
        Verdict::Degraded | Verdict::Down => Some(false),
        Verdict::Unknown | Verdict::Paused => None,
    }));
    let data = pairs.iter().filter(|(step, _)| matches!(step.action, Action::Sql(_) | Action::File(_)));
    let data = together(data.map(|(_, seen)| looked(&seen.state)));
    let steps = together(pairs.iter().map(|(_, seen)| looked(&seen.state)));
    let found = found(run, (&pairs, steps), (!front.is_empty()).then_some(connectivity), window);
    let ended = pairs.iter().filter_map(|(_, seen)| match &seen.state {
        StepState::Done { at, .. } => Some(at.utc),
        _ => None,
    });
    let held = window.map(|window| now.earlier(window.held.minus(window.of)).utc);
    Verification {
        found,
        looks: pairs.iter().map(|(step, seen)| look(step, seen)).collect(),
        front_door: front.iter().map(|(probe, verdict)| (probe.id.clone(), *verdict)).collect(),
        connectivity,
        performance,
        data,
        window,
        at: ended.chain(held).max().filter(|_| found == Found::Passed),
    }
}

fn look(step: &Step, seen: &StepRun) -> Look {
    Look { step: step.id.clone(), name: step.name.clone(), kind: step.action.kind(), state: seen.state.clone() }
}

/// The steps that look at what a run did: those behind its last gate, or, where it has none, behind the first step that acts; and
/// all that the plan calls verification.
fn looks(run: &Run) -> Vec<(&Step, &StepRun)> {
    let steps = &run.procedure.steps;
    let acts = |step: &Step| !step.action.only_looks() && !step.action.is_for_people();
    let gate = steps.iter().rposition(|step| step.counts() && matches!(step.action, Action::Gate(_)));
    let begin = gate.or_else(|| steps.iter().position(|step| step.counts() && acts(step)));
    let behind = begin.map(|place| run.graph.after(place)).unwrap_or_default();
    let is_look = |(place, (step, seen)): &(usize, (&Step, &StepRun))| {
        let later = behind.contains(place) && is_a_look(step);
        let needed = !matches!(seen.state, StepState::NotNeeded { .. });
        step.counts() && needed && (later || step.part == Some(Part::Verify)) && !step.action.is_for_people()
    };
    run.pairs().enumerate().filter(is_look).map(|(_, pair)| pair).collect()
}

fn is_a_look(step: &Step) -> bool {
    match &step.action {
        Action::Sql(sql) => sql.query.trim_start().get(..6).is_some_and(|word| word.eq_ignore_ascii_case("select")),
        Action::Wait { .. } => false,
        action => action.only_looks(),
    }
}

/// What a step that looks found: only what the engine saw counts.
fn looked(state: &StepState) -> Option<bool> {
    match state {
        StepState::Done { how: How::Seen(_), .. } => Some(true),
        StepState::Failed { .. } => Some(false),
        _ => None,
    }
}

/// One bad is bad; all good is good; anything else, nothing among it, is not known.
fn together(parts: impl Iterator<Item = Option<bool>>) -> Option<bool> {
    let mut all = None;
    let mut unknown = false;
    for part in parts {
        match part {
            Some(false) => return Some(false),
            Some(true) => all = Some(true),
            None => unknown = true,
        }
    }
    all.filter(|_| !unknown)
}

fn front_door(loaded: &Loaded) -> Vec<(&Probe, Verdict)> {
    loaded.front_door().map(|(component, probe)| (probe, loaded.verdict_of(component, probe))).collect()
}

fn is_limited(probe: &Probe) -> bool {
    probe.limits.warn.iter().chain(&probe.limits.fail).any(|limit| limit.measure == Measure::Latency)
}

/// How long the front door has held since the run ended; none while the run is open, or while it is not good.
fn window(state: &State, run: &Run, loaded: &Loaded, front: &[(&Probe, Verdict)], now: &Now) -> Option<Window> {
    let RunState::Ended { at, .. } = &run.state else { return None };
    let of = loaded.plan.stable_for;
    let incident = state.incidents.get(&run.incident);
    let held = match incident.map(|incident| &incident.phase) {
        Some(Phase::Recovered | Phase::Closed { .. }) => {
            let stopped = incident.and_then(|incident| incident.stopped.as_ref());
            of.max(now.since(stopped.unwrap_or(at)).span)
        }
        Some(Phase::Verifying { since }) => now.since(since).span,
        _ => {
            let good = front.iter().all(|(_, verdict)| matches!(verdict, Verdict::Ok | Verdict::Degraded));
            let since = |probe: &Probe| loaded.probes.get(&probe.id).and_then(|known| known.since.as_ref());
            let lately = front.iter().filter_map(|(probe, _)| Some(now.since(since(probe)?).span)).min();
            (!front.is_empty() && good).then(|| lately.unwrap_or_default().min(now.since(at).span))?
        }
    };
    Some(Window { held, of, left: of.minus(held) })
}

/// `front`: nothing where nothing looks at it, else whether customers get through.
fn found(
    run: &Run,
    (pairs, steps): (&[(&Step, &StepRun)], Option<bool>),
    front: Option<Option<bool>>,
    window: Option<Window>,
) -> Found {
    let begun = |(_, seen): &(&Step, &StepRun)| seen.state != StepState::Pending;
    let over = !run.is_open();
    if steps == Some(false) || (over && front == Some(Some(false))) {
        return Found::Failed;
    }
    if pairs.is_empty() && front.is_none() {
        return Found::NotLookedAt;
    }
    let held = front.is_none() || window.is_some_and(|window| window.left == Span::ZERO);
    let good = front.is_none_or(|front| front == Some(true));
    match (over, pairs.is_empty() || steps == Some(true)) {
        (true, true) if held && good => Found::Passed,
        (true, true) => Found::InProgress,
        // Left out, said by a person or never begun: nobody looked.
        (true, false) => Found::NotLookedAt,
        (false, _) if pairs.iter().any(begun) => Found::InProgress,
        (false, _) => Found::Pending,
    }
}
