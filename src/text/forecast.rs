//! When a run will end, in words: never more certain than it is.

use crate::core::forecast::{Accuracy, AtStart, Basis, Forecast, Known, Miss};
use crate::core::plan::Action;
use crate::core::run::{Course, Run, RunState};
use crate::core::time::{Moment, Now, Span};

use super::some_of;

/// From here on nobody counts seconds.
const LONG: Span = Span::from_secs(600);

/// Most steps that are named in one line.
const NAMED: usize = 12;

/// How finely a moment is told.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Grain {
    Seconds,
    Minutes,
}

/// The end of a run in one sentence: `ends ~03:36:40Z, in 9 of 10 cases by 03:41:10Z, if gate 6 is opened now`.
#[must_use]
pub fn forecast(run: &Run, told: &Forecast, now: &Now) -> String {
    let grain = grain(told);
    let by = match by(told, now, grain) {
        Some(by) => format!(", in 9 of 10 cases by {by}"),
        None => String::new(),
    };
    let condition = condition(run, told).map(|condition| format!(", {condition}")).unwrap_or_default();
    format!("{}{by}{condition}", end(run, told, now, grain))
}

/// What a forecast rests on: `left: 3 by earlier runs, 1 by author, 2 unknown, 1 people's (no time)`.
#[must_use]
pub fn forecast_basis(told: &Forecast) -> String {
    let Known { earlier, author, fixed, unknown } = told.known;
    let people = told.people.len();
    let counts = [
        (earlier, "by earlier runs"),
        (author, "by author"),
        (fixed, "fixed"),
        (unknown, "unknown"),
        (people, "people's (no time)"),
    ];
    let left: Vec<String> =
        counts.iter().filter(|(count, _)| *count > 0).map(|(count, what)| format!("{count} {what}")).collect();
    let mut words = Vec::new();
    words.extend((!left.is_empty()).then(|| format!("left: {}", left.join(", "))));
    if let Basis::Procedure(span) = told.basis {
        words.push(format!("its author gives {span} for all of it"));
    }
    let over = |place: &usize| format!("step {} lasts longer than anything known of it", place + 1);
    words.extend(told.overrun.iter().take(NAMED).map(over));
    words.join("; ")
}

/// That a run is too late, and what would help: `misses RTO by 6m00s; skipping step 7 saves 4m00s`. Nothing while there is time.
#[must_use]
pub fn forecast_pressed(told: &Forecast, miss: Option<Miss>) -> Option<String> {
    let miss = miss?;
    let saves = told.saves.map(|saving| format!("skipping step {} saves {}", saving.place + 1, whole(saving.span)));
    let words: Vec<String> = missed(miss).into_iter().chain(saves).collect();
    (!words.is_empty()).then(|| words.join("; "))
}

/// That a run ends after its objective, by how much.
#[must_use]
pub fn missed(miss: Miss) -> Option<String> {
    match miss {
        Miss::Likely(by) => Some(format!("misses RTO by {}", whole(by))),
        Miss::Possible(by) => Some(format!("may miss RTO by {}", whole(by))),
        Miss::Already => None,
    }
}

/// The end of a run in a few words, the longest first: `ends ~03:36Z (by 03:41Z) if gate 6 now`, `ends ~03:36Z if gate 6 now`.
#[must_use]
pub fn forecast_short(run: &Run, told: &Forecast, now: &Now) -> Vec<String> {
    let condition = short_condition(run, told).map(|condition| format!(" {condition}")).unwrap_or_default();
    let said = |grain| end(run, told, now, grain);
    let with_by = |grain| by(told, now, grain).map(|by| format!("{} (by {by}){condition}", said(grain)));
    let fine = grain(told);
    let mut all: Vec<String> = [fine, Grain::Minutes].into_iter().filter_map(with_by).collect();
    all.extend([fine, Grain::Minutes].map(|grain| format!("{}{condition}", said(grain))));
    all.push(format!("{}{condition}", said(Grain::Minutes).trim_start_matches("ends ")));
    if told.basis != Basis::Nothing && !condition.is_empty() {
        // Whatever people take, it only gets later.
        all.push(format!("after ~{}", moment(now, told.median, Grain::Minutes)));
    }
    all
}

/// What is foretold of a launch: `about 4m10s, in 9 of 10 cases at most 6m00s`.
#[must_use]
pub fn forecast_takes(told: &Forecast) -> String {
    let (median, ninetieth) = (whole(told.median), whole(told.ninetieth));
    let most = if ninetieth > median { format!(", in 9 of 10 cases at most {ninetieth}") } else { String::new() };
    match told.basis {
        Basis::Nothing => "nobody knows how long".to_owned(),
        Basis::SomeSteps => format!("at least ~{median}"),
        Basis::Steps | Basis::Procedure(_) => format!("about {median}{most}"),
    }
}

