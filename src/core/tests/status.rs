//! What a run waits for at any moment, and how it stands.

use std::collections::BTreeSet;

use crate::core::command::Command;
use crate::core::fixtures::{World, ada, id, launch, plan, rita};
use crate::core::health::Verdict;
use crate::core::ids::RunId;
use crate::core::observe::{Connection, Report, StepEnd};
use crate::core::plan::{
    Action, FileCheck, Given, HttpRequest, Lanes, Notice, Part, Presence, Procedure, ProcedureKind, Repeat, Retry, Sql,
    Step, Subject,
};
use crate::core::run::{Evidence, Failure};
use crate::core::status::{Found, Next, Status, Word, status, waits_for};
use crate::core::template::Template;
use crate::core::time::Span;
use crate::text;

fn template(text: &str) -> Template {
    Template::new(text).unwrap()
}

fn command() -> Action {
    Action::Command { argv: vec![template("true")] }
}

fn step(name: &str, action: Action) -> Step {
    Step { timeout: Some(Span::from_secs(120)), ..Step::plain(id(name), format!("The {name}"), action) }
}

fn get() -> Action {
    Action::Http(HttpRequest {
        method: "GET".into(),
        url: template("http://127.0.0.1:1/"),
        headers: Default::default(),
        json: None,
        status: None,
        contains: None,
    })
}

fn healthy(component: &str, stable_for: u64) -> Action {
    Action::Health {
        subject: Subject::Component(template(component)),
        within: Span::from_secs(30),
        stable_for: Span::from_secs(stable_for),
    }
}

/// A run of those steps, launched for a declared incident.
fn running(procedure: impl FnOnce(Vec<Step>) -> Procedure, steps: Vec<Step>) -> (World, RunId) {
    let (mut world, incident) = World::declared();
    let mut plan = plan("shop");
    plan.procedures.push(procedure(steps));
    world.load(plan);
    world.ok(ada(), launch(&incident, "mend"));
    let run = RunId(world.state.runs_so_far);
    (world, run)
}

fn mend(steps: Vec<Step>) -> Procedure {
    Procedure::plain(id("mend"), "Mend", ProcedureKind::Recovery, steps)
}

fn said(world: &World, run: RunId) -> String {
    let run = world.run(run);
    text::waits(&world.state, run, &waits_for(&world.state, run, &world.readings, &world.now))
}

fn at(world: &World, run: RunId) -> Status {
    status(&world.state, world.run(run), &world.readings, &world.now)
}

fn next(world: &World, run: RunId) -> Vec<String> {
    let known = world.run(run);
    at(world, run).next.iter().map(|next| text::next_step(&world.state, known, next)).collect()
}

#[test]
fn each_kind_of_work_says_how_long_it_has_been_at_it_and_how_long_it_may() {
    let sql = Sql {
        url: Given::Text(template("sqlite:/x")),
        query: "SELECT 1".into(),
        bind: Vec::new(),
        min_rows: None,
        max_rows: None,
        row: Default::default(),
        at_most: Default::default(),
    };
    let file = FileCheck {
        path: "/x".into(),
        presence: Presence::Present,
        owner: None,
        group: None,
        mode: None,
        min_size: None,
        max_size: None,
        max_age: None,
        format: None,
        sha256: None,
        free: None,
    };
    for (one, expected) in [
        (step("s", command()), "waits for the program of step s: 12s of 2m00s"),
        (
            Step { host: Some(template("db-1")), ..step("s", command()) },
            "waits for the program of step s on db-1: 12s of 2m00s",
        ),
        (Step { timeout: None, ..step("s", command()) }, "waits for the program of step s: 12s"),
        (step("s", get()), "waits for the answer to step s: 12s of 2m00s"),
        (step("s", Action::Sql(sql)), "waits for the database in step s: 12s of 2m00s"),
        (step("s", Action::File(file)), "waits for step s: 12s of 2m00s"),
        (step("s", Action::Wait { span: Span::from_secs(30) }), "waits for time to pass in step s: 18s of 30s left"),
    ] {
        let (mut world, run) = running(mend, vec![one]);
        world.pass(12);
        assert_eq!(said(&world, run), expected);
    }
}

