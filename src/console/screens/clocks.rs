//! All clocks of the incident and of its plan: what is out, what would be lost, capacity and level of service.

use super::whole;
use crate::console::canvas::Canvas;
use crate::console::canvas::{Row, round};
use crate::console::list::Line;
use crate::console::place::{ClockOf, Thing, View};
use crate::console::theme::Role;
use crate::core::clocks::{Clock, Clocks, Goal, Measured, clocks};
use crate::core::exposure::{Against, Exposure};
use crate::core::incident::Incident;
use crate::core::objectives::{Standing, downtime, ticks};
use crate::core::plan::SetBy;
use crate::core::time::{Now, Span};
use crate::text::{self, clocks as says};

/// Where what is said of a thing begins.
const SAYS: usize = 14;

/// Everything of the plan in focus, and of its incident where there is one.
fn all(view: View<'_>) -> Option<(Clocks, Now)> {
    let (loaded, now) = (view.loaded()?, view.model.now()?);
    Some((clocks(loaded, view.incident().map(AsRef::as_ref), view.model.readings(), &now), now))
}

/// The lines of the list.
pub(crate) fn lines(view: View<'_>) -> Vec<Line> {
    let Some((clocks, now)) = all(view) else { return Vec::new() };
    let mut lines = Vec::new();
    if let Some(incident) = view.incident() {
        of_incident(&mut lines, view, incident, &now);
    }
    part(
        &mut lines,
        "tiers",
        clocks.tiers.iter().map(|tier| {
            let name = format!("T{}  {} of {}", tier.tier, tier.out.0, tier.out.1);
            timed(ClockOf::Tier(tier.tier), &name, "", &tier.clock)
        }),
    );
    part(
        &mut lines,
        "components",
        clocks.components.iter().map(|part| {
            let tier = part.tier.map(|tier| format!("T{tier}")).unwrap_or_default();
            timed(ClockOf::Component(part.component.clone()), part.component.as_str(), &tier, &part.clock)
        }),
    );
    if clocks.untimed > 0 {
        let words = format!("   {} more are affected and not out where customers are served", clocks.untimed);
        lines.push(Line::only(Row::of(words, Role::Dim)));
    }
    part(&mut lines, "data that would be lost now", clocks.exposure.iter().map(data));
    lines.push(heading("capacity and service"));
    let measured = |what: &str, words: String, verdict| {
        Line::only(Row::text(format!("   {what}")).tab(SAYS).with(words, measured_role(verdict)))
    };
    lines.push(measured("capacity", says::capacity(&clocks.capacity), clocks.capacity.verdict));
    lines.push(measured("service", says::service(&clocks.service), clocks.service.verdict));
    lines
}

fn heading(words: &str) -> Line {
    Line::only(Row::of(format!(" {words}"), Role::Strong))
}

/// Lines under their heading; nothing at all where there are none.
fn part(lines: &mut Vec<Line>, words: &str, of: impl Iterator<Item = Line>) {
    let mut of = of.peekable();
    if of.peek().is_some() {
        lines.push(heading(words));
        lines.extend(of);
    }
}

fn of_incident(lines: &mut Vec<Line>, view: View<'_>, incident: &Incident, now: &Now) {
    let role = if ticks(incident) { Role::Bad } else { Role::Strong };
    let corrected = incident.corrected.as_ref();
    let by = corrected.map(|c| format!(", corrected by {}", view.model.name(&c.by))).unwrap_or_default();
    let row = Row::of(" downtime", Role::Strong).tab(SAYS).with(downtime(incident, now).to_string(), role);
    let row = row.with(format!(" since {}{by}", incident.began.utc), Role::Text);
    lines.push(Line::of(Thing::Clock(ClockOf::Incident), row));
}

/// Something that is out or was, with its objective at the right.
fn timed(of: ClockOf, name: &str, tier: &str, clock: &Clock) -> Line {
    let (sign, role) = if clock.since.is_some() { ("✗", Role::Bad) } else { ("✓", Role::Good) };
    let row =
        Row::text(" ").with(sign, role).gap(1).with(name, Role::Text).tab(SAYS).with(tier, Role::Dim).tab(SAYS + 3);
    let gone = clock.elapsed();
    let says = match clock.since {
        Some(since) => format!("out {gone} since {since}"),
        None => format!("was out {gone}"),
    };
    let row = row.with(says, if clock.since.is_some() { Role::Strong } else { Role::Text });
    Line::of(Thing::Clock(of), row).right(clock.rto.as_ref().map(goal).unwrap_or_default())
}

