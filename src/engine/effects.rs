//! The only hands of the engine: what the state says should be going on is started, what it no longer says is ended. Start, crash
//! and every day are the same path.

use std::collections::{BTreeSet, HashMap};
use std::hash::{DefaultHasher, Hash as _, Hasher as _};
use std::path::PathBuf;
use std::sync::Arc;
use std::time::Duration;

use tokio::sync::{mpsc, watch};
use tokio::task::AbortHandle;

use super::clock::Clock;
use super::config::Config;
use super::live::LiveBoard;
use super::uplink::Uplink;
use super::{replication, watchers};
use crate::channels::outbound::Outbound;
use crate::channels::{self, Earnest, Message, Trouble};
use crate::core::comms::{self, Attempt, Delivery, Update};
use crate::core::health::{Verdict, living_key};
use crate::core::ids::{ChannelId, ComponentId, IncidentId, PlanId, ProbeId, RunId, StepId};
use crate::core::incident::{Incident, Phase};
use crate::core::observe::{Report, StepEnd};
use crate::core::param::ParamKind;
use crate::core::plan::{Action, CustomerCounter, Place, Plan, Probe, Replication, Step};
use crate::core::run::{Failure, Run, StepRun, StepState};
use crate::core::state::State;
use crate::core::template::Values;
use crate::core::time::{Moment, Now, Span};
use crate::history::History;
use crate::probes::Heartbeats;
use crate::steps::{self, Job, Sight, shim};

/// What every task works with.
pub struct Shared {
    /// What time it is.
    pub clock: Clock,
    /// For requests.
    pub http: reqwest::Client,
    /// For words to the world.
    pub outbound: Outbound,
    /// This program, which is its own shim.
    pub exe: PathBuf,
    /// The state directory.
    pub dir: PathBuf,
    /// Where channels lead.
    pub config: Config,
    /// Whether the engine reaches the world.
    pub uplink: Uplink,
    /// What is never journaled.
    pub live: LiveBoard,
    /// What looks found before.
    pub history: History,
    /// Where others report that they are well.
    pub heartbeats: Heartbeats,
    /// The state as it changes.
    pub state: watch::Receiver<Arc<State>>,
    /// To the actor.
    pub reports: mpsc::UnboundedSender<Report>,
}

impl Shared {
    /// Tells the actor; when there is none any more, nobody needs to know.
    pub fn report(&self, report: Report) {
        let _ = self.reports.send(report);
    }

    /// Where a try of a command step keeps its files.
    #[must_use]
    pub fn attempt_dir(&self, run: RunId, step: &StepId, attempt: u32) -> PathBuf {
        self.dir.join("runs").join(run.to_string()).join(format!("{step}.{attempt}"))
    }
}

/// A task that ends with its handle.
struct Task(AbortHandle);

/// A step under way.
struct StepTask {
    _task: Task,
    /// Becomes true when its run is over.
    over: watch::Sender<bool>,
}

impl Drop for Task {
    fn drop(&mut self) {
        self.0.abort();
    }
}

/// What a watcher looks at; another definition is another watcher.
#[derive(Clone, PartialEq)]
enum Watched {
    Probe(PlanId, Arc<Probe>, Place),
    Customers(PlanId, CustomerCounter),
    Replication(PlanId, ComponentId, Replication),
}

/// Whose watcher it is, whatever its definition.
#[derive(PartialEq, Eq, Hash)]
enum WatcherKey {
    Probe(PlanId, ProbeId, Place),
    Customers(PlanId),
    Replication(PlanId, ComponentId),
}

impl Watched {
    fn key(&self) -> WatcherKey {
        match self.clone() {
            Watched::Probe(plan, probe, place) => WatcherKey::Probe(plan, probe.id.clone(), place),
            Watched::Customers(plan, _) => WatcherKey::Customers(plan),
            Watched::Replication(plan, component, _) => WatcherKey::Replication(plan, component),
        }
    }
}

type StepKey = (RunId, StepId, u32);
type DeliveryKey = (IncidentId, usize, ChannelId, u32);

/// What is going on.
pub(super) struct Effects {
    shared: Arc<Shared>,
    steps: HashMap<StepKey, StepTask>,
    /// Steps that put files of settings in place, of runs that are over: on their way to their end.
    settling: HashMap<StepKey, Task>,
    watchers: HashMap<WatcherKey, (Watched, Task)>,
    /// The plans that the watchers were made from.
    plans: Vec<Arc<Plan>>,
    deliveries: HashMap<DeliveryKey, Task>,
}

