//! For how long each component of an incident is out: folded from what was journaled of its probes.
//!
//! A component is out while a probe that looks at it where customers are served is in trouble; a copy that stands by and is down
//! keeps nobody waiting. It is back with the first good samples of all of these. Not seen is neither.

use std::collections::{BTreeMap, BTreeSet};

use serde::{Deserialize, Serialize};

use super::health::{ProbeState, Verdict};
use super::ids::{ComponentId, ProbeId};
use super::incident::Incident;
use super::plan::{Component, Probe};
use super::state::Loaded;
use super::time::{Elapsed, Exactness, Now, Span, first_of, last_of};

/// Components of which an incident keeps outages; what fails after so many is not timed one by one.
pub const OUTAGES_KEPT: usize = 1_000;

/// Times that something was out of which an outage keeps begin and end; of those before, how long they were.
const SPELLS_KEPT: usize = 32;

/// How long something has been out within an incident.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Outage {
    /// When it first went out: the last good sample before, where there was one.
    pub first: Now,
    /// The last times that it was, oldest first, none of them touching another.
    pub spells: Vec<Spell>,
    /// How many there were before these.
    pub earlier: u32,
    /// How long those were together.
    pub lasted: Span,
    /// How well that is known.
    pub exactness: Exactness,
}

/// One time that something was out.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Spell {
    /// From then on.
    pub from: Now,
    /// To the first good sample; `None` while it is out.
    pub to: Option<Now>,
}

/// The outages of an incident, by component; at most [`OUTAGES_KEPT`].
pub type Outages = BTreeMap<ComponentId, Outage>;

/// Why parts are looked at again.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Because {
    /// What is believed of them changed, and the belief says since when.
    OfBelief,
    /// Others count from now on: another site serves, another plan holds.
    OthersCount,
}

/// How a component is.
enum Seen {
    Out { began: Now },
    Back { since: Now },
    Unclear,
}

impl Spell {
    fn length(&self, now: &Now) -> Elapsed {
        self.to.as_ref().unwrap_or(now).since(&self.from)
    }
}

impl Outage {
    fn begun(from: Now) -> Outage {
        Outage {
            first: from.clone(),
            spells: vec![Spell { from, to: None }],
            earlier: 0,
            lasted: Span::ZERO,
            exactness: Exactness::Measured,
        }
    }

    /// Out from then on. It may turn out only later, and reach back into times that are known: these become one.
    fn out(&mut self, mut from: Now) {
        while let Some(last) = self.spells.last() {
            if last.to.as_ref().is_some_and(|to| to.is_before(&from)) {
                break;
            }
            if last.from.is_before(&from) {
                from = last.from.clone();
            }
            self.spells.pop();
        }
        if from.is_before(&self.first) {
            self.first = from.clone();
        }
        self.spells.push(Spell { from, to: None });
        if self.spells.len() > SPELLS_KEPT {
            let oldest = self.spells.remove(0);
            let length = oldest.length(&oldest.from);
            self.earlier = self.earlier.saturating_add(1);
            self.lasted = self.lasted.plus(length.span);
            self.exactness = self.exactness.max(length.exactness);
        }
    }

    fn over(&mut self, back: Now) {
        if let Some(Spell { from, to: to @ None }) = self.spells.last_mut() {
            *to = Some(if back.is_before(from) { from.clone() } else { back });
        }
    }

    /// Since when it is out; `None` when it is back.
    #[must_use]
    pub fn since(&self) -> Option<&Now> {
        self.spells.last().filter(|spell| spell.to.is_none()).map(|spell| &spell.from)
    }

    /// When it came back last: the first good sample.
    #[must_use]
    pub fn back(&self) -> Option<&Now> {
        self.spells.iter().rev().find_map(|spell| spell.to.as_ref())
    }

    /// How many times it was out.
    #[must_use]
    pub fn times(&self) -> u32 {
        self.earlier.saturating_add(u32::try_from(self.spells.len()).unwrap_or(u32::MAX))
    }

    /// How long it was out before the present time.
    #[must_use]
    pub fn before(&self) -> Span {
        let ended = self.spells.iter().filter(|spell| spell.to.is_some());
        ended.fold(self.lasted, |sum, spell| sum.plus(spell.length(&spell.from).span))
    }

    /// How long it was out, until `now` where it still is.
    #[must_use]
    pub fn length(&self, now: &Now) -> Elapsed {
        let known = Elapsed { span: self.lasted, exactness: self.exactness };
        self.spells.iter().map(|spell| spell.length(now)).fold(known, |sum, one| Elapsed {
            span: sum.span.plus(one.span),
            exactness: sum.exactness.max(one.exactness),
        })
    }

