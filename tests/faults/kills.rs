//! The engine killed at one point after another of what it does; the next one finishes what it began, once.

use std::collections::BTreeMap;
use std::os::unix::process::ExitStatusExt;
use std::path::Path;
use std::time::Duration;

use tempfile::TempDir;
use uuid::Uuid;
use warroom::client::ClientError;
use warroom::core::command::{Command, Declared};
use warroom::core::ids::RunId;
use warroom::core::run::{Run, RunState, StepState};
use warroom::wire::{Accepted, Posted};

use crate::harness::{Engine, PATIENCE, skip, start, warroom};
use crate::strace;

/// How many points at which the journal comes to disk are tried, evenly spread, unless `WARROOM_FAULTS` is `all`.
const MOST: usize = 40;
/// How many of the others.
const SOME: usize = 12;

/// Each program says that it runs: step and try.
fn plan(dir: &Path) -> String {
    let says = format!("echo $WARROOM_STEP $WARROOM_ATTEMPT >> {}/said", dir.display());
    let program = |more: &str| format!("command: [sh, -c, \"{says}{more}\"]");
    let (plain, third, fails) = (program(""), program("; test $WARROOM_ATTEMPT = 3"), program("; exit 4"));
    format!(
        "plan_id: shop\nplan_name: Shop\nenvironment: practice\n\
         sites:\n  - {{site_id: east, name: East, role: primary}}\n\
         components:\n  - {{component_id: front, name: Front door, type: load_balancer, priority: critical}}\n\
         recovery_procedures:\n\
         \x20 - procedure_id: mend\n    name: Mend it\n    kind: recovery\n    steps:\n\
         \x20     - {{id: a, needs: [], {plain}}}\n\
         \x20     - {{id: b, needs: [], shell: \"{says}\"}}\n\
         \x20     - {{id: each, needs: [a], for_each: [x, y, z], {plain}}}\n\
         \x20     - {{id: flaky, needs: [b], retry: {{times: 2, every: 100ms}}, {third}}}\n\
         \x20     - {{id: last, needs: [each, flaky], {plain}}}\n\
         \x20 - procedure_id: turn\n    name: Turn back\n    kind: recovery\n    steps:\n\
         \x20     - {{id: one, {plain}, undo: {{{plain}}}}}\n\
         \x20     - {{id: two, {plain}, undo: {{{plain}}}}}\n\
         \x20     - {{id: wrong, {fails}, on_failure: rollback}}\n"
    )
}

/// Two runs at once on an engine that is killed once, and on the one after it.
struct Story {
    /// What strace does to the first engine.
    fault: String,
    temp: TempDir,
    engine: Engine,
    acknowledged: Vec<(Posted, Accepted)>,
    killed: bool,
}

/// How it came out: for each run its end and its steps, with how often each was tried.
type Outcome = BTreeMap<RunId, (String, Vec<(String, String, u32)>)>;

impl Story {
    fn begin(expression: &str) -> Story {
        let temp = tempfile::tempdir().unwrap();
        let state = temp.path().join("state");
        let child = strace::engine(&state, expression, &temp.path().join("strace"));
        let engine = Engine::of(&state, child);
        Story { fault: expression.to_owned(), engine, temp, acknowledged: Vec::new(), killed: false }
    }

    /// Starts an engine if the one there was is gone; it may only have been killed.
    async fn revive(&mut self) {
        if let Some(status) = self.engine.ended() {
            assert_eq!(status.signal(), Some(9), "{}", self.fault);
            assert!(!self.killed, "{}: the second engine was killed, too", self.fault);
            self.killed = true;
            self.engine.start_again().await;
        }
    }

    async fn gone(engine: &mut Engine) {
        while engine.ended().is_none() {
            tokio::time::sleep(Duration::from_millis(10)).await;
        }
    }

    /// Asks until there is an answer, always with the same identifier, as every client does.
    async fn ask(&mut self, command: Command) -> Accepted {
        let posted = Posted { id: Uuid::now_v7(), seen: None, command };
        loop {
            self.revive().await;
            let client = self.engine.client.clone();
            let answer = tokio::select! {
                answer = client.command(&posted) => answer,
                () = Story::gone(&mut self.engine) => continue,
            };
            match answer {
                Ok(accepted) => {
                    self.acknowledged.push((posted, accepted.clone()));
                    return accepted;
                }
                Err(ClientError::Trouble(trouble)) => panic!("refused after {}: {trouble:?}", self.fault),
                // Not there yet, or not there any more.
                Err(_) => tokio::time::sleep(Duration::from_millis(10)).await,
            }
        }
    }

    /// Nobody but the engine does anything from the launch on.
    async fn tell(&mut self) -> Outcome {
        let text = plan(self.temp.path());
        self.ask(Command::LoadPlan { text, read: None }).await;
        let what = Declared::Plan("shop".parse().unwrap());
        let incident = self.ask(Command::Declare { what, severity: None, title: None }).await.incident.unwrap();
        for procedure in ["mend", "turn"] {
            self.ask(start(&incident, procedure)).await;
        }
        let deadline = tokio::time::Instant::now() + PATIENCE;
        loop {
            self.revive().await;
            let runs = self.engine.client.snapshot().await.map(|s| s.state.runs).unwrap_or_default();
            if runs.len() == 2 && runs.values().all(|run| matches!(run.state, RunState::Ended { .. })) {
                return runs.values().map(|run| (run.id, came_out(run))).collect();
            }
            let stuck = tokio::time::Instant::now() > deadline;
            let how: Vec<_> = runs.values().map(|run| came_out(run)).collect();
            assert!(!stuck, "after {} the runs do not end: {how:#?}", self.fault);
            tokio::time::sleep(Duration::from_millis(20)).await;
        }
    }

