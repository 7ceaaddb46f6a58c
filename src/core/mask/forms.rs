//! The spellings in which a secret can appear in what a program prints.

use base64::Engine as _;
use base64::engine::general_purpose::{STANDARD, URL_SAFE};
use percent_encoding::{AsciiSet, NON_ALPHANUMERIC, percent_encode};

use super::{MAX_ENCODED, MIN_LINE, MIN_MASKED};

/// What RFC 3986 calls unreserved stands as it is; the rest is encoded.
const STRICT: &AsciiSet = &NON_ALPHANUMERIC.remove(b'-').remove(b'.').remove(b'_').remove(b'~');
/// As for a path: its slashes stay.
const PATH: &AsciiSet = &STRICT.remove(b'/');
/// As browsers encode one part of an address.
const COMPONENT: &AsciiSet = &STRICT.remove(b'!').remove(b'\'').remove(b'(').remove(b')').remove(b'*');
/// As forms are sent; a space is a `+` then.
const FORM: &AsciiSet = &NON_ALPHANUMERIC.remove(b'-').remove(b'.').remove(b'_').remove(b'*');

/// Every spelling of a secret that is looked for, none twice. Nothing for a secret that is too short to be masked.
pub(super) fn of(secret: &[u8]) -> Vec<Vec<u8>> {
    let mut forms = Vec::new();
    for part in parts(secret) {
        forms.push(part.to_vec());
        if part.len() <= MAX_ENCODED {
            forms.extend(base64s(part));
            forms.extend(percents(part));
            forms.extend(jsons(part));
        }
    }
    forms.retain(|form| form.len() >= MIN_MASKED);
    forms.sort_unstable();
    forms.dedup();
    forms
}

/// The secret, the secret without the blanks around it, and its longer lines: a terminal ends lines in its own way, and a
/// program may print some of them only.
fn parts(secret: &[u8]) -> impl Iterator<Item = &[u8]> {
    let trimmed = secret.trim_ascii();
    let lines = trimmed.split(|byte| matches!(byte, b'\n' | b'\r')).map(<[u8]>::trim_ascii);
    let lines = lines.filter(|line| line.len() >= MIN_LINE && line.len() < trimmed.len());
    // Blanks alone would be found everywhere.
    let whole = [secret, trimmed].into_iter().filter(|_| trimmed.len() >= MIN_MASKED);
    whole.chain(lines)
}

/// In base64, as a text of its own and as a part of a longer one, where 0, 1 or 2 bytes of a group of three stand before it.
///
/// Characters that hold bits of neighbours too are left out: at most six bits of the secret remain at either end.
fn base64s(part: &[u8]) -> Vec<Vec<u8>> {
    let mut forms = Vec::new();
    for engine in [STANDARD, URL_SAFE] {
        for before in 0..3_usize {
            let mut bytes = vec![0; before];
            bytes.extend_from_slice(part);
            let text = engine.encode(&bytes);
            let first = (before * 8).div_ceil(6);
            let ends = [text.len(), text.trim_end_matches('=').len(), bytes.len() * 8 / 6];
            forms.extend(ends.iter().filter_map(|end| text.as_bytes().get(first..*end)).map(<[u8]>::to_vec));
        }
    }
    forms
}

fn percents(part: &[u8]) -> Vec<Vec<u8>> {
    let mut forms = Vec::new();
    for (set, space) in [(STRICT, "%20"), (PATH, "%20"), (COMPONENT, "%20"), (FORM, "+")] {
        let upper = percent_encode(part, set).to_string().replace("%20", space);
        forms.push(lower_hex(&upper).into_bytes());
        forms.push(upper.into_bytes());
    }
    forms
}

/// The same with `%2f` where it says `%2F`.
fn lower_hex(encoded: &str) -> String {
    let mut digits = 0;
    let lower = |c: char| {
        digits = if c == '%' { 3 } else { digits - i32::from(digits > 0) };
        if digits > 0 { c.to_ascii_lowercase() } else { c }
    };
    encoded.chars().map(lower).collect()
}

/// Inside a JSON string, as the common writers escape: only what they must, all beyond ASCII, and what HTML would read.
fn jsons(part: &[u8]) -> Vec<Vec<u8>> {
    let Some(json) = std::str::from_utf8(part).ok().and_then(|text| serde_json::to_string(text).ok()) else {
        return Vec::new();
    };
    let inside = json.get(1..json.len() - 1).unwrap_or_default();
    let html = |c: char| matches!(c, '<' | '>' | '&' | '\u{2028}' | '\u{2029}');
    vec![
        inside.as_bytes().to_vec(),
        inside.replace('/', "\\/").into_bytes(),
        escape(inside, |c| !matches!(c, ' '..='~')),
        escape(inside, html),
    ]
}

/// With `\u` escapes for some characters.
fn escape(text: &str, which: impl Fn(char) -> bool) -> Vec<u8> {
    let mut out = String::with_capacity(text.len());
    for c in text.chars() {
        if which(c) {
            let mut units = [0; 2];
            out.extend(c.encode_utf16(&mut units).iter().map(|unit| format!("\\u{unit:04x}")));
        } else {
            out.push(c);
        }
    }
    out.into_bytes()
}
