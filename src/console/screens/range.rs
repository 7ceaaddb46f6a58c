//! The practice range: its faults, its customers, its router and its inbox.

use serde_json::Value;

use super::whole;
use crate::console::canvas::{Canvas, Row};
use crate::console::list::Line;
use crate::console::place::{Thing, View};
use crate::console::theme::Role;

/// Sites with their services, then what the rest of the range says.
pub(crate) fn lines(view: View<'_>) -> Vec<Line> {
    let range = match &view.model.range {
        None => return vec![Line::only(Row::of("  asking the range", Role::Dim))],
        Some(Err(why)) => return vec![Line::only(Row::of(format!("  the range does not answer: {why}"), Role::Bad))],
        Some(Ok(range)) => range,
    };
    let mut lines = Vec::new();
    for (site, status) in fields(range.get("sites")) {
        lines.push(part(&format!("sites/{site}"), Row::text(" ").with(site, Role::Strong), status));
        for (service, status) in fields(status.get("services")) {
            lines.push(part(&format!("sites/{site}/{service}"), Row::text("     ").with(service, Role::Text), status));
        }
    }
    lines.push(part("inbox", Row::text(" ").with("inbox", Role::Strong), range.get("inbox").unwrap_or(&Value::Null)));
    for message in range.pointer("/inbox/messages").and_then(Value::as_array).into_iter().flatten().rev().take(8) {
        let text = |key: &str| message.get(key).and_then(Value::as_str).unwrap_or_default();
        let row = Row::of(format!("     {} ", text("received_at")), Role::Dim);
        lines.push(Line::only(row.with(words(text("body")), Role::Text)));
    }
    for (title, key) in
        [("customers", "customers"), ("router", "router"), ("databases", "databases"), ("outage", "outage")]
    {
        if let Some(value) = range.get(key) {
            let row = Row::text(" ").with(title, Role::Strong).tab(14);
            lines.push(Line::only(row.with(flat(value), Role::Text)));
        }
    }
    lines
}

/// What a message says: its `text` where it came from an engine, else all of it.
fn words(body: &str) -> String {
    let message: Option<Value> = serde_json::from_str(body).ok();
    let text = message.as_ref().and_then(|message| message.get("text")?.as_str());
    text.unwrap_or(body).to_owned()
}

fn part(path: &str, row: Row, status: &Value) -> Line {
    let fault = status.get("fault").and_then(Value::as_str);
    let row = row.tab(16);
    let row = match fault {
        Some(fault) => row.with(format!("✗ {fault}"), Role::Bad),
        None => row.with("✓ no fault", Role::Good),
    };
    Line::of(Thing::Part(path.to_owned()), row)
}

/// The fault that a part has now.
pub(crate) fn fault_of(range: &Value, path: &str) -> Option<String> {
    let mut at = range;
    let mut words = path.split('/');
    while let Some(word) = words.next() {
        at = match word {
            "sites" => at.get("sites")?.get(words.next()?)?,
            "inbox" => at.get("inbox")?,
            service => at.get("services")?.get(service)?,
        };
    }
    at.get("fault").and_then(Value::as_str).map(str::to_owned)
}

fn fields(value: Option<&Value>) -> impl Iterator<Item = (&String, &Value)> {
    value.and_then(Value::as_object).into_iter().flatten()
}

/// A value in one line: `ok 12, failed 3`.
fn flat(value: &Value) -> String {
    match value {
        Value::Object(fields) => {
            let parts: Vec<String> = fields
                .iter()
                .map(|(name, value)| match value {
                    Value::Object(_) => format!("{name}: {}", flat(value)),
                    other => format!("{name} {}", flat(other)),
                })
                .collect();
            parts.join(", ")
        }
        Value::String(text) => text.clone(),
        Value::Null => "none".to_owned(),
        other => other.to_string(),
    }
}

/// Draws it.
pub(crate) fn draw(body: &mut Canvas<'_>, view: View<'_>) {
    whole(
        body,
        view,
        "practice only; F puts a fault on what is chosen, or takes it off",
        &lines(view),
        "nothing there",
    );
}
