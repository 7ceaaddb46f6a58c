//! Sends echo requests over the socket that the system has for ordinary users.

use std::net::{IpAddr, SocketAddr, UdpSocket as StdUdpSocket};
use std::time::Duration;

use rustix::io::Errno;
use rustix::net::{AddressFamily, SocketFlags, SocketType, ipproto, socket_with};
use tokio::net::UdpSocket;
use tokio::time::timeout;
use uuid::Uuid;

use super::words::few;
use super::{NotGood, Seen};

/// After that long without a reply the next request goes out.
const AGAIN: Duration = Duration::from_secs(1);
/// Type, code, checksum, identifier, number.
const HEADER: usize = 8;

/// Requests go out once a second until one is answered.
pub(super) async fn look(host: &str) -> Result<Seen, NotGood> {
    let bare = host.trim_start_matches('[').trim_end_matches(']');
    let mut found = tokio::net::lookup_host((bare, 0)).await.map_err(|e| NotGood::of(&e))?;
    let to = found.next().ok_or_else(|| NotGood::Bad(format!("{} has no address", few(host))))?;
    let socket = open(to).await?;
    let mark = Uuid::now_v7();
    let mut number: u16 = 0;
    loop {
        number = number.wrapping_add(1);
        let request = request(to.ip(), number, mark);
        socket.send(&request).await.map_err(|e| NotGood::of(&e))?;
        if let Ok(answered) = timeout(AGAIN, reply(&socket, to.ip(), mark)).await {
            let number = answered?;
            let which = if number == 1 { String::new() } else { format!(" to request {number}") };
            return Ok(Seen::new(format!("echo{which} from {}", to.ip())));
        }
    }
}

async fn open(to: SocketAddr) -> Result<UdpSocket, NotGood> {
    let (family, protocol) = match to.ip() {
        IpAddr::V4(_) => (AddressFamily::INET, ipproto::ICMP),
        IpAddr::V6(_) => (AddressFamily::INET6, ipproto::ICMPV6),
    };
    let flags = SocketFlags::NONBLOCK | SocketFlags::CLOEXEC;
    let fd = socket_with(family, SocketType::DGRAM, flags, Some(protocol)).map_err(not_opened)?;
    let socket = UdpSocket::from_std(StdUdpSocket::from(fd)).map_err(|e| NotGood::of(&e))?;
    socket.connect(to).await.map_err(|e| NotGood::of(&e))?;
    Ok(socket)
}

fn not_opened(error: Errno) -> NotGood {
    if matches!(error, Errno::ACCESS | Errno::PERM) {
        let group = rustix::process::getegid();
        return NotGood::Unseen(format!(
            "this system lets group {group} send no echo requests; net.ipv4.ping_group_range with {group} in it would"
        ));
    }
    NotGood::Unseen(crate::outbound::io_reason(&error.into()))
}

/// The system fills in identifier and checksum.
fn request(to: IpAddr, number: u16, mark: Uuid) -> Vec<u8> {
    let kind = if to.is_ipv4() { 8 } else { 128 };
    let mut packet = vec![kind, 0, 0, 0, 0, 0];
    packet.extend(number.to_be_bytes());
    packet.extend(mark.as_bytes());
    packet
}

/// The number of the request that was answered. What is no answer to ours is passed over.
async fn reply(socket: &UdpSocket, to: IpAddr, mark: Uuid) -> Result<u16, NotGood> {
    let kind = if to.is_ipv4() { 0 } else { 129 };
    let mut packet = [0_u8; 256];
    loop {
        let length = socket.recv(&mut packet).await.map_err(|e| NotGood::of(&e))?;
        let packet = packet.get(..length).unwrap_or_default();
        if packet.first() == Some(&kind) && packet.get(HEADER..) == Some(mark.as_bytes().as_slice()) {
            return Ok(u16::from_be_bytes([packet[6], packet[7]]));
        }
    }
}
