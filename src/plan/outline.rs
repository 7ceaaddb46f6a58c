//! A procedure by what its steps are called and what they wait for, seen before any of them is read in full: a fault in one
//! step hides nothing about the others.

use std::collections::{BTreeMap, HashMap};
use std::ops::Range;
use std::rc::Rc;

use crate::core::when::Condition;

use super::fault::{At, Faults};
use super::fields::Fields;
use super::register::Register;
use super::tree::{Node, Value};
use super::values::quote;
use super::variables::Variables;

/// What a list can be of, and what the current one is called.
pub(crate) const SOURCES: [(&str, &str); 3] = [("items", "item"), ("hosts", "host"), ("components", "component")];

/// Begins the identifiers that steps get that take others back.
const RESERVED: &str = "undo.";

/// Which list a step stands in.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Stands {
    /// Among the preconditions.
    Before,
    /// Among the steps of the procedure.
    Within,
    /// Among those that mend the failure of the step at that place of the outline.
    Mends(usize),
}

/// A step, by what can be seen from outside.
pub(crate) struct Sketch<'t> {
    pub(crate) id: String,
    pub(crate) stands: Stands,
    /// Whether it is the first of its list.
    pub(crate) first: bool,
    /// The steps that it names, by place and where it does; none when it waits for all above it.
    pub(crate) needs: Option<Vec<(usize, At)>>,
    /// The steps that its condition asks about, and so waits for.
    pub(crate) asks: Vec<(usize, At)>,
    pub(crate) is_gate: bool,
    /// Whether it is done in every run: no condition, no list, no launch option leaves it out.
    pub(crate) is_sure: bool,
    /// Where it says that it cannot be taken back.
    pub(crate) no_return: Option<At>,
    /// The procedure that it calls.
    pub(crate) call: Option<(&'t str, At)>,
    /// Whether a person does it.
    pub(crate) is_manual: bool,
    /// What the current item of its list is called.
    pub(crate) item: Option<&'t str>,
    /// The steps that mend its failure.
    pub(crate) mends: Range<usize>,
}

/// The steps of a procedure.
pub(crate) struct Outline<'t> {
    pub(crate) sketches: Vec<Sketch<'t>>,
    /// Where the preconditions stand among them.
    pub(crate) before: Range<usize>,
    /// The places of the procedure's own steps.
    pub(crate) within: Vec<usize>,
    /// The results that steps give, with the place of the giver.
    pub(crate) results: BTreeMap<String, usize>,
    /// The identifiers that the procedure's own steps can need.
    pub(crate) ids: Register,
    /// Whether a step needs what is not there: then what is missing is not looked for.
    pub(crate) is_broken: bool,
    places: Places,
}

/// Steps by their identifiers: those of a procedure with its preconditions, and apart from them those of each handler.
#[derive(Default)]
struct Places(HashMap<Option<usize>, HashMap<String, usize>>);

impl Places {
    fn new(sketches: &[Sketch<'_>]) -> Places {
        let mut places = Places::default();
        for (place, sketch) in sketches.iter().enumerate() {
            places.0.entry(apart(sketch.stands)).or_default().entry(sketch.id.clone()).or_insert(place);
        }
        places
    }

    fn find(&self, stands: Stands, id: &str) -> Option<usize> {
        self.0.get(&apart(stands))?.get(id).copied()
    }
}

/// The step that a step mends, for one that does.
pub(crate) fn apart(stands: Stands) -> Option<usize> {
    match stands {
        Stands::Mends(of) => Some(of),
        Stands::Within | Stands::Before => None,
    }
}

impl Outline<'_> {
    /// The step that a condition means, asked from another.
    pub(crate) fn find(&self, from: usize, id: &str) -> Option<usize> {
        self.places.find(self.sketches[from].stands, id)
    }
}

/// Draws the outline of a procedure; notes identifiers and results that stand twice. `variables` are those of its parameters.
pub(crate) fn draw<'t>(procedure: &Fields<'t>, variables: &mut Variables) -> Outline<'t> {
    let mut drawing = Drawing {
        faults: procedure.faults(),
        sketches: Vec::new(),
        nodes: Vec::new(),
        unique: Register::within("step", "procedure"),
        giving: Register::within("result", "procedure"),
        results: BTreeMap::new(),
        variables,
    };
    let items = |key| procedure.get(key).map_or(&[][..], |f| f.node.peek_items());
    let before = drawing.list(items("preconditions"), Stands::Before, |i| format!("check-{}", i + 1));
    let mut within = Vec::new();
    for (i, item) in items("steps").iter().enumerate() {
        let place = drawing.step(item, Stands::Within, i == 0, format!("step-{}", i + 1));
        within.push(place);
        let handler = item.peek("on_failure").and_then(|n| n.peek("do")).map_or(&[][..], Node::peek_items);
        let mends = drawing.list(handler, Stands::Mends(place), |m| format!("mend-{}-{}", i + 1, m + 1));
        drawing.sketches[place].mends = mends;
    }
    let places = Places::new(&drawing.sketches);
    let is_broken = drawing.connect(&places);
    let mut ids = Register::within("step", "procedure");
    for place in &within {
        ids.learn(&drawing.sketches[*place].id, drawing.nodes[*place].at);
    }
    Outline { before, within, ids, is_broken, sketches: drawing.sketches, results: drawing.results, places }
}

