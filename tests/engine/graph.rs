//! Order and what runs beside what: needs, lanes, lists, conditions, calls, results that later steps use.

use std::path::Path;

use sqlx::{Connection, SqliteConnection, sqlite::SqliteConnectOptions};
use warroom::core::command::{Command, Declared, Options};
use warroom::core::health::Verdict;
use warroom::core::ids::RunId;
use warroom::core::run::{RunResult, StepState};

use crate::harness::{Engine, eventually, start};
use crate::service::Service;
use crate::yard::Yard;

fn running(state: &StepState) -> bool {
    matches!(state, StepState::Running { .. })
}

fn not_needed(state: &StepState) -> bool {
    matches!(state, StepState::NotNeeded { .. })
}

/// The steps that the engine is at.
async fn at_work(engine: &Engine, run: RunId) -> Vec<String> {
    let run = engine.run(run).await;
    run.pairs().filter(|(_, seen)| running(&seen.state)).map(|(step, _)| step.id.to_string()).collect()
}

#[tokio::test]
async fn steps_that_do_not_need_each_other_run_at_the_same_time() {
    let (yard, engine) = (Yard::new(), Engine::start().await);
    let plan = yard.mend(
        "
         steps:
           - {id: one, needs: [], command: [sh, -c, 'touch DIR/one; until test -e DIR/two; do sleep 0.02; done; echo one >> DIR/order']}
           - {id: two, needs: [], command: [sh, -c, 'touch DIR/two; until test -e DIR/one; do sleep 0.02; done; echo two >> DIR/order']}
           - {id: both, needs: [one, two], command: [sh, -c, 'echo both >> DIR/order']}
           - {id: beside, needs: [one], command: [sh, -c, 'until test -e DIR/late; do sleep 0.02; done']}
           - {id: last, command: [sh, -c, 'echo last >> DIR/order']}",
    );
    let run = engine.mend(&plan).await;
    engine.step(run, "both", StepState::is_settled).await;
    engine.step(run, "beside", running).await;
    assert_eq!(engine.now(run, "last").await, StepState::Pending, "it waits for all above it");
    yard.put("late", "");
    assert_eq!(engine.end(run).await, RunResult::Done);
    assert_eq!(yard.lines("order")[2..], ["both", "last"]);
}

#[tokio::test]
async fn steps_that_say_nothing_of_their_order_run_as_the_file_has_them() {
    let (yard, engine) = (Yard::new(), Engine::start().await);
    let steps: String =
        (1..=6).map(|n| format!("  - {{id: s{n}, command: [sh, -c, 'echo {n} >> DIR/order']}}\n")).collect();
    let run = engine.mend(&yard.mend(&format!("steps:\n{steps}"))).await;
    assert_eq!(engine.end(run).await, RunResult::Done);
    assert_eq!(yard.lines("order"), ["1", "2", "3", "4", "5", "6"]);
}

#[tokio::test]
async fn no_more_steps_run_side_by_side_than_the_run_has_lanes() {
    let (yard, engine) = (Yard::new(), Engine::start().await);
    let plan = yard.mend(
        "
         max_parallel: 2
         steps:
           - id: work
             for_each: [a, b, c, d, e]
             command: [sh, -c, 'echo in >> DIR/log; until test -e DIR/go-$1; do sleep 0.02; done; echo out >> DIR/log', sh, '${item}']",
    );
    let run = engine.mend(&plan).await;
    for name in ["a", "b", "c", "d", "e"] {
        eventually("two are at work, or all that is left", || async {
            let at = at_work(&engine, run).await;
            (at.first().is_some_and(|first| *first == format!("work.{name}")) && (at.len() == 2 || name == "e"))
                .then_some(())
        })
        .await;
        yard.put(&format!("go-{name}"), "");
    }
    assert_eq!(engine.end(run).await, RunResult::Done);
    let mut inside = 0_i32;
    for line in yard.lines("log") {
        inside += if line == "in" { 1 } else { -1 };
        assert!(inside <= 2, "{}", yard.text("log"));
    }
}

