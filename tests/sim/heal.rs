//! The end of a history: every fault is healed and people do what waits for them; then all that was begun ends, in a bounded
//! number of moves.

use std::collections::BTreeSet;

use warroom::core::command::Command;
use warroom::core::comms::Attempt;
use warroom::core::follow::next_due;
use warroom::core::ids::{Principal, RunId};
use warroom::core::observe::StepEnd;
use warroom::core::people::Act;
use warroom::core::plan::{Action, Gate, Launcher};
use warroom::core::run::{Failure, Run, RunState, StepState};
use warroom::core::template::Values;
use warroom::core::time::Span;

use crate::history::{History, ada};
use crate::outside::Key;

/// Rounds of help that a history may need beside those that its steps do.
const SPARE_ROUNDS: usize = 40;

impl History {
    /// Heals everything, and asks that every run ends, or says why it cannot.
    pub fn heals(&mut self) {
        self.engine.log.line(|| "everything is healed".into());
        self.asks(Vec::new(), crate::engine::Fate::Lives);
        let steps: usize = self.engine.state.runs.values().map(|run| run.steps.len()).sum();
        let mut left = SPARE_ROUNDS + 6 * steps;
        while self.runs(Run::is_active).iter().any(|run| !self.waits_for_a_named_reason(*run)) {
            assert!(left > 0, "after {} rounds of help: {}", SPARE_ROUNDS + 6 * steps, self.stuck());
            left -= 1;
            self.helps();
        }
        self.closes();
    }

    fn stuck(&self) -> String {
        let runs = self.engine.state.runs.values().filter(|run| run.is_active());
        let say = |run: &std::sync::Arc<Run>| {
            let steps: Vec<_> = run.steps.iter().map(|s| format!("{} {}", s.id, s.state.word())).collect();
            format!("{} is {:?} and goes {:?}: {}", run.id, run.state, run.course, steps.join(", "))
        };
        runs.map(say).collect::<Vec<_>>().join("\n")
    }

    /// A run that nothing can be done for: all that it waits for are gates that too few people can open.
    fn waits_for_a_named_reason(&self, run: RunId) -> bool {
        let run = &self.engine.state.runs[&run];
        let held = !matches!(run.state, RunState::Going);
        let for_people = |state: &StepState| matches!(state, StepState::Waiting { .. });
        let stands = run.active().all(|(_, step, seen)| match &step.action {
            Action::Gate(gate) if for_people(&seen.state) => !self.can_be_opened(run, gate),
            _ => false,
        });
        !held && run.is_open() && run.active().next().is_some() && stands
    }

    fn can_be_opened(&self, run: &Run, gate: &Gate) -> bool {
        let eligible = self.eligible(run, gate);
        let roles = if gate.roles.is_empty() { usize::MAX } else { gate.roles.len() };
        eligible.len().min(roles) >= gate.people as usize
    }

    /// Who could be one of a gate's people.
    fn eligible(&self, run: &Run, gate: &Gate) -> Vec<Principal> {
        let state = &self.engine.state;
        let newest = state.plans.get(&run.plan).map(|l| l.plan.environment);
        let environment = [Some(state.incidents[&run.incident].environment), newest].into_iter().flatten().min();
        let may = |who: &&Principal| state.people[*who].may(Act::PassGate, environment).is_ok();
        let another = |who: &&Principal| gate.launcher == Launcher::Counts || **who != run.by;
        state.people.keys().filter(may).filter(another).cloned().collect()
    }

    /// Everybody and everything does what is to be done, once.
    fn helps(&mut self) {
        let tasks: Vec<Key> = self.engine.outside.tasks.iter().cloned().collect();
        for key in tasks {
            let over = self.engine.state.runs.get(&key.0).is_none_or(|run| !run.is_open());
            let end = if over { StepEnd::Bad(Failure::Stopped) } else { self.good_end(&key) };
            self.ends(&key, end);
        }
        self.deliver(&Attempt::Took { answer: "202".into() }, 100);
        for run in self.runs(Run::is_active) {
            self.helps_run(run);
        }
        let due = next_due(&self.engine.state, &self.engine.now()).map(|due| due.since(self.engine.now().utc));
        self.engine.outside.clock.pass(due.unwrap_or(Span::ZERO).min(Span::from_secs(600)));
        self.asks(Vec::new(), crate::engine::Fate::Lives);
    }

