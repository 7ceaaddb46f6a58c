//! Opens a connection and closes it.

use tokio::net::TcpStream;

use super::tunnel::opens;
use super::{NotGood, Seen, Tools};
use crate::core::plan::Place;

pub(super) async fn look(address: &str, place: &Place, tools: Tools<'_>) -> Result<Seen, NotGood> {
    match place {
        Place::Engine => TcpStream::connect(address).await.map(drop).map_err(|e| NotGood::of(&e))?,
        Place::Host(host) => opens(tools.ssh, host, address).await?,
    }
    Ok(Seen::new("connected"))
}
