//! What a failover away from East needs of East (NX-14).

use std::collections::BTreeMap;
use std::sync::Arc;

use crate::core::dead_site::{
    MOST_LOOKS, MOST_NEEDS, Need, Needs, People, TooMuch, Whereabouts, foreseen, if_lost, needs_of, taken_for_dead,
};
use crate::core::fixtures::{World, id};
use crate::core::ids::Principal;
use crate::core::people::{Access, Person};
use crate::core::plan::{Action, Call, Disaster, Each, List, Plan, Procedure, Scenario, Step, Trigger};
use crate::core::template::Template;
use crate::plan::read;
use crate::text;

/// Two sites with a database each; what East holds, and the fields of one failover, with its steps from line 1 of them.
fn plan(holds: &str, procedure: &str) -> Plan {
    let text = format!(
        "plan_name: P
environment: staging
channels: [inbox]
sites:
- {{site_id: east, name: East, role: primary, holds: {{{holds}}}}}
- {{site_id: west, name: West, role: standby, holds: {{people: [wim], hosts: [web-west]}}}}
components:
- component_id: db
  name: Orders database
  type: database
  sites: [east, west]
  replication: {{from: east, to: west, source: 'http://10.0.1.5:9000/', target: 'http://10.0.2.5:9000/'}}
  probes:
  - {{id: db-east, site: east, tcp: 'db-east:5432'}}
  - {{id: db-west, site: west, tcp: 'db-west:5432'}}
  - {{id: log, site: east, postgres: {{secret: 'env:EAST_DSN'}}}}
  - {{id: disk, site: east, disk: /, from: store-east}}
  - {{id: seen, site: east, http: 'http://127.0.0.1:81/'}}
  - {{id: told, site: east, metric: 'http://prometheus:9090', query: up}}
  - {{id: both-e, site: east, http: 'http://proxy:80/east'}}
  - {{id: both-w, site: west, http: 'http://proxy:80/west'}}
- {{component_id: cart, name: Carts, type: cache, sites: [east], probes: [{{redis: 'redis://cart/'}}]}}
recovery_procedures:
- {{procedure_id: go, name: Go, kind: failover, from: east, to: west, {procedure}}}
- {{procedure_id: inner, name: Inner, parameters: [{{name: where}}], steps: [{{id: deep, http: {{method: GET, url: 'http://${{where}}/'}}}}]}}
"
    );
    let reading = read("plan.yml", text.as_bytes());
    let faults = crate::plan::render("plan.yml", &text, &reading.faults);
    reading.plan.unwrap_or_else(|| panic!("{faults}"))
}

fn needs(plan: &Plan, people: People<'_>) -> Vec<Need> {
    let procedure = &plan.procedures[0];
    let dead = taken_for_dead(plan, procedure).remove(0);
    needs_of(&Whereabouts::new(plan), procedure, &foreseen(procedure), &dead, people).unwrap()
}

/// What is said of a failover with those steps.
fn said(holds: &str, steps: &str) -> String {
    let plan = plan(holds, &format!("steps: [{steps}]"));
    needs(&plan, People::Placed)
        .iter()
        .map(|need| text::need(&plan, &plan.procedures[0].id, need))
        .collect::<Vec<_>>()
        .join("; ")
}