impl Effects {
    /// Nothing is going on yet.
    #[must_use]
    pub(super) fn new(shared: Arc<Shared>) -> Effects {
        Effects {
            shared,
            steps: HashMap::new(),
            settling: HashMap::new(),
            watchers: HashMap::new(),
            plans: Vec::new(),
            deliveries: HashMap::new(),
        }
    }

    /// Makes what is going on what the state says.
    pub(super) fn reconcile(&mut self, state: &Arc<State>) {
        self.reconcile_steps(state);
        self.reconcile_watchers(state);
        self.reconcile_deliveries(state);
    }

    fn reconcile_steps(&mut self, state: &Arc<State>) {
        let mut running: BTreeSet<StepKey> = BTreeSet::new();
        for run in state.runs.values() {
            for (_, step, seen) in run.active() {
                let (since, sight) = match &seen.state {
                    StepState::Running { since } if !is_done_by_rules(step) => (since, Sight::Kept),
                    // On another host it may be found again; of a run that is over, what is left of it is ended.
                    StepState::Unknown { at, .. }
                        if is_elsewhere(step) || (!run.is_open() && step.action.is_program()) =>
                    {
                        (at, Sight::Lost)
                    }
                    _ => continue,
                };
                let key = (run.id, step.id.clone(), seen.attempts);
                running.insert(key.clone());
                if !run.is_open() && !step.action.is_program() {
                    self.stop(key, run, step, seen);
                    continue;
                }
                // Whoever looked for it while the run went on has given up; now it is to be ended.
                let over = !run.is_open();
                let gave_up = |task: &StepTask| over && task.over.is_closed() && !*task.over.borrow();
                if sight == Sight::Lost && self.steps.get(&key).is_some_and(gave_up) {
                    self.steps.remove(&key);
                }
                let shared = &self.shared;
                let begun = || begin(shared, run, step, seen.attempts, (since, sight));
                let task = self.steps.entry(key).or_insert_with(begun);
                task.over.send_if_modified(|known| std::mem::replace(known, over) != over);
            }
        }
        self.steps.retain(|key, _| running.contains(key));
        self.settling.retain(|key, _| running.contains(key));
    }

    /// Ends what the engine itself was at for a run that is over. Programs have to be asked, and their tasks see to it.
    fn stop(&mut self, key: StepKey, run: &Run, step: &Step, seen: &StepRun) {
        let known = self.steps.remove(&key);
        if matches!(step.action, Action::Config(_) | Action::Nginx(_)) {
            // Its files come back, or are all in place: the directory says which.
            self.settling.entry(key).or_insert_with(|| settle(&self.shared, run.id, step, seen.attempts));
            drop(known);
            return;
        }
        self.shared.report(Report::Step {
            run: run.id,
            step: step.id.clone(),
            attempt: seen.attempts,
            end: StepEnd::Bad(Failure::Stopped),
        });
    }

    fn reconcile_watchers(&mut self, state: &Arc<State>) {
        let plans: Vec<Arc<Plan>> = state.plans.values().map(|loaded| Arc::clone(&loaded.plan)).collect();
        let same = plans.len() == self.plans.len() && plans.iter().zip(&self.plans).all(|(a, b)| Arc::ptr_eq(a, b));
        if same {
            return;
        }
        self.plans = plans;
        let wanted = state.plans.values().flat_map(|loaded| watched(&loaded.plan));
        let wanted: HashMap<WatcherKey, Watched> = wanted.map(|watched| (watched.key(), watched)).collect();
        self.watchers.retain(|key, (watched, _)| wanted.get(key) == Some(watched));
        for (key, watched) in wanted {
            if !self.watchers.contains_key(&key) {
                let task = watch_over(&self.shared, &watched, state);
                self.watchers.insert(key, (watched, task));
            }
        }
    }

    fn reconcile_deliveries(&mut self, state: &Arc<State>) {
        let mut owed: BTreeSet<DeliveryKey> = BTreeSet::new();
        for incident in state.incidents.values() {
            for (place, update) in incident.updates.iter().enumerate() {
                for (channel, delivery) in &update.deliveries {
                    let Delivery::Waiting { tries, next, rest, .. } = delivery else { continue };
                    if incident.comes_after_another(place, channel) {
                        continue;
                    }
                    let key = (incident.id.clone(), place + 1, channel.clone(), *tries);
                    owed.insert(key.clone());
                    let shared = &self.shared;
                    self.deliveries.entry(key).or_insert_with_key(|key| {
                        deliver(shared, key, (*next, *rest), message(state, incident, key, update))
                    });
                }
            }
        }
        self.deliveries.retain(|key, _| owed.contains(key));
    }

