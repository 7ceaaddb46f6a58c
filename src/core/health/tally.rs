//! How many parts are how, kept beside what is believed of them: one change costs the same among ten and among a hundred
//! thousand, and what is closed on a screen needs no looking through.

use rpds::{RedBlackTreeMapSync, RedBlackTreeSetSync, VectorSync};

use super::super::ids::{ComponentId, ProbeId, SiteId};
use super::super::plan::{Component, Index, Plan, Probe, ProbeAt};
use super::super::state::Loaded;
use super::{ProbeState, Verdict};

/// How many have each verdict.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Counts([u32; 5]);

impl Counts {
    /// How many have that one.
    #[must_use]
    pub fn of(&self, verdict: Verdict) -> usize {
        self.0.get(slot(verdict)).map_or(0, |count| *count as usize)
    }

    /// How many there are.
    #[must_use]
    pub fn all(&self) -> usize {
        self.0.iter().map(|count| *count as usize).sum()
    }

    /// The worst verdict that any has; unknown when there are none.
    #[must_use]
    pub fn worst(&self) -> Verdict {
        self.highest().unwrap_or(Verdict::Unknown)
    }

    /// As if all that nobody knows were so.
    #[must_use]
    pub(crate) fn if_unknown(mut self, verdict: Verdict) -> Counts {
        let unknown = self.0.get_mut(slot(Verdict::Unknown)).map_or(0, std::mem::take);
        if let Some(count) = self.0.get_mut(slot(verdict)) {
            *count += unknown;
        }
        self
    }

    fn highest(&self) -> Option<Verdict> {
        Verdict::ALL.into_iter().rev().find(|verdict| self.of(*verdict) > 0)
    }

    /// The worst verdict that any has beside those that are paused.
    #[must_use]
    pub(crate) fn worst_counted(&self) -> Option<Verdict> {
        Verdict::ALL.into_iter().rev().find(|verdict| *verdict != Verdict::Paused && self.of(*verdict) > 0)
    }

    fn add(&mut self, verdict: Option<Verdict>) {
        if let Some(count) = verdict.and_then(|verdict| self.0.get_mut(slot(verdict))) {
            *count += 1;
        }
    }

    fn take(&mut self, verdict: Option<Verdict>) {
        if let Some(count) = verdict.and_then(|verdict| self.0.get_mut(slot(verdict))) {
            *count = count.saturating_sub(1);
        }
    }

    /// Adds others to these.
    pub fn plus(&mut self, more: &Counts) {
        for (count, more) in self.0.iter_mut().zip(&more.0) {
            *count += more;
        }
    }
}

fn slot(verdict: Verdict) -> usize {
    Verdict::ALL.iter().position(|known| *known == verdict).unwrap_or(0)
}

/// A site by its parts.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
struct OfSite {
    parts: Counts,
    /// How many parts of each tier are down.
    down: RedBlackTreeMapSync<u8, u32>,
}

/// How a probe counts.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Standing {
    verdict: Verdict,
    trouble: Trouble,
    /// What is believed of it, paused or not.
    believed: Verdict,
}

/// Whether a probe's part is trouble.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Trouble {
    None,
    /// It is to be raised, and an incident has it.
    Covered,
    /// It is to be raised, and no incident has it.
    Fresh,
}

/// What the parts of a plan add up to. It follows from the plan, from what is believed and from what is paused, and is never
/// stored.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Tally {
    /// The probes of each part, by its number.
    parts: VectorSync<Counts>,
    /// The parts of each site, by its number.
    sites: VectorSync<OfSite>,
    /// Every part that is not ok: its site's number, how it is, its own number.
    not_ok: RedBlackTreeSetSync<(u32, Verdict, u32)>,
    /// Probes whose trouble is to be raised.
    trouble: RedBlackTreeSetSync<ProbeId>,
    /// Those of them that no incident has.
    fresh: RedBlackTreeSetSync<ProbeId>,
    /// Probes whose part is believed to be down, paused ones too.
    down: RedBlackTreeSetSync<ProbeId>,
}

