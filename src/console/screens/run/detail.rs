//! All that is known of the step under the cursor.

use crate::console::canvas::{Canvas, Row, round, wrap};
use crate::console::message::OutputId;
use crate::console::place::View;
use crate::console::screens::{entry_row, steps, timeline};
use crate::console::shape::What;
use crate::console::theme::Role;
use crate::core::ids::StepId;
use crate::core::plan::{Action, OnFailure, Purpose, Return, Step};
use crate::core::run::{Run, StepRun, StepState};
use crate::core::template::Values;
use crate::text;

/// What stands below the list.
pub(super) struct Detail {
    title: Row,
    rows: Vec<Row>,
    /// What the step wrote.
    pub(super) output: Option<OutputId>,
}

impl Detail {
    /// All that is known of the step in focus.
    pub(super) fn of_step(view: View<'_>, width: usize) -> Detail {
        let Some((run, index, step, done)) = view.step() else {
            return Detail { title: Row::new(), rows: Vec::new(), output: None };
        };
        let title = Row::of(format!(" {} {} ", index + 1, step.name), Role::Strong);
        let rows = facts(view, run, step, done, width.saturating_sub(2));
        Detail { title, rows, output: super::wanted(view).map(|(of, ..)| of) }
    }

    /// How all passes of a list stand, and those that were not done.
    pub(super) fn of_group(view: View<'_>, run: &Run, id: &StepId) -> Detail {
        let shape = view.model.shape(run.id);
        let node = shape.group(id).unwrap_or_default();
        let name = match shape.node(node).map(|n| &n.what) {
            Some(What::Group(_, name)) => name.as_str(),
            _ => "",
        };
        let mut rows = vec![
            Row::text(" ")
                .and(steps::tally_row(run, shape, node))
                .gap(3)
                .with("Enter", Role::Key)
                .with(" folds and unfolds it", Role::Text),
        ];
        let steps = shape.places(node).filter_map(|place| run.at(place));
        let look = steps.filter(|(_, step, done)| step.counts() && !matches!(done.state, StepState::Done { .. }));
        rows.extend(look.take(LOOKED_AT).map(|(place, step, done)| {
            let (sign, role) = steps::sign(view, step, done);
            let stands = text::step_state(&view.model.state, &done.state);
            let row = Row::text("   ").with(sign, role).with(format!(" {} {}", place + 1, step.name), Role::Text);
            row.gap(2).with(stands, if role == Role::Dim { Role::Dim } else { Role::Text })
        }));
        Detail { title: Row::of(format!(" {name} "), Role::Strong), rows, output: None }
    }

    /// The rows that it takes, its output left out.
    pub(super) fn height(&self) -> u16 {
        u16::try_from(self.rows.len() + 1).unwrap_or(u16::MAX)
    }

    pub(super) fn draw(&self, area: &mut Canvas<'_>, view: View<'_>) {
        area.rule(0, &self.title, Role::Line);
        let height = usize::from(area.height());
        // The output keeps at least half.
        let most = if self.output.is_some() { (height / 2).max(2) } else { height };
        let rows = self.rows.iter().take(most).zip(1_u16..);
        rows.for_each(|(row, y)| area.row(y, row));
        let Some(of) = &self.output else { return };
        let y = u16::try_from(self.rows.len().min(most) + 1).unwrap_or(u16::MAX);
        let (columns, rest) = (area.width(), area.height().saturating_sub(y));
        super::output(&mut area.part(0, y, columns, rest), view, of);
    }
}

/// Passes that are named below a list.
const LOOKED_AT: usize = 12;

fn facts(view: View<'_>, run: &Run, step: &Step, done: &StepRun, width: usize) -> Vec<Row> {
    let shape = view.model.shape(run.id);
    let node = run.graph.place(&step.id).and_then(|place| shape.node_of(place));
    let action = match node.filter(|node| steps::has_folds(run, shape, *node)) {
        Some(_) => "does another procedure: its steps stand below. Enter folds and unfolds them".to_owned(),
        None => does(step, &run.values_of(step)),
    };
    let mut rows: Vec<Row> = wrap(&action, width).iter().map(|l| Row::text(format!(" {l}"))).collect();
    let (sign, role) = steps::sign(view, step, done);
    let stands = match &done.state {
        StepState::Done { how, at, took } => {
            format!("done {}, {}, took {took}", at.utc, steps::how_text(view, how))
        }
        other => text::step_state(&view.model.state, other),
    };
    let row = Row::text(" ").with(sign, role).with(format!(" {stands}"), Role::Strong);
    let tries = if done.attempts > 0 { format!("   tries: {}", done.attempts) } else { String::new() };
    rows.push(row.with(tries, Role::Dim));
    for yes in &done.confirmations {
        let loss = yes.max_loss.map_or(String::new(), |loss| format!(", accepting a loss of at most {loss}"));
        let words = format!("   {} confirmed {}, expires {}{loss}", view.model.name(&yes.by), yes.at.utc, yes.expires);
        rows.push(Row::text(words));
    }
    rows.extend(
        relations(run, step, done)
            .iter()
            .flat_map(|words| wrap(words, width.saturating_sub(2)))
            .map(|line| Row::of(format!("   {line}"), Role::Dim)),
    );
    rows.extend(limits(step));
    rows.extend(history(view, run, step));
    rows
}

