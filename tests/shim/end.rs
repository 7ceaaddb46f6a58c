//! How commands end, and what ends with them.

use std::{fs, path::PathBuf, time::Duration};

use rustix::process::{Signal, kill_process};
use warroom::steps::shim::{Ended, Exit, Found, Life, Reach, Stop, group_alive, look, stop};

use crate::attempt::{Attempt, finish, is_gone, pid, pid_in, running, skip, until};

#[tokio::test]
async fn the_exit_status_is_kept() {
    let attempt = Attempt::script("exit 7");
    let record = attempt.finish().await;
    assert_eq!(record.exit, Exit::Exited { code: 7 });
    assert_eq!(look(&attempt.dir()).unwrap(), Found::Ended(record));
}

#[tokio::test]
async fn a_signal_from_elsewhere_is_kept() {
    let record = Attempt::script("kill -USR1 $$").finish().await;
    assert_eq!(record.exit, Exit::Signalled { signal: 10 });
}

#[tokio::test]
async fn a_deadline_ends_the_command() {
    let mut attempt = Attempt::new(["sleep", "1000"]);
    let after = Duration::from_millis(100);
    attempt.spec.timeout = Some(after);
    let record = attempt.finish().await;
    let how = Ended::Terminated;
    assert_eq!(record.exit, Exit::TimedOut { after, how });
    assert!(record.duration_ms >= 100, "{record:?}");
}

#[tokio::test]
async fn a_command_that_ignores_the_deadline_is_killed() {
    let mut attempt = Attempt::script("trap '' TERM; echo deaf; while :; do sleep 1000; done");
    let after = Duration::from_secs(2);
    attempt.spec.timeout = Some(after);
    attempt.spec.grace = Duration::from_millis(100);
    let started = attempt.spawn().await;
    let pids = running(&started);
    let record = finish(started).await;
    let how = Ended::Killed;
    assert_eq!(record.exit, Exit::TimedOut { after, how });
    until("everybody has left", || group_alive(&pids) == Life::Gone).await;
}

#[tokio::test]
async fn the_whole_group_has_its_grace() {
    let script = "(trap 'echo worker saved; exit' TERM; echo ready; while :; do sleep 0.01; done) & \
                  trap 'exit 0' TERM; wait";
    let attempt = Attempt::script(script);
    let started = attempt.spawn().await;
    attempt.says("ready").await;
    assert_eq!(stop(&running(&started)).unwrap(), Stop::Asked);
    assert_eq!(started.wait().await.unwrap().exit, Exit::Stopped);
    assert!(attempt.output().contains("worker saved"), "{}", attempt.output());
}

#[tokio::test]
async fn a_stop_is_recorded_and_a_second_one_finds_nobody() {
    let attempt = Attempt::new(["sleep", "1000"]);
    let started = attempt.spawn().await;
    let pids = running(&started);
    assert_eq!(stop(&pids).unwrap(), Stop::Asked);
    assert_eq!(started.wait().await.unwrap().exit, Exit::Stopped);
    until("the shim has left", || stop(&pids).unwrap() == Stop::AlreadyGone).await;
    assert_eq!(group_alive(&pids), Life::Gone);
}

#[tokio::test]
async fn a_stop_reaches_an_orphan_that_left_its_session() {
    let attempt = Attempt::script("(setsid sh -c 'echo $$ > far; echo away; exec sleep 1000' &) ; exec sleep 1000");
    let started = attempt.spawn().await;
    attempt.says("away").await;
    stop(&running(&started)).unwrap();
    assert_eq!(started.wait().await.unwrap().exit, Exit::Stopped);
    let far = pid_in(&attempt.file("far"));
    until("the orphan is gone", || is_gone(far)).await;
}

#[tokio::test]
async fn a_daemon_outlives_a_command_that_ended_well() {
    let attempt = Attempt::script(
        "setsid sh -c 'echo $$ > daemon; exec sleep 1000' >/dev/null 2>&1 & while [ ! -s daemon ]; do :; done",
    );
    assert_eq!(attempt.finish().await.exit, Exit::Exited { code: 0 });
    let daemon = pid_in(&attempt.file("daemon"));
    assert!(!is_gone(daemon));
    kill_process(pid(daemon), Signal::KILL).unwrap();
}

#[tokio::test]
async fn a_grandchild_that_holds_the_output_does_not_hang_the_shim_and_goes() {
    let attempt = Attempt::script("sleep 1000 & echo $! > left; echo done");
    let record = attempt.finish().await;
    assert_eq!(record.exit, Exit::Exited { code: 0 });
    assert_eq!(attempt.output(), "done\n");
    assert!(is_gone(pid_in(&attempt.file("left"))));
}

