//! Two runs on an engine that strace spoils something for, and on the one after it, with everything that can be said of how they
//! came out.

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
use warroom::wire::{Accepted, Posted, Trouble};

use crate::harness::{Engine, PATIENCE, start, warroom};
use crate::strace;

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
pub struct Story {
    /// What strace does to the first engine.
    fault: String,
    temp: TempDir,
    engine: Engine,
    acknowledged: Vec<(Posted, Accepted)>,
    /// How many commands were not done, or not known to be.
    pub denied: usize,
    /// Whether the first engine is gone.
    pub over: bool,
}

/// How it came out: for each run its end and its steps, with how often each was tried.
pub type Outcome = BTreeMap<RunId, (String, Vec<(String, String, u32)>)>;

impl Story {
    /// Starts an engine for which strace does this; to calls of the system that concern one file of its state, if one is named.
    pub fn begin(expression: &str, file: Option<&str>) -> Story {
        let temp = tempfile::tempdir().unwrap();
        let state = temp.path().join("state");
        let child = strace::engine(&state, expression, file, &temp.path().join("strace"));
        let (fault, engine) = (expression.to_owned(), Engine::of(&state, child));
        Story { fault, engine, temp, acknowledged: Vec::new(), denied: 0, over: false }
    }

    /// What strace wrote of the first engine.
    pub fn traced(&self) -> String {
        std::fs::read_to_string(self.temp.path().join("strace")).unwrap()
    }

    /// Starts an engine if the first one is gone: it was killed, or refused to start on a disk that fails.
    async fn revive(&mut self) {
        if let Some(status) = self.engine.ended() {
            let refused = self.fault.contains("error=") && status.code() == Some(1);
            assert!(refused || status.signal() == Some(9), "{}: {status}", self.fault);
            assert!(!self.over, "{}: the second engine is gone, too", self.fault);
            self.over = true;
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
                // It says that it was not done, or that it may have been: asking again settles it.
                Err(ClientError::Trouble(Trouble::ReadOnly { .. } | Trouble::OutcomeUnknown)) => {
                    assert!(self.fault.contains("error="), "{}", self.fault);
                    self.denied += 1;
                    tokio::time::sleep(Duration::from_millis(20)).await;
                }
                Err(ClientError::Trouble(trouble)) => panic!("refused after {}: {trouble:?}", self.fault),
                // Not there yet, or not there any more.
                Err(_) => tokio::time::sleep(Duration::from_millis(10)).await,
            }
        }
    }

    /// Nobody but the engine does anything from the launch on.
    pub async fn tell(&mut self) -> Outcome {
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
    pub async fn check(&mut self, outcome: &Outcome) {
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

/// Which of so many points are tried: so many of them, evenly spread, or all if `WARROOM_FAULTS` is `all`.
pub fn points(all: usize, most: usize) -> Vec<usize> {
    let most = match std::env::var("WARROOM_FAULTS").as_deref() {
        Ok("all") => all,
        _ => most.min(all),
    };
    (0..most).map(|n| 1 + n * all / most).collect()
}
