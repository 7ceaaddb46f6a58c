//! What each kind of probe calls good, degraded and bad, against real servers on loopback.

#![allow(clippy::unwrap_used, clippy::panic, clippy::print_stderr, unreachable_pub)]

mod apart;
mod cut_off;
mod dns;
mod hostile_http;
mod http;
mod icmp;
mod metric;
mod redis;
mod tls;

use warroom::core::plan::{Limits, Look, Place, Probe, Vantage};
use warroom::core::time::Span;
use warroom::outbound;
use warroom::probes::{Answer, Tools, look};

/// Long enough for anything on loopback, however busy the machine.
pub const PATIENT: Span = Span::from_secs(20);

/// A probe that looks like this from here, with a long time-out and no limits.
pub fn probe(look: Look) -> Probe {
    Probe {
        id: "probe".parse().unwrap(),
        site: None,
        look,
        every: PATIENT,
        timeout: PATIENT,
        fail_after: 3,
        pass_after: 2,
        vantage: Vantage::Inside,
        from: vec![Place::Engine],
        limits: Limits::default(),
    }
}

/// Looks once.
pub async fn ask(probe: &Probe) -> Answer {
    let http = outbound::client().unwrap();
    look(probe, &probe.from[0], Tools { http: &http }).await
}
