//! Why a command is refused: what is wrong, the value, the limit, and what would be right.

use crate::core::ids::RoleId;
use crate::core::people::{Access, Act};
use crate::core::refusal::{BadText, Missing, Refusal};
use crate::core::time::Span;

use super::words::{access, act, people, short_hash};
use super::{all_of, any_of, clean_line as line, role, some_of};

/// The sentence for a refusal. Nothing has happened, and it need not say so.
#[must_use]
pub fn refusal(refusal: &Refusal) -> String {
    // One arm for each, so that a new refusal does not compile without its sentence.
    match refusal {
        Refusal::Stranger { principal } => {
            format!("this engine does not know {}; an admin has to name you in its settings first", line(principal))
        }
        Refusal::NotPermitted { act: what, needs } => not_permitted(*what, needs),
        Refusal::NotFound { missing, known } => not_found(missing, known),
        Refusal::Text { field, bad } => bad_text(&line(field), bad),
        Refusal::BadPause { length, longest } => {
            format!("a pause of {length} is refused; name a length of at most {longest}, and it ends by itself")
        }
        Refusal::NotPaused { of, paused } => {
            let paused: Vec<_> = paused.iter().map(ToString::to_string).collect();
            let what =
                if paused.is_empty() { "nothing is".to_owned() } else { format!("paused are {}", all_of(&paused)) };
            format!("{} is not paused; {what}", line(&of.to_string()))
        }
        Refusal::PlanHasFaults => "the plan has faults; `warroom plan check FILE` shows each with its place".into(),
        Refusal::IncidentIs { call_sign, phase, needs } => {
            format!("{call_sign} is {}; it would have to be {}", line(phase), line(needs))
        }
        Refusal::RunsOpen { call_sign, runs } => {
            let runs: Vec<_> = runs.iter().map(ToString::to_string).collect();
            format!("{call_sign} has runs that are not over: {}; finish or abort them first", all_of(&runs))
        }
        Refusal::NotRecovered { call_sign, phase } => {
            format!("{call_sign} is {}, not recovered; closing it now takes a reason", line(phase))
        }
        Refusal::PlanChanged { seen, newest } => {
            let (seen, newest) = (short_hash(&seen.0), short_hash(&newest.0));
            format!("the plan has changed since it was shown ({seen} then, {newest} now); look at the preview again")
        }
        Refusal::OtherPlan { call_sign, plan } => {
            format!("{call_sign} belongs to plan {plan}; launch a procedure of that plan, or name another incident")
        }
        Refusal::AlreadyMoving { run, by } => {
            format!("{run}, launched by {}, is moving traffic of this plan; let it end, or abort it first", line(by))
        }
        Refusal::ComponentsLocked { components, run, call_sign, by } => {
            let parts: Vec<_> = components.iter().map(ToString::to_string).collect();
            format!(
                "{run} of {call_sign} works on {}; {} leads there: let it end, or have it aborted",
                some_of(&parts, 8),
                line(by)
            )
        }
        Refusal::CannotLayOut { why, right } => format!("{}; {}", line(why), line(right)),
        Refusal::ParameterBad { name, why } => format!("parameter {}: {}", line(name), line(why)),
        Refusal::NothingToUndo { run, no_return: Some(step) } => {
            format!("nothing of {run} can be undone: there is no return from {step}")
        }
        Refusal::NothingToUndo { run, no_return: None } => {
            format!("nothing of {run} can be undone: no step that was done says how")
        }
        Refusal::BadProgram { why } => line(why).into_owned(),
        Refusal::ParameterMissing { name } => {
            format!("parameter {} has no value and no default; give it a value", line(name))
        }
        Refusal::ParameterUnknown { name, known } => parameter_unknown(name, known),
        Refusal::TooFewPeople { step, needs, have } => {
            let could = people(*have as u64);
            format!("gate {step} needs {needs} people, and {could} could confirm; name more in the engine's settings")
        }
        Refusal::RunOver { run } => format!("{run} is over; start a new run"),
        Refusal::RunIs { run, state } => format!("{run} is {}", line(state)),
        Refusal::RunHeld { run, by } => {
            format!("{run} is held by {}: nothing new starts until it is resumed", line(by))
        }
        Refusal::NotItsTurn { step, turn: Some(turn) } => {
            format!("step {step} must wait: it is the turn of step {turn}")
        }
        Refusal::NotItsTurn { step, turn: None } => format!("step {step} has no turn any more: every step is settled"),
        Refusal::StepIs { step, state, needs } => {
            format!("step {step} is {}; it would have to be {}", line(state), line(needs))
        }
        Refusal::WrongKind { step, kind, right } => format!("step {step} is of kind {}; {}", line(kind), line(right)),
        Refusal::StillAlive { step, attempt } => {
            format!("step {step} still has processes from try {attempt}; wait until they end, or abort the run")
        }
        Refusal::NotTheRole { roles, holds } => not_the_role(roles, holds),
        Refusal::LauncherExcluded => {
            "you launched this run, and its gate asks for others; somebody else must confirm".into()
        }
        Refusal::AlreadyConfirmed { have, needs } => {
            format!("you have confirmed already ({have} of {needs} people); the rest must be other people")
        }
        Refusal::NotConfirmed => "you have not confirmed this gate; there is nothing to take back".into(),
        Refusal::WrongTarget { typed, right } => {
            format!("\"{}\" is not what this gate acts on; that is \"{}\"", line(typed), line(right))
        }
        Refusal::ViewChanged => "what the gate shows has changed since you looked; look again, then confirm".into(),
        Refusal::LossGrew { accepted, now } => loss_grew(*accepted, *now),
        Refusal::OnlyWatches { name } => {
            format!("{} may only watch, and cannot hold a role; give it to somebody who may act", line(name))
        }
        Refusal::NoChannels => "the plan names no channels; say where to, or name channels in the plan".into(),
    }
}

