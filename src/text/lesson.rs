//! The words of the practice script. Hints have one line of the smallest console: at most 72 columns.

use super::words::of_loss;
use super::{all_of, clean_line};
use crate::core::time::Span;
use crate::range::Power;
use crate::range::lesson::{Hint, Score, Stage, Told};

/// Why the robot says no.
pub(crate) const OBJECTION: &str =
    "East is not fenced: when it wakes up, two databases take orders. Cut its power first, then ask again.";

/// What the robot writes into the timeline while the console is cut off.
pub(crate) const WHILE_AWAY: &str = "The bridge is open and I am on it; the run goes on without your terminal.";

/// What the teller says.
pub(crate) fn hint(hint: Hint) -> &'static str {
    match hint {
        Hint::Declare => "Customers fail, one probe of three is bad. D declares what is proposed.",
        Hint::TryTooEarly => "One sick part is no lost site. Try it: L fails over to West. Too early?",
        Hint::Launch => "Now all of East is gone. L, read every step of the preview, Enter.",
        Hint::TickOff => "Step 1 is a sentence, for you to do. Space goes there, Enter ticks it.",
        Hint::CutOff => "Your link is cut for some seconds. Nothing stops; keys are dropped.",
        Hint::Back => "You were away: read what happened. Space or W unlocks the keys.",
        Hint::ReadGate => "A gate, before what cannot be undone. Space; is East really fenced?",
        Hint::FenceEast => "The robot objects: no fence. Y, Enter: have step 3 cut the power again.",
        Hint::AskAgain => "After a no nothing new starts. T, Enter: ask the gate again.",
        Hint::TypeWords => "Space: read the gate, type its words. The robot confirms after you.",
        Hint::Watch => "It moves. CUSTOMERS in the third line climbs.",
        Hint::TellThem => "Tell them: U, some words, Ctrl-S. Then g u: did it reach everybody?",
        Hint::OneFailed => "The inbox took it and mail failed, visibly: nothing is sent in silence.",
        Hint::FenceHolds => "East is awake again. Its database has no power: the fence holds.",
        Hint::SecondPrimary => "East is awake, unfenced: two databases take orders now. See g x.",
        Hint::Over => "That was the lesson. Stay as long as you like; q leaves, with a score.",
    }
}

/// What the lesson came to, a line each.
pub(crate) fn score(score: &Score) -> Vec<String> {
    let mut lines = vec![match score.stage {
        Some(Stage::Done) => "The lesson, whole:".to_owned(),
        Some(stage) => format!("The lesson, as far as it went ({} of {}):", stage as usize, Stage::ALL.len() - 1),
        None => "The lesson did not begin.".to_owned(),
    }];
    let marks = [
        ("declared", score.declared),
        ("launched", score.launched),
        ("gate open", score.opened),
        ("served again", score.served),
    ];
    let times: Vec<String> = marks.iter().filter_map(|(what, at)| Some(format!("{what} {}", whole((*at)?)))).collect();
    if !times.is_empty() {
        lines.push(format!("  time       after customers began to fail: {}", times.join(", ")));
    }
    lines.extend(score.forecast.as_ref().map(|forecast| format!("             {}", clean_line(forecast))));
    lines.extend(loss(score));
    let fence = score.held.map(|power| match power {
        Power::Off => "  fence      held: East woke up without its database",
        Power::On => "  fence      none: East woke up as a second database that takes orders",
    });
    lines.extend(fence.map(str::to_owned));
    if score.told == Told::OneFailed {
        lines.push("  told       by one channel; the other failed, and said so".to_owned());
    }
    lines.push(refused(&score.refused));
    lines
}

fn loss(score: &Score) -> Option<String> {
    let ledger = score.ledger.as_ref().filter(|_| score.opened.is_some())?;
    let promised =
        score.promised.map_or("nothing was promised".to_owned(), |most| format!("at most {} promised", of_loss(most)));
    let counted = match (&ledger.lost, &ledger.gone) {
        (0, _) => format!("none of {} orders lost", ledger.acknowledged),
        (lost, Some(gone)) => {
            let tenths = gone.ms.div_ceil(100);
            format!("{lost} of {} orders lost, of {}.{}s", ledger.acknowledged, tenths / 10, tenths % 10)
        }
        (lost, None) => format!("{lost} of {} orders lost", ledger.acknowledged),
    };
    Some(format!("  loss       {promised}; counted: {counted}"))
}

fn refused(refused: &[String]) -> String {
    match refused {
        [] => "  refused    nothing: no key of yours would have harmed".to_owned(),
        some => {
            let times = if some.len() == 1 { "once".to_owned() } else { format!("{} times", some.len()) };
            let mut why: Vec<String> = some.iter().map(|why| clean_line(why).into_owned()).collect();
            why.dedup();
            format!("  refused    {times}, what would have harmed: {}", all_of(&why))
        }
    }
}

/// To the second: nobody scores milliseconds.
fn whole(span: Span) -> Span {
    Span::from_secs(span.secs())
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::range::{Gone, LedgerStatus, PerSite, Site};

    #[test]
    fn every_hint_fits_the_smallest_console() {
        for said in [
            Hint::Declare,
            Hint::TryTooEarly,
            Hint::Launch,
            Hint::TickOff,
            Hint::CutOff,
            Hint::Back,
            Hint::ReadGate,
            Hint::FenceEast,
            Hint::AskAgain,
            Hint::TypeWords,
            Hint::Watch,
            Hint::TellThem,
            Hint::OneFailed,
            Hint::FenceHolds,
            Hint::SecondPrimary,
            Hint::Over,
        ] {
            assert!(hint(said).len() <= 72 && hint(said).is_ascii(), "{}: {}", hint(said).len(), hint(said));
        }
    }

    #[test]
    fn a_score_holds_promises_against_what_was_counted() {
        let gone = Gone { from: "a".into(), to: "b".into(), ms: 1_200 };
        let ledger = LedgerStatus {
            acknowledged: 400,
            present: PerSite { east: 400, west: 397 },
            serving: Site::West,
            lost: 3,
            gone: Some(gone),
        };
        let whole = Score {
            stage: Some(Stage::Done),
            declared: Some(Span::from_millis(12_300)),
            launched: Some(Span::from_secs(40)),
            opened: Some(Span::from_secs(95)),
            served: Some(Span::from_secs(98)),
            promised: Some(Span::from_millis(3_200)),
            ledger: Some(ledger),
            forecast: Some("forecast at start 8s to 12s, took 9s of work".into()),
            refused: vec!["1 of 3 probes says down, limit 2".into()],
            held: Some(Power::Off),
            told: Told::OneFailed,
        };
        assert_eq!(
            score(&whole),
            [
                "The lesson, whole:",
                "  time       after customers began to fail: declared 12s, launched 40s, gate open 1m35s, served again 1m38s",
                "             forecast at start 8s to 12s, took 9s of work",
                "  loss       at most 4s promised; counted: 3 of 400 orders lost, of 1.2s",
                "  fence      held: East woke up without its database",
                "  told       by one channel; the other failed, and said so",
                "  refused    once, what would have harmed: 1 of 3 probes says down, limit 2",
            ]
        );
        assert_eq!(
            score(&Score::default()),
            ["The lesson did not begin.", "  refused    nothing: no key of yours would have harmed"]
        );
    }
}
