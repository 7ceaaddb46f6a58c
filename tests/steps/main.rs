//! Each kind of step, done for real: real processes, files, sockets and databases.

#![allow(clippy::unwrap_used, clippy::panic, clippy::print_stderr, unreachable_pub)]

mod config;
mod dns;
mod file;
mod haproxy;
mod health;
mod http;
mod mysql;
mod nginx;
mod postgres;
mod programs;
#[allow(dead_code)] // shared with the tests of probes, which need more of it
#[path = "../servers/mod.rs"]
mod servers;
mod sqlite;
mod standbys;
#[path = "../servers/traffic.rs"]
mod traffic;
mod world;
