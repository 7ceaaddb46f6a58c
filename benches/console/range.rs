//! A calm practice range with its engine, and a flood of events into it.

use std::io::{BufRead, BufReader};
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicU32, Ordering};
use std::thread::{self, JoinHandle};
use std::time::Duration;

use uuid::Uuid;
use warroom::client::{Address, Client};
use warroom::core::command::Command as Asked;
use warroom::wire::Posted;

/// `warroom demo --calm --headless`, ended with this.
pub struct Range {
    child: Child,
    state: String,
}

/// Notes on their way into the journal.
pub struct Flood {
    stop: Arc<AtomicBool>,
    sent: Arc<AtomicU32>,
    thread: JoinHandle<()>,
}

impl Range {
    pub fn start(exe: &Path) -> Range {
        let mut child = Command::new(exe)
            .args(["demo", "--calm", "--headless"])
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .spawn()
            .unwrap();
        let mut line = String::new();
        BufReader::new(child.stdout.take().unwrap()).read_line(&mut line).unwrap();
        let addresses: serde_json::Value = serde_json::from_str(&line).unwrap();
        Range { child, state: addresses["state"].as_str().unwrap().to_owned() }
    }

    pub fn state(&self) -> &str {
        &self.state
    }

    fn address(&self) -> Address {
        Address::in_state(&PathBuf::from(&self.state))
    }

    pub fn engine_resident(&self) -> u64 {
        let address = self.address();
        let hello = runtime().block_on(async { Client::new(address).hello().await.unwrap() });
        super::terminal::resident(hello.pid)
    }

    pub fn flood(&self, a_second: u32) -> Flood {
        let (stop, sent) = (Arc::new(AtomicBool::new(false)), Arc::new(AtomicU32::new(0)));
        let (stopped, counted, address) = (Arc::clone(&stop), Arc::clone(&sent), self.address());
        let thread = thread::spawn(move || {
            runtime().block_on(async {
                let client = Client::new(address);
                let mut tick = tokio::time::interval(Duration::from_secs(1) / a_second);
                while !stopped.load(Ordering::Relaxed) {
                    tick.tick().await;
                    let n = counted.fetch_add(1, Ordering::Relaxed);
                    let command = Asked::Note { incident: None, text: format!("reading {n}") };
                    client.command(&Posted { id: Uuid::now_v7(), seen: None, command }).await.unwrap();
                }
            });
        });
        Flood { stop, sent, thread }
    }
}

impl Flood {
    pub fn stop(self) -> u32 {
        self.stop.store(true, Ordering::Relaxed);
        self.thread.join().unwrap();
        self.sent.load(Ordering::Relaxed)
    }
}

impl Drop for Range {
    fn drop(&mut self) {
        if let Some(pid) = rustix::process::Pid::from_raw(i32::try_from(self.child.id()).unwrap()) {
            let _ = rustix::process::kill_process(pid, rustix::process::Signal::TERM);
        }
        let _ = self.child.wait();
    }
}

fn runtime() -> tokio::runtime::Runtime {
    tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap()
}
