//! Named results: values taken out of what a step brought, for later steps.

use std::collections::BTreeMap;

use crate::core::plan::Capture;
use crate::core::run::Failure;
use crate::core::template::Values;
use crate::text::clean;

/// The most bytes of one result.
pub(super) const MOST: usize = 4 * 1024;

/// The most bytes of an answer or an output that are read as JSON.
pub(super) const JSON_MOST: usize = 1024 * 1024;

/// All results of a step, each by `pick`, trimmed and with what could drive a terminal made visible.
///
/// # Errors
/// The first that is missing or too long, as a sentence: a step whose result later steps count on did not do what it should.
pub(super) fn take(
    captures: &BTreeMap<String, Capture>,
    mut pick: impl FnMut(&Capture) -> Result<String, String>,
) -> Result<Values, Failure> {
    let mut results = Values::new();
    for (name, capture) in captures {
        let wrong = |why: String| Failure::WrongAnswer { why: format!("no result {name}: {why}") };
        let value = pick(capture).map_err(wrong)?;
        let value = clean(value.trim()).into_owned();
        if value.len() > MOST {
            return Err(wrong(format!("it has {} bytes; at most {MOST} are kept", value.len())));
        }
        results.insert(name.clone(), value);
    }
    Ok(results)
}

/// The value at a JSON pointer (RFC 6901). A text is taken as it is, everything else as JSON.
pub(super) fn json(text: &[u8], pointer: &str) -> Result<String, String> {
    let value: serde_json::Value = serde_json::from_slice(text).map_err(|why| format!("it is no JSON: {why}"))?;
    match value.pointer(pointer) {
        None => Err(format!("nothing stands at {pointer:?}")),
        Some(serde_json::Value::Null) => Err(format!("null stands at {pointer:?}")),
        Some(serde_json::Value::String(text)) => Ok(text.clone()),
        Some(other) => Ok(other.to_string()),
    }
}

/// The last line that is not empty.
pub(super) fn last_line(output: &[u8]) -> Result<String, String> {
    let text = String::from_utf8_lossy(output);
    let line = text.lines().rev().find(|line| !line.trim().is_empty());
    line.map(str::to_owned).ok_or_else(|| "the output has no line".to_owned())
}

/// What a kind of step cannot bring.
pub(super) fn not_of(kind: &str, capture: &Capture) -> String {
    let what = match capture {
        Capture::LastLine => "last line",
        Capture::Json(_) => "JSON",
        Capture::Header(_) => "header",
        Capture::Column(_) => "column",
        Capture::Rows => "number of rows",
    };
    format!("steps of kind {kind} have no {what}")
}

#[cfg(test)]
mod tests {
    use super::*;

    fn taken(value: &str) -> Result<Values, Failure> {
        take(&[("version".to_owned(), Capture::LastLine)].into(), |_| Ok(value.to_owned()))
    }

    #[test]
    fn a_result_is_trimmed_and_harmless() {
        assert_eq!(taken(" 16.2\r\n").unwrap()["version"], "16.2");
        assert_eq!(taken("\u{1b}[2J").unwrap()["version"], "^[[2J");
        assert!(taken(&"x".repeat(MOST)).is_ok());
        let Err(Failure::WrongAnswer { why }) = taken(&"x".repeat(MOST + 1)) else { panic!("kept") };
        assert_eq!(why, "no result version: it has 4097 bytes; at most 4096 are kept");
    }

    #[test]
    fn a_json_pointer_finds_texts_numbers_and_structures() {
        let text = br#"{"a": {"b/c": "x", "n": 1.5, "l": [1, "2"], "none": null}, "": true}"#;
        for (pointer, value) in [
            ("/a/b~1c", Ok("x")),
            ("/a/n", Ok("1.5")),
            ("/a/l", Ok(r#"[1,"2"]"#)),
            ("/a/l/1", Ok("2")),
            ("/", Ok("true")),
            ("/a/none", Err("null stands at \"/a/none\"")),
            ("/a/l/2", Err("nothing stands at \"/a/l/2\"")),
        ] {
            assert_eq!(json(text, pointer), value.map(str::to_owned).map_err(str::to_owned), "{pointer}");
        }
        assert!(json(b"not json", "/a").unwrap_err().starts_with("it is no JSON: "));
    }

    #[test]
    fn the_last_line_is_the_last_that_says_something() {
        assert_eq!(last_line(b"one\ntwo\r\n  \n\n").unwrap(), "two");
        assert_eq!(last_line(b"only").unwrap(), "only");
        assert_eq!(last_line(b" \n").unwrap_err(), "the output has no line");
    }
}
