//! Command steps under the real shim: real processes, real files.

#![allow(clippy::unwrap_used, clippy::panic, reason = "a test may end where it fails")]

use std::{
    collections::BTreeMap,
    fs,
    io::Write,
    path::{Path, PathBuf},
    process::{Command, Output, Stdio},
    time::{Duration, Instant},
};

use rustix::process::{Pid, Signal, kill_process, kill_process_group};
use tempfile::TempDir;
use warroom::steps::shim::{
    Chunk, Ended, Exit, ExitRecord, Found, Kept, Life, Pids, SpawnError, Spec, Started, Stop, Void, WaitError,
    clean_environment, group_alive, look, read_output, spawn, stop, void, wait,
};

/// Longer than any wait here takes on a busy machine; a test that reaches it has failed.
const PATIENCE: Duration = Duration::from_secs(30);

/// One attempt in a directory of its own.
struct Attempt {
    home: TempDir,
    spec: Spec,
}

impl Attempt {
    fn new<const N: usize>(argv: [&str; N]) -> Self {
        let home = tempfile::tempdir().unwrap();
        let argv = argv.map(str::to_owned).to_vec();
        let spec = Spec::new(argv, clean_environment([]), home.path().to_path_buf());
        Self { home, spec }
    }

    fn script(text: &str) -> Self {
        Self::new(["sh", "-c", text])
    }

    fn dir(&self) -> PathBuf {
        self.home.path().join("runs/r1/step.1")
    }

    async fn spawn(&self) -> Started {
        spawn(exe(), &self.dir(), &self.spec, &[]).await.unwrap()
    }

    async fn finish(&self) -> ExitRecord {
        let started = self.spawn().await;
        tokio::time::timeout(PATIENCE, started.wait()).await.unwrap().unwrap()
    }

    fn output(&self) -> String {
        let chunk = read_output(&self.dir(), 0, usize::MAX).unwrap();
        assert_eq!(chunk.bytes.len() as u64, chunk.total);
        String::from_utf8(chunk.bytes).unwrap()
    }

    /// Waits until the command has said this much.
    async fn says(&self, text: &str) {
        until(text, || self.dir().join("output").exists() && self.output().contains(text)).await;
    }

    fn file(&self, name: &str) -> PathBuf {
        self.home.path().join(name)
    }
}

fn exe() -> &'static Path {
    Path::new(env!("CARGO_BIN_EXE_warroom"))
}

/// A shim that was given the word to begin, run to its end.
fn shim_by_hand(dir: &Path) -> Output {
    let mut command = Command::new(exe());
    command.arg("shim").arg(dir).stdin(Stdio::piped()).stdout(Stdio::piped()).stderr(Stdio::piped());
    let mut shim = command.spawn().unwrap();
    shim.stdin.take().unwrap().write_all(b"\n").unwrap();
    shim.wait_with_output().unwrap()
}

async fn until(what: &str, mut holds: impl FnMut() -> bool) {
    let end = Instant::now() + PATIENCE;
    while !holds() {
        assert!(Instant::now() < end, "this did not come about: {what}");
        tokio::time::sleep(Duration::from_millis(5)).await;
    }
}

fn running(started: &Started) -> Pids {
    match &started.found {
        Found::Running(pids) => pids.clone(),
        other => panic!("not running: {other:?}"),
    }
}

fn pid(raw: i32) -> Pid {
    Pid::from_raw(raw).unwrap()
}

fn pid_in(path: &Path) -> i32 {
    fs::read_to_string(path).unwrap().trim().parse().unwrap()
}

fn is_gone(pid: i32) -> bool {
    let stat = fs::read_to_string(format!("/proc/{pid}/stat")).unwrap_or_default();
    stat.is_empty() || stat.rsplit(')').next().unwrap().trim_start().starts_with('Z')
}

#[tokio::test]
async fn the_exit_status_is_kept() {
    let attempt = Attempt::script("exit 7");
    let record = attempt.finish().await;
    assert_eq!(record.exit, Exit::Exited { code: 7 });
    assert_eq!(look(&attempt.dir()).unwrap(), Found::Ended(record));
}

