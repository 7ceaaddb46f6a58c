//! The console as its person meets it: real processes on a pseudo-terminal, keys in, screen out.

#![allow(clippy::unwrap_used, clippy::panic, unreachable_pub)]

mod abuse;
mod away;
mod graph;
mod home;
mod lesson;
mod screen;
mod sequences;
mod story;
mod terminal;
