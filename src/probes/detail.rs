//! What came back from a look that turned out bad, as far as it is kept for people: of an answer its status, the headers that tell
//! who answered and why, and the beginning of its body; of a program the end of what it wrote.

use std::time::Duration;

use reqwest::header::HeaderMap;
use reqwest::{Response, Url};

use crate::core::health::history::DETAIL_KEPT;
use crate::core::mask::Masker;
use crate::core::time::Span;

/// Headers that are kept. None of them carries a secret by its purpose.
const TOLD: [&str; 12] = [
    "server",
    "via",
    "date",
    "content-type",
    "content-encoding",
    "content-length",
    "location",
    "retry-after",
    "age",
    "cache-control",
    "x-cache",
    "x-request-id",
];

/// Longest value of a header that is kept, in bytes.
const VALUE: usize = 200;

/// How long the beginning of a body is waited for: that the answer is a wrong one is known already.
const PATIENCE: Duration = Duration::from_millis(250);

/// How much of a program's standard error, and of its output, is kept, in bytes.
const OUTPUT: usize = DETAIL_KEPT / 2 - 64;

/// The status and the headers that matter.
pub(super) fn of_head(answer: &Response) -> String {
    format!("{:?} {}\n{}", answer.version(), answer.status(), headers(answer.headers()))
}

fn headers(headers: &HeaderMap) -> String {
    let mut told = String::new();
    for name in TOLD {
        for value in headers.get_all(name) {
            let value = String::from_utf8_lossy(value.as_bytes());
            let value = value.get(..value.floor_char_boundary(VALUE)).unwrap_or_default();
            told.push_str(&format!("{name}: {value}\n"));
        }
    }
    told
}

/// The beginning of a body, as much of it as comes soon: in at most half of the time that is left for the look.
pub(super) async fn of_body(mut answer: Response, left: Span) -> String {
    let mut body = Vec::new();
    let reading = async {
        while body.len() < DETAIL_KEPT
            && let Ok(Some(chunk)) = answer.chunk().await
        {
            body.extend_from_slice(chunk.get(..chunk.len().min(DETAIL_KEPT)).unwrap_or_default());
        }
    };
    // What came until then is told.
    let _ = tokio::time::timeout(PATIENCE.min(left.to_std() / 2), reading).await;
    start(&String::from_utf8_lossy(&body))
}

/// The beginning of a body, apart from the headers.
pub(super) fn start(body: &str) -> String {
    if body.is_empty() {
        return String::new();
    }
    format!("\n{}", body.get(..body.floor_char_boundary(DETAIL_KEPT)).unwrap_or_default())
}

/// The end of what a program wrote.
pub(super) fn of_output(out: &[u8], err: &[u8]) -> String {
    let end = |bytes: &[u8]| {
        let text = String::from_utf8_lossy(bytes).into_owned();
        let from = text.ceil_char_boundary(text.len().saturating_sub(OUTPUT));
        text.get(from..).unwrap_or_default().trim_end().to_owned()
    };
    let parts = [("standard error", end(err)), ("output", end(out))];
    let parts = parts.iter().filter(|(_, text)| !text.is_empty());
    parts.map(|(name, text)| format!("{name}:\n{text}\n")).collect()
}

/// Masks the password that stands in an address, should it come back in an answer.
pub(super) fn masker(url: &str) -> Masker {
    let password = Url::parse(url).ok().and_then(|url| url.password().map(str::to_owned));
    Masker::new(password)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn headers_that_tell_who_answered_are_kept_and_those_that_hold_secrets_are_not() {
        let mut all = HeaderMap::new();
        for (name, value) in
            [("server", "nginx"), ("set-cookie", "session=secret"), ("retry-after", "30"), ("x-powered-by", "x")]
        {
            all.insert(name, value.parse().unwrap());
        }
        assert_eq!(headers(&all), "server: nginx\nretry-after: 30\n");
    }

    #[test]
    fn of_a_program_the_end_of_both_streams_is_kept() {
        assert_eq!(of_output(b"", b""), "");
        assert_eq!(of_output(b"1\n2\n", b"cannot\n"), "standard error:\ncannot\noutput:\n1\n2\n");
        let long = of_output(&[b'o'; 9_000], "é".repeat(9_000).as_bytes());
        assert!(long.len() <= DETAIL_KEPT && long.contains("output:\noo") && long.contains("é\n"), "{}", long.len());
    }

    #[test]
    fn the_password_of_an_address_does_not_come_back() {
        let said = masker("http://me:hunter22@db/").mask_text("who is me:hunter22?");
        assert_eq!(said, "who is me:***?");
        assert_eq!(masker("http://db/").mask_text("hunter22"), "hunter22");
    }
}
