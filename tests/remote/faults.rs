//! Hosts that cannot be reached, are not who they were, or forget.

use std::{fs, path::Path};

use rustix::process::{Pid, Signal, kill_process, kill_process_group};
use warroom::core::host::Host;
use warroom::steps::remote::{LinkState, RemoteExit, Start, reachable};

use super::{
    far::{Far, until},
    step::Step,
};

fn not_reached(exit: RemoteExit) -> String {
    match exit {
        RemoteExit::NotReached { why } => why,
        other => panic!("{other:?}"),
    }
}

fn lost(exit: RemoteExit) -> String {
    match exit {
        RemoteExit::Lost { why } => why,
        other => panic!("{other:?}"),
    }
}

#[tokio::test]
async fn a_host_that_shows_another_key_is_refused_and_nothing_runs() {
    let Some(far) = Far::start().await else { return };
    let ran = far.path("ran");
    far.know("other");
    let step = Step::command(&far, "s", &["touch", &ran.display().to_string()]);
    let why = not_reached(step.run().await);
    assert!(why.starts_with("the host shows another key than the one that is known for it (Offending"), "{why}");
    assert_eq!(reachable(&far.settings(), &far.host()).await, Err(why));
    assert!(!ran.exists());
    assert_eq!(far.let_in(), 0);
}

#[tokio::test]
async fn a_host_that_is_not_known_is_refused_whatever_the_configuration_says_but_accept_new() {
    let Some(far) = Far::start().await else { return };
    fs::write(far.path("known"), "").unwrap();
    let config = fs::read_to_string(far.path("config")).unwrap();
    for (n, checking) in ["", " StrictHostKeyChecking no\n", " StrictHostKeyChecking ask\n"].iter().enumerate() {
        fs::write(far.path("config"), format!("{config}{checking}")).unwrap();
        let why = not_reached(Step::command(&far, &format!("s{n}"), &["true"]).run().await);
        assert!(why.starts_with("the host's key cannot be checked"), "{why}");
    }
    fs::write(far.path("config"), format!("{config} StrictHostKeyChecking accept-new\n")).unwrap();
    assert_eq!(Step::command(&far, "s", &["true"]).run().await, RemoteExit::Exited { code: 0 });
}

#[tokio::test]
async fn a_host_that_is_down_or_unknown_or_refuses_the_key_is_not_reached() {
    let Some(far) = Far::start().await else { return };
    assert_eq!(reachable(&far.settings(), &far.host()).await, Ok(()));
    let mut unknown = Step::command(&far, "unknown", &["true"]);
    unknown.spec.host = Host::new("no-such-host.invalid").unwrap();
    let why = not_reached(unknown.run().await);
    assert!(why.starts_with("Could not resolve hostname no-such-host.invalid"), "{why}");

    let free = std::net::TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap().port();
    far.write_config(free);
    let step = Step::command(&far, "down", &["true"]);
    let (status, exit) = step.start().end().await;
    let why = not_reached(exit);
    assert_eq!(
        (status.code(), why.as_str()),
        (Some(255), format!("connect to host 127.0.0.1 port {free}: Connection refused").as_str())
    );
    assert_eq!(step.link().unwrap().start, Start::Unsent);
    assert!(reachable(&far.settings(), &far.host()).await.is_err());

    let Some(far) = Far::start().await else { return };
    fs::write(far.path("authorized"), "").unwrap();
    let why = not_reached(Step::command(&far, "key", &["true"]).run().await);
    assert!(why.contains("Permission denied"), "{why}");
}

#[tokio::test]
async fn an_account_without_a_shell_is_told_as_such() {
    let Some(far) = Far::start().await else { return };
    let public = fs::read_to_string(far.path("user.pub")).unwrap();
    fs::write(far.path("authorized"), format!("command=\"echo This key is for backups only\" {public}")).unwrap();
    let why = not_reached(Step::command(&far, "s", &["true"]).run().await);
    assert_eq!(why, "the host gives no shell: This key is for backups only");
}

#[tokio::test]
async fn a_program_that_is_not_ssh_is_told_as_such() {
    let Some(far) = Far::start().await else { return };
    let mut step = Step::command(&far, "s", &["true"]);
    step.spec.settings.program = far.path("no-ssh");
    let why = not_reached(step.run().await);
    assert!(why.contains("no-ssh) could not be started"), "{why}");
}

