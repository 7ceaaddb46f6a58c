//! The console without its terminal and its link: keys and messages go in, pages and effects come out.

use ratatui::buffer::Buffer;

use super::actions::{ACTIONS, Action, by_id};
use super::boxes::{self, Absence, Asked, Away, Find, Help, Palette, Quit, Read};
use super::canvas::{Canvas, Glyphs, Look, Row, in_ascii};
use super::decoder::Input;
use super::key::{Code, Key};
use super::keymap::{Resolved, resolve};
use super::layer::{Desk, Drafts, Layer, Needs, Next, Toast};
use super::list;
use super::memory::Memory;
use super::message::{Effect, Message, OutputId};
use super::model::{Link, Model, Oldest};
use super::place::{Panel, Place, Screen, Thing, View};
use super::screens::{self, foot::Foot};
use super::theme::Role;
use super::waits::{Waiting, mine};
use crate::core::run::StepState;
use crate::core::time::Span;

/// An absence longer than this is told about, with the keys locked.
const AWAY: Span = Span::from_secs(20);

/// Whether there is a practice range to look at.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Range {
    /// Its address is known.
    Here,
    /// There is none.
    None,
}

/// How much of the topmost box its person has seen.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Painted {
    /// Nothing: keys that come now were not meant for it.
    No,
    /// The page is too small for all of it: it can only be left.
    InPart,
    /// All of it.
    Whole,
}

/// The console.
pub(crate) struct App {
    pub(crate) model: Model,
    pub(crate) place: Place,
    /// What is to be done; taken by the loop.
    pub(crate) effects: Vec<Effect>,
    look: Look,
    range: Range,
    drafts: Drafts,
    layers: Vec<Box<dyn Layer>>,
    painted: Painted,
    typed: Vec<Key>,
    toast: Option<Toast>,
    tickets: u64,
    /// What was remembered of an earlier console, until the engine was heard.
    earlier: Option<u64>,
    /// Outputs that were fetched, with how their step stood then.
    fetched: Vec<(OutputId, &'static str)>,
    fetching: Option<OutputId>,
    whole_page: bool,
}

impl App {
    pub(crate) fn new(look: Look, range: Range, memory: Memory) -> App {
        App {
            model: Model::default(),
            place: memory.place,
            effects: Vec::new(),
            look,
            range,
            drafts: memory.drafts,
            layers: Vec::new(),
            painted: Painted::No,
            typed: Vec::new(),
            toast: None,
            tickets: 0,
            earlier: memory.seen,
            fetched: Vec::new(),
            fetching: None,
            whole_page: false,
        }
    }

    pub(crate) fn view(&self) -> View<'_> {
        View { model: &self.model, place: &self.place }
    }

    /// What is to be remembered for the next console.
    pub(crate) fn memory(&self) -> Memory {
        let seen = if self.model.seq > 0 { Some(self.model.seq) } else { self.earlier };
        Memory { place: self.place.clone(), drafts: self.drafts.clone(), seen }
    }

    // ---- what comes in

    /// Takes what was typed. Keys behind one that opened a box are not for that box: it has not been painted yet.
    pub(crate) fn type_all(&mut self, inputs: Vec<Input>) {
        for input in inputs {
            if !self.layers.is_empty() && self.painted == Painted::No {
                return;
            }
            match input {
                Input::Key(key) => self.key(key),
                Input::Paste(text) => self.paste(&text),
            }
        }
    }

    fn key(&mut self, key: Key) {
        if let Some(action) = ["redraw", "suspend"].iter().filter_map(|id| by_id(id)).find(|a| is_key(a, key)) {
            return (action.run)(self);
        }
        if let Some(top) = self.layers.last() {
            if self.painted == Painted::InPart && key.code != Code::Esc {
                return;
            }
            if top.needs() == Needs::Engine && !self.model.is_up() && key.code != Code::Esc {
                self.model.dropped += 1;
                return;
            }
            return self.hand_down(|layer, desk| layer.key(key, desk));
        }
        if key.code == Code::Esc && !self.typed.is_empty() {
            return self.typed.clear();
        }
        self.typed.push(key);
        match resolve(&self.typed, self.place.screen) {
            Resolved::Prefix => {}
            Resolved::Nothing => self.typed.clear(),
            Resolved::Action(action) => {
                self.typed.clear();
                self.act(action);
            }
        }
    }

