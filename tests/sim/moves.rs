//! What happens next, by chance: in the world, to the engine, and among people.

use warroom::core::comms::{Attempt, Delivery};
use warroom::core::follow::next_due;
use warroom::core::health::{Change, Manner, Verdict};
use warroom::core::ids::{PlanId, ProbeId, RunId};
use warroom::core::loss::{Position, Replicated};
use warroom::core::observe::{Connection, Report, StepEnd};
use warroom::core::plan::{Action, Place, ServerRole, Step};
use warroom::core::run::{Evidence, Failure, StepState};
use warroom::core::template::Values;
use warroom::core::time::Span;

use crate::engine::Fate;
use crate::history::History;
use crate::outside::Key;
use crate::plans::id;

#[derive(Debug, Clone, Copy)]
enum Move {
    /// What a run needs to go on.
    GoesOn,
    StepEnds,
    /// A report comes again, or late, or about a try that is over.
    Lie,
    ShimDies,
    SeenAgain,
    ProgramDies,
    Delivered,
    Probe,
    /// A whole site goes down, or comes back.
    Site,
    /// The engine loses the world, or finds it again.
    Connection,
    Loss,
    Passes,
    ClockJumps,
    Reboot,
    Crash,
    Kept,
    /// Somebody asks for something.
    Asked,
    /// Somebody loads a plan in mid-run.
    Loads,
}

impl History {
    /// One move.
    pub fn moves(&mut self) {
        use Move::*;
        let this = self.chance.weighted(&[
            (30, GoesOn),
            (14, StepEnds),
            (4, Lie),
            (3, ShimDies),
            (3, SeenAgain),
            (1, ProgramDies),
            (6, Delivered),
            (6, Probe),
            (4, Site),
            (1, Connection),
            (2, Loss),
            (12, Passes),
            (3, ClockJumps),
            (1, Reboot),
            (3, Crash),
            (1, Kept),
            (32, Asked),
            (2, Loads),
        ]);
        self.engine.log.line(|| format!("{this:?}"));
        match this {
            GoesOn => return self.goes_on(),
            StepEnds => self.step_ends(),
            Lie => self.lie(),
            ShimDies => self.shim_dies(),
            SeenAgain => self.seen_again(),
            ProgramDies => self.program_dies(),
            Delivered => self.delivered(),
            Probe => self.probe(),
            Site => self.site(),
            Connection => self.connection(),
            Loss => self.loss(),
            Passes => return self.passes(),
            ClockJumps => {
                let seconds = self.chance.weighted(&[(1, 86_400), (1, -86_400), (1, 3_600), (1, -7), (1, 1)]);
                self.engine.outside.clock.jump(seconds);
            }
            Reboot => {
                self.engine.outside.reboot();
                return self.engine.dies();
            }
            Crash => return self.engine.dies(),
            Kept => return self.engine.keep(),
            Asked => return self.somebody_asks(),
            Loads => return self.loads_anew(),
        }
        self.work();
    }

    /// The engine takes what it heard, and perhaps does not outlive it.
    pub fn work(&mut self) {
        let fate = self.fate();
        self.asks(Vec::new(), fate);
    }

    pub fn fate(&mut self) -> Fate {
        self.chance.weighted(&[(94, Fate::Lives), (3, Fate::DiesBeforeItWrites), (3, Fate::DiesBeforeItActs)])
    }

    fn step_of(&self, (run, step, _): &Key) -> Option<Step> {
        let run = self.engine.state.runs.get(run)?;
        run.find(step).map(|(_, step, _)| step.clone())
    }

    fn some_task(&mut self) -> Option<Key> {
        let tasks: Vec<Key> = self.engine.outside.tasks.iter().cloned().collect();
        self.chance.pick(&tasks).cloned()
    }

    fn step_ends(&mut self) {
        let Some(key) = self.some_task() else { return };
        let end = self.some_end(&key);
        self.ends(&key, end);
        // Two ends at once.
        if self.chance.percent(30)
            && let Some(other) = self.some_task()
        {
            let end = self.some_end(&other);
            self.ends(&other, end);
        }
    }

