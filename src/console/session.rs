//! The one loop that owns everything: signals, keys, the engine's messages, the next page; in that order.

use std::path::PathBuf;
use std::time::{Duration, Instant};

use tokio::signal::unix::{Signal, SignalKind, signal};
use tokio::sync::{mpsc, watch};
use tokio::time::sleep_until;

use super::app::{App, Range};
use super::canvas::{Glyphs, Look};
use super::decoder::Decoder;
use super::frame::{Page, blank};
use super::input::{Reader, Typed};
use super::link::{self, Link};
use super::memory::Keeper;
use super::message::{Effect, Message};
use super::terminal::{Terminal, TerminalError, is_broken, put_back};
use super::theme::{Depth, Theme, ThemeError};
use crate::client::Client;
use crate::core::time::Span;

/// How a console is started.
#[derive(Debug, Clone)]
pub struct ConsoleOptions {
    /// Asks the engine.
    pub engine: Client,
    /// Where place and drafts are kept for the next console; nowhere when not said.
    pub memory: Option<PathBuf>,
    /// A theme's name or file.
    pub theme: Option<String>,
    /// The practice range's control address.
    pub range: Option<String>,
    /// What a teller says, one line at a time: for lessons.
    pub hints: Option<watch::Receiver<String>>,
}

/// How a console ended.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Ended {
    /// Its person left.
    Left,
    /// A signal ended it.
    Signal(i32),
    /// The terminal is gone.
    TerminalGone,
    /// A fault of its own has ended it.
    Broken,
}

