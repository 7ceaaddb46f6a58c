//! The practice range: its faults, its customers, its router and its inbox.

use serde_json::Value;

use super::whole;
use crate::console::canvas::{Canvas, Row};
use crate::console::list::Line;
use crate::console::place::{Thing, View};
use crate::console::theme::Role;
use crate::core::time::Moment;

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
        let at = clock(message, "received_at").map_or_else(|| "unknown".to_owned(), |at| at.to_string());
        let row = Row::of(format!("     {at} "), Role::Dim);
        lines.push(Line::only(row.with(words(text("body")), Role::Text)));
    }
    let told = |title: &str, says: String| {
        let row = Row::text(" ").with(title, Role::Strong).tab(16);
        Line::only(row.with(says, Role::Text))
    };
    if let Some(customers) = range.get("customers") {
        let served = format!("{} served, {} not", number(customers, "ok"), number(customers, "failed"));
        lines.push(told("customers", served));
    }
    for (site, router) in fields(range.get("router")) {
        let takes = format!("weight {}, {} in flight", number(router, "weight"), number(router, "in_flight"));
        lines.push(told(&format!("router {site}"), takes));
    }
    for (site, database) in fields(range.get("databases")) {
        let role = database.get("role").and_then(Value::as_str).unwrap_or("unknown");
        let last = clock(database, "at").map_or(String::new(), |at| format!(" of {at}"));
        lines.push(told(&format!("orders {site}"), format!("{role}, last order {}{last}", number(database, "seq"))));
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

fn number(of: &Value, key: &str) -> String {
    of.get(key).and_then(Value::as_u64).map_or_else(|| "unknown".to_owned(), |n| n.to_string())
}

/// A moment as screens show it; `None` where there is none.
fn clock(of: &Value, key: &str) -> Option<Moment> {
    of.get(key)?.as_str()?.parse().ok()
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
