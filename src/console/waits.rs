//! What waits for a person, the most pressing first: counted in the head, opened by `Space`.

use super::model::Model;
use crate::core::command::{Command, Declared};
use crate::core::failover::refusals;
use crate::core::ids::{CallSign, IncidentId, RunId, StepId};
use crate::core::incident::{Incident, Phase};
use crate::core::plan::{Action, Step};
use crate::core::refusal::Refusal;
use crate::core::run::{Course, Run, RunState, StepRun, StepState};

/// Something that waits.
#[derive(Debug, Clone, PartialEq)]
pub(crate) struct Wait {
    pub(crate) incident: IncidentId,
    pub(crate) call_sign: CallSign,
    pub(crate) what: Waiting,
    pub(crate) whose: Whose,
    /// In a few words.
    pub(crate) says: String,
}

/// What waits.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum Waiting {
    /// A gate, for people who say yes or no.
    Gate(RunId, StepId),
    /// A step whose end nobody knows, that failed or was declined.
    Settle(RunId, StepId),
    /// A step that a person does.
    Manual(RunId, StepId),
    /// A run that was held.
    Held(RunId),
    /// A failover that is neither taken back nor said to stay.
    Owed,
    /// A proposal, to be declared or dismissed.
    Proposal,
    /// An incident that has recovered, to be closed.
    Recovered,
}

/// For whom it waits.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Whose {
    /// The person at this console could deal with it.
    Mine,
    /// Others have to.
    Others,
}

impl Waiting {
    fn rank(&self) -> u8 {
        match self {
            Waiting::Gate(..) => 0,
            Waiting::Settle(..) => 1,
            Waiting::Manual(..) => 2,
            Waiting::Held(_) => 3,
            Waiting::Proposal => 4,
            Waiting::Owed => 5,
            Waiting::Recovered => 6,
        }
    }
}

/// All that waits, what is for this person first.
pub(super) fn all(model: &Model) -> Vec<Wait> {
    let mut found: Vec<Wait> = model.state.open_incidents().flat_map(|incident| of_incident(model, incident)).collect();
    found.sort_by_key(|wait| (wait.whose == Whose::Others, wait.what.rank()));
    found
}

/// What waits for this person.
pub(crate) fn mine(model: &Model) -> Vec<&Wait> {
    model.waits().iter().filter(|wait| wait.whose == Whose::Mine).collect()
}

fn of_incident(model: &Model, incident: &Incident) -> Vec<Wait> {
    let id = || incident.id.clone();
    let mut found: Vec<(Waiting, Option<Command>, String)> = Vec::new();
    match incident.phase {
        Phase::Proposed => {
            let command = Command::Declare { what: Declared::Proposal(id()), severity: None, title: None };
            let says = format!("{}: declare it, or say that it is none", incident.call_sign);
            found.push((Waiting::Proposal, Some(command), says));
        }
        Phase::Recovered => {
            let reason = incident.owed.is_some().then(|| "-".to_owned());
            let command = Command::Close { incident: id(), reason };
            found.push((Waiting::Recovered, Some(command), format!("{} has recovered: close it", incident.call_sign)));
        }
        _ => {}
    }
    // While a run goes on nobody can say yet what is to become of it.
    let settled = !model.state.runs_of(&incident.id).any(|run| run.is_active());
    if let Some((owed, now)) = incident.owed.as_ref().zip(model.now()).filter(|_| settled) {
        let plan = model.state.plans.get(&incident.plan).map(|loaded| &*loaded.plan);
        let command = Command::CommitMove { incident: id(), reason: "-".to_owned() };
        found.push((Waiting::Owed, Some(command), crate::text::owed(plan, owed, &now)));
    }
    found.extend(model.state.runs_of(&incident.id).flat_map(|run| of_run(model, run)));
    let wait = |(what, command, says): (Waiting, Option<Command>, String)| {
        let mine = command.is_some_and(|command| match model.refuses(&command) {
            // What a guard refuses waits for somebody who mends it, or says no.
            None | Some(Refusal::Guarded { .. }) => true,
            Some(_) => false,
        });
        let whose = if mine { Whose::Mine } else { Whose::Others };
        Wait { incident: id(), call_sign: incident.call_sign.clone(), what, whose, says }
    };
    found.into_iter().map(wait).collect()
}

