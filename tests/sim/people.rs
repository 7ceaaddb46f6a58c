//! What people ask for: mostly what makes sense, sometimes twice, at once, too late, or with words that are stale.

use std::collections::BTreeMap;

use warroom::core::command::{Command, Declared, Options};
use warroom::core::decide::{Context, Launch};
use warroom::core::failover::{Guard, MoveKind};
use warroom::core::gate::view;
use warroom::core::health::Extent;
use warroom::core::ids::{IncidentId, PlanId, Principal, RoleId, RunId, StepId};
use warroom::core::incident::Phase;
use warroom::core::people::Mode;
use warroom::core::plan::{Action, Need, Part, Procedure, ProcedureKind, Severity};
use warroom::core::preview::preview;
use warroom::core::refusal::Refusal;
use warroom::core::run::{Run, RunResult, RunState, StepState};
use warroom::core::template::Values;
use warroom::core::time::Span;

use crate::engine::Asked;
use crate::history::{History, ada, declare};
use crate::plans::id;

/// What somebody asks for.
#[derive(Debug, Clone, Copy)]
enum Ask {
    Declare,
    DeclareProposed,
    Dismiss,
    EndIncident,
    Reopen,
    Assign,
    NameScenario,
    RuleOut,
    Note,
    Assess,
    Update,
    Launch,
    Improvise,
    SayDone,
    Retry,
    Skip,
    SkipAhead,
    Confirm,
    ConfirmTwice,
    ConfirmTogether,
    ConfirmStale,
    Withdraw,
    Decline,
    Hold,
    Resume,
    TakeUp,
    RollBack,
    Abort,
    Pause,
    Unpause,
    TurnEmergency,
    BreakGlass,
    PutGlassBack,
    StopAutomation,
    ArmAutomation,
    CommitMove,
}

const ROLES: [&str; 3] = ["incident_commander", "technical_lead", "deputy"];

impl History {
    fn anybody(&mut self) -> Principal {
        let who = self.chance.weighted(&[(10, 1), (4, 2), (2, 3), (1, 4), (5, 5), (1, 99)]);
        match self.engine.state.mode {
            Mode::Personal if who != 99 => ada(),
            _ => Principal::Uid(who),
        }
    }

    /// Mostly an open run; sometimes any, rarely none.
    fn some_run(&mut self) -> RunId {
        let open = self.runs(Run::is_open);
        let any = self.runs(|_| true);
        let from = if open.is_empty() || self.chance.percent(10) { any } else { open };
        self.chance.pick(&from).copied().unwrap_or(RunId(99))
    }

    fn some_incident(&mut self) -> IncidentId {
        let declared = self.incidents(|i| i.phase.is_declared());
        let any = self.incidents(|_| true);
        let from = if declared.is_empty() || self.chance.percent(10) { any } else { declared };
        self.chance.pick(&from).cloned().unwrap_or_else(|| id("DR-0"))
    }

    pub fn somebody_asks(&mut self) {
        use Ask::*;
        let owes_way_back = !self.incidents(|i| i.owed.is_some()).is_empty();
        let this = self.chance.weighted(&[
            (3, Declare),
            (4, DeclareProposed),
            (2, Dismiss),
            (2, EndIncident),
            (3, Reopen),
            (6, Assign),
            (1, NameScenario),
            (2, RuleOut),
            (1, Note),
            (1, Assess),
            (2, Update),
            (14, Launch),
            (2, Improvise),
            (3, SayDone),
            (5, Retry),
            (3, Skip),
            (4, SkipAhead),
            (5, Confirm),
            (3, ConfirmTwice),
            (5, ConfirmTogether),
            (4, ConfirmStale),
            (2, Withdraw),
            (2, Decline),
            (3, Hold),
            (6, Resume),
            (4, TakeUp),
            (5, RollBack),
            (3, Abort),
            (2, Pause),
            (1, Unpause),
            (3, TurnEmergency),
            (3, BreakGlass),
            (2, PutGlassBack),
            (1, StopAutomation),
            (2, ArmAutomation),
            (if owes_way_back { 12 } else { 1 }, CommitMove),
        ]);
        let who = self.anybody();
        let asked = match this {
            Confirm => return self.confirm(vec![who]),
            ConfirmTwice => return self.confirm(vec![who.clone(), who]),
            ConfirmTogether => {
                let other = self.anybody();
                return self.confirm(vec![who, other]);
            }
            ConfirmStale => return self.confirm_stale(who),
            Launch => return self.launches(),
            other => self.asks_for(other).map(|command| (who, command)),
        };
        let Some(asked) = asked else { return };
        let twice = self.chance.percent(8);
        let batch = if twice { vec![asked.clone(), asked] } else { vec![asked] };
        let fate = self.fate();
        self.asks(batch, fate);
    }

