//! What the link says, and what is fetched because of it.

use super::App;
use crate::console::boxes::{Absence, Away};
use crate::console::layer::{Needs, Next};
use crate::console::message::{Effect, Message, OutputId};
use crate::console::model::{Link, Oldest};
use crate::console::output::{KEPT, Output};
use crate::console::place::{Screen, View};
use crate::console::screens;
use crate::console::waits::mine;
use crate::core::time::Span;

/// An absence longer than this is told about, with the keys locked.
pub(super) const AWAY: Span = Span::from_secs(20);

/// Timeline rows that are kept for scrolling back.
const ROWS_KEPT: usize = 5_000;

/// How often the last looks at what is shown are asked for.
const LOOK_EVERY: Span = Span::from_secs(1);

/// Components that are asked for by name; when more are shown, the whole plan is asked for.
const NAMED: usize = 200;

impl App {
    /// Takes what the link says.
    pub(crate) fn take(&mut self, message: Message) {
        let open = |app: &App| app.view().incident().is_some_and(|i| i.phase.is_open());
        let was_open = open(self);
        match message {
            Message::Answered { ticket, answer } => {
                // Answers go to the box that asked, wherever it stands in the stack.
                for index in (0..self.layers.len()).rev() {
                    let next = self.with_layer(index, |layer, desk| layer.answered(ticket, &answer, desk));
                    if !matches!(next, Next::Ignored) {
                        return self.follow(index, next);
                    }
                }
                self.stop_answered(ticket, &answer);
            }
            Message::Connected { .. } => self.connected(message),
            Message::Hint(says) => self.hint.says = says,
            Message::NoOutput => self.fetching = None,
            Message::Looks(_) => {
                self.looking = self.looking.saturating_sub(1);
                self.model.take(message);
            }
            Message::Live(_) if self.place.screen == Screen::Range => {
                self.effects.push(Effect::LookAtRange);
                self.model.take(message);
            }
            Message::Output { ref of, from, ref bytes, total, .. } => {
                let more = from + (bytes.len() as u64) < total && !bytes.is_empty();
                self.fetching = None;
                if more {
                    self.fetched.retain(|(known, _)| known != of);
                }
                self.model.take(message);
            }
            other => self.model.take(other),
        }
        if was_open && !open(self) {
            // It is over: what comes next is in focus. Among the others it can still be looked at.
            (self.place.incident, self.place.run) = (None, None);
        }
        self.news();
    }

    fn connected(&mut self, message: Message) {
        let lost = match &self.model.link {
            Link::Lost { since, .. } => Some(self.model.at.minus(*since)),
            _ => None,
        };
        let earlier = self.earlier.take();
        let seen = earlier.or(Some(self.model.seq).filter(|seq| *seq > 0));
        self.model.take(message);
        (self.fetching, self.fetched, self.looking) = (None, Vec::new(), 0);
        self.model.histories.forget_asked();
        let same_journal = seen.is_some_and(|seen| seen <= self.model.seq);
        let long = lost.is_some_and(|lost| lost > self.away);
        let restarted = earlier.is_some() && self.model.state.open_incidents().next().is_some();
        if let Some(seen) = seen.filter(|_| same_journal && (long || restarted)) {
            self.was_away(lost, seen);
        } else {
            self.model.dropped = 0;
        }
    }

    fn was_away(&mut self, lasted: Option<Span>, seen: u64) {
        let asked = self.layers.iter().filter(|layer| layer.needs() == Needs::Engine);
        let boxes = asked.map(|layer| format!("{} was open: closed, {}", layer.about(), layer.left())).collect();
        let dropped = std::mem::take(&mut self.model.dropped);
        self.layers.clear();
        self.place.health.read = None;
        let incident = self.view().incident().map(|i| (i.id.clone(), i.updates.len() + 1));
        self.place.kept_draft =
            incident.and_then(|(id, number)| self.drafts.get(&id).map(|draft| (number, draft.chars().count())));
        self.open(Box::new(Away::new(Absence { lasted, seen, boxes, dropped })));
    }

