//! What happened, as a row of the timeline says it: without time and who, which stand beside it.

mod names;
#[cfg(test)]
mod tests;

use crate::core::alert::Alert;
use crate::core::comms::Attempt;
use crate::core::event::{Event, Opening, Voided};
use crate::core::failover::CountdownEnd;
use crate::core::health::Change;
use crate::core::ids::{PlanId, ProbeId, RunId, StepId};
use crate::core::people::Mode;
use crate::core::run::Failure;
use crate::core::state::{Entry, State};
use crate::core::time::{Moment, Span};

pub(super) use names::site_of;
use names::{called, probe_name, scenario_name, scenario_of, site_name, step_name};

use super::alert::alert as named;
use super::words::{of_loss, short_hash};
use super::{
    all_of, assessment_short, attempt, clean_line as line, cut, evidence, failure, role, run_result, seen, verdict,
};

/// Most characters of [`event`].
pub const EVENT_LIMIT: usize = 100;

/// What happened, in at most [`EVENT_LIMIT`] characters, cleaned.
#[must_use]
pub fn event(state: &State, entry: &Entry) -> String {
    cut(&event_in_full(state, entry), EVENT_LIMIT).into_owned()
}

/// What happened, whatever its length, cleaned.
#[must_use]
pub fn event_in_full(state: &State, entry: &Entry) -> String {
    // One arm for each, so that a new event does not compile without its sentence.
    match &entry.event {
        Event::EngineStarted { version, mode, .. } => format!("engine {} started, {}", line(version), mode_word(*mode)),
        Event::EngineStopped => "engine stopped in order".into(),
        Event::PlanLoaded { plan, name, hash, .. } => {
            format!("plan {plan} loaded: {}, text {}", line(name), line(short_hash(&hash.0)))
        }
        Event::ProbeChanged { plan, probe, change } => probe_changed(state, plan, probe, change),
        Event::AlertRaised { plan, alert } => alert_raised(state, plan, alert),
        Event::AlertEnded { name, at, .. } => format!("alert {} ended at {at}", line(name)),
        Event::HealthPaused { of, length, reason, .. } => {
            because(&format!("{} is looked at and not counted for {length}", line(&of.to_string())), "PAUSED", reason)
        }
        Event::HealthResumed { of, .. } => format!("{} counts again", line(&of.to_string())),
        Event::EngineCutOff { why } => because("the engine", "is CUT OFF: nothing that it sees counts", why),
        Event::EngineConnected => "the engine reaches the world again, and looks at everything anew".into(),
        Event::TriggerMet { plan, scenario, saw } => {
            with_words(&scenario_name(state, plan, scenario), "begins to show", &Some(seen(saw)))
        }
        Event::TriggerPassed { plan, scenario } => {
            format!("{} shows no longer", scenario_name(state, plan, scenario))
        }
        Event::IncidentMatched { incident, scenario, saw, reason } => {
            let what = format!("is taken for {}", scenario_of(state, incident, scenario));
            let why = reason.clone().or_else(|| (!saw.is_empty()).then(|| seen(saw)));
            with_words(&called(state, incident), &what, &why)
        }
        Event::ScenarioRuledOut { incident, scenario, reason } => {
            let what = format!("is not {}", scenario_of(state, incident, scenario));
            because(&called(state, incident), &what, reason)
        }
        Event::SiteActivated { plan, site, components, .. } => {
            let what = if components.is_empty() { String::new() } else { format!(" {}", all_of(&ids(components))) };
            format!("{} serves{what} now", site_name(state, plan, site))
        }
        Event::MoveCommitted { reason, .. } => because("the failover", "stays", reason),
        Event::CommitOverdue { limit, .. } => {
            format!("nobody said within {limit} whether the failover stays: people are called")
        }
        Event::CountdownBegan { plan, procedure, window, .. } => {
            format!("AUTOMATIC FAILOVER of plan {plan} ({procedure}) begins in {window} unless somebody stops it")
        }
        Event::CountdownEnded { why, .. } => countdown_ended(why),
        Event::AutomaticRefused { plan, scenario, refused } => {
            let pair = super::Pair::of_scenario(state, plan, scenario);
            let refused: Vec<String> = refused.iter().map(|one| super::guard_sentence(&pair, one)).collect();
            because("automatic failover", "REFUSED by guards", &refused.join("; "))
        }
        Event::AutomationStopped { plan, reason } => {
            with_words(&format!("automatic failover of plan {plan}"), "STOPPED and disarmed", reason)
        }
        Event::AutomationArmed { plan, reason } => {
            because(&format!("automatic failover of plan {plan}"), "armed again", reason)
        }
        Event::GlassBroken { guard, reason, .. } => {
            because(&format!("GLASS BROKEN: guard {}", guard.name()), "is overridden in 60s", reason)
        }
        Event::GlassPutBack { guard, .. } => format!("guard {} is overridden no more", guard.name()),
        Event::IncidentProposed(opening) => opened(state, opening, "proposed"),
        Event::IncidentDeclared(opening) => opened(state, opening, "declared"),
        Event::IncidentDismissed { incident, reason } => because(&called(state, incident), "dismissed", reason),
        Event::IncidentRecovering { incident } => format!("{}: recovery goes on", called(state, incident)),
        Event::IncidentVerifying { incident, since } => {
            format!("{}: good since {}; it has to hold", called(state, incident), since.utc)
        }
        Event::IncidentRelapsed { incident } => {
            format!("{}: trouble came back; the clocks run on", called(state, incident))
        }
        Event::IncidentRecovered { incident, stopped } => {
            format!("{} recovered; the clocks stopped at {}", called(state, incident), stopped.utc)
        }
        Event::IncidentClosed { incident, reason } => with_words(&called(state, incident), "closed", reason),
        Event::IncidentCancelled { incident, reason } => because(&called(state, incident), "cancelled", reason),
        Event::IncidentReopened { incident, reason } => because(&called(state, incident), "reopened", reason),
        Event::IncidentBeganCorrected { incident, from, to, reason } => {
            let (old, new) = if from.utc.same_day(to.utc) {
                (from.utc.to_string(), to.utc.to_string())
            } else {
                (from.utc.dated(), to.utc.dated())
            };
            because(&called(state, incident), &format!("began {new}, not {old}"), reason)
        }
        Event::IncidentAssessed { incident, assessment } => {
            format!("{} assessed: {}", called(state, incident), assessment_short(assessment))
        }
        Event::RoleAssigned { incident, role: what, to } => {
            format!("{}: {} is {}", called(state, incident), line(&state.name(to)), role(what))
        }
        Event::TaskChanged { number, change, .. } => super::task_change(state, *number, change),
        Event::DecisionChanged { incident, number, change } => super::decision_change(state, incident, *number, change),
        Event::NoteAdded { text, .. } => line(text).into_owned(),
        Event::UpdateSent { number, text, channels, .. } => {
            let channels: Vec<_> = channels.iter().map(ToString::to_string).collect();
            format!("update {number} to {}: {}", all_of(&channels), line(text))
        }
        Event::DeliveryTried { number, channel, attempt: tried, .. } => {
            let sign = if matches!(tried, Attempt::Never { .. }) { "FAILED, " } else { "" };
            format!("update {number}: {sign}{channel} {}", attempt(tried))
        }
        Event::RunStarted { run, name, .. } => format!("{run} started: {}", line(name)),
        Event::StepStarted { run, step, attempt } => step_started(state, *run, step, *attempt),
        Event::StepSucceeded { run, step, evidence: seen, .. } => {
            format!("{} done, seen: {}", step_name(state, *run, step), evidence(seen))
        }
        Event::StepFailed { run, step, why, again, .. } => step_failed(&step_name(state, *run, step), why, *again),
        Event::StepLost { run, step, what, .. } => because(&step_name(state, *run, step), "UNKNOWN", what),
        Event::StepSaidDone { run, step, note } => with_words(&step_name(state, *run, step), "said to be done", note),
        Event::StepRetried { run, step, values } => {
            let other: Vec<_> = values.iter().map(|(name, value)| format!("{name}={value}")).collect();
            let with = if other.is_empty() { String::new() } else { format!(" with {}", line(&all_of(&other))) };
            format!("{} is tried again{with}", step_name(state, *run, step))
        }
        Event::StepRegained { run, step, .. } => {
            format!("{} is in sight again, and still runs", step_name(state, *run, step))
        }
        Event::StepNotNeeded { run, step, why } => because(&step_name(state, *run, step), "not needed", why),
        Event::StepSkipped { run, step, reason } => because(&step_name(state, *run, step), "skipped", reason),
        Event::GateConfirmed { run, step, max_loss, expires, .. } => {
            confirmed(&step_name(state, *run, step), *max_loss, *expires)
        }
        Event::ConfirmationVoided { run, step, by, why } => {
            voided(&step_name(state, *run, step), &line(&state.name(by)), why)
        }
        Event::GateOpened { run, step, by } => {
            let names: Vec<_> = by.iter().map(|who| state.name(who)).collect();
            let by = if names.is_empty() { "the countdown that nobody stopped".into() } else { all_of(&names) };
            format!("{} opened by {by}", step_name(state, *run, step))
        }
        Event::GateDeclined { run, step, reason } => because(&step_name(state, *run, step), "declined", reason),
        Event::RunHeld { run, reason } => with_words(&run.to_string(), "held", reason),
        Event::RunOverdue { run, limit } => {
            format!("{run} is OVERDUE: the engine has been at it for {limit}; it is held")
        }
        Event::RunTurnedBack { run, why } => because(&run.to_string(), "turns back", why),
        Event::RunResumed { run } => format!("{run} resumed"),
        Event::RunGuarded { run, step, refused } => {
            let pair = super::Pair::of_run(state, *run);
            let refused: Vec<String> = refused.iter().map(|one| super::guard_sentence(&pair, one)).collect();
            because(
                &format!("{run}"),
                &format!("HELD by guards before {}", step_name(state, *run, step)),
                &refused.join("; "),
            )
        }
        Event::RunTurnedEmergency { run, reason } => because(&run.to_string(), "goes on as an EMERGENCY", reason),
        Event::RunEnded { run, result } => format!("{run} is over: {}", run_result(state, result)),
    }
}

