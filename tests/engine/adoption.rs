//! Runs that outlive the engine which started them.

use std::time::Instant;

use warroom::core::run::{RunResult, StepState};

use crate::harness::{Engine, eventually};
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
    eventually("nothing more begins, or something was never given out", || async {
        let known = engine.run(run).await;
        let stuck = known.steps.iter().any(|s| matches!(s.state, StepState::Failed { .. } | StepState::Unknown { .. }));
        (stuck || !known.is_open()).then_some(())
    })
    .await;
    let known = engine.run(run).await;
    for step in known.steps.iter().filter(|step| matches!(step.state, StepState::Failed { .. })) {
        let dir = engine.dir.join(format!("runs/R1/{}.1", step.id));
        assert!(!dir.join("output").exists() || step.attempts > 1, "{step:?}");
    }
    let mut log = yard.lines("log");
    let count = log.len();
    log.sort();
    log.dedup();
    assert_eq!(log.len(), count, "nothing ran twice: {log:?}");
}
