//! What holds of any run, however its steps wait for each other and whatever has become of them.

use proptest::prelude::*;

use super::*;
use crate::core::apply::apply;
use crate::core::command::Command;
use crate::core::fixtures::ada;
use crate::core::follow::next_due;
use crate::core::forecast::in_a_row;
use crate::core::plan::{Lanes, Procedure, Retry};
use crate::core::run::StepState;
use crate::core::state::Entry;

/// One step of a random run.
#[derive(Debug, Clone)]
struct Any {
    /// What it waits for, by how far above it that stands; for all above it when there is nothing.
    needs: Option<Vec<usize>>,
    kind: Kind,
    host: Option<u8>,
}

#[derive(Debug, Clone)]
enum Kind {
    Seen(Vec<u64>),
    Said(u64),
    Unknown,
    Wait(u64),
    Manual,
    Gate,
}

fn any_step() -> impl Strategy<Value = Any> {
    let kind = prop_oneof![
        4 => proptest::collection::vec(1_u64..300, 1..6).prop_map(Kind::Seen),
        2 => (1_u64..300).prop_map(Kind::Said),
        1 => Just(Kind::Unknown),
        1 => (1_u64..100).prop_map(Kind::Wait),
        1 => Just(Kind::Manual),
        1 => Just(Kind::Gate),
    ];
    let needs = proptest::option::weighted(0.8, proptest::collection::vec(1_usize..6, 0..3));
    (needs, kind, proptest::option::weighted(0.3, 0_u8..2)).prop_map(|(needs, kind, host)| Any { needs, kind, host })
}

/// A step whose time is in the plan.
fn any_wait() -> impl Strategy<Value = Any> {
    let needs = proptest::option::weighted(0.9, proptest::collection::vec(1_usize..12, 0..3));
    (needs, 1_u64..100).prop_map(|(needs, seconds)| Any { needs, kind: Kind::Wait(seconds), host: None })
}

fn name(at: usize) -> String {
    format!("s{at}")
}

/// A run of such steps, with what happened to it so far: a number for each thing.
fn world(steps: &[Any], lanes: Lanes, happened: &[u8]) -> (World, RunId) {
    let retry = Retry { times: 1, every: secs(40), ..Retry::NEVER };
    let built = steps.iter().enumerate().map(|(at, any)| {
        let named = name(at);
        let plain = match &any.kind {
            Kind::Seen(_) | Kind::Unknown => Step { retry, ..step(&named) },
            Kind::Said(seconds) => said(&named, *seconds),
            Kind::Wait(seconds) => wait(&named, *seconds),
            Kind::Manual => manual(&named),
            Kind::Gate => gate(&named),
        };
        let hosted = match any.host {
            Some(host) if plain.action.is_program() => plain.on(&format!("host-{host}")),
            _ => plain,
        };
        match &any.needs {
            None => hosted,
            Some(back) => {
                let ids: Vec<String> = back.iter().filter(|back| **back <= at).map(|back| name(at - back)).collect();
                hosted.needs(&ids.iter().map(String::as_str).collect::<Vec<_>>())
            }
        }
    });
    let (mut world, run) = begun(Procedure { lanes, ..recovery("recover", built.collect()) });
    for (at, any) in steps.iter().enumerate() {
        if let Kind::Seen(seconds) = &any.kind {
            seen(&mut world, &[(&name(at), seconds)]);
        }
    }
    happened.iter().for_each(|what| happens(&mut world, run, *what));
    (world, run)
}

/// Something happens to a step that is being done, or time passes.
fn happens(world: &mut World, run: RunId, what: u8) {
    let active: Vec<(String, StepState, u32)> = {
        let known = world.run(run);
        known.active().map(|(_, step, seen)| (step.id.to_string(), seen.state.clone(), seen.attempts)).collect()
    };
    let Some((step, state, attempt)) = active.get(usize::from(what) % active.len().max(1)) else { return };
    match (state, what % 7) {
        (_, 0) => {
            world.pass(u64::from(what));
        }
        (StepState::Running { .. }, 1) => {
            world.ends(run, step, *attempt, bad());
        }
        (StepState::Running { .. }, _) => {
            world.ends(run, step, *attempt, good());
        }
        (StepState::Waiting { .. }, _)
            if world.run(run).gate().is_some_and(|(_, gate, ..)| gate.id.as_str() == step) =>
        {
            confirm(world, run, step);
        }
        (StepState::Waiting { .. }, _) => {
            let _ = world.say(ada(), Command::SayDone { run, step: id(step), note: None });
        }
        _ => {}
    }
}

fn told(world: &World, run: RunId) -> Option<Forecast> {
    of_run(&world.state, world.run(run), &world.now)
}

