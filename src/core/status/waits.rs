//! What a run waits for, at any moment.

use serde::Serialize;

use super::super::comms::{Delivery, Try};
use super::super::failover::Finding;
use super::super::follow::{held_back, takes_a_lane};
use super::super::health::{Readings, Verdict, probes_of};
use super::super::ids::{ChannelId, Principal, ProbeId, RoleId, RunId, StepId};
use super::super::plan::{Action, Gate, Repeat, Step, Subject};
use super::super::run::{Course, Failure, Run, RunState, StepRun, StepState};
use super::super::state::State;
use super::super::time::{Elapsed, Now, Span};

/// One thing that a run waits for.
#[derive(Debug, Clone, PartialEq, Serialize)]
#[serde(rename_all = "snake_case", tag = "for")]
pub enum Wait {
    /// Somebody holds it.
    Held {
        /// Who.
        by: Principal,
        /// Since when.
        since: Now,
        /// Why.
        reason: Option<String>,
    },
    /// People confirm at a gate.
    Confirmation {
        /// The gate.
        step: StepId,
        /// Who did already.
        have: Vec<Principal>,
        /// How many it takes.
        needs: u32,
        /// The roles that count, with who holds each; anybody who may when empty.
        roles: Vec<(RoleId, Option<Principal>)>,
    },
    /// A person does what a step says.
    Hand {
        /// The step.
        step: StepId,
    },
    /// A person decides about a step that failed, was declined or was lost from sight.
    Decision {
        /// The step.
        step: StepId,
    },
    /// A program, a request, a statement or a file.
    Work {
        /// The step.
        step: StepId,
        /// Its kind, as plans say it.
        kind: &'static str,
        /// Where the program runs, when not on the engine's own host.
        host: Option<String>,
        /// How long it has been at it.
        lasts: Elapsed,
        /// How long it may take.
        limit: Option<Span>,
    },
    /// Parts become healthy, and stay so.
    Health {
        /// The step.
        step: StepId,
        /// The probes that do not say ok.
        not_ok: Vec<(ProbeId, Verdict)>,
        /// How many say ok.
        ok: usize,
        /// For how long all have said so since the step began.
        good_for: Option<Span>,
        /// How long they must.
        stable_for: Span,
        /// How long it has been at it.
        lasts: Elapsed,
        /// How long it may take.
        within: Span,
    },
    /// Guards of a failover, which may come right by themselves.
    Guards {
        /// The step that begins then.
        step: StepId,
        /// What they say until then.
        refused: Vec<Finding>,
    },
    /// Time passes, because the plan says so.
    Time {
        /// The step.
        step: StepId,
        /// How much is left.
        left: Span,
        /// Of how much.
        of: Span,
    },
    /// A failed step is tried again after a pause.
    Again {
        /// The step.
        step: StepId,
        /// What is left of the pause.
        left: Span,
        /// The number of the next try, from 1.
        attempt: u32,
        /// How many tries there are.
        of: u32,
        /// Why the last failed.
        why: Failure,
    },
    /// Channels take words.
    Channels {
        /// The step.
        step: StepId,
        /// Those that have not.
        channels: Vec<ChannelId>,
    },
    /// A lane of the run: as many steps as may go side by side do.
    Lane {
        /// The step.
        step: StepId,
        /// How many lanes there are.
        lanes: u32,
    },
    /// A lane on a host.
    HostLane {
        /// The step.
        step: StepId,
        /// The host.
        host: String,
        /// How many lanes there are.
        lanes: u32,
        /// The runs that are at work there.
        taken_by: Vec<RunId>,
    },
    /// The engine reaches the world again.
    Connection {
        /// The step.
        step: StepId,
        /// Since when it does not.
        since: Now,
        /// What it saw.
        why: String,
    },
    /// What was lost from sight is seen to have ended; then it is done again.
    Sight {
        /// The step.
        step: StepId,
        /// What is known.
        what: String,
    },
    /// The engine begins a step, in this moment.
    Engine {
        /// The step.
        step: StepId,
    },
}

