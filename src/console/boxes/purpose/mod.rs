//! What a form is for: its words, its fields and the command that it becomes. Every destructive act is one of these values from
//! the moment it is asked for until it is sent.

mod automation;
mod part;
mod says;

use crate::console::place::{InRun, Thing, View};
use crate::console::screens;
use crate::console::waits::is_open_gate;
use crate::core::command::{Command, Declared};
use crate::core::failover::{Glass, Guard, Owed};
use crate::core::health::Extent;
use crate::core::ids::{IncidentId, PlanId, Principal, RoleId, RunId, ScenarioId, StepId};
use crate::core::incident::{Incident, Phase};
use crate::core::past::Past;
use crate::core::plan::{Severity, Step};
use crate::core::run::{StepRun, StepState};
use crate::core::time::Moment;
use crate::text;

use super::Asked;
use super::form::Field;

/// What a form is for.
#[derive(Debug, Clone, PartialEq)]
pub(crate) enum Purpose {
    Declare(Vec<(Declared, String)>, Severity),
    Dismiss(IncidentId),
    Cancel(IncidentId),
    /// Which, how it stands, and whether it owes a way back.
    Close(IncidentId, Phase, Option<Owed>),
    Reopen(IncidentId),
    Commit(IncidentId),
    /// Guards whose glass is broken.
    PutBack(IncidentId, Vec<Guard>),
    Emergency(RunId),
    /// Which, when it is thought to have begun, and when that was asked: the last day ends there.
    Began(IncidentId, Moment, Moment),
    Assign(IncidentId, Vec<RoleId>, Vec<(Principal, String)>),
    Scenario(IncidentId, Vec<(ScenarioId, Taken)>),
    Note(Option<IncidentId>),
    Step(RunId, StepId, Vec<Way>),
    Skip(RunId, StepId),
    Decline(RunId, StepId),
    Withdraw(RunId, StepId),
    Hold(RunId),
    Resume(RunId),
    Abort(RunId),
    RollBack(RunId),
    Update(IncidentId),
    /// Parts of a plan, the smallest first.
    PausePart(PlanId, Vec<Extent>),
    /// What is paused of a plan.
    ResumePart(PlanId, Vec<Extent>),
    /// A plan whose failovers may begin by themselves.
    Disarm(PlanId),
    /// A plan whose failovers were stopped from that.
    Arm(PlanId),
}

/// Whether an incident is taken for a scenario.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Taken {
    Is,
    IsNot,
}

/// What can become of a step.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Way {
    Done,
    Retry,
    Skip,
}

impl Way {
    const ALL: [Way; 3] = [Way::Done, Way::Retry, Way::Skip];

    fn name(self) -> &'static str {
        match self {
            Way::Done => "done",
            Way::Retry => "tried again",
            Way::Skip => "left out, with a reason",
        }
    }

    fn command(self, run: RunId, step: &StepId, words: &str) -> Command {
        let (step, words) = (step.clone(), words.trim().to_owned());
        match self {
            Way::Done => Command::SayDone { run, step, note: Some(words).filter(|w| !w.is_empty()) },
            Way::Retry => Command::Retry { run, step, values: Default::default() },
            Way::Skip => Command::Skip { run, step, reason: words },
        }
    }
}

/// Stands in for words that are not written yet, when only the rules are asked.
const SOME_WORDS: &str = "-";