#[test]
fn each_way_to_need_a_site_is_found_and_its_twin_is_not() {
    for (holds, step, expected) in [
        (
            "hosts: ['*-2']",
            "{id: s, command: [true], host: root@bastion-2}",
            "step s runs on root@bastion-2, which lies there (*-2)",
        ),
        ("hosts: ['*-2']", "{id: s, command: [true], host: bastion-1}", ""),
        ("", "{id: s, command: [true], host: db-east}", "step s runs on db-east, which lies there (probe db-east)"),
        ("", "{id: s, command: [true], host: db-west}", ""),
        ("", "{id: s, command: [true], host: store-east}", "step s runs on store-east, which lies there (probe disk)"),
        ("", "{id: s, command: [true], host: prometheus}", ""),
        (
            "",
            "{id: s, for_each: [db-west, db-east], command: [true], host: '${item}'}",
            "step s runs on db-east, which lies there (probe db-east)",
        ),
        (
            "",
            "{id: s, command: [true], host: 'db-${from}'}",
            "step s runs on db-east, which lies there (probe db-east)",
        ),
        (
            "",
            "{id: s, http: {method: GET, url: 'http://DB-East/x'}}",
            "step s speaks to db-east:80, which lies there (probe db-east)",
        ),
        (
            "",
            "{id: s, http: {method: GET, url: 'http://10.0.1.5/x'}}",
            "step s speaks to 10.0.1.5:80, which lies there (replication of db)",
        ),
        ("", "{id: s, http: {method: GET, url: 'http://10.0.2.5/x'}}", ""),
        (
            "hosts: [10.9.0.0/16]",
            "{id: s, http: {method: GET, url: 'http://10.9.3.1/${from}'}}",
            "step s speaks to 10.9.3.1:80, which lies there (10.9.0.0/16)",
        ),
        (
            "",
            "{id: s, http: {method: GET, url: 'http://127.0.0.1:81/x'}}",
            "step s speaks to 127.0.0.1:81, which lies there (probe seen)",
        ),
        ("", "{id: s, http: {method: GET, url: 'http://127.0.0.1:82/x'}}", ""),
        ("", "{id: s, http: {method: GET, url: 'http://proxy/x'}}", ""),
        ("hosts: [web-west]", "{id: s, command: [true], host: web-west}", ""),
        (
            "",
            "{id: s, command: [curl, 'http://db-east/']}",
            "step s speaks to db-east:80, which lies there (probe db-east)",
        ),
        ("", "{id: s, command: [power, off, db-east]}", ""),
        (
            "",
            "{id: s, shell: 'rsync -a deploy@db-east:/srv /srv'}",
            "step s speaks to db-east, which lies there (probe db-east)",
        ),
        ("", "{id: s, sql: {url: 'postgres://db-east,db-west/x', query: SELECT 1}}", ""),
        (
            "",
            "{id: s, sql: {url: 'postgres://db-east/x', query: SELECT 1}}",
            "step s speaks to db-east:5432, which lies there (probe db-east)",
        ),
        (
            "",
            "{id: s, sql: {url: {secret: 'env:EAST_DSN'}, query: SELECT 1}}",
            "step s speaks to the database at env:EAST_DSN, which lies there (probe log)",
        ),
        (
            "secrets: ['command:vault']",
            "{id: s, sql: {url: {secret: 'command:vault read db'}, query: SELECT 1}}",
            "step s needs the secret command:vault read db, which is kept there",
        ),
        (
            "hosts: ['vault.*']",
            "{id: s, sql: {url: {secret: 'command:vault -a=https://vault.e/ db'}, query: SELECT 1}}",
            "step s needs the secret command:vault -a=https://vault.e/ db, which is kept there (vault.*)",
        ),
        ("paths: [/mnt/e]", "{id: s, file: {path: /mnt/e/dump}}", "step s needs /mnt/e/dump, which is kept there"),
        ("paths: [/mnt/e]", "{id: s, file: {path: /mnt/early}}", ""),
        (
            "paths: [/mnt/e]",
            "{id: s, command: [restore, '--from=/mnt/e/dump']}",
            "step s needs /mnt/e/dump, which is kept there",
        ),
        (
            "paths: [/mnt/e]",
            "{id: s, config: {files: [{from: /mnt/e/a, to: /etc/a}]}}",
            "step s needs /mnt/e/a, which is kept there",
        ),
        ("channels: [inbox]", "{id: s, notify: Hello}", "step s speaks over inbox, which is run there"),
        ("channels: [pager]", "{id: s, notify: Hello}", ""),
        ("", "{id: s, health: {site: '${from}', within: 5s}}", "step s waits until that is healthy"),
        ("", "{id: s, health: {site: '${to}', within: 5s}}", ""),
        (
            "",
            "{id: s, health: {component: cart, within: 5s}}",
            "step s waits until Carts is healthy, which runs there alone",
        ),
        ("", "{id: s, health: {component: db, within: 5s}}", ""),
        ("engine: true", "Look", "the only engine runs there, with its journal"),
        (
            "people: [ada]",
            "{id: s, gate: Sure?, people: 2}",
            "step s asks 2 people, and 1 of those who may pass it work elsewhere",
        ),
        ("people: [ada]", "{id: s, gate: Sure?}", ""),
        (
            "",
            "{id: s, procedure: {id: inner, with: {where: db-east}}}",
            "step deep of inner speaks to db-east:80, which lies there (probe db-east)",
        ),
        ("", "{id: s, procedure: {id: inner, with: {where: db-west}}}", ""),
    ] {
        assert_eq!(said(holds, step), expected, "{holds} {step}");
    }
}