/// All that a run waits for, what matters most first; nothing once it is over and all that it was at has ended.
#[must_use]
pub fn waits_for(state: &State, run: &Run, readings: &Readings, now: &Now) -> Vec<Wait> {
    let mut waits = Vec::new();
    if let RunState::Held { by, reason, at } = &run.state {
        waits.push(Wait::Held { by: by.clone(), since: at.clone(), reason: reason.clone() });
    }
    let c = Context { state, run, now };
    let mut rest = Vec::new();
    for (_, step, seen) in run.active() {
        let Some(wait) = c.active(step, seen) else { continue };
        if seen.state.waits_for_people() { waits.push(wait) } else { rest.push(wait) }
    }
    let guarded = held_back(state, run, readings, now);
    waits.retain(|wait| {
        !guarded.iter().any(|(held, _)| matches!(wait, Wait::Confirmation { step, .. } if step == held))
    });
    waits.extend(guarded.into_iter().map(|(step, refused)| Wait::Guards { step, refused }));
    waits.extend(rest);
    if run.state == RunState::Going && run.course == Course::Forward && !run.is_blocked() {
        waits.extend(c.lanes());
    }
    if waits.is_empty() && run.is_open() {
        waits.extend(run.current().map(|(_, step, _)| Wait::Engine { step: step.id.clone() }));
    }
    waits
}

struct Context<'a> {
    state: &'a State,
    run: &'a Run,
    now: &'a Now,
}

