//! Random scenarios: some with a trigger over parts of the plan, some that forbid failovers.

use warroom::core::ids::ProcedureId;
use warroom::core::plan::{Component, Disaster, Method, Need, Plan, ProcedureKind, Scenario, Severity, Then, Trigger};
use warroom::core::time::Span;

use super::id;
use crate::chance::Chance;

pub fn scenarios(chance: &mut Chance, components: &[Component]) -> Vec<Scenario> {
    (0..chance.below(4)).map(|n| scenario(chance, n, components)).collect()
}

fn scenario(chance: &mut Chance, n: usize, components: &[Component]) -> Scenario {
    let disaster = *chance.pick(&Disaster::ALL).unwrap();
    let usual = Scenario::usual(id(&format!("s{n}")), format!("Scenario {n}"), disaster);
    Scenario {
        impact: *chance.pick(&Severity::ALL).unwrap(),
        allows: usual.allows.iter().copied().chain(chance.percent(10).then_some(Method::Failover)).collect(),
        trigger: chance.percent(80).then(|| trigger(chance, components)),
        ..usual
    }
}

/// Often a plan whose first failover is launched by a trigger.
pub fn fails_over_by_itself(chance: &mut Chance, plan: &mut Plan) {
    let fits = |p: &&warroom::core::plan::Procedure| {
        p.kind == ProcedureKind::Failover && p.parameters.iter().all(|parameter| parameter.need != Need::Required)
    };
    let Some(procedure) = plan.procedures.iter().find(fits).map(|p| p.id.clone()).filter(|_| chance.percent(60)) else {
        return;
    };
    let lost = lost(chance, procedure);
    plan.scenarios.push(lost);
}

/// East is down: that failover begins by itself.
pub fn lost(chance: &mut Chance, procedure: ProcedureId) -> Scenario {
    let held_for = Span::from_secs(*chance.pick(&[0, 1, 10]).unwrap());
    let trigger = Trigger { when: "site.east == down".parse().unwrap(), held_for, then: Then::Failover };
    Scenario {
        procedure: Some(procedure),
        trigger: Some(trigger),
        ..Scenario::usual(id("lost"), "East is lost", Disaster::DataCentreOutage)
    }
}

fn trigger(chance: &mut Chance, components: &[Component]) -> Trigger {
    let part = |chance: &mut Chance| {
        let of = match chance.pick(components) {
            Some(component) if chance.percent(60) => format!("component.{}", component.id),
            _ => format!("site.{}", chance.pick(&["east", "west"]).unwrap()),
        };
        let is = *chance.pick(&["== down", "== degraded", "in [down, degraded]", "!= ok", "== unknown"]).unwrap();
        format!("{of} {is}")
    };
    let (one, other) = (part(chance), part(chance));
    let when = match chance.below(4) {
        0 => format!("{one} and {other}"),
        1 => format!("{one} or {other}"),
        2 => format!("{one} and not ({other})"),
        _ => one,
    };
    let held_for = Span::from_secs(*chance.pick(&[0, 1, 10, 60]).unwrap());
    let then = if chance.percent(30) { Then::Declare } else { Then::Propose };
    Trigger { when: when.parse().unwrap(), held_for, then }
}
