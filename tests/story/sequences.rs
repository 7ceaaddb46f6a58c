//! What a program says to its terminal besides text.

/// Every control sequence, and every control character outside of one, in order and as written.
pub fn sequences(bytes: &[u8]) -> Vec<String> {
    let mut found = Vec::new();
    let mut rest = bytes;
    while let Some(at) = rest.iter().position(|byte| *byte < b' ' || *byte == 0x7f) {
        rest = &rest[at..];
        let length = length(rest).min(rest.len());
        found.push(String::from_utf8_lossy(&rest[..length]).into_owned());
        rest = &rest[length..];
    }
    found
}

/// How long the sequence is that begins here.
fn length(bytes: &[u8]) -> usize {
    let until = |from: usize, last: fn(u8) -> bool| {
        bytes.iter().skip(from).position(|byte| last(*byte)).map_or(bytes.len(), |at| from + at + 1)
    };
    match bytes {
        [0x1b, b'[', ..] => until(2, |byte| (0x40..0x7f).contains(&byte)),
        // OSC, DCS, SOS, PM and APC go on until they are ended.
        [0x1b, b']' | b'P' | b'X' | b'^' | b'_', ..] => until(2, |byte| byte == 0x07 || byte == b'\\'),
        [0x1b, ..] => until(1, |byte| (0x30..0x7f).contains(&byte)),
        _ => 1,
    }
}

/// Whether a sequence only draws: moves the cursor, sets a look, erases, or sets a mode that the console is to set. None of
/// these is answered by a terminal.
fn draws(sequence: &str) -> bool {
    // Line ends are the shell's and the last words'.
    let Some(csi) = sequence.strip_prefix("\x1b[") else { return matches!(sequence, "\r" | "\n") };
    let (arguments, last) = csi.split_at(csi.len().saturating_sub(1));
    let plain = arguments.bytes().all(|byte| byte.is_ascii_digit() || byte == b';');
    match last {
        "H" | "C" | "J" | "K" | "m" => plain,
        "h" | "l" => matches!(arguments, "?1049" | "?25" | "?2004" | "?2026"),
        _ => false,
    }
}

/// Fails for anything in these bytes that does more than draw: questions that a terminal answers, titles, clipboards, keys.
pub fn assert_only_draws(bytes: &[u8]) {
    let mut odd = sequences(bytes);
    odd.retain(|sequence| !draws(sequence));
    assert!(odd.is_empty(), "the terminal was told {odd:?}");
    let text = std::str::from_utf8(bytes).unwrap();
    let turns = |c: char| matches!(c, '\u{80}'..='\u{9f}' | '\u{200b}'..='\u{200f}' | '\u{202a}'..='\u{202e}' | '\u{2066}'..='\u{2069}');
    let found: Vec<char> = text.chars().filter(|c| turns(*c)).collect();
    assert!(found.is_empty(), "the terminal was sent {found:?}");
}

#[test]
fn sequences_are_told_from_text() {
    let bytes = b"a\x1b[6nb\x1b]52;c;aGk=\x07c\x1b[0;1md\x07\x1b7\x1b]11;?\x1b\\e";
    let found = sequences(bytes);
    assert_eq!(found, ["\x1b[6n", "\x1b]52;c;aGk=\x07", "\x1b[0;1m", "\x07", "\x1b7", "\x1b]11;?\x1b\\"]);
    assert_eq!(found.iter().filter(|sequence| draws(sequence)).count(), 1);
}