impl Context<'_> {
    /// What a step waits for that was begun.
    fn active(&self, step: &Step, seen: &StepRun) -> Option<Wait> {
        let id = step.id.clone();
        let open = self.run.is_open();
        match &seen.state {
            StepState::Running { since } => Some(self.running(step, seen, since)),
            // What an ended run left behind is nobody's any more.
            _ if !open => None,
            StepState::Waiting { .. } => Some(match &step.action {
                Action::Gate(gate) => self.gate(id, gate, seen),
                _ => Wait::Hand { step: id },
            }),
            StepState::Pausing { since, pause, why, .. } => Some(Wait::Again {
                step: id,
                left: pause.minus(self.now.surely_since(since)),
                attempt: seen.attempts.saturating_add(1),
                of: step.retry.times.saturating_add(1),
                why: why.clone(),
            }),
            StepState::Unknown { what, .. } if step.repeat == Repeat::IsHarmless => {
                Some(Wait::Sight { step: id, what: what.clone() })
            }
            StepState::Unknown { .. } | StepState::Failed { .. } | StepState::Declined { .. } => {
                Some(Wait::Decision { step: id })
            }
            StepState::Pending | StepState::Done { .. } | StepState::NotNeeded { .. } | StepState::Skipped { .. } => {
                None
            }
        }
    }

    fn gate(&self, step: StepId, gate: &Gate, seen: &StepRun) -> Wait {
        let incident = self.state.incidents.get(&self.run.incident);
        let holder = |role: &RoleId| incident.and_then(|incident| incident.roles.get(role)).cloned();
        Wait::Confirmation {
            step,
            have: seen.confirmations.iter().map(|c| c.by.clone()).collect(),
            needs: gate.people,
            roles: gate.roles.iter().map(|role| (role.clone(), holder(role))).collect(),
        }
    }

    fn running(&self, step: &Step, seen: &StepRun, since: &Now) -> Wait {
        let id = step.id.clone();
        let lasts = self.now.since(since);
        match &step.action {
            Action::Wait { span } => Wait::Time { step: id, left: span.minus(self.now.surely_since(since)), of: *span },
            Action::Notify(_) => Wait::Channels { channels: self.undelivered(step, seen), step: id },
            Action::Health { subject, within, stable_for } => {
                if let Some((since, why)) = &self.state.cut_off {
                    return Wait::Connection { step: id, since: since.clone(), why: why.clone() };
                }
                self.health(step, subject, since, *stable_for, *within)
            }
            action => {
                Wait::Work { step: id, kind: action.kind(), host: self.run.host_of(step), lasts, limit: step.timeout }
            }
        }
    }

    fn undelivered(&self, step: &Step, seen: &StepRun) -> Vec<ChannelId> {
        let of = Try { run: self.run.id, step: step.id.clone(), attempt: seen.attempts };
        let updates = self.state.incidents.get(&self.run.incident).map_or(&[][..], |incident| &incident.updates);
        let update = updates.iter().find(|update| update.of.as_ref() == Some(&of));
        let deliveries = update.into_iter().flat_map(|update| &update.deliveries);
        let waits = deliveries.filter(|(_, delivery)| matches!(delivery, Delivery::Waiting { .. }));
        waits.map(|(channel, _)| channel.clone()).collect()
    }

    fn health(&self, step: &Step, subject: &Subject, since: &Now, stable_for: Span, within: Span) -> Wait {
        let loaded = self.state.plans.get(&self.run.plan);
        let values = self.run.values_of(step);
        let probes = loaded.and_then(|loaded| probes_of(subject, &values, loaded).ok()).unwrap_or_default();
        let mut not_ok = Vec::new();
        // Looks count from when the step began; the last part to become ok begins the stretch.
        let mut good_for = (!probes.is_empty()).then(|| self.now.surely_since(since));
        for probe in &probes {
            let known = loaded.and_then(|loaded| loaded.probes.get(&probe.id));
            let verdict = known.map_or(Verdict::Unknown, |known| known.verdict);
            if verdict != Verdict::Ok {
                not_ok.push((probe.id.clone(), verdict));
                good_for = None;
            }
            let lately = known.and_then(|known| known.since.as_ref()).map(|became| self.now.since(became).span);
            good_for = good_for.map(|span| lately.map_or(span, |lately| span.min(lately)));
        }
        let (ok, lasts) = (probes.len() - not_ok.len(), self.now.since(since));
        Wait::Health { step: step.id.clone(), not_ok, ok, good_for, stable_for, lasts, within }
    }

    /// Steps whose turn has come and that find no lane; the first that waits for each.
    fn lanes(&self) -> Vec<Wait> {
        let run = self.run;
        let taken = run.active().filter(|(_, _, seen)| takes_a_lane(run, seen)).count();
        let lanes = run.procedure.lanes;
        let is_full = |taken: usize, lanes: u32| taken >= usize::try_from(lanes).unwrap_or(usize::MAX);
        let mut ready = run.board.ready.iter().filter_map(|place| run.at(*place as usize)).map(|(_, step, _)| step);
        if is_full(taken, lanes.run) {
            return ready
                .next()
                .map(|step| Wait::Lane { step: step.id.clone(), lanes: lanes.run })
                .into_iter()
                .collect();
        }
        let mut waits: Vec<Wait> = Vec::new();
        for step in ready {
            let Some(host) = run.host_of(step) else { continue };
            let told = waits.iter().any(|wait| matches!(wait, Wait::HostLane { host: known, .. } if *known == host));
            let (on_host, taken_by) = if told { (0, Vec::new()) } else { self.at_work_on(&host) };
            if is_full(on_host, lanes.host) {
                waits.push(Wait::HostLane { step: step.id.clone(), host, lanes: lanes.host, taken_by });
            }
        }
        waits
    }

    /// How many steps of all runs are at work on a host, and of which runs.
    fn at_work_on(&self, host: &str) -> (usize, Vec<RunId>) {
        let (mut count, mut runs) = (0, Vec::new());
        for run in self.state.runs.values() {
            let there = |(_, step, seen): &(usize, &Step, &StepRun)| {
                takes_a_lane(run, seen) && run.host_of(step).is_some_and(|of| of == host)
            };
            let at_work = run.active().filter(there).count();
            count += at_work;
            runs.extend((at_work > 0).then_some(run.id));
        }
        (count, runs)
    }
}
