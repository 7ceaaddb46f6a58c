//! Ways out of this machine for words: never to what only this machine, its neighbours or its cloud should reach.
//!
//! A name is resolved, what it leads to is looked at, and that address is connected to; no redirect is followed. Refused are
//! link-local addresses, where clouds hand out credentials, what is no single host, and loopback unless the settings allow the
//! host by name.

use std::collections::BTreeSet;
use std::net::{IpAddr, Ipv4Addr, Ipv6Addr, SocketAddr};
use std::sync::Arc;

use reqwest::dns::{Addrs, Name, Resolve, Resolving};
use reqwest::{Method, RequestBuilder, Url};

use crate::core::comms::Attempt;
use crate::outbound::{builder, io_reason};

/// Where a cloud that does not keep to link-local addresses hands out credentials.
const METADATA: [IpAddr; 2] =
    [IpAddr::V4(Ipv4Addr::new(100, 100, 100, 200)), IpAddr::V6(Ipv6Addr::new(0xfd00, 0xec2, 0, 0, 0, 0, 0, 0x254))];

/// Nothing is sent there.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("{host} leads to {address}, {why}")]
pub struct Forbidden {
    host: String,
    address: IpAddr,
    why: &'static str,
}

/// Requests and connections for channels.
#[derive(Debug, Clone)]
pub struct Outbound {
    client: reqwest::Client,
    guard: Arc<Guard>,
}

impl Outbound {
    /// With hosts that may be on this machine.
    ///
    /// # Errors
    /// The TLS roots of the system cannot be read.
    pub fn new(allowed: impl IntoIterator<Item = String>) -> reqwest::Result<Outbound> {
        let guard = Arc::new(Guard { allowed: allowed.into_iter().map(|host| host.to_lowercase()).collect() });
        let client = builder().dns_resolver(Arc::clone(&guard)).build()?;
        Ok(Outbound { client, guard })
    }

    pub(super) fn post(&self, url: &str) -> Result<RequestBuilder, Attempt> {
        self.request(Method::POST, url)
    }

    pub(super) fn get(&self, url: &str) -> Result<RequestBuilder, Attempt> {
        self.request(Method::GET, url)
    }

    pub(super) fn patch(&self, url: &str) -> Result<RequestBuilder, Attempt> {
        self.request(Method::PATCH, url)
    }

    fn request(&self, method: Method, url: &str) -> Result<RequestBuilder, Attempt> {
        // Not with the address, which can be a secret.
        let url =
            Url::parse(url).map_err(|why| Attempt::never(format!("the address of the channel is none: {why}")))?;
        let host = url.host_str().unwrap_or_default();
        // What is no name is resolved by nobody.
        if let Ok(literal) = host.trim_start_matches('[').trim_end_matches(']').parse() {
            self.guard.look(host, literal).map_err(|why| Attempt::never(why.to_string()))?;
        }
        Ok(self.client.request(method, url))
    }

    /// Where a host is that no HTTP goes to.
    pub(super) async fn address(&self, host: &str, port: u16) -> Result<SocketAddr, Attempt> {
        let found = tokio::net::lookup_host((host, port)).await;
        let all: Vec<SocketAddr> = found.map_err(|why| Attempt::not_now(io_reason(&why)))?.collect();
        let first = all.first().ok_or_else(|| Attempt::not_now(format!("{host} has no address")))?;
        for address in &all {
            self.guard.look(host, address.ip()).map_err(|why| Attempt::never(why.to_string()))?;
        }
        Ok(*first)
    }
}

#[derive(Debug)]
struct Guard {
    allowed: BTreeSet<String>,
}

impl Guard {
    fn look(&self, host: &str, address: IpAddr) -> Result<(), Forbidden> {
        let refuse = |why| Err(Forbidden { host: host.to_owned(), address, why });
        let canonical = address.to_canonical();
        let link_local = match canonical {
            IpAddr::V4(v4) => v4.is_link_local() || v4.is_broadcast(),
            IpAddr::V6(v6) => v6.is_unicast_link_local(),
        };
        if link_local || METADATA.contains(&canonical) {
            return refuse("where machines of a cloud get their credentials: nothing is sent there");
        }
        if canonical.is_multicast() || canonical.is_unspecified() {
            return refuse("which is no single host");
        }
        if canonical.is_loopback() && !self.allowed.contains(&host.to_lowercase()) {
            return refuse("which is this machine: allow it by name, as in [outbound] allow = [\"localhost\"]");
        }
        Ok(())
    }
}

impl Resolve for Guard {
    fn resolve(&self, name: Name) -> Resolving {
        let guard = Guard { allowed: self.allowed.clone() };
        Box::pin(async move {
            let found: Vec<SocketAddr> = tokio::net::lookup_host((name.as_str(), 0)).await?.collect();
            for address in &found {
                guard.look(name.as_str(), address.ip())?;
            }
            Ok(Box::new(found.into_iter()) as Addrs)
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_single_hosts_outside_are_reached_and_this_machine_where_it_is_allowed_by_name() {
        let guard = Guard { allowed: ["localhost".to_owned()].into() };
        for (host, address, goes) in [
            ("hooks.example", "192.0.2.1", true),
            ("hooks.example", "10.0.0.7", true),
            ("hooks.example", "2001:db8::1", true),
            ("localhost", "127.0.0.1", true),
            ("LOCALHOST", "::1", true),
            ("hooks.example", "127.0.0.1", false),
            ("127.0.0.1", "127.0.0.1", false),
            ("hooks.example", "::ffff:127.0.0.1", false),
            ("localhost", "169.254.169.254", false),
            ("hooks.example", "::ffff:169.254.169.254", false),
            ("hooks.example", "fe80::1", false),
            ("hooks.example", "fd00:ec2::254", false),
            ("hooks.example", "100.100.100.200", false),
            ("hooks.example", "0.0.0.0", false),
            ("hooks.example", "224.0.0.1", false),
            ("hooks.example", "255.255.255.255", false),
        ] {
            assert_eq!(guard.look(host, address.parse().unwrap()).is_ok(), goes, "{host} at {address}");
        }
    }

    #[tokio::test]
    async fn a_name_that_leads_to_this_machine_is_refused_for_good() {
        let outbound = Outbound::new([]).unwrap();
        let tried = super::super::exchange::exchange(outbound.post("http://localhost:9/").unwrap()).await;
        let Err(Attempt::Never { why }) = tried else { panic!("{tried:?}") };
        assert!(why.starts_with("localhost leads to ") && why.contains("allow it by name"), "{why}");
        let literal = outbound.post("http://[::1]:9/").unwrap_err();
        assert!(matches!(literal, Attempt::Never { .. }), "{literal:?}");
    }
}
