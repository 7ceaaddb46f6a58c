//! Programs on another host whose followers here are killed: they are found there again, and never begun twice.

use std::fs;

use rustix::process::{Pid, Signal, kill_process, kill_process_group};
use warroom::client::Bodies;
use warroom::core::command::Command;
use warroom::core::ids::RunId;
use warroom::core::run::{Failure, RunResult, StepState};

use crate::far::Far;
use crate::harness::{Engine, eventually};
use crate::hosts::{engine_near, gone, running, unknown};
use crate::yard::Yard;

/// The processes that stand here for a program on the host.
pub struct Standing {
    shim: Pid,
    follower: Pid,
}

impl Standing {
    fn of(engine: &Engine) -> Option<Standing> {
        let pids = std::fs::read_to_string(engine.dir.join("runs/R1/slow.1/pid.json")).ok()?;
        let pids: serde_json::Value = serde_json::from_str(&pids).ok()?;
        let pid = |who: &str| Pid::from_raw(i32::try_from(pids[who].as_i64()?).unwrap());
        Some(Standing { shim: pid("shim_pid")?, follower: pid("pgid")? })
    }

    fn kill_shim(&self) {
        kill_process(self.shim, Signal::KILL).unwrap();
    }

    fn kill_follower(&self) {
        // Whoever lost its shim may have been ended by now.
        let _ = kill_process_group(self.follower, Signal::KILL);
    }

    /// Waits until others stand here.
    async fn replaced(&self, engine: &Engine) -> Standing {
        let others = || async { Standing::of(engine).filter(|now| now.shim != self.shim) };
        eventually("others stand here for the program", others).await
    }
}

/// Kills those who stand here for a program on the host, so that nobody follows it any more.
pub fn kill_followers(engine: &Engine) -> Standing {
    let standing = Standing::of(engine).unwrap();
    standing.kill_shim();
    standing.kill_follower();
    standing
}

/// A step on `far` that says how often it ran, goes on until it is let and brings a result.
const SLOW: &str = "
    steps:
      - id: slow
        host: far
        timeout: 5m
        result: {last: {line: last}}
        shell: 'echo ran >> DIR/ran; echo oneMORE; echo $$ > DIR/pid; until test -e DIR/go; do sleep 0.05; done; echo twoMORE; echo three'
      - {id: next, command: [echo, '${last}']}";

async fn slow(engine: &Engine, yard: &Yard, plan: &str) -> RunId {
    let run = engine.mend(&yard.mend(plan)).await;
    yard.until_there("pid").await;
    eventually("its output has come", || async { engine.output(run, "slow", 1).await.contains("one").then_some(()) })
        .await;
    run
}

fn plain() -> String {
    SLOW.replace("MORE", "")
}

/// Waits until the connection is seen to be up and the step to run.
async fn until_up(engine: &Engine) {
    let link = engine.dir.join("runs/R1/slow.1/link.json");
    eventually("it is followed and seen", || async {
        let up = fs::read_to_string(&link).unwrap().contains("\"up\"");
        (up && running(&engine.now("R1".parse().unwrap(), "slow").await)).then_some(())
    })
    .await;
}

/// The program ran once, all that it said is there once, and its result was taken.
async fn ended_once(engine: &Engine, yard: &Yard, run: RunId, output: &str) {
    assert_eq!(engine.end(run).await, RunResult::Done);
    assert_eq!(yard.lines("ran"), ["ran"]);
    assert_eq!(engine.run(run).await.find(&"slow".parse().unwrap()).unwrap().2.attempts, 1);
    assert_eq!(engine.output(run, "slow", 1).await, output);
    assert_eq!(engine.output(run, "next", 1).await, "three\n");
}

const OUTPUT: &str = "one\ntwo\nthree\n";

#[tokio::test]
async fn a_program_whose_followers_were_killed_is_found_again_and_goes_on() {
    let Some(far) = Far::start().await else { return };
    let (yard, engine) = (Yard::new(), engine_near(&far).await);
    let run = slow(&engine, &yard, &plain()).await;
    for _ in 0..3 {
        kill_followers(&engine).replaced(&engine).await;
        // A kill while it is still being found would be no news of its own.
        until_up(&engine).await;
    }
    let journal = engine.client.export(0, Bodies::Included).await.unwrap();
    let journal = String::from_utf8(journal).unwrap();
    let told = |kind: &str| journal.matches(&format!("\"kind\":\"{kind}\"")).count();
    assert_eq!((told("step_lost"), told("step_regained")), (3, 3));
    let order = fs::read_to_string(engine.dir.join("runs/R1/slow.1/spec.json")).unwrap();
    let order: serde_json::Value = serde_json::from_str(&order).unwrap();
    assert!(order["spec"]["timeout"]["secs"].as_u64().unwrap() < 300, "its time goes on: {order}");
    yard.put("go", "");
    ended_once(&engine, &yard, run, OUTPUT).await;
}

#[tokio::test]
async fn an_end_that_came_while_nobody_followed_is_taken_with_all_of_its_output() {
    let Some(far) = Far::start().await else { return };
    let (yard, engine) = (Yard::new(), engine_near(&far).await);
    let run = slow(&engine, &yard, &plain()).await;
    far.proxy.shut();
    kill_followers(&engine);
    yard.put("go", "");
    engine.step(run, "slow", unknown).await;
    gone(&yard.path("pid")).await;
    assert_eq!(engine.now(run, "next").await, StepState::Pending);
    far.proxy.open();
    ended_once(&engine, &yard, run, OUTPUT).await;
}

