//! Steps on another host: a real ssh, a real sshd, real processes, and a network that can be cut.

#![allow(clippy::unwrap_used, clippy::panic, clippy::print_stderr, unreachable_pub)]

mod cuts;
mod far;
mod faults;
mod proxy;
mod running;
mod seeking;
mod shells;
mod step;
mod stopping;
