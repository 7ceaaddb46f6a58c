//! Where alerts come in from outside: a TCP address of its own, on which nothing else is served, and none by default.
//!
//! Whoever comes is a stranger until their token is looked at. So there are only so many connections at once and from one
//! address, each has only so long for each thing, each serves one request, and all of it is bounded in size.

mod door;
mod read;
mod routes;

use std::io;
use std::net::SocketAddr;
use std::sync::Arc;
use std::time::Duration;

use axum::extract::ConnectInfo;
use axum::{Extension, Router};
use hyper::server::conn::http1;
use hyper_util::rt::{TokioIo, TokioTimer};
use hyper_util::service::TowerToHyperService;
use rustls::ServerConfig;
use rustls::pki_types::pem::PemObject as _;
use rustls::pki_types::{CertificateDer, PrivateKeyDer};
use tokio::io::{AsyncRead, AsyncWrite};
use tokio::net::{TcpListener, TcpStream};
use tokio::sync::Semaphore;
use tokio::task::JoinSet;
use tokio::time::timeout;
use tokio_rustls::TlsAcceptor;

use crate::engine::hooks::TlsFiles;
use crate::engine::{Engine, EngineError};
use door::Door;

/// Connections at once; more wait in the system's queue.
const CONNECTIONS: usize = 64;

/// How long a client may take to agree on encryption.
const HANDSHAKE: Duration = Duration::from_secs(5);

/// How long a client may take to send a request's head.
const HEAD: Duration = Duration::from_secs(5);

/// The largest head of a request, in bytes.
const HEAD_LIMIT: usize = 16 * 1024;

/// How long a connection may last in all.
const LONGEST: Duration = Duration::from_secs(40);

/// How long to leave the listener alone when the system has no more descriptors.
const ACCEPT_PAUSE: Duration = Duration::from_millis(50);

/// Opens the address that the settings name; what comes back serves it until the engine stops. Without one it ends at once.
///
/// # Errors
/// [`EngineError::Hooks`] says why it cannot be opened.
pub(super) fn open(engine: &Engine) -> Result<impl Future<Output = ()> + Send + use<>, EngineError> {
    let settings = &engine.shared.config.hooks;
    let opened = match settings.listen {
        None => None,
        Some(listen) => {
            let refuse = |why: String| EngineError::Hooks { listen, why };
            let tls = settings.tls.as_ref().map(acceptor).transpose().map_err(refuse)?;
            let listener = bind(listen).map_err(|why| refuse(crate::outbound::io_reason(&why)))?;
            Some((listener, tls, engine.clone()))
        }
    };
    Ok(async move {
        if let Some((listener, tls, engine)) = opened {
            serve(listener, tls, engine).await;
        }
    })
}

fn bind(listen: SocketAddr) -> io::Result<TcpListener> {
    let listener = std::net::TcpListener::bind(listen)?;
    listener.set_nonblocking(true)?;
    TcpListener::from_std(listener)
}

/// What encrypts, from the PEM files of the settings.
fn acceptor(files: &TlsFiles) -> Result<TlsAcceptor, String> {
    let unreadable = |path: &std::path::Path, why: rustls::pki_types::pem::Error| {
        let why = match why {
            rustls::pki_types::pem::Error::NoItemsFound => "nothing of the kind stands in it".into(),
            other => other.to_string(),
        };
        format!("{} cannot be read: {why}", path.display())
    };
    let shown = CertificateDer::pem_file_iter(&files.cert).map_err(|why| unreadable(&files.cert, why))?;
    let shown: Result<Vec<_>, _> = shown.collect();
    let shown = shown.map_err(|why| unreadable(&files.cert, why))?;
    let key = PrivateKeyDer::from_pem_file(&files.key).map_err(|why| unreadable(&files.key, why))?;
    let provider = Arc::new(rustls::crypto::ring::default_provider());
    let builder = ServerConfig::builder_with_provider(provider).with_safe_default_protocol_versions();
    let builder = builder.map_err(|why| why.to_string())?.with_no_client_auth();
    let mut config = builder
        .with_single_cert(shown, key)
        .map_err(|why| format!("{} and its key cannot be used: {why}", files.cert.display()))?;
    config.alpn_protocols = vec![b"http/1.1".to_vec()];
    Ok(TlsAcceptor::from(Arc::new(config)))
}

async fn serve(listener: TcpListener, tls: Option<TlsAcceptor>, engine: Engine) {
    let mut stop = engine.stop.clone();
    let (door, places) = (Arc::new(Door::default()), Arc::new(Semaphore::new(CONNECTIONS)));
    let router = routes::router(engine, Arc::clone(&door));
    let mut connections = JoinSet::new();
    loop {
        let accepted = tokio::select! {
            _ = stop.wait_for(|stop| *stop) => break,
            Some(_) = connections.join_next() => continue,
            accepted = next(&listener, &places) => accepted,
        };
        let (stream, from, place) = match accepted {
            Ok(accepted) => accepted,
            Err(why) => {
                tracing::warn!(%why, "a connection to the hooks cannot be taken");
                tokio::time::sleep(ACCEPT_PAUSE).await;
                continue;
            }
        };
        let Some(inside) = door.enter(from.ip()) else { continue };
        let (router, tls) = (router.clone(), tls.clone());
        connections.spawn(async move {
            // Whoever takes longer than all of it together may take is cut off.
            let _ = timeout(LONGEST, connection(stream, from, router, tls)).await;
            drop((inside, place));
        });
    }
}

type Accepted = (TcpStream, SocketAddr, tokio::sync::OwnedSemaphorePermit);

async fn next(listener: &TcpListener, places: &Arc<Semaphore>) -> io::Result<Accepted> {
    let place = Arc::clone(places).acquire_owned().await.map_err(io::Error::other)?;
    let (stream, from) = listener.accept().await?;
    Ok((stream, from, place))
}

async fn connection(stream: TcpStream, from: SocketAddr, router: Router, tls: Option<TlsAcceptor>) {
    let Some(tls) = tls else { return request(stream, from, router).await };
    // Whoever never says hello, or speaks something else, is nobody to answer.
    if let Ok(Ok(stream)) = timeout(HANDSHAKE, tls.accept(stream)).await {
        request(stream, from, router).await;
    }
}

/// Serves the one request of a connection.
async fn request(stream: impl AsyncRead + AsyncWrite + Unpin, from: SocketAddr, router: Router) {
    let service = TowerToHyperService::new(router.layer(Extension(ConnectInfo(from))));
    let served = http1::Builder::new()
        .timer(TokioTimer::new())
        .header_read_timeout(HEAD)
        .max_buf_size(HEAD_LIMIT)
        .keep_alive(false)
        .serve_connection(TokioIo::new(stream), service)
        .await;
    if let Err(why) = served {
        tracing::debug!(%why, "a request at the hooks came to nothing");
    }
}
