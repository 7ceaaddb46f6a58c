//! What a plan of 100,000 components costs: adding its health up from nothing, one change, and the page of the war room with its
//! Sites panel, beside a plan of ten. `cargo bench --bench health` takes some seconds.
//!
//! The state is shared with a reader, as in the engine and in a console, so that every change pays for what it copies.

#![allow(clippy::unwrap_used, clippy::print_stdout)]

use std::fmt::Debug;
use std::str::FromStr;
use std::sync::Arc;
use std::time::{Duration, Instant};

use warroom::console::Still;
use warroom::core::event::{Event, PlanBody};
use warroom::core::health::{Change, Manner, Readings, Verdict, judge_site, summarise};
use warroom::core::ids::{PlanId, Principal};
use warroom::core::observe::Report;
use warroom::core::people::{Access, Mode, Person};
use warroom::core::plan::{
    Component, Environment, Layer, Limits, Look, Place, Plan, PlanHash, Probe, Severity, Site, SiteRole, Vantage,
};
use warroom::core::state::{Loaded, PROTOCOL, State};
use warroom::core::time::{Moment, Now, Span};
use warroom::core::turn::{Input, take};
use warroom::wire::{Hello, Live, Snapshot, You};

const MANY: usize = 100_000;
const FEW: usize = 10;
const ROUNDS: usize = 11;
const CHANGES: usize = 1_000;
const SITES: [&str; 2] = ["east", "west"];

fn id<T: FromStr<Err: Debug>>(text: &str) -> T {
    text.parse().unwrap()
}

fn now() -> Now {
    Now { utc: Moment::from_micros(1_795_000_000_000_000), boot: id("bench"), uptime: Span::from_secs(1) }
}

