//! Characters that nobody sees, or that show text in another order than it is read: the one table of them.

/// Whether a character looks like nothing, turns the direction of writing or separates lines unseen. Control characters are
/// not among them; those that choose the picture of an emoji are let through.
pub(crate) fn is_unseen(c: char) -> bool {
    matches!(c,
        '\u{ad}'                        // soft hyphen
        | '\u{34f}'                     // a joiner that joins nothing
        | '\u{61c}'                     // Arabic letter mark
        | '\u{115f}' | '\u{1160}' | '\u{3164}' | '\u{ffa0}' // fillers that look like nothing
        | '\u{17b4}' | '\u{17b5}'       // vowels that are not written
        | '\u{180b}'..='\u{180f}'
        | '\u{200b}'..='\u{200f}'       // no width, direction marks
        | '\u{2028}'..='\u{202e}'       // separators, direction embeddings and overrides
        | '\u{2060}'..='\u{206f}'       // joiners, isolates, deprecated formats
        | '\u{feff}'
        | '\u{fff0}'..='\u{fffb}'
        | '\u{1bca0}'..='\u{1bca3}'     // controls of shorthand
        | '\u{1d173}'..='\u{1d17a}'
        | '\u{e0000}'..='\u{e0fff}'     // tags and further variation selectors
    )
}

/// Whether an unseen character joins letters or emoji, or keeps them apart: some scripts cannot be written without.
pub(crate) fn joins(c: char) -> bool {
    matches!(c, '\u{200c}' | '\u{200d}')
}

/// All of the table.
#[cfg(test)]
pub(crate) fn all() -> impl Iterator<Item = char> {
    ('\0'..=char::MAX).filter(|c| is_unseen(*c))
}
