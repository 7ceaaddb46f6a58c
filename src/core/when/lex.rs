//! A condition's text, cut into what it is made of.

use super::tree::{Op, What};
use super::{BadCondition, is_word};
use crate::core::ids::check_id;
use crate::core::number::Number;
use crate::core::time::Span;

#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Token {
    Value(What),
    Op(Op),
    And,
    Or,
    Not,
    In,
    Open,
    Close,
    ListOpen,
    ListClose,
    Comma,
}

/// A token, where it stands, and how it was written.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Lexeme {
    pub(super) at: usize,
    pub(super) text: String,
    pub(super) token: Token,
}

pub(super) fn lex(chars: &[char]) -> Result<Vec<Lexeme>, BadCondition> {
    let mut lexemes = Vec::new();
    let mut at = 0;
    while let Some(c) = chars.get(at) {
        if matches!(c, ' ' | '\t' | '\n' | '\r') {
            at += 1;
            continue;
        }
        let (token, length) = token(*c, chars.get(at..).unwrap_or_default(), at)?;
        let text = chars.iter().skip(at).take(length).collect();
        lexemes.push(Lexeme { at, text, token });
        at += length;
    }
    Ok(lexemes)
}

/// What `rest` begins with, and how many characters that takes. `at` is where, for faults.
fn token(first: char, rest: &[char], at: usize) -> Result<(Token, usize), BadCondition> {
    let next = rest.get(1).copied().unwrap_or_default();
    Ok(match (first, next) {
        ('(', _) => (Token::Open, 1),
        (')', _) => (Token::Close, 1),
        ('[', _) => (Token::ListOpen, 1),
        (']', _) => (Token::ListClose, 1),
        (',', _) => (Token::Comma, 1),
        ('=', '=') => (Token::Op(Op::Equal), 2),
        ('!', '=') => (Token::Op(Op::Unequal), 2),
        ('<', '>') => return Err(instead(at, "<>", "!=")),
        ('<', '=') => (Token::Op(Op::AtMost), 2),
        ('<', _) => (Token::Op(Op::Less), 1),
        ('>', '=') => (Token::Op(Op::AtLeast), 2),
        ('>', _) => (Token::Op(Op::More), 1),
        ('"', _) => text(rest, at)?,
        ('0'..='9', _) | ('-' | '+', '0'..='9') => number(rest, at)?,
        ('A'..='Z' | 'a'..='z' | '_', _) => word(rest, at)?,
        ('=', _) => return Err(instead(at, "=", "==")),
        ('!', _) => return Err(instead(at, "!", "not")),
        ('&', _) => return Err(instead(at, "&", "and")),
        ('|', _) => return Err(instead(at, "|", "or")),
        ('\'', _) => return Err(instead(at, "'", "texts in double quotes, as in \"east\"")),
        ('-' | '+' | '*' | '/', _) => {
            return Err(BadCondition {
                at,
                what: format!("{first:?} means nothing: nothing is reckoned here"),
                right: None,
            });
        }
        _ => return Err(BadCondition { at, what: format!("{first:?} means nothing here"), right: None }),
    })
}

fn instead(at: usize, wrong: &str, right: &str) -> BadCondition {
    BadCondition { at, what: format!("{wrong:?} is no operator"), right: Some(right.to_owned()) }
}

fn text(rest: &[char], at: usize) -> Result<(Token, usize), BadCondition> {
    let fault = |offset: usize, what: &str, right: Option<&str>| BadCondition {
        at: at + offset,
        what: what.to_owned(),
        right: right.map(str::to_owned),
    };
    let mut value = String::new();
    let mut chars = rest.iter().enumerate().skip(1);
    while let Some((offset, c)) = chars.next() {
        match c {
            '"' => return Ok((Token::Value(What::Text(value)), offset + 1)),
            '\\' => match chars.next() {
                Some((_, c @ ('"' | '\\'))) => value.push(*c),
                _ => {
                    return Err(fault(
                        offset,
                        "\"\\\" stands before \" and \\ only",
                        Some("\\\\ for the character itself"),
                    ));
                }
            },
            c if c.is_control() => return Err(fault(offset, "a control character cannot stand in a text", None)),
            c => value.push(*c),
        }
    }
    Err(fault(0, "the text that begins here has no end", Some("\" at its end")))
}

/// A number, or a duration when a unit follows.
fn number(rest: &[char], at: usize) -> Result<(Token, usize), BadCondition> {
    let signs = usize::from(matches!(rest.first(), Some('-' | '+')));
    let length =
        signs + run(rest.get(signs..).unwrap_or_default(), |c| c.is_ascii_alphanumeric() || matches!(c, '.' | '_'));
    let text: String = rest.iter().take(length).collect();
    let what = match (text.parse::<Number>(), text.parse::<Span>()) {
        (Ok(number), _) => What::Number(number),
        (_, Ok(span)) => What::Duration(span),
        (_, Err(bad)) => {
            let right = Some("a number, as in 3 or 0.5, or a duration, as in 30s".to_owned());
            return Err(BadCondition { at, what: format!("{text:?} is no value: {bad}"), right });
        }
    };
    Ok((Token::Value(what), length))
}

fn word(rest: &[char], at: usize) -> Result<(Token, usize), BadCondition> {
    let length = run(rest, |c| c.is_ascii_alphanumeric() || c == '_');
    let word: String = rest.iter().take(length).collect();
    let what = match word.as_str() {
        "and" => return Ok((Token::And, length)),
        "or" => return Ok((Token::Or, length)),
        "not" => return Ok((Token::Not, length)),
        "in" => return Ok((Token::In, length)),
        "true" => What::Truth(true),
        "false" => What::Truth(false),
        _ if matches!(rest.get(length), Some('.' | '-')) => return part(&word, rest, at),
        word if is_word(word) => What::Word(word.to_owned()),
        _ => What::Name(word),
    };
    Ok((Token::Value(what), length))
}

/// `step.ID` and its like.
fn part(kind: &str, rest: &[char], at: usize) -> Result<(Token, usize), BadCondition> {
    let length = run(rest, |c| c.is_ascii_alphanumeric() || matches!(c, '.' | '_' | '-'));
    let text: String = rest.iter().take(length).collect();
    let make: fn(String) -> What = match (kind, text.split_once('.')) {
        ("step", Some(("step", _))) => What::Step,
        ("component", Some(("component", _))) => What::Component,
        ("site", Some(("site", _))) => What::Site,
        ("alert", Some(("alert", _))) => What::Alert,
        _ => {
            let right = Some(format!("step.{text}, component.{text} or site.{text}"));
            return Err(BadCondition { at, what: format!("{text:?} is no name"), right });
        }
    };
    let id = text.get(kind.len() + 1..).unwrap_or_default();
    check_id(id).map_err(|bad| BadCondition {
        at,
        what: format!("what stands after {kind:?} is no identifier: {bad}"),
        right: None,
    })?;
    Ok((Token::Value(make(id.to_owned())), length))
}

fn run(chars: &[char], which: impl Fn(char) -> bool) -> usize {
    chars.iter().take_while(|c| which(**c)).count()
}
