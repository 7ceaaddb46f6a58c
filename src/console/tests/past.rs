//! The past of the night's probes, as an engine would have kept it.

use super::story::Night;
use crate::console::app::App;
use crate::console::histories::AskedHistory;
use crate::console::message::{Effect, Message};
use crate::console::place::View;
use crate::console::screens;
use crate::core::fixtures::at;
use crate::core::health::history::{LastFailure, Slot, coarsened};
use crate::core::health::{Found, Sample};
use crate::core::ids::{PlanId, ProbeId};
use crate::core::plan::Place;
use crate::core::time::{Moment, Now, Span};
use crate::wire::{Evidence, Histories, PlaceHistory, ProbeHistory};

/// How long before its first second the night was looked at already, in seconds.
const BEFORE: u64 = 600;

fn slots(night: &Night, sample: &Sample) -> Vec<Slot> {
    let begun = |second: u64| {
        let utc = Moment::from_micros(at(0).utc.micros() - i64::try_from(BEFORE * 1_000_000).unwrap());
        Now { utc: utc.plus(Span::from_secs(second)), ..at(second) }
    };
    let slots = (0..BEFORE + night.second).step_by(10).map(|second| {
        let now = begun(second);
        let since = now.utc >= sample.at.utc;
        let found = if since { sample.found } else { Found::Good };
        let took = if found == Found::Degraded { 4_100 } else { 10 + second % 70 };
        Slot::of(&Sample { at: now, took: Span::from_millis(took), found, ..sample.clone() })
    });
    slots.collect()
}

/// How a probe of the night failed.
fn failure(probe: &ProbeId, sample: &Sample) -> LastFailure {
    let detail =
        "HTTP/1.1 503 Service Unavailable\nserver: envoy\nretry-after: 5\n\n{\"error\": \"no healthy upstream\"}";
    LastFailure {
        at: sample.at.utc,
        took: sample.took,
        why: sample.why.clone(),
        asked: format!("GET http://{probe}.shop.internal/health"),
        terms: "every 10s, at most 3s; down after 3 bad in a row, ok after 2 good".into(),
        detail: sample.why.starts_with("50").then(|| detail.to_owned()),
    }
}

/// What the engine answers.
pub(super) fn histories(night: &Night, of: &AskedHistory) -> Histories {
    let past = |probe: &ProbeId| {
        let sample = night.readings.look(&of.plan, probe, &Place::Engine);
        let places = sample.map(|sample| {
            let fine = slots(night, sample);
            let mut kept = Vec::new();
            for slot in fine {
                // What lies far back has grown coarse.
                match night.now().utc.since(slot.at) > slot.grain.kept() {
                    true => kept.extend(coarsened([&slot], slot.grain.coarser().unwrap())),
                    false => kept.push(slot),
                }
            }
            let failed = sample.found == Found::Bad && of.evidence == Evidence::With;
            let failure = failed.then(|| failure(probe, sample));
            PlaceHistory { place: Place::Engine, slots: kept, failure }
        });
        ProbeHistory { probe: probe.clone(), places: places.into_iter().collect() }
    };
    let to = night.now().utc;
    let from = Moment::from_micros(to.micros() - i64::try_from(of.window.length().micros()).unwrap());
    Histories { from, to, trouble: None, probes: of.probes.iter().map(past).collect() }
}

/// Answers what the console asks of the past, and leaves everything else that it wants.
pub(super) fn tell_past(app: &mut App, night: &Night) {
    loop {
        let effects = std::mem::take(&mut app.effects);
        let (asked, others): (Vec<_>, Vec<_>) = effects.into_iter().partition(|e| matches!(e, Effect::History(_)));
        app.effects.extend(others);
        if asked.is_empty() {
            return;
        }
        for effect in asked {
            let Effect::History(of) = effect else { continue };
            let found = Ok(histories(night, &of));
            app.take(Message::History { of, found });
        }
    }
}

/// The small pictures of the war room, which only a large page asks for.
pub(super) fn tell_pictures(app: &mut App, night: &Night) {
    let view = View { model: &app.model, place: &app.place };
    let Some(of) = screens::wanted_pictures(view, true) else { return };
    let found = Ok(histories(night, &of));
    app.take(Message::History { of: Box::new(of), found });
}

/// The plan of the night.
pub(super) fn shop() -> PlanId {
    "shop".parse().unwrap()
}
