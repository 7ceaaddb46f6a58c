//! Steps that run programs: an argument vector, or a script.

use crate::core::plan::Action;
use crate::core::template::{Template, is_parameter_name};

use super::Scope;
use crate::plan::fields::Field;
use crate::plan::names::Place;
use crate::plan::tree::Value;
use crate::plan::values::quote;
use crate::plan::variables::variable;

pub(super) fn command(field: &Field<'_>, scope: &Scope<'_>) -> Option<Action> {
    if let Value::Scalar { .. } = field.node.value {
        let right = "a list of the program and its arguments: [power, \"off\", east]".to_owned();
        return field.wrong("a command is a list of texts, never a line for a shell", Some(right));
    }
    Some(Action::Command { argv: argv(field, scope)? })
}

/// A program and its arguments.
pub(super) fn argv(field: &Field<'_>, scope: &Scope<'_>) -> Option<Vec<Template>> {
    let items = field.some_items("program");
    let argv: Vec<Option<Template>> = items.iter().map(|item| item.template(&scope.names, Place::Argument)).collect();
    if let Some(program) = items.first().filter(|item| item.node.peek_text() == Some("")) {
        program.wrong::<()>("it is empty", Some("a program".to_owned()));
    }
    argv.into_iter().collect()
}

/// A script, to the letter. What looks like a value in it is the shell's own.
pub(super) fn shell(field: &Field<'_>, scope: &Scope<'_>) -> Option<Action> {
    let script = field.verbatim()?;
    if script.trim().is_empty() {
        return field.wrong("it is empty", Some("a script for /bin/sh".to_owned()));
    }
    for name in braced(&script).filter(|name| scope.names.knows(name)) {
        let what = format!(
            "${{{name}}} stands in a script, where nothing is filled in: the shell reads a variable of its own"
        );
        field.doubt(what, Some(variable(name)));
    }
    Some(Action::Shell { script })
}

/// The names that stand in `${name}`, each once.
fn braced(script: &str) -> impl Iterator<Item = &str> {
    let mut seen = std::collections::BTreeSet::new();
    let after = script.split("${").skip(1);
    after
        .filter_map(|rest| Some(rest.split_once('}')?.0))
        .filter(move |name| is_parameter_name(name) && seen.insert(*name))
}

/// Where a program runs.
pub(super) fn host(field: &Field<'_>, scope: &Scope<'_>) -> Option<Template> {
    let host = field.template(&scope.names, Place::Argument)?;
    let text = host.source();
    let right = || Some("a host as ssh knows it: web-1, deploy@web-1 or ${host}".to_owned());
    if text.is_empty() {
        return field.wrong("it is empty", right());
    }
    if text.starts_with('-') || text.contains("@-") {
        return field.wrong(format!("{} begins with '-', as an option of ssh does", quote(text)), right());
    }
    if text.chars().any(|c| c.is_whitespace() || c.is_control()) {
        return field.wrong(format!("{} has a space in it", quote(text)), right());
    }
    Some(host)
}