    /// A try that the engine is at ends.
    pub fn ends(&mut self, key: &Key, end: StepEnd) {
        let leftovers = self.chance.percent(5);
        let outside = &mut self.engine.outside;
        if let Some(program) = outside.program_mut(key) {
            program.alive = false;
            program.leftovers = leftovers;
            program.exit = Some(end.clone());
        }
        outside.tasks.remove(key);
        outside.tell_end(key, end);
    }

    fn some_end(&mut self, key: &Key) -> StepEnd {
        match self.chance.below(100) {
            0..60 => self.good_end(key),
            60..85 => StepEnd::Bad(Failure::Exit { code: 1 }),
            85..92 => StepEnd::Bad(Failure::TimedOut { after: Span::from_secs(9) }),
            92..97 => StepEnd::Bad(Failure::NotStarted { why: "no such program".into() }),
            _ => StepEnd::Bad(Failure::Stopped),
        }
    }

    /// An end that is what the step's author wants, sometimes with results.
    pub fn good_end(&mut self, key: &Key) -> StepEnd {
        let evidence = match self.step_of(key).map(|step| step.action) {
            Some(Action::Http(_)) => Evidence::Answered { status: 200 },
            Some(Action::Health { .. }) => Evidence::Healthy { probes: 1 },
            Some(Action::Sql(_)) => Evidence::Rows { rows: 1 },
            Some(Action::File(_)) => Evidence::FileFits,
            _ => Evidence::ExitedWell,
        };
        let mut results = Values::new();
        if self.chance.percent(20) {
            let lag = self.chance.weighted(&[(2, "5s"), (2, "50s"), (1, "soon")]);
            results.insert("lag".into(), lag.into());
            results.insert("r1".into(), "h1".into());
        }
        StepEnd::Good { evidence, results }
    }

    fn lie(&mut self) {
        let said = self.engine.outside.said.clone();
        let Some(mut report) = self.chance.pick(&said).cloned() else { return };
        if let Report::Step { attempt, .. } = &mut report
            && self.chance.percent(40)
        {
            *attempt = self.chance.below(4) as u32;
        }
        self.engine.outside.owed.push_back(report);
    }

    /// The shim of a program is killed, the program perhaps with it.
    fn shim_dies(&mut self) {
        let Some(key) = self.some_task() else { return };
        let lives = self.chance.percent(60);
        if let Some(program) = self.engine.outside.program_mut(&key) {
            program.alive = lives;
            self.engine.outside.tasks.remove(&key);
            self.engine.outside.tell_end(&key, StepEnd::Lost("its shim is gone".into()));
        }
    }

    fn unknown(&mut self) -> Option<Key> {
        let mut found = Vec::new();
        for run in self.engine.state.runs.values() {
            let active = run.active().filter(|(_, _, seen)| matches!(seen.state, StepState::Unknown { .. }));
            found.extend(active.map(|(_, step, seen)| (run.id, step.id.clone(), seen.attempts)));
        }
        self.chance.pick(&found).cloned()
    }

    /// What was lost from sight is seen again, and still runs.
    fn seen_again(&mut self) {
        let Some(key) = self.unknown() else { return };
        if self.engine.outside.program(&key).is_some_and(|program| program.alive) {
            self.engine.outside.tell_end(&key, StepEnd::Regained);
        }
    }

    /// What nobody watches ends.
    fn program_dies(&mut self) {
        let Some(key) = self.unknown() else { return };
        if let Some(program) = self.engine.outside.program_mut(&key) {
            program.alive = false;
            program.leftovers = false;
        }
    }

    fn delivered(&mut self) {
        let attempt = match self.chance.below(10) {
            0..6 => Attempt::took("202"),
            6..9 => Attempt::not_now("503"),
            _ => Attempt::Never { why: "404".into() },
        };
        self.deliver(&attempt, 50);
    }

    /// So many of a hundred deliveries that are owed are tried.
    pub fn deliver(&mut self, attempt: &Attempt, percent: usize) {
        let mut owed = Vec::new();
        for incident in self.engine.state.incidents.values() {
            for (place, update) in incident.updates.iter().enumerate() {
                let waits = update.deliveries.iter().filter(|(_, d)| matches!(d, Delivery::Waiting { .. }));
                owed.extend(waits.map(|(channel, _)| (incident.id.clone(), place + 1, channel.clone())));
            }
        }
        for (incident, number, channel) in self.chance.some(&owed, percent) {
            self.engine.outside.tell(Report::Delivery { incident, number, channel, attempt: attempt.clone() });
        }
    }