    /// Something changed: boxes look again, and what the page shows is fetched.
    pub(super) fn news(&mut self) {
        let view = View { model: &self.model, place: &self.place };
        for layer in &mut self.layers {
            layer.news(view);
        }
        let count = mine(&self.model).len();
        if self.place.next_wait >= count {
            self.place.next_wait = 0;
        }
        self.pin_part();
        self.fetch();
    }

    /// The part that the Health screen begins at stays under the cursor when another becomes the worst.
    fn pin_part(&mut self) {
        if self.place.screen != Screen::Health || self.place.chosen.contains_key(&self.place.list()) {
            return;
        }
        if let Some(first) = screens::default(self.view()) {
            self.place.chosen.insert(self.place.list(), first);
        }
    }

    /// The console's clock moves on.
    pub(crate) fn tick(&mut self, at: Span) {
        self.model.tick(at);
        self.fetch_looks();
        if self.toast.as_ref().is_some_and(|toast| toast.until <= at) {
            self.toast = None;
        }
    }

    /// Whether something on the page moves by itself: a running step's spinner.
    pub(crate) fn moves(&self) -> bool {
        let shown = matches!(self.place.screen, Screen::WarRoom | Screen::Run);
        shown && self.view().run().is_some_and(|run| run.is_open() && run.board.running > 0)
    }

    /// Asks for what the page shows and is not there yet.
    fn fetch(&mut self) {
        if !self.model.is_up() {
            return;
        }
        if let Some((of, _, _)) = screens::wanted_output(self.view()) {
            self.fetch_output(of);
        }
        self.fetch_histories();
        let rows = self.model.rows().count();
        let at_end = self.place.screen == Screen::Timeline && {
            let lines = screens::lines(self.view());
            screens::at(self.view(), lines.as_ref()).is_none_or(|at| at + 50 > lines.count())
        };
        if at_end && self.model.oldest == Oldest::Unknown && rows < ROWS_KEPT {
            let before = self.model.first_row();
            if before <= 1 {
                self.model.oldest = Oldest::Reached;
            } else {
                self.model.oldest = Oldest::Asked;
                self.effects.push(Effect::Page { before });
            }
        }
    }

    /// Asks for the last looks at what the page shows, once a second. What was not drawn meanwhile is not asked for.
    fn fetch_looks(&mut self) {
        let due = self.looked.is_none_or(|looked| self.model.at.minus(looked) >= LOOK_EVERY);
        if !due || self.looking > 0 || !self.model.is_up() {
            return;
        }
        for (plan, components) in self.model.shown() {
            self.looked = Some(self.model.at);
            self.looking += 1;
            let named = if components.len() > NAMED { Vec::new() } else { components.into_iter().collect() };
            self.effects.push(Effect::Looks { plan, components: named });
        }
    }

    fn fetch_histories(&mut self) {
        let wide = screens::is_wide(self.size.width, self.size.height);
        let wanted = [screens::wanted_history(self.view()), screens::wanted_pictures(self.view(), wide)];
        for of in wanted.into_iter().flatten() {
            if self.model.histories.asks(&of, self.model.at) {
                self.effects.push(Effect::History(Box::new(of)));
            }
        }
    }

    fn fetch_output(&mut self, of: OutputId) {
        let state = self
            .model
            .state
            .runs
            .get(&of.run)
            .and_then(|run| run.find(&of.step))
            .map_or("", |(_, _, s)| s.state.word());
        let known = self.model.outputs.get(&of).map_or(0, Output::end);
        let told = self.model.live.as_ref().and_then(|live| {
            live.output
                .iter()
                .find(|o| o.run == of.run && o.step == of.step && o.attempt == of.attempt)
                .map(|o| o.bytes)
        });
        let fetched = self.fetched.iter().any(|(id, was)| *id == of && *was == state);
        if self.fetching.is_some() || (fetched && told.is_none_or(|bytes| bytes <= known)) {
            return;
        }
        self.fetched.retain(|(id, _)| *id != of);
        self.fetched.push((of.clone(), state));
        self.fetching = Some(of.clone());
        // Of a flood only the end is wanted.
        let from = known.max(told.unwrap_or(0).saturating_sub(KEPT as u64));
        self.effects.push(Effect::Output { of, from });
    }
}