#[tokio::test]
async fn a_host_without_room_begins_nothing_and_says_why() {
    let Some(far) = Far::start().await else { return };
    fs::write(far.path("state"), "a file").unwrap();
    let why = not_reached(Step::command(&far, "s", &["true"]).run().await);
    assert!(why.contains("mkdir"), "{why}");
}

#[tokio::test]
async fn a_host_that_was_restarted_has_lost_the_step() {
    let Some(far) = Far::start().await else { return };
    let step = Step::command(&far, "s", &["sleep", "1000"]);
    let follower = step.start();
    let dir = far.steps().join(step.spec.key.as_str());
    until("it runs", || dir.join("pid").exists()).await;
    step.stands(LinkState::Up).await;
    far.proxy.shut();
    // What a restart leaves: no process, and ids of another boot.
    for who in ["keeper", "pid"] {
        let text = fs::read_to_string(dir.join(who)).unwrap();
        let words: Vec<&str> = text.split_whitespace().collect();
        let _ = kill_process_group(Pid::from_raw(words[0].parse().unwrap()).unwrap(), Signal::KILL);
        let boot = "00000000-0000-0000-0000-000000000000";
        fs::write(dir.join(who), format!("{} {} {boot} setsid\n", words[0], words[1])).unwrap();
    }
    far.proxy.open();
    assert_eq!(lost(follower.end().await.1), "the host was restarted before the command ended");
}

#[tokio::test]
async fn a_command_whose_keeper_was_killed_is_lost_and_said_to_run_on() {
    let Some(far) = Far::start().await else { return };
    let step = Step::command(&far, "s", &["sleep", "1000"]);
    let follower = step.start();
    let dir = far.steps().join(step.spec.key.as_str());
    until("it runs", || dir.join("pid").exists()).await;
    let keeper = fs::read_to_string(dir.join("keeper")).unwrap();
    let keeper = keeper.split(' ').next().unwrap().parse().unwrap();
    kill_process(Pid::from_raw(keeper).unwrap(), Signal::KILL).unwrap();
    let why = lost(follower.end().await.1);
    assert!(why.contains("the command itself still runs as process"), "{why}");
}

#[tokio::test]
async fn a_step_that_vanished_from_the_host_is_not_run_again() {
    let Some(far) = Far::start().await else { return };
    let ran = far.path("ran");
    let step = Step::script(&far, "s", &format!("echo x >>{}; echo here; exec sleep 1000", ran.display()));
    let follower = step.start();
    step.says("here").await;
    until("its begin is written down", || matches!(step.link().unwrap().start, Start::Begun { .. })).await;
    follower.kill();
    let dir = far.steps().join(step.spec.key.as_str());
    let pid = fs::read_to_string(dir.join("pid")).unwrap();
    let keeper = fs::read_to_string(dir.join("keeper")).unwrap();
    fs::remove_dir_all(dir).unwrap();
    assert_eq!(lost(step.follow().end().await.1), "the host does not know the step any more");
    assert_eq!(fs::read_to_string(ran).unwrap(), "x\n");
    let pid = pid.split(' ').next().unwrap().parse().unwrap();
    kill_process(Pid::from_raw(pid).unwrap(), Signal::KILL).unwrap();
    let keeper = format!("/proc/{}", keeper.split(' ').next().unwrap());
    until("its keeper has nothing left to wait for", || !Path::new(&keeper).exists()).await;
}

#[tokio::test]
async fn an_interrupted_start_is_called_off_for_good() {
    let Some(far) = Far::start().await else { return };
    let step = Step::script(&far, "s", "echo ran");
    // What is left when the host's shell was killed between making the directory and starting the keeper.
    let dir = far.steps().join(step.spec.key.as_str());
    fs::create_dir_all(&dir).unwrap();
    let why = not_reached(step.run().await);
    assert_eq!(why, "its start was cut short on the host, before the command began");
    assert_eq!(fs::read_to_string(dir.join("exit")).unwrap(), "void\n");
    assert!(dir.join("go").is_dir());
}
