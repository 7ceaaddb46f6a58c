//! Each refusal with its sentence.

use super::*;
use crate::core::fixtures::at;
use crate::core::ids::{CallSign, RunId};
use crate::core::plan::{PlanHash, Severity};
use crate::core::refusal::Agenda;

fn kestrel() -> CallSign {
    CallSign::pick(0, &[])
}

fn check(table: Vec<(Refusal, &str)>) {
    for (given, sentence) in table {
        assert_eq!(refusal(&given), sentence);
    }
}

#[test]
fn a_refusal_for_who_asks_says_what_it_would_take() {
    check(vec![
        (
            Refusal::Stranger { principal: "uid:1001".into() },
            "this engine does not know uid:1001; an admin has to name you in its settings first",
        ),
        (
            Refusal::NotPermitted {
                act: Act::StartRun,
                needs: vec![Access::Commander, Access::RecoveryAdmin, Access::Admin],
            },
            "you may not start runs; that takes commander, recovery admin or admin",
        ),
        (
            Refusal::NotPermitted { act: Act::PassGate, needs: vec![Access::Production] },
            "you may not confirm or decline at gates on a production plan; that takes production as a permission of its own",
        ),
        (
            Refusal::OnlyWatches { name: "mi\u{202e}ke".into() },
            "mi<U+202E>ke may only watch, and cannot hold a role; give it to somebody who may act",
        ),
        (
            Refusal::TooFewPeople { step: "go".parse().unwrap(), needs: 2, have: 1 },
            "gate go needs 2 people, and 1 person could confirm; name more in the engine's settings",
        ),
    ]);
}

#[test]
fn a_refusal_for_what_is_not_there_says_what_is() {
    let not_found =
        |missing, known: &[&str]| Refusal::NotFound { missing, known: known.iter().map(|k| (*k).to_owned()).collect() };
    check(vec![
        (not_found(Missing::Plan("shop".parse().unwrap()), &[]), "there is no plan shop; there are none"),
        (
            not_found(Missing::Procedure("shop".parse().unwrap(), "x".parse().unwrap()), &["a", "b"]),
            "plan shop has no procedure x; it has a and b",
        ),
        (
            not_found(Missing::Incident("DR-20261121-031455".parse().unwrap()), &["KESTREL"]),
            "there is no incident DR-20261121-031455; known are KESTREL",
        ),
        (not_found(Missing::Run(RunId(7)), &["R1"]), "there is no run R7; known are R1"),
        (not_found(Missing::Step(RunId(7), "x".parse().unwrap()), &["go"]), "run R7 has no step x; it has go"),
        (
            not_found(Missing::Channel("mail".parse().unwrap()), &["inbox"]),
            "there is no channel mail; the settings name inbox",
        ),
        (not_found(Missing::Person("bob".into()), &["ada"]), "nobody here is called \"bob\"; known are ada"),
        (not_found(Missing::Role("pilot".parse().unwrap()), &[]), "there is no role pilot; there are none"),
    ]);
}

#[test]
fn a_refused_text_says_the_value_and_the_limit() {
    let text = |bad| Refusal::Text { field: "reason".into(), bad };
    check(vec![
        (Refusal::Agenda(Agenda::TooMany), "an incident has at most 200 of them"),
        (Refusal::Agenda(Agenda::NoTask { number: 2, of: 0 }), "there is no task 2: nobody was given any"),
        (Refusal::Agenda(Agenda::NoDecision { number: 2, of: 1 }), "there is no decision 2; they are 1 to 1"),
        (Refusal::Agenda(Agenda::Decided { number: 1 }), "decision 1 is made already; ask for another one"),
        (Refusal::Agenda(Agenda::BadOptions), "a decision has 2 to 9 options, each once"),
        (Refusal::Agenda(Agenda::NoOption { option: 3, of: 2 }), "there is no option 3; they are 1 to 2"),
        (text(BadText::Empty), "the reason is empty; say it in a few words"),
        (
            text(BadText::Open { what: "who".into() }),
            "the reason has an open place, [[who]]: fill it in, or take it out",
        ),
        (
            text(BadText::TooLong { bytes: 20_000, limit: 16_384 }),
            "the reason has 20000 bytes; at most 16384 are taken",
        ),
        (
            text(BadText::Control { code_point: 0x1b }),
            "the reason holds U+001B, which could drive a terminal or hide text; leave it out",
        ),
    ]);
}

