//! Why a request did not do what was asked.

use crate::wire::{TokenTrouble, Trouble};

use super::{clean_line, refusal};

/// What is wrong, and what would be right. The faults of a plan are told by `crate::plan`, with their places in its text.
#[must_use]
pub fn trouble(trouble: &Trouble) -> String {
    match trouble {
        Trouble::Refused(why) => refusal(why),
        Trouble::PlanFaults(faults) => match faults.len() {
            1 => "the plan has 1 fault; nothing was loaded".into(),
            many => format!("the plan has {many} faults; nothing was loaded"),
        },
        Trouble::BadRequest { why } => format!("the engine cannot read the request: {}", clean_line(why)),
        Trouble::ReadOnly { why } => {
            format!(
                "the engine cannot write its journal: {}; nothing happened, and commands are taken again once it can",
                clean_line(why)
            )
        }
        Trouble::OtherJournal { seen, head } => format!(
            "entry {seen} was seen here, and this journal ends at {head}: it is another journal or has lost entries; \
             look afresh before acting"
        ),
        Trouble::OutcomeUnknown => {
            "the disk failed in the middle of it: it may have happened or not; look before trying again".into()
        }
        Trouble::NotFound { what } => format!("there is no {}", clean_line(what)),
        Trouble::Token(why) => token_trouble(why),
    }
}

fn token_trouble(why: &TokenTrouble) -> String {
    match why {
        TokenTrouble::Wrong => "nobody here holds that token; `warroom token create --person NAME` makes one".into(),
        TokenTrouble::Expired { at } => {
            format!("that token has not counted since {}; have a new one made", at.rfc3339())
        }
        TokenTrouble::OtherAccount => {
            "that token is of somebody with another account, and counts over that one alone".into()
        }
        TokenTrouble::Unreadable => "the request does not carry one header \"Authorization: Bearer TOKEN\"".into(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::core::refusal::Refusal;

    #[test]
    fn trouble_says_what_is_wrong_and_whether_anything_happened() {
        for (given, sentence) in [
            (
                Trouble::Refused(Refusal::NotConfirmed),
                "you have not confirmed this gate; there is nothing to take back",
            ),
            (Trouble::PlanFaults(Vec::new()), "the plan has 0 faults; nothing was loaded"),
            (Trouble::BadRequest { why: "no\u{1b}body".into() }, "the engine cannot read the request: no^[body"),
            (
                Trouble::ReadOnly { why: "no space left on device".into() },
                "the engine cannot write its journal: no space left on device; nothing happened, and commands are taken \
                 again once it can",
            ),
            (
                Trouble::OtherJournal { seen: 90, head: 12 },
                "entry 90 was seen here, and this journal ends at 12: it is another journal or has lost entries; look \
                 afresh before acting",
            ),
            (
                Trouble::OutcomeUnknown,
                "the disk failed in the middle of it: it may have happened or not; look before trying again",
            ),
            (Trouble::NotFound { what: "output of R1 fence, try 3".into() }, "there is no output of R1 fence, try 3"),
            (
                Trouble::Token(TokenTrouble::Wrong),
                "nobody here holds that token; `warroom token create --person NAME` makes one",
            ),
            (
                Trouble::Token(TokenTrouble::Expired { at: "2026-11-21T03:14:55Z".parse().unwrap() }),
                "that token has not counted since 2026-11-21T03:14:55.000000Z; have a new one made",
            ),
            (
                Trouble::Token(TokenTrouble::OtherAccount),
                "that token is of somebody with another account, and counts over that one alone",
            ),
            (
                Trouble::Token(TokenTrouble::Unreadable),
                "the request does not carry one header \"Authorization: Bearer TOKEN\"",
            ),
        ] {
            assert_eq!(trouble(&given), sentence);
        }
    }
}
