//! A listener that faults can be put on, for real, and taken off again.

use std::future::pending;
use std::io;
use std::net::{Ipv4Addr, SocketAddr};
use std::time::Duration;

use axum::Router;
use axum::extract::{Request, State};
use axum::http::StatusCode;
use axum::middleware::{self, Next};
use axum::response::{IntoResponse, Response};
use hyper::server::conn::http1;
use hyper_util::rt::{TokioIo, TokioTimer};
use hyper_util::service::TowerToHyperService;
use tokio::net::{TcpListener, TcpSocket, TcpStream};
use tokio::sync::{Mutex, oneshot, watch};
use tokio::task::{JoinHandle, JoinSet};

use super::names::Fault;
use super::power::Power;
use super::reply::Refusal;

/// How late a slow service answers.
const SLOW: Duration = Duration::from_secs(2);
/// How long a client may take to send a request's head, and how long a kept connection may rest.
const HEAD_TIMEOUT: Duration = Duration::from_secs(30);
/// How long to leave the listener alone when the system has no more descriptors.
const ACCEPT_PAUSE: Duration = Duration::from_millis(50);
const BACKLOG: u32 = 256;

/// A port on 127.0.0.1 that the system gave out and that nobody listens on yet.
///
/// It stays bound for as long as this lives, so a listener that is closed can come back on the same port: were it let
/// go, any client in the machine could be given it as its own port meanwhile.
#[derive(Debug)]
pub(crate) struct Port {
    address: SocketAddr,
    _held: TcpSocket,
}

impl Port {
    /// Takes a free port.
    ///
    /// # Errors
    /// What the system says when it has none.
    pub(crate) fn take() -> io::Result<Self> {
        let held = shared_socket()?;
        held.bind((Ipv4Addr::LOCALHOST, 0).into())?;
        Ok(Self { address: held.local_addr()?, _held: held })
    }

    /// Its address.
    pub(crate) fn address(&self) -> SocketAddr {
        self.address
    }

    fn listen(&self) -> io::Result<TcpListener> {
        let socket = shared_socket()?;
        socket.bind(self.address)?;
        socket.listen(BACKLOG)
    }
}

/// A socket that may share its port with the one that only holds it.
fn shared_socket() -> io::Result<TcpSocket> {
    let socket = TcpSocket::new_v4()?;
    socket.set_reuseaddr(true)?;
    socket.set_reuseport(true)?;
    Ok(socket)
}

/// A server on a port of its own, with or without a fault.
#[derive(Debug)]
pub(crate) struct Endpoint {
    port: Port,
    app: Router,
    state: watch::Sender<Condition>,
    listening: Mutex<Option<Listening>>,
}

/// How a server is.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub(crate) struct Condition {
    /// What is wrong with it.
    pub(crate) fault: Option<Fault>,
    /// Whether it has power.
    pub(crate) power: Power,
}

impl Condition {
    /// What a client meets, and what it can do by itself.
    pub(crate) fn effective(self) -> Option<Fault> {
        match self.power {
            Power::Off => Some(Fault::Down),
            Power::On => self.fault,
        }
    }
}

impl Endpoint {
    /// Starts to answer with `app` on `port`.
    ///
    /// # Errors
    /// What the system says when it cannot listen there.
    pub(crate) fn open(port: Port, app: Router) -> io::Result<Self> {
        let (state, states) = watch::channel(Condition::default());
        let app = app.layer(middleware::from_fn_with_state(states, under_fault));
        let listening = Listening::start(port.listen()?, app.clone());
        Ok(Self { port, app, state, listening: Mutex::new(Some(listening)) })
    }

    /// Where it listens, or would.
    pub(crate) fn address(&self) -> SocketAddr {
        self.port.address()
    }

    /// What is wrong with it now.
    pub(crate) fn fault(&self) -> Option<Fault> {
        self.state.borrow().fault
    }

    /// Whether it has power.
    pub(crate) fn power(&self) -> Power {
        self.state.borrow().power
    }

