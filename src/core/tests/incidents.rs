//! The life of an incident, and the plans that incidents come from.

use std::sync::Arc;

use crate::core::command::{Command, Declared};
use crate::core::event::Event;
use crate::core::fixtures::{World, ada, declare, id, launch, mike, plan, rita, root};
use crate::core::health::{ProbeState, Verdict};
use crate::core::ids::{IncidentId, Principal, RunId};
use crate::core::incident::Phase;
use crate::core::loss::Loss;
use crate::core::observe::StepEnd;
use crate::core::plan::{Look, PlanHash, Return, Severity};
use crate::core::refusal::{Missing, Refusal};
use crate::core::run::Failure;
use crate::core::state::ENDED_KEPT;
use crate::core::time::Span;

fn proposal(id: &IncidentId) -> Command {
    declare(Declared::Proposal(id.clone()))
}

fn dismiss(incident: &IncidentId) -> Command {
    Command::Dismiss { incident: incident.clone(), reason: "a test of the alarm".into() }
}

fn cancel(incident: &IncidentId) -> Command {
    Command::Cancel { incident: incident.clone(), reason: "a false alarm".into() }
}

fn close(incident: &IncidentId, reason: Option<&str>) -> Command {
    Command::Close { incident: incident.clone(), reason: reason.map(Into::into) }
}

fn reopen(incident: &IncidentId) -> Command {
    Command::Reopen { incident: incident.clone(), reason: "it is not over".into() }
}

fn assign(incident: &IncidentId, role: &str, to: Principal) -> Command {
    Command::AssignRole { incident: incident.clone(), role: id(role), to }
}

/// A world whose only incident is in that phase, by its word.
fn in_phase(word: &str) -> (World, IncidentId) {
    let mut world = World::calm();
    world.outage();
    let incident = world.only_incident().id.clone();
    if word == "dismissed" {
        world.ok(rita(), dismiss(&incident));
    } else if word != "proposed" {
        world.ok(rita(), proposal(&incident));
    }
    match word {
        "recovering" => {
            let run = world.start(&incident, "look-around");
            world.ok(ada(), Command::Abort { run, reason: "enough".into() });
        }
        "verifying" | "recovered" => {
            world.all_good("shop");
        }
        "closed" => {
            world.ok(ada(), close(&incident, Some("handed to the provider")));
        }
        "cancelled" => {
            world.ok(ada(), cancel(&incident));
        }
        _ => {}
    }
    if word == "recovered" {
        world.pass(10);
    }
    assert_eq!(world.phase(&incident).word(), word);
    (world, incident)
}

const PHASES: [&str; 8] =
    ["proposed", "dismissed", "declared", "recovering", "verifying", "recovered", "closed", "cancelled"];

#[test]
fn each_phase_allows_what_it_should_and_refuses_the_rest() {
    // One column each: declare, dismiss, cancel, close, close with a reason, reopen. `y` granted, `r` wants a reason.
    let table = [
        ("proposed", "yynnnn"),
        ("dismissed", "nnnnnn"),
        ("declared", "nnyryn"),
        ("recovering", "nnyryn"),
        ("verifying", "nnyryn"),
        ("recovered", "nnyyyn"),
        ("closed", "nnnnny"),
        ("cancelled", "nnnnny"),
    ];
    assert_eq!(table.map(|(word, _)| word), PHASES);
    for (word, row) in table {
        for (column, expected) in row.chars().enumerate() {
            let (mut world, incident) = in_phase(word);
            let command = match column {
                0 => proposal(&incident),
                1 => dismiss(&incident),
                2 => cancel(&incident),
                3 => close(&incident, None),
                4 => close(&incident, Some("enough")),
                _ => reopen(&incident),
            };
            match expected {
                'y' => {
                    world.ok(ada(), command);
                }
                'r' => {
                    let why = world.refused(ada(), command);
                    assert!(matches!(&why, Refusal::NotRecovered { phase, .. } if phase == word), "{word}: {why:?}");
                }
                _ => {
                    let why = world.refused(ada(), command);
                    assert!(matches!(&why, Refusal::IncidentIs { phase, .. } if phase == word), "{word}: {why:?}");
                }
            }
        }
    }
}

#[test]
fn only_a_declared_incident_that_is_not_over_takes_runs_roles_and_updates() {
    for word in PHASES {
        let (world, incident) = in_phase(word);
        let declared = matches!(word, "declared" | "recovering" | "verifying" | "recovered");
        let update =
            Command::SendUpdate { incident: incident.clone(), text: "We know.".into(), channels: Default::default() };
        for command in [launch(&incident, "look-around"), assign(&incident, "scribe", mike()), update] {
            match world.clone().say(ada(), command.clone()) {
                Ok(_) => assert!(declared, "{word} took {command:?}"),
                Err(Refusal::IncidentIs { .. }) => assert!(!declared, "{word} refused {command:?}"),
                Err(why) => panic!("{word}: {why:?}"),
            }
        }
    }
}

