//! Results that a step brings, by name.

use std::collections::BTreeMap;

use crate::core::plan::Capture;
use crate::core::template::is_parameter_name;

use super::http::is_header_name;
use crate::plan::fields::{Field, Fields, Shape};
use crate::plan::parameter::Parameters;
use crate::plan::tree::Value;
use crate::plan::values::quote;

const RESULT: Shape = Shape { what: "a result", fields: &["line", "json", "header", "column"] };
const LIKE: &str = "{name: {line: last}}";

/// What kinds of step can give each: a line of output, a value in JSON, a header, a column, a number of rows.
const GIVERS: [(&str, &[&str]); 5] = [
    ("line", &["command", "shell"]),
    ("json", &["command", "shell", "http"]),
    ("header", &["http"]),
    ("column", &["sql", "postgres"]),
    ("rows", &["sql"]),
];

/// The results of a step of that kind.
pub(super) fn captures(field: &Field<'_>, kind: &str, parameters: &Parameters) -> BTreeMap<String, Capture> {
    let mut captures = BTreeMap::new();
    if !GIVERS.iter().any(|(_, kinds)| kinds.contains(&kind)) {
        // It was told already that such a step has none.
        return captures;
    }
    for (name, value) in field.entries(LIKE) {
        if !is_parameter_name(name) {
            let what = format!("{} is no name of a result", quote(name));
            field.faults.error(value.key_at, what, Some("1 to 64 letters, digits and '_'".to_owned()));
        } else if parameters.contains(name) {
            let what = format!("{} is a parameter already", quote(name));
            field.faults.error(value.key_at, what, Some("another name for the result".to_owned()));
        }
        captures.extend(capture(&value, kind).map(|capture| (name.to_owned(), capture)));
    }
    captures
}

fn capture(field: &Field<'_>, kind: &str) -> Option<Capture> {
    if field.node.peek_text() == Some("rows") {
        return gives("rows", kind, field).then_some(Capture::Rows);
    }
    if let Value::Scalar { .. } = field.node.value {
        return field.wrong_type("a result", Some(forms(kind)));
    }
    let fields = field.fields(RESULT)?;
    let found = fields.present(RESULT.fields);
    let [(key, _)] = found.as_slice() else {
        let what = if found.is_empty() { "it says nothing" } else { "a result comes from one place" };
        return field.wrong(what, Some(forms(kind)));
    };
    let good = gives(key, kind, field);
    let capture = match *key {
        "line" => fields.get("line").and_then(|f| f.choice(&[("last", ())])).map(|()| Capture::LastLine),
        "json" => fields.get("json").and_then(|f| pointer(&f)).map(Capture::Json),
        "header" => fields.get("header").and_then(|f| header(&f)).map(Capture::Header),
        _ => column(&fields).map(Capture::Column),
    };
    capture.filter(|_| good)
}

/// Whether such a step can give that; notes when not.
fn gives(what: &str, kind: &str, field: &Field<'_>) -> bool {
    let good = GIVERS.iter().any(|(name, kinds)| *name == what && kinds.contains(&kind));
    if !good {
        field.wrong::<()>(format!("{kind} gives no {what}"), Some(forms(kind)));
    }
    good
}

/// What results a step of that kind can give.
fn forms(kind: &str) -> String {
    let form = |name: &str| match name {
        "line" => "{line: last}",
        "json" => "{json: /pointer}",
        "header" => "{header: name}",
        "column" => "{column: name}",
        _ => "rows",
    };
    let forms: Vec<&str> =
        GIVERS.iter().filter(|(_, kinds)| kinds.contains(&kind)).map(|(name, _)| form(name)).collect();
    forms.join(" or ")
}

/// A pointer of RFC 6901: empty, or parts that begin with `/`, with `~0` and `~1` in them.
fn pointer(field: &Field<'_>) -> Option<String> {
    let text = field.verbatim()?;
    let escapes = text.split('~').skip(1).all(|rest| rest.starts_with(['0', '1']));
    if !(text.is_empty() || text.starts_with('/')) || !escapes {
        let what = format!("{} is no JSON pointer", quote(&text));
        return field.wrong(what, Some("a path such as /status/lag, as in RFC 6901".to_owned()));
    }
    Some(text)
}

fn header(field: &Field<'_>) -> Option<String> {
    let name = field.raw()?;
    if !is_header_name(name) {
        let what = format!("{} is no name of a header", quote(name));
        return field.wrong(what, Some("letters, digits and '-'".to_owned()));
    }
    Some(name.to_owned())
}

fn column(fields: &Fields<'_>) -> Option<String> {
    fields.get("column").and_then(|f| f.word())
}
