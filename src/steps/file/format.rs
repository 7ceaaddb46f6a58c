//! Whether a file can be read as what it should be. Sentences show where it cannot, and nothing of what stands there.

use std::io::{self, Read as _};

use super::opened::Opened;
use crate::core::plan::Format;
use crate::text::size;

/// The largest file that is read as a format, in bytes.
const MOST: u64 = 16 * 1024 * 1024;

/// The deepest nesting that is read.
const DEEPEST: usize = 128;

/// Reads a file as a format; the inner fault says why it is not of it.
pub(in super::super) fn check(format: Format, file: &Opened) -> io::Result<Result<(), String>> {
    let mut bytes = Vec::new();
    file.reader()?.take(MOST + 1).read_to_end(&mut bytes)?;
    if bytes.len() as u64 > MOST {
        return Ok(Err(format!(
            "it is larger than {}, which is the most that is read as {}",
            size(MOST),
            name(format)
        )));
    }
    Ok(read(format, &bytes).map_err(|why| format!("it is no {}: {why}", name(format))))
}

/// As sentences have it.
pub(crate) fn name(format: Format) -> &'static str {
    match format {
        Format::Json => "JSON",
        Format::Yaml => "YAML",
        Format::Toml => "TOML",
    }
}

fn read(format: Format, bytes: &[u8]) -> Result<(), String> {
    let text = std::str::from_utf8(bytes).map_err(|why| format!("byte {} is no UTF-8", why.valid_up_to() + 1))?;
    match format {
        Format::Json => serde_json::from_str::<serde::de::IgnoredAny>(text).map(drop).map_err(|why| why.to_string()),
        Format::Toml => toml::from_str::<toml::Table>(text).map(drop).map_err(|why| {
            let at = why.span().map_or(0, |span| span.start.min(text.len()));
            format!("{} at line {}", why.message(), line(text, at))
        }),
        Format::Yaml => yaml(text),
    }
}

/// As far as its grammar goes: anchors that are not there and levels without end are refused, tags and several documents are
/// not.
fn yaml(text: &str) -> Result<(), String> {
    let options = granit_parser::options! {
        emit_comments: false,
        flow_nesting_limit: DEEPEST,
        block_nesting_limit: DEEPEST,
    };
    for event in granit_parser::Parser::new_from_str_with_options(text, options) {
        event.map_err(|why| format!("{} at line {}", why.info(), why.marker().line()))?;
    }
    Ok(())
}

/// Counted from 1.
fn line(text: &str, at: usize) -> usize {
    text.as_bytes().get(..at).unwrap_or_default().iter().filter(|byte| **byte == b'\n').count() + 1
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_text_is_read_as_what_it_should_be() {
        for (format, text) in [
            (Format::Json, "{\"a\": [1, null]}"),
            (Format::Yaml, "a: [1, ~]\n---\nb: !tag &x {y: *z}\n".replace("*z", "1").as_str()),
            (Format::Yaml, ""),
            (Format::Toml, "[a]\nb = 1\n"),
        ] {
            assert_eq!(read(format, text.as_bytes()), Ok(()), "{text}");
        }
    }

    #[test]
    fn a_fault_says_where_and_shows_nothing_of_the_file() {
        for (format, text, at) in [
            (Format::Json, "{\"a\": 1,\n \"b\": hunter2}", "line 2"),
            (Format::Json, "", "line 1"),
            (Format::Yaml, "a: 1\nb: [hunter2\nc: 3\n", "line "),
            (Format::Yaml, "a: *hunter2\n", "line 1"),
            (Format::Toml, "a = 1\nb = hunter2 3\n", "line 2"),
        ] {
            let why = read(format, text.as_bytes()).unwrap_err();
            assert!(why.contains(at) && !why.contains("hunter2"), "{why}");
        }
        assert_eq!(read(Format::Json, b"\"a\xff\"").unwrap_err(), "byte 3 is no UTF-8");
        assert!(read(Format::Yaml, "[".repeat(10_000).as_bytes()).is_err());
        assert!(read(Format::Json, "[".repeat(10_000).as_bytes()).is_err());
        assert!(read(Format::Toml, format!("a = {}", "[".repeat(10_000)).as_bytes()).is_err());
    }
}