/// What was foretold of a run when it began, and what became of that: `forecast at start 4m10s to 6m00s, took 5m02s of work`.
#[must_use]
pub fn forecast_at_start(run: &Run, now: &Now) -> Option<String> {
    let AtStart::Foretold(foretold) = &run.foretold else { return None };
    let took = match run.is_open() {
        true => String::new(),
        false => format!(", took {} of work", whole(run.busy(now))),
    };
    Some(format!("forecast at start {} to {}{took}", whole(foretold.median), whole(foretold.ninetieth)))
}

/// How good forecasts were: `forecasts: 8 of 10 ended by the 90th percentile; typically 12 % off`.
#[must_use]
pub fn forecast_accuracy(accuracy: Accuracy) -> String {
    let Accuracy { runs, by_ninetieth, off_percent } = accuracy;
    format!("forecasts: {by_ninetieth} of {runs} ended by the 90th percentile; typically {off_percent} % off")
}

/// The steps that decide the end, by number, where they are not all that are left: `decided by steps 7, 8 and 9`.
#[must_use]
pub fn critical_path(told: &Forecast) -> Option<String> {
    let numbers: Vec<String> = told.critical.iter().map(|place| (place + 1).to_string()).collect();
    let some = told.singles_out() && !numbers.is_empty();
    some.then(|| format!("decided by the steps on the critical path: {}", some_of(&numbers, NAMED)))
}

fn end(run: &Run, told: &Forecast, now: &Now, grain: Grain) -> String {
    let verb = if run.course == Course::Forward { "ends" } else { "back" };
    let at = |span| moment(now, span, grain);
    match told.basis {
        Basis::Nothing => "end unknown".to_owned(),
        Basis::Steps if told.ninetieth == Span::ZERO => format!("{verb} at once"),
        Basis::SomeSteps => format!("{verb} after ~{}", at(told.median)),
        Basis::Steps | Basis::Procedure(_) => format!("{verb} ~{}", at(told.median)),
    }
}

/// By when it ends in nine of ten cases, where that is another moment than the expected one.
fn by(told: &Forecast, now: &Now, grain: Grain) -> Option<String> {
    let (median, by) = (moment(now, told.median, grain), moment(now, told.ninetieth, grain));
    (matches!(told.basis, Basis::Steps | Basis::Procedure(_)) && by != median).then_some(by)
}

fn grain(told: &Forecast) -> Grain {
    if told.median < LONG { Grain::Seconds } else { Grain::Minutes }
}

/// That long from now; a minute that has begun counts, so that no end is told before it.
fn moment(now: &Now, span: Span, grain: Grain) -> String {
    let at = now.utc.plus(span);
    let shown = |at: Moment| if at.same_day(now.utc) { at.to_string() } else { at.dated() };
    match grain {
        Grain::Seconds => shown(at),
        Grain::Minutes => {
            let text = shown(at.plus(Span::from_micros(59_999_999)));
            format!("{}Z", text.get(..text.len().saturating_sub(4)).unwrap_or_default())
        }
    }
}

/// What people must do at once for a forecast to hold: `if gate 6 is opened now`.
fn condition(run: &Run, told: &Forecast) -> Option<String> {
    if matches!(run.state, RunState::Held { .. }) {
        return Some("if the run is resumed now".to_owned());
    }
    let numbers = |places: &[usize]| places.iter().map(|place| (place + 1).to_string()).collect::<Vec<_>>();
    match told.waits.as_slice() {
        [] => None,
        [one] if is_gate(run, *one) => Some(format!("if gate {} is opened now", one + 1)),
        [one] => Some(format!("if step {} is settled now", one + 1)),
        several => Some(format!("if steps {} are settled now", some_of(&numbers(several), NAMED))),
    }
}

/// The same in a few words; people who come later count too.
fn short_condition(run: &Run, told: &Forecast) -> Option<String> {
    if matches!(run.state, RunState::Held { .. }) {
        return Some("if resumed now".to_owned());
    }
    let named = |place: usize| format!("{} {}", if is_gate(run, place) { "gate" } else { "step" }, place + 1);
    match (told.waits.as_slice(), told.people.as_slice()) {
        ([], []) => None,
        ([], [one]) => Some(format!("if {} at once", named(*one))),
        ([], several) => Some(format!("if {} steps at once", several.len())),
        ([one], _) => Some(format!("if {} now", named(*one))),
        (several, _) => Some(format!("if {} steps now", several.len())),
    }
}

