//! Where a secret is kept: a reference that can be shown, stored and sent, unlike what it leads to.

use std::fmt;
use std::str::FromStr;

use serde::{Deserialize, Serialize};

/// Longest reference, in bytes.
pub const MAX_REFERENCE: usize = 4096;

/// A reference to a secret: `env:NAME`, `file:PATH` or `command:PROGRAM ARGUMENTS`.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(try_from = "String", into = "String")]
pub struct SecretRef(Source);

/// What a reference to a secret leads to.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Source {
    /// A variable of the engine's environment: letters, digits and `_`, the first no digit.
    Env(String),
    /// An absolute path.
    File(String),
    /// A program and its arguments, never empty. No shell reads them: blanks separate, and nothing quotes.
    Command(Vec<String>),
}

/// Why a text is no reference to a secret. Never with the text itself where that could be the secret.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum BadSecretRef {
    /// It begins with nothing known.
    #[error("it is no reference to a secret; write env:NAME, file:/PATH or command:PROGRAM ARGUMENTS")]
    UnknownKind,
    /// `env:` with something that names no variable.
    #[error("{0:?} is no name of a variable; letters, digits and '_' are, the first no digit, as in env:DB_PASSWORD")]
    BadName(String),
    /// `file:` with something else than an absolute path.
    #[error("{0:?} is no absolute path; write one, as in file:/etc/warroom/db-password")]
    NotAbsolute(String),
    /// `command:` and nothing more.
    #[error("it names no program; write one with its arguments, as in command:pass show db")]
    NoProgram,
    /// A line end, NUL or another control character.
    #[error("a control character cannot stand in it")]
    ControlCharacter,
    /// More than [`MAX_REFERENCE`].
    #[error("it has {0} bytes; at most {MAX_REFERENCE} are allowed")]
    TooLong(usize),
}

impl SecretRef {
    /// What it leads to.
    #[must_use]
    pub fn source(&self) -> &Source {
        &self.0
    }
}

impl FromStr for SecretRef {
    type Err = BadSecretRef;

    fn from_str(text: &str) -> Result<SecretRef, BadSecretRef> {
        if text.len() > MAX_REFERENCE {
            return Err(BadSecretRef::TooLong(text.len()));
        }
        let (kind, rest) = text.split_once(':').ok_or(BadSecretRef::UnknownKind)?;
        let source = match kind {
            "env" if is_variable(rest) => Source::Env(rest.to_owned()),
            "env" => return Err(BadSecretRef::BadName(rest.to_owned())),
            "file" if rest.starts_with('/') => Source::File(rest.to_owned()),
            "file" => return Err(BadSecretRef::NotAbsolute(rest.to_owned())),
            "command" => match rest.split_whitespace().map(str::to_owned).collect::<Vec<_>>() {
                argv if argv.is_empty() => return Err(BadSecretRef::NoProgram),
                argv => Source::Command(argv),
            },
            _ => return Err(BadSecretRef::UnknownKind),
        };
        if rest.chars().any(char::is_control) {
            return Err(BadSecretRef::ControlCharacter);
        }
        Ok(SecretRef(source))
    }
}

fn is_variable(name: &str) -> bool {
    name.starts_with(|c: char| c.is_ascii_alphabetic() || c == '_')
        && name.chars().all(|c| c.is_ascii_alphanumeric() || c == '_')
}

impl fmt::Display for SecretRef {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match &self.0 {
            Source::Env(name) => write!(f, "env:{name}"),
            Source::File(path) => write!(f, "file:{path}"),
            Source::Command(argv) => write!(f, "command:{}", argv.join(" ")),
        }
    }
}

impl TryFrom<String> for SecretRef {
    type Error = BadSecretRef;
    fn try_from(text: String) -> Result<SecretRef, BadSecretRef> {
        text.parse()
    }
}

impl From<SecretRef> for String {
    fn from(reference: SecretRef) -> String {
        reference.to_string()
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn a_reference_reads_as_what_it_leads_to() {
        let command = |argv: &[&str]| Source::Command(argv.iter().map(|word| (*word).to_owned()).collect());
        for (text, source) in [
            ("env:DB_PASSWORD", Source::Env("DB_PASSWORD".into())),
            ("file:/etc/warroom/db password", Source::File("/etc/warroom/db password".into())),
            ("command:pass show db", command(&["pass", "show", "db"])),
            ("command: sh -c  $(x);'y z'", command(&["sh", "-c", "$(x);'y", "z'"])),
        ] {
            assert_eq!(text.parse::<SecretRef>().unwrap().source(), &source, "{text}");
        }
    }

    #[test]
    fn a_text_that_is_no_reference_is_refused_and_what_would_be_right_is_said() {
        for (text, why) in [
            ("", "it is no reference to a secret; write env:NAME, file:/PATH or command:PROGRAM ARGUMENTS"),
            ("hunter2", "it is no reference to a secret; write env:NAME, file:/PATH or command:PROGRAM ARGUMENTS"),
            ("hunter:2", "it is no reference to a secret; write env:NAME, file:/PATH or command:PROGRAM ARGUMENTS"),
            (
                "env:2FA",
                "\"2FA\" is no name of a variable; letters, digits and '_' are, the first no digit, as in env:DB_PASSWORD",
            ),
            ("file:db", "\"db\" is no absolute path; write one, as in file:/etc/warroom/db-password"),
            ("file:", "\"\" is no absolute path; write one, as in file:/etc/warroom/db-password"),
            ("command: ", "it names no program; write one with its arguments, as in command:pass show db"),
            ("file:/a\0b", "a control character cannot stand in it"),
            ("command:a\nb", "a control character cannot stand in it"),
        ] {
            assert_eq!(text.parse::<SecretRef>().unwrap_err().to_string(), why, "{text:?}");
        }
        let long = format!("file:/{}", "x".repeat(MAX_REFERENCE));
        assert_eq!(long.parse::<SecretRef>(), Err(BadSecretRef::TooLong(MAX_REFERENCE + 6)));
    }

    #[test]
    fn a_reference_is_stored_as_its_text() {
        let reference: SecretRef = serde_json::from_str("\"command:pass  show db\"").unwrap();
        assert_eq!(serde_json::to_string(&reference).unwrap(), "\"command:pass show db\"");
        assert!(serde_json::from_str::<SecretRef>("\"hunter2\"").is_err());
    }

    proptest! {
        #[test]
        fn any_text_is_refused_or_reads_back(text in "(env:|file:|file:/|command:|\\PC{0,4})?\\PC{0,20}") {
            if let Ok(reference) = text.parse::<SecretRef>() {
                prop_assert_eq!(reference.to_string().parse(), Ok(reference));
            }
        }
    }
}
