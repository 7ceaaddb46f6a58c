//! An attempt is given out once and taken up once.

use std::{fs, path::Path};

use warroom::steps::shim::{Exit, Found, SpawnError, Void, WaitError, look, spawn, stop, void, wait};

use crate::attempt::{Attempt, exe, running, shim_by_hand};

#[tokio::test]
async fn an_attempt_is_given_out_once() {
    let attempt = Attempt::script("echo once >> count");
    attempt.finish().await;
    let again = spawn(exe(), &attempt.dir(), &attempt.spec, &[]).await;
    assert!(matches!(&again, Err(SpawnError::GivenOutBefore(dir)) if *dir == attempt.dir()), "{again:?}");
    // Nor does a second shim take it up, however it came to be started.
    let second = shim_by_hand(&attempt.dir());
    assert!(!second.status.success());
    assert_eq!(fs::read_to_string(attempt.file("count")).unwrap(), "once\n");
}

#[tokio::test]
async fn a_second_shim_is_refused_while_the_first_runs() {
    let attempt = Attempt::new(["sleep", "1000"]);
    let started = attempt.spawn().await;
    let second = shim_by_hand(&attempt.dir());
    assert!(!second.status.success());
    assert_eq!(void(&attempt.dir(), "late").unwrap(), Void::TakenUp);
    stop(&running(&started)).unwrap();
    assert_eq!(started.wait().await.unwrap().exit, Exit::Stopped);
}

#[tokio::test]
async fn an_attempt_that_was_called_off_is_never_taken_up() {
    let attempt = Attempt::script("echo ran > ran");
    assert_eq!(look(&attempt.dir()).unwrap(), Found::NotStarted);
    let missing = spawn(Path::new("/no/such/warroom"), &attempt.dir(), &attempt.spec, &[]).await;
    assert!(matches!(missing, Err(SpawnError::NotStarted(_))), "{missing:?}");
    assert_eq!(look(&attempt.dir()).unwrap(), Found::GivenOut);
    assert!(matches!(wait(&attempt.dir()).await, Err(WaitError::NotTakenUp)));
    assert_eq!(void(&attempt.dir(), "The engine ended.").unwrap(), Void::Voided);
    let late = shim_by_hand(&attempt.dir());
    assert!(!late.status.success());
    assert!(!attempt.file("ran").exists());
    let Found::Ended(record) = look(&attempt.dir()).unwrap() else {
        panic!("it has no end");
    };
    let why = "The engine ended.".to_owned();
    assert_eq!(record.exit, Exit::NotStarted { why });
}
