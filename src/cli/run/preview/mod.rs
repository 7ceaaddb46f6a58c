//! What a launch would do, shown before anything acts.

mod json;
mod page;
#[cfg(test)]
mod tests;

pub(super) use page::fact;

use std::sync::Arc;

use super::super::out::{Format, Out};
use super::super::session::Session;
use super::super::{Failure, Outcome};
use super::checks::{self, Looked, is_good};
use crate::client::ClientError;
use crate::core::command::Options;
use crate::core::decide::{Context, Launch, incident_id};
use crate::core::ids::{PlanId, Principal, ProcedureId};
use crate::core::incident::Incident;
use crate::core::people::Act;
use crate::core::plan::{Action, Environment, Part, Step};
use crate::core::preview::{Preview, preview};
use crate::core::refusal::Refusal;
use crate::core::state::State;
use crate::core::template::Values;
use crate::wire::{Snapshot, Trouble};

/// What is asked to be launched.
pub(super) struct Asked<'a> {
    pub(super) plan: &'a PlanId,
    pub(super) procedure: &'a ProcedureId,
    pub(super) values: &'a Values,
    pub(super) options: &'a Options,
}

/// Shows what a launch would do. It fails when the launch would be refused now, when a precondition was not seen to hold, or when
/// a program or a host was seen to be missing.
pub(super) async fn show(
    session: &Session,
    snapshot: &Snapshot,
    incident: Result<&Arc<Incident>, Failure>,
    asked: Asked<'_>,
    out: &mut Out,
) -> Outcome {
    let (state, you) = (&snapshot.state, &session.hello.you.principal);
    let context = Context { state, readings: &snapshot.live.readings, by: you, now: &snapshot.now };
    let Asked { plan, procedure, values, options } = asked;
    // Without an incident all but one of the rules can still be asked: as for one that began now.
    let (incident, no_incident) = match incident {
        Ok(found) => (Some(found), None),
        Err(why) => (None, Some(why)),
    };
    let id = incident.map_or_else(|| incident_id(state, &snapshot.now), |known| known.id.clone());
    let launch = Launch { incident: &id, plan, procedure, values, options };
    let preview = preview(context, launch).map_err(refused)?;
    let environment = preview.launched.loaded.plan.environment;
    let refusal = not_permitted(state, you, environment).or_else(|| preview.refused.clone());
    let shown = Shown {
        incident: incident.map(AsRef::as_ref),
        looked: checks::look(session, launch).await?,
        refused: no_incident.or_else(|| refusal.map(refused)),
        options,
        preview,
    };
    match out.format {
        Format::Json => out.json(&json::whole(&shown))?,
        Format::Text => page::lines(&shown).iter().try_for_each(|line| out.line(line))?,
    }
    shown.conclusion()
}

fn refused(why: Refusal) -> Failure {
    ClientError::Trouble(Trouble::Refused(why)).into()
}

/// That whoever asks may not start runs, if so.
fn not_permitted(state: &State, you: &Principal, environment: Environment) -> Option<Refusal> {
    let Some(person) = state.people.get(you) else {
        return Some(Refusal::Stranger { principal: you.to_string() });
    };
    let denied = person.may(Act::StartRun, Some(environment)).err()?;
    Some(Refusal::NotPermitted { act: Act::StartRun, needs: denied.needs })
}

/// A launch as it is shown.
struct Shown<'a> {
    preview: Preview<'a>,
    options: &'a Options,
    incident: Option<&'a Incident>,
    looked: Looked,
    refused: Option<Failure>,
}

impl Shown<'_> {
    /// What `${name}` means in a step, as far as it is known before the run; secrets are named by where they stand.
    fn values_of(&self, step: &Step) -> Values {
        let secrets = step.origin.secrets.iter().map(|(name, secret)| (name.clone(), secret.to_string()));
        let mut values = self.preview.launched.values.clone();
        values.extend(secrets);
        values.extend(step.origin.values.clone());
        values
    }

    /// The host that a step's program runs on; nothing when it is the engine's own.
    fn host_of(&self, step: &Step) -> Option<String> {
        let host = step.host.as_ref()?;
        Some(host.fill(&self.values_of(step)).unwrap_or_else(|_| host.source().to_owned()))
    }

    /// Whether the launch leaves a step out.
    fn leaves_out(&self, step: &Step) -> bool {
        let is_gate = matches!(step.action, Action::Gate(_));
        step.part.is_some_and(|part: Part| self.options.without.contains(&part)) && !is_gate
    }

    /// How many preconditions were seen to hold, of how many.
    fn holding(&self) -> (usize, usize) {
        let good = |step: &&Step| self.looked.at(&step.id).is_some_and(is_good);
        (self.preview.preconditions().filter(good).count(), self.preview.preconditions().count())
    }

    fn conclusion(self) -> Outcome {
        let (good, all) = self.holding();
        let failed = |sentence: &str| Failure::failed(sentence);
        match self.refused {
            // Why is told by the preview itself, and goes along for programs.
            Some(why) => {
                Err(Failure::Failed { sentence: "it could not start now".into(), trouble: why.trouble().cloned() })
            }
            None if good < all => Err(failed("not every precondition was seen to hold")),
            None if !self.looked.besides().all(is_good) => {
                Err(failed("not everything that it rests on is as it must be"))
            }
            None => Ok(()),
        }
    }
}
