//! Steps: a sentence, or a map with exactly one thing to do.

mod actions;
mod call;
mod config;
mod dns;
mod each;
mod failure;
mod haproxy;
mod http;
mod look;
mod nginx;
mod people;
mod placeholders;
mod postgres;
mod program;
mod result;
mod sql;
mod when;

use std::cell::RefCell;
use std::collections::BTreeSet;

pub(crate) use call::Signatures;

use crate::core::ids::StepId;
use crate::core::plan::{Action, Fence, Fencing, Needs, OnFailure, Part, Postgres, Repeat, Retry, Return, Step};
use crate::core::time::Span;

use super::calls::Called;
use super::fault::Faults;
use super::fields::{Field, Fields, Shape};
use super::names::{Doing, Names, Use};
use super::outline::{Outline, Stands, apart, item_name};
use super::parameter::Parameters;
use super::register::Register;
use super::resolve::{Known, LONGEST, SHORTEST};
use super::tree::Value;
use super::values::bare;

const STEP: Shape = Shape {
    what: "a step",
    fields: &[
        "id",
        "name",
        "manual",
        "gate",
        "command",
        "shell",
        "http",
        "health",
        "sql",
        "postgres",
        "file",
        "wait",
        "config",
        "haproxy",
        "nginx",
        "dns",
        "notify",
        "procedure",
        "people",
        "roles",
        "separate",
        "after",
        "unattended",
        "needs",
        "when",
        "for_each",
        "host",
        "timeout",
        "retry",
        "on_failure",
        "undo",
        "no_return",
        "idempotent",
        "result",
        "part_of",
        "estimate",
        "fence",
        "ungraceful",
    ],
};

const PARTS: [(&str, Part); 4] =
    [("verify", Part::Verify), ("notify", Part::Notify), ("dns", Part::Dns), ("load_balancer", Part::LoadBalancer)];

/// Fields that say when a step is done and what its failure means, which preconditions have no say in.
const NOT_BEFORE: [&str; 9] =
    ["needs", "on_failure", "undo", "no_return", "idempotent", "part_of", "host", "fence", "ungraceful"];

/// What a step may refer to.
#[derive(Clone, Copy)]
struct Scope<'a> {
    known: &'a Known,
    signatures: &'a Signatures<'a>,
    names: Names<'a>,
}

/// Reads the steps of one procedure.
pub(crate) struct Reader<'a> {
    known: &'a Known,
    signatures: &'a Signatures<'a>,
    parameters: &'a Parameters,
    called: &'a Called<'a>,
    uses: RefCell<Vec<Use>>,
}

