//! A step on its own, with everything that it works with.

use std::collections::BTreeMap;
use std::path::PathBuf;
use std::sync::Arc;
use std::time::Duration;

use tempfile::TempDir;
use tokio::sync::watch;
use warroom::core::apply::apply;
use warroom::core::event::Event;
use warroom::core::health::Readings;
use warroom::core::ids::{BootId, Principal, RunId};
use warroom::core::observe::StepEnd;
use warroom::core::plan::{Action, Capture, Given, PlanHash, Procedure, ProcedureKind, Purpose, Sql, Step};
use warroom::core::run::{Evidence, Failure};
use warroom::core::state::{Entry, State};
use warroom::core::template::{Template, Values};
use warroom::core::time::{Moment, Now, Span};
use warroom::steps::{self, Job};

pub use crate::servers::{PATIENCE, eventually};

/// That many seconds into the tests' night.
pub fn at(second: u64) -> Now {
    Now {
        utc: Moment::from_micros(1_795_230_000_000_000 + i64::try_from(second).unwrap() * 1_000_000),
        boot: BootId::new("boot").unwrap(),
        uptime: Span::from_secs(10_000 + second),
    }
}

pub fn template(text: &str) -> Template {
    Template::new(text).unwrap()
}

/// A step that has not begun, in a directory of its own.
pub struct World {
    pub home: TempDir,
    pub step: Step,
    pub values: Values,
    pub secrets: BTreeMap<String, warroom::core::secret::SecretRef>,
    pub state: watch::Sender<Arc<State>>,
    pub readings: watch::Sender<Arc<Readings>>,
}

impl World {
    pub fn of(action: Action) -> World {
        World {
            home: tempfile::tempdir().unwrap(),
            step: Step::plain("it".parse().unwrap(), "It", action),
            values: Values::new(),
            secrets: BTreeMap::new(),
            state: watch::Sender::default(),
            readings: watch::Sender::default(),
        }
    }

    pub fn sql(url: &str, query: &str) -> World {
        World::of(Action::Sql(sql(url, query)))
    }

    pub fn with(mut self, values: &[(&str, &str)]) -> World {
        self.values.extend(values.iter().map(|(name, value)| ((*name).to_owned(), (*value).to_owned())));
        self
    }

    /// A secret that stands in a file of its own.
    pub fn with_secret(mut self, name: &str, value: &str) -> World {
        let path = self.home.path().join(format!("secret-{name}"));
        private(&path, value);
        self.secrets.insert(name.to_owned(), format!("file:{}", path.display()).parse().unwrap());
        self
    }

    pub fn capturing(mut self, captures: &[(&str, Capture)]) -> World {
        self.step.captures = captures.iter().map(|(name, from)| ((*name).to_owned(), from.clone())).collect();
        self
    }

    pub fn within(mut self, limit: Duration) -> World {
        self.step.timeout = Some(limit.into());
        self
    }

    pub fn precondition(mut self) -> World {
        self.step.purpose = Purpose::Precondition;
        self
    }

    pub fn changed(mut self, change: impl FnOnce(&mut Sql)) -> World {
        let Action::Sql(sql) = &mut self.step.action else { panic!("not a sql step") };
        change(sql);
        self
    }

    /// Where the attempt keeps its files.
    pub fn dir(&self) -> PathBuf {
        self.home.path().join("runs/1/it.1")
    }

    pub fn job(&self) -> Job {
        let procedure =
            Procedure::plain("mend".parse().unwrap(), "Mend", ProcedureKind::Recovery, vec![self.step.clone()]);
        let started = Event::RunStarted {
            move_kind: None,
            moving: Default::default(),
            guards: Vec::new(),
            run: RunId(1),
            incident: "DR-20261121-034455".parse().unwrap(),
            plan: "shop".parse().unwrap(),
            hash: PlanHash("0".repeat(64)),
            name: "Mend".into(),
            procedure: Some(Arc::new(procedure)),
            values: Values::new(),
            graph: None,
            components: Default::default(),
        };
        let mut state = State::default();
        apply(&mut state, &Entry { seq: 1, at: at(0), by: Principal::Uid(1000), event: started });
        Job {
            run: Arc::clone(&state.runs[&RunId(1)]),
            step: self.step.clone(),
            attempt: 1,
            since: at(0),
            values: self.values.clone(),
            secrets: self.secrets.clone(),
            dir: self.dir(),
            exe: env!("CARGO_BIN_EXE_warroom").into(),
            state: self.state.subscribe(),
            readings: self.readings.subscribe(),
            http: warroom::outbound::client().unwrap(),
            host: None,
            ssh: steps::remote::Settings::new(self.dir().join("ssh")),
            sight: steps::Sight::Kept,
            over: watch::channel(false).1,
            tell: Arc::new(|_| {}),
        }
    }

    pub async fn perform(&self) -> StepEnd {
        tokio::time::timeout(PATIENCE, steps::perform(self.job())).await.unwrap()
    }

    pub async fn look(&self) -> StepEnd {
        tokio::time::timeout(PATIENCE, steps::look(self.job())).await.unwrap()
    }

    /// Performs it, which must go well.
    pub async fn good(&self) -> (Evidence, Values) {
        match self.perform().await {
            StepEnd::Good { evidence, results } => (evidence, results),
            other => panic!("{other:?}"),
        }
    }

    /// Performs it, which must fail with a sentence.
    pub async fn wrong(&self) -> String {
        why(self.perform().await)
    }
}

/// The sentence of a failure.
pub fn why(end: StepEnd) -> String {
    match end {
        StepEnd::Bad(
            Failure::WrongAnswer { why }
            | Failure::NoAnswer { why }
            | Failure::NotStarted { why }
            | Failure::NotHealthy { why },
        ) => why,
        other => panic!("{other:?}"),
    }
}

pub fn sql(url: &str, query: &str) -> Sql {
    Sql {
        url: Given::Text(template(url)),
        query: query.to_owned(),
        bind: Vec::new(),
        min_rows: None,
        max_rows: None,
        row: BTreeMap::new(),
        at_most: BTreeMap::new(),
    }
}

/// Writes a file that only its owner can read.
pub fn private(path: &std::path::Path, text: &str) {
    use std::io::Write as _;
    use std::os::unix::fs::OpenOptionsExt as _;
    let mut file = std::fs::OpenOptions::new().write(true).create(true).truncate(true).mode(0o600).open(path).unwrap();
    file.write_all(text.as_bytes()).unwrap();
}
