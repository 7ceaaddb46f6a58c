//! Which commands were carried out already, so that a repeat gets the first answer and acts once.

use std::collections::{HashMap, VecDeque};

use uuid::Uuid;

use super::record;
use crate::core::state::{Entry, State};
use crate::store::Reader;
use crate::wire::Accepted;

/// Commands that are remembered. A client repeats within seconds, and people do not give ten thousand commands in those.
const KEPT: usize = 10_000;

/// The last commands with their answers.
#[derive(Debug, Default)]
pub(super) struct CommandMemory {
    answers: HashMap<Uuid, Accepted>,
    order: VecDeque<Uuid>,
}

impl CommandMemory {
    /// Takes up what the journal says of the last commands.
    pub(super) async fn from_journal(reader: &Reader) -> Result<CommandMemory, crate::store::StoreError> {
        let mut memory = CommandMemory::default();
        for (id, seq) in reader.command_ids(KEPT).await? {
            memory.remember(id, Accepted { seq, incident: None, run: None });
        }
        Ok(memory)
    }

    /// Keeps an answer.
    pub(super) fn remember(&mut self, id: Uuid, answer: Accepted) {
        if self.answers.insert(id, answer).is_none() {
            self.order.push_back(id);
        }
        while self.order.len() > KEPT {
            if let Some(oldest) = self.order.pop_front() {
                self.answers.remove(&oldest);
            }
        }
    }

    /// The answer that a command got, if it was carried out.
    pub(super) async fn find(&self, id: Uuid, reader: &Reader) -> Option<Accepted> {
        let known = self.answers.get(&id)?;
        if known.incident.is_some() || known.run.is_some() {
            return Some(known.clone());
        }
        // Remembered from an earlier engine: the entry itself says what it worked on.
        let row = reader.rows(known.seq.saturating_sub(1), 1).await.ok().and_then(|rows| rows.into_iter().next());
        let entry = row.and_then(|row| record::entry(&row).ok());
        let (incident, run) = entry.map_or((None, None), |e| (e.event.incident().cloned(), e.event.run()));
        Some(Accepted { seq: known.seq, incident, run })
    }
}

/// What a command brought, for its answer.
#[must_use]
pub(super) fn accepted(entries: &[Entry], state: &State, head: u64) -> Accepted {
    let run = entries.iter().find_map(|e| e.event.run());
    let of_run = || run.and_then(|run| state.runs.get(&run)).map(|run| run.incident.clone());
    let incident = entries.iter().find_map(|e| e.event.incident().cloned()).or_else(of_run);
    Accepted { seq: entries.last().map_or(head, |e| e.seq), incident, run }
}
