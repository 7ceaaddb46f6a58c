//! Opens a connection and closes it.

use tokio::net::TcpStream;

use super::{NotGood, Seen};

pub(super) async fn look(address: &str) -> Result<Seen, NotGood> {
    TcpStream::connect(address).await.map(|_| Seen::new("connected")).map_err(|e| NotGood::of(&e))
}
