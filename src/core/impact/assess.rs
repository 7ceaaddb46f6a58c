//! The initial assessment (TR-4): a verdict for each component, by group, with its evidence; what is hit; what fits.

use std::borrow::Cow;
use std::collections::BTreeMap;
use std::sync::Arc;

use serde::{Deserialize, Serialize};

use super::super::health::{Readings, SiteVerdict, Verdict, judge_site};
use super::super::ids::{ComponentId, Principal, ProbeId, SiteId};
use super::super::incident::Incident;
use super::super::plan::{Component, Group, Probe};
use super::super::state::{Loaded, State};
use super::super::time::{Now, Span};
use super::sight::felt;
use super::{Fit, Impact, Summary, fits};

/// Components of each group that are written down one by one, the worst first; all are counted.
pub const LISTED: usize = 25;

/// What fits, at most.
const FITTING: usize = 10;

/// Sites of a plan that are written down.
const SITES: usize = 20;

/// Places of a component whose evidence is written down.
const PLACES: usize = 4;

/// Longest evidence, in characters.
const WHY: usize = 160;

/// How a plan's systems stand at one moment.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Assessment {
    /// Services, databases, external dependencies, storage: always all four, in that order.
    pub groups: Vec<GroupSeen>,
    /// The plan's sites, the first twenty.
    pub sites: Vec<SiteSeen>,
    /// The site that serves, by what happened.
    pub serves: Option<SiteId>,
    /// What is hit, and where it comes from.
    pub impact: Summary,
    /// What the plan has against it, best first.
    pub fits: Vec<Fit>,
}

/// How a group stands.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct GroupSeen {
    /// Which.
    pub group: Group,
    /// The worst of its components; `None` when it has none.
    pub worst: Option<Verdict>,
    /// How many of its components are how.
    pub counts: BTreeMap<Verdict, usize>,
    /// The worst of them first, at most [`LISTED`]; the others are only counted.
    pub parts: Vec<PartSeen>,
}

/// How a component stands.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct PartSeen {
    /// Which.
    pub component: ComponentId,
    /// Its name for people.
    pub name: String,
    /// The worst where customers are served; elsewhere, where it is only there. *Unknown* when nothing looks at it.
    pub verdict: Verdict,
    /// Where it was looked at, the worst first.
    pub places: Vec<PlaceSeen>,
}

/// How a component stands at one place.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct PlaceSeen {
    /// The site's name; `None` before all sites.
    pub site: Option<String>,
    /// The worst of the probes there.
    pub verdict: Verdict,
    /// That probe's evidence.
    pub why: String,
    /// Since when.
    pub since: Option<Now>,
}

/// How a site stands.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct SiteSeen {
    /// Which.
    pub site: SiteId,
    /// Its name for people.
    pub name: String,
    /// How it is, by the rule of its plan.
    pub verdict: SiteVerdict,
}

/// An assessment as an incident keeps it.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Assessed {
    /// When it was made.
    pub at: Now,
    /// Who asked for it.
    pub by: Principal,
    /// What was found.
    pub assessment: Arc<Assessment>,
}

/// Assesses a plan, as an incident of it sees it where there is one. A look that is older than a probe ever waits says nothing any
/// more: what it saw is *unknown*.
#[must_use]
pub fn assess(
    state: &State,
    loaded: &Loaded,
    incident: Option<&Incident>,
    readings: &Readings,
    now: &Now,
) -> Assessment {
    let loaded = fresh(loaded, readings, now);
    let loaded = loaded.as_ref();
    let impact = incident.map_or_else(|| Impact::now(loaded), |incident| Impact::of(loaded, incident));
    let mut fits = fits(state, loaded, &impact);
    fits.truncate(FITTING);
    let site = |site: &super::super::plan::Site| SiteSeen {
        site: site.id.clone(),
        name: site.name.clone(),
        verdict: judge_site(loaded, &site.id),
    };
    Assessment {
        groups: Group::ALL.into_iter().map(|group| of_group(loaded, group)).collect(),
        sites: loaded.plan.sites.iter().take(SITES).map(site).collect(),
        serves: loaded.active.clone(),
        impact: impact.summary(loaded),
        fits,
    }
}

