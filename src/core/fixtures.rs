//! Small plans, moments and a world to try the rules in, for tests.

mod plans;
mod world;

pub(crate) use plans::{PROBES, plan, probe};
pub(crate) use world::{World, ada, declare, id, launch, mike, olga, rita, root};

use super::ids::BootId;
use super::time::{Moment, Now, Span};

/// That many seconds into the tests' night.
pub(crate) fn at(second: u64) -> Now {
    Now {
        utc: Moment::from_micros(1_795_230_000_000_000 + i64::try_from(second).unwrap() * 1_000_000),
        boot: BootId::new("boot").unwrap(),
        uptime: Span::from_secs(10_000 + second),
    }
}