impl Purpose {
    /// What is asked for, of what is in focus.
    pub(crate) fn of(view: View<'_>, asked: Asked) -> Result<Purpose, String> {
        let incident = || view.incident().map(|i| i.id.clone()).ok_or_else(|| "there is no incident".to_owned());
        let run = || view.run().map(|r| r.id).ok_or_else(|| "nothing runs".to_owned());
        Ok(match asked {
            Asked::Declare => Purpose::declare(view)?,
            Asked::Dismiss => Purpose::Dismiss(incident()?),
            Asked::Cancel => Purpose::Cancel(incident()?),
            Asked::Close => {
                let incident = view.incident().ok_or_else(|| "there is no incident".to_owned())?;
                Purpose::Close(incident.id.clone(), incident.phase.clone(), incident.owed.clone())
            }
            Asked::Reopen => Purpose::Reopen(incident()?),
            Asked::Commit => Purpose::Commit(incident()?),
            Asked::PutBack => Purpose::put_back(view)?,
            Asked::Emergency => Purpose::Emergency(run()?),
            Asked::Began => {
                let incident = view.incident().ok_or_else(|| "there is no incident".to_owned())?;
                let now = view.model.now().ok_or_else(|| "the engine was not heard yet".to_owned())?;
                Purpose::Began(incident.id.clone(), incident.began.utc, now.utc)
            }
            Asked::Assign => Purpose::assign(view)?,
            Asked::Scenario => Purpose::scenario(view)?,
            Asked::Note => Purpose::Note(view.incident().map(|i| i.id.clone())),
            Asked::Step => {
                let (run, _, step, done) = unsettled(view)?;
                if is_open_gate(step, done) {
                    return Err("the step in focus is a gate: C confirms or declines it".to_owned());
                }
                if done.state == StepState::Pending {
                    return Err("the step in focus has not begun: S leaves it out".to_owned());
                }
                // Only what the engine would take is offered.
                let taken = |way: &Way| view.model.refuses(&way.command(run.id, &step.id, SOME_WORDS)).is_none();
                let ways: Vec<Way> = Way::ALL.into_iter().filter(taken).collect();
                Purpose::Step(run.id, step.id.clone(), if ways.is_empty() { vec![Way::Done] } else { ways })
            }
            Asked::Withdraw => {
                let mine = |done: &StepRun| done.confirmations.iter().any(|yes| Some(&yes.by) == view.model.me());
                let confirmed = gate(view, &|step, done| is_open_gate(step, done) && mine(done));
                let (run, step) = confirmed.or_else(|_| gate(view, &is_open_gate))?;
                Purpose::Withdraw(run, step)
            }
            Asked::Skip => {
                let (run, _, step, _) = view.step().ok_or_else(|| "nothing runs".to_owned())?;
                Purpose::Skip(run.id, step.id.clone())
            }
            Asked::RollBack => Purpose::RollBack(run()?),
            Asked::Hold => Purpose::Hold(run()?),
            Asked::Resume => Purpose::Resume(run()?),
            Asked::Abort => Purpose::Abort(run()?),
            Asked::Update => Purpose::Update(incident()?),
            Asked::PausePart => part::pause(view)?,
            Asked::ResumePart => part::resume(view)?,
            Asked::Disarm => automation::disarm(view)?,
            Asked::Arm => automation::arm(view)?,
            Asked::Glass
            | Asked::Launch
            | Asked::Gate
            | Asked::Fault
            | Asked::Retry
            | Asked::Improvise
            | Asked::Assess => {
                return Err("this has a box of its own".to_owned());
            }
        })
    }

    /// In the incident in focus, else in any in which glass is broken: whoever says no need not look for it.
    fn put_back(view: View<'_>) -> Result<Purpose, String> {
        let now = view.model.now().ok_or_else(|| "the engine was not heard yet".to_owned())?;
        let broken = |incident: &Incident| -> Vec<Guard> {
            let lives = |glass: &&Glass| glass.is_counted_down(&now) || glass.counts(&now);
            incident.glass.iter().filter(lives).map(|glass| glass.guard).collect()
        };
        let open = view.incident().into_iter().chain(view.model.state.open_incidents());
        let mut found = open.map(|incident| (incident, broken(incident))).filter(|(_, guards)| !guards.is_empty());
        let (incident, guards) = found.next().ok_or_else(|| "nobody overrides a guard".to_owned())?;
        Ok(Purpose::PutBack(incident.id.clone(), guards))
    }

