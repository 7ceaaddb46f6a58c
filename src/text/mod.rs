//! Every sentence for people, out of events, refusals and states. The rules hand over data; words are made here and nowhere
//! else, so that console, command line and documents say the same thing in the same words.
//!
//! All sentences are cleaned ([`clean`]): names and words in them come from outside. They use `≤` as the only sign beyond
//! ASCII, and [`sights`] and [`bars`] some more; [`ascii`] writes them for terminals without these.

mod agenda;
mod alert;
mod automation;
mod clean;
pub mod clocks;
mod comms;
mod dead_site;
mod draft;
mod event;
mod failover;
mod forecast;
mod gate;
mod guard;
mod history;
mod hooks;
mod impact;
mod kinds;
mod lesson;
mod outcome;
mod part;
pub mod postgres;
mod preview;
mod probe;
mod refusal;
mod run;
mod scenario;
mod status;
mod step;
mod terms;
mod traffic;
mod trouble;
mod words;

#[cfg(test)]
pub(crate) mod fixtures;

pub use agenda::{decision_change, decision_stands, listed, task_change, task_stands};
pub use alert::{alert, alert_said};
pub use automation::{automatic_scenarios, automation, automation_refused, countdown, countdown_left};
pub use clean::{ascii, clean, clean_block, clean_line, cut};
pub use comms::{attempt, delivery};
pub use dead_site::{if_lost, need};
pub use draft::draft;
pub use event::{EVENT_LIMIT, event, event_in_full};
pub use failover::{fenced, glass, glass_review, guarded, move_of, owed, refusing};
pub use forecast::{
    critical_path, forecast, forecast_accuracy, forecast_at_start, forecast_basis, forecast_pressed, forecast_short,
    forecast_takes, missed,
};
pub use gate::{check, gate};
pub use guard::{Pair, guard, guard_known, guard_overridden, guard_says, guard_sentence, guard_way_out, way_back};
pub use history::{bars, looks, not_kept_history, probe_terms, sight_sign, sights};
pub use hooks::{hook_misfit, hook_trouble};
pub use impact::{Said, assessment, assessment_short, fit, impact, impact_short, likely_causes};
pub use kinds::size;
pub(crate) use lesson::{
    OBJECTION as LESSON_OBJECTION, WHILE_AWAY as LESSON_WHILE_AWAY, hint as lesson_hint, score as lesson_score,
};
pub use outcome::{evidence, failure, how, not_kept, run_result, run_state, step_state};
pub use part::{Fact, about_probe, last_failure, pause_ends};
pub use preview::expected;
pub use probe::{limits, look, measured};
pub use refusal::refusal;
pub use run::{overdue, passes, serves, turned};
pub use scenario::{probability, seen, trigger, ways};
pub use status::{next_step, status_error, wait, waits};
pub use step::action;
pub use terms::terms;
pub use trouble::trouble;
pub use words::{all_of, any_of, loss, role, site_verdict, some_of, verdict};
