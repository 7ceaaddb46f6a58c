//! What a step's condition can ask for: values, how other steps of its scope stand, and what is believed of the plan's parts.

use super::super::health::{self, SiteVerdict, Verdict};
use super::super::ids::{ComponentId, SiteId, StepId};
use super::super::plan::Step;
use super::super::run::{Run, StepRun, StepState};
use super::super::state::State;
use super::super::when::Facts;

/// The facts for one step of a run.
pub(in crate::core) struct OfStep<'a> {
    pub(in crate::core) state: &'a State,
    pub(in crate::core) run: &'a Run,
    pub(in crate::core) step: &'a Step,
}

impl OfStep<'_> {
    /// Whether what became of a step that a condition names is settled, so that it asks for nothing that may change.
    pub(in crate::core) fn is_settled(&self, step: &str) -> bool {
        let Some(id) = self.named(step) else { return false };
        match self.run.find(&id) {
            Some((_, _, seen)) => seen.state.is_settled(),
            None => self.run.pairs().filter(|(step, _)| is_pass(step, &id)).all(|(_, seen)| seen.state.is_settled()),
        }
    }

    /// The step of that name beside this one.
    fn named(&self, step: &str) -> Option<StepId> {
        let scope = &self.step.origin.scope;
        let full = if scope.is_empty() { step.to_owned() } else { format!("{scope}.{step}") };
        StepId::new(full).ok()
    }
}

impl Facts for OfStep<'_> {
    fn value(&self, name: &str) -> Option<String> {
        self.run.values_of(self.step).remove(name)
    }

    fn outcome(&self, step: &str) -> Option<&'static str> {
        let id = self.named(step)?;
        match self.run.find(&id) {
            Some((_, _, seen)) => Some(outcome(seen)),
            None => passes(self.run, &id),
        }
    }

    fn component(&self, id: &str) -> Verdict {
        let (component, site) = id.split_once('.').map_or((id, None), |(component, site)| (component, Some(site)));
        let Some(loaded) = self.state.plans.get(&self.run.plan) else { return Verdict::Unknown };
        let Ok(component) = ComponentId::new(component) else { return Verdict::Unknown };
        match site.map(SiteId::new) {
            None => loaded.counts_of(&component).worst(),
            Some(Ok(site)) => loaded.counts_at(&component, Some(&site)).worst(),
            Some(Err(_)) => Verdict::Unknown,
        }
    }

    fn site(&self, id: &str) -> Verdict {
        let Some(loaded) = self.state.plans.get(&self.run.plan) else { return Verdict::Unknown };
        let site = loaded.plan.sites.iter().find(|site| site.id.as_str() == id);
        match site.map(|site| health::judge_site(loaded, &site.id)) {
            Some(SiteVerdict::Ok) => Verdict::Ok,
            Some(SiteVerdict::Paused) => Verdict::Paused,
            Some(SiteVerdict::Unknown) | None => Verdict::Unknown,
            Some(SiteVerdict::Degraded | SiteVerdict::Partly) => Verdict::Degraded,
            Some(SiteVerdict::Down) => Verdict::Down,
        }
    }
}

/// How the passes of a list stand together: as the worst of them, *done* only when all are.
fn passes(run: &Run, group: &StepId) -> Option<&'static str> {
    let of_group = run.pairs().filter(|(step, _)| is_pass(step, group));
    let worst = |word: &str| {
        ["done", "not_needed", "skipped", "pending", "waiting", "pausing", "running", "declined", "unknown", "failed"]
            .iter()
            .position(|known| *known == word)
    };
    of_group.map(|(_, seen): (&Step, &StepRun)| outcome(seen)).max_by_key(|word| worst(word))
}

fn is_pass(step: &Step, group: &StepId) -> bool {
    step.origin.group.as_ref() == Some(group) && step.counts()
}

/// How a step stands, in the words of conditions, which have no blanks.
fn outcome(seen: &StepRun) -> &'static str {
    match seen.state {
        StepState::NotNeeded { .. } => "not_needed",
        _ => seen.state.word(),
    }
}
