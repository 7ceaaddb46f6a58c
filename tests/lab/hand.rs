//! What a person does at a failover by hand.

use warroom::client::ClientError;
use warroom::core::command::{Command, Declared};
use warroom::core::failover::MoveKind;
use warroom::core::gate;
use warroom::core::ids::{IncidentId, RunId};
use warroom::core::incident::Phase;
use warroom::core::loss::Loss;
use warroom::core::plan::Action;
use warroom::core::refusal::Refusal;
use warroom::core::run::{RunResult, RunState, StepState};
use warroom::core::time::Span;
use warroom::wire::Trouble;

use crate::harness::{eventually, start};
use crate::lab::Lab;

impl Lab {
    /// Waits until the engine proposes an incident, and declares it.
    pub async fn declare(&self) -> IncidentId {
        let proposed = eventually("the engine proposes an incident", || async {
            self.engine
                .state()
                .await
                .open_incidents()
                .find(|one| one.phase == Phase::Proposed)
                .map(|one| one.id.clone())
        });
        let what = Declared::Proposal(proposed.await);
        self.engine.ask(Command::Declare { what, severity: None, title: None }).await.incident.unwrap()
    }

    /// Launches the failover to West, once the guards let it.
    pub async fn launch(&self, incident: &IncidentId) -> RunId {
        self.launched(start(incident, "failover-west")).await
    }

    /// The same while East is well.
    pub async fn launch_planned(&self, incident: &IncidentId) -> RunId {
        let mut command = start(incident, "failover-west");
        if let Command::StartRun { options, .. } = &mut command {
            options.move_kind = Some(MoveKind::Planned);
        }
        self.launched(command).await
    }

    /// A person whom the guards refuse looks at what they say, and tries again.
    async fn launched(&self, command: Command) -> RunId {
        eventually("the guards let it begin", || async {
            match self.engine.try_ask(command.clone()).await {
                Ok(accepted) => Some(accepted.run.unwrap()),
                Err(ClientError::Trouble(Trouble::Refused(Refusal::Guarded { .. }))) => None,
                Err(error) => panic!("{error}"),
            }
        })
        .await
    }

    /// Waits at the gate, says yes to what it shows, and tells what it showed as the loss.
    pub async fn confirm(&self, run: RunId) -> Loss {
        self.engine.step(run, "go", |state| matches!(state, StepState::Waiting { .. })).await;
        eventually("the gate takes a yes", || async {
            let (command, loss) = self.yes(run).await;
            self.engine.try_ask(command).await.ok().map(|_| loss)
        })
        .await
    }

    /// A yes to what the gate shows now, with the loss that it shows.
    pub async fn yes(&self, run: RunId) -> (Command, Loss) {
        let snapshot = self.engine.client.snapshot().await.unwrap();
        let known = &snapshot.state.runs[&run];
        let (index, step, _) = known.find(&"go".parse().unwrap()).unwrap();
        let Action::Gate(asked) = &step.action else { panic!("not a gate") };
        let shown = gate::view(&snapshot.state, known, index, asked, &snapshot.live.readings, &snapshot.now);
        let loss = shown.loss.unwrap();
        // Who saw that nobody can say how much is lost accepts an hour.
        let max_loss = Some(loss.ceiling().unwrap_or(Span::from_secs(3600)));
        (Command::Confirm { run, step: step.id.clone(), target: shown.target, digest: shown.digest, max_loss }, loss)
    }

    /// All of a failover by hand, to its end; the loss that the gate announced.
    pub async fn fail_over(&self) -> (RunId, Loss) {
        let incident = self.declare().await;
        let run = self.launch(&incident).await;
        let announced = self.confirm(run).await;
        let result = self.engine.end(run).await;
        assert!(matches!(result, RunResult::Done | RunResult::Partly { .. }), "{result:?}");
        (run, announced)
    }

    /// That nothing happened: no incident, no run, one primary, and nobody noticed.
    pub async fn is_calm(&mut self) {
        let state = self.engine.state().await;
        assert!(state.incidents.is_empty() && state.runs.is_empty(), "{:?}", state.incidents);
        assert!(self.door.sends_to("east") && !self.door.sends_to("west"));
        assert!(self.east.db.is_primary().await && !self.west.db.is_primary().await);
        assert_eq!(self.west.db.timeline().await, 1);
    }

    /// Whether a run is over.
    pub async fn is_over(&self, run: RunId) -> bool {
        matches!(self.engine.run(run).await.state, RunState::Ended { .. })
    }
}