#[test]
fn people_are_waited_for_by_role_and_name() {
    let (mut world, _, run) = World::failing_over();
    assert_eq!(said(&world, run), "waits for a person to do step bridge, Open the bridge");
    assert_eq!(next(&world, run)[0], "do step bridge, Open the bridge");
    world.walk_to(run, "go");
    assert_eq!(said(&world, run), "waits for people at step go, Promote West: 0 of 1; incident commander (ada)");
    assert_eq!(at(&world, run).next, [Next::Confirm(id("go")), Next::Tell]);

    let (mut world, incident) = World::declared();
    let run = world.start(&incident, "two-people");
    let yes = world.confirm(run, None);
    world.ok(ada(), yes);
    assert_eq!(
        said(&world, run),
        "waits for people at step go, Promote West: 1 of 2 (ada); incident commander (ada) or technical lead (nobody yet)"
    );
    world.ok(ada(), Command::Decline { run, step: id("go"), reason: "not yet".into() });
    assert_eq!(said(&world, run), "waits for a person to settle step go, Promote West: declined by ada: not yet");
    let run = world.start(&incident, "somebody-else");
    assert_eq!(said(&world, run), "waits for people at step go, Promote West: 0 of 1; anybody who may");
}

#[test]
fn a_failed_step_is_tried_again_after_a_pause_and_then_waits_for_a_person() {
    let (mut world, _, run) = World::failing_over();
    world.walk_to(run, "stop");
    world.goes_wrong(run);
    world.pass(2);
    assert_eq!(said(&world, run), "waits for try 2 of 3 of step stop, in 3s: exit 1");
    let error = text::status_error(&world.state, &at(&world, run).error.unwrap());
    assert!(error.starts_with("step stop: failed: exit 1; tried again at "), "{error}");
    world.pass(3);
    world.goes_wrong(run);
    world.pass(5);
    world.goes_wrong(run);
    assert_eq!(said(&world, run), "waits for a person to settle step stop, stop: FAILED: exit 1");
    assert_eq!(next(&world, run)[0], "settle step stop, stop: FAILED: exit 1");
}

#[test]
fn what_is_lost_from_sight_is_waited_for_by_a_person_or_by_the_engine() {
    let (mut world, _, run) = World::failing_over();
    world.walk_to(run, "stop");
    world.restart();
    assert_eq!(said(&world, run), "waits for a person to settle step stop, stop: UNKNOWN: killed");

    let (mut world, run) = running(mend, vec![Step { repeat: Repeat::IsHarmless, ..step("s", command()) }]);
    world.readings.living.insert(crate::core::health::living_key(run, &id("s"), 1));
    world.restart();
    assert_eq!(said(&world, run), "waits for step s to be seen to have ended: killed; it is done again then");
}

#[test]
fn health_is_waited_for_by_what_is_not_ok_and_then_by_how_long_it_holds() {
    let (mut world, run) = running(mend, vec![step("s", healthy("web", 10))]);
    world.pass(4);
    assert_eq!(said(&world, run), "waits for web-east (DOWN) to be ok in step s: 4s of 30s");
    world.turns("web-east", Verdict::Ok);
    world.pass(3);
    assert_eq!(said(&world, run), "waits for the health in step s to hold: all 2 probes ok for 3s of 10s");
    world.see(&Report::Connection(Connection::Cut { why: "no route".into() }));
    let since = world.now.utc;
    assert_eq!(
        said(&world, run),
        format!("waits for the engine to be connected again, cut off since {since}: no route; step s looks then")
    );
}

#[test]
fn words_are_waited_for_by_channel() {
    let notice = Notice { text: template("Hello"), channels: BTreeSet::from([id("pager"), id("inbox")]) };
    let (mut world, run) = running(mend, vec![step("s", Action::Notify(notice))]);
    assert_eq!(said(&world, run), "waits for inbox and pager to take the words of step s");
    let incident = world.run(run).incident.clone();
    let took = crate::core::comms::Attempt::took("200");
    let number = world.incident(&incident).updates.len();
    world.see(&Report::Delivery { incident, number, channel: id("inbox"), attempt: took });
    assert_eq!(said(&world, run), "waits for pager to take the words of step s");
}

#[test]
fn lanes_are_waited_for_in_the_run_and_on_a_host() {
    let beside = |name: &str, host: Option<&str>| Step {
        needs: crate::core::plan::Needs::These(BTreeSet::new()),
        host: host.map(template),
        ..step(name, command())
    };
    let one_lane = |lanes: Lanes| move |steps| Procedure { lanes, ..mend(steps) };
    let both = || vec![beside("a", Some("db-1")), beside("b", Some("db-1"))];
    let (world, run) = running(one_lane(Lanes { run: 1, host: 4 }), both());
    assert_eq!(
        said(&world, run),
        "waits for the program of step a on db-1: 0s of 2m00s; the only lane of the run, for step b"
    );
    let (world, run) = running(one_lane(Lanes { run: 8, host: 1 }), both());
    assert_eq!(
        said(&world, run),
        "waits for the program of step a on db-1: 0s of 2m00s; the only lane on db-1, taken by R1, for step b"
    );
    let many = (0..5).map(|n| beside(&format!("s{n}"), None)).collect();
    let (world, run) = running(mend, many);
    assert!(said(&world, run).ends_with("step s2: 0s of 2m00s; and 2 more"), "{}", said(&world, run));
}

