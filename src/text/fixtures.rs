//! A small state for the tables of sentences.

use std::sync::Arc;

use crate::core::apply::apply;
use crate::core::event::Event;
use crate::core::fixtures::{at, probe};
use crate::core::ids::{CallSign, IncidentId, Principal, RunId};
use crate::core::incident::{Incident, Phase};
use crate::core::people::Person;
use crate::core::plan::{
    Action, Component, Disaster, Environment, Gate, Launcher, Layer, Method, Plan, PlanHash, Probability, Probe,
    Procedure, ProcedureKind, Scenario, Severity, Site, SiteRole, Step,
};
use crate::core::state::{Entry, Loaded, State};
use crate::core::time::Span;

pub(crate) fn ada() -> Principal {
    Principal::Uid(1000)
}

pub(crate) fn mike() -> Principal {
    Principal::Uid(1001)
}

pub(crate) fn kestrel() -> IncidentId {
    "DR-20261121-031455".parse().unwrap()
}

/// Two people, one plan with two sites, one incident with one run of a gate and a command.
pub(crate) fn state() -> State {
    let mut state = State::default();
    for (who, name) in [(ada(), "ada"), (mike(), "mike")] {
        let person = Person { principal: who.clone(), name: name.into(), access: Default::default() };
        state.people.insert(who, Arc::new(person));
    }
    let plan = Arc::new(plan());
    let active = Some("east".parse().unwrap());
    let probes = plan.probes().map(|(_, probe)| (probe.id.clone(), Default::default())).collect();
    let loaded = Loaded::new(plan.clone(), PlanHash("0123456789abcdef".into()), probes, Vec::new(), active);
    state.plans.insert(plan.id.clone(), Arc::new(loaded));
    state.incidents.insert(kestrel(), Arc::new(incident()));
    let started = Event::RunStarted {
        move_kind: None,
        moving: Default::default(),
        guards: Vec::new(),
        run: RunId(7),
        incident: kestrel(),
        plan: plan.id.clone(),
        hash: PlanHash("0123456789abcdef".into()),
        name: plan.procedures[0].name.clone(),
        procedure: Some(Arc::new(plan.procedures[0].clone())),
        values: Default::default(),
        graph: None,
        components: Default::default(),
    };
    apply(&mut state, &Entry { seq: 1, at: at(20), by: ada(), event: started });
    state.timeline.clear();
    state
}

fn plan() -> Plan {
    let site = |id: &str, name: &str, role| Site {
        id: id.parse().unwrap(),
        name: name.into(),
        role,
        location: None,
        down_when: Default::default(),
        capacity: None,
        holds: Default::default(),
    };
    let steps = vec![
        step("fence", "Fence East", Action::Command { argv: vec![] }),
        step(
            "go",
            "Promote West",
            Action::Gate(Gate {
                in_automatic: Default::default(),
                question: "Promote West".into(),
                people: 2,
                roles: ["incident_commander", "technical_lead"].map(|r| r.parse().unwrap()).into(),
                launcher: Launcher::Counts,
                after: None,
            }),
        ),
        step("bridge", "Bridge is open", Action::Manual { sentence: "Open the bridge".into() }),
    ];
    Plan {
        failover: Default::default(),
        id: "shop".parse().unwrap(),
        name: "Shop".into(),
        description: None,
        environment: Environment::Practice,
        priority: Severity::Critical,
        rto: None,
        rpo: None,
        stable_for: Span::from_secs(20),
        sites: vec![site("east", "East", SiteRole::Primary), site("west", "West", SiteRole::Standby)],
        components: vec![
            component("db", "Orders database", vec![Probe { site: Some("east".parse().unwrap()), ..probe("db.east") }]),
            component("door", "Front door", vec![probe("door")]),
        ],
        procedures: vec![Procedure {
            from: Some("east".parse().unwrap()),
            to: Some("west".parse().unwrap()),
            ..Procedure::plain("failover-west".parse().unwrap(), "Fail over to West", ProcedureKind::Failover, steps)
        }],
        scenarios: vec![Scenario {
            id: "east-lost".parse().unwrap(),
            name: "East is lost".into(),
            disaster: Disaster::DataCentreOutage,
            probability: Probability::Medium,
            impact: Severity::High,
            rto: None,
            rpo: None,
            method: Method::Failover,
            allows: [Method::Failover, Method::Restore].into(),
            strategy: None,
            estimate: None,
            procedure: None,
            trigger: None,
        }],
        channels: vec![],
        pages: Vec::new(),
        customers: None,
        targets: Default::default(),
    }
}

fn step(id: &str, name: &str, action: Action) -> Step {
    Step::plain(id.parse().unwrap(), name, action)
}

fn component(id: &str, name: &str, probes: Vec<Probe>) -> Component {
    Component {
        id: id.parse().unwrap(),
        name: name.into(),
        kind: "service".into(),
        layer: Layer::Application,
        priority: Severity::High,
        tier: None,
        rto: None,
        rpo: None,
        sites: vec![],
        dependencies: vec![],
        probes,
        replication: None,
    }
}

fn incident() -> Incident {
    Incident {
        glass: Vec::new(),
        tasks: Vec::new(),
        decisions: Vec::new(),
        owed: None,
        id: kestrel(),
        call_sign: CallSign::pick(0, &[]),
        plan: "shop".parse().unwrap(),
        plan_hash: PlanHash("0123456789abcdef".into()),
        environment: Environment::Practice,
        severity: Severity::Critical,
        title: None,
        phase: Phase::Recovering,
        began: at(0),
        detected: Some(at(3)),
        declared: Some(at(9)),
        stopped: None,
        causes: Default::default(),
        scenarios: Default::default(),
        alerts: Default::default(),
        roles: Default::default(),
        outages: Default::default(),
        corrected: None,
        updates: vec![],
        assessed: None,
    }
}
