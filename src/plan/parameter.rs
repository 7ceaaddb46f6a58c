//! Parameters: what is asked at launch, and what values it takes.

use std::collections::BTreeSet;

use crate::core::nearest::nearest;
use crate::core::param::ParamKind;
use crate::core::plan::{Need, Parameter};
use crate::core::template::is_parameter_name;

use super::fields::{Field, Fields, Shape};
use super::register::Register;
use super::resolve::Known;
use super::values::quote;
use super::variables::Variables;

const PARAMETER: Shape =
    Shape { what: "a parameter", fields: &["name", "type", "required", "default", "choices", "from", "description"] };

/// The words for what a parameter takes.
const TYPES: [(&str, Type); 8] = [
    ("text", Type::Text),
    ("number", Type::Number),
    ("duration", Type::Duration),
    ("time", Type::Time),
    ("choice", Type::Choice),
    ("component", Type::Component),
    ("site", Type::Site),
    ("secret", Type::Secret),
];

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Type {
    Text,
    Number,
    Duration,
    Time,
    Choice,
    Component,
    Site,
    Secret,
}

/// The parameters of a procedure, with `from` and `to`: what every text of it can name.
pub(crate) struct Parameters {
    pub(crate) list: Vec<Parameter>,
    names: Register,
    secrets: BTreeSet<String>,
}

impl Parameters {
    pub(crate) fn read(procedure: &Fields<'_>, known: &Known, variables: &mut Variables) -> Parameters {
        let mut names = Register::within("parameter", "procedure");
        for (key, at) in procedure.present(&["from", "to"]) {
            names.add(key, at, key, procedure.faults());
            variables.give(key, at, key, procedure.faults());
        }
        let items = procedure.get("parameters").map(|f| f.items()).unwrap_or_default();
        let mut secrets = BTreeSet::new();
        for item in &items {
            let Some((node, name)) = item.node.peek("name").and_then(|n| Some((n, n.peek_text()?))) else { continue };
            names.add(name, node.at, "name", procedure.faults());
            variables.give(name, node.at, "name", procedure.faults());
            if item.node.peek("type").and_then(|n| n.peek_text()) == Some("secret") {
                secrets.insert(name.to_owned());
            }
        }
        let list = items.iter().filter_map(|item| parameter(item, known)).collect();
        Parameters { list, names, secrets }
    }

    pub(crate) fn contains(&self, name: &str) -> bool {
        self.names.contains(name)
    }

    pub(crate) fn names(&self) -> impl Iterator<Item = &str> {
        self.names.ids()
    }

    pub(crate) fn is_secret(&self, name: &str) -> bool {
        self.secrets.contains(name)
    }

    /// Whether that is one of the procedure's two sites, which are its own.
    pub(crate) fn is_site(&self, name: &str) -> bool {
        matches!(name, "from" | "to") && !self.list.iter().any(|p| p.name == name)
    }

    /// What a caller could give in place of an unknown name.
    pub(crate) fn right_to_give(&self, name: &str) -> String {
        let names: Vec<&str> = self.list.iter().map(|p| p.name.as_str()).collect();
        match (nearest(name, names.iter().copied()), names.as_slice()) {
            (Some(near), _) => near.to_owned(),
            (None, []) => "nothing: it has no parameters".to_owned(),
            (None, names) => format!("its parameters are {}", names.join(", ")),
        }
    }

    /// What would be right in place of an unknown name.
    pub(crate) fn right(&self, name: &str) -> String {
        self.names.right(name)
    }
}

fn parameter(field: &Field<'_>, known: &Known) -> Option<Parameter> {
    let fields = field.fields(PARAMETER)?;
    let name = fields.need("name", "letters, digits and '_'").and_then(|f| value_name(&f));
    let description = fields.get("description").and_then(|f| f.prose());
    let kind = kind(&fields);
    let need = need(&fields, kind.as_ref(), known);
    Some(Parameter { name: name?, description, kind: kind?, need: need? })
}

