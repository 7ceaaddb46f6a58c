//! What became of words to the world.

use crate::core::comms::{Attempt, Delivery};

use super::clean_line;

/// What became of an update on one channel: `delivered 03:44:55Z: 202`.
#[must_use]
pub fn delivery(delivery: &Delivery) -> String {
    match delivery {
        Delivery::Waiting { tries: 0, .. } => "waiting to be sent".into(),
        Delivery::Waiting { tries, next, last, .. } => {
            let why = last.as_deref().map(|why| format!(": {}", clean_line(why))).unwrap_or_default();
            format!("waiting, {} failed{why}; next at {next}", tries_of(*tries))
        }
        Delivery::Delivered { at, answer, .. } if answer.is_empty() => format!("delivered {}", at.utc),
        Delivery::Delivered { at, answer, .. } => format!("delivered {}: {}", at.utc, clean_line(answer)),
        Delivery::Failed { at, why } => format!("FAILED {}: {}", at.utc, clean_line(why)),
    }
}

/// What one try brought: `took it: 202`.
#[must_use]
pub fn attempt(attempt: &Attempt) -> String {
    match attempt {
        Attempt::Took { answer, .. } if answer.is_empty() => "took it".into(),
        Attempt::Took { answer, .. } => format!("took it: {}", clean_line(answer)),
        Attempt::NotNow { why, .. } => format!("did not take it: {}", clean_line(why)),
        Attempt::Never { why } => format!("will not take it: {}", clean_line(why)),
    }
}

fn tries_of(count: u32) -> String {
    if count == 1 { "1 try".into() } else { format!("{count} tries") }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::core::fixtures::at;

    #[test]
    fn a_delivery_says_how_it_stands() {
        let next = at(4).utc;
        for (given, sentence) in [
            (Delivery::Waiting { tries: 0, next, last: None, rest: None }, "waiting to be sent".to_owned()),
            (
                Delivery::Waiting { tries: 1, next, last: Some("503\n".into()), rest: None },
                format!("waiting, 1 try failed: 503 ; next at {next}"),
            ),
            (
                Delivery::Waiting { tries: 2, next, last: None, rest: None },
                format!("waiting, 2 tries failed; next at {next}"),
            ),
            (
                Delivery::Delivered { at: at(4), answer: "202".into(), reference: None },
                format!("delivered {next}: 202"),
            ),
            (Delivery::Delivered { at: at(4), answer: String::new(), reference: None }, format!("delivered {next}")),
            (Delivery::Failed { at: at(4), why: "404".into() }, format!("FAILED {next}: 404")),
        ] {
            assert_eq!(delivery(&given), sentence);
        }
    }

    #[test]
    fn a_try_says_what_it_brought() {
        for (given, sentence) in [
            (Attempt::took(""), "took it"),
            (Attempt::took("202"), "took it: 202"),
            (Attempt::not_now("503"), "did not take it: 503"),
            (Attempt::Never { why: "\u{1b}[2J".into() }, "will not take it: ^[[2J"),
        ] {
            assert_eq!(attempt(&given), sentence);
        }
    }
}
