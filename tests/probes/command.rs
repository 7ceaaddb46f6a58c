//! Programs.

use std::time::Instant;

use rustix::process::{Pid, test_kill_process};
use warroom::core::health::Found;
use warroom::core::plan::{Limit, Limits, Look, Measure, Probe, Side};
use warroom::core::time::Span;

use crate::far::Far;
use crate::servers::eventually;
use crate::{ask, ask_from, from, probe};

fn command(argv: &[&str]) -> Look {
    Look::Command { argv: argv.iter().map(|word| (*word).to_owned()).collect() }
}

fn below_ten(probe: Probe) -> Probe {
    let fail = vec![Limit { measure: Measure::Value, side: Side::Above, at: 10.0 }];
    Probe { limits: Limits { warn: Vec::new(), fail }, ..probe }
}

/// What is run, whether a number is asked for, and what comes of it; the same here and on a host.
const TABLE: [(&[&str], bool, Found, &str); 9] = [
    (&["true"], false, Found::Good, "status 0 in "),
    (&["false"], false, Found::Bad, "status 1"),
    (&["sh", "-c", "echo all is lost >&2; exit 3"], false, Found::Bad, "status 3: all is lost"),
    (&["printf", "%s\\n", "$(id)", "it's", "4"], true, Found::Good, "4 in "),
    (&["echo", "17"], true, Found::Bad, "17 in "),
    (&["echo", "many"], true, Found::Bad, "its last line is no number: \"many\""),
    (&["true"], true, Found::Bad, "it printed no number"),
    (&["echo", "nan"], true, Found::Bad, "its last line is no number: \"nan\""),
    (&["sh", "-c", "cat; echo 5; sleep 0.1 &"], true, Found::Good, "5 in "),
];

#[tokio::test]
async fn a_command_probe_looks_at_the_status_and_at_the_number() {
    for (argv, number, found, why) in TABLE {
        let plain = probe(command(argv));
        let answer = ask(&if number { below_ten(plain) } else { plain }).await;
        assert_eq!(answer.found, found, "{argv:?}: {answer:?}");
        assert!(answer.why.starts_with(why), "{argv:?}: {answer:?}");
    }
}

#[tokio::test]
async fn a_command_is_run_on_its_host() {
    let Some(far) = Far::start().await else { return };
    for (argv, number, found, why) in TABLE {
        let plain = from(&far, command(argv));
        let answer = ask_from(&far, &if number { below_ten(plain) } else { plain }).await;
        assert_eq!(answer.found, found, "{argv:?}: {answer:?}");
        assert!(answer.why.starts_with(why), "{argv:?}: {answer:?}");
    }
    let missing = ask_from(&far, &from(&far, command(&["no-such-program"]))).await;
    assert_eq!(
        (missing.found, missing.why.as_str()),
        (Found::Unseen, "could not look: far: there is no program no-such-program")
    );
}

#[tokio::test]
async fn a_program_that_is_not_there_says_nothing_about_the_part() {
    let answer = ask(&probe(command(&["/nonexistent/check"]))).await;
    assert_eq!(answer.found, Found::Unseen, "{answer:?}");
    assert!(answer.why.starts_with("could not look: /nonexistent/check cannot be run: "), "{answer:?}");
}

#[tokio::test]
async fn the_environment_is_clean_and_the_output_bounded() {
    let script = "test -z \"$CARGO_MANIFEST_DIR\" || exit 9; yes | head -c 5000000; echo; echo 7";
    let answer = ask(&below_ten(probe(command(&["sh", "-c", script])))).await;
    assert_eq!(answer.measured[&Measure::Value], 7.0, "{answer:?}");
}

/// A program that notes its own process and that of a child, and goes on for minutes.
fn endless(note: &std::path::Path) -> Look {
    let script = format!("sleep 600 & echo $$ $! >{0}.new; mv {0}.new {0}; wait", note.display());
    command(&["sh", "-c", &script])
}

fn all_gone(note: &std::path::Path) -> Option<()> {
    let text = std::fs::read_to_string(note).ok()?;
    let pids = text.split_whitespace().map(|pid| Pid::from_raw(pid.parse().unwrap()).unwrap());
    pids.into_iter().all(|pid| test_kill_process(pid).is_err()).then_some(())
}

#[tokio::test]
async fn a_program_that_takes_too_long_is_ended_with_all_that_it_started() {
    let home = tempfile::tempdir().unwrap();
    let note = home.path().join("pids");
    let limit = Span::from_secs(2);
    let began = Instant::now();
    let answer = ask(&Probe { timeout: limit, ..probe(endless(&note)) }).await;
    assert_eq!((answer.found, answer.why.as_str()), (Found::Bad, "no answer within 2s"));
    assert!(began.elapsed() < limit.to_std() * 20);
    eventually("they are gone", || async { all_gone(&note) }).await;
}

#[tokio::test]
async fn a_program_that_takes_too_long_is_ended_on_its_host() {
    let Some(far) = Far::start().await else { return };
    let note = far.path("pids");
    let limit = Span::from_secs(3);
    let answer = ask_from(&far, &Probe { timeout: limit, ..from(&far, endless(&note)) }).await;
    assert_eq!(answer.found, Found::Bad, "{answer:?}");
    eventually("they are gone", || async { all_gone(&note) }).await;
}
