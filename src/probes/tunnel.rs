//! Reaching a part as another host reaches it: ssh carries each connection there, over the one that steps share.

use std::io;
use std::net::SocketAddr;
use std::process::Stdio;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};

use tokio::io::{AsyncBufReadExt as _, AsyncReadExt as _, BufReader, copy};
use tokio::net::{TcpListener, TcpStream};
use tokio::process::{Child, ChildStderr, Command};
use tokio::task::{AbortHandle, JoinSet};

use super::NotGood;
use crate::core::host::Host;
use crate::core::plan::Place;
use crate::steps::remote::{Route, Settings, ssh_forward, ssh_reason};

/// What ssh says once the far connection is open: over a shared connection, and over one of its own.
const OPEN: [&str; 2] = ["master session id:", "open confirm"];

/// Most that is kept of what ssh says, in bytes.
const SAID: usize = 16 * 1024;

/// A way to one part, as one host sees it: connections to [`Tunnel::address`] come out there. It ends when this is dropped.
#[derive(Debug)]
pub(super) struct Tunnel {
    address: SocketAddr,
    /// Whether ssh has given up a connection.
    gave_up: Arc<AtomicBool>,
    serving: AbortHandle,
    ssh: Settings,
    host: Host,
    target: String,
}

impl Drop for Tunnel {
    fn drop(&mut self) {
        self.serving.abort();
    }
}

/// The way to `target` (`host:port`) from a place; none is needed from here.
///
/// # Errors
/// There is no port of loopback to be had.
pub(super) async fn tunnel(ssh: &Settings, place: &Place, target: &str) -> Result<Option<Tunnel>, NotGood> {
    let Place::Host(host) = place else { return Ok(None) };
    let unseen = |why: io::Error| NotGood::Unseen(why.to_string());
    let listener = TcpListener::bind((std::net::Ipv4Addr::LOCALHOST, 0)).await.map_err(unseen)?;
    let address = listener.local_addr().map_err(unseen)?;
    let gave_up = Arc::new(AtomicBool::new(false));
    let carrier = (ssh.clone(), host.clone(), target.to_owned());
    let serving = tokio::spawn(serve(listener, carrier, Arc::clone(&gave_up))).abort_handle();
    let (ssh, host, target) = (ssh.clone(), host.clone(), target.to_owned());
    Ok(Some(Tunnel { address, gave_up, serving, ssh, host, target }))
}

impl Tunnel {
    /// Where it begins, on loopback.
    pub(super) fn address(&self) -> SocketAddr {
        self.address
    }

    /// What was really wrong when a look through it was not good: what looked like a closed connection may be a host that
    /// cannot be reached.
    pub(super) async fn explain(&self, why: NotGood) -> NotGood {
        if !self.gave_up.load(Ordering::Acquire) {
            return why;
        }
        opens(&self.ssh, &self.host, &self.target).await.err().unwrap_or(why)
    }
}

/// A fault met on a way that may lead through a tunnel.
pub(super) async fn explained(tunnel: Option<&Tunnel>, why: NotGood) -> NotGood {
    match tunnel {
        Some(tunnel) => tunnel.explain(why).await,
        None => why,
    }
}

/// A connection to an address, through the tunnel where there is one.
pub(super) async fn connect(address: &str, tunnel: Option<&Tunnel>) -> Result<TcpStream, NotGood> {
    match tunnel {
        Some(tunnel) => TcpStream::connect(tunnel.address()).await,
        None => TcpStream::connect(address).await,
    }
    .map_err(|error| NotGood::of(&error))
}

type Carrier = (Settings, Host, String);

async fn serve(listener: TcpListener, carrier: Carrier, gave_up: Arc<AtomicBool>) {
    let mut carried = JoinSet::new();
    while let Ok((stream, _)) = listener.accept().await {
        let (carrier, gave_up) = (carrier.clone(), Arc::clone(&gave_up));
        carried.spawn(async move {
            if let Err(why) = carry(stream, &carrier, &gave_up).await {
                tracing::debug!(%why, "a tunnelled connection broke");
            }
        });
    }
}

/// Carries one connection. Whoever made it sees it close only after it is known whether ssh gave it up.
async fn carry(mut stream: TcpStream, (ssh, host, target): &Carrier, gave_up: &AtomicBool) -> io::Result<()> {
    let given_up = |why: String| {
        gave_up.store(true, Ordering::Release);
        io::Error::other(why)
    };
    let mut command = ssh_forward(ssh, host, Route::Shared, target).await.map_err(given_up)?;
    command.stdin(Stdio::piped()).stdout(Stdio::piped()).stderr(Stdio::null());
    let mut child = command.spawn().map_err(|why| given_up(why.to_string()))?;
    let (Some(mut stdin), Some(mut stdout)) = (child.stdin.take(), child.stdout.take()) else { return Ok(()) };
    let (mut from, mut to) = stream.split();
    let there = async {
        // When ssh takes no more it has ended, and the way back tells how.
        let _ = copy(&mut from, &mut stdin).await;
        drop(stdin);
        std::future::pending::<()>().await;
    };
    let back = async {
        let came = copy(&mut stdout, &mut to).await;
        if !child.wait().await.is_ok_and(|status| status.success()) {
            gave_up.store(true, Ordering::Release);
        }
        came
    };
    tokio::select! {
        came = back => came.map(drop),
        () = there => Ok(()),
    }
}

