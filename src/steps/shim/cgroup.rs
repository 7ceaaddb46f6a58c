//! A control group (version 2) for what a command starts, where the system lets the shim make one below its own. It holds
//! those too who left their session, however they were orphaned, and ends them all at once.
//!
//! A command is put into it when it has lived for a while, with whatever it has started until then: to move a process into a
//! control group takes the kernel many milliseconds, for which most commands need not wait.

use std::{
    collections::BTreeSet,
    fs, io,
    path::{Path, PathBuf},
};

use rustix::io::Errno;

use super::proc;

/// How often the processes that are still outside are moved in before that is given up.
const ROUNDS: u32 = 20;

/// The kernel's file with the ids of the processes inside; an id that is written to it moves in.
const PROCESSES: &str = "cgroup.procs";
/// The kernel's file that ends everybody inside.
const KILL: &str = "cgroup.kill";

/// A control group that the shim made.
pub(super) struct Cgroup {
    dir: PathBuf,
    parent: PathBuf,
}

impl Cgroup {
    /// Makes an empty one of this name below the shim's own, or `None` where the system offers none.
    pub(super) fn make(name: &str) -> Option<Self> {
        let parent = own_dir()?;
        let dir = parent.join(name);
        fs::create_dir(&dir).ok()?;
        let made = Self { dir, parent };
        if made.dir.join(KILL).exists() {
            return Some(made);
        }
        made.close();
        None
    }

    /// Where it is.
    pub(super) fn dir(&self) -> &Path {
        &self.dir
    }

    /// Moves everybody below this process in. When nobody is outside, nobody can come to be: a child is born where its
    /// parent is.
    pub(super) fn gather(&self) -> io::Result<()> {
        for _ in 0..ROUNDS {
            let inside = inside(&self.dir)?;
            let mut all = proc::descendants()?;
            all.retain(|process| !process.zombie && !inside.contains(&process.pid));
            if all.is_empty() {
                return Ok(());
            }
            for process in all {
                move_to(&self.dir, process.pid)?;
            }
        }
        Err(io::Error::other("the command starts processes faster than they can be moved"))
    }

    /// Ends everybody inside.
    pub(super) fn kill(&self) -> io::Result<()> {
        kill(&self.dir)
    }

    /// Removes it; whoever is left inside is let go to where the shim is.
    pub(super) fn close(self) {
        for pid in inside(&self.dir).unwrap_or_default() {
            let _ = move_to(&self.parent, pid);
        }
        remove(&self.dir);
    }
}

/// Whether a process is inside; not if it is not there.
pub(super) fn is_populated(dir: &Path) -> bool {
    inside(dir).is_ok_and(|inside| !inside.is_empty())
}

/// Ends everybody inside.
pub(super) fn kill(dir: &Path) -> io::Result<()> {
    fs::write(dir.join(KILL), "1")
}

/// Removes an empty one; that it stays behind is no harm.
pub(super) fn remove(dir: &Path) {
    let _ = fs::remove_dir(dir);
}

fn inside(dir: &Path) -> io::Result<BTreeSet<i32>> {
    let pids = fs::read_to_string(dir.join(PROCESSES))?;
    Ok(pids.lines().filter_map(|pid| pid.parse().ok()).collect())
}

fn move_to(dir: &Path, pid: i32) -> io::Result<()> {
    match fs::write(dir.join(PROCESSES), pid.to_string()) {
        // It has ended by itself.
        Err(error) if error.raw_os_error() == Some(Errno::SRCH.raw_os_error()) => Ok(()),
        done => done,
    }
}

/// The control group of this process, if the hierarchy is mounted where it can be seen.
fn own_dir() -> Option<PathBuf> {
    let groups = fs::read_to_string("/proc/self/cgroup").ok()?;
    let own = groups.lines().find_map(|line| line.strip_prefix("0::"))?;
    find_dir(own, &fs::read_to_string("/proc/self/mountinfo").ok()?)
}

/// Where the group `own` is, by the lines of `mountinfo`: its fields are ids, device, root, mount point, options, any number
/// of others, a dash, type.
fn find_dir(own: &str, mounts: &str) -> Option<PathBuf> {
    mounts.lines().find_map(|line| {
        let (mount, kind) = line.split_once(" - ")?;
        let mut fields = mount.split(' ').skip(3);
        let (root, point) = (fields.next()?, fields.next()?);
        let below = Path::new(own).strip_prefix(root).ok()?;
        (kind.split(' ').next()? == "cgroup2").then(|| Path::new(point).join(below))
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_own_group_is_found_below_what_is_mounted() {
        let mounts = "29 22 0:25 / /sys/fs/cgroup/cpu rw - cgroup cgroup rw,cpu\n\
                      30 23 0:26 /user.slice /sys/fs/cgroup rw,nosuid shared:4 - cgroup2 cgroup2 rw\n";
        let found = find_dir("/user.slice/user-1000.slice", mounts);
        assert_eq!(found.as_deref(), Some(Path::new("/sys/fs/cgroup/user-1000.slice")));
        assert_eq!(find_dir("/system.slice", mounts), None);
    }
}
