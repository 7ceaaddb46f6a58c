//! Steps that are asked to end.

use std::{fs, time::Duration};

use warroom::steps::remote::{LinkState, RemoteExit, stop};

use super::{
    far::{Far, until},
    step::Step,
};

const DEAF: &str = "trap '' TERM; echo $$; sleep 1000 & echo $!; setsid sleep 1000 & echo $!; \
                    while :; do sleep 1000; done";

fn lives(pid: &str) -> bool {
    let stat = fs::read_to_string(format!("/proc/{pid}/stat")).unwrap_or_default();
    !stat.is_empty() && !stat.rsplit(')').next().unwrap().trim_start().starts_with('Z')
}

async fn all_gone(step: &Step) {
    let text = step.text();
    for pid in text.lines() {
        until("a process of the step goes", || !lives(pid)).await;
    }
}

#[tokio::test]
async fn a_command_that_heeds_sigterm_ends_by_it_and_its_last_words_arrive() {
    let Some(far) = Far::start().await else { return };
    let step = Step::script(&far, "s", "trap 'echo bye; exit 9' TERM; echo here; while :; do sleep 0.05; done");
    let follower = step.start();
    step.says("here").await;
    follower.ask_to_stop();
    let (status, exit) = follower.end().await;
    assert_eq!((status.code(), exit), (Some(255), RemoteExit::Stopped));
    assert!(step.text().ends_with("bye\n"), "{}", step.text());
    assert_eq!(fs::read_dir(far.steps()).unwrap().count(), 0);
}

#[tokio::test]
async fn a_command_that_ignores_sigterm_is_killed_with_all_that_it_started() {
    let Some(far) = Far::start().await else { return };
    let mut step = Step::script(&far, "s", DEAF);
    step.spec.grace = Duration::from_secs(1);
    let follower = step.start();
    until("three processes", || step.text().lines().count() == 3).await;
    follower.ask_to_stop();
    assert_eq!(follower.end().await.1, RemoteExit::Stopped);
    all_gone(&step).await;
}

#[tokio::test]
async fn a_stop_that_finds_the_connection_cut_is_done_when_it_is_back() {
    let Some(far) = Far::start().await else { return };
    let mut step = Step::script(&far, "s", DEAF);
    step.spec.grace = Duration::from_secs(1);
    let follower = step.start();
    until("three processes", || step.text().lines().count() == 3).await;
    far.proxy.shut();
    step.stands(LinkState::Cut).await;
    follower.ask_to_stop();
    step.stands(LinkState::Stopping).await;
    far.proxy.open();
    assert_eq!(follower.end().await.1, RemoteExit::Stopped);
    all_gone(&step).await;
}

#[tokio::test]
async fn the_engine_can_stop_a_step_without_its_follower() {
    let Some(far) = Far::start().await else { return };
    let step = Step::script(&far, "s", DEAF);
    let follower = step.start();
    until("three processes", || step.text().lines().count() == 3).await;
    follower.kill();
    let stopped = stop(&far.settings(), &far.host(), &step.spec.key, Duration::from_secs(1)).await;
    assert_eq!(stopped, Ok(RemoteExit::Stopped));
    all_gone(&step).await;
    assert_eq!(step.follow().end().await.1, RemoteExit::Stopped);
}

#[tokio::test]
async fn a_step_that_was_stopped_before_its_start_arrived_never_runs() {
    let Some(far) = Far::start().await else { return };
    let step = Step::script(&far, "s", "echo ran");
    let stopped = stop(&far.settings(), &far.host(), &step.spec.key, Duration::from_secs(1)).await;
    assert_eq!(stopped, Ok(RemoteExit::Stopped));
    assert_eq!(step.run().await, RemoteExit::Stopped);
    assert_eq!(step.text(), "");
}

#[tokio::test]
async fn what_had_ended_before_is_not_called_stopped() {
    let Some(far) = Far::start().await else { return };
    let step = Step::script(&far, "s", "echo here; exit 4");
    let follower = step.start();
    step.stands(LinkState::Up).await;
    far.proxy.shut();
    follower.kill();
    let dir = far.steps().join(step.spec.key.as_str());
    until("it ends over there", || !dir.exists() || dir.join("exit").exists()).await;
    far.proxy.open();
    if dir.exists() {
        let stopped = stop(&far.settings(), &far.host(), &step.spec.key, Duration::from_secs(1)).await;
        assert_eq!(stopped, Ok(RemoteExit::Exited { code: 4 }));
    }
    assert_eq!(step.follow().end().await.1, RemoteExit::Exited { code: 4 });
    assert_eq!(step.text(), "here\n");
}