#[tokio::test]
async fn a_signal_from_elsewhere_is_kept() {
    let record = Attempt::script("kill -USR1 $$").finish().await;
    assert_eq!(record.exit, Exit::Signalled { signal: 10 });
}

#[tokio::test]
async fn both_streams_are_kept_in_order() {
    let attempt = Attempt::script("for i in 1 2 3; do echo out $i; echo err $i >&2; done");
    let record = attempt.finish().await;
    let text = "out 1\nerr 1\nout 2\nerr 2\nout 3\nerr 3\n";
    assert_eq!(attempt.output(), text);
    assert_eq!((record.output_bytes, record.kept), (text.len() as u64, Kept::Whole));
    let total = text.len() as u64;
    let piece = |from, bytes: &str| Chunk { from, bytes: bytes.into(), total, gap: None };
    assert_eq!(read_output(&attempt.dir(), 6, 5).unwrap(), piece(6, "err 1"));
    assert_eq!(read_output(&attempt.dir(), 999, 5).unwrap(), piece(999, ""));
}

#[tokio::test]
async fn a_deadline_ends_the_command() {
    let mut attempt = Attempt::new(["sleep", "1000"]);
    let after = Duration::from_millis(100);
    attempt.spec.timeout = Some(after);
    let record = attempt.finish().await;
    let how = Ended::Terminated;
    assert_eq!(record.exit, Exit::TimedOut { after, how });
    assert!(record.duration_ms >= 100, "{record:?}");
}

#[tokio::test]
async fn a_command_that_ignores_the_deadline_is_killed() {
    let mut attempt = Attempt::script("trap '' TERM; echo deaf; while :; do sleep 1000; done");
    let after = Duration::from_secs(2);
    attempt.spec.timeout = Some(after);
    attempt.spec.grace = Duration::from_millis(100);
    let started = attempt.spawn().await;
    let pids = running(&started);
    let record = tokio::time::timeout(PATIENCE, started.wait()).await.unwrap().unwrap();
    let how = Ended::Killed;
    assert_eq!(record.exit, Exit::TimedOut { after, how });
    until("everybody has left", || group_alive(&pids) == Life::Gone).await;
}

#[tokio::test]
async fn the_whole_group_has_its_grace() {
    let script = "(trap 'echo worker saved; exit' TERM; echo ready; while :; do sleep 0.01; done) & \
                  trap 'exit 0' TERM; wait";
    let attempt = Attempt::script(script);
    let started = attempt.spawn().await;
    attempt.says("ready").await;
    assert_eq!(stop(&running(&started)).unwrap(), Stop::Asked);
    assert_eq!(started.wait().await.unwrap().exit, Exit::Stopped);
    assert!(attempt.output().contains("worker saved"), "{}", attempt.output());
}

#[tokio::test]
async fn a_stop_is_recorded_and_a_second_one_finds_nobody() {
    let attempt = Attempt::new(["sleep", "1000"]);
    let started = attempt.spawn().await;
    let pids = running(&started);
    assert_eq!(stop(&pids).unwrap(), Stop::Asked);
    assert_eq!(started.wait().await.unwrap().exit, Exit::Stopped);
    until("the shim has left", || stop(&pids).unwrap() == Stop::AlreadyGone).await;
    assert_eq!(group_alive(&pids), Life::Gone);
}

#[tokio::test]
async fn a_stop_reaches_an_orphan_that_left_its_session() {
    let attempt = Attempt::script("(setsid sh -c 'echo $$ > far; echo away; exec sleep 1000' &) ; exec sleep 1000");
    let started = attempt.spawn().await;
    attempt.says("away").await;
    stop(&running(&started)).unwrap();
    assert_eq!(started.wait().await.unwrap().exit, Exit::Stopped);
    let far = pid_in(&attempt.file("far"));
    until("the orphan is gone", || is_gone(far)).await;
}

#[tokio::test]
async fn a_daemon_outlives_a_command_that_ended_well() {
    let attempt = Attempt::script(
        "setsid sh -c 'echo $$ > daemon; exec sleep 1000' >/dev/null 2>&1 & while [ ! -s daemon ]; do :; done",
    );
    assert_eq!(attempt.finish().await.exit, Exit::Exited { code: 0 });
    let daemon = pid_in(&attempt.file("daemon"));
    assert!(!is_gone(daemon));
    kill_process(pid(daemon), Signal::KILL).unwrap();
}

