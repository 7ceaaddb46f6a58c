//! What goes over and what comes back.

use std::fs;

use warroom::steps::remote::{LinkState, RemoteExit, tidy};

use super::{
    far::{Far, until},
    step::Step,
};

#[tokio::test]
async fn output_and_status_come_back_and_nothing_stays_on_the_host() {
    let Some(far) = Far::start().await else { return };
    let step = Step::script(&far, "s", "echo out; echo err >&2; exit 7");
    let (status, exit) = step.start().end().await;
    assert_eq!((status.code(), exit), (Some(7), RemoteExit::Exited { code: 7 }));
    assert_eq!(step.text(), "out\nerr\n");
    assert_eq!(step.link().unwrap().state, LinkState::Over);
    assert_eq!(fs::read_dir(far.steps()).unwrap().count(), 0);
}

#[tokio::test]
async fn arguments_arrive_as_they_are() {
    let Some(far) = Far::start().await else { return };
    let nasty = [
        "it's",
        "\"",
        "two\nlines",
        "$(reboot)",
        "`id`",
        "*",
        "~",
        "",
        " ",
        "\\",
        "\\n",
        "-n",
        "--",
        "a;b",
        "&",
        "!!",
        "%s",
        "$HOME",
        "WARROOM",
        "<<'WARROOM'",
        "\u{1b}[31m",
        "\r\n",
        "\u{c1}\u{81}\u{88}\u{2601}\u{10ffff}",
        "#",
        "end\n",
    ];
    let argv = [&["printf", "<%s>"][..], &nasty].concat();
    let step = Step::command(&far, "s", &argv);
    assert_eq!(step.run().await, RemoteExit::Exited { code: 0 });
    assert_eq!(step.text(), nasty.map(|word| format!("<{word}>")).concat());
}

#[tokio::test]
async fn a_script_arrives_as_it_is() {
    let Some(far) = Far::start().await else { return };
    let text = "x='it'\\''s $(y)'\ncat <<'WARROOM'\n$x `z` \\ \u{c1}\nWARROOM\nprintf '%s|' \"$x\" \"$#\"\ncat";
    let step = Step::script(&far, "s", text);
    assert_eq!(step.run().await, RemoteExit::Exited { code: 0 });
    assert_eq!(step.text(), "$x `z` \\ \u{c1}\nit's $(y)|0|");
}

#[tokio::test]
async fn variables_and_secrets_arrive_and_no_process_list_shows_them() {
    let Some(far) = Far::start().await else { return };
    let go = far.path("go-on");
    let text = format!(
        "printf '%s|%s|%s|' \"$PLAIN\" \"$TOKEN\" \"$PATH\"; env | grep -c ^wr_; until [ -e {} ]; do sleep 0.05; done",
        go.display()
    );
    let mut step = Step::script(&far, "s", &text);
    let (plain, secret) = ("plain 'va\nlue $x", "hunter2 'se\ncret");
    step.spec.env.insert("PLAIN".into(), plain.into());
    step.spec.env.insert("PATH".into(), "/usr/bin:/bin:/nowhere".into());
    step.spec.secrets.insert("TOKEN".into());
    step.secrets.push(("TOKEN".into(), secret.into()));
    let follower = step.start();
    step.says("|0\n").await;
    for shown in ["hunter2", "va\nlue", "until [ -e"] {
        assert_eq!(process_lists_with(shown), Vec::<String>::new(), "{shown}");
    }
    let kept = fs::read_to_string(step.dir.join("remote.json")).unwrap();
    assert!(!kept.contains("hunter2"));
    fs::write(go, "").unwrap();
    assert_eq!(follower.end().await.1, RemoteExit::Exited { code: 0 });
    assert_eq!(step.text(), format!("{plain}|{secret}|/usr/bin:/bin:/nowhere|0\n"));
}

fn process_lists_with(text: &str) -> Vec<String> {
    let processes = fs::read_dir("/proc").unwrap().flatten();
    let lines = processes.filter_map(|process| fs::read(process.path().join("cmdline")).ok());
    lines.map(|line| String::from_utf8_lossy(&line).into_owned()).filter(|line| line.contains(text)).collect()
}

