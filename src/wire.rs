//! What goes over the wire between an engine and its clients, as both ends write it.
//!
//! ```text
//! GET  /v1/hello                                   Hello
//! GET  /v1/snapshot                                Snapshot
//! GET  /v1/stream?from=SEQ                         server-sent events: event (Entry, id = seq), live (Live), now (Now), reset
//! POST /v1/commands                  Posted    ->  200 Accepted, else Trouble with 400, 403, 409 or 503
//! POST /v1/checks                    AskedChecks -> 200 Vec<Check>: what a launch rests on, looked at now
//! POST /v1/heartbeats/PLAN/PROBE     Heartbeat -> 204; nothing but the change that it may bring is journaled
//! POST /v1/channels/NAME/test        -> 200 Attempt: a message that says it is a test, tried once; nothing of it is journaled
//! GET  /v1/timeline?before=SEQ&limit=N&incident=ID Vec<Entry>, newest first
//! GET  /v1/runs/R7/steps/STEP/1/output?from=BYTE&follow=1   raw bytes, until the step ends with `follow`; headers: `x-total`
//!                                       the size so far, `x-from` where the bytes begin: behind a gap in what is kept
//! GET  /v1/samples                                 Live
//! GET  /v1/samples/history?plan=ID&probe=ID,ID     Histories of some probes, at most 64. The stretch: `from` and `to` in RFC 3339,
//!                                       or `span` (as 2h) that ends with `to`; `to` is now where it is not said, `span` 15m.
//!                                       `evidence=without` leaves the last failures out
//! POST /v1/audit/verify                            Audit
//! GET  /v1/audit/export?after=SEQ&bodies=withheld  lines of JSON, some at a time; none when there are no more
//! ```
//!
//! What comes in from outside, over TCP, stands in [`hooks`].

pub mod hooks;

use serde::{Deserialize, Serialize};
use uuid::Uuid;

use crate::core::command::{Command, Options};
use crate::core::health::Readings;
use crate::core::health::history::{LastFailure, Slot};
use crate::core::ids::{IncidentId, PlanId, Principal, ProbeId, ProcedureId, RunId, StepId};
use crate::core::people::{Access, Mode};
use crate::core::plan::Place;
use crate::core::refusal::Refusal;
use crate::core::state::State;
use crate::core::template::Values;
use crate::core::time::{Moment, Now};

/// Who is on the other end, and whom it takes you for.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Hello {
    /// The engine's version.
    pub engine: String,
    /// [`crate::core::state::PROTOCOL`] of the engine; clients fold events only when theirs is equal.
    pub protocol: u32,
    /// The engine's clock and boot.
    pub now: Now,
    /// Which engine of a group leads, counted up with each change; 1 for an engine alone.
    pub epoch: u64,
    /// The newest entry of the journal.
    pub head: u64,
    /// Whom it serves.
    pub mode: Mode,
    /// Its process.
    pub pid: u32,
    /// Whom it takes you for.
    pub you: You,
}

/// Whom the engine takes a client for.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct You {
    /// As the kernel vouches for.
    pub principal: Principal,
    /// The name shown.
    pub name: String,
    /// What the settings gave; nothing for a stranger.
    pub access: Vec<Access>,
}

/// The whole state at one entry of the journal.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Snapshot {
    /// [`crate::core::state::PROTOCOL`] of the engine.
    pub protocol: u32,
    /// The entry that it holds after.
    pub seq: u64,
    /// That entry's hash, in hexadecimal.
    pub hash: String,
    /// The engine's clock.
    pub now: Now,
    /// The state.
    pub state: State,
    /// What was read last; never journaled.
    pub live: Live,
}

/// The newest values of what is never journaled. At most one a second goes to each client.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Live {
    /// The engine's clock.
    pub now: Now,
    /// Probes, customers, replication.
    pub readings: Readings,
    /// Who has a console open.
    pub present: Vec<Principal>,
    /// How much the running command steps have written.
    pub output: Vec<OutputSize>,
    /// Why nothing can be written into the journal, when nothing can.
    pub read_only: Option<String>,
}

/// How much a command step has written.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct OutputSize {
    /// The run.
    pub run: RunId,
    /// The step.
    pub step: StepId,
    /// Which try.
    pub attempt: u32,
    /// Bytes so far.
    pub bytes: u64,
}

/// What is kept of the looks of some probes in a stretch of time.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Histories {
    /// Where the stretch begins.
    pub from: Moment,
    /// The moment behind it.
    pub to: Moment,
    /// Why not all of it may be kept, if so.
    pub trouble: Option<NotKept>,
    /// Each probe that was asked for, from each place that it was looked at from.
    pub probes: Vec<ProbeHistory>,
}