fn goal(goal: &Goal) -> Row {
    let row = Row::of(format!("RTO {}: ", round(goal.objective)), Role::Text);
    let row = match (goal.standing, goal.ends) {
        (Standing::Left(left), Some(ends)) => {
            let role = if left < Span::from_secs(300) { Role::Warn } else { Role::Strong };
            row.with(format!("{left} left"), role).with(format!(", by {ends}"), Role::Text)
        }
        (Standing::Left(_), None) => row.with("met", Role::Good),
        (Standing::Missed { by, .. }, _) => row.with(format!("MISSED by {by}"), Role::Bad),
    };
    row.gap(1)
}

fn data(exposure: &Exposure) -> Line {
    let role = match exposure.against {
        Against::Met => Role::Good,
        Against::Beyond(_) => Role::Bad,
        Against::Unknown => Role::Unknown,
        Against::NoObjective => Role::Text,
    };
    let row = Row::text("   ").with(exposure.category.as_str(), Role::Text).tab(SAYS);
    Line::of(Thing::Clock(ClockOf::Data(exposure.category.clone())), row.with(says::exposure(exposure), role))
}

fn measured_role(verdict: Measured) -> Role {
    match verdict {
        Measured::NotMeasured => Role::Unknown,
        Measured::NoObjective => Role::Text,
        Measured::Met => Role::Good,
        Measured::Below => Role::Bad,
    }
}

/// All that is known of one of them: a title and lines to read.
pub(crate) fn about(view: View<'_>, of: &ClockOf) -> Option<(String, Vec<String>)> {
    let (clocks, _) = all(view)?;
    let timed = |clock: &Clock| {
        let first = format!("First out {}", clock.first.dated());
        let mut told = vec![says::outage(clock), first];
        told.extend(clock.rto.as_ref().map(says::goal));
        told
    };
    match of {
        ClockOf::Incident => {
            let incident = view.incident()?;
            let mut told = vec![format!("Began {}", incident.began.utc.dated())];
            let name = |correction: &crate::core::incident::Correction| view.model.name(&correction.by);
            told.extend(incident.corrected.as_ref().map(|c| says::corrected(c, &name(c))));
            for (what, at) in [("Detected", &incident.detected), ("Declared", &incident.declared)] {
                told.extend(at.as_ref().map(|at| format!("{what} {}", at.utc.dated())));
            }
            told.push("It began otherwise? `began` among the actions (:) corrects it, with a reason.".to_owned());
            Some((format!("CLOCKS OF {}", incident.call_sign), told))
        }
        ClockOf::Tier(number) => {
            let tier = clocks.tiers.iter().find(|tier| tier.tier == *number)?;
            let promise = view.loaded()?.plan.tier(*number);
            let mut told = timed(&tier.clock);
            let standby = promise.standby.word();
            told.push(format!("Promised: RTO {}, RPO {}, standby {standby}", promise.rto, promise.rpo));
            Some((format!("TIER {number}"), told))
        }
        ClockOf::Component(id) => {
            let part = clocks.components.iter().find(|part| part.component == *id)?;
            let component = view.loaded()?.plan.component(id);
            let rpo = component.and_then(|c| view.loaded()?.plan.rpo_of(c));
            let mut told = timed(&part.clock);
            told.extend(rpo.map(|(rpo, set)| match set {
                SetBy::Own => format!("RPO {rpo}"),
                set => format!("RPO {rpo} ({set})"),
            }));
            Some((text::clean_line(&part.name).to_uppercase(), told))
        }
        ClockOf::Data(id) => {
            let exposure = clocks.exposure.iter().find(|exposure| exposure.category == *id)?;
            let mut told = vec![says::exposure(exposure), String::new()];
            told.extend(exposure.sources.iter().map(says::seen));
            if exposure.sources.is_empty() {
                told.push("The plan names nothing that shows it.".to_owned());
            }
            Some((text::clean_line(&exposure.name).to_uppercase(), told))
        }
    }
}

/// Draws it.
pub(crate) fn draw(body: &mut Canvas<'_>, view: View<'_>) {
    let of = match (view.incident(), view.loaded()) {
        (Some(incident), Some(loaded)) => format!("of {}, {}", incident.call_sign, loaded.plan.name),
        (None, Some(loaded)) => format!("of {}; no incident", loaded.plan.name),
        _ => String::new(),
    };
    whole(body, view, &of, &lines(view), "nothing is known yet");
}
