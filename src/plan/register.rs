//! The identifiers that a plan gives out, collected before anything refers to them.

use std::collections::HashMap;
use std::rc::Rc;

use crate::core::ids::BadId;
use crate::core::nearest::nearest;

use super::fault::{At, Faults};
use super::fields::Field;
use super::tree::Node;
use super::values::{bare, quote};

/// The identifiers of one kind of thing.
#[derive(Default)]
pub(crate) struct Register {
    /// What one of them is called.
    kind: &'static str,
    /// What they belong to.
    whole: &'static str,
    ids: Vec<String>,
    first: HashMap<String, At>,
}

impl Register {
    pub(crate) fn new(kind: &'static str) -> Register {
        Register::within(kind, "plan")
    }

    /// The identifiers of something smaller than a plan.
    pub(crate) fn within(kind: &'static str, whole: &'static str) -> Register {
        Register { kind, whole, ..Register::default() }
    }

    /// Takes the field `key` of each item, and notes what stands twice.
    pub(crate) fn collect(&mut self, items: &[Rc<Node>], key: &'static str, faults: &Faults<'_>) {
        for node in items.iter().filter_map(|item| item.peek(key)) {
            if let Some(text) = node.peek_text() {
                self.add(text, node.at, key, faults);
            }
        }
    }

    /// Takes one identifier, and notes when it was taken before. `key` is the name of its field.
    pub(crate) fn add(&mut self, text: &str, at: At, key: &str, faults: &Faults<'_>) {
        if let Some(first) = self.first.get(text) {
            let right = format!("another identifier; the first {} stands in line {}", quote(text), faults.line(*first));
            faults.error(at, format!("{key}: {} names two {}s", quote(text), self.kind), Some(right));
            return;
        }
        self.learn(text, at);
    }

    /// Takes one identifier that may have been taken before.
    pub(crate) fn learn(&mut self, text: &str, at: At) {
        if self.first.insert(text.to_owned(), at).is_none() {
            self.ids.push(text.to_owned());
        }
    }

    pub(crate) fn contains(&self, text: &str) -> bool {
        self.first.contains_key(text)
    }

    pub(crate) fn ids(&self) -> impl Iterator<Item = &str> {
        self.ids.iter().map(String::as_str)
    }

    /// All that are identifiers.
    pub(crate) fn known<I: TryFrom<String, Error = BadId>>(&self) -> Vec<I> {
        self.ids.iter().filter_map(|id| I::try_from(id.clone()).ok()).collect()
    }

    /// What would be right in place of an unknown identifier.
    pub(crate) fn right(&self, text: &str) -> String {
        const SHOWN: usize = 12;
        if let Some(near) = nearest(text, self.ids.iter().map(String::as_str)) {
            return near.to_owned();
        }
        match self.ids.as_slice() {
            [] => format!("a {} of that name; the {} has none", self.kind, self.whole),
            [only] => format!("the only {} is {}", self.kind, bare(only)),
            ids => {
                let shown: Vec<String> = ids.iter().take(SHOWN).map(|id| bare(id)).collect();
                let more = if ids.len() > SHOWN { " and more" } else { "" };
                format!("the {}s are {}{more}", self.kind, shown.join(", "))
            }
        }
    }

    /// Takes a field as a reference to one of them.
    pub(crate) fn resolve<I: TryFrom<String, Error = BadId>>(&self, field: &Field<'_>) -> Option<I> {
        let text = field.raw()?;
        if !self.contains(text) {
            let right = (!field.faults.is_full()).then(|| self.right(text));
            return field.wrong(format!("{} is no {} of this {}", quote(text), self.kind, self.whole), right);
        }
        // One that is no identifier was noted where it stands first.
        I::try_from(text.to_owned()).ok()
    }

    /// Takes a list as references, each at most once.
    pub(crate) fn resolve_all<I: TryFrom<String, Error = BadId> + PartialEq>(&self, field: &Field<'_>) -> Vec<I> {
        let mut ids: Vec<I> = Vec::new();
        for item in field.items() {
            let Some(id) = self.resolve::<I>(&item) else { continue };
            if ids.contains(&id) {
                item.wrong::<()>("it stands in the list twice", Some("once".to_owned()));
            } else {
                ids.push(id);
            }
        }
        ids
    }
}
