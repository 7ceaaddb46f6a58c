//! Words and small phrases that many sentences share.

use crate::core::health::{SiteVerdict, Verdict};
use crate::core::ids::RoleId;
use crate::core::loss::Loss;
use crate::core::people::{Access, Act};
use crate::core::time::Span;

use super::clean_line;

/// A role as people say it: `incident commander`.
#[must_use]
pub fn role(role: &RoleId) -> String {
    role.as_str().replace('_', " ")
}

/// What a failover would lose: `3s`, `≤ 4s, source silent`, `unknown`.
#[must_use]
pub fn loss(loss: Loss) -> String {
    match loss {
        Loss::Unknown => "unknown".into(),
        Loss::Measured(span) => of_loss(span),
        Loss::AtMost(span) => format!("≤ {}, source silent", span.up_to_seconds()),
    }
}

/// How long a time's writes are lost, or may be: never shown shorter than it is.
pub(super) fn of_loss(span: Span) -> String {
    if span < Span::from_secs(1) { span.to_string() } else { span.up_to_seconds().to_string() }
}

/// What is believed of a part; trouble that stops customers stands out without colour.
#[must_use]
pub fn verdict(verdict: Verdict) -> &'static str {
    match verdict {
        Verdict::Down => "DOWN",
        other => other.word(),
    }
}

/// How a site is as a whole; trouble that stops customers stands out without colour.
#[must_use]
pub fn site_verdict(verdict: SiteVerdict) -> &'static str {
    match verdict {
        SiteVerdict::Down => "DOWN",
        SiteVerdict::Partly => "PARTLY DOWN",
        other => other.word(),
    }
}

/// `a`, `a or b`, `a, b or c`; cleaned.
#[must_use]
pub fn any_of<T: AsRef<str>>(items: &[T]) -> String {
    join(items, " or ")
}

/// `a`, `a and b`, `a, b and c`; cleaned.
#[must_use]
pub fn all_of<T: AsRef<str>>(items: &[T]) -> String {
    join(items, " and ")
}

/// `a, b, c and 5 more`: at most `limit` of them by name; cleaned.
#[must_use]
pub fn some_of<T: AsRef<str>>(items: &[T], limit: usize) -> String {
    if items.len() <= limit {
        return all_of(items);
    }
    let shown: Vec<_> = items.iter().take(limit).map(|item| clean_line(item.as_ref())).collect();
    format!("{} and {} more", shown.join(", "), items.len() - shown.len())
}

fn join<T: AsRef<str>>(items: &[T], last: &str) -> String {
    let items: Vec<_> = items.iter().map(|item| clean_line(item.as_ref())).collect();
    match items.as_slice() {
        [] => String::new(),
        [only] => only.clone().into_owned(),
        [head @ .., tail] => format!("{}{last}{tail}", head.join(", ")),
    }
}

/// What somebody may not do: `start a run`.
pub(super) fn act(act: Act) -> &'static str {
    match act {
        Act::Declare => "declare or dismiss incidents",
        Act::CorrectClock => "say when incidents began",
        Act::EndIncident => "close, cancel or reopen incidents",
        Act::Note => "write into the journal",
        Act::AssignRole => "assign roles",
        Act::SendUpdate => "send updates",
        Act::StartRun => "start runs",
        Act::Improvise => "run programs that no runbook has",
        Act::TickStep => "say that steps are done",
        Act::SettleStep => "retry or skip steps",
        Act::PassGate => "confirm or decline at gates",
        Act::HoldRun => "hold runs",
        Act::SteerRun => "resume, roll back or abort runs",
        Act::PauseHealth => "pause parts",
        Act::RuleOutScenario => "rule out a scenario",
        Act::BreakGlass => "override guards",
        Act::LoadPlan => "load plans",
    }
}

pub(super) fn access(needs: &[Access]) -> String {
    any_of(&needs.iter().map(ToString::to_string).collect::<Vec<_>>())
}

/// `1 person`, `2 people`.
pub(super) fn people(count: u64) -> String {
    if count == 1 { "1 person".into() } else { format!("{count} people") }
}

/// The beginning of a hash: enough to tell two texts apart.
pub(super) fn short_hash(hash: &str) -> &str {
    hash.get(..8).unwrap_or(hash)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::core::time::Span;

    #[test]
    fn lists_read_as_people_say_them() {
        assert_eq!(any_of::<&str>(&[]), "");
        assert_eq!(any_of(&["a"]), "a");
        assert_eq!(any_of(&["a", "b"]), "a or b");
        assert_eq!(all_of(&["a", "b", "c\u{1b}"]), "a, b and c^[");
        assert_eq!(some_of(&["a", "b", "c"], 3), "a, b and c");
        assert_eq!(some_of(&["a", "b", "c", "d"], 2), "a, b and 2 more");
    }

    #[test]
    fn a_loss_says_how_well_it_is_known() {
        assert_eq!(loss(Loss::Unknown), "unknown");
        assert_eq!(loss(Loss::Measured(Span::ZERO)), "0s");
        assert_eq!(loss(Loss::Measured(Span::from_millis(340))), "340ms");
        assert_eq!(loss(Loss::Measured(Span::from_millis(1_340))), "2s", "never less than it is");
        assert_eq!(loss(Loss::AtMost(Span::from_secs(4))), "≤ 4s, source silent");
        assert_eq!(loss(Loss::AtMost(Span::from_millis(1_340))), "≤ 2s, source silent");
    }

    #[test]
    fn a_role_reads_as_words() {
        assert_eq!(role(&RoleId::new("incident_commander").unwrap()), "incident commander");
    }
}
