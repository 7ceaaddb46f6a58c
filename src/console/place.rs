//! Where the person is: which screen, which incident, which thing under the cursor. It survives everything but a change of mind.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use serde::{Deserialize, Serialize};

use super::model::Model;
use super::waits;
use crate::core::ids::{IncidentId, PlanId, ProbeId, ProcedureId, RoleId, RunId, ScenarioId, StepId};
use crate::core::incident::{Incident, Phase};
use crate::core::plan::Step;
use crate::core::run::{Run, StepRun};
use crate::core::state::Loaded;

/// A screen.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Default, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub(crate) enum Screen {
    /// The incident in focus.
    #[default]
    WarRoom,
    /// Plans and procedures.
    Runbooks,
    /// One procedure, before it runs.
    Procedure,
    /// Every step of a run.
    Run,
    /// Everything that happened.
    Timeline,
    /// Who is there.
    Team,
    /// What was told.
    Updates,
    /// Sites and components.
    Health,
    /// What the plans are prepared for.
    Reports,
    /// The practice range.
    Range,
}

impl Screen {
    /// Its name.
    #[must_use]
    pub(crate) fn name(self) -> &'static str {
        match self {
            Screen::WarRoom => "War room",
            Screen::Runbooks => "Runbooks",
            Screen::Procedure => "Runbook",
            Screen::Run => "Run",
            Screen::Timeline => "Timeline",
            Screen::Team => "Team",
            Screen::Updates => "Updates",
            Screen::Health => "Health",
            Screen::Reports => "Reports",
            Screen::Range => "Range",
        }
    }
}

/// A panel of the war room.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Default, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub(crate) enum Panel {
    /// What is being done.
    #[default]
    Now,
    /// What is broken.
    Sites,
    /// Who is there.
    Team,
    /// Other incidents.
    Others,
    /// What happened.
    Timeline,
}

impl Panel {
    /// All of them, in the order of their digits.
    pub(crate) const ALL: [Panel; 5] = [Panel::Now, Panel::Sites, Panel::Team, Panel::Others, Panel::Timeline];

    /// Its name.
    #[must_use]
    pub(crate) fn name(self) -> &'static str {
        match self {
            Panel::Now => "Now",
            Panel::Sites => "Sites",
            Panel::Team => "Team",
            Panel::Others => "Others",
            Panel::Timeline => "Timeline",
        }
    }

    /// The panel that many places on, round and round.
    #[must_use]
    pub(crate) fn turn(self, by: isize) -> Panel {
        let at = Panel::ALL.iter().position(|p| *p == self).unwrap_or(0);
        let all = Panel::ALL.len();
        let next = (at as isize).saturating_add(by).rem_euclid(all as isize);
        Panel::ALL.get(next.unsigned_abs()).copied().unwrap_or_default()
    }
}

/// A thing in a list. Lists keep the selected thing, wherever it moves to.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub(crate) enum Thing {
    /// A step of a run.
    Step(RunId, StepId),
    /// All passes of a list in a run.
    Group(RunId, StepId),
    /// A step of a procedure that does not run.
    Planned(StepId),
    /// A row of the timeline.
    Row(u64),
    /// A plan.
    Plan(PlanId),
    /// A procedure.
    Procedure(PlanId, ProcedureId),
    /// A run.
    Run(RunId),
    /// A role.
    Role(RoleId),
    /// An update, by its number.
    Update(IncidentId, usize),
    /// A probe.
    Probe(PlanId, ProbeId),
    /// A scenario.
    Scenario(PlanId, ScenarioId),
    /// An incident.
    Incident(IncidentId),
    /// A part of the practice range, by its path.
    Part(String),
}

/// A list: a screen's, and in the war room a panel's.
pub(crate) type ListId = (Screen, Panel);

/// Where the person is.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
#[serde(default)]
pub(crate) struct Place {
    /// The screen.
    pub(crate) screen: Screen,
    /// The screens to go back to, the nearest last.
    pub(crate) back: Vec<Screen>,
    /// The war room's panel.
    pub(crate) panel: Panel,
    /// The incident that was chosen; the most pressing one where none was.
    pub(crate) incident: Option<IncidentId>,
    /// The run that was chosen; the newest of the incident where none was.
    pub(crate) run: Option<RunId>,
    /// The procedure that is looked at.
    pub(crate) procedure: Option<(PlanId, ProcedureId)>,
    /// What is under the cursor of each list.
    #[serde(skip)]
    pub(crate) chosen: BTreeMap<ListId, Thing>,
    /// Lists and calls of runs that are folded or unfolded against their habit.
    #[serde(skip)]
    pub(crate) turned: BTreeSet<(RunId, StepId)>,
    /// Lines that the output is scrolled up from its end.
    #[serde(skip)]
    pub(crate) scrolled: usize,
    /// What is searched for in the timeline.
    #[serde(skip)]
    pub(crate) find: Option<String>,
    /// The update that was begun and not sent: its number and its length in characters.
    #[serde(skip)]
    pub(crate) kept_draft: Option<(usize, usize)>,
    /// The step that `Space` went to: in focus for as long as it waits and nobody moves the cursor.
    #[serde(skip)]
    pub(crate) aimed: Option<(RunId, StepId)>,
    /// Which of the things that wait comes next.
    #[serde(skip)]
    pub(crate) next_wait: usize,
}

