//! What each kind of probe calls good, degraded and bad, against real servers on loopback.

#![allow(clippy::unwrap_used, clippy::panic, clippy::print_stderr, unreachable_pub)]

mod apart;
mod command;
mod cut_off;
mod disk;
mod dns;
#[allow(dead_code)] // shared with the tests of remote steps, which need more of it
#[path = "../remote/far.rs"]
mod far;
mod file;
#[allow(dead_code)] // shared with the tests of the engine, which need more of it
#[path = "../engine/harness.rs"]
mod harness;
mod heartbeat;
mod hostile_http;
mod hosts;
mod http;
mod icmp;
mod load;
mod metric;
mod mysql;
mod postgres;
#[allow(dead_code)] // shared with the tests of remote steps, which need more of it
#[path = "../remote/proxy.rs"]
mod proxy;
mod redis;
#[allow(dead_code)] // shared with the tests of steps, which need more of it
#[path = "../servers/mod.rs"]
mod servers;
mod tls;

use std::path::Path;

use warroom::core::plan::{Limit, Limits, Look, Measure, Place, Probe, Vantage};
use warroom::core::time::Span;
use warroom::outbound;
use warroom::probes::{Answer, Memory, Tools, look};
use warroom::steps::remote::Settings;

use far::Far;

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

/// The same from that host.
pub fn from(far: &Far, look: Look) -> Probe {
    Probe { from: vec![Place::Host(far.host())], ..probe(look) }
}

/// The same with a limit at which it fails.
pub fn failing_at(measure: Measure, at: f64, probe: Probe) -> Probe {
    let fail = vec![Limit { measure, side: measure.side(), at }];
    Probe { limits: Limits { warn: Vec::new(), fail }, ..probe }
}

/// Looks once from here.
pub async fn ask(probe: &Probe) -> Answer {
    ask_again(probe, &Memory::default()).await
}

/// Looks once from here, with what earlier looks left.
pub async fn ask_again(probe: &Probe, memory: &Memory) -> Answer {
    ask_by(probe, &Settings::new(Path::new("/nonexistent").to_path_buf()), memory).await
}

/// Looks once from that host.
pub async fn ask_from(far: &Far, probe: &Probe) -> Answer {
    ask_by(probe, &far.settings(), &Memory::default()).await
}

/// Looks once, over ssh as it is set.
pub async fn ask_by(probe: &Probe, ssh: &Settings, memory: &Memory) -> Answer {
    let http = outbound::client().unwrap();
    look(probe, &probe.from[0], Tools { http: &http, ssh, memory }).await
}