    /// Proposals first: the one in focus, then others; then plans, for what only a person asked.
    fn declare(view: View<'_>) -> Result<Purpose, String> {
        let state = &view.model.state;
        let focus = view.incident().map(|i| &i.id);
        let mut proposals: Vec<&Incident> =
            state.open_incidents().filter(|i| i.phase == Phase::Proposed).map(AsRef::as_ref).collect();
        proposals.sort_by_key(|i| Some(&i.id) != focus);
        let severity = proposals.first().map(|i| i.severity);
        let mut what: Vec<(Declared, String)> = Vec::new();
        for incident in proposals {
            let plan = state.plans.get(&incident.plan).map_or(incident.plan.as_str(), |l| &l.plan.name);
            what.push((
                Declared::Proposal(incident.id.clone()),
                format!("{}, proposed, of {plan}", incident.call_sign),
            ));
        }
        for (id, loaded) in &state.plans {
            what.push((Declared::Plan(id.clone()), format!("a new incident of {}", loaded.plan.name)));
        }
        let first_plan = || state.plans.values().next().map(|l| l.plan.priority);
        let severity = severity.or_else(first_plan).ok_or_else(|| "no plan is loaded".to_owned())?;
        Ok(Purpose::Declare(what, severity))
    }

    fn assign(view: View<'_>) -> Result<Purpose, String> {
        let incident = view.incident().ok_or_else(|| "there is no incident".to_owned())?;
        let mut roles = screens::roles(view);
        if let Some(Thing::Role(chosen)) = screens::chosen(view) {
            roles.sort_by_key(|role| *role != chosen);
        }
        let able = view.model.state.people.iter().filter(|(_, person)| !person.only_watches());
        let people: Vec<_> = able.map(|(who, person)| (who.clone(), person.name.clone())).collect();
        Ok(Purpose::Assign(incident.id.clone(), roles, people))
    }

    /// What the incident is taken for can be ruled out, everything else that its plan knows be named; what shows now comes first.
    fn scenario(view: View<'_>) -> Result<Purpose, String> {
        let incident = view.incident().ok_or_else(|| "there is no incident".to_owned())?;
        let loaded = view.model.state.plans.get(&incident.plan).ok_or_else(|| "its plan is gone".to_owned())?;
        let counts = |id: &ScenarioId| incident.counting().any(|(known, _)| known == id);
        let ids: Vec<ScenarioId> = loaded.plan.scenarios.iter().map(|scenario| scenario.id.clone()).collect();
        let mut named: Vec<ScenarioId> = ids.into_iter().filter(|id| !counts(id)).collect();
        named.sort_by_key(|id| !loaded.triggers.contains_key(id));
        let ruled_out = incident.counting().map(|(id, _)| (id.clone(), Taken::IsNot));
        let what: Vec<_> = named.into_iter().map(|id| (id, Taken::Is)).chain(ruled_out).collect();
        if what.is_empty() {
            return Err("its plan names no scenario".to_owned());
        }
        Ok(Purpose::Scenario(incident.id.clone(), what))
    }

    /// Whether the engine would take it now.
    pub(crate) fn check(&self, view: View<'_>) -> Result<(), String> {
        match self.command(&Filled::anything()) {
            Some(command) => view.model.would_take(&command),
            None => Err("there is nothing to choose from".to_owned()),
        }
    }

