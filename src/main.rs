//! The one binary: console, command line, engine, shim and practice range.

use std::{env, path::Path, process::ExitCode};

fn main() -> ExitCode {
    let mut args = env::args_os().skip(1);
    match (args.next(), args.next()) {
        (Some(verb), Some(dir)) if verb == "shim" => warroom::steps::shim::run(Path::new(&dir)),
        _ => ExitCode::from(2),
    }
}
