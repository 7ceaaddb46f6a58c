//! Secrets by reference, and values by the type of their parameter.

use crate::core::param::{self, BadValue, Names, ParamKind};
use crate::core::secret::{BadSecretRef, SecretRef};
use crate::core::time::Span;

use super::fields::Field;
use super::resolve::Known;
use super::values::{bad_span, bare, quote};

impl Field<'_> {
    /// Where a secret stands. What is no reference is not shown: it may be the secret itself.
    pub(crate) fn secret_ref(&self) -> Option<SecretRef> {
        let why = match self.raw()?.parse() {
            Ok(secret) => return Some(secret),
            Err(why) => why,
        };
        let (what, right) = match why {
            BadSecretRef::BadName(_) => {
                ("this names no variable", "letters, digits and '_', the first no digit: env:DB_PASSWORD")
            }
            BadSecretRef::NotAbsolute(_) => ("this is no absolute path", "file:/etc/warroom/db-password"),
            BadSecretRef::NoProgram => ("this names no program", "command:pass show db"),
            BadSecretRef::ControlCharacter => ("a line end or a tab cannot stand in it", "a text of one line"),
            BadSecretRef::TooLong(_) => ("it is too long", "a shorter reference"),
            BadSecretRef::UnknownKind => {
                ("this is no reference to a secret", "env:NAME, file:/PATH or command:PROGRAM ARGUMENTS")
            }
        };
        self.wrong(what, Some(right.to_owned()))
    }
}

impl Known {
    /// Whether a parameter of that type takes a value; notes at the field why not.
    pub(crate) fn takes(&self, kind: &ParamKind, value: &str, field: &Field<'_>) -> bool {
        let known = param::Known { sites: &self.site_ids, components: &self.component_ids };
        let Err(why) = param::check(kind, value, &known) else { return true };
        let (what, right) = match why {
            BadValue::Number(_) => {
                (format!("{} is no number", quote(value)), "a number such as 3, -1 or 0.5".to_owned())
            }
            BadValue::Duration(_) => match value.parse::<Span>() {
                Err(why) => bad_span(value, &why),
                Ok(_) => return true,
            },
            BadValue::Time(_) => {
                (format!("{} is no moment", quote(value)), "RFC 3339, as in 2024-04-01T00:00:00Z".to_owned())
            }
            BadValue::Choice { right, .. } => (format!("{} cannot be chosen", quote(value)), names(&right)),
            BadValue::Component { right, .. } => {
                (format!("{} is no component of this plan", quote(value)), names(&right))
            }
            BadValue::Site { right, .. } => (format!("{} is no site of this plan", quote(value)), names(&right)),
            BadValue::Secret | BadValue::SecretRef(_) | BadValue::SecretCommand => {
                ("this is no reference to a secret".to_owned(), "env:NAME or file:/PATH".to_owned())
            }
        };
        field.wrong::<()>(what, Some(right));
        false
    }
}

/// The name that was meant, or some of those that there are.
fn names(right: &Names) -> String {
    let some: Vec<String> = right.some.iter().map(|name| bare(name)).collect();
    match (some.as_slice(), right.more) {
        ([], _) => "the plan has none".to_owned(),
        ([one], 0) => one.clone(),
        (some, 0) => format!("one of {}", some.join(", ")),
        (some, more) => format!("one of {}, or {more} more", some.join(", ")),
    }
}
