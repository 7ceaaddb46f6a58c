//! One session with the host, from its opening to the step's end or to its own.

use std::{collections::BTreeMap, io};

use tokio::time::sleep;

use super::{
    super::{
        frames::Frame,
        link::{LinkState, RemoteExit, Start},
        script::{self, Verb},
        session::Session,
    },
    FULL_DISK, Follower, PROGRESS, Wish,
};

/// What became of a session.
pub(super) enum Pass {
    /// The step is over. The session is there when the host has something left to remove.
    Over(RemoteExit, Option<Box<Session>>),
    /// There was none, and this one sent nothing.
    NotReached(String),
    /// It broke.
    Cut(String),
}

impl Follower<'_> {
    /// Starts the step, or goes on with it, or ends it, in one session. Fails only when the output cannot be handed on.
    pub(super) async fn pass(&mut self, secrets: &BTreeMap<String, String>) -> io::Result<Pass> {
        let mut session = match Session::open(&self.spec.settings, &self.spec.host).await {
            Ok(session) => session,
            Err(why) => return Ok(Pass::NotReached(why)),
        };
        let verb = match (self.wish, self.link.start) {
            (Wish::Stop, _) => Verb::Stop,
            (Wish::GoOn, Start::Begun { .. }) => Verb::Attach,
            (Wish::GoOn, Start::Unsent | Start::Sent { .. }) => Verb::Start,
        };
        let from = self.output.given();
        let script = match verb {
            Verb::Start => {
                if let Err(why) = self.note_sending() {
                    return Ok(Pass::NotReached(format!("the start could not be written down: {why}")));
                }
                script::start(&self.spec, secrets, from)
            }
            _ => script::follow(verb, &self.spec.key, from, self.spec.grace.as_secs()),
        };
        if let Err(seen) = session.send(&script).await {
            return Ok(Pass::Cut(session.broken(&seen).await));
        }
        self.listen(session, verb).await
    }

    /// Has it on disk, before a start is sent, that it may have been.
    fn note_sending(&mut self) -> io::Result<()> {
        let before = self.link.start;
        self.link.start = Start::Sent { times: before.times().saturating_add(1) };
        self.save().inspect_err(|_| self.link.start = before)
    }

    async fn listen(&mut self, mut session: Session, verb: Verb) -> io::Result<Pass> {
        let mut asked = false;
        loop {
            let frame = match session.next().await {
                Ok(frame) => frame,
                Err(seen) => return Ok(Pass::Cut(session.broken(&seen).await)),
            };
            self.note_life();
            let stopped = |otherwise| if asked { RemoteExit::Stopped } else { otherwise };
            match frame {
                Frame::Alive | Frame::Tidied => {}
                Frame::Begun => self.note_begun(),
                Frame::Output(bytes) => self.give(&bytes).await?,
                Frame::StopAsked => asked = true,
                Frame::Ended(code) => {
                    return Ok(Pass::Over(stopped(RemoteExit::Exited { code }), Some(Box::new(session))));
                }
                Frame::Void => {
                    let why = "its start was cut short on the host, before the command began".into();
                    return Ok(Pass::Over(stopped(RemoteExit::NotReached { why }), None));
                }
                Frame::Lost(why) => return Ok(Pass::Over(RemoteExit::Lost { why }, None)),
                Frame::Absent => {
                    let why = "the host does not know the step any more".into();
                    return Ok(Pass::Over(RemoteExit::Lost { why }, None));
                }
                // Of an earlier start nothing is said by this.
                Frame::NotBegun(why) if verb == Verb::Start && self.link.start.times() == 1 => {
                    return Ok(Pass::Over(RemoteExit::NotReached { why }, None));
                }
                Frame::NotBegun(why) => return Ok(Pass::Cut(why)),
            }
            if self.saved.elapsed() >= PROGRESS && self.link.from != self.output.given() {
                self.save_progress();
            }
        }
    }

    fn note_life(&mut self) {
        self.cut = None;
        if self.wish == Wish::GoOn && self.link.state != LinkState::Up {
            self.set_state(LinkState::Up, None);
        }
    }

    fn note_begun(&mut self) {
        if let Start::Sent { times } = self.link.start {
            self.link.start = Start::Begun { times };
            self.save_progress();
        }
    }

    /// Hands output on; on a full disk, as soon as there is room.
    async fn give(&mut self, mut bytes: &[u8]) -> io::Result<()> {
        while !bytes.is_empty() {
            match self.output.write(bytes) {
                Ok(0) => return Err(io::ErrorKind::WriteZero.into()),
                Ok(written) => bytes = bytes.get(written..).unwrap_or_default(),
                Err(why) if why.kind() == io::ErrorKind::Interrupted => {}
                Err(why) if matches!(why.kind(), io::ErrorKind::StorageFull | io::ErrorKind::QuotaExceeded) => {
                    sleep(FULL_DISK).await;
                }
                Err(why) => return Err(why),
            }
        }
        Ok(())
    }
}