    fn asks_for(&mut self, ask: Ask) -> Option<Command> {
        let reason = "it has to be".to_owned();
        let run = self.some_run();
        Some(match ask {
            Ask::Declare => {
                let plans: Vec<PlanId> = self.engine.state.plans.keys().cloned().collect();
                declare(self.chance.pick(&plans)?.clone())
            }
            Ask::DeclareProposed => {
                let proposed = self.incidents(|i| i.phase == Phase::Proposed);
                let what = Declared::Proposal(self.chance.pick(&proposed)?.clone());
                Command::Declare { what, severity: None, title: None }
            }
            Ask::Dismiss => {
                let proposed = self.incidents(|i| i.phase == Phase::Proposed);
                Command::Dismiss { incident: self.chance.pick(&proposed)?.clone(), reason }
            }
            Ask::EndIncident if self.chance.percent(50) => {
                Command::Close { incident: self.some_incident(), reason: Some(reason) }
            }
            Ask::EndIncident => Command::Cancel { incident: self.some_incident(), reason },
            Ask::Reopen => {
                let over = self.incidents(|i| matches!(i.phase, Phase::Closed { .. } | Phase::Cancelled { .. }));
                Command::Reopen { incident: self.chance.pick(&over)?.clone(), reason }
            }
            Ask::Assign => {
                let role: RoleId = id(self.chance.pick(&ROLES)?);
                Command::AssignRole { incident: self.some_incident(), role, to: self.anybody() }
            }
            Ask::NameScenario => {
                let scenario = id(self.chance.pick(&["s0", "s1", "s2", "s9"])?);
                Command::NameScenario { incident: self.some_incident(), scenario, reason: None }
            }
            Ask::RuleOut => {
                let scenario = id(self.chance.pick(&["s0", "s1", "s2"])?);
                Command::RuleOutScenario { incident: self.some_incident(), scenario, reason }
            }
            Ask::Assess => Command::Assess { incident: self.some_incident() },
            Ask::Note => Command::Note { incident: None, text: reason },
            Ask::Update => {
                let incident = self.some_incident();
                Command::SendUpdate { incident, text: reason, channels: Default::default() }
            }
            Ask::Improvise => {
                let host = self.chance.percent(50).then(|| "h1".to_owned());
                Command::Improvise { incident: self.some_incident(), host, argv: vec!["df".into()] }
            }
            Ask::SayDone => Command::SayDone { run, step: self.some_step(run)?, note: None },
            Ask::Retry => {
                let step = self.some_step(run)?;
                let values = if self.chance.percent(30) {
                    Values::from([("flag".into(), "true".into())])
                } else {
                    Values::new()
                };
                Command::Retry { run, step, values }
            }
            Ask::Skip => Command::Skip { run, step: self.some_step(run)?, reason },
            Ask::SkipAhead => {
                let pending = self.engine.state.runs.get(&run)?.steps.iter();
                let pending: Vec<StepId> =
                    pending.filter(|s| s.state == StepState::Pending).map(|s| s.id.clone()).collect();
                Command::Skip { run, step: self.chance.pick(&pending)?.clone(), reason }
            }
            Ask::Withdraw => Command::Withdraw { run, step: self.some_step(run)? },
            Ask::Decline => Command::Decline { run, step: self.some_step(run)?, reason },
            Ask::Hold => Command::Hold { run, reason: None },
            Ask::Resume => Command::Resume { run },
            Ask::TakeUp => {
                let aborted =
                    self.runs(|run| matches!(run.state, RunState::Ended { result: RunResult::Aborted { .. }, .. }));
                Command::Resume { run: *self.chance.pick(&aborted)? }
            }
            Ask::RollBack => Command::RollBack { run, reason },
            Ask::Abort => Command::Abort { run, reason },
            Ask::Pause => {
                let (plan, of) = self.some_part()?;
                let length = Span::from_secs(self.chance.weighted(&[(4, 20), (2, 600), (1, 0), (1, 9 * 86_400)]));
                Command::PauseHealth { plan, of, length, reason }
            }
            Ask::TurnEmergency => {
                let moves = self.runs(|run| run.is_open() && run.move_kind.is_some());
                Command::TurnEmergency { run: *self.chance.pick(&moves)?, reason }
            }
            Ask::BreakGlass => {
                let guard = *self.chance.pick(&Guard::ALL)?;
                Command::BreakGlass { incident: self.some_incident(), guard, reason }
            }
            Ask::PutGlassBack => {
                let broken = self.engine.state.incidents.values();
                let broken: Vec<_> = broken.flat_map(|i| i.glass.iter().map(|g| (i.id.clone(), g.guard))).collect();
                let (incident, guard) = self.chance.pick(&broken)?.clone();
                Command::PutGlassBack { incident, guard }
            }
            Ask::StopAutomation => Command::StopAutomation { plan: self.some_plan()?, reason: None },
            Ask::ArmAutomation => Command::ArmAutomation { plan: self.some_plan()?, reason },
            Ask::CommitMove => {
                let owed = self.incidents(|i| i.owed.is_some());
                let incident = self.chance.pick(&owed).cloned().unwrap_or_else(|| self.some_incident());
                Command::CommitMove { incident, reason }
            }
            Ask::Unpause => {
                let (plan, of) = self.some_part()?;
                Command::ResumeHealth { plan, of }
            }
            _ => return None,
        })
    }

