//! `warroom plan`

use std::path::{Path, PathBuf};

use clap::Subcommand;
use serde_json::json;

use super::out::{Format, Out};
use super::session::Session;
use super::{Failure, Globals, Outcome, find, if_lost, talk};
use crate::client::ClientError;
use crate::core::command::Command;
use crate::core::dead_site::People;
use crate::core::forecast::accuracy;
use crate::core::ids::PlanId;
use crate::core::param::ParamKind;
use crate::core::plan::{Need, Procedure, Return, Step};
use crate::core::state::{Loaded, State};
use crate::core::template::Values;
use crate::plan::{Fault, Level, Reading, read, read_file, render};
use crate::text;
use crate::wire::{Snapshot, Trouble};

/// Checks, loads and shows plans
#[derive(Debug, Subcommand)]
pub(super) enum Plan {
    /// Reads plan files and tells every fault with its place; needs no engine
    #[command(after_help = "Example:\n  warroom plan check shop.yml bank.yml")]
    Check {
        /// The files
        #[arg(required = true, value_name = "FILE")]
        files: Vec<PathBuf>,
    },
    /// Loads a plan as the newest of its identifier; starts an engine of your own when none runs
    #[command(after_help = "Example:\n  warroom plan load shop.yml")]
    Load {
        /// The file
        file: PathBuf,
    },
    /// Lists the plans that are loaded
    #[command(after_help = "Example:\n  warroom plan list --json")]
    List,
    /// Shows a plan, or one of its procedures step by step
    #[command(after_help = "Example:\n  warroom plan show shop failover-west")]
    Show {
        /// The plan
        plan: PlanId,
        /// A procedure of it
        procedure: Option<String>,
    },
}

impl Plan {
    pub(super) fn run(self, globals: &Globals, out: &mut Out) -> Outcome {
        match self {
            Plan::Check { files } => check(&files, out),
            Plan::Load { file } => talk(load(globals, &file, out)),
            Plan::List => talk(async { list(&Session::open(globals).await?.snapshot().await?, out) }),
            Plan::Show { plan, procedure } => talk(async {
                let snapshot = Session::open(globals).await?.snapshot().await?;
                let loaded = find::plan(&snapshot.state, &plan)?;
                match procedure {
                    Some(id) => show_procedure(&snapshot.state, loaded, find::procedure(loaded, &id)?, out),
                    None => show(&snapshot.state, loaded, out),
                }
            }),
        }
    }
}

/// A file that was read: what it is called, its bytes, and what came of it.
struct ReadFile {
    name: String,
    reading: Reading,
}

fn open(path: &Path) -> Result<ReadFile, Failure> {
    let name = path.display().to_string();
    let bytes = read_file(path).map_err(|why| Failure::failed(format!("{}: {why}", text::clean_line(&name))))?;
    let reading = read(&name, &bytes);
    Ok(ReadFile { name, reading })
}

fn check(files: &[PathBuf], out: &mut Out) -> Outcome {
    let mut bad = Vec::new();
    let mut reports = Vec::new();
    for path in files {
        let name = path.display().to_string();
        let ReadFile { name, reading } = match open(path) {
            Ok(read) => read,
            Err(Failure::Failed { sentence, .. }) => {
                reports.push(json!({ "file": name, "ok": false, "unread": sentence }));
                if out.format == Format::Text {
                    out.line(&sentence)?;
                }
                bad.push(name);
                continue;
            }
            Err(other) => return Err(other),
        };
        let errors = reading.faults.iter().filter(|fault| fault.level == Level::Error).count();
        reports.push(json!({ "file": name, "ok": reading.plan.is_some(), "faults": reading.faults,
                             "if_lost": reading.plan.as_ref().map(|plan| if_lost::as_json(plan, People::Placed)) }));
        if out.format == Format::Text {
            tell(&name, &reading, errors, out)?;
        }
        if reading.plan.is_none() {
            bad.push(name);
        }
    }
    if out.format == Format::Json {
        out.json(&reports)?;
    }
    match (bad.len(), files.len()) {
        (0, _) => Ok(()),
        (bad, all) => Err(Failure::failed(format!("{bad} of {all} files cannot be used as they are"))),
    }
}

