//! Taking a part out of the judgement for a while, and back.

use super::says::Told;
use super::{Filled, Purpose};
use crate::console::canvas::round;
use crate::console::health::Branch;
use crate::console::place::{Thing, View};
use crate::console::screens;
use crate::console::theme::Role;
use crate::core::health::{Extent, Pause, Verdict};
use crate::core::ids::PlanId;
use crate::core::state::Loaded;
use crate::core::time::Span;
use crate::text;

use super::super::form::Field;

/// For how long a part can be paused from here; the command line takes any length.
pub(super) const LENGTHS: [Span; 9] = {
    const HOUR: u64 = 3_600;
    [
        Span::from_secs(HOUR / 4),
        Span::from_secs(HOUR / 2),
        Span::from_secs(HOUR),
        Span::from_secs(2 * HOUR),
        Span::from_secs(4 * HOUR),
        Span::from_secs(8 * HOUR),
        Span::from_secs(24 * HOUR),
        Span::from_secs(3 * 24 * HOUR),
        Span::from_secs(7 * 24 * HOUR),
    ]
};

/// Which of them is offered first: an hour.
const FIRST: usize = 2;

/// What is under the cursor, and what it is part of, the smallest first.
fn parts(view: View<'_>) -> Result<(&Loaded, Vec<Extent>), String> {
    let nothing = || "no part is in focus".to_owned();
    let loaded = |plan: &PlanId| view.model.state.plans.get(plan).map(AsRef::as_ref).ok_or_else(nothing);
    match screens::chosen(view) {
        Some(Thing::Probe(plan, id)) => {
            let loaded = loaded(&plan)?;
            let (component, probe) = loaded.probe(&id).ok_or_else(nothing)?;
            let site = probe.site.clone().map(Extent::Site);
            let own = [Extent::Probe(id), Extent::Component(component.id.clone())];
            Ok((loaded, own.into_iter().chain(site).chain([Extent::Plan]).collect()))
        }
        Some(Thing::Branch(branch)) => {
            let own = match &branch {
                Branch::Plan(_) | Branch::Site(_, None) => Vec::new(),
                Branch::Site(_, Some(site)) => vec![Extent::Site(site.clone())],
                Branch::Component(_, site, component) => {
                    let site = site.clone().map(Extent::Site);
                    [Extent::Component(component.clone())].into_iter().chain(site).collect()
                }
            };
            Ok((loaded(branch.plan())?, own.into_iter().chain([Extent::Plan]).collect()))
        }
        _ => Err(nothing()),
    }
}

/// Pauses what is in focus.
pub(super) fn pause(view: View<'_>) -> Result<Purpose, String> {
    parts(view).map(|(loaded, parts)| Purpose::PausePart(loaded.plan.id.clone(), parts))
}

/// Resumes what is in focus, or something else of its plan that is paused.
pub(super) fn resume(view: View<'_>) -> Result<Purpose, String> {
    let (loaded, own) = parts(view)?;
    let mut paused: Vec<Extent> = loaded.pauses.iter().map(|pause| pause.of.clone()).collect();
    paused.sort_by_key(|of| own.iter().position(|part| part == of).unwrap_or(usize::MAX));
    if paused.is_empty() {
        return Err(format!("nothing of {} is paused", loaded.plan.id));
    }
    Ok(Purpose::ResumePart(loaded.plan.id.clone(), paused))
}

/// Which part.
pub(super) fn choice(parts: &[Extent]) -> Vec<Field> {
    vec![Field::choice("What", parts.iter().map(ToString::to_string).collect(), 0)]
}

/// Which part, for how long, why.
pub(super) fn fields(parts: &[Extent]) -> Vec<Field> {
    let lengths = LENGTHS.iter().map(|length| round(*length)).collect();
    let mut fields = choice(parts);
    fields.extend([Field::choice("For", lengths, FIRST), Field::words("Reason").required()]);
    fields
}

fn found<'a>(view: View<'a>, plan: &PlanId, of: &Extent) -> Option<(&'a Loaded, Option<&'a Pause>)> {
    let loaded = view.model.state.plans.get(plan)?;
    Some((loaded, loaded.pauses.iter().find(|pause| pause.of == *of)))
}

/// How the parts are that it holds.
fn holds(told: &mut Told, loaded: &Loaded, of: &Extent) {
    let verdicts = loaded.plan.probes().filter(|(component, probe)| of.holds(component, probe));
    let verdicts: Vec<Verdict> =
        verdicts.map(|(_, probe)| loaded.probes.get(&probe.id).map_or(Verdict::Unknown, |seen| seen.verdict)).collect();
    let kinds = [Verdict::Down, Verdict::Degraded, Verdict::Unknown, Verdict::Ok];
    let counts = kinds.iter().map(|kind| (verdicts.iter().filter(|verdict| *verdict == kind).count(), *kind));
    let counts: Vec<String> = counts
        .filter(|(count, _)| *count > 0)
        .map(|(count, kind)| format!("{count} {}", text::verdict(kind)))
        .collect();
    let now = if counts.is_empty() { "nothing is looked at there".to_owned() } else { counts.join(", ") };
    told.put("Now", &now, Role::Text);
}

/// What a pause does, and when it ends.
pub(super) fn says(told: &mut Told, view: View<'_>, plan: &PlanId, parts: &[Extent], filled: &Filled) {
    told.line(
        "It is looked at all the same; until the pause ends it counts neither way and raises nothing.",
        Role::Text,
    );
    let Some(of) = parts.get(filled.first) else { return };
    let Some((loaded, before)) = found(view, plan, of) else { return };
    holds(told, loaded, of);
    if let (Some(length), Some(now)) = (LENGTHS.get(filled.second), view.model.now()) {
        told.put("Ends", &text::pause_ends(*length, &now), Role::Strong);
    }
    if let Some(pause) = before {
        let by = view.model.name(&pause.by);
        told.put("In place of", &format!("the pause by {by}: {}", pause.reason), Role::Warn);
    }
}

/// What counts again.
pub(super) fn resumes(told: &mut Told, view: View<'_>, plan: &PlanId, parts: &[Extent], filled: &Filled) {
    told.line("It counts again from now on: trouble that is there now may be raised at once.", Role::Text);
    let Some(of) = parts.get(filled.first) else { return };
    let Some((loaded, Some(pause))) = found(view, plan, of) else { return };
    holds(told, loaded, of);
    if let Some(now) = view.model.now() {
        let by = view.model.name(&pause.by);
        let says = format!("by {by}, {}: {}", text::pause_ends(pause.left(&now), &now), pause.reason);
        told.put("Paused", &says, Role::Text);
    }
}
