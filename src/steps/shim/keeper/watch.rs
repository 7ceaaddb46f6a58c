//! From the command's start to its end.

use std::{
    io,
    os::fd::{AsFd, BorrowedFd, OwnedFd},
    path::Path,
    time::{Duration, Instant},
};

use rustix::process::{
    Pid, PidfdFlags, Signal, WaitId, WaitIdOptions, WaitOptions, kill_process, kill_process_group, pidfd_open, waitid,
    waitpid,
};

use super::super::{
    cgroup::Cgroup,
    ear::Ear,
    output::Output,
    proc,
    record::{Ended, Exit, ExitRecord, Pids, Reach, Spec, now},
    wait::poll_until,
};
use super::{complain, write_ids};

/// How long those of the command's group that outlive it may go on, to finish their line.
const LINGER: Duration = Duration::from_millis(250);
/// How long killed processes may take to disappear.
const BURIAL: Duration = Duration::from_secs(2);
/// How old a command is when it gets a control group, if it is not to be ended before. Most are over by then, and many that
/// start at once do not wait for each other in the kernel.
const SETTLED: Duration = Duration::from_secs(1);

/// Stays with the command until it has ended and its group is gone.
pub(super) fn watch(
    child: Pid,
    output: Output,
    dir: &Path,
    spec: &Spec,
    begun: Instant,
    pids: Pids,
    ear: &mut Ear,
) -> io::Result<(ExitRecord, Output)> {
    let mut watch = Watch {
        child,
        pidfd: pidfd_open(child, PidfdFlags::empty())?,
        output,
        ear,
        dir,
        pids,
        grace: spec.grace,
        stage: Stage::Running(spec.timeout.and_then(|timeout| begun.checked_add(timeout))),
        hold: Hold::Loose { until: begun + SETTLED },
        exited: false,
    };
    while !watch.turn()? {}
    let ended = Instant::now();
    watch.clear_up()?;
    let exit = watch.exit(spec)?;
    let (output_bytes, kept) = watch.output.fate();
    let record = ExitRecord {
        exit,
        finished_at: now(),
        duration_ms: u64::try_from((ended - begun).as_millis()).unwrap_or(u64::MAX),
        output_bytes,
        kept,
        reach: watch.hold.let_go(),
    };
    Ok((record, watch.output))
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

/// What the command and its kin are held by.
enum Hold {
    /// Their group, and a control group from this moment on.
    Loose { until: Instant },
    /// Their group: there is no control group to be had.
    Group,
    /// A control group.
    Cgroup(Cgroup),
}

impl Hold {
    /// Gives the control group up, and says whether there was one.
    fn let_go(self) -> Reach {
        match self {
            Hold::Loose { .. } | Hold::Group => Reach::Group,
            Hold::Cgroup(cgroup) => {
                cgroup.close();
                Reach::Cgroup
            }
        }
    }
}

struct Watch<'a> {
    child: Pid,
    pidfd: OwnedFd,
    output: Output,
    ear: &'a mut Ear,
    dir: &'a Path,
    pids: Pids,
    grace: Duration,
    stage: Stage,
    hold: Hold,
    exited: bool,
}

