//! What a good file becomes.

use warroom::core::ids::StepId;
use warroom::core::plan::{
    Action, Automation, Environment, Layer, Look, Measure, Need, ProcedureKind, Retry, Return, Severity, SiteRole,
    Subject, Vantage,
};
use warroom::core::time::Span;
use warroom::plan::{Level, slug};

use crate::{DELIVERY, DELIVERY_RESPONSE, SHOP, plan, reading};

const fn minutes(n: u64) -> Option<Span> {
    Some(Span::from_secs(n * 60))
}

#[test]
fn the_delivery_document_loads_unchanged_with_its_own_units() {
    let plan = plan(DELIVERY);
    assert_eq!(plan.id.as_str(), "primary-data-center-dr-plan");
    assert_eq!((plan.rto, plan.rpo, plan.priority), (minutes(240), minutes(60), Severity::Critical));
    assert_eq!(plan.environment, Environment::Production);
    assert_eq!(plan.stable_for, Span::from_secs(300));
    let sites: Vec<_> = plan.sites.iter().map(|s| (s.id.as_str(), s.role, s.location.as_deref())).collect();
    assert_eq!(
        sites,
        [
            ("primary-data-center", SiteRole::Primary, Some("Toronto, CA")),
            ("secondary-data-center", SiteRole::Standby, Some("Vancouver, CA")),
        ]
    );
    let components: Vec<_> = plan.components.iter().map(|c| (c.id.as_str(), c.layer, c.rto, c.rpo)).collect();
    assert_eq!(
        components,
        [
            ("comp_123456789", Layer::Database, minutes(120), minutes(30)),
            ("comp_123456790", Layer::Application, minutes(60), minutes(15)),
        ]
    );
    assert_eq!(plan.components[1].dependencies, [plan.components[0].id.clone()]);
    let procedure = &plan.procedures[0];
    assert_eq!((procedure.estimated_duration, procedure.automation), (minutes(120), Automation::SemiAutomated));
    assert_eq!(procedure.steps.len(), 5);
    assert_eq!(procedure.steps[1].name, "Restore database from backup");
    assert_eq!(procedure.steps[1].id, StepId::new("step-2").unwrap());
}

#[test]
fn the_delivery_document_has_doubtful_places_and_no_wrong_ones() {
    let faults = reading(DELIVERY).faults;
    assert!(faults.iter().all(|f| f.level == Level::Warning));
    let said: Vec<_> = faults.iter().map(|f| (f.place.line, f.what.as_str())).collect();
    assert_eq!(
        said,
        [
            (19, "recovery_procedures[0]: \"backup_restore\" is no procedure of this plan"),
            (20, "recovery_procedures[1]: \"database_failover\" is no procedure of this plan"),
            (21, "recovery_procedures[2]: \"data_synchronization\" is no procedure of this plan"),
            (29, "rto: 1h00m is below the 2h00m of comp_123456789, which comp_123456790 needs"),
            (33, "recovery_procedures[0]: \"load_balancer_failover\" is no procedure of this plan"),
            (34, "recovery_procedures[1]: \"dns_switchover\" is no procedure of this plan"),
            (35, "recovery_procedures[2]: \"health_check_verification\" is no procedure of this plan"),
        ]
    );
}

#[test]
fn the_delivery_answer_loads_and_on_one_line_too() {
    let whole = plan(DELIVERY_RESPONSE);
    assert_eq!(whole.id.as_str(), "plan_123456789");
    let json: serde_json::Value = serde_json::from_str(DELIVERY_RESPONSE).unwrap();
    assert_eq!(plan(&json.to_string()), whole);
}

#[test]
fn the_superset_loads() {
    let reading = reading(SHOP);
    assert_eq!(reading.faults, []);
    let plan = reading.plan.unwrap();
    assert_eq!(plan.id.as_str(), "shop");
    assert_eq!((plan.rto, plan.stable_for), (minutes(30), Span::from_secs(180)));
    assert_eq!(plan.channels[0].as_str(), "inbox");
    assert_eq!(plan.customers.as_ref().unwrap().every, Span::from_secs(5));
    let replication = plan.components[1].replication.as_ref().unwrap();
    assert_eq!((replication.from.as_str(), replication.to.as_str()), ("east", "west"));
}

#[test]
fn probes_have_names_and_defaults() {
    let plan = plan(SHOP);
    let ids: Vec<_> = plan.probes().map(|(_, p)| p.id.to_string()).collect();
    assert_eq!(ids, ["router", "db.east", "db.east.2", "db.west"]);
    let (front, tcp, http) =
        (&plan.components[0].probes[0], &plan.components[1].probes[0], &plan.components[1].probes[1]);
    assert_eq!((front.vantage, tcp.vantage), (Vantage::FrontDoor, Vantage::Inside));
    assert_eq!((front.every, front.timeout), (Span::from_secs(1), Span::from_secs(1)));
    assert_eq!((tcp.every, tcp.timeout, tcp.fail_after), (Span::from_secs(10), Span::from_secs(3), 3));
    assert_eq!(
        (http.every, http.timeout, http.fail_after, http.pass_after),
        (Span::from_secs(30), Span::from_secs(10), 3, 2)
    );
    assert!(matches!(&front.look, Look::Http { status: Some(200), contains: Some(c), .. } if c == "ok"));
    assert!(matches!(&tcp.look, Look::Tcp { address } if address == "10.0.1.5:5432"));
}

