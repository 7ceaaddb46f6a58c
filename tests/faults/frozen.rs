//! An engine that stands still while its programs go on.

use std::time::Duration;

use rustix::process::Signal;
use warroom::core::run::{Evidence, Failure, How, RunResult, RunState, StepState};

use crate::harness::{Engine, eventually, plan, signal};
use crate::service::Service;

#[tokio::test(flavor = "multi_thread")]
async fn an_engine_frozen_for_a_minute_takes_all_ends_and_repeats_nothing() {
    let shop = Service::start().await;
    let engine = Engine::start().await;
    let dir = engine.dir.display();
    let waits = format!("while ! test -e {dir}/end; do sleep 0.02; done");
    let step = |id: &str, needs: &str, more: &str| {
        format!(
            "      - {{id: {id}, needs: [{needs}], timeout: 10m, command: [sh, -c, \"echo $WARROOM_STEP $WARROOM_ATTEMPT >> {dir}/ran; {more}\"]}}\n"
        )
    };
    let mut steps: String = ["a", "b", "c", "d"].map(|id| step(id, "", &waits)).concat();
    steps += &step("last", "a, b, c, d", "true");
    // Its time is over while nobody watches.
    steps += "      - {id: late, needs: [], timeout: 5s, on_failure: continue, command: [sleep, \"1000\"]}\n";
    let (_, run) = engine.launch(&plan(&shop.url(), &steps), "mend").await;
    let ran = || std::fs::read_to_string(engine.dir.join("ran")).unwrap_or_default();
    eventually("all four run", || async { (ran().lines().count() == 4).then_some(()) }).await;

    signal(engine.pid(), Signal::STOP);
    let frozen = tokio::time::Instant::now();
    std::fs::write(engine.dir.join("end"), "").unwrap();
    for id in ["a", "b", "c", "d", "late"] {
        let end = engine.dir.join(format!("runs/R1/{id}.1/exit.json"));
        eventually("it has ended", || async { end.exists().then_some(()) }).await;
    }
    // Longer than anything that the engine, a client or a probe waits for meanwhile.
    tokio::time::sleep_until(frozen + Duration::from_secs(60)).await;
    signal(engine.pid(), Signal::CONT);

    engine.step(run, "last", StepState::is_settled).await;
    let known = engine.run(run).await;
    let partly = matches!(known.state, RunState::Ended { result: RunResult::Partly { failed: 1, .. }, .. });
    assert!(partly, "{:?}", known.state);
    for (step, seen) in known.pairs() {
        if step.id.as_str() == "late" {
            let in_time = matches!(&seen.state, StepState::Failed { why: Failure::TimedOut { .. }, .. });
            assert!(in_time && seen.attempts == 1, "{seen:?}");
            continue;
        }
        let done = matches!(seen.state, StepState::Done { how: How::Seen(Evidence::ExitedWell), .. });
        assert!(done && seen.attempts == 1, "{}: {seen:?}", step.id);
    }
    assert_eq!(ran().lines().count(), 5);
}
