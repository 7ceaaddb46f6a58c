//! Looks at a file: its age, and what was appended since the last look.

use std::fs::{File, Metadata, OpenOptions};
use std::io::{self, Read as _, Seek as _, SeekFrom};
use std::os::unix::fs::{MetadataExt as _, OpenOptionsExt as _};
use std::time::SystemTime;

use super::host::{Script, on};
use super::memory::Mark;
use super::{NotGood, Seen, Tools};
use crate::core::health::judge::quantity;
use crate::core::host::Host;
use crate::core::plan::{Measure, Place, Unit};
use crate::core::time::Span;

/// The most that is read in one look, in bytes: the newest.
const MOST: u64 = 1024 * 1024;

/// The clock there, then when the file changed, its size and which it is; GNU and busybox, or BSD.
const STATUS: &str = r#"[ -e "$1" ] || return 3
date +%s
stat -L -c '%Y %s %d:%i' "$1" 2>/dev/null || stat -L -f '%m %z %d:%i' "$1""#;

/// From byte `$2` on, counted from 1, at most `$3` bytes.
const TAIL: &str = r#"tail -c +"$2" "$1" | head -c "$3""#;

/// What is known of a file before it is read.
#[derive(Debug, Clone, PartialEq)]
struct Status {
    /// Since when it is unchanged, in seconds.
    age: f64,
    size: u64,
    /// Its device and number, which a file that takes its place does not share.
    file: String,
}

/// What a look found.
struct Look {
    status: Status,
    /// What was appended, from which byte on.
    appended: Option<(Vec<u8>, Part)>,
}

/// What is to be read.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
struct Part {
    from: u64,
    /// How much before it is too much to be read, in bytes.
    skipped: u64,
}

pub(super) async fn look(
    path: &str,
    pattern: Option<&str>,
    timeout: Span,
    place: &Place,
    tools: Tools<'_>,
) -> Result<Seen, NotGood> {
    let mark = tools.memory.mark();
    let looked = match place {
        Place::Engine => {
            let (path, mark, reads) = (path.to_owned(), mark.clone(), pattern.is_some());
            match tools.memory.alone(move || here(&path, reads, mark.as_ref())).await? {
                Err(why) if why.kind() == io::ErrorKind::NotFound => None,
                looked => Some(looked.map_err(|why| NotGood::of_file(&why))?),
            }
        }
        Place::Host(host) => there(tools, host, path, timeout, pattern.is_some().then_some(mark.as_ref())).await?,
    };
    let Some(looked) = looked else {
        // Whatever comes under this name is new.
        tools.memory.set_mark(Mark { file: None, at: 0 });
        return Err(NotGood::Bad("it is not there".into()));
    };
    let age = looked.status.age;
    let mut seen =
        Seen { what: format!("changed {} ago", quantity(age, Unit::Time)), measured: [(Measure::Age, age)].into() };
    if let (Some(pattern), Some((bytes, part))) = (pattern, looked.appended) {
        let (matches, read) = count(&bytes, pattern);
        tools.memory.set_mark(Mark { file: Some(looked.status.file), at: part.from.saturating_add(read) });
        seen.what = format!("{}, {matches} new lines with {pattern:?}", seen.what);
        if part.skipped > 0 {
            seen.what = format!("{}, {} of them not read", seen.what, quantity(part.skipped as f64, Unit::Bytes));
        }
        seen.measured.insert(Measure::Matches, matches as f64);
    }
    Ok(seen)
}

/// What was appended since the mark; what stood there before the first look is not new.
fn part(mark: Option<&Mark>, status: &Status) -> Part {
    let from = match mark {
        None => status.size,
        Some(mark) if mark.file.as_ref() == Some(&status.file) && mark.at <= status.size => mark.at,
        // Another file, or the same one cut short.
        Some(_) => 0,
    };
    let skipped = (status.size - from).saturating_sub(MOST);
    Part { from: from + skipped, skipped }
}

/// How many lines hold the pattern, and how many bytes were read: a line that is not at its end yet is read again, unless it
/// holds the pattern already or leaves no room for its end.
fn count(bytes: &[u8], pattern: &str) -> (usize, u64) {
    let whole = bytes.iter().rposition(|byte| *byte == b'\n').map_or(0, |at| at + 1);
    let (lines, rest) = bytes.split_at(whole);
    let holds = |text: &str| text.contains(pattern);
    let matches = String::from_utf8_lossy(lines).lines().filter(|line| holds(line)).count();
    let rest_counts = !rest.is_empty() && holds(&String::from_utf8_lossy(rest));
    let read = if rest_counts || rest.len() as u64 >= MOST { bytes.len() } else { whole };
    (matches + usize::from(rest_counts), read as u64)
}

