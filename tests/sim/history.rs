//! One history: a few plans, engines, people and a world that goes wrong in every way; then everything is healed, and all that
//! was begun has to end.

use std::collections::BTreeSet;
use std::sync::Arc;

use warroom::core::command::{Command, Declared};
use warroom::core::ids::{IncidentId, PlanId, Principal, RunId};
use warroom::core::people::Mode;
use warroom::core::plan::{Plan, PlanHash};
use warroom::core::run::Run;

use crate::chance::Chance;
use crate::engine::{Answer, Asked, Engine, Fate};
use crate::log::Log;
use crate::plans::{self, Size, id};

/// A history under way.
pub struct History {
    pub engine: Engine,
    pub chance: Chance,
    size: Size,
    texts: usize,
    /// What was met on the way: kinds of entries, and of refusals.
    pub met: BTreeSet<String>,
}

/// What a history was, once it is over.
#[derive(Debug, Default)]
pub struct Told {
    /// Kinds of entries and of refusals.
    pub met: BTreeSet<String>,
    /// How many entries its journal has.
    pub entries: u64,
}

/// Tells the history of a seed to its end.
pub fn tell(seed: u64, log: Log) -> Told {
    let mut chance = Chance::new(seed);
    let size = if chance.percent(3) { Size::Large } else { Size::Small };
    let moves = match chance.below(100) {
        0..85 => chance.between(5, 45),
        85..98 => chance.between(45, 120),
        _ => chance.between(120, 300),
    };
    let mode = if chance.percent(8) { Mode::Personal } else { Mode::Shared };
    let engine = Engine::new(Chance::new(seed ^ 0xfeed), mode, log);
    let mut history = History { engine, chance, size, texts: 0, met: BTreeSet::new() };
    history.opens();
    for _ in 0..moves {
        history.moves();
    }
    history.engine.compare();
    history.heals();
    history.engine.compare();
    if history.chance.percent(30) {
        history.engine.keep();
    }
    history.met.append(&mut history.engine.judge.met);
    Told { met: history.met, entries: history.engine.judge.state().timeline.back().map_or(0, |e| e.seq) }
}

pub fn ada() -> Principal {
    Principal::Uid(1)
}

impl History {
    /// A plan or two, trouble, an incident, and a first run.
    fn opens(&mut self) {
        self.loads("p");
        if self.chance.percent(30) {
            self.loads("q");
        }
        self.all_well();
        self.pass(60);
        self.trouble();
        self.says(ada(), declare(id("p")));
        let first = self.launch();
        self.ask(first);
    }

    /// Somebody loads a plan, perhaps one that is there already, anew.
    pub fn loads(&mut self, name: &str) {
        let plan: Plan = plans::plan(&mut self.chance, name, self.size);
        self.texts += 1;
        let read = Some((Arc::new(plan), PlanHash(format!("text-{}", self.texts))));
        self.says(ada(), Command::LoadPlan { text: "text".into(), read });
    }

    /// Somebody asks, and the engine lives.
    pub fn says(&mut self, who: Principal, command: Command) -> Option<Answer> {
        self.asks(vec![(who, command)], Fate::Lives).pop()
    }

    pub fn ask(&mut self, asked: Option<Asked>) {
        if let Some((who, command)) = asked {
            self.says(who, command);
        }
    }

    /// Several ask at once; what they are refused is remembered.
    pub fn asks(&mut self, asked: Vec<Asked>, fate: Fate) -> Vec<Answer> {
        let answers = self.engine.work(&asked, fate);
        for why in answers.iter().filter_map(|answer| answer.as_ref().err()) {
            let code = format!("{why:?}");
            let code = code.split([' ', '(', '{']).next().unwrap_or_default();
            self.met.insert(format!("refused: {code}"));
        }
        answers
    }

    pub fn runs(&self, which: impl Fn(&Run) -> bool) -> Vec<RunId> {
        self.engine.state.runs.values().filter(|run| which(run)).map(|run| run.id).collect()
    }

    pub fn incidents(&self, which: impl Fn(&warroom::core::incident::Incident) -> bool) -> Vec<IncidentId> {
        self.engine.state.incidents.values().filter(|i| which(i)).map(|i| i.id.clone()).collect()
    }
}

/// Declares trouble of a plan.
pub fn declare(plan: PlanId) -> Command {
    Command::Declare { what: Declared::Plan(plan), severity: None, title: None }
}
