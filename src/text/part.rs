//! Everything about one probe: what it does, what is believed, what it saw, how it failed last.

use super::{clean_line, limits, look, measured, verdict};
use crate::core::health::history::LastFailure;
use crate::core::health::{Readings, Verdict};
use crate::core::plan::{Component, Place, Probe, Vantage};
use crate::core::state::{Loaded, State};
use crate::core::time::{Elapsed, Now, Span};

/// What something is called, and what it is; nothing where it goes on with what stands above.
pub type Fact = (&'static str, String);

/// All that the state and the last looks say of a probe; cleaned. `now` is nothing as long as the engine's clock was not heard.
#[must_use]
pub fn about_probe(
    state: &State,
    loaded: &Loaded,
    (component, probe): (&Component, &Probe),
    readings: &Readings,
    now: Option<&Now>,
) -> Vec<Fact> {
    let vantage = match probe.vantage {
        Vantage::FrontDoor => "through the front door, as a customer",
        Vantage::Inside => "directly at the part",
    };
    let seen = loaded.probes.get(&probe.id);
    let believed = seen.map_or(Verdict::Unknown, |s| s.verdict);
    let moment = |at: Option<&Now>| at.map_or("never".to_owned(), |at| at.utc.dated());
    let since = moment(seen.and_then(|s| s.since.as_ref()));
    let mut facts: Vec<Fact> = vec![
        ("component", format!("{} ({})", component.name, component.kind)),
        ("looks", look(&probe.look)),
        ("", format!("{vantage}; every {}, at most {}", probe.every, probe.timeout)),
        ("believed", format!("{} since {since}", verdict(believed))),
    ];
    if let Some(pause) = loaded.pause_of(component, probe) {
        let ends = now.map_or_else(|| "?".to_owned(), |now| pause_ends(pause.left(now), now));
        let by = state.name(&pause.by);
        facts.push(("PAUSED", format!("{} by {by}, {ends}: {}", pause.of, pause.reason)));
    }
    facts.push(("because", seen.map_or(String::new(), |s| s.why.clone())));
    if believed != Verdict::Ok {
        facts.push(("last good", moment(seen.and_then(|s| s.last_good.as_ref()))));
    }
    facts
        .push(("changes", format!("down after {} bad in a row, ok after {} good", probe.fail_after, probe.pass_after)));
    facts.extend(limits(probe).map(|limits| ("limits", limits)));
    let several = probe.from.len() > 1;
    for (place, belief) in seen.iter().flat_map(|s| &s.places).filter(|_| several) {
        let since = belief.since.as_ref().map_or(String::new(), |since| format!(" since {}", since.utc));
        facts.push(("seen from", format!("{place}: {}{since}, {}", verdict(belief.verdict), belief.why)));
    }
    for (place, sample) in readings.looks(&loaded.plan.id, &probe.id) {
        let from = if several { format!("{place}: ") } else { String::new() };
        let ago = now.map_or(String::new(), |now| format!(", {} ago", whole(now.since(&sample.at))));
        facts.push(("last look", format!("{from}{} in {}{ago}", sample.why, sample.took)));
        let measured = measured(&sample.measured);
        facts.extend((!measured.is_empty()).then_some(("", measured)));
    }
    facts.into_iter().map(|(name, says)| (name, clean_line(&says).into_owned())).collect()
}

/// All that is known of the last look that found a part bad, without what came back; cleaned.
#[must_use]
pub fn last_failure(place: &Place, failure: &LastFailure) -> Vec<Fact> {
    let facts = [
        ("when", format!("{}, after {}", failure.at.dated(), failure.took)),
        ("evidence", failure.why.clone()),
        ("asked", failure.asked.clone()),
        ("from", place.to_string()),
        ("terms", failure.terms.clone()),
    ];
    facts.into_iter().map(|(name, says)| (name, clean_line(&says).into_owned())).collect()
}

/// How long a pause goes on, and when it ends: `for 1h59m more, until 05:03:38Z`.
#[must_use]
pub fn pause_ends(left: Span, now: &Now) -> String {
    let ends = now.utc.plus(left);
    let ends = if ends.same_day(now.utc) { ends.to_string() } else { ends.dated() };
    format!("for {left} more, until {ends}")
}

/// As clocks tick.
fn whole(lasted: Elapsed) -> Elapsed {
    Elapsed { span: Span::from_secs(lasted.span.secs()), ..lasted }
}
