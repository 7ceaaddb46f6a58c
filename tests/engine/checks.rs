//! What a launch rests on: looked at before it, with nothing changed, and again as the run's first steps.

use sqlx::{Connection, Row, SqliteConnection, sqlite::SqliteConnectOptions};
use warroom::core::health::Verdict;
use warroom::core::ids::IncidentId;
use warroom::core::refusal::Refusal;
use warroom::core::run::{RunResult, StepState};
use warroom::wire::{AskedChecks, Check, Finding, Trouble};

use crate::failure::failed;
use crate::far::Far;
use crate::harness::{Engine, eventually, start};
use crate::hosts::engine_near;
use crate::service::Service;
use crate::yard::Yard;

pub fn ask(incident: &IncidentId) -> AskedChecks {
    AskedChecks {
        incident: incident.clone(),
        plan: "shop".parse().unwrap(),
        procedure: "mend".parse().unwrap(),
        values: Default::default(),
        options: Default::default(),
    }
}

async fn database(yard: &Yard) -> SqliteConnection {
    let options = SqliteConnectOptions::new().filename(yard.path("shop.db")).create_if_missing(true);
    let mut connection = SqliteConnection::connect_with(&options).await.unwrap();
    sqlx::query("CREATE TABLE marks (seq INTEGER); INSERT INTO marks VALUES (7)")
        .execute(&mut connection)
        .await
        .unwrap();
    connection
}

fn plan(yard: &Yard, api: &Service) -> String {
    yard.shop(
        &format!(
            "components: [{{component_id: front, name: Front, type: web, probes: [{{site: west, http: '{}', every: 100ms, timeout: 100ms, fail_after: 1, pass_after: 1}}]}}]",
            api.url()
        ),
        &format!(
            "
            - procedure_id: mend
              name: Mend it
              preconditions:
                - {{id: file, file: {{path: DIR/there, mode: '0600'}}}}
                - {{id: seq, sql: {{url: 'sqlite:DIR/shop.db', query: SELECT seq FROM marks, expect: {{row: {{seq: '7'}}}}}}, result: {{mark: {{column: seq}}}}}}
                - {{id: api, http: {{url: '{}ready'}}}}
                - {{id: west, health: {{site: west, within: 10s}}}}
              steps:
                - {{id: touch, command: [touch, 'DIR/touched-${{mark}}']}}
                - {{id: other, command: [no-such-program-here]}}",
            api.url()
        ),
    )
}

fn found<'c>(checks: &'c [Check], step: &str) -> (Finding, &'c str) {
    let check = checks.iter().find(|c| c.step.as_ref().map_or(&*c.name, |s| s.as_str()) == step).unwrap();
    (check.finding, &check.says)
}

#[tokio::test]
async fn what_a_launch_rests_on_is_looked_at_and_nothing_changes() {
    let (yard, api, engine) = (Yard::new(), Service::start().await, Engine::start().await);
    let mut connection = database(&yard).await;
    yard.put_secret("there", "");
    let incident = engine.declare(&plan(&yard, &api)).await;
    eventually("the engine has looked at the front door", || async {
        let state = engine.state().await;
        state.plans["shop"].probes.values().all(|p| p.verdict == Verdict::Ok).then_some(())
    })
    .await;
    let before = engine.client.hello().await.unwrap().head;
    let checks = engine.client.checks(&ask(&incident)).await.unwrap();
    for (step, says) in
        [("file", "the file is as it should be"), ("seq", "1 row"), ("api", "answered 200"), ("west", "1 probe ok")]
    {
        assert_eq!(found(&checks, step), (Finding::Good, says), "{step}");
    }
    assert_eq!(found(&checks, "program touch").0, Finding::Good);
    let (finding, says) = found(&checks, "program no-such-program-here");
    assert_eq!(finding, Finding::Bad);
    assert!(says.contains("no-such-program-here"), "{says}");

    std::fs::remove_file(yard.path("there")).unwrap();
    sqlx::query("UPDATE marks SET seq = 8").execute(&mut connection).await.unwrap();
    api.answers(503);
    eventually("the engine has seen the front door fail", || async {
        let state = engine.state().await;
        state.plans["shop"].probes.values().all(|p| p.verdict == Verdict::Down).then_some(())
    })
    .await;
    let head = engine.client.hello().await.unwrap().head;
    let checks = engine.client.checks(&ask(&incident)).await.unwrap();
    for (step, says) in [("file", "there"), ("seq", "8"), ("api", "503"), ("west", "front.west")] {
        let (finding, words) = found(&checks, step);
        assert_eq!(finding, Finding::Bad, "{step}");
        assert!(words.contains(says), "{step}: {words}");
    }
    assert_eq!(engine.client.hello().await.unwrap().head, head, "nothing is journaled: {before}");
    assert!(engine.state().await.runs.is_empty());
    assert!(!engine.dir.join("runs").exists(), "nothing was kept");
    let asked: Vec<String> = api.asked().into_iter().filter(|got| got.path == "/ready").map(|got| got.method).collect();
    assert_eq!(asked, ["GET", "GET"]);
    let seq: i64 = sqlx::query("SELECT seq FROM marks").fetch_one(&mut connection).await.unwrap().get(0);
    assert_eq!(seq, 8);
}

