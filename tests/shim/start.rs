//! How commands start.

use std::{
    collections::BTreeMap,
    fs,
    path::{Path, PathBuf},
};

use warroom::steps::shim::{Exit, SpawnError, spawn};

use crate::attempt::{Attempt, running, shim_by_hand, until};

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
    let attempt = Attempt::script(
        "cut -d' ' -f5,6 /proc/$$/stat; readlink /proc/$$/fd/0; cat /proc/$PPID/comm; while [ ! -e go ]; do sleep 0.01; done",
    );
    let started = attempt.spawn().await;
    let pids = running(&started);
    fs::write(attempt.file("go"), "").unwrap();
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
async fn a_script_comes_by_standard_input_and_leaves_no_file() {
    let mut attempt = Attempt::new(["sh", "-s", "west"]);
    let script = "for word in kept line; do\n  echo \"$1: $word\"\ndone\n";
    attempt.spec.stdin = Some(script.to_owned());
    let record = attempt.finish().await;
    assert_eq!(record.exit, Exit::Exited { code: 0 });
    assert_eq!(attempt.output(), "west: kept\nwest: line\n");
    assert!(!attempt.dir().join("stdin").exists());
    assert!(!attempt.record("spec.json").contains("kept"));
}

#[tokio::test]
async fn a_command_whose_input_was_lost_does_not_run_on_nothing() {
    let mut attempt = Attempt::new(["cat"]);
    attempt.spec.stdin = Some("x".repeat(1000));
    spawn(Path::new("/no/such/warroom"), &attempt.dir(), &attempt.spec, &[]).await.unwrap_err();
    let mode =
        std::os::unix::fs::PermissionsExt::mode(&fs::metadata(attempt.dir().join("stdin")).unwrap().permissions());
    assert_eq!(mode & 0o777, 0o600);
    fs::remove_file(attempt.dir().join("stdin")).unwrap();
    assert!(shim_by_hand(&attempt.dir()).status.success());
    let end = attempt.record("exit.json");
    assert!(end.contains("not_started") && end.contains("No such file"), "{end}");
}

#[tokio::test]
async fn the_values_of_the_environment_are_off_the_disk_as_soon_as_the_command_runs() {
    let mut attempt = Attempt::script("echo $GREETING; sleep 1000");
    attempt.spec.env.insert("GREETING".to_owned(), "grüezi".to_owned());
    let started = attempt.spawn().await;
    attempt.says("grüezi").await;
    until("the value is gone", || !attempt.record("spec.json").contains("grüezi")).await;
    assert!(attempt.record("spec.json").contains("GREETING"), "its name is still told");
    warroom::steps::shim::stop(&running(&started)).unwrap();
    started.wait().await.unwrap();
}
