//! What the kernel says about processes.

use std::{fs, io, os::fd::OwnedFd, process};

use rustix::{
    io::Errno,
    process::{Pid, PidfdFlags, Signal, pidfd_open, pidfd_send_signal},
};

use super::record::Pids;

/// One line of the process table.
pub(super) struct Process {
    pub(super) pid: i32,
    pub(super) parent: i32,
    pub(super) group: i32,
    pub(super) session: i32,
    /// Clock ticks since boot.
    pub(super) start_time: u64,
    /// A zombie has ended; only its status is still to be fetched.
    pub(super) zombie: bool,
}

/// The id of the present boot.
pub(super) fn boot_id() -> io::Result<String> {
    Ok(fs::read_to_string("/proc/sys/kernel/random/boot_id")?.trim().to_owned())
}

/// The process with this id, or `None` if there is none.
pub(super) fn process(pid: i32) -> io::Result<Option<Process>> {
    match fs::read(format!("/proc/{pid}/stat")) {
        Ok(line) => parse(pid, &line).map(Some),
        Err(error) if has_gone(&error) => Ok(None),
        Err(error) => Err(error),
    }
}

/// A process that ends between opening and reading its entry answers ESRCH instead of ENOENT.
fn has_gone(error: &io::Error) -> bool {
    error.kind() == io::ErrorKind::NotFound || error.raw_os_error() == Some(Errno::SRCH.raw_os_error())
}

/// All processes that this one may see.
pub(super) fn all() -> io::Result<Vec<Process>> {
    let mut found = Vec::new();
    for entry in fs::read_dir("/proc")? {
        let Some(pid) = entry?.file_name().to_str().and_then(|name| name.parse().ok()) else {
            continue;
        };
        found.extend(process(pid)?);
    }
    Ok(found)
}

/// Reads a `stat` line. The name in it is the process's own choice and may hold blanks and parentheses, so fields are
/// counted from the last one.
fn parse(pid: i32, line: &[u8]) -> io::Result<Process> {
    let fields = || {
        let name_end = line.iter().rposition(|&byte| byte == b')')?;
        let rest = std::str::from_utf8(line.get(name_end + 1..)?).ok()?;
        let fields: Vec<&str> = rest.split_ascii_whitespace().collect();
        Some(Process {
            pid,
            zombie: matches!(*fields.first()?, "Z" | "X" | "x"),
            parent: fields.get(1)?.parse().ok()?,
            group: fields.get(2)?.parse().ok()?,
            session: fields.get(3)?.parse().ok()?,
            start_time: fields.get(19)?.parse().ok()?,
        })
    };
    fields().ok_or_else(|| io::Error::new(io::ErrorKind::InvalidData, format!("/proc/{pid}/stat has another form")))
}

/// Whether the very process that had this id and start time in this boot still lives.
pub(super) fn lives(pid: i32, start_time: u64) -> io::Result<bool> {
    Ok(process(pid)?.is_some_and(|found| found.start_time == start_time && !found.zombie))
}

/// Whether the shim of these ids lives.
pub(super) fn shim_lives(pids: &Pids) -> io::Result<bool> {
    Ok(boot_id()? == pids.boot_id && lives(pids.shim_pid, pids.shim_start_time)?)
}

/// A descriptor of the shim of these ids, or `None` if it has gone.
pub(super) fn open_shim(pids: &Pids) -> io::Result<Option<OwnedFd>> {
    let pid = Pid::from_raw(pids.shim_pid).ok_or(io::ErrorKind::InvalidData)?;
    let shim = match pidfd_open(pid, PidfdFlags::empty()) {
        Err(Errno::SRCH) => return Ok(None),
        opened => opened?,
    };
    // Asked after opening: from here on the descriptor cannot come to mean another process.
    Ok(shim_lives(pids)?.then_some(shim))
}

/// Who lives of an attempt of this boot: the shim, its session, the command's group.
pub(super) fn kin(pids: &Pids) -> io::Result<Vec<Process>> {
    let mut all = all()?;
    // The kernel gives an id to a new process only when no group and no session has it any more.
    let reused = |id: i32, start_time: u64| all.iter().any(|found| found.pid == id && found.start_time != start_time);
    let session_is_ours = !reused(pids.shim_pid, pids.shim_start_time);
    let group =
        pids.child.as_ref().filter(|child| !reused(child.child_pid, child.child_start_time)).map(|child| child.pgid);
    all.retain(|found| {
        let ours = (session_is_ours && found.session == pids.shim_pid) || group == Some(found.group);
        ours && !found.zombie
    });
    Ok(all)
}

