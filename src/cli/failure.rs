//! How a verb ends when it does not do what was asked, and what the shell and the reader are told.

use std::io::{self, Write};
use std::process::ExitCode;

use serde_json::json;

use super::out::Format;
use crate::client::ClientError;
use crate::client::locate::LocateError;
use crate::client::start::StartError;
use crate::text;

/// Why a verb did not do what was asked.
#[derive(Debug)]
pub(super) enum Failure {
    /// It was refused, or failed.
    Failed {
        /// For people.
        sentence: String,
        /// For programs: the engine's trouble as it came over the wire.
        trouble: Option<serde_json::Value>,
    },
    /// It was asked for in a way that means nothing.
    Usage(String),
    /// Whoever read along went away; nothing is wrong.
    Closed,
}

impl Failure {
    pub(super) fn failed(sentence: impl Into<String>) -> Failure {
        Failure::Failed { sentence: sentence.into(), trouble: None }
    }

    /// What is wrong, for people; nothing where nothing is.
    pub(super) fn sentence(&self) -> &str {
        match self {
            Failure::Failed { sentence, .. } | Failure::Usage(sentence) => sentence,
            Failure::Closed => "",
        }
    }

    /// What is wrong, for programs.
    pub(super) fn trouble(&self) -> Option<&serde_json::Value> {
        match self {
            Failure::Failed { trouble, .. } => trouble.as_ref(),
            Failure::Usage(_) | Failure::Closed => None,
        }
    }

    pub(super) fn from_write(error: io::Error) -> Failure {
        match error.kind() {
            io::ErrorKind::BrokenPipe => Failure::Closed,
            _ => Failure::failed(format!("cannot print: {error}")),
        }
    }

    /// Tells what is wrong on standard error, and gives the exit status: 1 refused or failed, 2 wrong usage.
    pub(super) fn tell(&self, format: Format) -> ExitCode {
        let (sentence, trouble, status) = match self {
            Failure::Closed => return ExitCode::SUCCESS,
            Failure::Failed { sentence, trouble } => (sentence, trouble.clone(), 1),
            Failure::Usage(sentence) => (sentence, None, 2),
        };
        let line = match format {
            Format::Text => format!("warroom: {}\n", text::ascii(sentence)),
            Format::Json => {
                let mut told = trouble.unwrap_or_else(|| json!({}));
                told["sentence"] = sentence.as_str().into();
                format!("{told}\n")
            }
        };
        // When nobody can be told, the exit status still says it.
        let _ = io::stderr().lock().write_all(line.as_bytes());
        ExitCode::from(status)
    }
}

impl From<ClientError> for Failure {
    fn from(error: ClientError) -> Failure {
        let trouble = match &error {
            ClientError::Trouble(trouble) => serde_json::to_value(trouble).ok(),
            ClientError::NewTrouble { code, .. } => Some(json!({ "code": code })),
            _ => None,
        };
        Failure::Failed { sentence: error.to_string(), trouble }
    }
}

impl From<StartError> for Failure {
    fn from(error: StartError) -> Failure {
        match error {
            StartError::Client(error) => error.into(),
            other => Failure::failed(other.to_string()),
        }
    }
}

impl From<LocateError> for Failure {
    fn from(error: LocateError) -> Failure {
        Failure::Usage(error.to_string())
    }
}
