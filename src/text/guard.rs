//! What guards found: what is asked, as a heading, and what was seen, with its limit.

use std::borrow::Cow;

use crate::core::dead_site::Needs;
use crate::core::failover::{Finding, Guard, Says, Seen, Sides, WayBack, Witness};
use crate::core::lineage::{Lineage, NotKnown};
use crate::core::loss::Loss;
use crate::core::plan::{Plan, Procedure};
use crate::core::state::State;
use crate::core::time::Span;

use super::words::of_loss;
use super::{all_of, clean_line as line, loss, role, verdict};

/// The two sites of a failover, as people call them.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Pair {
    from: String,
    pub(super) to: String,
}

impl Pair {
    /// Those of a procedure.
    #[must_use]
    pub fn of(plan: Option<&Plan>, procedure: &Procedure) -> Pair {
        let name = |id: Option<&crate::core::ids::SiteId>| {
            let id = id?;
            let named = plan.and_then(|plan| plan.site(id)).map(|site| line(&site.name).into_owned());
            Some(named.unwrap_or_else(|| id.to_string()))
        };
        Pair {
            from: name(procedure.from.as_ref()).unwrap_or_else(|| "the source".into()),
            to: name(procedure.to.as_ref()).unwrap_or_else(|| "the target".into()),
        }
    }

    /// Those of a run.
    #[must_use]
    pub fn of_run(state: &State, run: crate::core::ids::RunId) -> Pair {
        let known = state.runs.get(&run);
        known.map_or_else(Pair::default, |run| {
            let plan = state.plans.get(&run.plan).map(|loaded| &*loaded.plan);
            Pair::of(plan, &run.procedure)
        })
    }

    /// Those of the procedure that a scenario names.
    #[must_use]
    pub fn of_scenario(
        state: &State,
        plan: &crate::core::ids::PlanId,
        scenario: &crate::core::ids::ScenarioId,
    ) -> Pair {
        let plan = state.plans.get(plan).map(|loaded| &*loaded.plan);
        let procedure = plan.and_then(|p| p.procedure(p.scenario(scenario)?.procedure.as_ref()?));
        procedure.map_or_else(Pair::default, |procedure| Pair::of(plan, procedure))
    }
}

impl From<&Sides> for Pair {
    fn from(sides: &Sides) -> Pair {
        Pair { from: line(&sides.from).into_owned(), to: line(&sides.to).into_owned() }
    }
}

impl Default for Pair {
    /// Two sites whose names are not known.
    fn default() -> Pair {
        Pair { from: "the source".into(), to: "the target".into() }
    }
}

/// What a guard asks, and what it found: `East is down`, `1 of 3 looks say so, limit 2`.
#[must_use]
pub fn guard(pair: &Pair, finding: &Finding) -> (String, String) {
    (asks(pair, finding), found(finding))
}

/// The same in one sentence, with what it says.
#[must_use]
pub fn guard_sentence(pair: &Pair, finding: &Finding) -> String {
    let (asks, found) = guard(pair, finding);
    let witness = match finding.seen {
        Seen::Fenced { seen: Witness::Engine, .. } => ", seen",
        Seen::Fenced { seen: Witness::Person, .. } => ", said by a person",
        _ => "",
    };
    format!("{asks}: {found}{witness}")
}

/// How what a guard found is known, in a word.
#[must_use]
pub fn guard_known(finding: &Finding) -> &'static str {
    match &finding.seen {
        Seen::Fenced { seen: Witness::Person, .. } | Seen::Scenario { .. } | Seen::Missing { .. } => "said",
        Seen::WillBeFenced { .. } | Seen::NoPrimary | Seen::Needs { .. } | Seen::Frozen { .. } => "planned",
        Seen::NotAsked
        | Seen::Capacity { has: None, .. }
        | Seen::BackupAge { age: None, .. }
        | Seen::Lost { loss: Loss::Unknown, .. } => "unknown",
        Seen::Healthy { worst, .. } if *worst == crate::core::health::Verdict::Unknown => "unknown",
        Seen::Connected
        | Seen::CutOff { .. }
        | Seen::Down { .. }
        | Seen::Healthy { .. }
        | Seen::Lost { .. }
        | Seen::Related { .. }
        | Seen::Fenced { .. }
        | Seen::NotFenced
        | Seen::Primaries { .. }
        | Seen::ManagedBy { .. }
        | Seen::BackupAge { .. }
        | Seen::Capacity { .. }
        | Seen::LastMove { .. } => "seen",
    }
}

