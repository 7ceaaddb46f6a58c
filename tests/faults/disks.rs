//! Disks that are full or fail under a run.

use std::io::Write;
use std::path::{Path, PathBuf};
use std::process::Stdio;

use tempfile::TempDir;
use warroom::client::ClientError;
use warroom::core::command::Command;
use warroom::core::ids::RunId;
use warroom::core::run::{RunResult, RunState};
use warroom::wire::{Audit, Trouble};

use crate::harness::{Engine, eventually, plan, skip};
use crate::processes::gone;
use crate::service::Service;
use crate::story::{Story, points};
use crate::strace;

/// A file system of a few MiB, unmounted when dropped.
struct Small(TempDir);

impl Small {
    fn mount() -> Option<Small> {
        let dir = tempfile::tempdir().unwrap();
        let mut mount = std::process::Command::new("mount");
        mount.args(["-t", "tmpfs", "-o", "size=4m", "tmpfs"]).arg(dir.path()).stderr(Stdio::null());
        mount.status().is_ok_and(|status| status.success()).then_some(Small(dir))
    }

    /// Writes until nothing more fits.
    fn fill(&self) -> PathBuf {
        let path = self.0.path().join("filler");
        let mut file = std::fs::File::create(&path).unwrap();
        while file.write_all(&[0; 4096]).is_ok() {}
        path
    }
}

impl Drop for Small {
    fn drop(&mut self) {
        let _ = std::process::Command::new("umount").arg("--lazy").arg(self.0.path()).status();
    }
}

/// Waits until a run is over, or waits for people; it may only be done.
async fn is_done(engine: &Engine, run: RunId) {
    let known = eventually("the run is over, or waits for people", || async {
        let known = engine.run(run).await;
        let stands = known.pairs().any(|(_, seen)| seen.state.waits_for_people());
        (stands || matches!(known.state, RunState::Ended { .. })).then_some(known)
    })
    .await;
    let done = matches!(known.state, RunState::Ended { result: RunResult::Done, .. });
    assert!(done, "{:?} {:?}", known.state, known.steps);
}

fn lines(path: &Path) -> Vec<String> {
    std::fs::read_to_string(path).unwrap_or_default().lines().map(str::to_owned).collect()
}

#[tokio::test(flavor = "multi_thread")]
async fn a_run_goes_through_a_full_disk_to_its_right_end() {
    let Some(small) = Small::mount() else {
        return skip("a full disk under a run", "a small tmpfs cannot be mounted here");
    };
    let elsewhere = tempfile::tempdir().unwrap();
    let shop = Service::start().await;
    let engine = Engine::on(small.0.path()).await;
    let there = elsewhere.path().display();
    let step = |id: &str, at_work: &str, needs: &str| {
        format!(
            "      - {{id: {id}, needs: [{needs}], command: [sh, -c, \"echo $WARROOM_STEP >> {there}/ran; echo $$ > {there}/{id}.pid; {at_work}\"]}}\n"
        )
    };
    let steps = [
        step("talks", &format!("while ! test -e {there}/end; do echo talk talk talk talk; done; true"), ""),
        step("works", &format!("while ! test -e {there}/end; do sleep 0.02; done; echo worked || true"), ""),
        step("last", "echo last || true", "talks, works"),
    ];
    let (_, run) = engine.launch(&plan(&shop.url(), &steps.concat()), "mend").await;
    for id in ["talks", "works"] {
        eventually("it runs", || async { elsewhere.path().join(format!("{id}.pid")).exists().then_some(()) }).await;
    }

    let filler = small.fill();
    // A note that does not fit leaves some space in the log for smaller ones; these use it up.
    for size in [8_000, 1] {
        let trouble = eventually("a note is refused", || async {
            match engine.try_ask(Command::Note { incident: None, text: "x".repeat(size) }).await {
                Err(ClientError::Trouble(trouble)) => Some(trouble),
                _ => None,
            }
        })
        .await;
        assert!(matches!(&trouble, Trouble::ReadOnly { why } if why.contains("full")), "{trouble:?}");
    }
    // Both end while nothing can be written down, not even that they ended.
    std::fs::write(elsewhere.path().join("end"), "").unwrap();
    for id in ["talks", "works"] {
        gone(&elsewhere.path().join(format!("{id}.pid"))).await;
    }
    let output = engine.client.output(run, &"talks".parse().unwrap(), 1, 0).await.unwrap();
    assert!(output.bytes.starts_with(b"talk"));
    assert!(!engine.client.timeline(None, 100, None).await.unwrap().is_empty(), "the past can be read");

    std::fs::remove_file(&filler).unwrap();
    is_done(&engine, run).await;
    let mut ran = lines(&elsewhere.path().join("ran"));
    ran.sort_unstable();
    assert_eq!(ran, ["last", "talks", "works"]);
    assert!(engine.client.snapshot().await.unwrap().live.read_only.is_none());
    assert!(matches!(engine.client.verify().await.unwrap(), Audit::Whole { .. }));
}