fn tell(name: &str, reading: &Reading, errors: usize, out: &mut Out) -> Outcome {
    if !reading.faults.is_empty() {
        out.bytes(render(name, &reading.text, &reading.faults).as_bytes())?;
    }
    let warnings = reading.faults.len() - errors;
    let warned = if warnings == 0 { String::new() } else { format!(", {}", counted(warnings, "warning")) };
    let name = text::clean_line(name);
    match &reading.plan {
        Some(plan) => {
            out.line(format!(
                "{name}: good{warned}: plan {}, {}, {}, {}",
                plan.id,
                counted(plan.sites.len(), "site"),
                counted(plan.components.len(), "component"),
                counted(plan.procedures.len(), "procedure")
            ))?;
            if_lost::show(plan, People::Placed, out)
        }
        None => out.line(format!("{name}: {}{warned}", counted(errors, "error"))),
    }
}

fn counted(count: usize, what: &str) -> String {
    if count == 1 { format!("1 {what}") } else { format!("{count} {what}s") }
}

async fn load(globals: &Globals, path: &Path, out: &mut Out) -> Outcome {
    let ReadFile { name, reading } = open(path)?;
    let Some(plan) = &reading.plan else {
        return Err(faulty(&name, &reading.text, &reading.faults, out)?);
    };
    let session = Session::open_or_start(globals).await?;
    let snapshot = session.snapshot().await?;
    let command = Command::LoadPlan { text: reading.text.clone(), read: None };
    let accepted = match session.post(snapshot.seq, command).await {
        Ok(accepted) => accepted,
        // The engine reads it again: it may be of another version, which knows other faults.
        Err(ClientError::Trouble(Trouble::PlanFaults(faults))) => {
            return Err(faulty(&name, &reading.text, &faults, out)?);
        }
        Err(other) => return Err(other.into()),
    };
    if out.format == Format::Json {
        let warnings = &reading.faults;
        return out.json(&json!({ "plan": plan.id, "hash": reading.hash, "seq": accepted.seq, "warnings": warnings }));
    }
    if !reading.faults.is_empty() {
        out.bytes(render(&name, &reading.text, &reading.faults).as_bytes())?;
    }
    let same = snapshot.state.plans.get(&plan.id).is_some_and(|known| known.hash == reading.hash);
    let how = if same { "was loaded already" } else { "loaded" };
    out.line(format!("plan {} {how}: {}", plan.id, text::clean_line(&plan.name)))
}

/// Tells all faults, and what the verb fails with.
fn faulty(name: &str, text: &str, faults: &[Fault], out: &mut Out) -> Result<Failure, Failure> {
    let trouble = Trouble::PlanFaults(faults.to_vec());
    let sentence = format!("{}: {}", text::clean_line(name), text::trouble(&trouble));
    if out.format == Format::Text {
        out.bytes(render(name, text, faults).as_bytes())?;
    }
    Ok(Failure::Failed { sentence, trouble: serde_json::to_value(&trouble).ok() })
}

fn list(snapshot: &Snapshot, out: &mut Out) -> Outcome {
    let plans = &snapshot.state.plans;
    if out.format == Format::Json {
        let summary = |loaded: &Loaded| {
            json!({ "plan": loaded.plan.id, "name": loaded.plan.name, "environment": loaded.plan.environment,
                    "hash": loaded.hash, "serves": loaded.active })
        };
        return out.json(&plans.values().map(|loaded| summary(loaded)).collect::<Vec<_>>());
    }
    if plans.is_empty() {
        return out.line("no plan is loaded; `warroom plan load FILE` loads one");
    }
    let rows: Vec<_> = plans
        .values()
        .map(|loaded| {
            let plan = &loaded.plan;
            let name = text::clean_line(&plan.name).into_owned();
            vec![plan.id.to_string(), plan.environment.to_string(), counted(plan.procedures.len(), "procedure"), name]
        })
        .collect();
    out.table(&rows)
}

