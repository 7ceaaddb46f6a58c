//! Boxes above the screens: a stack in which the topmost takes the keys.

use std::collections::BTreeMap;

use ratatui::layout::Size;

use super::canvas::{Canvas, Row};
use super::key::Key;
use super::message::{Answer, Effect, Ticket};
use super::model::Model;
use super::place::{Panel, Place, Screen, View};
use super::theme::Role;
use crate::core::command::Command;
use crate::core::ids::IncidentId;
use crate::core::incident::Incident;
use crate::core::plan::Environment;
use crate::core::time::Span;
use crate::wire::Accepted;

/// Updates that were begun and not sent, by their incident.
pub(crate) type Drafts = BTreeMap<IncidentId, String>;

/// A few words at the foot of the page that go by themselves. They never cover a box.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Toast {
    pub(crate) says: String,
    pub(crate) role: Role,
    /// By the console's own clock.
    pub(crate) until: Span,
}

/// What a layer may touch while it takes a key or an answer.
pub(crate) struct Desk<'a> {
    pub(crate) model: &'a Model,
    pub(crate) place: &'a mut Place,
    pub(crate) drafts: &'a mut Drafts,
    pub(crate) effects: &'a mut Vec<Effect>,
    pub(crate) tickets: &'a mut u64,
    pub(crate) toast: &'a mut Option<Toast>,
}

impl Desk<'_> {
    pub(crate) fn view(&self) -> View<'_> {
        View { model: self.model, place: self.place }
    }

    /// Has a command posted.
    pub(crate) fn send(&mut self, command: Command) -> Ticket {
        *self.tickets += 1;
        self.send_again(Ticket(*self.tickets), command)
    }

    /// Has a command posted once more under the number that it had: it acts at most once.
    pub(crate) fn send_again(&mut self, ticket: Ticket, command: Command) -> Ticket {
        self.effects.push(Effect::Send { ticket, seen: self.model.seq, command: Box::new(command) });
        ticket
    }

    /// Goes where a run that has just begun is looked on at, and says how it began.
    pub(crate) fn begun(&mut self, accepted: &Accepted, incident: &IncidentId, screen: Screen, how: &str) {
        self.place.run = accepted.run;
        self.place.incident = Some(incident.clone());
        self.place.panel = Panel::Now;
        self.place.go(screen);
        let run = accepted.run.map_or(String::new(), |run| run.to_string());
        self.say(format!("✓ {run}: {how}"), Role::Good);
    }

    pub(crate) fn say(&mut self, says: impl Into<String>, role: Role) {
        *self.toast = Some(Toast { says: says.into(), role, until: self.model.at.plus(TOAST_LASTS) });
    }
}

/// How long a toast stays.
const TOAST_LASTS: Span = Span::from_secs(5);

/// What a layer makes of a key, an answer or news.
pub(crate) enum Next {
    /// It was for this layer, which stays.
    Keep,
    /// It was not for this layer.
    Ignored,
    /// The layer is done.
    Close,
    /// Another layer takes its place.
    Replace(Box<dyn Layer>),
    /// The layer is done, and that action follows.
    Act(&'static str),
    /// The layer is done, and whatever waits next is opened.
    WhatWaits,
}

/// A box.
pub(crate) trait Layer {
    /// Takes a key. It is only called after the layer was painted.
    fn key(&mut self, key: Key, desk: &mut Desk<'_>) -> Next;

    /// Takes a text put in at once.
    fn paste(&mut self, _text: &str, _desk: &mut Desk<'_>) {}

    /// Takes a command's answer.
    fn answered(&mut self, _ticket: Ticket, _answer: &Answer, _desk: &mut Desk<'_>) -> Next {
        Next::Ignored
    }

    /// Looks at what has changed.
    fn news(&mut self, _view: View<'_>) {}

    /// Draws itself over the page.
    fn draw(&self, page: &mut Canvas<'_>, view: View<'_>);

    /// Whether all that a person has to see before acting fits on a page of that size. Where it does not, only `Esc` is taken.
    fn fits(&self, _size: Size, _view: View<'_>) -> bool {
        true
    }

    /// What it is about: `gate 6`.
    fn about(&self) -> String;

    /// What became of what was in it, for somebody who comes back after it had to be closed.
    fn left(&self) -> &'static str {
        "nothing sent"
    }

    /// What letters are to it.
    fn letters(&self) -> Letters {
        Letters::Text
    }

    /// Whether it goes on working while the engine does not answer.
    fn needs(&self) -> Needs {
        Needs::Engine
    }
}

/// What letters are to a layer.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Letters {
    /// They may become part of a text.
    Text,
    /// They are keys, as on a screen.
    Keys,
}

/// What a layer needs to be of use.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Needs {
    /// Something would be sent: keys are dropped while nothing can be.
    Engine,
    /// It only shows.
    Nothing,
}

/// The word and the look for how careful to be.
pub(crate) fn mode(view: View<'_>, incident: Option<&Incident>) -> (&'static str, Role) {
    if view.model.read_only().is_some() {
        return ("READ ONLY", Role::ReadOnly);
    }
    let environment = incident.map(|i| i.environment).or_else(|| view.loaded().map(|l| l.plan.environment));
    match environment {
        Some(Environment::Production) => ("PRODUCTION", Role::Production),
        Some(Environment::Staging) => ("STAGING", Role::Staging),
        Some(Environment::Practice) => ("PRACTICE", Role::Practice),
        None => ("NO PLAN", Role::ReadOnly),
    }
}

/// The frame of a box: what it does, and on which incident, in which mode.
pub(crate) fn framed(
    page: &mut Canvas<'_>,
    view: View<'_>,
    title: &Row,
    incident: Option<&Incident>,
    height: u16,
    draw: impl FnOnce(&mut Canvas<'_>),
) {
    let (word, role) = mode(view, incident);
    let sign = incident.map_or_else(Row::new, |i| Row::of(i.call_sign.as_str(), Role::Strong).gap(2));
    let height = height.saturating_add(2);
    let mut area = page.middle(box_width(page.width()), height, super::screens::HEAD);
    let right = sign.with(format!(" {word} "), role);
    let mut inner = area.frame(title, &right, Role::LineFocus);
    draw(&mut inner);
}

/// How wide a box is: all of a small page, so that nothing of the screen below shows at its sides.
fn box_width(page: u16) -> u16 {
    if page <= 96 { page } else { 94 }
}

/// The columns inside a box.
pub(crate) fn inside(page: u16) -> usize {
    usize::from(box_width(page).saturating_sub(4))
}

/// The rows inside a box, at most.
pub(crate) fn tallest(page: u16) -> usize {
    usize::from(page.saturating_sub(super::screens::HEAD + 2))
}

/// Rows without as many of the blank ones as it takes to fit.
pub(crate) fn squeezed(mut rows: Vec<Row>, height: usize) -> Vec<Row> {
    while rows.len() > height {
        match rows.iter().position(Row::is_empty) {
            Some(blank) => drop(rows.remove(blank)),
            None => break,
        }
    }
    rows
}
