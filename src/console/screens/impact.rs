//! Whom trouble hits and where it comes from, in a few rows: under the sites, in the box that declares, in the box that looks closer.

use crate::console::canvas::{Canvas, Row, wrap};
use crate::console::place::View;
use crate::console::theme::Role;
use crate::core::impact::Summary;
use crate::core::incident::Incident;
use crate::core::state::Loaded;
use crate::text;

/// Columns of the names before the words, where they are few.
pub(crate) const LABEL: usize = 11;

/// Rows that the sites above keep at the least.
const SITES: u16 = 8;

/// Draws the impact of the plan in focus at the foot of a column, under a rule, and gives the rows that are left above it.
pub(crate) fn foot(column: &mut Canvas<'_>, view: View<'_>) -> u16 {
    let (width, height) = (column.width(), column.height());
    let Some(loaded) = view.loaded() else { return height };
    let rows = rows(view, loaded, view.incident().map(AsRef::as_ref), LABEL, column.columns().saturating_sub(1));
    let tall = u16::try_from(rows.len() + 1).unwrap_or(u16::MAX).min(height.saturating_sub(SITES));
    if rows.is_empty() || tall < 2 {
        return height;
    }
    let left = height - tall;
    let mut area = column.part(0, left, width, tall);
    area.rule(0, &Row::of(" Impact ", Role::Text), Role::Line);
    for (row, y) in rows.iter().zip(1..tall) {
        area.row(y, &Row::text(" ").and(row.clone()));
    }
    left
}

/// The rows, wrapped at `width`, their words from the column `label` on; none while nothing is hit.
pub(crate) fn rows(
    view: View<'_>,
    loaded: &Loaded,
    incident: Option<&Incident>,
    label: usize,
    width: usize,
) -> Vec<Row> {
    let incident = incident.filter(|i| i.phase.is_open() && i.plan == loaded.plan.id);
    let found = view.model.impact(loaded, incident);
    if found.is_none() {
        return Vec::new();
    }
    let room = width.saturating_sub(label).max(1);
    let mut rows = Vec::new();
    for (name, words, role) in short(&found) {
        for (index, line) in wrap(&words, room).into_iter().enumerate() {
            rows.push(Row::of(if index == 0 { name } else { "" }, Role::Dim).tab(label).with(line, role));
        }
    }
    rows
}

/// What is said where there is little room.
fn short(found: &Summary) -> Vec<(&'static str, String, Role)> {
    let all = text::impact(found);
    let words = |label: &str| all.iter().find(|said| said.label == label).map(|said| said.words.clone());
    [
        ("cause", text::likely_causes(found).map(|causes| format!("likely {causes}")), Role::Strong),
        ("direct", words("direct"), Role::Text),
        ("dependent", words("dependent"), Role::Text),
        ("standby", words("standby"), Role::Text),
        ("tiers", words("tiers"), Role::Text),
        ("RTO", words("tightest RTO"), Role::Text),
    ]
    .into_iter()
    .filter_map(|(label, words, role)| Some((label, words?, role)))
    .collect()
}
