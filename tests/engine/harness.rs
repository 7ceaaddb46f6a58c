//! An engine in a process of its own, and a service that can be broken.

use std::future::Future;
use std::io::Write;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, ExitStatus, Stdio};
use std::time::{Duration, Instant};

use tempfile::TempDir;
use uuid::Uuid;
use warroom::client::{Address, Client, ClientError};
use warroom::core::command::{Command as Asked, Declared};
use warroom::core::gate::view;
use warroom::core::ids::{IncidentId, RunId};
use warroom::core::incident::Incident;
use warroom::core::run::{Run, RunResult, RunState, StepState};
use warroom::core::state::State;
use warroom::wire::{Accepted, Posted, Trouble};

/// Longer than anything here takes on a busy machine; nothing waits for it to pass.
pub const PATIENCE: Duration = Duration::from_secs(30);

/// An engine in a process of its own, killed when this is dropped.
pub struct Engine {
    child: Option<Child>,
    pub dir: PathBuf,
    pub client: Client,
    _temp: Option<TempDir>,
}

impl Engine {
    /// An engine on a fresh state directory.
    pub async fn start() -> Engine {
        Engine::with_config("").await
    }

    pub async fn with_config(config: &str) -> Engine {
        let temp = tempfile::tempdir().unwrap();
        if !config.is_empty() {
            std::fs::write(temp.path().join("config.toml"), config).unwrap();
        }
        let mut engine = Engine::on(temp.path()).await;
        engine._temp = Some(temp);
        engine
    }

    /// An engine on a state directory of the test's own.
    pub async fn on(dir: &Path) -> Engine {
        let client = Client::new(Address::in_state(dir));
        let mut engine = Engine { child: None, dir: dir.to_path_buf(), client, _temp: None };
        engine.start_again().await;
        engine
    }

    /// An engine on a state directory of the test's own, in a process that the test started; it may not answer yet.
    pub fn of(dir: &Path, child: Child) -> Engine {
        let client = Client::new(Address::in_state(dir));
        Engine { child: Some(child), dir: dir.to_path_buf(), client, _temp: None }
    }

    /// Starts it, after a kill or an end.
    pub async fn start_again(&mut self) {
        self.child = Some(run(&self.dir, Stdio::null()));
        self.answers().await;
    }

    /// Waits until it answers.
    pub async fn answers(&self) {
        let client = self.client.clone();
        eventually("the engine answers", || async { client.hello().await.ok() }).await;
    }

    /// How its process ended, if it has.
    pub fn ended(&mut self) -> Option<ExitStatus> {
        self.child.as_mut().unwrap().try_wait().unwrap()
    }

    pub fn pid(&self) -> u32 {
        self.child.as_ref().unwrap().id()
    }

    /// SIGKILL, and wait until it is gone.
    pub fn kill(&mut self) {
        let mut child = self.child.take().unwrap();
        child.kill().unwrap();
        child.wait().unwrap();
    }

    /// SIGTERM, and its exit status.
    pub fn terminate(&mut self) -> Option<i32> {
        let mut child = self.child.take().unwrap();
        signal(child.id(), rustix::process::Signal::TERM);
        child.wait().unwrap().code()
    }

    pub async fn state(&self) -> State {
        self.client.snapshot().await.unwrap().state
    }

    /// Sends a command that is to be carried out.
    pub async fn ask(&self, command: Asked) -> Accepted {
        match self.try_ask(command.clone()).await {
            Ok(accepted) => accepted,
            Err(ClientError::Trouble(Trouble::PlanFaults(faults))) => panic!("{faults:#?}"),
            Err(error) => panic!("{command:?}: {error}"),
        }
    }

    pub async fn try_ask(&self, command: Asked) -> Result<Accepted, ClientError> {
        self.client.command(&Posted { id: Uuid::now_v7(), seen: None, command }).await
    }

    /// Sends a command that is to be refused.
    pub async fn refused(&self, command: Asked) -> Trouble {
        match self.try_ask(command.clone()).await {
            Err(ClientError::Trouble(trouble)) => trouble,
            other => panic!("{command:?} was not refused: {other:?}"),
        }
    }

    pub async fn load(&self, plan: &str) {
        self.ask(Asked::LoadPlan { text: plan.to_owned(), read: None }).await;
    }

    /// Loads a plan, declares an incident of it and launches its procedure.
    pub async fn launch(&self, plan: &str, procedure: &str) -> (IncidentId, RunId) {
        let incident = self.declare(plan).await;
        let started = self.ask(start(&incident, procedure)).await;
        (incident, started.run.unwrap())
    }

    /// Launches the procedure `mend` of a plan for a new incident.
    pub async fn mend(&self, plan: &str) -> RunId {
        self.launch(plan, "mend").await.1
    }

    /// Loads a plan and declares an incident of it.
    pub async fn declare(&self, plan: &str) -> IncidentId {
        self.load(plan).await;
        let what = Declared::Plan("shop".parse().unwrap());
        self.ask(Asked::Declare { what, severity: None, title: None }).await.incident.unwrap()
    }