    fn paste(&mut self, text: &str) {
        let Some(top) = self.layers.last().filter(|_| self.painted == Painted::Whole) else { return };
        if top.needs() == Needs::Engine && !self.model.is_up() {
            self.model.dropped += 1;
            return;
        }
        self.hand_down(|layer, desk| {
            layer.paste(text, desk);
            Next::Keep
        });
    }

    fn act(&mut self, action: &'static Action) {
        if action.sort == super::actions::Sort::Asks && !self.model.is_up() {
            self.model.dropped += 1;
            return;
        }
        match (action.check)(self) {
            Ok(()) => (action.run)(self),
            Err(why) => self.say(format!("{}: not now, {why}", action.name), Role::Warn),
        }
    }

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
            }
            Message::Connected { .. } => self.connected(message),
            Message::NoOutput => self.fetching = None,
            Message::Live(_) if self.place.screen == Screen::Range => {
                self.effects.push(Effect::LookAtRange);
                self.model.take(message);
            }
            Message::Output { ref of, from, ref bytes, total } => {
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
        (self.fetching, self.fetched) = (None, Vec::new());
        let same_journal = seen.is_some_and(|seen| seen <= self.model.seq);
        let long = lost.is_some_and(|lost| lost > AWAY);
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
        let incident = self.view().incident().map(|i| (i.id.clone(), i.updates.len() + 1));
        self.place.kept_draft =
            incident.and_then(|(id, number)| self.drafts.get(&id).map(|draft| (number, draft.chars().count())));
        self.open(Box::new(Away::new(Absence { lasted, seen, boxes, dropped })));
    }

    /// Something changed: boxes look again, and what the page shows is fetched.
    fn news(&mut self) {
        let view = View { model: &self.model, place: &self.place };
        for layer in &mut self.layers {
            layer.news(view);
        }
        let count = mine(&self.model).len();
        if self.place.next_wait >= count {
            self.place.next_wait = 0;
        }
        self.fetch();
    }

    /// The console's clock moves on.
    pub(crate) fn tick(&mut self, at: Span) {
        self.model.tick(at);
        if self.toast.as_ref().is_some_and(|toast| toast.until <= at) {
            self.toast = None;
        }
    }

    /// Whether something on the page moves by itself: a running step's spinner.
    pub(crate) fn moves(&self) -> bool {
        let running = |state: &StepState| matches!(state, StepState::Running { .. });
        let shown = matches!(self.place.screen, Screen::WarRoom | Screen::Run);
        shown && self.view().run().is_some_and(|run| run.is_open() && run.steps.iter().any(|s| running(&s.state)))
    }

    /// Asks for what the page shows and is not there yet.
    fn fetch(&mut self) {
        if !self.model.is_up() {
            return;
        }
        if let Some((of, _, _)) = screens::wanted_output(self.view()) {
            self.fetch_output(of);
        }
        let rows = self.model.rows().count();
        let at_end = self.place.screen == Screen::Timeline && {
            let lines = screens::lines(self.view());
            screens::at(self.view(), &lines).is_none_or(|at| at + 50 > lines.len())
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

    fn fetch_output(&mut self, of: OutputId) {
        let state = self
            .model
            .state
            .runs
            .get(&of.run)
            .and_then(|run| run.find(&of.step))
            .map_or("", |(_, _, s)| s.state.word());
        let known = self.model.outputs.get(&of).map_or(0, super::output::Output::end);
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
        let from = known.max(told.unwrap_or(0).saturating_sub(super::output::KEPT as u64));
        self.effects.push(Effect::Output { of, from });
    }

    // ---- layers

    fn open(&mut self, layer: Box<dyn Layer>) {
        self.layers.push(layer);
        self.painted = Painted::No;
    }

    fn hand_down(&mut self, take: impl FnOnce(&mut dyn Layer, &mut Desk<'_>) -> Next) {
        let Some(index) = self.layers.len().checked_sub(1) else { return };
        let next = self.with_layer(index, take);
        self.follow(index, next);
        self.news();
    }

    fn with_layer(&mut self, index: usize, take: impl FnOnce(&mut dyn Layer, &mut Desk<'_>) -> Next) -> Next {
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

    fn follow(&mut self, index: usize, next: Next) {
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

    // ---- what actions do

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
        let Some(wait) = waits.get(self.place.next_wait).or(waits.first()) else { return };
        self.place.next_wait = (self.place.next_wait + 1).checked_rem(waits.len()).unwrap_or(0);
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
        };
        self.place.run = run.or(self.place.run);
        self.ask(asked);
    }

    pub(crate) fn look(&mut self) {
        match screens::chosen(self.view()) {
            Some(Thing::Step(run, step)) => {
                self.place.run = Some(run);
                self.place.go(Screen::Run);
                self.place.chosen.insert(self.place.list(), Thing::Step(run, step));
            }
            Some(Thing::Run(run)) => {
                self.place.run = Some(run);
                self.place.go(Screen::Run);
            }
            Some(Thing::Procedure(plan, procedure)) => {
                self.place.procedure = Some((plan, procedure));
                self.place.go(Screen::Procedure);
            }
            Some(Thing::Incident(incident)) => {
                self.place.incident = Some(incident);
                self.place.run = None;
                self.place.panel = Panel::Now;
                self.place.go(Screen::WarRoom);
            }
            Some(thing) => self.read(thing),
            None => {}
        }
    }

    /// Shows something in full.
    fn read(&mut self, thing: Thing) {
        let view = self.view();
        let page = match thing {
            Thing::Row(seq) => view.model.rows().find(|e| e.seq == seq).map(|entry| {
                let who = Row::text(format!(
                    "{} by {}, entry {}",
                    entry.at.utc.dated(),
                    view.model.name(&entry.by),
                    entry.seq
                ));
                let text = crate::text::event_in_full(&view.model.state, entry);
                Read::new("TIMELINE", vec![who, Row::new()], text)
            }),
            Thing::Update(incident, number) => view.model.state.incidents.get(&incident).and_then(|incident| {
                let update = incident.updates.get(number.checked_sub(1)?)?;
                let who = Row::text(format!("{} by {}", update.at.utc.dated(), view.model.name(&update.by)));
                let each = update
                    .deliveries
                    .iter()
                    .map(|(channel, d)| Row::text(format!("{channel}: {}", crate::text::delivery(d))));
                let rows = std::iter::once(who).chain(each).chain([Row::new()]).collect();
                Some(Read::new(format!("UPDATE {number}"), rows, update.text.clone()))
            }),
            Thing::Probe(plan, probe) => view.model.state.plans.get(&plan).and_then(|loaded| {
                let (component, probe) = loaded.plan.probes().find(|(_, p)| p.id == probe)?;
                let rows = screens::about_probe(view, loaded, component, probe);
                Some(Read::new(format!("PROBE {}", probe.id), rows, String::new()))
            }),
            _ => None,
        };
        if let Some(page) = page {
            self.open(Box::new(page));
        }
    }

    pub(crate) fn back(&mut self) {
        if self.place.find.take().is_some() {
            return;
        }
        if let Some(screen) = self.place.back.pop() {
            self.place.screen = screen;
            self.place.scrolled = 0;
        } else if self.place.screen != Screen::WarRoom {
            self.place.screen = Screen::WarRoom;
        } else {
            self.place.panel = Panel::Now;
        }
    }

    pub(crate) fn walk(&mut self, by: isize) {
        let view = self.view();
        let lines = screens::lines(view);
        let from = screens::at(view, &lines).unwrap_or(0);
        if let Some(thing) = list::step(&lines, from, by).cloned() {
            self.place.chosen.insert(self.place.list(), thing);
            self.place.scrolled = 0;
        }
        self.news();
    }

    pub(crate) fn page(&mut self, by: isize) {
        if self.place.screen == Screen::Run {
            let most = screens::wanted_output(self.view())
                .and_then(|(of, _, _)| self.model.outputs.get(&of))
                .map_or(0, |output| output.lines().len());
            self.place.scrolled = self.place.scrolled.saturating_add_signed(by * -8).min(most);
        } else {
            self.walk(by * 10);
        }
    }

    pub(crate) fn panel(&mut self, panel: Panel) {
        self.place.panel = panel;
        self.place.go(Screen::WarRoom);
    }

    pub(crate) fn turn_panel(&mut self, by: isize) {
        self.place.panel = self.place.panel.turn(by);
    }

    pub(crate) fn find(&mut self) {
        self.place.go(Screen::Timeline);
        self.open(Box::new(Find::default()));
    }

    pub(crate) fn palette(&mut self) {
        let palette = {
            let app: &App = self;
            Palette::new(|action| match action.on.includes(app.place.screen) {
                true => (action.check)(app),
                false => Err("not on this screen".to_owned()),
            })
        };
        self.open(Box::new(palette));
    }

    pub(crate) fn help(&mut self) {
        self.open(Box::new(Help::default()));
    }

    pub(crate) fn redraw(&mut self) {
        self.whole_page = true;
    }

    pub(crate) fn quit(&mut self) {
        if mine(&self.model).is_empty() {
            self.effects.push(Effect::Quit);
        } else {
            self.open(Box::new(Quit));
        }
    }

    pub(crate) fn has_range(&self) -> Result<(), String> {
        match self.range {
            Range::Here => Ok(()),
            Range::None => Err("there is no practice range; `warroom demo` brings one".to_owned()),
        }
    }

    pub(crate) fn say(&mut self, says: impl Into<String>, role: Role) {
        let until = self.model.at.plus(Span::from_secs(5));
        self.toast = Some(Toast { says: says.into(), role, until });
    }

    // ---- what goes out

    /// Whether the whole page has to be drawn again; asked once.
    pub(crate) fn wants_whole_page(&mut self) -> bool {
        std::mem::take(&mut self.whole_page)
    }

    /// Draws the page as it is now.
    pub(crate) fn draw(&self, buffer: &mut Buffer) {
        let view = self.view();
        let mut page = Canvas::new(buffer, &self.look);
        screens::draw(&mut page, view, &self.foot());
        if page.width() >= screens::SMALLEST.0 && page.height() >= screens::SMALLEST.1 {
            self.layers.iter().for_each(|layer| layer.draw(&mut page, view));
        } else if let Some(layer) = self.layers.last() {
            let words = format!(" {}: make the window larger", layer.about());
            let y = page.height().saturating_sub(1);
            page.row(y, &Row::of(words, Role::Waits));
        }
        if self.look.glyphs == Glyphs::Ascii {
            in_ascii(buffer);
        }
    }

    /// The page is on the terminal, in that size: boxes on it take keys from here on.
    pub(crate) fn was_painted(&mut self, size: ratatui::layout::Size) {
        let large = size.width >= screens::SMALLEST.0 && size.height >= screens::SMALLEST.1;
        let fits = large && self.layers.last().is_none_or(|layer| layer.fits(size, self.view()));
        self.painted = if fits { Painted::Whole } else { Painted::InPart };
    }

    fn foot(&self) -> Foot {
        let mut hinted: Vec<&Action> = ACTIONS
            .iter()
            .filter(|action| action.hint.is_some() && action.on.includes(self.place.screen))
            .filter(|action| (action.check)(self).is_ok())
            .collect();
        hinted.sort_by_key(|action| action.hint);
        // Who leads an incident already does not look for how to declare one.
        let leads = self.view().incident().is_some_and(|i| i.phase.is_declared());
        let key = |a: &Action| Some(((*a.keys.first()?).to_owned(), a.name.to_owned()));
        let (always, keys): (Vec<&Action>, Vec<&Action>) = hinted.into_iter().partition(|a| a.hint >= Some(ALWAYS));
        let keys = keys.into_iter().filter(|a| !leads || a.id != "declare").filter_map(key).collect();
        let always = always.into_iter().filter_map(key).collect();
        let typed = self.typed.iter().map(ToString::to_string).collect();
        Foot { keys, always, typed, toast: self.toast.clone() }
    }
}

/// Hints from here on stand at the right of the key line, always.
const ALWAYS: u8 = 20;

/// Timeline rows that are kept for scrolling back.
const ROWS_KEPT: usize = 5_000;

fn is_key(action: &Action, key: Key) -> bool {
    action.keys.iter().any(|keys| keys.parse() == Ok(key))
}
