//! A second person by token: one account and a token of somebody else are two people, one account and its own token are one.

use std::os::unix::fs::PermissionsExt;
use std::path::{Path, PathBuf};
use std::process::{Output, Stdio};

use serde_json::json;
use tempfile::TempDir;
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::UnixStream;
use warroom::client::{Address, Client, ClientError, Token};
use warroom::core::ids::Principal;
use warroom::core::run::StepState;
use warroom::wire::{TokenTrouble, Trouble};

use crate::harness::{Engine, eventually, plan, warroom};
use crate::service::Service;

/// An engine that knows this account as ada, a robot by token, and somebody on another account.
struct Yard {
    engine: Engine,
    files: TempDir,
}

/// A token made by the program, and the settings' lines for it.
fn made(person: &str, length: &[&str]) -> (String, String) {
    let output = warroom().args(["token", "create", "--json", "--person", person]).args(length).output().unwrap();
    assert!(output.status.success(), "{}", text(&output));
    let made: serde_json::Value = serde_json::from_slice(&output.stdout).unwrap();
    assert_eq!(made["person"], person);
    let field = |name: &str| made[name].as_str().map(str::to_owned);
    let expires = field("expires").map(|at| format!("expires = \"{at}\"\n")).unwrap_or_default();
    (field("token").unwrap(), format!("[[people.tokens]]\nsha256 = \"{}\"\n{expires}", field("sha256").unwrap()))
}

fn text(output: &Output) -> String {
    format!("{}{}", String::from_utf8_lossy(&output.stdout), String::from_utf8_lossy(&output.stderr))
}

impl Yard {
    async fn open() -> Yard {
        let files = tempfile::tempdir().unwrap();
        let lines = |name: &str, length: &[&str]| {
            let (token, lines) = made(name, length);
            write(&files.path().join(name), &token, 0o600);
            lines
        };
        let person = |name: &str, principal: &str, tokens: &str| {
            format!(
                "[[people]]\nname = \"{name}\"\nprincipal = \"{principal}\"\naccess = [\"admin\", \"commander\"]\n{tokens}"
            )
        };
        let uid = rustix::process::geteuid().as_raw();
        let robot = [lines("robot", &["--for", "1h"]), lines("outworn", &["--for", "1ms"])].concat();
        let settings = [
            "mode = \"shared\"\n".to_owned(),
            person("ada", &format!("uid:{uid}"), &lines("ada", &[])),
            person("mike", &format!("uid:{}", uid + 1), &lines("mike", &[])),
            person("robot", "person:robot", &robot),
        ];
        made_nowhere(&files);
        Yard { engine: Engine::with_config(&settings.concat()).await, files }
    }

    fn file(&self, name: &str) -> PathBuf {
        self.files.path().join(name)
    }

    fn token(&self, name: &str) -> String {
        std::fs::read_to_string(self.file(name)).unwrap()
    }

    /// A client that brings that token.
    fn with(&self, token: &str) -> Client {
        Client::new(Address::in_state(&self.engine.dir)).with_token(Token::new(token))
    }

    /// The program by this account, with that person's token when one is named.
    fn run(&self, token: Option<&str>, arguments: &[&str]) -> Output {
        let mut command = warroom();
        if let Some(name) = token {
            command.env("WARROOM_TOKEN_FILE", self.file(name));
        }
        command.arg("--state").arg(&self.engine.dir).args(arguments).output().unwrap()
    }
}

/// A stranger to the settings, of whom a token exists all the same.
fn made_nowhere(files: &TempDir) {
    let (token, _) = made("stranger", &[]);
    write(&files.path().join("stranger"), &token, 0o600);
}

fn write(path: &Path, text: &str, mode: u32) {
    std::fs::write(path, text).unwrap();
    std::fs::set_permissions(path, std::fs::Permissions::from_mode(mode)).unwrap();
}

#[tokio::test]
async fn a_gate_for_two_opens_for_an_account_and_the_token_of_somebody_else() {
    let yard = Yard::open().await;
    let shop = Service::start().await;
    let steps = "      - {id: go, gate: Promote West, people: 2, roles: [incident_commander, technical_lead]}\n";
    yard.engine.load(&plan(&shop.url(), steps)).await;
    let confirm = ["run", "confirm", "R1", "go", "--target", "west"];
    for arguments in [
        &["incident", "declare", "--plan", "shop"][..],
        &["run", "start", "shop", "mend"],
        &["role", "assign", "technical_lead", "person:robot"],
        &confirm,
    ] {
        let done = yard.run(None, arguments);
        assert!(done.status.success(), "{arguments:?}: {}", text(&done));
    }
    let run = "R1".parse().unwrap();
    for ada in [None, Some("ada")] {
        let again = yard.run(ada, &confirm);
        assert_eq!(again.status.code(), Some(1), "an account and its own token are one: {}", text(&again));
        assert!(matches!(yard.engine.run(run).await.steps[0].state, StepState::Waiting { .. }), "the gate is shut");
    }
    let second = yard.run(Some("robot"), &confirm);
    assert!(second.status.success(), "{}", text(&second));
    yard.engine.step(run, "go", StepState::is_settled).await;
    let state = yard.engine.state().await;
    let robot = Principal::Person("robot".parse().unwrap());
    assert!(state.timeline.iter().any(|entry| entry.by == robot), "the journal says who it was");
    assert_eq!(state.name(&robot), "robot");
}

