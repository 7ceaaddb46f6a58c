//! What may be given for a parameter, checked before anything runs.

use serde::{Deserialize, Serialize};

use super::ids::{ComponentId, SiteId};
use super::nearest::nearest;
use super::number::{BadNumber, Number};
use super::secret::{BadSecretRef, SecretRef, Source};
use super::time::{Moment, Span};

/// What a parameter takes.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum ParamKind {
    /// Any text.
    #[default]
    Text,
    /// A decimal number: a sign, digits, a fraction.
    Number,
    /// A length of time with its unit, as in `90s`.
    Duration,
    /// A moment as RFC 3339 writes it.
    Time,
    /// One of these.
    Choice(Vec<String>),
    /// A component of the plan.
    Component,
    /// A site of the plan.
    Site,
    /// Where a secret is kept: in the environment or in a file.
    Secret,
}

/// What a plan has, for parameters that name some of it.
#[derive(Debug, Clone, Copy)]
pub struct Known<'a> {
    /// Its sites.
    pub sites: &'a [SiteId],
    /// Its components.
    pub components: &'a [ComponentId],
}

/// Most names that [`Names`] holds.
pub const MAX_NAMES: usize = 8;

/// What would be right, where it is one of some names: the one that was probably meant, else the first few.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Names {
    /// At most [`MAX_NAMES`].
    pub some: Vec<String>,
    /// How many more there are.
    pub more: usize,
}

/// Why a value is not taken for a parameter, and what would be.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, thiserror::Error)]
#[serde(rename_all = "snake_case")]
pub enum BadValue {
    /// Not a [`ParamKind::Number`].
    #[error("{0:?} is no number; write it like 3, -1 or 0.5")]
    Number(String),
    /// Not a [`ParamKind::Duration`]; says why.
    #[error("{0}")]
    Duration(String),
    /// Not a [`ParamKind::Time`].
    #[error("{0:?} is no moment; write it like 2026-11-21T03:44:55Z")]
    Time(String),
    /// None of a [`ParamKind::Choice`].
    #[error("{value:?} cannot be chosen; {right}")]
    Choice {
        /// What was given.
        value: String,
        /// What can be chosen.
        right: Names,
    },
    /// No component of the plan.
    #[error("{value:?} is no component of the plan; {right}")]
    Component {
        /// What was given.
        value: String,
        /// Those that there are.
        right: Names,
    },
    /// No site of the plan.
    #[error("{value:?} is no site of the plan; {right}")]
    Site {
        /// What was given.
        value: String,
        /// Those that there are.
        right: Names,
    },
    /// No reference to a secret. What was given is not repeated: it could be the secret.
    #[error("say where the secret is kept, never the secret itself; write env:NAME or file:/PATH")]
    Secret,
    /// A reference to a secret with a fault; says which.
    #[error("{0}")]
    SecretRef(String),
    /// A reference to a command. Only plans, which are reviewed, name what the engine runs.
    #[error("a secret that is given at launch cannot come from a command; write env:NAME or file:/PATH")]
    SecretCommand,
}

impl std::fmt::Display for Names {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        match (self.some.as_slice(), self.more) {
            ([], _) => f.write_str("there is none"),
            (some, 0) => write!(f, "write {}", some.join(" or ")),
            (some, more) => write!(f, "write {} or one of {more} more", some.join(", ")),
        }
    }
}

impl Names {
    fn right<'a>(value: &str, all: impl ExactSizeIterator<Item = &'a str> + Clone) -> Names {
        if let Some(meant) = nearest(value, all.clone()) {
            return Names { some: vec![meant.to_owned()], more: 0 };
        }
        let more = all.len().saturating_sub(MAX_NAMES);
        Names { some: all.take(MAX_NAMES).map(str::to_owned).collect(), more }
    }
}

/// Checks a value for a parameter.
///
/// # Errors
/// [`BadValue`] says what is wrong and what would be right.
pub fn check(kind: &ParamKind, value: &str, known: &Known<'_>) -> Result<(), BadValue> {
    let given = || value.to_owned();
    match kind {
        ParamKind::Text => Ok(()),
        ParamKind::Number => number(value).map(drop).map_err(|BadNumber(value)| BadValue::Number(value)),
        ParamKind::Duration => value.parse::<Span>().map(drop).map_err(|bad| BadValue::Duration(bad.to_string())),
        ParamKind::Time => value.parse::<Moment>().map(drop).map_err(|_| BadValue::Time(given())),
        ParamKind::Choice(choices) if choices.iter().any(|choice| choice == value) => Ok(()),
        ParamKind::Choice(choices) => {
            Err(BadValue::Choice { value: given(), right: Names::right(value, choices.iter().map(String::as_str)) })
        }
        ParamKind::Component if known.components.iter().any(|id| id.as_str() == value) => Ok(()),
        ParamKind::Component => {
            let right = Names::right(value, known.components.iter().map(ComponentId::as_str));
            Err(BadValue::Component { value: given(), right })
        }
        ParamKind::Site if known.sites.iter().any(|id| id.as_str() == value) => Ok(()),
        ParamKind::Site => {
            let right = Names::right(value, known.sites.iter().map(SiteId::as_str));
            Err(BadValue::Site { value: given(), right })
        }
        ParamKind::Secret => secret(value),
    }
}

