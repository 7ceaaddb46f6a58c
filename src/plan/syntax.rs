//! What the YAML parser stumbles over, in words for people.

use granit_parser::{ErrorKind, ScanError};

use super::fault::{At, Faults};
use super::tree::MAX_DEPTH;

/// Notes where a text stops being YAML, and why.
pub(crate) fn note(text: &str, why: &ScanError, faults: &Faults<'_>) {
    let start = why.marker().byte_offset().unwrap_or(0).min(text.len());
    let end = start + text.get(start..).and_then(|rest| rest.chars().next()).map_or(0, char::len_utf8);
    let at = At { start, end };
    if *why.kind() == ErrorKind::RecursionLimitExceeded {
        return note_depth(at, faults);
    }
    let (what, right) = words(why.kind());
    let what = what.unwrap_or_else(|| format!("this is not YAML: {}", why.info()));
    faults.error(at, what, right.map(str::to_owned));
}

/// Notes that lists and maps are nested too deep.
pub(crate) fn note_depth(at: At, faults: &Faults<'_>) {
    faults.error(at, format!("lists and maps are nested deeper than {MAX_DEPTH}"), Some("a flatter plan".to_owned()));
}

/// What is wrong, where the parser's own words do not help, and what would be right.
fn words(kind: &ErrorKind) -> (Option<String>, Option<&'static str>) {
    let say = |what: &str, right| (Some(what.to_owned()), Some(right));
    match kind {
        ErrorKind::UnclosedQuotedScalar => say("a quoted text is not closed", "a closing quote of the same kind"),
        ErrorKind::UnclosedFlowCollection { open } => {
            (Some(format!("{open:?} is not closed")), Some("a closing bracket of the same kind"))
        }
        ErrorKind::MismatchedFlowCollectionEnd { open, close } => {
            (Some(format!("{open:?} is closed by {close:?}")), Some("a closing bracket of the same kind"))
        }
        ErrorKind::MisplacedFlowCollectionEnd => say("a bracket closes that none has opened", "quotes around the text"),
        ErrorKind::UnexpectedEofFlowSequence
        | ErrorKind::UnexpectedEofFlowMapping
        | ErrorKind::UnexpectedEofImplicitFlowMapping
        | ErrorKind::UnexpectedEofBlockSequence
        | ErrorKind::UnexpectedEofBlockMapping
        | ErrorKind::UnexpectedEof => say("the file ends in the middle of something", "the rest of it"),
        ErrorKind::ExpectedFlowMappingSeparator => {
            say("a ',' or '}' is missing", "a ',' between fields, a '}' at the end")
        }
        ErrorKind::ExpectedFlowSequenceSeparator => {
            say("a ',' or ']' is missing", "a ',' between items, a ']' at the end")
        }
        ErrorKind::TabNotAllowed
        | ErrorKind::TabInBlockIndentation
        | ErrorKind::TabInIndentation
        | ErrorKind::TabAtBlockScalarStart => say("a tab indents this line", "spaces"),
        ErrorKind::MappingValueNotAllowed | ErrorKind::InvalidColonPlacement => {
            say("a ':' cannot stand here", "quotes around a text that holds ': '")
        }
        ErrorKind::InvalidIndentation
        | ErrorKind::ExpectedBlockMappingKey
        | ErrorKind::ExpectedBlockSequenceEntry
        | ErrorKind::BlockSequenceEntryNotAllowed => {
            say("this line does not fit in with the lines above it", "the same indentation as its neighbours")
        }
        ErrorKind::SimpleKeyExpected | ErrorKind::InvalidSimpleKey => {
            say("the name of a field without a ':' after it", "name: value")
        }
        ErrorKind::UnknownAnchor => {
            say("the alias names an anchor that is not there", "&name before it, or the value itself")
        }
        ErrorKind::UnexpectedCharacter { character } => (
            Some(format!("{character:?} cannot begin a value")),
            Some("quotes around a text that begins with such a character"),
        ),
        ErrorKind::TabInPlainScalar => say("a tab stands in this text or indents what follows it", "spaces"),
        ErrorKind::InvalidQuotedScalarIndent => {
            say("a quoted text goes on in a line that is not indented", "a closing quote, or an indented line")
        }
        ErrorKind::InvalidTrailingDoubleQuotedScalar | ErrorKind::InvalidTrailingSingleQuotedScalar => {
            say("something stands behind a closing quote", "a ',' between fields, or quotes around the whole text")
        }
        ErrorKind::UnknownQuotedScalarEscape => {
            say("the character after '\\' is no escape", "'\\\\' for a backslash, or single quotes")
        }
        _ => (None, None),
    }
}
