use serde_json::Value;

use super::super::fixtures::world;
use super::*;
use crate::core::command::Command;
use crate::core::fixtures::{World, ada, id, mike, olga};
use crate::core::ids::IncidentId;
use crate::core::plan::Part;
use crate::wire::{Check, Finding};

/// What is shown to somebody of a launch of `rescue`.
fn with<T>(world: &World, incident: &IncidentId, who: Principal, options: &Options, see: impl Fn(Shown<'_>) -> T) -> T {
    let context = Context { state: &world.state, readings: &world.readings, by: &who, now: &world.now };
    let values = Values::new();
    let (plan, procedure) = (id("shop"), id("rescue"));
    let launch = Launch { incident, plan: &plan, procedure: &procedure, values: &values, options };
    let preview = preview(context, launch).unwrap();
    let environment = preview.launched.loaded.plan.environment;
    let refusal = not_permitted(&world.state, &who, environment).or_else(|| preview.refused.clone());
    let refused = refusal.map(refused);
    let incident = world.state.incidents.get(incident).map(AsRef::as_ref);
    see(Shown { incident, looked: Looked::default(), refused, options, preview })
}

fn page(world: &World, incident: &IncidentId, options: &Options) -> Vec<String> {
    with(world, incident, ada(), options, |shown| page::lines(&shown))
}

fn check(step: Option<&str>, good: bool) -> Check {
    let finding = if good { Finding::Good } else { Finding::Bad };
    let name = if step.is_some() { "West is healthy" } else { "program restart" };
    Check { step: step.map(id), name: name.into(), finding, says: "all 3 probes\u{1b} ok".into() }
}

fn seen(good: bool) -> Looked {
    Looked(vec![check(Some("ready"), good)])
}

#[test]
fn a_preview_shows_lanes_and_what_each_step_will_do_and_where() {
    let (world, incident) = world();
    let page = page(&world, &incident, &Options::default());
    let from = page.iter().position(String::is_empty).unwrap() + 1;
    assert_eq!(
        page[from..from + 27],
        [
            "  1   1     health  first checked: West is healthy   (ready)",
            "            wait until site west is healthy, at most 30s",
            "            not checked",
            "  2   2 x2  command Fence East   (fence)   about 9s, its author says",
            "            power off east",
            "            on host bastion-2",
            "            undone by: power on east",
            "  3   2 x2  command Drain East   (drain)",
            "            weight 0   here",
            "            undone by: weight 100",
            "  4   3 x3  command Restart (web-1)   (restart.web-1)",
            "            restart web-1",
            "            on host web-1; failed, the run goes on without it",
            "  5   3 x3  command Restart (web-2)   (restart.web-2)",
            "            restart web-2",
            "            on host web-2; failed, the run goes on without it",
            "  6   3 x3  command Restart (web-3)   (restart.web-3)",
            "            restart web-3",
            "            on host web-3; failed, the run goes on without it",
            "  7   4     command Patch names   (patch)",
            "            patch   here",
            "            a launch can leave it out: names",
            "    8   5     command if patch fails: Repair it   (patch.repair)",
            "              repair 'East is down'   here",
            "  9   6     command Note it   (note)",
            "            note   here",
            "            when never == \"true\"",
        ]
    );
}

#[test]
fn a_preview_says_what_can_be_undone_who_must_confirm_and_whether_it_could_start() {
    let (mut world, incident) = world();
    let foot = |world: &World| {
        let page = page(world, &incident, &Options::default());
        page[page.iter().rposition(String::is_empty).unwrap() + 1..].to_vec()
    };
    assert_eq!(
        foot(&world),
        [
            "takes           at least ~9s, without waiting for people",
            "                left: 1 by author, 8 unknown, 1 people's (no time)",
            "can be undone   fence, drain and tidy",
            "no return       promote",
            "must confirm    go: Promote West: 2 people, incident commander or technical lead",
            "first checked   0 of 1 hold, 1 not checked",
            "could start     now",
        ]
    );
    world.ok(ada(), Command::Cancel { incident: incident.clone(), reason: "false alarm".into() });
    let last = foot(&world).pop().unwrap();
    assert!(
        last.starts_with("REFUSED now     ") && last.contains("is cancelled; it would have to be declared"),
        "{last}"
    );
}

#[test]
fn a_preview_ends_well_only_when_it_could_start_and_all_preconditions_hold() {
    let (world, incident) = world();
    let none = Options::default();
    let end = |who: Principal, looked: Looked| {
        with(&world, &incident, who, &none, |mut shown| {
            shown.looked = looked.clone();
            shown.conclusion().map_err(|why| why.sentence().to_owned())
        })
    };
    assert_eq!(end(ada(), seen(true)), Ok(()));
    assert_eq!(end(ada(), Looked::default()), Err("not every precondition was seen to hold".into()));
    assert_eq!(end(ada(), seen(false)), Err("not every precondition was seen to hold".into()));
    assert_eq!(end(mike(), seen(true)), Ok(()));
    let with_program = |good| Looked(vec![check(Some("ready"), true), check(None, good)]);
    assert_eq!(end(ada(), with_program(true)), Ok(()));
    assert_eq!(end(ada(), with_program(false)), Err("not everything that it rests on is as it must be".into()));
    assert_eq!(end(olga(), seen(true)), Err("it could not start now".into()), "who only watches may not");

    let line = |good| {
        with(&world, &incident, ada(), &none, |mut shown| {
            shown.looked = seen(good);
            page::lines(&shown).into_iter().find(|line| line.contains("checked now")).unwrap()
        })
    };
    assert_eq!(line(true).trim(), "checked now: holds: all 3 probes^[ ok");
    assert_eq!(line(false).trim(), "checked now: DOES NOT HOLD: all 3 probes^[ ok");
}

#[test]
fn options_of_a_launch_show_in_its_preview() {
    let (world, incident) = world();
    let options = Options {
        without: [Part::Dns].into(),
        timeout: Some(crate::core::time::Span::from_secs(600)),
        parallel: Some(2),
        ..Options::default()
    };
    let page = page(&world, &incident, &options);
    for line in [
        "  side by side: at most 2, 4 on one host; high priority",
        "  held after 10m00s of work",
        "  7   4     command Patch names   (patch)   LEFT OUT",
    ] {
        assert!(page.iter().any(|l| l == line), "{line:?} is not in\n{}", page.join("\n"));
    }
}

#[test]
fn a_preview_for_programs_holds_all_of_it() {
    let (world, incident) = world();
    let json = with(&world, &incident, olga(), &Options::default(), |shown| json::whole(&shown));
    assert_eq!(json["incident"], incident.as_str());
    assert_eq!(json["preconditions"], serde_json::json!({"hold": 0, "of": 1}));
    assert_eq!(json["refused"]["code"], "refused");
    assert!(json["refused"]["sentence"].as_str().unwrap().starts_with("you may not start runs"), "{json}");
    let step = |name: &str| json["steps"].as_array().unwrap().iter().find(|s| s["id"] == name).unwrap();
    let fence = step("fence");
    assert_eq!((&fence["round"], &fence["beside"], &fence["host"]), (&2.into(), &2.into(), &"bastion-2".into()));
    assert_eq!(fence["needs"], serde_json::json!(["ready"]));
    assert_eq!(fence["undo"], serde_json::json!({"id": "undo.fence", "does": "power on east"}));
    assert_eq!(fence["expected"], serde_json::json!({"estimate": "9s"}));
    assert_eq!((&step("restart.web-2")["group"], &step("patch.repair")["mends"]), (&"restart".into(), &"patch".into()));
    assert_eq!((&step("go")["gate"]["people"], &step("promote")["no_return"]), (&2.into(), &true.into()));
    assert_eq!((&step("ready")["purpose"], &step("ready")["checked"]), (&"precondition".into(), &Value::Null));
    assert!(json["steps"].as_array().unwrap().iter().all(|s| !s["id"].as_str().unwrap().starts_with("undo.")));
}
