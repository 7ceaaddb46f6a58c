//! Scenarios: the disasters that a plan is prepared for, and what shows them.

use std::collections::BTreeSet;

use crate::core::ids::{ProcedureId, ScenarioId, SiteId};
use crate::core::plan::{
    Disaster, Method, Need, Probability, Procedure, ProcedureKind, Scenario, Site, SiteRole, Then, Trigger,
};
use crate::core::time::Span;
use crate::core::when::{self, Condition, Type};

use super::condition;
use super::dl1::FailoverTrigger;
use super::fields::{Field, Fields, Shape};
use super::register::Register;
use super::resolve::{Known, LONGEST, SEVERITIES};
use super::values::{Bare, bare, quote};

const SCENARIO: Shape = Shape {
    what: "a scenario",
    fields: &[
        "scenario_id",
        "name",
        "type",
        "probability",
        "impact",
        "rto",
        "rpo",
        "method",
        "allows",
        "strategy",
        "estimate",
        "procedure",
        "when",
        "for",
        "then",
    ],
};

const PROBABILITIES: [(&str, Probability); 3] =
    [("high", Probability::High), ("medium", Probability::Medium), ("low", Probability::Low)];

const THENS: [(&str, Then); 3] = [("propose", Then::Propose), ("declare", Then::Declare), ("failover", Then::Failover)];

/// How long a trigger has to hold that does not say.
const HELD_FOR: Span = Span::from_secs(60);

/// All scenarios of a plan: its own, and those of the triggers that DL-11 knows.
pub(crate) fn scenarios(
    plan: &Fields<'_>,
    known: &Known,
    procedures: &[Procedure],
    dl11: Vec<Scenario>,
) -> Vec<Scenario> {
    let field = plan.get("scenarios");
    let items = field.map(|f| f.items()).unwrap_or_default();
    let mut ids = Register::new("scenario");
    let nodes: Vec<_> = items.iter().filter_map(|item| item.node.peek("scenario_id")).collect();
    for node in nodes {
        ids.add(node.peek_text().unwrap_or(""), node.at, "scenario_id", plan.faults());
    }
    let own = items.iter().filter_map(|item| scenario(item, known, procedures));
    let mut all: Vec<Scenario> = own.collect();
    all.extend(dl11.into_iter().filter(|of_field| !ids.contains(of_field.id.as_str())));
    all
}

fn scenario(field: &Field<'_>, known: &Known, procedures: &[Procedure]) -> Option<Scenario> {
    let fields = field.fields(SCENARIO)?;
    let id = fields.need("scenario_id", "a short name such as site-lost").and_then(|f| f.id::<ScenarioId>());
    let name = fields.need("name", "a name for people").and_then(|f| f.name());
    let disaster = fields.need("type", "a sort of disaster such as data_centre_outage").and_then(|f| disaster(&f));
    let trigger = trigger(&fields, known);
    let probability = fields.get("probability").map(|f| f.choice(&PROBABILITIES));
    let impact = fields.get("impact").map(|f| f.choice(&SEVERITIES));
    let strategy = fields.get("strategy").and_then(|f| f.prose());
    let estimate = fields.get("estimate").and_then(|f| f.span(Bare::Refused));
    let [rto, rpo] = ["rto", "rpo"].map(|name| fields.get(name).map(|f| f.span(Bare::Refused)));
    let disaster = disaster?;
    let usual = disaster.usual();
    let method = fields.get("method").map_or(Some(usual.method), |f| method(&f, disaster));
    let allows = allows(&fields, disaster, method);
    let procedure = fields.get("procedure").and_then(|f| procedure(&f, known, procedures, &allows));
    needs_failover(&fields, trigger.as_ref(), procedure.as_ref(), procedures);
    Some(Scenario {
        probability: probability.unwrap_or(Some(usual.probability))?,
        impact: impact.unwrap_or(Some(usual.impact))?,
        rto: rto.unwrap_or(usual.rto),
        rpo: rpo.unwrap_or(usual.rpo),
        strategy,
        estimate,
        procedure,
        id: id?,
        name: name?,
        disaster,
        method: method?,
        allows,
        trigger,
    })
}

/// What is failed over without anybody asking has to say by which procedure, and that one has to need nothing said at launch.
fn needs_failover(
    fields: &Fields<'_>,
    trigger: Option<&Trigger>,
    procedure: Option<&ProcedureId>,
    procedures: &[Procedure],
) {
    let Some(then) = fields.get("then").filter(|_| trigger.is_some_and(|t| t.then == Then::Failover)) else { return };
    let known = procedure.and_then(|id| procedures.iter().find(|p| p.id == *id));
    let right = Some("procedure: a failover whose parameters all have defaults".to_owned());
    match known {
        Some(p) if p.kind == ProcedureKind::Failover => {
            if let Some(parameter) = p.parameters.iter().find(|parameter| parameter.need == Need::Required) {
                let what =
                    format!("{} asks for {} at launch, and nobody is there to say it", p.id, bare(&parameter.name));
                then.wrong::<()>(what, right);
            }
        }
        _ => {
            then.wrong::<()>("there is no failover to launch", right);
        }
    }
}

fn disaster(field: &Field<'_>) -> Option<Disaster> {
    field.choice(&Disaster::ALL.map(|disaster| (disaster.code(), disaster)))
}

