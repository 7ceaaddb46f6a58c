//! The shim itself: starts the command, keeps its output and its deadline, writes down how it ended.

use std::{
    fs::File,
    io::{self, Read, Write},
    path::Path,
    process::ExitCode,
    time::{Duration, Instant},
};

use rustix::process::{Pid, getpid, set_child_subreaper, setsid};

use super::{
    ear::Ear,
    files,
    output::Output,
    proc,
    record::{ChildIds, ExitRecord, Input, Order, Pids, now},
    wait::poll_until,
};

mod sealed;
mod start;
mod watch;

pub(in super::super) use start::find_program;

/// How long the shim goes on trying to write the end down when the disk is full.
const EXIT_TRIES: u32 = 600;
const EXIT_PAUSE: Duration = Duration::from_secs(1);

/// Is the shim of the attempt in `dir`, to the end of its command. Fails only when it cannot do its own work (and says why
/// on standard error); how the command ended is in `exit.json`.
#[must_use]
pub fn run(dir: &Path) -> ExitCode {
    match keep(dir) {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            complain(&format!("shim of {}: {error}", dir.display()));
            ExitCode::FAILURE
        }
    }
}

fn keep(dir: &Path) -> io::Result<()> {
    setsid()?;
    set_child_subreaper(Some(getpid()))?;
    let mut ear = Ear::open()?;
    await_word()?;
    let (_held, order) = take_up(dir)?;
    let mut pids = own_ids(order.boot_id.clone())?;
    files::replace(dir, files::PIDS, &pids)?;
    let begun = Instant::now();
    let (child, output) = match start::start(dir, &order) {
        Err(why) => return write_end(dir, &mut ExitRecord::not_started(why), None, &mut ear),
        Ok(started) => started,
    };
    let child = Pid::from_child(&child);
    pids.child = child_ids(child)?;
    write_ids(dir, &pids);
    tell();
    let order = forget(dir, order);
    let (mut record, mut output) = watch::watch(child, output, dir, &order.spec, begun, pids, &mut ear)?;
    write_end(dir, &mut record, Some(&mut output), &mut ear)
}

/// The shim loads while the order is on its way to disk. An engine that died over it will not have known of this shim.
fn await_word() -> io::Result<()> {
    match io::stdin().read(&mut [0])? {
        0 => Err(io::Error::other("nobody gave the word to begin")),
        _ => Ok(()),
    }
}

/// Takes the attempt, which can be done once for each order.
fn take_up(dir: &Path) -> io::Result<(File, Order)> {
    let held = files::lock(dir)?;
    let order: Order = files::read(dir, files::SPEC)?.ok_or(io::ErrorKind::NotFound)?;
    let before: Option<Pids> = files::read(dir, files::PIDS)?;
    // The lock says that whoever it was is gone; the order, whether somebody is to come after him.
    if before != order.instead_of || dir.join(files::EXIT).try_exists()? {
        return Err(io::Error::new(io::ErrorKind::AlreadyExists, "this attempt was taken up before"));
    }
    if order.boot_id != proc::boot_id()? {
        return Err(io::Error::other("this attempt was given out before the machine was started anew"));
    }
    Ok((held, order))
}

fn own_ids(boot_id: String) -> io::Result<Pids> {
    let pid = getpid().as_raw_pid();
    let own = proc::process(pid)?.ok_or(io::ErrorKind::NotFound)?;
    Ok(Pids { shim_pid: pid, shim_start_time: own.start_time, boot_id, started_at: now(), child: None, cgroup: None })
}

fn child_ids(pid: Pid) -> io::Result<Option<ChildIds>> {
    let pid = pid.as_raw_pid();
    Ok(proc::process(pid)?.map(|child| ChildIds { child_pid: pid, child_start_time: child.start_time, pgid: pid }))
}

/// Without this record the session alone still tells who runs, so the command is not ended for it.
fn write_ids(dir: &Path, pids: &Pids) {
    if let Err(error) = files::replace(dir, files::PIDS, pids) {
        complain(&format!("the command's ids were not written: {error}"));
    }
}

/// Takes from the disk what only the start needed: the values of the environment and the standard input.
fn forget(dir: &Path, mut order: Order) -> Order {
    order.spec.env.values_mut().for_each(String::clear);
    let removed = if order.input == Input::File { files::remove(dir, files::STDIN) } else { Ok(()) };
    let done = removed.and_then(|()| files::replace(dir, files::SPEC, &order));
    if let Err(error) = done {
        complain(&format!("the environment of the command is still in {}: {error}", files::SPEC));
    }
    order
}

/// Writes `exit.json`, and tells of it before it is on disk: an engine that lives writes down for itself what it reads there.
fn write_end(dir: &Path, record: &mut ExitRecord, output: Option<&mut Output>, ear: &mut Ear) -> io::Result<()> {
    place_end(dir, record, output, ear)?;
    tell();
    files::sync(dir, files::EXIT)
}

/// On a full disk the middle of the output makes room for the end. If that is not enough the shim stays and tries again,
/// because an end that is not written is lost; SIGTERM makes it give up.
fn place_end(dir: &Path, record: &mut ExitRecord, mut output: Option<&mut Output>, ear: &mut Ear) -> io::Result<()> {
    let mut tries = 0;
    loop {
        match files::replace(dir, files::EXIT, record) {
            Err(error) if is_full(&error) && tries < EXIT_TRIES => {
                if let Some(output) = output.as_mut()
                    && output.give_way()
                {
                    record.kept = output.fate().1;
                    continue;
                }
                tries += 1;
                poll_until(&ear.fds(), Some(Instant::now() + EXIT_PAUSE))?;
                if ear.listen().stop {
                    return Err(error);
                }
            }
            done => return done,
        }
    }
}

fn is_full(error: &io::Error) -> bool {
    matches!(error.kind(), io::ErrorKind::StorageFull | io::ErrorKind::QuotaExceeded)
}

/// Tells whoever started the shim, by one byte on standard output: the first says that the command lives or that it never will,
/// the one after it that its end can be read. Whoever started it may be gone by now, which is no matter.
fn tell() {
    let mut out = io::stdout();
    let _ = out.write_all(b"\n").and_then(|()| out.flush());
}

fn complain(what: &str) {
    let _ = writeln!(io::stderr(), "{what}");
}
