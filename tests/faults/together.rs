//! The same confirmation from several places at once.

use std::os::unix::fs::PermissionsExt;
use std::path::Path;
use std::process::{Child, Output, Stdio};

use futures_util::future::join_all;
use uuid::Uuid;
use warroom::client::ClientError;
use warroom::core::command::Command;
use warroom::core::event::Event;
use warroom::core::gate;
use warroom::core::ids::RunId;
use warroom::core::plan::Action;
use warroom::core::refusal::Refusal;
use warroom::core::run::{How, StepState};
use warroom::wire::{Posted, Trouble};

use crate::harness::{Engine, skip, warroom};

const GATES: [&str; 6] = ["g1", "g2", "g3", "g4", "g5", "g6"];

/// A procedure whose gates all wait at once, each for so many people.
fn plan(people: u32) -> String {
    let gate = |id: &str| format!("      - {{id: {id}, needs: [], gate: Go on, people: {people}}}\n");
    format!(
        "plan_id: shop\nplan_name: Shop\nenvironment: practice\n\
         sites:\n  - {{site_id: east, name: East, role: primary}}\n\
         components:\n  - {{component_id: front, name: Front door, type: load_balancer, priority: critical}}\n\
         recovery_procedures:\n  - procedure_id: mend\n    name: Mend it\n    kind: recovery\n    steps:\n{}      - Last\n",
        GATES.map(gate).concat()
    )
}

/// A yes to what a gate shows now.
async fn yes(engine: &Engine, run: RunId, id: &str) -> Command {
    let snapshot = engine.client.snapshot().await.unwrap();
    let known = &snapshot.state.runs[&run];
    let (index, step, _) = known.find(&id.parse().unwrap()).unwrap();
    let Action::Gate(asked) = &step.action else { panic!("{id} is no gate") };
    let view = gate::view(&snapshot.state, known, index, asked, &snapshot.live.readings, &snapshot.now);
    Command::Confirm { run, step: step.id.clone(), target: view.target, digest: view.digest, max_loss: None }
}

/// How often a gate was said yes to, and how often it opened.
async fn told(engine: &Engine, id: &str) -> (usize, usize) {
    let entries = engine.client.timeline(None, 1_000, None).await.unwrap();
    let count = |which: fn(&Event, &str) -> bool| entries.iter().filter(|entry| which(&entry.event, id)).count();
    let confirmed = count(|event, id| matches!(event, Event::GateConfirmed { step, .. } if step.as_str() == id));
    let opened = count(|event, id| matches!(event, Event::GateOpened { step, .. } if step.as_str() == id));
    (confirmed, opened)
}

