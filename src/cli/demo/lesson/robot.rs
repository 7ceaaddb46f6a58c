//! The second person of the demo: watches the engine's stream, does what the script says, as somebody of its own.

use std::sync::{Arc, Mutex, PoisonError};
use std::time::{Duration, Instant};

use tokio::sync::watch;
use tokio::time::{MissedTickBehavior, interval, sleep};
use uuid::Uuid;

use super::proxy::{Line, Refusals};
use crate::client::{Address, Client, ClientError, StreamItem, Token};
use crate::core::apply::apply;
use crate::core::command::Command;
use crate::core::gate::view;
use crate::core::ids::{PersonId, Principal, RoleId, RunId};
use crate::core::incident::Incident;
use crate::core::time::Span;
use crate::outbound;
use crate::range::RangeStatus;
use crate::range::lesson::{Deed, Facts, Hint, Score, Script, facts};
use crate::text;
use crate::wire::{Posted, Snapshot};

/// How often it looks at the range.
const LOOK_EVERY: Duration = Duration::from_millis(300);

/// Over how long customers must all be served to be called served.
const SERVED_FOR: Duration = Duration::from_secs(2);

/// How long the range may take to answer.
const PATIENCE: Duration = Duration::from_secs(2);

/// Before it asks an engine again that did not answer.
const AGAIN: Duration = Duration::from_millis(500);

/// The role that the practice plan's gate asks of a second person.
const ROLE: &str = "technical_lead";

