//! The engine is killed at each step of a failover, and started again.

use warroom::client::StreamItem;
use warroom::core::event::Event;
use warroom::core::ids::{RunId, StepId};
use warroom::core::run::{RunResult, RunState};

use crate::lab::Lab;
use crate::ledger::Ledger;

/// What happens next in a run.
enum Next {
    Began(StepId),
    /// A gate waits for a person.
    Asks,
    Ended(RunResult),
}

/// Waits for it, from an entry of the journal on.
async fn next(lab: &Lab, run: RunId, from: &mut u64) -> Next {
    let mut stream = lab.engine.client.stream(*from).await.unwrap();
    loop {
        let StreamItem::Event(entry) = stream.next().await.unwrap().unwrap() else { continue };
        *from = entry.seq;
        match entry.event {
            Event::StepStarted { run: of, step, .. } if of == run && step.as_str() == "go" => return Next::Asks,
            Event::StepStarted { run: of, step, .. } if of == run => return Next::Began(step),
            Event::RunEnded { run: of, result, .. } if of == run => return Next::Ended(result),
            _ => {}
        }
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn an_engine_killed_at_each_step_promotes_once_and_loses_no_more_than_announced() {
    let Some(mut lab) = Lab::start().await else { return };
    lab.watched(1).await;
    lab.east.db.kill();
    let incident = lab.declare().await;
    let mut from = lab.engine.client.hello().await.unwrap().head;
    let run = lab.launch(&incident).await;
    let (mut announced, mut began) = (None, Vec::new());
    let result = loop {
        match next(&lab, run, &mut from).await {
            Next::Ended(result) => break result,
            // Once for each step; the one that goes on with it is left alone.
            Next::Began(step) if began.contains(&step) => {}
            Next::Began(step) => {
                lab.engine.kill();
                lab.engine.start_again().await;
                began.push(step);
            }
            Next::Asks => {
                lab.engine.kill();
                lab.engine.start_again().await;
                announced = Some(lab.confirm(run).await);
            }
        }
    };
    assert!(matches!(result, RunResult::Done), "{result:?}");
    let began: Vec<&str> = began.iter().map(StepId::as_str).collect();
    for step in ["space", "fence", "stop-east", "promote", "send", "name", "open"] {
        assert!(began.contains(&step), "it was not killed at {step}: {began:?}");
    }
    lab.serves(50).await;
    assert_eq!(lab.west.db.timeline().await, 2, "it is promoted once");
    assert!(!lab.door.sends_to("east") && lab.door.sends_to("west"));
    assert!(matches!(lab.engine.run(run).await.state, RunState::Ended { .. }));
    // An engine that was started after East fell silent never heard how far East was.
    Ledger::of(&mut lab, |lab| &lab.west.db).await.holds_if_known(announced.unwrap());
}

#[tokio::test(flavor = "multi_thread")]
async fn an_engine_killed_while_all_is_well_harms_nobody() {
    let Some(mut lab) = Lab::start().await else { return };
    lab.watched(1).await;
    for _ in 0..3 {
        lab.engine.kill();
        lab.serves(100).await;
        lab.engine.start_again().await;
    }
    lab.serves(200).await;
    lab.is_calm().await;
    Ledger::of(&mut lab, |lab| &lab.east.db).await.is_whole();
}