#[test]
fn one_incident_is_proposed_however_many_probes_fail_and_later_ones_join_it() {
    let mut world = World::calm();
    world.pass(10);
    let events = world.turns("web-east", Verdict::Down);
    assert!(matches!(events.as_slice(), [Event::ProbeChanged { .. }, Event::IncidentProposed(_)]), "{events:?}");
    let incident = world.only_incident().id.clone();
    assert_eq!(world.incident(&incident).severity, Severity::High);
    for name in ["front", "db-east", "api-west"] {
        world.turns(name, Verdict::Down);
    }
    let known = world.only_incident();
    let causes: Vec<&str> = known.causes.iter().map(|c| c.as_str()).collect();
    assert_eq!(causes, ["api-west", "db-east", "front", "web-east"]);
    assert_eq!(known.severity, Severity::Critical, "a proposal is as grave as what joined it");
}

#[test]
fn what_joins_a_declared_incident_does_not_change_the_severity_that_a_person_gave() {
    let mut world = World::calm();
    world.turns("web-east", Verdict::Down);
    let incident = world.only_incident().id.clone();
    let what = Declared::Proposal(incident.clone());
    world.ok(ada(), Command::Declare { what, severity: Some(Severity::Low), title: Some("  Shop slow ".into()) });
    world.turns("front", Verdict::Down);
    assert_eq!(world.incident(&incident).severity, Severity::Low);
    assert_eq!(world.incident(&incident).title.as_deref(), Some("Shop slow"));
}

#[test]
fn only_grave_trouble_is_proposed_and_one_less_where_another_site_serves() {
    let proposed = [("front", true), ("web-east", true), ("web-west", false), ("api-east", false), ("db-west", true)];
    for (name, expected) in proposed {
        let mut world = World::calm();
        world.turns(name, Verdict::Down);
        assert_eq!(world.state.incidents.len(), usize::from(expected), "{name}");
        world.turns(name, Verdict::Degraded);
    }
    let mut slow = World::calm();
    slow.turns("front", Verdict::Degraded);
    assert!(slow.state.incidents.is_empty(), "slow is no outage");
}

#[test]
fn trouble_that_was_dismissed_is_not_proposed_again_until_it_was_ok() {
    let (mut world, dismissed) = in_phase("dismissed");
    world.turns("front", Verdict::Degraded);
    world.turns("front", Verdict::Down);
    world.restart();
    world.turns("front", Verdict::Down);
    world.pass(3_600);
    assert_eq!(world.only_incident().id, dismissed);
    world.turns("front", Verdict::Ok);
    world.pass(1);
    world.turns("front", Verdict::Down);
    assert_eq!(world.state.incidents.len(), 2);
}

#[test]
fn what_was_only_slow_during_an_incident_is_proposed_when_it_goes_down_after_it() {
    let mut world = World::calm();
    world.turns("db-east", Verdict::Down);
    let first = world.only_incident().id.clone();
    world.ok(ada(), proposal(&first));
    world.turns("web-east", Verdict::Degraded);
    world.ok(ada(), close(&first, Some("the provider mends it")));
    world.pass(1);
    world.turns("web-east", Verdict::Down);
    assert_eq!(world.state.open_incidents().count(), 1);
}

#[test]
fn plans_that_fail_in_one_second_give_incidents_with_names_of_their_own() {
    let mut world = World::empty();
    world.load(plan("shop"));
    world.load(plan("bank"));
    world.turns_in("shop", "front", Verdict::Down);
    world.turns_in("bank", "front", Verdict::Down);
    let names: Vec<_> = world.state.incidents.values().map(|i| (i.id.to_string(), i.call_sign.to_string())).collect();
    assert_eq!(names.len(), 2);
    assert_ne!(names[0].0, names[1].0);
    assert_ne!(names[0].1, names[1].1);
    assert!(names[1].0.ends_with("-2"), "{names:?}");
}

