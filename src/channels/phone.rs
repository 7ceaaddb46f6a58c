//! Short messages and calls, by an API like Twilio's: a form is posted for the account, with its token as password. Nothing there
//! tells a repeat, so that what was taken and not answered is heard twice.

use super::exchange::exchange;
use super::outbound::Outbound;
use super::settings::Phone;
use super::{Message, secret};
use crate::core::comms::Attempt;

/// How much of the words fits into a message of a few parts, in characters.
const LONGEST_SMS: usize = 600;

/// How much of the words is read out, in characters.
const LONGEST_CALL: usize = 800;

/// Sends a short message.
pub(super) async fn write(outbound: &Outbound, phone: &Phone, message: &Message) -> Result<Attempt, Attempt> {
    let body = shortened(&format!("{}\n{}", message.title(), message.text), LONGEST_SMS);
    send(outbound, phone, "Messages.json", ("Body", &body)).await
}

/// Calls, and reads the words out, twice: whoever answers in their sleep misses the first.
pub(super) async fn call(outbound: &Outbound, phone: &Phone, message: &Message) -> Result<Attempt, Attempt> {
    let words = escaped(&shortened(&format!("{}. {}", message.title(), message.text), LONGEST_CALL));
    let twiml = format!("<Response><Say loop=\"2\">{words}</Say></Response>");
    send(outbound, phone, "Calls.json", ("Twiml", &twiml)).await
}

async fn send(outbound: &Outbound, phone: &Phone, what: &str, words: (&str, &str)) -> Result<Attempt, Attempt> {
    let token = secret(&phone.token).await?;
    let account = percent_encoding::utf8_percent_encode(&phone.account, percent_encoding::NON_ALPHANUMERIC);
    let url = format!("{}/2010-04-01/Accounts/{account}/{what}", phone.api);
    let post = outbound.post(&url)?.basic_auth(&phone.account, Some(token.expose()));
    let form = [("From", phone.from.as_str()), ("To", phone.to.as_str()), words];
    let answer = exchange(post.form(&form)).await?.judged()?;
    Ok(Attempt::took(answer.text()))
}

fn shortened(text: &str, most: usize) -> String {
    if text.chars().count() <= most {
        return text.to_owned();
    }
    text.chars().take(most.saturating_sub(1)).chain(['…']).collect()
}

/// As text stands in XML 1.0, which has no place for control characters.
fn escaped(text: &str) -> String {
    let kept = text.chars().filter(|c| !c.is_control() || *c == '\n');
    let mut escaped = String::new();
    for character in kept {
        match character {
            '&' => escaped += "&amp;",
            '<' => escaped += "&lt;",
            '>' => escaped += "&gt;",
            other => escaped.push(other),
        }
    }
    escaped
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn words_are_never_markup_and_never_longer_than_is_listened_to() {
        assert_eq!(escaped("a < b & c\u{1b}[2J\n> d"), "a &lt; b &amp; c[2J\n&gt; d");
        assert_eq!((shortened("ended", 5), shortened("endless", 5)), ("ended".into(), "endl…".into()));
    }
}
