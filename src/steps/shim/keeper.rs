//! The shim itself: starts the command, keeps its output and its deadline, writes down how it ended.

use std::{
    ffi::OsStr,
    fs::{self, File},
    io::{self, PipeReader, Write},
    os::unix::{fs::PermissionsExt, process::CommandExt},
    path::{Path, PathBuf},
    process::{Child, Command, ExitCode, Stdio},
    time::{Duration, Instant},
};

use rustix::process::{Pid, getpid, set_child_subreaper, setsid};

use super::{
    ear::Ear,
    files, proc,
    record::{ChildIds, ExitRecord, Pids, Spec, now},
    wait::poll_until,
};

mod watch;

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
    let (_held, spec) = take_up(dir)?;
    let mut pids = own_ids()?;
    files::replace(dir, files::PIDS, &pids)?;
    let begun = Instant::now();
    let record = match start(&spec) {
        Err(why) => ExitRecord::not_started(why),
        Ok((child, pipe)) => {
            let pid = Pid::from_child(&child);
            pids.child = child_ids(pid)?;
            // Without this record the session alone still tells who runs, so the command is not ended for it.
            if let Err(error) = files::replace(dir, files::PIDS, &pids) {
                complain(&format!("the command's ids were not written: {error}"));
            }
            ready();
            watch::watch(pid, pipe, dir, &spec, begun, &mut ear)?
        }
    };
    write_end(dir, &record, &mut ear)
}

/// Takes the attempt, which can be done once.
fn take_up(dir: &Path) -> io::Result<(File, Spec)> {
    let held = files::lock(dir)?;
    let taken = dir.join(files::PIDS).try_exists()? || dir.join(files::EXIT).try_exists()?;
    if taken {
        return Err(io::Error::new(io::ErrorKind::AlreadyExists, "this attempt was taken up before"));
    }
    let spec = files::read(dir, files::SPEC)?.ok_or(io::ErrorKind::NotFound)?;
    Ok((held, spec))
}

fn own_ids() -> io::Result<Pids> {
    let pid = getpid().as_raw_pid();
    let own = proc::process(pid)?.ok_or(io::ErrorKind::NotFound)?;
    Ok(Pids {
        shim_pid: pid,
        shim_start_time: own.start_time,
        boot_id: proc::boot_id()?,
        started_at: now(),
        child: None,
    })
}

fn child_ids(pid: Pid) -> io::Result<Option<ChildIds>> {
    let pid = pid.as_raw_pid();
    Ok(proc::process(pid)?.map(|child| ChildIds { child_pid: pid, child_start_time: child.start_time, pgid: pid }))
}

/// Starts the command at the head of a process group of its own, or says why not.
fn start(spec: &Spec) -> Result<(Child, PipeReader), String> {
    let Some((name, arguments)) = spec.argv.split_first() else {
        return Err("No program was named.".to_owned());
    };
    if !spec.cwd.is_dir() {
        return Err(format!("The working directory {:?} is not there or not a directory.", spec.cwd));
    }
    let program = find_program(name, spec)?;
    let spawned = io::pipe().and_then(|(reader, writer)| {
        let child = Command::new(&program)
            .arg0(name)
            .args(arguments)
            .env_clear()
            .envs(&spec.env)
            .current_dir(&spec.cwd)
            .process_group(0)
            .stdin(Stdio::null())
            .stdout(writer.try_clone()?)
            .stderr(writer)
            .spawn()?;
        Ok((child, reader))
    });
    spawned.map_err(|error| format!("The program {program:?} could not be started: {error}."))
}

/// Where the program is. A name with a slash is taken as it is, from the working directory on; others are looked up in the
/// command's own `PATH`.
fn find_program(name: &str, spec: &Spec) -> Result<PathBuf, String> {
    if name.contains('/') {
        return if spec.cwd.join(name).exists() {
            Ok(PathBuf::from(name))
        } else {
            Err(format!("The program {name:?} is not there."))
        };
    }
    let Some(path) = spec.env.get("PATH") else {
        return Err(format!("The program {name:?} has no directory and the environment has no PATH to search."));
    };
    path.split(':')
        .filter(|dir| !dir.is_empty())
        .map(|dir| Path::new(dir).join(OsStr::new(name)))
        .find(|candidate| is_program(&spec.cwd.join(candidate)))
        .ok_or_else(|| format!("The program {name:?} was not found in PATH={path}."))
}

fn is_program(path: &Path) -> bool {
    fs::metadata(path).is_ok_and(|found| found.is_file() && found.permissions().mode() & 0o111 != 0)
}

/// Writes `exit.json`. On a full disk the shim stays and tries again, because an end that is not written is lost; SIGTERM
/// makes it give up.
fn write_end(dir: &Path, record: &ExitRecord, ear: &mut Ear) -> io::Result<()> {
    let mut tries = 0;
    loop {
        match files::replace(dir, files::EXIT, record) {
            Err(error) if is_full(&error) && tries < EXIT_TRIES => {
                tries += 1;
                poll_until(&[ear.fd()], Some(Instant::now() + EXIT_PAUSE))?;
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

/// Tells whoever started the shim, by one byte on standard output, that the command lives; its closing without one says that
/// the shim is through. Whoever started it may be gone by now, which is no matter.
fn ready() {
    let mut out = io::stdout();
    let _ = out.write_all(b"\n").and_then(|()| out.flush());
}

fn complain(what: &str) {
    let _ = writeln!(io::stderr(), "{what}");
}
