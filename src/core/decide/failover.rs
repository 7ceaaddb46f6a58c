//! Failovers: whether the guards let one begin, and what people decide about it on the way and afterwards.

use super::super::event::Event;
use super::super::failover::{At, Finding, Guard, MoveKind, Question, evaluate, refusals};
use super::super::health::living_key;
use super::super::ids::{IncidentId, Principal, RunId};
use super::super::incident::Incident;
use super::super::plan::{Procedure, ProcedureKind};
use super::super::refusal::Refusal;
use super::super::run::{Course, StepState};
use super::run::{Launch, Launched};
use super::words::text;
use super::{Context, incident};

/// Which kind of failover a launch is; `None` when it is none.
pub(super) fn kind(c: Context<'_>, launch: &Launch<'_>, procedure: &Procedure) -> Result<Option<MoveKind>, Refusal> {
    match (procedure.kind, launch.options.move_kind) {
        // Its gates open without people, because everybody could see a countdown and stop it.
        (ProcedureKind::Failover, Some(MoveKind::Automatic)) if *c.by != Principal::Engine => {
            Err(Refusal::NotSuchAMove {
                is: "a failover that a person launches as automatic".into(),
                needs: "planned, manual or emergency: only triggers launch automatic ones, once they were counted down"
                    .into(),
            })
        }
        (ProcedureKind::Failover, asked) => Ok(Some(asked.unwrap_or(MoveKind::Manual))),
        (ProcedureKind::Failback, None | Some(MoveKind::Planned)) => Ok(Some(MoveKind::Planned)),
        (ProcedureKind::Failback, Some(other)) => Err(Refusal::NotSuchAMove {
            is: format!("a way back, launched as {}", other.word()),
            needs: "planned: the way back is gone once the original is healthy and has all data".into(),
        }),
        (_, None) => Ok(None),
        (_, Some(other)) => Err(Refusal::NotSuchAMove {
            is: format!("no failover, launched as {}", other.word()),
            needs: "a procedure of kind failover, or no kind".into(),
        }),
    }
}

/// What the guards find before a launch.
pub fn guards(c: Context<'_>, known: &Incident, launch: &Launch<'_>, launched: &Launched<'_>) -> Vec<Finding> {
    let Some(kind) = launched.move_kind else { return Vec::new() };
    evaluate(&Question {
        state: c.state,
        loaded: launched.loaded,
        incident: known,
        readings: c.readings,
        now: c.now,
        kind,
        procedure: &launched.laid_out.procedure,
        graph: &launched.laid_out.graph,
        components: &launch.options.components,
        at: At::Launch,
    })
}

/// Refuses a launch that a guard refuses.
pub(super) fn allow(findings: Vec<Finding>) -> Result<(), Refusal> {
    let refused = refusals(findings);
    if refused.is_empty() { Ok(()) } else { Err(Refusal::Guarded { refused }) }
}

/// A failover goes on as an emergency; what was begun gracefully and is not done is tried in its other form, and what has none stays
/// for a person to settle.
pub(super) fn turn_emergency(c: Context<'_>, id: RunId, reason: &str) -> Result<Vec<Event>, Refusal> {
    let run = c.open_run(id)?;
    let fit = matches!(run.move_kind, Some(MoveKind::Planned | MoveKind::Manual));
    if !fit || run.procedure.kind != ProcedureKind::Failover || run.course != Course::Forward {
        return Err(Refusal::NotSuchAMove {
            is: run.move_kind.map_or("no failover", MoveKind::word).to_owned(),
            needs: "a planned or manual failover on its way".into(),
        });
    }
    let turned = Event::RunTurnedEmergency { run: id, reason: text("reason", reason)? };
    // What still runs, seen or not, keeps its form: done in both ways at once it could do harm. The others have to be pending to take
    // theirs.
    let again = run.active().filter(|(_, step, seen)| {
        let lives = || c.readings.living.contains(&living_key(run.id, &step.id, seen.attempts));
        step.ungraceful.is_some() && !matches!(seen.state, StepState::Running { .. }) && !lives()
    });
    let again =
        again.map(|(_, step, _)| Event::StepRetried { run: id, step: step.id.clone(), values: Default::default() });
    Ok(again.chain([turned]).collect())
}

/// Overrides a guard: it counts once everybody had time to say no, and those who answer for it are told.
pub(super) fn break_glass(c: Context<'_>, id: &IncidentId, guard: Guard, reason: &str) -> Result<Vec<Event>, Refusal> {
    let known = open(c, id)?;
    if !guard.can_be_overridden() {
        return Err(Refusal::NotOverridable { guard });
    }
    let lives = |glass: &&super::super::failover::Glass| {
        glass.guard == guard && (glass.counts(c.now) || glass.is_counted_down(c.now))
    };
    if known.glass.iter().any(|glass| lives(&glass)) {
        return Ok(Vec::new());
    }
    let reason = text("reason", reason)?;
    let told = call(c, known, guard, &reason);
    Ok(std::iter::once(Event::GlassBroken { incident: id.clone(), guard, reason }).chain(told).collect())
}

/// Words to those who answer for it, over every channel that reaches people of the house.
fn call(c: Context<'_>, known: &Incident, guard: Guard, reason: &str) -> Option<Event> {
    let plan = &c.state.plans.get(&known.plan)?.plan;
    let channels: std::collections::BTreeSet<_> = plan.failover.leadership.iter().chain(&plan.pages).cloned().collect();
    let (sign, who) = (&known.call_sign, c.state.name(c.by));
    (!channels.is_empty()).then(|| Event::UpdateSent {
        incident: known.id.clone(),
        number: known.updates.len() + 1,
        text: format!("{sign}: {who} breaks the glass: guard {} is overridden in 60s. Reason: {reason}", guard.name()),
        channels,
        of: None,
    })
}

pub(super) fn put_back(c: Context<'_>, id: &IncidentId, guard: Guard) -> Result<Vec<Event>, Refusal> {
    let known = open(c, id)?;
    let broken = known.glass.iter().any(|glass| glass.guard == guard && glass.put_back.is_none());
    match broken {
        true => Ok(vec![Event::GlassPutBack { incident: id.clone(), guard }]),
        false => Err(Refusal::NotSuchAMove {
            is: format!("guard {}, which nobody overrides", guard.name()),
            needs: "a guard whose glass was broken in this incident".into(),
        }),
    }
}

/// A failover stays.
pub(super) fn commit(c: Context<'_>, id: &IncidentId, reason: &str) -> Result<Vec<Event>, Refusal> {
    let known = c.incident(id)?;
    if known.owed.is_none() {
        return Err(Refusal::NotSuchAMove {
            is: format!("{}, which owes no way back", known.call_sign),
            needs: "an incident with a failover that is neither taken back nor said to stay".into(),
        });
    }
    Ok(vec![Event::MoveCommitted { incident: id.clone(), reason: text("reason", reason)? }])
}

fn open<'a>(c: Context<'a>, id: &IncidentId) -> Result<&'a Incident, Refusal> {
    let known = c.incident(id)?;
    match known.phase.is_declared() {
        true => Ok(known),
        false => Err(incident::is_elsewhere(known, "declared and not over")),
    }
}
