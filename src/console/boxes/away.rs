//! After the link was dead for a while, or the console was away: what happened meanwhile, with the keys locked until a person
//! has seen it.

use crate::console::canvas::{Canvas, Row, count};
use crate::console::key::{Code, Key};
use crate::console::layer::{Desk, Layer, Letters, Needs, Next};
use crate::console::place::View;
use crate::console::screens::{HEAD, entry_row};
use crate::console::theme::Role;
use crate::console::waits::Whose;
use crate::core::time::Span;

/// What is to be said about an absence.
#[derive(Debug, Clone, PartialEq)]
pub(crate) struct Absence {
    /// How long, where that is known.
    pub(crate) lasted: Option<Span>,
    /// The last entry that was seen.
    pub(crate) seen: u64,
    /// The boxes that were open: closed, with nothing sent unless it says so.
    pub(crate) boxes: Vec<String>,
    /// Keys typed meanwhile.
    pub(crate) dropped: u32,
}

/// The page.
pub(crate) struct Away {
    absence: Absence,
}

impl Away {
    pub(crate) fn new(absence: Absence) -> Away {
        Away { absence }
    }

    fn rows(&self, view: View<'_>, height: usize) -> Vec<Row> {
        let fact = |name: &str, row: Row| Row::text(" ").with(name, Role::Strong).tab(15).and(row);
        let mut rows = Vec::new();
        rows.push(fact("Command", command(view)));
        let since: Vec<_> = view.model.rows().take_while(|entry| entry.seq > self.absence.seen).collect();
        let mut foot = Vec::new();
        for about in &self.absence.boxes {
            foot.push(fact("Your box", Row::text(about.as_str())));
        }
        foot.extend(self.drafts(view).map(|row| fact("Your draft", row)));
        if self.absence.dropped > 0 {
            let keys = usize::try_from(self.absence.dropped).unwrap_or(usize::MAX);
            let words = format!("{} typed while the link was dead", count(keys, "key"));
            foot.push(fact("Dropped", Row::of(words, Role::Warn)));
        }
        foot.push(fact("Waits", waiting(view)));
        // What happened takes the room that is left, the newest kept.
        let room = height.saturating_sub(rows.len() + foot.len() + 1).max(1);
        if since.is_empty() {
            rows.push(fact("Since then", Row::of("nothing happened", Role::Dim)));
        }
        let left_out = since.len().saturating_sub(room);
        if left_out > 0 {
            rows.push(fact("Since then", Row::of(format!("{} things; the newest:", since.len()), Role::Text)));
        }
        let shown = since.iter().take(room.saturating_sub(usize::from(left_out > 0))).rev();
        for (index, entry) in shown.enumerate() {
            let name = if index == 0 && left_out == 0 { "Since then" } else { "" };
            rows.push(fact(name, entry_row(view, entry)));
        }
        rows.extend(foot);
        rows
    }

    fn drafts(&self, view: View<'_>) -> impl Iterator<Item = Row> {
        let kept = view.place.kept_draft.iter();
        kept.map(|(update, length)| Row::text(format!("update {update} kept, unsent, {length} characters")))
            .collect::<Vec<_>>()
            .into_iter()
    }
}

fn command(view: View<'_>) -> Row {
    let Some(incident) = view.incident().filter(|i| i.phase.is_declared()) else {
        return Row::of("no incident is declared", Role::Dim);
    };
    match incident.roles.get("incident_commander") {
        Some(who) if view.model.me() == Some(who) => Row::of("still you", Role::Good),
        Some(who) => Row::of(view.model.name(who), Role::Strong),
        None => Row::of("nobody is incident commander", Role::Warn),
    }
}

fn waiting(view: View<'_>) -> Row {
    let all = view.model.waits();
    let mut row = Row::new();
    for (index, wait) in all.iter().filter(|w| w.whose == Whose::Mine).take(3).enumerate() {
        row = row.with(format!("{} ", index + 1), Role::Key).with(&wait.says, Role::Strong).gap(3);
    }
    if row.is_empty() { Row::of("nothing waits for you", Role::Dim) } else { row }
}

impl Layer for Away {
    fn key(&mut self, key: Key, _desk: &mut Desk<'_>) -> Next {
        match key.code {
            Code::Char(' ') => Next::WhatWaits,
            Code::Char('W' | 'w') => Next::Close,
            _ => Next::Keep,
        }
    }

    fn draw(&self, page: &mut Canvas<'_>, view: View<'_>) {
        let (width, height) = (page.width(), page.height());
        let below = HEAD.min(height);
        // The head stays; everything else waits until this was seen.
        let mut area = page.part(0, below, width, height - below);
        let blank = Row::text(" ".repeat(usize::from(width)));
        (0..area.height()).for_each(|y| area.row(y, &blank));
        let lasted = self.absence.lasted.map_or(String::new(), |lasted| format!(" {lasted}"));
        let title = format!(" YOU WERE AWAY{lasted}. Nothing stopped. INPUT LOCKED ");
        area.rule(0, &Row::of(title, Role::Waits), Role::Line);
        let rows = self.rows(view, usize::from(area.height().saturating_sub(2)));
        for (row, y) in rows.iter().zip(1..area.height().saturating_sub(1)) {
            area.row(y, row);
        }
        let next = match view.model.waits().iter().any(|w| w.whose == Whose::Mine) {
            true => " unlock, go to what waits",
            false => " unlock",
        };
        let keys = Row::text(" ").with("Space", Role::Key).with(next, Role::Text).gap(4);
        let keys = keys.with("W", Role::Key).with(" unlock, where I was", Role::Text).gap(4);
        let y = area.height().saturating_sub(1);
        area.row(y, &keys.with("(Enter does nothing)", Role::Dim));
    }

    fn letters(&self) -> Letters {
        Letters::Keys
    }

    fn about(&self) -> String {
        "away".to_owned()
    }

    fn needs(&self) -> Needs {
        Needs::Nothing
    }
}