#[tokio::test]
async fn a_secret_that_was_not_handed_over_starts_nothing() {
    let Some(far) = Far::start().await else { return };
    let mut step = Step::script(&far, "s", "echo ran");
    step.spec.secrets.insert("TOKEN".into());
    let exit = step.run().await;
    assert!(matches!(&exit, RemoteExit::NotReached { why } if why.contains("TOKEN")), "{exit:?}");
    assert_eq!(far.let_in(), 0);
}

#[tokio::test]
async fn binary_output_arrives_whole() {
    let Some(far) = Far::start().await else { return };
    // Whatever frames and ends of lines look like is in it somewhere.
    let mut step = Step::script(
        &far,
        "s",
        "head -c 3000000 /dev/urandom > \"$DATA\"; cat \"$DATA\"; printf 'E 0\\nV\\nO 5\\n'; head -c 2000000 \"$DATA\"",
    );
    let data = far.path("data");
    step.spec.env.insert("DATA".into(), data.display().to_string());
    assert_eq!(step.run().await, RemoteExit::Exited { code: 0 });
    let data = fs::read(data).unwrap();
    let expected = [&data[..], b"E 0\nV\nO 5\n", &data[..2_000_000]].concat();
    assert!(step.output() == expected, "{} of {} bytes", step.output().len(), expected.len());
}

#[tokio::test]
async fn steps_on_one_host_share_one_connection() {
    let Some(far) = Far::start().await else { return };
    let first = Step::script(&far, "s0", "echo here; sleep 1000");
    let follower = first.start();
    first.says("here").await;
    for name in ["s1", "s2", "s3"] {
        assert_eq!(Step::command(&far, name, &["true"]).run().await, RemoteExit::Exited { code: 0 });
    }
    assert_eq!(far.let_in(), 1);
    follower.ask_to_stop();
    assert_eq!(follower.end().await.1, RemoteExit::Stopped);
    assert_eq!(far.let_in(), 1);
}

#[tokio::test]
async fn more_steps_than_one_connection_carries_run_all_the_same() {
    let Some(far) = Far::start().await else { return };
    let gate = far.path("gate");
    let text = format!("until [ -e {} ]; do sleep 0.1; done; echo through", gate.display());
    let steps: Vec<Step> = (0..14).map(|n| Step::script(&far, &format!("s{n}"), &text)).collect();
    let mut followers = vec![steps[0].start()];
    steps[0].stands(LinkState::Up).await;
    followers.extend(steps[1..].iter().map(Step::start));
    for step in &steps {
        step.stands(LinkState::Up).await;
    }
    fs::write(gate, "").unwrap();
    for (follower, step) in followers.into_iter().zip(&steps) {
        assert_eq!(follower.end().await.1, RemoteExit::Exited { code: 0 });
        assert_eq!(step.text(), "through\n");
    }
}

#[tokio::test]
async fn a_program_that_is_not_there_ends_as_a_shell_would_have_it() {
    let Some(far) = Far::start().await else { return };
    let step = Step::command(&far, "s", &["no-such-program", "x"]);
    assert_eq!(step.run().await, RemoteExit::Exited { code: 127 });
    assert!(step.text().contains("no-such-program"));
}

#[tokio::test]
async fn a_daemon_that_holds_the_output_does_not_hold_the_step() {
    let Some(far) = Far::start().await else { return };
    let step = Step::script(&far, "s", "sleep 1000 & echo $!");
    assert_eq!(step.run().await, RemoteExit::Exited { code: 0 });
    let pid = step.text();
    assert!(std::process::Command::new("kill").args(["-9", pid.trim()]).status().unwrap().success());
}

#[tokio::test]
async fn what_still_runs_is_not_tidied_away() {
    let Some(far) = Far::start().await else { return };
    let step = Step::command(&far, "s", &["sleep", "1000"]);
    let follower = step.start();
    until("it runs", || far.steps().join(step.spec.key.as_str()).join("pid").exists()).await;
    let refused = tidy(&far.settings(), &far.host(), &step.spec.key).await.unwrap_err();
    assert_eq!(refused.to_string(), "far refuses: the step is not over there");
    follower.ask_to_stop();
    assert_eq!(follower.end().await.1, RemoteExit::Stopped);
    tidy(&far.settings(), &far.host(), &step.spec.key).await.unwrap();
    assert_eq!(fs::read_dir(far.steps()).unwrap().count(), 0);
}
