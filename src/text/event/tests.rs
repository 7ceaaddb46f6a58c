//! Each event with its sentence.

use super::*;
use crate::core::alert::AlertKey;
use crate::core::fixtures::at;
use crate::core::health::{Manner, Verdict};
use crate::core::ids::{CallSign, Principal};
use crate::core::impact::{Assessment, GroupSeen};
use crate::core::plan::{Group, Place, PlanHash, Severity};
use crate::core::run::{Evidence, RunResult};
use crate::core::scenario::Saw;
use crate::text::fixtures::{ada, kestrel, mike, state};

fn check(table: Vec<(Event, String)>) {
    for (given, sentence) in table {
        let entry = Entry { seq: 1, at: at(5), by: Principal::Engine, event: given };
        assert_eq!(event(&state(), &entry), sentence);
    }
}

fn shop() -> PlanId {
    "shop".parse().unwrap()
}

#[test]
fn what_the_engine_did_and_saw() {
    let change = |to, why: &str| Change {
        place: Place::Engine,
        manner: Manner::Steady,
        from: Verdict::Unknown,
        to,
        since: at(3),
        why: why.into(),
        last_good: None,
    };
    let probe =
        |id: &str, to, why| Event::ProbeChanged { plan: shop(), probe: id.parse().unwrap(), change: change(to, why) };
    let since = at(3).utc;
    let started =
        |mode| Event::EngineStarted { version: "0.1.0".into(), mode, people: vec![], channels: Default::default() };
    check(vec![
        (started(Mode::Personal), "engine 0.1.0 started, for one person".into()),
        (started(Mode::Shared), "engine 0.1.0 started, for everybody in its settings".into()),
        (Event::EngineStopped, "engine stopped in order".into()),
        (
            Event::PlanLoaded {
                plan: shop(),
                name: "Shop, east\nand west".into(),
                hash: PlanHash("0123456789abcdef".into()),
                body: None,
            },
            "plan shop loaded: Shop, east and west, text 01234567".into(),
        ),
        (
            probe("db.east", Verdict::Down, "connection \u{1b}refused"),
            format!("Orders database at East is DOWN: connection ^[refused, since {since}"),
        ),
        (probe("door", Verdict::Ok, "200"), format!("Front door is ok: 200, since {since}")),
        (probe("gone", Verdict::Degraded, "2s"), format!("gone is degraded: 2s, since {since}")),
        (
            Event::SiteActivated {
                plan: shop(),
                site: "west".parse().unwrap(),
                run: None,
                components: Default::default(),
            },
            "West serves now".into(),
        ),
    ]);
}

#[test]
fn what_others_say() {
    let alert = |component: Option<&str>, site: Option<&str>, summary: &str| Alert {
        key: AlertKey::of(&Principal::Token("prometheus".parse().unwrap()), "k"),
        name: "High\u{1b}Errors".into(),
        severity: Severity::High,
        summary: summary.into(),
        component: component.map(|id| id.parse().unwrap()),
        site: site.map(|id| id.parse().unwrap()),
        starts: at(3).utc,
        source: Principal::Token("prometheus".parse().unwrap()),
    };
    let raised = |alert| Event::AlertRaised { plan: shop(), alert };
    let key = alert(None, None, "").key;
    check(vec![
        (
            raised(alert(Some("db"), Some("east"), "7% of\nrequests fail")),
            "alert High^[Errors of Orders database at East FIRES, high: 7% of requests fail".into(),
        ),
        (raised(alert(Some("gone"), None, "")), "alert High^[Errors of gone FIRES, high".into()),
        (raised(alert(None, None, "")), "alert High^[Errors FIRES, high".into()),
        (
            Event::AlertEnded { plan: shop(), key, name: "High\u{1b}Errors".into(), at: at(9).utc },
            format!("alert High^[Errors ended at {}", at(9).utc),
        ),
    ]);
}

