//! Connections that are cut, and followers that are killed: the command goes on, its output comes once and whole.

use std::{fs, path::PathBuf};

use rustix::process::{Pid, Signal, kill_process};
use warroom::steps::remote::{LinkState, RemoteExit, Start};

use super::{
    far::{Far, until},
    step::Step,
};

/// A step that counts its runs, says its lines one by one as it is let, and can be told to end.
struct Slow {
    step: Step,
    ran: PathBuf,
    go: PathBuf,
}

impl Slow {
    fn new(far: &Far, name: &str) -> Slow {
        let (ran, go) = (far.path("ran"), far.path("go"));
        let text = format!(
            "echo x >>{0}; i=0; until [ -e {1} ]; do i=$((i+1)); echo line $i; sleep 0.02; done; echo last; exit 3",
            ran.display(),
            go.display()
        );
        Slow { step: Step::script(far, name, &text), ran, go }
    }

    fn lines(&self) -> usize {
        self.step.text().lines().count()
    }

    async fn more_lines(&self) {
        let had = self.lines();
        until("more lines", || self.lines() > had).await;
    }

    /// Ran once, and said each line once and in order.
    fn check_whole(&self) {
        assert_eq!(fs::read_to_string(&self.ran).unwrap(), "x\n");
        let text = self.step.text();
        let lines: Vec<&str> = text.lines().collect();
        let (last, counted) = lines.split_last().unwrap();
        assert_eq!(*last, "last");
        for (n, line) in counted.iter().enumerate() {
            assert_eq!(*line, format!("line {}", n + 1));
        }
    }
}

#[tokio::test]
async fn a_cut_connection_is_taken_up_again() {
    let Some(far) = Far::start().await else { return };
    let slow = Slow::new(&far, "s");
    let follower = slow.step.start();
    for _ in 0..5 {
        slow.more_lines().await;
        let let_in = far.let_in();
        far.proxy.cut();
        until("a new connection", || far.let_in() > let_in).await;
    }
    slow.more_lines().await;
    fs::write(&slow.go, "").unwrap();
    let (status, exit) = follower.end().await;
    assert_eq!((status.code(), exit), (Some(3), RemoteExit::Exited { code: 3 }));
    slow.check_whole();
}

#[tokio::test]
async fn what_ended_while_the_connection_was_cut_is_told_when_it_is_back() {
    let Some(far) = Far::start().await else { return };
    let slow = Slow::new(&far, "s");
    let follower = slow.step.start();
    slow.more_lines().await;
    far.proxy.shut();
    slow.step.stands(LinkState::Cut).await;
    let link = slow.step.link().unwrap();
    assert_eq!((link.start, link.from), (Start::Begun { times: 1 }, slow.step.output().len() as u64));
    assert!(link.why.is_some(), "{link:?}");
    fs::write(&slow.go, "").unwrap();
    let exit = far.steps().join(slow.step.spec.key.as_str()).join("exit");
    until("it ends over there", || exit.exists()).await;
    far.proxy.open();
    assert_eq!(follower.end().await.1, RemoteExit::Exited { code: 3 });
    slow.check_whole();
}

#[tokio::test]
async fn a_killed_session_on_the_host_is_taken_up_again() {
    let Some(far) = Far::start().await else { return };
    let slow = Slow::new(&far, "s");
    let follower = slow.step.start();
    slow.more_lines().await;
    for pid in sessions_of(far.sshd_pid()) {
        kill_process(Pid::from_raw(pid).unwrap(), Signal::KILL).unwrap();
    }
    until("a new connection", || far.let_in() > 1).await;
    slow.more_lines().await;
    fs::write(&slow.go, "").unwrap();
    assert_eq!(follower.end().await.1, RemoteExit::Exited { code: 3 });
    slow.check_whole();
}

fn sessions_of(sshd: i32) -> Vec<i32> {
    let children = fs::read_to_string(format!("/proc/{sshd}/task/{sshd}/children")).unwrap();
    children.split_whitespace().map(|pid| pid.parse().unwrap()).collect()
}

