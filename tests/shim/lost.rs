//! Shims and engines that die, and machines that start anew.

use std::{
    fs,
    path::PathBuf,
    process::{Child, Command, Stdio},
};

use rustix::process::{Signal, kill_process, kill_process_group};
use warroom::steps::shim::{
    Exit, Found, Life, Pids, Spec, Stop, Void, WaitError, clean_environment, group_alive, look, spawn, stop, void, wait,
};

use crate::attempt::{Attempt, PATIENCE, exe, pid, running, until};

#[tokio::test]
async fn a_killed_shim_is_lost_and_its_command_is_seen_until_it_goes() {
    let attempt = Attempt::new(["sleep", "1000"]);
    let started = attempt.spawn().await;
    let pids = running(&started);
    kill_process(pid(pids.shim_pid), Signal::KILL).unwrap();
    let lost = started.wait().await;
    assert!(matches!(&lost, Err(WaitError::Lost(whose)) if *whose == pids), "{lost:?}");
    assert_eq!(look(&attempt.dir()).unwrap(), Found::Lost(pids.clone()));
    assert_eq!(group_alive(&pids), Life::Alive);
    kill_process_group(pid(pids.child.clone().unwrap().pgid), Signal::KILL).unwrap();
    until("the group is gone", || group_alive(&pids) == Life::Gone).await;
}

#[tokio::test]
async fn the_session_tells_of_a_command_whose_ids_were_not_written() {
    let attempt = Attempt::new(["sleep", "1000"]);
    let started = attempt.spawn().await;
    let whole = running(&started);
    kill_process(pid(whole.shim_pid), Signal::KILL).unwrap();
    started.wait().await.unwrap_err();
    let shim_only = Pids { child: None, ..whole.clone() };
    assert_eq!(group_alive(&shim_only), Life::Alive);
    kill_process(pid(whole.child.unwrap().child_pid), Signal::KILL).unwrap();
    until("the session is gone", || group_alive(&shim_only) == Life::Gone).await;
}

#[tokio::test]
async fn ids_of_another_boot_or_start_are_nobody() {
    let attempt = Attempt::new(["sleep", "1000"]);
    let started = attempt.spawn().await;
    let pids = running(&started);
    let mut other_boot = pids.clone();
    other_boot.boot_id = "00000000-0000-0000-0000-000000000000".to_owned();
    assert_eq!(group_alive(&other_boot), Life::Gone);
    assert_eq!(stop(&other_boot).unwrap(), Stop::AlreadyGone);
    let mut reused = pids.clone();
    reused.shim_start_time += 1;
    reused.child.as_mut().unwrap().child_start_time += 1;
    assert_eq!(group_alive(&reused), Life::Gone);
    assert_eq!(stop(&reused).unwrap(), Stop::AlreadyGone);
    assert_eq!(look(&attempt.dir()).unwrap(), Found::Running(pids.clone()));
    stop(&pids).unwrap();
    started.wait().await.unwrap();
}

/// Not a test of its own: the engine of other tests, as a process that can be killed.
#[tokio::test]
#[ignore = "started by another test"]
async fn helper_engine() {
    let home = PathBuf::from(std::env::var_os("SHIM_TEST_HOME").unwrap());
    let argv = ["sh", "-c", "while [ ! -e go ]; do sleep 0.01; done; echo survived"];
    let spec = Spec::new(argv.map(str::to_owned).to_vec(), clean_environment([]), home.clone());
    spawn(exe(), &home.join("runs/r1/step.1"), &spec, &[]).await.unwrap();
    fs::write(home.join("spawned"), "").unwrap();
    std::future::pending::<()>().await;
}

#[tokio::test]
async fn the_death_of_the_engine_does_not_stop_the_command() {
    let attempt = Attempt::new(["true"]);
    let mut engine = engine_of(&attempt).await;
    engine.kill().unwrap();
    engine.wait().unwrap();
    assert!(matches!(look(&attempt.dir()).unwrap(), Found::Running(_)));
    let dir = attempt.dir();
    let (record, ()) = tokio::join!(tokio::time::timeout(PATIENCE, wait(&dir)), async {
        fs::write(attempt.file("go"), "").unwrap();
    });
    assert_eq!(record.unwrap().unwrap().exit, Exit::Exited { code: 0 });
    assert_eq!(attempt.output(), "survived\n");
}

#[tokio::test]
async fn a_wait_that_is_dropped_leaves_the_command_alone() {
    let attempt = Attempt::new(["sleep", "1000"]);
    let started = attempt.spawn().await;
    let pids = running(&started);
    drop(started);
    let dir = attempt.dir();
    tokio::select! {
        biased;
        ended = wait(&dir) => panic!("it ended: {ended:?}"),
        () = tokio::task::yield_now() => {}
    }
    assert_eq!(look(&dir).unwrap(), Found::Running(pids.clone()));
    stop(&pids).unwrap();
    assert_eq!(wait(&dir).await.unwrap().exit, Exit::Stopped);
}

/// Starts the engine of [`helper_engine`] and waits until its command runs.
async fn engine_of(attempt: &Attempt) -> Child {
    let engine = Command::new(std::env::current_exe().unwrap())
        .args(["--exact", "lost::helper_engine", "--ignored"])
        .env("SHIM_TEST_HOME", attempt.home.path())
        .stdout(Stdio::null())
        .spawn()
        .unwrap();
    until("the command was spawned", || attempt.file("spawned").exists()).await;
    engine
}