#[tokio::test]
async fn a_step_is_done_for_each_item_with_the_item_in_its_arguments_and_its_environment() {
    let (yard, engine) = (Yard::new(), Engine::start().await);
    let plan = yard.mend(
        "
         parameters: [{name: zone, default: b}]
         steps:
           - {id: call, for_each: [a, '${zone} c', '$(id)'], command: [sh, -c, 'printf \"%s|%s|%s\" \"$1\" \"$WARROOM_PARAM_ITEM\" \"$WARROOM_STEP\"', sh, '<${item}>']}
           - {id: script, for_each: {items: [x, y], as: letter}, shell: 'printf %s \"$WARROOM_PARAM_LETTER\"'}",
    );
    let run = engine.mend(&plan).await;
    assert_eq!(engine.end(run).await, RunResult::Done);
    let ids: Vec<String> = engine.run(run).await.pairs().map(|(step, _)| step.id.to_string()).collect();
    assert_eq!(ids, ["call.a", "call.2", "call.3", "script.x", "script.y"]);
    assert_eq!(engine.output(run, "call.a", 1).await, "<a>|a|call.a");
    assert_eq!(engine.output(run, "call.2", 1).await, "<b c>|b c|call.2");
    assert_eq!(engine.output(run, "call.3", 1).await, "<$(id)>|$(id)|call.3");
    assert_eq!(engine.output(run, "script.y", 1).await, "y");
}

/// The web servers need the application, which needs the database; only the database is looked at, and at times the mail too.
fn layers(database: &Service, mail: &Service) -> String {
    let probe = |service: &Service| {
        format!("probes: [{{http: '{}', every: 100ms, timeout: 100ms, fail_after: 1, pass_after: 1}}]", service.url())
    };
    format!(
        "components:
  - {{component_id: web, name: Web, type: web, dependencies: [app]}}
  - {{component_id: mail, name: Mail, type: server, {}}}
  - {{component_id: app, name: App, type: api, dependencies: [db]}}
  - {{component_id: db, name: Database, type: database, {}}}",
        probe(mail),
        probe(database)
    )
}

#[tokio::test]
async fn affected_components_are_recovered_each_after_those_that_it_depends_on() {
    let (yard, engine) = (Yard::new(), Engine::start().await);
    let (database, mail) = (Service::start().await, Service::start().await);
    database.answers(503);
    let plan = yard.shop(
        &layers(&database, &mail),
        "
         - procedure_id: mend
           name: Mend it
           steps:
             - {id: fix, for_each: {components: affected}, command: [sh, -c, 'echo begins $1 >> DIR/order; sleep 0.1; echo ends $1 >> DIR/order', sh, '${component}']}",
    );
    engine.load(&plan).await;
    let proposed = eventually("an incident is proposed", || async {
        engine.state().await.incidents.values().next().map(|i| i.id.clone())
    })
    .await;
    let what = Declared::Proposal(proposed.clone());
    engine.ask(Command::Declare { what, severity: None, title: None }).await;
    let run = engine.ask(start(&proposed, "mend")).await.run.unwrap();
    assert_eq!(engine.end(run).await, RunResult::Done);
    assert_eq!(
        yard.lines("order"),
        ["begins db", "ends db", "begins app", "ends app", "begins web", "ends web"],
        "the mail is well and stays alone"
    );
}