/// A way to recover. What is in the data goes wherever the data go, and so is not failed over (TR-3).
fn method(field: &Field<'_>, disaster: Disaster) -> Option<Method> {
    let method = field.choice(&Method::ALL.map(|method| (method.code(), method)))?;
    if disaster.is_in_the_data() && matches!(method, Method::Failover | Method::Restore) {
        let (goes, right) = match method {
            Method::Failover => ("the other site has the same data", Method::PointInTime),
            _ => ("the newest backup has the same data", Method::PointInTime),
        };
        let what = format!("{} does not mend {}: {goes}", method.code(), disaster.code());
        return field.wrong(what, Some(right.code().to_owned()));
    }
    Some(method)
}

/// As the file says, else what is usual; the method itself always.
fn allows(fields: &Fields<'_>, disaster: Disaster, own: Option<Method>) -> BTreeSet<Method> {
    let mut allows: BTreeSet<Method> = match fields.get("allows") {
        Some(field) => field.items().iter().filter_map(|item| method(item, disaster)).collect(),
        None => disaster.usual().allows.iter().copied().collect(),
    };
    allows.extend(own);
    allows
}

fn procedure(
    field: &Field<'_>,
    known: &Known,
    procedures: &[Procedure],
    allows: &BTreeSet<Method>,
) -> Option<ProcedureId> {
    let id = known.procedures.resolve(field)?;
    let moves = procedures.iter().any(|p| p.id == id && p.kind == ProcedureKind::Failover);
    if moves && !allows.contains(&Method::Failover) {
        let what = format!("{id} is a failover, and this scenario does not allow one");
        return field.wrong(what, Some("a procedure of another kind".to_owned()));
    }
    Some(id)
}

fn trigger(fields: &Fields<'_>, known: &Known) -> Option<Trigger> {
    let held_for = fields.get("for").map_or(Some(HELD_FOR), |f| f.span_within(Span::ZERO, LONGEST));
    let then = fields.get("then");
    let then = then.map_or(Some(Then::Propose), |f| f.choice(&THENS));
    let Some(when) = fields.get("when") else {
        for (name, at) in fields.present(&["for", "then"]) {
            let what = format!("{name} says nothing without when");
            fields.faults().error(at, what, Some("when: site.east == down".to_owned()));
        }
        return None;
    };
    Some(Trigger { when: shows(&when, known)?, held_for: held_for?, then: then? })
}

/// The condition of a trigger.
fn shows(field: &Field<'_>, known: &Known) -> Option<Condition> {
    let text = field.raw()?;
    let condition = match Condition::parse(text) {
        Ok(condition) => condition,
        Err(bad) => return condition::wrong(field, text, &bad),
    };
    if let Some(name) = condition.names().chain(condition.steps()).next() {
        let what = format!("{} is nothing that a trigger can ask about", quote(name));
        return field.wrong(what, Some("component.ID, site.ID or alert.NAME".to_owned()));
    }
    match condition.check(&Asked { known }) {
        Ok(()) => Some(condition),
        Err(bad) => condition::wrong(field, text, &bad),
    }
}

/// What a trigger can ask about: the parts of the plan, and alerts from outside.
struct Asked<'a> {
    known: &'a Known,
}

impl when::Scope for Asked<'_> {
    fn name(&self, _: &str) -> Option<Type> {
        None
    }

    fn step(&self, _: &str) -> bool {
        false
    }

    fn component(&self, id: &str) -> bool {
        condition::component(self.known, id)
    }

    fn site(&self, id: &str) -> bool {
        self.known.sites.contains(id)
    }

    fn names(&self) -> Vec<String> {
        condition::parts(self.known).collect()
    }
}

/// The scenarios of DL-11's triggers, about the site that serves at the start.
pub(crate) fn of_triggers(
    triggers: &[FailoverTrigger],
    automation: Then,
    sites: &[Site],
    procedures: &[Procedure],
) -> Vec<Scenario> {
    let primary = sites.iter().find(|site| site.role == SiteRole::Primary).or(sites.first());
    let Some(site) = primary.map(|site| &site.id) else { return Vec::new() };
    let moves = |p: &&Procedure| p.kind == ProcedureKind::Failover && p.from.as_ref().is_none_or(|from| from == site);
    let procedure = procedures.iter().find(moves);
    // What asks for something at launch waits for a person who says it.
    let by_itself = procedure.is_some_and(|p| p.parameters.iter().all(|parameter| parameter.need != Need::Required));
    let then = if by_itself { automation } else { Then::Propose };
    let procedure = procedure.map(|p| &p.id);
    triggers.iter().filter_map(|trigger| of_trigger(*trigger, then, site, procedure)).collect()
}

fn of_trigger(
    trigger: FailoverTrigger,
    then: Then,
    site: &SiteId,
    procedure: Option<&ProcedureId>,
) -> Option<Scenario> {
    let (id, name, disaster, when, held_for) = match trigger {
        FailoverTrigger::SiteUnavailable => (
            "site-unavailable",
            "Primary site unavailable",
            Disaster::DataCentreOutage,
            format!("site.{site} == down"),
            HELD_FOR,
        ),
        FailoverTrigger::PerformanceDegradation => (
            "performance-degradation",
            "Primary site degraded",
            Disaster::ApplicationFailure,
            format!("site.{site} == degraded"),
            Span::from_secs(300),
        ),
        // People can always decide.
        FailoverTrigger::Manual => return None,
    };
    Some(Scenario {
        method: Method::Failover,
        procedure: procedure.cloned(),
        trigger: Some(Trigger { when: Condition::parse(&when).ok()?, held_for, then }),
        ..Scenario::usual(ScenarioId::new(id).ok()?, name, disaster)
    })
}
