//! Names of things: identifiers that cannot be mixed up, and the rule for the text that they may hold.

use std::borrow::Borrow;
use std::fmt;

use serde::{Deserialize, Serialize};

/// Why a text cannot be an identifier.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum BadId {
    /// Nothing in it.
    #[error("it is empty")]
    Empty,
    /// Longer than [`MAX_ID`].
    #[error("it has {0} characters; at most {MAX_ID} are allowed")]
    TooLong(usize),
    /// A character outside letters, digits, `-`, `_` and `.`, or one of those last at the start.
    #[error("{0:?} cannot stand in it; letters, digits, '-', '_' and '.' can, the first a letter or digit")]
    BadCharacter(char),
}

/// Longest identifier, in characters.
pub const MAX_ID: usize = 64;

/// Checks the rule for identifiers that people choose: 1 to 64 of `A-Z a-z 0-9 - _ .`, the first a letter or digit.
///
/// The rule keeps identifiers safe as path segments, URL segments and words on a terminal.
///
/// # Errors
/// [`BadId`] says what is wrong.
pub fn check_id(text: &str) -> Result<(), BadId> {
    if text.is_empty() {
        return Err(BadId::Empty);
    }
    let length = text.chars().count();
    if length > MAX_ID {
        return Err(BadId::TooLong(length));
    }
    let allowed = |c: char| c.is_ascii_alphanumeric() || matches!(c, '-' | '_' | '.');
    if let Some(bad) = text.chars().find(|c| !allowed(*c)) {
        return Err(BadId::BadCharacter(bad));
    }
    match text.chars().next() {
        Some(first) if !first.is_ascii_alphanumeric() => Err(BadId::BadCharacter(first)),
        _ => Ok(()),
    }
}

macro_rules! ids {
    ($($(#[$doc:meta])* $name:ident;)*) => {$(
        $(#[$doc])*
        #[derive(Clone, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
        #[serde(try_from = "String", into = "String")]
        pub struct $name(Box<str>);

        impl $name {
            /// Takes a text as this kind of identifier.
            ///
            /// # Errors
            /// [`BadId`] when [`check_id`] refuses it.
            pub fn new(text: impl AsRef<str>) -> Result<Self, BadId> {
                check_id(text.as_ref())?;
                Ok(Self(text.as_ref().into()))
            }

            /// The identifier as text.
            #[must_use]
            pub fn as_str(&self) -> &str {
                &self.0
            }
        }

        impl fmt::Display for $name {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.pad(&self.0)
            }
        }
        impl fmt::Debug for $name {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                write!(f, concat!(stringify!($name), "({})"), self.0)
            }
        }
        impl Borrow<str> for $name {
            fn borrow(&self) -> &str {
                &self.0
            }
        }
        impl TryFrom<String> for $name {
            type Error = BadId;
            fn try_from(text: String) -> Result<Self, BadId> {
                Self::new(text)
            }
        }
        impl From<$name> for String {
            fn from(id: $name) -> String {
                id.0.into()
            }
        }
        impl std::str::FromStr for $name {
            type Err = BadId;
            fn from_str(text: &str) -> Result<Self, BadId> {
                Self::new(text)
            }
        }
    )*};
}

ids! {
    /// A plan, for good: `shop`.
    PlanId;
    /// A site of a plan: `east`.
    SiteId;
    /// A component of a plan: `db`.
    ComponentId;
    /// A category of data of a plan: `orders`.
    CategoryId;
    /// A procedure of a plan: `failover-west`.
    ProcedureId;
    /// A scenario of a plan: `data-centre-lost`.
    ScenarioId;
    /// A step of a procedure: `promote`.
    StepId;
    /// A probe of a plan: `db.east`. Unique within its plan.
    ProbeId;
    /// A role in a recovery: `incident_commander`.
    RoleId;
    /// A notification channel of the engine's settings: `inbox`.
    ChannelId;
    /// A token of the engine's settings, by its name: `alertmanager`.
    TokenId;
    /// Somebody of the engine's settings who has no account, by a short name: `robot`.
    PersonId;
    /// An incident: `DR-20261121-031455`, a second one in that second `DR-20261121-031455-2`.
    IncidentId;
    /// A boot of the engine's machine, as the kernel names it.
    BootId;
}

impl BootId {
    /// Whatever boot there was at a moment before the one that a clock counts from. Each moment has its own, so that only
    /// wall clocks can be compared with it.
    #[must_use]
    pub fn earlier(moment: super::time::Moment) -> BootId {
        BootId(format!("before-{}", moment.compact()).into())
    }
}

impl IncidentId {
    /// The `n`th incident that begins in that second, counted from 1.
    #[must_use]
    pub fn at(moment: super::time::Moment, n: usize) -> IncidentId {
        let stem = moment.compact();
        IncidentId(if n < 2 { format!("DR-{stem}") } else { format!("DR-{stem}-{n}") }.into())
    }
}

/// A run: `R7`, counted through the life of a journal.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(into = "String", try_from = "String")]
pub struct RunId(pub u64);

/// A text that names no run.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("{0:?} is no run; runs read R1, R2 and so on")]
pub struct BadRunId(String);

impl fmt::Display for RunId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(&format!("R{}", self.0))
    }
}

impl std::str::FromStr for RunId {
    type Err = BadRunId;
    fn from_str(text: &str) -> Result<Self, BadRunId> {
        let digits = text.strip_prefix(['R', 'r']).unwrap_or(text);
        digits.parse().map(RunId).map_err(|_| BadRunId(text.into()))
    }
}

impl From<RunId> for String {
    fn from(run: RunId) -> String {
        run.to_string()
    }
}

