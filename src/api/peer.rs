//! Who is on the other end of the socket: the kernel says which account, once, at accept; a token may say which person.

use axum::extract::connect_info::Connected;
use axum::extract::{ConnectInfo, Request, State};
use axum::http::{HeaderMap, header};
use axum::middleware::Next;
use axum::response::{IntoResponse, Response};
use axum::serve::IncomingStream;
use tokio::net::UnixListener;

use super::routes::known;
use crate::core::ids::Principal;
use crate::engine::Engine;
use crate::engine::people::vouched;
use crate::wire::{TokenTrouble, Trouble};

/// The other end; nobody when the kernel did not say.
#[derive(Debug, Clone)]
pub(crate) struct Peer(pub(crate) Option<Principal>);

impl Connected<IncomingStream<'_, UnixListener>> for Peer {
    fn connect_info(stream: IncomingStream<'_, UnixListener>) -> Peer {
        Peer(stream.io().peer_cred().ok().map(|credentials| Principal::Uid(credentials.uid())))
    }
}

/// Has a request that brings a token be that of the token's person. One that brings none passes as it is; a token that vouches
/// for nobody is refused, never passed over: whoever sent it meant to be somebody else.
pub(super) async fn take_token(State(engine): State<Engine>, mut request: Request, next: Next) -> Response {
    if !request.headers().contains_key(header::AUTHORIZATION) {
        return next.run(request).await;
    }
    match person(&engine, &request) {
        Ok(person) => {
            request.extensions_mut().insert(ConnectInfo(Peer(Some(person))));
            next.run(request).await
        }
        Err(trouble) => trouble.into_response(),
    }
}

fn person(engine: &Engine, request: &Request) -> Result<Principal, Trouble> {
    let peer = request.extensions().get::<ConnectInfo<Peer>>().map_or(Peer(None), |ConnectInfo(peer)| peer.clone());
    let account = known(engine, &peer)?;
    let token = bearer(request.headers()).ok_or(Trouble::Token(TokenTrouble::Unreadable))?;
    let now = engine.shared.clock.now().utc;
    vouched(&engine.shared.config.people, &account, token, now).cloned().map_err(Trouble::Token)
}

/// The token in a header `Authorization: Bearer TOKEN`, when there is exactly one such header.
pub(super) fn bearer(headers: &HeaderMap) -> Option<&[u8]> {
    let mut given = headers.get_all(header::AUTHORIZATION).iter();
    let (Some(only), None) = (given.next(), given.next()) else { return None };
    let (scheme, token) = only.as_bytes().split_at_checked("Bearer ".len())?;
    (scheme.eq_ignore_ascii_case(b"Bearer ") && !token.is_empty()).then_some(token)
}
