//! Requests from wherever a probe looks.

use reqwest::header::{ACCEPT_ENCODING, HOST, HeaderValue};
use reqwest::{Client, Response, Url};

use super::tunnel::{Tunnel, explained, tunnel};
use super::{NotGood, Tools};
use crate::core::plan::Place;

/// Asks for a page, unpacked, as that place sees it. The way that the answer comes has to stay open as long as it is read.
pub(super) async fn get(url: &str, place: &Place, tools: Tools<'_>) -> Result<(Response, Option<Tunnel>), NotGood> {
    let mut url = Url::parse(url).map_err(|why| NotGood::Unseen(why.to_string()))?;
    let (Some(host), Some(port)) = (url.host_str().map(str::to_owned), url.port_or_known_default()) else {
        return Err(NotGood::Unseen("the address has no host".to_owned()));
    };
    let named = url.port().map_or_else(|| host.clone(), |port| format!("{host}:{port}"));
    let tunnel = tunnel(tools.ssh, place, &format!("{host}:{port}")).await?;
    let client = match &tunnel {
        None => tools.http.clone(),
        Some(tunnel) => through(&mut url, &host, tunnel)?,
    };
    let request = client.get(url).header(ACCEPT_ENCODING, HeaderValue::from_static("identity")).header(HOST, named);
    match request.send().await {
        Ok(response) => Ok((response, tunnel)),
        Err(error) => Err(explained(tunnel.as_ref(), NotGood::of_request(&error)).await),
    }
}

/// A client whose connections for that host go into the tunnel. Names are kept, so that certificates are judged by them; a host
/// that is a number has its place taken in the address.
fn through(url: &mut Url, host: &str, tunnel: &Tunnel) -> Result<Client, NotGood> {
    let entrance = tunnel.address();
    let unseen = |why: String| NotGood::Unseen(why);
    if url.domain().is_some() {
        return crate::outbound::client_to(host, entrance).map_err(|why| unseen(crate::outbound::reason(&why)));
    }
    if url.scheme() == "https" {
        return Err(unseen(
            "a certificate for a number is not judged from another host; give the address a name".to_owned(),
        ));
    }
    let moved = url.set_ip_host(entrance.ip()).and_then(|()| url.set_port(Some(entrance.port())));
    moved.map_err(|()| unseen("the address cannot be led through ssh".to_owned()))?;
    crate::outbound::client().map_err(|why| unseen(crate::outbound::reason(&why)))
}
