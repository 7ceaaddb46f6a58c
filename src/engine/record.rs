//! Between entries, as core speaks of them, and rows, as the journal keeps them.

use uuid::Uuid;

use crate::core::event::Event;
use crate::core::ids::{BootId, IncidentId};
use crate::core::state::{Entry, State};
use crate::core::time::{Moment, Now, Span};
use crate::store::{Draft, Row};

/// The stream of entries that belong to no incident.
const NO_INCIDENT: &str = "engine";

/// A row of the journal that this program cannot read.
#[derive(Debug, thiserror::Error)]
#[error("entry {seq} ({kind}) cannot be read: {why}; a newer version may have written it")]
pub struct Unreadable {
    /// Its place.
    pub seq: u64,
    /// Its kind.
    pub kind: String,
    /// Why.
    pub why: String,
}

/// The row that an entry becomes. `state` is the one after it, and says which incident a run belongs to.
///
/// # Errors
/// The event cannot be written as JSON.
pub(super) fn draft(entry: &Entry, state: &State, command: Option<Uuid>) -> Result<Draft, serde_json::Error> {
    let body = serde_json::to_string(&entry.event)?;
    let of_run = || entry.event.run().and_then(|run| state.runs.get(&run)).map(|run| run.incident.to_string());
    let stream = entry.event.incident().map(ToString::to_string).or_else(of_run);
    Ok(Draft {
        id: Uuid::now_v7(),
        at: entry.at.utc.micros(),
        boot_id: entry.at.boot.to_string(),
        boot_ns: i64::try_from(entry.at.uptime.micros().saturating_mul(1_000)).unwrap_or(i64::MAX),
        epoch: 1,
        principal: entry.by.to_string(),
        command_id: command,
        stream: stream.unwrap_or_else(|| NO_INCIDENT.into()),
        kind: kind(&body),
        body,
    })
}

/// The kind stands first in the body, as serde writes a tag.
fn kind(body: &str) -> String {
    body.strip_prefix("{\"kind\":\"").and_then(|rest| rest.split('"').next()).unwrap_or_default().to_owned()
}

/// The incident that a row belongs to, itself or by its run.
pub(super) fn incident(row: &Row) -> Option<IncidentId> {
    if row.stream == NO_INCIDENT { None } else { IncidentId::new(&row.stream).ok() }
}

/// The entry that a row holds.
///
/// # Errors
/// It holds something that this program does not know.
pub fn entry(row: &Row) -> Result<Entry, Unreadable> {
    let unreadable = |why: String| Unreadable { seq: row.seq, kind: row.kind.clone(), why };
    let event: Event = serde_json::from_str(&row.body).map_err(|e| unreadable(e.to_string()))?;
    let at = Now {
        utc: Moment::from_micros(row.at),
        boot: BootId::new(&row.boot_id).map_err(|e| unreadable(format!("boot id: {e}")))?,
        uptime: Span::from_micros(u64::try_from(row.boot_ns / 1_000).unwrap_or(0)),
    };
    let by = row.principal.parse().map_err(|e| unreadable(format!("principal: {e}")))?;
    Ok(Entry { seq: row.seq, at, by, event })
}
