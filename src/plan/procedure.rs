//! Procedures, their parameters, and how much of them runs by itself.

use crate::core::ids::{ProcedureId, SiteId};
use crate::core::param::ParamKind;
use crate::core::plan::{Action, Automation, Lanes, Need, Parameter, Procedure, ProcedureKind, Step};
use crate::core::template::is_parameter_name;

use super::fields::{Field, Fields, Shape};
use super::register::Register;
use super::resolve::Known;
use super::step;
use super::values::{Bare, quote};

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
    ],
};
const PARAMETER: Shape = Shape { what: "a parameter", fields: &["name", "required", "default", "description"] };

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

/// All procedures of a plan.
pub(crate) fn procedures(plan: &Fields<'_>, known: &Known) -> Vec<Procedure> {
    let items = plan.get("recovery_procedures").map(|f| f.items()).unwrap_or_default();
    items.iter().filter_map(|item| procedure(item, known)).collect()
}

fn procedure(field: &Field<'_>, known: &Known) -> Option<Procedure> {
    let fields = field.fields(PROCEDURE)?;
    let id = fields.need("procedure_id", "a short name such as failover-west").and_then(|f| f.id::<ProcedureId>());
    let name = fields.need("name", "a name for people").and_then(|f| f.name());
    let kind = fields.get("kind").map_or(Some(ProcedureKind::Recovery), |f| f.choice(&KINDS));
    let (from, to) = sites(&fields, kind, known);
    let (parameters, names) = parameters(&fields);
    let steps = fields.need("steps", "a list of sentences, or of steps that act");
    let steps = steps.map(|f| step::steps(&f, known, &names)).unwrap_or_default();
    let automation = fields.get("automation_level").map_or(Some(automation(&steps)), |f| f.choice(&LEVELS));
    Some(Procedure {
        description: fields.get("description").and_then(|f| f.prose()),
        estimated_duration: fields.get("estimated_duration").and_then(|f| f.span(Bare::Minutes)),
        dependencies: fields.get("dependencies").map(|f| known.procedures.resolve_all(&f)).unwrap_or_default(),
        id: id?,
        name: name?,
        kind: kind?,
        from,
        to,
        parameters,
        automation: automation?,
        components: Vec::new(),
        timeout: None,
        lanes: Lanes::default(),
        preconditions: Vec::new(),
        steps,
    })
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

/// The parameters, and every name that a template of the procedure can use.
fn parameters(fields: &Fields<'_>) -> (Vec<Parameter>, Register) {
    let mut names = Register::new("parameter");
    for (key, at) in fields.present(&["from", "to"]) {
        names.add(key, at, key, fields.faults());
    }
    let items = fields.get("parameters").map(|f| f.items()).unwrap_or_default();
    for item in &items {
        if let Some((node, name)) = item.node.peek("name").and_then(|n| Some((n, n.peek_text()?))) {
            names.add(name, node.at, "name", fields.faults());
        }
    }
    (items.iter().filter_map(parameter).collect(), names)
}

fn parameter(field: &Field<'_>) -> Option<Parameter> {
    let fields = field.fields(PARAMETER)?;
    let name = fields.need("name", "letters, digits and '_'").and_then(|f| {
        let name = f.raw()?;
        if !is_parameter_name(name) {
            let right = "1 to 64 letters, digits and '_'".to_owned();
            return f.wrong(format!("{} is no parameter's name", quote(name)), Some(right));
        }
        Some(name.to_owned())
    });
    let description = fields.get("description").and_then(|f| f.prose());
    let need = need(&fields);
    Some(Parameter { name: name?, description, kind: ParamKind::Text, need: need? })
}

fn need(fields: &Fields<'_>) -> Option<Need> {
    let required_field = fields.get("required");
    let required = required_field.as_ref().map(|f| f.flag());
    let default = fields.get("default").map(|f| f.verbatim());
    match (required_field, required, default) {
        (_, Some(None), _) => None,
        (Some(field), Some(Some(true)), Some(_)) => {
            field.wrong("a parameter that has a default is not required", Some("one of the two".to_owned()))
        }
        (Some(field), Some(Some(false)), None) => {
            field.wrong("a parameter that is not required needs a default", Some("default: \"\"".to_owned()))
        }
        (_, _, Some(default)) => default.map(Need::Default),
        (_, _, None) => Some(Need::Required),
    }
}

/// What the steps themselves say. Gates are nobody's work and do not count.
fn automation(steps: &[Step]) -> Automation {
    let work = || steps.iter().filter(|step| !matches!(step.action, Action::Gate(_)));
    let by_people = work().filter(|step| step.action.is_for_people()).count();
    match (by_people, work().count()) {
        (people, all) if people == all => Automation::Manual,
        (0, _) => Automation::Automated,
        _ => Automation::SemiAutomated,
    }
}
