//! Conditions: read, and checked against what they can ask about where they stand.

use std::cell::RefCell;
use std::collections::BTreeMap;

use crate::core::when::{self, BadCondition, Condition, Type};

use super::{Reader, Scope};
use crate::plan::condition;
use crate::plan::fields::Field;
use crate::plan::outline::apart;

/// Most results in one condition whose types are found out.
const MOST_RESULTS: usize = 8;

/// What a result can be taken for, in place of a text.
const TAKEN_FOR: [Type; 3] = [Type::Number, Type::Duration, Type::Truth];

/// The condition of a step.
pub(super) fn when(field: &Field<'_>, step: usize, reader: &Reader<'_>, scope: &Scope<'_>) -> Option<Condition> {
    let text = field.raw()?;
    let condition = match Condition::parse(text) {
        Ok(condition) => condition,
        Err(bad) => return condition::wrong(field, text, &bad),
    };
    let own = &reader.outline().sketches[step].id;
    if condition.steps().any(|id| id == own) {
        return field.wrong("a step cannot ask how it stands itself", Some("another step".to_owned()));
    }
    let mut asked = Asked { step, reader, scope, taken: RefCell::default(), names: Names::Kept };
    if let Err(bad) = asked.check(&condition) {
        // Looking for the name that was meant takes long, and is done once.
        asked.names = if field.faults.is_full() { Names::Kept } else { Names::Told };
        return condition::wrong(field, text, &condition.check(&asked).err().unwrap_or(bad));
    }
    for name in condition.names() {
        scope.names.note_use(name, field);
    }
    Some(condition)
}

/// What a condition asks about, and where it stands.
struct Asked<'a, 's> {
    step: usize,
    reader: &'s Reader<'a>,
    scope: &'s Scope<'s>,
    /// What results are taken for: nothing says what a column or a line holds but the condition itself.
    taken: RefCell<BTreeMap<String, Type>>,
    names: Names,
}

/// Whether the names that could have been meant are looked for.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Names {
    Kept,
    Told,
}

impl Asked<'_, '_> {
    /// Checks a condition; results are what it takes them for. Faults come in the order of the text, so a type that moves the
    /// first fault on is the right one.
    fn check(&self, condition: &Condition) -> Result<(), BadCondition> {
        let results: Vec<&str> = condition.names().filter(|name| self.scope.names.is_result(name)).collect();
        let mut bad = match condition.check(self) {
            Err(bad) if results.len() <= MOST_RESULTS => bad,
            other => return other,
        };
        let mut open = results;
        while let Some((name, next)) = open.iter().find_map(|name| Some((*name, self.better(name, &bad, condition)?))) {
            open.retain(|other| *other != name);
            match next {
                Ok(()) => return Ok(()),
                Err(later) => bad = later,
            }
        }
        Err(bad)
    }

    /// Takes a result for something that moves the first fault on, if there is such a thing.
    fn better(&self, name: &str, bad: &BadCondition, condition: &Condition) -> Option<Result<(), BadCondition>> {
        for taken in TAKEN_FOR {
            self.taken.borrow_mut().insert(name.to_owned(), taken);
            match condition.check(self) {
                Err(later) if later.at <= bad.at => {}
                better => return Some(better),
            }
        }
        self.taken.borrow_mut().remove(name);
        None
    }

    fn ids<'s>(&'s self) -> impl Iterator<Item = &'s str> + use<'s> {
        let outline = self.reader.outline();
        let own = apart(self.reader.stands(self.step));
        outline.sketches.iter().filter(move |sketch| apart(sketch.stands) == own).map(|sketch| sketch.id.as_str())
    }
}

impl when::Scope for Asked<'_, '_> {
    fn name(&self, name: &str) -> Option<Type> {
        let parameters = self.scope.names.parameters;
        if let Some(parameter) = parameters.list.iter().find(|p| p.name == name) {
            return Some(Type::from(&parameter.kind));
        }
        let taken = || self.taken.borrow().get(name).cloned().unwrap_or(Type::Text);
        let is_known = self.scope.names.is_item(name) || parameters.contains(name) || self.scope.names.is_result(name);
        is_known.then(taken)
    }

    fn step(&self, id: &str) -> bool {
        self.reader.outline().find(self.step, id).is_some()
    }

    fn component(&self, id: &str) -> bool {
        condition::component(self.scope.known, id)
    }

    fn site(&self, id: &str) -> bool {
        self.scope.known.sites.contains(id)
    }

    fn names(&self) -> Vec<String> {
        if self.names == Names::Kept {
            return Vec::new();
        }
        let own = self.scope.names.all().map(str::to_owned);
        let steps = self.ids().map(|id| format!("step.{id}"));
        own.chain(steps).chain(condition::parts(self.scope.known)).collect()
    }
}