#[test]
fn what_became_of_an_incident() {
    let incident = kestrel;
    let opening = |title: Option<&str>, causes: &[&str]| Opening {
        incident: kestrel(),
        call_sign: CallSign::pick(0, &[]),
        plan: shop(),
        severity: Severity::Critical,
        title: title.map(Into::into),
        began: at(3),
        causes: causes.iter().map(|c| c.parse().unwrap()).collect(),
        scenario: None,
        saw: Vec::new(),
        alerts: Default::default(),
    };
    let moment = at(3).utc;
    let databases = GroupSeen {
        group: Group::Database,
        worst: Some(Verdict::Down),
        counts: [(Verdict::Down, 1), (Verdict::Ok, 1)].into(),
        parts: vec![],
    };
    let assessment =
        Assessment { groups: vec![databases], sites: vec![], serves: None, impact: Default::default(), fits: vec![] };
    check(vec![
        (
            Event::IncidentProposed(opening(None, &["db.east", "door"])),
            format!("KESTREL proposed, critical: Orders database at East and Front door; began {moment}"),
        ),
        (
            Event::IncidentDeclared(opening(Some("East is gone"), &["door"])),
            format!("KESTREL declared, critical: East is gone; began {moment}"),
        ),
        (
            Event::IncidentProposed(Opening {
                alerts: [AlertKey::of(&Principal::Token("prometheus".parse().unwrap()), "a\nb")].into(),
                ..opening(None, &["door"])
            }),
            format!("KESTREL proposed, critical: Front door and alert token:prometheus/a b; began {moment}"),
        ),
        (Event::IncidentDeclared(opening(None, &[])), format!("KESTREL declared, critical: plan shop; began {moment}")),
        (
            Event::IncidentDismissed { incident: incident(), reason: "a test".into() },
            "KESTREL dismissed: a test".into(),
        ),
        (Event::IncidentRecovering { incident: incident() }, "KESTREL: recovery goes on".into()),
        (
            Event::IncidentVerifying { incident: incident(), since: at(3) },
            format!("KESTREL: good since {moment}; it has to hold"),
        ),
        (Event::IncidentRelapsed { incident: incident() }, "KESTREL: trouble came back; the clocks run on".into()),
        (
            Event::IncidentRecovered { incident: incident(), stopped: at(3) },
            format!("KESTREL recovered; the clocks stopped at {moment}"),
        ),
        (Event::IncidentClosed { incident: incident(), reason: None }, "KESTREL closed".into()),
        (
            Event::IncidentClosed { incident: "DR-1".parse().unwrap(), reason: Some("moved".into()) },
            "DR-1 closed: moved".into(),
        ),
        (
            Event::IncidentCancelled { incident: incident(), reason: "false alarm".into() },
            "KESTREL cancelled: false alarm".into(),
        ),
        (
            Event::IncidentBeganCorrected {
                incident: incident(),
                from: at(3),
                to: at(0),
                reason: "customers\ncalled".into(),
            },
            format!("KESTREL began {}, not {moment}: customers called", at(0).utc),
        ),
        (Event::IncidentReopened { incident: incident(), reason: "again".into() }, "KESTREL reopened: again".into()),
        (
            Event::IncidentAssessed { incident: incident(), assessment: assessment.into() },
            "KESTREL assessed: databases 1 of 2 DOWN".into(),
        ),
        (
            Event::RoleAssigned { incident: incident(), role: "incident_commander".parse().unwrap(), to: mike() },
            "KESTREL: mike is incident commander".into(),
        ),
    ]);
}

#[test]
fn scenarios_that_show_and_what_incidents_are_taken_for() {
    let (incident, scenario) = (kestrel, || "east-lost".parse().unwrap());
    let saw = || {
        let saw = |what: &str, found: &str, why: &str| Saw { what: what.into(), found: found.into(), why: why.into() };
        vec![saw("site.east", "down", "db.east: refused\u{1b}"), saw("alert.Fire", "firing", "")]
    };
    let matched = |saw, reason: Option<&str>| Event::IncidentMatched {
        incident: incident(),
        scenario: scenario(),
        saw,
        reason: reason.map(Into::into),
    };
    check(vec![
        (
            Event::TriggerMet { plan: shop(), scenario: scenario(), saw: saw() },
            "East is lost begins to show: site.east is down (db.east: refused^[) and alert.Fire is firing".into(),
        ),
        (Event::TriggerPassed { plan: shop(), scenario: scenario() }, "East is lost shows no longer".into()),
        (
            matched(saw(), None),
            "KESTREL is taken for East is lost: site.east is down (db.east: refused^[) and alert.Fire is firing".into(),
        ),
        (matched(Vec::new(), Some("I see smoke")), "KESTREL is taken for East is lost: I see smoke".into()),
        (matched(Vec::new(), None), "KESTREL is taken for East is lost".into()),
        (
            Event::ScenarioRuledOut { incident: incident(), scenario: scenario(), reason: "a cable".into() },
            "KESTREL is not East is lost: a cable".into(),
        ),
    ]);
}

#[test]
fn words_and_what_became_of_them() {
    let tried =
        |attempt| Event::DeliveryTried { incident: kestrel(), number: 2, channel: "mail".parse().unwrap(), attempt };
    check(vec![
        (Event::NoteAdded { incident: None, text: "one\ntwo".into() }, "one two".into()),
        (
            Event::UpdateSent {
                incident: kestrel(),
                number: 2,
                text: "We are on it.".into(),
                channels: ["inbox", "mail"].map(|c| c.parse().unwrap()).into(),
                of: None,
            },
            "update 2 to inbox and mail: We are on it.".into(),
        ),
        (tried(Attempt::took("202")), "update 2: mail took it: 202".into()),
        (tried(Attempt::not_now("503")), "update 2: mail did not take it: 503".into()),
        (tried(Attempt::Never { why: "404".into() }), "update 2: FAILED, mail will not take it: 404".into()),
        (Event::NoteAdded { incident: None, text: "x".repeat(101) }, format!("{}...", "x".repeat(97))),
    ]);
}

