//! Steps that stand for another procedure.

use std::collections::{BTreeMap, HashMap};

use crate::core::ids::ProcedureId;
use crate::core::param::ParamKind;
use crate::core::plan::{Call, Need};
use crate::core::template::{Template, Values};

use super::Scope;
use crate::plan::fields::{Field, Shape};
use crate::plan::names::Place;
use crate::plan::parameter::Parameters;
use crate::plan::tree::Value;
use crate::plan::values::quote;

const CALL: Shape = Shape { what: "a call of a procedure", fields: &["id", "with"] };

/// What each procedure of the plan asks for.
pub(crate) struct Signatures<'a>(HashMap<&'a str, &'a Parameters>);

impl<'a> Signatures<'a> {
    pub(crate) fn new(procedures: impl Iterator<Item = (&'a str, &'a Parameters)>) -> Signatures<'a> {
        let mut signatures = HashMap::new();
        for (id, parameters) in procedures {
            signatures.entry(id).or_insert(parameters);
        }
        Signatures(signatures)
    }
}

pub(super) fn call(field: &Field<'_>, scope: &Scope<'_>) -> Option<Call> {
    let (id, with) = match field.node.value {
        Value::Scalar { .. } => (field.clone(), None),
        _ => {
            let fields = field.fields(CALL)?;
            (fields.need("id", "a procedure of this plan")?, fields.get("with"))
        }
    };
    let procedure: ProcedureId = scope.known.procedures.resolve(&id)?;
    let asked = scope.signatures.0.get(procedure.as_str())?;
    let mut values = BTreeMap::new();
    let given = with.map(|f| f.entries("{name: value}")).unwrap_or_default();
    for (name, value) in &given {
        let template = value_of(name, value, asked, &procedure, scope);
        values.extend(template.map(|template| ((*name).to_owned(), template)));
    }
    for parameter in asked.list.iter().filter(|p| p.need == Need::Required) {
        let is_given = given.iter().any(|(name, _)| *name == parameter.name);
        let is_handed_on = parameter.kind == ParamKind::Secret && scope.names.parameters.is_secret(&parameter.name);
        if !is_given && !is_handed_on {
            let right = match parameter.kind {
                ParamKind::Secret => format!("a parameter {} of type secret in this procedure too", parameter.name),
                _ => format!("with: {{{}: value}}", parameter.name),
            };
            id.wrong::<()>(format!("{procedure} requires {}, which has no value here", parameter.name), Some(right));
        }
    }
    Some(Call { procedure, values })
}

/// A value for a parameter of the procedure called: of its type, where it stands in the plan.
fn value_of(
    name: &str,
    field: &Field<'_>,
    asked: &Parameters,
    procedure: &ProcedureId,
    scope: &Scope<'_>,
) -> Option<Template> {
    let template = field.template(&scope.names, Place::Call);
    let Some(parameter) = asked.list.iter().find(|p| p.name == name) else {
        if !asked.contains(name) || asked.is_site(name) {
            let what = format!("{} is no parameter of {procedure}", quote(name));
            field.faults.error(field.key_at, what, Some(asked.right_to_give(name)));
        }
        return None;
    };
    let template = template?;
    if template.names().next().is_some() {
        return Some(template);
    }
    let literal = template.fill(&Values::new()).unwrap_or_default();
    if parameter.need == Need::Required && literal.trim().is_empty() {
        return field.wrong(format!("it is empty, and {procedure} requires it"), Some("a value".to_owned()));
    }
    scope.known.takes(&parameter.kind, &literal, field).then_some(template)
}
