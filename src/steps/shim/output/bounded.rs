//! A file that somebody else appends to, of which only the beginning and the end are kept.

use std::{
    fs::File,
    io::{self, Write},
    ops::Range,
    os::unix::fs::MetadataExt,
    time::{Duration, Instant},
};

use rustix::fs::{FallocateFlags, fallocate};

use super::super::record::Kept;

/// Between two looks at a file that fills fast, at least.
const FASTEST: Duration = Duration::from_millis(5);
/// Between two looks at a file that grows, at most.
const GROWING: Duration = Duration::from_millis(250);
/// Between two looks at a file that does not grow, at most.
const IDLE: Duration = Duration::from_secs(1);
/// From the start to the first look.
const FIRST: Duration = Duration::from_millis(20);
/// By how much a file may go over its limit between two looks: a quarter of the limit, or this if that is more.
const LEAST_SLACK: u64 = 1024 * 1024;

/// The output file.
pub(super) struct Bounded {
    file: File,
    /// Bytes that are kept at least.
    limit: u64,
    /// What the file system keeps and gives back as one.
    block: u64,
    /// What was taken out so far.
    gap: Range<u64>,
    /// Why the shim itself could not append any more.
    failure: Option<String>,
    /// At the last look.
    length: u64,
    looked: Instant,
    pause: Duration,
}

impl Bounded {
    pub(super) fn new(file: File, limit: u64) -> io::Result<Self> {
        let about = file.metadata()?;
        Ok(Self {
            file,
            limit,
            block: about.blksize().max(1),
            gap: 0..0,
            failure: None,
            length: about.len(),
            looked: Instant::now(),
            pause: FIRST,
        })
    }

    /// Appends, for a command that must not do so itself. Once that fails, the rest is dropped.
    pub(super) fn write(&mut self, bytes: &[u8]) {
        if self.failure.is_none()
            && let Err(error) = self.file.write_all(bytes)
        {
            self.failure = Some(error.to_string());
        }
    }

    pub(super) fn next_look(&self) -> Instant {
        self.looked + self.pause
    }

    /// Takes out what is too much by now, and decides when to look again. What cannot be done is tried again then: more of
    /// the output is kept meanwhile, never less.
    pub(super) fn look(&mut self) {
        let Ok(about) = self.file.metadata() else { return };
        let now = Instant::now();
        let slack = (self.limit / 4).max(LEAST_SLACK);
        self.pause = pause(about.len().saturating_sub(self.length), now - self.looked, self.pause, slack);
        (self.length, self.looked) = (about.len(), now);
        if self.length < self.gap.end {
            // The command made its output shorter, and begins anew.
            self.gap = 0..0;
        }
        self.trim();
    }

    /// Takes out what is between the two halves of the limit, as far as it is still there; true if something was.
    fn trim(&mut self) -> bool {
        let head = (self.limit / 2).next_multiple_of(self.block);
        let tail = self.length.saturating_sub(self.limit / 2);
        let end = (tail - tail % self.block).max(self.gap.end);
        let grows_forward = !self.gap.is_empty() && self.gap.start <= head;
        let start = if grows_forward { self.gap.end } else { head };
        if end <= start {
            return false;
        }
        let flags = FallocateFlags::PUNCH_HOLE | FallocateFlags::KEEP_SIZE;
        let punched = fallocate(&self.file, flags, start, end - start).is_ok();
        if punched {
            self.gap = if grows_forward { self.gap.start..end } else { start..end };
        }
        punched
    }

    /// Keeps less and less of it, down to a few blocks, until that made room; false when there is nothing left to give.
    pub(super) fn give_way(&mut self) -> bool {
        while self.limit > 4 * self.block {
            self.limit /= 2;
            if self.trim() {
                return true;
            }
        }
        false
    }

    pub(super) fn length(&self) -> u64 {
        self.length
    }

    pub(super) fn kept(&self) -> Kept {
        if let Some(why) = &self.failure {
            return Kept::Failed { why: why.clone() };
        }
        if self.gap.is_empty() { Kept::Whole } else { Kept::Ends { gap: self.gap.clone() } }
    }
}