impl<'a> Reader<'a> {
    pub(crate) fn new(
        known: &'a Known,
        signatures: &'a Signatures<'a>,
        parameters: &'a Parameters,
        called: &'a Called<'a>,
    ) -> Reader<'a> {
        Reader { known, signatures, parameters, called, uses: RefCell::default() }
    }

    fn outline(&self) -> &'a Outline<'a> {
        &self.called.outline
    }

    /// The list that a step stands in.
    fn stands(&self, step: usize) -> Stands {
        self.outline().sketches[step].stands
    }

    /// The steps of the procedure.
    pub(crate) fn steps(&self, field: &Field<'_>) -> Vec<Step> {
        let places = self.outline().within.iter().copied();
        field.some_items("step").iter().zip(places).filter_map(|(item, place)| self.step(item, place)).collect()
    }

    /// What must be so before the first step.
    pub(crate) fn preconditions(&self, field: &Field<'_>) -> Vec<Step> {
        let places = self.outline().before.clone();
        let steps = field.items().into_iter().zip(places);
        steps.filter_map(|(item, place)| self.step(&item, place).filter(|step| only_looks(&item, step))).collect()
    }

    /// Steps that mend the failure of another.
    fn handler(&self, field: &Field<'_>, of: usize) -> Vec<Step> {
        let places = self.outline().sketches[of].mends.clone();
        field.some_items("step").iter().zip(places).filter_map(|(item, place)| self.step(item, place)).collect()
    }

    fn step(&self, field: &Field<'_>, place: usize) -> Option<Step> {
        let names = Names {
            parameters: self.parameters,
            results: &self.outline().results,
            items: [None, apart(self.stands(place)).and_then(|of| self.outline().sketches[of].item)],
            step: place,
            doing: Doing::Step,
            uses: &self.uses,
        };
        let scope = Scope { known: self.known, signatures: self.signatures, names };
        let id = self.outline().sketches[place].id.as_str();
        if let Value::Scalar { .. } = field.node.value {
            let sentence = field.told(&names)?;
            let id = StepId::try_from(id.to_owned()).ok()?;
            return Some(Step::plain(id, actions::short(&sentence), Action::Manual { sentence }));
        }
        let fields = field.fields(STEP)?;
        let each = fields.get("for_each");
        let read_each = each.as_ref().map(|f| each::each(f, &scope));
        let items = [self.outline().sketches[place].item, names.items[1]];
        let scope = Scope { names: Names { items, ..names }, ..scope };
        let step = self.body(&fields, id, place, &scope)?;
        doubt_hosts(&fields, &step);
        match read_each {
            Some(each) => Some(Step { each: Some(each?), ..step }),
            None => Some(step),
        }
    }

    /// All of a step but its list.
    fn body(&self, fields: &Fields<'_>, id: &str, place: usize, scope: &Scope<'_>) -> Option<Step> {
        if self.stands(place) == Stands::Before {
            refuse(fields, &NOT_BEFORE, "no place in a precondition: all are looked at side by side, before any step");
        }
        let id = fields.get("id").map_or_else(|| StepId::try_from(id.to_owned()).ok(), |f| f.id());
        let name = fields.get("name").map(|f| f.name().filter(|name| f.names_no_secret(name, &scope.names)));
        let action = actions::one(fields, &actions::KINDS, actions::STEP, scope);
        let kind = actions::kind(fields).unwrap_or_default();
        let timeout = fields.get("timeout").map(|f| f.span_within(SHORTEST, LONGEST));
        let retry = fields.get("retry").map_or(Some(Retry::NEVER), |f| failure::retry(&f));
        let no_return = fields.get("no_return").map_or(Some(false), |f| f.flag());
        let idempotent = fields.get("idempotent").map_or(Some(false), |f| f.flag());
        let estimate = fields.get("estimate").map(|f| f.span_within(Span::from_secs(1), LONGEST));
        let needs = fields.get("needs").map_or(Needs::Above, |f| self.needs(&f, place));
        let when = fields.get("when").map(|f| when::when(&f, place, self, scope));
        let on_failure =
            fields.get("on_failure").map_or(Some(OnFailure::Stop), |f| failure::on_failure(&f, place, self));
        let undo = fields.get("undo").map(|f| failure::undo(&f, scope));
        if let (Some(field), Some(true)) = (fields.get("undo"), no_return) {
            field.wrong::<()>("no_return says that there is no way back", Some("one of undo and no_return".to_owned()));
        }
        let host = fields.get("host").map(|f| program::host(&f, scope));
        if let (Some(field), Some(Action::Postgres(does))) = (fields.get("host"), &action)
            && does.cluster().is_none()
        {
            let what = format!("{} runs no program on a host", does.word());
            field.wrong::<()>(what, Some("host beside fence with how: stop, or rewind".to_owned()));
        }
        let captures = fields.get("result").map(|f| {
            if fields.get("for_each").is_some() {
                let right = "a step of its own, without for_each".to_owned();
                f.wrong::<()>("a step that is done for a list has no one result", Some(right));
            }
            result::captures(&f, kind, self.parameters)
        });
        let part = fields.get("part_of").map(|f| f.choice(&PARTS));
        let fence = fields.get("fence").map(|f| f.choice(&Fence::ALL));
        let ungraceful = fields.get("ungraceful").map(|f| failure::ungraceful(&f, scope));
        if let (Some(field), Some(Action::Postgres(Postgres::Fence { how: Fencing::ReadOnly, .. }))) =
            (fields.get("fence"), &action)
        {
            let right = "how: stop; or fence left out, and a step that cuts it off after this one".to_owned();
            field.wrong::<()>("read_only fences nothing off: any session may switch it off", Some(right));
        }
        let action = action?;
        let name = name.unwrap_or_else(|| Some(actions::title(&action)))?;
        Some(Step {
            timeout: timeout.flatten(),
            retry: retry?,
            way_back: if no_return? { Return::None } else { Return::Open },
            repeat: if idempotent? { Repeat::IsHarmless } else { Repeat::MayHarm },
            estimate: estimate.flatten(),
            needs,
            when: when.flatten(),
            on_failure: on_failure?,
            undo: undo.flatten().map(Box::new),
            host: host.flatten(),
            captures: captures.unwrap_or_default(),
            part: part.flatten(),
            fence: fence.flatten(),
            ungraceful: ungraceful.flatten(),
            ..Step::plain(id?, name, action)
        })
    }

    fn needs(&self, field: &Field<'_>, place: usize) -> Needs {
        let outline = self.outline();
        let beside;
        let ids = match self.stands(place) {
            Stands::Mends(of) => {
                let mut ids = Register::within("step", "handler");
                for sibling in &outline.sketches[outline.sketches[of].mends.clone()] {
                    ids.learn(&sibling.id, field.key_at);
                }
                beside = ids;
                &beside
            }
            Stands::Within | Stands::Before => &outline.ids,
        };
        let mut needs = BTreeSet::new();
        for item in field.items() {
            if item.node.peek_text() == Some(outline.sketches[place].id.as_str()) {
                item.wrong::<()>("a step cannot wait for itself", Some("another step".to_owned()));
            } else if let Some(id) = ids.resolve::<StepId>(&item)
                && !needs.insert(id)
            {
                item.wrong::<()>("it stands in the list twice", Some("once".to_owned()));
            }
        }
        Needs::These(needs)
    }

    /// Notes results that are used where they are not known yet. To be called once all steps are read.
    pub(crate) fn check_uses(&self, faults: &Faults<'_>) {
        let uses = self.uses.take();
        let (apart, beside): (Vec<Use>, Vec<Use>) = uses.into_iter().partition(|one| self.is_apart(one));
        for one in &apart {
            let what = format!("it is a result of {}, and steps that mend see only each other's", self.name_of(one.of));
            not_known(one, &what, "a step of the procedure", faults);
        }
        if self.called.order.is_broken {
            return;
        }
        for one in self.called.order.unknown(&beside) {
            let (what, right) = if one.by == one.of {
                ("it is a result of this step itself".to_owned(), "a later step, or undo".to_owned())
            } else {
                let of = self.name_of(one.of);
                (format!("it is a result of {of}, which this step does not wait for"), format!("{of} among its needs"))
            };
            not_known(one, &what, &right, faults);
        }
    }

    fn name_of(&self, step: usize) -> String {
        bare(&self.outline().sketches[step].id)
    }

    /// Whether the user of a result stands in another list of steps that mend than the giver, or only one of them does.
    fn is_apart(&self, one: &Use) -> bool {
        apart(self.stands(one.by)) != apart(self.stands(one.of))
    }
}

