//! A run step by step, as it is printed.

use std::collections::{BTreeMap, BTreeSet};

use super::back::WayBack;
use super::forecast;
use crate::core::ids::StepId;
use crate::core::plan::{Action, Purpose, Return, Step};
use crate::core::run::{Course, Run, StepRun, StepState};
use crate::core::state::State;
use crate::core::time::Now;
use crate::text;

/// The lines below a run's first: what stands out, when it will end, its steps in rounds, what mends below what failed, the way back once it is
/// turned, and what waits for people.
pub(super) fn lines(state: &State, run: &Run, now: &Now) -> Vec<String> {
    let picture = Picture::of(state, run);
    let mut lines: Vec<String> = text::overdue(run).into_iter().chain(text::turned(state, run)).collect();
    lines.extend(text::guarded(state, run).into_iter().map(|words| format!("HELD BY GUARDS: {words}")));
    if run.is_open() && run.is_blocked() && run.course == Course::Forward {
        lines.push("nothing new starts until a person decides".into());
    }
    lines.extend(forecast::lines(state, run, now));
    picture.steps(&mut lines);
    if run.course != Course::Forward {
        picture.way_back(&mut lines);
    }
    let waits = run.waiting().map(|(place, step, seen)| format!("^ {}", waiting(state, run, place, step, seen)));
    lines.extend(waits);
    lines
}

/// What a step of a run waits for: `R1 step 6 Promote West (go): 0 of 2 people; still needed: …`.
pub(in crate::cli) fn waiting(state: &State, run: &Run, place: usize, step: &Step, seen: &StepRun) -> String {
    let how = match (&step.action, &seen.state) {
        (Action::Gate(gate), StepState::Waiting { .. }) => text::gate(state, gate, seen),
        _ => text::step_state(state, &seen.state),
    };
    format!("{} step {} {} ({}): {how}", run.id, place + 1, text::clean_line(&step.name), step.id)
}

struct Picture<'a> {
    state: &'a State,
    run: &'a Run,
    rounds: Vec<usize>,
    /// How many steps go side by side in each round.
    widths: Vec<usize>,
    groups: BTreeMap<&'a StepId, Vec<usize>>,
    mends: BTreeMap<&'a StepId, Vec<usize>>,
}

impl<'a> Picture<'a> {
    fn of(state: &'a State, run: &'a Run) -> Picture<'a> {
        let rounds = run.graph.rounds().unwrap_or_else(|| vec![0; run.procedure.steps.len()]);
        let mut picture = Picture {
            state,
            run,
            widths: vec![0; rounds.iter().max().map_or(0, |most| most + 1)],
            rounds,
            groups: BTreeMap::new(),
            mends: BTreeMap::new(),
        };
        for (place, step) in run.procedure.steps.iter().enumerate() {
            if let Purpose::Mend(of) = &step.purpose {
                picture.mends.entry(of).or_default().push(place);
            }
            if !step.counts() {
                continue;
            }
            if let Some(width) = picture.rounds.get(place).and_then(|round| picture.widths.get_mut(*round)) {
                *width += 1;
            }
            if let Some(group) = &step.origin.group {
                picture.groups.entry(group).or_default().push(place);
            }
        }
        picture
    }

    /// The steps that count, in rounds; the passes of a list stand together.
    fn steps(&self, lines: &mut Vec<String>) {
        let counts = |place: &usize| self.run.procedure.steps[*place].counts();
        let mut order: Vec<usize> = (0..self.run.procedure.steps.len()).filter(counts).collect();
        order.sort_by_key(|place| (self.rounds.get(*place), *place));
        let mut told: BTreeSet<&StepId> = BTreeSet::new();
        for place in order {
            let Some(group) = &self.run.procedure.steps[place].origin.group else {
                self.step(place, 0, lines);
                continue;
            };
            if !told.insert(group) {
                continue;
            }
            let passes = &self.groups[group];
            let states = passes.iter().filter_map(|place| self.run.steps.get(*place)).map(|seen| &seen.state);
            lines.push(format!("{group}: {}", text::passes(states)));
            for place in passes {
                self.step(*place, 1, lines);
            }
        }
    }

    /// A step, and below it what mends it, once it has failed.
    fn step(&self, place: usize, depth: usize, lines: &mut Vec<String>) {
        let Some((_, step, seen)) = self.run.at(place) else { return };
        lines.push(self.line(place, depth, step, seen));
        let mends = self.mends.get(&step.id).filter(|_| matches!(seen.state, StepState::Failed { .. }));
        for place in mends.into_iter().flatten() {
            self.step(*place, depth + 1, lines);
        }
    }

    fn line(&self, place: usize, depth: usize, step: &Step, seen: &StepRun) -> String {
        let (name, kind) = (text::clean_line(&step.name), step.action.kind());
        let how = match &seen.state {
            StepState::Pending if !self.run.is_open() => "not begun".into(),
            StepState::Waiting { .. } if !self.run.is_open() => "no longer waits".into(),
            state => text::step_state(self.state, state),
        };
        let took = match &seen.state {
            StepState::Done { took, .. } if took.millis() > 0 => format!("   took {took}"),
            _ => String::new(),
        };
        let tries = if seen.attempts > 1 { format!("   try {}", seen.attempts) } else { String::new() };
        let host = self.run.host_of(step).map(|host| format!("   on {}", text::clean_line(&host))).unwrap_or_default();
        let no_return = if step.way_back == Return::None { "   NO RETURN" } else { "" };
        let (indent, mends) = match &step.purpose {
            Purpose::Mend(of) => ("  ".repeat(depth), format!("mends {of}: ")),
            _ => ("  ".repeat(depth), String::new()),
        };
        format!(
            "{indent}{} {:>2} {}{kind:<7} {mends}{name} ({}): {how}{tries}{took}{host}{no_return}",
            sign(&seen.state),
            place + 1,
            self.lane(place),
            step.id
        )
    }

    /// The round of a step and how many go side by side in it; nothing in a run in which each step waits for the one above.
    fn lane(&self, place: usize) -> String {
        let round = self.rounds.get(place).copied().unwrap_or_default();
        lane(round, self.widths.get(round).copied().unwrap_or_default(), &self.widths)
    }

    fn way_back(&self, lines: &mut Vec<String>) {
        let back = WayBack::of(self.run);
        lines.push("undone, the newest first:".into());
        for (place, step, seen) in &back.undoes {
            lines.push(self.line(*place, 1, step, seen));
        }
        if back.undoes.is_empty() {
            lines.push("  nothing".into());
        }
        lines.extend(back.stays.iter().map(|(step, why)| {
            format!("  STAYS DONE {} ({}): {}", text::clean_line(&step.name), step.id, why.sentence())
        }));
    }
}

/// The column that tells lanes: the round, counted from 1, and how many steps go side by side in it. Empty where none ever do.
pub(super) fn lane(round: usize, beside: usize, widths: &[usize]) -> String {
    if widths.iter().all(|width| *width <= 1) {
        return String::new();
    }
    let beside = if beside > 1 { format!("x{beside}") } else { String::new() };
    format!("{:>3} {beside:<3} ", round + 1)
}

/// One character that says how a step stands.
fn sign(state: &StepState) -> char {
    match state {
        StepState::Pending => '.',
        StepState::Waiting { .. } => '^',
        StepState::Running { .. } | StepState::Pausing { .. } => '>',
        StepState::Done { .. } => 'v',
        StepState::Failed { .. } | StepState::Declined { .. } => 'x',
        StepState::Unknown { .. } => '?',
        StepState::Skipped { .. } | StepState::NotNeeded { .. } => '-',
    }
}