fn not_permitted(what: Act, needs: &[Access]) -> String {
    if *needs == [Access::Production] {
        return format!(
            "you may not {} on a production plan; that takes production as a permission of its own",
            act(what)
        );
    }
    format!("you may not {}; that takes {}", act(what), access(needs))
}

fn parameter_unknown(name: &str, known: &[String]) -> String {
    let takes = if known.is_empty() { "none".into() } else { all_of(known) };
    format!("there is no parameter {}; the procedure takes {takes}", line(name))
}

fn not_the_role(roles: &[RoleId], holds: &[RoleId]) -> String {
    let roles: Vec<_> = roles.iter().map(role).collect();
    let holds: Vec<_> = holds.iter().map(role).collect();
    let held = if holds.is_empty() { "no role".into() } else { all_of(&holds) };
    format!("this gate takes {}; you hold {held}", any_of(&roles))
}

fn loss_grew(accepted: Option<Span>, now: Option<Span>) -> String {
    match (accepted, now) {
        (Some(limit), Some(now)) => format!("{now} of writes would be lost now, and {limit} were accepted; look again"),
        (None, Some(now)) => format!("{now} of writes would be lost, and no loss was accepted; accept at least {now}"),
        (Some(limit), None) => {
            format!("nobody can say any more how much would be lost, and {limit} were accepted; look again")
        }
        (None, None) => "nobody can say how much would be lost; say how much you accept".into(),
    }
}

fn not_found(missing: &Missing, known: &[String]) -> String {
    let (what, where_known) = match missing {
        Missing::Incident(id) => (format!("there is no incident {id}"), "known are"),
        Missing::Plan(id) => (format!("there is no plan {id}"), "loaded are"),
        Missing::Procedure(plan, id) => (format!("plan {plan} has no procedure {id}"), "it has"),
        Missing::Run(id) => (format!("there is no run {id}"), "known are"),
        Missing::Step(run, id) => (format!("run {run} has no step {id}"), "it has"),
        Missing::Channel(id) => (format!("there is no channel {id}"), "the settings name"),
        Missing::Person(name) => (format!("nobody here is called \"{}\"", line(name)), "known are"),
        Missing::Part(plan, of) => (format!("plan {plan} has no {of}"), "it has"),
        Missing::Role(id) => (format!("there is no role {id}"), "known are"),
    };
    if known.is_empty() {
        format!("{what}; there are none")
    } else {
        format!("{what}; {where_known} {}", all_of(known))
    }
}

fn bad_text(field: &str, bad: &BadText) -> String {
    match bad {
        BadText::Empty => format!("the {field} is empty; say it in a few words"),
        BadText::TooLong { bytes, limit } => format!("the {field} has {bytes} bytes; at most {limit} are taken"),
        BadText::Control { code_point } => {
            format!("the {field} holds U+{code_point:04X}, which could drive a terminal or hide text; leave it out")
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::core::ids::{CallSign, RunId};
    use crate::core::plan::PlanHash;

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
        let not_found = |missing, known: &[&str]| Refusal::NotFound {
            missing,
            known: known.iter().map(|k| (*k).to_owned()).collect(),
        };
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
            (text(BadText::Empty), "the reason is empty; say it in a few words"),
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
            (
                locked(&["db", "web"]),
                "R3 of KESTREL works on db and web; ada leads there: let it end, or have it aborted",
            ),
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
            (
                Refusal::LauncherExcluded,
                "you launched this run, and its gate asks for others; somebody else must confirm",
            ),
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
}
