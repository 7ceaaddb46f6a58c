//! YAML as a tree that knows where each thing stood and how it was written.
//!
//! Scalars stay text: what `no` or `0777` means is decided by the field that holds it. Aliases share what they repeat, and how
//! much a tree would be if it were written out is counted and bounded.

use std::collections::HashMap;
use std::rc::Rc;

use granit_parser::{Event, Parser, ScalarStyle, Span};

use super::fault::{At, Faults};
use super::source::{bad_character, note_bad_character};
use super::syntax;
use super::values::quote;

/// Deepest nesting of lists and maps.
pub(crate) const MAX_DEPTH: usize = 64;
/// Most values of a plan, with what aliases repeat counted each time.
const MAX_NODES: usize = 200_000;
/// Most bytes of text of a plan, counted likewise.
const MAX_TEXT: usize = 8 * 1024 * 1024;

/// Whether a scalar can mean something else than its text.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Style {
    /// Without quotes: a number, a truth value, nothing, or a text.
    Plain,
    /// In quotes, or a block: a text.
    Quoted,
}

#[derive(Debug)]
pub(crate) enum Value {
    Scalar { text: String, style: Style },
    List(Vec<Rc<Node>>),
    Map(Vec<Entry>),
}

/// A field of a map.
#[derive(Debug)]
pub(crate) struct Entry {
    pub(crate) key: String,
    pub(crate) key_at: At,
    pub(crate) value: Rc<Node>,
}

#[derive(Debug)]
pub(crate) struct Node {
    pub(crate) value: Value,
    pub(crate) at: At,
    weight: Weight,
}

/// How much a node is when it is written out.
#[derive(Debug, Clone, Copy, Default)]
struct Weight {
    nodes: usize,
    text: usize,
    height: usize,
}

impl Node {
    /// Whether it is there but says nothing.
    pub(crate) fn is_null(&self) -> bool {
        matches!(&self.value, Value::Scalar { text, style: Style::Plain } if is_null_word(text))
    }

    /// The value of a field, without noting anything.
    pub(crate) fn peek(&self, key: &str) -> Option<&Node> {
        let Value::Map(entries) = &self.value else { return None };
        entries.iter().find(|e| e.key == key).map(|e| &*e.value).filter(|node| !node.is_null())
    }

    /// The text of a scalar, without noting anything.
    pub(crate) fn peek_text(&self) -> Option<&str> {
        match &self.value {
            Value::Scalar { text, .. } if !self.is_null() => Some(text),
            _ => None,
        }
    }

    /// The items of a list, without noting anything; none for everything else.
    pub(crate) fn peek_items(&self) -> &[Rc<Node>] {
        match &self.value {
            Value::List(items) => items,
            _ => &[],
        }
    }
}

pub(crate) fn is_null_word(text: &str) -> bool {
    matches!(text, "" | "~" | "null" | "Null" | "NULL")
}

/// Reads YAML; none when there is no tree to speak of, with the reason noted.
pub(crate) fn parse(text: &str, faults: &Faults<'_>) -> Option<Rc<Node>> {
    let options = granit_parser::options! {
        emit_comments: false,
        flow_nesting_limit: MAX_DEPTH,
        block_nesting_limit: MAX_DEPTH,
    };
    let mut builder =
        Builder { text, faults, open: Vec::new(), anchors: HashMap::new(), root: None, total: Weight::default() };
    for event in Parser::new_from_str_with_options(text, options) {
        let taken = match event {
            Ok((event, span)) => builder.take(&event, &span),
            Err(why) => {
                syntax::note(text, &why, faults);
                return None;
            }
        };
        taken?;
    }
    if builder.root.is_none() {
        faults.error(At::START, "the file is empty", Some("a plan begins with plan_name: and a name".to_owned()));
    }
    builder.root
}

/// A key that has been read and waits for its value; `None` in it for one that cannot be used.
type Key = Option<(String, At)>;

struct Open {
    start: usize,
    anchor: usize,
    weight: Weight,
    what: Collection,
}

enum Collection {
    List(Vec<Rc<Node>>),
    Map { entries: Vec<Entry>, seen: HashMap<String, At>, key: Option<Key> },
}

struct Builder<'t> {
    text: &'t str,
    faults: &'t Faults<'t>,
    open: Vec<Open>,
    anchors: HashMap<usize, Rc<Node>>,
    root: Option<Rc<Node>>,
    total: Weight,
}

