//! The follower: a process that stands here for a command on another host.

use std::{
    collections::BTreeMap,
    env,
    hash::{BuildHasher, RandomState},
    io::{self, Write},
    path::Path,
    process::ExitCode,
    time::Duration,
};

use tokio::{
    signal::unix::{Signal, SignalKind, signal},
    time::{Instant, sleep, timeout},
};

use super::super::durable;
use super::{
    files,
    link::{Link, LinkState, RemoteExit, Start, now},
    output::Output,
    script::{self, Tidy},
    session::Session,
    spec::RemoteSpec,
};

mod pass;

use pass::Pass;

/// How long the host is given to remove a step that is over; what it does not manage stays there.
const TIDYING: Duration = Duration::from_secs(5);
/// How often the end is tried to be written down, [`FULL_DISK`] apart.
const EXIT_TRIES: u32 = 600;
/// Between two tries to write on a full disk.
const FULL_DISK: Duration = Duration::from_secs(1);
/// Between two writings of how far the output has got.
const PROGRESS: Duration = Duration::from_secs(1);
/// Longest between two tries to come back to the host.
const LONGEST_PAUSE: Duration = Duration::from_secs(15);

/// Follows the remote step of the attempt in `dir` to its end and leaves with its status; how it ended is in
/// `remote-exit.json`. With 255 and without that file, the follower could not do its work, and another can be started.
#[must_use]
pub fn run(dir: &Path) -> ExitCode {
    match follow(dir) {
        Ok(exit) => ExitCode::from(exit.status()),
        Err(why) => {
            // There may be nobody to tell it to.
            let _ = writeln!(io::stderr(), "warroom remote {}: {why}", dir.display());
            ExitCode::from(255)
        }
    }
}

fn follow(dir: &Path) -> io::Result<RemoteExit> {
    let _held = files::lock(dir)?;
    if let Some(exit) = durable::read(dir, files::EXIT)? {
        return Ok(exit);
    }
    let spec: RemoteSpec = durable::read(dir, files::SPEC)?.ok_or(io::ErrorKind::NotFound)?;
    spec.check().map_err(io::Error::other)?;
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build()?;
    runtime.block_on(async {
        let mut stop = signal(SignalKind::terminate())?;
        let mut follower = Follower::new(dir, spec)?;
        let (exit, session) = follower.until_over(&mut stop).await?;
        follower.record(&exit).await?;
        if let Some(session) = session {
            let _ = timeout(TIDYING, follower.tidy(session)).await;
        }
        Ok(exit)
    })
}

/// Whether the step is to go on.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Wish {
    GoOn,
    Stop,
}

struct Follower<'a> {
    dir: &'a Path,
    spec: RemoteSpec,
    link: Link,
    saved: Instant,
    output: Output,
    wish: Wish,
    /// When the connection was cut, and how often it was tried since; nothing while it is up.
    cut: Option<(Instant, u32)>,
}

impl<'a> Follower<'a> {
    fn new(dir: &'a Path, spec: RemoteSpec) -> io::Result<Self> {
        let link: Option<Link> = durable::read(dir, files::LINK)?;
        let (recorded, start) = link.map_or((0, Start::Unsent), |link| (link.from, link.start));
        let output = Output::open(recorded)?;
        let link = Link { state: LinkState::Connecting, since: now(), from: output.given(), start, why: None };
        Ok(Self { dir, spec, link, saved: Instant::now(), output, wish: Wish::GoOn, cut: None })
    }