fn is_gate(run: &Run, place: usize) -> bool {
    run.procedure.steps.get(place).is_some_and(|step| matches!(step.action, Action::Gate(_)))
}

/// To the nearest second; what is shorter than one as it is.
fn whole(span: Span) -> Span {
    if span < Span::from_secs(1) { span } else { Span::from_secs(span.plus(Span::from_millis(500)).secs()) }
}

#[cfg(test)]
mod tests {
    use std::sync::Arc;

    use super::*;
    use crate::core::fixtures::at;
    use crate::core::forecast::{Foretold, Saving};
    use crate::core::ids::Principal;
    use crate::core::run::RunResult;
    use crate::text::fixtures::{ada, state};

    fn secs(secs: u64) -> Span {
        Span::from_secs(secs)
    }

    /// A run whose first step is a gate, and its second a command.
    fn run() -> Run {
        let known = (**state().runs.values().next().unwrap()).clone();
        let mut procedure = (*known.procedure).clone();
        procedure.steps.sort_by_key(|step| !matches!(step.action, Action::Gate(_)));
        Run { procedure: Arc::new(procedure), ..known }
    }

    /// Two minutes to five, with everything known.
    fn told() -> Forecast {
        Forecast {
            median: secs(120),
            ninetieth: secs(300),
            basis: Basis::Steps,
            known: Known { earlier: 3, author: 1, ..Known::default() },
            critical: vec![1],
            left: 1,
            waits: vec![],
            people: vec![],
            overrun: vec![],
            saves: None,
        }
    }

    #[test]
    fn the_end_is_told_with_what_it_depends_on() {
        let (run, now) = (run(), at(0));
        let moment = |seconds| at(seconds).utc.to_string();
        let held = Run { state: RunState::Held { by: Principal::Engine, reason: None, at: at(0) }, ..run.clone() };
        let back = Run { course: Course::Back { by: ada(), why: "wrong".into(), at: at(0) }, ..run.clone() };
        let (two, five) = (moment(120), moment(300));
        for (run, told, sentence) in [
            (&run, told(), format!("ends ~{two}, in 9 of 10 cases by {five}")),
            (&run, Forecast { ninetieth: secs(120), ..told() }, format!("ends ~{two}")),
            (&run, Forecast { basis: Basis::SomeSteps, ..told() }, format!("ends after ~{two}")),
            (&run, Forecast { basis: Basis::Nothing, ..told() }, "end unknown".into()),
            (
                &run,
                Forecast { waits: vec![0], ..told() },
                format!("ends ~{two}, in 9 of 10 cases by {five}, if gate 1 is opened now"),
            ),
            (
                &run,
                Forecast { median: Span::ZERO, ninetieth: Span::ZERO, waits: vec![1], ..told() },
                "ends at once, if step 2 is settled now".into(),
            ),
            (
                &run,
                Forecast { basis: Basis::SomeSteps, waits: vec![0, 1], ..told() },
                format!("ends after ~{two}, if steps 1 and 2 are settled now"),
            ),
            (
                &held,
                Forecast { basis: Basis::SomeSteps, waits: vec![0], ..told() },
                format!("ends after ~{two}, if the run is resumed now"),
            ),
            (&back, Forecast { basis: Basis::SomeSteps, ..told() }, format!("back after ~{two}")),
        ] {
            assert_eq!(forecast(run, &told, &now), sentence);
        }
    }

    #[test]
    fn an_end_far_away_is_told_in_minutes_that_have_begun_and_with_its_day() {
        let (run, now) = (run(), at(0));
        assert_eq!(now.utc.dated(), "2026-11-21 03:00:00Z");
        for (median, ninetieth, sentence) in [
            (599, 600, "ends ~03:09:59Z, in 9 of 10 cases by 03:10:00Z"),
            (600, 3_601, "ends ~03:10Z, in 9 of 10 cases by 04:01Z"),
            (86_400, 90_000, "ends ~2026-11-22 03:00Z, in 9 of 10 cases by 2026-11-22 04:00Z"),
        ] {
            let told = Forecast { median: secs(median), ninetieth: secs(ninetieth), ..told() };
            assert_eq!(forecast(&run, &told, &now), sentence);
        }
    }

