//! What people have taken on in an incident, and what they have to decide (row NX-13).

use serde::{Deserialize, Serialize};

use super::ids::Principal;
use super::time::{Now, Span};

/// Most tasks, and most decisions, of one incident.
pub const MOST: usize = 200;

/// Most options of a decision.
pub const OPTIONS: usize = 9;

/// How long strong objections are waited for where nothing else is said.
pub const OBJECTIONS: Span = Span::from_secs(120);

/// What one person does for an incident.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Task {
    /// What.
    pub text: String,
    /// Who does it.
    pub owner: Principal,
    /// Who gave it.
    pub by: Principal,
    /// When.
    pub at: Now,
    /// How long it may take.
    pub within: Option<Span>,
    /// After how long its owner says how it goes.
    pub report: Option<Span>,
    /// What became of it; nothing while it is open.
    pub end: Option<TaskEnded>,
}

/// What became of a task.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct TaskEnded {
    /// How.
    pub how: TaskEnd,
    /// Who says so.
    pub by: Principal,
    /// When.
    pub at: Now,
}

/// How a task ends.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum TaskEnd {
    /// It is done.
    Done {
        /// What came of it.
        words: Option<String>,
    },
    /// Nobody does it any more.
    Dropped {
        /// Why.
        why: String,
    },
}

impl Task {
    /// By how much its time is over, while it is open.
    #[must_use]
    pub fn late(&self, now: &Now) -> Option<Span> {
        let within = self.within.filter(|_| self.end.is_none())?;
        let gone = now.surely_since(&self.at);
        (gone > within).then(|| gone.minus(within))
    }
}

/// Something that people have to decide.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Decision {
    /// The question.
    pub question: String,
    /// What can be answered, from option 1 on.
    pub options: Vec<String>,
    /// Who asks.
    pub by: Principal,
    /// Since when.
    pub at: Now,
    /// How long strong objections are waited for.
    pub within: Span,
    /// What was said against it, oldest first.
    pub objections: Vec<Objection>,
    /// What was decided; nothing while it is open.
    pub made: Option<Made>,
}

/// A strong objection.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Objection {
    /// Whose.
    pub by: Principal,
    /// When.
    pub at: Now,
    /// The words.
    pub text: String,
}

/// What was decided.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Made {
    /// Which option, from 1.
    pub option: usize,
    /// Why.
    pub why: String,
    /// After how long it is looked at again.
    pub again: Option<Span>,
    /// Who decided.
    pub by: Principal,
    /// When.
    pub at: Now,
}

impl Decision {
    /// How much is left of the time for objections.
    #[must_use]
    pub fn objections_left(&self, now: &Now) -> Span {
        self.within.minus(now.surely_since(&self.at))
    }

    /// Since how long it is to be looked at again, where it is.
    #[must_use]
    pub fn is_due_again(&self, now: &Now) -> Option<Span> {
        let made = self.made.as_ref()?;
        let gone = now.surely_since(&made.at);
        made.again.filter(|again| gone > *again).map(|again| gone.minus(again))
    }
}

/// What became of a task.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum TaskChange {
    /// Somebody has it now.
    Given {
        /// What.
        text: String,
        /// Who does it.
        owner: Principal,
        /// How long it may take.
        within: Option<Span>,
        /// After how long its owner says how it goes.
        report: Option<Span>,
    },
    /// It is over.
    Ended(TaskEnd),
}

/// What became of a decision.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum DecisionChange {
    /// It is asked for.
    Asked {
        /// The question.
        question: String,
        /// What can be answered.
        options: Vec<String>,
        /// How long strong objections are waited for.
        within: Span,
    },
    /// Somebody has a strong objection.
    Objected {
        /// The words.
        text: String,
    },
    /// It is made.
    Made {
        /// Which option, from 1.
        option: usize,
        /// Why.
        why: String,
        /// After how long it is looked at again.
        again: Option<Span>,
    },
}

/// Puts a change into a list of tasks, in which tasks stand by number from 1.
pub(super) fn change_task(tasks: &mut Vec<Task>, number: usize, change: &TaskChange, (by, at): (&Principal, &Now)) {
    match change {
        TaskChange::Given { text, owner, within, report } => tasks.push(Task {
            text: text.clone(),
            owner: owner.clone(),
            by: by.clone(),
            at: at.clone(),
            within: *within,
            report: *report,
            end: None,
        }),
        TaskChange::Ended(how) => {
            if let Some(task) = number.checked_sub(1).and_then(|place| tasks.get_mut(place)) {
                task.end = Some(TaskEnded { how: how.clone(), by: by.clone(), at: at.clone() });
            }
        }
    }
}

/// Puts a change into a list of decisions, in which decisions stand by number from 1.
pub(super) fn change_decision(
    decisions: &mut Vec<Decision>,
    number: usize,
    change: &DecisionChange,
    (by, at): (&Principal, &Now),
) {
    if let DecisionChange::Asked { question, options, within } = change {
        decisions.push(Decision {
            question: question.clone(),
            options: options.clone(),
            by: by.clone(),
            at: at.clone(),
            within: *within,
            objections: Vec::new(),
            made: None,
        });
        return;
    }
    let Some(decision) = number.checked_sub(1).and_then(|place| decisions.get_mut(place)) else { return };
    match change {
        DecisionChange::Asked { .. } => {}
        DecisionChange::Objected { text } => {
            decision.objections.push(Objection { by: by.clone(), at: at.clone(), text: text.clone() });
        }
        DecisionChange::Made { option, why, again } => {
            decision.made =
                Some(Made { option: *option, why: why.clone(), again: *again, by: by.clone(), at: at.clone() });
        }
    }
}
