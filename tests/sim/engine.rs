//! Engines, one after the other over one journal: each decides, writes, and acts; and each can be killed between any two of these.

use std::collections::BTreeMap;

use warroom::core::apply::apply;
use warroom::core::command::Command;
use warroom::core::event::Event;
use warroom::core::health::Readings;
use warroom::core::ids::Principal;
use warroom::core::observe::Report;
use warroom::core::people::{Access, Mode, Person};
use warroom::core::refusal::Refusal;
use warroom::core::state::{Entry, State};
use warroom::core::time::Now;
use warroom::core::turn::{self, Input};

use crate::chance::Chance;
use crate::judge::Judge;
use crate::log::Log;
use crate::outside::Outside;
use crate::plans::id;

/// What becomes of an engine in a batch.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Fate {
    Lives,
    /// Killed before what it decided is on disk.
    DiesBeforeItWrites,
    /// Killed when it is, before anything was done about it.
    DiesBeforeItActs,
}

/// What somebody asks for.
pub type Asked = (Principal, Command);

/// What became of it; nothing when the engine died before it could answer.
pub type Answer = Result<Vec<Event>, Refusal>;

/// The engine that is up, its disk, and what watches it.
pub struct Engine {
    pub state: State,
    head: u64,
    pub readings: Readings,
    pub outside: Outside,
    pub judge: Judge,
    pub log: Log,
    mode: Mode,
    /// The journal: one entry a line, as it is stored.
    disk: Vec<String>,
    /// A state that was kept, and the number of entries that it holds.
    kept: Option<(String, usize)>,
    /// For what is random about an engine's hands and ends.
    chance: Chance,
}

/// Somebody who may do everything, somebody for each access, and somebody who may only look.
fn people(mode: Mode) -> Vec<Person> {
    let person = |uid, name: &str, access: &[Access]| Person {
        principal: Principal::Uid(uid),
        name: name.into(),
        access: access.iter().copied().collect(),
    };
    let everything = &[Access::Admin, Access::Commander, Access::Production, Access::BreakGlass];
    match mode {
        Mode::Personal => vec![person(1, "ada", everything)],
        Mode::Shared => vec![
            person(1, "ada", everything),
            person(2, "mike", &[Access::RecoveryAdmin]),
            person(3, "rita", &[Access::Responder]),
            person(4, "olga", &[Access::Observer]),
            person(5, "zoe", &[Access::Commander, Access::Production]),
        ],
    }
}

impl Engine {
    /// A first engine over an empty journal.
    pub fn new(chance: Chance, mode: Mode, log: Log) -> Engine {
        let mut engine = Engine {
            state: State::default(),
            head: 0,
            readings: Readings::default(),
            outside: Outside::new(),
            judge: Judge::default(),
            log,
            mode,
            disk: Vec::new(),
            kept: None,
            chance,
        };
        engine.start();
        engine
    }

    pub fn now(&self) -> Now {
        self.outside.clock.now()
    }

    /// Takes what was heard and what is asked for, as one batch; then the time.
    pub fn work(&mut self, asked: &[Asked], fate: Fate) -> Vec<Answer> {
        self.readings.living = self.outside.living(&self.state);
        let now = self.now();
        let (mut working, mut head) = (self.state.clone(), self.head);
        let mut batch: Vec<Entry> = Vec::new();
        let mut answers = Vec::new();
        let reports: Vec<Report> = self.outside.owed.drain(..).collect();
        for report in &reports {
            self.log.line(|| format!("heard {report:?}"));
            batch.extend(turn::take(&mut working, &mut head, Input::Report(report), &self.readings, &now).unwrap());
        }
        for (by, command) in asked {
            let before = self.chance.percent(10).then(|| working.clone());
            let answer = turn::take(&mut working, &mut head, Input::Command(by, command), &self.readings, &now);
            self.log.line(|| crate::log::asked(by, command, answer.as_ref().err()));
            answers.push(match answer {
                Ok(entries) => {
                    let events = entries.iter().map(|e| e.event.clone()).collect();
                    batch.extend(entries);
                    Ok(events)
                }
                Err(why) => {
                    assert!(before.is_none_or(|before| before == working), "a refusal changed something: {why:?}");
                    Err(why)
                }
            });
        }
        batch.extend(turn::take(&mut working, &mut head, Input::Time, &self.readings, &now).unwrap());
        if fate == Fate::DiesBeforeItWrites {
            self.log.line(|| "the engine is killed before it writes".into());
            self.dies();
            return Vec::new();
        }
        self.commit(batch, working, head);
        if fate == Fate::DiesBeforeItActs {
            self.log.line(|| "the engine is killed before it acts".into());
            self.dies();
            return answers;
        }
        self.act();
        answers
    }

    fn commit(&mut self, batch: Vec<Entry>, working: State, head: u64) {
        for entry in batch {
            self.log.line(|| crate::log::entry(&entry));
            let stored = serde_json::to_string(&entry).unwrap();
            self.judge.take(&entry, &stored, &self.readings);
            self.disk.push(stored);
        }
        (self.state, self.head) = (working, head);
        assert_eq!(self.head, self.disk.len() as u64, "entries are numbered without a gap");
        let now = self.now();
        self.judge.at_rest(&self.state, &self.readings, &now);
    }

    fn act(&mut self) {
        let chance = &mut self.chance;
        self.outside.reconcile(&self.state, &mut || chance.percent(40));
    }

    /// The engine is killed, and another one comes up.
    pub fn dies(&mut self) {
        self.outside.engine_dies(&mut self.chance);
        self.start();
    }

    /// A snapshot is kept, for the next start.
    pub fn keep(&mut self) {
        let kept = serde_json::to_string(&self.state).unwrap();
        let back: State = serde_json::from_str(&kept).unwrap();
        assert!(back == self.state, "what is kept of the state is not what it was");
        self.kept = Some((kept, self.disk.len()));
    }

    /// Reads the journal, from the start or from what was kept, and says that a new engine is here.
    fn start(&mut self) {
        self.state = self.read_disk();
        self.readings = Readings {
            living: self.outside.living(&self.state),
            replication: std::mem::take(&mut self.readings.replication),
            ..Readings::default()
        };
        let now = self.now();
        let (mut working, mut head) = (self.state.clone(), self.head);
        let started = Event::EngineStarted {
            version: "1".into(),
            mode: self.mode,
            people: people(self.mode),
            channels: BTreeMap::from([(id("inbox"), "webhook".into()), (id("pager"), "webhook".into())]),
        };
        let lost = Outside::lost(&working);
        let inputs = lost.iter().map(Input::Report).chain([Input::Engine(&started)]);
        let mut batch = Vec::new();
        for input in inputs {
            batch.extend(turn::take(&mut working, &mut head, input, &self.readings, &now).unwrap());
        }
        self.commit(batch, working, head);
        self.act();
    }

    /// The judge has read each entry from its stored form already: to read all of them again says little more, and takes long.
    fn read_disk(&mut self) -> State {
        let again = self.disk.len() < 24 || self.chance.percent(10);
        let (mut state, from) = match &self.kept {
            _ if !again => return self.judge.state().clone(),
            Some((kept, from)) => (serde_json::from_str(kept).unwrap(), *from),
            None => (State::default(), 0),
        };
        for line in &self.disk[from..] {
            apply(&mut state, &serde_json::from_str(line).unwrap());
        }
        state
    }

    /// Holds the state against the journal.
    pub fn compare(&self) {
        self.judge.agrees_with(&self.state);
    }
}
