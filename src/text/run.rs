//! How a run stands, beside its one word.

use crate::core::health::{self, SiteVerdict};
use crate::core::run::{Course, Run, StepState};
use crate::core::state::{Loaded, State};

use super::{clean_line, verdict};

/// That a run is being turned back, where it is: `ROLLING BACK since 03:44:55Z, turned by ada: wrong site`.
#[must_use]
pub fn turned(state: &State, run: &Run) -> Option<String> {
    let Course::Back { by, why, at } = &run.course else { return None };
    let (by, why) = (state.name(by), clean_line(why));
    let word = if run.is_open() { "ROLLING BACK" } else { "turned back" };
    Some(format!("{word} since {}, turned by {}: {why}", at.utc, clean_line(&by)))
}

/// That a run's own time is over, where it is: `OVERDUE since 03:44:55Z: more than 30m00s of work`.
#[must_use]
pub fn overdue(run: &Run) -> Option<String> {
    let since = run.overdue.as_ref()?.utc;
    let limit = run.procedure.timeout.map(|limit| format!(": more than {limit} of work")).unwrap_or_default();
    Some(format!("OVERDUE since {since}{limit}"))
}

/// How the passes of a list stand together: `3 of 5 done, 1 failed, 1 running`.
#[must_use]
pub fn passes<'a>(states: impl Iterator<Item = &'a StepState>) -> String {
    const WORDS: [&str; 8] =
        ["failed", "declined", "unknown", "skipped", "not needed", "running", "waiting", "pausing"];
    let (mut all, mut done, mut counts) = (0_usize, 0_usize, [0_usize; WORDS.len()]);
    for state in states {
        all += 1;
        done += usize::from(matches!(state, StepState::Done { .. }));
        if let Some(place) = WORDS.iter().position(|word| *word == state.word()) {
            counts[place] += 1;
        }
    }
    let others = WORDS.iter().zip(counts).filter(|(_, count)| *count > 0);
    let others: String = others.map(|(word, count)| format!(", {count} {word}")).collect();
    format!("{done} of {all} done{others}")
}

/// Which site serves a plan's customers by what happened, and how it is: `East serves, worst DOWN: db DOWN and web ok`.
#[must_use]
pub fn serves(loaded: &Loaded) -> String {
    let Some(id) = &loaded.active else { return "nobody knows which site serves".into() };
    let site = loaded.plan.sites.iter().find(|site| site.id == *id);
    let name = site.map_or_else(|| id.to_string(), |site| clean_line(&site.name).into_owned());
    let seen = health::site(loaded, id);
    let parts: Vec<_> = seen.parts.iter().map(|(name, found)| format!("{name} {}", verdict(*found))).collect();
    match (parts.is_empty(), health::judge_site(loaded, id)) {
        (true, _) => format!("{name} serves, and nothing there is looked at"),
        (false, SiteVerdict::Ok) => format!("{name} serves, and all that is looked at there is ok"),
        (false, judged) => format!("{name} serves, {}: {}", super::site_verdict(judged), super::some_of(&parts, 8)),
    }
}

#[cfg(test)]
mod tests {
    use std::sync::Arc;

    use super::*;
    use crate::core::fixtures::at;
    use crate::core::health::{Belief, ProbeState, Verdict};
    use crate::core::plan::Procedure;
    use crate::core::run::{Evidence, Failure, How, RunResult, RunState, Then};
    use crate::core::time::Span;
    use crate::text::fixtures::{ada, state};

    fn run(state: &State) -> Run {
        (**state.runs.values().next().unwrap()).clone()
    }

    #[test]
    fn a_run_says_that_it_is_turned_back_and_that_its_time_is_over() {
        let state = state();
        let mut known = run(&state);
        assert_eq!((turned(&state, &known), overdue(&known)), (None, None));

        let moment = at(4).utc;
        known.course = Course::Back { by: ada(), why: "wrong\nsite".into(), at: at(4) };
        known.overdue = Some(at(4));
        assert_eq!(turned(&state, &known).unwrap(), format!("ROLLING BACK since {moment}, turned by ada: wrong site"));
        assert_eq!(overdue(&known).unwrap(), format!("OVERDUE since {moment}"));

        let timeout = Some(Span::from_secs(1_800));
        known.procedure = Arc::new(Procedure { timeout, ..(*known.procedure).clone() });
        known.state = RunState::Ended { result: RunResult::RolledBack { undone: 1, kept: vec![] }, at: at(5) };
        assert_eq!(turned(&state, &known).unwrap(), format!("turned back since {moment}, turned by ada: wrong site"));
        assert_eq!(overdue(&known).unwrap(), format!("OVERDUE since {moment}: more than 30m00s of work"));
    }

    #[test]
    fn passes_of_a_list_are_counted_and_only_those_done_are_called_done() {
        let done = StepState::Done { how: How::Seen(Evidence::ExitedWell), at: at(1), took: Span::ZERO };
        let failed = StepState::Failed { why: Failure::Exit { code: 1 }, at: at(1), then: Then::GoesOn };
        let unneeded = StepState::NotNeeded { why: "not so".into() };
        let running = StepState::Running { since: at(1) };
        for (given, sentence) in [
            (vec![], "0 of 0 done"),
            (vec![&done, &done], "2 of 2 done"),
            (vec![&done, &failed, &StepState::Pending], "1 of 3 done, 1 failed"),
            (vec![&done, &running, &unneeded, &failed, &running], "1 of 5 done, 1 failed, 1 not needed, 2 running"),
        ] {
            assert_eq!(passes(given.into_iter()), sentence);
        }
    }

    #[test]
    fn who_serves_is_said_with_how_it_is() {
        let state = state();
        let mut loaded = (**state.plans.values().next().unwrap()).clone();
        assert_eq!(serves(&loaded), "East serves, unknown: db unknown");
        for (found, sentence) in [
            (Verdict::Down, "East serves, DOWN: db DOWN"),
            (Verdict::Ok, "East serves, and all that is looked at there is ok"),
        ] {
            let seen = ProbeState { belief: Belief { verdict: found, ..Belief::default() }, ..ProbeState::default() };
            loaded.change(&"db.east".parse().unwrap(), |known| *known = seen);
            assert_eq!(serves(&loaded), sentence);
        }
        loaded.active = Some("west".parse().unwrap());
        assert_eq!(serves(&loaded), "West serves, and nothing there is looked at");
        loaded.active = None;
        assert_eq!(serves(&loaded), "nobody knows which site serves");
    }
}