/// Programs that take a number seldom read exponents.
fn number(value: &str) -> Result<Number, BadNumber> {
    if value.contains(['e', 'E']) { Err(BadNumber(value.to_owned())) } else { value.parse() }
}

fn secret(value: &str) -> Result<(), BadValue> {
    match value.parse::<SecretRef>() {
        Ok(reference) if matches!(reference.source(), Source::Command(_)) => Err(BadValue::SecretCommand),
        Ok(_) => Ok(()),
        Err(BadSecretRef::UnknownKind) => Err(BadValue::Secret),
        Err(BadSecretRef::NoProgram) => Err(BadValue::SecretCommand),
        Err(bad) => Err(BadValue::SecretRef(bad.to_string())),
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn tried(kind: &ParamKind, value: &str) -> Result<(), String> {
        let sites = ["east", "west"].map(|id| SiteId::new(id).unwrap());
        let components = ["db", "cache", "orders-api"].map(|id| ComponentId::new(id).unwrap());
        check(kind, value, &Known { sites: &sites, components: &components }).map_err(|bad| bad.to_string())
    }

    #[test]
    fn what_a_parameter_takes_is_taken() {
        let choice = ParamKind::Choice(vec!["fast".into(), "slow one".into()]);
        for (kind, values) in [
            (&ParamKind::Text, &["", "anything", "1"][..]),
            (&ParamKind::Number, &["0", "-3", "+3", "0.50", "123456789012345678901234567890"]),
            (&ParamKind::Duration, &["90s", "2h", "1h30m", "800ms"]),
            (&ParamKind::Time, &["2026-11-21T03:44:55Z", "2026-11-21T03:44:55.5Z", "2026-11-21T03:44:55+01:00"]),
            (&choice, &["fast", "slow one"]),
            (&ParamKind::Component, &["db", "orders-api"]),
            (&ParamKind::Site, &["east", "west"]),
            (&ParamKind::Secret, &["env:DB_PASSWORD", "file:/etc/warroom/db"]),
        ] {
            for value in values {
                assert_eq!(tried(kind, value), Ok(()), "{kind:?} {value:?}");
            }
        }
    }

    #[test]
    fn a_wrong_value_is_refused_with_what_would_be_right() {
        let choice = ParamKind::Choice(vec!["fast".into(), "careful".into()]);
        let many = ParamKind::Choice((100..112).map(|n| n.to_string()).collect());
        let where_kept = "say where the secret is kept, never the secret itself; write env:NAME or file:/PATH";
        let no_command = "a secret that is given at launch cannot come from a command; write env:NAME or file:/PATH";
        for (kind, value, why) in [
            (&ParamKind::Number, "many", "\"many\" is no number; write it like 3, -1 or 0.5"),
            (&ParamKind::Number, "1e5", "\"1e5\" is no number; write it like 3, -1 or 0.5"),
            (&ParamKind::Number, "inf", "\"inf\" is no number; write it like 3, -1 or 0.5"),
            (&ParamKind::Duration, "30", "30 has no unit; write 30s, 30m or 30h"),
            (&ParamKind::Time, "03:44", "\"03:44\" is no moment; write it like 2026-11-21T03:44:55Z"),
            (&choice, "Fast", "\"Fast\" cannot be chosen; write fast"),
            (&choice, "other", "\"other\" cannot be chosen; write fast or careful"),
            (
                &many,
                "other",
                "\"other\" cannot be chosen; write 100, 101, 102, 103, 104, 105, 106, 107 or one of 4 more",
            ),
            (&ParamKind::Choice(vec![]), "x", "\"x\" cannot be chosen; there is none"),
            (&ParamKind::Component, "orders_api", "\"orders_api\" is no component of the plan; write orders-api"),
            (&ParamKind::Site, "north", "\"north\" is no site of the plan; write east or west"),
            (&ParamKind::Secret, "hunter2", where_kept),
            (&ParamKind::Secret, "", where_kept),
            (
                &ParamKind::Secret,
                "file:db",
                "\"db\" is no absolute path; write one, as in file:/etc/warroom/db-password",
            ),
            (&ParamKind::Secret, "command:cat /etc/shadow", no_command),
            (&ParamKind::Secret, "command:", no_command),
        ] {
            assert_eq!(tried(kind, value), Err(why.to_owned()), "{kind:?} {value:?}");
        }
    }

    #[test]
    fn kinds_and_faults_are_stored_by_their_words() {
        for (kind, text) in [
            (ParamKind::default(), "\"text\""),
            (ParamKind::Choice(vec!["a".into()]), "{\"choice\":[\"a\"]}"),
            (ParamKind::Secret, "\"secret\""),
        ] {
            assert_eq!(serde_json::to_string(&kind).unwrap(), text);
            assert_eq!(serde_json::from_str::<ParamKind>(text).unwrap(), kind);
        }
        let bad = BadValue::Site { value: "x".into(), right: Names { some: vec!["east".into()], more: 0 } };
        let text = serde_json::to_string(&bad).unwrap();
        assert_eq!(serde_json::from_str::<BadValue>(&text).unwrap(), bad);
    }

    proptest! {
        #[test]
        fn a_secret_given_by_mistake_is_never_repeated(value in "[a-z0-9]{12,20}") {
            let why = tried(&ParamKind::Secret, &value).unwrap_err();
            prop_assert!(!why.contains(&value));
        }
    }
}
