//! Programs that no runbook has, in the journal all the same.

use warroom::core::command::Command;
use warroom::core::ids::IncidentId;
use warroom::core::refusal::Refusal;
use warroom::core::run::{Failure, RunResult, StepState};
use warroom::wire::Trouble;

use crate::failure::failed;
use crate::far::Far;
use crate::harness::Engine;
use crate::hosts::{engine_near, lives};
use crate::yard::Yard;

fn improvise(incident: &IncidentId, host: Option<&str>, argv: &[&str]) -> Command {
    let argv = argv.iter().map(|word| (*word).to_owned()).collect();
    Command::Improvise { incident: incident.clone(), host: host.map(str::to_owned), argv }
}

#[tokio::test]
async fn a_program_off_the_script_is_a_run_in_the_journal() {
    let (yard, engine) = (Yard::new(), Engine::start().await);
    let incident = engine.declare(&yard.mend("steps: [Look]")).await;
    let asked = improvise(&incident, None, &["printf", "<%s>", "${to}", "$(id)", "a b"]);
    let run = engine.ask(asked).await.run.unwrap();
    assert_eq!(engine.end(run).await, RunResult::Done);
    assert_eq!(engine.output(run, "command", 1).await, "<${to}><$(id)><a b>");

    let rows = engine.client.timeline(None, 100, Some(&incident)).await.unwrap();
    let kinds: Vec<String> =
        rows.iter().map(|row| serde_json::to_value(&row.event).unwrap()["kind"].as_str().unwrap().to_owned()).collect();
    for kind in ["run_started", "step_started", "step_succeeded", "run_ended"] {
        assert!(kinds.iter().any(|k| k == kind), "{kind} in {kinds:?}");
    }
}

#[tokio::test]
async fn without_an_open_incident_or_a_program_it_is_refused() {
    let (yard, engine) = (Yard::new(), Engine::start().await);
    let incident = engine.declare(&yard.mend("steps: [Look]")).await;
    let nowhere = engine.refused(improvise(&"DR-20200101-000000".parse().unwrap(), None, &["true"])).await;
    assert!(matches!(nowhere, Trouble::Refused(Refusal::NotFound { .. })), "{nowhere:?}");
    for argv in [&[][..], &[""], &["echo", "a\u{1b}b"]] {
        let refused = engine.refused(improvise(&incident, None, argv)).await;
        assert!(matches!(refused, Trouble::Refused(Refusal::BadProgram { .. } | Refusal::Text { .. })), "{refused:?}");
    }
    engine.ask(Command::Cancel { incident: incident.clone(), reason: "a drill".into() }).await;
    let over = engine.refused(improvise(&incident, None, &["true"])).await;
    assert!(matches!(over, Trouble::Refused(Refusal::IncidentIs { .. })), "{over:?}");
}

#[tokio::test]
async fn a_program_off_the_script_runs_on_a_host_and_can_be_stopped_there() {
    let Some(far) = Far::start().await else { return };
    let (yard, engine) = (Yard::new(), engine_near(&far).await);
    let incident = engine.declare(&yard.mend("steps: [Look]")).await;
    let pid = yard.path("pid");
    let script = format!("test -n \"$XDG_STATE_HOME\" && echo $$ > {}; exec sleep 1000", pid.display());
    let run = engine.ask(improvise(&incident, Some("far"), &["sh", "-c", &script])).await.run.unwrap();
    yard.until_there("pid").await;
    engine.ask(Command::Abort { run, reason: "enough".into() }).await;
    let state = engine.step(run, "command", failed).await;
    assert!(matches!(state, StepState::Failed { why: Failure::Stopped, .. }), "{state:?}");
    assert!(!lives(&pid));
}
