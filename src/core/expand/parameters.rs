//! The values that a procedure is given, against the parameters that it has.

use std::collections::BTreeMap;

use super::super::param::{self, ParamKind};
use super::super::plan::{Need, Parameter, Plan, Procedure};
use super::super::refusal::Refusal;
use super::super::secret::SecretRef;
use super::super::template::Values;

/// What a procedure's templates see: what was given, defaults, and the sites that it moves between; secrets by reference only.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Given {
    /// Values by name, with `from` and `to`.
    pub values: Values,
    /// Where its secrets stand, by the name of their parameter.
    pub secrets: BTreeMap<String, SecretRef>,
}

/// Puts together what a procedure is given.
///
/// # Errors
/// A required parameter without a value, a value for a parameter that is not there, or one that is not of its type.
pub fn resolve(plan: &Plan, procedure: &Procedure, values: &Values) -> Result<Given, Refusal> {
    if let Some(name) = values.keys().find(|name| !procedure.parameters.iter().any(|p| p.name == **name)) {
        let known = procedure.parameters.iter().map(|p| p.name.clone()).collect();
        return Err(Refusal::ParameterUnknown { name: name.clone(), known });
    }
    let sites: Vec<_> = plan.sites.iter().map(|s| s.id.clone()).collect();
    let components: Vec<_> = plan.components.iter().map(|c| c.id.clone()).collect();
    let known = param::Known { sites: &sites, components: &components };
    let mut given = Given::default();
    for parameter in &procedure.parameters {
        let value = match (values.get(&parameter.name), &parameter.need) {
            (Some(value), Need::Required) if value.trim().is_empty() => None,
            (Some(value), _) => {
                let bad =
                    |why: param::BadValue| Refusal::ParameterBad { name: parameter.name.clone(), why: why.to_string() };
                param::check(&parameter.kind, value, &known).map_err(bad)?;
                Some(value)
            }
            (None, Need::Default(value)) => Some(value),
            (None, Need::Required) => None,
        };
        let value = value.ok_or_else(|| Refusal::ParameterMissing { name: parameter.name.clone() })?;
        if parameter.kind == ParamKind::Secret {
            let bad = |why: String| Refusal::ParameterBad { name: parameter.name.clone(), why };
            let secret = value.parse::<SecretRef>().map_err(|why| bad(why.to_string()))?;
            given.secrets.insert(parameter.name.clone(), secret);
        } else {
            given.values.insert(parameter.name.clone(), value.clone());
        }
    }
    for (name, site) in [("from", &procedure.from), ("to", &procedure.to)] {
        if let Some(site) = site {
            given.values.insert(name.to_owned(), site.to_string());
        }
    }
    Ok(given)
}

/// A value that a parameter takes, for asking the rules before anything was typed.
#[must_use]
pub fn stand_in(plan: &Plan, parameter: &Parameter) -> String {
    if let Need::Default(value) = &parameter.need {
        return value.clone();
    }
    let first = |id: Option<String>| id.unwrap_or_default();
    match &parameter.kind {
        ParamKind::Text => "-".into(),
        ParamKind::Number => "0".into(),
        ParamKind::Duration => "1s".into(),
        ParamKind::Time => "2000-01-01T00:00:00Z".into(),
        ParamKind::Choice(choices) => first(choices.first().cloned()),
        ParamKind::Component => first(plan.components.first().map(|c| c.id.to_string())),
        ParamKind::Site => first(plan.sites.first().map(|s| s.id.to_string())),
        ParamKind::Secret => "env:SECRET".into(),
    }
}

/// A refusal of a value in a few words, for a call inside a plan.
pub(super) fn sentence(refusal: &Refusal) -> String {
    match refusal {
        Refusal::ParameterUnknown { name, .. } => format!("the procedure has no parameter {name}"),
        Refusal::ParameterMissing { name } => format!("{name} has no value"),
        Refusal::ParameterBad { name, why } => format!("{name}: {why}"),
        other => other.to_string(),
    }
}
