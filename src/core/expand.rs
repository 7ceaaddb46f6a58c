//! A procedure as a run does it: a step for each pass of a list, the steps of procedures called in their place, and what waits
//! for what.
//!
//! A step without `needs` waits for all above it. Steps that mend a failure stand behind the step that they mend; steps that
//! undo stand at the end and wait for a rollback.

use std::collections::{BTreeMap, BTreeSet};

use super::command::Options;
use super::failover::MoveKind;
use super::ids::{ComponentId, MAX_ID, ProcedureId, RoleId, StepId};
use super::param::ParamKind;
use super::plan::{
    Action, Each, Environment, List, Needs, OnFailure, Origin, Plan, Procedure, ProcedureKind, Purpose, Return, Step,
    Undo, Which,
};
use super::run::{Graph, undo_id};
use super::state::Loaded;
use super::template::{Template, Values};
use super::time::Span;

mod order;
mod parameters;

use order::{Pass, ordered};

pub use order::affected;
pub use parameters::{Given, resolve, stand_in};

/// Most steps that a run may have.
pub const MOST_STEPS: usize = 20_000;

/// Most needs between them.
pub const MOST_NEEDS: usize = 1_000_000;

/// Deepest calls of procedures within procedures.
pub const DEEPEST: usize = 16;

/// A procedure, laid out.
#[derive(Debug, Clone, PartialEq)]
pub struct LaidOut {
    /// The procedure, with the steps of the run.
    pub procedure: Procedure,
    /// What waits for what.
    pub graph: Graph,
    /// The components that it works on.
    pub components: BTreeSet<ComponentId>,
}

/// Why a procedure cannot be laid out.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum CannotLayOut {
    /// Too many steps.
    #[error("it would have more than {MOST_STEPS} steps")]
    TooManySteps,
    /// Too many needs.
    #[error("its steps would wait for each other in more than {MOST_NEEDS} ways")]
    TooManyNeeds,
    /// Calls within calls.
    #[error("procedures call each other more than {DEEPEST} deep")]
    TooDeep,
    /// A procedure that is not there.
    #[error("the plan has no procedure {0}")]
    NoProcedure(ProcedureId),
    /// A step that is not there.
    #[error("{0} waits for {1}, which is no step beside it")]
    NoStep(StepId, StepId),
    /// Steps that wait for each other.
    #[error("its steps wait for each other in a circle")]
    Circle,
    /// A value that is not known at launch.
    #[error("{0}: ${{{1}}} is not known when the run begins")]
    NoValue(StepId, String),
    /// A value that its parameter does not take.
    #[error("{0}: {1}")]
    BadValue(StepId, String),
    /// A step without return that begins without a gate.
    #[error("there is no return from {0}, and it waits for no gate")]
    NoGate(StepId),
    /// A step of the plan has the name of the one that undoes another.
    #[error("two of its steps would be called {0}")]
    SameName(StepId),
}

/// Lays a procedure out for a run that begins now.
///
/// # Errors
/// [`CannotLayOut`].
pub fn lay_out(
    loaded: &Loaded,
    procedure: &Procedure,
    given: &Given,
    options: &Options,
) -> Result<LaidOut, CannotLayOut> {
    let affected = affected(loaded);
    let mut layout = Layout::new(&loaded.plan, &affected, options, &given.values);
    let scope = Scope {
        prefix: String::new(),
        origin: Origin { secrets: given.secrets.clone(), ..Origin::default() },
        depth: 0,
    };
    let checks = layout.block(&procedure.preconditions, &scope, &[], Some(Purpose::Precondition))?;
    layout.block(&procedure.steps, &scope, &checks, None)?;
    layout.undos()?;
    let mut components = layout.works_on(procedure, &given.values);
    if !only_looks(procedure) {
        components.append(&mut layout.components);
    }
    let rows = layout.steps.iter().map(|s| s.id.clone()).zip(layout.needs).collect();
    let graph = Graph::new(rows);
    if graph.rounds().is_none() {
        return Err(CannotLayOut::Circle);
    }
    if let Some(step) = ungated(&layout.steps, &graph) {
        return Err(CannotLayOut::NoGate(step.id.clone()));
    }
    let mut laid_out = Procedure { steps: layout.steps, preconditions: Vec::new(), ..procedure.clone() };
    if let Some(kind) = options.move_kind {
        as_move(&mut laid_out, &graph, kind, &loaded.plan);
    }
    laid_out.timeout = options.timeout.or(laid_out.timeout);
    laid_out.priority = options.priority.or(laid_out.priority).or(Some(loaded.plan.priority));
    laid_out.lanes.run = options.parallel.unwrap_or(laid_out.lanes.run).max(1);
    Ok(LaidOut { procedure: laid_out, graph, components })
}

