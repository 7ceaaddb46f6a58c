//! What a demo consists of: a directory, the range, the engine. Both processes hold the reading end of a pipe from this one
//! and end when it is closed, so that nothing is left however this one ends.

use std::fs::{DirBuilder, File, OpenOptions};
use std::os::unix::fs::{DirBuilderExt, OpenOptionsExt};
use std::path::{Path, PathBuf};
use std::process::Stdio;
use std::time::Duration;

use tokio::io::{AsyncBufReadExt, AsyncReadExt, BufReader};
use tokio::process::{Child, Command};
use tokio::time::timeout;
use uuid::Uuid;

use super::super::range::DEMO_DIRECTORY;
use super::super::session::own_program;
use super::super::{Failure, Outcome};
use super::lesson::ROBOT;
use crate::client::{Address, Client};
use crate::core::command::Command as Asked;
use crate::core::people::Access;
use crate::core::time::Span;
use crate::engine::config::login_name;
use crate::engine::hooks::TokenHash;
use crate::range::{Addresses, Company, practice_plan};
use crate::text;
use crate::wire::Posted;

/// How long range and engine may take to say their first word.
const FIRST_WORD: Duration = Duration::from_secs(30);

/// Longest first word, in bytes.
const LONGEST_WORD: u64 = 64 * 1024;

/// How long each may take to end.
const END: Duration = Duration::from_secs(40);

/// A demo's directory and processes.
pub(super) struct House {
    exe: PathBuf,
    state: PathBuf,
    address: Address,
    keep: Keep,
    range: Option<(Child, Addresses)>,
    engine: Option<Child>,
}

#[derive(Clone, Copy, PartialEq, Eq)]
enum Keep {
    Nothing,
    Directory,
}

/// What keeps the orders of the range.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Orders {
    /// The range itself.
    Range,
    /// A pair of PostgreSQL servers.
    Postgres,
}

impl House {
    /// Makes the directory, which only its owner may enter.
    pub(super) fn new(keep: bool) -> Result<House, Failure> {
        let state = std::env::temp_dir().join(format!("{DEMO_DIRECTORY}{}", Uuid::now_v7().simple()));
        let state = std::path::absolute(&state).unwrap_or(state);
        DirBuilder::new().mode(0o700).create(&state).map_err(|error| cannot("make", &state, &error))?;
        let keep = if keep { Keep::Directory } else { Keep::Nothing };
        let address = Address::in_state(&state);
        Ok(House { exe: own_program()?, state, address, keep, range: None, engine: None })
    }

    pub(super) fn state(&self) -> &Path {
        &self.state
    }

    pub(super) fn address(&self) -> &Address {
        &self.address
    }

    /// Where the range listens, once it is open.
    pub(super) fn addresses(&self) -> Option<&Addresses> {
        self.range.as_ref().map(|(_, addresses)| addresses)
    }

    /// Starts range and engine and loads the practice plan. With a token, a robot holds it, and is a second person.
    pub(super) async fn open(&mut self, after: Option<Span>, robot: Option<&str>, orders: Orders) -> Outcome {
        DirBuilder::new().mode(0o700).create(self.state.join("log")).map_err(|e| cannot("make", &self.state, &e))?;
        let addresses = self.open_range(after, orders).await?;
        let settings = settings(&addresses, robot);
        let path = self.state.join("config.toml");
        std::fs::write(&path, settings).map_err(|error| cannot("write", &path, &error))?;
        self.open_engine().await?;
        let company = if robot.is_some() { Company::WithRobot } else { Company::Alone };
        let plan = practice_plan(&addresses, &self.exe, company);
        let command = Asked::LoadPlan { text: plan, read: None };
        Client::new(self.address.clone()).command(&Posted { id: Uuid::now_v7(), seen: None, command }).await?;
        Ok(())
    }

    async fn open_range(&mut self, after: Option<Span>, orders: Orders) -> Result<Addresses, Failure> {
        let mut command = Command::new(&self.exe);
        command.args(["range", "--lifeline-fd", "0"]);
        if let Some(after) = after {
            command.args(["--after", &after.exact()]);
        }
        if self.keep == Keep::Nothing {
            command.arg("--remove").arg(&self.state);
        }
        if orders == Orders::Postgres {
            // Beside the state, which nobody else may enter: the account that runs the servers can be another one.
            let servers = self.state.with_extension("postgres");
            DirBuilder::new().mode(0o711).create(&servers).map_err(|error| cannot("make", &servers, &error))?;
            command.arg("--postgres").arg(&servers);
        }
        let (child, word) = self.start(command, "range").await?;
        let failed = |word: &str| {
            let why = text::clean_line(word.strip_prefix("error: ").unwrap_or(word)).into_owned();
            Failure::failed(format!("the range did not start: {why}"))
        };
        let addresses: Addresses = serde_json::from_str(&word).map_err(|_| failed(&word))?;
        self.range = Some((child, addresses.clone()));
        Ok(addresses)
    }