/// What helps against a guard that refuses.
#[must_use]
pub fn guard_way_out(finding: &Finding) -> String {
    let mend = if finding.may_come_right() { "wait until it comes right" } else { mend(finding) };
    match finding.guard.can_be_overridden() {
        true => format!("{mend}, or break the glass of guard {}", finding.guard.name()),
        false => format!("{mend}; nothing overrides guard {}", finding.guard.name()),
    }
}

fn mend(finding: &Finding) -> &'static str {
    match finding.guard {
        Guard::Engine => "give the engine its network back",
        Guard::Source => match finding.seen {
            Seen::Healthy { .. } => "launch it as manual",
            _ => "wait until more probes say so, or launch it as an emergency",
        },
        Guard::Target => "mend the site that takes over",
        Guard::Loss => "wait until the replica is closer, or say at the gate how much may be lost",
        Guard::Lineage => "build the copy again from what serves",
        Guard::Fence => "fence the site that is left, or give the procedure a step that does",
        Guard::OnePrimary => "stop the other one that takes writes",
        Guard::Manager => "ask the manager to move, or pause it",
        Guard::Backup => "make a backup and verify it",
        Guard::Capacity => "make room at the site that takes over",
        Guard::CoolDown => "find out why it moved before, or launch it by hand",
        Guard::Scenario => "recover in a way that the scenario allows, or rule it out",
        Guard::Reach => "bring what is needed to another site",
        Guard::Freeze => "wait until the freeze is over",
        Guard::People => "give somebody the roles",
    }
}

/// The way back of a failover, and how long it took the last time.
#[must_use]
pub fn way_back(back: &WayBack) -> String {
    match back {
        WayBack::NotPlanned => "no way back: the plan has no failback between these sites".into(),
        WayBack::NeverRun { name } => format!("way back: {}; no failback was ever run", line(name)),
        WayBack::Took { name, last } => format!("way back: {}, {last} in its last run", line(name)),
    }
}

/// Who overrode what a guard says, if somebody did.
#[must_use]
pub fn guard_overridden<'a>(state: &'a State, finding: &'a Finding) -> Option<Cow<'a, str>> {
    finding.overridden.as_ref().map(|by| state.name(by))
}

fn asks(pair: &Pair, finding: &Finding) -> String {
    let Pair { from, to } = pair;
    match finding.guard {
        Guard::Engine => "Engine reaches the world".into(),
        Guard::Source => match finding.seen {
            Seen::Healthy { .. } => format!("{from} is healthy"),
            _ => format!("{from} is down"),
        },
        Guard::Target => format!("{to} is healthy"),
        Guard::Loss => "Replica is close".into(),
        Guard::Lineage => "Data has one history".into(),
        Guard::Fence => format!("{from} is fenced"),
        Guard::OnePrimary => "One end takes writes".into(),
        Guard::Manager => "No other manager".into(),
        Guard::Backup => "Backup is young enough".into(),
        Guard::Capacity => format!("{to} has the capacity"),
        Guard::CoolDown => "No failover lately".into(),
        Guard::Scenario => "Failover helps".into(),
        Guard::Reach => format!("Nothing needed at {from}"),
        Guard::Freeze => "No change freeze".into(),
        Guard::People => "People are there".into(),
    }
}

