//! Whom trouble hits, where it comes from, what fits; and an assessment, line by line.

#[cfg(test)]
mod tests;

use crate::core::health::Verdict;
use crate::core::impact::{
    Aim, Assessment, Chain, Fit, Fitting, GroupSeen, Hindrance, LISTED, LikelyCause, Named, PartSeen, PlaceSeen,
    Reason, Summary, Suspect, Tally,
};
use crate::core::plan::{Group, Layer};

use super::{all_of, clean_line as line, site_verdict, some_of, verdict};

/// A line with what it is about before it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Said {
    /// How far it belongs to the line before: 0 for a heading, 1 for what stands under one.
    pub depth: usize,
    /// What it is about; empty where it goes on with the line before.
    pub label: String,
    /// The words.
    pub words: String,
    /// What is believed of it, where it is of a part.
    pub verdict: Option<Verdict>,
}

impl Said {
    fn of(label: &str, words: String) -> Said {
        Said { depth: 0, label: label.to_owned(), words, verdict: None }
    }
}

/// Names that a list on the screen shows.
const SHOWN: usize = 8;

/// Ways that are shown.
const WAYS: usize = 4;

/// Likely causes that are shown.
const CAUSES: usize = 3;

/// Whom it hits and where it comes from; one line when it hits nobody.
#[must_use]
pub fn impact(summary: &Summary) -> Vec<Said> {
    if summary.is_none() {
        return vec![Said::of("impact", "nothing is hit".into())];
    }
    let direct = match summary.direct.count {
        0 => "nothing where customers are served".into(),
        _ => names(&summary.direct),
    };
    let mut said = vec![Said::of("direct", direct)];
    if summary.by_dependency.count > 0 {
        said.push(Said::of("dependent", names(&summary.by_dependency)));
        let ways = summary.chains.iter().filter(|chain| chain.way.len() > 2).take(WAYS);
        said.extend(ways.map(|chain| Said { depth: 1, ..Said::of("", way(chain)) }));
    }
    if summary.standby_only.count > 0 {
        said.push(Said::of("standby", format!("{}, where nobody is served", names(&summary.standby_only))));
    }
    let tallies = |all: Vec<(String, Tally)>| {
        let hit = all.into_iter().filter(|(_, t)| t.direct + t.by_dependency + t.standby_only > 0);
        hit.map(|(name, t)| tally(&name, &t)).collect::<Vec<_>>().join("; ")
    };
    let layers = tallies(summary.layers.iter().map(|(layer, t)| (self::layer(*layer).to_owned(), *t)).collect());
    let tiers = summary.tiers.iter().filter(|t| t.tier.is_some() || summary.tiers.len() > 1);
    let tiers = tallies(tiers.map(|t| (tier(t.tier), t.tally)).collect());
    said.extend(
        [("layers", layers), ("tiers", tiers)]
            .into_iter()
            .filter(|(_, words)| !words.is_empty())
            .map(|(label, words)| Said::of(label, words)),
    );
    if let Some(objective) = &summary.objective {
        let of = objective.of.as_ref().map_or("the plan's".to_owned(), |of| format!("of {of}"));
        said.push(Said::of("tightest RTO", format!("{}, {of}", objective.rto)));
    }
    said.extend(likely_causes(summary).map(|words| Said::of("likely cause", words)));
    said
}

/// Whom it hits and where it comes from, in one line: `direct db; by dependency api and web; likely cause db (East)`.
#[must_use]
pub fn impact_short(summary: &Summary) -> String {
    let list = |what: &str, named: &Named| (named.count > 0).then(|| format!("{what} {}", names(named)));
    let cause = summary.causes.first().map(|cause| format!("likely cause {}", suspect(&cause.what)));
    let parts = [
        list("direct", &summary.direct),
        list("by dependency", &summary.by_dependency),
        list("standby only", &summary.standby_only),
        cause,
    ];
    let parts: Vec<String> = parts.into_iter().flatten().collect();
    if parts.is_empty() { "nothing is hit".into() } else { parts.join("; ") }
}

/// The likely causes, the likeliest first; `None` where there is none.
#[must_use]
pub fn likely_causes(summary: &Summary) -> Option<String> {
    let shown: Vec<String> = summary.causes.iter().take(CAUSES).map(cause).collect();
    let more = summary.more_causes + summary.causes.len().saturating_sub(CAUSES);
    let more = if more > 0 { format!("; and {more} more") } else { String::new() };
    (!shown.is_empty()).then(|| format!("{}{more}", shown.join("; or ")))
}

