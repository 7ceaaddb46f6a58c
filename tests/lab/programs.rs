//! Programs of the laboratory that are this very test binary, so that they can be killed and frozen as any other process.

use std::fs::File;
use std::path::Path;
use std::process::{Command, Stdio};

use crate::{app, customers, watchman};

/// Which program a process is to be; what else it needs is in variables of its own.
const PROGRAM: &str = "LAB_PROGRAM";
/// The directory of the laboratory that a process belongs to: by it the watchman finds them.
pub const MARK: &str = "LAB_DIR";

/// Not a test: what the laboratory starts in a process of its own.
#[test]
#[ignore = "a program of the laboratory, started by its tests"]
fn run() {
    match std::env::var(PROGRAM).as_deref() {
        Ok("app") => app::serve(),
        Ok("customers") => customers::write_rows(),
        Ok("watchman") => watchman::watch(),
        _ => {}
    }
}

/// The command that makes this binary one of its programs.
pub fn command(name: &str) -> Command {
    let mut command = Command::new(std::env::current_exe().unwrap());
    command.args(["--exact", "programs::run", "--ignored", "--nocapture", "--test-threads=1"]);
    command.env(PROGRAM, name);
    command
}

/// What this program was told.
pub fn told(name: &str) -> String {
    std::env::var(name).unwrap()
}

/// Sends what a program says to a file of the laboratory.
pub fn logged(command: &mut Command, dir: &Path, name: &str) {
    let log = File::create(dir.join(format!("{name}.log"))).unwrap();
    command.env(MARK, dir).stdin(Stdio::null()).stdout(log.try_clone().unwrap()).stderr(log);
}