    fn probe(&mut self) {
        let all: Vec<(PlanId, ProbeId)> = self.probes();
        let Some((plan, probe)) = self.chance.pick(&all).cloned() else { return };
        let to = self.chance.weighted(&[(5, Verdict::Ok), (3, Verdict::Down), (1, Verdict::Degraded)]);
        self.turns(plan, probe, to);
    }

    fn site(&mut self) {
        let down = self.chance.percent(65);
        let east = self.chance.percent(70);
        let plans: Vec<PlanId> = self.engine.state.plans.keys().cloned().collect();
        let Some(plan) = self.chance.pick(&plans).cloned() else { return };
        let to = |is: bool| if is { Verdict::Down } else { Verdict::Ok };
        self.sites(&plan, to(down && east), to(down && !east));
    }

    /// The same, told only where it is news: what is stable stays so.
    pub fn sites_are(&mut self, plan: &PlanId, east: Verdict, west: Verdict) {
        let Some(loaded) = self.engine.state.plans.get(plan) else { return };
        let probes = loaded.plan.probes().map(|(_, probe)| (probe.id.clone(), probe.site.clone()));
        let is = |probe: &ProbeId| loaded.probes.get(probe).map(|known| known.verdict);
        let news: Vec<_> = probes
            .filter_map(|(probe, site)| {
                let to = if site?.as_str() == "east" { east } else { west };
                (is(&probe) != Some(to)).then_some((probe, to))
            })
            .collect();
        news.into_iter().for_each(|(probe, to)| self.turns(plan.clone(), probe, to));
    }

    /// Both ends of all data have the same.
    pub fn has_all_data(&mut self) {
        let now = self.engine.now();
        let end =
            Some(Position { asked: now.clone(), seq: 9, at: Some(now.utc), role: None, line: None, manager: None });
        let known = Replicated { source: end.clone(), target: end, ..Replicated::default() };
        self.replicates(&known);
    }

    /// All that is looked at in East, and in West, is so.
    pub fn sites(&mut self, plan: &PlanId, east: Verdict, west: Verdict) {
        let Some(loaded) = self.engine.state.plans.get(plan) else { return };
        let probes: Vec<_> = loaded.plan.probes().map(|(_, probe)| (probe.id.clone(), probe.site.clone())).collect();
        for (probe, site) in probes {
            let to = match site {
                Some(site) if site.as_str() == "east" => east,
                Some(_) => west,
                None => continue,
            };
            self.turns(plan.clone(), probe, to);
        }
    }

    fn connection(&mut self) {
        let cut = Connection::Cut { why: "nothing answers".into() };
        let now = self.chance.weighted(&[(1, 0), (2, 1)]);
        self.engine.outside.tell(Report::Connection(if now == 0 { cut } else { Connection::There }));
    }

    fn probes(&self) -> Vec<(PlanId, ProbeId)> {
        let plans = self.engine.state.plans.iter();
        plans.flat_map(|(id, loaded)| loaded.probes.keys().map(move |probe| (id.clone(), probe.clone()))).collect()
    }

    fn turns(&mut self, plan: PlanId, probe: ProbeId, to: Verdict) {
        let Some(known) = self.engine.state.plans.get(&plan).and_then(|l| l.probes.get(&probe)) else { return };
        let now = self.engine.now();
        let last_good = if to == Verdict::Ok { Some(now.clone()) } else { known.last_good.clone() };
        let from = known.verdict;
        let change = Change {
            place: Place::Engine,
            manner: if to == Verdict::Degraded {
                self.chance.weighted(&[(1, Manner::Steady), (1, Manner::Flapping)])
            } else {
                Manner::Steady
            },
            from,
            to,
            since: now,
            why: format!("{to:?}"),
            last_good,
        };
        self.engine.outside.tell(Report::Probe { plan, probe, change });
    }

    /// Every probe says ok.
    pub fn all_well(&mut self) {
        for (plan, probe) in self.probes() {
            self.turns(plan, probe, Verdict::Ok);
        }
        self.work();
    }

