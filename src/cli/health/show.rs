//! `warroom health show`

use serde_json::{Value, json};

use super::super::Outcome;
use super::super::find;
use super::super::out::{Format, Out};
use crate::core::health::history::{Slot, cells, summary};
use crate::core::ids::{PlanId, ProbeId};
use crate::text;
use crate::wire::{Histories, PlaceHistory, Snapshot};

/// Columns of a row of history.
const CELLS: usize = 60;

pub(super) fn show(
    snapshot: &Snapshot,
    (plan, id): (&PlanId, &ProbeId),
    histories: &Histories,
    out: &mut Out,
) -> Outcome {
    let loaded = find::plan(&snapshot.state, plan)?;
    let (component, probe) = find::probe(loaded, id)?;
    let places: Vec<&PlaceHistory> = histories.probes.iter().flat_map(|probe| &probe.places).collect();
    if out.format == Format::Json {
        return out.json(&json!({
            "plan": plan, "probe": id, "component": component.id, "site": probe.site, "kind": probe.look.kind(),
            "verdict": loaded.verdict_of(component, probe), "belief": loaded.probes.get(id),
            "from": histories.from, "to": histories.to, "trouble": histories.trouble,
            "places": places.iter().map(|place| as_json(place)).collect::<Vec<_>>(),
        }));
    }
    let live = &snapshot.live;
    let verdict = text::verdict(loaded.verdict_of(component, probe));
    out.line(format!("{id}  {verdict}"))?;
    let about = text::about_probe(&snapshot.state, loaded, (component, probe), &live.readings, Some(&live.now));
    facts(&about, out)?;
    if let Some(trouble) = &histories.trouble {
        out.line(text::not_kept_history(trouble))?;
    }
    let length = histories.to.since(histories.from);
    for place in &places {
        out.line(format!("history of {length}, from {}", text::clean_line(&place.place.to_string())))?;
        let row = cells(&place.slots, histories.to, length, CELLS, probe.every.plus(probe.timeout));
        out.line(format!("  {}", text::sights(&row)))?;
        out.line(format!("  {}", text::bars(&row)).trim_end())?;
        out.line(format!("  {}", summary(&place.slots).as_ref().map_or_else(|| "no looks".to_owned(), text::looks)))?;
    }
    for place in &places {
        let Some(failure) = &place.failure else { continue };
        out.line("last failure")?;
        facts(&text::last_failure(&place.place, failure), out)?;
        let detail = failure.detail.as_deref().unwrap_or_default();
        for line in text::clean_block(detail).trim_end().lines() {
            out.line(format!("    {line}").trim_end())?;
        }
    }
    Ok(())
}

fn facts(facts: &[text::Fact], out: &mut Out) -> Outcome {
    let rows: Vec<Vec<String>> = facts.iter().map(|(name, says)| vec![format!("  {name}"), says.clone()]).collect();
    out.table(&rows)
}

fn as_json(place: &PlaceHistory) -> Value {
    let slot = |slot: &Slot| {
        json!({
            "at": slot.at, "length": slot.grain.length(), "good": slot.good, "degraded": slot.degraded, "bad": slot.bad,
            "unseen": slot.unseen, "mean": slot.mean(), "slowest": slot.mean().map(|_| slot.slowest),
            "measured": slot.measured,
        })
    };
    let slots: Vec<Value> = place.slots.iter().map(slot).collect();
    json!({ "place": place.place, "slots": slots, "last_failure": place.failure })
}
