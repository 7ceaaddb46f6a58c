//! Steps on another host: a real ssh, a real sshd on loopback, and a network that can be cut under them.

use std::path::Path;

use warroom::core::command::Command;
use warroom::core::ids::RunId;
use warroom::core::refusal::Refusal;
use warroom::core::run::{Evidence, Failure, How, RunResult, StepState};
use warroom::text;
use warroom::wire::Trouble;

use crate::failure::failed;
use crate::far::Far;
use crate::harness::{Engine, eventually};
use crate::regained::kill_followers;
use crate::yard::Yard;

/// An engine that reaches the host `far`.
pub async fn engine_near(far: &Far) -> Engine {
    Engine::with_config(&format!("[ssh]\nconfig = \"{}\"\n", far.path("config").display())).await
}

pub fn running(state: &StepState) -> bool {
    matches!(state, StepState::Running { .. })
}

pub fn unknown(state: &StepState) -> bool {
    matches!(state, StepState::Unknown { .. })
}

/// Whether a process lives whose id stands in a file.
pub fn lives(pid_file: &Path) -> bool {
    let pid = std::fs::read_to_string(pid_file).unwrap().trim().to_owned();
    std::fs::read_to_string(format!("/proc/{pid}/stat")).is_ok_and(|stat| !stat.contains(") Z "))
}

pub async fn gone(pid_file: &Path) {
    eventually("the process over there is gone", || async { (!lives(pid_file)).then_some(()) }).await;
}

