//! What the console knows of the past of probes: fetched when a page shows it, and again when it has grown old.

use std::collections::BTreeMap;

use crate::core::health::history::Window;
use crate::core::ids::{PlanId, ProbeId};
use crate::core::time::{Moment, Span};
use crate::wire::{Evidence, Histories as Answer, NotKept, PlaceHistory};

/// What is asked for.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct AskedHistory {
    pub(crate) plan: PlanId,
    pub(crate) probes: Vec<ProbeId>,
    pub(crate) window: Window,
    /// With it one probe is asked for, to be shown in full; without it several, for a small picture of each.
    pub(crate) evidence: Evidence,
}

impl AskedHistory {
    /// One probe in full.
    pub(crate) fn in_full(plan: PlanId, probe: ProbeId, window: Window) -> AskedHistory {
        AskedHistory { plan, probes: vec![probe], window, evidence: Evidence::With }
    }
}

/// The past of one probe.
#[derive(Debug, Clone, PartialEq)]
pub(crate) struct Past {
    pub(crate) places: Vec<PlaceHistory>,
    /// The moment behind it.
    pub(crate) to: Moment,
    /// Why not all of it may be kept.
    pub(crate) trouble: Option<NotKept>,
}

/// What is known.
#[derive(Debug, Clone, Default)]
pub(crate) struct Histories {
    /// The last probe that was asked for in full: what was asked, what came, and when, by the console's own clock.
    focus: Option<(AskedHistory, Result<Past, String>, Span)>,
    /// The last quarter of an hour of others.
    others: BTreeMap<(PlanId, ProbeId), (Past, Span)>,
    /// What is on its way, since when.
    asked: Vec<(AskedHistory, Span)>,
}

/// How long an answer may take before it is asked for again.
const PATIENCE: Span = Span::from_secs(15);

/// Others that are kept.
const KEPT: usize = 128;

/// How old what is shown may be.
fn stale(window: Window) -> Span {
    Span::from_secs(match window {
        Window::Quarter => 10,
        Window::TwoHours => 30,
        Window::Day => 60,
    })
}

impl Histories {
    /// The past of the probe that is shown in full; why it could not be had; nothing as long as it has not come.
    pub(crate) fn in_full(&self, plan: &PlanId, probe: &ProbeId, window: Window) -> Option<&Result<Past, String>> {
        let (of, found, _) = self.focus.as_ref()?;
        (of.plan == *plan && of.probes.first() == Some(probe) && of.window == window).then_some(found)
    }

    /// The last quarter of an hour of a probe.
    pub(crate) fn lately(&self, plan: &PlanId, probe: &ProbeId) -> Option<&Past> {
        self.others.get(&(plan.clone(), probe.clone())).map(|(past, _)| past)
    }

    /// Whether something that a page shows has to be asked for now; notes that it is.
    pub(crate) fn asks(&mut self, of: &AskedHistory, at: Span) -> bool {
        self.asked.retain(|(_, since)| at.minus(*since) < PATIENCE);
        let waits = self.asked.iter().any(|(known, _)| known.evidence == of.evidence);
        if of.probes.is_empty() || waits || self.is_fresh(of, at) {
            return false;
        }
        self.asked.push((of.clone(), at));
        true
    }

    fn is_fresh(&self, of: &AskedHistory, at: Span) -> bool {
        let young = |since: Span| at.minus(since) < stale(of.window);
        match of.evidence {
            Evidence::With => self.focus.as_ref().is_some_and(|(known, _, since)| known == of && young(*since)),
            Evidence::Without => of.probes.iter().all(|probe| {
                let known = self.others.get(&(of.plan.clone(), probe.clone()));
                known.is_some_and(|(_, since)| young(*since))
            }),
        }
    }

    /// Takes an answer.
    pub(crate) fn take(&mut self, of: &AskedHistory, found: Result<Answer, String>, at: Span) {
        self.asked.retain(|(known, _)| known != of);
        let pasts = found.map(|answer| {
            let Answer { to, trouble, probes, .. } = answer;
            let past = move |places| Past { places, to, trouble: trouble.clone() };
            probes.into_iter().map(|known| (known.probe, past(known.places))).collect::<Vec<_>>()
        });
        match (of.evidence, pasts) {
            (Evidence::With, Ok(pasts)) => {
                let own = pasts.into_iter().find(|(probe, _)| Some(probe) == of.probes.first());
                let past = own.map(|(_, past)| past).ok_or_else(|| "the engine does not know it".to_owned());
                self.focus = Some((of.clone(), past, at));
            }
            (Evidence::With, Err(why)) => self.focus = Some((of.clone(), Err(why), at)),
            (Evidence::Without, Ok(pasts)) => {
                self.others.extend(pasts.into_iter().map(|(probe, past)| ((of.plan.clone(), probe), (past, at))));
                while self.others.len() > KEPT {
                    let oldest = self.others.iter().min_by_key(|(_, (_, at))| *at).map(|(key, _)| key.clone());
                    oldest.map(|key| self.others.remove(&key));
                }
            }
            // Small pictures that do not come are left out.
            (Evidence::Without, Err(_)) => {}
        }
    }

    /// What was asked for was asked of a link that is gone.
    pub(crate) fn forget_asked(&mut self) {
        self.asked.clear();
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::wire::ProbeHistory;

    fn answer(probe: &str) -> Answer {
        let at = crate::core::fixtures::at(0).utc;
        let probes = vec![ProbeHistory { probe: probe.parse().unwrap(), places: Vec::new() }];
        Answer { from: at, to: at, trouble: None, probes }
    }

    #[test]
    fn what_is_shown_is_asked_for_once_and_again_when_it_has_grown_old() {
        let mut known = Histories::default();
        let of = AskedHistory::in_full("shop".parse().unwrap(), "db".parse().unwrap(), Window::Quarter);
        let at = Span::from_secs;
        assert!(known.asks(&of, at(0)));
        assert!(!known.asks(&of, at(1)), "it is on its way");
        known.take(&of, Ok(answer("db")), at(2));
        assert!(known.in_full(&of.plan, &of.probes[0], Window::Quarter).is_some());
        assert!(!known.asks(&of, at(5)), "it is fresh");
        let day = AskedHistory { window: Window::Day, ..of.clone() };
        assert!(known.asks(&day, at(5)), "another stretch is not known");
        known.take(&day, Err("no answer".into()), at(6));
        assert_eq!(known.in_full(&of.plan, &of.probes[0], Window::Day), Some(&Err("no answer".into())));
        assert!(known.asks(&of, at(7)));
        assert!(known.asks(&of, at(30)), "an answer that never comes is asked for again");
        known.forget_asked();
        assert!(known.asks(&of, at(31)));
    }

    #[test]
    fn small_pictures_are_kept_for_each_probe() {
        let mut known = Histories::default();
        let (plan, probe): (PlanId, ProbeId) = ("shop".parse().unwrap(), "web".parse().unwrap());
        let of = AskedHistory {
            plan: plan.clone(),
            probes: vec![probe.clone()],
            window: Window::Quarter,
            evidence: Evidence::Without,
        };
        known.take(&of, Ok(answer("web")), Span::ZERO);
        assert!(known.lately(&plan, &probe).is_some());
        known.take(&of, Err("gone".into()), Span::from_secs(20));
        assert!(known.lately(&plan, &probe).is_some(), "an old picture is better than none");
        assert!(known.asks(&of, Span::from_secs(20)));
        let none = AskedHistory { probes: Vec::new(), ..of };
        assert!(!known.asks(&none, Span::from_secs(99)));
    }
}
