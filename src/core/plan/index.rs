//! Where the parts of a plan stand in it, found by their identifiers: a plan may have a hundred thousand.

use std::collections::BTreeMap;

use super::super::ids::{ComponentId, ProbeId, SiteId};
use super::dependencies::Dependencies;
use super::{Component, Plan, Probe, Vantage};

/// A component at a site, or before all sites: what the verdicts of its probes there add up to.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Part {
    /// The component's place in the plan.
    pub(crate) component: u32,
    /// The site's number in the index.
    pub(crate) site: u32,
}

/// A probe's place in its plan.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct ProbeAt {
    /// The component's place in the plan.
    pub(crate) component: u32,
    /// Its own place in the component.
    pub(crate) probe: u32,
    /// The number of the part that it looks at.
    pub(crate) part: u32,
}

/// Places by identifier, worked out once for each text of a plan.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Index {
    /// Places of components, by their identifiers.
    components: Vec<u32>,
    /// Places of probes, by their identifiers.
    probes: Vec<ProbeAt>,
    /// Places of the probes that feel what customers feel, in file order.
    front_door: Vec<ProbeAt>,
    /// Places of the components whose data travels between sites.
    replicated: Vec<u32>,
    /// Every part, in file order of the components.
    parts: Vec<Part>,
    /// The number of the first part of each component.
    first_part: Vec<u32>,
    /// The numbers of sites; 0 is what stands before all of them.
    sites: BTreeMap<SiteId, u32>,
    /// The places of the components at each site, by its number.
    at: Vec<Vec<u32>>,
    /// What components need.
    needs: Dependencies,
}

impl Index {
    /// The index of a plan.
    #[must_use]
    pub fn of(plan: &Plan) -> Index {
        let mut index = Index::default();
        for (number, site) in (1..).zip(&plan.sites) {
            index.sites.entry(site.id.clone()).or_insert(number);
        }
        for (place, component) in (0..).zip(&plan.components) {
            index.add(place, component);
        }
        // What is compared stands beside its place: looked up for each comparison it would cost more than the rest.
        let mut components: Vec<(&ComponentId, u32)> = plan.components.iter().map(|c| &c.id).zip(0..).collect();
        components.sort_unstable();
        index.components = components.into_iter().map(|(_, place)| place).collect();
        let mut probes: Vec<(&ProbeId, ProbeAt)> =
            index.probes.iter().filter_map(|at| Some((&at.of(plan)?.1.id, *at))).collect();
        probes.sort_unstable_by_key(|(id, at)| (*id, at.component, at.probe));
        index.probes = probes.into_iter().map(|(_, at)| at).collect();
        index.needs = Dependencies::new(plan);
        index
    }

    fn add(&mut self, place: u32, component: &Component) {
        let first = self.parts.len();
        self.first_part.push(first as u32);
        self.replicated.extend(component.replication.is_some().then_some(place));
        for (number, probe) in (0..).zip(&component.probes) {
            let site = self.number_of(probe.site.as_ref());
            let known = self.parts.iter().skip(first).position(|part| part.site == site);
            let part = known.map_or(self.parts.len(), |known| first + known);
            if known.is_none() {
                self.parts.push(Part { component: place, site });
                self.at.resize(self.at.len().max(site as usize + 1), Vec::new());
                self.at.get_mut(site as usize).into_iter().for_each(|there| there.push(place));
            }
            let at = ProbeAt { component: place, probe: number, part: part as u32 };
            self.probes.push(at);
            if probe.vantage == Vantage::FrontDoor {
                self.front_door.push(at);
            }
        }
    }

    /// The number of a site; one that the plan does not list gets the next.
    fn number_of(&mut self, site: Option<&SiteId>) -> u32 {
        let Some(site) = site else { return 0 };
        let next = self.sites.values().max().map_or(1, |last| last + 1);
        *self.sites.entry(site.clone()).or_insert(next)
    }

    /// The number of a site; `None` is what stands before all of them.
    pub(crate) fn site(&self, site: Option<&SiteId>) -> Option<u32> {
        site.map_or(Some(0), |site| self.sites.get(site).copied())
    }

    /// The place of a component.
    pub(crate) fn component(&self, plan: &Plan, id: &ComponentId) -> Option<u32> {
        let known = |place: &u32| plan.components.get(*place as usize).map(|c| &c.id);
        let at = self.components.partition_point(|place| known(place) < Some(id));
        self.components.get(at).copied().filter(|place| known(place) == Some(id))
    }

    /// The place of a probe.
    pub(crate) fn probe(&self, plan: &Plan, id: &ProbeId) -> Option<ProbeAt> {
        let known = |at: &ProbeAt| at.of(plan).map(|(_, probe)| &probe.id);
        let at = self.probes.partition_point(|place| known(place) < Some(id));
        self.probes.get(at).copied().filter(|place| known(place) == Some(id))
    }

    /// The probes that feel what customers feel, in file order.
    pub(crate) fn front_door(&self) -> &[ProbeAt] {
        &self.front_door
    }

    /// Places of the components whose data travels between sites.
    pub(crate) fn replicated(&self) -> &[u32] {
        &self.replicated
    }

    /// Every part, in file order of the components.
    pub(crate) fn parts(&self) -> &[Part] {
        &self.parts
    }

    /// The places of the components that are looked at at a site, in file order.
    pub(crate) fn at(&self, site: Option<&SiteId>) -> &[u32] {
        let there = self.site(site).and_then(|site| self.at.get(site as usize));
        there.map_or(&[], Vec::as_slice)
    }

    /// Each probe's place, by their identifiers.
    pub(crate) fn by_id(&self) -> &[ProbeAt] {
        &self.probes
    }

    /// Each probe's place, in file order.
    pub(crate) fn in_file_order<'a>(&'a self, plan: &'a Plan) -> impl Iterator<Item = ProbeAt> + 'a {
        (0..).zip(&plan.components).flat_map(move |(component, known)| {
            let parts = self.parts_of(component);
            (0..).zip(&known.probes).filter_map(move |(probe, known)| {
                let site = self.site(known.site.as_ref())?;
                let part = parts.clone().find(|part| self.parts.get(*part as usize).is_some_and(|p| p.site == site))?;
                Some(ProbeAt { component, probe, part })
            })
        })
    }

    /// What components need.
    pub(crate) fn needs(&self) -> &Dependencies {
        &self.needs
    }

    /// The numbers of a component's parts.
    pub(crate) fn parts_of(&self, component: u32) -> std::ops::Range<u32> {
        let bound = |place: usize| self.first_part.get(place).copied().unwrap_or(self.parts.len() as u32);
        bound(component as usize)..bound(component as usize + 1)
    }
}

impl ProbeAt {
    /// The probe there, and the component that it looks at.
    pub(crate) fn of(self, plan: &Plan) -> Option<(&Component, &Probe)> {
        let component = plan.components.get(self.component as usize)?;
        Some((component, component.probes.get(self.probe as usize)?))
    }
}
