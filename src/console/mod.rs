//! The console: the screen from which an incident is led.
//!
//! One loop owns everything (`app`). What it knows (`model`) is folded from messages, what it shows is drawn from that by pure
//! functions (`screens`, `boxes`), what it wants done leaves as values (`message`). One table (`actions`) holds every key, its
//! name, its help and the reason why it cannot be used now.

pub mod decoder;
mod frame;
mod input;
pub mod key;
pub mod terminal;
pub mod theme;
