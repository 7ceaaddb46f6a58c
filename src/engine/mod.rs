//! The shell around core: owns the journal, runs steps, probes and deliveries, and serves clients.

mod actor;
mod checks;
pub mod clock;
pub mod config;
mod effects;
pub mod hooks;
mod live;
mod memory;
pub mod people;
mod record;
mod replication;
mod turns;
mod uplink;
mod watchers;

use std::collections::VecDeque;
use std::os::fd::OwnedFd;
use std::path::PathBuf;
use std::sync::Arc;

use rustix::process::{Resource, Rlimit, getrlimit, setrlimit};
use tokio::signal::unix::{SignalKind, signal};
use tokio::sync::{broadcast, mpsc, watch};

pub use actor::{Asked, Newest, Published};
pub use checks::checks;
pub use effects::Shared;
pub use live::{LiveBoard, Presence};
pub use record::{Unreadable, entry};
pub use uplink::Uplink;

use crate::channels::outbound::Outbound;
use crate::core::apply::apply;
use crate::core::event::Event;
use crate::core::state::{PROTOCOL, State};
use crate::core::turn::{self, Input};
use crate::history::{self, History};
use crate::probes::Heartbeats;
use crate::store::{Journal, LockError, Reader, StateDir, StoreError};
use actor::Actor;
use clock::Clock;
use config::{Config, ConfigError};
use effects::Effects;
use memory::CommandMemory;

/// How an engine is started.
#[derive(Debug)]
pub struct EngineOptions {
    /// Its state directory; made when it is not there.
    pub state: PathBuf,
    /// Its settings; `config.toml` in the state directory when not said.
    pub config: Option<PathBuf>,
    /// Told one line when it serves: `ready`.
    pub ready: Option<OwnedFd>,
    /// The engine ends when the other end of this pipe is closed.
    pub lifeline: Option<OwnedFd>,
    /// This program, which is its own shim.
    pub exe: PathBuf,
}

