//! Guards: each with a twin in which it holds; at launch, at the gate, and at the moment of acting.

use std::collections::BTreeSet;

use crate::core::command::{Command, Options};
use crate::core::event::Event;
use crate::core::failover::{Finding, GLASS_COUNTS, GLASS_WAITS, Guard, MoveKind, Says, Seen};
use crate::core::fixtures::{World, ada, id, launch, mike, plan, rita, root};
use crate::core::health::Verdict;
use crate::core::ids::{IncidentId, RunId};
use crate::core::loss::Loss;
use crate::core::observe::{Connection, Report, StepEnd};
use crate::core::people::{Access, Act};
use crate::core::plan::{Environment, Fence, Freeze, Plan, Policy, Ungraceful};
use crate::core::refusal::Refusal;
use crate::core::run::{RunState, StepState};
use crate::core::time::{Moment, Span};

const HOUR: Span = Span::from_secs(3_600);

fn secs(n: u64) -> Span {
    Span::from_secs(n)
}

/// `shop` with another policy.
fn shop(policy: Policy) -> Plan {
    Plan { failover: policy, ..plan("shop") }
}

/// East is down, West is healthy for a minute, nothing would be lost, ada has declared.
fn ready(policy: Policy) -> (World, IncidentId) {
    let mut world = World::calm();
    world.load(shop(policy));
    world.loses(Loss::Measured(Span::ZERO));
    world.outage();
    let proposed = world.only_incident().id.clone();
    world.ok(ada(), crate::core::fixtures::declare(crate::core::command::Declared::Proposal(proposed.clone())));
    (world, proposed)
}

fn launch_as(incident: &IncidentId, kind: MoveKind) -> Command {
    let Command::StartRun { incident, plan, procedure, values, seen, .. } = launch(incident, "failover-west") else {
        unreachable!()
    };
    let options = Options { move_kind: Some(kind), ..Options::default() };
    Command::StartRun { incident, plan, procedure, values, options, seen }
}

/// Those that refuse a launch.
fn refusing(world: &World, command: Command) -> Vec<Guard> {
    match world.clone().say(ada(), command) {
        Ok(_) => Vec::new(),
        Err(Refusal::Guarded { refused, .. }) => refused.iter().map(|finding| finding.guard).collect(),
        Err(other) => panic!("{other:?}"),
    }
}

/// What a guard found when a run was launched.
fn found(world: &mut World, command: Command, guard: Guard) -> Finding {
    let events = world.ok(ada(), command);
    let guards = events.iter().find_map(|event| match event {
        Event::RunStarted { guards, .. } => Some(guards),
        _ => None,
    });
    guards
        .unwrap()
        .iter()
        .find(|finding| finding.guard == guard)
        .unwrap_or_else(|| panic!("{guard:?} said nothing"))
        .clone()
}

#[test]
fn a_failover_that_every_guard_lets_pass_begins_and_says_what_they_found() {
    let (mut world, incident) = ready(Policy::default());
    let seen = found(&mut world, launch(&incident, "failover-west"), Guard::Source);
    assert_eq!((seen.says, seen.seen), (Says::Pass, Seen::Down { down: 3, all: 3, limit: 2, unseen: 0 }));
}

#[test]
fn a_healthy_source_is_not_failed_over_by_whom_it_may_be() {
    let (world, incident) = ready(Policy::default());
    for (good, manual, emergency) in [
        (&[][..], true, true),
        (&["web-east"][..], true, true),
        (&["web-east", "api-east"][..], false, true),
        (&["web-east", "api-east", "db-east"][..], false, true),
    ] {
        let mut world = world.clone();
        good.iter().for_each(|probe| drop(world.turns(probe, Verdict::Ok)));
        let allowed = |kind| refusing(&world, launch_as(&incident, kind)).is_empty();
        assert_eq!((allowed(MoveKind::Manual), allowed(MoveKind::Emergency)), (manual, emergency), "{good:?}");
        let emergency = found(&mut world.clone(), launch_as(&incident, MoveKind::Emergency), Guard::Source);
        assert_eq!(emergency.says == Says::Warn, good.len() > 1, "an emergency that nobody sees is seen by everybody");
    }
}