/// A name that can stand in `${name}`.
pub(crate) fn value_name(field: &Field<'_>) -> Option<String> {
    let name = field.raw()?;
    if !is_parameter_name(name) {
        let right = "1 to 64 letters, digits and '_'".to_owned();
        return field.wrong(format!("{} is no parameter's name", quote(name)), Some(right));
    }
    Some(name.to_owned())
}

fn kind(fields: &Fields<'_>) -> Option<ParamKind> {
    let kind = fields.get("type").map_or(Some(Type::Text), |f| f.choice(&TYPES));
    let stray = |key: &'static str, owner: &str| {
        if let Some(field) = fields.get(key) {
            field.wrong::<()>(format!("it belongs to a parameter of type {owner}"), Some(format!("type: {owner}")));
        }
    };
    if kind.is_some_and(|kind| kind != Type::Secret) {
        stray("from", "secret");
    }
    if kind.is_some_and(|kind| kind != Type::Choice) {
        stray("choices", "choice");
    }
    Some(match kind? {
        Type::Text => ParamKind::Text,
        Type::Number => ParamKind::Number,
        Type::Duration => ParamKind::Duration,
        Type::Time => ParamKind::Time,
        Type::Choice => ParamKind::Choice(choices(&fields.need("choices", "[first, second]")?)?),
        Type::Component => ParamKind::Component,
        Type::Site => ParamKind::Site,
        Type::Secret => ParamKind::Secret,
    })
}

fn choices(field: &Field<'_>) -> Option<Vec<String>> {
    let mut choices = Vec::new();
    let mut seen = BTreeSet::new();
    for item in field.some_items("choice") {
        let choice = item.name()?;
        if !seen.insert(choice.clone()) {
            item.wrong::<()>("it stands in the list twice", Some("once".to_owned()));
        } else {
            choices.push(choice);
        }
    }
    (!choices.is_empty()).then_some(choices)
}

fn need(fields: &Fields<'_>, kind: Option<&ParamKind>, known: &Known) -> Option<Need> {
    let required_field = fields.get("required");
    let required = required_field.as_ref().map(|f| f.flag());
    let default = match kind {
        Some(ParamKind::Secret) => source(fields),
        _ => fields.get("default").map(|f| default(&f, kind, known)),
    };
    let (key, example) = match kind {
        Some(ParamKind::Secret) => ("from", "from: \"env:NAME\""),
        _ => ("default", "default: \"\""),
    };
    match (required_field, required, default) {
        (_, Some(None), _) => None,
        (Some(field), Some(Some(true)), Some(_)) => {
            field.wrong(format!("a parameter that has a {key} is not required"), Some("one of the two".to_owned()))
        }
        (Some(field), Some(Some(false)), None) => {
            field.wrong(format!("a parameter that is not required needs a {key}"), Some(example.to_owned()))
        }
        (_, _, Some(default)) => default.map(Need::Default),
        (_, _, None) => Some(Need::Required),
    }
}

/// A value that is taken when none is given: of the right type, as one that is given must be.
fn default(field: &Field<'_>, kind: Option<&ParamKind>, known: &Known) -> Option<String> {
    let value = field.verbatim()?;
    match kind {
        Some(kind) => known.takes(kind, &value, field).then_some(value),
        None => Some(value),
    }
}

/// Where a secret stands. It has no default: that would stand in the plan, for everybody to read.
fn source(fields: &Fields<'_>) -> Option<Option<String>> {
    if let Some(default) = fields.get("default") {
        let right = "from: \"env:NAME\", \"file:/path\" or \"command:program argument\"".to_owned();
        default.wrong::<()>("a secret has none: it would stand in the plan", Some(right));
        return Some(None);
    }
    fields.get("from").map(|field| field.secret_ref().map(|_| field.raw().unwrap_or_default().to_owned()))
}
