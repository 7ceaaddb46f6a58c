//! An engine under strace, which counts its calls of the system or spoils one of them.
//!
//! Only the engine itself is traced: what it starts is let go when it becomes another program. Each thread of it counts for
//! itself.

use std::collections::BTreeMap;
use std::ffi::OsString;
use std::path::Path;
use std::process::{Child, Command, Stdio};

/// Whether strace can do here what these tests need; else why not.
pub fn works() -> Result<(), String> {
    let trial = Command::new("strace").args(["-D", "-f", "-b", "execve", "-o", "/dev/null", "true"]).output();
    match trial {
        Ok(output) if output.status.success() => Ok(()),
        Ok(output) => Err(String::from_utf8_lossy(&output.stderr).trim().to_owned()),
        Err(why) => Err(format!("strace cannot run here: {why}")),
    }
}

/// `warroom engine run` on a directory, with `expression` for what strace does to it, only where it concerns this file of the
/// directory if one is named, and `log` for what it says. The child is the engine itself.
pub fn engine(dir: &Path, expression: &str, file: Option<&str>, log: &Path) -> Child {
    let paths = file.map(|name| [OsString::from("-P"), dir.join(name).into_os_string()]);
    Command::new("strace")
        .args(["-D", "-f", "-b", "execve", "-e", expression, "-o"])
        .arg(log)
        .args(paths.into_iter().flatten())
        .arg(env!("CARGO_BIN_EXE_warroom"))
        .args(["engine", "run", "--state"])
        .arg(dir)
        .env_remove("WARROOM_STATE")
        .stdin(Stdio::null())
        .stdout(Stdio::null())
        .stderr(Stdio::null())
        .spawn()
        .unwrap()
}

/// The most calls that one thread made, by what strace wrote of them.
pub fn most_of_a_thread(log: &str, call: &str) -> usize {
    let mut threads: BTreeMap<&str, usize> = BTreeMap::new();
    let begin = format!("{call}(");
    for line in log.lines() {
        let Some((thread, rest)) = line.split_once(' ') else { continue };
        if rest.trim_start().starts_with(&begin) {
            *threads.entry(thread).or_default() += 1;
        }
    }
    threads.into_values().max().unwrap_or(0)
}
