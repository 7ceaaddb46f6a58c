//! From the command's start to its end.

use std::{
    io::{self, PipeReader},
    os::fd::{AsFd, OwnedFd},
    path::Path,
    time::{Duration, Instant},
};

use rustix::process::{
    Pid, PidfdFlags, Signal, WaitId, WaitIdOptions, WaitOptions, kill_process, kill_process_group, pidfd_open, waitid,
    waitpid,
};

use super::super::{
    ear::Ear,
    output::{Flow, Output},
    proc,
    record::{Ended, Exit, ExitRecord, Spec, now},
    wait::poll_until,
};

/// How long output of processes that outlive the command is still taken.
const LINGER: Duration = Duration::from_millis(250);
/// How long killed processes may take to disappear.
const BURIAL: Duration = Duration::from_secs(2);

/// Stays with the command until it has ended and its group is gone.
pub(super) fn watch(
    child: Pid,
    pipe: PipeReader,
    dir: &Path,
    spec: &Spec,
    begun: Instant,
    ear: &mut Ear,
) -> io::Result<ExitRecord> {
    let mut watch = Watch {
        child,
        pidfd: pidfd_open(child, PidfdFlags::empty())?,
        output: Output::new(pipe, dir, spec.output_limit)?,
        ear,
        grace: spec.grace,
        stage: Stage::Running(spec.timeout.and_then(|timeout| begun.checked_add(timeout))),
        exited: false,
    };
    while !watch.turn()? {}
    let ended = Instant::now();
    watch.clear_up()?;
    let exit = watch.exit(spec)?;
    let (output_bytes, kept) = watch.output.close();
    Ok(ExitRecord {
        exit,
        finished_at: now(),
        duration_ms: u64::try_from((ended - begun).as_millis()).unwrap_or(u64::MAX),
        output_bytes,
        kept,
    })
}

/// Why the shim ends a command.
#[derive(Clone, Copy)]
enum Cause {
    Deadline,
    Asked,
}

enum Stage {
    /// Until the deadline, if there is one.
    Running(Option<Instant>),
    /// SIGTERM was sent; SIGKILL follows at this moment, if the clock can express it.
    Ending(Cause, Option<Instant>),
    /// SIGKILL was sent.
    Killing(Cause),
}

struct Watch<'a> {
    child: Pid,
    pidfd: OwnedFd,
    output: Output,
    ear: &'a mut Ear,
    grace: Duration,
    stage: Stage,
    exited: bool,
}

