//! `warroom task` and `warroom decision`

use clap::Subcommand;
use serde_json::json;

use super::out::{Format, Out};
use super::session::Session;
use super::{Globals, Outcome, find};
use crate::core::agenda::TaskEnd;
use crate::core::command::Command;
use crate::core::incident::Incident;
use crate::core::time::Span;
use crate::text;
use crate::wire::Snapshot;

/// What people have taken on
#[derive(Debug, Subcommand)]
pub(super) enum Task {
    /// Gives somebody something to do
    #[command(after_help = "Examples:\n  warroom task give mike \"look at the replica's log\" --within 15m\n  \
                            warroom task give me \"call the carrier\" --report 10m")]
    Give {
        /// A name, uid:NUMBER, or me
        who: String,
        /// What
        text: String,
        /// How long it may take
        #[arg(long, value_name = "DURATION")]
        within: Option<Span>,
        /// After how long they say how it goes
        #[arg(long, value_name = "DURATION")]
        report: Option<Span>,
        /// Call-sign or identifier; may be left out when one is open
        #[arg(long)]
        incident: Option<String>,
    },
    /// Says that a task is done
    #[command(after_help = "Example:\n  warroom task done 2 --note \"nothing in the log\"")]
    Done {
        /// Its number
        number: usize,
        /// What came of it
        #[arg(long)]
        note: Option<String>,
        /// Call-sign or identifier; may be left out when one is open
        #[arg(long)]
        incident: Option<String>,
    },
    /// Says that nobody does a task any more
    #[command(after_help = "Example:\n  warroom task drop 2 --reason \"the log is gone\"")]
    Drop {
        /// Its number
        number: usize,
        /// Why
        #[arg(long)]
        reason: String,
        /// Call-sign or identifier; may be left out when one is open
        #[arg(long)]
        incident: Option<String>,
    },
    /// Lists tasks
    #[command(after_help = "Example:\n  warroom task list")]
    List {
        /// Call-sign or identifier; may be left out when one is open
        #[arg(long)]
        incident: Option<String>,
    },
}

impl Task {
    pub(super) async fn run(self, globals: &Globals, out: &mut Out) -> Outcome {
        let session = Session::open(globals).await?;
        let snapshot = session.snapshot().await?;
        let open = |named: Option<String>| find::open_incident(&snapshot.state, named.as_deref());
        let command = match self {
            Task::List { incident } => return tasks(&snapshot, open(incident)?, out),
            Task::Give { who, text, within, report, incident } => {
                let owner = find::person(&snapshot.state, &session.hello.you, &who)?;
                Command::GiveTask { incident: open(incident)?.id.clone(), text, owner, within, report }
            }
            Task::Done { number, note, incident } => {
                let how = TaskEnd::Done { words: note };
                Command::EndTask { incident: open(incident)?.id.clone(), number, how }
            }
            Task::Drop { number, reason, incident } => {
                let how = TaskEnd::Dropped { why: reason };
                Command::EndTask { incident: open(incident)?.id.clone(), number, how }
            }
        };
        session.command(&snapshot, command, "it was so already", out).await?;
        Ok(())
    }
}

fn tasks(snapshot: &Snapshot, incident: &Incident, out: &mut Out) -> Outcome {
    if out.format == Format::Json {
        let numbered =
            incident.tasks.iter().enumerate().map(|(place, task)| json!({ "number": place + 1, "task": task }));
        return out.json(&numbered.collect::<Vec<_>>());
    }
    if incident.tasks.is_empty() {
        return out.line(format!("{} has no tasks", incident.call_sign));
    }
    let rows = incident.tasks.iter().enumerate().map(|(place, task)| {
        let owner = text::clean_line(&snapshot.state.name(&task.owner)).into_owned();
        vec![
            (place + 1).to_string(),
            owner,
            text::task_stands(task, &snapshot.now),
            text::clean_line(&task.text).into_owned(),
        ]
    });
    out.table(&rows.collect::<Vec<_>>())
}

/// What people have to decide
#[derive(Debug, Subcommand)]
pub(super) enum Decision {
    /// Asks for a decision, and for strong objections
    #[command(
        after_help = "Example:\n  warroom decision ask \"Fail over now?\" --option now --option \"in ten minutes\" --within 3m"
    )]
    Ask {
        /// The question
        question: String,
        /// What can be answered; two to nine of them
        #[arg(long = "option", value_name = "WORDS", required = true)]
        options: Vec<String>,
        /// How long strong objections are waited for [default: 2m]
        #[arg(long, value_name = "DURATION")]
        within: Option<Span>,
        /// Call-sign or identifier; may be left out when one is open
        #[arg(long)]
        incident: Option<String>,
    },
    /// Objects strongly
    #[command(after_help = "Example:\n  warroom decision object 1 \"the replica is ten minutes behind\"")]
    Object {
        /// The number of the decision
        number: usize,
        /// The words
        text: String,
        /// Call-sign or identifier; may be left out when one is open
        #[arg(long)]
        incident: Option<String>,
    },
    /// Makes a decision
    #[command(after_help = "Example:\n  warroom decision make 1 2 --why \"the replica is behind\" --again 10m")]
    Make {
        /// Its number
        number: usize,
        /// The number of the option
        option: usize,
        /// Why
        #[arg(long)]
        why: String,
        /// After how long it is to be looked at again
        #[arg(long, value_name = "DURATION")]
        again: Option<Span>,
        /// Call-sign or identifier; may be left out when one is open
        #[arg(long)]
        incident: Option<String>,
    },
    /// Lists decisions
    #[command(after_help = "Example:\n  warroom decision list")]
    List {
        /// Call-sign or identifier; may be left out when one is open
        #[arg(long)]
        incident: Option<String>,
    },
}

impl Decision {
    pub(super) async fn run(self, globals: &Globals, out: &mut Out) -> Outcome {
        let session = Session::open(globals).await?;
        let snapshot = session.snapshot().await?;
        let open = |named: Option<String>| find::open_incident(&snapshot.state, named.as_deref());
        let command = match self {
            Decision::List { incident } => return decisions(&snapshot, open(incident)?, out),
            Decision::Ask { question, options, within, incident } => {
                Command::AskDecision { incident: open(incident)?.id.clone(), question, options, within }
            }
            Decision::Object { number, text, incident } => {
                Command::Object { incident: open(incident)?.id.clone(), number, text }
            }
            Decision::Make { number, option, why, again, incident } => {
                Command::Decide { incident: open(incident)?.id.clone(), number, option, why, again }
            }
        };
        session.command(&snapshot, command, "it was so already", out).await?;
        Ok(())
    }
}

fn decisions(snapshot: &Snapshot, incident: &Incident, out: &mut Out) -> Outcome {
    if out.format == Format::Json {
        let numbered = incident.decisions.iter().enumerate();
        let numbered = numbered.map(|(place, decision)| json!({ "number": place + 1, "decision": decision }));
        return out.json(&numbered.collect::<Vec<_>>());
    }
    if incident.decisions.is_empty() {
        return out.line(format!("{} has no decisions", incident.call_sign));
    }
    for (place, decision) in incident.decisions.iter().enumerate() {
        let question = text::clean_line(&decision.question);
        out.line(format!("decision {}  {question}  {}", place + 1, text::listed(&decision.options)))?;
        out.line(format!("  {}", text::decision_stands(decision, &snapshot.now)))?;
        for objection in &decision.objections {
            let by = snapshot.state.name(&objection.by);
            out.line(format!("  {} objects: {}", text::clean_line(&by), text::clean_line(&objection.text)))?;
        }
    }
    Ok(())
}