impl Tally {
    /// Counts everything anew.
    pub(crate) fn of(loaded: &Loaded) -> Tally {
        let index = &loaded.index;
        let mut counts = vec![Counts::default(); index.parts().len()];
        let mut tally = Tally::default();
        // Both are in the order of identifiers: gone through side by side, none has to be looked up.
        let mut known = loaded.probes.iter().peekable();
        for at in index.by_id() {
            let Some((component, probe)) = at.of(&loaded.plan) else { continue };
            while known.next_if(|(id, _)| **id < probe.id).is_some() {}
            let known = known.peek().filter(|(id, _)| **id == probe.id).map(|(_, known)| *known);
            let standing = loaded.standing(component, probe, known);
            if let Some(counts) = counts.get_mut(at.part as usize) {
                counts.add(Some(standing.verdict));
            }
            tally.note_trouble(&probe.id, Trouble::None, standing.trouble);
            tally.note_down(&probe.id, Verdict::Unknown, standing.believed);
        }
        let sites = index.parts().iter().map(|part| part.site + 1).max().unwrap_or(0);
        let mut of_sites = vec![OfSite::default(); sites as usize];
        for ((number, counts), part) in (0..).zip(&counts).zip(index.parts()) {
            let tier = loaded.plan.components.get(part.component as usize).and_then(|c| c.tier);
            if let Some(site) = of_sites.get_mut(part.site as usize) {
                site.note(tier, None, counts.highest());
            }
            if counts.worst() != Verdict::Ok {
                tally.not_ok.insert_mut((part.site, counts.worst(), number));
            }
        }
        tally.parts = counts.into_iter().collect();
        tally.sites = of_sites.into_iter().collect();
        tally
    }

    fn note_trouble(&mut self, probe: &ProbeId, before: Trouble, after: Trouble) {
        if before == after {
            return;
        }
        match after {
            Trouble::None => drop(self.trouble.remove_mut(probe)),
            _ => self.trouble.insert_mut(probe.clone()),
        }
        match after {
            Trouble::Fresh => self.fresh.insert_mut(probe.clone()),
            _ => drop(self.fresh.remove_mut(probe)),
        }
    }

    fn note_down(&mut self, probe: &ProbeId, before: Verdict, after: Verdict) {
        match (before == Verdict::Down, after == Verdict::Down) {
            (false, true) => self.down.insert_mut(probe.clone()),
            (true, false) => drop(self.down.remove_mut(probe)),
            _ => {}
        }
    }

    fn note(&mut self, plan: &Plan, index: &Index, part: u32, before: Verdict, after: Verdict) {
        let (Some(counts), Some(at)) = (self.parts.get_mut(part as usize), index.parts().get(part as usize)) else {
            return;
        };
        let was = counts.highest();
        counts.take(Some(before));
        counts.add(Some(after));
        let is = counts.highest();
        if was == is {
            return;
        }
        let tier = plan.components.get(at.component as usize).and_then(|c| c.tier);
        if let Some(site) = self.sites.get_mut(at.site as usize) {
            site.note(tier, was, is);
        }
        if let Some(was) = was {
            self.not_ok.remove_mut(&(at.site, was, part));
        }
        if let Some(is) = is.filter(|is| *is != Verdict::Ok) {
            self.not_ok.insert_mut((at.site, is, part));
        }
    }
}

impl OfSite {
    fn note(&mut self, tier: Option<u8>, was: Option<Verdict>, is: Option<Verdict>) {
        self.parts.take(was);
        self.parts.add(is);
        let Some(tier) = tier else { return };
        let down = self.down.get(&tier).copied().unwrap_or(0);
        let down = match (was == Some(Verdict::Down), is == Some(Verdict::Down)) {
            (false, true) => down + 1,
            (true, false) => down.saturating_sub(1),
            _ => return,
        };
        match down {
            0 => drop(self.down.remove_mut(&tier)),
            _ => self.down.insert_mut(tier, down),
        }
    }
}

impl Loaded {
    /// The parts at a site, or before all sites, by how they are.
    #[must_use]
    pub fn counts(&self, site: Option<&SiteId>) -> Counts {
        self.of_site(site).map_or_else(Counts::default, |site| site.parts)
    }

    /// The probes of a component, by how they are.
    #[must_use]
    pub fn counts_of(&self, component: &ComponentId) -> Counts {
        let mut all = Counts::default();
        let place = self.index.component(&self.plan, component);
        for part in place.into_iter().flat_map(|place| self.index.parts_of(place)) {
            all.plus(&self.tally.parts.get(part as usize).copied().unwrap_or_default());
        }
        all
    }

