//! The one binary: console, command line, engine, shim and practice range.

fn main() {}
