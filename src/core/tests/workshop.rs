//! Small procedures to try the rules of runs with, and words for what became of them.

use crate::core::command::{Command, Options};
use crate::core::event::Event;
use crate::core::fixtures::{World, ada, id, plan};
use crate::core::ids::{IncidentId, RunId};
use crate::core::observe::StepEnd;
use crate::core::plan::{
    Action, Call, Each, Gate, Launcher, List, Need, Needs, OnFailure, Parameter, Plan, Procedure, ProcedureKind,
    Return, Step, Undo,
};
use crate::core::refusal::Refusal;
use crate::core::run::{Evidence, Failure, RunResult, RunState};
use crate::core::template::{Template, Values};
use crate::core::time::Span;
use crate::core::when::Condition;

pub(super) fn text(template: &str) -> Template {
    Template::new(template).unwrap()
}

pub(super) fn act() -> Action {
    Action::Command { argv: vec![text("true")] }
}

/// A step that runs a program.
pub(super) fn step(name: &str) -> Step {
    Step::plain(id(name), name, act())
}

pub(super) fn does(name: &str, action: Action) -> Step {
    Step { action, ..step(name) }
}

pub(super) fn manual(name: &str) -> Step {
    does(name, Action::Manual { sentence: "Do it".into() })
}

pub(super) fn wait(name: &str, secs: u64) -> Step {
    does(name, Action::Wait { span: Span::from_secs(secs) })
}

/// A gate that anybody with the permission opens alone.
pub(super) fn gate(name: &str) -> Step {
    let gate = Gate {
        in_automatic: Default::default(),
        question: "Go on".into(),
        people: 1,
        roles: Default::default(),
        launcher: Launcher::Counts,
        after: None,
    };
    does(name, Action::Gate(gate))
}

pub(super) fn call(name: &str, procedure: &str) -> Step {
    does(name, Action::Procedure(Call { procedure: id(procedure), values: Default::default() }))
}

/// What a step is beside what it does.
pub(super) trait With: Sized {
    fn needs(self, ids: &[&str]) -> Self;
    fn when(self, condition: &str) -> Self;
    fn each(self, items: &[&str]) -> Self;
    fn on_failure(self, then: OnFailure) -> Self;
    fn undo(self) -> Self;
    fn no_return(self) -> Self;
    fn on(self, host: &str) -> Self;
}

impl With for Step {
    fn needs(self, ids: &[&str]) -> Step {
        Step { needs: Needs::These(ids.iter().map(|i| id(i)).collect()), ..self }
    }

    fn when(self, condition: &str) -> Step {
        Step { when: Some(Condition::parse(condition).unwrap()), ..self }
    }

    fn each(self, items: &[&str]) -> Step {
        let list = List::Items(items.iter().map(|item| text(item)).collect());
        Step { each: Some(Each { name: "item".into(), list }), ..self }
    }

    fn on_failure(self, then: OnFailure) -> Step {
        Step { on_failure: then, ..self }
    }

    fn undo(self) -> Step {
        let undo = Undo { action: act(), timeout: None, retry: crate::core::plan::Retry::NEVER, host: None };
        Step { undo: Some(Box::new(undo)), ..self }
    }

    fn no_return(self) -> Step {
        Step { way_back: Return::None, ..self }
    }

    fn on(self, host: &str) -> Step {
        Step { host: Some(text(host)), ..self }
    }
}

/// A parameter with its default.
pub(super) fn parameter(name: &str, value: &str) -> Parameter {
    Parameter { name: name.into(), description: None, kind: Default::default(), need: Need::Default(value.into()) }
}

pub(super) fn recovery(name: &str, steps: Vec<Step>) -> Procedure {
    Procedure::plain(id(name), name, ProcedureKind::Recovery, steps)
}

/// The plan `shop` with these procedures.
pub(super) fn shop(procedures: Vec<Procedure>) -> Plan {
    Plan { procedures, ..plan("shop") }
}

