//! A question over the network and its reply: by datagrams, and over a connection when the reply is too long for one.

use std::io;
use std::net::{Ipv4Addr, Ipv6Addr, SocketAddr};
use std::time::Duration;

use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::net::{TcpStream, UdpSocket};
use tokio::time::timeout;

/// After that long without a reply the question goes out again: a lost datagram is no failure.
const AGAIN: Duration = Duration::from_secs(1);
/// Largest datagram that is taken.
const DATAGRAM: usize = 4 * 1024;
/// Length of a message's head.
const HEAD: usize = 12;

/// Asks until there is a reply. One that is for another question is passed over.
pub(super) async fn ask(server: SocketAddr, query: &[u8]) -> io::Result<Vec<u8>> {
    let own: SocketAddr = match server {
        SocketAddr::V4(_) => (Ipv4Addr::UNSPECIFIED, 0).into(),
        SocketAddr::V6(_) => (Ipv6Addr::UNSPECIFIED, 0).into(),
    };
    let socket = UdpSocket::bind(own).await?;
    // Connected, so that only this server's datagrams arrive, and its refusal does, too.
    socket.connect(server).await?;
    loop {
        socket.send(query).await?;
        if let Ok(reply) = timeout(AGAIN, receive(&socket, query)).await {
            let reply = reply?;
            return if is_cut(&reply) { ask_connected(server, query).await } else { Ok(reply) };
        }
    }
}

async fn receive(socket: &UdpSocket, query: &[u8]) -> io::Result<Vec<u8>> {
    let mut reply = vec![0; DATAGRAM];
    loop {
        let length = socket.recv(&mut reply).await?;
        if let Some(reply) = reply.get(..length).filter(|reply| answers(reply, query)) {
            return Ok(reply.to_vec());
        }
    }
}

async fn ask_connected(server: SocketAddr, query: &[u8]) -> io::Result<Vec<u8>> {
    over(TcpStream::connect(server).await?, query).await
}

/// Asks over a connection that is there.
pub(super) async fn over(mut stream: TcpStream, query: &[u8]) -> io::Result<Vec<u8>> {
    let length = u16::try_from(query.len()).map_err(io::Error::other)?;
    stream.write_all(&[&length.to_be_bytes(), query].concat()).await?;
    let mut reply = vec![0; usize::from(stream.read_u16().await?)];
    stream.read_exact(&mut reply).await?;
    if answers(&reply, query) { Ok(reply) } else { Err(io::Error::other("an answer to another question")) }
}

/// Whether that is a reply with the number of the question and, where it repeats it, the question itself.
fn answers(reply: &[u8], query: &[u8]) -> bool {
    let is_reply = reply.get(2).is_some_and(|flags| flags & 0x80 != 0);
    let repeats = match reply.get(4..6) {
        Some([0, 0]) => true,
        _ => reply.get(HEAD..query.len()).is_some_and(|asked| asked.eq_ignore_ascii_case(&query[HEAD..])),
    };
    is_reply && reply.len() >= HEAD && reply.get(..2) == query.get(..2) && repeats
}

fn is_cut(reply: &[u8]) -> bool {
    reply.get(2).is_some_and(|flags| flags & 0x02 != 0)
}
