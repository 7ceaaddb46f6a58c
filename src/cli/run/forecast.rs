//! When a run will end, as it is printed.

use serde_json::{Value, json};

use crate::core::forecast::{self, Basis, Forecast, Miss};
use crate::core::plan::Step;
use crate::core::run::Run;
use crate::core::state::State;
use crate::core::time::Now;
use crate::text;

/// The forecast of a run that goes on, and whether it ends after its objective.
pub(super) fn of(state: &State, run: &Run, now: &Now) -> Option<(Forecast, Option<Miss>)> {
    let told = forecast::of_run(state, run, now)?;
    let of = state.plans.get(&run.plan).zip(state.incidents.get(&run.incident));
    let miss = of.and_then(|(loaded, incident)| forecast::misses(loaded, incident, run, &told, now));
    Some((told, miss))
}

/// The lines about the end of a run: what is foretold while it goes on, and what was foretold when it began.
pub(super) fn lines(state: &State, run: &Run, now: &Now) -> Vec<String> {
    let mut lines = Vec::new();
    if let Some((told, miss)) = of(state, run, now) {
        lines.push(text::forecast(run, &told, now));
        lines.extend(
            Some(text::forecast_basis(&told)).filter(|words| !words.is_empty()).map(|words| format!("  {words}")),
        );
        lines.extend(text::critical_path(&told).map(|words| format!("  {words}")));
        lines.extend(text::forecast_pressed(&told, miss).map(|words| format!("  {words}")));
    }
    lines.extend(text::forecast_at_start(run, now));
    lines
}

/// The same for programs; lengths of time from now.
pub(super) fn of_run(state: &State, run: &Run, now: &Now) -> Value {
    let Some((told, miss)) = of(state, run, now) else { return Value::Null };
    let mut json = whole(&told, &run.procedure.steps);
    json["ends"] = match told.basis {
        Basis::Nothing => Value::Null,
        _ => json!(now.utc.plus(told.median)),
    };
    json["misses_rto"] = match miss {
        None => Value::Null,
        Some(Miss::Likely(by)) => json!({ "how": "likely", "by": by }),
        Some(Miss::Possible(by)) => json!({ "how": "possibly", "by": by }),
        Some(Miss::Already) => json!({ "how": "already" }),
    };
    json
}

/// A forecast over those steps.
pub(super) fn whole(told: &Forecast, steps: &[Step]) -> Value {
    let ids = |places: &[usize]| places.iter().filter_map(|place| steps.get(*place)).map(|s| &s.id).collect::<Vec<_>>();
    let basis = match told.basis {
        Basis::Steps => "steps",
        Basis::SomeSteps => "some_steps",
        Basis::Procedure(_) => "procedure",
        Basis::Nothing => "nothing",
    };
    let known = told.known;
    json!({
        "median": told.median, "ninetieth": told.ninetieth, "basis": basis,
        "known": { "earlier": known.earlier, "author": known.author, "fixed": known.fixed, "unknown": known.unknown },
        "critical_path": ids(&told.critical), "waits": ids(&told.waits), "people": ids(&told.people),
        "overrun": ids(&told.overrun),
        "saves": told.saves.map(|saving| json!({ "step": steps.get(saving.place).map(|s| &s.id), "span": saving.span })),
    })
}