    /// What was out when the incident was noticed was so from when that began; nothing is before it.
    fn follow(&mut self, noticed: &Now, new: &Now) {
        if noticed.is_before(&self.first) {
            return;
        }
        if self.earlier > 0 && new.is_before(&self.first) {
            self.lasted = self.lasted.plus(self.first.since(new).span);
        }
        if let Some(first) = self.spells.first_mut().filter(|_| self.earlier == 0) {
            first.from = new.clone();
        }
        self.first = new.clone();
        for spell in &mut self.spells {
            if spell.from.is_before(new) {
                spell.from = new.clone();
            }
            if let Some(to) = spell.to.as_mut().filter(|to| to.is_before(new)) {
                *to = new.clone();
            }
        }
    }
}

/// The incident began at another moment than was thought.
pub(super) fn follow(outages: &mut Outages, noticed: &Now, new: &Now) {
    outages.values_mut().for_each(|outage| outage.follow(noticed, new));
}

/// What several together were: out while any of them was. Of times that are kept no more, as long as the longest at the least.
/// `None` when there are none.
#[must_use]
pub fn together<'a>(all: impl Iterator<Item = &'a Outage> + Clone, now: &Now) -> Option<Outage> {
    let mut spells: Vec<&Spell> = all.clone().flat_map(|outage| &outage.spells).collect();
    // By how long ago: moments of several boots with clocks that were set have no order of their own.
    spells.sort_by_key(|spell| std::cmp::Reverse(now.since(&spell.from).span));
    let mut joined: Vec<Spell> = Vec::new();
    for spell in spells {
        match joined.last_mut() {
            Some(Spell { to: None, .. }) => {}
            Some(Spell { to: Some(to), .. }) if !to.is_before(&spell.from) => match &spell.to {
                Some(later) if later.is_before(to) => {}
                Some(later) => *to = later.clone(),
                None => {
                    if let Some(last) = joined.last_mut() {
                        last.to = None;
                    }
                }
            },
            _ => joined.push(spell.clone()),
        }
    }
    let longest = all.clone().max_by_key(|outage| outage.lasted)?;
    Some(Outage {
        first: first_of(all.map(|outage| &outage.first))?.clone(),
        spells: joined,
        earlier: longest.earlier,
        lasted: longest.lasted,
        exactness: longest.exactness,
    })
}

/// Looks again at one component.
pub(super) fn of_component(incident: &mut Incident, loaded: &Loaded, component: &Component, at: &Now) {
    let Incident { outages, causes, .. } = incident;
    note(outages, causes, loaded, component, (Because::OfBelief, at));
}

/// Looks again at everything.
pub(super) fn of_all(incident: &mut Incident, loaded: &Loaded, why: Because, at: &Now) {
    let Incident { outages, causes, .. } = incident;
    for component in &loaded.plan.components {
        note(outages, causes, loaded, component, (why, at));
    }
    // What the plan does not have any more is out no more.
    for (id, outage) in outages {
        if loaded.component(id).is_none() {
            outage.over(at.clone());
        }
    }
}

fn note(
    outages: &mut Outages,
    causes: &BTreeSet<ProbeId>,
    loaded: &Loaded,
    component: &Component,
    (why, at): (Because, &Now),
) {
    let room = outages.len() < OUTAGES_KEPT;
    let when = |seen: Now| if why == Because::OthersCount { at.clone() } else { seen };
    match (seen(causes, loaded, component), outages.get_mut(&component.id)) {
        (Seen::Out { began }, None) if room => {
            outages.insert(component.id.clone(), Outage::begun(when(began)));
        }
        (Seen::Out { began }, Some(outage)) if outage.since().is_none() => outage.out(when(began)),
        (Seen::Back { since }, Some(outage)) if outage.since().is_some() => outage.over(when(since)),
        _ => {}
    }
}

fn seen(causes: &BTreeSet<ProbeId>, loaded: &Loaded, component: &Component) -> Seen {
    let serves = |probe: &&Probe| probe.site.is_none() || loaded.active.is_none() || probe.site == loaded.active;
    let any_serves = component.probes.iter().any(|probe| serves(&probe));
    // What nobody has looked at holds back only where it was trouble before.
    let known = |(id, seen): &(&ProbeId, &ProbeState)| seen.verdict != Verdict::Unknown || causes.contains(*id);
    let counted: Vec<_> = component
        .probes
        .iter()
        .filter(|probe| !any_serves || serves(probe))
        .filter(|probe| loaded.verdict_of(component, probe) != Verdict::Paused)
        .filter_map(|probe| loaded.probes.get_key_value(&probe.id))
        .filter(known)
        .map(|(_, seen)| seen)
        .collect();
    let began = first_of(counted.iter().filter(|seen| seen.is_trouble()).filter_map(|seen| seen.began()));
    if let Some(began) = began {
        return Seen::Out { began: began.clone() };
    }
    let good: Option<Vec<&Now>> =
        counted.iter().map(|seen| seen.since.as_ref().filter(|_| seen.verdict == Verdict::Ok)).collect();
    match good.and_then(|since| last_of(since.into_iter()).cloned()) {
        Some(since) => Seen::Back { since },
        None => Seen::Unclear,
    }
}