/// Why there is no robot.
#[derive(Debug, thiserror::Error)]
pub(super) enum NoRobot {
    /// Its name is none.
    #[error("{0}")]
    Name(#[from] crate::core::ids::BadId),
    /// It cannot ask the range.
    #[error("{0}")]
    Http(#[from] reqwest::Error),
}

/// The robot.
pub(super) struct Robot {
    client: Client,
    me: Principal,
    role: RoleId,
    /// The range's control address.
    control: String,
    http: reqwest::Client,
    line: watch::Sender<Line>,
    say: watch::Sender<String>,
    refusals: Arc<Mutex<Refusals>>,
    script: Script,
    score: Arc<Mutex<Score>>,
    began: Instant,
    before: Option<(Instant, RangeStatus)>,
    served: bool,
}

impl Robot {
    /// A robot that holds that token.
    pub(super) fn new(
        engine: Address,
        token: Token,
        control: &str,
        line: watch::Sender<Line>,
        say: watch::Sender<String>,
        refusals: Arc<Mutex<Refusals>>,
    ) -> Result<Robot, NoRobot> {
        Ok(Robot {
            client: Client::new(engine).with_token(Some(token)),
            me: Principal::Person(PersonId::new(super::ROBOT)?),
            role: RoleId::new(ROLE)?,
            control: control.to_owned(),
            http: outbound::client()?,
            line,
            say,
            refusals,
            script: Script::default(),
            score: Arc::default(),
            began: Instant::now(),
            before: None,
            served: false,
        })
    }

    /// What the lesson comes to.
    pub(super) fn score(&self) -> Arc<Mutex<Score>> {
        Arc::clone(&self.score)
    }

    /// Teaches, for as long as the demo goes on.
    pub(super) async fn live(mut self) {
        loop {
            if let Err(error) = self.listen().await {
                tracing::debug!(%error, "the robot hears nothing");
            }
            sleep(AGAIN).await;
        }
    }

    /// From a fresh snapshot on, everything that the engine says, until the stream ends or has a gap.
    async fn listen(&mut self) -> Result<(), ClientError> {
        let mut known = self.client.snapshot().await?;
        let mut stream = self.client.stream(known.seq).await?;
        let mut looks = interval(LOOK_EVERY);
        looks.set_missed_tick_behavior(MissedTickBehavior::Delay);
        loop {
            tokio::select! {
                item = stream.next() => match item? {
                    Some(StreamItem::Event(entry)) => apply(&mut known.state, &entry),
                    Some(StreamItem::Live(live)) => (known.now, known.live) = (live.now.clone(), *live),
                    Some(StreamItem::Now(now)) => known.now = now,
                    Some(StreamItem::Reset) | None => return Ok(()),
                },
                _ = looks.tick() => self.look(&known).await?,
            }
        }
    }

    async fn look(&mut self, known: &Snapshot) -> Result<(), ClientError> {
        let range = match self.range().await {
            Ok(range) => range,
            Err(error) => {
                tracing::debug!(%error, "the range does not answer");
                return Ok(());
            }
        };
        let facts = self.facts(known, range);
        for deed in self.script.step(&facts) {
            self.act(deed, known).await?;
        }
        self.note(known, &facts);
        Ok(())
    }

    fn facts(&mut self, known: &Snapshot, range: RangeStatus) -> Facts {
        let before = self.before.as_ref().filter(|(at, _)| at.elapsed() >= SERVED_FOR).map(|(_, range)| range);
        let aged = before.is_some();
        let facts = facts(&known.state, &self.me, &range, before);
        if aged {
            self.served = facts.served;
        }
        if let Ok(mut score) = self.score.lock() {
            score.ledger = Some(range.ledger.clone());
        }
        if aged || self.before.is_none() {
            self.before = Some((Instant::now(), range));
        }
        let refused = self.refusals.lock().unwrap_or_else(PoisonError::into_inner).launches;
        Facts { at: Span::from(self.began.elapsed()), refused, served: self.served, ..facts }
    }

    fn note(&self, known: &Snapshot, facts: &Facts) {
        let mut score = self.score.lock().unwrap_or_else(PoisonError::into_inner);
        score.note(self.script.stage(), facts);
        score.refused.clone_from(&self.refusals.lock().unwrap_or_else(PoisonError::into_inner).why);
        let run = facts.run.as_ref().and_then(|run| known.state.runs.get(&run.id));
        score.forecast = run.and_then(|run| text::forecast_at_start(run, &known.now)).or(score.forecast.take());
    }

    async fn act(&mut self, deed: Deed, known: &Snapshot) -> Result<(), ClientError> {
        let incident = known.state.incidents.values().rev().find(|incident| incident.phase.is_open());
        match deed {
            Deed::Say(hint) => self.tell(hint),
            Deed::Fault(path, fault) => self.post(path, &serde_json::json!({ "fault": fault })).await,
            Deed::Wake => self.post("wake", &serde_json::Value::Null).await,
            Deed::Cut => {
                let incident = incident.map(|incident| incident.id.clone());
                self.line.send_replace(Line::Cut);
                self.ask(Command::Note { incident, text: text::LESSON_WHILE_AWAY.to_owned() }).await?;
            }
            Deed::Mend => drop(self.line.send_replace(Line::Whole)),
            Deed::TakeRole => {
                if let Some(incident) = incident {
                    self.ask(self.takes_role(incident)).await?;
                }
            }
            Deed::Object(run) => {
                if let Some(step) = waiting_gate(known, run) {
                    let reason = text::LESSON_OBJECTION.to_owned();
                    self.ask(Command::Decline { run, step, reason }).await?;
                }
            }
            Deed::Confirm(run) => {
                if let Some(confirm) = confirm(known, run) {
                    self.ask(confirm).await?;
                }
            }
            Deed::Tell => {
                let score = self.score.lock().unwrap_or_else(PoisonError::into_inner).clone();
                let text = text::lesson_score(&score).join("\n");
                self.ask(Command::Note { incident: incident.map(|incident| incident.id.clone()), text }).await?;
            }
        }
        Ok(())
    }

    fn tell(&self, hint: Hint) {
        self.say.send_replace(text::lesson_hint(hint).to_owned());
    }

    fn takes_role(&self, incident: &Incident) -> Command {
        Command::AssignRole { incident: incident.id.clone(), role: self.role.clone(), to: self.me.clone() }
    }

    /// Has a command carried out. A no is an answer too: things have moved on, and the next look sees how they are.
    async fn ask(&self, command: Command) -> Result<(), ClientError> {
        match self.client.command(&Posted { id: Uuid::now_v7(), seen: None, command }).await {
            Err(ClientError::Trouble(trouble)) => {
                tracing::debug!(%trouble, "the robot was refused");
                Ok(())
            }
            other => other.map(drop),
        }
    }

    async fn range(&self) -> Result<RangeStatus, reqwest::Error> {
        let answer = self.http.get(format!("{}/range", self.control)).timeout(PATIENCE).send().await?;
        answer.error_for_status()?.json().await
    }

    async fn post(&self, path: &str, body: &serde_json::Value) {
        let request = self.http.post(format!("{}/range/{path}", self.control)).timeout(PATIENCE).json(body);
        if let Err(error) = request.send().await.and_then(reqwest::Response::error_for_status) {
            tracing::warn!(%error, "the range did not do what the lesson asks");
        }
    }
}

fn waiting_gate(known: &Snapshot, run: RunId) -> Option<crate::core::ids::StepId> {
    known.state.runs.get(&run)?.gates().next().map(|(_, step, ..)| step.id.clone())
}

/// A yes to what the gate shows now, and to no more loss than that.
fn confirm(known: &Snapshot, id: RunId) -> Option<Command> {
    let run = known.state.runs.get(&id)?;
    let (place, step, gate, _) = run.gates().next()?;
    let shown = view(&known.state, run, place, gate, &known.live.readings, &known.now);
    let max_loss = shown.loss.and_then(crate::core::loss::Loss::ceiling);
    Some(Command::Confirm { run: id, step: step.id.clone(), target: shown.target, digest: shown.digest, max_loss })
}