    /// How it ended, and the session in which the host said so.
    async fn until_over(&mut self, stop: &mut Signal) -> io::Result<(RemoteExit, Option<Box<Session>>)> {
        let secrets = match secrets(&self.spec) {
            Ok(secrets) => secrets,
            Err(why) => return Ok((RemoteExit::NotReached { why }, None)),
        };
        self.save_progress();
        loop {
            if self.wish == Wish::Stop && self.link.start == Start::Unsent {
                return Ok((RemoteExit::Stopped, None));
            }
            let pass = tokio::select! {
                biased;
                _ = stop.recv(), if self.wish == Wish::GoOn => None,
                pass = self.pass(&secrets) => Some(pass?),
            };
            let why = match pass {
                None => {
                    self.wish = Wish::Stop;
                    self.set_state(LinkState::Stopping, None);
                    continue;
                }
                Some(Pass::Over(exit, session)) => return Ok((exit, session)),
                Some(Pass::NotReached(why)) if self.link.start == Start::Unsent => {
                    return Ok((RemoteExit::NotReached { why }, None));
                }
                Some(Pass::NotReached(why) | Pass::Cut(why)) => why,
            };
            if let Some(lost) = self.note_cut(why) {
                return Ok((lost, None));
            }
            self.pause(stop).await;
        }
    }

    /// Takes note that the connection is not up; the end of the step if it has not been for too long.
    fn note_cut(&mut self, why: String) -> Option<RemoteExit> {
        let (since, tries) = self.cut.unwrap_or_else(|| (Instant::now(), 0));
        self.cut = Some((since, tries.saturating_add(1)));
        if self.spec.patience.is_some_and(|patience| since.elapsed() >= patience) {
            let why = format!("the connection was cut and the host could not be reached again in time: {why}");
            return Some(RemoteExit::Lost { why });
        }
        let state = if self.wish == Wish::Stop { LinkState::Stopping } else { LinkState::Cut };
        self.set_state(state, Some(why));
        None
    }

    /// Waits before the next try: not at all before the first, then ever longer, and never in step with other followers.
    async fn pause(&mut self, stop: &mut Signal) {
        let tries = self.cut.map_or(0, |(_, tries)| tries);
        let Some(doublings) = tries.checked_sub(2) else { return };
        let most = (Duration::from_millis(250) * 2_u32.pow(doublings.min(6))).min(LONGEST_PAUSE);
        let share = RandomState::new().hash_one(tries) % 512;
        let pause = most.mul_f64(0.5 + share as f64 / 1024.0);
        tokio::select! {
            () = sleep(pause) => {}
            _ = stop.recv(), if self.wish == Wish::GoOn => self.wish = Wish::Stop,
        }
    }

    fn set_state(&mut self, state: LinkState, why: Option<String>) {
        if self.link.state != state {
            self.link.since = now();
        }
        (self.link.state, self.link.why) = (state, why);
        self.save_progress();
    }

    /// Writes the link down. On a full disk the engine sees an old one, which is better than to let go of the step.
    fn save_progress(&mut self) {
        let _ = self.save();
    }

    fn save(&mut self) -> io::Result<()> {
        self.saved = Instant::now();
        self.link.from = self.output.given();
        durable::write_json(self.dir, files::LINK, &self.link)
    }

    /// Writes the end down, the output before it.
    async fn record(&mut self, exit: &RemoteExit) -> io::Result<()> {
        self.output.sync();
        let mut tries = 1;
        while let Err(why) = durable::write_json(self.dir, files::EXIT, exit) {
            if tries == EXIT_TRIES {
                return Err(why);
            }
            tries += 1;
            sleep(FULL_DISK).await;
        }
        self.set_state(LinkState::Over, None);
        Ok(())
    }

    /// Has the host remove what is left there. Where the start was sent more than once, one of them may still be on its way
    /// and must find that it was done.
    async fn tidy(&self, mut session: Box<Session>) -> io::Result<()> {
        let tidy = if self.link.start.times() > 1 { Tidy::ButMarks } else { Tidy::All };
        session.send(script::tidy_line(tidy)).await?;
        session.next().await.map(drop)
    }
}

/// The values of the secret variables, from this process's own environment.
fn secrets(spec: &RemoteSpec) -> Result<BTreeMap<String, String>, String> {
    let value = |name: &String| match env::var(name) {
        Ok(value) => Ok((name.clone(), value)),
        Err(why) => Err(format!("the secret {name} was not handed over: {why}")),
    };
    spec.secrets.iter().map(value).collect()
}