impl Builder<'_> {
    /// Takes one event; none when reading cannot go on.
    fn take(&mut self, event: &Event<'_>, span: &Span) -> Option<()> {
        let at = bytes(span, self.text);
        if event.tag().is_some() {
            self.refuse_tag(span);
        }
        match event {
            Event::DocumentStart(..) if self.root.is_some() => {
                self.faults.error(
                    at,
                    "a second document begins here; a plan file holds one",
                    Some("one file for each plan".to_owned()),
                );
                return None;
            }
            Event::Alias(id) => return self.alias(*id, at),
            Event::Scalar(text, style, anchor, _) => return self.scalar(text, *style, *anchor, at),
            Event::SequenceStart(_, anchor, _) => return self.begin(*anchor, at, Collection::List(Vec::new())),
            Event::MappingStart(_, anchor, _) => {
                let map = Collection::Map { entries: Vec::new(), seen: HashMap::new(), key: None };
                return self.begin(*anchor, at, map);
            }
            Event::SequenceEnd | Event::MappingEnd => return self.end(at),
            _ => {}
        }
        Some(())
    }

    fn refuse_tag(&self, span: &Span) {
        let at = span.tag_span().map_or_else(|| bytes(span, self.text), |tag| bytes(&tag, self.text));
        let tag = self.text.get(at.start..at.end).unwrap_or("!");
        self.faults.error(
            at,
            format!("the tag {} is not read in plans", quote(tag)),
            Some("leave it out; quotes make a text of a number".to_owned()),
        );
    }

    fn scalar(&mut self, text: &str, style: ScalarStyle, anchor: usize, at: At) -> Option<()> {
        // Those in the file itself are noted and gone before; this finds what an escape such as "\u202e" stands for.
        if let Some((c, why)) = text.chars().find_map(|c| Some((c, bad_character(c)?))) {
            note_bad_character(c, why, at, self.faults);
        }
        let style = if style == ScalarStyle::Plain { Style::Plain } else { Style::Quoted };
        let weight = Weight { nodes: 1, text: text.len(), height: 0 };
        let node = Rc::new(Node { value: Value::Scalar { text: text.to_owned(), style }, at, weight });
        self.remember(anchor, &node);
        self.put(node)
    }

    fn alias(&mut self, id: usize, at: At) -> Option<()> {
        match self.anchors.get(&id).cloned() {
            Some(node) => self.put_at(node, at),
            None => {
                self.faults.error(
                    at,
                    "an alias stands inside what it repeats, which would never end",
                    Some("write the value out".to_owned()),
                );
                None
            }
        }
    }

    fn begin(&mut self, anchor: usize, at: At, what: Collection) -> Option<()> {
        if self.open.len() >= MAX_DEPTH {
            syntax::note_depth(at, self.faults);
            return None;
        }
        self.open.push(Open { start: at.start, anchor, weight: Weight { nodes: 1, text: 0, height: 1 }, what });
        Some(())
    }

    fn end(&mut self, at: At) -> Option<()> {
        let open = self.open.pop()?;
        let value = match open.what {
            Collection::List(items) => Value::List(items),
            Collection::Map { entries, .. } => Value::Map(entries),
        };
        let at = At { start: open.start, end: at.end.max(open.start) };
        let node = Rc::new(Node { value, at, weight: open.weight });
        self.remember(open.anchor, &node);
        // Its parts were counted when they came.
        self.attach(node, at)
    }

    fn remember(&mut self, anchor: usize, node: &Rc<Node>) {
        if anchor != 0 {
            self.anchors.insert(anchor, Rc::clone(node));
        }
    }

    fn put(&mut self, node: Rc<Node>) -> Option<()> {
        let at = node.at;
        self.put_at(node, at)
    }

    /// Counts a node, and puts it where it belongs. `at` is where it is used, which for an alias is not where it is written.
    fn put_at(&mut self, node: Rc<Node>, at: At) -> Option<()> {
        self.total.nodes = self.total.nodes.saturating_add(node.weight.nodes);
        self.total.text = self.total.text.saturating_add(node.weight.text);
        let right = || Some("a smaller plan, or fewer aliases".to_owned());
        if self.total.nodes > MAX_NODES {
            self.faults.error(at, format!("the plan has more than {MAX_NODES} values, aliases written out"), right());
            return None;
        }
        if self.total.text > MAX_TEXT {
            self.faults.error(
                at,
                format!("the plan has more than {MAX_TEXT} bytes of text, aliases written out"),
                right(),
            );
            return None;
        }
        if self.open.len() + node.weight.height > MAX_DEPTH {
            syntax::note_depth(at, self.faults);
            return None;
        }
        self.attach(node, at)
    }

    fn attach(&mut self, node: Rc<Node>, at: At) -> Option<()> {
        let Some(parent) = self.open.last_mut() else {
            self.root = Some(node);
            return Some(());
        };
        parent.weight.nodes = parent.weight.nodes.saturating_add(node.weight.nodes);
        parent.weight.text = parent.weight.text.saturating_add(node.weight.text);
        parent.weight.height = parent.weight.height.max(node.weight.height + 1);
        match &mut parent.what {
            Collection::List(items) => items.push(node),
            Collection::Map { entries, seen, key } => match key.take() {
                None => *key = Some(usable_key(&node, at, seen, self.faults)),
                Some(None) => {}
                Some(Some((key, key_at))) => entries.push(Entry { key, key_at, value: node }),
            },
        }
        Some(())
    }
}

/// A key that a field can be found by; none, with the reason noted, for everything else.
fn usable_key(node: &Node, at: At, seen: &mut HashMap<String, At>, faults: &Faults<'_>) -> Key {
    let Value::Scalar { text, style } = &node.value else {
        faults.error(at, "a list or a map cannot be the name of a field", Some("a text before the ':'".to_owned()));
        return None;
    };
    if text == "<<" && *style == Style::Plain {
        faults.error(at, "\"<<\" merges maps, which plans do not", Some("write the fields out".to_owned()));
        return None;
    }
    if let Some(first) = seen.get(text) {
        let right = format!("once; the first stands in line {}", faults.line(*first));
        faults.error(at, format!("{} stands twice in one map", quote(text)), Some(right));
        return None;
    }
    seen.insert(text.clone(), at);
    Some((text.clone(), at))
}

/// The bytes of a span. The parser gives them for every text in memory; clamped all the same.
fn bytes(span: &Span, text: &str) -> At {
    let range = span.byte_range().unwrap_or(0..0);
    At { start: range.start.min(text.len()), end: range.end.clamp(range.start.min(text.len()), text.len()) }
}
