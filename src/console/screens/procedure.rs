//! One procedure as its author wrote it, before it runs.

use super::run::does;
use super::title;
use crate::console::canvas::{Canvas, Row, round, wrap};
use crate::console::edit::Focus;
use crate::console::list::{self, Line};
use crate::console::place::{Thing, View};
use crate::console::theme::Role;
use crate::core::plan::{Action, Need, Plan, Procedure, Return, Step};
use crate::core::template::Values;

fn shown(view: View<'_>) -> Option<(&Plan, &Procedure)> {
    let (plan, procedure) = view.place.procedure.as_ref()?;
    let plan = &view.model.state.plans.get(plan)?.plan;
    Some((plan, plan.procedure(procedure)?))
}

/// One line for each step.
pub(crate) fn lines(view: View<'_>) -> Vec<Line> {
    let Some((_, procedure)) = shown(view) else { return Vec::new() };
    let values = Values::new();
    let steps = procedure.steps.iter().enumerate();
    steps
        .map(|(index, step)| {
            Line::of(Thing::Planned(step.id.clone()), step_row(index, step, &values)).right(marks(step))
        })
        .collect()
}

/// A step that has not run: its number, its name, what it will do.
pub(crate) fn step_row(index: usize, step: &Step, values: &Values) -> Row {
    let gate = if matches!(step.action, Action::Gate(_)) { "GATE " } else { "" };
    let row =
        Row::of(format!(" {:>2} ", index + 1), Role::Dim).with(gate, Role::NoReturn).with(&step.name, Role::Strong);
    row.cut(36).tab(37).with(does(step, values), Role::Text)
}

/// What stands out of a step before it runs.
fn marks(step: &Step) -> Row {
    let row = step.estimate.map_or_else(Row::new, |e| Row::of(format!("~{} ", round(e)), Role::Dim));
    match step.way_back {
        Return::Open => row,
        Return::None => Row::of("NO RETURN ", Role::NoReturn).and(row),
    }
}

/// Draws it.
pub(crate) fn draw(body: &mut Canvas<'_>, view: View<'_>) {
    let Some((plan, procedure)) = shown(view) else {
        return title(body, view, "gone from its plan");
    };
    title(body, view, &format!("{}: {}; L launches", plan.name, procedure.name));
    let mut y = 1;
    let width = body.columns().saturating_sub(2);
    for line in procedure.description.iter().flat_map(|text| wrap(text, width)).take(4) {
        body.row(y, &Row::text(format!(" {line}")));
        y += 1;
    }
    for parameter in &procedure.parameters {
        let need = match &parameter.need {
            Need::Required => "required".to_owned(),
            Need::Default(value) => format!("default {value}"),
        };
        let row = Row::of(format!(" asks {}", parameter.name), Role::Strong).with(format!(" ({need})  "), Role::Dim);
        body.row(y, &row.with(parameter.description.as_deref().unwrap_or_default(), Role::Text));
        y += 1;
    }
    let (columns, rest) = (body.width(), body.height().saturating_sub(y));
    let lines = lines(view);
    list::draw(&mut body.part(0, y, columns, rest), &lines, super::at(view, &lines), Focus::Yes);
}
