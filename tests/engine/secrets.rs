//! Secrets reach the steps that need them and are seen nowhere else.

use std::fs;
use std::path::Path;

use base64::Engine as _;
use base64::prelude::{BASE64_STANDARD, BASE64_STANDARD_NO_PAD, BASE64_URL_SAFE};
use sqlx::{Connection, SqliteConnection, sqlite::SqliteConnectOptions};
use warroom::client::Bodies;
use warroom::core::run::{RunResult, StepState};
use warroom::core::secret::SecretRef;
use warroom::text;

use crate::failure::failed;
use crate::far::Far;
use crate::harness::Engine;
use crate::hosts::engine_near;
use crate::service::Service;
use crate::yard::Yard;

const SECRET: &str = "hunter2 'pass/word+42=&\"ü";

/// What would give the secret away, in the forms in which it travels.
fn forms() -> Vec<(String, Vec<u8>)> {
    let json = serde_json::to_string(SECRET).unwrap();
    let url =
        SECRET.bytes().map(|b| if b.is_ascii_alphanumeric() { (b as char).to_string() } else { format!("%{b:02X}") });
    let forms = [
        SECRET.to_owned(),
        json.trim_matches('"').to_owned(),
        BASE64_STANDARD.encode(SECRET),
        BASE64_STANDARD_NO_PAD.encode(SECRET),
        BASE64_URL_SAFE.encode(SECRET),
        url.collect(),
        "pass/word+42".to_owned(),
    ];
    forms.into_iter().map(|form| (form.clone(), form.into_bytes())).collect()
}

fn shows(bytes: &[u8]) -> Option<String> {
    let found = |form: &[u8]| bytes.windows(form.len()).any(|window| window == form);
    forms().into_iter().find(|(_, form)| found(form)).map(|(name, _)| name)
}

/// Every file below a directory that shows the secret.
fn files_that_show_it(dir: &Path) -> Vec<String> {
    let mut found = Vec::new();
    for entry in fs::read_dir(dir).unwrap().flatten() {
        let path = entry.path();
        let kind = entry.file_type().unwrap();
        if kind.is_dir() {
            found.extend(files_that_show_it(&path));
        } else if kind.is_file()
            && let Some(form) = shows(&fs::read(&path).unwrap_or_default())
        {
            found.push(format!("{}: {form}", path.display()));
        }
    }
    found
}

/// Command lines of all processes that show the secret.
fn process_lists_that_show_it() -> Vec<String> {
    let processes = fs::read_dir("/proc").unwrap().flatten();
    let lines = processes.filter_map(|process| fs::read(process.path().join("cmdline")).ok());
    lines.filter(|line| shows(line).is_some()).map(|line| String::from_utf8_lossy(&line).into_owned()).collect()
}

async fn journal(engine: &Engine) -> Vec<u8> {
    let (mut all, mut after) = (Vec::new(), 0);
    loop {
        let lines = engine.client.export(after, Bodies::Included).await.unwrap();
        let count = lines.iter().filter(|b| **b == b'\n').count() as u64;
        if count == 0 {
            return all;
        }
        after += count;
        all.extend(lines);
    }
}

/// Nothing that the engine keeps, sends or shows gives it away.
async fn nowhere(engine: &Engine) {
    assert_eq!(files_that_show_it(&engine.dir), Vec::<String>::new());
    assert_eq!(shows(&journal(engine).await), None, "the journal");
    let snapshot = serde_json::to_vec(&engine.client.snapshot().await.unwrap()).unwrap();
    assert_eq!(shows(&snapshot), None, "the state");
}

