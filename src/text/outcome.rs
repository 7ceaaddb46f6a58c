//! What became of steps and runs, and how that is known.

use crate::core::ids::StepId;
use crate::core::run::{Evidence, Failure, How, RunResult, RunState, StepState, Then};
use crate::core::state::State;

use super::{all_of, clean_line, some_of, traffic};

/// What the engine saw: `exit 0`.
#[must_use]
pub fn evidence(evidence: &Evidence) -> String {
    match evidence {
        Evidence::ExitedWell => "exit 0".into(),
        Evidence::Answered { status } => format!("answered {status}"),
        Evidence::Healthy { probes: 1 } => "1 probe ok".into(),
        Evidence::Healthy { probes } => format!("all {probes} probes ok"),
        Evidence::Rows { rows: 1 } => "1 row".into(),
        Evidence::Rows { rows } => format!("{rows} rows"),
        Evidence::FileFits => "the file is as it should be".into(),
        Evidence::Waited { span } => format!("{span} passed"),
        Evidence::FilesPut { files: 1 } => "1 file put in place".into(),
        Evidence::FilesPut { files } => format!("{files} files put in place"),
        Evidence::ServerSet { server, weight, state, status, sessions, change } => {
            clean_line(&traffic::server_set(server, *weight, *state, status, *sessions, *change)).into_owned()
        }
        Evidence::UpstreamLoaded { upstream, servers, workers, answered, change } => {
            clean_line(&traffic::upstream_loaded(upstream, *servers, *workers, *answered, *change)).into_owned()
        }
        Evidence::NamesAnswered { name, record, values, servers, change } => {
            clean_line(&traffic::names_answered(name, *record, values, *servers, *change)).into_owned()
        }
        Evidence::Postgres(proof) => super::postgres::proof(proof),
        Evidence::Delivered { channels: 1 } => "delivered to 1 channel".into(),
        Evidence::Delivered { channels } => format!("delivered to {channels} channels"),
    }
}

/// Why a step did not do what it should: `exit 3`.
#[must_use]
pub fn failure(failure: &Failure) -> String {
    match failure {
        Failure::Exit { code } => format!("exit {code}"),
        Failure::Signal { signal } => match signal_name(*signal) {
            Some(name) => format!("ended by {name}"),
            None => format!("ended by signal {signal}"),
        },
        Failure::TimedOut { after } => format!("took longer than {after} and was ended"),
        Failure::NotStarted { why } => format!("could not be started: {}", clean_line(why)),
        Failure::Stopped => "stopped".into(),
        Failure::WrongAnswer { why } => format!("wrong answer: {}", clean_line(why)),
        Failure::NoAnswer { why } => format!("no answer: {}", clean_line(why)),
        Failure::NotHealthy { why } => format!("not healthy: {}", clean_line(why)),
    }
}

/// How it is known that a step did what it should: `seen: exit 0`, `said by mike`.
#[must_use]
pub fn how(state: &State, how: &How) -> String {
    match how {
        How::Seen(seen) => format!("seen: {}", evidence(seen)),
        How::Said { by, note } => {
            let note = note.as_deref().map(|note| format!(": {}", clean_line(note))).unwrap_or_default();
            format!("said by {}{note}", clean_line(&state.name(by)))
        }
        How::Opened { by } => {
            let names: Vec<_> = by.iter().map(|who| state.name(who)).collect();
            format!("opened by {}", all_of(&names))
        }
    }
}

/// What stands in the place of bytes that a command wrote and nobody has any more.
#[must_use]
pub fn not_kept(bytes: u64) -> String {
    format!("[{bytes} bytes of output are not kept]")
}

/// How a step stands: `done, seen: exit 0`, `failed: exit 3`.
#[must_use]
pub fn step_state(state: &State, step: &StepState) -> String {
    let name = |who| clean_line(&state.name(who)).into_owned();
    match step {
        StepState::Pending => "pending".into(),
        StepState::Waiting { since } => format!("waiting for people since {}", since.utc),
        StepState::Running { since } => format!("running since {}", since.utc),
        StepState::Pausing { until, why, .. } => format!("failed: {}; tried again at {until}", failure(why)),
        StepState::Done { how: known, .. } => format!("done, {}", how(state, known)),
        StepState::Failed { why, then: Then::Waits, .. } => format!("FAILED: {}", failure(why)),
        StepState::Failed { why, then: Then::GoesOn, .. } => {
            format!("FAILED: {}; the run went on without it", failure(why))
        }
        StepState::Unknown { what, .. } => format!("UNKNOWN: {}", clean_line(what)),
        StepState::NotNeeded { why } => format!("not needed: {}", clean_line(why)),
        StepState::Skipped { by, reason, .. } => format!("skipped by {}: {}", name(by), clean_line(reason)),
        StepState::Declined { by, reason, .. } => format!("declined by {}: {}", name(by), clean_line(reason)),
    }
}