#[tokio::test]
async fn a_grandchild_that_holds_the_output_does_not_hang_the_shim_and_goes() {
    let attempt = Attempt::script("sleep 1000 & echo $! > left; echo done");
    let record = attempt.finish().await;
    assert_eq!(record.exit, Exit::Exited { code: 0 });
    assert_eq!(attempt.output(), "done\n");
    assert!(is_gone(pid_in(&attempt.file("left"))));
}

#[tokio::test]
async fn a_grandchild_that_floods_the_output_does_not_hang_the_shim() {
    let mut attempt = Attempt::script("yes & echo $! > left");
    attempt.spec.output_limit = 1000;
    let record = attempt.finish().await;
    assert_eq!(record.exit, Exit::Exited { code: 0 });
    assert!(is_gone(pid_in(&attempt.file("left"))));
}

#[tokio::test]
async fn a_killed_shim_is_lost_and_its_command_is_seen_until_it_goes() {
    let attempt = Attempt::new(["sleep", "1000"]);
    let started = attempt.spawn().await;
    let pids = running(&started);
    kill_process(pid(pids.shim_pid), Signal::KILL).unwrap();
    let lost = started.wait().await;
    assert!(matches!(&lost, Err(WaitError::Lost(whose)) if *whose == pids), "{lost:?}");
    assert_eq!(look(&attempt.dir()).unwrap(), Found::Lost(pids.clone()));
    assert_eq!(group_alive(&pids), Life::Alive);
    kill_process_group(pid(pids.child.clone().unwrap().pgid), Signal::KILL).unwrap();
    until("the group is gone", || group_alive(&pids) == Life::Gone).await;
}

#[tokio::test]
async fn the_session_tells_of_a_command_whose_ids_were_not_written() {
    let attempt = Attempt::new(["sleep", "1000"]);
    let started = attempt.spawn().await;
    let whole = running(&started);
    kill_process(pid(whole.shim_pid), Signal::KILL).unwrap();
    started.wait().await.unwrap_err();
    let shim_only = Pids { child: None, ..whole.clone() };
    assert_eq!(group_alive(&shim_only), Life::Alive);
    kill_process(pid(whole.child.unwrap().child_pid), Signal::KILL).unwrap();
    until("the session is gone", || group_alive(&shim_only) == Life::Gone).await;
}

#[tokio::test]
async fn ids_of_another_boot_or_start_are_nobody() {
    let attempt = Attempt::new(["sleep", "1000"]);
    let started = attempt.spawn().await;
    let pids = running(&started);
    let mut other_boot = pids.clone();
    other_boot.boot_id = "00000000-0000-0000-0000-000000000000".to_owned();
    assert_eq!(group_alive(&other_boot), Life::Gone);
    assert_eq!(stop(&other_boot).unwrap(), Stop::AlreadyGone);
    let mut reused = pids.clone();
    reused.shim_start_time += 1;
    reused.child.as_mut().unwrap().child_start_time += 1;
    assert_eq!(group_alive(&reused), Life::Gone);
    assert_eq!(stop(&reused).unwrap(), Stop::AlreadyGone);
    assert_eq!(look(&attempt.dir()).unwrap(), Found::Running(pids.clone()));
    stop(&pids).unwrap();
    started.wait().await.unwrap();
}

/// Not a test of its own: the engine of the next one, as a process that can be killed.
#[tokio::test]
#[ignore = "started by another test"]
async fn helper_engine() {
    let home = PathBuf::from(std::env::var_os("SHIM_TEST_HOME").unwrap());
    let argv = ["sh", "-c", "while [ ! -e go ]; do sleep 0.01; done; echo survived"];
    let spec = Spec::new(argv.map(str::to_owned).to_vec(), clean_environment([]), home.clone());
    spawn(exe(), &home.join("runs/r1/step.1"), &spec, &[]).await.unwrap();
    fs::write(home.join("spawned"), "").unwrap();
    std::future::pending::<()>().await;
}

