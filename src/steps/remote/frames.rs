//! What comes back from the host: lines, and output in between that is counted out byte for byte.

use std::io;

use tokio::io::{AsyncBufRead, AsyncBufReadExt, AsyncReadExt};

/// Longest line that is no output, in bytes.
const LINE: u64 = 4096;
/// Most that a login may print before the shell speaks, in bytes.
const PREAMBLE: u64 = 256 * 1024;
/// Most of the output that is handed on at once, in bytes.
const CHUNK: u64 = 64 * 1024;

/// One thing that the host said.
#[derive(Debug, PartialEq, Eq)]
pub(super) enum Frame {
    /// The command has begun.
    Begun,
    /// The next bytes of its output.
    Output(Vec<u8>),
    /// Still there.
    Alive,
    /// Somebody has asked for its end.
    StopAsked,
    /// It ended with this status.
    Ended(u8),
    /// It never began and never will.
    Void,
    /// Its end cannot be known.
    Lost(String),
    /// Nothing was begun.
    NotBegun(String),
    /// The host does not know the step.
    Absent,
    /// The step's directory is gone.
    Tidied,
}

/// Reads frames.
pub(super) struct Frames<R> {
    from: R,
    /// Bytes of output that were announced and are still to come.
    due: u64,
}

impl<R: AsyncBufRead + Unpin> Frames<R> {
    pub(super) fn new(from: R) -> Self {
        Self { from, due: 0 }
    }

    /// Passes over what a login prints, to the line `greeting`; then gives nothing. Otherwise what came last.
    pub(super) async fn greeted(&mut self, greeting: &str) -> io::Result<Result<(), String>> {
        let (mut passed, mut last) = (0, String::new());
        loop {
            let mut line = Vec::new();
            let read = (&mut self.from).take(LINE).read_until(b'\n', &mut line).await? as u64;
            passed += read;
            let text = String::from_utf8_lossy(&line);
            if text.trim_end() == greeting {
                return Ok(Ok(()));
            }
            if !text.trim().is_empty() {
                last = text.trim().to_owned();
            }
            if read == 0 || passed > PREAMBLE {
                return Ok(Err(last));
            }
        }
    }

    /// The next frame.
    ///
    /// # Errors
    /// `UnexpectedEof` when nothing more comes; `InvalidData` when it is nothing that the far side says.
    pub(super) async fn next(&mut self) -> io::Result<Frame> {
        while self.due == 0 {
            match self.line().await? {
                Line::Output(length) => self.due = length,
                Line::Frame(frame) => return Ok(frame),
            }
        }
        let mut bytes = Vec::new();
        let buffer = self.from.fill_buf().await?;
        let length = self.due.min(CHUNK).min(buffer.len() as u64);
        bytes.extend(buffer.iter().take(usize::try_from(length).unwrap_or(usize::MAX)));
        if bytes.is_empty() {
            return Err(io::ErrorKind::UnexpectedEof.into());
        }
        self.from.consume(bytes.len());
        self.due -= bytes.len() as u64;
        Ok(Frame::Output(bytes))
    }

    async fn line(&mut self) -> io::Result<Line> {
        let mut line = Vec::new();
        (&mut self.from).take(LINE).read_until(b'\n', &mut line).await?;
        if line.pop() != Some(b'\n') {
            // An unfinished line is no word of the host's: it may say less than was meant.
            return Err(io::ErrorKind::UnexpectedEof.into());
        }
        parse(&String::from_utf8_lossy(&line)).ok_or_else(|| {
            io::Error::new(io::ErrorKind::InvalidData, "the host said something else than it was told to")
        })
    }
}

enum Line {
    Frame(Frame),
    Output(u64),
}

fn parse(line: &str) -> Option<Line> {
    let (word, rest) = line.split_once(' ').unwrap_or((line, ""));
    Some(Line::Frame(match word {
        "O" => return rest.parse().ok().map(Line::Output),
        "S" => Frame::Begun,
        "." => Frame::Alive,
        "T" => Frame::StopAsked,
        "E" => Frame::Ended(rest.parse().ok()?),
        "V" => Frame::Void,
        "L" => Frame::Lost(rest.into()),
        "N" => Frame::NotBegun(rest.trim().into()),
        "A" => Frame::Absent,
        "D" => Frame::Tidied,
        _ => return None,
    }))
}

#[cfg(test)]
mod tests {
    use super::*;

    async fn all(bytes: &[u8]) -> (Vec<Frame>, io::ErrorKind) {
        let mut frames = Frames::new(bytes);
        let mut seen = Vec::new();
        loop {
            match frames.next().await {
                Ok(frame) => seen.push(frame),
                Err(why) => return (seen, why.kind()),
            }
        }
    }

    #[tokio::test]
    async fn output_that_looks_like_frames_is_output() {
        let (seen, end) = all(b"S\nO 10\nE 0\nV\n\0\xffL \n.\nE 7\n").await;
        let output = Frame::Output(b"E 0\nV\n\0\xffL ".to_vec());
        assert_eq!(seen, [Frame::Begun, output]);
        assert_eq!(end, io::ErrorKind::InvalidData);
        let (seen, end) = all(b"S\nO 9\nE 0\nV\n\0\xffL.\nE 7\n").await;
        let output = Frame::Output(b"E 0\nV\n\0\xffL".to_vec());
        assert_eq!(seen, [Frame::Begun, output, Frame::Alive, Frame::Ended(7)]);
        assert_eq!(end, io::ErrorKind::UnexpectedEof);
    }

    #[tokio::test]
    async fn what_was_cut_off_is_not_taken_for_a_whole_word() {
        for cut in [&b"E 1"[..], b"", b"O 5\n", b"S"] {
            assert_eq!(all(cut).await, (Vec::new(), io::ErrorKind::UnexpectedEof), "{cut:?}");
        }
        let long = [b"L ".as_slice(), &[b'x'; 5000], b"\n"].concat();
        assert_eq!(all(&long).await, (Vec::new(), io::ErrorKind::UnexpectedEof));
        assert_eq!(all(b"E 300\n").await.1, io::ErrorKind::InvalidData);
    }

    #[tokio::test]
    async fn what_a_login_prints_is_passed_over() {
        let mut frames = Frames::new(&b"Welcome!\n\nhello\nS\n"[..]);
        assert_eq!(frames.greeted("hello").await.unwrap(), Ok(()));
        assert_eq!(frames.next().await.unwrap(), Frame::Begun);
        let mut frames = Frames::new(&b"This account is not available.\n\n"[..]);
        assert_eq!(frames.greeted("hello").await.unwrap(), Err("This account is not available.".to_owned()));
    }
}
