//! The console: the screen from which an incident is led.
//!
//! One loop owns everything (`app`). What it knows (`model`) is folded from messages, what it shows is drawn from that by pure
//! functions (`screens`, `boxes`), what it wants done leaves as values (`message`). One table (`actions`) holds every key, its
//! name, its help and the reason why it cannot be used now.

mod actions;
mod app;
mod boxes;
mod canvas;
mod decoder;
mod edit;
mod forecasts;
mod frame;
mod health;
mod histories;
mod impacts;
mod input;
mod key;
mod keymap;
mod layer;
mod link;
mod list;
mod memory;
mod message;
mod model;
mod output;
mod place;
mod rail;
mod screens;
mod session;
mod shape;
mod still;
mod terminal;
mod theme;
mod waits;
mod words;

#[cfg(test)]
mod tests;

pub use session::{ConsoleError, ConsoleOptions, Ended, run};
pub use still::Still;
pub use terminal::{TerminalError, put_back};
pub use theme::ThemeError;