/// What is taken to be the origin: `db (East)`, `all of East`.
fn suspect(what: &Suspect) -> String {
    match what {
        Suspect::Part { component, at: Some(site) } => format!("{component} ({})", line(site)),
        Suspect::Part { component, at: None } => component.to_string(),
        Suspect::Site { name, .. } => format!("all of {}", line(name)),
    }
}

fn cause(cause: &LikelyCause) -> String {
    let parts = match &cause.what {
        Suspect::Site { parts, .. } => format!(", {parts} parts DOWN"),
        Suspect::Part { .. } => String::new(),
    };
    let needed = match cause.dependents {
        0 => String::new(),
        1 => ", 1 needs it".into(),
        many => format!(", {many} need it"),
    };
    format!("{}{parts}{needed}", suspect(&cause.what))
}

/// Why something fits, and what stands in its way: `Fail over to West: moves customers from East, DOWN, to West, ok`.
#[must_use]
pub fn fit(fit: &Fit) -> String {
    let why = match &fit.reason {
        Reason::Moves { from, is, to: Some((to, will)) } => format!(
            "moves customers from {}, {}, to {}, {}",
            line(from),
            site_verdict(*is),
            line(to),
            site_verdict(*will)
        ),
        Reason::Moves { from, is, to: None } => {
            format!("moves customers from {}, {}; where to is asked at launch", line(from), site_verdict(*is))
        }
        Reason::WorksOn { aim, components, more } => {
            let names: Vec<_> = components.iter().map(ToString::to_string).collect();
            let names = if *more > 0 { format!("{} and {more} more", names.join(", ")) } else { all_of(&names) };
            format!("works on {names}, {}", self::aim(*aim))
        }
        Reason::TakenFor => "the incident is taken for it".into(),
        Reason::Shows => "it shows now".into(),
        Reason::AsksAbout => "it is about what is wrong, and does not show".into(),
        Reason::FindsOut => "finds out more".into(),
        Reason::Unsaid => "recovers, and the plan does not say what".into(),
    };
    let hindered = match &fit.hindered {
        None => String::new(),
        Some(Hindrance::TargetIs { site, is }) => format!("; NOT NOW: {} is {}", line(site), site_verdict(*is)),
        Some(Hindrance::Forbidden(scenario)) => {
            format!("; NOT NOW: the incident is taken for {scenario}, which allows no failover")
        }
        Some(Hindrance::Moving(run)) => format!("; NOT NOW: {run} moves customers already"),
        Some(Hindrance::AtWork(run)) => format!("; NOT NOW: {run} works there already"),
    };
    let what = if let Fitting::Scenario(_) = fit.what { "scenario " } else { "" };
    format!("{what}{}: {why}{hindered}", line(&fit.name))
}

fn aim(aim: Aim) -> &'static str {
    match aim {
        Aim::Cause => "the likely cause",
        Aim::Direct => "hit directly",
        Aim::Dependent => "hit by dependency",
        Aim::Standby => "where nobody is served",
    }
}

/// An assessment, line by line: each group with what is not ok in it, the sites, the impact, what fits.
#[must_use]
pub fn assessment(found: &Assessment) -> Vec<Said> {
    let mut said: Vec<Said> = found.groups.iter().flat_map(group_lines).collect();
    let sites: Vec<String> = found
        .sites
        .iter()
        .map(|site| {
            let serves = if found.serves.as_ref() == Some(&site.site) { " serves," } else { "" };
            format!("{}{serves} {}", line(&site.name), site_verdict(site.verdict))
        })
        .collect();
    if !sites.is_empty() {
        said.push(Said::of("sites", sites.join("; ")));
    }
    said.extend(impact(&found.impact));
    for (index, known) in found.fits.iter().enumerate() {
        let label = if index == 0 { "fits" } else { "" };
        said.push(Said { depth: usize::from(index > 0), ..Said::of(label, format!("{} {}", index + 1, fit(known))) });
    }
    said
}