impl TryFrom<String> for RunId {
    type Error = BadRunId;
    fn try_from(text: String) -> Result<Self, BadRunId> {
        text.parse()
    }
}

/// Who acts: `uid:1000` or `person:robot` on the socket, `token:alertmanager` on a hook, `engine` for what the engine itself saw
/// or did.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(into = "String", try_from = "String")]
pub enum Principal {
    /// The engine: probes, steps, time.
    Engine,
    /// A local account, vouched for by the kernel.
    Uid(u32),
    /// Whoever holds a token of the engine's settings.
    Token(TokenId),
    /// Somebody whom only a token of their own vouches for. Whoever has an account is that account, with a token or without.
    Person(PersonId),
}

/// A text that names no principal.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("{0:?} is no principal; it reads uid:NUMBER or person:NAME, as in uid:1000")]
pub struct BadPrincipal(String);

impl fmt::Display for Principal {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Principal::Engine => f.pad("engine"),
            Principal::Uid(uid) => f.pad(&format!("uid:{uid}")),
            Principal::Token(token) => f.pad(&format!("token:{token}")),
            Principal::Person(person) => f.pad(&format!("person:{person}")),
        }
    }
}

impl std::str::FromStr for Principal {
    type Err = BadPrincipal;
    fn from_str(text: &str) -> Result<Self, BadPrincipal> {
        if text == "engine" {
            return Ok(Principal::Engine);
        }
        if let Some(token) = text.strip_prefix("token:").and_then(|name| TokenId::new(name).ok()) {
            return Ok(Principal::Token(token));
        }
        if let Some(person) = text.strip_prefix("person:").and_then(|name| PersonId::new(name).ok()) {
            return Ok(Principal::Person(person));
        }
        text.strip_prefix("uid:")
            .and_then(|n| n.parse().ok())
            .map(Principal::Uid)
            .ok_or_else(|| BadPrincipal(text.into()))
    }
}

impl From<Principal> for String {
    fn from(principal: Principal) -> String {
        principal.to_string()
    }
}

impl TryFrom<String> for Principal {
    type Error = BadPrincipal;
    fn try_from(text: String) -> Result<Self, BadPrincipal> {
        text.parse()
    }
}

/// A word that can be spoken over a bad line, one for each open incident: `KESTREL`.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
pub struct CallSign(Box<str>);

/// Birds, short and unlike one another when spoken.
const BIRDS: [&str; 32] = [
    "KESTREL", "HERON", "OSPREY", "PLOVER", "RAVEN", "SWIFT", "MERLIN", "CURLEW", "DUNLIN", "EGRET", "FALCON",
    "GANNET", "HARRIER", "IBIS", "JACKDAW", "KINGLET", "LAPWING", "MAGPIE", "NIGHTJAR", "ORIOLE", "PUFFIN", "QUAIL",
    "ROBIN", "SHRIKE", "TERN", "BUZZARD", "VULTURE", "WAXWING", "CONDOR", "PELICAN", "STORK", "TOUCAN",
];

impl CallSign {
    /// The call-sign of the `n`th incident that `taken` does not use; past all birds, a bird with a number.
    #[must_use]
    pub fn pick(n: u64, taken: &[&CallSign]) -> CallSign {
        let birds = BIRDS.len() as u64;
        (n..)
            .map(|i| {
                let index = usize::try_from(i % birds).unwrap_or_default();
                let bird = BIRDS.get(index).copied().unwrap_or("KESTREL");
                match (i - n) / birds {
                    0 => CallSign(bird.into()),
                    lap => CallSign(format!("{bird}{}", lap + 1).into()),
                }
            })
            .find(|sign| !taken.contains(&sign))
            .unwrap_or_else(|| CallSign("KESTREL".into()))
    }

    /// The word.
    #[must_use]
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl fmt::Display for CallSign {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(&self.0)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_identifier_is_safe_as_a_path_a_url_and_a_word() {
        for good in ["db", "comp_123456789", "DR-20261121-031455-2", "a.b", "7"] {
            assert_eq!(check_id(good), Ok(()), "{good}");
        }
        for (bad, why) in [
            ("", BadId::Empty),
            ("-x", BadId::BadCharacter('-')),
            ("..", BadId::BadCharacter('.')),
            ("a/b", BadId::BadCharacter('/')),
            ("a b", BadId::BadCharacter(' ')),
            ("a\u{1b}[31m", BadId::BadCharacter('\u{1b}')),
            ("a\u{202e}b", BadId::BadCharacter('\u{202e}')),
        ] {
            assert_eq!(check_id(bad), Err(why), "{bad:?}");
        }
        assert_eq!(check_id(&"a".repeat(65)), Err(BadId::TooLong(65)));
    }

    #[test]
    fn a_call_sign_in_use_is_not_given_twice() {
        let mut taken: Vec<CallSign> = Vec::new();
        for n in 0..80 {
            let refs: Vec<&CallSign> = taken.iter().collect();
            let next = CallSign::pick(n % 5, &refs);
            assert!(!taken.contains(&next), "{next}");
            taken.push(next);
        }
    }

    #[test]
    fn a_principal_reads_as_it_is_written() {
        let token = Principal::Token(TokenId::new("a.b").unwrap());
        let person = Principal::Person(PersonId::new("robot").unwrap());
        for p in [Principal::Engine, Principal::Uid(0), Principal::Uid(1000), token, person] {
            assert_eq!(p.to_string().parse(), Ok(p));
        }
        assert!("root".parse::<Principal>().is_err());
        assert!("token:a/b".parse::<Principal>().is_err());
        assert!("person:".parse::<Principal>().is_err());
        assert!("uid:-1".parse::<Principal>().is_err());
    }
}
