//! Requests.

use std::collections::BTreeMap;

use crate::core::plan::HttpRequest;
use crate::core::template::Template;

use super::Scope;
use crate::plan::fields::{Field, Shape};
use crate::plan::names::Place;
use crate::plan::tree::Value;
use crate::plan::values::quote;

const HTTP: Shape = Shape { what: "a request", fields: &["method", "url", "json", "headers", "expect"] };
const EXPECT: Shape = Shape { what: "an expectation", fields: &["status", "contains"] };

const METHODS: [(&str, &str); 5] =
    [("GET", "GET"), ("POST", "POST"), ("PUT", "PUT"), ("PATCH", "PATCH"), ("DELETE", "DELETE")];

pub(super) fn http(field: &Field<'_>, scope: &Scope<'_>) -> Option<HttpRequest> {
    let fields = field.fields(HTTP)?;
    let method = fields.get("method").map_or(Some("GET"), |f| f.choice(&METHODS));
    let url = fields.need("url", "http://host/path").and_then(|f| f.url_template(&scope.names));
    let json = fields.get("json").map(|f| f.json(&scope.names));
    let headers = fields.get("headers").map(|f| headers(&f, scope)).unwrap_or_default();
    let expect = fields.get("expect").and_then(|f| f.fields(EXPECT));
    let status = expect.and_then(|e| e.get("status")).and_then(|f| f.whole(100..=599));
    let contains = expect.and_then(|e| e.get("contains")).and_then(|f| f.verbatim());
    Some(HttpRequest {
        method: method?.to_owned(),
        url: url?,
        headers,
        json: json.flatten(),
        status: status.and_then(|n| u16::try_from(n).ok()),
        contains,
    })
}

/// Header lines.
pub(super) fn headers(field: &Field<'_>, scope: &Scope<'_>) -> BTreeMap<String, Template> {
    let Value::Map(entries) = &field.node.value else {
        return field
            .wrong_type("a map of header lines", Some(format!("{}: {{accept: text/plain}}", field.label)))
            .unwrap_or_default();
    };
    let mut headers = BTreeMap::new();
    for entry in entries {
        let value = Field { node: &entry.value, key_at: entry.key_at, label: field.label.clone(), ..field.clone() };
        if !is_header_name(&entry.key) {
            let right = Some("letters, digits and '-'".to_owned());
            field.faults.error(entry.key_at, format!("{} is no name of a header", quote(&entry.key)), right);
        } else if let Some(template) = value.template(&scope.names, Place::Inside) {
            if template.source().contains(['\n', '\r']) {
                value.wrong::<()>("a line end cannot stand in it", Some("a text of one line".to_owned()));
            }
            headers.insert(entry.key.clone(), template);
        }
    }
    headers
}

/// A token of RFC 9110.
pub(super) fn is_header_name(name: &str) -> bool {
    let allowed = |b: u8| b.is_ascii_alphanumeric() || b"!#$%&'*+-.^_`|~".contains(&b);
    !name.is_empty() && name.bytes().all(allowed)
}
