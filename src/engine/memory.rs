//! Which commands were carried out already, so that a repeat gets the first answer and acts once.

use std::collections::{HashMap, VecDeque};

use uuid::Uuid;

use super::record;
use crate::core::state::{Entry, State};
use crate::store::Reader;
use crate::wire::Accepted;

/// Commands that are remembered. A client repeats within seconds, and people do not give ten thousand commands in those.
const KEPT: usize = 10_000;

/// How many of a command's entries are read to learn what it worked on: its first ones say so.
const FIRST: usize = 16;

/// What is remembered of a command.
#[derive(Debug, Clone)]
enum Known {
    /// Its answer.
    Answer(Accepted),
    /// The last entry that it brought: an earlier engine answered it.
    Entry(u64),
}

/// The last commands with their answers.
#[derive(Debug, Default)]
pub(super) struct CommandMemory {
    answers: HashMap<Uuid, Known>,
    order: VecDeque<Uuid>,
}

impl CommandMemory {
    /// Takes up what the journal says of the last commands.
    pub(super) async fn from_journal(reader: &Reader) -> Result<CommandMemory, crate::store::StoreError> {
        let mut memory = CommandMemory::default();
        // The newest first: what is kept longest goes in last.
        for (id, seq) in reader.command_ids(KEPT).await?.into_iter().rev() {
            memory.keep(id, Known::Entry(seq));
        }
        Ok(memory)
    }

    /// Keeps an answer.
    pub(super) fn remember(&mut self, id: Uuid, answer: Accepted) {
        self.keep(id, Known::Answer(answer));
    }

    fn keep(&mut self, id: Uuid, answer: Known) {
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
        let seq = match self.answers.get(&id)? {
            Known::Answer(answer) => return Some(answer.clone()),
            Known::Entry(seq) => *seq,
        };
        let rows = reader.rows_of_command(id, FIRST).await.unwrap_or_default();
        let incident = rows.iter().find_map(record::incident);
        let run = rows.iter().find_map(|row| record::entry(row).ok()?.event.run());
        Some(Accepted { seq, incident, run })
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
