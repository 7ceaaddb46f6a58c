//! The link to the engine: listens and asks, on tasks of its own, so that the page never waits for either.

use std::collections::BTreeMap;
use std::sync::OnceLock;
use std::time::Duration;

use tokio::sync::mpsc::{Receiver, Sender, UnboundedReceiver, UnboundedSender, channel, unbounded_channel};
use tokio::sync::watch;
use tokio::time::sleep;
use uuid::Uuid;

use super::message::{Answer, Effect, Message, Ticket};
use crate::client::{Client, ClientError, Output, StreamItem};
use crate::outbound;
use crate::wire::{Hello, Posted};

/// Both ends of it, as the loop holds them.
pub(crate) struct Link {
    /// What the engine says.
    pub(crate) messages: Receiver<Message>,
    /// What is wanted of it.
    pub(crate) wanted: UnboundedSender<Effect>,
}

/// Messages that may wait for the page. Past that the link waits too, and past that the engine sends a fresh snapshot.
const QUEUE: usize = 256;

/// Pauses between tries to reach an engine that does not answer.
const FIRST_PAUSE: Duration = Duration::from_millis(250);
const LONGEST_PAUSE: Duration = Duration::from_secs(2);

/// How often an engine that speaks another protocol is asked whether it still does.
const STRANGER_PAUSE: Duration = Duration::from_secs(5);

/// Timeline rows that are fetched at once.
const PAGE: u32 = 200;

/// Commands whose identifiers are remembered, so that a repeat acts once.
const TICKETS: usize = 64;

/// How long the practice range may take to answer.
const RANGE_PATIENCE: Duration = Duration::from_secs(3);

/// Starts the link; it ends when both ends are dropped. `range` is the practice range's control address, where there is one.
pub(crate) fn start(client: Client, range: Option<String>, hints: Option<watch::Receiver<String>>) -> Link {
    let (out, messages) = channel(QUEUE);
    let (wanted, asked) = unbounded_channel();
    tokio::spawn(listen(client.clone(), out.clone()));
    if let Some(hints) = hints {
        tokio::spawn(pass_on(hints, out.clone()));
    }
    tokio::spawn(serve(client, range, asked, out));
    Link { messages, wanted }
}

/// Passes on what a teller says, whatever becomes of the engine.
async fn pass_on(mut hints: watch::Receiver<String>, out: Sender<Message>) {
    loop {
        let says = hints.borrow_and_update().clone();
        if out.send(Message::Hint(says)).await.is_err() || hints.changed().await.is_err() {
            return;
        }
    }
}

/// Listens for as long as anybody takes what is heard.
async fn listen(client: Client, out: Sender<Message>) {
    let mut pause = FIRST_PAUSE;
    loop {
        let heard = match hear(&client, &out, &mut pause).await {
            Ok(()) => Message::Lost { why: "the engine ended the stream".to_owned() },
            Err(Heard::Stranger(hello)) => {
                pause = STRANGER_PAUSE;
                Message::Stranger { hello }
            }
            Err(Heard::Failed(error)) => Message::Lost { why: error.briefly() },
            Err(Heard::Closed) => return,
        };
        if out.send(heard).await.is_err() {
            return;
        }
        tokio::select! {
            () = sleep(pause) => {}
            () = out.closed() => return,
        }
        pause = (pause * 2).min(LONGEST_PAUSE);
    }
}

/// Why nothing more is heard.
enum Heard {
    Stranger(Hello),
    Failed(ClientError),
    Closed,
}

impl From<ClientError> for Heard {
    fn from(error: ClientError) -> Heard {
        Heard::Failed(error)
    }
}

/// From a fresh snapshot on, everything that the engine says.
async fn hear(client: &Client, out: &Sender<Message>, pause: &mut Duration) -> Result<(), Heard> {
    let (hello, snapshot) = tokio::join!(client.hello(), client.snapshot());
    let hello = hello?;
    let snapshot = match snapshot {
        Err(ClientError::Protocol { .. }) => return Err(Heard::Stranger(hello)),
        other => other?,
    };
    let from = snapshot.seq;
    let connected = Message::Connected { hello, snapshot: Box::new(snapshot) };
    out.send(connected).await.map_err(|_| Heard::Closed)?;
    *pause = FIRST_PAUSE;
    let mut stream = client.stream(from).await?;
    loop {
        let item = tokio::select! {
            item = stream.next() => item?,
            () = out.closed() => return Err(Heard::Closed),
        };
        let message = match item {
            Some(StreamItem::Event(entry)) => Message::Event(entry),
            Some(StreamItem::Live(live)) => Message::Live(live),
            Some(StreamItem::Now(now)) => Message::Clock(now),
            Some(StreamItem::Reset) => {
                let (hello, snapshot) = (client.hello().await?, client.snapshot().await?);
                stream = client.stream(snapshot.seq).await?;
                Message::Connected { hello, snapshot: Box::new(snapshot) }
            }
            None => return Ok(()),
        };
        out.send(message).await.map_err(|_| Heard::Closed)?;
    }
}

