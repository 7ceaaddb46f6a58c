//! Random histories of commands, sensible and not, of reports, time and restarts: what has to hold in all of them.

use std::collections::BTreeSet;

use proptest::prelude::*;
use proptest::sample::select;

use super::watch::Watch;
use crate::core::command::{Command, Declared};
use crate::core::comms::Attempt;
use crate::core::fixtures::{PROBES, World, ada, declare, id, launch, mike, olga, plan, rita, root, step_report};
use crate::core::follow::{follow, next_due};
use crate::core::health::{Verdict, living_key};
use crate::core::ids::{IncidentId, Principal, RunId, StepId};
use crate::core::loss::Loss;
use crate::core::observe::{Report, StepEnd};
use crate::core::plan::{Action, Plan};
use crate::core::run::{Evidence, Failure, StepState};
use crate::core::time::{Moment, Span};

/// Something that somebody or something does.
#[derive(Debug, Clone, Copy)]
enum Deed {
    Declare,
    DeclarePlan,
    Dismiss,
    Cancel,
    Close,
    Reopen,
    Assign,
    Note,
    Update,
    Launch,
    SayDone,
    Retry,
    Skip,
    Confirm,
    ConfirmStale,
    Withdraw,
    Decline,
    Hold,
    Resume,
    Abort,
    /// What the step whose turn it is needs to go on.
    GoOn,
    Load,
    Probe,
    StepEnds,
    StaleStepEnds,
    Delivered,
    Lives,
    Loses,
    SetClock,
    Pass,
    Restart,
    Reboot,
}

/// A deed, who does it, to which of the things that there are, and how.
#[derive(Debug, Clone, Copy)]
struct Move {
    deed: Deed,
    who: usize,
    which: usize,
    how: usize,
}

fn moves() -> impl Strategy<Value = Vec<Move>> {
    use Deed::*;
    let once = [
        Dismiss,
        Cancel,
        Close,
        Reopen,
        Note,
        Update,
        SayDone,
        Retry,
        Skip,
        ConfirmStale,
        Withdraw,
        Decline,
        Hold,
        Abort,
        Load,
        StaleStepEnds,
        Delivered,
        Lives,
        SetClock,
        Restart,
        Reboot,
        DeclarePlan,
    ];
    let often = [Declare, Assign, Launch, Confirm, Resume, Probe, StepEnds, Loses, Pass, Probe];
    let deeds =
        [&once[..], &once[..], &often[..], &often[..], &often[..], &[GoOn; 32], &[Update, Delivered, Reopen]].concat();
    let one = (select(deeds), 0..16_usize, 0..64_usize, 0..64_usize);
    prop::collection::vec(one.prop_map(|(deed, who, which, how)| Move { deed, who, which, how }), 1..150)
}

fn pick<T: Clone>(from: &[T], n: usize) -> Option<T> {
    from.get(n % from.len().max(1)).cloned()
}

fn who(n: usize) -> Principal {
    let people = [ada(), mike(), root(), rita(), ada(), mike(), root(), olga(), Principal::Uid(99), Principal::Engine];
    pick(&people, n).unwrap()
}

/// Mostly an open incident; sometimes any, sometimes none.
fn incident(world: &World, n: usize) -> IncidentId {
    let open: Vec<IncidentId> = world.state.open_incidents().map(|i| i.id.clone()).collect();
    let any: Vec<IncidentId> = world.state.incidents.keys().cloned().collect();
    let found = if n.is_multiple_of(4) { pick(&any, n / 4) } else { pick(&open, n / 4) };
    found.unwrap_or_else(|| id("DR-0"))
}

/// Mostly an open run; sometimes any, sometimes none.
fn run(world: &World, n: usize) -> RunId {
    let open: Vec<RunId> = world.state.runs.values().filter(|r| r.is_open()).map(|r| r.id).collect();
    let any: Vec<RunId> = world.state.runs.keys().copied().collect();
    let found = if n.is_multiple_of(4) { pick(&any, n / 4) } else { pick(&open, n / 4) };
    found.unwrap_or(RunId(99))
}

/// Mostly the step whose turn it is.
fn step(world: &World, run: RunId, n: usize) -> StepId {
    let Some(run) = world.state.runs.get(&run) else { return id("nowhere") };
    let current = run.current().map(|(_, step, _)| step.id.clone());
    let any: Vec<StepId> = run.steps.iter().map(|s| s.id.clone()).collect();
    current.filter(|_| !n.is_multiple_of(4)).or_else(|| pick(&any, n / 4)).unwrap_or_else(|| id("nowhere"))
}

