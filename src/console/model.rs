//! What the console knows: the engine's state folded from its events, what was read last, and how the link stands.

use std::cell::RefCell;
use std::collections::{BTreeMap, BTreeSet};
use std::rc::Rc;
use std::sync::{Arc, OnceLock};

use super::forecasts::{Forecasts, Told};
use super::histories::Histories;
use super::impacts::Impacts;
use super::message::{Message, OutputId};
use super::output::Output;
use super::shape::Shape;
use super::waits::{self, Wait};
use crate::core::apply::apply;
use crate::core::command::Command;
use crate::core::decide::{Context, Launch, decide};
use crate::core::failover::Countdown;
use crate::core::health::{Readings, Sample};
use crate::core::ids::{ComponentId, IncidentId, PlanId, Principal, RunId};
use crate::core::impact::Summary;
use crate::core::incident::Incident;
use crate::core::people::{Act, Denied, Person};
use crate::core::plan::{Component, Environment, Place, Probe, Procedure};
use crate::core::preview::{Preview, preview};
use crate::core::refusal::Refusal;
use crate::core::run::Run;
use crate::core::state::{Entry, Loaded, PROTOCOL, State};
use crate::core::time::{Elapsed, Now, Span};
use crate::wire::{AskedChecks, Check, Hello, Live};

/// How the link to the engine stands. Times are of the console's own clock, counted from its start.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum Link {
    /// No answer yet.
    Connecting {
        /// Why the last try failed, if there was one.
        why: Option<String>,
    },
    /// It answers.
    Up,
    /// It did, and does not now.
    Lost {
        /// Since when.
        since: Span,
        /// Why.
        why: String,
    },
}

/// What the console knows.
#[derive(Debug, Clone)]
pub(crate) struct Model {
    /// The engine's state, as of `seq`.
    pub(crate) state: State,
    /// The newest entry in it; 0 before anything is known.
    pub(crate) seq: u64,
    /// Who the engine is, and whom it takes the caller for.
    pub(crate) hello: Option<Hello>,
    /// What was read last.
    pub(crate) live: Option<Live>,
    /// How the link stands.
    pub(crate) link: Link,
    /// The console's own clock: time since its start.
    pub(crate) at: Span,
    /// The engine's clock and when it was heard.
    heard: Option<(Now, Span)>,
    /// When the engine last said anything.
    last_heard: Option<Span>,
    /// What steps wrote, as far as it was fetched.
    pub(crate) outputs: BTreeMap<OutputId, Output>,
    /// Older rows of the timeline than the state keeps, oldest first.
    pub(crate) older: Vec<Entry>,
    /// Whether there are older rows still.
    pub(crate) oldest: Oldest,
    /// What the practice range said last.
    pub(crate) range: Option<Result<serde_json::Value, String>>,
    /// What the launch that was last asked about rests on.
    pub(crate) checks: Option<Checked>,
    /// The past of probes that pages show.
    pub(crate) histories: Histories,
    /// Keys typed while the link was dead.
    pub(crate) dropped: u32,
    /// How the steps of each run stand to each other, found out once.
    shapes: BTreeMap<RunId, (Arc<Procedure>, Arc<Shape>)>,
    /// When runs will end, found out when it is asked for.
    forecasts: Forecasts,
    /// Whom trouble hits, found out when it is asked for.
    impacts: Impacts,
    /// The components whose looks were shown.
    shown: RefCell<Shown>,
    /// What waits, found out once after each message: behind a long run a gate rests on thousands of steps.
    waits: OnceLock<Vec<Wait>>,
}

/// Components by their plans.
pub(crate) type Shown = BTreeMap<PlanId, BTreeSet<ComponentId>>;

/// A launch, with what was found when what it rests on was looked at; or why nobody can say.
pub(crate) type Checked = (Box<AskedChecks>, Result<Vec<Check>, String>);

/// Whether the beginning of the timeline is known.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Oldest {
    /// There may be older rows.
    Unknown,
    /// They have been asked for.
    Asked,
    /// There are none.
    Reached,
}

/// Outputs that are kept; the oldest tries go first.
const OUTPUTS_KEPT: usize = 16;

/// In whole seconds.
pub(crate) fn whole(span: Span) -> Span {
    Span::from_secs(span.secs())
}

impl Default for Model {
    fn default() -> Model {
        Model {
            state: State::default(),
            seq: 0,
            hello: None,
            live: None,
            link: Link::Connecting { why: None },
            at: Span::ZERO,
            heard: None,
            last_heard: None,
            outputs: BTreeMap::new(),
            older: Vec::new(),
            oldest: Oldest::Unknown,
            range: None,
            checks: None,
            histories: Histories::default(),
            dropped: 0,
            shapes: BTreeMap::new(),
            forecasts: Forecasts::default(),
            impacts: Impacts::default(),
            shown: RefCell::default(),
            waits: OnceLock::new(),
        }
    }
}