/// Signals this very process, if it still lives and may be signalled.
pub(super) fn signal(process: &Process, signal: Signal) -> io::Result<()> {
    let pid = Pid::from_raw(process.pid).ok_or(io::ErrorKind::InvalidData)?;
    let open = match pidfd_open(pid, PidfdFlags::empty()) {
        Err(Errno::SRCH) => return Ok(()),
        opened => opened?,
    };
    // Asked after opening, as in `open_shim`.
    if !lives(process.pid, process.start_time)? {
        return Ok(());
    }
    match pidfd_send_signal(&open, signal) {
        Err(error) if error != Errno::SRCH && error != Errno::PERM => Err(error.into()),
        _ => Ok(()),
    }
}

/// Whether a process of this group lives.
pub(super) fn group_lives(group: i32) -> io::Result<bool> {
    Ok(all()?.iter().any(|found| found.group == group && !found.zombie))
}

/// The children of this process, but for one.
pub(super) fn own_children(but: Option<i32>) -> io::Result<Vec<Process>> {
    let own = i32::try_from(process::id()).map_err(io::Error::other)?;
    let mut found = children(own)?;
    found.retain(|pid| Some(*pid) != but);
    processes(found)
}

/// Everybody below this process, down to the last.
pub(super) fn descendants() -> io::Result<Vec<Process>> {
    let mut found = own_children(None)?;
    let mut next = 0;
    while let Some(parent) = found.get(next) {
        let below = processes(children(parent.pid)?)?;
        found.extend(below);
        next += 1;
    }
    Ok(found)
}

fn processes(pids: Vec<i32>) -> io::Result<Vec<Process>> {
    pids.into_iter().filter_map(|pid| process(pid).transpose()).collect()
}

/// The kernel's own list of each thread's children, which costs nothing on a host with many processes; a few kernels are
/// built without it, and there everybody is asked for their parent.
fn children(pid: i32) -> io::Result<Vec<i32>> {
    let mut found = Vec::new();
    let threads = match fs::read_dir(format!("/proc/{pid}/task")) {
        Err(error) if has_gone(&error) => return Ok(found),
        threads => threads?,
    };
    for thread in threads {
        let thread = thread?.path();
        match fs::read_to_string(thread.join("children")) {
            Ok(line) => found.extend(line.split_ascii_whitespace().filter_map(|pid| pid.parse::<i32>().ok())),
            Err(error) if has_gone(&error) && !thread.exists() => {}
            Err(error) if has_gone(&error) => return Ok(children_by_parent(pid, &all()?)),
            Err(error) => return Err(error),
        }
    }
    Ok(found)
}

fn children_by_parent(pid: i32, all: &[Process]) -> Vec<i32> {
    all.iter().filter(|found| found.parent == pid).map(|found| found.pid).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_name_with_parentheses_does_not_shift_the_fields() {
        let line = b"42 (a) Z 9 (\xff) S 7 41 40 0 -1 0 0 0 0 0 0 0 0 0 20 0 1 0 123456 0 0";
        let found = parse(42, line).unwrap();
        assert_eq!((found.parent, found.group, found.session), (7, 41, 40));
        assert_eq!((found.start_time, found.zombie), (123_456, false));
    }

    #[test]
    fn a_line_that_is_cut_is_an_error() {
        assert!(parse(42, b"42 (cat) S 7 41").is_err());
    }

    #[test]
    fn both_ways_to_list_children_agree() {
        let mut child = process::Command::new("sleep").arg("1000").spawn().unwrap();
        let (own, pid) = (i32::try_from(process::id()).unwrap(), i32::try_from(child.id()).unwrap());
        assert!(children(own).unwrap().contains(&pid));
        assert!(children_by_parent(own, &all().unwrap()).contains(&pid));
        assert!(descendants().unwrap().iter().any(|found| found.pid == pid));
        child.kill().unwrap();
        child.wait().unwrap();
    }

    #[test]
    fn this_process_lives_only_with_its_own_start_time() {
        let own = i32::try_from(process::id()).unwrap();
        let found = process(own).unwrap().unwrap();
        assert!(lives(own, found.start_time).unwrap());
        assert!(!lives(own, found.start_time + 1).unwrap());
    }
}