fn show(state: &State, loaded: &Loaded, out: &mut Out) -> Outcome {
    let plan = &loaded.plan;
    let people = People::Known(&state.people);
    if out.format == Format::Json {
        return out.json(&json!({ "hash": loaded.hash, "serves": loaded.active, "plan": plan,
                                 "if_lost": if_lost::as_json(plan, people) }));
    }
    out.line(format!("{}  {}  {}", plan.environment, plan.id, text::clean_line(&plan.name)))?;
    if let Some(description) = &plan.description {
        out.line(text::clean_line(description))?;
    }
    let span = |span: Option<crate::core::time::Span>| span.map_or_else(|| "none".to_owned(), |span| span.to_string());
    out.line(format!("RTO {}, RPO {}, text {}", span(plan.rto), span(plan.rpo), loaded.hash.0))?;
    let mut rows = Vec::new();
    for site in &plan.sites {
        let serves = if loaded.active.as_ref() == Some(&site.id) { "serves" } else { "" };
        rows.push(vec![
            "site".into(),
            site.id.to_string(),
            text::clean_line(&site.name).into_owned(),
            serves.to_owned(),
        ]);
    }
    for component in &plan.components {
        let needs: Vec<_> = component.dependencies.iter().map(ToString::to_string).collect();
        let needs = if needs.is_empty() { String::new() } else { format!("needs {}", text::all_of(&needs)) };
        let name = text::clean_line(&component.name).into_owned();
        rows.push(vec!["component".into(), component.id.to_string(), name, needs]);
    }
    for procedure in &plan.procedures {
        let name = text::clean_line(&procedure.name).into_owned();
        rows.push(vec!["procedure".into(), procedure.id.to_string(), name, counted(procedure.steps.len(), "step")]);
    }
    out.table(&rows)?;
    if_lost::show(plan, people, out)?;
    super::risk::show(&loaded.plan, out)
}

fn show_procedure(state: &State, loaded: &Loaded, procedure: &Procedure, out: &mut Out) -> Outcome {
    let of_plan = state.forecasts.get(&loaded.plan.id);
    let compared = of_plan.and_then(|of| of.get(&procedure.id)).map_or(&[][..], |all| all.as_slice());
    let accuracy = accuracy(compared);
    if out.format == Format::Json {
        let mut shown = serde_json::to_value(procedure).map_err(|why| Failure::failed(why.to_string()))?;
        shown["forecasts"] = json!({
            "runs": compared, "by_ninetieth": accuracy.map(|a| a.by_ninetieth),
            "typically_off_percent": accuracy.map(|a| a.off_percent),
        });
        return out.json(&shown);
    }
    out.line(format!("{}   {}", text::clean_line(&procedure.name), procedure.id))?;
    if let Some(description) = &procedure.description {
        out.line(text::clean_line(description))?;
    }
    for parameter in &procedure.parameters {
        let what = parameter.description.as_deref().map(|d| format!("  {}", text::clean_line(d))).unwrap_or_default();
        let kind = kind(&parameter.kind);
        let need = match &parameter.need {
            Need::Required => "required".to_owned(),
            Need::Default(source) if parameter.kind == ParamKind::Secret => {
                format!("else from {}", text::clean_line(source))
            }
            Need::Default(value) => format!("else {}", text::clean_line(value)),
        };
        out.line(format!("  -p {}=VALUE  ({kind}, {need}){what}", text::clean_line(&parameter.name)))?;
    }
    let lanes = procedure.lanes;
    out.line(format!("  at most {} steps at once, {} on one host", lanes.run, lanes.host))?;
    if let Some(timeout) = procedure.timeout {
        out.line(format!("  pages and holds after {timeout}"))?;
    }
    if !procedure.components.is_empty() {
        let ids: Vec<_> = procedure.components.iter().map(ToString::to_string).collect();
        out.line(format!("  works on {}", text::all_of(&ids)))?;
    }
    if let Some(accuracy) = accuracy {
        out.line(format!("  {}", text::forecast_accuracy(accuracy)))?;
    }
    // Nothing is given yet: names stand where values will.
    steps(procedure, &Values::new(), out)
}

/// What a parameter takes.
fn kind(kind: &ParamKind) -> String {
    match kind {
        ParamKind::Text => "text".to_owned(),
        ParamKind::Number => "number".to_owned(),
        ParamKind::Duration => "duration such as 90s".to_owned(),
        ParamKind::Time => "time such as 2026-11-21T03:44:55Z".to_owned(),
        ParamKind::Choice(choices) => text::any_of(choices),
        ParamKind::Component => "component".to_owned(),
        ParamKind::Site => "site".to_owned(),
        ParamKind::Secret => "secret".to_owned(),
    }
}

/// The steps of a procedure with what each does, and on what terms.
fn steps(procedure: &Procedure, values: &Values, out: &mut Out) -> Outcome {
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
