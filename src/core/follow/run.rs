//! What follows for a run: steps whose turn has come or whose time is over, and its end.

use std::cmp::Reverse;
use std::collections::BTreeMap;

use super::super::comms::{Delivery, Try};
use super::super::event::{Event, Voided};
use super::super::failover::MoveKind;
use super::super::health::{Readings, living_key};
use super::super::plan::{Action, Repeat, Return, Step};
use super::super::run::{Course, Evidence, Failure, How, Run, RunResult, RunState, StepRun, StepState};
use super::super::state::State;
use super::super::time::{Moment, Now, Span};
use super::facts::OfStep;
use super::{failover, turned};

/// How soon it is looked again at what changes without a report: whether what is lost from sight still lives, what guards find.
pub(super) const LOOK_AGAIN: Span = Span::from_secs(1);

/// All runs, in the order in which they are asked who has something to begin.
pub(super) fn most_urgent_first(state: &State) -> Vec<&Run> {
    let mut runs: Vec<&Run> = state.runs.values().map(AsRef::as_ref).collect();
    runs.sort_by_key(|run| Reverse(run.procedure.priority));
    runs
}

/// What follows for an open run.
pub(super) fn of_run(state: &State, run: &Run, readings: &Readings, now: &Now, hosts: &mut Hosts) -> Vec<Event> {
    if let Some(moved) = failover::moved(state, run) {
        return vec![moved];
    }
    let mut events: Vec<Event> = Vec::new();
    for (_, step, seen) in run.active() {
        events.extend(no_longer_confirmed(state, run, step, seen, readings, now));
        events.extend(by_itself(state, run, step, seen, now));
    }
    events.extend(failover::opens_by_itself(state, run, readings, now));
    if run.state != RunState::Going {
        return events;
    }
    if let Some(limit) = over_its_time(run, now) {
        events.push(Event::RunOverdue { run: run.id, limit });
        events.extend(page(state, run, limit));
        return events;
    }
    let again = run.active().filter_map(|(place, step, seen)| again(state, run, (place, step, seen), readings, now));
    events.extend(again);
    // What is begun changes what may be begun next: one thing at a time.
    if !events.is_empty() {
        return events;
    }
    match &run.course {
        Course::Back { .. } => {
            let events = turned::back(run);
            hosts.note(run, &events);
            events
        }
        Course::Forward => forward(state, run, readings, now, hosts),
    }
}

/// What follows for a run that is over: what it was at and only rules end is stopped with it.
pub(super) fn still_at<'r>(run: &'r Run, now: &'r Now) -> impl Iterator<Item = Event> + 'r {
    let by_rules = |step: &Step| matches!(step.action, Action::Wait { .. } | Action::Notify(_) | Action::Procedure(_));
    let still =
        run.active().filter(move |(_, step, seen)| matches!(seen.state, StepState::Running { .. }) && by_rules(step));
    still.map(|(_, step, seen)| super::super::observe::failed(run, step, seen.attempts, &Failure::Stopped, now))
}

/// When something will follow by time alone.
pub(super) fn due(run: &Run, now: &Now) -> Option<Moment> {
    let going = run.state == RunState::Going;
    let steps = run.active().filter_map(|(_, step, seen)| {
        let again = going && is_on_its_way(run, step);
        let rest = match (&seen.state, &step.action) {
            // What is not begun though its pause is over waits for a guard.
            (StepState::Pausing { since, pause, .. }, _) if again => match left(since, *pause, now) {
                Span::ZERO => Some(LOOK_AGAIN),
                left => Some(left),
            },
            (StepState::Running { since }, Action::Wait { span }) => Some(left(since, *span, now)),
            (StepState::Unknown { .. }, _) if again && step.repeat == Repeat::IsHarmless => Some(LOOK_AGAIN),
            _ => None,
        };
        let expiry = seen.confirmations.iter().map(|c| c.counts_for(now));
        expiry.chain(rest).min()
    });
    let limit = run.procedure.timeout.filter(|_| going && run.overdue.is_none() && run.board.running > 0);
    let end = limit.map(|limit| limit.minus(run.busy(now)));
    let guarded = failover::waits_for_guards(run).then_some(LOOK_AGAIN);
    steps.chain(end).chain(guarded).min().map(|span| now.utc.plus(span))
}

