//! Messages to name servers, over connections (RFC 7766): nothing is lost on the way, and nobody else answers.

use std::io;
use std::time::Duration;

use hickory_proto::op::{Message, MessageType, Query, ResponseCode};
use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::net::TcpStream;
use tokio::time::{Instant, timeout_at};

use super::records::{Told, Wanted, told};
use crate::outbound::io_reason;

/// How long one answer may take.
const ANSWER: Duration = Duration::from_secs(5);

/// What a server says that a name has of one type.
///
/// # Errors
/// A sentence: it does not answer, or answers that it cannot say.
pub(super) async fn records(server: &str, wanted: &Wanted, until: Instant) -> Result<Told, String> {
    let mut question = Message::query();
    question.metadata.recursion_desired = true;
    question.add_query(Query::query(wanted.name.clone(), wanted.kind()));
    let sent = question.to_vec().map_err(|why| why.to_string())?;
    let answer = read(&exchange(server, &sent, until).await?, question.id)?;
    match answer.response_code {
        ResponseCode::NoError | ResponseCode::NXDomain => {}
        other => return Err(code(other)),
    }
    if answer.queries != question.queries {
        return Err("an answer to another question".to_owned());
    }
    // Of this name only: a server that follows a name to another one tells that one's records as well.
    let own =
        answer.answers.iter().filter(|record| record.name == wanted.name && record.record_type() == wanted.kind());
    let mut found = Told::default();
    for record in own {
        found.ttl = Some(found.ttl.map_or(record.ttl, |ttl| ttl.min(record.ttl)));
        found.values.extend(told(&record.data));
    }
    Ok(found)
}

/// Sends a message and takes the reply, over a connection of its own.
pub(super) async fn exchange(server: &str, message: &[u8], until: Instant) -> Result<Vec<u8>, String> {
    let until = until.min(Instant::now() + ANSWER);
    match timeout_at(until, over(server, message)).await {
        Ok(reply) => reply.map_err(|why| io_reason(&why)),
        Err(_) => Err("no answer in time".to_owned()),
    }
}

async fn over(server: &str, message: &[u8]) -> io::Result<Vec<u8>> {
    let mut stream = TcpStream::connect(server).await?;
    let length = u16::try_from(message.len()).map_err(|_| io::Error::other("a message that is too long"))?;
    stream.write_all(&[&length.to_be_bytes(), message].concat()).await?;
    let mut reply = vec![0; usize::from(stream.read_u16().await?)];
    stream.read_exact(&mut reply).await?;
    Ok(reply)
}

/// Reads a reply to the message of that number.
pub(super) fn read(reply: &[u8], id: u16) -> Result<Message, String> {
    let unreadable = || "an answer that cannot be read".to_owned();
    // More records than a message of 64 KiB has room for; the reader adds these numbers up.
    let counts = reply.get(6..12).ok_or_else(unreadable)?;
    if counts.chunks(2).any(|count| count[0] >= 0x40) {
        return Err(unreadable());
    }
    let message = Message::from_vec(reply).map_err(|_| unreadable())?;
    if message.id != id || message.message_type != MessageType::Response {
        return Err("an answer to another question".to_owned());
    }
    Ok(message)
}

/// What a server says in place of an answer: `REFUSED`.
pub(super) fn code(code: ResponseCode) -> String {
    format!("{code:?}").to_ascii_uppercase()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_reply_that_is_none_is_refused_and_breaks_nothing() {
        let mut question = Message::query();
        question.metadata.id = 7;
        let sent = question.to_vec().unwrap();
        assert_eq!(read(&sent, 7).unwrap_err(), "an answer to another question");
        let mut reply = sent.clone();
        reply[2] |= 0x80;
        assert!(read(&reply, 7).is_ok());
        assert_eq!(read(&reply, 8).unwrap_err(), "an answer to another question");
        for length in 0..12 {
            assert_eq!(read(&reply[..length], 7).unwrap_err(), "an answer that cannot be read");
        }
        for place in [6, 8, 10] {
            let mut lies = reply.clone();
            lies[place] = 0xff;
            lies[place + 1] = 0xff;
            assert_eq!(read(&lies, 7).unwrap_err(), "an answer that cannot be read");
        }
    }
}
