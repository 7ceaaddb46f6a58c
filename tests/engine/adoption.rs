//! Runs that outlive the engine which started them.

use std::time::Instant;

use warroom::core::run::{RunResult, StepState};

use crate::harness::{Engine, eventually, signal};
use crate::yard::Yard;

const STEPS: usize = 50;

#[tokio::test]
async fn fifty_steps_are_taken_back_after_a_kill_and_none_is_repeated() {
    let (yard, mut engine) = (Yard::new(), Engine::start().await);
    let items: Vec<String> = (0..STEPS).map(|n| format!("n{n}")).collect();
    let plan = yard.mend(&format!(
        "
        max_parallel: {{run: {STEPS}}}
        steps:
          - id: work
            for_each: [{}]
            command: [sh, -c, 'echo x >> DIR/ran-$1; until test -e DIR/go-$1 -o -e DIR/all; do sleep 0.1; done; echo ended $1', sh, '${{item}}']",
        items.join(", ")
    ));
    let run = engine.mend(&plan).await;
    eventually("all run", || async { items.iter().all(|item| yard.has(&format!("ran-{item}"))).then_some(()) }).await;
    engine.kill();
    let (early, late) = items.split_at(STEPS / 5);
    for item in early {
        yard.put(&format!("go-{item}"), "");
    }
    let ended = |item: &String| engine.dir.join(format!("runs/R1/work.{item}.1/exit.json")).exists();
    eventually("some end while no engine is there", || async { early.iter().all(ended).then_some(()) }).await;

    let began = Instant::now();
    engine.start_again().await;
    eventually("those ends are taken, and no others", || async {
        let known = engine.run(run).await;
        let done = known.steps.iter().filter(|s| matches!(s.state, StepState::Done { .. })).count();
        (done == early.len()).then_some(())
    })
    .await;
    let took = began.elapsed();
    for item in late {
        let state = engine.now(run, &format!("work.{item}")).await;
        assert!(matches!(state, StepState::Running { .. }), "{item}: {state:?}");
    }
    assert!(took < std::time::Duration::from_secs(10), "it took {took:?}");
    yard.put("all", "");
    assert_eq!(engine.end(run).await, RunResult::Done);
    for item in &items {
        assert_eq!(yard.text(&format!("ran-{item}")), "x\n", "{item} ran once");
        assert_eq!(engine.output(run, &format!("work.{item}"), 1).await, format!("ended {item}\n"));
    }
    assert!(engine.run(run).await.steps.iter().all(|step| step.attempts == 1));
}

#[tokio::test]
async fn a_run_goes_on_where_it_was_through_one_kill_after_another() {
    let (yard, mut engine) = (Yard::new(), Engine::start().await);
    let plan = yard.mend(
        "
        max_parallel: 4
        steps:
          - {id: a, for_each: [a1, a2, a3, a4, a5, a6], command: [sh, -c, 'echo $1 >> DIR/log; sleep 0.05', sh, '${item}']}
          - {id: b, for_each: [b1, b2, b3, b4, b5, b6], command: [sh, -c, 'echo $1 >> DIR/log; sleep 0.05', sh, '${item}']}
          - {id: c, command: [sh, -c, 'echo c >> DIR/log']}",
    );
    let run = engine.mend(&plan).await;
    for _ in 0..6 {
        let before = yard.lines("log").len();
        if before == 13 {
            break;
        }
        eventually("it goes on", || async { (yard.lines("log").len() > before).then_some(()) }).await;
        engine.kill();
        engine.start_again().await;
    }
    assert_eq!(engine.end(run).await, RunResult::Done, "a crash of the engine is no failure of a step");
    let mut log = yard.lines("log");
    log.sort();
    assert_eq!(log, ["a1", "a2", "a3", "a4", "a5", "a6", "b1", "b2", "b3", "b4", "b5", "b6", "c"]);
}

#[tokio::test]
async fn a_step_that_was_given_out_and_never_taken_up_is_started_by_the_next_engine() {
    let (yard, mut engine) = (Yard::new(), Engine::start().await);
    let plan = yard.mend(
        "
        steps:
          - {id: work, on_failure: continue, shell: 'echo ran >> DIR/ran; echo $$ > DIR/pid; until test -e DIR/go; do sleep 0.02; done; echo done'}
          - {id: next, command: ['true']}",
    );
    let run = engine.mend(&plan).await;
    yard.until_there("pid").await;
    engine.kill();
    // As it stands when the engine is killed after it has written down what is to be run, and before a shim has taken that.
    let dir = engine.dir.join("runs/R1/work.1");
    let pids: serde_json::Value =
        serde_json::from_str(&std::fs::read_to_string(dir.join("pid.json")).unwrap()).unwrap();
    for who in ["shim_pid", "child_pid"] {
        signal(u32::try_from(pids[who].as_u64().unwrap()).unwrap(), rustix::process::Signal::KILL);
    }
    for name in ["pid.json", "output"] {
        std::fs::remove_file(dir.join(name)).unwrap();
    }
    yard.put("go", "");
    std::fs::remove_file(yard.path("ran")).unwrap();
    engine.start_again().await;
    assert_eq!(engine.end(run).await, RunResult::Done);
    assert_eq!(yard.lines("ran"), ["ran"]);
    assert_eq!(engine.output(run, "work", 1).await, "done\n");
}