/// The roles that may join where a plan asks for more people than its author thought of.
const LEADING: [&str; 3] = ["incident_commander", "deputy", "technical_lead"];

/// What a kind of failover makes of the steps: an emergency takes their ungraceful forms, a planned one stops at the first error, and
/// the gates before what is final ask for as many people as the plan does.
fn as_move(laid_out: &mut Procedure, graph: &Graph, kind: MoveKind, plan: &Plan) {
    let finals = laid_out.steps.iter().enumerate().filter(|(_, step)| step.is_final());
    let guarded: BTreeSet<usize> = finals.flat_map(|(place, _)| graph.before(place)).collect();
    let people = plan.failover.people.unwrap_or(if plan.environment == Environment::Production { 2 } else { 1 });
    for (place, step) in laid_out.steps.iter_mut().enumerate() {
        match kind {
            MoveKind::Emergency => step.make_ungraceful(),
            MoveKind::Planned if step.on_failure == OnFailure::Continue => step.on_failure = OnFailure::Stop,
            _ => {}
        }
        if let Action::Gate(gate) = &mut step.action
            && guarded.contains(&place)
            && gate.people < people
        {
            gate.people = people;
            // A role is held by one person: who else may join has to be somebody.
            if !gate.roles.is_empty() {
                gate.roles.extend(LEADING.iter().filter_map(|role| RoleId::new(*role).ok()));
            }
        }
    }
    laid_out.timeout = laid_out.timeout.or(plan.failover.timeout);
}

/// A step without return that no gate has to be passed for: a gate above it in the file is none when nothing waits for it.
fn ungated<'s>(steps: &'s [Step], graph: &Graph) -> Option<&'s Step> {
    let is_gate = |place: &usize| steps.get(*place).is_some_and(|step| matches!(step.action, Action::Gate(_)));
    let free = |place: usize| !graph.before(place).iter().any(is_gate);
    steps.iter().enumerate().find(|(place, step)| step.way_back == Return::None && free(*place)).map(|(_, step)| step)
}

/// Where a step stands: within which calls and passes, and what is known there.
#[derive(Clone)]
struct Scope {
    prefix: String,
    origin: Origin,
    depth: usize,
}

/// What of a block others wait for.
type Places = Vec<u32>;

struct Layout<'a> {
    plan: &'a Plan,
    affected: &'a BTreeSet<ComponentId>,
    options: &'a Options,
    base: &'a Values,
    steps: Vec<Step>,
    needs: Vec<Vec<u32>>,
    count: usize,
    ids: BTreeSet<StepId>,
    undo: Vec<(StepId, Undo, Origin, Option<Template>, String)>,
    components: BTreeSet<ComponentId>,
}

