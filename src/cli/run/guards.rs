//! What guards found, for people and for programs.

use serde_json::{Value, json};

use crate::core::failover::{Finding, Says};
use crate::core::state::State;
use crate::text::{self, Pair};

/// A row for each: sign, name, value with its limit, how it is known.
pub(in crate::cli) fn rows(state: &State, pair: &Pair, findings: &[Finding]) -> Vec<Vec<String>> {
    findings
        .iter()
        .map(|one| {
            let (name, found) = text::guard(pair, one);
            let by = text::guard_overridden(state, one).map_or(String::new(), |by| format!("OVERRIDDEN by {by}: "));
            vec![format!("  {}", sign(one.says)), name, format!("{by}{found}   {}", text::guard_known(one))]
        })
        .collect()
}

/// The same with their data.
pub(in crate::cli) fn as_json(pair: &Pair, findings: &[Finding]) -> Vec<Value> {
    findings
        .iter()
        .map(|one| {
            let (name, found) = text::guard(pair, one);
            json!({
                "guard": one.guard.name(), "says": one.says, "name": name, "found": found, "known": text::guard_known(one),
                "seen": one.seen, "overridden": one.overridden,
                "way_out": (one.says == Says::Refuse).then(|| text::guard_way_out(one)),
            })
        })
        .collect()
}

fn sign(says: Says) -> char {
    match says {
        Says::Pass => 'v',
        Says::Warn => '!',
        Says::Refuse => 'x',
    }
}