/// Whether a step of a run waits for somebody. On the way back only what undoes does, and what nobody knows.
pub(crate) fn needs_somebody(run: &Run, step: &Step, done: &StepRun) -> bool {
    let unknown = matches!(done.state, StepState::Unknown { .. });
    run.is_open()
        && done.state.waits_for_people()
        && (run.course == Course::Forward || unknown || Run::is_undoing(step))
}

/// The step of a run that matters most now, with its place counted from 0: one that waits for somebody, else one that the engine is
/// at, else one whose turn has come.
pub(crate) fn most_pressing(run: &Run) -> Option<(usize, &Step, &StepRun)> {
    let engine = |done: &StepRun| matches!(done.state, StepState::Running { .. } | StepState::Pausing { .. });
    run.active()
        .find(|(_, step, done)| needs_somebody(run, step, done))
        .or_else(|| run.active().find(|(_, _, done)| engine(done)))
        .or_else(|| run.current())
}

fn of_run(model: &Model, run: &Run) -> Vec<(Waiting, Option<Command>, String)> {
    let mut found = Vec::new();
    let mut steps: Vec<_> = run.waiting().filter(|(_, step, done)| needs_somebody(run, step, done)).collect();
    if let RunState::Held { by, .. } = &run.state {
        let says = match crate::text::refusing(&run.guarded) {
            Some(guards) => format!("{} {} is HELD by guards: {guards}", run.id, run.procedure.name),
            None => format!("{} {} is held by {}", run.id, run.procedure.name, model.name(by)),
        };
        found.push((Waiting::Held(run.id), Some(Command::Resume { run: run.id }), says));
        // A gate cannot be passed while its run is held.
        steps.retain(|(_, step, done)| !is_open_gate(step, done));
    }
    found.extend(steps.into_iter().map(|step| of_step(model, run, step)));
    found
}

/// Whether a step is a gate at which its run waits.
pub(crate) fn is_open_gate(step: &Step, done: &StepRun) -> bool {
    matches!((&step.action, &done.state), (Action::Gate(_), StepState::Waiting { .. }))
}

fn of_step(
    model: &Model,
    run: &Run,
    (index, step, done): (usize, &Step, &StepRun),
) -> (Waiting, Option<Command>, String) {
    let number = index + 1;
    let (id, step_id) = (run.id, step.id.clone());
    match (&step.action, &done.state) {
        (Action::Gate(gate), StepState::Waiting { .. }) => {
            let view = crate::core::gate::view(&model.state, run, index, gate, model.readings(), &model.now_of(run));
            let refusing = refusals(view.guards);
            // Any ceiling: what has to be accepted is asked for in the box.
            let command = Command::Confirm {
                run: id,
                step: step_id.clone(),
                target: view.target,
                digest: view.digest,
                max_loss: Some(crate::core::time::MAX_SPAN),
            };
            let have: Vec<String> = done.confirmations.iter().map(|c| model.name(&c.by)).collect();
            let by = if have.is_empty() { String::new() } else { format!(" ({})", have.join(", ")) };
            let refused: Vec<&str> = refusing.iter().map(|one| one.guard.name()).collect();
            let stands = match refused.is_empty() {
                true => format!("{} of {}{by}", have.len(), gate.people),
                false => format!("REFUSED by {}", crate::text::some_of(&refused, 3)),
            };
            let says = format!("gate {number}: {}; {stands}", gate.question);
            (Waiting::Gate(id, step_id), Some(command), says)
        }
        (_, StepState::Waiting { .. }) => {
            let command = Command::SayDone { run: id, step: step_id.clone(), note: None };
            (Waiting::Manual(id, step_id), Some(command), format!("step {number}: {}", step.name))
        }
        (_, state) => {
            let retry = Command::Retry { run: id, step: step_id.clone(), values: Default::default() };
            let skip = Command::Skip { run: id, step: step_id.clone(), reason: "-".to_owned() };
            let command = if model.refuses(&retry).is_none() { retry } else { skip };
            let says = format!("step {number} {}: {}", state.word().to_uppercase(), step.name);
            (Waiting::Settle(id, step_id), Some(command), says)
        }
    }
}