#[test]
fn a_planned_failover_wants_a_healthy_source_and_stops_at_the_first_error() {
    let (world, incident) = ready(Policy::default());
    assert_eq!(refusing(&world, launch_as(&incident, MoveKind::Planned)), [Guard::Source]);
    let mut well = world.clone();
    ["web-east", "api-east", "db-east"].iter().for_each(|probe| drop(well.turns(probe, Verdict::Ok)));
    assert_eq!(refusing(&well, launch_as(&incident, MoveKind::Planned)), []);
}

#[test]
fn the_target_has_to_be_healthy_and_to_have_been_for_long_enough() {
    let (world, incident) = ready(Policy { stable_for: secs(30), ..Policy::default() });
    for (probe, says) in [
        (Some(Verdict::Down), Says::Refuse),
        (Some(Verdict::Unknown), Says::Refuse),
        (Some(Verdict::Degraded), Says::Warn),
        (None, Says::Pass),
    ] {
        let mut world = world.clone();
        probe.into_iter().for_each(|verdict| drop(world.turns("db-west", verdict)));
        let refused = refusing(&world, launch(&incident, "failover-west"));
        assert_eq!(refused.contains(&Guard::Target), says == Says::Refuse, "{probe:?}");
        if says != Says::Refuse {
            assert_eq!(found(&mut world, launch(&incident, "failover-west"), Guard::Target).says, says);
        }
    }
    let mut world = world;
    world.turns("db-west", Verdict::Down);
    world.turns("db-west", Verdict::Ok);
    world.pass(29);
    assert_eq!(refusing(&world, launch(&incident, "failover-west")), [Guard::Target], "29 of 30 s");
    world.pass(1);
    assert_eq!(refusing(&world, launch(&incident, "failover-west")), []);
}

#[test]
fn an_engine_that_is_cut_off_fails_nothing_over() {
    let (mut world, incident) = ready(Policy::default());
    world.see(&Report::Connection(Connection::Cut { why: "no anchor answers".into() }));
    let refused = refusing(&world, launch(&incident, "failover-west"));
    assert!(refused.contains(&Guard::Engine) && refused.contains(&Guard::Source), "{refused:?}");
}

#[test]
fn without_a_fence_before_what_is_final_nothing_is_launched() {
    let (mut world, incident) = ready(Policy::default());
    let mut bare = shop(Policy::default());
    bare.procedures[0].steps[2].fence = None;
    world.load(bare.clone());
    assert_eq!(refusing(&world, launch(&incident, "failover-west")), [Guard::Fence]);
    // One that an emergency leaves out is none for it.
    bare.procedures[0].steps[2].fence = Some(Fence::Power);
    bare.procedures[0].steps[2].ungraceful = Some(Ungraceful::LeftOut);
    world.load(bare);
    assert_eq!(refusing(&world, launch(&incident, "failover-west")), []);
    assert_eq!(refusing(&world, launch_as(&incident, MoveKind::Emergency)), [Guard::Fence]);
}

#[test]
fn what_only_makes_it_worse_later_warns_people_and_stops_machines() {
    let frozen =
        Freeze { from: Moment::from_micros(0), until: Moment::from_micros(i64::MAX / 4), reason: "sale".into() };
    let (mut world, incident) = ready(Policy { freezes: vec![frozen], ..Policy::default() });
    assert_eq!(found(&mut world.clone(), launch(&incident, "failover-west"), Guard::Freeze).says, Says::Warn);
    ["web-east", "api-east", "db-east"].iter().for_each(|probe| drop(world.turns(probe, Verdict::Ok)));
    assert_eq!(refusing(&world, launch_as(&incident, MoveKind::Planned)), [Guard::Freeze]);
}

