//! What the world was told, and what became of it on each channel.

use super::whole;
use crate::console::canvas::{Canvas, Row};
use crate::console::list::Line;
use crate::console::place::{Thing, View};
use crate::console::theme::Role;
use crate::core::comms::Delivery;

/// The newest update first, each with its channels below.
pub(crate) fn lines(view: View<'_>) -> Vec<Line> {
    let Some(incident) = view.incident() else { return Vec::new() };
    let mut lines = Vec::new();
    for (index, update) in incident.updates.iter().enumerate().rev() {
        let number = index + 1;
        let ago = view.model.age_of(&update.at);
        let row = Row::of(format!(" {number} "), Role::Strong).with(&update.text, Role::Text);
        let right = Row::of(format!("{} by {}, {ago} ago ", update.at.utc, view.model.name(&update.by)), Role::Dim);
        lines.push(Line::of(Thing::Update(incident.id.clone(), number), row).right(right));
        for (channel, delivery) in &update.deliveries {
            let (sign, role) = delivery_sign(delivery);
            let row = Row::text("     ").with(sign, role).with(format!(" {channel}"), Role::Text).tab(22);
            lines.push(Line::only(row.with(crate::text::delivery(delivery), role)));
        }
    }
    lines
}

fn delivery_sign(delivery: &Delivery) -> (&'static str, Role) {
    match delivery {
        Delivery::Waiting { tries: 0, .. } => ("·", Role::Dim),
        Delivery::Waiting { .. } => ("!", Role::Warn),
        Delivery::Delivered { .. } => ("✓", Role::Good),
        Delivery::Failed { .. } => ("✗", Role::Bad),
    }
}

/// Draws it.
pub(crate) fn draw(body: &mut Canvas<'_>, view: View<'_>) {
    let of = view.incident().map_or("no incident".to_owned(), |i| format!("of {}; U writes one", i.call_sign));
    whole(body, view, &of, &lines(view), "the world was told nothing yet");
}
