//! Ending what a shim that was killed has left behind: it can do so no more.

use std::{
    io,
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
/// nobody is left. Without a control group a process that has left the session is not seen.
///
/// # Errors
/// When the process table cannot be read, or somebody is left all the same.
pub async fn end_rest(pids: &Pids, grace: Duration) -> io::Result<()> {
    let kill_at = Instant::now() + grace;
    for signal in [Signal::TERM, Signal::CONT] {
        signal_all(pids, signal)?;
    }
    while group_alive(pids) == Life::Alive {
        let now = Instant::now();
        if now >= kill_at + BURIAL {
            return Err(io::Error::other("processes that were killed do not end"));
        }
        if now >= kill_at {
            if let Some(dir) = &pids.cgroup {
                // The group may be gone by now; who is left is killed one by one.
                let _ = cgroup::kill(dir);
            }
            signal_all(pids, Signal::KILL)?;
        }
        tokio::time::sleep(LOOK).await;
    }
    Ok(())
}

/// Those whom one signal reaches may start others until they end: it takes several rounds.
fn signal_all(pids: &Pids, signal: Signal) -> io::Result<()> {
    if proc::boot_id()? != pids.boot_id {
        return Ok(());
    }
    proc::kin(pids)?.iter().try_for_each(|process| proc::signal(process, signal))
}
