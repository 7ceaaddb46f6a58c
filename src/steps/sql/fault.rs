//! What can go wrong between a statement and its answer, and what is known of it then.

use crate::core::mask::Masker;
use crate::core::observe::StepEnd;
use crate::core::run::Failure;
use crate::core::time::Span;
use crate::outbound::io_reason;

/// Whether what a statement did was undone.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Undone {
    /// It was.
    Yes,
    /// It did nothing, or that stays.
    No,
}

/// Why there is no good answer.
#[derive(Debug)]
pub(super) enum Fault {
    /// It could not be asked at all.
    NotAsked(String),
    /// The limit passed, and the query was called off.
    TimedOut,
    /// The database does not answer, or lets nobody in.
    NoAnswer(String),
    /// The database refuses the statement.
    Refused(String),
    /// More came than is read.
    TooMuch(String),
    /// The database does this statement outside of transactions only.
    NeedsNoTransaction(String),
    /// An answer came, and is not what the plan expects.
    Judged {
        /// What is wrong with it.
        failure: Failure,
        /// What became of what was done.
        undone: Undone,
    },
    /// It may have been done, or not.
    InDoubt(String),
}

impl Fault {
    /// The same, met where the statement may already have taken effect: no answer is then no proof of anything.
    pub(super) fn in_doubt(self) -> Fault {
        match self {
            Fault::TimedOut => Fault::InDoubt("the time-out passed".into()),
            Fault::NoAnswer(why) => Fault::InDoubt(why),
            known => known,
        }
    }

    /// How the step ended.
    pub(super) fn end(self, limit: Span, masker: &Masker) -> StepEnd {
        let text = |text: &str| masker.mask_text(text);
        match self {
            Fault::NotAsked(why) => StepEnd::Bad(Failure::NotStarted { why: text(&why) }),
            Fault::TimedOut => StepEnd::Bad(Failure::TimedOut { after: limit }),
            Fault::NoAnswer(why) => StepEnd::Bad(Failure::NoAnswer { why: text(&why) }),
            Fault::Refused(why) | Fault::TooMuch(why) | Fault::NeedsNoTransaction(why) => {
                StepEnd::Bad(Failure::WrongAnswer { why: text(&why) })
            }
            Fault::Judged { failure: Failure::WrongAnswer { why }, undone: Undone::Yes } => {
                StepEnd::Bad(Failure::WrongAnswer { why: text(&format!("{why}; rolled back")) })
            }
            Fault::Judged { failure, .. } => StepEnd::Bad(failure),
            Fault::InDoubt(why) => {
                StepEnd::Lost(text(&format!("{why}, just as it was to take effect: whether it did is not known")))
            }
        }
    }

    /// From an error of the driver. Addresses, which hold passwords, stand in none of the parts that are taken.
    pub(super) fn of(error: &sqlx::Error) -> Fault {
        match error {
            sqlx::Error::Database(said) => Fault::Refused(match said.code() {
                Some(code) => format!("{} ({code})", said.message()),
                None => said.message().to_owned(),
            }),
            sqlx::Error::Io(why) => Fault::NoAnswer(io_reason(why)),
            sqlx::Error::Tls(why) => Fault::NoAnswer(format!("no secure connection: {why}")),
            sqlx::Error::Protocol(why) => Fault::NoAnswer(format!("its answer is not understood: {why}")),
            sqlx::Error::WorkerCrashed => Fault::NoAnswer("its thread is gone".into()),
            sqlx::Error::Configuration(_) => Fault::NotAsked("the address of the database is not understood".into()),
            other => Fault::Refused(other.to_string()),
        }
    }

    /// The same for a connection that is being made: refused there, nothing was asked yet.
    pub(super) fn of_opening(error: &sqlx::Error) -> Fault {
        match Fault::of(error) {
            Fault::Refused(why) => Fault::NoAnswer(why),
            other => other,
        }
    }
}