#[tokio::test]
async fn what_vouches_for_nobody_is_refused_and_never_passed_over() {
    let yard = Yard::open().await;
    let trouble = async |token: &str| match yard.with(token).hello().await {
        Err(ClientError::Trouble(Trouble::Token(why))) => why,
        other => panic!("{other:?}"),
    };
    assert_eq!(trouble("wr_guessed").await, TokenTrouble::Wrong);
    assert_eq!(trouble(&yard.token("stranger")).await, TokenTrouble::Wrong);
    assert_eq!(trouble(&yard.token("mike")).await, TokenTrouble::OtherAccount);
    assert!(matches!(trouble(&yard.token("outworn")).await, TokenTrouble::Expired { .. }));
    assert_eq!(yard.with(&yard.token("robot")).hello().await.unwrap().you.name, "robot");
    assert_eq!(yard.with(&yard.token("ada")).hello().await.unwrap().you.name, "ada");
    let refused = yard.run(Some("outworn"), &["note", "I was here"]);
    assert_eq!(refused.status.code(), Some(1));
    assert!(text(&refused).contains("that token has not counted since"), "{}", text(&refused));

    for header in ["Basic cm9ib3Q6", "Bearer", "Bearer a\r\nAuthorization: Bearer b"] {
        let mut socket = UnixStream::connect(yard.engine.dir.join("engine.sock")).await.unwrap();
        let request =
            format!("GET /v1/snapshot HTTP/1.1\r\nHost: w\r\nConnection: close\r\nAuthorization: {header}\r\n\r\n");
        socket.write_all(request.as_bytes()).await.unwrap();
        let mut answer = String::new();
        socket.read_to_string(&mut answer).await.unwrap();
        assert!(answer.starts_with("HTTP/1.1 401 ") && answer.contains("\"unreadable\""), "{header:?}: {answer}");
    }
}

#[tokio::test]
async fn a_token_means_nothing_to_an_engine_of_ones_own() {
    let engine = Engine::start().await;
    let client = Client::new(Address::in_state(&engine.dir)).with_token(Token::new("wr_anything"));
    let refused = client.hello().await.unwrap_err();
    assert!(matches!(refused, ClientError::Trouble(Trouble::Token(TokenTrouble::Wrong))), "{refused:?}");
}

#[tokio::test]
async fn a_token_stands_in_no_file_of_the_engine_and_in_no_process_list() {
    let yard = Yard::open().await;
    let token = yard.token("robot");
    assert!(yard.run(Some("robot"), &["note", "here"]).status.success());
    let mut command = warroom();
    command.arg("--state").arg(&yard.engine.dir).arg("--token-file").arg(yard.file("robot"));
    let mut follower = command.args(["timeline", "--follow"]).stdout(Stdio::null()).spawn().unwrap();
    let robot = Principal::Person("robot".parse().unwrap());
    eventually("the follower is present", || async {
        let present = yard.engine.client.snapshot().await.unwrap().live.present;
        json!(present).to_string().contains(&robot.to_string()).then_some(())
    })
    .await;
    for process in [follower.id(), yard.engine.pid()] {
        for shown in ["cmdline", "environ"] {
            let shown = std::fs::read(format!("/proc/{process}/{shown}")).unwrap();
            assert!(!holds(&shown, &token), "{process}");
        }
    }
    follower.kill().unwrap();
    follower.wait().unwrap();
    let mut looked_at = 0;
    for entry in std::fs::read_dir(&yard.engine.dir)
        .unwrap()
        .chain(std::fs::read_dir(yard.engine.dir.join("log")).into_iter().flatten())
    {
        let path = entry.unwrap().path();
        if path.is_file() {
            looked_at += 1;
            assert!(!holds(&std::fs::read(&path).unwrap(), &token), "{}", path.display());
        }
    }
    assert!(looked_at > 2, "settings, journal and lock at least");
}

fn holds(bytes: &[u8], text: &str) -> bool {
    bytes.windows(text.len()).any(|window| window == text.as_bytes())
}

#[tokio::test]
async fn a_token_file_that_others_may_read_is_not_used() {
    let yard = Yard::open().await;
    std::fs::set_permissions(yard.file("robot"), std::fs::Permissions::from_mode(0o644)).unwrap();
    let refused = yard.run(Some("robot"), &["status"]);
    assert_eq!(refused.status.code(), Some(1));
    assert!(text(&refused).contains("chmod 600"), "{}", text(&refused));
    assert!(!text(&refused).contains(&yard.token("robot")));
}
