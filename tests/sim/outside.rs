//! The made-up world that engines act on: programs that outlive them, requests that do not, and clocks that people set.

use std::collections::{BTreeMap, BTreeSet, VecDeque};

use warroom::core::health::living_key;
use warroom::core::ids::{BootId, RunId, StepId};
use warroom::core::observe::{Report, StepEnd};
use warroom::core::plan::{Action, Step};
use warroom::core::run::{Evidence, Failure, StepState};
use warroom::core::state::State;
use warroom::core::time::{Moment, Now, Span};

use crate::chance::Chance;

/// One try of a step.
pub type Key = (RunId, StepId, u32);

/// What the machine says of the time.
#[derive(Debug)]
pub struct Clock {
    uptime: u64,
    boots: u32,
    utc: i64,
}

const SECOND: u64 = 1_000_000;

impl Clock {
    fn new() -> Clock {
        Clock { uptime: 10_000 * SECOND, boots: 1, utc: 1_795_230_000 * SECOND as i64 }
    }

    pub fn now(&self) -> Now {
        Now {
            utc: Moment::from_micros(self.utc),
            boot: BootId::new(format!("boot-{}", self.boots)).unwrap(),
            uptime: Span::from_micros(self.uptime),
        }
    }

    pub fn pass(&mut self, span: Span) {
        self.uptime += span.micros();
        self.utc += i64::try_from(span.micros()).unwrap();
    }

    /// Somebody sets the wall clock.
    pub fn jump(&mut self, seconds: i64) {
        self.utc += seconds * SECOND as i64;
    }

    fn reboot(&mut self) {
        self.pass(Span::from_secs(60));
        self.boots += 1;
        self.uptime = 5 * SECOND;
    }
}

/// A program of a try of a step, whose shim outlives the engine.
#[derive(Debug)]
pub struct Program {
    /// Whether it still runs.
    pub alive: bool,
    /// Whether it left processes behind that live on.
    pub leftovers: bool,
    /// How it ended, where its shim was there to write that down.
    pub exit: Option<StepEnd>,
}

#[derive(Debug)]
pub struct Outside {
    pub clock: Clock,
    programs: BTreeMap<Key, Program>,
    /// What the engine that is up is at.
    pub tasks: BTreeSet<Key>,
    /// What it has heard and not taken yet.
    pub owed: VecDeque<Report>,
    /// Some of what was ever heard, for those who say things twice.
    pub said: Vec<Report>,
}

/// What the engine can do about a step.
fn is_done_by_rules(step: &Step) -> bool {
    matches!(step.action, Action::Wait { .. } | Action::Notify(_) | Action::Procedure(_))
}

impl Outside {
    pub fn new() -> Outside {
        Outside {
            clock: Clock::new(),
            programs: BTreeMap::new(),
            tasks: BTreeSet::new(),
            owed: VecDeque::new(),
            said: Vec::new(),
        }
    }

    /// The engine hears something.
    pub fn tell(&mut self, report: Report) {
        if self.said.len() < 64 {
            self.said.push(report.clone());
        }
        self.owed.push_back(report);
    }

    pub fn tell_end(&mut self, (run, step, attempt): &Key, end: StepEnd) {
        self.tell(Report::Step { run: *run, step: step.clone(), attempt: *attempt, end });
    }

    pub fn program(&self, key: &Key) -> Option<&Program> {
        self.programs.get(key)
    }

    pub fn program_mut(&mut self, key: &Key) -> Option<&mut Program> {
        self.programs.get_mut(key)
    }

    /// What the engine's hands do after each commit: what the state says should be going on is begun or taken over, what it no
    /// longer says is ended.
    pub fn reconcile(&mut self, state: &State, obeys: &mut impl FnMut() -> bool) {
        let mut wanted = BTreeSet::new();
        for run in state.runs.values() {
            for (_, step, seen) in run.active() {
                if !matches!(seen.state, StepState::Running { .. }) || is_done_by_rules(step) {
                    continue;
                }
                let key = (run.id, step.id.clone(), seen.attempts);
                wanted.insert(key.clone());
                match run.is_open() {
                    true if !self.tasks.contains(&key) => self.begin(&key, step),
                    true => {}
                    false => self.stop(&key, step, obeys),
                }
            }
        }
        self.tasks.retain(|key| wanted.contains(key));
    }

    fn begin(&mut self, key: &Key, step: &Step) {
        if step.action.is_program() {
            match self.programs.get(key) {
                None => {
                    let program = Program { alive: true, leftovers: false, exit: None };
                    self.programs.insert(key.clone(), program);
                }
                Some(Program { alive: true, .. }) => {}
                Some(Program { exit: Some(end), .. }) => {
                    let end = end.clone();
                    return self.tell_end(key, end);
                }
                Some(_) => return self.tell_end(key, StepEnd::Lost("neither alive nor at its end".into())),
            }
        }
        self.tasks.insert(key.clone());
    }

    /// The run is over: what it is at is stopped. A program may take its time, or have ended by itself.
    fn stop(&mut self, key: &Key, step: &Step, obeys: &mut impl FnMut() -> bool) {
        let stopped = StepEnd::Bad(Failure::Stopped);
        if let Some(program) = self.programs.get_mut(key).filter(|p| step.action.is_program() && p.alive) {
            if !obeys() {
                return;
            }
            program.alive = false;
            program.exit = Some(stopped.clone());
        }
        self.tasks.remove(key);
        let end = self.programs.get(key).and_then(|program| program.exit.clone()).unwrap_or(stopped);
        self.tell_end(key, end);
    }

    /// Which tries of steps that are begun and not settled have processes that live.
    pub fn living(&self, state: &State) -> BTreeSet<String> {
        let mut living = BTreeSet::new();
        for run in state.runs.values() {
            for (_, step, seen) in run.active() {
                let key = (run.id, step.id.clone(), seen.attempts);
                if self.programs.get(&key).is_some_and(|program| program.alive || program.leftovers) {
                    living.insert(living_key(run.id, &step.id, seen.attempts));
                }
            }
        }
        living
    }

    /// The engine is killed: what it heard and what it waited for is gone. Programs live on, and some end while nobody watches,
    /// with or without a word of how.
    pub fn engine_dies(&mut self, chance: &mut Chance) {
        self.tasks.clear();
        self.owed.clear();
        self.clock.pass(Span::from_secs(chance.below(20) as u64));
        for program in self.programs.values_mut().filter(|program| program.alive) {
            let end = chance.below(20);
            program.alive = end > 5;
            program.exit = match end {
                0..3 => Some(StepEnd::good(Evidence::ExitedWell)),
                3..5 => Some(StepEnd::Bad(Failure::Exit { code: 1 })),
                _ => None,
            };
        }
    }

    /// The machine goes down, and comes up a minute later.
    pub fn reboot(&mut self) {
        self.clock.reboot();
        for program in self.programs.values_mut() {
            program.alive = false;
            program.leftovers = false;
        }
    }

    /// What a new engine cannot look up: requests that were on their way.
    pub fn lost(state: &State) -> Vec<Report> {
        let mut lost = Vec::new();
        for run in state.runs.values() {
            for (_, step, seen) in run.active() {
                let asks = matches!(step.action, Action::Http(_) | Action::Sql(_));
                if asks && matches!(seen.state, StepState::Running { .. }) {
                    let end = StepEnd::Lost("the engine stopped while it waited for an answer".into());
                    lost.push(Report::Step { run: run.id, step: step.id.clone(), attempt: seen.attempts, end });
                }
            }
        }
        lost
    }
}
