//! Two runs never work on the same components, and one procedure at a time moves traffic.

use std::collections::BTreeSet;

use super::workshop::*;
use crate::core::command::{Command, Declared, Options};
use crate::core::fixtures::{World, ada, declare, id, mike, plan, root};
use crate::core::ids::{ComponentId, IncidentId, RunId};
use crate::core::observe::StepEnd;
use crate::core::param::ParamKind;
use crate::core::plan::{Each, List, Order, Parameter, Plan, Procedure, ProcedureKind, Step, Which};
use crate::core::refusal::Refusal;
use crate::core::run::Failure;

/// A recovery that works on these components and waits for a person.
fn works_on(name: &str, components: &[&str]) -> Procedure {
    let components = components.iter().map(|c| id(c)).collect();
    Procedure { components, ..recovery(name, vec![step("act")]) }
}

fn of_kind(name: &str, kind: ProcedureKind) -> Procedure {
    Procedure { kind, ..works_on(name, &[]) }
}

fn each_component(which: Which) -> Step {
    Step {
        each: Some(Each { name: "component".into(), list: List::Components { which, order: Order::Priority } }),
        ..step("act")
    }
}

/// A world with these procedures, an incident of the front door, and a second one of the same plan.
fn two_incidents(procedures: Vec<Procedure>) -> (World, [IncidentId; 2]) {
    let (mut world, first) = incident_of(shop(procedures));
    world.pass(60);
    world.ok(mike(), declare(Declared::Plan(id("shop"))));
    let second = world.state.incidents.keys().find(|known| **known != first).unwrap().clone();
    (world, [first, second])
}

fn start(incident: &IncidentId, procedure: &str) -> Command {
    launch(incident, procedure, Options::default(), &[])
}

fn on(world: &World, run: u64) -> Vec<String> {
    world.run(RunId(run)).components.iter().map(ToString::to_string).collect()
}

#[test]
fn two_runs_never_work_on_the_same_component_across_incidents_and_the_refusal_names_who_leads() {
    let procedures =
        vec![works_on("one", &["db", "api"]), works_on("two", &["api", "web"]), works_on("three", &["web"])];
    let (mut world, [first, second]) = two_incidents(procedures);
    world.ok(ada(), start(&first, "one"));
    let call_sign = world.incident(&first).call_sign.clone();
    let locked = |by: &str| Refusal::ComponentsLocked {
        components: vec![id("api")],
        run: RunId(1),
        call_sign: call_sign.clone(),
        by: by.into(),
    };
    assert_eq!(world.refused(mike(), start(&second, "two")), locked("ada"));
    let role = id("incident_commander");
    world.ok(root(), Command::AssignRole { incident: first.clone(), role, to: mike() });
    assert_eq!(world.refused(ada(), start(&second, "two")), locked("mike"), "who leads now");
    world.ok(mike(), start(&second, "three"));
    world.ends(RunId(1), "act", 1, good());
    assert!(matches!(world.refused(ada(), start(&first, "two")), Refusal::ComponentsLocked { run: RunId(2), .. }));
    world.ends(RunId(2), "act", 1, good());
    world.ok(ada(), start(&first, "two"));
}

#[test]
fn a_run_works_on_what_its_procedure_its_lists_and_its_parameters_name() {
    let kind = |kind| Parameter { kind, ..parameter("which", "web") };
    let lists = |which| recovery("lists", vec![each_component(which)]);
    let named = Procedure { parameters: vec![kind(ParamKind::Component)], ..works_on("named", &["db"]) };
    let free = Procedure { parameters: vec![kind(ParamKind::Text)], ..works_on("free", &[]) };
    let looks = Procedure { kind: ProcedureKind::Assessment, ..works_on("looks", &["db"]) };
    let some = Procedure { components: vec![id("front")], ..of_kind("some", ProcedureKind::Failback) };
    let called = recovery("called", vec![call("sub", "named")]);
    let table: [(Vec<Procedure>, &[&str]); 8] = [
        (vec![works_on("plain", &["db"])], &["db"]),
        (vec![lists(Which::All)], &["api", "db", "front", "web"]),
        (vec![lists(Which::These(vec![id("db")]))], &["db"]),
        (vec![named.clone()], &["db", "web"]),
        (vec![free], &[]),
        (vec![looks], &[]),
        (vec![some], &["front"]),
        (vec![called, named], &["db", "web"]),
    ];
    for (procedures, expected) in table {
        let name = procedures[0].id.to_string();
        let (mut world, incident) = incident_of(shop(procedures));
        world.ok(ada(), start(&incident, &name));
        assert_eq!(on(&world, 1), expected, "{name}");
    }
    let (mut world, incident) = incident_of(shop(vec![of_kind("over", ProcedureKind::Failover)]));
    world.ok(ada(), start(&incident, "over"));
    assert_eq!(on(&world, 1), ["api", "db", "front", "web"], "what moves traffic works on all");
}