#[test]
fn what_mends_and_what_undoes_is_looked_at_too() {
    let mend = "{id: s, command: [true], host: db-east, on_failure: {do: [{id: m, command: [true], host: db-east}]}}";
    assert_eq!(said("", mend), "step m, which mends, runs on db-east, which lies there (probe db-east)");
    let undo = "{id: s, command: [true], host: web, undo: {command: [true], host: db-east}}";
    assert_eq!(said("", undo), "the undo of s runs on db-east, which lies there (probe db-east)");
    let plan = plan("", "preconditions: [{id: p, health: {site: east, within: 5s}}], steps: [Look]");
    let [need] = &needs(&plan, People::Placed)[..] else { panic!("one need") };
    assert_eq!(text::need(&plan, &plan.procedures[0].id, need), "precondition p waits until that is healthy");
}

#[test]
fn a_step_is_excused_when_the_run_goes_on_without_it() {
    for terms in [
        "on_failure: continue",
        "on_failure: continue, undo: {command: [true]}",
        "when: site.east != down",
        "when: component.db.east == ok",
        "when: component.cart == ok",
    ] {
        assert_eq!(said("", &format!("{{id: s, command: [true], host: db-east, {terms}}}")), "", "{terms}");
    }
    for terms in ["on_failure: stop", "on_failure: rollback", "when: site.west == ok", "when: site.east == down"] {
        assert_ne!(said("", &format!("{{id: s, command: [true], host: db-east, {terms}}}")), "", "{terms}");
    }
}

#[test]
fn a_gate_is_refused_when_too_few_who_may_pass_it_are_elsewhere() {
    let plan =
        plan("people: [ada, 'uid:2']", "steps: [{id: s, gate: Sure?, people: 2, roles: [incident_commander, deputy]}]");
    let person = |uid, name: &str, access| {
        let principal = Principal::Uid(uid);
        (principal.clone(), Arc::new(Person { principal, name: name.into(), access: [access].into() }))
    };
    let mut people: BTreeMap<Principal, Arc<Person>> = [
        person(1, "ada", Access::Commander),
        person(2, "bob", Access::RecoveryAdmin),
        person(3, "rita", Access::Responder),
        person(4, "wim", Access::Commander),
    ]
    .into();
    let said = |people: &_| {
        needs(&plan, People::Known(people))
            .iter()
            .map(|need| text::need(&plan, &plan.procedures[0].id, need))
            .collect::<Vec<_>>()
    };
    assert_eq!(said(&people), ["step s asks 2 people, and 1 of those who may pass it work elsewhere"]);
    people.extend([person(5, "zoe", Access::Admin)]);
    assert!(said(&people).is_empty(), "two are left");
}

#[test]
fn a_run_that_was_laid_out_needs_what_its_procedure_does() {
    let steps = "{id: s, for_each: [db-west, db-east], command: [true], host: '${item}'}, \
                 {id: c, procedure: {id: inner, with: {where: db-east}}}, \
                 {id: u, command: [true], undo: {command: [true], host: db-east}}, \
                 {id: e, command: [true], on_failure: continue, undo: {command: [true], host: db-east}}";
    let plan = plan("", &format!("steps: [{steps}]"));
    let mut world = World::empty();
    world.load(plan.clone());
    let loaded = world.state.plans.values().next().unwrap();
    let given = foreseen(&plan.procedures[0]);
    let laid_out =
        crate::core::expand::lay_out(loaded, &plan.procedures[0], &given, &Default::default()).unwrap().procedure;
    let dead = "east".parse().unwrap();
    let found = needs_of(&Whereabouts::new(&plan), &laid_out, &given, &dead, People::Placed).unwrap();
    let steps: Vec<_> = found.iter().map(|need| need.step.as_ref().unwrap().to_string()).collect();
    assert_eq!(steps, ["s.db-east", "c.deep", "undo.u"]);
    let in_plan = needs(&plan, People::Placed);
    assert_eq!(in_plan.len(), found.len());
}

