//! What can go wrong between a client and its engine.

use crate::core::people::Mode;
use crate::core::state::PROTOCOL;
use crate::text;
use crate::wire::Trouble;

use super::Address;

/// Why a request brought nothing. Each displays as a sentence for people that says what would be right.
#[derive(Debug, thiserror::Error)]
pub enum ClientError {
    /// The engine answered, and it is no.
    #[error("{}", text::trouble(.0))]
    Trouble(Trouble),
    /// The engine answered with a code that this program does not know: it is newer.
    #[error("{} ({})", text::clean_line(.sentence), text::clean_line(.code))]
    NewTrouble {
        /// The code.
        code: String,
        /// The engine's own words.
        sentence: String,
    },
    /// Nobody answers. Nothing was sent.
    #[error("{}", unreachable(.at, .why))]
    Unreachable {
        /// Where.
        at: Address,
        /// Why.
        why: NoEngine,
    },
    /// The engine answered before and does not any more. A command may have been carried out.
    #[error("the connection to the engine was lost: {0}")]
    Lost(String),
    /// A command went out several times and no answer came back. It may have been carried out.
    #[error("no answer came back: the command may have been carried out or not; look before you try again ({0})")]
    AnswerLost(String),
    /// The engine's events mean something else here.
    #[error("{}", protocol(*.theirs))]
    Protocol {
        /// The engine's [`PROTOCOL`].
        theirs: u32,
    },
    /// The answer cannot be read.
    #[error("the engine's answer cannot be read: {0}")]
    Broken(String),
}

/// Why nobody answers.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum NoEngine {
    /// There is no socket.
    NoSocket,
    /// The socket is a left-over: nobody listens.
    Refused,
    /// This account may not use the socket.
    NotAllowed,
    /// Somebody listens and does not answer in time.
    Silent,
    /// Something else.
    Other(String),
}

impl ClientError {
    /// Whether no engine runs there, so that one may be started.
    #[must_use]
    pub fn is_absent(&self) -> bool {
        matches!(self, ClientError::Unreachable { why: NoEngine::NoSocket | NoEngine::Refused, .. })
    }
}

impl ClientError {
    /// Why it did not go, in the few words that a line of the console has room for; the sentence has the rest.
    #[must_use]
    pub fn briefly(&self) -> String {
        match self {
            ClientError::Unreachable { why: NoEngine::NoSocket, .. } => "there is no socket".into(),
            ClientError::Unreachable { why: NoEngine::Refused, .. } => "nobody listens".into(),
            ClientError::Unreachable { why: NoEngine::NotAllowed, .. } => "not for this account".into(),
            ClientError::Unreachable { why: NoEngine::Silent, .. } => "no answer in time".into(),
            ClientError::Unreachable { why: NoEngine::Other(why), .. } => text::clean_line(why).into_owned(),
            other => other.to_string(),
        }
    }
}

fn unreachable(at: &Address, why: &NoEngine) -> String {
    let shared = matches!(at, Address::Socket { mode: Mode::Shared, .. });
    let at = text::clean_line(&at.to_string()).into_owned();
    let start = if shared { "`systemctl start warroom` starts it" } else { "`warroom engine start` starts one" };
    match why {
        NoEngine::NoSocket => format!("no engine answers at {at}: there is no socket; {start}"),
        NoEngine::Refused => format!("no engine answers at {at}: nobody listens; {start}"),
        NoEngine::NotAllowed if shared => {
            format!("this account may not use the engine at {at}; its admin can add it to the group warroom")
        }
        NoEngine::NotAllowed => format!("this account may not use the engine at {at}: it belongs to somebody else"),
        NoEngine::Silent => {
            format!("the engine at {at} does not answer in time; `warroom engine status` tells its process")
        }
        NoEngine::Other(why) => format!("no engine answers at {at}: {}", text::clean_line(why)),
    }
}

fn protocol(theirs: u32) -> String {
    let older = if theirs < PROTOCOL { "restart the engine with this version" } else { "update this program" };
    format!("the engine speaks protocol {theirs} and this program {PROTOCOL}; {older}")
}