#[test]
fn a_refusal_about_an_incident_says_where_it_is() {
    check(vec![
        (
            Refusal::IncidentIs { call_sign: kestrel(), phase: "closed".into(), needs: "declared".into() },
            "KESTREL is closed; it would have to be declared",
        ),
        (
            Refusal::RunsOpen { call_sign: kestrel(), runs: vec![RunId(1), RunId(2)] },
            "KESTREL has runs that are not over: R1 and R2; finish or abort them first",
        ),
        (
            Refusal::NotRecovered { call_sign: kestrel(), phase: "verifying".into() },
            "KESTREL is verifying, not recovered; closing it now takes a reason",
        ),
        (
            Refusal::ScenarioForbids {
                call_sign: kestrel(),
                scenario: "orders-wrong".parse().unwrap(),
                name: "Orders are wrong".into(),
                method: crate::core::plan::Method::Failover,
                allows: vec![crate::core::plan::Method::PointInTime, crate::core::plan::Method::Rebuild],
            },
            "KESTREL is taken for orders-wrong (Orders are wrong), which failover does not mend; an earlier point in time or \
             rebuild would, or rule the scenario out",
        ),
        (
            Refusal::BadBegan { began: at(90).utc, earliest: at(0).utc, latest: at(60).utc, because: Latest::Detected },
            "it cannot have begun 2026-11-21 03:01:30Z; 2026-11-21 03:00:00Z to 2026-11-21 03:01:00Z, when the engine saw \
             it, are taken",
        ),
        (
            Refusal::OtherPlan { call_sign: kestrel(), plan: "shop".parse().unwrap() },
            "KESTREL belongs to plan shop; launch a procedure of that plan, or name another incident",
        ),
        (Refusal::NoChannels, "the plan names no channels; say where to, or name channels in the plan"),
    ]);
}

#[test]
fn a_refused_launch_says_what_would_be_right() {
    check(vec![
        (Refusal::PlanHasFaults, "the plan has faults; `warroom plan check FILE` shows each with its place"),
        (
            Refusal::PlanChanged { seen: PlanHash("0123456789ab".into()), newest: PlanHash("ba9876543210".into()) },
            "the plan has changed since it was shown (01234567 then, ba987654 now); look at the preview again",
        ),
        (
            Refusal::AlreadyMoving { run: RunId(3), by: "ada".into() },
            "R3, launched by ada, is moving traffic of this plan; let it end, or abort it first",
        ),
        (
            Refusal::ParameterMissing { name: "reason".into() },
            "parameter reason has no value and no default; give it a value",
        ),
        (
            Refusal::ParameterUnknown { name: "x".into(), known: vec!["reason".into(), "site".into()] },
            "there is no parameter x; the procedure takes reason and site",
        ),
        (
            Refusal::ParameterUnknown { name: "x".into(), known: vec![] },
            "there is no parameter x; the procedure takes none",
        ),
    ]);
}

#[test]
fn a_refused_run_says_who_is_in_the_way_and_what_cannot_be_laid_out() {
    let locked = |components: &[&str]| Refusal::ComponentsLocked {
        components: components.iter().map(|id| id.parse().unwrap()).collect(),
        run: RunId(3),
        call_sign: kestrel(),
        by: "ada".into(),
    };
    let many: Vec<String> = (1..=10).map(|n| format!("c{n}")).collect();
    let many: Vec<&str> = many.iter().map(String::as_str).collect();
    check(vec![
        (locked(&["db", "web"]), "R3 of KESTREL works on db and web; ada leads there: let it end, or have it aborted"),
        (
            locked(&many),
            "R3 of KESTREL works on c1, c2, c3, c4, c5, c6, c7, c8 and 2 more; ada leads there: let it end, or have \
             it aborted",
        ),
        (
            Refusal::CannotLayOut { why: "it has no end".into(), right: "one that has".into() },
            "it has no end; one that has",
        ),
        (
            Refusal::ParameterBad { name: "site".into(), why: "there is no site ea\u{1b}st".into() },
            "parameter site: there is no site ea^[st",
        ),
        (Refusal::BadProgram { why: "no program is named".into() }, "no program is named"),
        (
            Refusal::NothingToUndo { run: RunId(3), no_return: None },
            "nothing of R3 can be undone: no step that was done says how",
        ),
        (
            Refusal::NothingToUndo { run: RunId(3), no_return: Some("promote".parse().unwrap()) },
            "nothing of R3 can be undone: there is no return from promote",
        ),
    ]);
}

