//! How a launch may differ from what the plan says (DL-2): only what the procedure has is offered.

use std::collections::BTreeSet;

use crate::console::canvas::{Canvas, Row, count, round, wrap};
use crate::console::edit::{Edit, Focus};
use crate::console::key::{Code, Key};
use crate::console::theme::Role;
use crate::core::command::Options;
use crate::core::failover::MoveKind;
use crate::core::ids::{ComponentId, ProcedureId};
use crate::core::plan::{Action, Each, List, OnFailure, Part, Plan, Procedure, ProcedureKind, Severity, Step, Which};
use crate::core::time::Span;

/// What can be chosen.
pub(super) struct Page {
    items: Vec<Item>,
    at: usize,
}

struct Item {
    what: What,
    /// What stands behind its name: what the plan says.
    says: String,
}

enum What {
    Component(ComponentId, Chosen),
    Part(Part, Chosen),
    Timeout(Edit),
    Retries(Edit),
    Parallel(Edit),
    /// As the plan says, until one is chosen.
    Priority(Option<Severity>),
    /// Which kind of failover; manual until another is chosen.
    Kind(Option<MoveKind>),
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Chosen {
    Yes,
    No,
}

/// What a procedure and those that it calls have, as far as options care.
#[derive(Default)]
struct Found {
    lists_components: Vec<Which>,
    parts: Vec<Part>,
    retries: BTreeSet<u32>,
    seen: BTreeSet<ProcedureId>,
}

impl Found {
    fn look(&mut self, plan: &Plan, procedure: &Procedure) {
        if !self.seen.insert(procedure.id.clone()) {
            return;
        }
        let mut open: Vec<&Step> = procedure.preconditions.iter().chain(&procedure.steps).collect();
        while let Some(step) = open.pop() {
            if let Some(Each { list: List::Components { which, .. }, .. }) = &step.each {
                self.lists_components.push(which.clone());
            }
            self.parts.extend(step.part.filter(|_| !matches!(step.action, Action::Gate(_))));
            self.retries.extend(Some(step.retry.times).filter(|times| *times > 0));
            if let OnFailure::Do(mend) = &step.on_failure {
                open.extend(mend);
            }
            if let Action::Procedure(call) = &step.action
                && let Some(called) = plan.procedure(&call.procedure)
            {
                self.look(plan, called);
            }
        }
    }

    fn components(&self, plan: &Plan) -> Vec<ComponentId> {
        let listed = |id: &ComponentId| {
            self.lists_components.iter().any(|which| match which {
                Which::All | Which::Affected => true,
                Which::These(ids) => ids.contains(id),
            })
        };
        plan.components.iter().map(|c| c.id.clone()).filter(listed).collect()
    }
}

impl Page {
    pub(super) fn of(plan: &Plan, procedure: &Procedure) -> Page {
        let mut found = Found::default();
        found.look(plan, procedure);
        let mut items: Vec<Item> = Vec::new();
        if procedure.kind == ProcedureKind::Failover {
            items
                .push(Item { what: What::Kind(None), says: "planned, manual, emergency; Space changes it".to_owned() });
        }
        for (part, _) in PARTS {
            let steps = found.parts.iter().filter(|p| **p == part).count();
            if steps > 0 {
                items.push(Item { what: What::Part(part, Chosen::No), says: count(steps, "step") });
            }
        }
        for id in found.components(plan) {
            let name = plan.component(&id).map_or(String::new(), |c| c.name.clone());
            items.push(Item { what: What::Component(id, Chosen::No), says: name });
        }
        let limit = procedure.timeout.map_or_else(|| "none".to_owned(), round);
        items.push(Item { what: What::Timeout(Edit::default()), says: format!("the plan says: {limit}") });
        if let (Some(least), Some(most)) = (found.retries.first(), found.retries.last()) {
            let range = if least == most { most.to_string() } else { format!("{least} to {most}") };
            items.push(Item { what: What::Retries(Edit::default()), says: format!("the plan says: {range}") });
        }
        let lanes = procedure.lanes.run;
        items.push(Item { what: What::Parallel(Edit::default()), says: format!("the plan says: {lanes}") });
        let urgency = procedure.priority.unwrap_or(plan.priority);
        items.push(Item { what: What::Priority(None), says: format!("the plan says: {urgency}; Space changes it") });
        Page { items, at: 0 }
    }

