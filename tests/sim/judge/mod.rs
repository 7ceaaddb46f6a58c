//! Reads the journal as it is written, through its stored form, with a model of its own of what runs are, and holds every entry
//! and every state against what must never happen.

mod board;
mod conditions;
mod ends;
mod failovers;
mod gates;
mod layout;
mod people;
mod starts;
mod trial;
mod triggers;

use std::collections::{BTreeMap, BTreeSet};

use warroom::core::apply::apply;
use warroom::core::comms::Try;
use warroom::core::event::Event;
use warroom::core::follow::{follow, next_due};
use warroom::core::health::Readings;
use warroom::core::ids::{ComponentId, Principal, RunId, SiteId};
use warroom::core::incident::Phase;
use warroom::core::state::{ENDED_KEPT, Entry, State, TIMELINE_KEPT};
use warroom::core::time::{Now, Span};
use warroom::core::turn::{self, Input};

use trial::Trial;

/// A second reader of the journal.
#[derive(Debug, Default)]
pub struct Judge {
    /// What the journal gives, entry by entry.
    state: State,
    /// What runs are by this reader's own reckoning.
    trials: BTreeMap<RunId, Trial>,
    /// Runs that something happened to since the last rest.
    touched: BTreeSet<RunId>,
    /// Tries of steps that words went out for.
    told: BTreeSet<Try>,
    /// Triggers that hold.
    held: triggers::Held,
    /// What failovers may do.
    failovers: failovers::Failovers,
    /// What was met, for those who ask whether histories reach everything.
    pub met: BTreeSet<String>,
    rests: usize,
}

/// What an entry is judged by: what was known before it, and what had just been read.
#[derive(Clone, Copy)]
struct Known<'a> {
    state: &'a State,
    readings: &'a Readings,
    entry: &'a Entry,
}

impl Judge {
    pub fn state(&self) -> &State {
        &self.state
    }

    /// Takes the next entry, and its stored form.
    pub fn take(&mut self, entry: &Entry, stored: &str, readings: &Readings) {
        let back: Entry = serde_json::from_str(stored).unwrap();
        assert_eq!(back, *entry, "what is stored is what was written");
        let known = Known { state: &self.state, readings, entry };
        people::may(known);
        triggers::take(&mut self.held, known);
        self.failovers.take(known, &self.trials, &mut self.met);
        let served = self.serves();
        if let Event::RunStarted { run, .. } = &entry.event {
            let trial = Trial::begins(known);
            self.one_at_a_component(&trial);
            self.trials.insert(*run, trial);
        } else if let Some(run) = entry.event.run() {
            let resumed = matches!(entry.event, Event::RunResumed { .. }) && self.trials[&run].is_over();
            if resumed {
                self.one_at_a_component(&self.trials[&run]);
            }
            self.trials.get_mut(&run).unwrap().take(known);
        } else if let Event::UpdateSent { incident, number, of, .. } = &entry.event {
            assert_eq!(*number, self.state.incidents[incident].updates.len() + 1, "updates are counted");
            if let Some(of) = of {
                assert!(self.told.insert(of.clone()), "words go out once for {of:?}");
                self.trials[&of.run].tells(of);
            }
        } else if matches!(entry.event, Event::ProbeChanged { .. } | Event::IncidentProposed(_)) {
            assert!(self.state.cut_off.is_none(), "an engine that is cut off says something of others");
        } else if let Event::SiteActivated { .. } = &entry.event {
            assert_eq!(entry.by, Principal::Engine);
        }
        self.touched.extend(entry.event.run());
        if let Some(kind) = kind(stored) {
            self.met.insert(kind);
        }
        apply(&mut self.state, &back);
        let moves = matches!(entry.event, Event::SiteActivated { .. } | Event::PlanLoaded { .. });
        assert!(moves || served == self.serves(), "{:?} changes what serves", entry.event);
    }

    /// Which site serves, of each plan.
    fn serves(&self) -> Vec<(Option<SiteId>, BTreeMap<ComponentId, SiteId>)> {
        self.state.plans.values().map(|loaded| (loaded.active.clone(), loaded.moved_apart.clone())).collect()
    }

