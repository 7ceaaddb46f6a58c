//! A line split into words as a shell would split it, and nothing else: no shell ever reads it.

/// Why a line has no words.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub(crate) enum BadLine {
    /// A quote without its end.
    #[error("a {0} is not closed")]
    Unclosed(char),
    /// A backslash at the very end.
    #[error("a \\ stands at the end, with nothing behind it")]
    Backslash,
}

/// Signs that mean something to a shell, and nothing here.
const SHELL_SIGNS: &str = "|&;<>()$`*?[]{}~#!";

/// Splits at blanks. `'…'` holds everything as it is, `"…"` all but `\"` and `\\`, and `\` the sign behind it.
///
/// # Errors
/// [`BadLine`].
pub(crate) fn split(line: &str) -> Result<Vec<String>, BadLine> {
    let mut words = Vec::new();
    let mut word: Option<String> = None;
    let mut signs = line.chars();
    while let Some(sign) = signs.next() {
        match sign {
            ' ' | '\t' | '\n' => words.extend(word.take()),
            '\'' => {
                let word = word.get_or_insert_default();
                loop {
                    match signs.next() {
                        Some('\'') => break,
                        Some(other) => word.push(other),
                        None => return Err(BadLine::Unclosed('\'')),
                    }
                }
            }
            '"' => {
                let word = word.get_or_insert_default();
                loop {
                    match signs.next() {
                        Some('"') => break,
                        Some('\\') => match signs.next() {
                            Some(held @ ('"' | '\\')) => word.push(held),
                            Some(other) => word.extend(['\\', other]),
                            None => return Err(BadLine::Unclosed('"')),
                        },
                        Some(other) => word.push(other),
                        None => return Err(BadLine::Unclosed('"')),
                    }
                }
            }
            '\\' => word.get_or_insert_default().push(signs.next().ok_or(BadLine::Backslash)?),
            other => word.get_or_insert_default().push(other),
        }
    }
    words.extend(word);
    Ok(words)
}

/// Signs in a line that somebody might take for a shell's, each once, in order.
pub(crate) fn shell_signs(line: &str) -> Vec<char> {
    let mut found = Vec::new();
    for sign in line.chars().filter(|sign| SHELL_SIGNS.contains(*sign)) {
        if !found.contains(&sign) {
            found.push(sign);
        }
    }
    found
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn a_line_is_split_as_a_shell_would_and_never_read_further() {
        for (line, words) in [
            ("", &[][..]),
            ("  df   -h /srv ", &["df", "-h", "/srv"]),
            ("echo 'a b' \"c d\" e\\ f", &["echo", "a b", "c d", "e f"]),
            ("a'b'\"c\"", &["abc"]),
            ("x '' \"\"", &["x", "", ""]),
            ("rm -rf $HOME/* | tee; `id`", &["rm", "-rf", "$HOME/*", "|", "tee;", "`id`"]),
            ("\"a\\\"b\\\\c\\n\"", &["a\"b\\c\\n"]),
            ("'a\\b'", &["a\\b"]),
        ] {
            assert_eq!(split(line).unwrap(), words, "{line}");
        }
        assert_eq!(split("a 'b"), Err(BadLine::Unclosed('\'')));
        assert_eq!(split("a \"b\\"), Err(BadLine::Unclosed('"')));
        assert_eq!(split("a \\"), Err(BadLine::Backslash));
        assert_eq!(shell_signs("a | b | $c"), ['|', '$']);
    }

    proptest! {
        #[test]
        fn quoted_words_come_back_as_they_were(words in prop::collection::vec("\\PC{0,12}", 0..6)) {
            let quoted: Vec<String> = words.iter().map(|w| format!("'{}'", w.replace('\'', "'\\''"))).collect();
            prop_assert_eq!(split(&quoted.join(" ")).unwrap(), words);
        }
    }
}
