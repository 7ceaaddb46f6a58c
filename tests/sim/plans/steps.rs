//! Random steps of a procedure.

use std::collections::BTreeMap;

use warroom::core::ids::{ProcedureId, StepId};
use warroom::core::plan::{
    Action, Attended, Call, ConfigFiles, Each, Fence, FileCheck, Gate, Given, HttpRequest, Launcher, List, Needs,
    Notice, OnFailure, Order, Part, Plan, Presence, Procedure, ProcedureKind, Repeat, Retry, Return, Sql, Step,
    Subject, Undo, Ungraceful, Which,
};
use warroom::core::template::Template;
use warroom::core::time::Span;
use warroom::core::when::Condition;

use super::id;
use crate::chance::Chance;

/// Who writes a procedure, and what can be referred to.
pub struct Author<'a> {
    pub chance: &'a mut Chance,
    plan: &'a Plan,
    /// Parameters by name.
    known: Vec<String>,
    /// Whether a gate stands above in the file.
    gated: bool,
    /// Whether it is one that moves what serves.
    moves: bool,
}

/// What may stand where a step is written.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Place {
    Procedure,
    Handler,
}

fn text(template: &str) -> Template {
    Template::new(template).unwrap()
}

/// A step that calls a procedure.
pub fn call(name: StepId, procedure: ProcedureId, values: BTreeMap<String, Template>) -> Step {
    Step::plain(name, "Call", Action::Procedure(Call { procedure, values }))
}

fn command(argument: &str) -> Action {
    Action::Command { argv: vec![text("true"), text(argument)] }
}

fn http(method: &str) -> Action {
    Action::Http(HttpRequest {
        method: method.into(),
        url: text("http://127.0.0.1:1/"),
        headers: BTreeMap::new(),
        json: None,
        status: None,
        contains: None,
    })
}

fn sql() -> Action {
    Action::Sql(Sql {
        url: Given::Text(text("sqlite:orders.db")),
        query: "SELECT 1".into(),
        bind: Vec::new(),
        min_rows: None,
        max_rows: None,
        row: BTreeMap::new(),
        at_most: BTreeMap::new(),
    })
}

fn file() -> Action {
    Action::File(FileCheck {
        path: "/etc/hostname".into(),
        presence: Presence::Present,
        owner: None,
        group: None,
        mode: None,
        min_size: None,
        max_size: None,
        max_age: None,
        format: None,
        sha256: None,
        free: None,
    })
}

/// A fence, a gate that the countdown of an automatic failover opens, and a step without return.
pub fn fence_and_promote() -> Vec<Step> {
    let gate = Gate {
        question: "Promote".into(),
        people: 1,
        roles: Default::default(),
        launcher: Launcher::Counts,
        after: None,
        in_automatic: Attended::ByCountdown,
    };
    vec![
        Step { fence: Some(Fence::Server), ..Step::plain(id("fence"), "Fence", command("fence")) },
        Step::plain(id("go"), "Go", Action::Gate(gate)),
        Step { way_back: Return::None, ..Step::plain(id("promote"), "Promote", command("promote")) },
    ]
}

