//! Steps that look at something, or wait: health, files, time.

use crate::core::ids::{ComponentId, SiteId};
use crate::core::plan::{Action, FileCheck, Format, Presence, Subject};
use crate::core::template::Template;
use crate::core::time::Span;

use super::Scope;
use crate::plan::fields::{Field, Fields, Shape};
use crate::plan::names::Place;
use crate::plan::resolve::{LONGEST, SHORTEST};

const HEALTH: Shape = Shape { what: "a health step", fields: &["site", "component", "within", "stable_for"] };
const FILE: Shape = Shape {
    what: "a file step",
    fields: &[
        "path", "present", "owner", "group", "mode", "min_size", "max_size", "max_age", "format", "sha256", "free",
    ],
};

/// What a file can be read as.
pub(super) const FORMATS: [(&str, Format); 3] =
    [("json", Format::Json), ("yaml", Format::Yaml), ("toml", Format::Toml)];

pub(super) fn health(field: &Field<'_>, scope: &Scope<'_>) -> Option<Action> {
    let fields = field.fields(HEALTH)?;
    let within = fields.need("within", "2m").and_then(|f| f.span_within(SHORTEST, LONGEST));
    let stable_for = fields.get("stable_for").map_or(Some(Span::ZERO), |f| {
        let span = f.span_within(SHORTEST, LONGEST)?;
        match within.filter(|within| span > *within) {
            Some(within) => {
                f.wrong(format!("{span} is longer than within, {within}"), Some(format!("at most {within}")))
            }
            None => Some(span),
        }
    });
    let site = fields.get("site").and_then(|f| {
        let resolve = |f: &Field<'_>| scope.known.sites.resolve::<SiteId>(f).map(drop);
        named(&f, scope, resolve).map(Subject::Site)
    });
    let component = fields.get("component").and_then(|f| {
        let resolve = |f: &Field<'_>| scope.known.components.resolve::<ComponentId>(f).map(drop);
        named(&f, scope, resolve).map(Subject::Component)
    });
    let subject = match fields.present(&["site", "component"]).as_slice() {
        [_] => site.or(component),
        several => {
            let what = match several {
                [] => "a health step looks at a site or a component; this one has none",
                _ => "a health step looks at one thing; this one has a site and a component",
            };
            let at = several.get(1).map_or(fields.head(), |(_, at)| *at);
            fields.faults().error(at, what, Some("site: or component:".to_owned()));
            None
        }
    };
    Some(Action::Health { subject: subject?, within: within?, stable_for: stable_for? })
}

/// Something by its identifier, or by a value that is known when the step is done.
fn named(field: &Field<'_>, scope: &Scope<'_>, resolve: impl Fn(&Field<'_>) -> Option<()>) -> Option<Template> {
    let template = field.template(&scope.names, Place::Words)?;
    if template.names().next().is_none() {
        resolve(field)?;
    }
    Some(template)
}

pub(super) fn wait(field: &Field<'_>) -> Option<Action> {
    Some(Action::Wait { span: field.span_within(SHORTEST, LONGEST)? })
}

pub(super) fn file(field: &Field<'_>) -> Option<FileCheck> {
    let fields = field.fields(FILE)?;
    let path = fields.need("path", "/an/absolute/path").and_then(|f| f.path());
    let present = fields.get("present").map_or(Some(true), |f| f.flag());
    let min_size = fields.get("min_size").map(|f| f.size());
    let max_size = fields.get("max_size").map(|f| {
        let size = f.size()?;
        match min_size.flatten().filter(|min| *min > size) {
            Some(_) => f.wrong("it is less than min_size", Some("min_size or more".to_owned())),
            None => Some(size),
        }
    });
    let check = FileCheck {
        path: String::new(),
        presence: Presence::Present,
        owner: fields.get("owner").and_then(|f| f.word()),
        group: fields.get("group").and_then(|f| f.word()),
        mode: fields.get("mode").and_then(|f| f.mode()),
        min_size: min_size.flatten(),
        max_size: max_size.flatten(),
        max_age: fields.get("max_age").and_then(|f| f.span_within(SHORTEST, crate::core::time::MAX_SPAN)),
        format: fields.get("format").and_then(|f| f.choice(&FORMATS)),
        sha256: fields.get("sha256").and_then(|f| sha256(&f)),
        free: fields.get("free").and_then(|f| f.size()),
    };
    match present? {
        true => Some(FileCheck { path: path?, ..check }),
        false => {
            nothing_of_it(&fields);
            Some(FileCheck { path: path?, presence: Presence::Absent, ..check })
        }
    }
}

/// Of a file that must not be there nothing else can be true.
fn nothing_of_it(fields: &Fields<'_>) {
    for (name, at) in fields.present(&["owner", "group", "mode", "min_size", "max_size", "max_age", "format", "sha256"])
    {
        let what = format!("{name} says something of a file that must not be there");
        fields.faults().error(at, what, Some(format!("{name} left out, or present: true")));
    }
}

/// In small digits, however it was written.
fn sha256(field: &Field<'_>) -> Option<String> {
    let text = field.raw()?;
    if text.len() != 64 || !text.bytes().all(|b| b.is_ascii_hexdigit()) {
        let what = format!("{} is no SHA-256", crate::plan::values::quote(text));
        return field.wrong(what, Some("64 hexadecimal digits, as sha256sum prints them".to_owned()));
    }
    Some(text.to_ascii_lowercase())
}