#[test]
fn a_launch_for_some_components_works_on_those() {
    let (mut world, incident) = incident_of(shop(vec![recovery("lists", vec![each_component(Which::All)])]));
    let only = |names: &[&str]| Options { components: names.iter().map(|c| id(c)).collect(), ..Options::default() };
    world.ok(ada(), launch(&incident, "lists", only(&["db", "api"]), &[]));
    world.ok(ada(), launch(&incident, "lists", only(&["web"]), &[]));
    assert_eq!((on(&world, 1), on(&world, 2)), (vec!["api".into(), "db".into()], vec!["web".into()]));
    let why = world.refused(ada(), launch(&incident, "lists", only(&["web", "front"]), &[]));
    let web: Vec<ComponentId> = vec![id("web")];
    assert!(matches!(why, Refusal::ComponentsLocked { components, .. } if components == web));
}

#[test]
fn an_aborted_run_keeps_its_components_until_what_it_was_at_has_ended() {
    let (mut world, [first, second]) = two_incidents(vec![works_on("one", &["db"]), works_on("two", &["db"])]);
    world.ok(ada(), start(&first, "one"));
    world.ok(ada(), abort(RunId(1)));
    assert!(matches!(world.refused(ada(), start(&second, "two")), Refusal::ComponentsLocked { .. }));
    world.ends(RunId(1), "act", 1, StepEnd::Bad(Failure::Stopped));
    world.ok(ada(), start(&second, "two"));
    let why = world.refused(ada(), Command::Resume { run: RunId(1) });
    assert!(matches!(why, Refusal::ComponentsLocked { run: RunId(2), .. }), "{why:?}");
    world.ends(RunId(2), "act", 1, good());
    world.ok(ada(), Command::Resume { run: RunId(1) });
}

#[test]
fn components_of_another_plan_are_others() {
    let procedures = || vec![works_on("one", &["db"])];
    let (mut world, first) = incident_of(shop(procedures()));
    world.load(Plan { procedures: procedures(), ..plan("bank") });
    world.pass(60);
    world.ok(mike(), declare(Declared::Plan(id("bank"))));
    let second = world.state.incidents.keys().find(|known| **known != first).unwrap().clone();
    world.ok(ada(), start(&first, "one"));
    let Command::StartRun { incident, procedure, values, options, seen, .. } = start(&second, "one") else {
        unreachable!()
    };
    world.ok(ada(), Command::StartRun { incident, plan: id("bank"), procedure, values, options, seen });
    assert_eq!((on(&world, 1), on(&world, 2)), (vec!["db".to_owned()], vec!["db".to_owned()]));
}

#[test]
fn one_procedure_moves_traffic_at_a_time_and_so_does_one_that_is_taken_up_again() {
    let over = |name: &str, component: &str| Procedure {
        components: vec![id(component)],
        ..of_kind(name, ProcedureKind::Failover)
    };
    let (mut world, incident) = incident_of(shop(vec![over("one", "db"), over("two", "web")]));
    world.ok(ada(), start(&incident, "one"));
    let moving = |run| Refusal::AlreadyMoving { run: RunId(run), by: "ada".into() };
    assert_eq!(world.refused(mike(), start(&incident, "two")), moving(1));
    world.ok(ada(), abort(RunId(1)));
    world.ends(RunId(1), "act", 1, StepEnd::Bad(Failure::Stopped));
    world.ok(ada(), start(&incident, "two"));
    assert_eq!(world.refused(ada(), Command::Resume { run: RunId(1) }), moving(2));
}

#[test]
fn a_procedure_that_moves_traffic_does_so_when_it_is_called_too() {
    let over = of_kind("over", ProcedureKind::Failover);
    let calls = recovery("calls", vec![call("sub", "over")]);
    let (mut world, incident) = incident_of(shop(vec![over, calls]));
    world.ok(ada(), start(&incident, "calls"));
    let all: BTreeSet<&str> = ["api", "db", "front", "web"].into();
    assert_eq!(on(&world, 1).iter().map(String::as_str).collect::<BTreeSet<_>>(), all);
}

#[test]
fn what_no_runbook_has_works_on_nothing_that_is_known() {
    let (mut world, incident) = incident_of(shop(vec![works_on("one", &["db"])]));
    world.ok(ada(), start(&incident, "one"));
    let improvise = |argv: &[&str], host: Option<&str>| Command::Improvise {
        incident: incident.clone(),
        host: host.map(Into::into),
        argv: argv.iter().map(|word| (*word).to_owned()).collect(),
    };
    world.ok(ada(), improvise(&["df", "-h", "${HOME}"], Some("db-1")));
    let run = world.run(RunId(2));
    assert_eq!(run.host_of(&run.procedure.steps[0]).as_deref(), Some("db-1"));
    let crate::core::plan::Action::Command { argv } = &run.procedure.steps[0].action else { panic!() };
    assert_eq!(argv[2].fill(&Default::default()).unwrap(), "${HOME}", "nothing in it is a name of ours");
    world.ends(RunId(2), "command", 1, good());
    for (argv, host) in
        [(vec![], None), (vec![""], None), (vec!["df"], Some("-oProxyCommand=x")), (vec!["x"; 257], None)]
    {
        let why = world.refused(ada(), improvise(&argv, host));
        assert!(matches!(why, Refusal::BadProgram { .. }), "{why:?}");
    }
    let why = world.refused(ada(), improvise(&["a\u{1b}[2J"], None));
    assert!(matches!(why, Refusal::Text { .. }), "{why:?}");
}
