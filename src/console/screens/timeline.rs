//! Everything that happened, newest first.

use super::whole;
use crate::console::canvas::{Canvas, Row};
use crate::console::list::Line;
use crate::console::model::Oldest;
use crate::console::place::{Thing, View};
use crate::console::theme::Role;
use crate::core::event::Event;
use crate::core::health::Verdict;
use crate::core::ids::{Principal, StepId};
use crate::core::plan::Severity;
use crate::core::state::Entry;

/// All known rows; those that hold what is searched for, when something is.
pub(crate) fn lines(view: View<'_>) -> Vec<Line> {
    let find = view.place.find.as_deref().map(str::to_lowercase);
    let rows = view.model.rows().map(|entry| (entry, entry_row(view, entry)));
    let mut lines: Vec<Line> = rows
        .filter(|(_, row)| find.as_ref().is_none_or(|find| row.plain().to_lowercase().contains(find)))
        .map(|(entry, row)| Line::of(Thing::Row(entry.seq), Row::text(" ").and(row)))
        .collect();
    let end = match view.model.oldest {
        Oldest::Asked => "older rows are on their way",
        Oldest::Reached => "this is the beginning",
        Oldest::Unknown => return lines,
    };
    lines.push(Line::only(Row::of(format!("   {end}"), Role::Dim)));
    lines
}

/// Those of the incident in focus, and what belongs to none.
pub(crate) fn of_focus<'a>(view: View<'a>) -> impl Iterator<Item = &'a Entry> {
    let focus = view.incident().map(|i| i.id.clone());
    view.model.rows().filter(move |entry| {
        let of = view.model.incident_of(entry);
        focus.is_none() || of.is_none() || of == focus
    })
}

/// The newest ones of the incident in focus.
pub(crate) fn newest(view: View<'_>) -> Vec<Line> {
    let row = |entry: &Entry| Line::of(Thing::Row(entry.seq), Row::text(" ").and(entry_row(view, entry)));
    of_focus(view).take(200).map(row).collect()
}

/// When, who, what.
pub(crate) fn entry_row(view: View<'_>, entry: &Entry) -> Row {
    let time = entry.at.utc.to_string();
    let who = view.model.name(&entry.by);
    let who_role = if entry.by == Principal::Engine { Role::Dim } else { Role::Strong };
    let row = Row::of(format!(" {}", time.trim_end_matches('Z')), Role::Dim).gap(1);
    let row = row.and(Row::of(who, who_role).cut(8)).tab(19);
    row.with(crate::text::event(&view.model.state, entry), event_role(&entry.event))
}

/// The step that an event is about.
pub(crate) fn step_of(event: &Event) -> Option<&StepId> {
    match event {
        Event::StepStarted { step, .. }
        | Event::StepSucceeded { step, .. }
        | Event::StepFailed { step, .. }
        | Event::StepLost { step, .. }
        | Event::StepSaidDone { step, .. }
        | Event::StepRetried { step, .. }
        | Event::StepSkipped { step, .. }
        | Event::GateConfirmed { step, .. }
        | Event::ConfirmationVoided { step, .. }
        | Event::GateOpened { step, .. }
        | Event::GateDeclined { step, .. } => Some(step),
        _ => None,
    }
}

/// What an event looks like.
fn event_role(event: &Event) -> Role {
    match event {
        Event::ProbeChanged { change, .. } => match change.to {
            Verdict::Down => Role::Bad,
            Verdict::Degraded => Role::Warn,
            Verdict::Ok => Role::Good,
            Verdict::Paused => Role::Dim,
            Verdict::Unknown => Role::Unknown,
        },
        Event::AlertRaised { alert, .. } if alert.severity >= Severity::High => Role::Bad,
        Event::AlertRaised { .. } => Role::Warn,
        Event::AlertEnded { .. } => Role::Good,
        Event::StepFailed { .. } | Event::IncidentRelapsed { .. } => Role::Bad,
        Event::StepLost { .. } => Role::Unknown,
        Event::StepSkipped { .. } | Event::GateDeclined { .. } | Event::ConfirmationVoided { .. } => Role::Warn,
        Event::IncidentRecovered { .. } | Event::GateOpened { .. } => Role::Good,
        Event::IncidentProposed(_) | Event::IncidentDeclared(_) => Role::Strong,
        _ => Role::Text,
    }
}

/// Draws it.
pub(crate) fn draw(body: &mut Canvas<'_>, view: View<'_>) {
    let of = match &view.place.find {
        Some(find) => format!("rows with \"{find}\"; Esc shows all"),
        None => "newest first; / finds, Enter shows a row in full".to_owned(),
    };
    whole(body, view, &of, &lines(view), "nothing to show");
}
