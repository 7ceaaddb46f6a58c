//! The end of a history: every fault is healed and people do what waits for them; then all that was begun ends, in a bounded
//! number of moves.

use std::collections::BTreeSet;

use warroom::core::command::Command;
use warroom::core::comms::Attempt;
use warroom::core::failover::{Guard, MoveKind, Says};
use warroom::core::follow::next_due;
use warroom::core::gate::view;
use warroom::core::health::Verdict;
use warroom::core::ids::{IncidentId, Principal, RunId};
use warroom::core::observe::{Connection, Report, StepEnd};
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
        let plans: Vec<_> = self.engine.state.plans.keys().cloned().collect();
        for plan in plans {
            self.says(ada(), Command::StopAutomation { plan, reason: None });
        }
        self.heals_what_guards_ask_about();
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
        self.deliver(&Attempt::took("202"), 100);
        self.heals_what_guards_ask_about();
        for run in self.runs(Run::is_active) {
            self.helps_run(run);
        }
        let due = next_due(&self.engine.state, &self.engine.now()).map(|due| due.since(self.engine.now().utc));
        let due = due.unwrap_or(Span::ZERO).min(Span::from_secs(600));
        // Everybody has a minute to say no to an override.
        let moving = !self.runs(|run| run.is_active() && run.move_kind.is_some()).is_empty();
        self.engine.outside.clock.pass(if moving { due.max(Span::from_secs(61)) } else { due });
        self.asks(Vec::new(), crate::engine::Fate::Lives);
    }

    /// The engine reaches the world; the site that a failover leaves is down, or well for one that was planned; the other is well, and
    /// has all data.
    fn heals_what_guards_ask_about(&mut self) {
        self.engine.outside.tell(Report::Connection(Connection::There));
        let moves = |run: &Run| {
            let leaves_east = run.procedure.from.as_ref().is_some_and(|from| from.as_str() == "east");
            (run.plan.clone(), run.move_kind == Some(MoveKind::Planned), leaves_east)
        };
        let moves: Vec<_> = self
            .engine
            .state
            .runs
            .values()
            .filter(|run| run.is_open() && run.move_kind.is_some())
            .map(|run| moves(run))
            .collect();
        for (plan, planned, leaves_east) in moves {
            let from = if planned { Verdict::Ok } else { Verdict::Down };
            let (east, west) = if leaves_east { (from, Verdict::Ok) } else { (Verdict::Ok, from) };
            self.sites_are(&plan, east, west);
        }
        self.has_all_data();
        self.asks(Vec::new(), crate::engine::Fate::Lives);
    }

    /// Somebody overrides what does not come right.
    fn breaks_glass(&mut self, incident: &IncidentId, refused: &[Guard]) {
        for guard in refused.iter().filter(|guard| guard.can_be_overridden()) {
            let (incident, guard) = (incident.clone(), *guard);
            self.says(ada(), Command::BreakGlass { incident, guard, reason: "it has to be".into() });
        }
    }

    fn helps_run(&mut self, run: RunId) {
        let known = &self.engine.state.runs[&run];
        let active: Vec<_> =
            known.active().map(|(_, step, seen)| (step.clone(), seen.attempts, seen.state.clone())).collect();
        if let (RunState::Held { .. }, true) = (&known.state, known.is_open()) {
            let (incident, refused) =
                (known.incident.clone(), known.guarded.iter().map(|f| f.guard).collect::<Vec<_>>());
            self.breaks_glass(&incident, &refused);
            self.says(ada(), Command::Resume { run });
        } else if known.is_open() && known.move_kind.is_some() {
            self.overrides_what_waits(run);
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

    fn refused_at_gates(&self, run: &Run) -> Vec<Guard> {
        let (state, readings, now) = (&self.engine.state, &self.engine.readings, self.engine.now());
        let found = run.gates().flat_map(|(place, _, gate, _)| view(state, run, place, gate, readings, &now).guards);
        found.filter(|finding| finding.says == Says::Refuse).map(|finding| finding.guard).collect()
    }

    /// What guards refuse at the gates of a run, or before what waits to begin.
    fn overrides_what_waits(&mut self, run: RunId) {
        let known = &self.engine.state.runs[&run];
        let guards = match known.active().next() {
            Some(_) => self.refused_at_gates(known),
            // Nothing is under way, and yet it goes on: something waits for a guard.
            None => Guard::ALL.to_vec(),
        };
        let incident = known.incident.clone();
        self.breaks_glass(&incident, &guards);
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
