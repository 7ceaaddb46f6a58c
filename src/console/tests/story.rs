//! A night at the shop, told with the engine's own rules: East fails, an incident is declared, customers are moved to West.

use std::collections::BTreeSet;
use std::sync::Arc;

use crate::console::app::{App, Range};
use crate::console::canvas::{Glyphs, Look};
use crate::console::decoder::Decoder;
use crate::console::memory::Memory;
use crate::console::message::{Message, OutputId};
use crate::console::theme::{Depth, Theme};
use crate::core::command::{Command, Declared};
use crate::core::comms::Attempt;
use crate::core::event::{Event, PlanBody};
use crate::core::fixtures::at;
use crate::core::health::{Change, Customers, Found, Manner, Readings, Sample, Served, Verdict};
use crate::core::ids::{IncidentId, Principal, RunId};
use crate::core::loss::{Position, Replicated};
use crate::core::observe::{Report, StepEnd};
use crate::core::people::{Access, Mode, Person};
use crate::core::plan::{Place, Plan, PlanHash, Procedure};
use crate::core::run::{Evidence, Failure};
use crate::core::state::{Entry, PROTOCOL, State};
use crate::core::time::{Now, Span};
use crate::core::turn::{Input, take};
use crate::wire::{Hello, Live, Snapshot, You};

pub(crate) const ADA: Principal = Principal::Uid(1000);
pub(crate) const MIKE: Principal = Principal::Uid(1001);
const CLEO: Principal = Principal::Uid(1002);

/// The shop's plan.
pub(crate) const SHOP: &str = include_str!("shop.yml");

/// How far the night has come.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) enum Hour {
    Calm,
    Proposed,
    Declared,
    Manual,
    Gate,
    Promoting,
    Failed,
    Recovered,
}

/// The engine's side of the story.
pub(crate) struct Night {
    pub(crate) state: State,
    pub(crate) head: u64,
    pub(crate) second: u64,
    pub(crate) readings: Readings,
    pub(crate) entries: Vec<Entry>,
}

impl Night {
    /// An engine that has looked at everything and found it well.
    pub(crate) fn new() -> Night {
        Night::with(Vec::new())
    }

    /// The same, whose plan has more procedures.
    pub(crate) fn with(procedures: Vec<Procedure>) -> Night {
        let mut night =
            Night { state: State::default(), head: 0, second: 0, readings: Readings::default(), entries: Vec::new() };
        let person = |who: Principal, name: &str, access: &[Access]| Person {
            principal: who,
            name: name.into(),
            access: access.iter().copied().collect(),
        };
        night.engine(&Event::EngineStarted {
            version: "0.1.0".into(),
            mode: Mode::Shared,
            people: vec![
                person(ADA, "ada", &[Access::Commander, Access::Production, Access::BreakGlass]),
                person(MIKE, "mike", &[Access::Commander, Access::Production]),
                person(CLEO, "cleo", &[Access::Responder]),
            ],
            channels: ["slack", "page", "mail"].map(|c| (c.parse().unwrap(), "webhook".to_owned())).into(),
        });
        night.load(SHOP, procedures);
        for probe in ["front", "web-east", "web-west", "api-east", "api-west", "db-east", "db-west"] {
            night.probe(probe, Verdict::Ok, "200");
        }
        night.serve(100);
        night.replicate(None);
        night
    }

    /// Another text of the plan, without the text.
    pub(crate) fn loads(&mut self, plan: Plan) {
        let body = Some(PlanBody { text: String::new(), plan: Arc::new(plan.clone()) });
        let hash = PlanHash("another".into());
        self.engine(&Event::PlanLoaded { plan: plan.id, name: plan.name, hash, body });
    }

    /// Loads a plan's text, with more procedures.
    pub(crate) fn load(&mut self, text: &str, procedures: Vec<Procedure>) {
        let reading = crate::plan::read("shop.yml", text.as_bytes());
        let mut plan = reading.plan.unwrap_or_else(|| panic!("{:?}", reading.faults));
        plan.procedures.extend(procedures);
        let (plan, hash) = (Arc::new(plan), reading.hash);
        let body = Some(PlanBody { text: text.to_owned(), plan: Arc::clone(&plan) });
        self.engine(&Event::PlanLoaded { plan: plan.id.clone(), name: plan.name.clone(), hash, body });
    }

    pub(crate) fn now(&self) -> Now {
        at(self.second)
    }

    pub(crate) fn pass(&mut self, seconds: u64) {
        self.second += seconds;
        self.take(Input::Time);
    }

    pub(crate) fn take(&mut self, input: Input<'_>) {
        let now = at(self.second);
        let entries = take(&mut self.state, &mut self.head, input, &self.readings, &now).unwrap();
        self.entries.extend(entries);
    }

    fn engine(&mut self, event: &Event) {
        self.take(Input::Engine(event));
    }

