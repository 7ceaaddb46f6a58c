//! The one owner of the state: takes what comes in batches, decides on a working copy, commits once, and only then publishes,
//! answers and acts.

use std::collections::VecDeque;
use std::sync::Arc;
use std::time::Duration;

use tokio::sync::{broadcast, mpsc, oneshot, watch};
use tokio::time::Instant;
use uuid::Uuid;

use super::effects::{Effects, Shared};
use super::memory::{CommandMemory, accepted};
use super::record;
use crate::core::command::Command;
use crate::core::event::Event;
use crate::core::follow::next_due;
use crate::core::ids::Principal;
use crate::core::observe::Report;
use crate::core::state::{Entry, PROTOCOL, State};
use crate::core::time::Span;
use crate::core::turn::{self, Input};
use crate::store::{AppendError, Draft, Head, Journal};
use crate::wire::{Accepted, Posted, Trouble};

/// Most inputs in one commit.
const BATCH: usize = 256;

/// Entries between two snapshots.
const SNAPSHOT_EVERY: u64 = 1_000;

/// How often writing is tried again while the disk is full.
const RETRY_EVERY: Duration = Duration::from_secs(1);

/// The longest the actor sleeps while something is due, so that a clock that was set does not strand it.
const LONGEST_NAP: Span = Span::from_secs(1);

/// What became of a command.
type Outcome = Result<Accepted, Trouble>;

/// A command on its way to the actor.
pub struct Asked {
    /// Who asks.
    pub by: Principal,
    /// What.
    pub posted: Posted,
    /// Where the answer goes.
    pub answer: oneshot::Sender<Outcome>,
}

/// An entry as it goes out to clients: written once, sent to all.
#[derive(Debug, Clone)]
pub struct Published {
    /// Its place.
    pub seq: u64,
    /// The entry as JSON.
    pub json: Arc<str>,
}

/// The newest state, and the entry that it holds after.
#[derive(Debug, Clone)]
pub struct Newest {
    /// The state.
    pub state: Arc<State>,
    /// The newest entry.
    pub head: Head,
}

/// What the actor is made of.
pub(super) struct Actor {
    pub(super) journal: Journal,
    pub(super) state: Arc<State>,
    pub(super) shared: Arc<Shared>,
    pub(super) effects: Effects,
    pub(super) memory: CommandMemory,
    pub(super) newest: watch::Sender<Newest>,
    pub(super) states: watch::Sender<Arc<State>>,
    pub(super) entries: broadcast::Sender<Published>,
    pub(super) snapshot_at: u64,
    pub(super) owed: VecDeque<Report>,
    pub(super) retry_at: Option<Instant>,
}

/// A batch that was decided and not yet committed.
#[derive(Default)]
struct Batch {
    entries: Vec<(Entry, Option<Uuid>)>,
    answers: Vec<(oneshot::Sender<Outcome>, Uuid, Outcome)>,
    reports: Vec<Report>,
}

impl Actor {
    /// Works until everybody who could ask is gone or `stop` is heard; then writes that the engine stopped.
    pub(super) async fn run(
        mut self,
        mut asked: mpsc::Receiver<Asked>,
        mut reports: mpsc::UnboundedReceiver<Report>,
        mut stop: watch::Receiver<bool>,
    ) {
        self.effects.reconcile(&self.state);
        loop {
            let mut commands = Vec::new();
            let wake = self.wake();
            tokio::select! {
                biased;
                _ = stop.wait_for(|stop| *stop) => break,
                Some(report) = reports.recv() => self.owed.push_back(report),
                got = asked.recv_many(&mut commands, BATCH) => if got == 0 { break },
                () = sleep_until(wake) => {}
            }
            while let Ok(report) = reports.try_recv() {
                self.owed.push_back(report);
            }
            while commands.len() < BATCH {
                let Ok(more) = asked.try_recv() else { break };
                commands.push(more);
            }
            self.work(commands).await;
        }
        self.end().await;
    }

    /// When to wake without being asked.
    fn wake(&self) -> Option<Instant> {
        let now = self.shared.clock.now();
        let due = next_due(&self.state, &now).map(|due| due.since(now.utc).min(LONGEST_NAP));
        let due = due.map(|span| Instant::now() + span.to_std());
        match (self.retry_at, due) {
            (Some(retry), _) => Some(retry),
            (None, due) => due,
        }
    }

