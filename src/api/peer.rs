//! Who is on the other end of the socket: the kernel says, once, at accept.

use axum::extract::connect_info::Connected;
use axum::serve::IncomingStream;
use tokio::net::UnixListener;

use crate::core::ids::Principal;

/// The other end; nobody when the kernel did not say.
#[derive(Debug, Clone)]
pub(crate) struct Peer(pub(crate) Option<Principal>);

impl Connected<IncomingStream<'_, UnixListener>> for Peer {
    fn connect_info(stream: IncomingStream<'_, UnixListener>) -> Peer {
        Peer(stream.io().peer_cred().ok().map(|credentials| Principal::Uid(credentials.uid())))
    }
}