    /// No run begins or is taken up while another still works on the same part of the same plan.
    fn one_at_a_component(&self, begins: &Trial) {
        for (id, other) in self.trials.iter().filter(|(id, other)| **id != begins.id && other.plan == begins.plan) {
            let both = other.components.intersection(&begins.components).next();
            assert!(!(other.is_at_work() && both.is_some()), "{} and {id} both work on {both:?}", begins.id);
            let move_both = other.moves_traffic() && begins.moves_traffic();
            assert!(!(other.is_at_work() && move_both), "{} and {id} both move traffic", begins.id);
        }
    }

    /// After each batch: nothing more follows, nothing is due that has been, and what is idle has a reason.
    pub fn at_rest(&mut self, state: &State, readings: &Readings, now: &Now) {
        let more = follow(state, readings, now);
        assert!(more.is_empty(), "a turn ended before its end: {more:?}");
        let due = next_due(state, now);
        assert!(due.is_none_or(|due| due > now.utc), "the engine would wake at once, again and again");
        self.rests += 1;
        self.trials.retain(|id, _| state.runs.contains_key(id));
        if self.rests.is_multiple_of(16) {
            self.touched.extend(self.trials.keys());
            self.wakes_for_something(state, readings, now);
            self.agrees_with(state);
        }
        for id in std::mem::take(&mut self.touched) {
            let (Some(trial), Some(run)) = (self.trials.get(&id), state.runs.get(&id)) else { continue };
            trial.agrees_with(run);
            trial.nothing_idles(&self.state);
        }
    }

    /// When the time comes that the engine is told to wake at, something follows, or it is told to wake later.
    fn wakes_for_something(&self, state: &State, readings: &Readings, now: &Now) {
        let Some(due) = next_due(state, now) else { return };
        let span = due.since(now.utc);
        let then = Now { utc: due, uptime: now.uptime.plus(span), ..now.clone() };
        let (mut state, mut head) = (state.clone(), 0);
        let entries = turn::take(&mut state, &mut head, Input::Time, readings, &then).unwrap();
        let later = next_due(&state, &then);
        let moves_on = later.is_none_or(|later| later > due);
        assert!(moves_on, "woken at {due}, nothing moves: {entries:?}");
    }

    /// The journal gives the state, and the state is one that makes sense.
    pub fn agrees_with(&self, live: &State) {
        if self.state != *live {
            panic!("the journal gives another state than the one that is live{}", first_difference(&self.state, live));
        }
        assert!(live.timeline.len() <= TIMELINE_KEPT);
        let ended = live.incidents.values().filter(|i| !i.phase.is_open());
        assert!(ended.filter(|i| !i.owes_words()).count() <= ENDED_KEPT + 1);
        for plan in live.plans.keys() {
            let proposed = live.open_incidents().filter(|i| i.plan == *plan && i.phase == Phase::Proposed);
            assert!(proposed.count() <= 1, "one proposal for all the trouble of {plan}");
        }
        let call_signs: Vec<_> = live.incidents.values().map(|i| &i.call_sign).collect();
        assert_eq!(call_signs.iter().collect::<BTreeSet<_>>().len(), call_signs.len(), "{call_signs:?}");
        for incident in live.incidents.values() {
            let over = matches!(incident.phase, Phase::Recovered | Phase::Closed { .. } | Phase::Cancelled { .. });
            assert_eq!(incident.stopped.is_some(), over, "{incident:?}");
        }
    }
}

/// How long ago something was: by uptime, and across boots by the wall clock, but no less than the present boot has lasted.
fn passed(now: &Now, since: &Now) -> Span {
    match now.boot == since.boot {
        true => now.uptime.minus(since.uptime),
        false => now.utc.since(since.utc).max(now.uptime),
    }
}

/// The kind of an entry, out of its stored form.
fn kind(stored: &str) -> Option<String> {
    let rest = stored.split_once("\"kind\":\"")?.1;
    Some(rest.split_once('"')?.0.to_owned())
}

fn first_difference(journal: &State, live: &State) -> String {
    let (journal, live) = (serde_json::to_value(journal).unwrap(), serde_json::to_value(live).unwrap());
    let parts = journal.as_object().unwrap().iter().filter(|(part, value)| live[part.as_str()] != **value);
    parts.map(|(part, value)| format!("\n{part}: {value}\nlive: {}", live[part.as_str()])).collect()
}
