//! The stack of boxes: what opens them, and what follows from what they say.

use super::{App, Painted};
use crate::console::actions::by_id;
use crate::console::boxes::{self, Asked};
use crate::console::layer::{Desk, Layer, Next};
use crate::console::place::{Panel, Screen};
use crate::console::theme::Role;
use crate::console::waits::{Waiting, mine};

impl App {
    pub(super) fn open(&mut self, layer: Box<dyn Layer>) {
        self.layers.push(layer);
        self.painted = Painted::No;
    }

    pub(super) fn hand_down(&mut self, take: impl FnOnce(&mut dyn Layer, &mut Desk<'_>) -> Next) {
        let Some(index) = self.layers.len().checked_sub(1) else { return };
        let next = self.with_layer(index, take);
        self.follow(index, next);
        self.news();
    }

    pub(super) fn with_layer(
        &mut self,
        index: usize,
        take: impl FnOnce(&mut dyn Layer, &mut Desk<'_>) -> Next,
    ) -> Next {
        let mut desk = Desk {
            model: &self.model,
            place: &mut self.place,
            drafts: &mut self.drafts,
            effects: &mut self.effects,
            tickets: &mut self.tickets,
            toast: &mut self.toast,
        };
        self.layers.get_mut(index).map_or(Next::Ignored, |layer| take(layer.as_mut(), &mut desk))
    }

    pub(super) fn follow(&mut self, index: usize, next: Next) {
        match next {
            Next::Keep | Next::Ignored => {}
            Next::Close => drop(self.layers.remove(index)),
            Next::Replace(layer) => {
                self.layers.remove(index);
                self.open(layer);
            }
            Next::Act(id) => {
                self.layers.remove(index);
                if let Some(action) = by_id(id) {
                    self.act(action);
                }
            }
            Next::WhatWaits => {
                self.layers.remove(index);
                self.open_next();
            }
        }
    }

    /// Opens the box for something, on what is in focus.
    pub(crate) fn ask(&mut self, asked: Asked) {
        let draft = self.view().incident().and_then(|i| self.drafts.get(&i.id)).cloned().unwrap_or_default();
        match boxes::open(self.view(), asked, &draft) {
            Ok(layer) => self.open(layer),
            Err(why) => self.say(why, Role::Warn),
        }
    }

    /// Goes to the next thing that waits, and opens its box.
    pub(crate) fn open_next(&mut self) {
        let waits = mine(&self.model);
        let Some(wait) = waits.get(self.place.next_wait).or(waits.first()).map(|wait| (*wait).clone()) else { return };
        let waits = waits.len();
        self.place.next_wait = (self.place.next_wait + 1).checked_rem(waits).unwrap_or(0);
        self.place.incident = Some(wait.incident.clone());
        self.place.go(Screen::WarRoom);
        self.place.panel = Panel::Now;
        self.place.chosen.remove(&(Screen::WarRoom, Panel::Now));
        let (run, asked) = match &wait.what {
            Waiting::Gate(run, _) => (Some(*run), Asked::Gate),
            Waiting::Settle(run, _) | Waiting::Manual(run, _) => (Some(*run), Asked::Step),
            Waiting::Held(run) => (Some(*run), Asked::Resume),
            Waiting::Proposal => (None, Asked::Declare),
            Waiting::Recovered => (None, Asked::Close),
            Waiting::Owed => (None, Asked::Commit),
        };
        self.place.aimed = match &wait.what {
            Waiting::Gate(run, step) | Waiting::Settle(run, step) | Waiting::Manual(run, step) => {
                Some((*run, step.clone()))
            }
            Waiting::Held(_) | Waiting::Proposal | Waiting::Owed | Waiting::Recovered => None,
        };
        self.place.run = run.or(self.place.run);
        self.ask(asked);
    }
}