#[test]
fn a_held_run_waits_to_be_resumed_and_a_run_that_is_over_for_nothing() {
    let (mut world, run) = running(mend, vec![step("s", command())]);
    world.ok(rita(), Command::Hold { run, reason: Some("the provider looks".into()) });
    let since = world.now.utc;
    let held = format!("waits for a person to resume it, held by rita since {since}: the provider looks");
    assert_eq!(said(&world, run), format!("{held}; the program of step s: 0s of 2m00s"));
    assert_eq!((at(&world, run).word, &at(&world, run).next[0]), (Word::Held, &Next::Resume));
    world.ok(ada(), Command::Abort { run, reason: "enough".into() });
    assert_eq!(said(&world, run), "waits for the program of step s: 0s of 2m00s", "it has yet to end");
    world.ends(run, "s", 1, StepEnd::Bad(Failure::Stopped));
    assert_eq!(said(&world, run), "waits for nothing: it is over");
    assert_eq!(next(&world, run)[0], "find another way: aborted by ada: enough");
}

#[test]
fn a_failover_is_verified_once_it_was_looked_at_and_the_front_door_has_held() {
    let (mut world, incident, run) = World::failing_over();
    world.pass(5);
    let now = at(&world, run);
    assert_eq!((now.word, now.settled, now.current), (Word::InProgress, (0, 7), Some(id("bridge"))));
    assert_eq!((now.verification.found, now.verification.connectivity), (Found::Pending, Some(false)));
    world.walk_to(run, "open");
    let seen = at(&world, run).verification;
    let looks: Vec<_> = seen.looks.iter().map(|look| look.step.as_str()).collect();
    assert_eq!((seen.found, looks), (Found::InProgress, vec!["open"]), "what is behind the last gate, and looks");

    world.turns("front", Verdict::Ok);
    world.pass(4);
    world.ends(run, "open", 1, StepEnd::good(Evidence::Healthy { probes: 1 }));
    let done = at(&world, run);
    assert_eq!((done.word, done.outcome.moved, done.outcome.healthy), (Word::Completed, Some(4), Some(true)));
    assert_eq!((done.outcome.names, done.verification.performance), (None, None), "no step is for names");
    assert_eq!((done.verification.found, done.verification.at), (Found::InProgress, None));
    let left = done.verification.window.unwrap().left;
    let back = Next::FailBack(Some(id("back-to-east")));
    assert_eq!(done.next, [Next::Watch(left), Next::Tell, back.clone()]);
    assert_eq!(left, Span::from_secs(6));

    world.pass(left.secs());
    let held = at(&world, run);
    assert_eq!(held.verification.found, Found::Passed, "{:?}", held.verification);
    assert_eq!(held.verification.at, Some(world.now.utc));
    assert_eq!(held.next, [Next::Tell, back, Next::Close]);
    assert_eq!(next(&world, run)[1], "fail back when that is safe, by back-to-east");
    world.turns("front", Verdict::Down);
    assert_eq!(at(&world, run).verification.found, Found::Failed, "{:?}", world.phase(&incident));
}

#[test]
fn what_a_person_said_or_left_out_is_not_called_verified() {
    let part = |part, step: Step| Step { part: Some(part), retry: Retry::NEVER, ..step };
    let steps = || vec![part(Part::Dns, step("names", command())), part(Part::Verify, step("look", healthy("web", 0)))];
    let (mut world, run) = running(mend, steps());
    assert_eq!(at(&world, run).outcome.names, Some(false), "not yet");
    world.goes_well(run);
    assert_eq!(at(&world, run).outcome.names, Some(true));
    world.ends(run, "look", 1, StepEnd::Bad(Failure::NotHealthy { why: "web-east is down".into() }));
    assert_eq!(at(&world, run).verification.found, Found::Failed);
    assert_eq!(at(&world, run).outcome.healthy, Some(false));
    world.ok(ada(), Command::Skip { run, step: id("look"), reason: "seen by eye".into() });
    world.turns("front", Verdict::Ok);
    world.pass(60);
    let over = at(&world, run);
    assert_eq!((over.word, over.verification.found), (Word::Partly, Found::NotLookedAt));
}
