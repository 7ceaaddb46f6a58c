//! A runbook with everything that a graph has: lanes, a list, a procedure called, a step that mends, two gates at once, a way
//! back, and a step without return.

use std::collections::BTreeMap;
use std::sync::Arc;

use super::story::{ADA, Hour, MIKE, Night};
use crate::core::command::Command;
use crate::core::comms::Attempt;
use crate::core::ids::{RunId, StepId};
use crate::core::observe::{Report, StepEnd};
use crate::core::param::ParamKind;
use crate::core::plan::{
    Action, Call, Each, FileCheck, Gate, Lanes, Launcher, List, Need, Needs, Notice, OnFailure, Parameter, Part,
    Presence, Procedure, ProcedureKind, Retry, Return, Step, Subject, Undo,
};
use crate::core::run::{Evidence, Failure};
use crate::core::template::Template;
use crate::core::time::Span;
use crate::core::turn::Input;

/// How far the rebuild has come.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) enum Scene {
    /// An incident, and nothing runs.
    Before,
    /// Several steps at once; one pass of the list failed and the run went on.
    Going,
    /// Two gates wait at once.
    Gates,
    /// A step failed and is being mended.
    Mending,
    /// The engine lost sight of one pass of the list.
    Lost,
    /// Its time is over.
    Overdue,
    /// It is being rolled back.
    Back,
    /// It was rolled back.
    Returned,
    /// It was aborted.
    Aborted,
    /// A step without return was done.
    Opened,
    /// It ended, not whole.
    Partly,
}

impl Scene {
    pub(crate) const ALL: [Scene; 11] = [
        Scene::Before,
        Scene::Going,
        Scene::Gates,
        Scene::Mending,
        Scene::Lost,
        Scene::Overdue,
        Scene::Back,
        Scene::Returned,
        Scene::Aborted,
        Scene::Opened,
        Scene::Partly,
    ];
}

fn template(text: &str) -> Template {
    Template::new(text).unwrap()
}

fn command(line: &str) -> Action {
    Action::Command { argv: line.split(' ').map(template).collect() }
}

fn step(id: &str, name: &str, action: Action) -> Step {
    Step::plain(id.parse().unwrap(), name, action)
}

fn after(step: Step, needs: &[&str]) -> Step {
    Step { needs: Needs::These(needs.iter().map(|n| n.parse().unwrap()).collect()), ..step }
}

fn with_undo(step: Step, line: &str) -> Step {
    let undo = Undo { action: command(line), timeout: None, retry: Retry::NEVER, host: None };
    Step { undo: Some(Box::new(undo)), ..step }
}

fn gate(question: &str) -> Action {
    let roles = ["incident_commander", "technical_lead"].map(|r| r.parse().unwrap()).into();
    Action::Gate(Gate {
        question: question.into(),
        people: 1,
        roles,
        launcher: Launcher::Counts,
        after: None,
        in_automatic: Default::default(),
    })
}

fn parameter(name: &str, description: &str, kind: ParamKind, default: Option<&str>) -> Parameter {
    let need = default.map_or(Need::Required, |value| Need::Default(value.to_owned()));
    Parameter { name: name.into(), description: Some(description.into()), kind, need }
}

fn parameters() -> Vec<Parameter> {
    vec![
        parameter("reason", "Why the shop is rebuilt", ParamKind::Text, None),
        parameter(
            "ledger",
            "Which ledger counts",
            ParamKind::Choice(vec!["orders".into(), "payments".into()]),
            Some("orders"),
        ),
        parameter("at", "The site that is rebuilt", ParamKind::Site, Some("west")),
        parameter("part", "The part that is watched", ParamKind::Component, Some("web")),
        parameter("settle", "How long it may settle", ParamKind::Duration, Some("30s")),
        parameter("lost", "Most rows that may be missing", ParamKind::Number, Some("0")),
        parameter("since", "Orders from here on are looked at", ParamKind::Time, Some("2026-11-21T03:00:00Z")),
        parameter("password", "Of the ledger's database", ParamKind::Secret, Some("env:LEDGER_PASSWORD")),
    ]
}

fn checks() -> Vec<Step> {
    let room = FileCheck {
        path: "/srv/ledger".into(),
        presence: Presence::Present,
        owner: None,
        group: None,
        mode: None,
        min_size: None,
        max_size: None,
        max_age: None,
        format: None,
        sha256: None,
        free: Some(10 << 30),
    };
    let healthy = Action::Health {
        subject: Subject::Site(template("${at}")),
        within: Span::from_secs(60),
        stable_for: Span::ZERO,
    };
    vec![step("up", "The site is healthy", healthy), step("room", "There is room for the ledger", Action::File(room))]
}