#[tokio::test]
async fn programs_and_scripts_run_on_a_host_and_their_output_comes_back() {
    let Some(far) = Far::start().await else { return };
    let (yard, engine) = (Yard::new(), engine_near(&far).await);
    let plan = yard.mend(
        "
        parameters: [{name: words, default: \"it's; $(id)\\n\\\"two\\\"\"}]
        steps:
          - {id: call, host: far, command: [printf, '<%s>', '${words}', '$HOME', '']}
          - {id: script, host: far, shell: 'echo out $WARROOM_STEP $WARROOM_ATTEMPT; echo err >&2; test -n \"$XDG_STATE_HOME\"; printf %s \"$WARROOM_PARAM_WORDS\"'}
          - {id: json, host: far, command: [echo, '{\"lag\": 4}'], result: {lag: {json: /lag}}}
          - {id: here, command: [echo, 'lag ${lag}']}
          - {id: fails, host: far, command: [sh, -c, 'echo no; exit 7']}",
    );
    let run = engine.mend(&plan).await;
    let state = engine.step(run, "fails", failed).await;
    assert!(matches!(state, StepState::Failed { why: Failure::Exit { code: 7 }, .. }), "{state:?}");
    assert_eq!(engine.output(run, "call", 1).await, "<it's; $(id)\n\"two\"><$HOME><>");
    assert_eq!(engine.output(run, "script", 1).await, "out script 1\nerr\nit's; $(id)\n\"two\"");
    assert_eq!(engine.output(run, "here", 1).await, "lag 4\n");
    assert_eq!(engine.output(run, "fails", 1).await, "no\n");
    let done = engine.now(run, "call").await;
    assert!(matches!(done, StepState::Done { how: How::Seen(Evidence::ExitedWell), .. }), "{done:?}");
    assert_eq!(far.let_in(), 1, "all share one connection");
}

#[tokio::test]
async fn no_more_steps_run_on_a_host_than_it_has_lanes() {
    let Some(far) = Far::start().await else { return };
    let (yard, engine) = (Yard::new(), engine_near(&far).await);
    let plan = yard.mend(
        "
        max_parallel: {run: 8, host: 1}
        steps:
          - {id: there, for_each: [a, b, c], host: far, shell: 'echo in >> DIR/log; sleep 0.1; echo out >> DIR/log'}
          - {id: here, needs: [], command: [sh, -c, 'touch DIR/here']}",
    );
    let run = engine.mend(&plan).await;
    assert_eq!(engine.end(run).await, RunResult::Done);
    assert_eq!(yard.lines("log"), ["in", "out", "in", "out", "in", "out"]);
    assert!(yard.has("here"));
}

/// A step on `far` that says how often it ran and goes on until it is let.
const SLOW: &str = "
    steps:
      - {id: slow, host: far, timeout: 5m, shell: 'echo ran >> DIR/ran; echo $$ > DIR/pid; until test -e DIR/go; do sleep 0.05; done; echo ended'}
      - {id: next, command: ['true']}";

async fn slow(engine: &Engine, yard: &Yard) -> RunId {
    let run = engine.mend(&yard.mend(SLOW)).await;
    yard.until_there("pid").await;
    eventually("the host has said that it began", || async {
        let link = std::fs::read_to_string(engine.dir.join("runs/R1/slow.1/link.json")).ok()?;
        link.contains("begun").then_some(())
    })
    .await;
    run
}

#[tokio::test]
async fn a_cut_connection_makes_a_step_unknown_until_it_is_seen_again() {
    let Some(far) = Far::start().await else { return };
    let (yard, engine) = (Yard::new(), engine_near(&far).await);
    let run = slow(&engine, &yard).await;
    far.proxy.shut();
    let StepState::Unknown { what, .. } = engine.step(run, "slow", unknown).await else { panic!() };
    assert!(
        what.starts_with("the connection was cut: ") && what.ends_with("; it may still run there, and is looked for"),
        "{what}"
    );
    assert_eq!(engine.now(run, "next").await, StepState::Pending);

    far.proxy.open();
    engine.step(run, "slow", running).await;
    yard.put("go", "");
    assert_eq!(engine.end(run).await, RunResult::Done);
    assert_eq!(yard.lines("ran"), ["ran"]);
    assert_eq!(engine.output(run, "slow", 1).await, "ended\n");
}

#[tokio::test]
async fn an_end_that_came_while_the_connection_was_cut_is_learnt_when_it_is_back() {
    let Some(far) = Far::start().await else { return };
    let (yard, mut engine) = (Yard::new(), engine_near(&far).await);
    let run = slow(&engine, &yard).await;
    far.proxy.shut();
    engine.step(run, "slow", unknown).await;
    engine.kill();
    yard.put("go", "");
    gone(&yard.path("pid")).await;
    engine.start_again().await;
    assert!(unknown(&engine.now(run, "slow").await), "nobody has looked yet");
    far.proxy.open();
    assert_eq!(engine.end(run).await, RunResult::Done);
    assert_eq!(yard.lines("ran"), ["ran"]);
    assert_eq!(engine.output(run, "slow", 1).await, "ended\n");
}

#[tokio::test]
async fn an_engine_that_was_killed_goes_on_with_what_it_started_on_a_host() {
    let Some(far) = Far::start().await else { return };
    let (yard, mut engine) = (Yard::new(), engine_near(&far).await);
    let run = slow(&engine, &yard).await;
    engine.kill();
    far.proxy.cut();
    engine.start_again().await;
    yard.put("go", "");
    assert_eq!(engine.end(run).await, RunResult::Done);
    assert_eq!(yard.lines("ran"), ["ran"]);
    assert_eq!(engine.output(run, "slow", 1).await, "ended\n");
}

#[tokio::test]
async fn a_host_that_cannot_be_reached_fails_the_step_and_leaves_nothing_unknown() {
    let Some(far) = Far::start().await else { return };
    let (yard, engine) = (Yard::new(), engine_near(&far).await);
    far.proxy.shut();
    let run = engine.mend(&yard.mend(SLOW)).await;
    let StepState::Failed { why: Failure::NotStarted { why }, .. } = engine.step(run, "slow", failed).await else {
        panic!()
    };
    assert!(!why.is_empty());
    far.proxy.open();
    yard.put("go", "");
    engine.ask(Command::Retry { run, step: "slow".parse().unwrap(), values: Default::default() }).await;
    assert_eq!(engine.end(run).await, RunResult::Done);
    assert_eq!(yard.lines("ran"), ["ran"]);
}

#[tokio::test]
async fn a_host_whose_key_has_changed_is_not_talked_to() {
    let Some(far) = Far::start().await else { return };
    let (yard, engine) = (Yard::new(), engine_near(&far).await);
    far.know("other");
    let run = engine.mend(&yard.mend(SLOW)).await;
    let StepState::Failed { why, .. } = engine.step(run, "slow", failed).await else { panic!() };
    assert!(text::failure(&why).to_lowercase().contains("another key"), "{why:?}");
    assert!(!yard.has("ran"));
}

#[tokio::test]
async fn aborting_a_run_ends_its_program_on_the_host() {
    let Some(far) = Far::start().await else { return };
    let (yard, engine) = (Yard::new(), engine_near(&far).await);
    let run = slow(&engine, &yard).await;
    engine.ask(Command::Abort { run, reason: "wrong host".into() }).await;
    let state = engine.step(run, "slow", failed).await;
    assert!(matches!(state, StepState::Failed { why: Failure::Stopped, .. }), "{state:?}");
    gone(&yard.path("pid")).await;
}

#[tokio::test]
async fn a_program_out_of_sight_is_ended_once_its_aborted_run_reaches_the_host_again() {
    let Some(far) = Far::start().await else { return };
    let (yard, engine) = (Yard::new(), engine_near(&far).await);
    let run = slow(&engine, &yard).await;
    far.proxy.shut();
    engine.step(run, "slow", unknown).await;
    engine.ask(Command::Abort { run, reason: "we go elsewhere".into() }).await;
    assert!(lives(&yard.path("pid")));
    far.proxy.open();
    gone(&yard.path("pid")).await;
    let state = engine.step(run, "slow", failed).await;
    assert!(matches!(state, StepState::Failed { why: Failure::Stopped, .. }), "{state:?}");
}

#[tokio::test]
async fn a_try_that_nobody_follows_any_more_is_ended_before_the_next_one_begins() {
    let Some(far) = Far::start().await else { return };
    let (yard, engine) = (Yard::new(), engine_near(&far).await);
    let run = slow(&engine, &yard).await;
    far.proxy.shut();
    kill_followers(&engine);
    engine.step(run, "slow", unknown).await;
    assert!(lives(&yard.path("pid")));
    std::fs::rename(yard.path("pid"), yard.path("first")).unwrap();
    let retry = || Command::Retry { run, step: "slow".parse().unwrap(), values: Default::default() };
    eventually("a retry is taken, once nothing of it lives here", || async { engine.try_ask(retry()).await.ok() })
        .await;
    engine.step(run, "slow", failed).await;
    assert!(lives(&yard.path("first")), "its host was not reached");
    far.proxy.open();
    engine.ask(retry()).await;
    yard.until_there("pid").await;
    assert!(!lives(&yard.path("first")), "two of them never act at once");
    yard.put("go", "");
    assert_eq!(engine.end(run).await, RunResult::Done);
    assert_eq!(yard.lines("ran"), ["ran", "ran"]);
}

#[tokio::test]
async fn what_was_lost_from_sight_is_never_begun_again_because_its_files_are_gone() {
    let Some(far) = Far::start().await else { return };
    let (yard, mut engine) = (Yard::new(), engine_near(&far).await);
    let run = slow(&engine, &yard).await;
    far.proxy.shut();
    engine.step(run, "slow", unknown).await;
    engine.kill();
    kill_followers(&engine);
    std::fs::remove_dir_all(engine.dir.join("runs")).unwrap();
    far.proxy.open();
    engine.start_again().await;
    let reached = crate::checks::ask(&engine.run(run).await.incident);
    engine.client.checks(&reached).await.unwrap();
    assert!(unknown(&engine.now(run, "slow").await));
    engine.ask(Command::SayDone { run, step: "slow".parse().unwrap(), note: Some("I looked there".into()) }).await;
    assert_eq!(engine.end(run).await, RunResult::Done);
    assert_eq!(yard.lines("ran"), ["ran"]);
}

#[tokio::test]
async fn a_step_is_tried_again_on_another_host_when_its_own_is_lost() {
    let Some(far) = Far::start().await else { return };
    let (yard, engine) = (Yard::new(), engine_near(&far).await);
    let config = std::fs::read_to_string(far.path("config")).unwrap().replace("Host far", "Host far lost");
    std::fs::write(far.path("config"), &config).unwrap();
    let slow = SLOW.replace("host: far", "host: '${where}'");
    let run = engine.mend(&yard.mend(&format!("    parameters: [{{name: where, default: lost}}]{slow}"))).await;
    yard.until_there("pid").await;
    std::fs::write(far.path("config"), config.replace("far lost", "far")).unwrap();
    kill_followers(&engine);
    engine.step(run, "slow", unknown).await;
    yard.put("go", "");
    eventually("a retry is taken, once nothing of it lives here", || async {
        let values = [("where".to_owned(), "far".to_owned())].into();
        engine.try_ask(Command::Retry { run, step: "slow".parse().unwrap(), values }).await.ok()
    })
    .await;
    assert_eq!(engine.end(run).await, RunResult::Done);
    assert_eq!(yard.lines("ran"), ["ran", "ran"]);
}

#[tokio::test]
async fn a_host_that_comes_back_within_the_retries_is_waited_for_and_undos_run_there_too() {
    let Some(far) = Far::start().await else { return };
    let (yard, engine) = (Yard::new(), engine_near(&far).await);
    far.proxy.shut();
    let plan = yard.mend(
        "
        steps:
          - id: there
            host: far
            retry: {times: 100, every: 200ms}
            shell: 'echo did >> DIR/log'
            undo: {shell: 'test -n \"$XDG_STATE_HOME\" && echo undid >> DIR/log'}
          - {id: fail, command: ['false'], on_failure: rollback}",
    );
    let run = engine.mend(&plan).await;
    engine.step(run, "there", |s| matches!(s, StepState::Pausing { .. })).await;
    far.proxy.open();
    assert_eq!(engine.end(run).await, RunResult::RolledBack { undone: 1, kept: vec![] });
    assert_eq!(yard.lines("log"), ["did", "undid"]);
}

#[tokio::test]
async fn aborting_a_run_ends_what_nobody_follows_any_more_once_its_host_is_reached() {
    let Some(far) = Far::start().await else { return };
    let (yard, mut engine) = (Yard::new(), engine_near(&far).await);
    let run = slow(&engine, &yard).await;
    far.proxy.shut();
    engine.step(run, "slow", unknown).await;
    engine.kill();
    kill_followers(&engine);
    engine.start_again().await;
    engine.ask(Command::Abort { run, reason: "we go elsewhere".into() }).await;
    assert!(lives(&yard.path("pid")));
    far.proxy.open();
    gone(&yard.path("pid")).await;
    let state = engine.step(run, "slow", failed).await;
    assert!(matches!(state, StepState::Failed { why: Failure::Stopped, .. }), "{state:?}");
}

#[tokio::test]
async fn a_program_that_takes_too_long_on_a_host_is_ended_there() {
    let Some(far) = Far::start().await else { return };
    let (yard, engine) = (Yard::new(), engine_near(&far).await);
    let run = engine.mend(&yard.mend(&SLOW.replace("5m", "1s"))).await;
    let state = engine.step(run, "slow", failed).await;
    assert!(matches!(state, StepState::Failed { why: Failure::TimedOut { .. }, .. }), "{state:?}");
    gone(&yard.path("pid")).await;
}

#[tokio::test]
async fn a_host_that_reads_as_an_option_of_ssh_is_refused_wherever_it_comes_from() {
    let Some(far) = Far::start().await else { return };
    let (yard, engine) = (Yard::new(), engine_near(&far).await);
    let evil = format!("-oProxyCommand=touch {}", yard.path("owned").display());

    let plan = yard.mend(&format!("steps: [{{id: work, host: '{evil}', command: ['true']}}]"));
    let refused = engine.refused(Command::LoadPlan { text: plan, read: None }).await;
    let Trouble::PlanFaults(faults) = refused else { panic!("{refused:?}") };
    assert!(faults.iter().any(|fault| fault.what.contains("begins with '-'")), "{faults:?}");

    let plan = yard.mend(
        "
        parameters: [{name: where}]
        steps: [{id: work, host: '${where}', command: ['true']}]",
    );
    let incident = engine.declare(&plan).await;
    for host in [evil.clone(), "-oProxyCommand=x".into(), "root@-oProxyCommand=x".into()] {
        let improvised =
            Command::Improvise { incident: incident.clone(), host: Some(host.clone()), argv: vec!["true".into()] };
        let refused = engine.refused(improvised).await;
        assert!(matches!(refused, Trouble::Refused(Refusal::BadProgram { .. })), "{refused:?}");

        let Command::StartRun { plan, procedure, options, seen, .. } = crate::harness::start(&incident, "mend") else {
            panic!()
        };
        let (incident, values) = (incident.clone(), [("where".to_owned(), host)].into());
        let run = engine.ask(Command::StartRun { incident, plan, procedure, values, options, seen }).await.run.unwrap();
        let state = engine.step(run, "work", failed).await;
        assert!(matches!(state, StepState::Failed { why: Failure::NotStarted { .. }, .. }), "{state:?}");
        engine.ask(Command::Abort { run, reason: "tried".into() }).await;
    }
    assert!(!yard.has("owned"));
    assert_eq!(far.let_in(), 0);
}

#[tokio::test]
async fn steps_of_two_engines_that_are_called_the_same_do_not_meet_on_a_host() {
    let Some(far) = Far::start().await else { return };
    let engines = [engine_near(&far).await, engine_near(&far).await];
    let yard = Yard::new();
    let plan = |word: &str| yard.mend(&format!("steps: [{{id: say, host: far, command: [echo, {word}]}}]"));
    let (one, other) = (plan("one"), plan("other"));
    let incidents = eventually("incidents of the same second", || async {
        let (first, second) = tokio::join!(engines[0].declare(&one), engines[1].declare(&other));
        (first == second).then_some([first, second])
    })
    .await;
    for (engine, incident) in engines.iter().zip(&incidents) {
        engine.ask(crate::harness::start(incident, "mend")).await;
    }
    for (engine, word) in engines.iter().zip(["one\n", "other\n"]) {
        let run = "R1".parse().unwrap();
        assert_eq!(engine.end(run).await, RunResult::Done);
        assert_eq!(engine.output(run, "say", 1).await, word);
    }
}