fn here(path: &str, reads: bool, mark: Option<&Mark>) -> io::Result<Look> {
    if !reads {
        return Ok(Look { status: status(&std::fs::metadata(path)?), appended: None });
    }
    // Without waiting: a pipe opens only when somebody writes.
    let flags = rustix::fs::OFlags::NONBLOCK | rustix::fs::OFlags::NOCTTY;
    let mut file = OpenOptions::new().read(true).custom_flags(flags.bits().cast_signed()).open(path)?;
    let found = file.metadata()?;
    if !found.is_file() {
        return Err(io::Error::other("it is no regular file"));
    }
    let status = status(&found);
    let part = part(mark, &status);
    let bytes = read(&mut file, part)?;
    Ok(Look { status, appended: Some((bytes, part)) })
}

fn read(file: &mut File, part: Part) -> io::Result<Vec<u8>> {
    let mut bytes = Vec::new();
    file.seek(SeekFrom::Start(part.from))?;
    file.take(MOST).read_to_end(&mut bytes)?;
    Ok(bytes)
}

fn status(found: &Metadata) -> Status {
    let changed = found.modified().unwrap_or(SystemTime::UNIX_EPOCH);
    // A file from the future is as new as can be.
    let age = SystemTime::now().duration_since(changed).unwrap_or_default();
    Status { age: age.as_secs_f64(), size: found.size(), file: format!("{}:{}", found.dev(), found.ino()) }
}

/// Nothing when it is not there. `mark` is where to read on; nothing when nothing is read.
async fn there(
    tools: Tools<'_>,
    host: &Host,
    path: &str,
    timeout: Span,
    mark: Option<Option<&Mark>>,
) -> Result<Option<Look>, NotGood> {
    let script = |text, words, kept| Script { text, words, limit: timeout, kept };
    let said = on(tools.ssh, host, &script(STATUS, vec![path], 4096)).await?;
    let status = match said.code {
        0 => read_status(&String::from_utf8_lossy(&said.out)),
        3 => return Ok(None),
        _ => None,
    };
    let not_told = || said.err.clone().unwrap_or_else(|| "it does not tell the state of the file".into());
    let status = status.ok_or_else(|| NotGood::Unseen(format!("{host}: {}", not_told())))?;
    let Some(mark) = mark else { return Ok(Some(Look { status, appended: None })) };
    let part = part(mark, &status);
    if part.from == status.size {
        return Ok(Some(Look { status, appended: Some((Vec::new(), part)) }));
    }
    let (from, most) = ((part.from + 1).to_string(), MOST.to_string());
    let read = on(tools.ssh, host, &script(TAIL, vec![path, &from, &most], MOST as usize)).await?;
    match read.err {
        // The status is that of the last program of the row, which read what there was.
        Some(why) if read.out.is_empty() => Err(NotGood::Unseen(format!("{host}: {why}"))),
        _ => Ok(Some(Look { status, appended: Some((read.out, part)) })),
    }
}

fn read_status(said: &str) -> Option<Status> {
    let mut words = said.split_whitespace();
    let now: i64 = words.next()?.parse().ok()?;
    let changed: i64 = words.next()?.parse().ok()?;
    let size = words.next()?.parse().ok()?;
    Some(Status { age: now.saturating_sub(changed).max(0) as f64, size, file: words.next()?.to_owned() })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn status(file: &str, size: u64) -> Status {
        Status { age: 0.0, size, file: file.to_owned() }
    }

    #[test]
    fn reading_goes_on_where_it_stopped_in_the_same_file() {
        let mark = |file: Option<&str>, at| Some(Mark { file: file.map(str::to_owned), at });
        for (mark, now, from, skipped) in [
            (None, status("1:1", 500), 500, 0),
            (mark(Some("1:1"), 100), status("1:1", 500), 100, 0),
            (mark(Some("1:1"), 500), status("1:1", 500), 500, 0),
            (mark(Some("1:1"), 501), status("1:1", 500), 0, 0),
            (mark(Some("1:1"), 100), status("1:2", 500), 0, 0),
            (mark(None, 0), status("1:2", 500), 0, 0),
            (mark(Some("1:1"), 10), status("1:1", 15 + MOST), 15, 5),
        ] {
            assert_eq!(part(mark.as_ref(), &now), Part { from, skipped }, "{mark:?} {now:?}");
        }
    }

    #[test]
    fn lines_count_once_and_an_unfinished_one_when_it_says_enough() {
        for (text, expected) in [
            ("", (0, 0)),
            ("all well\n", (0, 9)),
            ("ERR a\nERR ERR\nwell\n", (2, 19)),
            ("well\nER", (0, 5)),
            ("well\nERR", (1, 8)),
        ] {
            assert_eq!(count(text.as_bytes(), "ERR"), expected, "{text:?}");
        }
        assert_eq!(count(&vec![b'x'; MOST as usize], "ERR"), (0, MOST));
    }

    #[test]
    fn what_stat_says_is_read() {
        let read = read_status("1700000100\n1700000000 4096 64769:12\n").unwrap();
        assert_eq!(read, Status { age: 100.0, size: 4096, file: "64769:12".into() });
        assert_eq!(read_status("1700000100\n"), None);
    }
}