impl<'a> Layout<'a> {
    fn new(plan: &'a Plan, affected: &'a BTreeSet<ComponentId>, options: &'a Options, base: &'a Values) -> Layout<'a> {
        Layout {
            plan,
            affected,
            options,
            base,
            steps: Vec::new(),
            needs: Vec::new(),
            count: 0,
            ids: BTreeSet::new(),
            undo: Vec::new(),
            components: BTreeSet::new(),
        }
    }

    /// Lays steps out side by side with what they wait for; `entry` is what those wait for that wait for nothing else. Returns
    /// what must be settled for the block to be.
    fn block(
        &mut self,
        steps: &[Step],
        scope: &Scope,
        entry: &[u32],
        purpose: Option<Purpose>,
    ) -> Result<Places, CannotLayOut> {
        let mut laid: Vec<(Places, Places)> = Vec::with_capacity(steps.len());
        for step in steps {
            laid.push(self.step(step, scope, purpose.clone())?);
        }
        let index: BTreeMap<&StepId, usize> = steps.iter().enumerate().map(|(i, s)| (&s.id, i)).collect();
        let mut last: BTreeSet<usize> = BTreeSet::new();
        for (i, step) in steps.iter().enumerate() {
            let precondition = purpose == Some(Purpose::Precondition);
            let mut before: BTreeSet<usize> = match &step.needs {
                _ if precondition => BTreeSet::new(),
                Needs::Above => last.clone(),
                Needs::These(ids) => {
                    let find = |id: &StepId| {
                        index.get(id).copied().ok_or_else(|| CannotLayOut::NoStep(step.id.clone(), id.clone()))
                    };
                    ids.iter().map(find).collect::<Result<_, _>>()?
                }
            };
            let asked = step.when.iter().flat_map(|condition| condition.steps());
            before.extend(asked.filter_map(|id| StepId::new(id).ok().and_then(|id| index.get(&id).copied())));
            let mut places: Places = before.iter().flat_map(|b| laid[*b].1.iter().copied()).collect();
            if places.is_empty() {
                places.extend_from_slice(entry);
            }
            for at in laid[i].0.clone() {
                self.wait_for(at, &places)?;
            }
            last.retain(|l| !before.contains(l));
            last.insert(i);
        }
        match last.is_empty() {
            true => Ok(entry.to_vec()),
            false => Ok(last.into_iter().flat_map(|l| laid[l].1.iter().copied()).collect()),
        }
    }

    fn wait_for(&mut self, place: u32, needs: &[u32]) -> Result<(), CannotLayOut> {
        self.count += needs.len();
        if self.count > MOST_NEEDS {
            return Err(CannotLayOut::TooManyNeeds);
        }
        if let Some(list) = self.needs.get_mut(place as usize) {
            list.extend_from_slice(needs);
        }
        Ok(())
    }

    /// Lays one step of a plan out. Returns the places that begin it and those that end it.
    fn step(&mut self, step: &Step, scope: &Scope, purpose: Option<Purpose>) -> Result<(Places, Places), CannotLayOut> {
        let Some(each) = &step.each else { return self.once(step, &step.id.to_string(), scope, purpose) };
        let passes = self.passes(step, each, scope)?;
        if passes.is_empty() {
            let nothing = Step {
                name: format!("{}: nothing to do it for", step.name),
                when: None,
                each: None,
                ..Step::plain(step.id.clone(), "", Action::Wait { span: Span::ZERO })
            };
            return self.once(&nothing, &step.id.to_string(), scope, purpose);
        }
        let group = self.name_of(&scope.prefix, step.id.as_str());
        // A copy of the list in each pass would make laying out quadratic.
        let pass_of = Step { each: None, ..step.clone() };
        let mut laid: Vec<(Places, Places)> = Vec::with_capacity(passes.len());
        for (n, pass) in passes.iter().enumerate() {
            let mut inner = scope.clone();
            inner.origin.values.insert(each.name.clone(), pass.value.clone());
            inner.origin.group = Some(group.clone());
            let name = StepId::new(format!("{}.{}", step.id, pass.value))
                .map_or_else(|_| format!("{}.{}", step.id, n + 1), |id| id.to_string());
            let named = Step { name: format!("{} ({})", step.name, pass.value), ..pass_of.clone() };
            laid.push(self.once(&named, &name, &inner, purpose.clone())?);
        }
        for (i, pass) in passes.iter().enumerate() {
            let before: Places = pass.after.iter().flat_map(|b| laid[*b].1.iter().copied()).collect();
            for at in laid[i].0.clone() {
                self.wait_for(at, &before)?;
            }
        }
        let (begin, end) = laid.into_iter().unzip::<_, _, Vec<_>, Vec<_>>();
        Ok((begin.concat(), end.concat()))
    }

    /// Lays one pass of a step out.
    fn once(
        &mut self,
        step: &Step,
        name: &str,
        scope: &Scope,
        purpose: Option<Purpose>,
    ) -> Result<(Places, Places), CannotLayOut> {
        let id = self.name_of(&scope.prefix, name);
        let mut laid = Step {
            id: id.clone(),
            needs: Needs::Above,
            each: None,
            undo: None,
            purpose: purpose.clone().unwrap_or_default(),
            origin: Origin { scope: scope.prefix.clone(), ..scope.origin.clone() },
            ..step.clone()
        };
        if let Some(retries) = self.options.retries.filter(|_| laid.retry.times > 0) {
            laid.retry.times = retries;
        }
        let mend = match &mut laid.on_failure {
            OnFailure::Do(steps) => std::mem::take(steps),
            _ => Vec::new(),
        };
        let call = match &step.action {
            Action::Procedure(call) => {
                laid.action = Action::Wait { span: Span::ZERO };
                Some(call)
            }
            _ => None,
        };
        let place = self.push(laid)?;
        if let Some(undo) = &step.undo {
            let host = undo.host.clone().or_else(|| step.host.clone());
            let origin = Origin { scope: scope.prefix.clone(), ..scope.origin.clone() };
            self.undo.push((id.clone(), (**undo).clone(), origin, host, step.name.clone()));
        }
        let mut ends = vec![place];
        if let Some(call) = call {
            let called = self.called(step, &id, call, scope)?;
            let procedure = self.procedure(&call.procedure)?;
            let checks = Some(purpose.clone().unwrap_or(Purpose::Precondition));
            ends = self.block(&procedure.preconditions, &called, &ends, checks)?;
            ends = self.block(&procedure.steps, &called, &ends, purpose.clone())?;
        }
        if !mend.is_empty() {
            let within = Scope { prefix: id.to_string(), ..scope.clone() };
            let mended = self.block(&mend, &within, &[place], Some(Purpose::Mend(id)))?;
            ends.extend(mended);
        }
        Ok((vec![place], ends))
    }

    fn procedure(&self, id: &ProcedureId) -> Result<&'a Procedure, CannotLayOut> {
        self.plan.procedure(id).ok_or_else(|| CannotLayOut::NoProcedure(id.clone()))
    }

    /// What is known inside a procedure that is called.
    fn called(
        &mut self,
        step: &Step,
        id: &StepId,
        call: &super::plan::Call,
        scope: &Scope,
    ) -> Result<Scope, CannotLayOut> {
        if scope.depth >= DEEPEST {
            return Err(CannotLayOut::TooDeep);
        }
        let procedure = self.procedure(&call.procedure)?;
        let mut known = self.base.clone();
        known.extend(scope.origin.values.clone());
        let mut given = Values::new();
        for (name, value) in &call.values {
            let value = value.fill(&known).map_err(|missing| CannotLayOut::NoValue(step.id.clone(), missing.0))?;
            given.insert(name.clone(), value);
        }
        // A secret is handed on by the name that the caller has for it.
        for parameter in procedure.parameters.iter().filter(|p| p.kind == ParamKind::Secret) {
            if let Some(secret) = scope.origin.secrets.get(&parameter.name) {
                given.entry(parameter.name.clone()).or_insert_with(|| secret.to_string());
            }
        }
        let resolved = parameters::resolve(self.plan, procedure, &given)
            .map_err(|why| CannotLayOut::BadValue(step.id.clone(), parameters::sentence(&why)))?;
        let works_on = self.works_on(procedure, &resolved.values);
        self.components.extend(works_on);
        let origin = Origin {
            scope: String::new(),
            group: scope.origin.group.clone(),
            under: Some(id.clone()),
            values: resolved.values,
            secrets: resolved.secrets,
        };
        Ok(Scope { prefix: id.to_string(), origin, depth: scope.depth + 1 })
    }

    /// Steps that undo, behind all others.
    fn undos(&mut self) -> Result<(), CannotLayOut> {
        for (of, undo, origin, host, name) in std::mem::take(&mut self.undo) {
            let Some(id) = undo_id(&of) else { continue };
            let step = Step {
                timeout: undo.timeout,
                retry: undo.retry,
                host,
                purpose: Purpose::Undo(of),
                origin,
                ..Step::plain(id, format!("Undo: {name}"), undo.action)
            };
            self.push(step)?;
        }
        Ok(())
    }

    fn push(&mut self, step: Step) -> Result<u32, CannotLayOut> {
        if self.steps.len() >= MOST_STEPS {
            return Err(CannotLayOut::TooManySteps);
        }
        if !self.ids.insert(step.id.clone()) {
            return Err(CannotLayOut::SameName(step.id));
        }
        self.steps.push(step);
        self.needs.push(Vec::new());
        u32::try_from(self.steps.len() - 1).map_err(|_| CannotLayOut::TooManySteps)
    }

    /// An identifier that no other step of the run has, and that leaves room for what undoes it.
    fn name_of(&self, prefix: &str, name: &str) -> StepId {
        let full = if prefix.is_empty() { name.to_owned() } else { format!("{prefix}.{name}") };
        let free = |text: &str| {
            let id = StepId::new(text).ok().filter(|id| id.as_str().len() + "undo.".len() <= MAX_ID)?;
            (!self.ids.contains(&id)).then_some(id)
        };
        let short: String = full.chars().take(MAX_ID - "undo.".len() - 7).collect();
        let numbered = |n: usize| free(&format!("{short}-{n}"));
        free(&full).or_else(|| (self.steps.len() + 1..).find_map(numbered)).unwrap_or_else(|| self.steps[0].id.clone())
    }

    /// The passes of a list, in the order in which the run shows them.
    fn passes(&mut self, step: &Step, each: &Each, scope: &Scope) -> Result<Vec<Pass>, CannotLayOut> {
        match &each.list {
            List::Items(items) => {
                let mut known = self.base.clone();
                known.extend(scope.origin.values.clone());
                let value = |item: &Template| {
                    let missing = |m: super::template::NoValue| CannotLayOut::NoValue(step.id.clone(), m.0);
                    Ok(Pass { value: item.fill(&known).map_err(missing)?, after: Vec::new() })
                };
                items.iter().map(value).collect()
            }
            List::Components { which, order } => {
                let chosen = self.chosen(which);
                self.components.extend(chosen.iter().cloned());
                Ok(ordered(self.plan, &chosen, *order))
            }
        }
    }

    fn chosen(&self, which: &Which) -> BTreeSet<ComponentId> {
        let all = self.plan.components.iter().map(|c| &c.id);
        let only = &self.options.components;
        let wanted = |id: &&ComponentId| match which {
            Which::All => true,
            Which::Affected => self.affected.contains(*id),
            Which::These(ids) => ids.contains(id),
        };
        all.filter(wanted).filter(|id| only.is_empty() || only.contains(*id)).cloned().collect()
    }

    /// The components that a procedure names itself, and in values of its parameters; all when it moves traffic and names none.
    fn works_on(&self, procedure: &Procedure, values: &Values) -> BTreeSet<ComponentId> {
        if only_looks(procedure) {
            return BTreeSet::new();
        }
        let moves = matches!(procedure.kind, ProcedureKind::Failover | ProcedureKind::Failback);
        if moves && procedure.components.is_empty() {
            return self.chosen(&Which::All);
        }
        let of_type = procedure.parameters.iter().filter(|p| p.kind == ParamKind::Component);
        let named = of_type.filter_map(|p| ComponentId::new(values.get(&p.name)?).ok());
        procedure.components.iter().cloned().chain(named).collect()
    }
}

/// Whether a procedure is there to look, so that it works on no component.
fn only_looks(procedure: &Procedure) -> bool {
    matches!(procedure.kind, ProcedureKind::Assessment | ProcedureKind::Validation)
}
