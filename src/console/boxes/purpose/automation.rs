//! Disarming and arming automatic failovers.

use super::Purpose;
use super::says::Told;
use crate::console::place::View;
use crate::console::theme::Role;
use crate::core::ids::PlanId;
use crate::core::state::Loaded;
use crate::text;

/// The plan in focus if it fits, else the first that does.
fn found<'a>(view: View<'a>, fits: impl Fn(&Loaded) -> bool) -> Option<&'a PlanId> {
    let by_itself = |loaded: &&Loaded| text::automatic_scenarios(&loaded.plan).next().is_some() && fits(loaded);
    let all = view.model.state.plans.values().map(AsRef::as_ref);
    let focus = view.loaded().map(AsRef::as_ref);
    focus.into_iter().chain(all).find(by_itself).map(|loaded| &loaded.plan.id)
}

/// Disarms what may begin by itself.
pub(super) fn disarm(view: View<'_>) -> Result<Purpose, String> {
    let armed = found(view, |loaded| loaded.automation.disarmed.is_none());
    armed.map(|plan| Purpose::Disarm(plan.clone())).ok_or_else(|| "no automatic failover is armed".to_owned())
}

/// Arms what was stopped.
pub(super) fn arm(view: View<'_>) -> Result<Purpose, String> {
    let disarmed = found(view, |loaded| loaded.automation.disarmed.is_some());
    disarmed.map(|plan| Purpose::Arm(plan.clone())).ok_or_else(|| "no automatic failover is disarmed".to_owned())
}

/// How it stands, and what would begin by itself.
pub(super) fn says(told: &mut Told, view: View<'_>, plan: &PlanId) {
    let (Some(loaded), Some(now)) = (view.model.state.plans.get(plan), view.model.now()) else { return };
    if let Some(stands) = text::automation(&view.model.state, loaded, &now) {
        told.put("Now", &stands, if loaded.automation.disarmed.is_some() { Role::Warn } else { Role::Text });
    }
    for scenario in text::automatic_scenarios(&loaded.plan) {
        let Some(trigger) = &scenario.trigger else { continue };
        let procedure = scenario.procedure.as_ref().map_or("no procedure", |id| id.as_str());
        told.put("By itself", &format!("{procedure}, when {} for {}", trigger.when, trigger.held_for), Role::Text);
    }
    if loaded.automation.disarmed.is_some() {
        let window = loaded.plan.failover.abort_window;
        told.line(
            &format!("If that is so already, {window} are counted down from now, and then it begins."),
            Role::Warn,
        );
    } else {
        told.line("What is counted down is stopped; nothing begins by itself until somebody arms it.", Role::Text);
    }
}
