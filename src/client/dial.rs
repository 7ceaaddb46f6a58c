//! Opens a connection to an engine, also where the path is too long for a socket address.

use std::io;
use std::os::fd::{AsRawFd, OwnedFd};
use std::path::{Path, PathBuf};
use std::time::Duration;

use http_body_util::Full;
use hyper::body::Bytes;
use hyper::client::conn::http1::{SendRequest, handshake};
use hyper_util::rt::TokioIo;
use rustix::fs::{Mode, OFlags};
use tokio::net::{TcpStream, UnixStream};
use tokio::time::timeout;

use super::{Address, ClientError, NoEngine};

/// How long an engine may take to accept: it is on this machine.
const ACCEPT: Duration = Duration::from_secs(5);

/// Longest path that goes into a socket address as it is; the kernel takes 107 bytes.
const LONGEST: usize = 100;

/// What a connection is asked with.
pub(super) type Sender = SendRequest<Full<Bytes>>;

/// Connects; the connection lives as long as its sender or the body of its answer.
///
/// # Errors
/// [`ClientError::Unreachable`]; nothing was sent then.
pub(super) async fn dial(address: &Address) -> Result<Sender, ClientError> {
    let unreachable = |why| ClientError::Unreachable { at: address.clone(), why };
    let opened = timeout(ACCEPT, async {
        match address {
            Address::Socket { path, .. } => shake(connect(path).await?).await,
            Address::Http(authority) => shake(TcpStream::connect(authority.as_str()).await?).await,
        }
    });
    match opened.await {
        Ok(Ok(sender)) => Ok(sender),
        Ok(Err(error)) => Err(unreachable(reason(&error))),
        Err(_) => Err(unreachable(NoEngine::Silent)),
    }
}

async fn shake<S>(stream: S) -> io::Result<Sender>
where
    S: tokio::io::AsyncRead + tokio::io::AsyncWrite + Unpin + Send + 'static,
{
    let (sender, connection) = handshake(TokioIo::new(stream)).await.map_err(io::Error::other)?;
    // Its errors reach whoever waits for the answer.
    tokio::spawn(async move {
        let _ = connection.await;
    });
    Ok(sender)
}

/// Opens a connection to a socket, also where its path is too long for a socket address.
pub(crate) async fn connect(path: &Path) -> io::Result<UnixStream> {
    let (short, directory) = shorten(path)?;
    let stream = UnixStream::connect(&short).await;
    drop(directory);
    stream
}

/// A path that fits a socket address: `/proc/self/fd/N/name` for a long one, good while the descriptor lives.
fn shorten(path: &Path) -> io::Result<(PathBuf, Option<OwnedFd>)> {
    let (Some(parent), Some(name)) = (path.parent(), path.file_name()) else {
        return Ok((path.to_owned(), None));
    };
    if path.as_os_str().len() <= LONGEST {
        return Ok((path.to_owned(), None));
    }
    let directory = rustix::fs::open(parent, OFlags::PATH | OFlags::DIRECTORY | OFlags::CLOEXEC, Mode::empty())?;
    let short = Path::new("/proc/self/fd").join(directory.as_raw_fd().to_string()).join(name);
    Ok((short, Some(directory)))
}

fn reason(error: &io::Error) -> NoEngine {
    match error.kind() {
        io::ErrorKind::NotFound | io::ErrorKind::NotADirectory => NoEngine::NoSocket,
        io::ErrorKind::ConnectionRefused => NoEngine::Refused,
        io::ErrorKind::PermissionDenied => NoEngine::NotAllowed,
        io::ErrorKind::TimedOut => NoEngine::Silent,
        _ => NoEngine::Other(error.to_string()),
    }
}