    /// The fields to fill in.
    pub(crate) fn fields(&self) -> Vec<Field> {
        let reason = |label| vec![Field::words(label).required()];
        match self {
            Purpose::Declare(what, severity) => {
                let at = Severity::ALL.iter().position(|s| s == severity).unwrap_or(0);
                let severities = Severity::ALL.iter().map(ToString::to_string).collect();
                vec![
                    Field::choice("What", what.iter().map(|(_, name)| name.clone()).collect(), 0),
                    Field::choice("Severity", severities, at),
                    Field::words("Title"),
                ]
            }
            Purpose::Assign(_, roles, people) => vec![
                Field::choice("Role", roles.iter().map(text::role).collect(), 0),
                Field::choice("To", people.iter().map(|(_, name)| name.clone()).collect(), 0),
            ],
            Purpose::Scenario(_, what) => {
                let name = |(id, taken): &(ScenarioId, Taken)| match taken {
                    Taken::Is => id.to_string(),
                    Taken::IsNot => format!("not {id}, with a reason"),
                };
                vec![Field::choice("It is", what.iter().map(name).collect(), 0), Field::words("Reason")]
            }
            Purpose::Close(_, Phase::Recovered, None) => vec![Field::words("Words")],
            Purpose::Commit(_) | Purpose::Emergency(_) => reason("Reason"),
            Purpose::PutBack(_, guards) if guards.len() == 1 => Vec::new(),
            Purpose::PutBack(_, guards) => {
                vec![Field::choice("Guard", guards.iter().map(|guard| guard.name().to_owned()).collect(), 0)]
            }
            Purpose::Close(..) | Purpose::Dismiss(_) | Purpose::Cancel(_) | Purpose::Reopen(_) => reason("Reason"),
            Purpose::Began(..) => vec![Field::words("Moment").required(), Field::words("Reason").required()],
            Purpose::Decline(..) | Purpose::Abort(_) | Purpose::RollBack(_) | Purpose::Skip(..) => reason("Reason"),
            Purpose::Note(_) | Purpose::Update(_) => reason("Words"),
            Purpose::Step(_, _, ways) => {
                let names = ways.iter().map(|way| way.name().to_owned()).collect();
                vec![Field::choice("It is", names, 0), Field::words("Words")]
            }
            Purpose::PausePart(_, parts) => part::fields(parts),
            Purpose::ResumePart(_, parts) => part::choice(parts),
            Purpose::Hold(_) | Purpose::Disarm(_) => vec![Field::words("Reason")],
            Purpose::Arm(_) => reason("Reason"),
            Purpose::Withdraw(..) | Purpose::Resume(_) => Vec::new(),
        }
    }

    /// The command that it becomes; `None` when a choice is empty.
    pub(crate) fn command(&self, filled: &Filled) -> Option<Command> {
        let words = || filled.words.trim().to_owned();
        let some = || Some(words()).filter(|w| !w.is_empty());
        Some(match self {
            Purpose::Declare(what, _) => Command::Declare {
                what: what.get(filled.first)?.0.clone(),
                severity: Severity::ALL.get(filled.second).copied(),
                title: some(),
            },
            Purpose::Dismiss(incident) => Command::Dismiss { incident: incident.clone(), reason: words() },
            Purpose::Cancel(incident) => Command::Cancel { incident: incident.clone(), reason: words() },
            Purpose::Commit(incident) => Command::CommitMove { incident: incident.clone(), reason: words() },
            Purpose::PutBack(incident, guards) => {
                Command::PutGlassBack { incident: incident.clone(), guard: *guards.get(filled.first)? }
            }
            Purpose::Emergency(run) => Command::TurnEmergency { run: *run, reason: words() },
            Purpose::Close(incident, ..) => Command::Close { incident: incident.clone(), reason: some() },
            Purpose::Reopen(incident) => Command::Reopen { incident: incident.clone(), reason: words() },
            // Where only the rules are asked, the moment that is known is as good as any.
            Purpose::Began(incident, known, _) if *filled == Filled::anything() => {
                let (incident, reason) = (incident.clone(), SOME_WORDS.to_owned());
                Command::CorrectBegan { incident, began: Past::At(*known), reason }
            }
            Purpose::Began(incident, _, asked) => Command::CorrectBegan {
                incident: incident.clone(),
                began: Past::read(&filled.words, *asked).ok()?,
                reason: filled.more.trim().to_owned(),
            },
            Purpose::Assign(incident, roles, people) => Command::AssignRole {
                incident: incident.clone(),
                role: roles.get(filled.first)?.clone(),
                to: people.get(filled.second)?.0.clone(),
            },
            Purpose::Scenario(incident, what) => {
                let (incident, (scenario, taken)) = (incident.clone(), what.get(filled.first)?.clone());
                match taken {
                    Taken::Is => Command::NameScenario { incident, scenario, reason: some() },
                    Taken::IsNot => Command::RuleOutScenario { incident, scenario, reason: words() },
                }
            }
            Purpose::Note(incident) => Command::Note { incident: incident.clone(), text: words() },
            Purpose::Step(run, step, ways) => ways.get(filled.first)?.command(*run, step, &filled.words),
            Purpose::Decline(run, step) => Command::Decline { run: *run, step: step.clone(), reason: words() },
            Purpose::Withdraw(run, step) => Command::Withdraw { run: *run, step: step.clone() },
            Purpose::Hold(run) => Command::Hold { run: *run, reason: some() },
            Purpose::Resume(run) => Command::Resume { run: *run },
            Purpose::Abort(run) => Command::Abort { run: *run, reason: words() },
            Purpose::RollBack(run) => Command::RollBack { run: *run, reason: words() },
            Purpose::Skip(run, step) => Command::Skip { run: *run, step: step.clone(), reason: words() },
            Purpose::Update(incident) => {
                Command::SendUpdate { incident: incident.clone(), text: words(), channels: Default::default() }
            }
            Purpose::PausePart(plan, parts) => Command::PauseHealth {
                plan: plan.clone(),
                of: parts.get(filled.first)?.clone(),
                length: part::LENGTHS.get(filled.second).copied()?,
                reason: words(),
            },
            Purpose::ResumePart(plan, parts) => {
                Command::ResumeHealth { plan: plan.clone(), of: parts.get(filled.first)?.clone() }
            }
            Purpose::Disarm(plan) => Command::StopAutomation { plan: plan.clone(), reason: some() },
            Purpose::Arm(plan) => Command::ArmAutomation { plan: plan.clone(), reason: words() },
        })
    }