#[tokio::test]
async fn the_death_of_the_engine_does_not_stop_the_command() {
    let attempt = Attempt::new(["true"]);
    let mut engine = Command::new(std::env::current_exe().unwrap())
        .args(["--exact", "helper_engine", "--ignored"])
        .env("SHIM_TEST_HOME", attempt.home.path())
        .stdout(Stdio::null())
        .spawn()
        .unwrap();
    until("the command was spawned", || attempt.file("spawned").exists()).await;
    engine.kill().unwrap();
    engine.wait().unwrap();
    assert!(matches!(look(&attempt.dir()).unwrap(), Found::Running(_)));
    let dir = attempt.dir();
    let (record, ()) = tokio::join!(tokio::time::timeout(PATIENCE, wait(&dir)), async {
        fs::write(attempt.file("go"), "").unwrap();
    });
    assert_eq!(record.unwrap().unwrap().exit, Exit::Exited { code: 0 });
    assert_eq!(attempt.output(), "survived\n");
}

#[tokio::test]
async fn the_environment_is_exactly_what_was_given() {
    let mut attempt = Attempt::new(["/usr/bin/env"]);
    attempt.spec.env = BTreeMap::from([("A".to_owned(), "1 2".to_owned()), ("WARROOM_RUN".to_owned(), "r".to_owned())]);
    attempt.finish().await;
    assert_eq!(attempt.output(), "A=1 2\nWARROOM_RUN=r\n");
}

#[tokio::test]
async fn arguments_arrive_literally() {
    let hostile = ["; rm -rf .", "$(id)", "a\nb", "`id`", "", "--", "*"];
    let mut attempt = Attempt::new(["printf", "[%s]"]);
    attempt.spec.argv.extend(hostile.map(str::to_owned));
    attempt.finish().await;
    let wanted: String = hostile.iter().map(|argument| format!("[{argument}]")).collect();
    assert_eq!(attempt.output(), wanted);
}

#[tokio::test]
async fn the_command_leads_a_group_in_the_session_of_its_shim() {
    let attempt = Attempt::script("cut -d' ' -f5,6 /proc/$$/stat; readlink /proc/$$/fd/0; cat /proc/$PPID/comm");
    let started = attempt.spawn().await;
    let pids = running(&started);
    started.wait().await.unwrap();
    let group = pids.child.unwrap().pgid;
    assert_eq!(attempt.output(), format!("{group} {}\n/dev/null\nwarroom\n", pids.shim_pid));
}

#[tokio::test]
async fn no_descriptor_of_the_engine_or_the_shim_is_inherited() {
    let attempt = Attempt::script("ls -l /proc/$$/fd");
    let private = fs::File::create(attempt.file("journal")).unwrap();
    attempt.finish().await;
    drop(private);
    let listing = attempt.output();
    assert_eq!(listing.matches("step.1/output").count(), 2, "{listing}");
    for own in ["journal", "socket:", "eventpoll", "shim.log", "step.1\n"] {
        assert!(!listing.contains(own), "{own} in {listing}");
    }
}

#[tokio::test]
async fn a_program_that_is_not_found_is_named_with_the_path_searched() {
    let mut attempt = Attempt::new(["pg_ctlx", "promote"]);
    attempt.spec.env.insert("PATH".to_owned(), "/nowhere:/bin".to_owned());
    let Exit::NotStarted { why } = attempt.finish().await.exit else {
        panic!("it was started");
    };
    assert_eq!(why, "The program \"pg_ctlx\" was not found in PATH=/nowhere:/bin.");
}

#[tokio::test]
async fn a_missing_directory_or_file_is_named() {
    let mut attempt = Attempt::new(["true"]);
    attempt.spec.cwd = PathBuf::from("/no/such/place");
    let Exit::NotStarted { why } = attempt.finish().await.exit else {
        panic!("it was started");
    };
    assert!(why.contains("/no/such/place"), "{why}");

    let Exit::NotStarted { why } = Attempt::new(["./tool"]).finish().await.exit else {
        panic!("it was started");
    };
    assert!(why.contains("./tool"), "{why}");
}