/// Whether a run goes on: `going`, `held by ada: bridge is asking`.
#[must_use]
pub fn run_state(state: &State, run: &RunState) -> String {
    match run {
        RunState::Going => "going".into(),
        RunState::Held { by, reason, .. } => {
            let why = reason.as_deref().map(|reason| format!(": {}", clean_line(reason))).unwrap_or_default();
            format!("held by {}{why}", clean_line(&state.name(by)))
        }
        RunState::Ended { result, .. } => run_result(state, result),
    }
}

/// How a run ended. One with skipped steps is never called done.
#[must_use]
pub fn run_result(state: &State, result: &RunResult) -> String {
    match result {
        RunResult::Done => "done".into(),
        RunResult::Partly { skipped, failed, of } => partly(*skipped, *failed, *of),
        RunResult::RolledBack { undone, kept } => rolled_back(*undone, kept),
        RunResult::Aborted { by, reason } => {
            format!("aborted by {}: {}", clean_line(&state.name(by)), clean_line(reason))
        }
    }
}

/// `PARTLY: 3 of 4 steps done, 1 failed`.
fn partly(skipped: usize, failed: usize, of: usize) -> String {
    let mut words = Vec::new();
    if failed > 0 {
        words.push(format!("{failed} failed"));
    }
    if skipped > 0 {
        words.push(format!("{skipped} skipped"));
    }
    let left = words.join(", ");
    match of.checked_sub(skipped.saturating_add(failed)).filter(|_| of > 0) {
        Some(done) => format!("PARTLY: {done} of {of} steps done, {left}"),
        None => format!("PARTLY: {left}"),
    }
}

/// `ROLLED BACK: 2 steps undone; promote stays done`.
fn rolled_back(undone: usize, kept: &[StepId]) -> String {
    const SHOWN: usize = 8;
    let steps = if undone == 1 { "1 step".into() } else { format!("{undone} steps") };
    let names: Vec<_> = kept.iter().map(ToString::to_string).collect();
    let stay = if kept.len() == 1 { "STAYS" } else { "STAY" };
    match kept.len() {
        0 => format!("ROLLED BACK: {steps} undone, all that had been done"),
        _ => format!("ROLLED BACK: {steps} undone; {} {stay} DONE", some_of(&names, SHOWN)),
    }
}