#[tokio::test]
async fn a_secret_reaches_programs_by_their_environment_and_stays_out_of_everything_else() {
    let (yard, mut engine) = (Yard::new(), Engine::start().await);
    yard.put_secret("token", SECRET);
    let plan = yard.mend(
        "
        parameters: [{name: token, type: secret, from: 'file:DIR/token'}]
        steps:
          - {id: keep, command: [sh, -c, 'printf %s \"$WARROOM_PARAM_TOKEN\" > DIR/seen; touch DIR/up; until test -e DIR/go; do sleep 0.02; done']}
          - id: tell
            shell: |
              printf 'plain %s\\n' \"$WARROOM_PARAM_TOKEN\"
              printf %s \"$WARROOM_PARAM_TOKEN\" | base64
              printf %s \"$WARROOM_PARAM_TOKEN\" | head -c 9; sleep 0.2; printf %s \"$WARROOM_PARAM_TOKEN\" | tail -c +10; echo
              printf 'on standard error: %s\\n' \"$WARROOM_PARAM_TOKEN\" >&2
          - {id: results, shell: 'printf %s \"$WARROOM_PARAM_TOKEN\"', result: {told: {line: last}}}
          - {id: fails, shell: 'echo \"$WARROOM_PARAM_TOKEN\"; exit 3'}",
    );
    let run = engine.mend(&plan).await;
    yard.until_there("up").await;
    assert_eq!(yard.text("seen"), SECRET);
    assert!(shows(&fs::read(yard.path("seen")).unwrap()).is_some(), "it would be found");
    assert_eq!(process_lists_that_show_it(), Vec::<String>::new());
    nowhere(&engine).await;
    engine.kill();
    engine.start_again().await;
    yard.put("go", "");
    engine.step(run, "fails", failed).await;
    nowhere(&engine).await;
    for step in ["keep", "tell", "results", "fails"] {
        let output = engine.client.output(run, &step.parse().unwrap(), 1, 0).await.unwrap().bytes;
        assert_eq!(shows(&output), None, "{step}");
    }
    assert!(engine.output(run, "tell", 1).await.starts_with("plain "));
}

#[tokio::test]
async fn a_secret_reaches_programs_by_a_file_of_their_own_that_is_on_no_disk() {
    let (yard, engine) = (Yard::new(), Engine::start().await);
    yard.put_secret("token", SECRET);
    let plan = yard.mend(
        "
        parameters: [{name: token, type: secret, from: 'file:DIR/token'}, {name: token_file, default: plain}]
        steps:
          - {id: keep, command: [sh, -c, 'cat $WARROOM_SECRET_FILE_TOKEN > DIR/seen; touch DIR/up; until test -e DIR/go; do sleep 0.02; done']}
          - {id: tell, shell: 'cat \"$WARROOM_SECRET_FILE_TOKEN\"; echo; echo \"$WARROOM_PARAM_TOKEN_FILE\"; base64 -w 0 \"$WARROOM_SECRET_FILE_TOKEN\"'}",
    );
    let run = engine.mend(&plan).await;
    yard.until_there("up").await;
    assert_eq!(yard.text("seen"), SECRET);
    assert_eq!(process_lists_that_show_it(), Vec::<String>::new());
    nowhere(&engine).await;
    yard.put("go", "");
    assert_eq!(engine.end(run).await, RunResult::Done);
    assert_eq!(engine.output(run, "tell", 1).await, "***\nplain\n***");
    nowhere(&engine).await;
}

#[tokio::test]
async fn a_secret_reaches_a_request_by_header_and_body_and_an_answer_that_repeats_it_is_masked() {
    let (yard, engine) = (Yard::new(), Engine::start().await);
    let (api, echo) = (Service::start().await, Service::start().await);
    let secret = "hunter2-pass/word+42";
    yard.put_secret("token", secret);
    echo.answers(403);
    echo.says(&format!("no such key: {secret}"));
    let plan = yard.mend(&format!(
        "
        parameters: [{{name: token, type: secret, from: 'file:DIR/token'}}]
        steps:
          - {{id: call, http: {{method: POST, url: '{}', headers: {{authorization: 'Bearer ${{token}}'}}, json: {{key: '${{token}}'}}}}}}
          - {{id: fails, http: {{url: '{}', headers: {{authorization: '${{token}}'}}}}}}",
        api.url(),
        echo.url()
    ));
    let run = engine.mend(&plan).await;
    let state = engine.step(run, "fails", failed).await;
    let got = &api.asked()[0];
    assert_eq!(got.header("authorization"), format!("Bearer {secret}"));
    assert_eq!(got.body, format!("{{\"key\":\"{secret}\"}}"));
    let StepState::Failed { why, .. } = state else { panic!() };
    let sentence = text::failure(&why);
    assert!(sentence.contains("no such key") && !sentence.contains("hunter2"), "{sentence}");
    nowhere(&engine).await;
}