#[test]
fn one_turn_can_propose_for_several_plans() {
    let mut world = World::empty();
    world.load(plan("shop"));
    world.load(plan("bank"));
    for loaded in world.state.plans.values_mut() {
        let since = Some(world.now.clone());
        let down = |seen: &mut ProbeState| (seen.belief.verdict, seen.belief.since) = (Verdict::Down, since);
        Arc::make_mut(loaded).change(&id("front"), down);
    }
    assert_eq!(world.pass(0).len(), 2);
    let mut names: Vec<_> =
        world.state.incidents.values().flat_map(|i| [i.id.to_string(), i.call_sign.to_string()]).collect();
    names.sort();
    names.dedup();
    assert_eq!(names.len(), 4);
}

#[test]
fn incidents_of_one_second_keep_names_of_their_own_when_old_ones_are_forgotten() {
    let mut world = World::calm();
    let plan = || declare(Declared::Plan(id("shop")));
    world.ok(ada(), plan());
    let open = world.only_incident().id.clone();
    let mut seen = vec![open.clone()];
    for _ in 0..ENDED_KEPT + 3 {
        world.ok(ada(), plan());
        let newest = world.state.open_incidents().find(|i| i.id != open).unwrap().id.clone();
        assert!(world.state.incidents.contains_key(&open), "an open incident is never forgotten");
        world.ok(ada(), cancel(&newest));
        seen.push(newest);
    }
    assert_eq!(world.state.incidents.len(), ENDED_KEPT + 1);
    assert_eq!(world.incident(&open).phase, Phase::Declared);
}

#[test]
fn the_incident_that_has_just_ended_is_not_the_one_forgotten() {
    let mut world = World::calm();
    world.ok(ada(), declare(Declared::Plan(id("shop"))));
    let long = world.only_incident().id.clone();
    for _ in 0..ENDED_KEPT {
        world.pass(1);
        world.ok(ada(), declare(Declared::Plan(id("shop"))));
        let newest = world.state.open_incidents().next_back().unwrap().id.clone();
        world.ok(ada(), cancel(&newest));
    }
    world.ok(ada(), close(&long, Some("enough")));
    assert_eq!(world.phase(&long).word(), "closed");
    assert_eq!(world.state.incidents.len(), ENDED_KEPT);
}

#[test]
fn an_incident_began_with_the_last_good_sample_and_was_detected_when_it_was_proposed() {
    let (world, incident) = World::declared();
    let known = world.incident(&incident);
    assert_eq!(world.now.since(&known.began).span.secs(), 10);
    assert_eq!(known.detected, Some(world.now.clone()));
    assert_eq!(known.declared, Some(world.now.clone()));
    assert_eq!(known.roles["incident_commander"], ada());
}

#[test]
fn what_has_long_been_down_and_can_wait_does_not_make_an_outage_begin_days_ago() {
    let mut world = World::calm();
    world.turns("api-east", Verdict::Down);
    world.pass(3 * 86_400);
    world.turns("front", Verdict::Down);
    let known = world.only_incident();
    assert_eq!(world.now.since(&known.began).span.secs(), 10);
    assert!(known.causes.contains("api-east"), "it joins all the same");
}

#[test]
fn who_declares_trouble_of_a_plan_declares_what_was_proposed_for_it() {
    let (mut world, proposed) = in_phase("proposed");
    world.ok(rita(), declare(Declared::Plan(id("shop"))));
    assert_eq!(world.only_incident().id, proposed);
    assert_eq!(*world.phase(&proposed), Phase::Declared);
}

#[test]
fn a_person_can_declare_what_no_probe_saw() {
    let mut world = World::calm();
    world.ok(rita(), declare(Declared::Plan(id("shop"))));
    let known = world.only_incident();
    assert_eq!((known.detected.clone(), known.began.clone()), (None, world.now.clone()));
    assert_eq!(known.severity, Severity::High, "the plan's priority");
    assert!(known.causes.is_empty());
    world.pass(3_600);
    assert_eq!(world.only_incident().phase, Phase::Declared, "nothing was seen to recover");
}

#[test]
fn a_declaration_after_a_dismissal_in_haste_takes_the_trouble_up_again() {
    let (mut world, dismissed) = in_phase("dismissed");
    let began = world.incident(&dismissed).began.clone();
    world.pass(60);
    world.ok(ada(), declare(Declared::Plan(id("shop"))));
    let known = world.state.open_incidents().next().unwrap();
    assert_eq!(known.began, began);
    assert_eq!(known.causes.len(), 4);
}

#[test]
fn an_incident_with_open_runs_is_neither_closed_nor_cancelled() {
    let (mut world, incident, run) = World::failing_over();
    let open = |runs| move |why: &Refusal| matches!(why, Refusal::RunsOpen { runs: r, .. } if *r == runs);
    for command in [close(&incident, Some("enough")), cancel(&incident)] {
        let why = world.refused(ada(), command);
        assert!(open(vec![RunId(1)])(&why), "{why:?}");
    }
    world.walk_to(run, "stop");
    world.ok(ada(), Command::Abort { run, reason: "enough".into() });
    let why = world.refused(ada(), close(&incident, Some("enough")));
    assert!(open(vec![run])(&why), "the aborted run's program still runs");
    world.ends(run, "stop", 1, StepEnd::Bad(Failure::Stopped));
    world.ok(ada(), close(&incident, Some("enough")));
}

