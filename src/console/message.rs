//! What reaches the console, and what it wants done: values, so that all of it can be driven by a test.

use super::histories::AskedHistory;
use crate::core::command::Command;
use crate::core::ids::{ComponentId, PlanId, RunId, StepId};
use crate::core::state::Entry;
use crate::core::time::Now;
use crate::wire::{Accepted, AskedChecks, Check, Hello, Histories, Live, Snapshot, Trouble};

/// A command's number within this console; a repeat has the same one and acts at most once.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub(crate) struct Ticket(pub u64);

/// What the link says.
#[derive(Debug, Clone)]
pub(crate) enum Message {
    /// The engine answers, and this is all that it knows.
    Connected {
        /// Who it is, and whom it takes the caller for.
        hello: Hello,
        /// Everything.
        snapshot: Box<Snapshot>,
    },
    /// The engine answers, and its events mean something else here.
    Stranger {
        /// Who it is.
        hello: Hello,
    },
    /// Something happened.
    Event(Box<Entry>),
    /// The newest values.
    Live(Box<Live>),
    /// The engine's clock.
    Clock(Now),
    /// The engine is gone, or was never there.
    Lost {
        /// Why, in a few words.
        why: String,
    },
    /// A command's answer.
    Answered {
        /// Which command.
        ticket: Ticket,
        /// What became of it.
        answer: Answer,
    },
    /// A piece of a step's output.
    Output {
        /// Of which try.
        of: OutputId,
        /// From where on it was asked for.
        asked: u64,
        /// Where it begins: there, or behind what is not kept.
        from: u64,
        /// The bytes.
        bytes: Vec<u8>,
        /// How much there is in all.
        total: u64,
    },
    /// A step's output did not come.
    NoOutput,
    /// Older rows of the timeline, newest first.
    Page {
        /// Rows before this one.
        before: u64,
        /// The rows, none when there are no older ones; or why they did not come.
        entries: Result<Vec<Entry>, String>,
    },
    /// The last looks that were asked for; nothing when they did not come.
    Looks(Option<Box<Live>>),
    /// What a launch rests on, as it was just now; or why nobody can say.
    Checks {
        /// Of which launch.
        of: Box<AskedChecks>,
        /// What was found.
        found: Result<Vec<Check>, String>,
    },
    /// The past of some probes; or why it did not come.
    History {
        /// What was asked for.
        of: Box<AskedHistory>,
        /// What came.
        found: Result<Histories, String>,
    },
    /// What the practice range says.
    Range(Result<serde_json::Value, String>),
    /// What a teller says; nothing where it has no words.
    Hint(String),
}

/// What became of a command.
#[derive(Debug, Clone, PartialEq)]
pub(crate) enum Answer {
    /// It is on disk.
    Yes(Accepted),
    /// Nothing has happened.
    No(Trouble),
    /// Nobody can say: no answer came.
    Unsure(String),
    /// It was not sent.
    NotSent(String),
}

/// One try of one step.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) struct OutputId {
    /// The run.
    pub(crate) run: RunId,
    /// The step.
    pub(crate) step: StepId,
    /// Which try, from 1.
    pub(crate) attempt: u32,
}

/// What the console wants done.
#[derive(Debug, Clone, PartialEq)]
pub(crate) enum Effect {
    /// Post a command.
    Send {
        /// Its number.
        ticket: Ticket,
        /// The newest entry that had been seen.
        seen: u64,
        /// What is asked.
        command: Box<Command>,
    },
    /// Fetch what a step wrote.
    Output {
        /// Of which try.
        of: OutputId,
        /// From which byte on.
        from: u64,
    },
    /// Fetch older rows of the timeline.
    Page {
        /// Rows before this one.
        before: u64,
    },
    /// Fetch the last looks at some components of a plan.
    Looks {
        /// The plan.
        plan: PlanId,
        /// Its components; all of them when none is named.
        components: Vec<ComponentId>,
    },
    /// Fetch the past of some probes.
    History(Box<AskedHistory>),
    /// Have what a launch rests on looked at.
    Check(Box<AskedChecks>),
    /// Ask the practice range how it is.
    LookAtRange,
    /// Put a fault on the practice range, or take one off.
    Fault {
        /// The path below the control address, as in `sites/east/db`.
        path: String,
        /// The fault; none takes it off.
        fault: Option<String>,
    },
    /// Stop like any other program at Ctrl-Z.
    Suspend,
    /// Leave.
    Quit,
}