fn found(finding: &Finding) -> String {
    match &finding.seen {
        Seen::NotAsked => "nothing to ask".into(),
        Seen::Connected => "it does".into(),
        Seen::CutOff { why } => format!("CUT OFF: {}", line(why)),
        Seen::Down { down, all, limit, .. } => format!("{down} of {all} probes say so, limit {limit}"),
        Seen::Healthy { ok, all, worst, stable, limit } => healthy(*ok, *all, verdict(*worst), *stable, *limit),
        Seen::Lost { loss: lost, limit, accepted } => {
            let accepted = accepted.map(|span| format!(", {} accepted", of_loss(span))).unwrap_or_default();
            format!("{}, limit {limit}{accepted}", loss(*lost))
        }
        Seen::Related(how) => related(how),
        Seen::Fenced { fence, at, .. } => format!("{}, {at}", fence.words()),
        Seen::WillBeFenced { step } => format!("not yet: step {step} does it first"),
        Seen::NotFenced => "NOT FENCED, and no step ahead does it".into(),
        Seen::Primaries { sites } => {
            let sites: Vec<String> = sites.iter().map(ToString::to_string).collect();
            match sites.len() {
                0 => "none takes writes".into(),
                1 => format!("{} does", all_of(&sites)),
                _ => format!("{} both do", all_of(&sites)),
            }
        }
        Seen::NoPrimary => "none will: no step without return promotes".into(),
        Seen::ManagedBy { component, manager } => {
            format!("{} manages {component}: ask it to move, or pause it", super::postgres::manager(*manager))
        }
        Seen::BackupAge { name, age, limit } => {
            let age = age.map_or_else(|| "age unknown".to_owned(), |age| format!("{age} old"));
            format!("{}: {age}, limit {limit}", line(name))
        }
        Seen::Capacity { has, limit } => {
            let has = has.map_or_else(|| "unknown".to_owned(), |has| has.to_string());
            format!("{has}, needs {limit}")
        }
        Seen::LastMove { ago: None, .. } => "none is known".into(),
        Seen::LastMove { ago: Some(ago), limit } => format!("the last was {ago} ago, limit {limit}"),
        Seen::Scenario { forbids: None } => "nothing forbids it".into(),
        Seen::Scenario { forbids: Some(name) } => format!("{} forbids it: the damage is in the data", line(name)),
        Seen::Needs(Needs { count: 0, .. }) => "nothing is".into(),
        Seen::Needs(Needs { count, first }) => {
            let first: Vec<String> = first.iter().map(super::dead_site::short).collect();
            format!("{count} needed there: {}", all_of(&first))
        }
        Seen::Frozen { until, reason } => format!("frozen until {until}: {}", line(reason)),
        Seen::Missing { roles } if roles.is_empty() => "all roles are held".into(),
        Seen::Missing { roles } => {
            let roles: Vec<String> = roles.iter().map(role).collect();
            format!("nobody is {}", all_of(&roles))
        }
    }
}

fn related(how: &Lineage) -> String {
    match how {
        Lineage::Same => "the same timeline".into(),
        Lineage::Behind => "an older timeline of the same history".into(),
        Lineage::Ahead => "the target went on without the source".into(),
        Lineage::Diverged { at } => format!("DIVERGED at {at}: each has what the other will never have"),
        Lineage::OtherCluster => "ANOTHER CLUSTER: they never were the same".into(),
        Lineage::Unknown { why } => match why {
            NotKnown::NoAnswer => "not known: one end has never answered".into(),
            NotKnown::NoLine => "not known: one end does not tell its timeline".into(),
            NotKnown::NoHistory { timeline } => format!("not known: the history of timeline {timeline} is not shown"),
            NotKnown::TwoPrimaries => "BOTH take writes on one timeline".into(),
        },
    }
}

fn healthy(ok: usize, all: usize, worst: &str, stable: Option<Span>, limit: Span) -> String {
    let parts = format!("{ok} of {all} parts ok");
    match (stable, limit) {
        (Some(stable), Span::ZERO) => format!("{parts}, for {stable}"),
        (Some(stable), limit) => format!("{parts}, for {stable}, limit {limit}"),
        (None, _) => format!("{parts}, worst {worst}"),
    }
}

