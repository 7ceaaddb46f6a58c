//! When runs will end, as the rules foretell it: cases with known answers, and what holds of any run.

mod accuracy;
mod cases;
mod random;

use super::workshop::*;
use crate::core::fixtures::{World, id};
use crate::core::forecast::{Forecast, of_run};
use crate::core::ids::RunId;
use crate::core::plan::Step;
use crate::core::time::Span;

fn secs(secs: u64) -> Span {
    Span::from_secs(secs)
}

/// A step that its author gives that many seconds.
fn said(name: &str, seconds: u64) -> Step {
    Step { estimate: Some(secs(seconds)), ..step(name) }
}

/// Earlier runs of a procedure of `shop` took a step that many seconds.
fn took(world: &mut World, procedure: &str, step: &str, seconds: &[u64]) {
    let of_plan = world.state.took.entry(id("shop")).or_default();
    let of_procedure = std::sync::Arc::make_mut(of_plan.entry(id(procedure)).or_default());
    of_procedure.insert(id(step), seconds.iter().map(|s| secs(*s)).collect());
}

/// The same of `recover`, which [`run_of`] runs.
fn seen(world: &mut World, steps: &[(&str, &[u64])]) {
    for (step, seconds) in steps {
        took(world, "recover", step, seconds);
    }
}

fn forecast(world: &World, run: RunId) -> Forecast {
    of_run(&world.state, world.run(run), &world.now).expect("the run is open")
}

/// The steps at those places.
fn names(world: &World, run: RunId, places: &[usize]) -> String {
    let steps = &world.run(run).procedure.steps;
    places.iter().map(|place| steps[*place].id.as_str()).collect::<Vec<_>>().join(" ")
}

/// Whether a length of time is about that many seconds, by that many per cent.
fn is_about(span: Span, seconds: u64, percent: u64) -> bool {
    let off = span.micros().abs_diff(secs(seconds).micros());
    off * 100 <= secs(seconds).micros() * percent
}
