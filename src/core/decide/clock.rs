//! Past an incident began, by somebody who knows better than the probes.

use super::super::event::Event;
use super::super::ids::IncidentId;
use super::super::incident::Phase;
use super::super::past::Past;
use super::super::refusal::{Latest, Refusal};
use super::super::time::{Now, Span, first_of};
use super::Context;
use super::incident::is_elsewhere;
use super::words::text;

/// How long before it was noticed an incident may have begun: thirty days.
const LONGEST_UNNOTICED: Span = Span::from_secs(30 * 86_400);

pub(super) fn correct(c: Context<'_>, id: &IncidentId, began: Past, reason: &str) -> Result<Vec<Event>, Refusal> {
    let known = c.incident(id)?;
    if matches!(known.phase, Phase::Dismissed { .. } | Phase::Cancelled { .. }) {
        return Err(is_elsewhere(known, "an incident, neither dismissed nor cancelled"));
    }
    let reason = text("reason", reason)?;
    // A moment is named as it was shown: by the clock as it was set when the incident began, whatever became of it since.
    let to = match began {
        Past::At(moment) => known.began.at(moment),
        Past::Ago(span) => c.now.earlier(span),
    };
    if to == known.began {
        return Ok(Vec::new());
    }
    let noticed = [(known.detected.as_ref(), Latest::Detected), (known.declared.as_ref(), Latest::Declared)];
    let noticed = noticed.into_iter().filter_map(|(at, what)| Some((at?, what)));
    let all: Vec<(&Now, Latest)> = noticed.chain([(c.now, Latest::Now)]).collect();
    let Some(latest) = first_of(all.iter().map(|(at, _)| *at)) else { return Ok(Vec::new()) };
    let because = all.iter().find(|(at, _)| *at == latest).map_or(Latest::Now, |(_, what)| *what);
    let earliest = latest.earlier(LONGEST_UNNOTICED);
    if latest.is_before(&to) || to.is_before(&earliest) {
        let (began, earliest, latest) = (to.utc, earliest.utc, latest.utc);
        return Err(Refusal::BadBegan { began, earliest, latest, because });
    }
    Ok(vec![Event::IncidentBeganCorrected { incident: id.clone(), from: known.began.clone(), to, reason }])
}
