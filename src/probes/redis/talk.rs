//! Redis's protocol, as far as a look needs it: questions of a few words, answers of a few lines.

use tokio::io::{AsyncBufReadExt as _, AsyncRead, AsyncReadExt as _, AsyncWrite, AsyncWriteExt as _, BufStream};

use super::super::NotGood;

/// Longest line or text that is taken, in bytes.
const LONGEST: usize = 64 * 1024;
/// Most items in a list.
const MOST: usize = 1_024;

/// An answer.
#[derive(Debug, PartialEq, Eq)]
pub(super) enum Reply {
    Text(String),
    /// In the server's words.
    Refusal(String),
    Number(i64),
    /// What stands in it, without what stands in lists within it.
    List(Vec<Reply>),
    Nothing,
}

/// A connection.
pub(super) struct Talk<S> {
    stream: BufStream<S>,
}

/// One item off the wire.
enum Item {
    Whole(Reply),
    /// A list with that many items to come.
    Opens(usize),
}

impl<S: AsyncRead + AsyncWrite + Unpin> Talk<S> {
    pub(super) fn new(stream: S) -> Talk<S> {
        Talk { stream: BufStream::new(stream) }
    }

    /// Asks, and takes the answer.
    pub(super) async fn ask(&mut self, words: &[&str]) -> Result<Reply, NotGood> {
        let mut question = format!("*{}\r\n", words.len());
        for word in words {
            question.push_str(&format!("${}\r\n{word}\r\n", word.len()));
        }
        self.stream.write_all(question.as_bytes()).await.map_err(|e| NotGood::of(&e))?;
        self.stream.flush().await.map_err(|e| NotGood::of(&e))?;
        self.reply().await
    }

    async fn reply(&mut self) -> Result<Reply, NotGood> {
        let count = match self.item().await? {
            Item::Whole(reply) => return Ok(reply),
            Item::Opens(count) => count,
        };
        let mut items = Vec::new();
        for _ in 0..count {
            items.push(match self.item().await? {
                Item::Whole(reply) => reply,
                // Nothing that is asked for is told in lists within lists.
                Item::Opens(count) => self.pass_over(count).await?,
            });
        }
        Ok(Reply::List(items))
    }

    async fn pass_over(&mut self, count: usize) -> Result<Reply, NotGood> {
        let (mut open, mut passed) = (count, 0);
        while open > 0 {
            open -= 1;
            passed += 1;
            if let Item::Opens(more) = self.item().await? {
                open += more;
            }
            if open + passed > MOST {
                return Err(too_much());
            }
        }
        Ok(Reply::Nothing)
    }

    async fn item(&mut self) -> Result<Item, NotGood> {
        let line = self.line().await?;
        let (kind, rest) = line.split_at_checked(1).ok_or_else(no_redis)?;
        let number = || rest.parse::<i64>().map_err(|_| no_redis());
        Ok(match kind {
            "+" => Item::Whole(Reply::Text(rest.to_owned())),
            "-" => Item::Whole(Reply::Refusal(rest.to_owned())),
            ":" => Item::Whole(Reply::Number(number()?)),
            "$" => match usize::try_from(number()?) {
                Ok(length) => Item::Whole(Reply::Text(self.text(length).await?)),
                Err(_) => Item::Whole(Reply::Nothing),
            },
            "*" => match usize::try_from(number()?) {
                Ok(count) if count > MOST => return Err(too_much()),
                Ok(count) => Item::Opens(count),
                Err(_) => Item::Whole(Reply::Nothing),
            },
            _ => return Err(no_redis()),
        })
    }

    async fn line(&mut self) -> Result<String, NotGood> {
        let mut line = Vec::new();
        let mut capped = (&mut self.stream).take(LONGEST as u64);
        capped.read_until(b'\n', &mut line).await.map_err(|e| NotGood::of(&e))?;
        match line.strip_suffix(b"\r\n") {
            Some(line) => Ok(String::from_utf8_lossy(line).into_owned()),
            None if line.is_empty() => Err(NotGood::Bad("connection closed".to_owned())),
            None => Err(no_redis()),
        }
    }

    async fn text(&mut self, length: usize) -> Result<String, NotGood> {
        if length > LONGEST {
            return Err(too_much());
        }
        let mut text = vec![0; length + 2];
        self.stream.read_exact(&mut text).await.map_err(|e| NotGood::of(&e))?;
        text.truncate(length);
        Ok(String::from_utf8_lossy(&text).into_owned())
    }
}

fn no_redis() -> NotGood {
    NotGood::Bad("the answer is no Redis".to_owned())
}

fn too_much() -> NotGood {
    NotGood::Bad("a longer answer than any look asks for".to_owned())
}
