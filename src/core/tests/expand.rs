//! How a procedure is laid out: names of steps, the order of components, and what cannot be laid out.

use std::collections::BTreeSet;

use super::workshop::*;
use crate::core::command::Options;
use crate::core::expand::{CannotLayOut, Given, LaidOut, MOST_NEEDS, MOST_STEPS, affected, lay_out};
use crate::core::fixtures::{World, ada, id, plan};
use crate::core::health::Verdict;
use crate::core::ids::{ComponentId, MAX_ID};
use crate::core::param::ParamKind;
use crate::core::plan::{
    Action, Call, Component, Each, List, OnFailure, Order, Parameter, Plan, Procedure, Purpose, Severity, Step, Which,
};
use crate::core::refusal::Refusal;
use crate::core::state::Loaded;

/// A plan as it is loaded, with nothing looked at.
fn loaded(plan: Plan) -> Loaded {
    let mut world = World::empty();
    let id = plan.id.clone();
    world.load(plan);
    Loaded::clone(&world.state.plans[&id])
}

fn laid(procedures: Vec<Procedure>) -> Result<LaidOut, CannotLayOut> {
    let known = loaded(shop(procedures));
    lay_out(&known, &known.plan.procedures[0], &Given::default(), &Options::default())
}

fn one(steps: Vec<Step>) -> Result<LaidOut, CannotLayOut> {
    laid(vec![recovery("recover", steps)])
}

/// Every step with those that it waits for: `a, b < a`.
fn rows(laid: &LaidOut) -> String {
    let steps = &laid.procedure.steps;
    let row = |(place, step): (usize, &Step)| {
        let needs: Vec<&str> = laid.graph.needs(place).iter().map(|n| steps[*n as usize].id.as_str()).collect();
        if needs.is_empty() { step.id.to_string() } else { format!("{} < {}", step.id, needs.join(" ")) }
    };
    steps.iter().enumerate().map(row).collect::<Vec<_>>().join(", ")
}

#[test]
fn steps_are_named_after_the_calls_and_passes_around_them() {
    let inner = recovery("inner", vec![step("b").each(&["x", "y"]).undo(), step("c")]);
    let mended = step("a").on_failure(OnFailure::Do(vec![step("fix"), step("check")]));
    let outer = recovery("outer", vec![mended, call("sub", "inner").each(&["one", "two"]), step("z")]);
    let laid = laid(vec![outer, inner]).unwrap();
    assert_eq!(
        rows(&laid),
        "a, a.fix < a, a.check < a.fix, \
         sub.one < a a.check, sub.one.b.x < sub.one, sub.one.b.y < sub.one, sub.one.c < sub.one.b.x sub.one.b.y, \
         sub.two < a a.check, sub.two.b.x < sub.two, sub.two.b.y < sub.two, sub.two.c < sub.two.b.x sub.two.b.y, \
         z < sub.one.c sub.two.c, \
         undo.sub.one.b.x, undo.sub.one.b.y, undo.sub.two.b.x, undo.sub.two.b.y"
    );
    let purpose = |name: &str| laid.procedure.steps.iter().find(|s| s.id.as_str() == name).unwrap().purpose.clone();
    assert_eq!(purpose("a.fix"), Purpose::Mend(id("a")));
    assert_eq!(purpose("undo.sub.one.b.x"), Purpose::Undo(id("sub.one.b.x")));
}

#[test]
fn preconditions_stand_side_by_side_before_everything() {
    let checks = vec![step("p"), step("q")];
    let procedure = Procedure { preconditions: checks, ..recovery("recover", vec![step("a"), step("b").needs(&[])]) };
    let laid = laid(vec![procedure]).unwrap();
    assert_eq!(rows(&laid), "p, q, a < p q, b < p q");
    assert_eq!(laid.procedure.steps[1].purpose, Purpose::Precondition);
    assert!(laid.procedure.preconditions.is_empty());
}

#[test]
fn names_stay_short_and_apart_whatever_the_items_are() {
    let long = "x".repeat(50);
    let items = [long.as_str(), "with blank", "twice", "twice", "../up", ""];
    let steps = vec![step("act").each(&items).undo(), step(&"y".repeat(MAX_ID)), step("act.twice")];
    let laid = one(steps).unwrap();
    let ids: Vec<&str> = laid.procedure.steps.iter().map(|s| s.id.as_str()).collect();
    assert_eq!(ids.iter().collect::<BTreeSet<_>>().len(), ids.len(), "{ids:?}");
    assert!(ids.iter().all(|id| id.len() <= MAX_ID));
    assert_eq!(ids[1..3], ["act.2", "act.twice"], "what cannot stand in a name is counted");
    assert_eq!(laid.graph.len(), ids.len());
    for step in &laid.procedure.steps {
        assert_eq!(laid.graph.place(&step.id), laid.procedure.steps.iter().position(|s| s.id == step.id));
    }
    let undone = laid.procedure.steps.iter().filter(|s| matches!(s.purpose, Purpose::Undo(_))).count();
    assert_eq!(undone, items.len(), "each of them can be undone");
}