impl Watch<'_> {
    /// Waits for something to happen and acts on it; true when the command is over.
    fn turn(&mut self) -> io::Result<bool> {
        self.wait()?;
        self.output.turn();
        let heard = self.ear.listen();
        let just_exited = !self.exited && self.has_exited()?;
        self.exited |= just_exited;
        if heard.child {
            self.bury()?;
        }
        // The end goes before the clock: a command that is through in time is not called late by a slow shim.
        let over = self.exited
            && match self.stage {
                Stage::Running(_) | Stage::Killing(_) => true,
                // The others of the group have their grace too.
                Stage::Ending(..) => (heard.child || just_exited) && !proc::group_lives(self.child.as_raw_pid())?,
            };
        if !over {
            self.act_on_clock(heard.stop)?;
        }
        Ok(over)
    }

    fn wait(&self) -> io::Result<()> {
        let until = match self.stage {
            Stage::Running(deadline) => deadline,
            Stage::Ending(_, kill_at) => kill_at,
            Stage::Killing(_) => None,
        };
        let mut fds = vec![self.ear.fd()];
        fds.extend(self.output.fd());
        if !self.exited {
            fds.push(self.pidfd.as_fd());
        }
        poll_until(&fds, until).map(drop)
    }

    fn act_on_clock(&mut self, stop: bool) -> io::Result<()> {
        let past = |moment: Option<Instant>| moment.is_some_and(|moment| Instant::now() >= moment);
        match self.stage {
            Stage::Running(_) if stop => self.end(Cause::Asked),
            Stage::Running(deadline) if past(deadline) => self.end(Cause::Deadline),
            Stage::Ending(cause, kill_at) if past(kill_at) => {
                self.stage = Stage::Killing(cause);
                self.signal_group(Signal::KILL)
            }
            _ => Ok(()),
        }
    }

    /// SIGCONT goes with it, because a stopped process would sleep through its grace.
    fn end(&mut self, cause: Cause) -> io::Result<()> {
        self.stage = Stage::Ending(cause, Instant::now().checked_add(self.grace));
        self.signal_group(Signal::TERM)?;
        self.signal_group(Signal::CONT)
    }

    /// The command is not reaped before the very end, so that its group's id cannot have become somebody else's. A group
    /// of which nobody may be signalled has changed its user, and is left to the next step.
    fn signal_group(&self, signal: Signal) -> io::Result<()> {
        match kill_process_group(self.child, signal) {
            Err(error) if error != rustix::io::Errno::SRCH && error != rustix::io::Errno::PERM => Err(error.into()),
            _ => Ok(()),
        }
    }

    /// Looks without reaping.
    fn has_exited(&self) -> io::Result<bool> {
        let options = WaitIdOptions::EXITED | WaitIdOptions::NOHANG | WaitIdOptions::NOWAIT;
        Ok(waitid(WaitId::PidFd(self.pidfd.as_fd()), options)?.is_some())
    }

    /// Reaps adopted orphans that have ended.
    fn bury(&self) -> io::Result<()> {
        for orphan in proc::own_children()?.iter().filter(|found| found.zombie) {
            if let Some(pid) = Pid::from_raw(orphan.pid).filter(|pid| *pid != self.child) {
                waitpid(Some(pid), WaitOptions::NOHANG)?;
            }
        }
        Ok(())
    }

    /// Takes the last of the output and ends what is left. A process that outlives the command and holds its output open
    /// is given a moment to finish its line, and no more.
    fn clear_up(&mut self) -> io::Result<()> {
        let until = Instant::now() + LINGER;
        while self.output.turn() != Flow::Over && Instant::now() < until {
            let fds: Vec<_> = self.output.fd().into_iter().collect();
            poll_until(&fds, Some(until))?;
        }
        self.signal_group(Signal::KILL)?;
        let until = Instant::now() + BURIAL;
        loop {
            if !matches!(self.stage, Stage::Running(_)) {
                self.kill_orphans()?;
            }
            self.bury()?;
            if !self.leaves_anybody()? || Instant::now() >= until {
                break;
            }
            poll_until(&[self.ear.fd()], Some(until))?;
            self.ear.listen();
        }
        self.output.drain();
        Ok(())
    }

    /// Whether somebody who must go still lives.
    fn leaves_anybody(&self) -> io::Result<bool> {
        let own = self.child.as_raw_pid();
        let hunted = !matches!(self.stage, Stage::Running(_));
        let orphans = hunted && proc::own_children()?.iter().any(|found| found.pid != own && !found.zombie);
        Ok(orphans || proc::group_lives(own)?)
    }

    /// Kills those who left the group and were orphaned to the shim.
    fn kill_orphans(&self) -> io::Result<()> {
        for orphan in proc::own_children()?.iter().filter(|found| !found.zombie) {
            if let Some(pid) = Pid::from_raw(orphan.pid).filter(|pid| *pid != self.child) {
                // It may have changed its user; then only its own can end it.
                let _ = kill_process(pid, Signal::KILL);
            }
        }
        Ok(())
    }

    /// Reaps the command.
    fn exit(&self, spec: &Spec) -> io::Result<Exit> {
        let status = waitid(WaitId::PidFd(self.pidfd.as_fd()), WaitIdOptions::EXITED)?;
        let (cause, how) = match self.stage {
            Stage::Running(_) => {
                let status = status.ok_or(io::ErrorKind::NotFound)?;
                return match (status.exit_status(), status.terminating_signal()) {
                    (Some(code), _) => Ok(Exit::Exited { code }),
                    (_, Some(signal)) => Ok(Exit::Signalled { signal }),
                    _ => Err(io::Error::other("the command ended in no known way")),
                };
            }
            Stage::Ending(cause, _) => (cause, Ended::Terminated),
            Stage::Killing(cause) => (cause, Ended::Killed),
        };
        Ok(match cause {
            Cause::Asked => Exit::Stopped,
            Cause::Deadline => Exit::TimedOut { after: spec.timeout.unwrap_or_default(), how },
        })
    }
}