/// What a step does, with its values filled in.
pub(crate) fn does(step: &Step, values: &Values) -> String {
    let action = text::action(&step.action, values);
    match &step.action {
        Action::Manual { .. } => format!("by hand: {action}"),
        Action::Gate(_) => action,
        Action::Command { .. } | Action::Shell { .. } => format!("runs {action}"),
        Action::Http(_) => format!("sends {action}"),
        Action::Health { .. } => format!("sees: {action}"),
        _ => action,
    }
}

fn limits(step: &Step) -> Option<Row> {
    let mut words: Vec<String> = Vec::new();
    words.extend(step.timeout.map(|limit| format!("at most {}", round(limit))));
    if step.retry.times > 0 {
        let tries =
            if step.retry.times == 1 { "1 more try".to_owned() } else { format!("{} more tries", step.retry.times) };
        words.push(format!("{tries}, {} apart", round(step.retry.every)));
    }
    words.extend(step.estimate.map(|estimate| format!("expected ~{}", round(estimate))));
    let row = (!words.is_empty()).then(|| Row::of(format!("   {}", words.join("; ")), Role::Dim));
    match step.way_back {
        Return::Open => row,
        Return::None => Some(row.unwrap_or_default().gap(3).with("NO RETURN", Role::NoReturn)),
    }
}

/// What happened to a step, oldest first.
fn history(view: View<'_>, run: &Run, step: &Step) -> Vec<Row> {
    let about =
        |event: &crate::core::event::Event| event.run() == Some(run.id) && timeline::step_of(event) == Some(&step.id);
    let rows = view.model.rows().filter(|entry| about(&entry.event));
    let mut rows: Vec<Row> = rows.take(12).map(|entry| Row::text("  ").and(entry_row(view, entry))).collect();
    rows.reverse();
    rows
}

/// Steps that are named where several are waited for.
const NAMED: usize = 4;

/// What a step waits for, what it belongs to, what its failure means and what takes it back.
fn relations(run: &Run, step: &Step, done: &StepRun) -> Vec<String> {
    let mut words = Vec::new();
    let place = run.graph.place(&step.id);
    let numbered = |place: usize| format!("{} {}", place + 1, run.procedure.steps.get(place).map_or("", |s| &s.name));
    if let (StepState::Pending, Some(place)) = (&done.state, place) {
        let open = |place: &usize| run.at(*place).is_some_and(|(_, _, seen)| !seen.state.is_settled());
        let waits: Vec<usize> = run.graph.needs(place).iter().map(|need| *need as usize).filter(open).collect();
        let named: Vec<String> = waits.iter().take(NAMED).map(|place| numbered(*place)).collect();
        let more = waits.len().saturating_sub(NAMED);
        let more = if more > 0 { format!(" and {more} more") } else { String::new() };
        if !named.is_empty() {
            words.push(format!("waits for {}{more}", text::all_of(&named)));
        }
    }
    words.extend(run.host_of(step).map(|host| format!("on host {host}")));
    words.extend(step.when.as_ref().map(|condition| format!("only when {condition}")));
    if let Purpose::Mend(of) | Purpose::Undo(of) = &step.purpose {
        let does = if Run::is_undoing(step) { "undoes" } else { "mends" };
        let of = run.graph.place(of).map_or_else(|| of.to_string(), numbered);
        words.push(format!("{does} {of}"));
    }
    let given = done.values.iter().map(|(name, value)| format!("{name} = {value}")).collect::<Vec<_>>();
    if !given.is_empty() {
        words.push(format!("with values given by hand: {}", text::all_of(&given)));
    }
    words.extend(match step.on_failure {
        OnFailure::Stop => None,
        OnFailure::Continue => Some("if it fails the run goes on without it".to_owned()),
        OnFailure::Rollback => Some("if it fails the run is rolled back".to_owned()),
        OnFailure::Do(_) => Some("if it fails other steps mend it and the run goes on".to_owned()),
    });
    if let Some((_, undo, _)) = run.undo_of(&step.id) {
        words.push(format!("undo: {}", does(undo, &run.values_of(undo))));
    }
    words
}