/// What is left of a length of time that began then.
fn left(since: &Now, all: Span, now: &Now) -> Span {
    all.minus(now.surely_since(since))
}

fn over_its_time(run: &Run, now: &Now) -> Option<Span> {
    run.procedure.timeout.filter(|limit| run.overdue.is_none() && run.busy(now) >= *limit)
}

/// Words to the team over the channels that the plan pages it by.
fn page(state: &State, run: &Run, limit: Span) -> Option<Event> {
    let channels = state.plans.get(&run.plan)?.plan.pages.iter().cloned().collect::<std::collections::BTreeSet<_>>();
    let incident = state.incidents.get(&run.incident).filter(|_| !channels.is_empty())?;
    let (sign, name) = (&incident.call_sign, &run.procedure.name);
    Some(Event::UpdateSent {
        incident: incident.id.clone(),
        number: incident.updates.len() + 1,
        text: format!("{sign}: {} ({name}) has taken {limit}, all that it may; it is held and needs a person.", run.id),
        channels,
        of: None,
    })
}

/// A step that is tried again by itself: after its pause, or because it is lost from sight, does no harm twice and no longer lives.
fn again(
    state: &State,
    run: &Run,
    (place, step, seen): (usize, &Step, &StepRun),
    readings: &Readings,
    now: &Now,
) -> Option<Event> {
    if !is_on_its_way(run, step) {
        return None;
    }
    match &seen.state {
        StepState::Pausing { since, pause, .. } if left(since, *pause, now) == Span::ZERO => {
            match failover::acting(state, run, (place, step), readings, now) {
                failover::Acting::Goes => Some(start(run, step, seen)),
                failover::Acting::Waits(_) => None,
                failover::Acting::Refused(refused) => {
                    Some(Event::RunGuarded { run: run.id, step: step.id.clone(), refused })
                }
            }
        }
        StepState::Unknown { .. } if step.repeat == Repeat::IsHarmless => {
            let lives = readings.living.contains(&living_key(run.id, &step.id, seen.attempts));
            let again = Event::StepRetried { run: run.id, step: step.id.clone(), values: Default::default() };
            (!lives).then_some(again)
        }
        _ => None,
    }
}

/// Whether a step belongs to the way that its run goes.
fn is_on_its_way(run: &Run, step: &Step) -> bool {
    Run::is_undoing(step) == matches!(run.course, Course::Back { .. })
}

/// The end of a step that nobody outside has to do anything for.
fn by_itself(state: &State, run: &Run, step: &Step, seen: &StepRun, now: &Now) -> Option<Event> {
    let StepState::Running { since } = &seen.state else { return None };
    let (run_id, id, attempt) = (run.id, step.id.clone(), seen.attempts);
    let good = |evidence| Event::StepSucceeded {
        run: run_id,
        step: id.clone(),
        attempt,
        evidence,
        results: Default::default(),
    };
    match &step.action {
        Action::Wait { span } => {
            (left(since, *span, now) == Span::ZERO).then(|| good(Evidence::Waited { span: *span }))
        }
        Action::Notify(notice) => {
            let of = Try { run: run_id, step: id.clone(), attempt };
            let bad = |why| super::super::observe::failed(run, step, attempt, &why, now);
            let incident = state.incidents.get(&run.incident)?;
            let Some(update) = incident.updates.iter().find(|update| update.of.as_ref() == Some(&of)) else {
                let of_plan = || state.plans.get(&run.plan).map(|l| l.plan.channels.iter().cloned().collect());
                let channels =
                    if notice.channels.is_empty() { of_plan().unwrap_or_default() } else { notice.channels.clone() };
                return Some(match notice.text.fill(&run.values_of(step)) {
                    Err(missing) => bad(Failure::NotStarted { why: missing.to_string() }),
                    Ok(_) if channels.is_empty() => {
                        bad(Failure::NotStarted { why: "the plan names no channels".into() })
                    }
                    Ok(text) => Event::UpdateSent {
                        incident: run.incident.clone(),
                        number: incident.updates.len() + 1,
                        text,
                        channels,
                        of: Some(of),
                    },
                });
            };
            let failed = update.deliveries.iter().find_map(|(channel, delivery)| match delivery {
                Delivery::Failed { why, .. } => Some(format!("{channel}: {why}")),
                _ => None,
            });
            let waits = update.deliveries.values().any(|delivery| matches!(delivery, Delivery::Waiting { .. }));
            match failed {
                _ if waits => None,
                Some(why) => Some(bad(Failure::NoAnswer { why })),
                None => Some(good(Evidence::Delivered { channels: update.deliveries.len() })),
            }
        }
        _ => None,
    }
}

