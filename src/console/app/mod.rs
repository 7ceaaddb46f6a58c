//! The console without its terminal and its link: keys and messages go in, pages and effects come out.

mod automation;
mod layers;
mod moves;
mod news;

use ratatui::buffer::Buffer;
use ratatui::layout::Size;

use super::actions::{ACTIONS, Action, Sort, by_id};
use super::canvas::{Canvas, Glyphs, Look, Row, in_ascii};
use super::decoder::Input;
use super::key::{Code, Key};
use super::keymap::{Resolved, resolve};
use super::layer::{Drafts, Layer, Needs, Next, Toast};
use super::memory::Memory;
use super::message::{Effect, OutputId, Ticket};
use super::model::Model;
use super::place::{Place, View};
use super::screens::{self, foot::Foot};
use super::theme::Role;
use crate::core::time::Span;

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

/// What a teller says.
#[derive(Debug, Default)]
struct Hint {
    /// Its words; empty where there is none.
    says: String,
    /// Whether its reader has put it away.
    put_away: bool,
}

/// In a lesson, an absence longer than this is told about.
const AWAY_IN_LESSONS: Span = Span::from_secs(5);

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
    /// Stops of automatic failovers that were sent and not answered.
    stops: Vec<Ticket>,
    /// What was remembered of an earlier console, until the engine was heard.
    earlier: Option<u64>,
    /// Outputs that were fetched, with how their step stood then.
    fetched: Vec<(OutputId, &'static str)>,
    fetching: Option<OutputId>,
    /// When the last looks at what is shown were asked for, by the console's clock.
    looked: Option<Span>,
    /// How many of these answers are still to come.
    looking: usize,
    whole_page: bool,
    hint: Hint,
    /// An absence longer than this is told about, with the keys locked.
    away: Span,
    /// How large the page was that was last on the terminal.
    size: Size,
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
            stops: Vec::new(),
            earlier: memory.seen,
            fetched: Vec::new(),
            fetching: None,
            looked: None,
            looking: 0,
            whole_page: false,
            hint: Hint::default(),
            away: news::AWAY,
            size: Size::new(0, 0),
        }
    }

    /// Its person takes a lesson, in which a few seconds are a long absence.
    pub(crate) fn learns(&mut self) {
        self.away = AWAY_IN_LESSONS;
    }

    /// Puts the teller's words away, or shows them again.
    pub(crate) fn toggle_hint(&mut self) {
        self.hint.put_away = !self.hint.put_away;
    }

    /// Whether a teller has words.
    pub(crate) fn is_taught(&self) -> bool {
        !self.hint.says.is_empty()
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
        if self.stops_with(key) {
            return self.stop_automation();
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
        if action.sort == Sort::Asks && !self.model.is_up() {
            self.model.dropped += 1;
            return;
        }
        match (action.check)(self) {
            Ok(()) => (action.run)(self),
            Err(why) => self.say(format!("{}: not now, {why}", action.name), Role::Warn),
        }
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
    pub(crate) fn was_painted(&mut self, size: Size) {
        self.size = size;
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
        let hint = Some(self.hint.says.clone()).filter(|_| self.is_taught() && !self.hint.put_away);
        Foot { keys, always, typed, toast: self.toast.clone(), hint }
    }
}

/// Hints from here on stand at the right of the key line, always.
const ALWAYS: u8 = 20;

fn is_key(action: &Action, key: Key) -> bool {
    action.keys.iter().any(|keys| keys.parse() == Ok(key))
}