impl Model {
    /// Folds what the link says.
    pub(crate) fn take(&mut self, message: Message) {
        self.waits = OnceLock::new();
        match message {
            Message::Connected { hello, snapshot } => {
                self.hear(snapshot.now.clone());
                if snapshot.seq < self.seq {
                    // Another journal: what was asked of the old one is void.
                    self.older.clear();
                }
                (self.state, self.seq) = (snapshot.state, snapshot.seq);
                self.live = Some(snapshot.live);
                self.hello = Some(hello);
                self.shape_runs();
                self.link = Link::Up;
                self.forget_rows();
            }
            Message::Stranger { hello } => {
                self.hear(hello.now.clone());
                self.hello = Some(hello);
                self.link = Link::Up;
            }
            Message::Event(entry) => {
                self.hear(entry.at.clone());
                if entry.seq > self.seq && self.folds() {
                    self.seq = entry.seq;
                    apply(&mut self.state, &entry);
                    self.shape_runs();
                }
            }
            Message::Live(mut live) => {
                self.hear(live.now.clone());
                // Frames have few samples: those that are shown are asked for.
                let newest = live.readings.clone();
                if let Some(before) = self.live.take() {
                    live.readings.samples = before.readings.samples;
                }
                self.live = Some(*live);
                self.take_looks(&newest);
            }
            Message::Looks(Some(live)) => {
                self.hear(live.now.clone());
                self.take_looks(&live.readings);
            }
            Message::Looks(None) => {}
            Message::Clock(now) => self.hear(now),
            Message::Lost { why } => {
                self.link = match &self.link {
                    Link::Up => Link::Lost { since: self.at, why },
                    Link::Lost { since, .. } => Link::Lost { since: *since, why },
                    Link::Connecting { .. } => Link::Connecting { why: Some(why) },
                };
            }
            Message::Answered { .. } | Message::NoOutput | Message::Hint(_) => {}
            Message::Output { of, asked, from, bytes, total } => {
                self.outputs.entry(of).or_default().take(asked, from, &bytes, total);
                while self.outputs.len() > OUTPUTS_KEPT {
                    self.outputs.pop_first();
                }
            }
            Message::Page { before, entries } => self.take_page(before, entries),
            Message::Checks { of, found } => self.checks = Some((of, found)),
            Message::History { of, found } => self.histories.take(&of, found, self.at),
            Message::Range(said) => self.range = Some(said),
        }
    }

    fn take_looks(&mut self, newest: &Readings) {
        let Some(live) = &mut self.live else { return };
        for (plan, probes) in &newest.samples {
            for (probe, places) in probes {
                for (place, sample) in places {
                    live.readings.note(plan, probe, place, sample.clone());
                }
            }
        }
    }

    /// The last look of a probe from each of its places. That it is shown is noted, so that the next ones are asked for.
    pub(crate) fn looks(&self, plan: &PlanId, component: &Component, probe: &Probe) -> Vec<(&Place, &Sample)> {
        self.shown.borrow_mut().entry(plan.clone()).or_default().insert(component.id.clone());
        self.readings().looks(plan, &probe.id).collect()
    }

    /// The components whose looks were shown since this was asked last.
    pub(crate) fn shown(&self) -> Shown {
        self.shown.take()
    }

    fn shape_runs(&mut self) {
        let runs = &self.state.runs;
        self.shapes.retain(|id, (of, _)| runs.get(id).is_some_and(|run| Arc::ptr_eq(&run.procedure, of)));
        for (id, run) in runs.iter().filter(|(id, _)| !self.shapes.contains_key(*id)).collect::<Vec<_>>() {
            let shape = Shape::of(&run.procedure.steps, &run.graph);
            self.shapes.insert(*id, (Arc::clone(&run.procedure), Arc::new(shape)));
        }
    }

    /// All that waits, what is for this person first.
    #[must_use]
    pub(crate) fn waits(&self) -> &[Wait] {
        self.waits.get_or_init(|| waits::all(self))
    }

    /// Whom the trouble of a plan hits, as an incident of it sees it where there is one.
    #[must_use]
    pub(crate) fn impact(&self, loaded: &Loaded, incident: Option<&Incident>) -> Rc<Summary> {
        self.impacts.of(loaded, incident, self.seq, self.at)
    }