impl<'a> Author<'a> {
    pub fn new(chance: &'a mut Chance, plan: &'a Plan, procedure: &Procedure) -> Author<'a> {
        let known = procedure.parameters.iter().map(|p| p.name.clone()).collect();
        let moves = matches!(procedure.kind, ProcedureKind::Failover | ProcedureKind::Failback);
        Author { chance, plan, known, gated: false, moves }
    }

    /// A look before everything.
    pub fn check(&mut self, name: &str) -> Step {
        let actions = [http("GET"), file(), command("check"), self.health()];
        let mut step = Step::plain(id(name), name, self.chance.pick(&actions).unwrap().clone());
        step.retry = self.retry();
        step.part = self.chance.percent(20).then_some(Part::Verify);
        step.on_failure = if self.chance.percent(10) { OnFailure::Continue } else { OnFailure::Stop };
        step
    }

    /// So many steps, in file order.
    pub fn steps(&mut self, count: usize) -> Vec<Step> {
        let mut all = Vec::with_capacity(count);
        for n in 0..count {
            let name = format!("s{n}");
            let mut step = self.step(&name, Place::Procedure, n);
            step.needs = self.needs(n, count);
            self.gated |= matches!(step.action, Action::Gate(_));
            all.push(step);
        }
        all
    }

    /// Mostly something that cuts off what is left, before all that is final.
    pub fn fences(&mut self, procedure: &mut Procedure) {
        if !self.moves || !self.chance.percent(85) {
            return;
        }
        let finals = |step: &Step| step.way_back == Return::None;
        let first = procedure.steps.iter().position(finals).unwrap_or(procedure.steps.len());
        let place = self.chance.between(0, first);
        let actions = [command("fence"), http("POST"), Action::Manual { sentence: "Cut it off".into() }];
        let mut fence = Step::plain(id("fence"), "Fence", self.chance.pick(&actions).unwrap().clone());
        let (_, kind) = *self.chance.pick(&Fence::ALL).unwrap();
        fence.fence = Some(kind);
        if !fence.action.is_for_people() {
            fence.retry = self.retry();
            fence.on_failure = if self.chance.percent(10) { OnFailure::Continue } else { OnFailure::Stop };
        }
        let gated = procedure.steps[..place].iter().any(|step| matches!(step.action, Action::Gate(_)));
        match self.chance.below(10) {
            0 if gated && !fence.action.is_for_people() => fence.way_back = Return::None,
            1..4 => fence.undo = Some(Box::new(self.undo())),
            _ => {}
        }
        fence.ungraceful = self.chance.percent(15).then(|| self.ungraceful());
        for step in procedure.steps.iter_mut().filter(|step| finals(step)) {
            if let Needs::These(ids) = &mut step.needs
                && self.chance.percent(90)
            {
                ids.insert(fence.id.clone());
            }
        }
        procedure.steps.insert(place, fence);
    }

    fn ungraceful(&mut self) -> Ungraceful {
        match self.chance.percent(40) {
            true => Ungraceful::LeftOut,
            false => Ungraceful::Instead(Box::new(self.undo())),
        }
    }

    fn needs(&mut self, n: usize, count: usize) -> Needs {
        let these = |places: Vec<usize>| Needs::These(places.iter().map(|p| id(&format!("s{p}"))).collect());
        match self.chance.below(100) {
            0..55 => Needs::Above,
            55..99 => {
                let above: Vec<usize> = (0..n).collect();
                these(self.chance.some(&above, 40))
            }
            // Below, or nowhere: perhaps a circle, perhaps no step at all.
            _ => these(vec![self.chance.below(count + 1)]),
        }
    }

    fn step(&mut self, name: &str, place: Place, above: usize) -> Step {
        let action = self.action(place);
        let acts = !action.only_looks() && !action.is_for_people();
        let is_call = matches!(action, Action::Procedure(_));
        let mut step = Step::plain(id(name), name, action);
        if !step.action.is_for_people() && !is_call {
            step.retry = self.retry();
            step.on_failure = self.on_failure(place);
            step.host = self.host();
        }
        if acts && self.chance.percent(30) {
            step.repeat = Repeat::IsHarmless;
        }
        if self.moves && !is_call && place == Place::Procedure && !matches!(step.action, Action::Gate(_)) {
            step.ungraceful = self.chance.percent(25).then(|| self.ungraceful());
        }
        let final_in = if self.moves { 45 } else { 25 };
        if acts && !is_call && place == Place::Procedure && self.gated && self.chance.percent(final_in) {
            step.way_back = Return::None;
        } else if !matches!(step.action, Action::Gate(_)) && self.chance.percent(35) {
            step.undo = Some(Box::new(self.undo()));
        }
        if self.chance.percent(12) {
            step.when = Some(self.condition(above));
        }
        if self.chance.percent(12) {
            step.each = Some(self.each());
        }
        if self.chance.percent(10) {
            let parts = [Part::Verify, Part::Notify, Part::Dns, Part::LoadBalancer];
            step.part = self.chance.pick(&parts).copied();
        }
        step
    }

    fn action(&mut self, place: Place) -> Action {
        let callable = place == Place::Procedure && !self.plan.procedures.is_empty();
        match self.chance.below(if callable { 100 } else { 93 }) {
            0..28 => command("now"),
            28..36 => Action::Shell { script: "true".into() },
            36..40 => http("GET"),
            40..50 => http("POST"),
            50..55 => sql(),
            55..61 => self.health(),
            61..64 => file(),
            64..72 => Action::Wait { span: Span::from_secs(self.chance.below(40) as u64) },
            72..75 => Action::Config(ConfigFiles { files: Vec::new(), keep: None, check: Vec::new() }),
            75..79 => self.notify(),
            79..85 => Action::Manual { sentence: "Look at it".into() },
            85..93 => Action::Gate(self.gate()),
            _ => self.call(),
        }
    }

    fn health(&mut self) -> Action {
        Action::Health {
            subject: Subject::Site(text("east")),
            within: Span::from_secs(30),
            stable_for: Span::from_secs(self.chance.below(3) as u64),
        }
    }

    fn notify(&mut self) -> Action {
        let words = self.chance.weighted(&[(6, "On it"), (1, "At ${where}"), (1, "It was ${r1}")]);
        let channels = [vec![], vec![id("inbox")], vec![id("inbox"), id("pager")]];
        Action::Notify(Notice {
            text: text(words),
            channels: self.chance.pick(&channels).unwrap().iter().cloned().collect(),
        })
    }

    fn gate(&mut self) -> Gate {
        let roles: [&[&str]; 4] =
            [&[], &["incident_commander"], &["incident_commander", "technical_lead"], &["technical_lead", "deputy"]];
        Gate {
            question: "Go on".into(),
            people: self.chance.weighted(&[(3, 1), (1, 2)]),
            roles: self.chance.pick(&roles).unwrap().iter().map(|role| id(role)).collect(),
            launcher: if self.chance.percent(30) { Launcher::IsAnother } else { Launcher::Counts },
            after: None,
            in_automatic: if self.moves && self.chance.percent(60) {
                Attended::ByCountdown
            } else {
                Attended::ByPeople
            },
        }
    }

    fn call(&mut self) -> Action {
        let procedure = self.chance.pick(&self.plan.procedures).unwrap();
        let mut values = BTreeMap::new();
        if self.chance.percent(40) {
            values.insert("flag".to_owned(), text("${flag}"));
        }
        if self.chance.percent(3) {
            values.insert("nobody".to_owned(), text("x"));
        }
        Action::Procedure(Call { procedure: procedure.id.clone(), values })
    }

    fn retry(&mut self) -> Retry {
        if self.chance.percent(60) {
            return Retry::NEVER;
        }
        Retry {
            times: self.chance.between(1, 3) as u32,
            every: Span::from_secs(self.chance.below(6) as u64),
            grow: self.chance.weighted(&[(2, 100), (2, 200), (1, 300)]),
            at_most: self.chance.percent(50).then(|| Span::from_secs(8)),
        }
    }

    fn on_failure(&mut self, place: Place) -> OnFailure {
        match self.chance.below(100) {
            0..55 => OnFailure::Stop,
            55..70 => OnFailure::Continue,
            70..85 if place == Place::Procedure => {
                let count = self.chance.between(1, 2);
                let steps = (0..count).map(|n| self.step(&format!("m{n}"), Place::Handler, 0)).collect();
                OnFailure::Do(steps)
            }
            _ => OnFailure::Rollback,
        }
    }

    fn undo(&mut self) -> Undo {
        let actions = [
            command("back"),
            http("POST"),
            Action::Manual { sentence: "Put it back".into() },
            Action::Wait { span: Span::from_secs(2) },
            self.notify(),
        ];
        Undo {
            action: self.chance.pick(&actions).unwrap().clone(),
            timeout: None,
            retry: self.retry(),
            host: self.chance.percent(20).then(|| text("h2")),
        }
    }

    fn host(&mut self) -> Option<Template> {
        let hosts = [(12, None), (3, Some("h1")), (3, Some("h2")), (2, Some("${where}")), (1, Some("${r1}"))];
        self.chance.weighted(&hosts).map(text)
    }

    fn condition(&mut self, above: usize) -> Condition {
        let step = format!("s{}", self.chance.below(above));
        let outcome = self.chance.weighted(&[(3, "done"), (2, "failed"), (1, "skipped"), (1, "not_needed")]);
        let of_step = format!("step.{step} == {outcome}");
        let choices = [
            "flag",
            "not flag",
            "component.c0 == down",
            "component.c1.east != ok",
            "site.west == ok",
            "lag < 30s",
            &of_step,
            &of_step,
        ];
        let choices = if above == 0 { &choices[..6] } else { &choices[..] };
        Condition::parse(self.chance.pick(choices).unwrap()).unwrap()
    }

    fn each(&mut self) -> Each {
        let items = ["x", "y", "a b", "x", "${flag}"];
        let items = &items[..if self.known.iter().any(|name| name == "flag") { 5 } else { 4 }];
        let list = match self.chance.percent(50) {
            true => List::Items(self.chance.some(items, 45).into_iter().map(text).collect()),
            false => List::Components {
                which: match self.chance.below(3) {
                    0 => Which::All,
                    1 => Which::Affected,
                    _ => {
                        let all: Vec<_> = self.plan.components.iter().map(|c| c.id.clone()).collect();
                        Which::These(self.chance.some(&all, 50))
                    }
                },
                order: if self.chance.percent(50) { Order::Priority } else { Order::Dependencies },
            },
        };
        Each { name: "item".into(), list }
    }
}