    /// The probes of a component at one site, by how they are.
    #[must_use]
    pub fn counts_at(&self, component: &ComponentId, site: Option<&SiteId>) -> Counts {
        let (Some(place), Some(site)) = (self.index.component(&self.plan, component), self.index.site(site)) else {
            return Counts::default();
        };
        let there = |part: &u32| self.index.parts().get(*part as usize).is_some_and(|at| at.site == site);
        let part = self.index.parts_of(place).find(there);
        part.and_then(|part| self.tally.parts.get(part as usize)).copied().unwrap_or_default()
    }

    /// The components at a site, or before all sites, that are of that verdict there, in file order. For `Ok` there are none:
    /// what is well is only counted.
    pub fn not_ok(&self, site: Option<&SiteId>, verdict: Verdict) -> impl Iterator<Item = &Component> {
        let site = self.index.site(site);
        let of = site.map(|site| self.tally.not_ok.range((site, verdict, 0)..=(site, verdict, u32::MAX)));
        let place = |part: u32| self.index.parts().get(part as usize).map(|part| part.component as usize);
        of.into_iter().flatten().filter_map(move |(_, _, part)| self.plan.components.get(place(*part)?))
    }

    /// Every part in file order of the components: the place of its component, the number of its site (0 before all of them), and
    /// its probes by how they are.
    pub(crate) fn parts(&self) -> impl Iterator<Item = (usize, u32, Counts)> + '_ {
        let parts = self.index.parts().iter().zip(self.tally.parts.iter());
        parts.map(|(part, counts)| (part.component as usize, part.site, *counts))
    }

    /// The components that are looked at at a site, or before all sites, in file order.
    pub fn parts_at(&self, site: Option<&SiteId>) -> impl Iterator<Item = &Component> {
        self.index.at(site).iter().filter_map(|place| self.plan.components.get(*place as usize))
    }

    /// Whether a component of that tier, or of a lower number, is down at a site.
    pub(super) fn is_down_from(&self, site: &SiteId, most: u8) -> bool {
        self.of_site(Some(site)).and_then(|site| site.down.first()).is_some_and(|(tier, _)| *tier <= most)
    }

    /// The probes whose trouble is to be raised.
    pub fn trouble(&self) -> impl Iterator<Item = &ProbeId> {
        self.tally.trouble.iter()
    }

    /// The probes whose trouble is to be raised, and that no incident has.
    pub fn fresh_trouble(&self) -> impl Iterator<Item = &ProbeId> {
        self.tally.fresh.iter()
    }

    /// The probes whose part is believed to be down, paused ones too, with what is known of them.
    pub fn down(&self) -> impl Iterator<Item = (&ProbeId, &ProbeState)> {
        self.tally.down.iter().filter_map(|id| self.probes.get_key_value(id))
    }

    fn of_site(&self, site: Option<&SiteId>) -> Option<&OfSite> {
        self.tally.sites.get(self.index.site(site)? as usize)
    }

    /// How a probe counts now.
    pub(crate) fn standing(&self, component: &Component, probe: &Probe, known: Option<&ProbeState>) -> Standing {
        let believed = known.map_or(Verdict::Unknown, |known| known.verdict);
        if self.pause_of(component, probe).is_some() {
            return Standing { verdict: Verdict::Paused, trouble: Trouble::None, believed };
        }
        let trouble = match known.filter(|known| known.is_trouble()).map(|known| &known.covered_by) {
            None => Trouble::None,
            Some(Some(_)) => Trouble::Covered,
            Some(None) => Trouble::Fresh,
        };
        Standing { verdict: believed, trouble, believed }
    }

    /// Moves a probe from how it counted to how it counts.
    pub(crate) fn recount(&mut self, at: ProbeAt, before: Standing) {
        let plan = std::sync::Arc::clone(&self.plan);
        let Some((component, probe)) = at.of(&plan) else { return };
        let after = self.standing(component, probe, self.probes.get(&probe.id));
        if before.verdict != after.verdict {
            self.tally.note(&plan, &self.index, at.part, before.verdict, after.verdict);
        }
        self.tally.note_trouble(&probe.id, before.trouble, after.trouble);
        self.tally.note_down(&probe.id, before.believed, after.believed);
    }
}