#[tokio::test]
async fn a_database_is_reached_by_an_address_that_is_secret() {
    let (yard, engine) = (Yard::new(), Engine::start().await);
    let path = yard.path("pass%2Fword+42.db");
    let name = yard.path("pass/word+42.db");
    fs::create_dir(name.parent().unwrap()).unwrap();
    let options = SqliteConnectOptions::new().filename(&name).create_if_missing(true);
    let mut connection = SqliteConnection::connect_with(&options).await.unwrap();
    sqlx::query("CREATE TABLE marks (seq INTEGER)").execute(&mut connection).await.unwrap();
    sqlx::query("INSERT INTO marks VALUES (7)").execute(&mut connection).await.unwrap();
    connection.close().await.unwrap();
    yard.put_secret("dsn", &format!("sqlite:{}", path.display()));
    yard.put_secret("bad", "postgres://app:hunter2 'pass/word+42@127.0.0.1:1/shop");
    let plan = yard.mend(
        "
        steps:
          - {id: read, sql: {url: {secret: 'file:DIR/dsn'}, query: SELECT seq FROM marks, expect: {row: {seq: '7'}}}}
          - {id: fails, sql: {url: {secret: 'file:DIR/bad'}, query: SELECT 1}}",
    );
    let run = engine.mend(&plan).await;
    let StepState::Failed { why, .. } = engine.step(run, "fails", failed).await else { panic!() };
    assert_eq!(shows(text::failure(&why).as_bytes()), None, "{why:?}");
    nowhere(&engine).await;
}

#[tokio::test]
async fn a_secret_reaches_a_host_and_stays_out_of_both_process_lists() {
    let Some(far) = Far::start().await else { return };
    let (yard, engine) = (Yard::new(), engine_near(&far).await);
    yard.put_secret("token", SECRET);
    let plan = yard.mend(
        "
        parameters: [{name: token, type: secret, from: 'file:DIR/token'}, {name: plain, default: seen}]
        steps:
          - {id: there, host: far, shell: 'printf %s \"$WARROOM_PARAM_TOKEN\" > DIR/seen; echo \"$WARROOM_PARAM_PLAIN $WARROOM_PARAM_TOKEN\"; cat \"$WARROOM_SECRET_FILE_TOKEN\"; echo \" by $WARROOM_SECRET_FILE_TOKEN\"; touch DIR/up; until test -e DIR/go; do sleep 0.02; done'}",
    );
    let run = engine.mend(&plan).await;
    yard.until_there("up").await;
    assert_eq!(yard.text("seen"), SECRET);
    assert_eq!(process_lists_that_show_it(), Vec::<String>::new());
    nowhere(&engine).await;
    yard.put("go", "");
    assert_eq!(engine.end(run).await, RunResult::Done);
    let output = engine.output(run, "there", 1).await;
    assert_eq!(output, "seen ***\n*** by /proc/self/fd/9\n");
    assert_eq!(shows(output.as_bytes()), None);
    assert_eq!(files_that_show_it(&far.steps()), Vec::<String>::new());
    nowhere(&engine).await;
}

#[tokio::test]
async fn a_secret_that_cannot_be_had_fails_the_step_by_name_and_shows_nothing() {
    let (yard, engine) = (Yard::new(), Engine::start().await);
    yard.put("open", SECRET);
    let plan = yard.mend(
        "
        parameters: [{name: token, type: secret, from: 'file:DIR/open'}]
        steps: [{id: work, command: [sh, -c, 'echo ran > DIR/ran']}]",
    );
    let run = engine.mend(&plan).await;
    let StepState::Failed { why, .. } = engine.step(run, "work", failed).await else { panic!() };
    let sentence = text::failure(&why);
    let reference: SecretRef = format!("file:{}", yard.path("open").display()).parse().unwrap();
    assert!(sentence.contains(&reference.to_string()) && sentence.contains("chmod 600"), "{sentence}");
    assert!(!yard.has("ran"));
    nowhere(&engine).await;
}