fn ids<'i>(some: impl IntoIterator<Item = &'i crate::core::ids::ComponentId>) -> Vec<String> {
    some.into_iter().map(ToString::to_string).collect()
}

fn countdown_ended(why: &CountdownEnd) -> String {
    match why {
        CountdownEnd::Over => "nobody stopped the countdown: the automatic failover begins".into(),
        CountdownEnd::Passed => "countdown ended: what asked for the failover is no longer so".into(),
        CountdownEnd::Overtaken { run } => format!("countdown ended: {run} moves already"),
        CountdownEnd::Refused { refused } => {
            let pair = super::Pair::default();
            let refused: Vec<String> = refused.iter().map(|one| super::guard_sentence(&pair, one)).collect();
            because("countdown ended", "by guards", &refused.join("; "))
        }
    }
}

fn mode_word(mode: Mode) -> &'static str {
    match mode {
        Mode::Personal => "for one person",
        Mode::Shared => "for everybody in its settings",
    }
}

fn because(what: &str, became: &str, reason: &str) -> String {
    format!("{what} {became}: {}", line(reason))
}

fn with_words(what: &str, became: &str, words: &Option<String>) -> String {
    match words {
        Some(words) => because(what, became, words),
        None => format!("{what} {became}"),
    }
}

fn probe_changed(state: &State, plan: &PlanId, probe: &ProbeId, change: &Change) -> String {
    let why = line(&change.why);
    format!("{} is {}: {why}, since {}", probe_name(state, plan, probe), verdict(change.to), change.since.utc)
}