    /// Notes which steps have processes that live, where a person or a rule may have them done again: those that are lost from
    /// sight or failed, and those of which `news` is about to be taken.
    pub(super) fn look_for_living<'a>(&self, state: &State, news: impl Iterator<Item = &'a Report>) {
        let told = |report: &'a Report| match report {
            Report::Step { run, step, .. } => Some((*run, step)),
            _ => None,
        };
        let news: BTreeSet<(RunId, &StepId)> = news.filter_map(told).collect();
        let mut living = BTreeSet::new();
        for run in state.runs.values() {
            for (_, step, seen) in run.active() {
                let may_live = matches!(seen.state, StepState::Unknown { .. } | StepState::Failed { .. });
                if !(may_live || news.contains(&(run.id, &step.id))) || !step.action.is_program() {
                    continue;
                }
                let dir = self.shared.attempt_dir(run.id, &step.id, seen.attempts);
                if alive(&dir) {
                    living.insert(living_key(run.id, &step.id, seen.attempts));
                }
            }
        }
        if self.shared.live.readings().living != living {
            self.shared.live.read(|readings| readings.living = living);
        }
    }
}

/// Whether processes of a try still live.
fn alive(dir: &std::path::Path) -> bool {
    match shim::look(dir) {
        Ok(shim::Found::Running(_) | shim::Found::GivenOut) => true,
        Ok(shim::Found::Lost(pids)) => shim::group_alive(&pids) == shim::Life::Alive,
        Ok(shim::Found::NotStarted | shim::Found::Ended(_) | shim::Found::Rebooted) => false,
        // What cannot be looked at may live.
        Err(_) => true,
    }
}

/// What an engine that is gone left behind and nobody can look up: requests on their way. Programs are taken back under care
/// and looks are taken anew, by [`Effects::reconcile`].
#[must_use]
pub(super) fn lost_steps(state: &State) -> Vec<Report> {
    let running = |seen: &StepRun| matches!(seen.state, StepState::Running { .. });
    let lost = |run: &Arc<Run>, step: &Step, seen: &StepRun| Report::Step {
        run: run.id,
        step: step.id.clone(),
        attempt: seen.attempts,
        end: StepEnd::Lost("the engine stopped while it waited for an answer".into()),
    };
    let steps = state.runs.values().flat_map(|run| run.active().map(move |(_, step, seen)| (run, step, seen)));
    steps
        .filter(|(_, step, seen)| matches!(step.action, Action::Http(_) | Action::Sql(_)) && running(seen))
        .map(|(run, step, seen)| lost(run, step, seen))
        .collect()
}

/// Whether the rules themselves end a step, by time or by what became of an update: nobody has to do anything for it.
fn is_done_by_rules(step: &Step) -> bool {
    matches!(step.action, Action::Wait { .. } | Action::Notify(_) | Action::Procedure(_))
}

/// Whether a step's program runs on another host.
fn is_elsewhere(step: &Step) -> bool {
    step.action.is_program() && step.host.is_some()
}

/// The values of a step. A run has references to its secrets among its own, for people to see; no step takes one for a value.
fn values(run: &Run, step: &Step) -> Values {
    let mut values = run.values_of(step);
    for parameter in run.procedure.parameters.iter().filter(|p| p.kind == ParamKind::Secret) {
        if !step.origin.values.contains_key(&parameter.name) {
            values.remove(&parameter.name);
        }
    }
    values.retain(|name, _| !step.origin.secrets.contains_key(name));
    values
}

/// What a step works with, and where it is told that its run is over.
pub(super) fn job(
    shared: &Arc<Shared>,
    run: &Arc<Run>,
    step: &Step,
    attempt: u32,
    seen: (&Now, Sight),
) -> (Job, watch::Sender<bool>) {
    let values = values(run, step);
    let host = step.host.as_ref().map(|host| host.fill(&values).map_err(|missing| missing.to_string()));
    let (teller, run_id, id) = (Arc::clone(shared), run.id, step.id.clone());
    let tell = move |end| teller.report(Report::Step { run: run_id, step: id.clone(), attempt, end });
    let (over, is_over) = watch::channel(false);
    let job = Job {
        run: Arc::clone(run),
        step: step.clone(),
        attempt,
        since: seen.0.clone(),
        values,
        secrets: step.origin.secrets.clone(),
        dir: shared.attempt_dir(run.id, &step.id, attempt),
        exe: shared.exe.clone(),
        state: shared.state.clone(),
        readings: shared.live.watch(),
        http: shared.http.clone(),
        host,
        ssh: shared.config.ssh(&shared.dir),
        sight: seen.1,
        over: is_over,
        tell: Arc::new(tell),
    };
    (job, over)
}