#[test]
fn a_reopened_incident_goes_on_where_its_evidence_is() {
    let (mut world, incident) = in_phase("closed");
    world.ok(ada(), reopen(&incident));
    assert_eq!(*world.phase(&incident), Phase::Declared);
    assert_eq!(world.incident(&incident).stopped, None, "the clocks run on");
    let (mut world, incident) = in_phase("recovering");
    world.ok(ada(), close(&incident, Some("enough")));
    world.ok(ada(), reopen(&incident));
    assert_eq!(*world.phase(&incident), Phase::Recovering);
    let (mut world, incident) = in_phase("recovered");
    world.ok(ada(), close(&incident, None));
    world.ok(ada(), reopen(&incident));
    assert_eq!(*world.phase(&incident), Phase::Recovered, "everything that failed is good and has held");
}

#[test]
fn a_plan_is_loaded_once_and_keeps_what_was_seen_of_parts_that_stayed() {
    let mut world = World::calm();
    assert!(world.load(plan("shop")).is_empty(), "the same text again");
    let mut edited = plan("shop");
    edited.components[1].probes[0].look = Look::Tcp { address: "127.0.0.1:2".into() };
    edited.sites.remove(0);
    world.load(edited);
    let loaded = &world.state.plans["shop"];
    assert_eq!(loaded.verdict(&id("front")), Verdict::Ok);
    assert_eq!(loaded.verdict(&id("web-east")), Verdict::Unknown, "nobody has looked there yet");
    assert_eq!(loaded.active, Some(id("west")), "a site that is gone does not serve");
}

#[test]
fn a_plan_that_was_not_read_or_acts_without_a_gate_is_not_loaded() {
    let mut world = World::calm();
    let unread = Command::LoadPlan { text: "?".into(), read: None };
    assert_eq!(world.refused(root(), unread), Refusal::PlanHasFaults);
    let mut reckless = plan("shop");
    reckless.procedures[0].steps[0].way_back = Return::None;
    let read = Some((Arc::new(reckless), PlanHash("x".into())));
    assert_eq!(world.refused(root(), Command::LoadPlan { text: "?".into(), read }), Refusal::PlanHasFaults);
}

#[test]
fn what_is_not_there_is_named_with_what_is() {
    let mut world = World::calm();
    let nobody = id::<IncidentId>("DR-0");
    for command in
        [proposal(&nobody), dismiss(&nobody), cancel(&nobody), reopen(&nobody), assign(&nobody, "scribe", ada())]
    {
        let why = world.refused(ada(), command);
        assert!(matches!(why, Refusal::NotFound { missing: Missing::Incident(_), .. }), "{why:?}");
    }
    let why = world.refused(ada(), declare(Declared::Plan(id("bank"))));
    assert_eq!(why, Refusal::NotFound { missing: Missing::Plan(id("bank")), known: vec!["shop".into()] });
}

#[test]
fn what_was_never_good_is_proposed_too_and_began_with_its_first_bad_look() {
    let mut world = World::empty();
    world.load(plan("shop"));
    world.pass(10);
    world.turns("db-east", Verdict::Down);
    let incident = world.only_incident();
    assert_eq!((&incident.phase, &incident.began), (&Phase::Proposed, &world.now));
}

#[test]
fn an_incident_that_owes_the_way_back_is_closed_after_a_commit_or_with_a_reason() {
    let recovered = || {
        let (mut world, incident, run) = World::failing_over();
        world.loses(Loss::Measured(Span::ZERO));
        world.walk_to(run, "open");
        world.goes_well(run);
        world.all_good("shop");
        world.pass(30);
        assert_eq!(world.phase(&incident).word(), "recovered");
        (world, incident)
    };
    let (mut world, incident) = recovered();
    let why = world.refused(ada(), close(&incident, None));
    assert!(matches!(&why, Refusal::OwesWayBack { to, .. } if to.as_str() == "east"), "{why:?}");
    world.ok(ada(), Command::CommitMove { incident: incident.clone(), reason: "West is home now".into() });
    world.ok(ada(), close(&incident, None));

    let (mut world, incident) = recovered();
    world.ok(ada(), close(&incident, Some("the way back is planned for May")));
}