#[test]
fn the_people_whom_the_plan_asks_for_have_to_be_there() {
    let policy = Policy { roles: BTreeSet::from([id("technical_lead")]), ..Policy::default() };
    let (mut world, incident) = ready(policy);
    assert_eq!(refusing(&world, launch(&incident, "failover-west")), [Guard::People]);
    assert_eq!(refusing(&world, launch_as(&incident, MoveKind::Emergency)), []);
    world.ok(ada(), Command::AssignRole { incident: incident.clone(), role: id("technical_lead"), to: mike() });
    assert_eq!(refusing(&world, launch(&incident, "failover-west")), []);
}

/// A failover that has come to its fence.
fn at_fence(policy: Policy) -> (World, IncidentId, RunId) {
    let (mut world, incident) = ready(policy);
    let run = world.start(&incident, "failover-west");
    world.walk_to(run, "ready");
    (world, incident, run)
}

#[test]
fn a_source_that_came_back_is_not_fenced_and_the_run_is_held() {
    let (mut world, _, run) = at_fence(Policy::default());
    ["web-east", "api-east", "db-east"].iter().for_each(|probe| drop(world.turns(probe, Verdict::Ok)));
    let events = world.goes_well(run);
    let guarded = |event: &Event| matches!(event, Event::RunGuarded { step, .. } if step.as_str() == "stop");
    assert!(events.iter().any(guarded), "{events:?}");
    assert!(matches!(world.run(run).state, RunState::Held { .. }));
    assert_eq!(*world.step(run, "stop"), StepState::Pending, "nothing was done");
    assert!(world.pass(60).is_empty(), "said once");
    // Resumed while it is as it was: held again, before anything was done.
    let again = world.ok(ada(), Command::Resume { run });
    assert!(again.iter().any(guarded), "{again:?}");
    // Down once more: it goes on.
    ["web-east", "api-east", "db-east"].iter().for_each(|probe| drop(world.turns(probe, Verdict::Down)));
    world.ok(ada(), Command::Resume { run });
    assert!(matches!(world.step(run, "stop"), StepState::Running { .. }));
}

#[test]
fn what_was_not_looked_at_since_a_restart_is_waited_for_and_not_taken_for_granted() {
    let (mut world, _, run) = at_fence(Policy { agree: 1, ..Policy::default() });
    world.goes_well(run);
    world.goes_well(run);
    let confirm = world.confirm(run, None);
    world.ok(ada(), Command::Hold { run, reason: None });
    world.ok(ada(), Command::Resume { run });
    world.restart();
    let Refusal::ViewChanged = world.refused(ada(), confirm) else { panic!("nobody has looked at West since") };
}

#[test]
fn after_the_fence_the_source_is_what_it_was_made() {
    let (mut world, _, run) = at_fence(Policy::default());
    world.goes_well(run);
    world.goes_well(run);
    assert!(world.state.plans["shop"].fence_of(&id("east")).is_some());
    ["web-east", "api-east", "db-east"].iter().for_each(|probe| drop(world.turns(probe, Verdict::Ok)));
    let source = world.view(run).guards.into_iter().find(|finding| finding.guard == Guard::Source).unwrap();
    assert!(matches!((source.says, source.seen), (Says::Pass, Seen::Fenced { fence: Fence::LoadBalancer, .. })));
    world.walk_to(run, "promote");
    assert!(matches!(world.step(run, "promote"), StepState::Running { .. }));
}

#[test]
fn a_fence_that_a_person_said_is_done_is_a_caution_and_one_that_was_skipped_is_none() {
    for (settled, says) in [("said", Some(Says::Warn)), ("skipped", None)] {
        let (mut world, _, run) = at_fence(Policy::default());
        world.goes_well(run);
        world.ends(run, "stop", 1, StepEnd::Lost("the strip hung up".into()));
        let step = id("stop");
        match settled {
            "said" => world.ok(ada(), Command::SayDone { run, step, note: None }),
            _ => world.ok(ada(), Command::Skip { run, step, reason: "the strip does not answer".into() }),
        };
        let fence = world.view(run).guards.into_iter().find(|finding| finding.guard == Guard::Fence).unwrap();
        assert_eq!(fence.says, says.unwrap_or(Says::Refuse), "{settled}");
        if says.is_none() {
            let confirm = world.confirm(run, None);
            assert!(matches!(world.refused(ada(), confirm), Refusal::Guarded { .. }));
        }
    }
}