fn component(name: &str, priority: Severity, needs: &[&str]) -> Component {
    let like = plan("shop").components.remove(0);
    let dependencies = needs.iter().map(|n| id(n)).collect();
    Component { id: id(name), priority, dependencies, probes: Vec::new(), sites: Vec::new(), ..like }
}

/// front needs web and cache; web needs api; api and report need db. Only disk needs nothing else.
fn tiers() -> Vec<Component> {
    use Severity::{Critical, High, Low, Medium};
    vec![
        component("report", Low, &["db"]),
        component("front", Critical, &["web", "cache"]),
        component("web", High, &["api"]),
        component("cache", Low, &[]),
        component("api", Medium, &["db"]),
        component("db", Critical, &["disk"]),
        component("disk", Medium, &[]),
    ]
}

fn over(components: Vec<Component>, which: Which, order: Order, options: &Options) -> LaidOut {
    let each = Each { name: "component".into(), list: List::Components { which, order } };
    let procedure = recovery("recover", vec![Step { each: Some(each), ..step("r") }]);
    let known = loaded(Plan { components, ..shop(vec![procedure]) });
    lay_out(&known, &known.plan.procedures[0], &Given::default(), options).unwrap()
}

#[test]
fn by_priority_the_most_critical_come_first_in_file_order_and_nothing_waits() {
    let laid = over(tiers(), Which::All, Order::Priority, &Options::default());
    assert_eq!(rows(&laid), "r.front, r.db, r.web, r.api, r.disk, r.report, r.cache");
}

#[test]
fn by_dependency_each_comes_after_those_that_it_needs_and_of_the_rest_the_most_critical_first() {
    let laid = over(tiers(), Which::All, Order::Dependencies, &Options::default());
    assert_eq!(
        rows(&laid),
        "r.disk, r.db < r.disk, r.api < r.db, r.web < r.api, r.report < r.db, r.cache, r.front < r.web r.cache"
    );
}

#[test]
fn some_components_keep_the_order_that_those_between_them_give() {
    let which = Which::These(["front", "db", "report"].map(id).into());
    let laid = over(tiers(), which, Order::Dependencies, &Options::default());
    assert_eq!(rows(&laid), "r.db, r.front < r.db, r.report < r.db");
    let options = Options { components: ["front", "disk"].map(id).into(), ..Options::default() };
    let laid = over(tiers(), Which::All, Order::Dependencies, &options);
    assert_eq!(rows(&laid), "r.disk, r.front < r.disk");
    assert_eq!(laid.components, ["disk", "front"].map(id).into());
}

#[test]
fn a_circle_of_components_goes_by_priority_instead_of_never_ending() {
    let circle = vec![component("a", Severity::Low, &["b"]), component("b", Severity::High, &["a"])];
    let known = Plan { components: circle, ..shop(vec![]) };
    let each =
        Each { name: "component".into(), list: List::Components { which: Which::All, order: Order::Dependencies } };
    let known = loaded(Plan { procedures: vec![recovery("r", vec![Step { each: Some(each), ..step("r") }])], ..known });
    let laid = lay_out(&known, &known.plan.procedures[0], &Given::default(), &Options::default());
    assert_eq!(laid, Err(CannotLayOut::Circle));
}

#[test]
fn affected_is_what_is_down_and_what_needs_it_however_far() {
    let mut world = World::calm();
    let mut edited = plan("shop");
    for (place, needs) in [(0, "web"), (1, "api")] {
        edited.components[place].dependencies = vec![id(needs)];
    }
    world.load(edited);
    let names = |world: &World| -> Vec<String> {
        let known = &world.state.plans[&id::<crate::core::ids::PlanId>("shop")];
        affected(known).iter().map(ToString::to_string).collect()
    };
    assert_eq!(names(&world), Vec::<String>::new());
    world.turns("db-east", Verdict::Degraded);
    assert_eq!(names(&world), Vec::<String>::new(), "slow is not down");
    world.turns("api-west", Verdict::Down);
    assert_eq!(names(&world), ["api", "front", "web"]);
}