/// The names of signals that end programs in practice.
fn signal_name(signal: i32) -> Option<&'static str> {
    Some(match signal {
        1 => "SIGHUP",
        2 => "SIGINT",
        3 => "SIGQUIT",
        4 => "SIGILL",
        6 => "SIGABRT",
        7 => "SIGBUS",
        8 => "SIGFPE",
        9 => "SIGKILL",
        11 => "SIGSEGV",
        13 => "SIGPIPE",
        14 => "SIGALRM",
        15 => "SIGTERM",
        _ => return None,
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::core::fixtures::at;
    use crate::core::ids::Principal;
    use crate::core::plan::{Record, ServerState};
    use crate::core::run::Change;
    use crate::core::time::Span;
    use crate::text::fixtures::{ada, mike, state};

    #[test]
    fn a_failure_says_why() {
        for (given, sentence) in [
            (Failure::Exit { code: 3 }, "exit 3"),
            (Failure::Signal { signal: 9 }, "ended by SIGKILL"),
            (Failure::Signal { signal: 40 }, "ended by signal 40"),
            (Failure::TimedOut { after: Span::from_secs(120) }, "took longer than 2m00s and was ended"),
            (Failure::NotStarted { why: "no such file".into() }, "could not be started: no such file"),
            (Failure::Stopped, "stopped"),
            (Failure::WrongAnswer { why: "500, not 200".into() }, "wrong answer: 500, not 200"),
            (Failure::NoAnswer { why: "connection refused".into() }, "no answer: connection refused"),
            (Failure::NotHealthy { why: "db.west\u{1b}[0m".into() }, "not healthy: db.west^[[0m"),
        ] {
            assert_eq!(failure(&given), sentence);
        }
    }

    #[test]
    fn what_is_known_says_how_it_is_known() {
        for (given, sentence) in [
            (How::Seen(Evidence::ExitedWell), "seen: exit 0"),
            (How::Seen(Evidence::Answered { status: 204 }), "seen: answered 204"),
            (How::Seen(Evidence::Healthy { probes: 1 }), "seen: 1 probe ok"),
            (How::Seen(Evidence::Healthy { probes: 3 }), "seen: all 3 probes ok"),
            (How::Seen(Evidence::Rows { rows: 1 }), "seen: 1 row"),
            (How::Seen(Evidence::Rows { rows: 3 }), "seen: 3 rows"),
            (How::Seen(Evidence::FileFits), "seen: the file is as it should be"),
            (How::Seen(Evidence::Waited { span: Span::from_secs(30) }), "seen: 30s passed"),
            (How::Seen(Evidence::FilesPut { files: 2 }), "seen: 2 files put in place"),
            (
                How::Seen(Evidence::ServerSet {
                    server: "shop/east".into(),
                    weight: 0,
                    state: ServerState::Drain,
                    status: "DRAIN".into(),
                    sessions: 1,
                    change: Change::Made,
                }),
                "seen: shop/east has weight 0, drain, 1 session",
            ),
            (
                How::Seen(Evidence::ServerSet {
                    server: "shop/west".into(),
                    weight: 100,
                    state: ServerState::Ready,
                    status: "UP\u{1b}[0m".into(),
                    sessions: 0,
                    change: Change::AlreadySo,
                }),
                "seen: shop/west has weight 100, ready, UP^[[0m, no sessions; it was so already",
            ),
            (
                How::Seen(Evidence::UpstreamLoaded {
                    upstream: "shop".into(),
                    servers: 1,
                    workers: Some(4),
                    answered: Some(200),
                    change: Change::Made,
                }),
                "seen: upstream shop with 1 server is loaded, 4 new workers, answered 200",
            ),
            (
                How::Seen(Evidence::UpstreamLoaded {
                    upstream: "shop".into(),
                    servers: 2,
                    workers: None,
                    answered: Some(200),
                    change: Change::AlreadySo,
                }),
                "seen: upstream shop with 2 servers is loaded, answered 200; it was so already",
            ),
            (
                How::Seen(Evidence::NamesAnswered {
                    name: "www.example.org".into(),
                    record: Record::Aaaa,
                    values: vec!["::1".into(), "::2".into()],
                    servers: 2,
                    change: Change::Made,
                }),
                "seen: www.example.org AAAA ::1, ::2, answered by 2 servers",
            ),
            (How::Seen(Evidence::Delivered { channels: 1 }), "seen: delivered to 1 channel"),
            (How::Said { by: mike(), note: None }, "said by mike"),
            (How::Said { by: Principal::Uid(7), note: Some("open\nsince 3".into()) }, "said by uid:7: open since 3"),
            (How::Opened { by: vec![ada(), mike()] }, "opened by ada and mike"),
        ] {
            assert_eq!(how(&state(), &given), sentence);
        }
    }

    #[test]
    fn a_step_says_how_it_stands() {
        let (since, moment) = (at(4), at(4).utc);
        let why = Failure::Exit { code: 1 };
        for (given, sentence) in [
            (StepState::Pending, "pending".to_owned()),
            (StepState::Waiting { since: since.clone() }, format!("waiting for people since {moment}")),
            (StepState::Running { since: since.clone() }, format!("running since {moment}")),
            (
                StepState::Pausing { until: moment, since: since.clone(), pause: Span::ZERO, why: why.clone() },
                format!("failed: exit 1; tried again at {moment}"),
            ),
            (
                StepState::Done { how: How::Seen(Evidence::ExitedWell), at: since.clone(), took: Span::ZERO },
                "done, seen: exit 0".into(),
            ),
            (StepState::Failed { why, at: since.clone(), then: Then::Waits }, "FAILED: exit 1".into()),
            (
                StepState::Unknown { what: "the engine ended".into(), at: since.clone() },
                "UNKNOWN: the engine ended".into(),
            ),
            (
                StepState::Skipped { by: ada(), reason: "done by hand".into(), at: since.clone() },
                "skipped by ada: done by hand".into(),
            ),
            (
                StepState::Declined { by: mike(), reason: "not yet".into(), at: since },
                "declined by mike: not yet".into(),
            ),
        ] {
            assert_eq!(step_state(&state(), &given), sentence);
        }
    }

    #[test]
    fn a_run_with_skipped_or_failed_steps_is_never_called_done() {
        let ended = |result| RunState::Ended { result, at: at(1) };
        for (given, sentence) in [
            (RunState::Going, "going"),
            (RunState::Held { by: ada(), reason: None, at: at(1) }, "held by ada"),
            (RunState::Held { by: ada(), reason: Some("wait".into()), at: at(1) }, "held by ada: wait"),
            (RunState::Ended { result: RunResult::Done, at: at(1) }, "done"),
            (ended(RunResult::Partly { skipped: 1, failed: 0, of: 4 }), "PARTLY: 3 of 4 steps done, 1 skipped"),
            (
                ended(RunResult::Partly { skipped: 2, failed: 1, of: 9 }),
                "PARTLY: 6 of 9 steps done, 1 failed, 2 skipped",
            ),
            (
                ended(RunResult::RolledBack { undone: 1, kept: vec![] }),
                "ROLLED BACK: 1 step undone, all that had been done",
            ),
            (
                ended(RunResult::RolledBack { undone: 2, kept: vec!["promote".parse().unwrap()] }),
                "ROLLED BACK: 2 steps undone; promote STAYS DONE",
            ),
            (
                RunState::Ended { result: RunResult::Aborted { by: mike(), reason: "wrong site".into() }, at: at(1) },
                "aborted by mike: wrong site",
            ),
        ] {
            assert_eq!(run_state(&state(), &given), sentence);
        }
    }
}
