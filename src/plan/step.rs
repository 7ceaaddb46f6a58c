//! Steps: a sentence, or a map with exactly one thing to do.

use std::collections::{BTreeMap, BTreeSet};

use crate::core::ids::{ComponentId, RoleId, StepId};
use crate::core::plan::{Action, Gate, HttpRequest, Launcher, ROLES, Repeat, Retry, Return, Step, Subject};
use crate::core::template::Template;
use crate::core::time::Span;

use super::fault::At;
use super::fields::{Field, Fields, Shape};
use super::register::{Register, nearest};
use super::resolve::{Known, LONGEST, SHORTEST};
use super::tree::Value;
use super::values::{MAX_NAME, quote};

const STEP: Shape = Shape {
    what: "a step",
    fields: &[
        "id",
        "name",
        "manual",
        "gate",
        "command",
        "http",
        "health",
        "people",
        "roles",
        "separate",
        "after",
        "timeout",
        "retry",
        "no_return",
        "idempotent",
        "estimate",
    ],
};
const RETRY: Shape = Shape { what: "a retry", fields: &["times", "every"] };
const HTTP: Shape = Shape { what: "a request", fields: &["method", "url", "json", "headers", "expect"] };
const EXPECT: Shape = Shape { what: "an expectation", fields: &["status", "contains"] };
const HEALTH: Shape = Shape { what: "a health step", fields: &["site", "component", "within"] };

/// What a step can do, of which it does one.
const KINDS: [&str; 5] = ["manual", "gate", "command", "http", "health"];
const METHODS: [(&str, &str); 5] =
    [("GET", "GET"), ("POST", "POST"), ("PUT", "PUT"), ("PATCH", "PATCH"), ("DELETE", "DELETE")];

/// Fields that only some kinds of step have: what they are, the kinds, and how those are called.
const BELONGS: [(&[&str], &[&str], &str); 5] = [
    (&["people", "roles", "separate", "after"], &["gate"], "a gate"),
    (&["timeout"], &["command", "http"], "a command or http step"),
    (&["idempotent"], &["command", "http"], "a command or http step"),
    (&["retry"], &["command", "http", "health"], "a command, http or health step"),
    (&["no_return"], &["manual", "command", "http", "health"], "a step that does something"),
];

const MOST_RETRIES: u64 = 100;
const RETRY_EVERY: Span = Span::from_secs(5);
const MOST_PEOPLE: u64 = 100;

/// What a step may refer to.
struct Scope<'a> {
    known: &'a Known,
    /// Parameters, and `from` and `to`.
    names: &'a Register,
}

/// All steps of a procedure.
pub(crate) fn steps(field: &Field<'_>, known: &Known, names: &Register) -> Vec<Step> {
    let items = field.some_items("step");
    let scope = Scope { known, names };
    let ids = ids(&items);
    let mut steps = Vec::new();
    let mut gated = false;
    for (item, id) in items.iter().zip(ids) {
        gated |= item.node.peek("gate").is_some();
        check_gated(item, gated);
        steps.extend(step(item, &id, &scope));
    }
    steps
}

