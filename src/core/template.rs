//! `${name}` in the texts of a plan, filled in piece by piece and encoded for the place where it stands.
//!
//! Nothing is ever pasted into a shell line, a query or a path: a value lands in one argument, one JSON string or one part of a
//! URL, and cannot leave it.

use std::collections::BTreeMap;
use std::fmt::{self, Write as _};

use serde::{Deserialize, Serialize};

/// A text in which `${name}` stands for a value and `$${` for the characters `${`.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(try_from = "String", into = "String")]
pub struct Template {
    text: String,
    pieces: Vec<Piece>,
}

#[derive(Debug, Clone, PartialEq, Eq)]
enum Piece {
    Literal(String),
    Value(String),
}

/// Why a text is no template.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum BadTemplate {
    /// `${` without its `}`.
    #[error("\"${{\" is not closed; write ${{name}}, or $${{ for the characters themselves")]
    Unclosed,
    /// `${}` or a name with characters that no parameter has.
    #[error("{0:?} is no parameter's name; letters, digits and '_' are")]
    BadName(String),
}

/// Values by name: parameters, and `from` and `to` of the procedure.
pub type Values = BTreeMap<String, String>;

/// A template names a value that is not there.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("${{{0}}} has no value")]
pub struct NoValue(pub String);

/// Why a URL cannot be filled in.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum BadUrl {
    /// A value is missing.
    #[error(transparent)]
    NoValue(#[from] NoValue),
    /// A part of the path would be `.` or `..`, which no encoding keeps: it would be taken as a way to another page.
    #[error("with ${{{name}}} a part of the path would be {part:?}, and the URL another one")]
    Elsewhere {
        /// The value that does it.
        name: String,
        /// What that part would be.
        part: String,
    },
}

/// Whether a text can name a parameter: letters, digits and `_`, 1 to 64 of them.
#[must_use]
pub fn is_parameter_name(name: &str) -> bool {
    (1..=64).contains(&name.len()) && name.chars().all(|c| c.is_ascii_alphanumeric() || c == '_')
}

impl Template {
    /// Reads a template.
    ///
    /// # Errors
    /// [`BadTemplate`] says what is wrong and what would be right.
    pub fn new(text: impl Into<String>) -> Result<Template, BadTemplate> {
        let text = text.into();
        let mut pieces = Vec::new();
        let mut literal = String::new();
        let mut rest = text.as_str();
        while let Some(at) = rest.find("${") {
            if rest[..at].ends_with('$') {
                literal.push_str(&rest[..at]);
                literal.push('{');
                rest = &rest[at + 2..];
                continue;
            }
            literal.push_str(&rest[..at]);
            let inner = &rest[at + 2..];
            let end = inner.find('}').ok_or(BadTemplate::Unclosed)?;
            let name = &inner[..end];
            if !is_parameter_name(name) {
                return Err(BadTemplate::BadName(name.to_owned()));
            }
            if !literal.is_empty() {
                pieces.push(Piece::Literal(std::mem::take(&mut literal)));
            }
            pieces.push(Piece::Value(name.to_owned()));
            rest = &inner[end + 1..];
        }
        literal.push_str(rest);
        if !literal.is_empty() {
            pieces.push(Piece::Literal(literal));
        }
        Ok(Template { text, pieces })
    }

    /// As it was written.
    #[must_use]
    pub fn source(&self) -> &str {
        &self.text
    }

    /// The names that it needs.
    pub fn names(&self) -> impl Iterator<Item = &str> {
        self.pieces.iter().filter_map(|piece| match piece {
            Piece::Value(name) => Some(name.as_str()),
            Piece::Literal(_) => None,
        })
    }

    /// With its values as they are: for one argument of a program, or one JSON string.
    ///
    /// # Errors
    /// [`NoValue`] names a value that is missing.
    pub fn fill(&self, values: &Values) -> Result<String, NoValue> {
        self.fill_from(|name| values.get(name))
    }

    /// The same, with each value asked for by its name.
    ///
    /// # Errors
    /// [`NoValue`] names a value that is missing.
    pub fn fill_from<'v>(&self, value: impl Fn(&str) -> Option<&'v String>) -> Result<String, NoValue> {
        self.fill_with(value, |value, out| out.push_str(value))
    }

    /// With its values percent-encoded: for a URL, where a value stays inside its part (RFC 3986, 2.3).
    ///
    /// # Errors
    /// [`BadUrl`] names a value that is missing, or that would leave its part of the path.
    pub fn fill_url(&self, values: &Values) -> Result<String, BadUrl> {
        self.stays(values)?;
        Ok(self.fill_with(|name| values.get(name), encode)?)
    }

    /// Looks for a value that makes a part of the path a step to another one.
    fn stays(&self, values: &Values) -> Result<(), BadUrl> {
        let (mut part, mut by) = (String::new(), None);
        for piece in &self.pieces {
            let text = match piece {
                Piece::Literal(text) => text,
                Piece::Value(name) => {
                    by = Some(name);
                    encode(values.get(name).ok_or_else(|| NoValue(name.clone()))?, &mut part);
                    continue;
                }
            };
            for c in text.chars() {
                if !matches!(c, '/' | '\\' | '?' | '#') {
                    part.push(c);
                    continue;
                }
                is_own_part(&part, by.take())?;
                part.clear();
                if matches!(c, '?' | '#') {
                    return Ok(());
                }
            }
        }
        is_own_part(&part, by)
    }

    fn fill_with<'v>(
        &self,
        value: impl Fn(&str) -> Option<&'v String>,
        put: impl Fn(&str, &mut String),
    ) -> Result<String, NoValue> {
        let mut out = String::with_capacity(self.text.len());
        for piece in &self.pieces {
            match piece {
                Piece::Literal(text) => out.push_str(text),
                Piece::Value(name) => put(value(name).ok_or_else(|| NoValue(name.clone()))?, &mut out),
            }
        }
        Ok(out)
    }
}

