//! Tests that need a network of their own: they run themselves again in a network namespace, or with another environment.

use std::process::Command;

const INSIDE: &str = "WARROOM_TEST_INSIDE";

/// Whether this process is the one that was started by [`alone`] or [`with`].
pub fn is_inside() -> bool {
    std::env::var_os(INSIDE).is_some()
}

/// Runs a test once more, in a network namespace that a script prepared. Says so by name where this machine lets nobody have
/// one.
pub fn alone(test: &str, prepare: &str) {
    if !Command::new("unshare").args(["-rn", "true"]).status().is_ok_and(|status| status.success()) {
        eprintln!("SKIPPED {test}: no network namespaces here");
        return;
    }
    let script = format!("ip link set lo up && {prepare} && exec \"$0\" --exact {test} --nocapture");
    let mut command = Command::new("unshare");
    command.args(["-rn", "sh", "-euc", &script]).arg(std::env::current_exe().unwrap());
    passes(command);
}

/// Runs a test once more with another value in its environment.
pub fn with(test: &str, name: &str, value: &str) {
    let mut command = Command::new(std::env::current_exe().unwrap());
    command.args(["--exact", test, "--nocapture"]).env(name, value);
    passes(command);
}

fn passes(mut command: Command) {
    let output = command.env(INSIDE, "1").output().unwrap();
    let (out, err) = (String::from_utf8_lossy(&output.stdout), String::from_utf8_lossy(&output.stderr));
    assert!(output.status.success() && out.contains("1 passed"), "{out}\n{err}");
}
