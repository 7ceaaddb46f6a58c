//! `warroom status --assess`: the initial assessment (TR-4), written to the incident where one is open.

use serde_json::json;

use super::out::{Format, Out};
use super::session::Session;
use super::{Failure, Outcome, find};
use crate::core::command::Command;
use crate::core::impact::{self, Assessed, Assessment};
use crate::core::state::State;
use crate::text;
use crate::wire::Snapshot;

/// Assesses, writes it to the incident that is named or open, and prints it.
pub(super) async fn run(session: &Session, before: &Snapshot, named: Option<&str>, out: &mut Out) -> Outcome {
    if named.is_none() && before.state.open_incidents().next().is_none() {
        return only_look(before, out);
    }
    let incident = find::open_incident(&before.state, named)?.id.clone();
    session.post(before.seq, Command::Assess { incident: incident.clone() }).await?;
    let after = session.snapshot().await?;
    let known = after.state.incidents.get(&incident).and_then(|known| Some((known, known.assessed.as_ref()?)));
    let (known, assessed) = known.ok_or_else(|| Failure::failed("the incident ended meanwhile"))?;
    if out.format == Format::Json {
        return out.json(&json!({ "written": true, "incident": known.id, "call_sign": known.call_sign,
                                 "plan": known.plan, "at": assessed.at.utc, "assessment": assessed.assessment }));
    }
    out.line(format!("{}  {}  written to the incident", known.call_sign, known.severity))?;
    print(&after.state, assessed, out)
}

/// No incident is open: what is seen of every plan, and that it was not written down.
fn only_look(snapshot: &Snapshot, out: &mut Out) -> Outcome {
    const WHY: &str = "nothing was written: no incident is open; `warroom incident declare --plan PLAN` opens one";
    let (state, live) = (&snapshot.state, &snapshot.live);
    let plans = state.plans.values().map(|loaded| {
        let found = impact::assess(state, loaded, None, &live.readings, &snapshot.now);
        (loaded, found)
    });
    if out.format == Format::Json {
        let found: Vec<_> =
            plans.map(|(loaded, found)| json!({ "plan": loaded.plan.id, "assessment": found })).collect();
        return out.json(&json!({ "written": false, "why": WHY, "at": snapshot.now.utc, "plans": found }));
    }
    for (loaded, found) in plans {
        out.line(format!("{}  {}", loaded.plan.environment, text::clean_line(&loaded.plan.name)))?;
        lines(&found, out)?;
    }
    if state.plans.is_empty() {
        out.line("no plan is loaded; `warroom plan load FILE` loads one")?;
    }
    out.line(WHY)
}

/// An assessment as it was written down.
pub(super) fn print(state: &State, assessed: &Assessed, out: &mut Out) -> Outcome {
    let by = state.name(&assessed.by);
    out.line(format!("assessed {} by {}", assessed.at.utc.dated(), text::clean_line(&by)))?;
    lines(&assessed.assessment, out)
}

fn lines(found: &Assessment, out: &mut Out) -> Outcome {
    let row = |said: text::Said| {
        let state = match (said.depth, said.verdict) {
            (1, Some(verdict)) if said.label != text::verdict(verdict) => format!("{} ", text::verdict(verdict)),
            _ => String::new(),
        };
        vec![format!("{}{}", "  ".repeat(said.depth + 1), said.label), format!("{state}{}", said.words)]
    };
    let rows: Vec<_> = text::assessment(found).into_iter().map(row).collect();
    out.table(&rows)
}