    /// Why what was typed makes no command, where it is not a choice that is empty.
    pub(crate) fn unreadable(&self, filled: &Filled) -> Option<String> {
        match self {
            Purpose::Began(_, _, asked) => Past::read(&filled.words, *asked).err().map(|why| why.to_string()),
            _ => None,
        }
    }

    /// Title and what `Enter` does.
    pub(crate) fn words(&self, view: View<'_>) -> (String, &'static str) {
        let step = |run: &RunId, id: &StepId| says::step_title(view, *run, id);
        let ended = |run: &RunId| view.model.state.runs.get(run).is_some_and(|run| !run.is_open());
        match self {
            Purpose::Declare(..) => ("DECLARE AN INCIDENT".to_owned(), "declares it"),
            Purpose::Dismiss(_) => ("NO INCIDENT".to_owned(), "dismisses it"),
            Purpose::Cancel(_) => ("FALSE ALARM".to_owned(), "calls it off"),
            Purpose::Close(..) => ("CLOSE".to_owned(), "closes it"),
            Purpose::Commit(_) => ("COMMIT: THE FAILOVER STAYS".to_owned(), "says so"),
            Purpose::PutBack(..) => ("PUT THE GLASS BACK".to_owned(), "puts it back"),
            Purpose::Emergency(run) => (format!("EMERGENCY: {run}"), "goes on as an emergency"),
            Purpose::Reopen(_) => ("REOPEN".to_owned(), "takes it up again"),
            Purpose::Began(..) => ("WHEN IT BEGAN".to_owned(), "corrects it"),
            Purpose::Assign(..) => ("ASSIGN A ROLE".to_owned(), "assigns it"),
            Purpose::Scenario(..) => ("WHICH SCENARIO".to_owned(), "says so"),
            Purpose::Note(_) => ("NOTE".to_owned(), "writes it down"),
            Purpose::Step(run, id, _) => (format!("STEP {}", step(run, id)), "says so"),
            Purpose::Decline(run, id) => (format!("DECLINE GATE {}", step(run, id)), "declines it"),
            Purpose::Withdraw(run, id) => (format!("TAKE BACK: GATE {}", step(run, id)), "takes your yes back"),
            Purpose::Hold(run) => (format!("HOLD {run}"), "holds it"),
            Purpose::Resume(run) if ended(run) => (format!("TAKE {run} UP AGAIN"), "takes it up again"),
            Purpose::Resume(run) => (format!("RESUME {run}"), "lets it go on"),
            Purpose::RollBack(run) => (format!("ROLL BACK {run}"), "turns it back"),
            Purpose::Skip(run, id) => (format!("LEAVE OUT STEP {}", step(run, id)), "leaves it out"),
            Purpose::Abort(run) => (format!("ABORT {run}"), "aborts it"),
            Purpose::Update(_) => ("UPDATE".to_owned(), "sends it"),
            Purpose::PausePart(plan, _) => (format!("PAUSE A PART OF {plan}"), "pauses it"),
            Purpose::ResumePart(plan, _) => (format!("RESUME A PART OF {plan}"), "has it count again"),
            Purpose::Disarm(plan) => (format!("DISARM AUTOMATIC FAILOVER OF {plan}"), "disarms it"),
            Purpose::Arm(plan) => (format!("ARM AUTOMATIC FAILOVER OF {plan}"), "arms it"),
        }
    }

