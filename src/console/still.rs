//! A console without a terminal and without a link: for measuring what a page costs.

use ratatui::buffer::Buffer;
use ratatui::layout::Size;

use super::app::{App, Range};
use super::canvas::{Glyphs, Look};
use super::frame::blank;
use super::memory::Memory;
use super::message::Message;
use super::theme::{Depth, Theme, ThemeError};
use crate::core::state::Entry;
use crate::wire::{Hello, Snapshot};

/// A console that is told what an engine would say, and draws its page when it is asked to.
pub struct Still {
    app: App,
}

impl Still {
    /// Connected, with the built-in theme.
    ///
    /// # Errors
    /// The theme cannot be read.
    pub fn connected(hello: Hello, snapshot: Snapshot) -> Result<Still, ThemeError> {
        let look = Look { theme: Theme::load(None, Depth::True)?, glyphs: Glyphs::Unicode };
        let mut app = App::new(look, Range::None, Memory::default());
        app.take(Message::Connected { hello, snapshot: Box::new(snapshot) });
        Ok(Still { app })
    }

    /// Folds the next entry of the journal.
    pub fn take(&mut self, entry: Entry) {
        self.app.take(Message::Event(Box::new(entry)));
        self.app.effects.clear();
    }

    /// The page in that size, in characters.
    #[must_use]
    pub fn page(&self, width: u16, height: u16) -> Buffer {
        let mut page = blank(Size::new(width, height));
        self.app.draw(&mut page);
        page
    }
}