/// Confirmations that no longer count.
fn no_longer_confirmed(
    state: &State,
    run: &Run,
    step: &Step,
    seen: &StepRun,
    readings: &Readings,
    now: &Now,
) -> Vec<Event> {
    let voided = seen.confirmations.iter().filter_map(|c| {
        let why = if c.counts_for(now) == Span::ZERO {
            Voided::Expired
        } else {
            super::super::decide::gate::worsened(state, run, c.max_loss, readings, now)?
        };
        Some(Event::ConfirmationVoided { run: run.id, step: step.id.clone(), by: c.by.clone(), why })
    });
    voided.collect()
}

/// What is begun next on the way to the end, or the end.
fn forward(state: &State, run: &Run, readings: &Readings, now: &Now, hosts: &mut Hosts) -> Vec<Event> {
    if run.board.settled == run.board.of && run.board.mending == 0 && run.board.active.is_empty() {
        return is_over(state, run);
    }
    if let Some((_, step, _)) = run.active().find(|(_, step, seen)| turned::asks_for_it(step, seen)) {
        return vec![Event::RunTurnedBack { run: run.id, why: format!("{} failed", step.id) }];
    }
    if run.is_blocked() {
        return Vec::new();
    }
    let mut slots = Slots::new(run, hosts);
    let mut events = Vec::new();
    for place in run.board.ready_for_people.iter().chain(run.board.ready.iter()) {
        let Some((_, step, seen)) = run.at(*place as usize) else { continue };
        if slots.none_left() && !step.action.is_for_people() {
            break;
        }
        match may_begin(state, run, *place as usize, step) {
            Ok(None) => match failover::acting(state, run, (*place as usize, step), readings, now) {
                failover::Acting::Goes if step.action.is_for_people() || slots.take(run, step) => {
                    events.push(start(run, step, seen));
                }
                failover::Acting::Goes | failover::Acting::Waits(_) => {}
                failover::Acting::Refused(refused) => {
                    events.push(Event::RunGuarded { run: run.id, step: step.id.clone(), refused });
                    break;
                }
            },
            Ok(Some(why)) => events.push(Event::StepNotNeeded { run: run.id, step: step.id.clone(), why }),
            Err(why) => {
                let (run, step, attempt) = (run.id, step.id.clone(), seen.attempts);
                events.push(Event::StepFailed { run, step, attempt, why: Failure::NotStarted { why }, again: None });
                // What that means for the run comes before anything else begins.
                break;
            }
        }
    }
    events
}

/// Whether a step is done at all: why not, if it is not; an error when that cannot be told.
fn may_begin(state: &State, run: &Run, place: usize, step: &Step) -> Result<Option<String>, String> {
    let around = step.origin.under.as_ref().and_then(|id| run.find(id));
    if let Some((_, call, seen)) = around
        && matches!(seen.state, StepState::Skipped { .. } | StepState::NotNeeded { .. })
    {
        return Ok(Some(format!("{} was left out", call.id)));
    }
    if let Some(condition) = &step.when {
        match condition.holds(&OfStep { state, run, step }) {
            Ok(true) => {}
            Ok(false) => return Ok(Some(format!("not so: {condition}"))),
            Err(unclear) => return Err(format!("whether {condition} cannot be told: {unclear}")),
        }
    }
    let emergency = run.move_kind == Some(MoveKind::Emergency);
    if emergency && step.is_left_out_in_emergencies() {
        return Ok(Some("left out in an emergency".to_owned()));
    }
    match step.way_back == Return::None && !behind_an_open_gate(run, place) {
        true => Err("there is no return from it, and no gate before it was opened".into()),
        false => Ok(None),
    }
}

