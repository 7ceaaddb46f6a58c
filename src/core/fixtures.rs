//! Small plans and moments for tests.

use super::ids::BootId;
use super::plan::{Look, Probe, Vantage};
use super::time::{Moment, Now, Span};

/// That many seconds into the tests' night.
pub(crate) fn at(second: u64) -> Now {
    Now {
        utc: Moment::from_micros(1_795_230_000_000_000 + i64::try_from(second).unwrap() * 1_000_000),
        boot: BootId::new("boot").unwrap(),
        uptime: Span::from_secs(10_000 + second),
    }
}

/// A probe with that identifier.
pub(crate) fn probe(id: &str) -> Probe {
    Probe {
        id: id.parse().unwrap(),
        site: None,
        look: Look::Tcp { address: "127.0.0.1:1".into(), max_latency: None },
        every: Span::from_secs(1),
        timeout: Span::from_secs(1),
        fail_after: 3,
        pass_after: 2,
        vantage: Vantage::Inside,
    }
}
