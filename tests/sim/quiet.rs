//! Histories in which nothing is wrong, though it may look so: no failover comes of them, however ready it is to begin by itself.

use std::collections::BTreeMap;
use std::sync::Arc;

use warroom::core::command::Command;
use warroom::core::health::{Found, Sample, Tracker, Verdict};
use warroom::core::ids::ProbeId;
use warroom::core::observe::{Connection, Report};
use warroom::core::people::Mode;
use warroom::core::plan::{Place, PlanHash, Probe};
use warroom::core::time::Span;

use crate::chance::Chance;
use crate::engine::{Engine, Fate};
use crate::history::ada;
use crate::log::Log;
use crate::plans::{self, id};

/// Histories that are told; their seeds are the numbers up to it.
const HISTORIES: u64 = 200;

/// Looks in each, a second apart.
const LOOKS: usize = 150;

/// Failed looks in a row that make a part down, as the plan says.
const FAIL_AFTER: usize = 3;

/// What is the matter for some time.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Fault {
    Nothing,
    /// East answers, and takes too long.
    Slow,
    /// All of East fails now and then, never as often in a row as a part that is down.
    Flaps,
    /// One part of East is down, and the site is not.
    OnePart,
    /// The engine reaches nobody.
    CutOff,
    /// East is gone.
    Lost,
}

/// How an engine that looks at a plan sees it.
struct Watch {
    engine: Engine,
    chance: Chance,
    trackers: BTreeMap<ProbeId, (Probe, Tracker)>,
    /// Looks that all of East failed in a row.
    failed: usize,
    /// Looks since which the anchors do not answer.
    silent: usize,
}

impl Watch {
    /// Armed, and ready to fail over: two looks agree, West is well, no time is given to stop it or little.
    fn new(seed: u64) -> Watch {
        let mut chance = Chance::new(seed);
        let engine = Engine::new(Chance::new(seed ^ 0xfeed), Mode::Shared, Log::default());
        let plan = plans::ready_to_fail_over(&mut chance);
        let tracked = |probe: &Probe| (probe.id.clone(), (probe.clone(), Tracker::new(Place::Engine, None)));
        let trackers = plan.probes().map(|(_, probe)| tracked(probe)).collect();
        let mut watch = Watch { engine, chance, trackers, failed: 0, silent: 0 };
        let read = Some((Arc::new(plan), PlanHash("text".into())));
        watch.engine.work(&[(ada(), Command::LoadPlan { text: "text".into(), read })], Fate::Lives);
        (0..30).for_each(|_| watch.looks(Fault::Nothing));
        watch
    }

    /// What a look at a part finds.
    fn finds(&mut self, probe: &Probe, fault: Fault, east_fails: bool) -> Found {
        let at_east = probe.site.as_ref().is_some_and(|site| site.as_str() == "east");
        match fault {
            Fault::CutOff => Found::Bad,
            Fault::Lost if at_east => Found::Bad,
            Fault::OnePart if probe.id.as_str().starts_with("a-east") => Found::Bad,
            Fault::Slow if at_east && self.chance.percent(80) => Found::Degraded,
            Fault::Flaps if at_east && east_fails => Found::Bad,
            _ => Found::Good,
        }
    }

    /// A second passes, and every part is looked at, as the engine's own watchers do.
    fn looks(&mut self, fault: Fault) {
        self.engine.outside.clock.pass(Span::from_secs(1));
        let at = self.engine.now();
        let (was_cut, cut) = (self.silent >= FAIL_AFTER, fault == Fault::CutOff);
        self.silent = if cut { self.silent + 1 } else { 0 };
        match cut {
            true if self.silent == FAIL_AFTER => {
                self.engine.outside.tell(Report::Connection(Connection::Cut { why: "no anchor answers".into() }));
            }
            false if was_cut => self.engine.outside.tell(Report::Connection(Connection::There)),
            _ => {}
        }
        let east_fails = self.failed + 1 < FAIL_AFTER && self.chance.percent(60);
        self.failed = if east_fails || cut { self.failed + 1 } else { 0 };
        let probes: Vec<Probe> = self.trackers.values().map(|(probe, _)| probe.clone()).collect();
        for probe in probes {
            let found = self.finds(&probe, fault, east_fails);
            let (_, tracker) = self.trackers.get_mut(&probe.id).unwrap();
            if self.silent >= FAIL_AFTER {
                tracker.forget();
                continue;
            }
            let sample = Sample {
                at: at.clone(),
                took: Span::from_millis(3),
                found,
                why: format!("{found:?}"),
                measured: BTreeMap::new(),
            };
            match tracker.take(&probe, &sample) {
                Some(change) if change.to == Verdict::Down && cut => tracker.forget(),
                Some(change) => {
                    self.engine.outside.tell(Report::Probe { plan: id("p"), probe: probe.id.clone(), change });
                }
                None => {}
            }
        }
        let due = warroom::core::follow::next_due(&self.engine.state, &at);
        if !self.engine.outside.owed.is_empty() || due.is_some() {
            self.engine.work(&[], Fate::Lives);
        }
    }

    /// Another engine comes up, and has to look again.
    fn restarts(&mut self) {
        self.engine.dies();
        for (_, tracker) in self.trackers.values_mut() {
            tracker.forget();
        }
    }

    fn launched(&self) -> usize {
        self.engine.judge.met.iter().filter(|met| met.as_str() == "an automatic failover begins").count()
    }

    fn counted_down(&self) -> bool {
        self.engine.judge.met.contains("countdown_began")
    }
}

/// Faults that are none, one after the other, with restarts and clocks that are set among them.
fn nothing_is_wrong(seed: u64) -> Watch {
    let mut watch = Watch::new(seed);
    let mut left = 0;
    let mut fault = Fault::Nothing;
    for _ in 0..LOOKS {
        if left == 0 {
            let faults =
                [(2, Fault::Nothing), (2, Fault::Slow), (4, Fault::Flaps), (2, Fault::OnePart), (3, Fault::CutOff)];
            fault = watch.chance.weighted(&faults);
            left = watch.chance.between(1, 30);
        }
        left -= 1;
        match watch.chance.below(100) {
            0..4 => watch.restarts(),
            4 => watch.engine.outside.clock.jump(3_600),
            5 => watch.engine.outside.clock.jump(-3_600),
            _ => {}
        }
        watch.looks(fault);
    }
    watch
}

#[test]
fn no_failover_begins_in_two_hundred_histories_of_faults_that_are_none() {
    for seed in 0..HISTORIES {
        let watch = nothing_is_wrong(seed);
        assert_eq!((watch.launched(), watch.counted_down()), (0, false), "seed {seed}");
    }
}

#[test]
fn the_same_plans_fail_over_once_when_a_site_is_lost() {
    for seed in 0..20 {
        let mut watch = nothing_is_wrong(seed);
        (0..60).for_each(|_| watch.looks(Fault::Nothing));
        (0..60).for_each(|_| watch.looks(Fault::Lost));
        assert_eq!(watch.launched(), 1, "seed {seed}");
    }
}