#[test]
fn more_loss_than_was_accepted_stops_what_is_final() {
    let (mut world, _, run) = at_fence(Policy { max_lag: Some(secs(5)), ..Policy::default() });
    world.goes_well(run);
    world.goes_well(run);
    world.loses(Loss::AtMost(secs(4)));
    let confirm = world.confirm(run, Some(secs(4)));
    let mut grown = world.clone();
    world.ok(ada(), confirm);
    assert!(matches!(world.step(run, "promote"), StepState::Running { .. }));
    // Held between the yes and the act, and then it is more.
    grown.ok(ada(), Command::Hold { run, reason: None });
    grown.ok(ada(), Command::Resume { run });
    grown.loses(Loss::AtMost(secs(9)));
    let stale = grown.view(run);
    let Command::Confirm { step, target, .. } = grown.confirm(run, None) else { unreachable!() };
    let yes = Command::Confirm { run, step, target, digest: stale.digest, max_loss: Some(secs(4)) };
    assert!(matches!(grown.refused(ada(), yes), Refusal::LossGrew { .. }));
}

#[test]
fn the_glass_is_loud_counted_down_and_can_be_put_back_by_anybody_who_may_hold() {
    let (mut world, incident) = ready(Policy { leadership: vec![id("pager")], ..Policy::default() });
    world.turns("db-west", Verdict::Down);
    let refused = |world: &World| refusing(world, launch(&incident, "failover-west"));
    assert_eq!(refused(&world), [Guard::Target]);
    let glass = |guard| Command::BreakGlass { incident: incident.clone(), guard, reason: "it answers me".into() };
    let needs = Refusal::NotPermitted { act: Act::BreakGlass, needs: vec![Access::BreakGlass] };
    assert_eq!(world.refused(ada(), glass(Guard::Target)), needs, "a permission of its own");
    let mut person = (*world.state.people[&root()]).clone();
    person.access.insert(Access::BreakGlass);
    world.state.people.insert(root(), std::sync::Arc::new(person));
    assert_eq!(world.refused(root(), glass(Guard::OnePrimary)), Refusal::NotOverridable { guard: Guard::OnePrimary });
    let events = world.ok(root(), glass(Guard::Target));
    assert!(matches!(&events[1], Event::UpdateSent { channels, .. } if channels.contains("pager")), "{events:?}");
    assert_eq!(refused(&world), [Guard::Target], "everybody has a minute to say no");
    let mut put_back = world.clone();
    put_back.ok(rita(), Command::PutGlassBack { incident: incident.clone(), guard: Guard::Target });
    put_back.pass(GLASS_WAITS.secs());
    assert_eq!(refused(&put_back), [Guard::Target]);
    world.pass(GLASS_WAITS.secs());
    assert_eq!(refused(&world), []);
    let target = found(&mut world.clone(), launch(&incident, "failover-west"), Guard::Target);
    assert_eq!((target.says, target.overridden), (Says::Warn, Some(root())));
    world.pass(GLASS_COUNTS.secs() + 1);
    assert_eq!(refused(&world), [Guard::Target], "not for ever");
    assert_eq!(world.incident(&incident).glass.len(), 1, "the review finds it");
}

#[test]
fn a_pair_rests_after_a_failover_and_a_person_may_go_on() {
    let (mut world, incident) = ready(Policy { cool_down: HOUR, ..Policy::default() });
    let run = world.start(&incident, "failover-west");
    world.walk_to(run, "open");
    world.goes_well(run);
    assert_eq!(world.state.plans["shop"].active, Some(id("west")));
    let moved = world.state.plans["shop"].last_move(&id("west"), &id("east")).unwrap();
    assert_eq!((moved.from.as_str(), moved.to.as_str()), ("east", "west"));
    let cool = found(&mut world, launch(&incident, "failover-west"), Guard::CoolDown);
    assert_eq!(cool.says, Says::Warn);
}