fn encode(value: &str, out: &mut String) {
    for byte in value.bytes() {
        match byte {
            b'A'..=b'Z' | b'a'..=b'z' | b'0'..=b'9' | b'-' | b'.' | b'_' | b'~' => out.push(char::from(byte)),
            _ => {
                // Writing into a String cannot fail.
                let _ = write!(out, "%{byte:02X}");
            }
        }
    }
}

/// `by` is the value that stands in this part of a path, if any does: what the plan's author wrote without one is meant.
fn is_own_part(part: &str, by: Option<&String>) -> Result<(), BadUrl> {
    let dots = part.to_ascii_lowercase().replace("%2e", ".");
    match by {
        Some(name) if matches!(dots.as_str(), "." | "..") => {
            Err(BadUrl::Elsewhere { name: name.clone(), part: part.to_owned() })
        }
        _ => Ok(()),
    }
}

/// A JSON value whose texts are templates, with them filled in. Values are texts in texts: they cannot add structure.
///
/// # Errors
/// [`NoValue`] names a value that is missing; a text that is no template stands as it is.
pub fn fill_json(value: &serde_json::Value, values: &Values) -> Result<serde_json::Value, NoValue> {
    use serde_json::Value;
    Ok(match value {
        Value::String(text) => match Template::new(text.as_str()) {
            Ok(template) => Value::String(template.fill(values)?),
            Err(_) => value.clone(),
        },
        Value::Array(items) => Value::Array(items.iter().map(|v| fill_json(v, values)).collect::<Result<_, _>>()?),
        Value::Object(fields) => Value::Object(
            fields.iter().map(|(k, v)| Ok((k.clone(), fill_json(v, values)?))).collect::<Result<_, NoValue>>()?,
        ),
        other => other.clone(),
    })
}

impl fmt::Display for Template {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(&self.text)
    }
}

impl TryFrom<String> for Template {
    type Error = BadTemplate;
    fn try_from(text: String) -> Result<Template, BadTemplate> {
        Template::new(text)
    }
}

impl From<Template> for String {
    fn from(template: Template) -> String {
        template.text
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn values() -> Values {
        [("from", "east"), ("nasty", "a/../b?x=1&; rm -rf \"\n")].map(|(k, v)| (k.into(), v.into())).into()
    }

    #[test]
    fn values_stand_where_their_names_stood() {
        for (text, filled) in [
            ("plain", "plain"),
            ("${from}", "east"),
            ("-${from}-${from}-", "-east-east-"),
            ("$${from}", "${from}"),
            ("costs $5", "costs $5"),
            ("$$${from}", "$${from}"),
        ] {
            assert_eq!(Template::new(text).unwrap().fill(&values()).unwrap(), filled, "{text}");
        }
    }

    #[test]
    fn a_value_cannot_leave_its_part_of_a_url() {
        let url = Template::new("http://h/sites/${nasty}/x").unwrap().fill_url(&values()).unwrap();
        assert_eq!(url, "http://h/sites/a%2F..%2Fb%3Fx%3D1%26%3B%20rm%20-rf%20%22%0A/x");
    }

    #[test]
    fn a_value_cannot_lead_to_another_page() {
        for (text, value, filled) in [
            ("http://h/sites/${x}", "..", None),
            ("http://h/sites/${x}/weight", ".", None),
            ("http://h/sites/.${x}", ".", None),
            ("http://h/sites/%2E${x}", ".", None),
            ("http://h/sites/.${x}", "", None),
            ("http://h\\${x}\\", "..", None),
            ("http://h/sites/${x}?why=a", "..", None),
            ("http://h/sites/${x}", "...", Some("http://h/sites/...")),
            ("http://h/sites/v${x}", "..", Some("http://h/sites/v..")),
            ("http://h/sites/${x}", "%2e%2e", Some("http://h/sites/%252e%252e")),
            ("http://h/sites?site=/${x}/", "..", Some("http://h/sites?site=/../")),
            ("http://h/a/../${x}", "b", Some("http://h/a/../b")),
        ] {
            let values = [("x".to_owned(), value.to_owned())].into();
            assert_eq!(Template::new(text).unwrap().fill_url(&values).ok().as_deref(), filled, "{text} {value:?}");
        }
        let values = [("x".to_owned(), "..".to_owned())].into();
        let bad = Template::new("http://h/${x}").unwrap().fill_url(&values).unwrap_err();
        assert_eq!(bad.to_string(), "with ${x} a part of the path would be \"..\", and the URL another one");
    }

    #[test]
    fn a_value_cannot_add_structure_to_json() {
        let body = serde_json::json!({"site": "${nasty}", "n": 1, "list": ["${from}"]});
        let filled = fill_json(&body, &values()).unwrap();
        assert_eq!(filled["site"], "a/../b?x=1&; rm -rf \"\n");
        assert_eq!(filled["list"][0], "east");
    }

    #[test]
    fn what_is_missing_or_malformed_is_named() {
        assert_eq!(Template::new("${x").unwrap_err(), BadTemplate::Unclosed);
        assert_eq!(Template::new("${a b}").unwrap_err(), BadTemplate::BadName("a b".into()));
        assert_eq!(Template::new("${}").unwrap_err(), BadTemplate::BadName(String::new()));
        assert_eq!(Template::new("${who}").unwrap().fill(&values()).unwrap_err(), NoValue("who".into()));
    }
}