/// Whether a connection from a host to `target` (`host:port`) can be opened; it is closed at once.
///
/// # Errors
/// It cannot, or the host cannot be reached.
pub(super) async fn opens(ssh: &Settings, host: &Host, target: &str) -> Result<(), NotGood> {
    let unseen = |why: String| NotGood::Unseen(format!("{host}: {why}"));
    let mut refused = Refused::Silent;
    for route in [Route::Shared, Route::Direct] {
        let command = ssh_forward(ssh, host, route, target).await.map_err(unseen)?;
        match try_to_open(command).await.map_err(|why| unseen(format!("ssh could not be started: {why}")))? {
            Ok(()) => return Ok(()),
            Err(said) => refused = Refused::read(&said),
        }
        // A shared connection does not tell why the far end refused, and may itself be in a bad way.
        if !matches!(refused, Refused::Silent | Refused::Connection(_)) {
            break;
        }
    }
    Err(match refused {
        Refused::Far(why) => NotGood::Bad(why),
        Refused::Silent => NotGood::Bad("no connection".into()),
        Refused::Unable(why) | Refused::Connection(why) | Refused::Host(why) => unseen(why),
    })
}

/// Why ssh opened nothing.
#[derive(Debug, PartialEq, Eq)]
enum Refused {
    /// The part refuses.
    Far(String),
    /// The far end refuses, and ssh does not say why.
    Silent,
    /// The host could not try.
    Unable(String),
    /// The shared connection.
    Connection(String),
    /// The host itself is not reached.
    Host(String),
}

impl Refused {
    /// From what ssh said on standard error.
    fn read(said: &str) -> Refused {
        let lines = || said.lines().map(str::trim).filter(|line| !line.starts_with("debug"));
        if let Some((_, why)) = lines().find_map(|line| line.split_once("open failed: ")) {
            let Some(why) = why.strip_prefix("connect failed: ") else {
                return Refused::Unable(format!("it opens no connection ({why})"));
            };
            return match why {
                "Network is unreachable" => Refused::Unable("network unreachable".into()),
                "Connection refused" => Refused::Far("connection refused".into()),
                "No route to host" => Refused::Far("host unreachable".into()),
                "Connection timed out" => Refused::Far("no answer in time".into()),
                why => Refused::Far(crate::text::clean_line(why).into_owned()),
            };
        }
        if lines().any(|line| line.to_ascii_lowercase().contains("stdio forwarding")) {
            return Refused::Silent;
        }
        let plain: Vec<&str> = lines().collect();
        let why = ssh_reason(plain.join("\n").as_bytes()).unwrap_or_else(|| "the connection ended".into());
        if why.starts_with("mux_client") { Refused::Connection(why) } else { Refused::Host(why) }
    }
}

/// Waits for the first sign of the far connection, or for the end of ssh: then what it said.
async fn try_to_open(mut command: Command) -> io::Result<Result<(), String>> {
    command.stdin(Stdio::null()).stdout(Stdio::piped()).stderr(Stdio::piped());
    let mut child = command.spawn()?;
    let (Some(mut stdout), Some(stderr)) = (child.stdout.take(), child.stderr.take()) else {
        return Err(io::ErrorKind::BrokenPipe.into());
    };
    let mut byte = [0; 1];
    let mut said = String::new();
    let opened = tokio::select! {
        opened = says_so(stderr, &mut said) => opened,
        // It brings what the part says first; its own end brings nothing.
        Ok(1) = stdout.read(&mut byte) => true,
    };
    Ok(if opened || ended_well(&mut child).await { Ok(()) } else { Err(said) })
}

/// Whether ssh says that the far connection is open, before it ends.
async fn says_so(stderr: ChildStderr, said: &mut String) -> bool {
    let mut lines = BufReader::new(stderr);
    let mut line = Vec::new();
    while let Ok(1..) = (&mut lines).take(SAID as u64).read_until(b'\n', &mut line).await {
        let text = String::from_utf8_lossy(&line);
        if OPEN.iter().any(|sign| text.contains(sign)) {
            return true;
        }
        if !text.starts_with("debug") && said.len() < SAID {
            said.push_str(&text);
        }
        line.clear();
    }
    false
}

async fn ended_well(child: &mut Child) -> bool {
    child.wait().await.is_ok_and(|status| status.success())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_part_that_refuses_is_told_from_a_host_that_cannot_be_reached() {
        let far = |why: &str| Refused::Far(why.into());
        for (said, expected) in [
            (
                "debug1: x\r\nchannel 0: open failed: connect failed: Connection refused\r\nstdio forwarding failed\n",
                far("connection refused"),
            ),
            ("channel 0: open failed: connect failed: open failed\n", far("open failed")),
            ("Stdio forwarding request failed: Session open refused by peer\n", Refused::Silent),
            (
                "channel 0: open failed: administratively prohibited: open failed\nstdio forwarding failed\n",
                Refused::Unable("it opens no connection (administratively prohibited: open failed)".into()),
            ),
            (
                "ssh: connect to host db port 22: Connection refused\n",
                Refused::Host("connect to host db port 22: Connection refused".into()),
            ),
            (
                "mux_client_hello_exchange: write packet: Broken pipe\n",
                Refused::Connection("mux_client_hello_exchange: write packet: Broken pipe".into()),
            ),
            ("", Refused::Host("the connection ended".into())),
        ] {
            assert_eq!(Refused::read(said), expected, "{said}");
        }
    }
}