    /// How it is, for those who act with it.
    pub(crate) fn states(&self) -> watch::Receiver<Condition> {
        self.state.subscribe()
    }

    /// Puts a fault on it, or takes it off. When this returns it is so: the listener is closed and its connections
    /// are dropped, or it listens on the same port as ever.
    ///
    /// # Errors
    /// What the system says when it cannot listen again; the service then stays down.
    pub(crate) async fn set_fault(&self, fault: Option<Fault>) -> io::Result<()> {
        self.change(|now| Condition { fault, ..now }).await
    }

    /// Cuts its power, or gives it back; as whole as [`Endpoint::set_fault`].
    ///
    /// # Errors
    /// What the system says when it cannot listen again; the service then stays down.
    pub(crate) async fn set_power(&self, power: Power) -> io::Result<()> {
        self.change(|now| Condition { power, ..now }).await
    }

    async fn change(&self, change: impl FnOnce(Condition) -> Condition) -> io::Result<()> {
        let mut listening = self.listening.lock().await;
        let wanted = change(*self.state.borrow());
        if wanted.effective() == Some(Fault::Down) {
            self.state.send_replace(wanted);
            if let Some(was) = listening.take() {
                was.stop().await;
            }
            return Ok(());
        }
        let reopened = if listening.is_none() { Some(self.port.listen()?) } else { None };
        // The new condition comes before the first connection that is accepted under it.
        self.state.send_replace(wanted);
        if let Some(listener) = reopened {
            *listening = Some(Listening::start(listener, self.app.clone()));
        }
        Ok(())
    }

    /// Ends it: closes the listener and drops its connections.
    pub(crate) async fn close(&self) {
        if let Some(was) = self.listening.lock().await.take() {
            was.stop().await;
        }
    }
}

/// A listener at work. Dropping it stops it too, a moment later.
#[derive(Debug)]
struct Listening {
    stop: oneshot::Sender<()>,
    task: JoinHandle<()>,
}

impl Listening {
    fn start(listener: TcpListener, app: Router) -> Self {
        let (stop, stopped) = oneshot::channel();
        Self { stop, task: tokio::spawn(accept(listener, app, stopped)) }
    }

    async fn stop(self) {
        drop(self.stop);
        if let Err(error) = self.task.await {
            tracing::warn!(%error, "a listener of the range did not end well");
        }
    }
}

async fn accept(listener: TcpListener, app: Router, mut stopped: oneshot::Receiver<()>) {
    let mut connections = JoinSet::new();
    loop {
        tokio::select! {
            _ = &mut stopped => break,
            Some(_) = connections.join_next() => {}
            accepted = listener.accept() => match accepted {
                Ok((stream, _)) => { connections.spawn(connection(stream, app.clone())); }
                Err(error) => {
                    tracing::warn!(%error, "the range cannot accept a connection");
                    tokio::time::sleep(ACCEPT_PAUSE).await;
                }
            },
        }
    }
    drop(listener);
    connections.shutdown().await;
}

async fn connection(stream: TcpStream, app: Router) {
    if let Err(error) = stream.set_nodelay(true) {
        tracing::debug!(%error, "small answers may wait for the kernel");
    }
    let served = http1::Builder::new()
        .timer(TokioTimer::new())
        .header_read_timeout(HEAD_TIMEOUT)
        .serve_connection(TokioIo::new(stream), TowerToHyperService::new(app))
        .await;
    if let Err(error) = served {
        tracing::trace!(%error, "a connection ended early");
    }
}

async fn under_fault(State(states): State<watch::Receiver<Condition>>, request: Request, next: Next) -> Response {
    let fault = states.borrow().effective();
    match fault {
        None => next.run(request).await,
        Some(Fault::Slow) => {
            tokio::time::sleep(SLOW).await;
            next.run(request).await
        }
        Some(Fault::Errors) => {
            Refusal::because(StatusCode::INTERNAL_SERVER_ERROR, "this service has the fault \"errors\"").into_response()
        }
        // A request that was read just before the listener closed gets no answer either.
        Some(Fault::Hang | Fault::Down) => pending().await,
    }
}