#[tokio::test]
async fn the_output_of_a_command_goes_on_when_its_shim_is_dead() {
    let attempt = Attempt::script("echo before; while [ ! -e go ]; do sleep 0.01; done; echo after; sleep 1000");
    let started = attempt.spawn().await;
    let pids = running(&started);
    attempt.says("before").await;
    kill_process(pid(pids.shim_pid), Signal::KILL).unwrap();
    assert!(matches!(started.wait().await, Err(WaitError::Lost(_))));
    fs::write(attempt.file("go"), "").unwrap();
    attempt.says("before\nafter\n").await;
    assert_eq!(group_alive(&pids), Life::Alive);
    kill_process_group(pid(pids.child.clone().unwrap().pgid), Signal::KILL).unwrap();
    until("the group is gone", || group_alive(&pids) == Life::Gone).await;
}

#[tokio::test]
async fn with_engine_and_shim_dead_the_command_goes_on_and_is_lost_not_ended() {
    let attempt = Attempt::new(["true"]);
    let mut engine = engine_of(&attempt).await;
    let Found::Running(pids) = look(&attempt.dir()).unwrap() else {
        panic!("it does not run");
    };
    engine.kill().unwrap();
    kill_process(pid(pids.shim_pid), Signal::KILL).unwrap();
    engine.wait().unwrap();
    until("the shim is gone", || look(&attempt.dir()).unwrap() == Found::Lost(pids.clone())).await;
    assert_eq!(group_alive(&pids), Life::Alive);
    fs::write(attempt.file("go"), "").unwrap();
    attempt.says("survived").await;
    until("the group is gone", || group_alive(&pids) == Life::Gone).await;
    assert_eq!(look(&attempt.dir()).unwrap(), Found::Lost(pids), "nobody knows how it ended");
    assert!(matches!(wait(&attempt.dir()).await, Err(WaitError::Lost(_))));
}

#[tokio::test]
async fn a_shim_whose_engine_died_before_it_gave_the_word_does_nothing() {
    let attempt = Attempt::script("echo ran > ran");
    // Given out, but not to a shim.
    spawn(std::path::Path::new("/no/such/warroom"), &attempt.dir(), &attempt.spec, &[]).await.unwrap_err();
    let shim = Command::new(exe()).arg("shim").arg(attempt.dir()).stdin(Stdio::null()).output().unwrap();
    assert_eq!(shim.status.code(), Some(1));
    assert!(!attempt.file("ran").exists());
    assert_eq!(look(&attempt.dir()).unwrap(), Found::GivenOut);
    assert_eq!(void(&attempt.dir(), "The engine ended.").unwrap(), Void::Voided);
}

/// As if the machine had been started anew after the attempt was given out.
fn give_out_in_another_boot(attempt: &Attempt) {
    let mut order: serde_json::Value = serde_json::from_str(&attempt.record("spec.json")).unwrap();
    order["boot_id"] = "00000000-0000-0000-0000-000000000000".into();
    fs::write(attempt.dir().join("spec.json"), order.to_string()).unwrap();
}

#[tokio::test]
async fn after_a_power_cut_an_end_counts_only_if_it_is_whole() {
    let attempt = Attempt::script("exit 3");
    let record = attempt.finish().await;
    give_out_in_another_boot(&attempt);
    assert_eq!(look(&attempt.dir()).unwrap(), Found::Ended(record));
    let half = &attempt.record("exit.json")[..20];
    fs::write(attempt.dir().join("exit.json"), half).unwrap();
    assert_eq!(look(&attempt.dir()).unwrap(), Found::Rebooted);
    assert!(matches!(wait(&attempt.dir()).await, Err(WaitError::Rebooted)));
}

#[tokio::test]
async fn what_was_given_out_before_a_power_cut_and_left_no_end_is_unknown_and_never_taken_up() {
    let attempt = Attempt::script("echo ran > ran");
    spawn(std::path::Path::new("/no/such/warroom"), &attempt.dir(), &attempt.spec, &[]).await.unwrap_err();
    give_out_in_another_boot(&attempt);
    assert_eq!(look(&attempt.dir()).unwrap(), Found::Rebooted);
    assert_eq!(void(&attempt.dir(), "The engine ended.").unwrap(), Void::TakenUp);
    assert!(!crate::attempt::shim_by_hand(&attempt.dir()).status.success());
    assert!(!attempt.file("ran").exists());
}

#[tokio::test]
async fn any_number_of_waits_share_one_thread() {
    let attempts: Vec<Attempt> = (0..20).map(|_| Attempt::new(["sleep", "1000"])).collect();
    let mut waits = tokio::task::JoinSet::new();
    for attempt in &attempts {
        drop(attempt.spawn().await);
        let dir = attempt.dir();
        waits.spawn(async move { wait(&dir).await.unwrap().exit });
    }
    let threads = || {
        let all = fs::read_dir("/proc/self/task").unwrap().map(|task| task.unwrap().path().join("comm"));
        all.filter(|comm| fs::read_to_string(comm).is_ok_and(|name| name.trim() == "shim-wait")).count()
    };
    until("somebody waits", || threads() > 0).await;
    for attempt in &attempts {
        let Found::Running(pids) = look(&attempt.dir()).unwrap() else {
            panic!("it does not run");
        };
        stop(&pids).unwrap();
    }
    while let Some(exit) = tokio::time::timeout(PATIENCE, waits.join_next()).await.unwrap() {
        assert_eq!(exit.unwrap(), Exit::Stopped);
    }
    assert_eq!(threads(), 1);
}