/// The word for what a guard says.
#[must_use]
pub fn guard_says(says: Says) -> &'static str {
    match says {
        Says::Pass => "holds",
        Says::Warn => "caution",
        Says::Refuse => "REFUSES",
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::core::fixtures::at;
    use crate::core::health::Verdict;
    use crate::core::loss::Loss;
    use crate::core::plan::Fence;

    #[test]
    fn each_guard_says_its_value_and_its_limit() {
        let secs = Span::from_secs;
        let pair = Pair { from: "East".into(), to: "West".into() };
        let table = [
            (Guard::Engine, Seen::CutOff { why: "no anchor".into() }, "Engine reaches the world: CUT OFF: no anchor"),
            (
                Guard::Source,
                Seen::Down { down: 1, all: 3, limit: 2, unseen: 0 },
                "East is down: 1 of 3 probes say so, limit 2",
            ),
            (
                Guard::Target,
                Seen::Healthy { ok: 3, all: 3, worst: Verdict::Ok, stable: Some(secs(12)), limit: secs(30) },
                "West is healthy: 3 of 3 parts ok, for 12s, limit 30s",
            ),
            (
                Guard::Target,
                Seen::Healthy { ok: 2, all: 3, worst: Verdict::Down, stable: None, limit: secs(30) },
                "West is healthy: 2 of 3 parts ok, worst DOWN",
            ),
            (
                Guard::Loss,
                Seen::Lost { loss: Loss::AtMost(secs(20)), limit: secs(15), accepted: None },
                "Replica is close: ≤ 20s, source silent, limit 15s",
            ),
            (
                Guard::Fence,
                Seen::Fenced { fence: Fence::Power, at: at(2).utc, seen: Witness::Engine },
                &format!("East is fenced: power off, {}, seen", at(2).utc),
            ),
            (Guard::Fence, Seen::NotFenced, "East is fenced: NOT FENCED, and no step ahead does it"),
            (
                Guard::CoolDown,
                Seen::LastMove { ago: Some(secs(60)), limit: secs(1_800) },
                "No failover lately: the last was 1m00s ago, limit 30m00s",
            ),
            (
                Guard::Scenario,
                Seen::Scenario { forbids: Some("Orders are wrong".into()) },
                "Failover helps: Orders are wrong forbids it: the damage is in the data",
            ),
            (
                Guard::People,
                Seen::Missing { roles: vec!["technical_lead".parse().unwrap()] },
                "People are there: nobody is technical lead",
            ),
        ];
        for (guard, seen, sentence) in table {
            let finding = Finding { guard, says: Says::Refuse, seen, overridden: None };
            assert_eq!(guard_sentence(&pair, &finding), sentence);
        }
    }
    fn finding(guard: Guard, seen: Seen) -> Finding {
        Finding { guard, says: Says::Refuse, seen, overridden: None }
    }

    #[test]
    fn how_something_is_known_is_said_in_a_word() {
        let fenced = |seen| Seen::Fenced { fence: Fence::Power, at: at(2).utc, seen };
        for (guard, seen, word) in [
            (Guard::Fence, fenced(Witness::Engine), "seen"),
            (Guard::Fence, fenced(Witness::Person), "said"),
            (Guard::Fence, Seen::WillBeFenced { step: "fence".parse().unwrap() }, "planned"),
            (Guard::Loss, Seen::Lost { loss: Loss::Unknown, limit: Span::from_secs(15), accepted: None }, "unknown"),
        ] {
            assert_eq!(guard_known(&finding(guard, seen)), word);
        }
    }

    #[test]
    fn a_refusal_names_the_way_out_and_whether_the_glass_is_one() {
        let young = Seen::Healthy {
            ok: 3,
            all: 3,
            worst: Verdict::Ok,
            stable: Some(Span::from_secs(3)),
            limit: Span::from_secs(30),
        };
        for (guard, seen, words) in [
            (Guard::Target, young, "wait until it comes right, or break the glass of guard target"),
            (
                Guard::Fence,
                Seen::NotFenced,
                "fence the site that is left, or give the procedure a step that does, or break the glass of guard fence",
            ),
            (
                Guard::Manager,
                Seen::ManagedBy { component: "db".parse().unwrap(), manager: crate::core::manager::Manager::Patroni },
                "ask the manager to move, or pause it; nothing overrides guard manager",
            ),
        ] {
            assert_eq!(guard_way_out(&finding(guard, seen)), words);
        }
    }

    #[test]
    fn the_way_back_says_how_long_it_took_or_that_nobody_ever_went_it() {
        let name = || "Back to East".to_owned();
        for (back, words) in [
            (WayBack::NotPlanned, "no way back: the plan has no failback between these sites"),
            (WayBack::NeverRun { name: name() }, "way back: Back to East; no failback was ever run"),
            (
                WayBack::Took { name: name(), last: Span::from_secs(2_100) },
                "way back: Back to East, 35m00s in its last run",
            ),
        ] {
            assert_eq!(way_back(&back), words);
        }
    }
}