impl Watch<'_> {
    /// Waits for something to happen and acts on it; true when the command is over.
    fn turn(&mut self) -> io::Result<bool> {
        self.wait(self.next_on_clock())?;
        self.output.turn();
        let heard = self.ear.listen();
        let just_exited = !self.exited && self.has_exited()?;
        self.exited |= just_exited;
        if heard.child && !self.exited {
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

    fn next_on_clock(&self) -> Option<Instant> {
        let stage = match self.stage {
            Stage::Running(deadline) => deadline,
            Stage::Ending(_, kill_at) => kill_at,
            Stage::Killing(_) => None,
        };
        let settled = match self.hold {
            Hold::Loose { until } => Some(until),
            Hold::Group | Hold::Cgroup(_) => None,
        };
        stage.into_iter().chain(settled).min()
    }

    /// Until something happens, the output wants to be looked at, or this moment has come.
    fn wait(&self, until: Option<Instant>) -> io::Result<()> {
        let mut fds: Vec<BorrowedFd<'_>> = self.ear.fds().into();
        fds.extend(self.output.fd());
        if !self.exited {
            fds.push(self.pidfd.as_fd());
        }
        poll_until(&fds, until.into_iter().chain(self.output.next_look()).min())
    }

    fn act_on_clock(&mut self, stop: bool) -> io::Result<()> {
        let past = |moment: Option<Instant>| moment.is_some_and(|moment| Instant::now() >= moment);
        if matches!(self.hold, Hold::Loose { until } if past(Some(until))) {
            self.settle();
        }
        match self.stage {
            Stage::Running(_) if stop => self.end(Cause::Asked),
            Stage::Running(deadline) if past(deadline) => self.end(Cause::Deadline),
            Stage::Ending(cause, kill_at) if past(kill_at) => {
                self.stage = Stage::Killing(cause);
                self.kill()
            }
            _ => Ok(()),
        }
    }

    /// Puts the command and what it has started into a control group, where there is one to be had. It is written down before
    /// anybody is moved, so that nobody in it can be lost from sight.
    fn settle(&mut self) {
        self.hold = Hold::Group;
        let name = format!("warroom-{}-{}", self.pids.shim_pid, self.pids.shim_start_time);
        let Some(cgroup) = Cgroup::make(&name) else { return };
        self.pids.cgroup = Some(cgroup.dir().to_path_buf());
        write_ids(self.dir, &self.pids);
        match cgroup.gather() {
            Ok(()) => self.hold = Hold::Cgroup(cgroup),
            Err(error) => {
                complain(&format!("the command is without a control group: {error}"));
                cgroup.close();
            }
        }
    }

    /// SIGCONT goes with it, because a stopped process would sleep through its grace.
    fn end(&mut self, cause: Cause) -> io::Result<()> {
        if let Hold::Loose { .. } = self.hold {
            self.settle();
        }
        self.stage = Stage::Ending(cause, Instant::now().checked_add(self.grace));
        self.signal_group(Signal::TERM)?;
        self.signal_group(Signal::CONT)
    }

    /// Ends everybody who must go: after a deadline or a stop all there are, else the rest of the group.
    fn kill(&self) -> io::Result<()> {
        self.signal_group(Signal::KILL)?;
        if self.lets_daemons_go() {
            return Ok(());
        }
        if let Hold::Cgroup(cgroup) = &self.hold {
            cgroup.kill()?;
        }
        self.kill_orphans()
    }

    /// A command that ended by itself may have left a daemon on purpose.
    fn lets_daemons_go(&self) -> bool {
        matches!(self.stage, Stage::Running(_))
    }

    /// The command is not reaped before the very end, so that its group's id cannot have become somebody else's. A group
    /// of which nobody may be signalled has changed its user, and is left to the next step.
    fn signal_group(&self, signal: Signal) -> io::Result<()> {
        match kill_process_group(self.child, signal) {
            Err(error) if error != rustix::io::Errno::SRCH && error != rustix::io::Errno::PERM => Err(error.into()),
            _ => Ok(()),
        }
    }

    /// Kills those who left the group and were orphaned to the shim; their own children are orphaned to it thereby.
    fn kill_orphans(&self) -> io::Result<()> {
        for orphan in self.orphans()? {
            if let Some(pid) = Pid::from_raw(orphan.pid) {
                // It may have changed its user; then only its own can end it.
                let _ = kill_process(pid, Signal::KILL);
            }
        }
        Ok(())
    }

    /// Looks without reaping.
    fn has_exited(&self) -> io::Result<bool> {
        let options = WaitIdOptions::EXITED | WaitIdOptions::NOHANG | WaitIdOptions::NOWAIT;
        Ok(waitid(WaitId::PidFd(self.pidfd.as_fd()), options)?.is_some())
    }

    /// The shim's children beside the command.
    fn orphans(&self) -> io::Result<Vec<proc::Process>> {
        proc::own_children(Some(self.child.as_raw_pid()))
    }

    /// Reaps adopted orphans that have ended.
    fn bury(&self) -> io::Result<()> {
        for orphan in self.orphans()?.iter().filter(|found| found.zombie) {
            if let Some(pid) = Pid::from_raw(orphan.pid) {
                waitpid(Some(pid), WaitOptions::NOHANG)?;
            }
        }
        Ok(())
    }

    /// Ends what is left, and takes the last of the output.
    fn clear_up(&mut self) -> io::Result<()> {
        let patience = if self.lets_daemons_go() { LINGER } else { Duration::ZERO };
        let kill_at = Instant::now() + patience;
        let give_up_at = kill_at + BURIAL;
        while self.leaves_anybody()? && Instant::now() < give_up_at {
            let until = if Instant::now() < kill_at {
                kill_at
            } else {
                self.kill()?;
                give_up_at
            };
            self.wait(Some(until))?;
            self.output.turn();
            self.ear.listen();
            self.bury()?;
        }
        self.output.finish();
        Ok(())
    }

    /// Whether somebody who must go still lives. Everybody who comes from the command is below the shim: when nobody but the
    /// command is, and that has ended, nobody is left at all.
    fn leaves_anybody(&self) -> io::Result<bool> {
        let orphans = self.orphans()?;
        if orphans.is_empty() || !self.lets_daemons_go() {
            return Ok(orphans.iter().any(|orphan| !orphan.zombie));
        }
        proc::group_lives(self.child.as_raw_pid())
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