/// A declared incident of a plan.
pub(super) fn incident_of(plan: Plan) -> (World, IncidentId) {
    let (mut world, incident) = World::declared();
    world.load(plan);
    (world, incident)
}

/// A run of a procedure, just begun.
pub(super) fn begun(procedure: Procedure) -> (World, RunId) {
    let name = procedure.id.to_string();
    let (mut world, incident) = incident_of(shop(vec![procedure]));
    let run = world.start(&incident, &name);
    (world, run)
}

/// A run of these steps, just begun.
pub(super) fn run_of(steps: Vec<Step>) -> (World, RunId) {
    begun(recovery("recover", steps))
}

/// Launches a procedure of `shop` with options and values.
pub(super) fn launch(incident: &IncidentId, procedure: &str, options: Options, values: &[(&str, &str)]) -> Command {
    let values: Values = values.iter().map(|(name, value)| ((*name).to_owned(), (*value).to_owned())).collect();
    Command::StartRun {
        incident: incident.clone(),
        plan: id("shop"),
        procedure: id(procedure),
        values,
        options,
        seen: None,
    }
}

/// Why these steps cannot be laid out.
pub(super) fn cannot(procedures: Vec<Procedure>) -> String {
    let name = procedures[0].id.to_string();
    let (mut world, incident) = incident_of(shop(procedures));
    match world.refused(ada(), launch(&incident, &name, Options::default(), &[])) {
        Refusal::CannotLayOut { why, .. } => why,
        other => panic!("{other:?}"),
    }
}

/// How every step of a run stands: `a done, b running`.
pub(super) fn words(world: &World, run: RunId) -> String {
    let words: Vec<String> =
        world.run(run).steps.iter().map(|step| format!("{} {}", step.id, step.state.word())).collect();
    words.join(", ")
}

/// The steps that the engine is at or that wait for people, in the order of the run.
pub(super) fn at(world: &World, run: RunId) -> Vec<String> {
    let steps = world.run(run).steps.iter();
    steps.filter(|s| matches!(s.state.word(), "running" | "waiting")).map(|s| s.id.to_string()).collect()
}

pub(super) fn good() -> StepEnd {
    StepEnd::good(Evidence::ExitedWell)
}

pub(super) fn bad() -> StepEnd {
    StepEnd::Bad(Failure::Exit { code: 1 })
}

/// The first try of steps goes well, one after the other.
pub(super) fn done(world: &mut World, run: RunId, steps: &[&str]) {
    for step in steps {
        assert!(!world.ends(run, step, 1, good()).is_empty(), "{step} does not run: {}", words(world, run));
    }
}

pub(super) fn confirm(world: &mut World, run: RunId, step: &str) {
    let shown = world.view(run);
    let (target, digest) = (shown.target, shown.digest);
    let max_loss = Some(Span::from_secs(86_400));
    world.ok(ada(), Command::Confirm { run, step: id(step), target, digest, max_loss });
}

pub(super) fn roll_back(run: RunId) -> Command {
    Command::RollBack { run, reason: "it made things worse".into() }
}

pub(super) fn retry(run: RunId, step: &str) -> Command {
    Command::Retry { run, step: id(step), values: Values::new() }
}

pub(super) fn skip(run: RunId, step: &str) -> Command {
    Command::Skip { run, step: id(step), reason: "done by hand".into() }
}

pub(super) fn abort(run: RunId) -> Command {
    Command::Abort { run, reason: "enough".into() }
}

/// How a run ended.
pub(super) fn result(world: &World, run: RunId) -> RunResult {
    match &world.run(run).state {
        RunState::Ended { result, .. } => result.clone(),
        other => panic!("{other:?}: {}", words(world, run)),
    }
}

/// The steps that events began, in their order.
pub(super) fn started(events: &[Event]) -> Vec<String> {
    let start = |event: &Event| match event {
        Event::StepStarted { step, .. } => Some(step.to_string()),
        _ => None,
    };
    events.iter().filter_map(start).collect()
}
