//! An engine that stands still while its programs go on.

use rustix::process::Signal;
use warroom::core::run::{Evidence, How, RunResult, RunState, StepState};

use crate::harness::{Engine, eventually, plan, signal};
use crate::service::Service;

#[tokio::test(flavor = "multi_thread")]
async fn a_frozen_engine_that_wakes_takes_all_ends_and_repeats_nothing() {
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
    let (_, run) = engine.launch(&plan(&shop.url(), &steps), "mend").await;
    let ran = || std::fs::read_to_string(engine.dir.join("ran")).unwrap_or_default();
    eventually("all four run", || async { (ran().lines().count() == 4).then_some(()) }).await;

    signal(engine.pid(), Signal::STOP);
    std::fs::write(engine.dir.join("end"), "").unwrap();
    for id in ["a", "b", "c", "d"] {
        let end = engine.dir.join(format!("runs/R1/{id}.1/exit.json"));
        eventually("it has ended", || async { end.exists().then_some(()) }).await;
    }
    signal(engine.pid(), Signal::CONT);

    engine.step(run, "last", StepState::is_settled).await;
    let known = engine.run(run).await;
    assert!(matches!(known.state, RunState::Ended { result: RunResult::Done, .. }), "{:?}", known.state);
    for (step, seen) in known.pairs() {
        let done = matches!(seen.state, StepState::Done { how: How::Seen(Evidence::ExitedWell), .. });
        assert!(done && seen.attempts == 1, "{}: {seen:?}", step.id);
    }
    assert_eq!(ran().lines().count(), 5);
}