#[test]
fn the_way_back_is_owed_until_it_is_gone_or_somebody_says_that_it_never_will() {
    let (mut world, incident) =
        ready(Policy { commit_within: Some(HOUR), failback_after: Span::ZERO, ..Policy::default() });
    let mut paged = shop(Policy { commit_within: Some(HOUR), failback_after: Span::ZERO, ..Policy::default() });
    paged.pages = vec![id("pager")];
    world.load(paged);
    let run = world.start(&incident, "failover-west");
    world.walk_to(run, "open");
    world.goes_well(run);
    let owed = world.incident(&incident).owed.clone().unwrap();
    assert_eq!((owed.from.as_str(), owed.to.as_str()), ("east", "west"));
    // Nobody decides: people are called, once.
    let events = world.pass(3_600);
    assert!(events.iter().any(|event| matches!(event, Event::CommitOverdue { .. })), "{events:?}");
    assert!(!world.pass(3_600).iter().any(|event| matches!(event, Event::CommitOverdue { .. })));
    let mut stays = world.clone();
    stays.ok(ada(), Command::CommitMove { incident: incident.clone(), reason: "East is given up".into() });
    assert_eq!(stays.incident(&incident).owed, None);
    let none = Command::CommitMove { incident: incident.clone(), reason: "again".into() };
    assert!(matches!(stays.refused(ada(), none), Refusal::NotSuchAMove { .. }));
    // Gone back: paid.
    world.all_good("shop");
    let back = world.start(&incident, "back-to-east");
    assert_eq!(world.run(back).move_kind, Some(MoveKind::Planned));
    world.walk_to(back, "send");
    world.goes_well(back);
    assert_eq!(world.state.plans["shop"].active, Some(id("east")));
    assert_eq!(world.incident(&incident).owed, None);
}

#[test]
fn a_failover_of_some_components_moves_those_and_no_others() {
    let (mut world, incident) = ready(Policy::default());
    let Command::StartRun { incident, plan, procedure, values, seen, .. } = launch(&incident, "failover-west") else {
        unreachable!()
    };
    let options = Options { components: BTreeSet::from([id("db")]), ..Options::default() };
    let command = Command::StartRun { incident, plan, procedure, values, options, seen };
    assert_eq!(refusing(&world, command.clone()), [Guard::Source], "one look at the database is not two");
    world.load(shop(Policy { agree: 1, ..Policy::default() }));
    world.ok(ada(), command);
    let run = RunId(world.state.runs_so_far);
    world.walk_to(run, "open");
    let shop = &world.state.plans["shop"];
    assert_eq!((shop.active.clone(), shop.active_of(&id("db"))), (Some(id("east")), Some(&id("west"))));
    assert_eq!(shop.active_of(&id("web")), Some(&id("east")));
}

#[test]
fn a_manual_failover_turns_into_an_emergency_and_its_steps_take_their_other_form() {
    let (mut world, incident) = ready(Policy::default());
    let mut with_form = shop(Policy::default());
    with_form.procedures[0].steps[1].ungraceful = Some(Ungraceful::LeftOut);
    world.load(with_form);
    let run = world.start(&incident, "failover-west");
    world.walk_to(run, "ready");
    world.goes_wrong(run);
    assert!(matches!(world.step(run, "ready"), StepState::Failed { .. }));
    let turn = |reason: &str| Command::TurnEmergency { run, reason: reason.into() };
    assert!(matches!(world.refused(ada(), turn(" ")), Refusal::Text { .. }));
    world.ok(ada(), turn("East burns"));
    assert_eq!(world.run(run).move_kind, Some(MoveKind::Emergency));
    assert!(matches!(world.step(run, "ready"), StepState::NotNeeded { .. }));
    assert!(matches!(world.step(run, "stop"), StepState::Running { .. }), "and the run goes on");
    assert!(matches!(world.refused(ada(), turn("again")), Refusal::NotSuchAMove { .. }));
}

