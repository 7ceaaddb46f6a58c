//! What follows from triggers that ask for a failover: a countdown that everybody sees and anybody can stop, then the launch. Once for
//! an incident: a failover that happened twice is worse than the outage.

use std::collections::BTreeSet;

use super::super::command::Options;
use super::super::decide::{Context, Launch, begins, failover, lay_out, may_begin};
use super::super::event::Event;
use super::super::failover::{Countdown, CountdownEnd, Finding, Guard, MoveKind, refusals};
use super::super::health::Readings;
use super::super::ids::Principal;
use super::super::incident::Incident;
use super::super::plan::{Procedure, ProcedureKind, Scenario, Then};
use super::super::run::Run;
use super::super::state::{Loaded, State};
use super::super::template::Values;
use super::super::time::{Moment, Now, Span};
use super::run::LOOK_AGAIN;
use super::trigger;

/// What follows for the automatic failovers of a plan.
pub(super) fn of_plan(state: &State, loaded: &Loaded, readings: &Readings, now: &Now) -> Vec<Event> {
    let of_plan = Automatic { state, loaded, readings, now };
    let asked = of_plan.asked();
    if let Some(countdown) = &loaded.automation.countdown {
        return of_plan.go_on(countdown, asked);
    }
    let Some((scenario, procedure, incident)) = asked else { return Vec::new() };
    if of_plan.under_way().is_some() {
        return Vec::new();
    }
    let plan = loaded.plan.id.clone();
    let guards = match of_plan.would(procedure, incident) {
        Ok(guards) => guards,
        Err(refused) => {
            let known = loaded.automation.refused.get(&scenario.id);
            let now_refused: Vec<Guard> = refused.iter().map(|finding| finding.guard).collect();
            let is_news = !refused.is_empty() && known != Some(&now_refused);
            let scenario = scenario.id.clone();
            return if is_news { vec![Event::AutomaticRefused { plan, scenario, refused }] } else { Vec::new() };
        }
    };
    let window = loaded.plan.failover.abort_window;
    let begins = Event::CountdownBegan {
        plan,
        scenario: scenario.id.clone(),
        incident: incident.id.clone(),
        procedure: procedure.id.clone(),
        window,
        guards,
    };
    std::iter::once(begins).chain(of_plan.call(incident, procedure, window)).collect()
}

/// When it is looked again: what refuses a failover that is asked for, or would end its countdown, changes with time and with readings
/// alone.
pub(super) fn due(state: &State, loaded: &Loaded, now: &Now) -> Option<Moment> {
    if let Some(countdown) = &loaded.automation.countdown {
        return Some(now.utc.plus(countdown.left(now).min(LOOK_AGAIN)));
    }
    let of_plan = Automatic { state, loaded, readings: &Readings::default(), now };
    let refused = (of_plan.asked().is_some() && of_plan.under_way().is_none()).then_some(LOOK_AGAIN);
    refused.or_else(|| trigger::ripens(loaded, now)).map(|span| now.utc.plus(span))
}

#[derive(Clone, Copy)]
struct Automatic<'a> {
    state: &'a State,
    loaded: &'a Loaded,
    readings: &'a Readings,
    now: &'a Now,
}

impl<'a> Automatic<'a> {
    /// The failover that a trigger asks for now, if one does and it is armed.
    fn asked(self) -> Option<(&'a Scenario, &'a Procedure, &'a Incident)> {
        if self.loaded.automation.disarmed.is_some() {
            return None;
        }
        let incident = self.state.incident_of(&self.loaded.plan.id).filter(|incident| incident.phase.is_declared())?;
        if self.state.runs_of(&incident.id).any(|run| run.move_kind == Some(MoveKind::Automatic)) {
            return None;
        }
        let wants = |scenario: &&Scenario| {
            let asks = scenario.trigger.as_ref().is_some_and(|trigger| trigger.then == Then::Failover);
            asks && trigger::is_ripe(self.state, self.loaded, scenario, self.now)
        };
        let scenario = self.loaded.plan.scenarios.iter().find(wants)?;
        let procedure = self.loaded.plan.procedure(scenario.procedure.as_ref()?)?;
        let from_here = procedure.from.as_ref() == self.loaded.active.as_ref();
        (procedure.kind == ProcedureKind::Failover && from_here).then_some((scenario, procedure, incident))
    }

