//! The variables in which programs find values.

use std::collections::HashMap;

use crate::core::template::is_parameter_name;

use super::fault::{At, Faults};
use super::values::quote;

/// The variable of a program's environment that holds a value.
pub(crate) fn variable(name: &str) -> String {
    format!("$WARROOM_PARAM_{}", name.to_uppercase())
}

/// Which name of a procedure has which variable: names that differ only by case would have one between them.
#[derive(Default)]
pub(crate) struct Variables(HashMap<String, (String, At)>);

impl Variables {
    /// Gives a name its variable; notes when another name has it. `key` is the field that the name stands in.
    pub(crate) fn give(&mut self, name: &str, at: At, key: &str, faults: &Faults<'_>) {
        self.check(name, at, key, faults);
        self.0.entry(variable(name)).or_insert_with(|| (name.to_owned(), at));
    }

    /// Notes when another name has the variable of this one.
    pub(crate) fn check(&self, name: &str, at: At, key: &str, faults: &Faults<'_>) {
        let Some((other, first)) = self.0.get(&variable(name)).filter(|(other, _)| other != name) else { return };
        // What is no name at all is told so.
        if is_parameter_name(name) && is_parameter_name(other) {
            let (name, other, shared) = (quote(name), quote(other), variable(name));
            let what = format!("{key}: {name} and {other} would share the variable {shared}");
            faults.error(at, what, Some(format!("another name; {other} stands in line {}", faults.line(*first))));
        }
    }
}
