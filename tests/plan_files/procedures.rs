//! What procedures and their steps become.

use std::collections::BTreeSet;

use warroom::core::ids::StepId;
use warroom::core::param::ParamKind;
use warroom::core::plan::{
    Action, Attended, Automation, Capture, Fence, Format, Freeze, Given, Lanes, Launcher, List, Need, Needs, OnFailure,
    Order, Part, Policy, Presence, Procedure, Repeat, Retry, Return, Step, Subject, Then, Ungraceful, Which,
};
use warroom::core::time::{Moment, Span};

use crate::{EVERYTHING, plan, reading};

const fn secs(n: u64) -> Span {
    Span::from_secs(n)
}

fn everything() -> Vec<Procedure> {
    assert_eq!(reading(EVERYTHING).faults, []);
    plan(EVERYTHING).procedures
}

fn step(id: &str) -> Step {
    let procedure = everything().remove(0);
    procedure.steps.into_iter().find(|step| step.id.as_str() == id).unwrap_or_else(|| panic!("no step {id}"))
}

fn ids(ids: &[&str]) -> BTreeSet<StepId> {
    ids.iter().filter_map(|id| StepId::new(id).ok()).collect()
}

#[test]
fn a_procedure_says_what_it_works_on_and_how_much_at_once() {
    let procedures = everything();
    let failover = &procedures[0];
    let components: Vec<_> = failover.components.iter().map(|c| c.as_str()).collect();
    assert_eq!(components, ["db", "web"]);
    assert_eq!(failover.timeout, Some(secs(1_800)));
    assert_eq!((failover.estimated_duration, step("promote").estimate), (Some(secs(720)), Some(secs(50))));
    assert_eq!(failover.lanes, Lanes { run: 12, host: 2 });
    assert_eq!(procedures[1].lanes, Lanes { run: 1, host: 1 });
    assert_eq!(procedures[2].lanes, Lanes::default());
}

#[test]
fn failovers_have_rules_fences_other_forms_and_triggers() {
    let read = plan(EVERYTHING);
    let moment = |text: &str| text.parse::<Moment>().unwrap();
    let freeze = Freeze {
        from: moment("2026-12-24T00:00:00Z"),
        until: moment("2026-12-27T00:00:00Z"),
        reason: "Christmas".into(),
    };
    let policy = Policy {
        agree: 1,
        stable_for: secs(45),
        max_lag: Some(secs(10)),
        backup_within: Some(secs(86_400)),
        cool_down: secs(3_600),
        abort_window: secs(120),
        failback_after: secs(1_800),
        commit_within: Some(secs(4 * 3_600)),
        timeout: Some(secs(1_200)),
        people: Some(2),
        roles: ["incident_commander".parse().unwrap()].into(),
        freezes: vec![freeze],
        leadership: vec!["pager".parse().unwrap()],
    };
    assert_eq!(read.failover, policy);
    let (stopped, closed) = (step("stopped"), step("closed"));
    assert_eq!((stopped.fence, closed.fence), (Some(Fence::Server), None));
    let Some(Ungraceful::Instead(form)) = &stopped.ungraceful else { panic!("{:?}", stopped.ungraceful) };
    assert!(matches!(&form.action, Action::Manual { sentence } if sentence == "Pull the plug of its server"));
    assert_eq!(closed.ungraceful, Some(Ungraceful::LeftOut));
    let Action::Gate(gate) = step("go").action else { panic!("no gate") };
    assert_eq!(gate.in_automatic, Attended::ByCountdown);
    let gone = read.scenario(&"gone".parse().unwrap()).and_then(|scenario| scenario.trigger.clone()).unwrap();
    assert_eq!(gone.then, Then::Failover);
}