    /// The options as they are filled in.
    ///
    /// # Errors
    /// What is wrong with one, and what would be right.
    pub(super) fn options(&self) -> Result<Options, String> {
        let mut options = Options::default();
        for item in &self.items {
            match &item.what {
                What::Component(id, Chosen::Yes) => drop(options.components.insert(id.clone())),
                What::Part(part, Chosen::Yes) => drop(options.without.insert(*part)),
                What::Component(..) | What::Part(..) => {}
                What::Timeout(edit) => options.timeout = read(edit, span)?,
                What::Retries(edit) => options.retries = read(edit, |text| number(text, 0))?,
                What::Parallel(edit) => options.parallel = read(edit, |text| number(text, 1))?,
                What::Priority(chosen) => options.priority = *chosen,
                What::Kind(chosen) => options.move_kind = *chosen,
            }
        }
        Ok(options)
    }

    pub(super) fn walk(&mut self, by: isize) {
        self.at = self.at.saturating_add_signed(by).min(self.items.len().saturating_sub(1));
    }

    pub(super) fn key(&mut self, key: Key) {
        match self.items.get_mut(self.at).map(|item| &mut item.what) {
            Some(What::Component(_, chosen) | What::Part(_, chosen)) if key.code == Code::Char(' ') => {
                *chosen = if *chosen == Chosen::Yes { Chosen::No } else { Chosen::Yes };
            }
            Some(What::Priority(chosen)) if matches!(key.code, Code::Char(' ') | Code::Right) => {
                *chosen = next(*chosen);
            }
            Some(What::Kind(chosen)) if matches!(key.code, Code::Char(' ') | Code::Right) => {
                *chosen = match chosen {
                    None | Some(MoveKind::Automatic) => Some(MoveKind::Emergency),
                    Some(MoveKind::Emergency) => Some(MoveKind::Planned),
                    Some(MoveKind::Planned) => Some(MoveKind::Manual),
                    Some(MoveKind::Manual) => Some(MoveKind::Emergency),
                };
            }
            Some(What::Timeout(edit) | What::Retries(edit) | What::Parallel(edit)) => {
                edit.key(key);
            }
            _ => {}
        }
    }

    pub(super) fn draw(&self, area: &mut Canvas<'_>) {
        let mut rows: Vec<(Option<usize>, Row)> = Vec::new();
        let mut head = "";
        for (index, item) in self.items.iter().enumerate() {
            let group = match item.what {
                What::Kind(_) => "Which kind of failover",
                What::Part(..) => "Leave out (gates and guards never are)",
                What::Component(..) => {
                    "Only these components, where steps are done for components; all when none is chosen"
                }
                _ => "Limits; what stays empty is as the plan says",
            };
            if group != head {
                head = group;
                rows.push((None, Row::of(group, Role::Dim)));
            }
            rows.push((Some(index), item.row(index == self.at)));
            if let Err(why) = item.check() {
                let lines = wrap(&format!("✗ {why}"), area.columns().saturating_sub(6));
                rows.extend(lines.into_iter().map(|line| (None, Row::new().gap(6).with(line, Role::Bad))));
            }
        }
        let height = usize::from(area.height());
        let here = rows.iter().position(|(index, _)| *index == Some(self.at)).unwrap_or(0);
        let first = (here + 2).saturating_sub(height);
        for ((_, row), y) in rows.iter().skip(first).zip(0..area.height()) {
            area.row(y, row);
        }
    }
}

impl Item {
    fn check(&self) -> Result<(), String> {
        match &self.what {
            What::Timeout(edit) => read(edit, span).map(drop),
            What::Retries(edit) => read(edit, |text| number(text, 0)).map(drop),
            What::Parallel(edit) => read(edit, |text| number(text, 1)).map(drop),
            What::Component(..) | What::Part(..) | What::Priority(_) | What::Kind(_) => Ok(()),
        }
    }