#[test]
fn what_cannot_be_laid_out_is_refused_with_the_reason() {
    let many = |name: &str, n: usize| step(name).each(&vec!["x"; n]);
    let value = |template: &str| {
        let call = Call { procedure: id("inner"), values: [("what".to_owned(), text(template))].into() };
        vec![recovery("outer", vec![does("sub", Action::Procedure(call))]), recovery("inner", vec![step("b")])]
    };
    let typed = |value: &str, kind: ParamKind| {
        let call = Call { procedure: id("inner"), values: [("what".to_owned(), text(value))].into() };
        let parameters = vec![Parameter { kind, ..parameter("what", "1") }];
        let inner = Procedure { parameters, ..recovery("inner", vec![step("b")]) };
        vec![recovery("outer", vec![does("sub", Action::Procedure(call))]), inner]
    };
    let steps = |steps: Vec<Step>| vec![recovery("recover", steps)];
    let bad = |why: &str| CannotLayOut::BadValue(id("sub"), why.to_owned());
    let table = [
        (steps(vec![many("a", MOST_STEPS + 1)]), CannotLayOut::TooManySteps),
        (steps(vec![many("a", MOST_STEPS).undo()]), CannotLayOut::TooManySteps),
        (steps(vec![many("a", 1_001), many("b", MOST_NEEDS / 1_000)]), CannotLayOut::TooManyNeeds),
        (vec![recovery("outer", vec![call("again", "outer")])], CannotLayOut::TooDeep),
        (steps(vec![call("sub", "nowhere")]), CannotLayOut::NoProcedure(id("nowhere"))),
        (steps(vec![step("a").needs(&["b"])]), CannotLayOut::NoStep(id("a"), id("b"))),
        (steps(vec![step("a").needs(&["b"]), step("b").needs(&["a"])]), CannotLayOut::Circle),
        (steps(vec![step("a").needs(&["a"])]), CannotLayOut::Circle),
        (steps(vec![step("a").each(&["${b}"])]), CannotLayOut::NoValue(id("a"), "b".into())),
        (value("${nobody}"), CannotLayOut::NoValue(id("sub"), "nobody".into())),
        (value("x"), bad("the procedure has no parameter what")),
        (steps(vec![step("a").no_return().needs(&[])]), CannotLayOut::NoGate(id("a"))),
        (steps(vec![step("a").undo(), step("undo.a")]), CannotLayOut::SameName(id("undo.a"))),
    ];
    for (procedures, expected) in table {
        match lay_out_first(procedures) {
            Err(why) => assert_eq!(why, expected),
            Ok(laid) => panic!("{expected:?}: {}", rows(&laid)),
        }
    }
    let why = lay_out_first(typed("seven", ParamKind::Number)).unwrap_err();
    assert!(matches!(&why, CannotLayOut::BadValue(..)) && why.to_string().starts_with("sub: what: "), "{why}");
}

fn lay_out_first(procedures: Vec<Procedure>) -> Result<LaidOut, CannotLayOut> {
    // Plans with such faults are not loaded; the rule stands for itself.
    let mut known = loaded(shop(vec![]));
    known.plan = std::sync::Arc::new(shop(procedures));
    lay_out(&known, &known.plan.procedures[0], &Given::default(), &Options::default())
}

#[test]
fn a_launch_that_cannot_be_laid_out_says_so_and_begins_nothing() {
    let why = cannot(vec![recovery("recover", vec![step("a").needs(&["b"])])]);
    assert_eq!(why, "a waits for b, which is no step beside it");
}

#[test]
fn a_value_that_is_not_of_its_parameters_type_is_refused_at_launch() {
    let kinds = [
        (ParamKind::Number, "seven"),
        (ParamKind::Duration, "7"),
        (ParamKind::Time, "noon"),
        (ParamKind::Choice(vec!["a".into()]), "b"),
        (ParamKind::Component, "nowhere"),
        (ParamKind::Site, "nowhere"),
        (ParamKind::Secret, "hunter2"),
    ];
    for (kind, value) in kinds {
        let parameters =
            vec![Parameter { kind: kind.clone(), need: crate::core::plan::Need::Required, ..parameter("x", "") }];
        let procedure = Procedure { parameters, ..recovery("recover", vec![step("a")]) };
        let (mut world, incident) = incident_of(shop(vec![procedure]));
        let why = world.refused(ada(), launch(&incident, "recover", Options::default(), &[("x", value)]));
        assert!(matches!(&why, Refusal::ParameterBad { name, .. } if name == "x"), "{kind:?}: {why:?}");
    }
}

#[test]
fn a_secret_is_handed_to_a_procedure_that_is_called_by_the_name_that_both_have() {
    let secret =
        || Parameter { kind: ParamKind::Secret, need: crate::core::plan::Need::Required, ..parameter("token", "") };
    let inner = Procedure { parameters: vec![secret()], ..recovery("inner", vec![step("b")]) };
    let outer = Procedure { parameters: vec![secret()], ..recovery("outer", vec![call("sub", "inner")]) };
    let (mut world, incident) = incident_of(shop(vec![outer, inner]));
    world.ok(ada(), launch(&incident, "outer", Options::default(), &[("token", "env:TOKEN")]));
    let run = world.run(crate::core::ids::RunId(1));
    let inside = run.find(&id("sub.b")).unwrap().1;
    assert_eq!(inside.origin.secrets["token"].to_string(), "env:TOKEN");
    assert!(inside.origin.values.is_empty());
}

#[test]
fn a_plan_says_which_of_its_components_there_are() {
    let each = Each {
        name: "component".into(),
        list: List::Components { which: Which::These(vec![id("nowhere"), id("db")]), order: Order::Priority },
    };
    let laid = one(vec![Step { each: Some(each), ..step("r") }]).unwrap();
    let db: BTreeSet<ComponentId> = [id("db")].into();
    assert_eq!((rows(&laid).as_str(), laid.components), ("r.db", db));
}
