//! A home of its own for each story, and the program in it.

use std::io::{BufRead, BufReader, Read};
use std::path::PathBuf;
use std::process::{Command, Output, Stdio};
use std::sync::mpsc;
use std::time::{Duration, Instant};

use rustix::process::Pid;
use serde_json::Value;
use tempfile::TempDir;

/// Longer than anything here takes on a busy machine; nothing waits for it to pass.
pub const PATIENCE: Duration = Duration::from_secs(60);

pub fn eventually<T>(what: &str, mut look: impl FnMut() -> Option<T>) -> T {
    let deadline = Instant::now() + PATIENCE;
    loop {
        if let Some(found) = look() {
            return found;
        }
        assert!(Instant::now() < deadline, "never came true: {what}");
        std::thread::sleep(Duration::from_millis(50));
    }
}

/// A home of its own, and the program in it.
pub struct Home {
    pub dir: TempDir,
}

impl Home {
    pub fn new() -> Home {
        Home { dir: tempfile::tempdir().unwrap() }
    }

    pub fn warroom(&self) -> Command {
        let mut command = Command::new(env!("CARGO_BIN_EXE_warroom"));
        command.env_clear().env("HOME", self.dir.path()).env("TMPDIR", self.dir.path());
        command.env("LANG", "C.UTF-8").env("PATH", "/usr/bin:/bin").stdin(Stdio::null());
        command
    }

    /// Runs a verb: exit status, standard output, standard error.
    pub fn run(&self, args: &[&str]) -> (i32, String, String) {
        finished(self.warroom().args(args).output().unwrap())
    }

    pub fn good(&self, args: &[&str]) -> String {
        let (status, stdout, stderr) = self.run(args);
        assert_eq!((status, stderr.as_str()), (0, ""), "{args:?}: {stdout}");
        stdout
    }

    pub fn json(&self, args: &[&str]) -> Value {
        serde_json::from_str(&self.good(&[args, &["--json"]].concat())).unwrap()
    }

    pub fn state(&self) -> PathBuf {
        self.dir.path().join(".local/state/warroom")
    }
}

impl Drop for Home {
    fn drop(&mut self) {
        let _ = self.run(&["engine", "stop"]);
    }
}

pub fn finished(output: Output) -> (i32, String, String) {
    let text = |bytes| String::from_utf8(bytes).unwrap();
    (output.status.code().unwrap_or(-1), text(output.stdout), text(output.stderr))
}

pub fn pid(number: &Value) -> Pid {
    Pid::from_raw(i32::try_from(number.as_u64().unwrap()).unwrap()).unwrap()
}

/// Whether a process has ended; one that nobody has waited for yet counts.
pub fn is_gone(process: Pid) -> bool {
    let stat = std::fs::read_to_string(format!("/proc/{}/stat", process.as_raw_nonzero())).unwrap_or_default();
    stat.rsplit_once(") ").is_none_or(|(_, rest)| rest.starts_with('Z'))
}

/// A home with an incident of a plan whose procedure `mend` has these steps; `DIR` in them stands for the home.
pub fn at_an_incident(steps: &str) -> Home {
    let home = Home::new();
    let file = home.dir.path().join("shop.yml");
    let plan = format!(
        "plan_id: shop\nplan_name: Shop\nenvironment: practice\n\
         sites: [{{site_id: east, name: East, role: primary}}, {{site_id: west, name: West, role: standby}}]\n\
         components:\n  - {{component_id: pay, name: Payments, type: api}}\n\
         recovery_procedures:\n  - procedure_id: mend\n    name: Mend\n    \
         parameters: [{{name: word, default: wrong}}]\n    steps:\n{}",
        steps.replace("DIR", home.dir.path().to_str().unwrap())
    );
    std::fs::write(&file, plan).unwrap();
    home.good(&["plan", "load", file.to_str().unwrap()]);
    home.good(&["incident", "declare", "--plan", "shop"]);
    home
}

/// The lines of a stream, as they come.
pub fn lines_of(stream: impl Read + Send + 'static) -> mpsc::Receiver<String> {
    let (send, lines) = mpsc::channel();
    std::thread::spawn(move || {
        BufReader::new(stream).lines().map_while(Result::ok).try_for_each(|line| send.send(line))
    });
    lines
}

impl Home {
    pub fn refused(&self, args: &[&str]) -> String {
        let (status, _, stderr) = self.run(args);
        assert_eq!(status, 1, "{args:?}: {stderr}");
        stderr
    }

    /// Waits until a run's page has a line with all of these words.
    pub fn shows(&self, run: &str, words: &[&str]) -> String {
        eventually(&format!("{run} shows {words:?}"), || {
            let page = self.good(&["run", "show", run]);
            page.lines().any(|line| words.iter().all(|word| line.contains(word))).then_some(page)
        })
    }
}