/// Asks what is wanted, each thing on a task of its own: a slow answer holds up no other.
async fn serve(client: Client, range: Option<String>, mut asked: UnboundedReceiver<Effect>, out: Sender<Message>) {
    let mut ids: BTreeMap<Ticket, Uuid> = BTreeMap::new();
    while let Some(effect) = asked.recv().await {
        let (client, out, range) = (client.clone(), out.clone(), range.clone());
        let id = match &effect {
            Effect::Send { ticket, .. } => *ids.entry(*ticket).or_insert_with(Uuid::now_v7),
            _ => Uuid::nil(),
        };
        while ids.len() > TICKETS {
            ids.pop_first();
        }
        tokio::spawn(async move {
            if let Some(message) = ask(&client, range.as_deref(), id, effect).await {
                // Nobody waits for it any more when the console has ended.
                let _ = out.send(message).await;
            }
        });
    }
}

async fn ask(client: &Client, range: Option<&str>, id: Uuid, effect: Effect) -> Option<Message> {
    match effect {
        Effect::Send { ticket, seen, command } => {
            let posted = Posted { id, seen: Some(seen), command: *command };
            let answer = match client.command(&posted).await {
                Ok(accepted) => Answer::Yes(accepted),
                Err(ClientError::Trouble(trouble)) => Answer::No(trouble),
                Err(error @ (ClientError::Lost(_) | ClientError::AnswerLost(_) | ClientError::Broken(_))) => {
                    Answer::Unsure(error.to_string())
                }
                Err(error) => Answer::NotSent(error.to_string()),
            };
            Some(Message::Answered { ticket, answer })
        }
        Effect::Output { of, from } => {
            let output = client.output(of.run, &of.step, of.attempt, from).await;
            Some(match output {
                Ok(output) => {
                    let Output { from: begins, bytes, total } = output;
                    Message::Output { of, asked: from, from: begins, bytes, total }
                }
                Err(error) => {
                    tracing::debug!(%error, "a step's output did not come");
                    Message::NoOutput
                }
            })
        }
        Effect::Page { before } => {
            let entries = client.timeline(Some(before), PAGE, None).await;
            Some(Message::Page { before, entries: entries.map_err(|error| error.to_string()) })
        }
        Effect::Looks { plan, components } => {
            let looks = client.samples(&plan, &components).await;
            Some(Message::Looks(looks.ok().map(Box::new)))
        }
        Effect::Check(of) => {
            let found = client.checks(&of).await.map_err(|error| error.briefly());
            Some(Message::Checks { of, found })
        }
        Effect::History(of) => {
            let found = client.history(&of.plan, &of.probes, of.window.length(), of.evidence).await;
            Some(Message::History { of, found: found.map_err(|error| error.briefly()) })
        }
        Effect::LookAtRange => Some(Message::Range(look_at_range(range?).await)),
        Effect::Fault { path, fault } => Some(Message::Range(set_fault(range?, &path, fault).await)),
        Effect::Suspend | Effect::Quit => None,
    }
}

async fn look_at_range(range: &str) -> Result<serde_json::Value, String> {
    let url = format!("{}/range", range.trim_end_matches('/'));
    let request = http()?.get(url).timeout(RANGE_PATIENCE);
    answer(request).await
}

async fn set_fault(range: &str, path: &str, fault: Option<String>) -> Result<serde_json::Value, String> {
    let url = format!("{}/range/{path}", range.trim_end_matches('/'));
    let request = http()?.post(url).timeout(RANGE_PATIENCE).json(&serde_json::json!({ "fault": fault }));
    answer(request).await?;
    look_at_range(range).await
}

/// One for all looks: to make one reads the system's certificates, while no key is taken.
fn http() -> Result<&'static reqwest::Client, String> {
    static CLIENT: OnceLock<reqwest::Client> = OnceLock::new();
    match CLIENT.get() {
        Some(client) => Ok(client),
        None => {
            let client = outbound::client().map_err(|error| error.to_string())?;
            Ok(CLIENT.get_or_init(|| client))
        }
    }
}

async fn answer(request: reqwest::RequestBuilder) -> Result<serde_json::Value, String> {
    let why = |error: reqwest::Error| outbound::reason(&error);
    let response = request.send().await.map_err(why)?;
    let status = response.status();
    let body = outbound::body_start(response, MAX_RANGE).await.map_err(why)?;
    if status.is_success() {
        serde_json::from_slice(&body).map_err(|error| error.to_string())
    } else {
        Err(format!("{status}: {}", String::from_utf8_lossy(&body)))
    }
}

/// Larger answers are not the range's.
const MAX_RANGE: usize = 1024 * 1024;
