//! Two people are two accounts, whatever the terminal; the kernel says who is who.

use std::os::unix::fs::PermissionsExt;
use std::path::Path;
use std::process::Output;

use warroom::core::run::StepState;

use crate::harness::{Engine, plan, skip, warroom};
use crate::service::Service;

const ADA: u32 = 21_001;
const MIKE: u32 = 21_002;
const EVE: u32 = 21_003;

/// The binary as another account, in the group that may connect.
fn as_account(uid: u32, state: &Path, arguments: &[&str]) -> Output {
    let mut command = std::process::Command::new("setpriv");
    command.args([&format!("--reuid={uid}"), "--regid=21000", "--clear-groups", env!("CARGO_BIN_EXE_warroom")]);
    let state = state.display().to_string();
    command.env_remove("WARROOM_STATE").args(["--state", &state]).args(arguments).output().unwrap()
}

fn text(output: &Output) -> String {
    format!("{}{}", String::from_utf8_lossy(&output.stdout), String::from_utf8_lossy(&output.stderr))
}

#[tokio::test]
async fn two_accounts_pass_a_gate_for_two_and_one_account_on_two_terminals_does_not() {
    if !rustix::process::geteuid().is_root() {
        return skip("two accounts on one socket", "only root can take on two accounts");
    }
    let meeting = tempfile::tempdir().unwrap();
    std::fs::set_permissions(meeting.path(), std::fs::Permissions::from_mode(0o755)).unwrap();
    let socket = meeting.path().join("engine.sock");
    let access = "access = [\"commander\"]";
    let settings = format!(
        "mode = \"shared\"\nsocket = \"{}\"\ngroup = \"21000\"\n\
         [[people]]\nname = \"root\"\nprincipal = \"uid:0\"\naccess = [\"admin\"]\n\
         [[people]]\nname = \"ada\"\nprincipal = \"uid:{ADA}\"\n{access}\n\
         [[people]]\nname = \"mike\"\nprincipal = \"uid:{MIKE}\"\n{access}\n",
        socket.display()
    );
    let state = tempfile::tempdir().unwrap();
    std::fs::write(state.path().join("config.toml"), settings).unwrap();
    std::os::unix::fs::symlink(&socket, state.path().join("engine.sock")).unwrap();
    let engine = Engine::on(state.path()).await;
    let shop = Service::start().await;
    let steps = "      - {id: go, gate: Promote West, people: 2, roles: [incident_commander, technical_lead]}\n";
    engine.load(&plan(&shop.url(), steps)).await;

    let ada = |arguments: &[&str]| as_account(ADA, meeting.path(), arguments);
    let mike = |arguments: &[&str]| as_account(MIKE, meeting.path(), arguments);
    let confirm = ["run", "confirm", "R1", "go", "--target", "west"];

    assert!(ada(&["incident", "declare", "--plan", "shop"]).status.success());
    let started = ada(&["run", "start", "shop", "mend"]);
    assert!(started.status.success(), "{}", text(&started));
    let assigned = ada(&["role", "assign", "technical_lead", "mike"]);
    assert!(assigned.status.success(), "{}", text(&assigned));

    let stranger = as_account(EVE, meeting.path(), &["status"]);
    assert_eq!(stranger.status.code(), Some(1), "{}", text(&stranger));
    assert!(text(&stranger).contains(&format!("uid:{EVE}")), "{}", text(&stranger));

    let first = ada(&confirm);
    assert!(first.status.success(), "{}", text(&first));
    let again = ada(&confirm);
    assert_eq!(again.status.code(), Some(1), "one person is one person: {}", text(&again));
    let run = "R1".parse().unwrap();
    assert!(matches!(engine.run(run).await.steps[0].state, StepState::Waiting { .. }), "the gate is still shut");

    let second = mike(&confirm);
    assert!(second.status.success(), "{}", text(&second));
    engine.step(run, "go", StepState::is_settled).await;
}

#[tokio::test]
async fn a_gate_for_two_is_refused_at_launch_where_there_is_only_one() {
    let shop = Service::start().await;
    let engine = Engine::start().await;
    let steps = "      - {id: go, gate: Promote West, people: 2}\n";
    engine.load(&plan(&shop.url(), steps)).await;
    let dir = engine.dir.display().to_string();
    let ask = |arguments: &[&str]| warroom().args(["--state", &dir]).args(arguments).output().unwrap();
    assert!(ask(&["incident", "declare", "--plan", "shop"]).status.success());
    let refused = ask(&["run", "start", "shop", "mend"]);
    assert_eq!(refused.status.code(), Some(1));
    let sentence = text(&refused);
    assert!(sentence.contains('2') && sentence.contains('1'), "it says how many and how many there are: {sentence}");
}