    pub(crate) fn command(&mut self, who: &Principal, command: &Command) {
        self.take(Input::Command(who, command));
    }

    pub(crate) fn probe(&mut self, probe: &str, to: Verdict, why: &str) {
        let plan = "shop".parse().unwrap();
        let from = self.state.plans.get(&plan).unwrap().verdict(&probe.parse().unwrap());
        let found = match to {
            Verdict::Ok => Found::Good,
            Verdict::Degraded => Found::Degraded,
            _ => Found::Bad,
        };
        let sample = Sample {
            at: self.now(),
            took: Span::from_millis(12),
            found,
            why: why.into(),
            measured: Default::default(),
        };
        self.readings.note(&"shop".parse().unwrap(), &probe.parse().unwrap(), &Place::Engine, sample);
        let last_good = (to != Verdict::Ok).then(|| at(self.second.saturating_sub(3)));
        let change = Change {
            place: Place::Engine,
            manner: Manner::Steady,
            from,
            to,
            since: self.now(),
            why: why.into(),
            last_good,
        };
        self.take(Input::Report(&Report::Probe { plan, probe: probe.parse().unwrap(), change }));
    }

    pub(crate) fn step(&mut self, step: &str, end: StepEnd) {
        let run = self.state.runs.get(&RunId(1)).unwrap();
        let attempt = run.find(&step.parse().unwrap()).unwrap().2.attempts;
        self.take(Input::Report(&Report::Step { run: RunId(1), step: step.parse().unwrap(), attempt, end }));
    }

    fn serve(&mut self, percent: u64) {
        let served = Served { ok: percent, failed: 100 - percent, window: Span::from_secs(5) };
        let customers = Customers { at: self.now(), served: Some(served) };
        self.readings.customers.insert("shop".parse().unwrap(), customers);
    }

    /// How far both databases got; the source silent since so many seconds after its last commit, where it is.
    pub(crate) fn replicate(&mut self, silent: Option<u64>) {
        let position = |seq| {
            Some(Position { asked: self.now(), seq, at: Some(at(100).utc), role: None, line: None, manager: None })
        };
        let replicated = Replicated {
            source: position(9),
            target: position(9),
            source_silent_since: silent.map(|after| at(100 + after)),
            target_silent_since: None,
        };
        self.readings.replication.insert("shop".parse().unwrap(), [("db".parse().unwrap(), replicated)].into());
    }

    pub(crate) fn incident(&self) -> IncidentId {
        self.state.incidents.keys().next().unwrap().clone()
    }

    pub(crate) fn confirm(&mut self, who: &Principal) {
        let run = Arc::clone(self.state.runs.get(&RunId(1)).unwrap());
        let (index, step, gate, _) = run.gate().unwrap();
        let view = crate::core::gate::view(&self.state, &run, index, gate, &self.readings, &self.now());
        let max_loss = view.loss.and_then(crate::core::loss::Loss::ceiling);
        self.command(
            who,
            &Command::Confirm {
                run: RunId(1),
                step: step.id.clone(),
                target: view.target,
                digest: view.digest,
                max_loss,
            },
        );
    }

    /// The night up to that hour.
    pub(crate) fn until(hour: Hour) -> Night {
        let mut night = Night::new();
        night.go_on(hour);
        night
    }