    /// When a run will end; nothing when it is over, or the engine's clock was not heard.
    #[must_use]
    pub(crate) fn forecast(&self, run: &Run) -> Option<Rc<Told>> {
        self.forecasts.of(&self.state, run, self.seq, self.at, &self.now()?)
    }

    /// How the steps of a run stand to each other; a run that is not there has none.
    #[must_use]
    pub(crate) fn shape(&self, run: RunId) -> &Shape {
        static NONE: OnceLock<Shape> = OnceLock::new();
        self.shapes.get(&run).map_or_else(|| NONE.get_or_init(Shape::default), |(_, shape)| shape)
    }

    fn take_page(&mut self, before: u64, entries: Result<Vec<Entry>, String>) {
        let Ok(entries) = entries else {
            self.oldest = Oldest::Reached;
            return;
        };
        if before != self.first_row() {
            self.oldest = Oldest::Unknown;
            return;
        }
        self.oldest = if entries.is_empty() { Oldest::Reached } else { Oldest::Unknown };
        self.older.splice(0..0, entries.into_iter().rev());
    }

    /// Older rows that no longer join on to those of the state would leave a gap.
    fn forget_rows(&mut self) {
        let first = self.state.timeline.front().map_or(0, |e| e.seq);
        if self.older.last().is_some_and(|e| e.seq + 1 < first) {
            self.older.clear();
        }
        self.older.retain(|e| e.seq < first);
        self.oldest = Oldest::Unknown;
    }

    /// The oldest row that is known; those before it can be asked for.
    #[must_use]
    pub(crate) fn first_row(&self) -> u64 {
        let kept = self.older.first().or(self.state.timeline.front().map(AsRef::as_ref));
        kept.map_or(0, |e| e.seq)
    }

    /// All known rows of the timeline, newest first.
    pub(crate) fn rows(&self) -> impl Iterator<Item = &Entry> {
        let first = self.state.timeline.front().map_or(u64::MAX, |e| e.seq);
        let older = self.older.iter().rev().filter(move |e| e.seq < first);
        self.state.timeline.iter().rev().map(AsRef::as_ref).chain(older)
    }

    fn hear(&mut self, now: Now) {
        self.last_heard = Some(self.at);
        // An event that took its time on the way must not set the clock back.
        let known =
            self.now().filter(|known| known.boot == now.boot && known.uptime.minus(now.uptime) < Span::from_secs(2));
        match known {
            Some(known) if known.uptime > now.uptime => {}
            _ => self.heard = Some((now, self.at)),
        }
    }

    /// The console's own clock moves on.
    pub(crate) fn tick(&mut self, at: Span) {
        self.at = self.at.max(at);
    }

    /// The engine's clock, carried on by the console's own since it was last heard; `None` before that.
    #[must_use]
    pub(crate) fn now(&self) -> Option<Now> {
        let (now, at) = self.heard.as_ref()?;
        let gone = self.at.minus(*at);
        Some(Now { utc: now.utc.plus(gone), boot: now.boot.clone(), uptime: now.uptime.plus(gone) })
    }

    /// The same where a run is known, which began at a moment of that clock.
    #[must_use]
    pub(crate) fn now_of(&self, run: &Run) -> Now {
        self.now().unwrap_or_else(|| run.started.clone())
    }

    /// How old what is shown is, while the link is dead.
    #[must_use]
    pub(crate) fn age(&self) -> Option<Span> {
        match &self.link {
            Link::Lost { .. } => self.last_heard.map(|at| self.at.minus(at)),
            _ => None,
        }
    }

    /// How long ago that was, as clocks tick; nothing before the engine's clock was heard.
    #[must_use]
    pub(crate) fn age_of(&self, then: &Now) -> String {
        let lasted = self.now().map(|now| now.since(then));
        lasted.map_or_else(String::new, |lasted| Elapsed { span: whole(lasted.span), ..lasted }.to_string())
    }

    /// Whether anything typed can reach the engine.
    #[must_use]
    pub(crate) fn is_up(&self) -> bool {
        self.link == Link::Up
    }

    /// Whether events of this engine mean what this console takes them for.
    #[must_use]
    pub(crate) fn folds(&self) -> bool {
        self.hello.as_ref().is_none_or(|h| h.protocol == PROTOCOL)
    }

    /// What was read last; nothing when nothing was.
    #[must_use]
    pub(crate) fn readings(&self) -> &Readings {
        static NOTHING: OnceLock<Readings> = OnceLock::new();
        self.live.as_ref().map_or_else(|| NOTHING.get_or_init(Readings::default), |live| &live.readings)
    }

