//! Procedures, and how much of them runs by itself.

use crate::core::ids::{ComponentId, ProcedureId, SiteId};
use crate::core::plan::{Automation, Lanes, Procedure, ProcedureKind};

use super::calls::{Called, Calls};
use super::fields::{Field, Fields, Shape};
use super::order::Order;
use super::outline;
use super::parameter::Parameters;
use super::resolve::{Known, LONGEST, SEVERITIES, SHORTEST};
use super::step;
use super::tree::Value;
use super::values::Bare;
use super::variables::Variables;

const PROCEDURE: Shape = Shape {
    what: "a procedure",
    fields: &[
        "procedure_id",
        "name",
        "description",
        "kind",
        "from",
        "to",
        "parameters",
        "steps",
        "estimated_duration",
        "dependencies",
        "automation_level",
        "components",
        "timeout",
        "max_parallel",
        "priority",
        "preconditions",
    ],
};
const LANES: Shape = Shape { what: "a limit of parallel steps", fields: &["run", "host"] };

/// Most steps that may be done side by side.
const MOST_LANES: u64 = 1_000;

const KINDS: [(&str, ProcedureKind); 6] = [
    ("assessment", ProcedureKind::Assessment),
    ("recovery", ProcedureKind::Recovery),
    ("failover", ProcedureKind::Failover),
    ("failback", ProcedureKind::Failback),
    ("backup", ProcedureKind::Backup),
    ("validation", ProcedureKind::Validation),
];
const LEVELS: [(&str, Automation); 3] = [
    ("manual", Automation::Manual),
    ("semi_automated", Automation::SemiAutomated),
    ("automated", Automation::Automated),
];

/// A procedure as far as others must know it before any is read in full.
pub(crate) struct Head<'t> {
    fields: Fields<'t>,
    pub(crate) parameters: Parameters,
}

/// All procedures of a plan.
pub(crate) fn procedures(plan: &Fields<'_>, known: &Known) -> Vec<Procedure> {
    let items = plan.get("recovery_procedures").map(|f| f.items()).unwrap_or_default();
    let (mut heads, mut called) = (Vec::new(), Vec::new());
    for fields in items.iter().filter_map(|item| item.fields(PROCEDURE)) {
        let mut variables = Variables::default();
        let parameters = Parameters::read(&fields, known, &mut variables);
        let outline = outline::draw(&fields, &mut variables);
        let order = Order::new(&outline, fields.faults());
        let id = fields.get("procedure_id").and_then(|f| f.node.peek_text()).unwrap_or("");
        called.push(Called { id, outline, order });
        heads.push(Head { fields, parameters });
    }
    let calls = Calls::new(&called, plan.faults());
    calls.check_gates(plan.faults());
    let signatures = step::Signatures::new(called.iter().zip(&heads).map(|(c, head)| (c.id, &head.parameters)));
    let each = heads.iter().zip(&called).zip(calls.work());
    each.filter_map(|((head, called), work)| procedure(head, called, automation(work), known, &signatures)).collect()
}

fn procedure(
    head: &Head<'_>,
    called: &Called<'_>,
    automation: Automation,
    known: &Known,
    signatures: &step::Signatures<'_>,
) -> Option<Procedure> {
    let fields = &head.fields;
    let id = fields.need("procedure_id", "a short name such as failover-west").and_then(|f| f.id::<ProcedureId>());
    let name = fields.need("name", "a name for people").and_then(|f| f.name());
    let kind = fields.get("kind").map_or(Some(ProcedureKind::Recovery), |f| f.choice(&KINDS));
    let (from, to) = sites(fields, kind, known);
    let reader = step::Reader::new(known, signatures, &head.parameters, called);
    let preconditions = fields.get("preconditions").map(|f| reader.preconditions(&f)).unwrap_or_default();
    let steps = fields.need("steps", "a list of sentences, or of steps that act");
    let steps = steps.map(|f| reader.steps(&f)).unwrap_or_default();
    reader.check_uses(fields.faults());
    let automation = fields.get("automation_level").map_or(Some(automation), |f| f.choice(&LEVELS));
    let lanes = fields.get("max_parallel").map_or(Some(Lanes::default()), |f| lanes(&f));
    Some(Procedure {
        description: fields.get("description").and_then(|f| f.prose()),
        estimated_duration: fields.get("estimated_duration").and_then(|f| f.span(Bare::Minutes)),
        dependencies: fields.get("dependencies").map(|f| known.procedures.resolve_all(&f)).unwrap_or_default(),
        components: fields
            .get("components")
            .map(|f| known.components.resolve_all::<ComponentId>(&f))
            .unwrap_or_default(),
        priority: fields.get("priority").and_then(|f| f.choice(&SEVERITIES)),
        timeout: fields.get("timeout").and_then(|f| f.span_within(SHORTEST, LONGEST)),
        id: id?,
        name: name?,
        kind: kind?,
        from,
        to,
        parameters: head.parameters.list.clone(),
        automation: automation?,
        lanes: lanes?,
        preconditions,
        steps,
    })
}

/// How many steps at once: in the whole run, or also on one host.
fn lanes(field: &Field<'_>) -> Option<Lanes> {
    let count = |f: &Field<'_>| f.whole(1..=MOST_LANES).and_then(|n| u32::try_from(n).ok());
    let usual = Lanes::default();
    if let Value::Scalar { .. } = field.node.value {
        let run = count(field)?;
        return Some(Lanes { run, host: usual.host.min(run) });
    }
    let fields = field.fields(LANES)?;
    let run = fields.get("run").map_or(Some(usual.run), |f| count(&f));
    let host = fields.get("host").map_or(Some(usual.host), |f| count(&f));
    Some(Lanes { run: run?, host: host? })
}

/// Where it moves from and to, which what moves must say.
fn sites(fields: &Fields<'_>, kind: Option<ProcedureKind>, known: &Known) -> (Option<SiteId>, Option<SiteId>) {
    let moves = matches!(kind, Some(ProcedureKind::Failover | ProcedureKind::Failback));
    let field = |key, example| if moves { fields.need(key, example) } else { fields.get(key) };
    let (from, to) = (field("from", "the site that it moves away from"), field("to", "the site that it moves to"));
    let resolve = |field: &Option<Field<'_>>| field.as_ref().and_then(|f| known.sites.resolve::<SiteId>(f));
    let (from_id, to_id) = (resolve(&from), resolve(&to));
    if let (Some(from), Some(field)) = (&from_id, &to)
        && to_id.as_ref() == Some(from)
    {
        field.wrong::<()>(format!("it is {from}, as from is"), Some("two sites".to_owned()));
    }
    (from_id, to_id)
}

/// What the steps themselves say: how many of them people do, of how many.
fn automation((by_people, all): (usize, usize)) -> Automation {
    match by_people {
        people if people == all => Automation::Manual,
        0 => Automation::Automated,
        _ => Automation::SemiAutomated,
    }
}