/// Screens that can be gone back to; more than anybody remembers.
const BACK_KEPT: usize = 16;

impl Place {
    /// Goes to a screen; `Esc` comes back.
    pub(crate) fn go(&mut self, screen: Screen) {
        if self.screen == screen {
            return;
        }
        self.back.retain(|s| *s != screen);
        self.back.push(self.screen);
        if self.back.len() > BACK_KEPT {
            self.back.remove(0);
        }
        self.screen = screen;
        self.scrolled = 0;
    }

    /// The list that has the cursor.
    pub(crate) fn list(&self) -> ListId {
        match self.screen {
            Screen::WarRoom => (Screen::WarRoom, self.panel),
            other => (other, Panel::Now),
        }
    }
}

/// What is known and where the person is: all that a page is drawn from.
#[derive(Clone, Copy)]
pub(crate) struct View<'a> {
    pub(crate) model: &'a Model,
    pub(crate) place: &'a Place,
}

impl<'a> View<'a> {
    /// The incident in focus: the chosen one, else the most pressing open one.
    pub(crate) fn incident(self) -> Option<&'a Arc<Incident>> {
        let state = &self.model.state;
        let chosen = self.place.incident.as_ref().and_then(|id| state.incidents.get(id));
        chosen.or_else(|| most_pressing(self.model))
    }

    /// The run in focus: the chosen one, else the open one of the incident, else its newest.
    pub(crate) fn run(self) -> Option<&'a Arc<Run>> {
        let state = &self.model.state;
        let incident = self.incident()?;
        if let Some(chosen) = self.place.run.and_then(|id| state.runs.get(&id)).filter(|r| r.incident == incident.id) {
            return Some(chosen);
        }
        let newest = || state.runs.values().rfind(|r| r.incident == incident.id);
        state.runs.values().rfind(|r| r.incident == incident.id && r.is_open()).or_else(newest)
    }

    /// The plan in focus: of the incident, else the only one or the first.
    pub(crate) fn loaded(self) -> Option<&'a Arc<Loaded>> {
        let plans = &self.model.state.plans;
        match self.incident() {
            Some(incident) => plans.get(&incident.plan),
            None => plans.values().next(),
        }
    }

    /// The step in focus: the one under the cursor, else the one that `Space` went to, else the one that matters most now, else
    /// the last.
    pub(crate) fn step(self) -> Option<InRun<'a>> {
        let run = self.run()?;
        let lists = [self.place.list(), (Screen::WarRoom, Panel::Now)];
        let chosen = lists.iter().find_map(|list| match self.place.chosen.get(list) {
            Some(Thing::Step(of, step)) if *of == run.id => run.find(step),
            _ => None,
        });
        let aimed = || {
            let (_, step) = self.place.aimed.as_ref().filter(|(of, _)| *of == run.id)?;
            run.find(step).filter(|(_, step, done)| waits::needs_somebody(run, step, done))
        };
        let last = || run.at(run.steps.len().checked_sub(1)?);
        let (index, step, done) = chosen.or_else(aimed).or_else(|| waits::most_pressing(run)).or_else(last)?;
        Some((run, index, step, done))
    }

    /// The step that a key is for: the one in focus where it fits, else the first of those that wait and fit.
    pub(crate) fn acts_on(self, fits: impl Fn(&Step, &StepRun) -> bool) -> Option<InRun<'a>> {
        let run = self.run()?;
        let waiting = || {
            let mut all = run.waiting().filter(|(_, step, done)| waits::needs_somebody(run, step, done));
            all.find(|(_, step, done)| fits(step, done)).map(|(index, step, done)| (run, index, step, done))
        };
        self.step().filter(|(_, _, step, done)| fits(step, done)).or_else(waiting)
    }
}

/// A step with its run, its place there counted from 0, and what became of it.
pub(crate) type InRun<'a> = (&'a Arc<Run>, usize, &'a Step, &'a StepRun);

/// Declared incidents before proposed ones before those that recovered, the worst first, then the oldest.
fn most_pressing(model: &Model) -> Option<&Arc<Incident>> {
    model.state.open_incidents().min_by_key(|incident| {
        let rank = match incident.phase {
            Phase::Recovered => 2,
            Phase::Proposed => 1,
            _ => 0,
        };
        (rank, std::cmp::Reverse(incident.severity), incident.began.utc)
    })
}