    fn some_plan(&mut self) -> Option<PlanId> {
        let plans: Vec<PlanId> = self.engine.state.plans.keys().cloned().collect();
        self.chance.pick(&plans).cloned()
    }

    /// Some part of some plan.
    fn some_part(&mut self) -> Option<(PlanId, Extent)> {
        let plans: Vec<PlanId> = self.engine.state.plans.keys().cloned().collect();
        let plan = self.chance.pick(&plans)?.clone();
        let body = &self.engine.state.plans[&plan].plan;
        let mut parts = vec![Extent::Plan, Extent::Site(id("nowhere"))];
        parts.extend(body.sites.iter().map(|site| Extent::Site(site.id.clone())));
        parts.extend(body.components.iter().map(|component| Extent::Component(component.id.clone())));
        parts.extend(body.probes().map(|(_, probe)| Extent::Probe(probe.id.clone())));
        Some((plan, self.chance.pick(&parts)?.clone()))
    }

    /// A launch of some procedure for a declared incident, sometimes otherwise than its plan says.
    pub fn launch(&mut self) -> Option<Asked> {
        let incident = self.some_incident();
        let plan = self.engine.state.incidents.get(&incident)?.plan.clone();
        let loaded = self.engine.state.plans.get(&plan)?;
        let procedure = self.chance.pick(&loaded.plan.procedures)?;
        let mut values = Values::new();
        for parameter in &procedure.parameters {
            if parameter.need == Need::Required {
                values.insert(parameter.name.clone(), "env:TOKEN".into());
            } else if parameter.name == "flag" && self.chance.percent(30) {
                values.insert("flag".into(), self.chance.weighted(&[(1, "true"), (1, "false")]).into());
            }
        }
        let mut options = Options::default();
        if self.chance.percent(25) {
            let components: Vec<_> = loaded.plan.components.iter().map(|c| c.id.clone()).collect();
            let parts = [Part::Verify, Part::Notify, Part::Dns, Part::LoadBalancer];
            options = Options {
                components: self.chance.some(&components, 40).into_iter().collect(),
                without: self.chance.some(&parts, 40).into_iter().collect(),
                timeout: self.chance.percent(20).then(|| Span::from_secs(self.chance.below(60) as u64)),
                retries: self.chance.percent(30).then(|| self.chance.below(3) as u32),
                parallel: self.chance.percent(30).then(|| self.chance.between(1, 3) as u32),
                priority: self.chance.percent(30).then(|| self.chance.pick(&Severity::ALL).copied()).flatten(),
                move_kind: None,
            };
        }
        if procedure.kind == ProcedureKind::Failover {
            use MoveKind::{Automatic, Emergency, Manual, Planned};
            let kinds = [(6, None), (2, Some(Manual)), (3, Some(Planned)), (4, Some(Emergency)), (1, Some(Automatic))];
            options.move_kind = self.chance.weighted(&kinds);
        } else if self.chance.percent(5) {
            options.move_kind = self.chance.pick(&MoveKind::ALL).copied();
        }
        let procedure = procedure.id.clone();
        let who = if self.chance.percent(70) { ada() } else { self.anybody() };
        Some((who, Command::StartRun { incident, plan, procedure, values, options, seen: None }))
    }

    /// What a preview says of a launch is what the launch then brings.
    fn launches(&mut self) {
        let Some((who, command)) = self.launch() else { return };
        let foreseen = self.foresees(&who, &command);
        let answer = self.says(who, command);
        match (foreseen, answer) {
            // Who may not launch may still look; and what was heard meanwhile may have changed everything.
            (_, None | Some(Err(Refusal::NotPermitted { .. } | Refusal::Stranger { .. }))) | (None, _) => {}
            (Some(Ok(laid_out)), Some(Ok(_))) => {
                let run = RunId(self.engine.state.runs_so_far);
                assert_eq!(*self.engine.state.runs[&run].procedure, laid_out, "another run than was shown");
                self.met.insert("a preview came true".into());
            }
            (Some(Err(shown)), Some(Err(why))) => assert_eq!(shown, why),
            (shown, answer) => panic!("shown {shown:?}, and then {answer:?}"),
        }
    }