#[tokio::test]
async fn a_grandchild_that_floods_the_output_does_not_hang_the_shim() {
    let mut attempt = Attempt::script("yes & echo $! > left");
    attempt.spec.output_limit = 1000;
    let record = attempt.finish().await;
    assert_eq!(record.exit, Exit::Exited { code: 0 });
    assert!(is_gone(pid_in(&attempt.file("left"))));
}

#[tokio::test]
async fn a_stop_reaches_whoever_stands_behind_a_process_of_another_session() {
    let attempt = Attempt::script(
        "setsid sh -c 'setsid sh -c \"echo \\$\\$ > far; exec sleep 1000\" & echo $$ > near; wait' & \
         while [ ! -s far ] || [ ! -s near ]; do :; done; echo away; exec sleep 1000",
    );
    let started = attempt.spawn().await;
    attempt.says("away").await;
    stop(&running(&started)).unwrap();
    assert_eq!(finish(started).await.exit, Exit::Stopped);
    for left in ["near", "far"] {
        let left = pid_in(&attempt.file(left));
        until("they are gone", || is_gone(left)).await;
    }
}

/// Where this process may make a control group, if anywhere.
fn own_cgroup() -> Option<PathBuf> {
    let mounts = fs::read_to_string("/proc/self/mounts").unwrap();
    let point = mounts.lines().find_map(|line| {
        let mut fields = line.split(' ').skip(1);
        let point = fields.next()?;
        (fields.next()? == "cgroup2").then_some(point)
    })?;
    let own = fs::read_to_string("/proc/self/cgroup").unwrap();
    let own = own.lines().find_map(|line| line.strip_prefix("0::/"))?;
    let dir = PathBuf::from(point).join(own);
    let trial = dir.join(format!("warroom-test-{}", std::process::id()));
    fs::create_dir(&trial).ok()?;
    let offers_kill = trial.join("cgroup.kill").exists();
    fs::remove_dir(&trial).unwrap();
    offers_kill.then_some(dir)
}

fn groups_of(shim: i32) -> Vec<PathBuf> {
    let all = fs::read_dir(own_cgroup().unwrap()).unwrap().map(|entry| entry.unwrap().path());
    all.filter(|dir| dir.to_str().unwrap().contains(&format!("/warroom-{shim}-"))).collect()
}

#[tokio::test]
async fn where_the_system_offers_control_groups_a_command_gets_one_and_it_goes_with_it() {
    if own_cgroup().is_none() {
        return skip("control groups", "none can be made here");
    }
    let attempt = Attempt::script("(setsid sleep 1000 &) ; sleep 1000 & echo ready; wait");
    let started = attempt.spawn().await;
    let pids = running(&started);
    attempt.says("ready").await;
    let inside = || {
        let group = groups_of(pids.shim_pid).pop()?;
        Some(fs::read_to_string(group.join("cgroup.procs")).ok()?.lines().count())
    };
    until("the shell and both others are in their control group", || inside() == Some(3)).await;
    stop(&pids).unwrap();
    let record = finish(started).await;
    assert_eq!((record.exit, record.reach), (Exit::Stopped, Reach::Cgroup));
    assert_eq!(groups_of(pids.shim_pid), Vec::<PathBuf>::new());
}

#[tokio::test]
async fn a_daemon_is_let_go_out_of_the_control_group() {
    if own_cgroup().is_none() {
        return skip("control groups", "none can be made here");
    }
    let script = "setsid sh -c 'echo $$ > daemon; exec sleep 1000' >/dev/null 2>&1 & \
                  while [ ! -e go ]; do sleep 0.01; done";
    let attempt = Attempt::script(script);
    let started = attempt.spawn().await;
    let shim = running(&started).shim_pid;
    until("there is a control group", || !groups_of(shim).is_empty()).await;
    let daemon = || fs::read_to_string(attempt.file("daemon")).unwrap_or_default().trim().to_owned();
    let inside = || fs::read_to_string(groups_of(shim)[0].join("cgroup.procs")).unwrap();
    until("the daemon is in it", || !daemon().is_empty() && inside().lines().any(|pid| pid == daemon())).await;
    fs::write(attempt.file("go"), "").unwrap();
    let record = finish(started).await;
    assert_eq!((record.exit, record.reach), (Exit::Exited { code: 0 }, Reach::Cgroup));
    assert_eq!(groups_of(shim), Vec::<PathBuf>::new());
    let daemon = daemon().parse().unwrap();
    assert!(!is_gone(daemon));
    kill_process(pid(daemon), Signal::KILL).unwrap();
}
