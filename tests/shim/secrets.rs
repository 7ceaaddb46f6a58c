//! Commands with secrets: the command has them, and nobody else.

use std::fs;

use warroom::steps::shim::{Exit, GivenSecret, Kept, stop};

use crate::attempt::{Attempt, finish, running, until};

const TOKEN: &str = "correct-horse-battery";

fn with_secret(script: &str) -> Attempt {
    let mut attempt = Attempt::script(script);
    attempt.secrets = vec![secret("TOKEN", Some("TOKEN_FILE"), TOKEN)];
    attempt
}

fn secret(variable: &str, file_variable: Option<&str>, value: &str) -> GivenSecret {
    let file_variable = file_variable.map(str::to_owned);
    GivenSecret { variable: variable.to_owned(), file_variable, value: value.to_owned() }
}

/// What the descriptors of a process lead to, where that is a secret.
fn secret_files_of(pid: i32) -> usize {
    let all = fs::read_dir(format!("/proc/{pid}/fd")).unwrap();
    let leads = all.filter_map(|entry| fs::read_link(entry.unwrap().path()).ok());
    leads.filter(|to| to.to_string_lossy().contains("memfd:secret")).count()
}

#[tokio::test]
async fn a_secret_reaches_the_command_and_is_masked_wherever_it_says_it() {
    let attempt = with_secret(
        "echo ${#TOKEN}; echo $TOKEN; echo error $TOKEN >&2; printf %s $TOKEN | base64; \
         printf correct-horse; sleep 0.1; printf -- '-battery\\nend\\n'",
    );
    let record = attempt.finish().await;
    assert_eq!(record.exit, Exit::Exited { code: 0 });
    let text = format!("{}\n***\nerror ***\n***\n***\nend\n", TOKEN.len());
    assert_eq!(attempt.output(), text);
    assert_eq!((record.output_bytes, record.kept), (text.len() as u64, Kept::Whole));
}

#[tokio::test]
async fn a_secret_can_be_read_from_a_file_again_and_again_and_by_children_and_is_masked_there_too() {
    let attempt = with_secret(
        "exec 3>/dev/null 9>/dev/null; cat $TOKEN_FILE; echo; sh -c 'cat \"$TOKEN_FILE\" \"$TOKEN_FILE\"'; echo; \
         read line < $TOKEN_FILE; [ \"$line\" = \"$TOKEN\" ] && echo same; wc -c < $TOKEN_FILE; base64 $TOKEN_FILE; \
         stat -L -c '%a %F' $TOKEN_FILE",
    );
    assert_eq!(attempt.finish().await.exit, Exit::Exited { code: 0 });
    assert_eq!(attempt.output(), format!("***\n******\nsame\n{}\n***\n400 regular file\n", TOKEN.len()));
}

#[tokio::test]
async fn the_file_of_a_secret_cannot_be_changed_by_the_command() {
    let attempt = with_secret(
        "chmod 600 $TOKEN_FILE; (echo x >> $TOKEN_FILE) 2>/dev/null || echo no; \
         (echo x 1<> $TOKEN_FILE) 2>/dev/null || echo no; (: > $TOKEN_FILE) 2>/dev/null || echo no; cat $TOKEN_FILE",
    );
    attempt.finish().await;
    assert_eq!(attempt.output(), "no\nno\nno\n***");
}

#[tokio::test]
async fn only_the_command_has_the_files_of_its_secrets_and_only_those_that_are_wanted() {
    let mut attempt = with_secret("echo ready; sleep 1000");
    attempt.secrets.push(secret("OTHER", None, "another-secret"));
    attempt.secrets.push(secret("THIRD", Some("THIRD_FILE"), ""));
    let started = attempt.spawn().await;
    let pids = running(&started);
    attempt.says("ready").await;
    assert_eq!(secret_files_of(pids.child.clone().unwrap().child_pid), 2);
    assert_eq!(secret_files_of(pids.shim_pid), 0);
    stop(&pids).unwrap();
    finish(started).await;
}

#[tokio::test]
async fn a_secret_is_in_no_file_and_no_command_line() {
    let attempt = with_secret("echo ready $TOKEN; sleep 1000");
    let started = attempt.spawn().await;
    let pids = running(&started);
    attempt.says("ready").await;
    for pid in [pids.shim_pid, pids.child.clone().unwrap().child_pid] {
        let line = fs::read(format!("/proc/{pid}/cmdline")).unwrap();
        assert!(!String::from_utf8_lossy(&line).contains(TOKEN));
    }
    let holds =
        |name: &str| fs::read(attempt.dir().join(name)).unwrap().windows(TOKEN.len()).any(|w| w == TOKEN.as_bytes());
    let files = || fs::read_dir(attempt.dir()).unwrap().map(|entry| entry.unwrap().file_name().into_string().unwrap());
    assert!(files().count() >= 4);
    assert_eq!(files().find(|name| holds(name)), None);
    stop(&pids).unwrap();
    finish(started).await;
    assert_eq!(files().find(|name| holds(name)), None);
    assert!(attempt.record("spec.json").contains("TOKEN"), "its name is told");
}

#[tokio::test]
async fn a_command_with_a_secret_is_bounded_as_any_other() {
    let mut attempt = with_secret("head -c 20000000 /dev/zero | tr '\\0' x; echo; echo $TOKEN");
    attempt.spec.output_limit = 100_000;
    let record = attempt.finish().await;
    assert!(matches!(record.kept, Kept::Ends { .. }), "{record:?}");
    let last = warroom::steps::shim::read_output(&attempt.dir(), record.output_bytes - 5, 100).unwrap();
    assert_eq!(String::from_utf8(last.bytes).unwrap(), "\n***\n");
}

#[tokio::test]
async fn a_grandchild_that_holds_the_pipe_does_not_hang_the_shim() {
    let attempt = with_secret(
        "setsid sh -c 'echo $$ > daemon; exec sleep 1000' & while [ ! -s daemon ]; do :; done; echo $TOKEN",
    );
    let record = attempt.finish().await;
    assert_eq!(record.exit, Exit::Exited { code: 0 });
    assert_eq!(attempt.output(), "***\n");
    let daemon = crate::attempt::pid_in(&attempt.file("daemon"));
    rustix::process::kill_process(crate::attempt::pid(daemon), rustix::process::Signal::KILL).unwrap();
    until("it is gone", || crate::attempt::is_gone(daemon)).await;
}
