//! What failovers leave behind: sites that were cut off, guards that were overridden, ways back that nobody went yet.

use crate::core::failover::{Fenced, GLASS_COUNTS, GLASS_WAITS, Glass, MoveKind, Owed, Sides, Witness, refusals};
use crate::core::plan::Plan;
use crate::core::preview::Preview;
use crate::core::run::Run;
use crate::core::state::State;
use crate::core::time::{Now, Span};

use super::{Pair, clean_line as line, guard_sentence, guard_way_out};

/// How a site was cut off: `FENCED: power off, 03:16:02Z, seen`.
#[must_use]
pub fn fenced(fence: &Fenced) -> String {
    let witness = if fence.seen == Witness::Engine { "seen" } else { "said by a person" };
    format!("FENCED: {}, {}, {witness}", fence.fence.words(), fence.at.utc)
}

/// An override while it is counted down and while it counts; `None` before and after.
#[must_use]
pub fn glass(state: &State, glass: &Glass, now: &Now) -> Option<String> {
    let (guard, by) = (glass.guard.name(), state.name(&glass.by));
    let (by, why) = (line(&by), line(&glass.reason));
    if glass.is_counted_down(now) {
        let left = glass.waits(now).up_to_seconds();
        return Some(format!("guard {guard}: counts in {left}  ({by}: {why})"));
    }
    let left = GLASS_WAITS.plus(GLASS_COUNTS).minus(now.since(&glass.at).span);
    glass.counts(now).then(|| format!("guard {guard} OVERRIDDEN by {by}, {left} left: {why}"))
}

/// An override as an item of the review.
#[must_use]
pub fn glass_review(state: &State, glass: &Glass) -> String {
    let (by, why) = (state.name(&glass.by), line(&glass.reason));
    let back = glass.put_back.as_ref().map_or(String::new(), |(who, at)| {
        let early = at.since(&glass.at).span < GLASS_WAITS;
        let when = if early { ", before it counted" } else { "" };
        format!(" (put back by {} at {}{when})", line(&state.name(who)), at.utc)
    });
    let (guard, at) = (glass.guard.name(), glass.at.utc.dated());
    format!("Review: guard {guard} overridden by {} at {at}: {why}{back}", line(&by))
}

/// A way back that is owed: `owed: failback to East, since 12m00s; commit, or go back`.
#[must_use]
pub fn owed(plan: Option<&Plan>, owed: &Owed, now: &Now) -> String {
    let since = now.surely_since(&owed.since).secs();
    // Nobody decides by the second.
    let since = Span::from_secs(if since < 60 { since } else { since / 60 * 60 });
    let name = plan.and_then(|plan| plan.site(&owed.from)).map(|site| line(&site.name).into_owned());
    let name = name.unwrap_or_else(|| owed.from.to_string());
    format!("owed: failback to {name}, since {since}; commit, or go back")
}

/// What the guards that hold a run found, with what helps: one line each.
#[must_use]
pub fn guarded(state: &State, run: &Run) -> Vec<String> {
    let pair = Pair::of_run(state, run.id);
    run.guarded.iter().map(|one| format!("{} ({})", guard_sentence(&pair, one), guard_way_out(one))).collect()
}

/// Which kind of failover would be launched: `a manual failover from East to West`; `None` when it is none.
#[must_use]
pub fn move_of(preview: &Preview<'_>) -> Option<String> {
    let kind = preview.launched.move_kind?;
    let sides = Sides::of(&preview.launched.loaded.plan, &preview.launched.laid_out.procedure)?;
    let an = if matches!(kind, MoveKind::Emergency | MoveKind::Automatic) { "an" } else { "a" };
    Some(format!("{an} {} failover from {} to {}", kind.word(), line(&sides.from), line(&sides.to)))
}

/// Which guards refuse: `source and fence`; `None` when none does.
#[must_use]
pub fn refusing(findings: &[crate::core::failover::Finding]) -> Option<String> {
    let refused = refusals(findings.to_vec());
    let names: Vec<&str> = refused.iter().map(|one| one.guard.name()).collect();
    (!names.is_empty()).then(|| super::all_of(&names))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::core::failover::{Called, Guard};
    use crate::core::fixtures::at;
    use crate::core::plan::Fence;
    use crate::text::fixtures::{ada, mike, state};

    fn broken() -> Glass {
        let (by, reason) = (ada(), "East has no power".to_owned());
        Glass { guard: Guard::Fence, by, reason, at: at(100), put_back: None }
    }

    #[test]
    fn an_override_says_when_it_counts_then_that_it_does_then_nothing() {
        let state = state();
        let says = |second| glass(&state, &broken(), &at(second));
        assert_eq!(says(117).unwrap(), "guard fence: counts in 43s  (ada: East has no power)");
        assert_eq!(says(161).unwrap(), "guard fence OVERRIDDEN by ada, 59m59s left: East has no power");
        assert_eq!(says(100 + 60 + 3_601), None);
        let back = Glass { put_back: Some((mike(), at(130))), ..broken() };
        assert_eq!(glass(&state, &back, &at(131)), None);
    }

    #[test]
    fn an_override_is_an_item_of_the_review_also_when_it_never_counted() {
        let state = state();
        let (dated, back_at) = (at(100).utc.dated(), at(130).utc);
        assert_eq!(
            glass_review(&state, &broken()),
            format!("Review: guard fence overridden by ada at {dated}: East has no power")
        );
        let back = Glass { put_back: Some((mike(), at(130))), ..broken() };
        let end = format!("East has no power (put back by mike at {back_at}, before it counted)");
        assert!(glass_review(&state, &back).ends_with(&end), "{}", glass_review(&state, &back));
    }

    #[test]
    fn what_is_left_behind_is_said_with_its_moments() {
        let fence = Fenced {
            fence: Fence::Power,
            run: crate::core::ids::RunId(1),
            step: "fence".parse().unwrap(),
            at: at(2),
            seen: Witness::Person,
        };
        assert_eq!(fenced(&fence), format!("FENCED: power off, {}, said by a person", at(2).utc));
        let (from, to) = ("east".parse().unwrap(), "west".parse().unwrap());
        let way = Owed { run: crate::core::ids::RunId(1), from, to, since: at(100), called: Called::NotYet };
        assert_eq!(owed(None, &way, &at(820)), "owed: failback to east, since 12m00s; commit, or go back");
    }
}
