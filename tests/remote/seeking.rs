//! Steps that nobody follows any more, and what their host says of them.

use std::fs;

use warroom::steps::remote::{self, LinkState, NotFound, RemoteError, RemoteExit, Sought, Start};

use super::{
    far::{Far, until},
    step::Step,
};

/// A step that has begun, says so, and ends with 3 when it is let; nobody follows it.
async fn left_alone(far: &Far) -> Step {
    let text = format!(
        "echo x >>{0}/ran; echo one; until [ -e {0}/go ]; do sleep 0.02; done; echo two; exit 3",
        far.path("").display()
    );
    let step = Step::script(far, "s", &text);
    let follower = step.start();
    step.says("one").await;
    until("it is written down that it began", || step.link().is_some_and(|l| matches!(l.start, Start::Begun { .. })))
        .await;
    assert!(matches!(remote::seek(&step.dir).await, Err(NotFound::Followed)));
    follower.kill();
    step
}

/// Ends well when another follower goes on with it.
async fn is_taken_up(far: &Far, step: &Step) {
    fs::write(far.path("go"), "").unwrap();
    let (status, exit) = step.follow().end().await;
    assert_eq!((status.code(), exit), (Some(3), RemoteExit::Exited { code: 3 }));
    assert_eq!(step.text(), "one\ntwo\n");
    assert_eq!(fs::read_to_string(far.path("ran")).unwrap(), "x\n");
}

#[tokio::test]
async fn a_step_that_runs_on_its_host_is_found_there() {
    let Some(far) = Far::start().await else { return };
    let step = left_alone(&far).await;
    assert_eq!(remote::seek(&step.dir).await.unwrap(), Sought::Running);
    assert_eq!(step.link().unwrap().state, LinkState::Connecting);
    is_taken_up(&far, &step).await;
    assert_eq!(remote::seek(&step.dir).await.unwrap(), Sought::Ended(RemoteExit::Exited { code: 3 }));
}

#[tokio::test]
async fn a_step_that_has_ended_on_its_host_is_over() {
    let Some(far) = Far::start().await else { return };
    let step = left_alone(&far).await;
    fs::write(far.path("go"), "").unwrap();
    let exit = far.steps().join(step.spec.key.as_str()).join("exit");
    until("it ends over there", || exit.exists()).await;
    assert_eq!(remote::seek(&step.dir).await.unwrap(), Sought::Over);
    is_taken_up(&far, &step).await;
}

#[tokio::test]
async fn a_step_whose_host_is_away_or_does_not_know_it_is_not_found_until_it_does() {
    let Some(far) = Far::start().await else { return };
    let step = left_alone(&far).await;
    far.proxy.shut();
    let sought = remote::seek(&step.dir).await;
    assert!(matches!(&sought, Err(NotFound::Host(RemoteError::NotReached { .. }))), "{sought:?}");
    far.proxy.open();
    let away = far.path("away");
    fs::rename(far.steps(), &away).unwrap();
    let sought = remote::seek(&step.dir).await;
    assert!(matches!(&sought, Err(NotFound::NotKnown(why)) if why == "the host does not know it"), "{sought:?}");
    fs::rename(&away, far.steps()).unwrap();
    assert_eq!(remote::seek(&step.dir).await.unwrap(), Sought::Running);
    is_taken_up(&far, &step).await;
}

#[tokio::test]
async fn a_step_that_its_host_has_lost_is_never_begun_by_who_follows_it_next() {
    let Some(far) = Far::start().await else { return };
    let step = left_alone(&far).await;
    assert_eq!(remote::seek(&step.dir).await.unwrap(), Sought::Running);
    fs::rename(far.steps(), far.path("away")).unwrap();
    assert!(matches!(step.follow().end().await.1, RemoteExit::Lost { .. }));
    fs::write(far.path("go"), "").unwrap();
    assert_eq!(fs::read_to_string(far.path("ran")).unwrap(), "x\n");
}

#[tokio::test]
async fn a_step_that_was_never_sent_never_is_once_it_was_sought() {
    let Some(far) = Far::start().await else { return };
    let step = Step::script(&far, "s", &format!("echo x >>{}", far.path("ran").display()));
    remote::write_spec(&step.dir, &step.spec).unwrap();
    let sought = remote::seek(&step.dir).await.unwrap();
    assert!(matches!(&sought, Sought::Ended(RemoteExit::NotReached { .. })), "{sought:?}");
    assert!(matches!(step.follow().end().await.1, RemoteExit::NotReached { .. }));
    assert!(!far.path("ran").exists());
}