/// A planned failover, with East healthy, that has come to its fence; what fences it is of that kind.
fn planned(fence: Fence) -> (World, RunId) {
    let mut world = World::calm();
    let mut shop = shop(Policy::default());
    let stop = shop.procedures[0].steps.iter_mut().find(|step| step.fence.is_some()).unwrap();
    stop.fence = Some(fence);
    let customers = stop.clone();
    let again = crate::core::plan::Step { id: id("again"), ..customers };
    let place = shop.procedures[0].steps.iter().position(|step| step.fence.is_some()).unwrap();
    shop.procedures[0].steps.insert(place + 1, again);
    world.load(shop);
    world.loses(Loss::Measured(Span::ZERO));
    world.outage();
    let incident = world.only_incident().id.clone();
    world.ok(ada(), crate::core::fixtures::declare(crate::core::command::Declared::Proposal(incident.clone())));
    ["web-east", "api-east", "db-east"].iter().for_each(|probe| drop(world.turns(probe, Verdict::Ok)));
    world.ok(ada(), launch_as(&incident, MoveKind::Planned));
    let run = RunId(world.state.runs_so_far);
    world.walk_to(run, "ready");
    world.loses(Loss::Measured(Span::ZERO));
    world.goes_well(run);
    assert!(matches!(world.step(run, "stop"), StepState::Running { .. }));
    (world, run)
}

#[test]
fn what_still_answers_behind_its_fence_has_to_show_that_all_of_it_arrived() {
    let (mut world, run) = planned(Fence::LoadBalancer);
    world.pass(5);
    world.goes_well(run);
    assert_eq!(*world.step(run, "again"), StepState::Pending, "what was read before the fence shows nothing");
    assert_eq!(world.run(run).state, RunState::Going, "it is waited for");
    world.loses(Loss::Measured(secs(2)));
    world.pass(1);
    assert_eq!(*world.step(run, "again"), StepState::Pending, "two seconds of it are on their way");
    world.loses(Loss::Measured(Span::ZERO));
    world.pass(1);
    assert!(matches!(world.step(run, "again"), StepState::Running { .. }));
    world.goes_well(run);
    // What people accept at its gate is not given away.
    world.loses(Loss::Measured(secs(2)));
    let yes = world.confirm(run, Some(secs(5)));
    world.ok(ada(), yes);
    assert_eq!((world.step(run, "promote"), &world.run(run).state), (&StepState::Pending, &RunState::Going));
    world.loses(Loss::Measured(Span::ZERO));
    world.pass(1);
    assert!(matches!(world.step(run, "promote"), StepState::Running { .. }));
}

#[test]
fn what_was_stopped_is_not_waited_for() {
    let (mut world, run) = planned(Fence::Server);
    world.pass(5);
    world.goes_well(run);
    assert!(matches!(world.step(run, "again"), StepState::Running { .. }));
}

#[test]
fn what_is_real_is_judged_no_more_mildly_than_a_drill() {
    let judged = |environment: Environment, kind: MoveKind, broken: bool| {
        let mut world = World::calm();
        world.load(Plan { environment, ..shop(Policy::default()) });
        world.loses(if broken { Loss::Unknown } else { Loss::Measured(Span::ZERO) });
        if !broken {
            world.outage();
        }
        let declare = crate::core::fixtures::declare(crate::core::command::Declared::Plan(id("shop")));
        world.ok(ada(), declare);
        let incident = world.only_incident().id.clone();
        refusing(&world, launch_as(&incident, kind))
    };
    for kind in [MoveKind::Planned, MoveKind::Manual, MoveKind::Emergency] {
        for broken in [false, true] {
            let drill = judged(Environment::Practice, kind, broken);
            for real in [Environment::Staging, Environment::Production] {
                assert_eq!(judged(real, kind, broken), drill, "{kind:?}, {real}");
            }
        }
    }
}
