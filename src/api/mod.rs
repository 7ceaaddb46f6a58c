//! What the engine says over HTTP, on its Unix socket, and what it hears from outside, over TCP. `crate::wire` lists the routes.

mod channels;
mod heartbeat;
mod history;
mod hooks;
mod output;
mod peer;
mod routes;
mod stream;

use std::os::unix::fs::PermissionsExt;
use std::path::{Path, PathBuf};

use axum::Router;
use axum::extract::DefaultBodyLimit;
use axum::middleware;
use axum::routing::{get, post};
use tokio::net::UnixListener;

use crate::engine::config::{Config, group_number};
use crate::engine::{Engine, EngineError};

/// The largest command: a plan of 4 MiB as a JSON text, with room for escapes.
const BODY_LIMIT: usize = 10 * 1024 * 1024;

/// Opens the engine's socket, and the address of its hooks where the settings name one; what comes back serves it until the engine stops.
///
/// # Errors
/// [`EngineError::Socket`] and [`EngineError::Hooks`] say why it cannot be opened.
pub fn open(engine: Engine) -> Result<impl Future<Output = ()> + Send + 'static, EngineError> {
    let hooks = hooks::open(&engine)?;
    let listener = listen(&engine.shared.dir, &engine.shared.config)?;
    Ok(async move {
        tokio::join!(serve(listener, engine), hooks);
    })
}

/// Makes the socket: 0600 for one's own, 0660 where the settings name a group. The caller holds the state directory's lock, so a
/// socket that is there is a dead engine's.
fn listen(state: &Path, config: &Config) -> Result<UnixListener, EngineError> {
    let path = config.socket.clone().unwrap_or_else(|| state.join("engine.sock"));
    let refuse = |why: std::io::Error| EngineError::Socket { path: path.clone(), why };
    match std::fs::remove_file(&path) {
        Err(why) if why.kind() != std::io::ErrorKind::NotFound => return Err(refuse(why)),
        _ => {}
    }
    let listener = bind(&path).map_err(refuse)?;
    listener.set_nonblocking(true).map_err(refuse)?;
    let listener = UnixListener::from_std(listener).map_err(refuse)?;
    let mode = if config.group.is_some() { 0o660 } else { 0o600 };
    std::fs::set_permissions(&path, std::fs::Permissions::from_mode(mode)).map_err(refuse)?;
    if let Some(group) = &config.group {
        let unknown = || refuse(std::io::Error::other(format!("the system has no group {group:?}")));
        let number = group_number(group).ok_or_else(unknown)?;
        std::os::unix::fs::chown(&path, None, Some(number)).map_err(refuse)?;
    }
    Ok(listener)
}

/// Binds by way of the directory's descriptor, as a socket's path may have only 108 bytes. Only its owner may connect.
///
/// # Errors
/// What the system says.
pub(crate) fn bind(path: &Path) -> std::io::Result<std::os::unix::net::UnixListener> {
    use std::os::fd::AsRawFd;
    let (Some(dir), Some(name)) = (path.parent(), path.file_name()) else {
        return Err(std::io::Error::other("it names no file"));
    };
    let dir = std::fs::File::open(dir)?;
    let short = PathBuf::from(format!("/proc/self/fd/{}", dir.as_raw_fd())).join(name);
    // Nobody may connect between bind and chmod.
    let before = rustix::process::umask(rustix::fs::Mode::from_bits_truncate(0o177));
    let bound = std::os::unix::net::UnixListener::bind(short);
    rustix::process::umask(before);
    bound
}

async fn serve(listener: UnixListener, engine: Engine) {
    let mut stop = engine.stop.clone();
    let router = Router::new()
        .route("/v1/hello", get(routes::hello))
        .route("/v1/snapshot", get(routes::snapshot))
        .route("/v1/stream", get(stream::stream))
        .route("/v1/commands", post(routes::command))
        .route("/v1/checks", post(routes::checks))
        .route("/v1/channels/{channel}/test", post(channels::test))
        .route("/v1/heartbeats/{plan}/{probe}", post(heartbeat::heartbeat))
        .route("/v1/timeline", get(routes::timeline))
        .route("/v1/samples", get(routes::samples))
        .route("/v1/samples/history", get(history::history))
        .route("/v1/runs/{run}/steps/{step}/{attempt}/output", get(output::output))
        .route("/v1/audit/verify", post(routes::verify))
        .route("/v1/audit/export", get(routes::export))
        .fallback(routes::nothing_here)
        .layer(DefaultBodyLimit::max(BODY_LIMIT))
        .layer(middleware::from_fn_with_state(engine.clone(), peer::take_token))
        .with_state(engine)
        .into_make_service_with_connect_info::<peer::Peer>();
    let stopped = async move {
        let _ = stop.wait_for(|stop| *stop).await;
    };
    // Streams end by themselves when the engine stops; an accept that fails is tried again by the server.
    if let Err(why) = axum::serve(listener, router).with_graceful_shutdown(stopped).await {
        tracing::error!(%why, "the socket is gone");
    }
}