    async fn work(&mut self, commands: Vec<Asked>) {
        self.effects.look_for_living(&self.state, self.owed.iter());
        let mut working = (*self.state).clone();
        let mut head = self.journal.head().seq;
        let mut batch = Batch::default();
        self.take_reports(&mut working, &mut head, &mut batch);
        for asked in commands {
            self.take_command(asked, &mut working, &mut head, &mut batch).await;
        }
        self.take_time(&mut working, &mut head, &mut batch);
        self.commit(working, batch).await;
    }

    fn take_reports(&mut self, working: &mut State, head: &mut u64, batch: &mut Batch) {
        let readings = self.shared.live.readings();
        for report in self.owed.drain(..) {
            let now = self.shared.clock.now();
            if let Ok(entries) = turn::take(working, head, Input::Report(&report), &readings, &now) {
                batch.entries.extend(entries.into_iter().map(|e| (e, None)));
            }
            batch.reports.push(report);
        }
    }

    fn take_time(&self, working: &mut State, head: &mut u64, batch: &mut Batch) {
        let (readings, now) = (self.shared.live.readings(), self.shared.clock.now());
        if let Ok(entries) = turn::take(working, head, Input::Time, &readings, &now) {
            batch.entries.extend(entries.into_iter().map(|e| (e, None)));
        }
    }

    async fn take_command(&mut self, asked: Asked, working: &mut State, head: &mut u64, batch: &mut Batch) {
        let id = asked.posted.id;
        let repeated = batch.answers.iter().find(|(_, earlier, _)| *earlier == id).map(|(_, _, answer)| answer.clone());
        let known = match repeated {
            Some(Ok(accepted)) => Some(accepted),
            _ => self.memory.find(id, &self.journal.reader()).await,
        };
        let answer = match known {
            Some(accepted) => Ok(accepted),
            None => self.decide(&asked, working, head, batch),
        };
        batch.answers.push((asked.answer, id, answer));
    }

    fn decide(
        &self,
        asked: &Asked,
        working: &mut State,
        head: &mut u64,
        batch: &mut Batch,
    ) -> Result<Accepted, Trouble> {
        if let Some(seen) = asked.posted.seen.filter(|seen| *seen > *head) {
            return Err(Trouble::OtherJournal { seen, head: *head });
        }
        let command = self.read_plan(&asked.by, &asked.posted.command, working)?;
        let (readings, now) = (self.shared.live.readings(), self.shared.clock.now());
        let entries = turn::take(working, head, Input::Command(&asked.by, &command), &readings, &now)
            .map_err(Trouble::Refused)?;
        let answer = accepted(&entries, working, *head);
        batch.entries.extend(entries.into_iter().map(|e| (e, Some(asked.posted.id))));
        Ok(answer)
    }

    /// Reads a plan's text where the command brings one: only for somebody who may load it.
    fn read_plan(&self, by: &Principal, command: &Command, state: &State) -> Result<Command, Trouble> {
        let Command::LoadPlan { text, .. } = command else { return Ok(command.clone()) };
        let may = state.people.get(by).is_some_and(|person| person.may(command.act(), None).is_ok());
        if !may {
            return Ok(command.clone());
        }
        let reading = crate::plan::read("plan", text.as_bytes());
        let plan = reading.plan.ok_or(Trouble::PlanFaults(reading.faults))?;
        Ok(Command::LoadPlan { text: text.clone(), read: Some((Arc::new(plan), reading.hash)) })
    }

    async fn commit(&mut self, working: State, batch: Batch) {
        let drafts: Result<Vec<Draft>, serde_json::Error> =
            batch.entries.iter().map(|(entry, command)| record::draft(entry, &working, *command)).collect();
        let drafts = match drafts {
            Ok(drafts) => drafts,
            Err(why) => return self.refuse(batch, &format!("an event cannot be written: {why}")),
        };
        if drafts.is_empty() {
            return self.nothing_to_write(batch).await;
        }
        match self.journal.append(drafts).await {
            Ok(_) => self.committed(working, batch).await,
            Err(AppendError::OutcomeUnknown { .. }) => self.look_again(batch).await,
            Err(why) => self.refuse(batch, &why.to_string()),
        }
    }

