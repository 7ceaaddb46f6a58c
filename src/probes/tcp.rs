//! Opens a connection and closes it.

use tokio::net::TcpStream;

pub(super) async fn look(address: &str) -> Result<String, String> {
    TcpStream::connect(address).await.map(|_| "connected".to_owned()).map_err(|e| crate::outbound::io_reason(&e))
}
