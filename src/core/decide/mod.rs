//! A person's command becomes events, or a refusal that says what is wrong and what would be right.

mod agenda;
pub mod alert;
mod assess;
mod automatic;
mod clock;
pub mod failover;
pub mod gate;
mod health;
mod incident;
mod plan;
mod run;
mod scenario;
mod step;
mod words;

use super::command::Command;
use super::event::Event;
use super::health::Readings;
use super::ids::{IncidentId, Principal, RunId, StepId};
use super::incident::Incident;
use super::people::{Act, Person};
use super::plan::{Environment, Step};
use super::refusal::{Missing, Refusal};
pub(super) use run::begins;
pub use run::{Launch, Launched, lay_out, may_begin};

use super::run::{Run, StepRun};
use super::state::State;
use super::time::Now;

/// What a decision rests on.
#[derive(Clone, Copy)]
pub struct Context<'a> {
    /// What is known.
    pub state: &'a State,
    /// What was read last.
    pub readings: &'a Readings,
    /// Who asks.
    pub by: &'a Principal,
    /// When.
    pub now: &'a Now,
}

/// Decides on a command.
///
/// # Errors
/// The rule that says no. Nothing has happened then.
pub fn decide(context: Context<'_>, command: &Command) -> Result<Vec<Event>, Refusal> {
    let c = context;
    permitted(c, command)?;
    match command {
        Command::LoadPlan { text, read } => plan::load(c, text, read.as_ref()),
        Command::PauseHealth { plan, of, length, reason } => health::pause(c, plan, of, *length, reason),
        Command::ResumeHealth { plan, of } => health::resume(c, plan, of),
        Command::HearAlerts { alerts } => alert::hear(c, alerts),
        Command::Declare { what, severity, title } => incident::declare(c, what, *severity, title.as_deref()),
        Command::Dismiss { incident, reason } => incident::dismiss(c, incident, reason),
        Command::Cancel { incident, reason } => incident::cancel(c, incident, reason),
        Command::Close { incident, reason } => incident::close(c, incident, reason.as_deref()),
        Command::Reopen { incident, reason } => incident::reopen(c, incident, reason),
        Command::Assess { incident } => assess::assess(c, incident),
        Command::NameScenario { incident, scenario, reason } => {
            scenario::name(c, incident, scenario, reason.as_deref())
        }
        Command::RuleOutScenario { incident, scenario, reason } => scenario::rule_out(c, incident, scenario, reason),
        Command::CorrectBegan { incident, began, reason } => clock::correct(c, incident, *began, reason),
        Command::AssignRole { incident, role, to } => incident::assign(c, incident, role, to),
        Command::GiveTask { incident, text, owner, within, report } => {
            agenda::give(c, incident, text, owner, (*within, *report))
        }
        Command::EndTask { incident, number, how } => agenda::end(c, incident, *number, how),
        Command::AskDecision { incident, question, options, within } => {
            agenda::ask(c, incident, question, options, *within)
        }
        Command::Object { incident, number, text } => agenda::object(c, incident, *number, text),
        Command::Decide { incident, number, option, why, again } => {
            agenda::make(c, incident, *number, (*option, why, *again))
        }
        Command::Note { incident, text } => words::note(c, incident.as_ref(), text),
        Command::SendUpdate { incident, text, channels } => words::update(c, incident, text, channels),
        Command::StartRun { incident, plan, procedure, values, options, seen } => {
            run::start(c, run::Launch { incident, plan, procedure, values, options }, seen.as_ref())
        }
        Command::Improvise { incident, host, argv } => run::improvise(c, incident, host.as_deref(), argv),
        Command::RollBack { run, reason } => run::turn_back(c, *run, reason),
        Command::Hold { run, reason } => run::hold(c, *run, reason.as_deref()),
        Command::Resume { run } => run::resume(c, *run),
        Command::TurnEmergency { run, reason } => failover::turn_emergency(c, *run, reason),
        Command::BreakGlass { incident, guard, reason } => failover::break_glass(c, incident, *guard, reason),
        Command::PutGlassBack { incident, guard } => failover::put_back(c, incident, *guard),
        Command::StopAutomation { plan, reason } => automatic::stop(c, plan, reason.as_deref()),
        Command::ArmAutomation { plan, reason } => automatic::arm(c, plan, reason),
        Command::CommitMove { incident, reason } => failover::commit(c, incident, reason),
        Command::Abort { run, reason } => run::abort(c, *run, reason),
        Command::SayDone { run, step, note } => step::say_done(c, *run, step, note.as_deref()),
        Command::Retry { run, step, values } => step::retry(c, *run, step, values),
        Command::Skip { run, step, reason } => step::skip(c, *run, step, reason),
        Command::Confirm { run, step, target, digest, max_loss } => {
            gate::confirm(c, (*run, step), target, digest, *max_loss)
        }
        Command::Withdraw { run, step } => gate::withdraw(c, *run, step),
        Command::Decline { run, step, reason } => gate::decline(c, *run, step, reason),
    }
}