/// What is kept of the looks of one probe.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct ProbeHistory {
    /// The probe.
    pub probe: ProbeId,
    /// From each place that it was looked at from, by the place.
    pub places: Vec<PlaceHistory>,
}

/// What is kept of the looks of one probe from one place.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct PlaceHistory {
    /// The place.
    pub place: Place,
    /// Slots that lie in the stretch, at least in part, oldest first. They are of different lengths: the older, the longer.
    pub slots: Vec<Slot>,
    /// The last look that found it bad, whenever that was.
    #[serde(default)]
    pub failure: Option<LastFailure>,
}

/// Why the history of looks is not kept as it should be. The engine goes on all the same.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum NotKept {
    /// The disk is full.
    Full,
    /// A newer program wrote the file; it is left as it is.
    Newer {
        /// The form that was found.
        found: i64,
    },
    /// The file was damaged, and another was begun.
    BegunAnew {
        /// What was wrong with it.
        why: String,
        /// The name, in the state directory, under which it is kept.
        aside: String,
    },
    /// It cannot be written or read.
    Failing {
        /// Why.
        why: String,
    },
}

/// Whether the last failures are wanted with a history: each may be some KiB.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Evidence {
    /// They are.
    #[default]
    With,
    /// They are not.
    Without,
}

/// What a source reports to a probe of kind `heartbeat`. An empty body says that all is well.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Heartbeat {
    /// What is wrong; nothing when all is well.
    #[serde(default)]
    pub down: Option<String>,
}

/// A launch whose preconditions are to be looked at. Nothing changes.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct AskedChecks {
    /// For which incident.
    pub incident: IncidentId,
    /// Of which plan.
    pub plan: PlanId,
    /// Which procedure.
    pub procedure: ProcedureId,
    /// Values of its parameters.
    #[serde(default)]
    pub values: Values,
    /// How it differs from what the plan says.
    #[serde(default)]
    pub options: Options,
}

/// What a look brought.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Check {
    /// The precondition; none for what the engine looks at by itself: programs, secrets, hosts.
    pub step: Option<StepId>,
    /// What was looked at.
    pub name: String,
    /// How it is.
    pub finding: Finding,
    /// In words.
    pub says: String,
}

/// How something is that was looked at.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Finding {
    /// As it must be.
    Good,
    /// Not as it must be.
    Bad,
}

/// A command as it is posted.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Posted {
    /// Minted by the client; a repeat gets the first answer and acts once.
    pub id: Uuid,
    /// The newest entry that the client had seen; a client that has seen more than the journal holds is refused.
    #[serde(default)]
    pub seen: Option<u64>,
    /// What is asked.
    pub command: Command,
}

/// The command is on disk.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Accepted {
    /// The last entry that it brought.
    pub seq: u64,
    /// The incident that it opened or worked on.
    pub incident: Option<IncidentId>,
    /// The run that it started or worked on.
    pub run: Option<RunId>,
}

/// Why a request did not do what was asked.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, thiserror::Error)]
#[serde(tag = "code", content = "data", rename_all = "snake_case")]
#[error("{self:?}")]
pub enum Trouble {
    /// A rule says no. Nothing has happened.
    Refused(Refusal),
    /// The plan's text has faults. Nothing has happened.
    PlanFaults(Vec<crate::plan::Fault>),
    /// The request cannot be read. Nothing has happened.
    BadRequest {
        /// What is wrong with it.
        why: String,
    },
    /// Nothing can be written now. Nothing has happened.
    ReadOnly {
        /// Why.
        why: String,
    },
    /// The client has seen entries that this journal does not hold.
    OtherJournal {
        /// What it has seen.
        seen: u64,
        /// What the journal holds.
        head: u64,
    },
    /// The disk failed in the middle of it: look before trying again.
    OutcomeUnknown,
    /// What is asked for is not there.
    NotFound {
        /// What was asked for.
        what: String,
    },
    /// The token that the request brought vouches for nobody. Nothing has happened.
    Token(TokenTrouble),
}

/// Why a token vouches for nobody on the engine's socket.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum TokenTrouble {
    /// There is no such token.
    Wrong,
    /// It no longer counts.
    Expired {
        /// Since when.
        at: Moment,
    },
    /// It is somebody's who has an account, and came over another one.
    OtherAccount,
    /// It is not one header `Authorization: Bearer TOKEN`.
    Unreadable,
}

/// What a look through the whole journal found.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Audit {
    /// Every entry carries the hash of the one before.
    Whole {
        /// How many entries.
        entries: u64,
        /// The newest entry's hash, in hexadecimal.
        head: String,
    },
    /// The first entry that does not.
    Broken {
        /// Its place.
        seq: u64,
        /// What is wrong with it.
        what: String,
    },
}
