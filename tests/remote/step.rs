//! A remote step and the follower that stands for it.

use std::{
    ffi::OsString,
    fs::{self, OpenOptions},
    path::{Path, PathBuf},
    process::{Child, Command, ExitStatus, Stdio},
};

use rustix::process::{Pid, Signal, kill_process};
use warroom::steps::remote::{self, Key, Link, LinkState, RemoteExit, RemoteSpec, Work};

use super::far::{Far, until};

pub struct Step {
    pub dir: PathBuf,
    pub spec: RemoteSpec,
    pub secrets: Vec<(String, String)>,
}

/// A follower, killed when this is dropped.
pub struct Follower {
    child: Child,
    dir: PathBuf,
}

impl Step {
    pub fn new(far: &Far, name: &str, work: Work) -> Step {
        let key = Key::new(format!("e1.R1.{name}.1")).unwrap();
        let spec = RemoteSpec::new(far.settings(), far.host(), key, work);
        Step { dir: far.path(name), spec, secrets: Vec::new() }
    }

    pub fn command(far: &Far, name: &str, argv: &[&str]) -> Step {
        Step::new(far, name, Work::Command { argv: argv.iter().map(|&word| word.to_owned()).collect() })
    }

    pub fn script(far: &Far, name: &str, text: &str) -> Step {
        Step::new(far, name, Work::Script { text: text.to_owned() })
    }

    /// Starts the first follower.
    pub fn start(&self) -> Follower {
        remote::write_spec(&self.dir, &self.spec).unwrap();
        self.follow()
    }

    /// Starts a follower on what is written down.
    pub fn follow(&self) -> Follower {
        let output = OpenOptions::new().append(true).create(true).open(self.dir.join("output")).unwrap();
        let argv = remote::argv(Path::new(env!("CARGO_BIN_EXE_warroom")), &self.dir);
        let path = std::env::var_os("PATH").unwrap();
        let secrets = self.secrets.iter().map(|(name, value)| (name.into(), value.into()));
        let child = Command::new(&argv[0])
            .args(&argv[1..])
            .env_clear()
            .envs(secrets.chain([(OsString::from("PATH"), path)]))
            .stdin(Stdio::null())
            .stdout(output)
            .stderr(Stdio::inherit())
            .spawn()
            .unwrap();
        Follower { child, dir: self.dir.clone() }
    }

    pub fn output(&self) -> Vec<u8> {
        fs::read(self.dir.join("output")).unwrap_or_default()
    }

    pub fn text(&self) -> String {
        String::from_utf8(self.output()).unwrap()
    }

    pub async fn says(&self, text: &str) {
        until(text, || self.text().contains(text)).await;
    }

    pub fn link(&self) -> Option<Link> {
        remote::link(&self.dir).unwrap()
    }

    pub async fn stands(&self, state: LinkState) {
        until(&format!("{state:?}"), || self.link().is_some_and(|link| link.state == state)).await;
    }

    /// Runs it to its end.
    pub async fn run(&self) -> RemoteExit {
        self.start().end().await.1
    }
}

impl Follower {
    /// The exit status and how the step ended.
    pub async fn end(mut self) -> (ExitStatus, RemoteExit) {
        until("the follower ends", || self.child.try_wait().unwrap().is_some()).await;
        let status = self.child.wait().unwrap();
        (status, remote::exit(&self.dir).unwrap().unwrap())
    }

    pub fn ask_to_stop(&self) {
        kill_process(Pid::from_child(&self.child), Signal::TERM).unwrap();
    }

    pub fn kill(mut self) {
        self.child.kill().unwrap();
        self.child.wait().unwrap();
    }
}

impl Drop for Follower {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}
