//! The way back: undos in real processes, newest first, as far as the way is open; and runs that are stopped and taken up again.

use warroom::core::command::Command;
use warroom::core::refusal::Refusal;
use warroom::core::run::{Failure, RunResult, StepState};
use warroom::text;
use warroom::wire::Trouble;

use crate::failure::failed;
use crate::harness::Engine;
use crate::yard::Yard;

/// A step that says so in the log when it is done, and when it is taken back.
fn step(id: &str, more: &str) -> String {
    let say = |word: &str| format!("command: [sh, -c, 'echo {word} >> DIR/log']");
    format!("  - {{id: {id}, {}, undo: {{{}}}{more}}}\n", say(id), say(&format!("undo-{id}")))
}

#[tokio::test]
async fn a_failure_that_asks_for_it_undoes_what_was_done_newest_first() {
    let (yard, engine) = (Yard::new(), Engine::start().await);
    let steps = [
        step("one", ""),
        "  - {id: plain, command: [sh, -c, 'echo plain >> DIR/log']}\n".into(),
        step("two", ""),
        "  - {id: look, file: {path: DIR/log}}\n".into(),
        step("three", ""),
        "  - {id: four, command: ['false'], on_failure: rollback, undo: {command: [sh, -c, 'echo never >> DIR/log']}}\n".into(),
        step("five", ""),
    ];
    let run = engine.mend(&yard.mend(&format!("steps:\n{}", steps.concat()))).await;
    let result = engine.end(run).await;
    assert_eq!(yard.lines("log"), ["one", "plain", "two", "three", "undo-three", "undo-two", "undo-one"]);
    assert_eq!(result, RunResult::RolledBack { undone: 3, kept: vec!["plain".parse().unwrap()] });
    let sentence = text::run_result(&engine.state().await, &result);
    assert_eq!(sentence, "ROLLED BACK: 3 steps undone; plain STAYS DONE");
}

#[tokio::test]
async fn results_and_items_are_known_to_what_takes_them_back() {
    let (yard, engine) = (Yard::new(), Engine::start().await);
    let plan = yard.mend(
        "
        steps:
          - id: open
            command: [echo, '{\"ticket\": 7}']
            result: {ticket: {json: /ticket}}
            undo: {command: [sh, -c, 'echo close $1 >> DIR/log', sh, '${ticket}']}
          - id: stop
            for_each: [a, b]
            command: ['true']
            undo: {shell: 'echo start $WARROOM_PARAM_ITEM >> DIR/log'}
          - {id: fail, command: ['false'], on_failure: rollback}",
    );
    let run = engine.mend(&plan).await;
    assert_eq!(engine.end(run).await, RunResult::RolledBack { undone: 3, kept: vec![] });
    let log = yard.lines("log");
    assert_eq!(log[2], "close 7");
    assert!(log[..2].contains(&"start a".to_owned()) && log[..2].contains(&"start b".to_owned()), "{log:?}");
}

#[tokio::test]
async fn a_run_is_rolled_back_by_command_and_never_past_a_step_without_return() {
    let (yard, engine) = (Yard::new(), Engine::start().await);
    let steps = [
        step("one", ""),
        "  - {id: go, gate: Go on}\n".into(),
        "  - {id: burn, command: [sh, -c, 'echo burn >> DIR/log'], no_return: true}\n".into(),
        step("two", ""),
        "  - {id: slow, command: [sh, -c, 'until test -e DIR/go; do sleep 0.02; done; echo slow >> DIR/log'], \
         undo: {command: [sh, -c, 'echo undo-slow >> DIR/log']}}\n"
            .into(),
        step("never", ""),
    ];
    let run = engine.mend(&yard.mend(&format!("steps:\n{}", steps.concat()))).await;
    let early = Command::RollBack { run, reason: "let us see".into() };
    engine.step(run, "go", |s| matches!(s, StepState::Waiting { .. })).await;
    engine.confirm(run, "go").await;
    engine.step(run, "slow", |s| matches!(s, StepState::Running { .. })).await;
    engine.ask(early.clone()).await;
    assert!(matches!(engine.now(run, "slow").await, StepState::Running { .. }), "what it is at comes to its end first");
    let again = engine.refused(early).await;
    assert!(matches!(again, Trouble::Refused(Refusal::RunIs { .. })), "{again:?}");
    yard.put("go", "");
    let result = engine.end(run).await;
    assert_eq!(yard.lines("log"), ["one", "burn", "two", "slow", "undo-slow", "undo-two"]);
    let kept = ["burn", "one"].map(|id| id.parse().unwrap());
    let RunResult::RolledBack { undone: 2, kept: stays } = result else { panic!("{result:?}") };
    assert_eq!(stays.iter().collect::<std::collections::BTreeSet<_>>(), kept.iter().collect());
}