impl Assessment {
    /// Without the components one by one and what fits: what a row of the timeline needs.
    #[must_use]
    pub fn brief(&self) -> Assessment {
        let groups = self.groups.iter().map(|group| GroupSeen {
            group: group.group,
            worst: group.worst,
            counts: group.counts.clone(),
            parts: Vec::new(),
        });
        let causes = self.impact.causes.iter().take(1).cloned().collect();
        let impact = Summary { direct: self.impact.direct.clone(), causes, ..Summary::default() };
        let serves = self.serves.clone();
        Assessment { groups: groups.collect(), sites: Vec::new(), serves, impact, fits: Vec::new() }
    }
}

impl GroupSeen {
    /// How many components it has.
    #[must_use]
    pub fn components(&self) -> usize {
        self.counts.values().sum()
    }
}

/// The plan without what was seen too long ago.
fn fresh<'a>(loaded: &'a Loaded, readings: &Readings, now: &Now) -> Cow<'a, Loaded> {
    let stale: Vec<(ProbeId, Span)> = loaded
        .plan
        .probes()
        .filter_map(|(_, probe)| {
            let last = readings.looks(&loaded.plan.id, &probe.id).map(|(_, look)| now.since(&look.at).span).min()?;
            let most = Span::from_micros(probe.every.micros().saturating_mul(3)).plus(probe.timeout);
            (last > most.max(PATIENCE)).then(|| (probe.id.clone(), last))
        })
        .collect();
    if stale.is_empty() {
        return Cow::Borrowed(loaded);
    }
    let mut loaded = loaded.clone();
    for (probe, ago) in stale {
        let why = format!("the last look was {} ago", Span::from_secs(ago.secs()));
        loaded.change(&probe, |seen| seen.forget(&why));
    }
    Cow::Owned(loaded)
}

/// A probe that looks often is given this long before its silence counts: an engine may have much to do.
const PATIENCE: Span = Span::from_secs(30);

fn of_group(loaded: &Loaded, group: Group) -> GroupSeen {
    let of_group = loaded.plan.components.iter().filter(|c| Group::of(&c.kind) == group);
    let mut seen: Vec<(Verdict, Verdict, &Component)> = of_group.map(|c| standing(loaded, c)).collect();
    let mut counts = BTreeMap::new();
    seen.iter().for_each(|(verdict, ..)| *counts.entry(*verdict).or_insert(0) += 1);
    seen.sort_by_key(|(verdict, anywhere, _)| std::cmp::Reverse((*verdict, *anywhere)));
    let parts = seen.iter().take(LISTED).map(|(verdict, _, component)| part(loaded, component, *verdict));
    GroupSeen { group, worst: counts.keys().next_back().copied(), parts: parts.collect(), counts }
}

/// How a component counts, and the worst that is seen of it anywhere.
fn standing<'a>(loaded: &Loaded, component: &'a Component) -> (Verdict, Verdict, &'a Component) {
    let serves = loaded.active.as_ref();
    let (mut here, mut elsewhere) = (None, None);
    for probe in &component.probes {
        let worst = if felt(probe, serves) { &mut here } else { &mut elsewhere };
        *worst = (*worst).max(Some(loaded.verdict_of(component, probe)));
    }
    let verdict = here.or(elsewhere).unwrap_or(Verdict::Unknown);
    (verdict, here.max(elsewhere).unwrap_or(Verdict::Unknown), component)
}

fn part(loaded: &Loaded, component: &Component, verdict: Verdict) -> PartSeen {
    let mut worst: Vec<(&Probe, Verdict)> = Vec::new();
    for probe in &component.probes {
        let verdict = loaded.verdict_of(component, probe);
        match worst.iter_mut().find(|(known, _)| known.site == probe.site) {
            Some(known) if known.1 < verdict => *known = (probe, verdict),
            Some(_) => {}
            None => worst.push((probe, verdict)),
        }
    }
    worst.sort_by_key(|(_, verdict)| std::cmp::Reverse(*verdict));
    let place = |(probe, verdict): &(&Probe, Verdict)| {
        let belief = loaded.probes.get(&probe.id);
        let site = probe.site.as_ref();
        PlaceSeen {
            site: site.map(|id| loaded.plan.site(id).map_or_else(|| id.to_string(), |known| known.name.clone())),
            verdict: *verdict,
            why: belief.map_or("not looked at yet", |seen| seen.why.as_str()).chars().take(WHY).collect(),
            since: belief.and_then(|seen| seen.since.clone()),
        }
    };
    PartSeen {
        component: component.id.clone(),
        name: component.name.clone(),
        verdict,
        places: worst.iter().take(PLACES).map(place).collect(),
    }
}
