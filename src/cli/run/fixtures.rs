//! A procedure with everything that a run can have, for tests.

use crate::core::fixtures::{World, id, plan};
use crate::core::ids::IncidentId;
use crate::core::plan::{
    Action, Each, Gate, Launcher, List, Needs, OnFailure, Parameter, Part, Procedure, ProcedureKind, Return, Step,
    Subject, Undo,
};
use crate::core::plan::{Need, Retry};
use crate::core::template::Template;
use crate::core::time::Span;
use crate::core::when::Condition;

fn text(text: &str) -> Template {
    Template::new(text).unwrap()
}

fn command(words: &[&str]) -> Action {
    Action::Command { argv: words.iter().map(|word| text(word)).collect() }
}

fn needs(steps: &[&str]) -> Needs {
    Needs::These(steps.iter().map(|step| id(step)).collect())
}

fn undo(words: &[&str]) -> Option<Box<Undo>> {
    Some(Box::new(Undo { action: command(words), timeout: None, retry: Retry::NEVER, host: None }))
}

fn step(name: &str, title: &str, action: Action) -> Step {
    Step::plain(id(name), title, action)
}

/// ready (looked at first); fence and drain side by side; restart for three hosts; patch, which repair mends; note, told at the
/// end only if something; go (gate); promote (no return); tidy, undone by hand.
fn rescue() -> Procedure {
    let ready =
        Action::Health { subject: Subject::Site(text("west")), within: Span::from_secs(30), stable_for: Span::ZERO };
    let hosts = ["web-1", "web-2", "web-3"].map(text).to_vec();
    let repair = step("repair", "Repair it", command(&["repair", "${why}"]));
    let gate = Gate {
        in_automatic: Default::default(),
        question: "Promote West".into(),
        people: 2,
        roles: ["incident_commander", "technical_lead"].map(id).into(),
        launcher: Launcher::Counts,
        after: None,
    };
    let steps = vec![
        Step {
            needs: needs(&[]),
            undo: undo(&["power", "on", "east"]),
            host: Some(text("bastion-2")),
            estimate: Some(Span::from_secs(9)),
            ..step("fence", "Fence East", command(&["power", "off", "east"]))
        },
        Step {
            needs: needs(&[]),
            undo: undo(&["weight", "100"]),
            ..step("drain", "Drain East", command(&["weight", "0"]))
        },
        Step {
            each: Some(Each { name: "host".into(), list: List::Items(hosts) }),
            host: Some(text("${host}")),
            on_failure: OnFailure::Continue,
            ..step("restart", "Restart", command(&["restart", "${host}"]))
        },
        Step {
            on_failure: OnFailure::Do(vec![repair]),
            part: Some(Part::Dns),
            ..step("patch", "Patch names", command(&["patch"]))
        },
        Step {
            when: Some(Condition::parse("never == \"true\"").unwrap()),
            ..step("note", "Note it", command(&["note"]))
        },
        step("go", "Promote West", Action::Gate(gate)),
        Step { way_back: Return::None, ..step("promote", "Promote West", command(&["promote"])) },
        Step { undo: undo(&["untidy"]), ..step("tidy", "Tidy up", command(&["tidy"])) },
    ];
    let parameter = |name: &str, value: &str| Parameter {
        name: name.into(),
        description: None,
        kind: Default::default(),
        need: Need::Default(value.into()),
    };
    Procedure {
        parameters: vec![parameter("why", "East is down"), parameter("never", "false")],
        preconditions: vec![step("ready", "West is healthy", ready)],
        timeout: Some(Span::from_secs(1_800)),
        ..Procedure::plain(id("rescue"), "Rescue East", ProcedureKind::Recovery, steps)
    }
}

/// A declared incident of `shop`, whose plan has the procedure `rescue`.
pub(super) fn world() -> (World, IncidentId) {
    let (mut world, incident) = World::declared();
    let mut plan = plan("shop");
    plan.procedures.push(rescue());
    world.load(plan);
    (world, incident)
}