    /// The incident that it acts on.
    pub(crate) fn incident<'a>(&'a self, view: View<'a>, filled: &Filled) -> Option<&'a Incident> {
        let state = &view.model.state;
        let of_run = |run: &RunId| state.runs.get(run).map(|r| &r.incident);
        let id = match self {
            Purpose::Declare(what, _) => match &what.get(filled.first)?.0 {
                Declared::Proposal(id) => Some(id),
                Declared::Plan(_) => None,
            },
            Purpose::Dismiss(id) | Purpose::Cancel(id) | Purpose::Close(id, ..) | Purpose::Reopen(id) => Some(id),
            Purpose::Commit(id) | Purpose::PutBack(id, _) => Some(id),
            Purpose::Emergency(run) => of_run(run),
            Purpose::Assign(id, ..) | Purpose::Update(id) => Some(id),
            Purpose::Scenario(id, _) | Purpose::Began(id, ..) => Some(id),
            Purpose::Note(id) => id.as_ref(),
            Purpose::PausePart(..) | Purpose::ResumePart(..) | Purpose::Disarm(_) | Purpose::Arm(_) => None,
            Purpose::Step(run, ..) | Purpose::Decline(run, _) => of_run(run),
            Purpose::Skip(run, _) | Purpose::Withdraw(run, _) => of_run(run),
            Purpose::Hold(run) | Purpose::Resume(run) | Purpose::Abort(run) | Purpose::RollBack(run) => of_run(run),
        };
        id.and_then(|id| state.incidents.get(id)).map(AsRef::as_ref)
    }
}

/// What was filled into a form: its first two choices, its words, and those of a second field.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub(crate) struct Filled {
    pub(crate) first: usize,
    pub(crate) second: usize,
    pub(crate) words: String,
    pub(crate) more: String,
}

impl Filled {
    fn anything() -> Filled {
        Filled { words: SOME_WORDS.to_owned(), more: SOME_WORDS.to_owned(), ..Filled::default() }
    }
}

/// The step that somebody can say something of: the one in focus, else one that waits for that.
fn unsettled(view: View<'_>) -> Result<InRun<'_>, String> {
    let run = view.run().ok_or_else(|| "nothing runs".to_owned())?;
    let can_be_told = |step: &Step, done: &StepRun| done.state.waits_for_people() && !is_open_gate(step, done);
    let focus = || view.step().filter(|_| run.is_open());
    view.acts_on(can_be_told).or_else(focus).ok_or_else(|| format!("{} has no step left", run.id))
}

/// The gate in focus that fits, else the first that the run waits at.
fn gate(view: View<'_>, fits: &dyn Fn(&Step, &StepRun) -> bool) -> Result<(RunId, StepId), String> {
    let run = view.run().ok_or_else(|| "nothing runs".to_owned())?;
    let (_, _, step, _) = view.acts_on(fits).ok_or_else(|| format!("{} does not wait at a gate", run.id))?;
    Ok((run.id, step.id.clone()))
}
