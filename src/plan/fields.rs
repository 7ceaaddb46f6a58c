//! Fields of maps, read by name: unknown and missing ones are noted with what would be right.

use std::borrow::Cow;

use crate::core::nearest::nearest;

use super::fault::{At, Faults};
use super::tree::{Entry, Node, Value};
use super::values::{bare, found, quote};

/// A kind of map: what messages call it, and the fields that it may have.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Shape {
    pub(crate) what: &'static str,
    pub(crate) fields: &'static [&'static str],
}

/// A map that is being read.
#[derive(Clone, Copy)]
pub(crate) struct Fields<'t> {
    entries: &'t [Entry],
    shape: Shape,
    at: At,
    faults: &'t Faults<'t>,
}

impl<'t> Fields<'t> {
    /// Takes a node as a map of that shape; notes fields that the shape does not know.
    pub(crate) fn open(node: &'t Node, shape: Shape, faults: &'t Faults<'t>) -> Option<Fields<'t>> {
        let Value::Map(entries) = &node.value else {
            let some: Vec<&str> = shape.fields.iter().copied().take(3).collect();
            let right = format!("a map with fields such as {}", some.join(", "));
            faults.error(node.at, format!("expected {}, found {}", shape.what, found(node)), Some(right));
            return None;
        };
        for entry in entries.iter().filter(|e| !shape.fields.contains(&e.key.as_str())) {
            let right = match nearest(&entry.key, shape.fields.iter().copied()) {
                Some(near) => near.to_owned(),
                None => format!("the fields of {} are {}", shape.what, shape.fields.join(", ")),
            };
            faults.error(entry.key_at, format!("{} is no field of {}", quote(&entry.key), shape.what), Some(right));
        }
        Some(Fields { entries, shape, at: node.at, faults })
    }

    /// A field, if it is there and says something.
    pub(crate) fn get(&self, name: &'static str) -> Option<Field<'t>> {
        let entry = self.entries.iter().find(|e| e.key == name).filter(|e| !e.value.is_null())?;
        let label = Cow::Borrowed(name);
        Some(Field { label, node: &entry.value, key_at: entry.key_at, faults: self.faults })
    }

    /// A field that must be there; `example` is what would be right.
    pub(crate) fn need(&self, name: &'static str, example: &str) -> Option<Field<'t>> {
        let field = self.get(name);
        if field.is_none() {
            let empty = self.entries.iter().find(|e| e.key == name);
            let (at, what) = match empty {
                Some(entry) => (entry.key_at, format!("{name}: nothing stands here")),
                None => (self.head(), format!("{name} is missing in {}", self.shape.what)),
            };
            self.faults.error(at, what, Some(format!("{name}: {example}")));
        }
        field
    }

    /// Where the map begins: for faults of the whole.
    pub(crate) fn head(&self) -> At {
        // A map that goes over lines is pointed at by its first field.
        self.entries.first().map_or(self.at, |e| e.key_at)
    }

    /// The fields of those names that are there, in the order of the file.
    pub(crate) fn present(&self, names: &[&str]) -> Vec<(&'t str, At)> {
        let entries = self.entries.iter().filter(|e| names.contains(&e.key.as_str()) && !e.value.is_null());
        entries.map(|e| (e.key.as_str(), e.key_at)).collect()
    }

    pub(crate) fn faults(&self) -> &'t Faults<'t> {
        self.faults
    }
}

/// A value with the name of its field.
#[derive(Clone)]
pub(crate) struct Field<'t> {
    pub(crate) label: Cow<'static, str>,
    pub(crate) node: &'t Node,
    pub(crate) key_at: At,
    pub(crate) faults: &'t Faults<'t>,
}

impl<'t> Field<'t> {
    /// Notes that the value is wrong. Returns nothing, as what it would have been.
    pub(crate) fn wrong<T>(&self, what: impl AsRef<str>, right: Option<String>) -> Option<T> {
        self.faults.error(self.at(), format!("{}: {}", self.label, what.as_ref()), right);
        None
    }

    /// Notes that something else was expected.
    pub(crate) fn wrong_type<T>(&self, expected: &str, right: Option<String>) -> Option<T> {
        self.wrong(format!("expected {expected}, found {}", found(self.node)), right)
    }

    /// Notes that the value is doubtful.
    pub(crate) fn doubt(&self, what: impl AsRef<str>, right: Option<String>) {
        self.faults.warning(self.at(), format!("{}: {}", self.label, what.as_ref()), right);
    }

    /// Where to point: at a value, or for lists and maps over several lines at the name of the field.
    pub(crate) fn at(&self) -> At {
        match &self.node.value {
            Value::Scalar { .. } => self.node.at,
            _ => self.key_at,
        }
    }

    /// The items of a list.
    pub(crate) fn items(&self) -> Vec<Field<'t>> {
        let Value::List(items) = &self.node.value else {
            let right = format!("{}: [first, second], or one line with '- ' for each", self.label);
            return self.wrong_type("a list", Some(right)).unwrap_or_default();
        };
        let item = |(i, node): (usize, &'t std::rc::Rc<Node>)| Field {
            label: Cow::Owned(format!("{}[{i}]", self.label)),
            node,
            key_at: node.at,
            faults: self.faults,
        };
        items.iter().enumerate().map(item).collect()
    }

    /// The fields of a map whose names the plan's author chooses; `like` is what would be right in place of anything else.
    pub(crate) fn entries(&self, like: &str) -> Vec<(&'t str, Field<'t>)> {
        let Value::Map(entries) = &self.node.value else {
            return self.wrong_type("a map", Some(format!("{}: {like}", self.label))).unwrap_or_default();
        };
        let entry = |entry: &'t Entry| {
            let label = Cow::Owned(format!("{}.{}", self.label, bare(&entry.key)));
            (entry.key.as_str(), Field { label, node: &entry.value, key_at: entry.key_at, faults: self.faults })
        };
        entries.iter().map(entry).collect()
    }

    /// [`Field::items`] of a list that must not be empty.
    pub(crate) fn some_items(&self, of: &str) -> Vec<Field<'t>> {
        let items = self.items();
        if items.is_empty() && matches!(self.node.value, Value::List(_)) {
            self.wrong::<()>("the list is empty", Some(format!("at least one {of}")));
        }
        items
    }

    /// The value as a map of that shape.
    pub(crate) fn fields(&self, shape: Shape) -> Option<Fields<'t>> {
        Fields::open(self.node, shape, self.faults)
    }
}