    /// Some probes say down.
    pub fn trouble(&mut self) {
        if self.chance.percent(50) {
            self.sites(&id("p"), Verdict::Down, Verdict::Ok);
            return self.work();
        }
        for (plan, probe) in self.probes() {
            if self.chance.percent(40) {
                self.turns(plan, probe, Verdict::Down);
            }
        }
        self.work();
    }

    /// What both ends of the data that travels say.
    fn loss(&mut self) {
        let now = self.engine.now();
        let lag = Span::from_secs(self.chance.below(8) as u64);
        let position =
            |seq| Some(Position { asked: now.clone(), seq, at: Some(now.utc), role: None, line: None, manager: None });
        let roles = [None, None, Some(ServerRole::Primary), Some(ServerRole::Standby)];
        let mut end = |seq| {
            let role = self.chance.pick(&roles).copied().flatten();
            position(seq).map(|end| Position { role, ..end })
        };
        let known = Replicated { source: end(9), target: end(9), ..Replicated::default() };
        let known = match self.chance.below(4) {
            0 => Replicated::default(),
            1 => Replicated {
                source_silent_since: Some(warroom::core::time::Now { utc: now.utc.plus(lag), ..now }),
                ..known
            },
            _ => known,
        };
        self.replicates(&known);
    }

    fn replicates(&mut self, known: &Replicated) {
        let plans: Vec<PlanId> = self.engine.state.plans.keys().cloned().collect();
        for plan in plans {
            let components = self.engine.state.plans[&plan].plan.components.iter();
            let moved = components.filter(|c| c.replication.is_some()).map(|c| (c.id.clone(), known.clone())).collect();
            self.engine.readings.replication.insert(plan, moved);
        }
    }

    fn passes(&mut self) {
        let due = next_due(&self.engine.state, &self.engine.now()).map(|due| due.since(self.engine.now().utc));
        let seconds = self.chance.weighted(&[(3, 1), (3, 5), (2, 30), (1, 90), (1, 700)]);
        match due {
            Some(due) if self.chance.percent(50) => self.pass_span(due),
            _ => self.pass(seconds),
        }
    }

    pub fn pass(&mut self, seconds: u64) {
        self.pass_span(Span::from_secs(seconds));
    }

    /// Time passes, and the engine wakes. Before the moment that it is to wake at, it wakes for nothing.
    pub fn pass_span(&mut self, span: Span) {
        let now = self.engine.now();
        let due = next_due(&self.engine.state, &now);
        let living = self.engine.outside.living(&self.engine.state);
        let quiet = self.engine.outside.owed.is_empty() && living == self.engine.readings.living;
        self.engine.outside.clock.pass(span);
        self.engine.log.line(|| format!("{span} pass"));
        let before = self.engine.judge.state().timeline.back().map(|entry| entry.seq);
        let early = quiet && !self.bounds_loss() && due.is_none_or(|due| due.since(now.utc) > span);
        match early {
            true => {
                self.asks(Vec::new(), Fate::Lives);
                let after = self.engine.judge.state().timeline.back().map(|entry| entry.seq);
                assert_eq!(before, after, "something followed before the engine was to wake, at {due:?}");
            }
            false => self.work(),
        }
    }

    /// Whether somebody accepted a loss at a gate: it may grow without a report, and as long as a yes counts the engine looks at it
    /// every second.
    fn bounds_loss(&self) -> bool {
        let said = |run: &warroom::core::run::Run| run.gates().any(|(.., seen)| !seen.confirmations.is_empty());
        !self.runs(said).is_empty()
    }

    fn loads_anew(&mut self) {
        let name = if self.chance.percent(70) { "p" } else { "q" };
        self.loads(name);
    }

    /// A step that has to do with a run, mostly one that it is at.
    pub fn some_step(&mut self, run: RunId) -> Option<warroom::core::ids::StepId> {
        let run = self.engine.state.runs.get(&run)?;
        let active: Vec<_> = run.active().map(|(_, step, _)| step.id.clone()).collect();
        let any: Vec<_> = run.steps.iter().map(|s| s.id.clone()).collect();
        let from = if active.is_empty() || self.chance.percent(20) { any } else { active };
        self.chance.pick(&from).cloned()
    }
}
