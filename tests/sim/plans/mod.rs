//! Random plans: sites, components that need each other, probes, and procedures of every shape that a run can have.

mod scenarios;
mod steps;

use std::collections::BTreeMap;
use std::fmt::Debug;
use std::str::FromStr;

use warroom::core::param::ParamKind;
use warroom::core::plan::{
    Address, Component, Environment, Lanes, Layer, Limits, Look, Need, Parameter, Place, Plan, Policy, Probe,
    Procedure, ProcedureKind, Replication, Severity, Site, SiteRole, Vantage,
};
use warroom::core::time::Span;

use crate::chance::Chance;
use steps::Author;

/// How much of everything there is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Size {
    Small,
    Large,
}

/// An identifier of any kind.
pub fn id<T: FromStr<Err: Debug>>(text: &str) -> T {
    text.parse().unwrap()
}

/// A plan of that name.
pub fn plan(chance: &mut Chance, name: &str, size: Size) -> Plan {
    let environments = [(8, Environment::Practice), (2, Environment::Staging), (1, Environment::Production)];
    let components = components(chance);
    let mut plan = Plan {
        id: id(name),
        name: format!("The {name} plan"),
        description: None,
        environment: chance.weighted(&environments),
        priority: Severity::High,
        rto: Some(Span::from_secs(1_800)),
        rpo: None,
        stable_for: Span::from_secs(10),
        sites: [("east", SiteRole::Primary), ("west", SiteRole::Standby)]
            .map(|(name, role)| Site {
                id: id(name),
                name: name.into(),
                role,
                location: None,
                down_when: Default::default(),
                capacity: None,
                holds: Default::default(),
            })
            .into(),
        scenarios: scenarios::scenarios(chance, &components),
        components,
        procedures: Vec::new(),
        channels: if chance.percent(90) { vec![id("inbox")] } else { Vec::new() },
        pages: if chance.percent(50) { vec![id("inbox")] } else { Vec::new() },
        customers: None,
        targets: Default::default(),
        failover: policy(chance),
    };
    let count = chance.between(2, 4);
    for n in 0..count {
        let procedure = procedure(chance, &plan, n, size);
        plan.procedures.push(procedure);
    }
    scenarios::fails_over_by_itself(chance, &mut plan);
    // Rarely a procedure that calls itself: it can be loaded here, but never launched.
    if chance.percent(2) {
        let call = steps::call(id("round"), id("p0"), BTreeMap::new());
        plan.procedures[0].steps.push(call);
    }
    plan
}

/// A plan of three components at both sites, whose failover a trigger launches: fence, a gate that the countdown opens, promotion.
pub fn ready_to_fail_over(chance: &mut Chance) -> Plan {
    let mut plan = plan(chance, "p", Size::Small);
    plan.environment = Environment::Practice;
    plan.components = ["a", "b", "c"].map(|name| component_at_both_sites(chance, name)).into();
    plan.failover = Policy {
        stable_for: Span::from_secs(5),
        abort_window: Span::from_secs(chance.below(2) as u64 * 5),
        ..Policy::default()
    };
    let mut procedure = Procedure::plain(id("over"), "Over", ProcedureKind::Failover, steps::fence_and_promote());
    (procedure.from, procedure.to) = (Some(id("east")), Some(id("west")));
    plan.procedures = vec![procedure];
    plan.scenarios = vec![scenarios::lost(chance, id("over"))];
    plan
}

fn component_at_both_sites(chance: &mut Chance, name: &str) -> Component {
    let sites = ["east", "west"];
    let probes = sites.iter().flat_map(|site| {
        let count = chance.between(1, 2);
        (0..count).map(move |n| probe(&format!("{name}-{site}-{n}"), Some(site), Vantage::Inside))
    });
    Component {
        tier: None,
        id: id(name),
        name: name.into(),
        kind: "service".into(),
        layer: Layer::Application,
        priority: Severity::High,
        rto: None,
        rpo: None,
        dependencies: Vec::new(),
        probes: probes.collect(),
        replication: None,
        sites: sites.map(id).into(),
    }
}

/// Mostly a lenient one: what is to be met behind the guards has to come past them.
fn policy(chance: &mut Chance) -> Policy {
    let lenient = chance.percent(75);
    Policy {
        agree: if lenient { 1 } else { 2 },
        stable_for: Span::from_secs(if lenient { 0 } else { 30 }),
        cool_down: Span::from_secs(chance.below(3) as u64 * 60),
        failback_after: Span::from_secs(if lenient { 0 } else { 60 }),
        commit_within: chance.percent(30).then(|| Span::from_secs(60)),
        abort_window: Span::from_secs(chance.below(3) as u64 * 10),
        ..Policy::default()
    }
}

