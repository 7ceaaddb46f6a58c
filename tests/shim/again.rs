//! Attempts that are given to another shim when their own is gone.

use rustix::process::{Signal, kill_process, kill_process_group};
use warroom::steps::shim::{Exit, Found, GivenSecret, Life, Pids, SpawnError, again, group_alive, look, stop};

use crate::attempt::{Attempt, exe, finish, is_gone, pid, running, shim_by_hand, until};

/// Kills the shim, and then its command.
async fn kill_both(attempt: &Attempt, pids: &Pids) {
    kill_process(pid(pids.shim_pid), Signal::KILL).unwrap();
    kill_process_group(pid(pids.child.clone().unwrap().pgid), Signal::KILL).unwrap();
    until("it is gone", || group_alive(pids) == Life::Gone).await;
    assert_eq!(look(&attempt.dir()).unwrap(), Found::Lost(pids.clone()));
}

#[tokio::test]
async fn an_attempt_that_was_lost_is_run_again_only_by_a_new_order_and_once_for_it() {
    let mut attempt = Attempt::script("echo began; sleep 1000");
    let pids = running(&attempt.spawn().await);
    attempt.says("began").await;
    kill_both(&attempt, &pids).await;
    assert!(!shim_by_hand(&attempt.dir()).status.success());

    attempt.spec.argv = ["sh", "-c", "echo again; sleep 1000"].map(str::to_owned).to_vec();
    let started = again(exe(), &attempt.dir(), &attempt.spec, &[]).await.unwrap();
    let other = running(&started);
    assert_ne!(other.shim_pid, pids.shim_pid);
    attempt.says("again").await;
    let refused = again(exe(), &attempt.dir(), &attempt.spec, &[]).await;
    assert!(matches!(refused, Err(SpawnError::NotWritten(_))), "{refused:?}");
    drop(started);
    kill_both(&attempt, &other).await;
    assert!(!shim_by_hand(&attempt.dir()).status.success());
    assert_eq!(attempt.output(), "began\nagain\n");
}

#[tokio::test]
async fn an_attempt_that_ended_can_be_run_again_and_ends_anew() {
    let mut attempt = Attempt::script("echo one; exit 1");
    assert_eq!(attempt.finish().await.exit, Exit::Exited { code: 1 });
    attempt.spec.argv = ["sh", "-c", "echo two"].map(str::to_owned).to_vec();
    let pids: Pids = serde_json::from_str(&attempt.record("pid.json")).unwrap();
    until("the first shim has left", || is_gone(pids.shim_pid)).await;
    let started = again(exe(), &attempt.dir(), &attempt.spec, &[]).await.unwrap();
    let record = finish(started).await;
    assert_eq!((record.exit.clone(), record.output_bytes), (Exit::Exited { code: 0 }, 8));
    assert_eq!(look(&attempt.dir()).unwrap(), Found::Ended(record));
    assert_eq!(attempt.output(), "one\ntwo\n");
}

#[tokio::test]
async fn masked_output_that_is_given_anew_is_kept_once() {
    let mut attempt = Attempt::script("echo one $TOKEN; echo two; sleep 1000");
    let token = || GivenSecret { variable: "TOKEN".into(), file_variable: None, value: "open sesame".into() };
    attempt.secrets.push(token());
    let pids = running(&attempt.spawn().await);
    attempt.says("two").await;
    kill_both(&attempt, &pids).await;
    attempt.spec.argv[2] = "echo one $TOKEN; echo two; echo three $TOKEN; sleep 1000".into();
    let started = again(exe(), &attempt.dir(), &attempt.spec, &[token()]).await.unwrap();
    attempt.says("three").await;
    stop(&running(&started)).unwrap();
    assert_eq!(finish(started).await.output_bytes, attempt.output().len() as u64);
    assert_eq!(attempt.output(), "one ***\ntwo\nthree ***\n");
}