    #[test]
    fn the_short_forms_get_shorter_and_keep_the_condition() {
        let (run, now) = (run(), at(0));
        let short = |told: &Forecast| forecast_short(&run, told, &now);
        assert_eq!(
            short(&Forecast { waits: vec![0], ..told() }),
            [
                "ends ~03:02:00Z (by 03:05:00Z) if gate 1 now",
                "ends ~03:02Z (by 03:05Z) if gate 1 now",
                "ends ~03:02:00Z if gate 1 now",
                "ends ~03:02Z if gate 1 now",
                "~03:02Z if gate 1 now",
                "after ~03:02Z",
            ]
        );
        let conditions = [(vec![0], "if gate 1 at once"), (vec![0, 1], "if 2 steps at once")];
        for (people, condition) in conditions {
            let short = short(&Forecast { people, ..told() });
            assert_eq!(short[4], format!("~03:02Z {condition}"));
        }
        assert_eq!(short(&Forecast { waits: vec![0, 1], ..told() })[4], "~03:02Z if 2 steps now");
        assert_eq!(short(&told()).last().unwrap(), "~03:02Z");
    }

    #[test]
    fn what_a_forecast_rests_on_is_said_and_what_it_leaves_out() {
        for (told, sentence) in [
            (told(), "left: 3 by earlier runs, 1 by author"),
            (
                Forecast { known: Known { fixed: 1, unknown: 2, ..Known::default() }, people: vec![0], ..told() },
                "left: 1 fixed, 2 unknown, 1 people's (no time)",
            ),
            (
                Forecast { overrun: vec![6], known: Known { unknown: 1, ..Known::default() }, ..told() },
                "left: 1 unknown; step 7 lasts longer than anything known of it",
            ),
            (
                Forecast {
                    basis: Basis::Procedure(secs(600)),
                    known: Known { unknown: 2, ..Known::default() },
                    ..told()
                },
                "left: 2 unknown; its author gives 10m00s for all of it",
            ),
            (Forecast { known: Known::default(), ..told() }, ""),
        ] {
            assert_eq!(forecast_basis(&told), sentence);
        }
    }

    #[test]
    fn what_would_save_time_is_told_when_there_is_none_to_lose() {
        let saves = Some(Saving { place: 6, span: secs(240) });
        let told = |saves| Forecast { saves, ..told() };
        for (saves, miss, sentence) in [
            (saves, None, None),
            (saves, Some(Miss::Likely(secs(360))), Some("misses RTO by 6m00s; skipping step 7 saves 4m00s")),
            (None, Some(Miss::Likely(secs(360))), Some("misses RTO by 6m00s")),
            (saves, Some(Miss::Possible(secs(9))), Some("may miss RTO by 9s; skipping step 7 saves 4m00s")),
            (saves, Some(Miss::Already), Some("skipping step 7 saves 4m00s")),
            (None, Some(Miss::Already), None),
        ] {
            assert_eq!(forecast_pressed(&told(saves), miss).as_deref(), sentence);
        }
    }

    #[test]
    fn the_critical_path_is_told_where_it_tells_steps_apart() {
        assert_eq!(critical_path(&told()), None);
        let some = Forecast { critical: vec![1, 4, 8], left: 7, ..told() };
        assert_eq!(critical_path(&some).unwrap(), "decided by the steps on the critical path: 2, 5 and 9");
    }

    #[test]
    fn a_launch_is_told_how_long_it_takes() {
        for (told, sentence) in [
            (told(), "about 2m00s, in 9 of 10 cases at most 5m00s"),
            (Forecast { ninetieth: secs(120), ..told() }, "about 2m00s"),
            (Forecast { basis: Basis::SomeSteps, ..told() }, "at least ~2m00s"),
            (Forecast { basis: Basis::Nothing, ..told() }, "nobody knows how long"),
        ] {
            assert_eq!(forecast_takes(&told), sentence);
        }
    }

    #[test]
    fn what_was_foretold_is_told_beside_what_it_took() {
        let mut known = run();
        assert_eq!(forecast_at_start(&known, &at(0)), None);
        known.foretold = AtStart::Foretold(Foretold { median: secs(250), ninetieth: secs(360), left_out: 0 });
        assert_eq!(forecast_at_start(&known, &at(0)).unwrap(), "forecast at start 4m10s to 6m00s");
        known.board.busy = secs(302);
        known.state = RunState::Ended { result: RunResult::Done, at: at(9) };
        assert_eq!(forecast_at_start(&known, &at(9)).unwrap(), "forecast at start 4m10s to 6m00s, took 5m02s of work");
        let accuracy = Accuracy { runs: 10, by_ninetieth: 8, off_percent: 12 };
        let sentence = "forecasts: 8 of 10 ended by the 90th percentile; typically 12 % off";
        assert_eq!(forecast_accuracy(accuracy), sentence);
    }
}
