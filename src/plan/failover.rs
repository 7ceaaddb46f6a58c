//! What a plan asks of a failover before it may happen: the limits of its guards.

use crate::core::ids::RoleId;
use crate::core::plan::{Freeze, Policy};
use crate::core::time::Span;

use super::fields::{Field, Fields, Shape};
use super::resolve::{LONGEST, SHORTEST, channels};

const POLICY: Shape = Shape {
    what: "a rule for failovers",
    fields: &[
        "agree",
        "stable_for",
        "max_lag",
        "backup_within",
        "cool_down",
        "abort_window",
        "failback_after",
        "commit_within",
        "timeout",
        "people",
        "roles",
        "freezes",
        "leadership",
    ],
};
const FREEZE: Shape = Shape { what: "a change freeze", fields: &["from", "until", "reason"] };

const MOST_AGREE: u64 = 1_000;
const MOST_PEOPLE: u64 = 10;

/// The limits of the guards; those that the plan does not name are the usual ones.
pub(crate) fn policy(plan: &Fields<'_>, timeout: Option<Span>) -> Policy {
    let usual = Policy { timeout, ..Policy::default() };
    let Some(fields) = plan.get("failover").and_then(|f| f.fields(POLICY)) else { return usual };
    let count = |name, most| fields.get(name).and_then(|f| f.whole(1..=most)).and_then(|n| u32::try_from(n).ok());
    let span = |name| fields.get(name).and_then(|f| f.span_within(SHORTEST, LONGEST));
    let perhaps_none = |name, usual| fields.get(name).and_then(|f| f.span_within(Span::ZERO, LONGEST)).unwrap_or(usual);
    Policy {
        agree: count("agree", MOST_AGREE).unwrap_or(usual.agree),
        stable_for: perhaps_none("stable_for", usual.stable_for),
        max_lag: fields.get("max_lag").and_then(|f| f.span_within(Span::ZERO, LONGEST)),
        backup_within: span("backup_within"),
        cool_down: perhaps_none("cool_down", usual.cool_down),
        abort_window: perhaps_none("abort_window", usual.abort_window),
        failback_after: perhaps_none("failback_after", usual.failback_after),
        commit_within: span("commit_within"),
        timeout: span("timeout").or(usual.timeout),
        people: count("people", MOST_PEOPLE),
        roles: fields
            .get("roles")
            .map(|f| f.items())
            .unwrap_or_default()
            .iter()
            .filter_map(Field::id::<RoleId>)
            .collect(),
        freezes: fields.get("freezes").map(|f| f.items()).unwrap_or_default().iter().filter_map(freeze).collect(),
        leadership: channels(&fields, "leadership"),
    }
}

fn freeze(field: &Field<'_>) -> Option<Freeze> {
    let fields = field.fields(FREEZE)?;
    let from = fields.need("from", "2026-12-24T00:00:00Z").and_then(|f| f.moment());
    let until_at = fields.need("until", "2026-12-27T00:00:00Z");
    let until = until_at.as_ref().and_then(Field::moment);
    let reason = fields.need("reason", "why nothing is to be changed then").and_then(|f| f.name());
    let (from, until) = (from?, until?);
    if until <= from {
        let field = until_at.as_ref()?;
        return field.wrong(format!("{} is not after from", until.rfc3339()), Some("a later moment".to_owned()));
    }
    Some(Freeze { from, until, reason: reason? })
}
