//! What a step's condition can ask for: values, how other steps of its scope stand, and what is believed of the plan's parts.

use super::super::health::{self, SiteVerdict, Verdict};
use super::super::ids::{ComponentId, SiteId, StepId};
use super::super::plan::Step;
use super::super::run::{Run, StepRun, StepState};
use super::super::scenario::Saw;
use super::super::state::{Loaded, State};
use super::super::when::{Condition, Facts};

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

    fn plan(&self) -> Option<OfPlan<'_>> {
        self.state.plans.get(&self.run.plan).map(|loaded| OfPlan::as_believed(loaded))
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
        self.plan().map_or(Verdict::Unknown, |plan| plan.component_verdict(id))
    }

    fn site(&self, id: &str) -> Verdict {
        self.plan().map_or(Verdict::Unknown, |plan| plan.site_verdict(id))
    }

    fn alert(&self, name: &str) -> bool {
        self.plan().is_some_and(|plan| plan.alert(name))
    }
}

/// The facts about the parts of a plan.
#[derive(Clone, Copy)]
pub(in crate::core) struct OfPlan<'a> {
    loaded: &'a Loaded,
    /// What is taken for the case where nobody knows.
    unknown: Verdict,
}

impl<'a> OfPlan<'a> {
    pub(super) fn as_believed(loaded: &'a Loaded) -> OfPlan<'a> {
        OfPlan { loaded, unknown: Verdict::Unknown }
    }

    /// As if all that nobody can see were so.
    pub(super) fn if_unknown(loaded: &'a Loaded, unknown: Verdict) -> OfPlan<'a> {
        OfPlan { loaded, unknown }
    }

    pub(super) fn component_verdict(self, id: &str) -> Verdict {
        let (component, site) = id.split_once('.').map_or((id, None), |(component, site)| (component, Some(site)));
        let Ok(component) = ComponentId::new(component) else { return Verdict::Unknown };
        let counts = match site.map(SiteId::new) {
            None => self.loaded.counts_of(&component),
            Some(Ok(site)) => self.loaded.counts_at(&component, Some(&site)),
            Some(Err(_)) => return Verdict::Unknown,
        };
        counts.if_unknown(self.unknown).worst()
    }

    pub(super) fn site_verdict(self, id: &str) -> Verdict {
        let site = self.loaded.plan.sites.iter().find(|site| site.id.as_str() == id);
        match site.map(|site| health::judge_site_if(self.loaded, &site.id, self.unknown)) {
            Some(SiteVerdict::Ok) => Verdict::Ok,
            Some(SiteVerdict::Paused) => Verdict::Paused,
            Some(SiteVerdict::Unknown) | None => Verdict::Unknown,
            Some(SiteVerdict::Degraded | SiteVerdict::Partly) => Verdict::Degraded,
            Some(SiteVerdict::Down) => Verdict::Down,
        }
    }

    /// The alerts that a condition asks about and that fire.
    pub(super) fn firing(self, _when: &Condition) -> Vec<Saw> {
        Vec::new()
    }
}

impl Facts for OfPlan<'_> {
    fn value(&self, _: &str) -> Option<String> {
        None
    }

    fn outcome(&self, _: &str) -> Option<&'static str> {
        None
    }

    fn component(&self, id: &str) -> Verdict {
        self.component_verdict(id)
    }

    fn site(&self, id: &str) -> Verdict {
        self.site_verdict(id)
    }

    fn alert(&self, _name: &str) -> bool {
        false
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
