//! A preview for people.

use std::collections::BTreeMap;

use super::super::checks::is_good;
use super::super::picture::lane;
use super::Shown;
use crate::core::failover::{Says, Sides};
use crate::core::ids::StepId;
use crate::core::plan::{Purpose, Return, Step};
use crate::core::preview::{Expected, Row};
use crate::text::{self, Pair};

/// Most steps that are named in one line.
const NAMED: usize = 12;

/// What no forecast has in it.
const WITHOUT: &str = "without waiting for people";

/// All lines of it.
pub(super) fn lines(shown: &Shown<'_>) -> Vec<String> {
    let mut lines = head(shown);
    lines.push(String::new());
    rows(shown, &mut lines);
    lines.push(String::new());
    lines.extend(foot(shown));
    lines
}

fn head(shown: &Shown<'_>) -> Vec<String> {
    let launched = &shown.preview.launched;
    let (plan, procedure) = (&launched.loaded.plan, &launched.laid_out.procedure);
    let name = text::clean_line(&procedure.name);
    let mut lines = vec![format!("{name}   {} of plan {} ({})", procedure.id, plan.id, plan.environment)];
    lines.extend(procedure.description.as_deref().map(|words| text::clean_line(words).into_owned()));
    lines.extend(shown.incident.map(|incident| format!("  for {} ({})", incident.call_sign, incident.id)));
    let values = launched.values.iter();
    lines.extend(values.map(|(name, value)| format!("  {} = {}", text::clean_line(name), text::clean_line(value))));
    let (lanes, timeout) = (procedure.lanes, procedure.timeout);
    let urgency = procedure.priority.map_or(String::new(), |priority| format!("; {priority} priority"));
    lines.push(format!("  side by side: at most {}, {} on one host{urgency}", lanes.run, lanes.host));
    lines.extend(timeout.map(|timeout| format!("  held after {timeout} of work")));
    let components: Vec<_> = launched.laid_out.components.iter().map(ToString::to_string).collect();
    if !components.is_empty() {
        lines.push(format!("  works on {}, and no other run may meanwhile", text::some_of(&components, NAMED)));
    }
    lines
}

/// The steps, round by round; what mends stands below what it mends.
fn rows(shown: &Shown<'_>, lines: &mut Vec<String>) {
    let preview = &shown.preview;
    let mut mends: BTreeMap<&StepId, Vec<&Row>> = BTreeMap::new();
    for row in &preview.rows {
        if let Purpose::Mend(of) = &preview.step(row).purpose {
            mends.entry(of).or_default().push(row);
        }
    }
    let mut order: Vec<&Row> = preview.rows.iter().filter(|row| preview.step(row).counts()).collect();
    order.sort_by_key(|row| (row.round, row.place));
    let widths: Vec<usize> = preview.rows.iter().map(|row| row.beside).collect();
    for row in order {
        with_mends(shown, row, 0, &mends, &widths, lines);
    }
}

fn with_mends(
    shown: &Shown<'_>,
    row: &Row,
    depth: usize,
    mends: &BTreeMap<&StepId, Vec<&Row>>,
    widths: &[usize],
    lines: &mut Vec<String>,
) {
    let step = shown.preview.step(row);
    let indent = "  ".repeat(depth);
    let lane = lane(row.round, row.beside, widths);
    lines.push(format!("{indent}{:>3} {lane}{}", row.place + 1, title(shown, row, step)));
    lines.extend(details(shown, row, step).into_iter().map(|detail| format!("{indent}            {detail}")));
    for mend in mends.get(&step.id).into_iter().flatten() {
        with_mends(shown, mend, depth + 1, mends, widths, lines);
    }
}

fn title(shown: &Shown<'_>, row: &Row, step: &Step) -> String {
    let (kind, name) = (step.action.kind(), text::clean_line(&step.name));
    let role = match &step.purpose {
        Purpose::Precondition => "first checked: ".into(),
        Purpose::Mend(of) => format!("if {of} fails: "),
        Purpose::Work | Purpose::Undo(_) => String::new(),
    };
    let expected = match row.expected {
        Expected::Unknown => String::new(),
        known => format!("   {}", text::expected(known)),
    };
    let no_return = if step.way_back == Return::None { "   NO RETURN" } else { "" };
    let left_out = if shown.leaves_out(step) { "   LEFT OUT" } else { "" };
    let changed = shown.preview.changed_by_emergency(step);
    let changed = changed.map_or(String::new(), |how| format!("   {}", how.to_uppercase()));
    format!("{kind:<7} {role}{name}   ({}){expected}{no_return}{left_out}{changed}", step.id)
}