/// The identifier of each: as the file says, else `step-N`; notes what stands twice.
fn ids(items: &[Field<'_>]) -> Vec<String> {
    let mut register = Register::new("step");
    let id = |(i, item): (usize, &Field<'_>)| {
        let given = item.node.peek("id").and_then(|n| Some((n.at, n.peek_text()?.to_owned())));
        let (at, id) = given.unwrap_or_else(|| (item.at(), format!("step-{}", i + 1)));
        register.add(&id, at, "id", item.faults);
        id
    };
    items.iter().enumerate().map(id).collect()
}

/// Nothing irreversible without somebody who has decided it.
fn check_gated(item: &Field<'_>, gated: bool) {
    let Some(node) = item.node.peek("no_return") else { return };
    if !gated && node.peek_text().is_some_and(|text| text.eq_ignore_ascii_case("true")) {
        let what = "no_return: the step cannot be taken back, and no gate stands before it";
        item.faults.error(node.at, what, Some("a step with gate: and a question, above this one".to_owned()));
    }
}

fn step(field: &Field<'_>, id: &str, scope: &Scope<'_>) -> Option<Step> {
    if let Value::Scalar { .. } = field.node.value {
        let sentence = field.sentence()?;
        let id = StepId::try_from(id.to_owned()).ok()?;
        return Some(Step::plain(id, short(&sentence), Action::Manual { sentence }));
    }
    let fields = field.fields(STEP)?;
    let id = fields.get("id").map_or_else(|| StepId::try_from(id.to_owned()).ok(), |f| f.id());
    let name = fields.get("name").map(|f| f.name());
    let action = action(&fields, scope);
    let timeout = fields.get("timeout").map(|f| f.span_within(SHORTEST, LONGEST));
    let retry = fields.get("retry").map_or(Some(Retry::NEVER), |f| retry(&f));
    let no_return = fields.get("no_return").map_or(Some(false), |f| f.flag());
    let idempotent = fields.get("idempotent").map_or(Some(false), |f| f.flag());
    let estimate = fields.get("estimate").map(|f| f.span_within(Span::from_secs(1), LONGEST));
    let action = action?;
    let name = name.unwrap_or_else(|| Some(short(&title(&action))))?;
    Some(Step {
        timeout: timeout.flatten(),
        retry: retry?,
        way_back: if no_return? { Return::None } else { Return::Open },
        repeat: if idempotent? { Repeat::IsHarmless } else { Repeat::MayHarm },
        estimate: estimate.flatten(),
        ..Step::plain(id?, name, action)
    })
}

fn retry(field: &Field<'_>) -> Option<Retry> {
    let fields = field.fields(RETRY)?;
    let times = fields.need("times", "3").and_then(|f| f.whole(1..=MOST_RETRIES)).and_then(|n| u32::try_from(n).ok());
    let every = fields.get("every").map_or(Some(RETRY_EVERY), |f| f.span_within(SHORTEST, LONGEST));
    Some(Retry { times: times?, every: every?, ..Retry::NEVER })
}

/// What a step without a name is called.
fn title(action: &Action) -> String {
    match action {
        Action::Manual { sentence } => sentence.clone(),
        Action::Gate(gate) => gate.question.clone(),
        Action::Command { argv } => argv.iter().map(Template::source).collect::<Vec<_>>().join(" "),
        Action::Http(request) => format!("{} {}", request.method, request.url),
        Action::Health { subject: Subject::Site(site), .. } => format!("{site} is healthy"),
        Action::Health { subject: Subject::Component(component), .. } => format!("{component} is healthy"),
        other => other.kind().to_owned(),
    }
}

/// One line, no longer than a name.
fn short(text: &str) -> String {
    let line = text.split_whitespace().collect::<Vec<_>>().join(" ");
    match line.char_indices().nth(MAX_NAME) {
        None => line,
        Some(_) => line.chars().take(MAX_NAME - 1).chain(['…']).collect(),
    }
}

fn action(fields: &Fields<'_>, scope: &Scope<'_>) -> Option<Action> {
    let kinds: Vec<(&str, At)> = fields.present(&KINDS);
    if let [(first, _), (second, at), ..] = kinds.as_slice() {
        let what = format!("a step does one thing; this one has {first} and {second}");
        fields.faults().error(*at, what, Some("a step for each".to_owned()));
    }
    let Some((kind, _)) = kinds.first() else {
        let right = format!("one of {}", KINDS.join(", "));
        fields.faults().error(fields.head(), "the step does nothing", Some(right));
        return None;
    };
    for (names, owners, called) in BELONGS.iter().filter(|(_, owners, _)| !owners.contains(kind)) {
        for (name, at) in fields.present(names) {
            let right = format!("{name} beside {}, or left out", owners.join(", "));
            fields.faults().error(at, format!("{name} belongs to {called}, and this is a {kind} step"), Some(right));
        }
    }
    // All that are there are read, so that a step with two of them has its other faults told as well.
    let manual = fields.get("manual").and_then(|f| f.sentence()).map(|sentence| Action::Manual { sentence });
    let gate = fields.get("gate").and_then(|f| gate(&f, fields)).map(Action::Gate);
    let command = fields.get("command").and_then(|f| command(&f, scope));
    let http = fields.get("http").and_then(|f| http(&f, scope)).map(Action::Http);
    let health = fields.get("health").and_then(|f| health(&f, scope));
    manual.or(gate).or(command).or(http).or(health)
}

fn gate(question: &Field<'_>, fields: &Fields<'_>) -> Option<Gate> {
    let roles = fields.get("roles").map(|f| roles(&f)).unwrap_or_default();
    let people = match fields.get("people") {
        Some(field) => people(&field, roles.len()),
        None => Some(1),
    };
    let separate = fields.get("separate").map_or(Some(false), |f| f.flag());
    let after = fields.get("after").and_then(|f| f.sentence());
    Some(Gate {
        question: question.sentence()?,
        people: people?,
        roles,
        launcher: if separate? { Launcher::IsAnother } else { Launcher::Counts },
        after,
    })
}

/// How many people it takes: no more than can hold the roles, each of which one person holds.
fn people(field: &Field<'_>, roles: usize) -> Option<u32> {
    let people = field.whole(0..=MOST_PEOPLE).and_then(|n| u32::try_from(n).ok())?;
    let holders = u32::try_from(roles).unwrap_or(u32::MAX);
    if people == 0 {
        return field.wrong("a gate that asks for 0 people is no gate", Some("1 or more".to_owned()));
    }
    if holders > 0 && people > holders {
        let what = format!(
            "nobody can pass a gate that asks for {people} people and lists {holders} roles, each held by one person"
        );
        return field.wrong(what, Some(format!("at most {holders}, or more roles")));
    }
    Some(people)
}

fn roles(field: &Field<'_>) -> BTreeSet<RoleId> {
    let mut roles = BTreeSet::new();
    for item in field.some_items("role") {
        let Some(role) = item.id::<RoleId>() else { continue };
        let known = ROLES.iter().map(|(name, _)| *name);
        if let Some(near) = nearest(role.as_str(), known).filter(|near| *near != role.as_str()) {
            item.doubt(format!("{} is no role that is known", quote(role.as_str())), Some(near.to_owned()));
        }
        if !roles.insert(role) {
            item.wrong::<()>("it stands in the list twice", Some("once".to_owned()));
        }
    }
    roles
}

fn command(field: &Field<'_>, scope: &Scope<'_>) -> Option<Action> {
    if let Value::Scalar { .. } = field.node.value {
        let right = "a list of the program and its arguments: [power, \"off\", east]".to_owned();
        return field.wrong("a command is a list of texts, never a line for a shell", Some(right));
    }
    let items = field.some_items("program");
    let argv: Vec<Option<Template>> = items.iter().map(|item| item.template(scope.names)).collect();
    if let Some(program) = items.first().filter(|item| item.node.peek_text() == Some("")) {
        program.wrong::<()>("it is empty", Some("a program".to_owned()));
    }
    Some(Action::Command { argv: argv.into_iter().collect::<Option<_>>()? })
}

fn http(field: &Field<'_>, scope: &Scope<'_>) -> Option<HttpRequest> {
    let fields = field.fields(HTTP)?;
    let method = fields.get("method").map_or(Some("GET"), |f| f.choice(&METHODS));
    let url = fields.need("url", "http://host/path").and_then(|f| f.url_template(scope.names));
    let json = fields.get("json").map(|f| f.json(scope.names));
    let headers = fields.get("headers").map(|f| headers(&f, scope)).unwrap_or_default();
    let expect = fields.get("expect").and_then(|f| f.fields(EXPECT));
    let status = expect.and_then(|e| e.get("status")).and_then(|f| f.whole(100..=599));
    let contains = expect.and_then(|e| e.get("contains")).and_then(|f| f.verbatim());
    Some(HttpRequest {
        method: method?.to_owned(),
        url: url?,
        headers,
        json: json.flatten(),
        status: status.and_then(|n| u16::try_from(n).ok()),
        contains,
    })
}

fn headers(field: &Field<'_>, scope: &Scope<'_>) -> BTreeMap<String, Template> {
    let Value::Map(entries) = &field.node.value else {
        return field
            .wrong_type("a map of header lines", Some("headers: {accept: text/plain}".to_owned()))
            .unwrap_or_default();
    };
    let mut headers = BTreeMap::new();
    for entry in entries {
        let value = Field { node: &entry.value, key_at: entry.key_at, label: "headers".into(), ..field.clone() };
        if !is_header_name(&entry.key) {
            let right = Some("letters, digits and '-'".to_owned());
            field.faults.error(entry.key_at, format!("{} is no name of a header", quote(&entry.key)), right);
        } else if let Some(template) = value.template(scope.names) {
            if template.source().contains(['\n', '\r']) {
                value.wrong::<()>("a line end cannot stand in it", Some("a text of one line".to_owned()));
            }
            headers.insert(entry.key.clone(), template);
        }
    }
    headers
}

/// A token of RFC 9110.
fn is_header_name(name: &str) -> bool {
    let allowed = |b: u8| b.is_ascii_alphanumeric() || b"!#$%&'*+-.^_`|~".contains(&b);
    !name.is_empty() && name.bytes().all(allowed)
}

fn health(field: &Field<'_>, scope: &Scope<'_>) -> Option<Action> {
    let fields = field.fields(HEALTH)?;
    let within = fields.need("within", "2m").and_then(|f| f.span_within(SHORTEST, LONGEST));
    let site = fields.get("site").and_then(|f| site(&f, scope)).map(Subject::Site);
    let component = fields
        .get("component")
        .and_then(|f| scope.known.components.resolve::<ComponentId>(&f))
        .and_then(|id| Template::new(id.to_string()).ok());
    let subject = match fields.present(&["site", "component"]).as_slice() {
        [_] => site.or(component.map(Subject::Component)),
        several => {
            let what = match several {
                [] => "a health step looks at a site or a component; this one has none",
                _ => "a health step looks at one thing; this one has a site and a component",
            };
            let at = several.get(1).map_or(fields.head(), |(_, at)| *at);
            fields.faults().error(at, what, Some("site: or component:".to_owned()));
            None
        }
    };
    Some(Action::Health { subject: subject?, within: within?, stable_for: Span::ZERO })
}

/// A site by its identifier, or by a value that is known at launch.
fn site(field: &Field<'_>, scope: &Scope<'_>) -> Option<Template> {
    let template = field.template(scope.names)?;
    if template.names().next().is_none() {
        scope.known.sites.resolve::<crate::core::ids::SiteId>(field)?;
    }
    Some(template)
}