fn components(chance: &mut Chance) -> Vec<Component> {
    let count = chance.between(1, 5);
    let names: Vec<String> = (0..count).map(|n| format!("c{n}")).collect();
    let mut all: Vec<Component> = Vec::new();
    for (n, name) in names.iter().enumerate() {
        let at = [None, Some("east"), Some("west")];
        let probes = (0..chance.below(3))
            .map(|i| {
                let site = chance.pick(&at).copied().flatten();
                let vantage = if n == 0 && i == 0 { Vantage::FrontDoor } else { Vantage::Inside };
                probe(&format!("{name}-{i}"), site, vantage)
            })
            .collect();
        let moved = chance.percent(15).then(|| Replication {
            from: id("east"),
            to: id("west"),
            source: Address::Plain("http://127.0.0.1:1/".into()),
            target: Address::Plain("http://127.0.0.1:2/".into()),
            every: Span::from_secs(1),
        });
        let dependencies: Vec<String> = chance.some(&names[..n], 35);
        all.push(Component {
            tier: None,
            id: id(name),
            name: name.clone(),
            kind: "service".into(),
            layer: Layer::Application,
            priority: *chance.pick(&Severity::ALL).unwrap(),
            rto: None,
            rpo: None,
            sites: vec![id("east"), id("west")],
            dependencies: dependencies.iter().map(|name| id(name)).collect(),
            probes,
            replication: moved,
        });
    }
    all
}

fn probe(name: &str, site: Option<&str>, vantage: Vantage) -> Probe {
    Probe {
        id: id(name),
        site: site.map(id),
        look: Look::Tcp { address: "127.0.0.1:1".into() },
        every: Span::from_secs(1),
        timeout: Span::from_secs(1),
        fail_after: 3,
        pass_after: 2,
        vantage,
        from: vec![Place::Engine],
        limits: Limits::default(),
    }
}

fn procedure(chance: &mut Chance, plan: &Plan, n: usize, size: Size) -> Procedure {
    use ProcedureKind::{Assessment, Backup, Failback, Failover, Recovery, Validation};
    let kinds = [(12, Recovery), (6, Failover), (2, Failback), (2, Assessment), (1, Validation), (1, Backup)];
    let kind = chance.weighted(&kinds);
    let (from, to) = match kind {
        Failover => (Some(id("east")), Some(id("west"))),
        Failback => (Some(id("west")), Some(id("east"))),
        _ => (None, None),
    };
    let mut procedure = Procedure::plain(id(&format!("p{n}")), format!("Procedure {n}"), kind, Vec::new());
    procedure.from = from;
    procedure.to = to;
    procedure.parameters = parameters(chance, plan);
    let names: Vec<_> = plan.components.iter().map(|c| c.id.clone()).collect();
    if chance.percent(50) {
        procedure.components = chance.some(&names, 40);
    }
    procedure.timeout = chance.percent(15).then(|| Span::from_secs(chance.between(1, 120) as u64));
    procedure.lanes = Lanes { run: chance.between(1, 4) as u32, host: chance.between(1, 2) as u32 };
    let mut author = Author::new(chance, plan, &procedure);
    let checks = if author.chance.percent(30) { author.chance.between(1, 2) } else { 0 };
    procedure.preconditions = (0..checks).map(|n| author.check(&format!("check{n}"))).collect();
    let most = if size == Size::Large { 30 } else { 8 };
    let count = author.chance.between(usize::from(n == 0), most);
    procedure.steps = author.steps(count);
    author.fences(&mut procedure);
    procedure
}

fn parameters(chance: &mut Chance, plan: &Plan) -> Vec<Parameter> {
    let known = |name: &str, kind, value: &str| Parameter {
        name: name.into(),
        description: None,
        kind,
        need: Need::Default(value.into()),
    };
    let flag = chance.weighted(&[(4, "true"), (4, "false"), (1, "perhaps")]);
    let mut all = vec![known("flag", ParamKind::Text, flag), known("where", ParamKind::Text, "h1")];
    if chance.percent(15) {
        let component = chance.pick(&plan.components).map(|c| c.id.to_string()).unwrap_or_default();
        all.push(known("which", ParamKind::Component, &component));
    }
    if chance.percent(10) {
        all.push(Parameter { need: Need::Required, ..known("token", ParamKind::Secret, "") });
    }
    all
}
