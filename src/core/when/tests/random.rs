//! Random conditions: whatever the text, it reads or is refused; and what reads and is checked means what it says.

use proptest::prelude::*;
use proptest::sample::select;

use super::*;

/// What conditions are made of, so that random rows of it often are conditions.
const PIECES: [&str; 46] = [
    "lag",
    "limit",
    "count",
    "backlog",
    "mode",
    "region",
    "home",
    "ready",
    "password",
    "nobody",
    "step.check",
    "step.fence-2",
    "component.db.west",
    "component.db",
    "site.east",
    "site.nowhere",
    "step.",
    "done",
    "failed",
    "ok",
    "unknown",
    "\"fast\"",
    "\"careful\"",
    "\"",
    "3",
    "-1.5",
    "1e9",
    "30s",
    "3w",
    "true",
    "false",
    "==",
    "!=",
    "<",
    "<=",
    ">",
    ">=",
    "and",
    "or",
    "not",
    "in",
    "[",
    "]",
    "(",
    ")",
    ",",
];

/// A comparison that is right by its types, and whether it holds for [`Middle`].
fn leaf() -> impl Strategy<Value = (String, bool)> {
    let facts = select(vec![
        ("step.check == failed", true),
        ("step.fence-2 in [failed, skipped]", false),
        ("site.east not in [ok, degraded]", true),
        ("component.db.west == down", false),
        ("mode == \"fast\"", true),
        ("lag != limit", false),
        ("ready", true),
        ("not ready", false),
        ("false", false),
    ])
    .prop_map(|(text, holds)| (text.to_owned(), holds));
    let signs = select(vec!["==", "!=", "<", "<=", ">", ">="]);
    let numbers = (signs, 1_240_i64..1_260).prop_map(|(sign, n)| {
        let order = 1_250.cmp(&n);
        let holds = match sign {
            "==" => order.is_eq(),
            "!=" => order.is_ne(),
            "<" => order.is_lt(),
            "<=" => order.is_le(),
            ">" => order.is_gt(),
            _ => order.is_ge(),
        };
        (format!("count {sign} {}.{:02}", n / 100, n % 100), holds)
    });
    prop_oneof![facts, numbers]
}

/// A condition and whether it holds, with no more parentheses than it needs: `and` binds closer than `or`, `not` than both.
fn condition() -> impl Strategy<Value = (String, bool)> {
    leaf().prop_recursive(4, 24, 3, |inner| {
        let part = (inner, any::<bool>(), any::<bool>()).prop_map(|((text, holds), inside, negated)| {
            let text =
                if inside || text.contains(" and ") || text.contains(" or ") { format!("({text})") } else { text };
            if negated { (format!("not {text}"), !holds) } else { (text, holds) }
        });
        let row = prop::collection::vec(part, 1..4).prop_map(|parts| {
            let texts: Vec<_> = parts.iter().map(|(text, _)| text.as_str()).collect();
            (texts.join(" and "), parts.iter().all(|(_, holds)| *holds))
        });
        prop::collection::vec(row, 1..3).prop_map(|rows| {
            let texts: Vec<_> = rows.iter().map(|(text, _)| text.as_str()).collect();
            (texts.join(" or "), rows.iter().any(|(_, holds)| *holds))
        })
    })
}

/// Whatever reads comes back from its text; whatever is checked too has an answer.
fn consistent(text: &str) -> Result<(), TestCaseError> {
    let Ok(condition) = Condition::parse(text) else { return Ok(()) };
    prop_assert_eq!(condition.to_string(), text);
    let again = Condition::parse(&condition.to_string());
    prop_assert_eq!(again.as_ref(), Ok(&condition));
    if condition.check(&Middle).is_ok() {
        let holds = condition.holds(&Middle);
        prop_assert!(holds.is_ok(), "{text}: {holds:?}");
    }
    Ok(())
}

proptest! {
    #[test]
    fn any_text_reads_or_is_refused_within_it(text in any::<String>()) {
        match Condition::parse(&text) {
            Ok(condition) => prop_assert_eq!(condition.to_string(), text),
            Err(bad) => prop_assert!(bad.at <= text.chars().count()),
        }
    }

    #[test]
    fn any_row_of_pieces_is_refused_or_consistent(pieces in prop::collection::vec(select(&PIECES[..]), 0..12)) {
        consistent(&pieces.join(" "))?;
        consistent(&pieces.concat())?;
    }

    #[test]
    fn any_pair_is_refused_or_comparable(
        left in select(&PIECES[..]), sign in select(&["==", "!=", "<", ">="][..]), right in select(&PIECES[..]),
    ) {
        consistent(&format!("{left} {sign} {right}"))?;
    }

    #[test]
    fn a_condition_holds_exactly_when_its_parts_say_so((text, holds) in condition()) {
        prop_assume!(text.len() <= MAX_TEXT);
        let condition = Condition::parse(&text).map_err(|bad| TestCaseError::fail(format!("{text}: {bad}")))?;
        prop_assert_eq!(condition.check(&Middle), Ok(()));
        prop_assert_eq!(condition.holds(&Middle), Ok(holds), "{}", text);
        consistent(&text)?;
    }

    #[test]
    fn every_fault_of_a_plain_condition_stands_within_it(text in "[a-z.]{1,9} (==|<|in) [\\[\\]a-z0-9\"]{1,9}") {
        if let Err(bad) = Condition::parse(&text).and_then(|condition| condition.check(&Middle)) {
            prop_assert!(bad.at <= text.chars().count() && !bad.what.is_empty(), "{bad:?}");
        }
    }
}