    async fn open_engine(&mut self) -> Outcome {
        let mut command = Command::new(&self.exe);
        command.args(["engine", "run", "--ready-fd", "1", "--lifeline-fd", "0", "--state"]).arg(&self.state);
        let (child, word) = self.start(command, "engine").await?;
        self.engine = Some(child);
        match word.as_str() {
            "ready" => Ok(()),
            other => {
                let why = text::clean_line(other.strip_prefix("error: ").unwrap_or(other)).into_owned();
                Err(Failure::failed(format!("the engine did not start: {why}")))
            }
        }
    }

    /// Starts a process on the lifeline and waits for its first line.
    async fn start(&self, mut command: Command, name: &str) -> Result<(Child, String), Failure> {
        let log = self.log(name)?;
        // A process group of its own: an interrupt from the keyboard is for the console, which ends the rest in order.
        command.stdin(Stdio::piped()).stdout(Stdio::piped()).stderr(log).process_group(0);
        command.env_remove("WARROOM_STATE").current_dir("/");
        let failed = |why: String| Failure::failed(format!("the {name} did not start: {why}"));
        let mut child = command.spawn().map_err(|error| failed(error.to_string()))?;
        let mut word = String::new();
        if let Some(stdout) = child.stdout.take() {
            let mut reader = BufReader::new(stdout.take(LONGEST_WORD));
            let read = timeout(FIRST_WORD, reader.read_line(&mut word)).await;
            read.map_err(|_| failed(format!("not a word after {} s", FIRST_WORD.as_secs())))?
                .map_err(|error| failed(error.to_string()))?;
        }
        if word.is_empty() {
            let log = self.state.join("log").join(format!("{name}.out"));
            let why = std::fs::read_to_string(log).unwrap_or_default();
            return Err(failed(text::clean_line(why.trim()).into_owned()));
        }
        Ok((child, word.trim_end().to_owned()))
    }

    fn log(&self, name: &str) -> Result<File, Failure> {
        let path = self.state.join("log").join(format!("{name}.out"));
        let file = OpenOptions::new().create(true).append(true).mode(0o600).open(&path);
        file.map_err(|error| cannot("write", &path, &error))
    }

    /// Lets the time until the outage begin.
    pub(super) async fn start_outage_clock(&self) -> Outcome {
        let Some(addresses) = self.addresses() else { return Ok(()) };
        let control: Address = addresses.control.parse().map_err(|e| Failure::failed(format!("the range: {e}")))?;
        Ok(Client::new(control).poke("/range/start").await?)
    }

    /// Ends the engine, then the range, which removes the directory.
    pub(super) async fn close(&mut self) -> Outcome {
        let engine = match self.engine.take() {
            Some(engine) => end(engine, "engine").await,
            None => Ok(()),
        };
        let range = match self.range.take() {
            Some((range, _)) => end(range, "range").await,
            // Nobody else is there to remove it.
            None if self.keep == Keep::Nothing => match std::fs::remove_dir_all(&self.state) {
                // A range that started badly may have been faster.
                Err(error) if error.kind() != std::io::ErrorKind::NotFound => {
                    Err(cannot("remove", &self.state, &error))
                }
                _ => Ok(()),
            },
            None => Ok(()),
        };
        engine.and(range)
    }
}

/// The engine's settings: where updates go, and with a robot, who is who.
fn settings(addresses: &Addresses, robot: Option<&str>) -> String {
    let channel = |name: &str, url: &str| format!("[channels.{name}]\nkind = \"webhook\"\nurl = {url:?}\n");
    let here = "[outbound]\nallow = [\"127.0.0.1\"]\n".to_owned();
    let channels = [here, channel("inbox", &addresses.inbox), channel("mail", &addresses.mail)].concat();
    let Some(token) = robot else { return channels };
    let uid = rustix::process::geteuid().as_raw();
    let all: Vec<String> = Access::ALL.iter().filter_map(|access| serde_json::to_string(access).ok()).collect();
    let sha256 = String::from(TokenHash::of(token.as_bytes()));
    let you = format!(
        "[[people]]\nname = {}\nprincipal = \"uid:{uid}\"\naccess = [{}]\n",
        serde_json::Value::from(login_name(uid)),
        all.join(", ")
    );
    let robot = format!(
        "[[people]]\nname = \"{ROBOT}\"\nprincipal = \"person:{ROBOT}\"\naccess = [\"commander\"]\n\
         [[people.tokens]]\nsha256 = \"{sha256}\"\n"
    );
    format!("mode = \"shared\"\n{you}{robot}{channels}")
}

/// Closes a child's lifeline and waits for its end; one that does not end is killed.
async fn end(mut child: Child, name: &str) -> Outcome {
    drop(child.stdin.take());
    match timeout(END, child.wait()).await {
        Ok(Ok(status)) if status.success() => Ok(()),
        Ok(Ok(status)) => Err(Failure::failed(format!("the {name} of the demo ended with {status}"))),
        Ok(Err(error)) => Err(Failure::failed(format!("the {name} of the demo cannot be waited for: {error}"))),
        Err(_) => {
            let killed = child.kill().await;
            let how = killed.map_or_else(|error| error.to_string(), |()| "killed".to_owned());
            Err(Failure::failed(format!("the {name} of the demo did not end after {} s: {how}", END.as_secs())))
        }
    }
}

fn cannot(what: &str, path: &Path, error: &std::io::Error) -> Failure {
    Failure::failed(format!("cannot {what} {}: {error}", path.display()))
}