    /// Whom the engine takes the caller for.
    #[must_use]
    pub(crate) fn me(&self) -> Option<&Principal> {
        self.hello.as_ref().map(|h| &h.you.principal)
    }

    /// Somebody's name; `you` for the caller.
    #[must_use]
    pub(crate) fn name(&self, who: &Principal) -> String {
        if self.me() == Some(who) { "you".to_owned() } else { self.state.name(who).into_owned() }
    }

    /// Why nothing can be done from this console, when nothing can.
    #[must_use]
    pub(crate) fn read_only(&self) -> Option<String> {
        let hello = self.hello.as_ref()?;
        if hello.protocol != PROTOCOL {
            return Some(format!("the engine speaks protocol {}, this console {PROTOCOL}", hello.protocol));
        }
        if let Some(why) = self.live.as_ref().and_then(|live| live.read_only.clone()) {
            return Some(why);
        }
        let you = &hello.you;
        let access = you.access.iter().copied().collect();
        let person = Person { principal: you.principal.clone(), name: you.name.clone(), access };
        person.only_watches().then(|| format!("{} may look and do nothing", you.name))
    }

    /// Why the engine would refuse a command now, as far as this console can tell.
    ///
    /// # Errors
    /// The sentence for it.
    pub(crate) fn would_take(&self, command: &Command) -> Result<(), String> {
        if !self.is_up() {
            return Err("the engine does not answer".to_owned());
        }
        if let Some(why) = self.read_only() {
            return Err(format!("READ ONLY: {why}"));
        }
        match self.refuses(command) {
            None => Ok(()),
            Some(refusal) => Err(crate::text::refusal(&refusal)),
        }
    }

    /// The automatic failovers that are counted down, the one with the least time left first.
    pub(crate) fn countdowns(&self) -> impl Iterator<Item = (&Arc<Loaded>, &Countdown)> {
        let plans = self.state.plans.values();
        let mut all: Vec<(&Arc<Loaded>, &Countdown)> =
            plans.filter_map(|loaded| Some((loaded, loaded.automation.countdown.as_ref()?))).collect();
        let now = self.now();
        all.sort_by_key(|(_, countdown)| now.as_ref().map_or(countdown.window, |now| countdown.left(now)));
        all.into_iter()
    }

    /// Whether the caller may do something in an environment, as far as this console can tell.
    ///
    /// # Errors
    /// The sentence for why not.
    pub(crate) fn may(&self, act: Act, environment: Option<Environment>) -> Result<(), String> {
        if !self.is_up() {
            return Err("the engine does not answer".to_owned());
        }
        if let Some(why) = self.read_only() {
            return Err(format!("READ ONLY: {why}"));
        }
        let Some(person) = self.me().and_then(|me| self.state.people.get(me)) else { return Ok(()) };
        let refused = |denied: Denied| crate::text::refusal(&Refusal::NotPermitted { act, needs: denied.needs });
        person.may(act, environment).map_err(refused)
    }

    /// The rule by which the engine would refuse a command now, whatever the link. What is merely missing is no reason: it is
    /// asked for in the command's box.
    #[must_use]
    pub(crate) fn refuses(&self, command: &Command) -> Option<Refusal> {
        let stranger = || Refusal::Stranger { principal: "nobody yet".to_owned() };
        let (Some(by), Some(now)) = (self.me(), self.now()) else { return Some(stranger()) };
        let context = Context { state: &self.state, readings: self.readings(), by, now: &now };
        match decide(context, command) {
            Ok(_) | Err(Refusal::Text { .. } | Refusal::NotRecovered { .. } | Refusal::OwesWayBack { .. }) => None,
            Err(refusal) => Some(refusal),
        }
    }

    /// What a launch would do, as the rules are and as things stand now.
    ///
    /// # Errors
    /// The sentence for why not even that can be said.
    pub(crate) fn preview<T>(&self, launch: Launch<'_>, take: impl FnOnce(Preview<'_>) -> T) -> Result<T, String> {
        let (Some(by), Some(now)) = (self.me(), self.now()) else {
            return Err("the engine was not heard yet".to_owned());
        };
        let context = Context { state: &self.state, readings: self.readings(), by, now: &now };
        preview(context, launch).map(take).map_err(|refusal| crate::text::refusal(&refusal))
    }

    /// The incident that an entry belongs to.
    #[must_use]
    pub(crate) fn incident_of(&self, entry: &Entry) -> Option<IncidentId> {
        let by_run = || entry.event.run().and_then(|run| self.state.runs.get(&run)).map(|run| run.incident.clone());
        entry.event.incident().cloned().or_else(by_run)
    }
}