#[test]
fn a_failover_configuration_fails_over_by_itself_when_it_says_so() {
    let text = |automation| {
        format!(
            "plan_name: P\ncomponents: [{{component_id: c, name: C, type: api}}]\nfailover_configuration: {{primary_site: {{name: East}}, secondary_site: {{name: West}}, failover_triggers: [site_unavailable], failover_automation: {automation}, failover_timeout: 600}}\nrecovery_procedures: [{{procedure_id: p, name: N, kind: failover, from: east, to: west, steps: [{{manual: Cut its power, fence: power}}]}}]\n"
        )
    };
    for (automation, then) in [("true", Then::Failover), ("false", Then::Propose)] {
        let read = plan(&text(automation));
        assert_eq!(read.scenarios[0].trigger.as_ref().unwrap().then, then);
        assert_eq!(read.scenarios[0].procedure, Some("p".parse().unwrap()));
        assert_eq!(read.failover.timeout, Some(secs(600)));
    }
}

#[test]
fn parameters_have_types_and_secrets_a_source() {
    let procedure = everything().remove(0);
    let kinds: Vec<_> =
        procedure.parameters.iter().map(|p| (p.name.as_str(), p.kind.clone(), p.need.clone())).collect();
    let default = |value: &str| Need::Default(value.to_owned());
    assert_eq!(
        kinds,
        [
            ("reason", ParamKind::Text, Need::Required),
            ("lag", ParamKind::Number, default("5")),
            ("pause", ParamKind::Duration, default("30s")),
            ("since", ParamKind::Time, default("2026-11-21T03:44:55Z")),
            ("mode", ParamKind::Choice(vec!["graceful".into(), "hard".into()]), default("graceful")),
            ("part", ParamKind::Component, default("db")),
            ("at", ParamKind::Site, default("west")),
            ("token", ParamKind::Secret, default("env:ROUTER_TOKEN")),
            ("db_password", ParamKind::Secret, default("command:pass show db")),
        ]
    );
}

#[test]
fn preconditions_look() {
    let procedure = everything().remove(0);
    let found: Vec<_> = procedure.preconditions.iter().map(|s| (s.id.as_str(), s.action.kind())).collect();
    assert_eq!(found, [("standby", "health"), ("check-2", "file"), ("seen", "sql"), ("check-4", "http")]);
    assert_eq!(procedure.preconditions[3].retry, Retry { times: 2, every: secs(5), ..Retry::NEVER });
    assert_eq!(procedure.preconditions[2].captures["mark"], Capture::Column("seq".into()));
    let Action::File(check) = &procedure.preconditions[1].action else { panic!("no file") };
    assert_eq!(
        (check.owner.as_deref(), check.group.as_deref(), check.mode),
        (Some("postgres"), Some("postgres"), Some(0o600))
    );
}

#[test]
fn a_step_waits_for_what_it_names_or_for_all_above_it() {
    assert_eq!(step("replica").needs, Needs::Above);
    assert_eq!(step("disk").needs, Needs::These(ids(&[])));
    assert_eq!(step("drain").needs, Needs::These(ids(&["lock", "replica"])));
}

#[test]
fn a_condition_takes_results_for_what_it_compares_them_with() {
    let promote = step("promote");
    assert_eq!(
        promote.when.map(|condition| condition.to_string()).as_deref(),
        Some(
            "mode == \"hard\" or step.drain == done and (replicas >= 1 and mark < 1000) and component.db.west != down"
        )
    );
}

#[test]
fn a_statement_has_bound_values_and_expectations() {
    let step = step("replica");
    let Action::Sql(sql) = &step.action else { panic!("no statement") };
    assert_eq!(sql.url, Given::Secret("env:WEST_DSN".parse().unwrap()));
    assert_eq!(sql.bind.iter().map(|b| b.source()).collect::<Vec<_>>(), ["${to}", "${mark}"]);
    assert_eq!((sql.min_rows, sql.max_rows), (Some(1), Some(3)));
    assert_eq!((sql.row["state"].source(), sql.at_most["lag"]), ("streaming", 4.5));
    assert_eq!(step.captures["replicas"], Capture::Rows);
    assert_eq!(step.part, Some(Part::Verify));
    assert_eq!(step.retry, Retry { times: 4, every: secs(2), grow: 150, at_most: Some(secs(10)) });
}