struct Drawing<'t, 'v> {
    faults: &'t Faults<'t>,
    sketches: Vec<Sketch<'t>>,
    nodes: Vec<&'t Node>,
    unique: Register,
    giving: Register,
    results: BTreeMap<String, usize>,
    variables: &'v mut Variables,
}

impl<'t> Drawing<'t, '_> {
    fn list(&mut self, items: &'t [Rc<Node>], stands: Stands, id: impl Fn(usize) -> String) -> Range<usize> {
        let start = self.sketches.len();
        for (i, item) in items.iter().enumerate() {
            self.step(item, stands, i == 0, id(i));
        }
        start..self.sketches.len()
    }

    fn step(&mut self, node: &'t Node, stands: Stands, first: bool, unnamed: String) -> usize {
        let place = self.sketches.len();
        let given = node.peek("id").and_then(|n| Some((n.at, n.peek_text()?.to_owned())));
        let (at, id) = given.unwrap_or((node.at, unnamed));
        if id.starts_with(RESERVED) {
            let what = format!("id: {} begins as the identifiers of steps do that take others back", quote(&id));
            self.faults.error(at, what, Some(format!("an identifier that does not begin with {RESERVED}")));
        }
        self.unique.add(&id, at, "id", self.faults);
        self.gives(node, place);
        let item = node.peek("for_each").and_then(|each| self.item(each));
        let is = |key: &str| node.peek(key).is_some();
        // A gate is no step that could be taken back; it is told so elsewhere.
        let no_return =
            node.peek("no_return").filter(|n| !is("gate") && n.peek_text().is_some_and(is_true)).map(|n| n.at);
        self.nodes.push(node);
        self.sketches.push(Sketch {
            id,
            stands,
            first,
            needs: None,
            asks: Vec::new(),
            is_gate: is("gate"),
            is_sure: !(is("when") || is("for_each") || is("part_of")),
            no_return,
            call: node.peek("procedure").and_then(callee),
            is_manual: is("manual") || matches!(node.value, Value::Scalar { .. }),
            item,
            mends: 0..0,
        });
        place
    }

    fn gives(&mut self, node: &'t Node, place: usize) {
        let Some(Value::Map(entries)) = node.peek("result").map(|n| &n.value) else { return };
        for entry in entries {
            self.giving.add(&entry.key, entry.key_at, "result", self.faults);
            self.variables.give(&entry.key, entry.key_at, "result", self.faults);
            self.results.entry(entry.key.clone()).or_insert(place);
        }
    }

    /// What the current item of a list is called; every list may call it the same.
    fn item(&self, each: &'t Node) -> Option<&'t str> {
        let name = item_name(each)?;
        let (key, at) = each.peek("as").map_or(("for_each", each.at), |given| ("as", given.at));
        self.variables.check(name, at, key, self.faults);
        Some(name)
    }

    /// Finds the steps that others name. Says whether one is not there.
    fn connect(&mut self, places: &Places) -> bool {
        let mut is_broken = false;
        let mut found = Vec::with_capacity(self.sketches.len());
        for (place, sketch) in self.sketches.iter().enumerate() {
            let node = self.nodes[place];
            let needs = node.peek("needs").map(Node::peek_items).map(|items| {
                let find = |node: &Rc<Node>| Some((places.find(sketch.stands, node.peek_text()?)?, node.at));
                let can = |to: usize| to != place && self.sketches[to].stands == sketch.stands;
                let needs: Vec<_> = items.iter().filter_map(find).filter(|(to, _)| can(*to)).collect();
                is_broken |= needs.len() < items.len();
                needs
            });
            let mut asks = Vec::new();
            if let Some((text, at)) = node.peek("when").and_then(|n| Some((n.peek_text()?, n.at)))
                && let Ok(condition) = Condition::parse(text)
            {
                let steps = condition.steps().filter_map(|id| places.find(sketch.stands, id));
                asks.extend(steps.filter(|to| *to != place).map(|to| (to, at)));
            }
            found.push((needs, asks));
        }
        for (sketch, (needs, asks)) in self.sketches.iter_mut().zip(found) {
            (sketch.needs, sketch.asks) = (needs, asks);
        }
        is_broken
    }
}

/// What the current item of a list is called, whatever else is wrong with the list.
pub(crate) fn item_name(each: &Node) -> Option<&str> {
    if let Some(name) = each.peek("as").and_then(Node::peek_text) {
        return Some(name);
    }
    let of = SOURCES.iter().find(|(key, _)| each.peek(key).is_some());
    match (of, &each.value) {
        (Some((_, name)), _) => Some(name),
        (None, Value::List(_)) => Some("item"),
        (None, _) => None,
    }
}

fn is_true(text: &str) -> bool {
    text.eq_ignore_ascii_case("true")
}

/// The procedure that a step calls: the identifier alone, or with values.
fn callee(node: &Node) -> Option<(&str, At)> {
    let id = node.peek("id").unwrap_or(node);
    Some((id.peek_text()?, id.at))
}
