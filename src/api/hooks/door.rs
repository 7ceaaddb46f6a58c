//! Who may come in at all: so many connections from one address, and so many wrong tokens.

use std::collections::HashMap;
use std::net::{IpAddr, Ipv6Addr};
use std::sync::{Arc, Mutex, PoisonError};
use std::time::{Duration, Instant};

/// Connections at once from one address.
const CONNECTIONS: usize = 16;

/// Wrong tokens from one address before nothing from there is looked at until [`WINDOW`] is over.
const WRONG: u32 = 10;

/// Over how long wrong tokens are counted.
pub(super) const WINDOW: Duration = Duration::from_secs(60);

/// Addresses that are remembered for their wrong tokens.
const REMEMBERED: usize = 4_096;

/// What is remembered of an address.
#[derive(Debug)]
struct Visitor {
    connections: usize,
    wrong: u32,
    /// When the first of those wrong tokens came.
    since: Instant,
}

/// The door.
#[derive(Debug, Default)]
pub(super) struct Door(Mutex<HashMap<IpAddr, Visitor>>);

/// A connection that came in; it leaves when this is dropped.
#[derive(Debug)]
pub(super) struct Inside {
    door: Arc<Door>,
    from: IpAddr,
}

impl Drop for Inside {
    fn drop(&mut self) {
        self.door.with(|known| {
            if let Some(visitor) = known.get_mut(&self.from) {
                visitor.connections = visitor.connections.saturating_sub(1);
            }
        });
    }
}

/// Whether a wrong token shut the door for its address.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Shut {
    /// It just did.
    Now,
    /// Not by this one.
    No,
}

impl Door {
    /// Lets a connection in, unless too many from its address are.
    pub(super) fn enter(self: &Arc<Door>, from: IpAddr) -> Option<Inside> {
        let (from, now) = (whole(from), Instant::now());
        self.with(|known| {
            known.retain(|_, visitor| visitor.connections > 0 || now.duration_since(visitor.since) < WINDOW);
            if known.len() >= REMEMBERED {
                known.retain(|_, visitor| visitor.connections > 0);
            }
            let visitor = known.entry(from).or_insert(Visitor { connections: 0, wrong: 0, since: now });
            let may = visitor.connections < CONNECTIONS;
            visitor.connections += usize::from(may);
            may.then(|| Inside { door: Arc::clone(self), from })
        })
    }

    /// Whether nothing from there is looked at now.
    pub(super) fn is_shut(&self, from: IpAddr, now: Instant) -> bool {
        let shut = |visitor: &Visitor| visitor.wrong >= WRONG && now.duration_since(visitor.since) < WINDOW;
        self.with(|known| known.get(&whole(from)).is_some_and(shut))
    }

    /// A wrong token came from there.
    pub(super) fn wrong(&self, from: IpAddr, now: Instant) -> Shut {
        self.with(|known| {
            let visitor = known.entry(whole(from)).or_insert(Visitor { connections: 0, wrong: 0, since: now });
            if visitor.wrong == 0 || now.duration_since(visitor.since) >= WINDOW {
                (visitor.wrong, visitor.since) = (0, now);
            }
            visitor.wrong = visitor.wrong.saturating_add(1);
            if visitor.wrong == WRONG { Shut::Now } else { Shut::No }
        })
    }

    fn with<T>(&self, act: impl FnOnce(&mut HashMap<IpAddr, Visitor>) -> T) -> T {
        act(&mut self.0.lock().unwrap_or_else(PoisonError::into_inner))
    }
}

/// What one host can call its own: of IPv6 a whole network of 64 bits.
fn whole(from: IpAddr) -> IpAddr {
    match from.to_canonical() {
        IpAddr::V6(v6) => IpAddr::V6(Ipv6Addr::from_bits(v6.to_bits() & (u128::MAX << 64))),
        v4 => v4,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn ip(text: &str) -> IpAddr {
        text.parse().unwrap()
    }

    #[test]
    fn wrong_tokens_shut_the_door_for_their_address_until_the_minute_is_over() {
        let (door, now) = (Door::default(), Instant::now());
        let (here, there) = (ip("10.0.0.1"), ip("10.0.0.2"));
        for n in 1..WRONG {
            assert_eq!(door.wrong(here, now), Shut::No, "{n}");
            assert!(!door.is_shut(here, now), "{n}");
        }
        assert_eq!(door.wrong(here, now), Shut::Now);
        assert!(door.is_shut(here, now) && !door.is_shut(there, now));
        assert_eq!(door.wrong(here, now), Shut::No, "it is told once");
        let later = now + WINDOW;
        assert!(!door.is_shut(here, later));
        assert_eq!(door.wrong(here, later), Shut::No, "and counting begins anew");
    }

    #[test]
    fn a_network_of_one_host_counts_as_one_address() {
        let (door, now) = (Door::default(), Instant::now());
        for n in 0..WRONG {
            door.wrong(ip(&format!("2001:db8::{n:x}")), now);
        }
        assert!(door.is_shut(ip("2001:db8::ffff"), now));
        assert!(!door.is_shut(ip("2001:db8:0:1::1"), now));
        assert_eq!(whole(ip("::ffff:10.0.0.1")), ip("10.0.0.1"));
    }

    #[test]
    fn one_address_has_only_so_many_connections_and_they_come_back() {
        let door = Arc::new(Door::default());
        let mut inside: Vec<Inside> = (0..CONNECTIONS).map(|_| door.enter(ip("10.0.0.1")).unwrap()).collect();
        assert!(door.enter(ip("10.0.0.1")).is_none());
        assert!(door.enter(ip("10.0.0.2")).is_some());
        inside.pop();
        assert!(door.enter(ip("10.0.0.1")).is_some());
    }
}