fn settle(shared: &Arc<Shared>, run: RunId, step: &Step, attempt: u32) -> Task {
    let shared = Arc::clone(shared);
    let (step, is_nginx) = (step.id.clone(), matches!(step.action, Action::Nginx(_)));
    let settling = async move {
        let dir = shared.attempt_dir(run, &step, attempt);
        let end = if is_nginx { steps::nginx::settle(&dir).await } else { steps::config::settle(&dir).await };
        shared.report(Report::Step { run, step, attempt, end });
    };
    Task(tokio::spawn(settling).abort_handle())
}

fn begin(shared: &Arc<Shared>, run: &Arc<Run>, step: &Step, attempt: u32, seen: (&Now, Sight)) -> StepTask {
    let (job, over) = job(shared, run, step, attempt, seen);
    let task = tokio::spawn(async move {
        let tell = Arc::clone(&job.tell);
        tell(steps::perform(job).await);
    });
    StepTask { _task: Task(task.abort_handle()), over }
}

/// Everything that a plan wants looked at.
fn watched(plan: &Plan) -> Vec<Watched> {
    let mut all = Vec::new();
    for (_, probe) in plan.probes() {
        let known = Arc::new(probe.clone());
        let from = |place: &Place| Watched::Probe(plan.id.clone(), Arc::clone(&known), place.clone());
        all.extend(probe.from.iter().map(from));
    }
    all.extend(plan.customers.iter().map(|counter| Watched::Customers(plan.id.clone(), counter.clone())));
    all.extend(plan.components.iter().filter_map(|component| {
        let replication = component.replication.clone()?;
        Some(Watched::Replication(plan.id.clone(), component.id.clone(), replication))
    }));
    all
}

fn watch_over(shared: &Arc<Shared>, watched: &Watched, state: &State) -> Task {
    let shared = Arc::clone(shared);
    let handle = match watched.clone() {
        Watched::Probe(plan, probe, place) => {
            let known = state.plans.get(&plan).and_then(|l| l.probes.get(&probe.id)?.places.get(&place));
            let last_good = known.and_then(|known| match known.verdict {
                Verdict::Ok => known.since.clone(),
                _ => known.last_good.clone(),
            });
            tokio::spawn(watchers::probe(shared, plan, probe, place, last_good))
        }
        Watched::Customers(plan, counter) => tokio::spawn(watchers::customers(shared, plan, counter)),
        Watched::Replication(plan, component, replication) => {
            tokio::spawn(replication::watch(shared, plan, component, replication))
        }
    };
    Task(handle.abort_handle())
}

fn deliver(shared: &Arc<Shared>, key: &DeliveryKey, (next, rest): (Moment, Option<Span>), message: Message) -> Task {
    let shared = Arc::clone(shared);
    let (incident, number, channel, tries) = key.clone();
    Task(
        tokio::spawn(async move {
            // No longer than the pause that led to that moment, whatever became of the clock.
            let left = next.since(shared.clock.now().utc).min(comms::pause_with(tries, rest));
            tokio::time::sleep(left.to_std() + jitter(&message.key, tries, left)).await;
            let attempt = match shared.config.channels.get(&channel) {
                Some(settings) => channels::send(settings, &message, &shared.outbound).await,
                None => Attempt::never(format!("the settings have no channel {channel} any more")),
            };
            shared.report(Report::Delivery { incident, number, channel, attempt });
        })
        .abort_handle(),
    )
}

/// Up to a fifth of a pause, another for each delivery and try, so that what failed together does not come back together.
fn jitter(key: &str, tries: u32, pause: Span) -> Duration {
    let mut hasher = DefaultHasher::new();
    (key, tries).hash(&mut hasher);
    pause.to_std().mul_f64(f64::from(hasher.finish() as u8) / f64::from(u8::MAX) / 5.0)
}

fn message(state: &State, incident: &Incident, key: &DeliveryKey, update: &Update) -> Message {
    let (id, number, channel, _) = key;
    Message {
        key: format!("{id}/{number}/{channel}"),
        incident: id.to_string(),
        call_sign: incident.call_sign.to_string(),
        severity: incident.severity.to_string(),
        status: incident.phase.word().to_owned(),
        environment: incident.environment.to_string(),
        number: *number,
        at: update.at.utc.rfc3339(),
        by: state.name(&update.by).into_owned(),
        text: update.text.clone(),
        reference: incident.reference_of(channel).map(str::to_owned),
        trouble: match incident.phase {
            Phase::Proposed | Phase::Declared | Phase::Recovering => Trouble::Lasts,
            Phase::Verifying { .. } | Phase::Recovered => Trouble::IsWatched,
            Phase::Dismissed { .. } | Phase::Closed { .. } | Phase::Cancelled { .. } => Trouble::IsOver,
        },
        earnest: Earnest::of(incident.environment),
    }
}