/// The identifier of an incident that begins now: `DR-YYYYMMDD-HHMMSS`, with `-2` and so on within one second.
#[must_use]
pub fn incident_id(state: &State, now: &Now) -> IncidentId {
    let mut n = 1;
    while state.incidents.contains_key(&IncidentId::at(now.utc, n)) {
        n += 1;
    }
    IncidentId::at(now.utc, n)
}

fn permitted(c: Context<'_>, command: &Command) -> Result<(), Refusal> {
    // A token is for alerts, of the plans that it is for, and for nothing else.
    if matches!((c.by, command), (Principal::Token(_), Command::HearAlerts { .. })) {
        return Ok(());
    }
    may(c, act(c.state, command), environment(c.state, command))
}

fn may(c: Context<'_>, act: Act, environment: Option<Environment>) -> Result<(), Refusal> {
    c.person()?.may(act, environment).map_err(|denied| Refusal::NotPermitted { act, needs: denied.needs })
}

/// What a command does. To say of a step that the engine acts in what became of it is more than ticking off a sentence.
fn act(state: &State, command: &Command) -> Act {
    let Command::SayDone { run, step, .. } = command else { return command.act() };
    match state.runs.get(run).and_then(|run| run.find(step)) {
        Some((_, step, _)) if !step.action.is_for_people() => Act::SettleStep,
        _ => command.act(),
    }
}

/// The environment that a command acts on, where it acts on one.
fn environment(state: &State, command: &Command) -> Option<Environment> {
    match command {
        Command::StartRun { plan, .. } | Command::ArmAutomation { plan, .. } => {
            state.plans.get(plan).map(|l| l.plan.environment)
        }
        Command::Improvise { incident, .. }
        | Command::BreakGlass { incident, .. }
        | Command::CommitMove { incident, .. } => {
            let incident = state.incidents.get(incident)?;
            let newest = state.plans.get(&incident.plan).map(|l| l.plan.environment);
            newest.into_iter().chain([incident.environment]).min()
        }
        Command::Hold { run, .. }
        | Command::Resume { run }
        | Command::Abort { run, .. }
        | Command::RollBack { run, .. }
        | Command::TurnEmergency { run, .. }
        | Command::SayDone { run, .. }
        | Command::Retry { run, .. }
        | Command::Skip { run, .. }
        | Command::Confirm { run, .. }
        | Command::Withdraw { run, .. }
        | Command::Decline { run, .. } => environment_of(state, state.runs.get(run)?),
        _ => None,
    }
}

/// A run began in its incident's environment, whatever the plan's newest text says; of two, the one that asks for more counts.
fn environment_of(state: &State, run: &Run) -> Option<Environment> {
    let at_its_start = state.incidents.get(&run.incident).map(|i| i.environment);
    let newest = state.plans.get(&run.plan).map(|l| l.plan.environment);
    [at_its_start, newest].into_iter().flatten().min()
}

impl<'a> Context<'a> {
    fn person(self) -> Result<&'a Person, Refusal> {
        let known = self.state.people.get(self.by);
        known.map(AsRef::as_ref).ok_or_else(|| Refusal::Stranger { principal: self.by.to_string() })
    }

    fn incident(self, id: &IncidentId) -> Result<&'a Incident, Refusal> {
        self.state.incidents.get(id).map(AsRef::as_ref).ok_or_else(|| Refusal::NotFound {
            missing: Missing::Incident(id.clone()),
            known: self.state.incidents.keys().map(ToString::to_string).collect(),
        })
    }

    fn run(self, id: RunId) -> Result<&'a Run, Refusal> {
        self.state.runs.get(&id).map(AsRef::as_ref).ok_or_else(|| Refusal::NotFound {
            missing: Missing::Run(id),
            known: self.state.runs.keys().map(ToString::to_string).collect(),
        })
    }

    /// A run that is not over.
    fn open_run(self, id: RunId) -> Result<&'a Run, Refusal> {
        let run = self.run(id)?;
        if run.is_open() { Ok(run) } else { Err(Refusal::RunOver { run: id }) }
    }

    /// A step of an open run.
    fn step(self, run: RunId, id: &StepId) -> Result<(&'a Run, usize, &'a Step, &'a StepRun), Refusal> {
        let known = self.open_run(run)?;
        match known.find(id) {
            Some((index, step, seen)) => Ok((known, index, step, seen)),
            None => Err(Refusal::NotFound {
                missing: Missing::Step(run, id.clone()),
                known: known.procedure.steps.iter().take(100).map(|s| s.id.to_string()).collect(),
            }),
        }
    }

    /// A step of an open run whose turn has come and that is not settled.
    fn current_step(self, run: RunId, id: &StepId) -> Result<(&'a Run, usize, &'a Step, &'a StepRun), Refusal> {
        let (known, index, step, seen) = self.step(run, id)?;
        if seen.state == super::run::StepState::Pending {
            let turn = known.current().map(|(_, s, _)| s.id.clone());
            return Err(Refusal::NotItsTurn { step: id.clone(), turn });
        }
        if seen.state.is_settled() {
            let (state, needs) = (seen.state.word().to_owned(), "still open".to_owned());
            return Err(Refusal::StepIs { step: id.clone(), state, needs });
        }
        Ok((known, index, step, seen))
    }
}
