//! Why a command is refused: what is wrong, the value, the limit, and what would be right.

#[cfg(test)]
mod tests;

use crate::core::agenda::{MOST, OPTIONS};
use crate::core::alert::FIRING_KEPT;
use crate::core::failover::{Finding, Sides};
use crate::core::ids::RoleId;
use crate::core::people::{Access, Act};
use crate::core::refusal::{Agenda, BadText, Latest, Missing, Refusal};
use crate::core::time::{Moment, Span};

use super::words::{access, act, of_loss, people, short_hash};
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
        Refusal::TooManyAlerts { plan, severity } => format!(
            "{FIRING_KEPT} {severity} alerts of plan {plan} fire already, and no more are kept; let their sender group them"
        ),
        Refusal::Guarded { refused, sides } => guarded(refused, sides.as_ref()),
        Refusal::OwesWayBack { call_sign, to } => {
            format!("{call_sign} owes the way back to {to}: go back, commit the failover, or close it with a reason")
        }
        Refusal::NotOverridable { guard } => {
            format!("no reason overrides guard {}: what it guards against cannot be mended afterwards", guard.name())
        }
        Refusal::NotSuchAMove { is, needs } => format!("this is {}; it would have to be {}", line(is), line(needs)),
        Refusal::PlanHasFaults => "the plan has faults; `warroom plan check FILE` shows each with its place".into(),
        Refusal::IncidentIs { call_sign, phase, needs } => {
            format!("{call_sign} is {}; it would have to be {}", line(phase), line(needs))
        }
        Refusal::ScenarioForbids { call_sign, scenario, name, method, allows } => {
            let allows: Vec<_> = allows.iter().map(ToString::to_string).collect();
            format!(
                "{call_sign} is taken for {scenario} ({}), which {method} does not mend; {} would, or rule the scenario out",
                line(name),
                any_of(&allows)
            )
        }
        Refusal::RunsOpen { call_sign, runs } => {
            let runs: Vec<_> = runs.iter().map(ToString::to_string).collect();
            format!("{call_sign} has runs that are not over: {}; finish or abort them first", all_of(&runs))
        }
        Refusal::NotRecovered { call_sign, phase } => {
            format!("{call_sign} is {}, not recovered; closing it now takes a reason", line(phase))
        }
        Refusal::BadBegan { began, earliest, latest, because } => bad_began(*began, *earliest, *latest, *because),
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
        Refusal::Agenda(wrong) => agenda(*wrong),
        Refusal::LossGrew { accepted, now } => loss_grew(*accepted, *now),
        Refusal::OnlyWatches { name } => {
            format!("{} may only watch, and cannot hold a role; give it to somebody who may act", line(name))
        }
        Refusal::NoChannels => "the plan names no channels; say where to, or name channels in the plan".into(),
    }
}

/// What each guard found, and what helps.
fn guarded(refused: &[Finding], sides: Option<&Sides>) -> String {
    let pair = sides.map(super::Pair::from).unwrap_or_default();
    let said: Vec<String> = refused
        .iter()
        .map(|one| format!("{} ({})", super::guard_sentence(&pair, one), super::guard_way_out(one)))
        .collect();
    let who = if refused.len() == 1 { "a guard refuses it" } else { "guards refuse it" };
    format!("{who}: {}", said.join("; "))
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

fn bad_began(began: Moment, earliest: Moment, latest: Moment, because: Latest) -> String {
    let why = match because {
        Latest::Detected => "when the engine saw it",
        Latest::Declared => "when it was declared",
        Latest::Now => "which is now",
    };
    let (began, earliest, latest) = (began.dated(), earliest.dated(), latest.dated());
    format!("it cannot have begun {began}; {earliest} to {latest}, {why}, are taken")
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

fn agenda(wrong: Agenda) -> String {
    match wrong {
        Agenda::TooMany => format!("an incident has at most {MOST} of them"),
        Agenda::NoTask { number, of: 0 } => format!("there is no task {number}: nobody was given any"),
        Agenda::NoTask { number, of } => format!("there is no task {number}; they are 1 to {of}"),
        Agenda::TaskOver { number } => format!("task {number} is over already"),
        Agenda::NoDecision { number, of: 0 } => format!("there is no decision {number}: none was asked for"),
        Agenda::NoDecision { number, of } => format!("there is no decision {number}; they are 1 to {of}"),
        Agenda::Decided { number } => format!("decision {number} is made already; ask for another one"),
        Agenda::BadOptions => format!("a decision has 2 to {OPTIONS} options, each once"),
        Agenda::NoOption { option, of } => format!("there is no option {option}; they are 1 to {of}"),
    }
}

fn loss_grew(accepted: Option<Span>, now: Option<Span>) -> String {
    match (accepted.map(of_loss), now.map(of_loss)) {
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
        Missing::Scenario(plan, id) => (format!("{plan} has no scenario {id} here"), "there are"),
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
        BadText::Open { what } => {
            format!("the {field} has an open place, [[{}]]: fill it in, or take it out", line(what))
        }
        BadText::Control { code_point } => {
            format!("the {field} holds U+{code_point:04X}, which could drive a terminal or hide text; leave it out")
        }
    }
}