#[tokio::test(flavor = "multi_thread")]
async fn one_person_at_several_consoles_at_once_opens_a_gate_once_and_is_told_so() {
    let engine = Engine::start().await;
    let (_, run) = engine.launch(&plan(1), "mend").await;
    for id in GATES {
        let command = yes(&engine, run, id).await;
        let answers = join_all((0..8).map(|_| engine.try_ask(command.clone()))).await;
        assert_eq!(answers.iter().filter(|answer| answer.is_ok()).count(), 1, "{answers:?}");
        for answer in answers.iter().filter_map(|answer| answer.as_ref().err()) {
            let ClientError::Trouble(Trouble::Refused(Refusal::StepIs { state, .. })) = answer else {
                panic!("{answer:?}")
            };
            assert_eq!(state, "done");
            assert!(answer.to_string().contains(&format!("step {id} is done")), "{answer}");
        }
        assert_eq!(told(&engine, id).await, (1, 1));
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn one_confirmation_that_arrives_several_times_at_once_is_one() {
    let engine = Engine::start().await;
    let (_, run) = engine.launch(&plan(1), "mend").await;
    for id in GATES {
        let posted = Posted { id: Uuid::now_v7(), seen: None, command: yes(&engine, run, id).await };
        let answers = join_all((0..8).map(|_| engine.client.command(&posted))).await;
        let first = answers[0].as_ref().unwrap();
        assert!(answers.iter().all(|answer| answer.as_ref().is_ok_and(|a| a == first)), "{answers:?}");
        assert_eq!(told(&engine, id).await, (1, 1));
    }
}

const ADA: u32 = 21_101;
const MIKE: u32 = 21_102;

/// The binary as another account.
fn begin_as(uid: u32, state: &Path, arguments: &[&str]) -> Child {
    let binary = warroom();
    let mut command = std::process::Command::new("setpriv");
    command.args([&format!("--reuid={uid}"), "--regid=21100", "--clear-groups"]).arg(binary.get_program());
    command.env_remove("WARROOM_STATE").arg("--state").arg(state).args(arguments);
    command.stdin(Stdio::null()).stdout(Stdio::piped()).stderr(Stdio::piped()).spawn().unwrap()
}

fn text(output: &Output) -> String {
    format!("{}{}", String::from_utf8_lossy(&output.stdout), String::from_utf8_lossy(&output.stderr))
}

/// An engine for two people, and the directory in which they meet it.
async fn shared() -> Option<(Engine, [tempfile::TempDir; 2])> {
    let setpriv = std::process::Command::new("setpriv").arg("--version").stdout(Stdio::null()).status();
    if !rustix::process::geteuid().is_root() || !setpriv.is_ok_and(|status| status.success()) {
        skip("two people at once", "only root, with setpriv, can take on two accounts");
        return None;
    }
    let [meeting, state] = [tempfile::tempdir().unwrap(), tempfile::tempdir().unwrap()];
    std::fs::set_permissions(meeting.path(), std::fs::Permissions::from_mode(0o755)).unwrap();
    let socket = meeting.path().join("engine.sock");
    let person = |name: &str, uid: u32, access: &str| {
        format!("[[people]]\nname = \"{name}\"\nprincipal = \"uid:{uid}\"\naccess = [\"{access}\"]\n")
    };
    let people = [person("root", 0, "admin"), person("ada", ADA, "commander"), person("mike", MIKE, "commander")];
    let settings =
        format!("mode = \"shared\"\nsocket = \"{}\"\ngroup = \"21100\"\n{}", socket.display(), people.concat());
    std::fs::write(state.path().join("config.toml"), settings).unwrap();
    std::os::unix::fs::symlink(&socket, state.path().join("engine.sock")).unwrap();
    let engine = Engine::on(state.path()).await;
    Some((engine, [meeting, state]))
}

/// Both say yes to a gate at once.
fn both(meeting: &Path, run: RunId, id: &str) -> [Output; 2] {
    let run = run.to_string();
    let confirm = ["run", "confirm", &run, id, "--target", "mend"];
    [ADA, MIKE].map(|uid| begin_as(uid, meeting, &confirm)).map(|child| child.wait_with_output().unwrap())
}

#[tokio::test(flavor = "multi_thread")]
async fn of_two_people_at_once_one_opens_a_gate_for_one_and_the_other_is_told_so() {
    let Some((engine, [meeting, _state])) = shared().await else { return };
    let (_, run) = engine.launch(&plan(1), "mend").await;
    for id in GATES {
        let outputs = both(meeting.path(), run, id);
        assert_eq!(outputs.iter().filter(|output| output.status.success()).count(), 1, "{outputs:?}");
        let refused = outputs.iter().find(|output| !output.status.success()).unwrap();
        assert_eq!(refused.status.code(), Some(1));
        assert!(text(refused).contains(&format!("step {id} is done")), "{}", text(refused));
        assert_eq!(told(&engine, id).await, (1, 1));
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn two_people_at_once_open_a_gate_for_two_once() {
    let Some((engine, [meeting, _state])) = shared().await else { return };
    let (_, run) = engine.launch(&plan(2), "mend").await;
    for id in GATES {
        let outputs = both(meeting.path(), run, id);
        assert!(outputs.iter().all(|output| output.status.success()), "{outputs:?}");
        assert_eq!(told(&engine, id).await, (2, 1));
        let state = engine.run(run).await.find(&id.parse().unwrap()).unwrap().2.state.clone();
        let StepState::Done { how: How::Opened { by }, .. } = state else { panic!("{state:?}") };
        assert_eq!(by.len(), 2);
    }
}