/// What stands below a step: what it does, on what terms, how it is undone, and what was seen of it.
fn details(shown: &Shown<'_>, row: &Row, step: &Step) -> Vec<String> {
    let values = shown.values_of(step);
    let here = if step.host.is_none() && step.action.is_program() { "   here" } else { "" };
    let mut lines = vec![format!("{}{here}", text::action(&step.action, &values))];
    let terms = text::terms(step, &values);
    lines.extend((!terms.is_empty()).then(|| terms.join("; ")));
    lines.extend(undo(shown, row).map(|does| format!("undone by: {does}")));
    if step.purpose == Purpose::Precondition {
        lines.push(match shown.looked.at(&step.id) {
            Some(check) if is_good(check) => format!("checked now: holds: {}", text::clean_line(&check.says)),
            Some(check) => format!("checked now: DOES NOT HOLD: {}", text::clean_line(&check.says)),
            None => "not checked".into(),
        });
    }
    lines
}

/// What undoes the step of a row.
pub(super) fn undo(shown: &Shown<'_>, row: &Row) -> Option<String> {
    let laid_out = &shown.preview.launched.laid_out;
    let step = laid_out.procedure.steps.get(laid_out.graph.place(row.undo.as_ref()?)?)?;
    Some(text::action(&step.action, &shown.values_of(step)))
}

fn foot(shown: &Shown<'_>) -> Vec<String> {
    let preview = &shown.preview;
    let rows = || preview.rows.iter().map(|row| (row, preview.step(row)));
    let named = |steps: Vec<&Step>| {
        let ids: Vec<_> = steps.iter().map(|step| step.id.to_string()).collect();
        if ids.is_empty() { "nothing".to_owned() } else { text::some_of(&ids, NAMED) }
    };
    let told = preview.forecast.as_ref();
    let takes = told.map_or_else(|| "unknown".to_owned(), |told| format!("{}, {WITHOUT}", text::forecast_takes(told)));
    let rests = told.map(text::forecast_basis).filter(|words| !words.is_empty());
    let undone = rows().filter(|(row, _)| row.undo.is_some()).map(|(_, step)| step).collect();
    let mut lines = vec![
        fact("takes", takes),
        fact("can be undone", named(undone)),
        fact("no return", named(preview.no_return().collect())),
    ];
    lines.splice(1..1, rests.map(|words| fact("", words)));
    lines.splice(0..0, guards(shown));
    for (step, _) in preview.gates() {
        lines
            .push(fact("must confirm", format!("{}: {}", step.id, text::action(&step.action, &shown.values_of(step)))));
    }
    let (good, all) = shown.holding();
    if all > 0 {
        let unseen = preview.preconditions().filter(|step| shown.looked.at(&step.id).is_none()).count();
        let unseen = if unseen > 0 { format!(", {unseen} not checked") } else { String::new() };
        lines.push(fact("first checked", format!("{good} of {all} hold{unseen}")));
    }
    for check in shown.looked.besides() {
        let what = if is_good(check) { "checked now" } else { "NOT GOOD" };
        lines.push(fact(what, format!("{}: {}", text::clean_line(&check.name), text::clean_line(&check.says))));
    }
    lines.push(match &shown.refused {
        Some(why) => fact("REFUSED now", why.sentence()),
        None => fact("could start", "now"),
    });
    lines
}

/// Which kind of failover it would be, and what its guards find: those that do not hold one by one.
fn guards(shown: &Shown<'_>) -> Vec<String> {
    let Some(is) = text::move_of(&shown.preview) else { return Vec::new() };
    let launched = &shown.preview.launched;
    let sides = Sides::of(&launched.loaded.plan, &launched.laid_out.procedure);
    let pair = sides.as_ref().map(Pair::from).unwrap_or_default();
    let holding = shown.preview.guards.iter().filter(|one| one.says == Says::Pass).count();
    let mut lines = vec![fact("is", is), fact("guards", format!("{holding} of {} hold", shown.preview.guards.len()))];
    lines.extend(shown.preview.guards.iter().map(|one| {
        let what = format!("  {}", text::guard_says(one.says));
        fact(&what, format!("{} ({})", text::guard_sentence(&pair, one), text::guard_known(one)))
    }));
    lines
}

/// What is told, and what is known of it, in two columns.
pub(in crate::cli::run) fn fact(what: &str, known: impl std::fmt::Display) -> String {
    format!("{what:<15} {known}")
}