#[test]
fn a_file_is_looked_at_in_every_way() {
    let Action::File(check) = step("disk").action else { panic!("no file") };
    assert_eq!((check.min_size, check.max_size, check.free), (Some(10 << 20), Some(2_000_000_000), Some(10 << 30)));
    assert_eq!((check.max_age, check.format), (Some(secs(86_400)), Some(Format::Json)));
    assert_eq!(check.sha256.as_deref(), Some("e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855"));
    let lock = step("lock");
    assert!(matches!(lock.action, Action::File(check) if check.presence == Presence::Absent));
    assert_eq!(lock.on_failure, OnFailure::Continue);
}

#[test]
fn a_failure_can_be_mended_and_a_step_taken_back() {
    let drain = step("drain");
    assert_eq!(drain.captures["ticket"], Capture::Json("/ticket/id".into()));
    assert_eq!(drain.captures["etag"], Capture::Header("etag".into()));
    let OnFailure::Do(mend) = &drain.on_failure else { panic!("no handler") };
    let found: Vec<_> = mend.iter().map(|s| (s.id.as_str(), s.action.kind(), &s.needs)).collect();
    assert_eq!(found, [("page", "notify", &Needs::Above), ("mend-13-2", "manual", &Needs::These(ids(&["page"])))]);
    let Action::Notify(notice) = &mend[0].action else { panic!("no notice") };
    assert_eq!(notice.channels.iter().map(|c| c.as_str()).collect::<Vec<_>>(), ["pager"]);
    let undo = drain.undo.unwrap();
    assert!(matches!(&undo.action, Action::Http(request) if request.url.source().ends_with("${ticket}")));
    assert_eq!((undo.timeout, undo.retry.times), (Some(secs(10)), 3));
    assert_eq!(step("sweep").on_failure, OnFailure::Rollback);
    assert_eq!(step("restart").undo.unwrap().host.unwrap().source(), "root@${item}");
}

#[test]
fn a_step_goes_over_texts_hosts_or_components() {
    let restart = step("restart");
    assert_eq!((restart.repeat, restart.host.unwrap().source()), (Repeat::IsHarmless, "${item}"));
    let over = |id: &str| step(id).each.unwrap();
    let texts = |list: List| match list {
        List::Items(items) => items.iter().map(ToString::to_string).collect::<Vec<_>>(),
        List::Components { .. } => panic!("components"),
    };
    assert_eq!(
        (over("restart").name.as_str(), texts(over("restart").list)),
        ("item", vec!["web-1".into(), "web-2".into()])
    );
    assert_eq!(
        (over("sweep").name.as_str(), texts(over("sweep").list)),
        ("machine", vec!["db-1".into(), "db-${at}".into()])
    );
    assert_eq!(over("healthy").list, List::Components { which: Which::Affected, order: Order::Priority });
    let all = over("all");
    assert!(
        matches!(all.list, List::Components { which: Which::These(ids), order: Order::Dependencies } if ids.len() == 2)
    );
    assert_eq!(all.name, "one");
}

