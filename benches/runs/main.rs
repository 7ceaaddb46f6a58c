//! What the rules cost: laying out a run of 10,000 steps with 50,000 needs, scheduling one step of it, and foretelling its end,
//! beside a run a tenth as long.
//!
//! `cargo bench --bench runs` takes some seconds. The state is shared with a reader, as in the engine, so that every turn pays
//! for what it changes.

#![allow(clippy::unwrap_used, clippy::print_stdout, clippy::panic)]

use std::collections::{BTreeSet, VecDeque};
use std::fmt::Debug;
use std::str::FromStr;
use std::sync::Arc;
use std::time::{Duration, Instant};

use warroom::core::command::{Command, Declared};
use warroom::core::event::Event;
use warroom::core::forecast::of_run;
use warroom::core::health::Readings;
use warroom::core::ids::{Principal, RunId, StepId};
use warroom::core::observe::{Report, StepEnd};
use warroom::core::people::{Access, Mode, Person};
use warroom::core::plan::{
    Action, Environment, Needs, Plan, PlanHash, Procedure, ProcedureKind, Severity, Site, SiteRole, Step,
};
use warroom::core::run::Evidence;
use warroom::core::state::State;
use warroom::core::template::Template;
use warroom::core::time::{Moment, Now, Span};
use warroom::core::turn::{Input, take};

const NEEDS: usize = 5;
const ROUNDS: usize = 9;

fn id<T: FromStr<Err: Debug>>(text: &str) -> T {
    text.parse().unwrap()
}

fn now() -> Now {
    Now { utc: Moment::from_micros(1_795_000_000_000_000), boot: id("bench"), uptime: Span::from_secs(1) }
}

/// A plan with one procedure of that many steps, each of which waits for five of the hundred before it.
fn plan(count: usize) -> Plan {
    let step = |place: usize| {
        let argv = vec![Template::new("true").unwrap(), Template::new("${to}").unwrap()];
        let mut step = Step::plain(id(&format!("step-{place}")), format!("Step {place}"), Action::Command { argv });
        step.estimate = Some(Span::from_secs(u64::try_from(place % 60).unwrap() + 1));
        // A fixed scatter, so that every run of this bench lays out the same graph.
        let before = |n: usize| (place * 7919 + n * 104_729) % 100 + 1;
        let needs = (0..NEEDS).map(before).filter(|back| *back <= place);
        step.needs = Needs::These(needs.map(|back| id(&format!("step-{}", place - back))).collect());
        step
    };
    let site = |name: &str, role| Site {
        id: id(name),
        name: name.into(),
        role,
        location: None,
        down_when: Default::default(),
        capacity: None,
        holds: Default::default(),
    };
    let mut procedure = Procedure::plain(id("long"), "Long", ProcedureKind::Validation, (0..count).map(step).collect());
    procedure.to = Some(id("west"));
    Plan {
        id: id("shop"),
        name: "Shop".into(),
        description: None,
        environment: Environment::Practice,
        priority: Severity::High,
        rto: None,
        rpo: None,
        stable_for: Span::from_secs(10),
        sites: vec![site("east", SiteRole::Primary), site("west", SiteRole::Standby)],
        components: Vec::new(),
        procedures: vec![procedure],
        scenarios: Vec::new(),
        channels: Vec::new(),
        pages: Vec::new(),
        customers: None,
        targets: Default::default(),
        failover: Default::default(),
    }
}

struct World {
    state: Arc<State>,
    head: u64,
    ada: Principal,
    incident: warroom::core::ids::IncidentId,
}

