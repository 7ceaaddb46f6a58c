//! Conditions, read as the made-up plans write them, apart from the language that the rules have for them.

use warroom::core::health::Verdict;
use warroom::core::ids::StepId;
use warroom::core::state::State;
use warroom::core::time::Span;

use super::trial::{Is, Trial};

impl Trial {
    /// What a step's condition comes to: `None` without one, `Some(None)` when nobody can tell.
    pub(super) fn asks(&self, state: &State, place: usize) -> Option<Option<bool>> {
        let text = self.step(place).when.as_ref()?.to_string();
        let words: Vec<&str> = text.split(' ').collect();
        let values = self.values_of(place);
        let truth = |name: &str| values.get(name)?.trim().parse::<bool>().ok();
        Some(match words[..] {
            [name] => truth(name),
            ["not", name] => truth(name).map(|holds| !holds),
            ["lag", "<", limit] => {
                let lag = values.get("lag").and_then(|lag| lag.parse::<Span>().ok());
                lag.map(|lag| lag < limit.parse().unwrap())
            }
            [what, sign, word] => {
                let (kind, name) = what.split_once('.').unwrap();
                let is = match kind {
                    "step" => self.outcome(&self.step(place).origin.scope, name),
                    "component" => Some(self.part(state, Some(name), None)),
                    _ => Some(self.part(state, None, Some(name))),
                };
                is.map(|is| (is == word) == (sign == "=="))
            }
            _ => panic!("{text}"),
        })
    }

    /// How a step of that scope stands, or all passes of it together.
    fn outcome(&self, scope: &str, name: &str) -> Option<&'static str> {
        let full = if scope.is_empty() { name.to_owned() } else { format!("{scope}.{name}") };
        let full = StepId::new(full).ok()?;
        let found: Vec<&Is> = match self.places.get(&full) {
            Some(place) => vec![&self.steps[*place].is],
            None => {
                let of_list =
                    |at: &usize| self.step(*at).origin.group.as_ref() == Some(&full) && self.step(*at).counts();
                (0..self.steps.len()).filter(of_list).map(|at| &self.steps[at].is).collect()
            }
        };
        let any = |is: Is| found.contains(&&is);
        Some(match () {
            () if found.is_empty() => return None,
            () if any(Is::GoneOn) => "failed",
            () if any(Is::Skipped) => "skipped",
            () if any(Is::NotNeeded) => "not_needed",
            () => "done",
        })
    }

    /// The worst that is believed of a component, of a site, or of one at the other.
    fn part(&self, state: &State, component: Option<&str>, site: Option<&str>) -> &'static str {
        let (component, site) = match component.and_then(|name| name.split_once('.')) {
            Some((component, at)) => (Some(component), Some(at)),
            None => (component, site),
        };
        let Some(loaded) = state.plans.get(&self.plan) else { return "unknown" };
        let mut worst = None;
        for (of, probe) in loaded.plan.probes() {
            let here = component.is_none_or(|name| of.id.as_str() == name)
                && site.is_none_or(|name| probe.site.as_ref().is_some_and(|s| s.as_str() == name));
            if here {
                let rank = match loaded.verdict(&probe.id) {
                    Verdict::Ok => (0, "ok"),
                    Verdict::Paused => (1, "paused"),
                    Verdict::Unknown => (2, "unknown"),
                    Verdict::Degraded => (3, "degraded"),
                    Verdict::Down => (4, "down"),
                };
                worst = worst.max(Some(rank));
            }
        }
        worst.map_or("unknown", |(_, word)| word)
    }
}
