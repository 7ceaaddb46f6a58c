//! Looks at the space of a file system.

use std::io;

use super::child::last_words;
use super::host::{Script, on};
use super::{NotGood, Seen, Tools};
use crate::core::health::judge::quantity;
use crate::core::plan::{Measure, Place, Unit};
use crate::core::time::Span;

/// In units of 1024 bytes, one line, as POSIX says.
const SCRIPT: &str = r#"[ -e "$1" ] || return 3
LC_ALL=C df -P -k "$1""#;

/// The bytes of a file system, as ordinary users meet them.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
struct Space {
    used: u64,
    free: u64,
}

pub(super) async fn look(path: &str, timeout: Span, place: &Place, tools: Tools<'_>) -> Result<Seen, NotGood> {
    let space = match place {
        Place::Engine => {
            let path = path.to_owned();
            tools.memory.alone(move || here(&path)).await?.map_err(|why| NotGood::of_file(&why))?
        }
        Place::Host(host) => {
            let said =
                on(tools.ssh, host, &Script { text: SCRIPT, words: vec![path], limit: timeout, kept: 4096 }).await?;
            match said.code {
                0 => there(&String::from_utf8_lossy(&said.out)).ok_or_else(|| {
                    NotGood::Unseen(format!("{host}: df says {:?}", last_words(&said.out).unwrap_or_default()))
                })?,
                3 => return Err(NotGood::Bad("it is not there".into())),
                code => return Err(NotGood::Bad(said.err.unwrap_or_else(|| format!("df ended with status {code}")))),
            }
        }
    };
    Ok(seen(space))
}

fn here(path: &str) -> io::Result<Space> {
    let found = rustix::fs::statvfs(path)?;
    let bytes = |blocks: u64| blocks.saturating_mul(found.f_frsize);
    Ok(Space { used: bytes(found.f_blocks.saturating_sub(found.f_bfree)), free: bytes(found.f_bavail) })
}

/// The numbers before the share: a name of a device or of a place may have spaces in it.
fn there(said: &str) -> Option<Space> {
    let words: Vec<&str> = said.lines().rev().find(|line| !line.trim().is_empty())?.split_whitespace().collect();
    words.windows(4).find_map(|four| match four {
        [blocks, used, free, share] if share.ends_with('%') || *share == "-" => {
            blocks.parse::<u64>().ok()?;
            let bytes = |text: &str| Some(text.parse::<u64>().ok()?.saturating_mul(1024));
            Some(Space { used: bytes(used)?, free: bytes(free)? })
        }
        _ => None,
    })
}

/// The share is of what ordinary users can have, as df counts it.
fn seen(space: Space) -> Seen {
    let (used, free) = (space.used as f64, space.free as f64);
    let share = if used + free > 0.0 { used * 100.0 / (used + free) } else { 0.0 };
    let what = format!("{share:.0} % used, {} free", quantity(free, Unit::Bytes));
    Seen { what, measured: [(Measure::Used, share), (Measure::Free, free)].into() }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_share_is_of_what_can_be_had() {
        let seen = seen(Space { used: 3 * 1_073_741_824, free: 1_073_741_824 });
        assert_eq!(seen.what, "75 % used, 1.0 GiB free");
        assert_eq!(seen.measured[&Measure::Used], 75.0);
        assert_eq!(super::seen(Space { used: 0, free: 0 }).measured[&Measure::Used], 0.0);
    }

    #[test]
    fn what_df_says_is_read_whatever_the_names() {
        let head = "Filesystem 1024-blocks Used Available Capacity Mounted on\n";
        for line in ["/dev/sda1 100 60 30 67% /", "//nas/my share 1 100 60 30 67% /mnt/my 5 6 7 8% share"] {
            let space = there(&format!("{head}{line}\n"));
            assert_eq!(space, Some(Space { used: 60 * 1024, free: 30 * 1024 }), "{line}");
        }
        assert_eq!(there("proc 0 0 0 - /proc"), Some(Space { used: 0, free: 0 }));
        assert_eq!(there(head), None);
        assert_eq!(there(""), None);
    }
}
