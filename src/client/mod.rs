//! The engine's other end: how consoles and command-line verbs find an engine, ask it, and listen to it.
//!
//! One connection a request: over a Unix socket that costs less than keeping one alive and knowing when it is dead.

mod address;
mod dial;
mod error;
pub mod locate;
mod requests;
mod sse;
pub mod start;
mod stream;
mod token;

#[cfg(test)]
mod tests;

pub(crate) use dial::connect as connect_socket;

pub use address::{Address, BadAddress};
pub use error::{ClientError, NoEngine};
pub use requests::{Bodies, Client, OUTPUT_AT_ONCE, Output};
pub use stream::{EventStream, SILENCE, StreamItem};
pub use token::{Token, TokenFileError};
