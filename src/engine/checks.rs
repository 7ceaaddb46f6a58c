//! What a launch rests on, looked at now: its preconditions, and whether its programs, secrets and hosts are there. Changes
//! nothing.

use std::collections::BTreeSet;
use std::sync::Arc;

use futures_util::future::join_all;

use super::Engine;
use super::effects::job;
use crate::core::apply::apply;
use crate::core::decide::{Context, Launch};
use crate::core::event::Event;
use crate::core::host::Host;
use crate::core::ids::{Principal, RunId};
use crate::core::observe::StepEnd;
use crate::core::plan::{Action, Step};
use crate::core::preview::preview;
use crate::core::refusal::Refusal;
use crate::core::run::Run;
use crate::core::secret::SecretRef;
use crate::core::state::{Entry, State};
use crate::secrets::resolve;
use crate::steps::{self, Sight, remote};
use crate::text;
use crate::wire::{AskedChecks, Check, Finding};

/// Looks at everything that a launch rests on.
///
/// # Errors
/// The rule that says no before a step can be laid out.
pub async fn checks(engine: &Engine, by: &Principal, asked: &AskedChecks) -> Result<Vec<Check>, Refusal> {
    let (run, steps) = {
        let state = Arc::clone(&engine.newest.borrow().state);
        lay_out(engine, &state, by, asked)?
    };
    let looks = steps.iter().map(|step| look(engine, &run, step));
    let mut found: Vec<Check> = join_all(looks).await;
    found.extend(programs(&run));
    let secrets: BTreeSet<SecretRef> = run.procedure.steps.iter().flat_map(steps::secrets_used_by).collect();
    found.extend(join_all(secrets.iter().map(fetch)).await);
    let hosts: BTreeSet<String> = run.procedure.steps.iter().filter_map(|step| run.host_of(step)).collect();
    found.extend(join_all(hosts.iter().map(|host| reach(engine, host))).await);
    Ok(found)
}

/// The run as it would be, in a state that nobody else sees, and its preconditions.
fn lay_out(
    engine: &Engine,
    state: &State,
    by: &Principal,
    asked: &AskedChecks,
) -> Result<(Arc<Run>, Vec<Step>), Refusal> {
    let (readings, now) = (engine.shared.live.readings(), engine.shared.clock.now());
    let context = Context { state, readings: &readings, by, now: &now };
    let launch = Launch {
        incident: &asked.incident,
        plan: &asked.plan,
        procedure: &asked.procedure,
        values: &asked.values,
        options: &asked.options,
    };
    let shown = preview(context, launch)?;
    let steps = shown.preconditions().cloned().collect();
    let id = RunId(state.runs_so_far + 1);
    let event = Event::RunStarted {
        run: id,
        incident: asked.incident.clone(),
        plan: asked.plan.clone(),
        hash: shown.launched.loaded.hash.clone(),
        name: shown.launched.laid_out.procedure.name.clone(),
        values: shown.launched.values,
        procedure: Some(Arc::new(shown.launched.laid_out.procedure)),
        graph: Some(Arc::new(shown.launched.laid_out.graph)),
        components: Default::default(),
        move_kind: shown.launched.move_kind,
        moving: Default::default(),
        guards: Vec::new(),
    };
    let mut alone = state.clone();
    apply(&mut alone, &Entry { seq: 0, at: now, by: by.clone(), event });
    let run = alone.runs.remove(&id);
    run.map(|run| (run, steps))
        .ok_or(Refusal::CannotLayOut { why: "the run was not laid out".into(), right: String::new() })
}

async fn look(engine: &Engine, run: &Arc<Run>, step: &Step) -> Check {
    let since = engine.shared.clock.now();
    let (job, _open) = job(&engine.shared, run, step, 0, (&since, Sight::Kept));
    let end = steps::look(job).await;
    let (finding, says) = match end {
        StepEnd::Good { evidence, .. } => (Finding::Good, text::evidence(&evidence)),
        StepEnd::Bad(why) => (Finding::Bad, text::failure(&why)),
        StepEnd::Lost(what) => (Finding::Bad, text::clean_line(&what).into_owned()),
        StepEnd::Regained => (Finding::Bad, "it did not end".into()),
    };
    Check { step: Some(step.id.clone()), name: step.name.clone(), finding, says }
}

/// Programs that would run on this host, once each.
fn programs(run: &Run) -> Vec<Check> {
    let here = run.procedure.steps.iter().filter(|step| step.host.is_none());
    let named: BTreeSet<String> = here
        .filter_map(|step| match &step.action {
            Action::Command { argv } => argv.first()?.fill(&run.values_of(step)).ok(),
            _ => None,
        })
        .collect();
    let check = |name: String| {
        let (finding, says) = match steps::find_program(&name) {
            Ok(path) => (Finding::Good, path.display().to_string()),
            Err(why) => (Finding::Bad, why),
        };
        Check { step: None, name: format!("program {}", text::clean_line(&name)), finding, says }
    };
    named.into_iter().map(check).collect()
}

/// Whether a secret can be had. What it is is forgotten at once.
async fn fetch(reference: &SecretRef) -> Check {
    let (finding, says) = match resolve(reference).await {
        Ok(_) => (Finding::Good, "it can be had".into()),
        Err(why) => (Finding::Bad, text::clean_line(&why.why.to_string()).into_owned()),
    };
    Check { step: None, name: format!("secret {}", text::clean_line(&reference.to_string())), finding, says }
}

async fn reach(engine: &Engine, host: &str) -> Check {
    let settings = engine.shared.config.ssh(&engine.shared.dir);
    let reached = match Host::new(host) {
        Ok(host) => remote::reachable(&settings, &host).await,
        Err(why) => Err(why.to_string()),
    };
    let (finding, says) = match reached {
        Ok(()) => (Finding::Good, "it answers".into()),
        Err(why) => (Finding::Bad, text::clean_line(&why).into_owned()),
    };
    Check { step: None, name: format!("host {}", text::clean_line(host)), finding, says }
}
