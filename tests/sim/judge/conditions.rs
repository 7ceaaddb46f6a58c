//! Conditions, read as the made-up plans write them, apart from the language that the rules have for them.

use std::collections::BTreeMap;

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
                    "component" => Some(self.part(state, name)),
                    _ => Some(self.site(state, name)),
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

    /// The worst that is believed of a component, or of one at a site.
    fn part(&self, state: &State, name: &str) -> &'static str {
        let (component, site) = name.split_once('.').map_or((name, None), |(component, site)| (component, Some(site)));
        let here = |at: &str| site.is_none_or(|site| at == site);
        self.seen(state)
            .filter(|(of, at, _)| of == component && here(at))
            .map(|(.., is)| is)
            .max()
            .map_or("unknown", word)
    }

    /// A site: down when all that counts there is down; what is paused counts neither way.
    fn site(&self, state: &State, name: &str) -> &'static str {
        let mut parts: BTreeMap<String, Verdict> = BTreeMap::new();
        for (of, _, is) in self.seen(state).filter(|(_, at, _)| at == name) {
            let part = parts.entry(of).or_insert(is);
            *part = is.max(*part);
        }
        let counted: Vec<Verdict> = parts.values().copied().filter(|is| *is != Verdict::Paused).collect();
        match counted.iter().max() {
            _ if parts.is_empty() => "unknown",
            None => "paused",
            Some(Verdict::Down) if counted.iter().any(|is| *is != Verdict::Down) => "degraded",
            Some(worst) => word(*worst),
        }
    }

    /// What is believed of each probe's part: its component, its site, how it counts.
    fn seen<'s>(&self, state: &'s State) -> impl Iterator<Item = (String, String, Verdict)> + use<'s> {
        let loaded = state.plans.get(&self.plan);
        let probes =
            loaded.into_iter().flat_map(|loaded| loaded.plan.probes().map(move |(of, probe)| (loaded, of, probe)));
        probes.map(|(loaded, of, probe)| {
            let at = probe.site.as_ref().map_or_else(String::new, ToString::to_string);
            (of.id.to_string(), at, loaded.verdict(&probe.id))
        })
    }
}

fn word(is: Verdict) -> &'static str {
    match is {
        Verdict::Ok => "ok",
        Verdict::Paused => "paused",
        Verdict::Unknown => "unknown",
        Verdict::Degraded => "degraded",
        Verdict::Down => "down",
    }
}
