//! What clocks say: how long something is out and what that means, what would be lost, capacity and level of service.

#[cfg(test)]
mod tests;

use crate::core::clocks::{Capacity, Clock, Goal, Level, Measured, SiteCapacity};
use crate::core::exposure::{Against, Exposure, Known, Seen, Source};
use crate::core::incident::Correction;
use crate::core::objectives::Standing;
use crate::core::plan::SetBy;
use crate::core::service::FrontDoor;
use crate::core::time::Span;

use super::{all_of, clean_line as line};

/// How long something is out, or was: `out 14m32s, since 03:14:51Z`, `was out 9m40s in 2 times, back 03:24:31Z`.
#[must_use]
pub fn outage(clock: &Clock) -> String {
    let times = if clock.times > 1 { format!(" in {} times", clock.times) } else { String::new() };
    let gone = clock.elapsed();
    match (clock.since, clock.back) {
        (Some(since), _) => format!("out {gone}{times}, since {since}"),
        (None, Some(back)) => format!("was out {gone}{times}, back {back}"),
        (None, None) => format!("was out {gone}{times}"),
    }
}

/// An objective against its clock: `RTO 30m00s (tier 1): 15m28s left, by 03:44:55Z`.
#[must_use]
pub fn goal(goal: &Goal) -> String {
    format!("RTO {}{}: {}", goal.objective, set_by(goal.set_by), standing(goal))
}

/// How an objective stands: `15m28s left, by 03:44:55Z`, `met, 20m20s to spare`, `MISSED by 4m; next 2h00m: 1h26m left`.
#[must_use]
pub fn standing(goal: &Goal) -> String {
    match (goal.standing, goal.ends) {
        (Standing::Left(left), Some(ends)) => format!("{left} left, by {ends}"),
        (Standing::Left(left), None) => format!("met, {left} to spare"),
        (Standing::Missed { by, next: None }, _) => format!("MISSED by {by}"),
        (Standing::Missed { by, next: Some((next, left)) }, _) => {
            format!("MISSED by {by}; next {next}: {left} left")
        }
    }
}

/// Where an objective stands in the plan, where that is not with the thing itself.
fn set_by(set_by: SetBy) -> String {
    match set_by {
        SetBy::Own => String::new(),
        other => format!(" ({other})"),
    }
}

/// Who said that an incident began at another moment than the engine saw.
#[must_use]
pub fn corrected(correction: &Correction, who: &str) -> String {
    format!("corrected by {}; the engine saw {}: {}", line(who), correction.seen.utc.dated(), line(&correction.reason))
}

/// What of a category would be lost now: `4s by replication, RPO 15m00s: met`.
#[must_use]
pub fn exposure(exposure: &Exposure) -> String {
    let lost = match (exposure.loss, exposure.least) {
        (Some(loss), Some(source)) => format!("{} by {}", at_most(exposure, loss), source_word(source)),
        _ => "unknown".to_owned(),
    };
    let rpo = exposure.rpo.map(|(rpo, set)| format!("RPO {rpo}{}", set_by(set))).unwrap_or_default();
    let late = exposure.backup_late.map(|late| format!("; backup LATE by {late}")).unwrap_or_default();
    let against = match exposure.against {
        Against::Met => format!(", {rpo}: met"),
        Against::Beyond(by) => format!(", {rpo}: BEYOND by {by}"),
        Against::Unknown => format!(", {rpo}: nobody can say"),
        Against::NoObjective => String::new(),
    };
    format!("{lost}{against}{late}")
}

fn at_most(exposure: &Exposure, loss: Span) -> String {
    let bound = exposure.sources.iter().any(|seen| seen.known == Known::AtMost(loss));
    if bound { format!("≤ {}", whole(loss)) } else { whole(loss) }
}

fn whole(span: Span) -> String {
    if span < Span::from_secs(1) { span.to_string() } else { span.up_to_seconds().to_string() }
}

fn source_word(source: Source) -> &'static str {
    match source {
        Source::Replication => "replication",
        Source::Wal => "archived log",
        Source::Backup => "backup",
    }
}

/// What one source says: `backup by dump: 1h10m, NOT VERIFIED: it counts for nothing; seen 03:29:20Z`.
#[must_use]
pub fn seen(seen: &Seen) -> String {
    let says = match &seen.known {
        Known::Exactly(span) => whole(*span),
        Known::AtMost(span) => format!("≤ {}, its source is silent", whole(*span)),
        Known::Unverified(span) => format!("{}, NOT VERIFIED: it counts for nothing", whole(*span)),
        Known::Unknown(why) => format!("unknown: {}", line(why)),
    };
    let at = seen.at.map(|at| format!("; seen {at}")).unwrap_or_default();
    format!("{} by {}: {says}{at}", source_word(seen.source), line(&seen.by))
}

/// Capacity against its objective: `East serves with 110% (RCO 80%: met); West 40%`.
#[must_use]
pub fn capacity(capacity: &Capacity) -> String {
    if capacity.sites.is_empty() {
        return format!("not measured{}", against("RCO", capacity.objective, Measured::NotMeasured));
    }
    let site = |site: &SiteCapacity| {
        let now = site.now.map_or_else(|| "not measured".to_owned(), |now| now.to_string());
        let name = line(&site.name).into_owned();
        let verdict = against("RCO", capacity.objective, capacity.verdict);
        if site.serves { format!("{name} serves with {now}{verdict}") } else { format!("{name} {now}") }
    };
    let mut told: Vec<String> = capacity.sites.iter().map(site).collect();
    if !capacity.sites.iter().any(|site| site.serves) {
        let verdict = against("RCO", capacity.objective, Measured::NotMeasured);
        told.insert(0, format!("not measured where customers are served{verdict}"));
    }
    told.join("; ")
}

/// The level of service against its objective: `91.2% of 340 looks good since 03:14:50Z (RSO 99.9%: BELOW)`.
#[must_use]
pub fn service(level: &Level) -> String {
    let verdict = against("RSO", level.objective, level.verdict);
    match (&level.looks, level.share) {
        (Some(looks), Some(share)) => {
            format!("{share} of {} looks good since {}{verdict}", looks.all, looks.since.utc)
        }
        _ => format!("not measured{verdict}"),
    }
}

fn against(what: &str, objective: Option<crate::core::plan::Share>, verdict: Measured) -> String {
    match (objective, verdict) {
        (None, _) => String::new(),
        (Some(share), Measured::Met) => format!(" ({what} {share}: met)"),
        (Some(share), Measured::Below) => format!(" ({what} {share}: BELOW)"),
        (Some(share), _) => format!(" ({what} {share})"),
    }
}

/// [`front_door`] where there is less room: `door 2/3 ok`.
#[must_use]
pub fn front_door_short(door: FrontDoor) -> String {
    match door {
        FrontDoor { known: 0, .. } => "door unknown".into(),
        FrontDoor { ok, known, unknown: 0 } => format!("door {ok}/{known} ok"),
        FrontDoor { ok, known, unknown } => format!("door {ok}/{known} ok, {unknown} unknown"),
    }
}

/// How the front door is: `front door 2 of 3 ok`, `front door unknown`.
#[must_use]
pub fn front_door(door: FrontDoor) -> String {
    match door {
        FrontDoor { known: 0, .. } => "front door unknown".into(),
        FrontDoor { ok, known, unknown: 0 } => format!("front door {ok} of {known} ok"),
        FrontDoor { ok, known, unknown } => {
            let parts = [format!("front door {ok} of {known} ok"), format!("{unknown} unknown")];
            all_of(&parts)
        }
    }
}