#[tokio::test]
async fn a_killed_follower_is_followed_by_another() {
    let Some(far) = Far::start().await else { return };
    let slow = Slow::new(&far, "s");
    let mut follower = slow.step.start();
    for _ in 0..5 {
        slow.more_lines().await;
        follower.kill();
        follower = slow.step.follow();
    }
    slow.more_lines().await;
    fs::write(&slow.go, "").unwrap();
    assert_eq!(follower.end().await.1, RemoteExit::Exited { code: 3 });
    slow.check_whole();
}

#[tokio::test]
async fn a_follower_killed_at_any_moment_of_the_start_leaves_one_run() {
    let Some(far) = Far::start().await else { return };
    // Each round kills a little later on the way: by the files that come to be here and there.
    let slow = Slow::new(&far, "s");
    let mut follower = slow.step.start();
    let step_dir = far.steps().join(slow.step.spec.key.as_str());
    let marks =
        [slow.step.dir.join("link.json"), far.path("c"), far.steps(), step_dir.clone(), step_dir.join("keeper")];
    for mark in marks {
        until("the next mark", || mark.exists()).await;
        follower.kill();
        follower = slow.step.follow();
    }
    slow.more_lines().await;
    fs::write(&slow.go, "").unwrap();
    assert_eq!(follower.end().await.1, RemoteExit::Exited { code: 3 });
    slow.check_whole();
}

#[tokio::test]
async fn a_second_follower_waits_for_the_first_and_says_the_same() {
    let Some(far) = Far::start().await else { return };
    let slow = Slow::new(&far, "s");
    let first = slow.step.start();
    slow.more_lines().await;
    let second = slow.step.follow();
    slow.more_lines().await;
    fs::write(&slow.go, "").unwrap();
    assert_eq!(first.end().await.1, RemoteExit::Exited { code: 3 });
    assert_eq!(second.end().await.0.code(), Some(3));
    slow.check_whole();
}

#[tokio::test]
async fn a_shared_connection_that_was_killed_is_made_anew() {
    let Some(far) = Far::start().await else { return };
    let slow = Slow::new(&far, "s");
    let follower = slow.step.start();
    slow.more_lines().await;
    let master = shared_connection(&far);
    kill_process(Pid::from_raw(master).unwrap(), Signal::KILL).unwrap();
    until("a new connection", || far.let_in() > 1).await;
    slow.more_lines().await;
    assert_ne!(shared_connection(&far), master);
    assert_eq!(Step::command(&far, "s2", &["true"]).run().await, RemoteExit::Exited { code: 0 });
    assert_eq!(far.let_in(), 2);
    fs::write(&slow.go, "").unwrap();
    assert_eq!(follower.end().await.1, RemoteExit::Exited { code: 3 });
    slow.check_whole();
}

/// The process that holds the shared connection: it calls itself after its socket.
fn shared_connection(far: &Far) -> i32 {
    let sockets = far.path("c").display().to_string();
    let found = fs::read_dir("/proc").unwrap().flatten().find(|process| {
        let line = fs::read_to_string(process.path().join("cmdline")).unwrap_or_default();
        line.contains(&sockets) && line.contains("[mux]")
    });
    found.unwrap().file_name().to_str().unwrap().parse().unwrap()
}

#[tokio::test]
async fn patience_ends_and_says_that_the_end_is_unknown() {
    let Some(far) = Far::start().await else { return };
    let mut slow = Slow::new(&far, "s");
    slow.step.spec.patience = Some(std::time::Duration::from_millis(600));
    let follower = slow.step.start();
    slow.more_lines().await;
    far.proxy.shut();
    let (status, exit) = follower.end().await;
    assert_eq!(status.code(), Some(255));
    assert!(matches!(exit, RemoteExit::Lost { .. }), "{exit:?}");
}

#[tokio::test]
async fn a_network_that_swallows_everything_counts_as_cut() {
    let Some(far) = Far::start().await else { return };
    let slow = Slow::new(&far, "s");
    let follower = slow.step.start();
    slow.more_lines().await;
    far.proxy.stall();
    slow.step.stands(LinkState::Cut).await;
    far.proxy.open();
    slow.more_lines().await;
    fs::write(&slow.go, "").unwrap();
    assert_eq!(follower.end().await.1, RemoteExit::Exited { code: 3 });
    slow.check_whole();
}