/// Why an engine does not start, or ended.
#[derive(Debug, thiserror::Error)]
pub enum EngineError {
    /// Another engine has the state directory, or it cannot be had.
    #[error(transparent)]
    Lock(#[from] LockError),
    /// The journal.
    #[error(transparent)]
    Store(#[from] StoreError),
    /// The settings.
    #[error(transparent)]
    Config(#[from] ConfigError),
    /// An entry that this version cannot read.
    #[error(transparent)]
    Unreadable(#[from] Unreadable),
    /// The first entries of this start cannot be written.
    #[error("the journal cannot be written: {0}")]
    Append(#[from] crate::store::AppendError),
    /// The socket.
    #[error("cannot listen on {}: {why}", path.display())]
    Socket {
        /// Where.
        path: PathBuf,
        /// Why.
        why: std::io::Error,
    },
    /// The address of the hooks.
    #[error("hooks cannot be taken on {listen}: {why}")]
    Hooks {
        /// Where.
        listen: std::net::SocketAddr,
        /// Why.
        why: String,
    },
    /// Something of the system's.
    #[error("{0}")]
    System(String),
}

/// What the API serves from.
#[derive(Clone)]
pub struct Engine {
    /// What tasks work with.
    pub shared: Arc<Shared>,
    /// To the actor.
    pub asked: mpsc::Sender<Asked>,
    /// The newest state.
    pub newest: watch::Receiver<Newest>,
    /// Entries as they are committed.
    pub entries: broadcast::Sender<Published>,
    /// The journal's past.
    pub reader: Reader,
    /// Becomes true when the engine ends.
    pub stop: watch::Receiver<bool>,
}

/// Entries that a slow client may be behind before it starts over with a snapshot.
const STREAM_QUEUE: usize = 4_096;

/// Runs an engine, served to clients by what `open` makes, until SIGTERM, SIGINT or the end of its lifeline.
///
/// # Errors
/// It cannot start; nothing was changed then but, at most, an empty state directory made.
pub async fn run<Serving>(
    options: EngineOptions,
    open: impl FnOnce(Engine) -> Result<Serving, EngineError>,
) -> Result<(), EngineError>
where
    Serving: Future<Output = ()> + Send + 'static,
{
    let system = |what: &str| {
        let what = what.to_owned();
        move |why: std::io::Error| EngineError::System(format!("{what}: {why}"))
    };
    // Heard from the first moment: a signal during the start must not leave a half-made engine.
    let mut terminate = signal(SignalKind::terminate()).map_err(system("signals"))?;
    let mut interrupt = signal(SignalKind::interrupt()).map_err(system("signals"))?;
    raise_file_limit();
    let config = Config::read(&options.state, options.config.as_deref())?;
    let lock = StateDir::lock(&options.state)?;
    let journal = Journal::open(&options.state).await?;
    let clock = Clock::new().map_err(system("the machine's clock"))?;
    let no_client = |e: reqwest::Error| EngineError::System(format!("the HTTP client: {e}"));
    let http = crate::outbound::client().map_err(no_client)?;
    let outbound = Outbound::new(config.outbound.allow.clone()).map_err(no_client)?;

    let state = Arc::new(fold(&journal).await?);
    let (states, state_changes) = watch::channel(Arc::clone(&state));
    let (newest, newest_changes) = watch::channel(Newest { state: Arc::clone(&state), head: journal.head() });
    let (entries, _) = broadcast::channel(STREAM_QUEUE);
    let (asked, to_answer) = mpsc::channel(1_024);
    let (reports, to_note) = mpsc::unbounded_channel();
    let (stop, stopped) = watch::channel(false);
    let shared = Arc::new(Shared {
        clock,
        http,
        outbound,
        exe: options.exe,
        dir: options.state.clone(),
        uplink: Uplink::new(config.connection.anchors.clone()),
        config,
        live: LiveBoard::default(),
        history: History::new(&options.state),
        heartbeats: Heartbeats::default(),
        state: state_changes,
        reports,
    });
    let engine = Engine {
        shared: Arc::clone(&shared),
        asked,
        newest: newest_changes,
        entries: entries.clone(),
        reader: journal.reader(),
        stop: stopped.clone(),
    };
    let mut actor = Actor {
        memory: CommandMemory::from_journal(&journal.reader()).await?,
        snapshot_at: journal.head().seq,
        effects: Effects::new(Arc::clone(&shared)),
        owed: VecDeque::new(),
        retry_at: None,
        journal,
        state,
        shared,
        newest,
        states,
        entries,
    };
    // What cannot be opened is known before anything is written.
    let serving = open(engine)?;
    begin(&mut actor).await?;
    let serving = tokio::spawn(serving);
    let uplink = tokio::spawn(uplink::watch(Arc::clone(&actor.shared)));
    let (history, clock) = (actor.shared.history.clone(), actor.shared.clock.clone());
    let keeping = tokio::spawn(history::keep(history, clock, stopped.clone()));
    let acting = tokio::spawn(actor.run(to_answer, to_note, stopped));
    tell_ready(options.ready);
    tokio::select! {
        _ = terminate.recv() => {}
        _ = interrupt.recv() => {}
        () = lifeline(options.lifeline) => {}
    }
    // Whoever still listens does not matter; the actor writes its last entry and closes the journal.
    let _ = stop.send(true);
    uplink.abort();
    let _ = acting.await;
    let _ = serving.await;
    let _ = keeping.await;
    drop(lock);
    Ok(())
}

/// Open files that an engine may need: one for each look under way, and those of the programs that it follows.
const FILES: u64 = 65_536;

/// Takes as many open files as the system allows, up to [`FILES`]: shells give 1,024, and that many looks may hang at once.
fn raise_file_limit() {
    let known = getrlimit(Resource::Nofile);
    let wanted = known.maximum.map_or(FILES, |most| most.min(FILES));
    if known.current.is_some_and(|current| current < wanted) {
        let more = Rlimit { current: Some(wanted), maximum: known.maximum };
        if let Err(why) = setrlimit(Resource::Nofile, more) {
            tracing::warn!(%why, "the limit of open files stays as it is");
        }
    }
}

/// The state that the journal holds: the newest snapshot that fits, and what came after.
async fn fold(journal: &Journal) -> Result<State, EngineError> {
    let reader = journal.reader();
    let snapshot = reader.latest_snapshot(PROTOCOL).await?;
    let (mut state, mut seq) = snapshot
        .and_then(|s| serde_json::from_slice::<State>(&s.body).ok().map(|state| (state, s.head.seq)))
        .unwrap_or_default();
    loop {
        let rows = reader.rows(seq, 1_000).await?;
        let Some(last) = rows.last() else { return Ok(state) };
        seq = last.seq;
        for row in &rows {
            apply(&mut state, &record::entry(row)?);
        }
    }
}

/// Writes that the engine came up, and what it can no longer see of what ran before.
async fn begin(actor: &mut Actor) -> Result<(), EngineError> {
    let shared = Arc::clone(&actor.shared);
    let config = &shared.config;
    let started = Event::EngineStarted {
        version: env!("CARGO_PKG_VERSION").to_owned(),
        mode: config.mode,
        people: config.people(rustix::process::geteuid().as_raw()),
        channels: config.channels.iter().map(|(id, c)| (id.clone(), c.kind().to_owned())).collect(),
    };
    let mut state = (*actor.state).clone();
    let mut head = actor.journal.head().seq;
    let (readings, now) = (shared.live.readings(), shared.clock.now());
    let lost = effects::lost_steps(&state);
    let inputs = lost.iter().map(Input::Report).chain([Input::Engine(&started)]);
    let mut entries = Vec::new();
    for input in inputs {
        entries.extend(turn::take(&mut state, &mut head, input, &readings, &now).unwrap_or_default());
    }
    let drafts: Result<Vec<_>, _> = entries.iter().map(|entry| record::draft(entry, &state, None)).collect();
    let drafts = drafts.map_err(|why| EngineError::System(format!("an event cannot be written: {why}")))?;
    actor.journal.append(drafts).await?;
    actor.state = Arc::new(state);
    actor.states.send_replace(Arc::clone(&actor.state));
    actor.newest.send_replace(Newest { state: Arc::clone(&actor.state), head: actor.journal.head() });
    Ok(())
}

fn tell_ready(to: Option<OwnedFd>) {
    if let Some(fd) = to {
        // Whoever started it may be gone; the engine serves all the same.
        let _ = rustix::io::write(&fd, b"ready\n");
    }
}

/// Ends when the other end of the pipe is closed; never without one.
async fn lifeline(pipe: Option<OwnedFd>) {
    let Some(pipe) = pipe else { return std::future::pending().await };
    let mut file = tokio::fs::File::from_std(std::fs::File::from(pipe));
    let mut byte = [0_u8; 1];
    while matches!(tokio::io::AsyncReadExt::read(&mut file, &mut byte).await, Ok(n) if n > 0) {}
}