/// How long to wait after a look: so long that half of the slack would come meanwhile if the file went on growing as it did.
fn pause(grown: u64, within: Duration, last: Duration, slack: u64) -> Duration {
    if grown == 0 {
        return (last * 2).min(IDLE);
    }
    // At least a few bytes a second, so that nothing is divided by zero.
    let a_second = u128::from(grown) * 1_000_000 / within.as_micros().max(1);
    let micros = u128::from(slack / 2) * 1_000_000 / a_second.max(1);
    Duration::from_micros(u64::try_from(micros).unwrap_or(u64::MAX)).clamp(FASTEST, GROWING)
}

#[cfg(test)]
mod tests {
    use super::*;

    const MIB: u64 = 1024 * 1024;

    fn file_of(length: u64) -> File {
        let file = tempfile::tempfile().unwrap();
        (&file).write_all(&vec![b'x'; usize::try_from(length).unwrap()]).unwrap();
        file
    }

    #[test]
    fn the_beginning_stays_where_it_is_and_the_end_follows_the_file() {
        let mut bounded = Bounded::new(file_of(MIB), MIB / 4).unwrap();
        let block = bounded.block;
        bounded.look();
        assert_eq!(bounded.kept(), Kept::Ends { gap: MIB / 8..MIB - MIB / 8 });
        bounded.write(&vec![b'y'; usize::try_from(block).unwrap() + 1]);
        bounded.look();
        assert_eq!(bounded.kept(), Kept::Ends { gap: MIB / 8..MIB - MIB / 8 + block });
        assert_eq!(bounded.length(), MIB + block + 1);
        let about = bounded.file.metadata().unwrap();
        assert_eq!(about.len(), bounded.length());
        assert!(about.blocks() * 512 <= MIB / 4 + 4 * block, "{} blocks", about.blocks());
    }

    #[test]
    fn output_that_is_made_shorter_begins_anew() {
        let mut bounded = Bounded::new(file_of(MIB), MIB / 4).unwrap();
        bounded.look();
        assert_ne!(bounded.kept(), Kept::Whole);
        bounded.file.set_len(10).unwrap();
        bounded.look();
        assert_eq!((bounded.kept(), bounded.length()), (Kept::Whole, 10));
    }

    #[test]
    fn output_of_exactly_the_limit_is_whole() {
        let mut bounded = Bounded::new(file_of(MIB), MIB).unwrap();
        bounded.look();
        assert_eq!(bounded.kept(), Kept::Whole);
    }

    #[test]
    fn a_full_disk_gets_all_but_the_first_and_the_last_of_it() {
        let mut bounded = Bounded::new(file_of(MIB), 16 * MIB).unwrap();
        bounded.look();
        assert_eq!(bounded.kept(), Kept::Whole);
        let mut before = 0;
        while bounded.give_way() {
            let Kept::Ends { gap } = bounded.kept() else { panic!("all of it is kept") };
            assert!(gap.end - gap.start > before, "{gap:?}");
            before = gap.end - gap.start;
        }
        assert!(before >= MIB - 8 * bounded.block, "{before}");
        assert!(before < MIB, "{before}");
    }

    #[test]
    fn a_file_that_cannot_be_written_says_why_and_drops_the_rest() {
        let full = File::options().append(true).open("/dev/full").unwrap();
        let mut bounded = Bounded::new(full, MIB).unwrap();
        bounded.write(b"abcd");
        bounded.write(b"abcd");
        assert!(matches!(bounded.kept(), Kept::Failed { why } if why.contains("No space")));
    }

    #[test]
    fn looks_come_as_fast_as_the_file_grows_and_rest_when_it_does_not() {
        let tenth = Duration::from_millis(100);
        assert_eq!(pause(10 * MIB, tenth, tenth, 4 * MIB), Duration::from_millis(20), "100 MiB a second");
        assert_eq!(pause(1024 * MIB, tenth, tenth, 4 * MIB), FASTEST);
        assert_eq!(pause(10, tenth, tenth, 4 * MIB), GROWING);
        assert_eq!(pause(0, tenth, tenth, 4 * MIB), 2 * tenth);
        assert_eq!(pause(0, IDLE, IDLE, 4 * MIB), IDLE);
    }
}