#[test]
fn a_few_are_kept_and_all_are_counted() {
    let hosts: Vec<String> = (0..9).map(|n| format!("{{command: [true], host: e-{n}}}")).collect();
    let plan = plan("hosts: ['e-*']", &format!("steps: [{}]", hosts.join(", ")));
    let kept = Needs::from(needs(&plan, People::Placed));
    assert_eq!((kept.first.len(), kept.count), (MOST_NEEDS, 9));
    assert_eq!(serde_json::from_str::<Needs>(&serde_json::to_string(&kept).unwrap()).unwrap(), kept);
}

#[test]
fn for_each_site_it_is_told_what_can_run_without_it() {
    let told = |step: &str| {
        let plan = plan("", &format!("steps: [{step}]"));
        if_lost(&plan, People::Placed).iter().map(|lost| text::if_lost(&plan, lost)).collect::<Vec<_>>()
    };
    let none = "if West is lost: no failover leads away from it";
    assert_eq!(told("Look"), ["if East is lost: go can run", none]);
    let bad = "{command: [true], host: db-east}";
    assert_eq!(told(bad), ["if East is lost: go cannot: it needs 1 thing there", none]);
}

#[test]
fn calls_that_multiply_are_looked_into_once() {
    let mut plan = plan("", "steps: [Look]");
    let level = plan.procedures[1].clone();
    let names: Vec<String> = (0..15).map(|n| format!("level-{n}")).collect();
    for (n, name) in names.iter().enumerate() {
        let action = match names.get(n + 1) {
            Some(next) => Action::Procedure(Call { procedure: id(next), values: Default::default() }),
            None => Action::Command { argv: vec![Template::new("http://db-east/").unwrap()] },
        };
        let steps = (0..9).map(|n| Step::plain(id(&format!("s{n}")), "s", action.clone())).collect();
        plan.procedures.push(Procedure { id: id(name), parameters: Vec::new(), steps, ..level.clone() });
    }
    let first = plan.procedures[2].clone();
    plan.procedures[0].steps = first.steps;
    assert_eq!(needs(&plan, People::Placed).len(), 9, "the innermost are seen once each");
}

#[test]
fn more_steps_than_can_be_looked_at_are_said_to_be_too_many() {
    let mut plan = plan("", "steps: [{for_each: [a], command: [true]}]");
    let step = &mut plan.procedures[0].steps[0];
    let items = vec![Template::new("a").unwrap(); MOST_LOOKS];
    step.each = Some(Each { name: "item".into(), list: List::Items(items) });
    let found = needs_of(
        &Whereabouts::new(&plan),
        &plan.procedures[0],
        &foreseen(&plan.procedures[0]),
        &id("east"),
        People::Placed,
    );
    assert_eq!(found, Err(TooMuch));
}

#[test]
fn a_recovery_takes_the_site_for_dead_whose_loss_its_scenario_is_about() {
    let dead = |disaster: &str, when: &str| {
        let mut plan = plan("", "steps: [Look]");
        let scenario = Scenario {
            procedure: Some(id("inner")),
            trigger: Some(Trigger {
                when: when.parse().unwrap(),
                held_for: Default::default(),
                then: Default::default(),
            }),
            ..Scenario::usual(id("lost"), "Lost", *Disaster::ALL.iter().find(|d| d.code() == disaster).unwrap())
        };
        plan.scenarios.push(scenario);
        taken_for_dead(&plan, &plan.procedures[1]).iter().map(ToString::to_string).collect::<Vec<_>>()
    };
    assert_eq!(dead("data_centre_outage", "site.east == down"), ["east"]);
    assert!(dead("data_centre_outage", "site.east == down or site.west == down").is_empty(), "either of two");
    assert!(dead("server_failure", "site.east == down").is_empty(), "a machine is no site");
}
