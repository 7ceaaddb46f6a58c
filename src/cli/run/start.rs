//! `warroom run start`

use clap::Args;
use serde_json::json;

use super::super::out::{Format, Out};
use super::super::session::Session;
use super::super::{Outcome, args, find};
use super::Failure;
use crate::core::command::Command;
use crate::core::expand;
use crate::core::ids::PlanId;
use crate::core::plan::{Procedure, Return, Step};
use crate::core::state::Loaded;
use crate::core::template::Values;
use crate::text;

/// Launches a procedure of a plan for an incident
#[derive(Debug, Args)]
#[command(after_help = "Examples:\n  warroom run start shop failover-west --preview\n  \
                        warroom run start shop failover-west -p reason=\"East is down\"")]
pub(in crate::cli) struct Start {
    /// The plan
    plan: PlanId,
    /// The procedure
    procedure: String,
    /// Call-sign or identifier; may be left out when one is open
    #[arg(long)]
    incident: Option<String>,
    /// A value for a parameter; several by repeating it
    #[arg(short = 'p', long = "parameter", value_name = "NAME=VALUE", value_parser = args::parameter)]
    parameters: Vec<(String, String)>,
    /// Only show what it would do
    #[arg(long)]
    preview: bool,
}

impl Start {
    pub(super) async fn run(self, session: &Session, out: &mut Out) -> Outcome {
        let snapshot = session.snapshot().await?;
        let loaded = find::plan(&snapshot.state, &self.plan)?;
        let procedure = find::procedure(loaded, &self.procedure)?;
        let given: Values = self.parameters.into_iter().collect();
        if self.preview {
            return preview(loaded, procedure, &given, out);
        }
        let incident = find::incident(&snapshot.state, self.incident.as_deref(), |p| p.is_declared(), "declared")?;
        let command = Command::StartRun {
            incident: incident.id.clone(),
            plan: self.plan.clone(),
            procedure: procedure.id.clone(),
            values: given,
            options: Default::default(),
            seen: Some(loaded.hash.clone()),
        };
        session.command(&snapshot, command, "nothing started", out).await?;
        Ok(())
    }
}

/// What each step would do, with its values. Changes nothing.
fn preview(loaded: &Loaded, procedure: &Procedure, given: &Values, out: &mut Out) -> Outcome {
    let values = expand::resolve(&loaded.plan, procedure, given)
        .map(|given| given.values)
        .map_err(|why| Failure::failed(text::refusal(&why)))?;
    if out.format == Format::Json {
        let steps: Vec<_> = procedure
            .steps
            .iter()
            .map(|step| {
                json!({
                    "id": step.id, "name": step.name, "kind": step.action.kind(),
                    "does": text::action(&step.action, &values), "no_return": step.way_back == Return::None,
                })
            })
            .collect();
        return out.json(&json!({
            "plan": loaded.plan.id, "hash": loaded.hash, "procedure": procedure.id, "values": values, "steps": steps,
        }));
    }
    let name = text::clean_line(&procedure.name);
    out.line(format!("{name}   {} of plan {} ({})", procedure.id, loaded.plan.id, loaded.plan.environment))?;
    if let Some(description) = &procedure.description {
        out.line(text::clean_line(description))?;
    }
    for (name, value) in &values {
        out.line(format!("  {} = {}", text::clean_line(name), text::clean_line(value)))?;
    }
    steps(procedure, &values, out)
}

/// The steps of a procedure with what each does.
pub(in crate::cli) fn steps(procedure: &Procedure, values: &Values, out: &mut Out) -> Outcome {
    for step in &procedure.preconditions {
        out.line(format!("  - {}   ({})", text::clean_line(&step.name), step.id))?;
        terms(step, values, out)?;
    }
    for (index, step) in procedure.steps.iter().enumerate() {
        let no_return = if step.way_back == Return::None { "   NO RETURN" } else { "" };
        let estimate = step.estimate.map(|span| format!("   about {span}")).unwrap_or_default();
        let kind = step.action.kind();
        let name = text::clean_line(&step.name);
        out.line(format!("{:>3} {kind:<9} {name}   ({}){estimate}{no_return}", index + 1, step.id))?;
        terms(step, values, out)?;
    }
    Ok(())
}

/// What a step does and on what terms, below its name.
fn terms(step: &Step, values: &Values, out: &mut Out) -> Outcome {
    out.line(format!("              {}", text::action(&step.action, values)))?;
    text::terms(step, values).iter().try_for_each(|term| out.line(format!("              {term}")))
}