#[test]
fn trouble_in_a_log_fails_from_the_first_line_on_unless_a_limit_says_otherwise() {
    let fails_at = |more: &str| -> Vec<(Measure, f64)> {
        let text = format!(
            "plan_name: a\ncomponents: [{{component_id: a, name: A, type: api, probes: [{{file: /var/log/a{more}}}]}}]\n"
        );
        plan(&text).components[0].probes[0].limits.fail.iter().map(|limit| (limit.measure, limit.at)).collect()
    };
    assert_eq!(fails_at(", pattern: ERROR"), [(Measure::Matches, 0.0)]);
    assert_eq!(fails_at(", pattern: ERROR, fail: {matches: 5}"), [(Measure::Matches, 5.0)]);
    assert_eq!(fails_at(", pattern: ERROR, warn: {matches: 0}"), []);
    assert_eq!(fails_at(""), []);
}

#[test]
fn steps_of_every_kind_load() {
    let plan = plan(SHOP);
    let procedure = &plan.procedures[0];
    assert_eq!((procedure.kind, procedure.automation), (ProcedureKind::Failover, Automation::SemiAutomated));
    assert_eq!(procedure.estimated_duration, minutes(8));
    assert_eq!(procedure.parameters[0].need, Need::Required);
    assert_eq!(procedure.parameters[1].need, Need::Default("0".into()));
    let kinds: Vec<_> = procedure.steps.iter().map(|s| (s.id.as_str(), s.action.kind(), s.name.as_str())).collect();
    assert_eq!(
        kinds,
        [
            ("step-1", "manual", "Open the bridge and say who leads"),
            ("ready", "health", "West is healthy"),
            ("fence", "command", "Fence East"),
            ("drain", "http", "Stop traffic to East"),
            ("go", "gate", "Promote West"),
            ("promote", "command", "Promote the replica"),
            ("check", "health", "${to} is healthy"),
        ]
    );
    let promote = &procedure.steps[5];
    assert_eq!((promote.way_back, promote.timeout), (Return::None, minutes(2)));
    assert_eq!(promote.retry, Retry { times: 3, every: Span::from_secs(5), ..Retry::NEVER });
    let Action::Http(request) = &procedure.steps[3].action else { panic!("no request") };
    assert_eq!((request.method.as_str(), request.status), ("POST", Some(200)));
    assert_eq!(
        request.json,
        Some(serde_json::json!({
            "weight": 0, "note": "${reason}", "dry": false, "of": null, "list": [1.5, "0777", "on duty"]
        }))
    );
    let Action::Gate(gate) = &procedure.steps[4].action else { panic!("no gate") };
    assert_eq!((gate.people, gate.roles.len(), gate.after.as_deref()), (2, 2, Some("East stays behind")));
    assert!(
        matches!(&procedure.steps[6].action, Action::Health { subject: Subject::Site(t), .. } if t.source() == "${to}")
    );
}

#[test]
fn a_text_stays_the_text_that_stands_there() {
    let components = "components: [{component_id: no, name: 0777, type: api, priority: low}]";
    let plan = plan(&format!("plan_name: y\ndescription: |\n  two\n  lines\nplan_id: 12\n{components}\n"));
    assert_eq!((plan.id.as_str(), plan.name.as_str()), ("12", "y"));
    assert_eq!(plan.description.as_deref(), Some("two\nlines"));
    assert_eq!((plan.components[0].id.as_str(), plan.components[0].name.as_str()), ("no", "0777"));
}

#[test]
fn what_is_given_once_can_be_repeated() {
    let plan = plan(
        "plan_name: a\ncomponents:\n  - &c {component_id: a, name: A, type: api, probes: &p [{tcp: \"h:1\"}]}\n  \
         - {component_id: b, name: B, type: api, probes: *p}\n",
    );
    let ids: Vec<_> = plan.probes().map(|(_, p)| p.id.to_string()).collect();
    assert_eq!(ids, ["a", "b"]);
}

#[test]
fn the_automation_of_a_procedure_follows_from_its_steps() {
    for (steps, automation) in [
        ("[Look]", Automation::Manual),
        ("[Look, {gate: Go}]", Automation::Manual),
        ("[{gate: Go}, {command: [x]}]", Automation::Automated),
        ("[Look, {command: [x]}]", Automation::SemiAutomated),
    ] {
        let plan = plan(&format!(
            "plan_name: a\ncomponents: [{{component_id: a, name: A, type: api}}]\n\
             recovery_procedures: [{{procedure_id: p, name: P, steps: {steps}}}]\n"
        ));
        assert_eq!(plan.procedures[0].automation, automation, "{steps}");
    }
}

#[test]
fn the_hash_is_of_the_bytes() {
    assert_eq!(reading("").hash.0, "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855");
    assert_ne!(reading(SHOP).hash, reading(DELIVERY).hash);
    assert_eq!(slug("Shop"), "shop");
}

#[test]
fn a_byte_order_mark_and_foreign_line_ends_do_no_harm() {
    assert_eq!(plan(&format!("\u{feff}{SHOP}")), plan(SHOP));
    assert_eq!(plan(&SHOP.replace('\n', "\r\n")), plan(SHOP));
}