    /// While the disk is full, a snapshot shows whether it can be written again.
    async fn nothing_to_write(&mut self, batch: Batch) {
        if self.retry_at.is_some() {
            match self.save_snapshot().await {
                Ok(()) => self.writable(),
                Err(why) => return self.refuse(batch, &why),
            }
        }
        self.answer(batch);
    }

    fn writable(&mut self) {
        if self.retry_at.take().is_some() {
            tracing::info!("the journal can be written again");
            self.shared.live.set_read_only(None);
        }
    }

    async fn committed(&mut self, working: State, batch: Batch) {
        self.writable();
        self.state = Arc::new(working);
        self.publish(batch.entries.iter().map(|(entry, _)| entry));
        self.effects.reconcile(&self.state);
        self.answer(batch);
        if self.journal.head().seq.saturating_sub(self.snapshot_at) >= SNAPSHOT_EVERY {
            self.keep_snapshot().await;
        }
    }

    fn publish<'a>(&self, entries: impl Iterator<Item = &'a Entry>) {
        self.states.send_replace(Arc::clone(&self.state));
        self.newest.send_replace(Newest { state: Arc::clone(&self.state), head: self.journal.head() });
        for entry in entries {
            if let Ok(json) = serde_json::to_string(entry) {
                // Nobody listening is no fault.
                let _ = self.entries.send(Published { seq: entry.seq, json: json.into() });
            }
        }
    }

    fn answer(&mut self, batch: Batch) {
        for (to, id, answer) in batch.answers {
            if let Ok(accepted) = &answer {
                self.memory.remember(id, accepted.clone());
            }
            // A client that went away learns it by asking again with the same id.
            let _ = to.send(answer);
        }
    }

    /// Nothing was written: commands are refused, what the engine saw is kept for later.
    fn refuse(&mut self, batch: Batch, why: &str) {
        tracing::error!(why, "the journal cannot be written");
        self.shared.live.set_read_only(Some(why.to_owned()));
        self.retry_at = Some(Instant::now() + RETRY_EVERY);
        self.owed.extend(batch.reports);
        for (to, _, answer) in batch.answers {
            let _ = to.send(answer.and(Err(Trouble::ReadOnly { why: why.to_owned() })));
        }
    }

    /// A commit failed in the middle: only the disk knows. The journal is opened again and what it holds is the truth.
    async fn look_again(&mut self, batch: Batch) {
        let before = self.journal.head();
        if let Err(why) = self.journal.reopen().await {
            return self.refuse(batch, &why.to_string());
        }
        let written = self.journal.head().seq.saturating_sub(before.seq);
        if written == 0 {
            return self.refuse(batch, "the disk failed while writing; nothing was written");
        }
        let mut state = (*self.state).clone();
        for (entry, _) in batch.entries.iter().take(usize::try_from(written).unwrap_or(usize::MAX)) {
            crate::core::apply::apply(&mut state, entry);
        }
        self.committed(state, batch).await;
    }

    /// A snapshot that fails is tried again after as many more entries: opening only takes longer without.
    async fn keep_snapshot(&mut self) {
        if let Err(why) = self.save_snapshot().await {
            tracing::warn!(why, "no snapshot was saved");
        }
    }

    async fn save_snapshot(&mut self) -> Result<(), String> {
        let head = self.journal.head();
        self.snapshot_at = head.seq;
        let body = serde_json::to_vec(&*self.state).map_err(|why| why.to_string())?;
        self.journal.save_snapshot(head, PROTOCOL, &body).await.map_err(|why| why.to_string())
    }

    async fn end(mut self) {
        let mut working = (*self.state).clone();
        let mut head = self.journal.head().seq;
        let mut batch = Batch::default();
        self.take_reports(&mut working, &mut head, &mut batch);
        let (readings, now) = (self.shared.live.readings(), self.shared.clock.now());
        if let Ok(entries) = turn::take(&mut working, &mut head, Input::Engine(&Event::EngineStopped), &readings, &now)
        {
            batch.entries.extend(entries.into_iter().map(|e| (e, None)));
        }
        self.commit(working, batch).await;
        self.keep_snapshot().await;
        self.journal.close().await;
    }
}

async fn sleep_until(wake: Option<Instant>) {
    match wake {
        Some(at) => tokio::time::sleep_until(at).await,
        None => std::future::pending().await,
    }
}