fn alert_raised(state: &State, plan: &PlanId, alert: &Alert) -> String {
    let what = state.plans.get(plan).map_or_else(|| line(&alert.name).into_owned(), |loaded| named(loaded, alert));
    let words = if alert.summary.is_empty() { String::new() } else { format!(": {}", line(&alert.summary)) };
    format!("alert {what} FIRES, {}{words}", alert.severity)
}

fn opened(state: &State, opening: &Opening, how: &str) -> String {
    let mut causes: Vec<_> = opening.causes.iter().map(|probe| probe_name(state, &opening.plan, probe)).collect();
    causes.extend(super::alert::of_opening(state, opening));
    let taken_for = opening.scenario.as_ref().map(|id| scenario_name(state, &opening.plan, id));
    let what = match (&opening.title, causes.is_empty()) {
        (Some(title), _) => line(title).into_owned(),
        _ if taken_for.is_some() => with_words(&taken_for.unwrap_or_default(), "shows", &Some(seen(&opening.saw))),
        (None, false) => all_of(&causes),
        (None, true) => format!("plan {}", opening.plan),
    };
    format!("{} {how}, {}: {what}; began {}", opening.call_sign, opening.severity, opening.began.utc)
}

fn step_started(state: &State, run: RunId, step: &StepId, attempt: u32) -> String {
    let name = step_name(state, run, step);
    let known = state.runs.get(&run).and_then(|run| run.find(step));
    match (known.is_some_and(|(_, step, _)| step.action.is_for_people()), attempt) {
        (true, _) => format!("{name} waits for people"),
        (false, 0 | 1) => format!("{name} started"),
        (false, attempt) => format!("{name} started, try {attempt}"),
    }
}

fn step_failed(name: &str, why: &Failure, again: Option<Moment>) -> String {
    match again {
        Some(moment) => format!("{name} failed: {}; tried again at {moment}", failure(why)),
        None => format!("{name} FAILED: {}", failure(why)),
    }
}

fn confirmed(name: &str, max_loss: Option<Span>, expires: Moment) -> String {
    let loss = max_loss.map(|limit| format!(", a loss of up to {} accepted", of_loss(limit))).unwrap_or_default();
    format!("{name} confirmed{loss}; counts until {expires}")
}

fn voided(name: &str, who: &str, why: &Voided) -> String {
    match why {
        Voided::Withdrawn => format!("{name}: {who} took the confirmation back"),
        Voided::Expired => format!("{name}: the confirmation of {who} expired"),
        Voided::ViewChanged => format!("{name}: the confirmation of {who} is void: what the gate shows changed"),
        Voided::LossGrew { accepted, now: Some(now) } => {
            let [now, accepted] = [now, accepted].map(|span| of_loss(*span));
            format!("{name}: the confirmation of {who} is void: {now} would be lost, {accepted} were accepted")
        }
        Voided::LossGrew { accepted, now: None } => {
            let accepted = of_loss(*accepted);
            format!("{name}: the confirmation of {who} is void: loss unknown, {accepted} were accepted")
        }
    }
}
