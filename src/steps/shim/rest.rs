//! Ending what a shim that was killed has left behind: it can do so no more.

use std::{
    fs, io,
    time::{Duration, Instant},
};

use rustix::process::Signal;

use super::{
    cgroup,
    look::{Life, group_alive},
    proc,
    record::Pids,
};

/// How often it is looked who is left.
const LOOK: Duration = Duration::from_millis(50);
/// How long killed processes may take to disappear.
const BURIAL: Duration = Duration::from_secs(10);

/// Ends what still lives of an attempt whose shim is gone, as its shim would have: SIGTERM, grace, SIGKILL. Returns when
/// nobody is left.
///
/// Once everybody has gone, the ids of session and group can be given to others. So only those are signalled who are in the
/// control group, are the command itself, or have all of `marks` in the environment that they were started with: names and
/// values that the command had, and no other attempt.
///
/// # Errors
/// When the process table cannot be read, or somebody is left all the same.
pub async fn end_rest(pids: &Pids, marks: &[(String, String)], grace: Duration) -> io::Result<()> {
    let marks: Vec<Vec<u8>> = marks.iter().map(|(name, value)| format!("{name}={value}").into_bytes()).collect();
    let kill_at = Instant::now() + grace;
    for signal in [Signal::TERM, Signal::CONT] {
        signal_all(pids, &marks, signal)?;
    }
    while group_alive(pids) == Life::Alive {
        let now = Instant::now();
        if now >= kill_at + BURIAL {
            return Err(io::Error::other("somebody is left who does not end or cannot be told from others"));
        }
        if now >= kill_at {
            if let Some(dir) = &pids.cgroup {
                // The group may be gone by now; who is left is killed one by one.
                let _ = cgroup::kill(dir);
            }
            signal_all(pids, &marks, Signal::KILL)?;
        }
        tokio::time::sleep(LOOK).await;
    }
    Ok(())
}

/// Kills the command itself, and nobody else, of an attempt whose shim is gone.
///
/// # Errors
/// When the process table cannot be read, or it may not be signalled.
pub fn kill_command(pids: &Pids) -> io::Result<()> {
    let Some(child) = pids.child.as_ref().filter(|_| proc::boot_id().is_ok_and(|boot| boot == pids.boot_id)) else {
        return Ok(());
    };
    match proc::process(child.child_pid)? {
        Some(found) if found.start_time == child.child_start_time => proc::signal(&found, Signal::KILL),
        _ => Ok(()),
    }
}

/// Those whom one signal reaches may start others until they end: it takes several rounds.
fn signal_all(pids: &Pids, marks: &[Vec<u8>], signal: Signal) -> io::Result<()> {
    if proc::boot_id()? != pids.boot_id {
        return Ok(());
    }
    let command = pids.child.as_ref().map(|child| (child.child_pid, child.child_start_time));
    for process in proc::kin(pids)? {
        if command == Some((process.pid, process.start_time)) || is_marked(process.pid, marks) {
            proc::signal(&process, signal)?;
        }
    }
    Ok(())
}

/// Whether a process was started with all of these in its environment. One that may not be looked at may not be ended either.
fn is_marked(pid: i32, marks: &[Vec<u8>]) -> bool {
    let environment = fs::read(format!("/proc/{pid}/environ")).unwrap_or_default();
    let has = |mark: &Vec<u8>| environment.split(|byte| *byte == 0).any(|entry| entry == mark.as_slice());
    !marks.is_empty() && marks.iter().all(has)
}