/// A plan: the one of the fixtures, another of another name, or one with its procedures and its front door changed.
fn some_plan(n: usize) -> Plan {
    match n % 4 {
        0 | 1 => plan("shop"),
        2 => plan("bank"),
        _ => {
            let mut edited = plan("shop");
            edited.components[0].probes.clear();
            edited.procedures.rotate_left(1);
            edited.procedures.iter_mut().filter(|p| p.steps.len() < 4).for_each(|p| p.steps.rotate_right(1));
            edited
        }
    }
}

fn end(n: usize) -> StepEnd {
    match n % 8 {
        0..5 => StepEnd::good(Evidence::ExitedWell),
        5 => StepEnd::Bad(Failure::TimedOut { after: Span::from_secs(20) }),
        6 => StepEnd::Bad(Failure::Stopped),
        _ => StepEnd::Lost("killed".into()),
    }
}

/// The command of a deed that is one.
fn command(world: &World, Move { deed, which, how, .. }: Move) -> Option<Command> {
    let incident = || incident(world, which);
    let run = run(world, which);
    let step = step(world, run, how);
    // Now and then nothing is said where something has to be.
    let reason = if how.is_multiple_of(8) { String::new() } else { "because".to_owned() };
    let waits = world.state.runs.get(&run).is_some_and(|r| r.gate().is_some());
    Some(match deed {
        Deed::Declare => declare(Declared::Proposal(incident())),
        Deed::DeclarePlan => declare(Declared::Plan(id(if how % 3 == 0 { "bank" } else { "shop" }))),
        Deed::Dismiss => Command::Dismiss { incident: incident(), reason },
        Deed::Cancel => Command::Cancel { incident: incident(), reason },
        Deed::Close => Command::Close { incident: incident(), reason: Some(reason).filter(|r| !r.is_empty()) },
        // What can be reopened is not open.
        Deed::Reopen => Command::Reopen { incident: self::incident(world, which * 4), reason },
        Deed::Assign => {
            let role = pick(&["incident_commander", "technical_lead", "scribe", "pope"], how)?;
            Command::AssignRole { incident: incident(), role: id(role), to: who(how / 4) }
        }
        Deed::Note => Command::Note { incident: Some(incident()).filter(|_| how % 2 == 0), text: reason },
        Deed::Update => {
            let channels: BTreeSet<_> = if how % 3 == 0 { BTreeSet::new() } else { [id("pager")].into() };
            Command::SendUpdate { incident: incident(), text: reason, channels }
        }
        Deed::Launch => {
            let procedures = ["failover-west", "two-people", "back-to-east", "somebody-else", "look-around", "dance"];
            launch(&incident(), pick(&procedures, how)?)
        }
        Deed::SayDone => Command::SayDone { run, step, note: None },
        Deed::Retry => Command::Retry { run, step, values: Default::default() },
        Deed::Skip => Command::Skip { run, step, reason },
        Deed::Confirm if waits => world.confirm(run, Some(Span::from_secs(how as u64 % 6))),
        Deed::Confirm | Deed::ConfirmStale => {
            Command::Confirm { run, step, target: "west".into(), digest: "stale".into(), max_loss: None }
        }
        Deed::Withdraw => Command::Withdraw { run, step },
        Deed::Decline => Command::Decline { run, step, reason },
        Deed::Hold => Command::Hold { run, reason: Some(reason) },
        Deed::Resume => Command::Resume { run },
        Deed::Abort => Command::Abort { run, reason },
        _ => return None,
    })
}

/// What the step whose turn it is needs to go on, where it needs something.
fn go_on(world: &mut World, Move { who: n, which, how, .. }: Move) {
    let id = run(world, which);
    let Some((_, step, seen)) = world.state.runs.get(&id).and_then(|r| r.current()) else { return };
    let (step, attempt, state) = (step.clone(), seen.attempts, seen.state.clone());
    // Whether it is granted is for the rules to say.
    match (&step.action, state) {
        (_, StepState::Running { .. }) => drop(world.see(&step_report(id, &step.id, attempt, end(how)))),
        (Action::Gate(_), StepState::Waiting { .. }) if world.run(id).gate().is_some() => {
            let command = world.confirm(id, None);
            drop(world.say(who(n), command));
        }
        (_, StepState::Waiting { .. }) => {
            drop(world.say(who(n), Command::SayDone { run: id, step: step.id, note: None }));
        }
        (_, StepState::Failed { .. } | StepState::Unknown { .. } | StepState::Declined { .. }) => {
            drop(world.say(who(n), Command::Retry { run: id, step: step.id, values: Default::default() }));
        }
        _ => {}
    }
}