/// A plan of that many components, each with one probe at one of two sites.
fn plan(count: usize) -> Plan {
    let component = |n: usize| Component {
        id: id(&format!("part-{n}")),
        name: format!("Part {n}"),
        kind: "service".into(),
        layer: Layer::Application,
        priority: Severity::Low,
        tier: Some(2),
        rto: None,
        rpo: None,
        sites: vec![id(SITES[n % 2])],
        dependencies: Vec::new(),
        probes: vec![Probe {
            id: id(&format!("part-{n}")),
            site: Some(id(SITES[n % 2])),
            look: Look::Tcp { address: "127.0.0.1:1".into() },
            every: Span::from_secs(10),
            timeout: Span::from_secs(5),
            fail_after: 3,
            pass_after: 2,
            vantage: Vantage::Inside,
            from: vec![Place::Engine],
            limits: Limits::default(),
        }],
        replication: None,
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
    Plan {
        id: id("shop"),
        name: "Shop".into(),
        description: None,
        environment: Environment::Practice,
        priority: Severity::Low,
        rto: None,
        rpo: None,
        stable_for: Span::from_secs(10),
        sites: vec![site(SITES[0], SiteRole::Primary), site(SITES[1], SiteRole::Standby)],
        components: (0..count).map(component).collect(),
        procedures: Vec::new(),
        targets: Default::default(),
        failover: Default::default(),
        scenarios: Vec::new(),
        channels: Vec::new(),
        pages: Vec::new(),
        customers: None,
    }
}

struct World {
    state: Arc<State>,
    head: u64,
    of: usize,
}

impl World {
    /// A plan of that many components, all of them looked at and ok.
    fn new(count: usize) -> World {
        let ada =
            Person { principal: Principal::Uid(1), name: "ada".into(), access: Access::ALL.into_iter().collect() };
        let mut world = World { state: Arc::default(), head: 0, of: count };
        let (version, channels) = ("0".into(), Default::default());
        world.turn(Input::Engine(&Event::EngineStarted { version, mode: Mode::Shared, people: vec![ada], channels }));
        let body = Some(PlanBody { text: String::new(), plan: Arc::new(plan(count)) });
        let (plan, hash): (PlanId, _) = (id("shop"), PlanHash("hash".into()));
        world.turn(Input::Engine(&Event::PlanLoaded { plan, name: "Shop".into(), hash, body }));
        let mut state = (*world.state).clone();
        for n in 0..count {
            take(&mut state, &mut world.head, Input::Report(&seen(n, Verdict::Ok)), &Readings::default(), &now())
                .unwrap();
        }
        world.state = Arc::new(state);
        world
    }

    /// What happens when somebody holds the state as it was before.
    fn turn(&mut self, input: Input<'_>) -> Vec<warroom::core::state::Entry> {
        let mut working = (*self.state).clone();
        let entries = take(&mut working, &mut self.head, input, &Readings::default(), &now()).unwrap();
        self.state = Arc::new(working);
        entries
    }

    fn loaded(&self) -> &Loaded {
        &self.state.plans["shop"]
    }

    /// A part is seen to be otherwise than it was.
    fn other(&self, n: usize) -> Report {
        let was = self.loaded().verdict(&id(&format!("part-{n}")));
        seen(n, if was == Verdict::Ok { Verdict::Degraded } else { Verdict::Ok })
    }

    /// How long one change takes to be found out, journaled (without the disk) and folded.
    fn changes(&mut self) -> Duration {
        let all = (0..CHANGES).map(|n| {
            let report = self.other(n * 7_919 % self.of);
            let begun = Instant::now();
            let entries = self.turn(Input::Report(&report));
            let took = begun.elapsed();
            assert_eq!(entries.len(), 1, "it is a change");
            took
        });
        median(all.collect())
    }

    /// How long a console takes from an entry to its page, on which a part changed.
    fn pages(&mut self, width: u16, height: u16) -> Duration {
        let mut console = Still::connected(hello(), self.snapshot()).unwrap();
        let _ = console.page(width, height);
        let mut all = Vec::new();
        for n in 0..CHANGES / 5 {
            let report = self.other(n * 7_919 % self.of);
            for entry in self.turn(Input::Report(&report)) {
                let begun = Instant::now();
                console.take(entry);
                let page = console.page(width, height);
                all.push(begun.elapsed());
                assert!(page.content().iter().any(|cell| cell.symbol() == "▸" || cell.symbol() == "─"));
            }
        }
        median(all)
    }

    fn snapshot(&self) -> Snapshot {
        let live = Live { now: now(), readings: Readings::default(), present: vec![], output: vec![], read_only: None };
        let state = (*self.state).clone();
        Snapshot { protocol: PROTOCOL, seq: self.head, hash: "0".into(), now: now(), state, live }
    }
}

fn hello() -> Hello {
    let you = You { principal: Principal::Uid(1), name: "ada".into(), access: Access::ALL.into_iter().collect() };
    let (engine, mode) = ("0".into(), Mode::Shared);
    Hello { engine, protocol: PROTOCOL, now: now(), epoch: 1, head: 0, mode, pid: 1, you }
}

fn seen(n: usize, to: Verdict) -> Report {
    let change = Change {
        place: Place::Engine,
        from: Verdict::Unknown,
        to,
        manner: Manner::Steady,
        since: now(),
        why: format!("{to:?}"),
        last_good: None,
    };
    Report::Probe { plan: id("shop"), probe: id(&format!("part-{n}")), change }
}

fn median(mut all: Vec<Duration>) -> Duration {
    all.sort_unstable();
    all[all.len() / 2]
}

fn timed<T>(work: impl Fn() -> T) -> Duration {
    let once = || {
        let begun = Instant::now();
        std::hint::black_box(work());
        begun.elapsed()
    };
    median((0..ROUNDS).map(|_| once()).collect())
}

fn main() {
    let (mut many, mut few) = (World::new(MANY), World::new(FEW));
    let loaded = many.loaded();
    let again = || {
        let (plan, hash) = (Arc::clone(&loaded.plan), loaded.hash.clone());
        Loaded::new(plan, hash, loaded.probes.clone(), Vec::new(), loaded.active.clone())
    };
    let sites = || SITES.map(|site| judge_site(loaded, &id(site)));
    let looking =
        || SITES.map(|site| summarise(loaded, |_, p| p.site.as_ref().is_some_and(|s| s.as_str() == site)).worst);
    println!("{MANY} components, one probe each, at {} sites; medians", SITES.len());
    println!(
        "found and counted from nothing: {:.1?}, of which counting {:.1?}",
        timed(again),
        timed(|| loaded.recounted())
    );
    println!("both sites judged: {:.1?}; by looking through all of it: {:.1?}", timed(sites), timed(looking));
    let (one, other) = (many.changes(), few.changes());
    println!("one change: {one:.1?}; of {FEW} components: {other:.1?}");
    for (width, height) in [(80, 24), (132, 38)] {
        let (one, other) = (many.pages(width, height), few.pages(width, height));
        println!(
            "one change to the page of the war room, {width}x{height}: {one:.1?}; of {FEW} components: {other:.1?}"
        );
    }
}