#[test]
fn the_other_kinds_load() {
    assert!(
        matches!(step("sweep").action, Action::Shell { script } if script.starts_with("set -eu\n") && script.ends_with("\"${HOME}\"\n"))
    );
    let Action::Health { subject, within, stable_for } = step("healthy").action else { panic!("no health") };
    assert!(matches!(subject, Subject::Component(t) if t.source() == "${component}"));
    assert_eq!((within, stable_for), (secs(120), secs(30)));
    assert!(matches!(step("go").action, Action::Gate(gate) if gate.launcher == Launcher::IsAnother));
    assert_eq!(step("promote").way_back, Return::None);
    assert!(matches!(step("settle").action, Action::Wait { span } if span == secs(30)));
    let Action::Config(config) = step("settings").action else { panic!("no settings") };
    assert_eq!((config.files.len(), config.keep.as_deref(), config.check.len()), (2, Some("/var/backups/app"), 3));
    assert_eq!((config.files[0].mode, config.files[0].format), (Some(0o640), Some(Format::Yaml)));
    assert!(matches!(step("tell").action, Action::Notify(notice) if notice.channels.is_empty()));
    let Action::Procedure(call) = step("names").action else { panic!("no call") };
    assert_eq!((call.procedure.as_str(), call.values["zone"].source()), ("names", "${to}.example"));
    assert_eq!(step("done").name, "look");
}

#[test]
fn a_procedure_that_calls_is_as_automated_as_what_it_calls() {
    let procedures = |steps: &str| {
        plan(&format!(
            "plan_name: a\ncomponents: [{{component_id: a, name: A, type: api}}]\nrecovery_procedures:\n\
             - {{procedure_id: p, name: P, steps: {steps}}}\n\
             - {{procedure_id: people, name: P, steps: [Look]}}\n\
             - {{procedure_id: engine, name: P, steps: [{{command: [x]}}]}}\n"
        ))
        .procedures
    };
    for (steps, automation) in [
        ("[{procedure: people}]", Automation::Manual),
        ("[{procedure: engine}]", Automation::Automated),
        ("[{procedure: people}, {procedure: engine}]", Automation::SemiAutomated),
    ] {
        assert_eq!(procedures(steps)[0].automation, automation, "{steps}");
    }
}

#[test]
fn a_gate_before_a_call_stands_before_all_that_is_called() {
    let faults = |first: &str, inner: &str| {
        let text = format!(
            "plan_name: a\ncomponents: [{{component_id: a, name: A, type: api}}]\nrecovery_procedures:\n\
             - {{procedure_id: p, name: P, steps: {first}}}\n\
             - {{procedure_id: q, name: Q, steps: {inner}}}\n\
             - {{procedure_id: ask, name: R, steps: [{{gate: Sure}}]}}\n"
        );
        reading(&text).faults.len()
    };
    let promote = "[{command: [x], no_return: true}]";
    assert_eq!(faults("[Look]", promote), 1, "nobody calls it");
    assert_eq!(faults("[{procedure: q}]", promote), 1, "the caller has no gate");
    assert_eq!(faults("[{gate: Go}, {procedure: q}]", promote), 0, "the caller's gate");
    assert_eq!(faults("[{gate: Go}, {needs: [], procedure: q}]", promote), 1, "the gate is not waited for");
    assert_eq!(faults("[{procedure: q}, {gate: Go}]", promote), 1, "the gate comes after");
    assert_eq!(faults("[{gate: Go}, {procedure: q}, {needs: [], procedure: q}]", promote), 1, "one call has none");
    assert_eq!(faults("[{procedure: ask}, {procedure: q}]", promote), 0, "a gate in a procedure that is called before");
    let perhaps = "[{procedure: ask, when: component.a == down}, {command: [x], no_return: true}]";
    assert_eq!(faults("[Look]", perhaps), 1, "a call that may be left out");
    assert_eq!(faults("[Look]", "[{procedure: ask}, {command: [x], no_return: true}]"), 0, "its own call of one");
    assert_eq!(faults("[Look]", "[{for_each: [a], gate: Go}, {command: [x], no_return: true}]"), 1, "perhaps no gate");
    assert_eq!(
        faults(
            "[Look]",
            "[{id: g, gate: Go}, {id: b, needs: [g], manual: B}, {needs: [b], manual: C, no_return: true}]"
        ),
        0
    );
    let mends = "[{gate: Go}, {manual: A, on_failure: {do: [{manual: Shred, no_return: true}]}}]";
    assert_eq!(faults("[Look]", mends), 0, "what mends stands behind what its step does");
}
