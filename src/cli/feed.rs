//! What happens, entry by entry, with the state folded along.

use std::collections::VecDeque;

use super::Failure;
use super::session::Session;
use crate::client::{EventStream, StreamItem};
use crate::core::apply::apply;
use crate::core::ids::IncidentId;
use crate::core::state::Entry;
use crate::wire::Snapshot;

/// Most entries that are asked for when the stream had a gap.
const MOST_MISSED: u32 = 1_000;

/// An open ear, and what is known by what it heard.
pub(super) struct Feed<'a> {
    pub(super) session: &'a Session,
    incident: Option<IncidentId>,
    /// What is known after the last entry; after a gap it holds those already that are still to be handed out.
    pub(super) snapshot: Snapshot,
    missed: VecDeque<Entry>,
    ear: Ear,
}

enum Ear {
    Closed,
    Open(Box<EventStream>),
    /// The stream had a gap: what fell into it has to be asked for.
    Lost,
}

impl<'a> Feed<'a> {
    /// Everything that happens after a snapshot; of what falls into a gap, only what belongs to that incident, if one is named.
    pub(super) fn new(session: &'a Session, snapshot: Snapshot, incident: Option<IncidentId>) -> Feed<'a> {
        Feed { session, incident, snapshot, missed: VecDeque::new(), ear: Ear::Closed }
    }

    /// Waits for the next entry. Nothing is lost when the wait is given up in between.
    pub(super) async fn next(&mut self) -> Result<Entry, Failure> {
        loop {
            if let Some(entry) = self.missed.pop_front() {
                return Ok(entry);
            }
            let item = match &mut self.ear {
                Ear::Open(stream) => stream.next().await?,
                Ear::Closed => {
                    self.ear = Ear::Open(Box::new(self.session.client.stream(self.snapshot.seq).await?));
                    continue;
                }
                Ear::Lost => {
                    self.catch_up().await?;
                    continue;
                }
            };
            match item {
                Some(StreamItem::Event(entry)) => {
                    self.snapshot.seq = entry.seq;
                    apply(&mut self.snapshot.state, &entry);
                    return Ok(*entry);
                }
                Some(StreamItem::Live(live)) => {
                    (self.snapshot.now, self.snapshot.live) = (live.now.clone(), *live);
                }
                Some(StreamItem::Now(now)) => self.snapshot.now = now,
                Some(StreamItem::Reset) => self.ear = Ear::Lost,
                None => return Err(Failure::failed("the engine ended")),
            }
        }
    }

    async fn catch_up(&mut self) -> Result<(), Failure> {
        let seen = self.snapshot.seq;
        let snapshot = self.session.snapshot().await?;
        let before = Some(snapshot.seq.saturating_add(1));
        let rows = self.session.client.timeline(before, MOST_MISSED, self.incident.as_ref()).await?;
        self.missed.extend(rows.into_iter().rev().filter(|row| row.seq > seen));
        self.snapshot = snapshot;
        self.ear = Ear::Closed;
        Ok(())
    }
}