    /// Nothing acknowledged is lost, nothing ran twice, and the journal is whole and tells the same.
    async fn check(&mut self, outcome: &Outcome) {
        self.engine.kill();
        self.engine.start_again().await;
        let runs = self.engine.state().await.runs;
        let told: Outcome = runs.values().map(|run| (run.id, came_out(run))).collect();
        assert_eq!(told, *outcome, "after {} and a kill at the end", self.fault);
        for (posted, accepted) in &self.acknowledged {
            let again = self.engine.client.command(posted).await.unwrap();
            assert_eq!(again, *accepted, "after {}: {:?}", self.fault, posted.command);
        }
        let said = std::fs::read_to_string(self.temp.path().join("said")).unwrap();
        let mut ran: Vec<&str> = said.lines().collect();
        ran.sort_unstable();
        let mut tried: Vec<String> = Vec::new();
        for (id, _, attempts) in outcome.values().flat_map(|(_, steps)| steps) {
            tried.extend((1..=*attempts).map(|attempt| format!("{id} {attempt}")));
        }
        tried.sort_unstable();
        assert_eq!(ran, tried, "what ran, and what was tried, after {}", self.fault);
        let dir = self.engine.dir.display().to_string();
        let audit = warroom().args(["--state", &dir, "audit", "verify"]).output().unwrap();
        assert!(audit.status.success(), "{}", String::from_utf8_lossy(&audit.stderr));
    }
}

fn came_out(run: &Run) -> (String, Vec<(String, String, u32)>) {
    let end = match &run.state {
        RunState::Ended { result, .. } => format!("{result:?}"),
        other => format!("{other:?}"),
    };
    let state = |state: &StepState| match state {
        StepState::Done { how, .. } => format!("done: {how:?}"),
        StepState::Failed { why, .. } => format!("failed: {why:?}"),
        StepState::Unknown { what, .. } => format!("unknown: {what}"),
        other => other.word().to_owned(),
    };
    (end, run.pairs().map(|(step, seen)| (step.id.to_string(), state(&seen.state), seen.attempts)).collect())
}

/// The points to kill at: all of them, or so many, evenly spread.
fn points(all: usize, most: usize) -> Vec<usize> {
    let most = match std::env::var("WARROOM_FAULTS").as_deref() {
        Ok("all") => all,
        _ => most.min(all),
    };
    (0..most).map(|n| 1 + n * all / most).collect()
}

/// Kills the engine as it is about to make this call for the first time, the second time and so on, each time with two runs
/// under way from beginning to end.
async fn killed_before_each(call: &str, most: usize) {
    if let Err(why) = strace::works() {
        return skip(&format!("kills before {call}"), &why);
    }
    let mut calm = Story::begin(&format!("trace={call}"));
    let undisturbed = calm.tell().await;
    calm.check(&undisturbed).await;
    assert!(!calm.killed);
    let log = std::fs::read_to_string(calm.temp.path().join("strace")).unwrap();
    let all = strace::most_of_a_thread(&log, call);
    assert!(all > 0, "the engine never calls {call}");
    let mut kills = 0;
    for point in points(all, most) {
        let mut story = Story::begin(&format!("inject={call}:signal=SIGKILL:when={point}"));
        let outcome = story.tell().await;
        assert_eq!(outcome, undisturbed, "after {}", story.fault);
        story.check(&outcome).await;
        kills += usize::from(story.killed);
    }
    assert!(kills > 0, "it was never killed before {call}");
}

#[tokio::test(flavor = "multi_thread")]
async fn killed_before_any_sync_of_its_disk_nothing_is_lost_or_repeated() {
    killed_before_each("fsync", MOST).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn killed_before_any_write_to_its_journal_nothing_is_lost_or_repeated() {
    killed_before_each("pwrite64", MOST).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn killed_before_any_word_to_a_shim_or_to_itself_nothing_is_lost_or_repeated() {
    killed_before_each("write", SOME).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn killed_before_any_answer_to_a_client_nothing_is_lost_or_repeated() {
    killed_before_each("writev", SOME).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn killed_before_the_directory_of_any_try_is_made_nothing_is_lost_or_repeated() {
    killed_before_each("mkdir", SOME).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn killed_before_any_process_or_thread_is_begun_nothing_is_lost_or_repeated() {
    killed_before_each("clone3", SOME).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn killed_before_any_order_to_a_shim_is_synced_nothing_is_lost_or_repeated() {
    killed_before_each("fdatasync", SOME).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn killed_before_any_order_to_a_shim_is_in_place_nothing_is_lost_or_repeated() {
    killed_before_each("renameat2", SOME).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn killed_before_any_thread_wakes_another_nothing_is_lost_or_repeated() {
    killed_before_each("futex", SOME).await;
}