#[tokio::test]
async fn an_attempt_is_given_out_once() {
    let attempt = Attempt::script("echo once >> count");
    attempt.finish().await;
    let again = spawn(exe(), &attempt.dir(), &attempt.spec, &[]).await;
    assert!(matches!(&again, Err(SpawnError::GivenOutBefore(dir)) if *dir == attempt.dir()), "{again:?}");
    // Nor does a second shim take it up, however it came to be started.
    let second = shim_by_hand(&attempt.dir());
    assert!(!second.status.success());
    assert_eq!(fs::read_to_string(attempt.file("count")).unwrap(), "once\n");
}

#[tokio::test]
async fn a_second_shim_is_refused_while_the_first_runs() {
    let attempt = Attempt::new(["sleep", "1000"]);
    let started = attempt.spawn().await;
    let second = shim_by_hand(&attempt.dir());
    assert!(!second.status.success());
    assert_eq!(void(&attempt.dir(), "late").unwrap(), Void::TakenUp);
    stop(&running(&started)).unwrap();
    assert_eq!(started.wait().await.unwrap().exit, Exit::Stopped);
}

#[tokio::test]
async fn an_attempt_that_was_called_off_is_never_taken_up() {
    let attempt = Attempt::script("echo ran > ran");
    assert_eq!(look(&attempt.dir()).unwrap(), Found::NotStarted);
    let missing = spawn(Path::new("/no/such/warroom"), &attempt.dir(), &attempt.spec, &[]).await;
    assert!(matches!(missing, Err(SpawnError::NotStarted(_))), "{missing:?}");
    assert_eq!(look(&attempt.dir()).unwrap(), Found::GivenOut);
    assert!(matches!(wait(&attempt.dir()).await, Err(WaitError::NotTakenUp)));
    assert_eq!(void(&attempt.dir(), "The engine ended.").unwrap(), Void::Voided);
    let late = shim_by_hand(&attempt.dir());
    assert!(!late.status.success());
    assert!(!attempt.file("ran").exists());
    let Found::Ended(record) = look(&attempt.dir()).unwrap() else {
        panic!("it has no end");
    };
    let why = "The engine ended.".to_owned();
    assert_eq!(record.exit, Exit::NotStarted { why });
}

#[tokio::test]
async fn a_shim_that_fails_says_why() {
    let attempt = Attempt::new(["true"]);
    let other = spawn(Path::new("/bin/false"), &attempt.dir(), &attempt.spec, &[]).await;
    assert!(matches!(other, Err(SpawnError::ShimFailed { .. })), "{other:?}");
    let nowhere = shim_by_hand(&attempt.file("nowhere"));
    assert_eq!(nowhere.status.code(), Some(1));
    let log = String::from_utf8(nowhere.stderr).unwrap();
    assert!(log.contains("nowhere") && log.contains("No such file"), "{log}");
}

#[tokio::test]
async fn the_files_are_for_the_owner_alone() {
    use std::os::unix::fs::PermissionsExt;
    let attempt = Attempt::script("echo hello");
    attempt.finish().await;
    let mode = |path: &Path| fs::metadata(path).unwrap().permissions().mode() & 0o777;
    for dir in ["runs", "runs/r1", "runs/r1/step.1"] {
        assert_eq!(mode(&attempt.file(dir)), 0o700, "{dir}");
    }
    for name in ["spec.json", "pid.json", "output", "exit.json", "shim.log"] {
        assert_eq!(mode(&attempt.dir().join(name)), 0o600, "{name}");
    }
}

#[tokio::test]
async fn a_wait_that_is_dropped_leaves_the_command_alone() {
    let attempt = Attempt::new(["sleep", "1000"]);
    let started = attempt.spawn().await;
    let pids = running(&started);
    drop(started);
    let dir = attempt.dir();
    tokio::select! {
        biased;
        ended = wait(&dir) => panic!("it ended: {ended:?}"),
        () = tokio::task::yield_now() => {}
    }
    assert_eq!(look(&dir).unwrap(), Found::Running(pids.clone()));
    stop(&pids).unwrap();
    assert_eq!(wait(&dir).await.unwrap().exit, Exit::Stopped);
}