#[tokio::test(flavor = "multi_thread")]
async fn a_program_for_whose_order_there_is_no_space_begins_when_there_is() {
    let state = tempfile::tempdir().unwrap();
    let shop = Service::start().await;
    let Some(small) = Small::mount() else {
        return skip("a full disk under the files of steps", "a small tmpfs cannot be mounted here");
    };
    std::os::unix::fs::symlink(small.0.path(), state.path().join("runs")).unwrap();
    let filler = small.fill();
    let engine = Engine::on(state.path()).await;
    let steps = "      - {id: one, needs: [], command: [echo, one]}\n      - {id: two, needs: [], shell: echo two}\n";
    let (_, run) = engine.launch(&plan(&shop.url(), steps), "mend").await;
    let tried = |id: &str, file: &str| small.0.path().join(format!("{run}/{id}.1/{file}")).exists();
    eventually("it was tried to write both down", || async {
        (tried("one", ".spec.json.new") && tried("two", ".script.sh.new")).then_some(())
    })
    .await;
    std::fs::remove_file(&filler).unwrap();
    is_done(&engine, run).await;
    for step in ["one", "two"] {
        let output = engine.client.output(run, &step.parse().unwrap(), 1, 0).await.unwrap();
        assert_eq!(output.bytes, format!("{step}\n").as_bytes());
    }
}

/// Has the file to which the journal is written fail one call after another of this kind, with two runs under way from
/// beginning to end. Returns how many commands were denied at first.
async fn the_journal_fails(call: &str, most: usize) -> usize {
    if let Err(why) = strace::works() {
        skip(&format!("a journal that fails at {call}"), &why);
        return 0;
    }
    const LOG: Option<&str> = Some("journal.db-wal");
    let mut calm = Story::begin(&format!("trace={call}"), LOG);
    let undisturbed = calm.tell().await;
    let all = strace::most_of_a_thread(&calm.traced(), call);
    assert!(all > 0, "the journal never calls {call}");
    let (mut failed, mut denied) = (0, 0);
    for point in points(all, most) {
        let mut story = Story::begin(&format!("inject={call}:error=EIO:when={point}"), LOG);
        let outcome = story.tell().await;
        assert_eq!(outcome, undisturbed, "{call} number {point} failed");
        failed += usize::from(story.traced().contains("INJECTED"));
        denied += story.denied;
        story.check(&outcome).await;
    }
    assert!(failed > 0, "it never failed");
    denied
}

#[tokio::test(flavor = "multi_thread")]
async fn when_the_journal_cannot_be_synced_nothing_acknowledged_is_lost_and_runs_go_on() {
    the_journal_fails("fsync", 20).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn when_the_journal_cannot_be_written_commands_are_denied_and_runs_go_on() {
    let denied = the_journal_fails("pwrite64", 20).await;
    assert!(denied > 0 || strace::works().is_err(), "no command was denied");
}