    fn under_way(self) -> Option<&'a Run> {
        let moves = |run: &&Run| run.plan == self.loaded.plan.id && run.is_active() && run.move_kind.is_some();
        self.state.runs.values().map(AsRef::as_ref).find(moves)
    }

    fn go_on(self, countdown: &Countdown, asked: Option<(&Scenario, &Procedure, &Incident)>) -> Vec<Event> {
        let ended = |why| vec![Event::CountdownEnded { plan: self.loaded.plan.id.clone(), why }];
        if let Some(run) = self.under_way() {
            return ended(CountdownEnd::Overtaken { run: run.id });
        }
        // What everybody could stop is what was announced: another failover, or one for another incident, is counted down anew.
        let announced = |(scenario, procedure, incident): &(&Scenario, &Procedure, &Incident)| {
            (&scenario.id, &procedure.id, &incident.id)
                == (&countdown.scenario, &countdown.procedure, &countdown.incident)
        };
        let still = asked.filter(announced);
        let Some((_, procedure, incident)) = still else { return ended(CountdownEnd::Passed) };
        let guards = match self.would(procedure, incident) {
            Ok(guards) => guards,
            Err(refused) => return ended(CountdownEnd::Refused { refused }),
        };
        if countdown.left(self.now) > Span::ZERO {
            return Vec::new();
        }
        let (values, options) = (Values::new(), options());
        let launch = self.launch(procedure, incident, &values, &options);
        let context = self.context();
        let launched = lay_out(context, launch);
        let begun = launched.map(|launched| begins(context, launch, launched, guards)).unwrap_or_default();
        ended(CountdownEnd::Over).into_iter().chain(begun).collect()
    }

    /// Whether the engine may launch it: what the guards found, or those that refuse. Where something else is in the way, such as
    /// another run at the same parts, nothing refuses and nothing is launched.
    fn would(self, procedure: &Procedure, incident: &Incident) -> Result<Vec<Finding>, Vec<Finding>> {
        let (values, options) = (Values::new(), options());
        let launch = self.launch(procedure, incident, &values, &options);
        let context = self.context();
        let launched = lay_out(context, launch).map_err(|_| Vec::new())?;
        let guards = failover::guards(context, incident, &launch, &launched);
        match may_begin(context, launch, &launched) {
            Ok(()) => Ok(guards),
            Err(_) => Err(refusals(guards)),
        }
    }

    fn context(self) -> Context<'a> {
        Context { state: self.state, readings: self.readings, by: &Principal::Engine, now: self.now }
    }

    fn launch<'l>(
        self,
        procedure: &'l Procedure,
        incident: &'l Incident,
        values: &'l Values,
        options: &'l Options,
    ) -> Launch<'l>
    where
        'a: 'l,
    {
        Launch { incident: &incident.id, plan: &self.loaded.plan.id, procedure: &procedure.id, values, options }
    }

    /// Words to everybody of the house that a failover will begin.
    fn call(self, incident: &Incident, procedure: &Procedure, window: Span) -> Option<Event> {
        let plan = &self.loaded.plan;
        let channels: BTreeSet<_> = plan.failover.leadership.iter().chain(&plan.pages).cloned().collect();
        let (sign, name) = (&incident.call_sign, &procedure.name);
        (!channels.is_empty()).then(|| Event::UpdateSent {
            incident: incident.id.clone(),
            number: incident.updates.len() + 1,
            text: format!("{sign}: automatic failover ({name}) begins in {window} unless somebody stops it."),
            channels,
            of: None,
        })
    }
}

fn options() -> Options {
    Options { move_kind: Some(MoveKind::Automatic), ..Options::default() }
}
