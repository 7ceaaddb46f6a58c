//! One file for each screen: the lines of its list, and how it is drawn. All of them are functions of a [`View`].

mod alerts;
mod clocks;
mod failover;
pub(crate) mod foot;
pub(crate) mod head;
mod health;
pub(crate) mod impact;
mod procedure;
mod range;
mod reports;
mod run;
mod runbooks;
mod sites;
pub(crate) mod steps;
mod team;
mod timeline;
mod updates;
mod war_room;

use super::canvas::{Canvas, Row};
use super::list::{Line, List, cursor};
use super::place::{Screen, Thing, View};
use super::theme::Role;

pub(crate) use clocks::about as about_clock;
pub(crate) use health::{
    fold as fold_of_parts, in_full as probe_in_full, last as last_of_panel, wanted as wanted_history,
};
pub(crate) use range::fault_of;
pub(crate) use reports::about as about_scenario;
pub(crate) use run::{does, wanted as wanted_output};
pub(crate) use sites::wanted as wanted_pictures;
pub(crate) use team::roles;
pub(crate) use timeline::entry_row;
pub(crate) use war_room::is_wide;

/// Rows of the head.
pub(crate) const HEAD: u16 = 4;

/// The smallest page that shows more than the head.
pub(crate) const SMALLEST: (u16, u16) = (60, 15);

/// The list under the cursor of the screen that is shown.
pub(crate) fn lines(view: View<'_>) -> Box<dyn List + '_> {
    match view.place.screen {
        Screen::WarRoom => war_room::lines(view),
        Screen::Run => steps_of_run(view, 80),
        Screen::Runbooks => Box::new(runbooks::lines(view)),
        Screen::Procedure => Box::new(procedure::lines(view)),
        Screen::Timeline => Box::new(timeline::lines(view)),
        Screen::Team => Box::new(team::lines(view)),
        Screen::Updates => Box::new(updates::lines(view)),
        Screen::Health => health::lines(view),
        Screen::Reports => Box::new(reports::lines(view)),
        Screen::Clocks => Box::new(clocks::lines(view)),
        Screen::Range => Box::new(range::lines(view)),
    }
}

/// The steps of the run in focus, for a list of that many columns.
fn steps_of_run(view: View<'_>, width: usize) -> Box<dyn List + '_> {
    match view.run() {
        Some(run) => Box::new(steps::Steps::of(view, run, width)),
        None => Box::new(Vec::new()),
    }
}

/// Where the cursor of the list is that is shown.
pub(crate) fn at(view: View<'_>, lines: &dyn List) -> Option<usize> {
    match view.place.chosen.get(&view.place.list()) {
        Some(chosen) if lines.find(chosen).is_some() => cursor(lines, Some(chosen), None),
        chosen => cursor(lines, chosen, default(view).as_ref()),
    }
}

/// The thing under the cursor.
pub(crate) fn chosen(view: View<'_>) -> Option<Thing> {
    let lines = lines(view);
    at(view, lines.as_ref()).and_then(|index| lines.thing(index))
}

/// Where the cursor is as long as nobody has moved it: at the step whose turn it is, at the worst part.
pub(crate) fn default(view: View<'_>) -> Option<Thing> {
    match view.place.screen {
        Screen::Health => health::default(view),
        Screen::WarRoom | Screen::Run => view.step().map(|(run, _, step, _)| Thing::Step(run.id, step.id.clone())),
        _ => None,
    }
}

/// Draws the page: head, screen, foot.
pub(crate) fn draw(page: &mut Canvas<'_>, view: View<'_>, foot: &foot::Foot) {
    head::draw(page, view);
    if page.width() < SMALLEST.0 || page.height() < SMALLEST.1 {
        return;
    }
    let (width, height) = (page.width(), page.height());
    let mut body = page.part(0, HEAD, width, height - HEAD - 2);
    match view.place.screen {
        Screen::WarRoom => war_room::draw(&mut body, view),
        Screen::Runbooks => runbooks::draw(&mut body, view),
        Screen::Procedure => procedure::draw(&mut body, view),
        Screen::Run => run::draw(&mut body, view),
        Screen::Timeline => timeline::draw(&mut body, view),
        Screen::Team => team::draw(&mut body, view),
        Screen::Updates => updates::draw(&mut body, view),
        Screen::Health => health::draw(&mut body, view),
        Screen::Reports => reports::draw(&mut body, view),
        Screen::Clocks => clocks::draw(&mut body, view),
        Screen::Range => range::draw(&mut body, view),
    }
    foot::draw(&mut page.part(0, height - 2, width, 2), view, foot);
}

/// The line above a screen: its name, and what it is of.
fn title(body: &mut Canvas<'_>, view: View<'_>, of: &str) {
    let name = format!(" {} ", view.place.screen.name());
    let of = if of.is_empty() { Row::new() } else { Row::of(format!("{of} "), Role::Text) };
    body.rule(0, &Row::of(name, Role::LineFocus).and(of), Role::Line);
}

/// A list over the whole screen, under its title.
fn whole(body: &mut Canvas<'_>, view: View<'_>, of: &str, lines: &Vec<Line>, empty: &str) {
    title(body, view, of);
    let (width, height) = (body.width(), body.height());
    let mut rest = body.part(0, 1, width, height.saturating_sub(1));
    if lines.is_empty() {
        rest.row(1, &Row::of(format!("  {empty}"), Role::Dim));
    }
    super::list::draw(&mut rest, lines, at(view, lines), super::edit::Focus::Yes);
}
