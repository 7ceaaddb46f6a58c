//! Runs that take longer than they may: held, paged for once, and never undone.

use std::collections::BTreeSet;

use warroom::core::command::Command;
use warroom::core::comms::Delivery;
use warroom::core::ids::{ChannelId, Principal, RunId};
use warroom::core::run::{Course, RunResult, RunState, StepState};
use warroom::text;

use crate::harness::{Engine, eventually};
use crate::service::{Service, webhooks};
use crate::yard::Yard;

/// Two steps that begin at once, one of them with an undo and one that outlasts the run's time, and one behind them.
const MEND: &str = "
    - procedure_id: mend
      name: Mend it
      timeout: 1s
      steps:
        - {id: one, command: [sh, -c, 'echo one >> DIR/log'], undo: {command: [sh, -c, 'echo undone >> DIR/log']}}
        - {id: slow, needs: [], shell: 'touch DIR/began; sleep 1; touch DIR/late; until test -e DIR/go; do sleep 0.02; done'}
        - {id: last, needs: [one, slow], command: [sh, -c, 'echo last >> DIR/log']}";

/// The services behind three channels; the plan's pages go to two of them, its updates to the third.
struct Channels {
    pager: Service,
    phone: Service,
    inbox: Service,
}

impl Channels {
    async fn start() -> Channels {
        Channels { pager: Service::start().await, phone: Service::start().await, inbox: Service::start().await }
    }

    fn settings(&self) -> String {
        webhooks(&[("pager", &self.pager), ("phone", &self.phone), ("inbox", &self.inbox)])
    }
}

fn plan(yard: &Yard) -> String {
    yard.shop("channels: [inbox]\npages: [pager, phone]", MEND)
}

/// Waits until a run is held, and says in words why.
async fn held(engine: &Engine, run: RunId) -> String {
    let state = eventually("it is held", || async {
        let state = engine.run(run).await.state;
        matches!(state, RunState::Held { by: Principal::Engine, .. }).then_some(state)
    })
    .await;
    text::run_state(&engine.state().await, &state)
}

/// Waits until every channel has taken every update of the one incident, and says how many updates there are and to whom.
async fn updates(engine: &Engine) -> (usize, BTreeSet<ChannelId>) {
    eventually("all is delivered", || async {
        let state = engine.state().await;
        let updates = &state.incidents.values().next().unwrap().updates;
        let deliveries = || updates.iter().flat_map(|update| &update.deliveries);
        let delivered = deliveries().all(|(_, delivery)| matches!(delivery, Delivery::Delivered { .. }));
        let to = deliveries().map(|(channel, _)| channel.clone()).collect();
        (delivered && !updates.is_empty()).then_some((updates.len(), to))
    })
    .await
}

fn one_page() -> (usize, BTreeSet<ChannelId>) {
    (1, ["pager", "phone"].map(|channel| channel.parse().unwrap()).into())
}

#[tokio::test]
async fn a_run_that_takes_too_long_is_held_and_pages_once_and_undoes_nothing() {
    let (yard, channels) = (Yard::new(), Channels::start().await);
    let engine = Engine::with_config(&channels.settings()).await;
    let run = engine.mend(&plan(&yard)).await;
    let why = held(&engine, run).await;
    assert!(why.contains("1s, all that it may take"), "{why}");
    assert_eq!(updates(&engine).await, one_page());
    let page: serde_json::Value = serde_json::from_str(&channels.phone.asked()[0].body).unwrap();
    let words = page["text"].as_str().unwrap();
    assert!(words.contains("R1 (Mend it) has taken 1s, all that it may; it is held and needs a person."), "{words}");

    assert!(matches!(engine.now(run, "slow").await, StepState::Running { .. }), "what it is at goes on");
    yard.put("go", "");
    let end = engine.step(run, "slow", StepState::is_settled).await;
    assert!(matches!(end, StepState::Done { .. }), "{end:?}");
    assert_eq!(engine.now(run, "last").await, StepState::Pending, "nothing new begins");
    let known = engine.run(run).await;
    assert!(matches!(known.state, RunState::Held { .. }), "{:?}", known.state);
    assert_eq!(known.course, Course::Forward);

    engine.ask(Command::Resume { run }).await;
    assert_eq!(engine.end(run).await, RunResult::Done);
    assert_eq!(yard.lines("log"), ["one", "last"], "nothing was undone");
    assert_eq!(updates(&engine).await, one_page());
    let asked = [&channels.pager, &channels.phone, &channels.inbox].map(|service| service.asked().len());
    assert_eq!(asked, [1, 1, 0]);
}

#[tokio::test]
async fn a_run_is_overdue_once_however_often_its_engine_is_killed() {
    let (yard, channels) = (Yard::new(), Channels::start().await);
    let mut engine = Engine::with_config(&channels.settings()).await;
    let run = engine.mend(&plan(&yard)).await;
    yard.until_there("began").await;
    engine.kill();
    yard.until_there("late").await;
    engine.start_again().await;
    held(&engine, run).await;
    assert_eq!(updates(&engine).await, one_page());

    engine.kill();
    yard.put("go", "");
    let exit = engine.dir.join("runs/R1/slow.1/exit.json");
    eventually("it ends while no engine is there", || async { exit.exists().then_some(()) }).await;
    engine.start_again().await;
    let end = engine.step(run, "slow", StepState::is_settled).await;
    assert!(matches!(end, StepState::Done { .. }), "{end:?}");
    held(&engine, run).await;
    assert_eq!(engine.now(run, "last").await, StepState::Pending);

    engine.ask(Command::Resume { run }).await;
    assert_eq!(engine.end(run).await, RunResult::Done);
    assert_eq!(yard.lines("log"), ["one", "last"]);
    assert_eq!(updates(&engine).await, one_page());
    for service in [&channels.pager, &channels.phone] {
        let keys: BTreeSet<String> =
            service.asked().iter().map(|got| got.header("idempotency-key").to_owned()).collect();
        assert_eq!(keys.len(), 1, "a request that a kill cut short may come again, another page may not: {keys:?}");
    }
    assert!(channels.inbox.asked().is_empty());
}