#[test]
fn what_became_of_a_run_and_its_steps() {
    let (run, fence) = (RunId(7), || "fence".parse::<StepId>().unwrap());
    let failed = |again| Event::StepFailed { run, step: fence(), attempt: 1, why: Failure::Exit { code: 1 }, again };
    let started = |step: &str, attempt| Event::StepStarted { run, step: step.parse().unwrap(), attempt };
    let again = at(9).utc;
    check(vec![
        (
            Event::RunStarted {
                move_kind: None,
                moving: Default::default(),
                guards: Vec::new(),
                run,
                incident: kestrel(),
                plan: shop(),
                hash: PlanHash(String::new()),
                name: "Fail over to West".into(),
                procedure: None,
                values: Default::default(),
                graph: None,
                components: Default::default(),
            },
            "R7 started: Fail over to West".into(),
        ),
        (started("fence", 1), "R7 Fence East started".into()),
        (started("fence", 2), "R7 Fence East started, try 2".into()),
        (started("bridge", 1), "R7 Bridge is open waits for people".into()),
        (
            Event::StepSucceeded {
                run,
                step: fence(),
                attempt: 1,
                evidence: Evidence::ExitedWell,
                results: Default::default(),
            },
            "R7 Fence East done, seen: exit 0".into(),
        ),
        (failed(None), "R7 Fence East FAILED: exit 1".into()),
        (failed(Some(again)), format!("R7 Fence East failed: exit 1; tried again at {again}")),
        (
            Event::StepLost { run: RunId(8), step: fence(), attempt: 1, what: "the engine ended".into() },
            "R8 fence UNKNOWN: the engine ended".into(),
        ),
        (
            Event::StepSaidDone { run, step: fence(), note: Some("by hand".into()) },
            "R7 Fence East said to be done: by hand".into(),
        ),
        (Event::StepSaidDone { run, step: fence(), note: None }, "R7 Fence East said to be done".into()),
        (Event::StepRetried { run, step: fence(), values: Default::default() }, "R7 Fence East is tried again".into()),
        (
            Event::StepRetried { run, step: fence(), values: [("site".into(), "we\u{1b}st".into())].into() },
            "R7 Fence East is tried again with site=we^[st".into(),
        ),
        (
            Event::StepNotNeeded { run, step: fence(), why: "not so: east.down".into() },
            "R7 Fence East not needed: not so: east.down".into(),
        ),
        (
            Event::StepRegained { run, step: fence(), attempt: 1 },
            "R7 Fence East is in sight again, and still runs".into(),
        ),
        (
            Event::StepSkipped { run, step: fence(), reason: "no power".into() },
            "R7 Fence East skipped: no power".into(),
        ),
        (Event::RunHeld { run, reason: None }, "R7 held".into()),
        (Event::RunResumed { run }, "R7 resumed".into()),
        (Event::RunTurnedBack { run, why: "wrong\nsite".into() }, "R7 turns back: wrong site".into()),
        (
            Event::RunOverdue { run, limit: Span::from_secs(1_800) },
            "R7 is OVERDUE: the engine has been at it for 30m00s; it is held".into(),
        ),
        (Event::RunEnded { run, result: RunResult::Done }, "R7 is over: done".into()),
    ]);
}

#[test]
fn what_became_of_a_gate() {
    let (run, go) = (RunId(7), || "go".parse::<StepId>().unwrap());
    let expires = at(600).utc;
    let confirmed = |max_loss| Event::GateConfirmed {
        run,
        step: go(),
        digest: "d".into(),
        max_loss,
        expires,
        saw: Vec::new(),
        loss: None,
    };
    let void = |why| Event::ConfirmationVoided { run, step: go(), by: ada(), why };
    let secs = Span::from_secs;
    check(vec![
        (confirmed(None), format!("R7 Promote West confirmed; counts until {expires}")),
        (
            confirmed(Some(secs(15))),
            format!("R7 Promote West confirmed, a loss of up to 15s accepted; counts until {expires}"),
        ),
        (void(Voided::Withdrawn), "R7 Promote West: ada took the confirmation back".into()),
        (void(Voided::Expired), "R7 Promote West: the confirmation of ada expired".into()),
        (
            void(Voided::ViewChanged),
            "R7 Promote West: the confirmation of ada is void: what the gate shows changed".into(),
        ),
        (
            void(Voided::LossGrew { accepted: secs(4), now: Some(secs(9)) }),
            "R7 Promote West: the confirmation of ada is void: 9s would be lost, 4s were accepted".into(),
        ),
        (
            void(Voided::LossGrew { accepted: secs(4), now: None }),
            "R7 Promote West: the confirmation of ada is void: loss unknown, 4s were accepted".into(),
        ),
        (
            Event::GateOpened { run, step: go(), by: vec![ada(), mike()] },
            "R7 Promote West opened by ada and mike".into(),
        ),
        (Event::GateDeclined { run, step: go(), reason: "not yet".into() }, "R7 Promote West declined: not yet".into()),
    ]);
}
