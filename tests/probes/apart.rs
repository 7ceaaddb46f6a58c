//! Tests that need a network of their own: they run themselves again, apart from that of the machine, or with another environment.

use std::process::Command;

const INSIDE: &str = "WARROOM_TEST_INSIDE";

/// Whether this process is the one that was started by [`alone`] or [`with`].
pub fn is_inside() -> bool {
    std::env::var_os(INSIDE).is_some()
}

/// Runs a test once more, with a network and mounts of its own that a script prepared. Says so by name where this machine lets nobody have
/// one.
pub fn alone(test: &str, prepare: &str) {
    if !Command::new("unshare").args(["-rnm", "true"]).status().is_ok_and(|status| status.success()) {
        eprintln!("SKIPPED {test}: no namespaces here");
        return;
    }
    let script = format!("ip link set lo up && {prepare} && exec \"$0\" --exact {test} --nocapture");
    let mut command = Command::new("unshare");
    command.args(["-rnm", "sh", "-euc", &script]).arg(std::env::current_exe().unwrap());
    passes(command);
}

/// Runs a test once more with other values in its environment.
pub fn with(test: &str, values: &[(&str, &str)]) {
    let mut command = Command::new(std::env::current_exe().unwrap());
    command.args(["--exact", test, "--nocapture"]).envs(values.iter().copied());
    passes(command);
}

fn passes(mut command: Command) {
    let output = command.env(INSIDE, "1").output().unwrap();
    let (out, err) = (String::from_utf8_lossy(&output.stdout), String::from_utf8_lossy(&output.stderr));
    assert!(output.status.success() && out.contains("1 passed"), "{out}\n{err}");
}
