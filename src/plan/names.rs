//! What `${name}` stands for in the texts of a step, and where a secret may stand.

use std::cell::RefCell;
use std::collections::BTreeMap;

use crate::core::nearest::nearest;
use crate::core::template::{BadTemplate, Template};

use super::fault::At;
use super::fields::Field;
use super::parameter::Parameters;
use super::values::{bare, quote};
use super::variables::variable;

/// Where in a step a text stands, by who gets to see it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Place {
    /// An argument of a program: every list of processes shows it.
    Argument,
    /// An address: everything on its way notes it down.
    Address,
    /// The address of a database.
    Database,
    /// Words that people are told.
    Words,
    /// An item of a list that a run is laid out by before it begins.
    Item,
    /// A value of a call, laid out likewise.
    Call,
    /// A header, a body, a bound value: seen by the one who is asked.
    Inside,
}

/// When a text is filled in.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Doing {
    /// As the step is done.
    Step,
    /// As it is taken back: then its own results are known.
    Undo,
}

/// A result that a text uses: whether it is known there shows once all steps have been seen.
#[derive(Debug, Clone)]
pub(crate) struct Use {
    /// The step that uses it, by its place in the outline.
    pub(crate) by: usize,
    /// The step that gives it.
    pub(crate) of: usize,
    pub(crate) name: String,
    pub(crate) at: At,
    pub(crate) label: String,
}

/// All that a name can stand for in one step.
#[derive(Clone, Copy)]
pub(crate) struct Names<'a> {
    pub(crate) parameters: &'a Parameters,
    /// The results of the procedure, with the step that gives each.
    pub(crate) results: &'a BTreeMap<String, usize>,
    /// What the current item of the step's list is called, and that of the step that it mends.
    pub(crate) items: [Option<&'a str>; 2],
    pub(crate) step: usize,
    pub(crate) doing: Doing,
    pub(crate) uses: &'a RefCell<Vec<Use>>,
}

enum Meaning {
    Value,
    Secret,
    Result(usize),
}

impl Names<'_> {
    fn meaning(&self, name: &str) -> Option<Meaning> {
        match name {
            name if self.is_item(name) => Some(Meaning::Value),
            name if self.parameters.is_secret(name) => Some(Meaning::Secret),
            name if self.parameters.contains(name) => Some(Meaning::Value),
            name => self.results.get(name).map(|step| Meaning::Result(*step)),
        }
    }

    /// Whether the current item of a list is called that.
    pub(crate) fn is_item(&self, name: &str) -> bool {
        self.items.contains(&Some(name))
    }

    /// Whether something is called that: an unknown name in a script is the script's own.
    pub(crate) fn knows(&self, name: &str) -> bool {
        self.meaning(name).is_some()
    }

    /// Whether a step gives a result of that name.
    pub(crate) fn is_result(&self, name: &str) -> bool {
        matches!(self.meaning(name), Some(Meaning::Result(_)))
    }

    /// All names that are known here.
    pub(crate) fn all(&self) -> impl Iterator<Item = &str> {
        self.items.into_iter().flatten().chain(self.parameters.names()).chain(self.results.keys().map(String::as_str))
    }

    /// Notes that a name is used, if it is a result's: whether it is known there shows once all steps are read.
    pub(crate) fn note_use(&self, name: &str, field: &Field<'_>) {
        let Some(Meaning::Result(of)) = self.meaning(name) else { return };
        if self.doing == Doing::Step || of != self.step {
            let label = field.label.to_string();
            self.uses.borrow_mut().push(Use { by: self.step, of, name: name.to_owned(), at: field.at(), label });
        }
    }

    /// What would be right in place of an unknown name.
    fn right(&self, name: &str) -> String {
        let beside = self.items.into_iter().flatten().chain(self.results.keys().map(String::as_str));
        nearest(name, beside).map_or_else(|| self.parameters.right(name), str::to_owned)
    }
}

impl Field<'_> {
    /// A text with `${name}` in it; each name must be known, and may stand there.
    pub(crate) fn template(&self, names: &Names<'_>, place: Place) -> Option<Template> {
        let template = match Template::new(self.verbatim()?) {
            Ok(template) => template,
            Err(BadTemplate::Unclosed) => {
                return self.wrong("\"${\" is not closed", Some("${name}, or $${ for the characters".to_owned()));
            }
            Err(BadTemplate::BadName(name)) => {
                let right = "${name} of letters, digits and '_', or $${ for the characters".to_owned();
                return self.wrong(format!("{} is no parameter's name", quote(&name)), Some(right));
            }
        };
        let good: Vec<bool> = template.names().map(|name| self.may_stand(name, names, place)).collect();
        good.into_iter().all(|good| good).then_some(template)
    }

    /// A sentence for people. Names in it stand as they are; a secret's would promise what nobody may be told.
    pub(crate) fn told(&self, names: &Names<'_>) -> Option<String> {
        self.sentence().filter(|sentence| self.names_no_secret(sentence, names))
    }

    /// Whether a text for people leaves secrets out; notes one that it names.
    pub(crate) fn names_no_secret(&self, text: &str, names: &Names<'_>) -> bool {
        let Ok(template) = Template::new(text) else { return true };
        let secret = template.names().find(|name| matches!(names.meaning(name), Some(Meaning::Secret)));
        secret.is_none_or(|name| self.shown(name, Place::Words))
    }

    fn may_stand(&self, name: &str, names: &Names<'_>, place: Place) -> bool {
        match names.meaning(name) {
            Some(Meaning::Value) => true,
            Some(Meaning::Secret) => self.shown(name, place),
            Some(Meaning::Result(_)) => self.result(name, names, place),
            None => {
                let right = (!self.faults.is_full()).then(|| names.right(name));
                self.wrong::<()>(format!("${{{}}} has no value in this procedure", bare(name)), right);
                false
            }
        }
    }

    /// Whether a secret may stand there; notes where it would be seen.
    fn shown(&self, name: &str, place: Place) -> bool {
        let (why, right) = match place {
            Place::Inside => return true,
            Place::Argument => (
                "a list of processes shows arguments",
                format!("{}, which is in the environment of the program", variable(name)),
            ),
            Place::Address => ("addresses are written to logs", "a header or the JSON body".to_owned()),
            Place::Database => ("addresses are written to logs", "url: {secret: \"env:NAME\"}".to_owned()),
            Place::Words => ("people are told these words", "words without it".to_owned()),
            Place::Item => ("a run shows what a step is done for", "items without it".to_owned()),
            Place::Call => (
                "a run shows the values of a call",
                "no value: a procedure that is called has the secrets of its caller under the same names".to_owned(),
            ),
        };
        self.wrong::<()>(format!("${{{name}}} is a secret, and {why}"), Some(right));
        false
    }

    fn result(&self, name: &str, names: &Names<'_>, place: Place) -> bool {
        if matches!(place, Place::Item | Place::Call) {
            let what = format!("${{{name}}} is a result, and a run is laid out before there are any");
            self.wrong::<()>(what, Some("a parameter, or a value that stands in the plan".to_owned()));
            return false;
        }
        names.note_use(name, self);
        true
    }
}
