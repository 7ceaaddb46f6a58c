//! A first version of an update, from what the engine knows (rows TR-13, NX-9). A person edits it; what nobody knows but people
//! stands in double square brackets, and is refused until somebody has filled it in.

use crate::core::comms::{self, PLACEHOLDER};
use crate::core::forecast::of_run;
use crate::core::health::Readings;
use crate::core::impact::Impact;
use crate::core::incident::{Incident, Phase};
use crate::core::objectives::downtime;
use crate::core::plan::Step;
use crate::core::run::{Run, StepRun, StepState};
use crate::core::state::State;
use crate::core::status::waits_for;
use crate::core::time::Now;

use super::{clean_line, forecast, impact_short, run_state, waits};

/// Steps that are named of what was done and of what comes.
const NAMED: usize = 4;

/// A first version of an incident's next update: how it stands, whom it hits, what was done and is being done, when it is over, what
/// comes next, and when the next update comes.
#[must_use]
pub fn draft(state: &State, incident: &Incident, readings: &Readings, now: &Now) -> String {
    let mut lines = vec![stands(incident, now)];
    if let Some(loaded) = state.plans.get(&incident.plan) {
        let summary = Impact::of(loaded, incident).summary(loaded);
        if !summary.is_none() {
            lines.push(format!("Hit: {}.", impact_short(&summary)));
        }
    }
    let runs: Vec<_> = state.runs_of(&incident.id).collect();
    if runs.is_empty() {
        lines.push("Done: nothing was launched yet.".to_owned());
    }
    for run in runs {
        lines.extend(about_run(state, run, readings, now));
    }
    let over = matches!(incident.phase, Phase::Recovered | Phase::Closed { .. } | Phase::Cancelled { .. });
    lines.push(format!("Customers: {}what they see, and what they can do]].", PLACEHOLDER));
    lines.extend(match comms::cadence(incident.severity).filter(|_| !over) {
        Some(every) => Some(format!("Next update by {}.", now.utc.plus(every))),
        None if over => Some("This is the last update unless something changes.".to_owned()),
        None => None,
    });
    lines.join("\n")
}

fn stands(incident: &Incident, now: &Now) -> String {
    let title = incident.title.as_deref().map(|title| format!(" {}.", clean_line(title))).unwrap_or_default();
    let (sign, severity, phase) = (&incident.call_sign, incident.severity, incident.phase.word());
    let (began, down) = (incident.began.utc, downtime(incident, now));
    let lasts = if incident.stopped.is_some() { format!("and lasted {down}") } else { format!("{down} ago") };
    format!("{sign}, {severity}: {phase}.{title} It began {began}, {lasts}.")
}

/// What was done, what is at work, when it ends and what comes.
fn about_run(state: &State, run: &Run, readings: &Readings, now: &Now) -> Vec<String> {
    let name = clean_line(&run.procedure.name);
    let (settled, all) = run.progress();
    let how = run_state(state, &run.state);
    let mut lines = vec![format!("{name} ({}): {settled} of {all} steps, {how}.", run.id)];
    let named = |wanted: &dyn Fn(&StepRun) -> bool| {
        let steps = run.pairs().filter(|(step, seen)| step.counts() && wanted(seen));
        steps.map(|(step, _)| titled(step)).collect::<Vec<_>>()
    };
    let done = named(&|seen| matches!(seen.state, StepState::Done { .. }));
    if !done.is_empty() {
        let newest = done.iter().rev().take(NAMED).rev().cloned().collect::<Vec<_>>();
        lines.push(format!("Done: {}.", newest.join("; ")));
    }
    if !run.is_open() {
        return lines;
    }
    lines.push(format!("Now: it {}.", waits(state, run, &waits_for(state, run, readings, now))));
    lines.extend(of_run(state, run, now).map(|told| format!("End: it {}.", forecast(run, &told, now))));
    let next = named(&|seen| seen.state == StepState::Pending);
    if !next.is_empty() {
        lines.push(format!("Next: {}.", next.iter().take(NAMED).cloned().collect::<Vec<_>>().join("; ")));
    }
    lines
}

fn titled(step: &Step) -> String {
    clean_line(&step.name).into_owned()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::core::fixtures::World;
    use crate::core::loss::Loss;
    use crate::core::time::Span;

    #[test]
    fn a_draft_says_all_that_the_engine_knows_and_leaves_open_what_it_does_not() {
        let (mut world, incident, run) = World::failing_over();
        world.loses(Loss::Measured(Span::ZERO));
        world.walk_to(run, "promote");
        let draft = draft(&world.state, &world.state.incidents[&incident], &world.readings, &world.now);
        insta::assert_snapshot!(draft);
    }

    #[test]
    fn before_anything_runs_a_draft_says_so() {
        let (world, incident) = World::declared();
        let draft = draft(&world.state, &world.state.incidents[&incident], &world.readings, &world.now);
        assert!(draft.contains("nothing was launched yet") && draft.contains("Next update by "), "{draft}");
    }
}