#[tokio::test]
async fn where_the_way_back_is_shut_at_once_a_rollback_is_refused() {
    let (yard, engine) = (Yard::new(), Engine::start().await);
    let steps = [
        step("one", ""),
        "  - {id: go, gate: Go on}\n".into(),
        "  - {id: burn, command: ['true'], no_return: true}\n  - {id: fail, command: ['false']}\n".into(),
    ];
    let run = engine.mend(&yard.mend(&format!("steps:\n{}", steps.concat()))).await;
    engine.step(run, "go", |s| matches!(s, StepState::Waiting { .. })).await;
    engine.confirm(run, "go").await;
    engine.step(run, "fail", failed).await;
    let refused = engine.refused(Command::RollBack { run, reason: "undo it".into() }).await;
    let Trouble::Refused(Refusal::NothingToUndo { no_return, .. }) = refused else { panic!("{refused:?}") };
    assert_eq!(no_return.unwrap().as_str(), "burn");
    assert_eq!(yard.lines("log"), ["one"]);
}

#[tokio::test]
async fn an_undo_that_fails_waits_for_a_person_and_a_rollback_survives_the_engine() {
    let yard = Yard::new();
    let mut engine = Engine::start().await;
    let plan = yard.mend(
        "
        steps:
          - {id: one, command: ['true'], undo: {command: [sh, -c, 'echo undo-one >> DIR/log']}}
          - {id: two, command: ['true'], undo: {command: [sh, -c, 'echo undo-two >> DIR/log; test -e DIR/fixed'], retry: {times: 1, every: 100ms}}}
          - {id: three, command: ['true'], undo: {command: [sh, -c, 'echo undo-three >> DIR/log']}}
          - {id: fail, command: ['false'], on_failure: rollback}",
    );
    let run = engine.mend(&plan).await;
    engine.step(run, "undo.two", failed).await;
    engine.kill();
    engine.start_again().await;
    assert_eq!(yard.lines("log"), ["undo-three", "undo-two", "undo-two"]);
    yard.put("fixed", "");
    engine.ask(Command::Retry { run, step: "undo.two".parse().unwrap(), values: Default::default() }).await;
    assert_eq!(engine.end(run).await, RunResult::RolledBack { undone: 3, kept: vec![] });
    assert_eq!(yard.lines("log"), ["undo-three", "undo-two", "undo-two", "undo-two", "undo-one"]);
}

#[tokio::test]
async fn an_aborted_run_is_taken_up_again_where_it_stopped() {
    let (yard, engine) = (Yard::new(), Engine::start().await);
    let plan = yard.mend(
        "
        steps:
          - {id: one, command: [sh, -c, 'echo one >> DIR/log']}
          - {id: two, command: [sh, -c, 'echo two >> DIR/log; until test -e DIR/go; do sleep 0.02; done'], on_failure: rollback, undo: {command: ['true']}}
          - {id: three, command: [sh, -c, 'echo three >> DIR/log']}",
    );
    let run = engine.mend(&plan).await;
    engine.step(run, "two", |s| matches!(s, StepState::Running { .. })).await;
    engine.ask(Command::Abort { run, reason: "the site is back".into() }).await;
    let stopped = engine.step(run, "two", failed).await;
    assert!(matches!(stopped, StepState::Failed { why: Failure::Stopped, .. }), "{stopped:?}");
    assert!(matches!(engine.end(run).await, RunResult::Aborted { .. }));

    engine.ask(Command::Resume { run }).await;
    assert!(failed(&engine.now(run, "two").await), "nothing that was stopped begins again by itself");
    yard.put("go", "");
    engine.ask(Command::Retry { run, step: "two".parse().unwrap(), values: Default::default() }).await;
    assert_eq!(engine.end(run).await, RunResult::Done);
    assert_eq!(yard.lines("log"), ["one", "two", "two", "three"]);
}