/// A gate on the way that was not needed has asked nobody.
fn behind_an_open_gate(run: &Run, place: usize) -> bool {
    let opened = |(_, _, seen): (_, _, &StepRun)| matches!(seen.state, StepState::Done { how: How::Opened { .. }, .. });
    run.graph.before(place).into_iter().filter_map(|before| run.at(before)).any(opened)
}

/// Whether the engine is at a step, or about to be again.
pub(in crate::core) fn takes_a_lane(run: &Run, seen: &StepRun) -> bool {
    match seen.state {
        StepState::Running { .. } => true,
        StepState::Pausing { .. } => run.is_open(),
        _ => false,
    }
}

/// How many steps are under way on each host, of whatever run.
pub(super) struct Hosts(BTreeMap<String, usize>);

impl Hosts {
    pub(super) fn as_they_are(state: &State) -> Hosts {
        let mut hosts = BTreeMap::new();
        for run in state.runs.values() {
            let at_work = run.active().filter(|(_, _, seen)| takes_a_lane(run, seen));
            for host in at_work.filter_map(|(_, step, _)| run.host_of(step)) {
                *hosts.entry(host).or_insert(0) += 1;
            }
        }
        Hosts(hosts)
    }

    /// What is undone waits for no lane, and takes one.
    fn note(&mut self, run: &Run, events: &[Event]) {
        let begun = |event: &Event| match event {
            Event::StepStarted { step, .. } => run.find(step).and_then(|(_, step, _)| run.host_of(step)),
            _ => None,
        };
        for host in events.iter().filter_map(begun) {
            *self.0.entry(host).or_insert(0) += 1;
        }
    }
}

/// Room for steps side by side, in the run and on each host.
struct Slots<'h> {
    left: usize,
    hosts: &'h mut Hosts,
}

impl Slots<'_> {
    fn new<'h>(run: &Run, hosts: &'h mut Hosts) -> Slots<'h> {
        let taken = run.active().filter(|(_, _, seen)| takes_a_lane(run, seen)).count();
        let all = usize::try_from(run.procedure.lanes.run).unwrap_or(usize::MAX);
        Slots { left: all.saturating_sub(taken), hosts }
    }

    fn none_left(&self) -> bool {
        self.left == 0
    }

    fn take(&mut self, run: &Run, step: &Step) -> bool {
        if self.left == 0 {
            return false;
        }
        if let Some(host) = run.host_of(step) {
            let taken = self.hosts.0.entry(host).or_insert(0);
            if *taken >= usize::try_from(run.procedure.lanes.host).unwrap_or(usize::MAX) {
                return false;
            }
            *taken += 1;
        }
        self.left -= 1;
        true
    }
}

/// A step's next try.
pub(super) fn start(run: &Run, step: &Step, seen: &StepRun) -> Event {
    Event::StepStarted { run: run.id, step: step.id.clone(), attempt: seen.attempts.saturating_add(1) }
}

/// The end of a run whose steps are all settled; a failover without a step without return has moved what serves by then.
fn is_over(state: &State, run: &Run) -> Vec<Event> {
    // What was not needed is neither done nor missing.
    let of = run.board.of.saturating_sub(run.board.not_needed);
    let (skipped, failed) = (run.board.skipped, run.board.failed);
    let whole = skipped == 0 && failed == 0;
    let result = if whole { RunResult::Done } else { RunResult::Partly { skipped, failed, of } };
    failover::moved_at_end(state, run).into_iter().chain([Event::RunEnded { run: run.id, result }]).collect()
}