    /// On to that hour.
    pub(crate) fn go_on(&mut self, hour: Hour) {
        let night = self;
        night.pass(100);
        if hour >= Hour::Proposed {
            night.replicate(Some(4));
            night.pass(5);
            night.probe("db-east", Verdict::Down, "connection refused");
            night.probe("api-east", Verdict::Down, "503, expected 200");
            night.probe("web-east", Verdict::Degraded, "200 in 4.1 s, limit 800ms");
            night.probe("front", Verdict::Down, "502, expected 2xx");
            night.serve(3);
            night.pass(20);
        }
        if hour >= Hour::Declared {
            let what = Declared::Proposal(night.incident());
            night.command(&ADA, &Command::Declare { what, severity: None, title: None });
            night.pass(15);
        }
        if hour >= Hour::Manual {
            let incident = night.incident();
            for (role, to) in [("technical_lead", MIKE), ("communications_lead", CLEO)] {
                night.command(
                    &ADA,
                    &Command::AssignRole { incident: incident.clone(), role: role.parse().unwrap(), to },
                );
            }
            night.command(
                &ADA,
                &Command::SendUpdate {
                    incident: incident.clone(),
                    text:
                        "Customers see errors since 03:14. We are moving to our second site. Next word in 15 minutes."
                            .into(),
                    channels: BTreeSet::new(),
                },
            );
            for (channel, attempt) in [
                ("slack", Attempt::took("202")),
                ("page", Attempt::took("202")),
                ("mail", Attempt::not_now("503 over quota")),
            ] {
                let report = Report::Delivery {
                    incident: incident.clone(),
                    number: 1,
                    channel: channel.parse().unwrap(),
                    attempt,
                };
                night.take(Input::Report(&report));
            }
            night.command(
                &ADA,
                &Command::StartRun {
                    incident,
                    plan: "shop".parse().unwrap(),
                    procedure: "failover-west".parse().unwrap(),
                    values: [("reason".to_owned(), "East is dark".to_owned())].into(),
                    options: Default::default(),
                    seen: None,
                },
            );
            night.second += 4;
            night.step("ready", StepEnd::good(Evidence::Healthy { probes: 3 }));
            night.pass(30);
        }
        if hour >= Hour::Gate {
            let step = night.state.runs.get(&RunId(1)).unwrap().procedure.steps[1].id.clone();
            night.command(&MIKE, &Command::SayDone { run: RunId(1), step, note: Some("ada leads".into()) });
            night.second += 2;
            night.step("fence", StepEnd::good(Evidence::ExitedWell));
            night.second += 1;
            night.step("drain", StepEnd::good(Evidence::Answered { status: 200 }));
            night.second += 1;
            night.step("wal", StepEnd::good(Evidence::ExitedWell));
            night.command(&MIKE, &Command::Note { incident: Some(night.incident()), text: "no objection".into() });
            night.pass(40);
        }
        if hour >= Hour::Promoting {
            night.confirm(&MIKE);
            night.confirm(&ADA);
            night.pass(12);
        }
        if hour == Hour::Failed {
            night.step("promote", StepEnd::Bad(Failure::Exit { code: 3 }));
            night.pass(6);
        }
        if hour >= Hour::Recovered {
            night.step("promote", StepEnd::good(Evidence::ExitedWell));
            night.step("traffic", StepEnd::good(Evidence::Answered { status: 200 }));
            night.second += 5;
            night.probe("front", Verdict::Ok, "200");
            night.serve(100);
            night.step("stable", StepEnd::good(Evidence::Healthy { probes: 1 }));
            night.pass(30);
        }
    }

    pub(crate) fn live(&self) -> Live {
        Live {
            now: self.now(),
            readings: self.readings.clone(),
            present: vec![ADA, MIKE],
            output: Vec::new(),
            read_only: None,
        }
    }

    fn hello(&self, who: &Principal) -> Hello {
        let person = self.state.people.get(who).unwrap();
        Hello {
            engine: "0.1.0".into(),
            protocol: PROTOCOL,
            now: self.now(),
            epoch: 1,
            head: self.head,
            mode: Mode::Shared,
            pid: 4242,
            you: You {
                principal: who.clone(),
                name: person.name.clone(),
                access: person.access.iter().copied().collect(),
            },
        }
    }

    /// What a link says when it is made.
    pub(crate) fn connected(&self, who: &Principal) -> Message {
        let snapshot = Snapshot {
            protocol: PROTOCOL,
            seq: self.head,
            hash: "0".into(),
            now: self.now(),
            state: self.state.clone(),
            live: self.live(),
        };
        Message::Connected { hello: self.hello(who), snapshot: Box::new(snapshot) }
    }

    /// A console of that person, connected.
    pub(crate) fn console(&self, who: &Principal) -> App {
        self.console_with(who, Depth::True, Glyphs::Unicode)
    }

    /// The same, on another terminal.
    pub(crate) fn console_with(&self, who: &Principal, depth: Depth, glyphs: Glyphs) -> App {
        let mut app = App::new(look(depth, glyphs), Range::Here, Memory::default());
        app.take(self.connected(who));
        for step in ["fence", "wal", "promote"] {
            let of = OutputId { run: RunId(1), step: step.parse().unwrap(), attempt: 1 };
            let bytes = b"received 0/5A3F20   replayed 0/5A3F20\nserver promoting\n".to_vec();
            let total = bytes.len() as u64;
            app.take(Message::Output { of, asked: 0, from: 0, bytes, total });
        }
        app.effects.clear();
        app
    }
}

pub(crate) fn look(depth: Depth, glyphs: Glyphs) -> Look {
    Look { theme: Theme::load(None, depth).unwrap(), glyphs }
}

/// A console that knows nothing yet.
pub(crate) fn console() -> App {
    App::new(look(Depth::True, Glyphs::Unicode), Range::Here, Memory::default())
}

/// Types keys, each seen by its person before the next.
pub(crate) fn press(app: &mut App, keys: &str) {
    for key in keys.split(' ') {
        app.was_painted(ratatui::layout::Size::new(80, 24));
        app.type_all(vec![crate::console::decoder::Input::Key(key.parse().unwrap())]);
    }
    app.was_painted(ratatui::layout::Size::new(80, 24));
}

/// Types words, character by character.
pub(crate) fn write(app: &mut App, words: &str) {
    for input in Decoder::default().feed(words.as_bytes()) {
        app.was_painted(ratatui::layout::Size::new(80, 24));
        app.type_all(vec![input]);
    }
}
