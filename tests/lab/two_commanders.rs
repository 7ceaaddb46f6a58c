//! Two commanders say yes in the same moment.

use std::path::Path;
use std::process::{Child, Command, Output, Stdio};

use warroom::core::event::Event;
use warroom::core::ids::RunId;
use warroom::core::run::{RunResult, StepState};

use crate::harness::{eventually, skip, warroom};
use crate::lab::{Lab, Wanted};
use crate::ledger::Ledger;

const ADA: u32 = 21_201;
const MIKE: u32 = 21_202;
const GROUP: &str = "21200";

/// A laboratory that both may command, and the directory in which they meet its engine.
async fn shared() -> Option<(Lab, tempfile::TempDir)> {
    if !rustix::process::geteuid().is_root() {
        skip("two commanders at once", "only root can take on two accounts");
        return None;
    }
    let meeting =
        tempfile::Builder::new().permissions(std::os::unix::fs::PermissionsExt::from_mode(0o755)).tempdir().unwrap();
    let person = |name: &str, uid: u32, access: &str| {
        format!("[[people]]\nname = \"{name}\"\nprincipal = \"uid:{uid}\"\naccess = [\"{access}\"]\n")
    };
    let people = [person("root", 0, "admin"), person("ada", ADA, "commander"), person("mike", MIKE, "commander")];
    let socket = meeting.path().join("engine.sock");
    let settings =
        format!("mode = \"shared\"\nsocket = \"{}\"\ngroup = \"{GROUP}\"\n{}", socket.display(), people.concat());
    let lab = Lab::with(Wanted { settings, socket: Some(socket), ..Wanted::default() }).await?;
    Some((lab, meeting))
}

/// Both say yes to the gate at once.
fn both(meeting: &Path, run: RunId) -> [Output; 2] {
    let begin = |uid: u32| -> Child {
        let mut command = Command::new("setpriv");
        command.args([&format!("--reuid={uid}"), &format!("--regid={GROUP}"), "--clear-groups"]);
        command.arg(warroom().get_program()).env_remove("WARROOM_STATE").arg("--state").arg(meeting);
        command.args(["run", "confirm", &run.to_string(), "go", "--target", "west", "--max-loss", "1h"]);
        command.stdin(Stdio::null()).stdout(Stdio::piped()).stderr(Stdio::piped()).spawn().unwrap()
    };
    [ADA, MIKE].map(begin).map(|child| child.wait_with_output().unwrap())
}

/// A failover of a killed primary, at whose gate so many are asked for and both say yes at once; how many were heard.
async fn confirmed_by_both(people: u32) -> Option<usize> {
    let (mut lab, meeting) = shared().await?;
    lab.watched(people).await;
    lab.east.db.kill();
    let incident = lab.declare().await;
    let run = lab.launch(&incident).await;
    lab.engine.step(run, "go", |state| matches!(state, StepState::Waiting { .. })).await;
    // While East's parts are found to be down one by one the gate shows something else each time, and what was said lapses.
    let (announced, outputs) = eventually("the gate opens", || async {
        let announced = lab.yes(run).await.1;
        let outputs = both(meeting.path(), run);
        let open = lab.engine.now(run, "go").await.is_settled();
        open.then_some((announced, outputs))
    })
    .await;
    let result = lab.engine.end(run).await;
    assert!(matches!(result, RunResult::Done), "{result:?}: {outputs:?}");
    lab.serves(50).await;

    let entries = lab.engine.client.timeline(None, 1_000, None).await.unwrap();
    let count = |which: fn(&Event) -> bool| entries.iter().filter(|entry| which(&entry.event)).count();
    assert_eq!(count(|event| matches!(event, Event::GateOpened { .. })), 1);
    assert_eq!(count(|event| matches!(event, Event::StepStarted { step, .. } if step.as_str() == "promote")), 1);
    assert_eq!(lab.west.db.timeline().await, 2, "it is promoted once");
    Ledger::of(&mut lab, |lab| &lab.west.db).await.holds(announced);
    Some(outputs.iter().filter(|output| output.status.success()).count())
}

#[tokio::test(flavor = "multi_thread")]
async fn two_who_say_yes_at_once_open_a_gate_for_two_and_west_is_promoted_once() {
    let Some(heard) = confirmed_by_both(2).await else { return };
    assert_eq!(heard, 2);
}

#[tokio::test(flavor = "multi_thread")]
async fn of_two_who_say_yes_at_once_one_opens_a_gate_for_one_and_west_is_promoted_once() {
    let Some(heard) = confirmed_by_both(1).await else { return };
    assert_eq!(heard, 1);
}
