//! Lengths, numbers and long texts, as pages write them.

use unicode_width::UnicodeWidthStr;

use super::row::head;
use crate::core::time::Span;

/// A length of time as an author would write it: `30m`, not `30m00s`.
pub(crate) fn round(span: Span) -> String {
    let text = span.to_string();
    for (exact, rounded) in [("m00s", "m"), ("h00m", "h"), ("d00h", "d")] {
        if let Some(head) = text.strip_suffix(exact) {
            return format!("{head}{rounded}");
        }
    }
    text
}

/// How many of something there are: `1 step`, `9 steps`.
pub(crate) fn count(number: usize, what: &str) -> String {
    if number == 1 { format!("1 {what}") } else { format!("{number} {what}s") }
}

/// Words wrapped at spaces into lines of at most that many columns; line ends stay, long words are cut.
pub(crate) fn wrap(text: &str, width: usize) -> Vec<String> {
    let text = crate::text::clean_block(text);
    let width = width.max(1);
    let mut lines = Vec::new();
    for paragraph in text.split('\n') {
        let mut line = String::new();
        for word in paragraph.split(' ') {
            let mut word = word;
            if !line.is_empty() && line.width() + 1 + word.width() > width {
                lines.push(std::mem::take(&mut line));
            } else if !line.is_empty() {
                line.push(' ');
            }
            while word.width() > width {
                // A character wider than the line must not hold everything up.
                let cut = head(word, width).len().max(word.chars().next().map_or(1, char::len_utf8));
                lines.push(word.get(..cut).unwrap_or_default().to_owned());
                word = word.get(cut..).unwrap_or_default();
            }
            line.push_str(word);
        }
        lines.push(line);
    }
    lines
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn words_are_wrapped_and_long_ones_cut() {
        assert_eq!(wrap("one two three", 7), ["one two", "three"]);
        assert_eq!(wrap("abcdefgh", 3), ["abc", "def", "gh"]);
        assert_eq!(wrap("a\n\nb", 5), ["a", "", "b"]);
        assert_eq!(wrap("日本", 1), ["日", "本", ""]);
    }
}
