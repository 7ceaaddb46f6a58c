//! The one binary: console, command line, engine, shim, follower of remote steps and practice range.

use std::env;
use std::path::Path;
use std::process::ExitCode;

fn main() -> ExitCode {
    // One shim runs for each command step, and one follower for each remote one: they start without anything that a
    // person's verb needs.
    let mut args = env::args_os().skip(1);
    match (args.next(), args.next(), args.next()) {
        (Some(verb), Some(dir), None) if verb == "shim" => warroom::steps::shim::run(Path::new(&dir)),
        (Some(verb), Some(dir), None) if verb == "remote" => warroom::steps::remote::run(Path::new(&dir)),
        _ => warroom::cli::run(env::args_os()),
    }
}