fn perform(world: &mut World, this: Move) {
    if let Some(command) = command(world, this) {
        drop(world.say(who(this.who), command));
        return;
    }
    let Move { deed, which, how, .. } = this;
    match deed {
        Deed::GoOn => go_on(world, this),
        Deed::Load => {
            let command = Command::LoadPlan { text: "?".into(), read: None };
            drop(world.say(root(), command));
            world.load(some_plan(how));
        }
        Deed::Probe => {
            let plan = if how % 8 == 0 { "bank" } else { "shop" };
            let to = pick(&[Verdict::Ok, Verdict::Down, Verdict::Ok, Verdict::Slow], how / 8).unwrap();
            let probe = if which % 2 == 0 { PROBES[0] } else { PROBES[which / 2 % PROBES.len()] };
            world.turns_in(plan, probe, to);
        }
        Deed::StepEnds | Deed::StaleStepEnds => {
            let run = run(world, which);
            let step = step(world, run, how);
            let known = world.state.runs.get(&run).and_then(|r| r.find(&step)).map_or(0, |(_, _, s)| s.attempts);
            let attempt = if matches!(deed, Deed::StepEnds) { known } else { how as u32 % 5 };
            world.see(&step_report(run, &step, attempt, end(how / 4)));
        }
        Deed::Delivered => {
            let attempt = match how % 3 {
                0 => Attempt::Took { answer: "202".into() },
                1 => Attempt::NotNow { why: "503".into() },
                _ => Attempt::Never { why: "404".into() },
            };
            let incident = incident(world, which);
            world.see(&Report::Delivery { incident, number: how % 8 / 3, channel: id("pager"), attempt });
        }
        Deed::Lives => {
            let run = run(world, which);
            world.readings.living.clear();
            if how % 2 == 0 {
                world.readings.living.insert(living_key(run, &step(world, run, how), how as u32 % 3));
            }
        }
        Deed::Loses => {
            let span = Span::from_secs(which as u64 % 7);
            world.loses(pick(&[Loss::Measured(span), Loss::AtMost(span), Loss::Unknown], how).unwrap());
        }
        Deed::SetClock => {
            let micros = world.now.utc.micros() + (how as i64 - 32) * 60_000_000;
            world.now.utc = Moment::from_micros(micros);
        }
        Deed::Pass => drop(world.pass(pick(&[1, 5, 10, 60, 600, 0], how).unwrap())),
        Deed::Restart => drop(world.restart()),
        Deed::Reboot => drop(world.reboot(&format!("boot-{}", world.head))),
        _ => unreachable!("{deed:?} is a command"),
    }
}

/// After each turn: nothing more follows, and nothing is due that has been.
fn is_at_rest(world: &mut World) {
    world.pass(0);
    let more = follow(&world.state, &world.readings, &world.now);
    assert!(more.is_empty(), "more follows: {more:?}");
    if let Some(due) = next_due(&world.state, &world.now) {
        assert!(due > world.now.utc, "the engine would wake at once, again and again");
    }
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 160, ..ProptestConfig::default() })]

    #[test]
    fn in_every_history_the_rules_hold_and_the_journal_gives_the_state(moves in moves(), middle in 0..60_usize) {
        let mut world = World::calm();
        let mut watch = Watch::default();
        let mut snapshot = None;
        let mut told = 0;
        for (place, this) in moves.into_iter().enumerate() {
            perform(&mut world, this);
            is_at_rest(&mut world);
            for entry in &world.journal[told..] {
                watch.take(entry);
            }
            told = world.journal.len();
            watch.agrees_with(&world.state);
            if place == middle {
                snapshot = Some((serde_json::to_string(&world.state).unwrap(), told));
            }
        }
        if let Some((body, from)) = snapshot {
            watch.resumed(&body, &world.journal[from..]);
        }
        prop_assert_eq!(world.head, world.journal.len() as u64);
        let seqs = world.journal.iter().map(|e| e.seq);
        prop_assert!(seqs.eq(1..=world.head), "entries are numbered without a gap");
    }
}

/// The moves do not only meet refusals: taken together they reach what the properties are about.
#[test]
fn random_histories_reach_gates_retries_and_recoveries() {
    use proptest::strategy::ValueTree;
    use proptest::test_runner::TestRunner;
    let mut runner = TestRunner::deterministic();
    let mut kinds: BTreeSet<String> = BTreeSet::new();
    for _ in 0..100 {
        let mut world = World::calm();
        for this in moves().new_tree(&mut runner).unwrap().current() {
            perform(&mut world, this);
            is_at_rest(&mut world);
        }
        for entry in &world.journal {
            let body = serde_json::to_value(&entry.event).unwrap();
            kinds.insert(body["kind"].as_str().unwrap().to_owned());
        }
    }
    for kind in [
        "gate_opened",
        "gate_declined",
        "confirmation_voided",
        "step_retried",
        "step_lost",
        "step_failed",
        "run_ended",
        "site_activated",
        "incident_recovered",
        "incident_relapsed",
        "incident_reopened",
        "delivery_tried",
    ] {
        assert!(kinds.contains(kind), "no history reached {kind}: {kinds:?}");
    }
}