    fn helps_run(&mut self, run: RunId) {
        let known = &self.engine.state.runs[&run];
        let active: Vec<_> =
            known.active().map(|(_, step, seen)| (step.clone(), seen.attempts, seen.state.clone())).collect();
        if let (RunState::Held { .. }, true) = (&known.state, known.is_open()) {
            self.says(ada(), Command::Resume { run });
        }
        for (step, attempt, state) in active {
            let name = step.id.clone();
            let key = (run, name.clone(), attempt);
            if let Some(program) =
                self.engine.outside.program_mut(&key).filter(|_| !matches!(state, StepState::Running { .. }))
            {
                (program.alive, program.leftovers) = (false, false);
            }
            match (&step.action, state) {
                (Action::Gate(gate), StepState::Waiting { .. }) => self.opens_gate(run, gate),
                (_, StepState::Waiting { .. }) => {
                    self.says(ada(), Command::SayDone { run, step: name, note: None });
                }
                (_, StepState::Failed { .. } | StepState::Unknown { .. } | StepState::Declined { .. }) => {
                    self.tries_again_or_leaves_out(run, &key);
                }
                _ => {}
            }
        }
    }

    /// Tries a step again while that can help, with what its condition asks for; what fails again and again is left out.
    fn tries_again_or_leaves_out(&mut self, run: RunId, (_, step, attempt): &Key) {
        let Some((_, definition, seen)) = self.engine.state.runs[&run].find(step) else { return };
        let begins = !matches!(&seen.state, StepState::Failed { why: Failure::NotStarted { .. }, .. });
        let asked = definition.when.iter().flat_map(|condition| condition.names());
        let value = |name: &str| if name == "lag" { "5s".to_owned() } else { "true".to_owned() };
        let values: Values = asked.filter(|_| !begins).map(|name| (name.to_owned(), value(name))).collect();
        let helps = begins || values.iter().any(|(name, value)| seen.values.get(name) != Some(value));
        let retry = Command::Retry { run, step: step.clone(), values };
        let skip = Command::Skip { run, step: step.clone(), reason: "it does not work".into() };
        if *attempt > 8 || !helps || !matches!(self.says(ada(), retry), Some(Ok(_))) {
            self.says(ada(), skip);
        }
    }

    /// Hands the gate's roles to different people who may, and has each say yes.
    pub fn opens_gate(&mut self, run: RunId, gate: &Gate) {
        let known = &self.engine.state.runs[&run];
        let (incident, people) = (known.incident.clone(), self.eligible(known, gate));
        for (role, to) in gate.roles.iter().zip(&people) {
            let (incident, role, to) = (incident.clone(), role.clone(), to.clone());
            self.says(ada(), Command::AssignRole { incident, role, to });
        }
        for who in people {
            if let Some(yes) = self.yes(run) {
                self.says(who, yes);
            }
        }
    }

    /// What waits for a named reason is aborted; then every incident can be closed.
    fn closes(&mut self) {
        for run in self.runs(Run::is_open) {
            self.met.insert("a run waits for a gate that too few can open".into());
            let answer = self.says(ada(), Command::Abort { run, reason: "nobody can open it".into() });
            assert!(matches!(answer, Some(Ok(_))), "{answer:?}");
        }
        self.asks(Vec::new(), crate::engine::Fate::Lives);
        let results: BTreeSet<_> = self.engine.state.runs.values().map(|run| result(run)).collect();
        self.met.extend(results.into_iter().map(|word| format!("a run is {word}")));
        for incident in self.incidents(|i| i.phase.is_declared()) {
            if !self.engine.state.incidents.contains_key(&incident) {
                continue;
            }
            let answer = self.says(ada(), Command::Close { incident, reason: Some("it is over".into()) });
            assert!(matches!(answer, Some(Ok(_))), "{answer:?}");
        }
    }
}

fn result(run: &Run) -> &'static str {
    use warroom::core::run::RunResult::{Aborted, Done, Partly, RolledBack};
    match &run.state {
        RunState::Ended { result: Done, .. } => "done",
        RunState::Ended { result: Partly { .. }, .. } => "partly done",
        RunState::Ended { result: RolledBack { .. }, .. } => "rolled back",
        RunState::Ended { result: Aborted { .. }, .. } => "aborted",
        _ => "open",
    }
}