fn steps() -> Vec<Step> {
    let caches = (1..=5).map(|n| template(&format!("cache-{n}"))).collect();
    let call =
        Call { procedure: "reindex".parse().unwrap(), values: [("table".to_owned(), template("${ledger}"))].into() };
    let front = Action::Health {
        subject: Subject::Component(template("front")),
        within: Span::from_secs(300),
        stable_for: Span::from_secs(60),
    };
    let notice = Notice { text: template("We are rebuilding: ${reason}"), channels: Default::default() };
    let stop = Step {
        estimate: Some(Span::from_secs(2)),
        ..step("stop", "Stop taking orders", command("shopctl stop orders"))
    };
    let copy = Step {
        host: Some(template("db1.${at}")),
        estimate: Some(Span::from_secs(240)),
        timeout: Some(Span::from_secs(900)),
        ..step("copy", "Copy the ledger", command("ledger copy ${ledger} --to ${at}"))
    };
    let wash = Step {
        on_failure: OnFailure::Do(vec![step("again", "Restart the caches' host", command("power cycle caches"))]),
        ..step("wash", "Clear the caches", Action::Shell { script: "cachectl flush --all\n".into() })
    };
    let restart = Step {
        each: Some(Each { name: "item".into(), list: List::Items(caches) }),
        on_failure: OnFailure::Continue,
        ..step("restart", "Restart a cache", command("cachectl restart ${item}"))
    };
    let open =
        Step { way_back: Return::None, ..step("open", "Open the shop", command("shopctl start orders --at ${at}")) };
    vec![
        after(Step { part: Some(Part::Notify), ..step("tell", "Tell everybody", Action::Notify(notice)) }, &[]),
        after(with_undo(stop, "shopctl start orders"), &[]),
        after(with_undo(copy, "ledger drop ${ledger} --at ${at}"), &["stop"]),
        after(step("reindex", "Rebuild the index", Action::Procedure(call)), &["copy"]),
        after(step("ledger-ok", "Take the ledger", gate("Take the copied ledger")), &["reindex"]),
        after(wash, &["stop"]),
        after(restart, &["wash"]),
        after(step("caches-ok", "Take the caches", gate("Go on with these caches")), &["restart"]),
        after(open, &["tell", "ledger-ok", "caches-ok"]),
        after(Step { part: Some(Part::Verify), ..step("look", "Front door good", front) }, &["open"]),
    ]
}

/// The runbook, and the one that it calls.
pub(crate) fn procedures() -> Vec<Procedure> {
    let kind = ProcedureKind::Recovery;
    let rebuild = Procedure {
        parameters: parameters(),
        preconditions: checks(),
        timeout: Some(Span::from_secs(1_200)),
        lanes: Lanes { run: 4, host: 2 },
        description: Some("Copies the ledger, restarts the caches, and opens the shop again.".into()),
        ..Procedure::plain("rebuild".parse().unwrap(), "Rebuild the shop", kind, steps())
    };
    let reindex = Procedure {
        parameters: vec![parameter("table", "Which", ParamKind::Text, None)],
        ..Procedure::plain(
            "reindex".parse().unwrap(),
            "Rebuild an index",
            kind,
            vec![
                step("drop", "Drop the old index", command("ledger index drop ${table}")),
                step("build", "Build the new one", command("ledger index build ${table}")),
            ],
        )
    };
    vec![rebuild, reindex]
}

/// The night of the rebuild, up to that scene.
pub(crate) fn night(scene: Scene) -> Night {
    let mut night = Night::with(procedures());
    night.go_on(Hour::Declared);
    if scene == Scene::Before {
        return night;
    }
    let incident = night.incident();
    let lead = Command::AssignRole { incident: incident.clone(), role: "technical_lead".parse().unwrap(), to: MIKE };
    night.command(&ADA, &lead);
    let launch = Command::StartRun {
        incident,
        plan: "shop".parse().unwrap(),
        procedure: "rebuild".parse().unwrap(),
        values: [("reason".to_owned(), "the ledger is broken".to_owned())].into(),
        options: Default::default(),
        seen: None,
    };
    night.command(&ADA, &launch);
    night.second += 3;
    night.step("up", StepEnd::good(Evidence::Healthy { probes: 3 }));
    night.step("room", StepEnd::good(Evidence::FileFits));
    deliver(&mut night);
    night.second += 2;
    night.step("stop", StepEnd::good(Evidence::ExitedWell));
    night.pass(20);
    match scene {
        Scene::Before => {}
        Scene::Mending => {
            night.step("wash", StepEnd::Bad(Failure::Exit { code: 3 }));
            night.pass(5);
        }
        Scene::Overdue => night.pass(1_200),
        _ => going(&mut night, scene),
    }
    night
}

fn deliver(night: &mut Night) {
    let incident = night.incident();
    for channel in ["slack", "page", "mail"] {
        let (channel, attempt) = (channel.parse().unwrap(), Attempt::took("202"));
        night.take(Input::Report(&Report::Delivery { incident: incident.clone(), number: 1, channel, attempt }));
    }
}

