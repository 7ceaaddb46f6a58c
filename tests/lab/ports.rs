//! Ports of a laboratory's own, outside the range from which the system gives ports to clients.

use std::fs::{self, File};
use std::net::TcpListener;

use rustix::fs::{FlockOperation, flock};

/// The first port that laboratories take.
const FIRST: u16 = 21_000;
/// How many each has.
const EACH: u16 = 8;
/// How many there may be on a machine at once.
const MOST: u16 = 500;

/// Ports that no other laboratory has while this lives.
pub struct Ports {
    next: u16,
    _held: File,
}

impl Ports {
    pub fn take() -> Ports {
        let base = std::env::temp_dir().join("warroom-lab-ports");
        fs::create_dir_all(&base).unwrap();
        let free = |slot: u16| {
            let held = File::create(base.join(slot.to_string())).ok()?;
            flock(&held, FlockOperation::NonBlockingLockExclusive).ok()?;
            let first = FIRST + slot * EACH;
            // Somebody else may listen there, or what a killed laboratory has left for a moment.
            let unused = |port| TcpListener::bind(("127.0.0.1", port)).is_ok();
            (first..first + EACH).all(unused).then_some(Ports { next: first, _held: held })
        };
        (0..MOST).find_map(free).expect("no ports are left")
    }

    pub fn next(&mut self) -> u16 {
        self.next += 1;
        self.next - 1
    }
}
