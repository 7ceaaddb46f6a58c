//! Customers: one after another they write numbered rows through the front door, and keep what was acknowledged.

use std::fs::{self, File};
use std::io::{self, Read as _, Write as _};
use std::net::{SocketAddr, TcpStream};
use std::path::Path;
use std::time::{Duration, SystemTime, UNIX_EPOCH};

use crate::programs::told;

/// Longest that a customer waits.
const PATIENCE: Duration = Duration::from_secs(2);
/// Between one row and the next: some hundred rows a second, which leaves the machine to others.
const PAUSE: Duration = Duration::from_millis(4);
/// After a row that was not taken.
const AFTER_FAILURE: Duration = Duration::from_millis(20);

/// What they are told: the front door, and the file for what becomes of each row.
pub const DOOR: &str = "LAB_DOOR";
pub const RECORD: &str = "LAB_RECORD";

/// What became of one row, with moments in microseconds since 1970.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Attempt {
    pub n: i64,
    pub ended: i64,
    pub acknowledged: bool,
}

/// The program: goes on until it is killed.
pub fn write_rows() {
    let door: SocketAddr = told(DOOR).parse().unwrap();
    let mut record = File::create(told(RECORD)).unwrap();
    let mut open = None;
    for n in 1.. {
        let taken = write(&mut open, door, n).unwrap_or(false);
        // One write for each row: whatever kills this leaves whole lines.
        record.write_all(format!("{n} {} {}\n", now(), if taken { "yes" } else { "no" }).as_bytes()).unwrap();
        if !taken {
            open = None;
        }
        std::thread::sleep(if taken { PAUSE } else { AFTER_FAILURE });
    }
}

/// Writes a row over a connection that is kept; whether it was acknowledged.
fn write(open: &mut Option<TcpStream>, door: SocketAddr, n: i64) -> io::Result<bool> {
    let stream = match open {
        Some(stream) => stream,
        None => open.insert(TcpStream::connect_timeout(&door, PATIENCE)?),
    };
    stream.set_read_timeout(Some(PATIENCE))?;
    stream.set_write_timeout(Some(PATIENCE))?;
    stream.set_nodelay(true)?;
    stream.write_all(format!("POST /rows/{n} HTTP/1.1\r\nHost: shop\r\nContent-Length: 0\r\n\r\n").as_bytes())?;
    let mut answer = Vec::new();
    let mut block = [0; 1024];
    while !answer.windows(4).any(|part| part == b"\r\n\r\n") {
        match stream.read(&mut block)? {
            0 => return Ok(false),
            count => answer.extend_from_slice(&block[..count]),
        }
    }
    Ok(answer.starts_with(b"HTTP/1.1 201"))
}

pub fn now() -> i64 {
    i64::try_from(SystemTime::now().duration_since(UNIX_EPOCH).unwrap().as_micros()).unwrap()
}

/// What became of all rows so far.
pub fn record(file: &Path) -> Vec<Attempt> {
    let text = fs::read_to_string(file).unwrap_or_default();
    let whole = text.rsplit_once('\n').map_or("", |(whole, _)| whole);
    let read = |line: &str| {
        let words: Vec<&str> = line.split(' ').collect();
        Attempt { n: words[0].parse().unwrap(), ended: words[1].parse().unwrap(), acknowledged: words[2] == "yes" }
    };
    whole.lines().map(read).collect()
}