fn going(night: &mut Night, scene: Scene) {
    night.step("wash", StepEnd::good(Evidence::ExitedWell));
    night.pass(4);
    night.step("restart.cache-1", StepEnd::good(Evidence::ExitedWell));
    night.step("restart.cache-2", StepEnd::Bad(Failure::Exit { code: 7 }));
    night.pass(6);
    match scene {
        Scene::Going => return,
        Scene::Lost => {
            night.step("restart.cache-3", StepEnd::Lost("the connection to its host was cut in mid-step".into()));
            return night.pass(9);
        }
        Scene::Aborted => {
            night.command(&ADA, &Command::Abort { run: RunId(1), reason: "the wrong ledger".into() });
            for id in ["copy", "restart.cache-3", "restart.cache-4", "restart.cache-5"] {
                night.step(id, StepEnd::Bad(Failure::Stopped));
            }
            return night.pass(9);
        }
        _ => {}
    }
    for id in ["restart.cache-3", "restart.cache-4", "restart.cache-5", "copy", "reindex.drop", "reindex.build"] {
        night.second += 5;
        night.take(Input::Time);
        night.step(id, StepEnd::good(Evidence::ExitedWell));
    }
    night.pass(12);
    match scene {
        Scene::Back | Scene::Returned => {
            night.command(&MIKE, &Command::RollBack { run: RunId(1), reason: "the copy is from yesterday".into() });
            night.pass(7);
            if scene == Scene::Returned {
                for id in ["undo.copy", "undo.stop"] {
                    night.step(id, StepEnd::good(Evidence::ExitedWell));
                    night.pass(2);
                }
            }
        }
        Scene::Partly | Scene::Opened => {
            for id in ["ledger-ok", "caches-ok"] {
                confirm(night, id);
            }
            night.pass(3);
            night.step("open", StepEnd::good(Evidence::ExitedWell));
            night.pass(3);
            if scene == Scene::Partly {
                night.step("look", StepEnd::good(Evidence::Healthy { probes: 1 }));
                night.pass(3);
            }
        }
        _ => {}
    }
}

fn confirm(night: &mut Night, gate: &str) {
    let id: StepId = gate.parse().unwrap();
    let run = Arc::clone(night.state.runs.get(&RunId(1)).unwrap());
    let (place, step, definition, _) = run.gates().find(|(_, step, ..)| step.id == id).unwrap();
    let view = crate::core::gate::view(&night.state, &run, place, definition, &night.readings, &night.now());
    let max_loss = view.loss.and_then(crate::core::loss::Loss::ceiling);
    let command =
        Command::Confirm { run: run.id, step: step.id.clone(), target: view.target, digest: view.digest, max_loss };
    night.command(&ADA, &command);
}

/// A run of that many steps, most of them in a list, half of it done.
pub(crate) fn long(steps: usize) -> Night {
    let each = |n: usize| step(&format!("s{n}"), &format!("Step number {n} of a long night"), command("true"));
    let mut all: Vec<Step> = (0..steps).map(each).collect();
    for (n, step) in all.iter_mut().enumerate().skip(4) {
        let needs = [n - 1 - n % 4, n - 4].map(|m| format!("s{m}").parse().unwrap());
        step.needs = Needs::These(needs.into());
    }
    let procedure = Procedure::plain("long".parse().unwrap(), "A long night", ProcedureKind::Recovery, all);
    let mut night = begun(procedure);
    for n in 0..steps / 2 {
        night.step(&format!("s{n}"), StepEnd::good(Evidence::ExitedWell));
    }
    night
}

/// A run that waits at a gate behind that many steps, the first of which failed.
pub(crate) fn behind_a_gate(steps: usize) -> Night {
    let each = |n: usize| after(step(&format!("s{n}"), &format!("Step number {n}"), command("true")), &[]);
    let mut all: Vec<Step> = (0..steps).map(each).collect();
    all[0].on_failure = OnFailure::Continue;
    all.push(step("go", "Go on", gate("Go on")));
    let lanes = Lanes { run: 100, host: 100 };
    let id = "many".parse().unwrap();
    let mut night = begun(Procedure { lanes, ..Procedure::plain(id, "Many", ProcedureKind::Recovery, all) });
    for n in 0..steps {
        let end = if n == 0 { StepEnd::Bad(Failure::Exit { code: 1 }) } else { StepEnd::good(Evidence::ExitedWell) };
        night.step(&format!("s{n}"), end);
    }
    night.pass(1);
    night
}

fn begun(procedure: Procedure) -> Night {
    let id = procedure.id.clone();
    let mut night = Night::with(vec![procedure]);
    night.go_on(Hour::Declared);
    let launch = Command::StartRun {
        incident: night.incident(),
        plan: "shop".parse().unwrap(),
        procedure: id,
        values: BTreeMap::new(),
        options: Default::default(),
        seen: None,
    };
    night.command(&ADA, &launch);
    night
}
