//! Steps that fail: tried again, gone past, mended, left out, taken up again with other values.

use std::time::Duration;

use warroom::core::command::Command;
use warroom::core::ids::RunId;
use warroom::core::refusal::Refusal;
use warroom::core::run::{Failure, RunResult, StepState};
use warroom::text;
use warroom::wire::Trouble;

use crate::harness::Engine;
use crate::yard::Yard;

pub fn failed(state: &StepState) -> bool {
    matches!(state, StepState::Failed { .. })
}

fn retry(run: RunId, step: &str, values: &[(&str, &str)]) -> Command {
    let values = values.iter().map(|(name, value)| ((*name).to_owned(), (*value).to_owned())).collect();
    Command::Retry { run, step: step.parse().unwrap(), values }
}

#[tokio::test]
async fn a_step_is_tried_again_after_ever_longer_pauses_and_then_has_failed() {
    let (yard, engine) = (Yard::new(), Engine::start().await);
    let plan = yard.mend(
        "
        steps:
          - id: work
            command: [sh, -c, 'echo $WARROOM_ATTEMPT $(date +%s%N) >> DIR/tries; exit 3']
            retry: {times: 4, every: 200ms, backoff: 2, at_most: 500ms}
          - {id: next, command: ['true']}",
    );
    let run = engine.mend(&plan).await;
    engine.step(run, "work", |s| matches!(s, StepState::Pausing { .. })).await;
    let state = engine.step(run, "work", failed).await;
    assert!(matches!(state, StepState::Failed { why: Failure::Exit { code: 3 }, .. }), "{state:?}");
    let tries = yard.lines("tries");
    let (numbers, moments): (Vec<u64>, Vec<u64>) = tries
        .iter()
        .map(|line| line.split_once(' ').unwrap())
        .map(|(number, moment)| (number.parse::<u64>().unwrap(), moment.parse::<u64>().unwrap()))
        .unzip();
    assert_eq!(numbers, [1, 2, 3, 4, 5]);
    for (pair, least) in moments.windows(2).zip([200, 400, 500, 500]) {
        let pause = Duration::from_nanos(pair[1] - pair[0]);
        assert!(pause >= Duration::from_millis(least), "{pause:?} is shorter than {least} ms: {tries:?}");
    }
    assert_eq!(engine.now(run, "next").await, StepState::Pending);
}

#[tokio::test]
async fn a_run_that_goes_on_past_a_failure_is_never_called_done() {
    let (yard, engine) = (Yard::new(), Engine::start().await);
    let plan = yard.mend(
        "
        steps:
          - {id: one, command: ['true']}
          - {id: two, command: ['false'], on_failure: continue}
          - {id: three, command: ['true']}
          - {id: four, command: ['true']}",
    );
    let run = engine.mend(&plan).await;
    let result = engine.end(run).await;
    assert_eq!(result, RunResult::Partly { skipped: 0, failed: 1, of: 4 });
    assert_eq!(text::run_result(&engine.state().await, &result), "PARTLY: 3 of 4 steps done, 1 failed");
}

#[tokio::test]
async fn a_failure_that_was_mended_is_not_hidden() {
    let (yard, engine) = (Yard::new(), Engine::start().await);
    let plan = yard.mend(
        "
        steps:
          - id: drain
            command: [sh, -c, 'echo drain >> DIR/log; exit 1']
            on_failure:
              do:
                - {id: plug, command: [sh, -c, 'echo plug >> DIR/log']}
                - {id: look, command: [sh, -c, 'echo look >> DIR/log']}
          - id: well
            command: [sh, -c, 'echo well >> DIR/log']
            on_failure: {do: [{id: never, command: [sh, -c, 'echo never >> DIR/log']}]}
          - {id: last, command: [sh, -c, 'echo last >> DIR/log']}",
    );
    let run = engine.mend(&plan).await;
    assert_eq!(engine.end(run).await, RunResult::Partly { skipped: 0, failed: 1, of: 3 });
    assert_eq!(yard.lines("log"), ["drain", "plug", "look", "well", "last"]);
    assert!(failed(&engine.now(run, "drain").await));
    assert!(matches!(engine.now(run, "well.never").await, StepState::NotNeeded { .. }));
}