#[tokio::test]
async fn secrets_are_tried_before_a_launch_and_stay_secret() {
    let (yard, engine) = (Yard::new(), Engine::start().await);
    yard.put_secret("there", "hunter2");
    let plan = yard.mend(
        "
        parameters:
          - {name: here, type: secret, from: 'file:DIR/there'}
          - {name: gone, type: secret, from: 'file:DIR/gone'}
          - {name: idle, type: secret, from: 'env:NOBODY_USES_THIS'}
        steps:
          - {id: use, http: {url: 'http://127.0.0.1:9/', headers: {Authorization: 'Bearer ${here}', X-Other: '${gone}'}}}",
    );
    let incident = engine.declare(&plan).await;
    let checks = engine.client.checks(&ask(&incident)).await.unwrap();
    let of = |name: &str| format!("secret file:{}", yard.path(name).display());
    assert_eq!(found(&checks, &of("there")), (Finding::Good, "it can be had"));
    let (finding, says) = found(&checks, &of("gone"));
    assert!(finding == Finding::Bad && says.contains("cannot be read"), "{says}");
    assert_eq!(checks.len(), 2, "{checks:?}");
    assert!(!format!("{checks:?}").contains("hunter2"));
}

#[tokio::test]
async fn as_first_steps_of_the_run_they_stop_it_before_anything_is_touched() {
    let (yard, api, engine) = (Yard::new(), Service::start().await, Engine::start().await);
    let _database = database(&yard).await;
    let incident = engine.declare(&plan(&yard, &api).replace("no-such-program-here", "'true'")).await;
    let run = engine.ask(start(&incident, "mend")).await.run.unwrap();
    engine.step(run, "file", failed).await;
    for step in ["seq", "api", "west"] {
        engine.step(run, step, StepState::is_settled).await;
    }
    assert_eq!(engine.now(run, "touch").await, StepState::Pending);
    assert!(!yard.has("touched-7"));

    yard.put_secret("there", "");
    let retry =
        warroom::core::command::Command::Retry { run, step: "file".parse().unwrap(), values: Default::default() };
    engine.ask(retry).await;
    assert_eq!(engine.end(run).await, RunResult::Done);
    assert!(yard.has("touched-7"), "what a precondition found is known to later steps");
}

#[tokio::test]
async fn a_launch_that_a_rule_forbids_is_not_looked_at() {
    let (yard, api, engine) = (Yard::new(), Service::start().await, Engine::start().await);
    let incident = engine.declare(&plan(&yard, &api)).await;
    let asked = AskedChecks { values: [("mood".to_owned(), "x".to_owned())].into(), ..ask(&incident) };
    let error = engine.client.checks(&asked).await.unwrap_err();
    let warroom::client::ClientError::Trouble(Trouble::Refused(refusal)) = error else { panic!("{error:?}") };
    assert!(matches!(refusal, Refusal::ParameterUnknown { .. }), "{refusal:?}");
}

#[tokio::test]
async fn hosts_are_reached_for_or_said_to_be_out_of_reach() {
    let Some(far) = Far::start().await else { return };
    let (yard, engine) = (Yard::new(), engine_near(&far).await);
    let plan = yard.mend(
        "
        steps:
          - {id: there, host: far, command: [no-such-program-here]}
          - {id: nowhere, host: '-oProxyCommand=x', command: ['true']}"
            .replace("'-oProxyCommand=x'", "'${where}'")
            .as_str(),
    );
    let plan =
        plan.replace("name: Mend it", "name: Mend it\n    parameters: [{name: where, default: '-oProxyCommand=x'}]");
    let incident = engine.declare(&plan).await;
    let checks = engine.client.checks(&ask(&incident)).await.unwrap();
    assert_eq!(found(&checks, "host far"), (Finding::Good, "it answers"));
    let (finding, says) = found(&checks, "host -oProxyCommand=x");
    assert_eq!(finding, Finding::Bad);
    assert!(says.contains("begins with '-'"), "{says}");
    assert!(!checks.iter().any(|check| check.name.starts_with("program")), "its programs are not those of this host");

    far.proxy.cut();
    far.proxy.shut();
    let checks = engine.client.checks(&ask(&incident)).await.unwrap();
    assert_eq!(found(&checks, "host far").0, Finding::Bad, "{checks:?}");
}
