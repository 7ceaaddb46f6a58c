use std::fs;
use std::path::Path;
use std::time::{Duration, Instant};

use rustix::fs::{CWD, FileType, Mode, mknodat};

use super::*;

async fn value(reference: &str) -> Result<String, String> {
    let secret = resolve(&reference.parse().unwrap()).await;
    secret.map(|secret| secret.expose().to_owned()).map_err(|error| error.to_string())
}

async fn obstacle(reference: &str) -> Obstacle {
    resolve(&reference.parse().unwrap()).await.unwrap_err().why
}

fn file(dir: &Path, name: &str, bytes: &[u8], mode: u32) -> String {
    let path = dir.join(name);
    fs::write(&path, bytes).unwrap();
    fs::set_permissions(&path, fs::Permissions::from_mode(mode)).unwrap();
    path.to_str().unwrap().to_owned()
}

#[tokio::test]
async fn a_variable_of_the_environment_is_taken() {
    assert_eq!(value("env:CARGO_MANIFEST_DIR").await, Ok(std::env::var("CARGO_MANIFEST_DIR").unwrap()));
    assert_eq!(
        value("env:WARROOM_NOT_SET").await.unwrap_err(),
        "the secret env:WARROOM_NOT_SET cannot be had: the engine's environment has no such variable"
    );
}

#[tokio::test]
async fn a_file_is_taken_without_the_line_end_after_it() {
    let dir = tempfile::tempdir().unwrap();
    for (bytes, secret) in [
        (&b"hunter2"[..], "hunter2"),
        (b"hunter2\n", "hunter2"),
        (b"hunter2\r\n", "hunter2"),
        (b"hunter2\n\n", "hunter2\n"),
        (b" two\nlines ", " two\nlines "),
    ] {
        let path = file(dir.path(), "secret", bytes, 0o600);
        assert_eq!(value(&format!("file:{path}")).await, Ok(secret.to_owned()));
    }
}

#[tokio::test]
async fn a_file_that_others_can_reach_is_refused() {
    let dir = tempfile::tempdir().unwrap();
    for mode in [0o644, 0o640, 0o604, 0o620, 0o601] {
        let path = file(dir.path(), "secret", b"hunter2", mode);
        assert_eq!(obstacle(&format!("file:{path}")).await, Obstacle::OpenToOthers(mode));
    }
    let path = file(dir.path(), "secret", b"hunter2", 0o640);
    assert_eq!(
        value(&format!("file:{path}")).await.unwrap_err(),
        format!(
            "the secret file:{path} cannot be had: others than its owner can reach the file (mode 0640); \
             allow nobody else, as with chmod 600"
        )
    );
}

#[tokio::test]
async fn pipes_devices_and_directories_are_refused_at_once() {
    let dir = tempfile::tempdir().unwrap();
    let pipe = dir.path().join("pipe");
    mknodat(CWD, &pipe, FileType::Fifo, Mode::RUSR, 0).unwrap();
    for path in [&pipe, dir.path(), Path::new("/dev/zero"), Path::new("/dev/tty")] {
        assert_eq!(obstacle(&format!("file:{}", path.display())).await, Obstacle::NotAFile, "{path:?}");
    }
    let missing = obstacle(&format!("file:{}/none", dir.path().display())).await;
    assert!(matches!(&missing, Obstacle::File(why) if !why.is_empty()), "{missing:?}");
}

#[tokio::test]
async fn what_is_empty_too_long_or_no_text_is_refused() {
    let dir = tempfile::tempdir().unwrap();
    for (bytes, why) in [
        (vec![], Obstacle::Empty),
        (b"\n".to_vec(), Obstacle::Empty),
        (vec![b'x'; MAX_SECRET + 1], Obstacle::TooLong),
        (vec![0xff, 0xfe], Obstacle::NotText),
    ] {
        let path = file(dir.path(), "secret", &bytes, 0o600);
        assert_eq!(obstacle(&format!("file:{path}")).await, why);
    }
    let path = file(dir.path(), "secret", &vec![b'x'; MAX_SECRET], 0o600);
    assert_eq!(value(&format!("file:{path}")).await.unwrap().len(), MAX_SECRET);
}

#[tokio::test]
async fn a_command_gives_what_it_prints_and_no_shell_reads_its_arguments() {
    assert_eq!(value("command:echo $(id) ; `x` 'two words'").await, Ok("$(id) ; `x` 'two words'".to_owned()));
    assert!(matches!(obstacle("command:/nonexistent/program").await, Obstacle::NotStarted(_)));
    assert_eq!(obstacle("command:cat /dev/zero").await, Obstacle::TooLong);
    assert_eq!(obstacle("command:cat").await, Obstacle::Empty);
}

#[tokio::test]
async fn a_command_that_fails_gives_nothing_and_shows_nothing_of_what_it_printed() {
    let dir = tempfile::tempdir().unwrap();
    let script = file(dir.path(), "script", b"echo hunter2; echo hunter3 >&2; exit 3", 0o600);
    let error = resolve(&format!("command:sh {script}").parse().unwrap()).await.unwrap_err();
    assert!(error.to_string().ends_with("the command failed (exit status: 3)"), "{error}");
    assert!(!format!("{error} {error:?}").contains("hunter"), "{error:?}");
}

#[tokio::test]
async fn a_command_that_takes_too_long_is_ended_with_what_it_started() {
    let dir = tempfile::tempdir().unwrap();
    let script = file(dir.path(), "script", b"sleep 600 & echo $! > $1.tmp; mv $1.tmp $1; wait", 0o600);
    let pid = dir.path().join("pid");
    let reference = format!("command:sh {script} {}", pid.display()).parse().unwrap();
    // On a busy machine the script may need longer to say what it started.
    let mut limit = Span::from_millis(250);
    while !pid.exists() {
        limit = limit.plus(limit);
        let error = resolve_within(&reference, limit).await.unwrap_err();
        assert_eq!(error.why, Obstacle::TimedOut(limit));
    }
    let child = Path::new("/proc").join(fs::read_to_string(&pid).unwrap().trim());
    let began = Instant::now();
    // Ended and not yet taken from the list of processes by whoever inherited it: it has no command line any more.
    while fs::read(child.join("cmdline")).is_ok_and(|line| !line.is_empty()) {
        assert!(began.elapsed() < Duration::from_secs(10), "still there: {child:?}");
        std::thread::yield_now();
    }
}

#[tokio::test]
async fn a_secret_shows_nothing_of_itself() {
    let secret = resolve(&"command:echo hunter2".parse().unwrap()).await.unwrap();
    assert_eq!(format!("{secret:?}"), "***");
}