fn not_known(one: &Use, why: &str, right: &str, faults: &Faults<'_>) {
    let what = format!("{}: ${{{}}} is not known here: {why}", one.label, one.name);
    faults.error(one.at, what, Some(right.to_owned()));
}

fn refuse(fields: &Fields<'_>, names: &[&str], why: &str) {
    for (name, at) in fields.present(names) {
        fields.faults().error(at, format!("{name} has {why}"), Some(format!("{name} left out")));
    }
}

/// Whether a precondition touches nothing; notes when it does.
fn only_looks(field: &Field<'_>, step: &Step) -> bool {
    let what = match &step.action {
        Action::Health { .. } | Action::File(_) => return true,
        Action::Postgres(_) if step.action.only_looks() => return true,
        Action::Http(request) if request.method == "GET" => return true,
        Action::Http(request) => format!("this one sends {}", request.method),
        Action::Sql(sql) if sql::only_reads(&sql.query) => return true,
        Action::Sql(_) => "this statement does more than select".to_owned(),
        other => format!("this is a {} step", other.kind()),
    };
    let right = "health, file, http with GET, or sql with one SELECT".to_owned();
    field.wrong::<()>(format!("a precondition only looks; {what}"), Some(right));
    false
}

/// A list of hosts says nothing of where a program runs.
fn doubt_hosts(fields: &Fields<'_>, step: &Step) {
    let Some(each) = fields.get("for_each").filter(|f| f.node.peek("hosts").is_some()) else { return };
    if step.action.is_program() && step.host.is_none() {
        let what = "the step goes over hosts, and its program runs on the engine's own host each time";
        let name = item_name(each.node).unwrap_or("host");
        each.doubt(what, Some(format!("host: ${{{}}}", bare(name))));
    }
}