#[tokio::test]
async fn what_is_masked_is_whole_when_its_followers_were_killed() {
    let Some(far) = Far::start().await else { return };
    let (yard, engine) = (Yard::new(), engine_near(&far).await);
    yard.put_secret("token", "hunter2-pass/word");
    let secret = "\n    parameters: [{name: token, type: secret, from: 'file:DIR/token'}]";
    let plan = format!("{secret}{}", SLOW.replace("MORE", " $WARROOM_PARAM_TOKEN"));
    let run = slow(&engine, &yard, &plan).await;
    let standing = kill_followers(&engine);
    standing.replaced(&engine).await;
    engine.step(run, "slow", running).await;
    far.proxy.shut();
    kill_followers(&engine);
    yard.put("go", "");
    gone(&yard.path("pid")).await;
    far.proxy.open();
    ended_once(&engine, &yard, run, "one ***\ntwo ***\nthree\n").await;
}

#[tokio::test]
async fn it_is_enough_that_one_of_its_followers_was_killed() {
    let Some(far) = Far::start().await else { return };
    let (yard, engine) = (Yard::new(), engine_near(&far).await);
    let run = slow(&engine, &yard, &plain()).await;
    let standing = Standing::of(&engine).unwrap();
    standing.kill_shim();
    let standing = standing.replaced(&engine).await;
    engine.step(run, "slow", running).await;
    standing.kill_follower();
    standing.replaced(&engine).await;
    engine.step(run, "slow", running).await;
    yard.put("go", "");
    ended_once(&engine, &yard, run, OUTPUT).await;
}

#[tokio::test]
async fn a_machine_that_was_started_anew_finds_what_runs_on_hosts() {
    let Some(far) = Far::start().await else { return };
    let (yard, mut engine) = (Yard::new(), engine_near(&far).await);
    let run = slow(&engine, &yard, &plain()).await;
    engine.kill();
    kill_followers(&engine);
    // What a power cut leaves.
    let dir = engine.dir.join("runs/R1/slow.1");
    let mut order: serde_json::Value =
        serde_json::from_str(&fs::read_to_string(dir.join("spec.json")).unwrap()).unwrap();
    order["boot_id"] = "00000000-0000-0000-0000-000000000000".into();
    fs::write(dir.join("spec.json"), order.to_string()).unwrap();
    fs::write(dir.join("pid.json"), "{\"shim_").unwrap();
    engine.start_again().await;
    eventually("others stand here for the program", || async { Standing::of(&engine) }).await;
    engine.step(run, "slow", running).await;
    yard.put("go", "");
    ended_once(&engine, &yard, run, OUTPUT).await;
}

#[tokio::test]
async fn an_engine_that_died_as_it_took_up_what_a_machine_started_anew_had_left_takes_it_up_again() {
    let Some(far) = Far::start().await else { return };
    let (yard, mut engine) = (Yard::new(), engine_near(&far).await);
    let run = slow(&engine, &yard, &plain()).await;
    engine.kill();
    kill_followers(&engine);
    // Written down anew, and taken up by nobody.
    fs::remove_file(engine.dir.join("runs/R1/slow.1/pid.json")).unwrap();
    engine.start_again().await;
    eventually("others stand here for the program", || async { Standing::of(&engine) }).await;
    engine.step(run, "slow", running).await;
    yard.put("go", "");
    ended_once(&engine, &yard, run, OUTPUT).await;
}

#[tokio::test]
async fn what_its_host_does_not_know_stays_unknown_and_is_looked_for_until_it_does() {
    let Some(far) = Far::start().await else { return };
    let (yard, engine) = (Yard::new(), engine_near(&far).await);
    let run = slow(&engine, &yard, &plain()).await;
    let away = far.path("away");
    fs::rename(far.steps(), &away).unwrap();
    let before = far.said("Starting session");
    kill_followers(&engine);
    let StepState::Unknown { what, .. } = engine.step(run, "slow", unknown).await else { panic!() };
    assert!(what.ends_with("; it may still run there, and is looked for"), "{what}");
    eventually("it is looked for again", || async { (far.said("Starting session") > before + 1).then_some(()) }).await;
    assert!(unknown(&engine.now(run, "slow").await));
    fs::rename(&away, far.steps()).unwrap();
    engine.step(run, "slow", running).await;
    yard.put("go", "");
    ended_once(&engine, &yard, run, OUTPUT).await;
}

#[tokio::test]
async fn a_program_that_may_run_twice_is_not_when_its_host_knows_that_it_runs() {
    let Some(far) = Far::start().await else { return };
    let (yard, engine) = (Yard::new(), engine_near(&far).await);
    let run = slow(&engine, &yard, &plain().replace("timeout: 5m", "idempotent: true")).await;
    let standing = kill_followers(&engine);
    standing.replaced(&engine).await;
    let state = engine.now(run, "slow").await;
    assert!(running(&state), "{state:?}");
    yard.put("go", "");
    ended_once(&engine, &yard, run, OUTPUT).await;
}

#[tokio::test]
async fn aborting_a_run_ends_on_its_host_what_was_found_there_again() {
    let Some(far) = Far::start().await else { return };
    let (yard, engine) = (Yard::new(), engine_near(&far).await);
    let run = slow(&engine, &yard, &plain()).await;
    let standing = kill_followers(&engine);
    standing.replaced(&engine).await;
    engine.step(run, "slow", running).await;
    engine.ask(Command::Abort { run, reason: "wrong host".into() }).await;
    gone(&yard.path("pid")).await;
    let state = engine.step(run, "slow", crate::failure::failed).await;
    assert!(matches!(state, StepState::Failed { why: Failure::Stopped, .. }), "{state:?}");
}