#[tokio::test]
async fn a_step_is_done_only_when_its_condition_holds() {
    let (yard, engine) = (Yard::new(), Engine::start().await);
    let (database, mail) = (Service::start().await, Service::start().await);
    let plan = yard.shop(
        &layers(&database, &mail),
        "
         - procedure_id: mend
           name: Mend it
           parameters: [{name: mode, type: choice, choices: [soft, hard], default: soft}, {name: lag, type: duration, default: 20s}]
           steps:
             - {id: try, command: ['false'], on_failure: continue}
             - {id: hard, when: mode == \"hard\", command: ['true']}
             - {id: soft, when: 'mode in [\"soft\"] and lag < 30s', command: ['true']}
             - {id: other, when: step.try == failed and step.hard == not_needed, command: ['true']}
             - {id: unneeded, when: step.other != done, command: ['true']}
             - {id: well, when: component.db == ok, command: ['true']}
             - {id: ill, when: component.mail == down, command: ['true']}",
    );
    let incident = engine.declare(&plan).await;
    mail.answers(500);
    eventually("the engine has seen both", || async {
        let state = engine.state().await;
        let seen: Vec<Verdict> = state.plans["shop"].probes.values().map(|p| p.verdict).collect();
        (seen.contains(&Verdict::Ok) && seen.contains(&Verdict::Down)).then_some(())
    })
    .await;
    let run = engine.ask(start(&incident, "mend")).await.run.unwrap();
    assert_eq!(engine.end(run).await, RunResult::Partly { skipped: 0, failed: 1, of: 5 });
    for (step, done) in
        [("hard", false), ("soft", true), ("other", true), ("unneeded", false), ("well", true), ("ill", true)]
    {
        let state = engine.now(run, step).await;
        assert_eq!((matches!(state, StepState::Done { .. }), not_needed(&state)), (done, !done), "{step}: {state:?}");
    }
    let StepState::NotNeeded { why } = engine.now(run, "hard").await else { panic!() };
    assert_eq!(why, "not so: mode == \"hard\"");
}

#[tokio::test]
async fn a_procedure_is_called_with_values() {
    let (yard, engine) = (Yard::new(), Engine::start().await);
    let plan = yard.shop(
        "",
        "
         - procedure_id: mend
           name: Mend it
           steps:
             - {id: names, for_each: [east, west], procedure: {id: move, with: {zone: '${item}.example', ttl: '60'}}}
             - {id: after, command: [sh, -c, 'echo after >> DIR/log']}
         - procedure_id: move
           name: Move the names
           parameters: [{name: zone}, {name: ttl, type: number}, {name: how, default: slowly}]
           steps:
             - {id: say, command: [sh, -c, 'echo $1 $2 $3 >> DIR/log', sh, '${zone}', '${ttl}', '${how}']}
             - {id: again, when: step.say == done, shell: 'echo again $WARROOM_PARAM_ZONE >> DIR/log'}",
    );
    let run = engine.mend(&plan).await;
    assert_eq!(engine.end(run).await, RunResult::Done);
    let log = yard.lines("log");
    assert_eq!(log.last().unwrap(), "after");
    let mut inner = log[..4].to_vec();
    inner.sort();
    assert_eq!(inner, ["again east.example", "again west.example", "east.example 60 slowly", "west.example 60 slowly"]);
    let ids: Vec<String> = engine.run(run).await.pairs().map(|(step, _)| step.id.to_string()).collect();
    assert!(ids.contains(&"names.east.say".to_owned()), "{ids:?}");
}

#[tokio::test]
async fn results_of_programs_requests_and_queries_are_used_by_later_steps() {
    let (yard, engine) = (Yard::new(), Engine::start().await);
    database(&yard.path("shop.db")).await;
    let api = Service::start().await;
    api.says("{\"ticket\": {\"id\": 42, \"owner\": \"ops; rm -rf /\"}}");
    let plan = yard.mend(&format!(
        "
         steps:
           - {{id: ask, command: [echo, '{{\"site\": {{\"name\": \"we st\", \"rank\": 2}}}}'], result: {{site: {{json: /site/name}}, rank: {{json: /site/rank}}}}}}
           - {{id: line, shell: 'echo noise; echo 16.2', result: {{version: {{line: last}}}}}}
           - id: open
             http: {{method: POST, url: '{url}tickets/${{site}}', json: {{rank: '${{rank}}', version: '${{version}}'}}}}
             result: {{ticket: {{json: /ticket/id}}, owner: {{json: /ticket/owner}}, kind: {{header: x-kind}}}}
           - id: note
             sql: {{url: 'sqlite:DIR/shop.db', query: 'INSERT INTO tickets VALUES ($1, $2)', bind: ['${{ticket}}', '${{owner}}']}}
             result: {{written: rows}}
           - id: read
             sql:
               url: 'sqlite:DIR/shop.db'
               query: SELECT owner, id + 1 AS next FROM tickets WHERE id = $1
               bind: ['${{ticket}}']
               expect: {{rows: 1, row: {{owner: '${{owner}}'}}}}
             result: {{next: {{column: next}}}}
           - {{id: more, when: next > 42 and written == 1, command: [sh, -c, 'printf \"%s|\" \"$@\" \"$WARROOM_PARAM_KIND\"', sh, '${{next}}', '${{owner}}', '${{site}}']}}",
        url = api.url()
    ));
    let run = engine.mend(&plan).await;
    assert_eq!(engine.end(run).await, RunResult::Done, "{:?}", engine.run(run).await.steps);
    assert_eq!(engine.output(run, "more", 1).await, "43|ops; rm -rf /|we st|answer|");
    let asked = api.asked();
    assert_eq!(asked[0].path, "/tickets/we%20st");
    assert_eq!(asked[0].body, "{\"rank\":\"2\",\"version\":\"16.2\"}");
}

#[tokio::test]
async fn a_result_that_is_not_there_fails_the_step_that_was_to_bring_it() {
    let (yard, engine) = (Yard::new(), Engine::start().await);
    let plan = yard.mend(
        "
         steps:
           - {id: ask, command: [echo, '{\"a\": 1}'], result: {b: {json: /b}}}
           - {id: use, command: [echo, '${b}']}",
    );
    let run = engine.mend(&plan).await;
    let state = engine.step(run, "ask", |s| matches!(s, StepState::Failed { .. })).await;
    let StepState::Failed { why, .. } = state else { panic!() };
    assert_eq!(warroom::text::failure(&why), "wrong answer: no result b: nothing stands at \"/b\"");
    assert_eq!(engine.now(run, "use").await, StepState::Pending);
}

#[tokio::test]
async fn a_launch_has_other_lanes_fewer_components_and_leaves_a_part_out() {
    let (yard, engine) = (Yard::new(), Engine::start().await);
    let (database, mail) = (Service::start().await, Service::start().await);
    let plan = yard.shop(
        &layers(&database, &mail),
        "
         - procedure_id: mend
           name: Mend it
           steps:
             - {id: fix, for_each: {components: all, order: priority}, command: [sh, -c, 'echo $1 >> DIR/log', sh, '${component}']}
             - {id: look, part_of: verify, command: [sh, -c, 'echo looked >> DIR/log']}",
    );
    let incident = engine.declare(&plan).await;
    let options = Options {
        components: ["web", "mail"].map(|id| id.parse().unwrap()).into(),
        without: [warroom::core::plan::Part::Verify].into(),
        parallel: Some(1),
        ..Options::default()
    };
    let Command::StartRun { plan, procedure, values, seen, .. } = start(&incident, "mend") else { panic!() };
    let asked = Command::StartRun { incident, plan, procedure, values, seen, options };
    let run = engine.ask(asked).await.run.unwrap();
    assert_eq!(engine.end(run).await, RunResult::Partly { skipped: 1, failed: 0, of: 3 });
    assert_eq!(yard.lines("log"), ["web", "mail"]);
}

/// A database with a table `tickets`.
async fn database(path: &Path) {
    let options = SqliteConnectOptions::new().filename(path).create_if_missing(true);
    let mut connection = SqliteConnection::connect_with(&options).await.unwrap();
    sqlx::query("CREATE TABLE tickets (id INTEGER, owner TEXT)").execute(&mut connection).await.unwrap();
    connection.close().await.unwrap();
}