#[tokio::test]
async fn a_run_is_resumed_from_the_failed_step_by_the_engine_after_this_one() {
    let yard = Yard::new();
    let mut engine = Engine::start().await;
    let plan = yard.mend(
        "
        steps:
          - {id: one, command: [sh, -c, 'echo one >> DIR/log']}
          - {id: two, command: [sh, -c, 'echo two >> DIR/log; test -e DIR/fixed']}
          - {id: three, command: [sh, -c, 'echo three >> DIR/log']}",
    );
    let run = engine.mend(&plan).await;
    engine.step(run, "two", failed).await;
    engine.kill();
    engine.start_again().await;
    yard.put("fixed", "");
    assert!(failed(&engine.now(run, "two").await));
    engine.ask(retry(run, "two", &[])).await;
    assert_eq!(engine.end(run).await, RunResult::Done);
    assert_eq!(yard.lines("log"), ["one", "two", "two", "three"]);
}

#[tokio::test]
async fn a_step_is_tried_again_with_other_values_and_the_others_keep_theirs() {
    let (yard, engine) = (Yard::new(), Engine::start().await);
    let plan = yard.mend(
        "
        parameters:
          - {name: mode, type: choice, choices: [soft, hard], default: soft}
          - {name: token, type: secret, from: 'file:DIR/token'}
        steps:
          - {id: work, command: [sh, -c, 'echo $1 $WARROOM_PARAM_MODE; test $1 = hard', sh, '${mode}']}
          - {id: next, command: [echo, '${mode}']}",
    );
    yard.put_secret("token", "hunter2");
    let run = engine.mend(&plan).await;
    engine.step(run, "work", failed).await;

    let unknown = engine.refused(retry(run, "work", &[("mood", "hard")])).await;
    assert!(
        matches!(&unknown, Trouble::Refused(Refusal::ParameterUnknown { name, .. }) if name == "mood"),
        "{unknown:?}"
    );
    let bad = engine.refused(retry(run, "work", &[("mode", "harder")])).await;
    assert!(matches!(&bad, Trouble::Refused(Refusal::ParameterBad { name, .. }) if name == "mode"), "{bad:?}");
    let secret = engine.refused(retry(run, "work", &[("token", "env:HOME")])).await;
    assert!(matches!(secret, Trouble::Refused(Refusal::ParameterUnknown { .. })), "{secret:?}");

    engine.ask(retry(run, "work", &[("mode", "hard")])).await;
    assert_eq!(engine.end(run).await, RunResult::Done);
    assert_eq!(engine.output(run, "work", 1).await, "soft soft\n");
    assert_eq!(engine.output(run, "work", 2).await, "hard hard\n");
    assert_eq!(engine.output(run, "next", 1).await, "soft\n");
}

#[tokio::test]
async fn what_is_still_to_come_can_be_left_out() {
    let (yard, engine) = (Yard::new(), Engine::start().await);
    let plan = yard.mend(
        "
        steps:
          - {id: one, command: [sh, -c, 'until test -e DIR/go; do sleep 0.02; done']}
          - {id: two, command: [sh, -c, 'echo two >> DIR/log']}
          - {id: three, command: [sh, -c, 'echo three >> DIR/log']}",
    );
    let run = engine.mend(&plan).await;
    engine.step(run, "one", |s| matches!(s, StepState::Running { .. })).await;
    let skip = |step: &str| Command::Skip { run, step: step.parse().unwrap(), reason: "the vendor does it".into() };
    engine.ask(skip("two")).await;
    let running = engine.refused(skip("one")).await;
    assert!(matches!(running, Trouble::Refused(Refusal::StepIs { .. })), "{running:?}");
    assert_eq!(engine.now(run, "three").await, StepState::Pending, "it still waits for the first");
    yard.put("go", "");
    let result = engine.end(run).await;
    assert_eq!(text::run_result(&engine.state().await, &result), "PARTLY: 2 of 3 steps done, 1 skipped");
    assert_eq!(yard.lines("log"), ["three"]);
}