/// Why there is no console.
#[derive(Debug, thiserror::Error)]
pub enum ConsoleError {
    /// The terminal cannot be used.
    #[error(transparent)]
    Terminal(#[from] TerminalError),
    /// The theme cannot be used.
    #[error(transparent)]
    Theme(#[from] ThemeError),
    /// The system refused something that the console cannot do without.
    #[error("the console cannot run: {0}")]
    Io(#[from] std::io::Error),
}

/// Pages follow one another no faster than this, except after a key.
const BETWEEN_PAGES: Duration = Duration::from_millis(33);

/// The page is drawn at least this often, for its clocks. The engine's own frames come each second and are drawn at once, so
/// that this only matters while none come.
const CLOCK: Duration = Duration::from_millis(1_100);

/// A spinner's pace.
const SPIN: Duration = Duration::from_millis(250);

/// How long a bare `Esc` is held back.
const ESCAPE: Duration = Duration::from_millis(100);

/// How often place and drafts are looked at for changes.
const REMEMBER: Duration = Duration::from_secs(2);

/// Runs the console on standard input and output until its person leaves, a signal ends it or the terminal is gone. The
/// terminal is put back in every case.
///
/// # Errors
/// [`ConsoleError`] says why it cannot begin.
pub async fn run(options: ConsoleOptions) -> Result<Ended, ConsoleError> {
    let variable = |name: &str| std::env::var(name).ok();
    let theme = Theme::load(options.theme.as_deref(), Depth::of(variable))?;
    let look = Look { theme, glyphs: Glyphs::of(variable) };
    let (keeper, memory) = Keeper::open(options.memory);
    let range = if options.range.is_some() { Range::Here } else { Range::None };
    let signals = Signals::new()?;
    let terminal = Terminal::take()?;
    let (reader, typed) = Reader::start(terminal.keys()?)?;
    let start = Instant::now();
    let mut session = Session {
        app: App::new(look, range, memory),
        page: Page::new(),
        decoder: Decoder::default(),
        keeper,
        start,
        drawn: start,
        dirty: Dirty::Now,
        stage: Stage::Ours,
        escape: None,
        remembered: start,
        terminal,
        typed,
        signals,
        _reader: reader,
    };
    if options.hints.is_some() {
        session.app.learns();
    }
    // The first page needs no engine; the link is only made when it is on the terminal.
    session.paint()?;
    let link = link::start(options.engine, options.range, options.hints);
    session.live(link).await
}

/// Whether the page has to be drawn.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
enum Dirty {
    /// It is as it should be.
    No,
    /// Something came from the engine.
    Soon,
    /// A key was pressed.
    Now,
}

/// Whether the terminal is the console's to draw on.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Stage {
    /// It is.
    Ours,
    /// It was given back for a stop; `SIGCONT` brings it again. The stop itself may come a moment after it was asked for.
    GivenBack,
}

struct Signals {
    terminate: Signal,
    hang_up: Signal,
    interrupt: Signal,
    stop: Signal,
    carry_on: Signal,
    resized: Signal,
}

impl Signals {
    fn new() -> std::io::Result<Signals> {
        let raw = |signal: rustix::process::Signal| SignalKind::from_raw(signal.as_raw());
        Ok(Signals {
            terminate: signal(SignalKind::terminate())?,
            hang_up: signal(SignalKind::hangup())?,
            interrupt: signal(SignalKind::interrupt())?,
            stop: signal(raw(rustix::process::Signal::TSTP))?,
            carry_on: signal(raw(rustix::process::Signal::CONT))?,
            resized: signal(SignalKind::window_change())?,
        })
    }
}

/// What a signal asks for.
enum Asked {
    End(SignalKind),
    Stop,
    CarryOn,
    Resize,
}

impl Signals {
    async fn next(&mut self) -> Asked {
        tokio::select! {
            biased;
            _ = self.hang_up.recv() => Asked::End(SignalKind::hangup()),
            _ = self.terminate.recv() => Asked::End(SignalKind::terminate()),
            _ = self.interrupt.recv() => Asked::End(SignalKind::interrupt()),
            _ = self.stop.recv() => Asked::Stop,
            _ = self.carry_on.recv() => Asked::CarryOn,
            _ = self.resized.recv() => Asked::Resize,
        }
    }
}

struct Session {
    app: App,
    page: Page,
    decoder: Decoder,
    keeper: Keeper,
    start: Instant,
    drawn: Instant,
    dirty: Dirty,
    stage: Stage,
    /// When a bare `Esc` is taken for a key.
    escape: Option<Instant>,
    remembered: Instant,
    // In this order: the terminal is put back first, and the reader can only end once nothing is left in its queue.
    terminal: Terminal,
    typed: mpsc::Receiver<Typed>,
    signals: Signals,
    _reader: Reader,
}

impl Session {
    async fn live(mut self, mut link: Link) -> Result<Ended, ConsoleError> {
        let ended = loop {
            let deadline = self.deadline();
            let end = tokio::select! {
                biased;
                asked = self.signals.next() => self.signalled(asked),
                typed = self.typed.recv() => self.typed(typed),
                Some(message) = link.messages.recv() => {
                    self.tick();
                    // The first page that says something is not held back.
                    let news = if matches!(message, Message::Connected { .. }) { Dirty::Now } else { Dirty::Soon };
                    self.app.take(message);
                    self.dirty = self.dirty.max(news);
                    None
                }
                () = sleep_until(deadline.into()) => self.timed(),
            };
            if let Some(ended) = end.or_else(|| self.carry_out(&link)) {
                break ended;
            }
            if is_broken() {
                break Ended::Broken;
            }
            if self.is_due() && self.paint().is_err() {
                break Ended::TerminalGone;
            }
            if self.remembered.elapsed() >= REMEMBER {
                self.remember();
            }
        };
        self.remember();
        Ok(ended)
    }

    fn signalled(&mut self, asked: Asked) -> Option<Ended> {
        match asked {
            Asked::End(kind) => return Some(Ended::Signal(kind.as_raw_value())),
            Asked::Stop => self.suspend(),
            Asked::CarryOn => {
                // Whoever stopped it may have changed the terminal.
                put_back();
                if self.terminal.enter().is_err() {
                    return Some(Ended::TerminalGone);
                }
                self.stage = Stage::Ours;
                self.page.forget();
                self.dirty = Dirty::Now;
            }
            Asked::Resize => {
                self.page.forget();
                self.dirty = Dirty::Now;
            }
        }
        None
    }

    /// Stops like any other program; what follows is up to `SIGCONT`.
    fn suspend(&mut self) {
        self.remember();
        self.stage = Stage::GivenBack;
        put_back();
        let me = rustix::process::getpid();
        if rustix::process::kill_process(me, rustix::process::Signal::STOP).is_err() {
            // Then it goes on, and so must the page; a terminal that refuses is noticed when it is drawn on.
            let _ = self.terminal.enter();
            self.stage = Stage::Ours;
            self.page.forget();
            self.dirty = Dirty::Now;
        }
    }

    fn typed(&mut self, typed: Option<Typed>) -> Option<Ended> {
        let Some(Typed::Bytes(bytes)) = typed else { return Some(Ended::TerminalGone) };
        self.tick();
        let inputs = self.decoder.feed(&bytes);
        self.escape = self.decoder.waits().then(|| Instant::now() + ESCAPE);
        if !inputs.is_empty() {
            self.app.type_all(inputs);
            self.dirty = Dirty::Now;
        }
        None
    }

    fn timed(&mut self) -> Option<Ended> {
        let now = Instant::now();
        self.tick();
        if self.escape.is_some_and(|at| at <= now) {
            self.escape = None;
            self.app.type_all(self.decoder.give_up_waiting());
            self.dirty = Dirty::Now;
        }
        if !self.terminal.is_idle() && self.terminal.flush().is_err() {
            return Some(Ended::TerminalGone);
        }
        if now.duration_since(self.drawn) >= self.pace() {
            self.dirty = self.dirty.max(Dirty::Soon);
        }
        None
    }

    fn tick(&mut self) {
        self.app.tick(Span::from(self.start.elapsed()));
    }

    /// How long a page may stand.
    fn pace(&self) -> Duration {
        if self.app.moves() { SPIN } else { CLOCK }
    }

    /// When something has to be done although nothing comes in.
    fn deadline(&self) -> Instant {
        let page = match self.dirty {
            // What the terminal has not taken yet is offered again.
            _ if !self.terminal.is_idle() => Instant::now() + BETWEEN_PAGES,
            _ if self.stage == Stage::GivenBack => Instant::now() + CLOCK,
            Dirty::No => self.drawn + self.pace(),
            _ => self.drawn + BETWEEN_PAGES,
        };
        self.escape.map_or(page, |escape| escape.min(page))
    }

    fn is_due(&self) -> bool {
        let paced = self.drawn.elapsed() >= BETWEEN_PAGES;
        self.stage == Stage::Ours
            && self.terminal.is_idle()
            && (self.dirty == Dirty::Now || self.dirty == Dirty::Soon && paced)
    }

    fn paint(&mut self) -> std::io::Result<()> {
        if !self.terminal.is_held() {
            // A task has panicked and its words stand on the terminal: leave them there.
            return Err(std::io::Error::other("the terminal was put back"));
        }
        if self.app.wants_whole_page() {
            self.page.forget();
        }
        let size = self.terminal.size();
        let mut buffer = blank(size);
        self.app.draw(&mut buffer);
        let bytes = self.page.turn(buffer);
        self.terminal.queue(&bytes);
        self.terminal.flush()?;
        self.app.was_painted(size);
        self.drawn = Instant::now();
        self.dirty = Dirty::No;
        Ok(())
    }

    /// Has done what the keys and messages asked for.
    fn carry_out(&mut self, link: &Link) -> Option<Ended> {
        for effect in std::mem::take(&mut self.app.effects) {
            match effect {
                Effect::Quit => return Some(Ended::Left),
                Effect::Suspend => self.suspend(),
                // The link lives as long as this loop.
                other => drop(link.wanted.send(other)),
            }
        }
        None
    }

    /// Writes place and drafts down, if they have changed.
    fn remember(&mut self) {
        self.remembered = Instant::now();
        if let Err(error) = self.keeper.keep(&self.app.memory()) {
            tracing::warn!(%error, "place and drafts could not be kept");
        }
    }
}
