//! Roles and who holds them, and who has a console open.

use std::collections::BTreeSet;

use super::whole;
use crate::console::canvas::{Canvas, Row};
use crate::console::list::Line;
use crate::console::place::{Thing, View};
use crate::console::theme::Role;
use crate::core::ids::{Principal, RoleId};
use crate::core::plan::{Action, ROLES};

/// The roles of the field, then those that the plan's gates name besides.
pub(crate) fn roles(view: View<'_>) -> Vec<RoleId> {
    let field = ROLES.iter().filter_map(|(id, _)| RoleId::new(id).ok());
    let mut roles: Vec<RoleId> = field.collect();
    let steps = view.loaded().into_iter().flat_map(|l| l.plan.procedures.iter()).flat_map(|p| &p.steps);
    let gates = steps.filter_map(|step| match &step.action {
        Action::Gate(gate) => Some(&gate.roles),
        _ => None,
    });
    for role in gates.flatten().collect::<BTreeSet<_>>() {
        if !roles.contains(role) {
            roles.push(role.clone());
        }
    }
    roles
}

/// Roles, then people without one.
pub(crate) fn lines(view: View<'_>) -> Vec<Line> {
    let present = view.model.live.as_ref().map_or(&[][..], |live| &live.present);
    let here = |who: &Principal| {
        if present.contains(who) { Row::of("● here", Role::Good) } else { Row::of("○ away", Role::Dim) }
    };
    let sign =
        |who: &Principal| if present.contains(who) { Row::of("●", Role::Good) } else { Row::of("○", Role::Dim) };
    let mut lines = Vec::new();
    let incident = view.incident();
    for role in roles(view) {
        let row = Row::text("   ").with(crate::text::role(&role), Role::Text);
        let line = match incident.and_then(|i| i.roles.get(&role)) {
            Some(who) => Line::of(Thing::Role(role), row)
                .right(Row::of(view.model.name(who), Role::Strong).gap(1).and(sign(who)).gap(1)),
            None => Line::of(Thing::Role(role), row).right(Row::of("nobody ", Role::Dim)),
        };
        lines.push(line);
    }
    lines.push(Line::only(Row::of(" people", Role::Dim)));
    for (who, person) in &view.model.state.people {
        let access: Vec<String> = person.access.iter().map(ToString::to_string).collect();
        let you = if view.model.me() == Some(who) { " (you)" } else { "" };
        let row = Row::text("   ").with(format!("{}{you}", person.name), Role::Strong);
        lines.push(Line::only(row.tab(16).with(access.join(", "), Role::Dim)).right(here(who).gap(1)));
    }
    for stranger in present.iter().filter(|who| !view.model.state.people.contains_key(who)) {
        lines.push(Line::only(Row::text("   ").with(stranger.to_string(), Role::Warn)).right(here(stranger).gap(1)));
    }
    lines
}

/// Draws it.
pub(crate) fn draw(body: &mut Canvas<'_>, view: View<'_>) {
    let of = view
        .incident()
        .map_or("no incident, so no roles".to_owned(), |i| format!("of {}; A gives somebody a role", i.call_sign));
    whole(body, view, &of, &lines(view), "nobody is known");
}