    /// The steps that a launch would begin with, or why it would be refused.
    fn foresees(&self, by: &Principal, command: &Command) -> Option<Result<Procedure, Refusal>> {
        let Command::StartRun { incident, plan, procedure, values, options, .. } = command else { return None };
        let (now, state, readings) = (self.engine.now(), &self.engine.state, &self.engine.readings);
        let launch = Launch { incident, plan, procedure, values, options };
        let shown = preview(Context { state, readings, by, now: &now }, launch);
        let shown = shown.and_then(|shown| match shown.refused {
            None => Ok(shown.launched.laid_out.procedure),
            Some(why) => Err(why),
        });
        self.engine.outside.owed.is_empty().then_some(shown)
    }

    /// The yes that goes with what a gate shows now; for one of the gates that a run waits at.
    pub fn yes(&mut self, run: RunId) -> Option<Command> {
        let known = self.engine.state.runs.get(&run)?;
        let gates: Vec<usize> = known.gates().map(|(place, ..)| place).collect();
        let place = *self.chance.pick(&gates)?;
        let (_, step, _) = known.at(place)?;
        let Action::Gate(gate) = &step.action else { return None };
        let shown = view(&self.engine.state, known, place, gate, &self.engine.readings, &self.engine.now());
        let max_loss = Some(Span::from_secs(86_400));
        Some(Command::Confirm { run, step: step.id.clone(), target: shown.target, digest: shown.digest, max_loss })
    }

    fn at_gates(&mut self) -> Option<RunId> {
        let waiting = self.runs(|run| run.gate().is_some());
        self.chance.pick(&waiting).copied()
    }

    /// These people say yes to what a gate shows now, in one batch.
    fn confirm(&mut self, people: Vec<Principal>) {
        let Some(yes) = self.at_gates().and_then(|run| self.yes(run)) else { return };
        // Too late for those who said yes before, and the engine hears of it first.
        if self.chance.percent(15) {
            self.engine.outside.clock.pass(Span::from_secs(700));
        }
        let batch = people.into_iter().map(|who| (who, yes.clone())).collect();
        let fate = self.fate();
        self.asks(batch, fate);
    }

    /// A yes to what was never shown, or for another target, is none.
    fn confirm_stale(&mut self, who: Principal) {
        let Some(mut yes) = self.at_gates().and_then(|run| self.yes(run)) else { return };
        if let Command::Confirm { digest, target, .. } = &mut yes {
            let field = if self.chance.percent(50) { digest } else { target };
            *field = "stale".into();
        }
        // What was heard meanwhile may have ended the run: then that is why.
        let answer = self.says(who, yes);
        assert!(matches!(answer, Some(Err(_))), "a yes to something else was taken: {answer:?}");
        let met = matches!(answer, Some(Err(Refusal::ViewChanged | Refusal::WrongTarget { .. })));
        self.met.extend(met.then(|| "a stale yes is refused".to_owned()));
    }

    /// What a run needs to go on, from whoever can give it.
    pub fn goes_on(&mut self) {
        let open = self.runs(Run::is_open);
        let Some(run) = self.chance.pick(&open).copied() else { return };
        let known = &self.engine.state.runs[&run];
        if let RunState::Held { .. } = known.state {
            let who = self.anybody();
            self.says(who, Command::Resume { run });
            return;
        }
        let active: Vec<_> =
            known.active().map(|(_, step, seen)| (step.clone(), seen.attempts, seen.state.clone())).collect();
        let Some((step, attempt, state)) = self.chance.pick(&active).cloned() else { return };
        let (who, name) = (self.anybody(), step.id.clone());
        match (&step.action, state) {
            (_, StepState::Running { .. }) => {
                let key = (run, name, attempt);
                if self.engine.outside.tasks.contains(&key) {
                    let end = self.good_end(&key);
                    self.ends(&key, end);
                }
                self.work();
            }
            (Action::Gate(gate), StepState::Waiting { .. }) if self.chance.percent(50) => self.opens_gate(run, gate),
            (Action::Gate(_), StepState::Waiting { .. }) => {
                if let Some(yes) = self.yes(run) {
                    self.says(who, yes);
                }
            }
            (_, StepState::Waiting { .. }) => {
                self.says(who, Command::SayDone { run, step: name, note: None });
            }
            (_, StepState::Unknown { .. }) if self.chance.percent(40) => {
                self.says(who, Command::SayDone { run, step: name, note: None });
            }
            (_, StepState::Failed { .. } | StepState::Unknown { .. } | StepState::Declined { .. }) => {
                self.says(who, Command::Retry { run, step: name, values: BTreeMap::new() });
            }
            _ => {}
        }
    }
}