    pub async fn run(&self, run: RunId) -> Run {
        (*self.state().await.runs[&run]).clone()
    }

    pub async fn incident(&self, id: &IncidentId) -> Incident {
        (*self.state().await.incidents[id]).clone()
    }

    /// Waits until a run is over.
    pub async fn end(&self, run: RunId) -> RunResult {
        let deadline = Instant::now() + PATIENCE;
        loop {
            let known = self.run(run).await;
            if let RunState::Ended { result, .. } = known.state {
                return result;
            }
            assert!(Instant::now() < deadline, "{run} never ended: {:#?}", known.steps.iter().collect::<Vec<_>>());
            tokio::time::sleep(Duration::from_millis(20)).await;
        }
    }

    /// How a step stands now.
    pub async fn now(&self, run: RunId, step: &str) -> StepState {
        self.run(run).await.find(&step.parse().unwrap()).unwrap().2.state.clone()
    }

    /// Says yes at a gate, to what it shows now.
    pub async fn confirm(&self, run: RunId, step: &str) {
        let snapshot = self.client.snapshot().await.unwrap();
        let known = &snapshot.state.runs[&run];
        let (place, step, gate, _) = known.gates().find(|(_, gate, ..)| gate.id.as_str() == step).unwrap();
        let shown = view(&snapshot.state, known, place, gate, &snapshot.live.readings, &snapshot.now);
        let (step, max_loss) = (step.id.clone(), None);
        self.ask(Asked::Confirm { run, step, target: shown.target, digest: shown.digest, max_loss }).await;
    }

    /// What a try of a step has written so far.
    pub async fn output(&self, run: RunId, step: &str, attempt: u32) -> String {
        let output = self.client.output(run, &step.parse().unwrap(), attempt, 0).await.unwrap();
        String::from_utf8(output.bytes).unwrap()
    }

    /// Waits until a step's state is as wanted.
    pub async fn step(&self, run: RunId, step: &str, wanted: impl Fn(&StepState) -> bool) -> StepState {
        eventually(&format!("step {step} of {run} is as wanted"), || async {
            let known = self.run(run).await;
            let state = known.find(&step.parse().unwrap()).unwrap().2.state.clone();
            wanted(&state).then_some(state)
        })
        .await
    }
}

impl Drop for Engine {
    fn drop(&mut self) {
        if let Some(mut child) = self.child.take() {
            let _ = child.kill();
            let _ = child.wait();
        }
    }
}

/// Launches a procedure of the plan `shop`.
pub fn start(incident: &IncidentId, procedure: &str) -> Asked {
    Asked::StartRun {
        incident: incident.clone(),
        plan: "shop".parse().unwrap(),
        procedure: procedure.parse().unwrap(),
        values: Default::default(),
        options: Default::default(),
        seen: None,
    }
}

/// `warroom engine run` on a directory.
pub fn run(dir: &Path, errors: Stdio) -> Child {
    warroom().args(["engine", "run", "--state"]).arg(dir).stdout(Stdio::null()).stderr(errors).spawn().unwrap()
}

/// The binary, away from this machine's own settings.
pub fn warroom() -> Command {
    let mut command = Command::new(env!("CARGO_BIN_EXE_warroom"));
    command.env_remove("WARROOM_STATE").env_remove("XDG_STATE_HOME").stdin(Stdio::null());
    command
}

pub fn signal(pid: u32, signal: rustix::process::Signal) {
    let pid = rustix::process::Pid::from_raw(i32::try_from(pid).unwrap()).unwrap();
    rustix::process::kill_process(pid, signal).unwrap();
}

/// Waits for a condition and hands back what it found.
pub async fn eventually<T, F: Future<Output = Option<T>>>(what: &str, mut look: impl FnMut() -> F) -> T {
    let deadline = Instant::now() + PATIENCE;
    loop {
        if let Some(found) = look().await {
            return found;
        }
        assert!(Instant::now() < deadline, "never came true: {what}");
        tokio::time::sleep(Duration::from_millis(20)).await;
    }
}

/// Says by name what cannot be tried here, past the capture of test output.
pub fn skip(what: &str, why: &str) {
    let _ = writeln!(std::io::stderr(), "SKIPPED {what}: {why}");
}

/// A plan `shop` with one probe at its front door and one procedure `mend` of these steps.
pub fn plan(front_door: &str, steps: &str) -> String {
    format!(
        "plan_id: shop\nplan_name: Shop\nenvironment: practice\npriority: critical\nrto: 30m\nrpo: 15m\n\
         stable_for: 1s\nchannels: [inbox]\n\
         sites:\n  - {{site_id: east, name: East, role: primary}}\n  - {{site_id: west, name: West, role: standby}}\n\
         components:\n  - component_id: front\n    name: Front door\n    type: load_balancer\n    priority: critical\n\
         \x20   probes:\n      - {{http: \"{front_door}\", every: 100ms, timeout: 100ms, fail_after: 2, pass_after: 2, front_door: true}}\n\
         recovery_procedures:\n  - procedure_id: mend\n    name: Mend it\n    kind: recovery\n    from: east\n    to: west\n    steps:\n{steps}"
    )
}