fn few(lanes: (u32, u32)) -> Lanes {
    Lanes { run: lanes.0, host: lanes.1 }
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 200, ..ProptestConfig::default() })]

    #[test]
    fn the_end_is_no_later_than_all_that_is_left_in_a_row_at_its_longest(
        steps in proptest::collection::vec(any_step(), 1..14),
        lanes in (1_u32..4, 1_u32..3),
        happened in proptest::collection::vec(any::<u8>(), 0..25),
    ) {
        let (world, run) = world(&steps, few(lanes), &happened);
        if let Some(told) = told(&world, run) {
            prop_assert!(told.median <= told.ninetieth);
            let row = in_a_row(&world.state, world.run(run), &world.now);
            prop_assert!(told.ninetieth <= row, "{} of {row}", told.ninetieth);
        }
    }

    #[test]
    fn a_run_asked_again_says_the_same(
        steps in proptest::collection::vec(any_step(), 1..14),
        happened in proptest::collection::vec(any::<u8>(), 0..25),
    ) {
        let (world, run) = world(&steps, few((2, 2)), &happened);
        prop_assert_eq!(told(&world, run), told(&world, run));
    }

    #[test]
    fn more_lanes_never_make_the_end_later(
        steps in proptest::collection::vec(any_step(), 1..14),
        lanes in (1_u32..5, 1_u32..4),
        more in (0_u32..4, 0_u32..3),
    ) {
        let (narrow, run) = world(&steps, few(lanes), &[]);
        let (mut wide, _) = world(&steps, few(lanes), &[]);
        // The same moment of the same run, with other lanes.
        let known = std::sync::Arc::make_mut(wide.state.runs.get_mut(&run).unwrap());
        let lanes = few((lanes.0 + more.0, lanes.1 + more.1));
        known.procedure = std::sync::Arc::new(Procedure { lanes, ..(*known.procedure).clone() });
        if let (Some(narrow), Some(wide)) = (told(&narrow, run), told(&wide, run)) {
            prop_assert!(wide.median <= narrow.median, "{} after {}", wide.median, narrow.median);
            prop_assert!(wide.ninetieth <= narrow.ninetieth, "{} after {}", wide.ninetieth, narrow.ninetieth);
        }
    }

    #[test]
    fn leaving_a_step_out_never_makes_the_end_later(
        steps in proptest::collection::vec(any_step(), 2..14),
        lanes in (1_u32..4, 1_u32..3),
        happened in proptest::collection::vec(any::<u8>(), 0..15),
        which in any::<prop::sample::Index>(),
    ) {
        let (mut world, run) = world(&steps, few(lanes), &happened);
        let before = told(&world, run);
        let asked = skip(run, &name(which.index(steps.len())));
        let Ok(events) = world.clone().say(ada(), asked) else { return Ok(()) };
        // The step alone: what the engine would begin in its place may be another one than would end first.
        let entry = Entry { seq: world.head + 1, at: world.now.clone(), by: ada(), event: events[0].clone() };
        apply(&mut world.state, &entry);
        if let (Some(before), Some(after)) = (before, told(&world, run)) {
            prop_assert!(after.median <= before.median, "{} after {}", after.median, before.median);
            prop_assert!(after.ninetieth <= before.ninetieth, "{} after {}", after.ninetieth, before.ninetieth);
        }
    }

    #[test]
    fn what_takes_known_times_is_foretold_nearly_as_the_rules_go(
        steps in proptest::collection::vec(any_wait(), 2..30),
        lanes in (1_u32..9, 1_u32..5),
    ) {
        let (mut world, run) = world(&steps, few(lanes), &[]);
        let told = forecast(&world, run).median;
        let begun = world.now.clone();
        while let Some(due) = next_due(&world.state, &world.now).filter(|_| world.run(run).is_open()) {
            world.pass(due.since(world.now.utc).secs().max(1));
        }
        let took = world.now.since(&begun).span;
        // The engine begins whatever is ready, in the order of the plan; the forecast keeps to an order of its own.
        prop_assert!(told.secs() * 3 >= took.secs() * 2 && told.secs() * 2 <= took.secs() * 3, "{told} of {took}");
    }

    #[test]
    fn fewer_runs_of_the_same_spread_make_it_wider(
        spread in proptest::collection::vec(20_u64..40, 1..3),
        steps in 1_usize..5,
    ) {
        let names: Vec<String> = (0..steps).map(name).collect();
        let (mut world, run) = run_of(names.iter().map(|name| step(name)).collect());
        let mut widths = Vec::new();
        for times in [1, 2] {
            let seconds = spread.repeat(times);
            names.iter().for_each(|name| seen(&mut world, &[(name, &seconds)]));
            let told = forecast(&world, run);
            widths.push(told.ninetieth.minus(told.median));
        }
        prop_assert!(widths[0] > widths[1], "{widths:?}");
    }
}