/// How the groups stand, in one line: `services 2 DOWN of 3, databases 1 DOWN of 1; likely cause db (East)`.
#[must_use]
pub fn assessment_short(found: &Assessment) -> String {
    let groups = found.groups.iter().filter(|group| group.components() > 0).map(|group| {
        let (all, worst) = (group.components(), group.worst.unwrap_or(Verdict::Unknown));
        let worst_of = group.counts.get(&worst).copied().unwrap_or_default();
        match worst {
            Verdict::Ok => format!("{} ok", group_name(group.group)),
            bad => format!("{} {worst_of} of {all} {}", group_name(group.group), verdict(bad)),
        }
    });
    let cause = found.impact.causes.first().map(|cause| format!("; likely cause {}", suspect(&cause.what)));
    format!("{}{}", groups.collect::<Vec<_>>().join(", "), cause.unwrap_or_default())
}

fn group_lines(group: &GroupSeen) -> Vec<Said> {
    let name = group_name(group.group);
    let Some(worst) = group.worst else { return vec![Said::of(name, "none in this plan".into())] };
    let counts: Vec<_> = group.counts.iter().rev().map(|(v, count)| format!("{count} {}", verdict(*v))).collect();
    let mut said = vec![Said { verdict: Some(worst), ..Said::of(name, counts.join(", ")) }];
    let (fine, bad): (Vec<&PartSeen>, Vec<&PartSeen>) = group.parts.iter().partition(|part| is_fine(part));
    said.extend(bad.iter().map(|part| part_line(part)));
    let unlisted = group.components().saturating_sub(group.parts.len());
    let names: Vec<_> = fine.iter().map(|part| part.component.to_string()).collect();
    if !names.is_empty() {
        let under = Said { depth: 1, verdict: Some(Verdict::Ok), ..Said::of("ok", some_of(&names, SHOWN)) };
        said.push(under);
    }
    if unlisted > 0 {
        let words = format!("{unlisted} more, none worse than these {LISTED}");
        said.push(Said { depth: 1, ..Said::of("and", words) });
    }
    said
}

fn is_fine(part: &PartSeen) -> bool {
    part.verdict == Verdict::Ok && part.places.iter().all(|place| place.verdict == Verdict::Ok)
}

fn part_line(part: &PartSeen) -> Said {
    let places: Vec<String> = part.places.iter().map(place).collect();
    let seen = if places.is_empty() { "nothing looks at it".to_owned() } else { places.join("; ") };
    Said {
        depth: 1,
        verdict: Some(part.verdict),
        ..Said::of(part.component.as_str(), format!("{}: {seen}", line(&part.name)))
    }
}

fn place(place: &PlaceSeen) -> String {
    let at = place.site.as_deref().map(|site| format!("{} ", line(site))).unwrap_or_default();
    match place.verdict {
        Verdict::Ok => format!("{at}ok"),
        bad => {
            let since = place.since.as_ref().map(|since| format!(", since {}", since.utc)).unwrap_or_default();
            format!("{at}{}, {}{since}", verdict(bad), line(&place.why))
        }
    }
}

fn names(named: &Named) -> String {
    let shown: Vec<_> = named.first.iter().take(SHOWN).map(ToString::to_string).collect();
    match named.count.saturating_sub(shown.len()) {
        0 => all_of(&shown),
        more => format!("{} and {more} more", shown.join(", ")),
    }
}

/// `web needs api needs db`; of a long way, how many needs are left out.
fn way(chain: &Chain) -> String {
    let names: Vec<String> = chain.way.iter().map(ToString::to_string).collect();
    match (names.as_slice(), chain.left_out) {
        ([head @ .., end], more @ 1..) => format!("{} needs, through {more} more, {end}", head.join(" needs ")),
        (all, _) => all.join(" needs "),
    }
}

fn tally(name: &str, tally: &Tally) -> String {
    let counts = [(tally.direct, "direct"), (tally.by_dependency, "dependent"), (tally.standby_only, "standby")];
    let counts: Vec<_> =
        counts.iter().filter(|(count, _)| *count > 0).map(|(count, how)| format!("{count} {how}")).collect();
    format!("{name} {} of {}, worst {}", counts.join(", "), tally.components, verdict(tally.worst))
}

fn tier(tier: Option<u8>) -> String {
    tier.map_or_else(|| "no tier".to_owned(), |tier| format!("T{tier}"))
}

fn layer(layer: Layer) -> &'static str {
    match layer {
        Layer::Infrastructure => "infrastructure",
        Layer::Application => "application",
        Layer::Database => "database",
        Layer::Business => "business",
    }
}

fn group_name(group: Group) -> &'static str {
    match group {
        Group::Service => "services",
        Group::Database => "databases",
        Group::External => "external",
        Group::Storage => "storage",
    }
}
