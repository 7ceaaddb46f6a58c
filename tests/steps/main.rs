//! Each kind of step, done for real: real processes, files, sockets and databases.

#![allow(clippy::unwrap_used, clippy::panic, clippy::print_stderr, unreachable_pub)]

mod config;
mod file;
mod health;
mod http;
mod mysql;
mod postgres;
mod programs;
mod servers;
mod sqlite;
mod world;