#[test]
fn a_refusal_about_a_run_says_how_it_stands() {
    let step = || "go".parse().unwrap();
    check(vec![
        (Refusal::RunOver { run: RunId(3) }, "R3 is over; start a new run"),
        (Refusal::RunIs { run: RunId(3), state: "held already".into() }, "R3 is held already"),
        (
            Refusal::RunHeld { run: RunId(3), by: "ada".into() },
            "R3 is held by ada: nothing new starts until it is resumed",
        ),
        (
            Refusal::NotItsTurn { step: step(), turn: Some("fence".parse().unwrap()) },
            "step go must wait: it is the turn of step fence",
        ),
        (Refusal::NotItsTurn { step: step(), turn: None }, "step go has no turn any more: every step is settled"),
        (
            Refusal::StepIs { step: step(), state: "done".into(), needs: "failed or unknown".into() },
            "step go is done; it would have to be failed or unknown",
        ),
        (
            Refusal::TooManyAlerts { plan: "shop".parse().unwrap(), severity: Severity::Low },
            "100 low alerts of plan shop fire already, and no more are kept; let their sender group them",
        ),
        (
            Refusal::WrongKind { step: step(), kind: "gate".into(), right: "confirm or decline it".into() },
            "step go is of kind gate; confirm or decline it",
        ),
        (
            Refusal::StillAlive { step: step(), attempt: 2 },
            "step go still has processes from try 2; wait until they end, or abort the run",
        ),
    ]);
}

#[test]
fn a_refusal_at_a_gate_says_who_and_what_would_do() {
    let roles = vec!["incident_commander".parse().unwrap(), "technical_lead".parse().unwrap()];
    let secs = |n| Some(Span::from_secs(n));
    check(vec![
        (
            Refusal::NotTheRole { roles: roles.clone(), holds: vec!["scribe".parse().unwrap()] },
            "this gate takes incident commander or technical lead; you hold scribe",
        ),
        (
            Refusal::NotTheRole { roles, holds: vec![] },
            "this gate takes incident commander or technical lead; you hold no role",
        ),
        (Refusal::LauncherExcluded, "you launched this run, and its gate asks for others; somebody else must confirm"),
        (
            Refusal::AlreadyConfirmed { have: 1, needs: 2 },
            "you have confirmed already (1 of 2 people); the rest must be other people",
        ),
        (Refusal::NotConfirmed, "you have not confirmed this gate; there is nothing to take back"),
        (
            Refusal::WrongTarget { typed: "east\n".into(), right: "west".into() },
            "\"east \" is not what this gate acts on; that is \"west\"",
        ),
        (Refusal::ViewChanged, "what the gate shows has changed since you looked; look again, then confirm"),
        (
            Refusal::LossGrew { accepted: secs(4), now: secs(9) },
            "9s of writes would be lost now, and 4s were accepted; look again",
        ),
        (
            Refusal::LossGrew { accepted: None, now: secs(9) },
            "9s of writes would be lost, and no loss was accepted; accept at least 9s",
        ),
        (
            Refusal::LossGrew { accepted: secs(4), now: None },
            "nobody can say any more how much would be lost, and 4s were accepted; look again",
        ),
        (
            Refusal::LossGrew { accepted: None, now: None },
            "nobody can say how much would be lost; say how much you accept",
        ),
    ]);
}