impl World {
    /// An incident of a plan whose procedure has that many steps.
    fn new(count: usize) -> World {
        let ada = Principal::Uid(1);
        let access: BTreeSet<Access> = Access::ALL.into_iter().collect();
        let person = Person { principal: ada.clone(), name: "ada".into(), access };
        let mut state = State::default();
        let mut head = 0;
        let started = Event::EngineStarted {
            version: "0".into(),
            mode: Mode::Shared,
            people: vec![person],
            channels: Default::default(),
        };
        let readings = Readings::default();
        take(&mut state, &mut head, Input::Engine(&started), &readings, &now()).unwrap();
        let read = Some((Arc::new(plan(count)), PlanHash("hash".into())));
        let load = Command::LoadPlan { text: "text".into(), read };
        take(&mut state, &mut head, Input::Command(&ada, &load), &readings, &now()).unwrap();
        let declare = Command::Declare { what: Declared::Plan(id("shop")), severity: None, title: None };
        take(&mut state, &mut head, Input::Command(&ada, &declare), &readings, &now()).unwrap();
        let incident = state.incidents.keys().next().unwrap().clone();
        World { state: Arc::new(state), head, ada, incident }
    }

    fn turn(&mut self, input: Input<'_>) -> Vec<Event> {
        let mut working = (*self.state).clone();
        let entries = take(&mut working, &mut self.head, input, &Readings::default(), &now()).unwrap();
        self.state = Arc::new(working);
        entries.into_iter().map(|entry| entry.event).collect()
    }

    /// Launches the procedure; returns what begins at once, and how long the launch took.
    fn launch(&mut self) -> (VecDeque<StepId>, Duration) {
        let command = Command::StartRun {
            incident: self.incident.clone(),
            plan: id("shop"),
            procedure: id("long"),
            values: Default::default(),
            options: Default::default(),
            seen: None,
        };
        let ada = self.ada.clone();
        let begun = Instant::now();
        let events = self.turn(Input::Command(&ada, &command));
        (started(&events), begun.elapsed())
    }

    /// How long it takes to foretell the end of the run, all of it still to come.
    fn foretell(&self) -> Duration {
        let begun = Instant::now();
        let told = of_run(&self.state, &self.state.runs[&RunId(1)], &now()).unwrap();
        let took = begun.elapsed();
        assert!(told.median > Span::from_secs(3_600) && told.ninetieth >= told.median);
        took
    }

    /// Ends every step as it comes; returns how long that took for each.
    fn finish(&mut self, mut running: VecDeque<StepId>) -> Duration {
        let begun = Instant::now();
        let mut count = 0;
        while let Some(step) = running.pop_front() {
            let end = StepEnd::good(Evidence::ExitedWell);
            let events = self.turn(Input::Report(&Report::Step { run: RunId(1), step, attempt: 1, end }));
            running.extend(started(&events));
            count += 1;
        }
        let (settled, of) = self.state.runs[&RunId(1)].progress();
        assert_eq!((settled, count), (of, of), "every step ran once");
        begun.elapsed() / u32::try_from(count).unwrap()
    }
}

fn started(events: &[Event]) -> VecDeque<StepId> {
    let step = |event: &Event| match event {
        Event::StepStarted { step, .. } => Some(step.clone()),
        _ => None,
    };
    events.iter().filter_map(step).collect()
}

fn median(mut all: Vec<Duration>) -> Duration {
    all.sort_unstable();
    all[all.len() / 2]
}

fn main() {
    let (mut launches, mut long, mut short) = (Vec::new(), Vec::new(), Vec::new());
    let (mut far, mut near) = (Vec::new(), Vec::new());
    let mut edges = 0;
    for _ in 0..ROUNDS {
        let mut world = World::new(10_000);
        let (running, took) = world.launch();
        edges = world.state.runs[&RunId(1)].graph.edges();
        launches.push(took);
        far.push(world.foretell());
        long.push(world.finish(running));
        let mut world = World::new(1_000);
        let (running, _) = world.launch();
        near.push(world.foretell());
        short.push(world.finish(running));
    }
    let (launch, long, short) = (median(launches), median(long), median(short));
    println!("a run of 10,000 steps with {edges} needs is laid out and begun in {launch:.1?}");
    println!("scheduling a step of it takes {long:.1?}, of a run of 1,000 steps {short:.1?}");
    println!("its end is foretold in {:.1?}, that of a run of 1,000 steps in {:.1?}", median(far), median(near));
    println!("ratio {:.2}", long.as_secs_f64() / short.as_secs_f64());
}