    fn row(&self, here: bool) -> Row {
        let lead = Row::of(if here { " ▸ " } else { "   " }, Role::Key);
        let focus = if here { Focus::Yes } else { Focus::No };
        let tick = |chosen: Chosen| if chosen == Chosen::Yes { ("[x] ", Role::Strong) } else { ("[ ] ", Role::Text) };
        let row = match &self.what {
            What::Component(id, chosen) => {
                let (mark, role) = tick(*chosen);
                lead.with(mark, role).with(id.as_str(), role)
            }
            What::Part(part, chosen) => {
                let (mark, role) = tick(*chosen);
                lead.with(mark, role).with(part_name(*part), role)
            }
            What::Timeout(edit) => lead.with("time-out", Role::Text).tab(20).and(edit.row(14, focus)),
            What::Retries(edit) => lead.with("more tries", Role::Text).tab(20).and(edit.row(14, focus)),
            What::Parallel(edit) => lead.with("side by side", Role::Text).tab(20).and(edit.row(14, focus)),
            What::Kind(chosen) => {
                let role = if *chosen == Some(MoveKind::Emergency) { Role::Warn } else { Role::Strong };
                lead.with("launched as", Role::Text).tab(20).with(chosen.unwrap_or(MoveKind::Manual).word(), role)
            }
            What::Priority(chosen) => {
                let (text, role) =
                    chosen.map_or(("as planned".to_owned(), Role::Dim), |p| (p.to_string(), Role::Strong));
                lead.with("priority", Role::Text).tab(20).with(text, role)
            }
        };
        row.tab(36).with(&self.says, Role::Dim)
    }
}

/// In the order in which they are offered.
const PARTS: [(Part, &str); 4] = [
    (Part::Verify, "verification"),
    (Part::Notify, "telling people"),
    (Part::Dns, "names (DNS)"),
    (Part::LoadBalancer, "load balancers"),
];

fn part_name(part: Part) -> &'static str {
    PARTS.iter().find(|(known, _)| *known == part).map_or("", |(_, name)| name)
}

/// What is different, in a few words; nothing when all is as the plan says.
pub(super) fn summary(options: &Options) -> Option<String> {
    let mut words: Vec<String> = Vec::new();
    if !options.without.is_empty() {
        let parts: Vec<&str> = options.without.iter().map(|part| part_name(*part)).collect();
        words.push(format!("WITHOUT {}", crate::text::all_of(&parts)));
    }
    if !options.components.is_empty() {
        let ids: Vec<&str> = options.components.iter().map(ComponentId::as_str).collect();
        words.push(format!("only {}", crate::text::some_of(&ids, 6)));
    }
    words.extend(options.move_kind.map(|kind| format!("as {}", kind.word())));
    words.extend(options.timeout.map(|limit| format!("at most {}", round(limit))));
    words.extend(options.retries.map(|times| format!("{times} more tries")));
    words.extend(options.parallel.map(|lanes| format!("{lanes} side by side")));
    words.extend(options.priority.map(|priority| format!("{priority} priority")));
    (!words.is_empty()).then(|| words.join("; "))
}

/// All of them one after the other, most urgent first, and then as the plan says again.
fn next(chosen: Option<Severity>) -> Option<Severity> {
    let Some(chosen) = chosen else { return Severity::ALL.first().copied() };
    Severity::ALL.into_iter().skip_while(|known| *known != chosen).nth(1)
}

fn read<T>(edit: &Edit, parse: impl Fn(&str) -> Result<T, String>) -> Result<Option<T>, String> {
    match edit.text().trim() {
        "" => Ok(None),
        text => parse(text).map(Some),
    }
}

fn span(text: &str) -> Result<Span, String> {
    let span: Span = text.parse().map_err(|bad: crate::core::time::BadSpan| bad.to_string())?;
    if span == Span::ZERO {
        Err("a run needs some time; write a length of time, as in 30m".to_owned())
    } else {
        Ok(span)
    }
}

fn number(text: &str, least: u32) -> Result<u32, String> {
    let bad = || format!("{text:?} is no whole number from {least} on");
    text.parse().ok().filter(|n| *n >= least).ok_or_else(bad)
}
