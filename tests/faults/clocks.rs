//! A clock that was set by a day while a run was under way.
//!
//! The machine's own clock is left alone: instead, the journal of an engine that was killed is written anew as if its clock had
//! been a day ahead or behind, and the next engine starts with that.

use std::path::Path;
use std::time::Duration;

use serde_json::Value;
use warroom::core::command::Command;
use warroom::core::comms::Delivery;
use warroom::core::ids::ChannelId;
use warroom::core::run::{RunResult, RunState, StepState};
use warroom::store::{Draft, Journal};
use warroom::wire::Audit;

use crate::harness::{Engine, eventually, plan};
use crate::service::Service;

const DAY: i64 = 86_400_000_000;

/// Moves every moment of a body by so many microseconds.
fn shift(value: &mut Value, by: i64) {
    match value {
        Value::String(text) => {
            if let Ok(moment) = chrono::DateTime::parse_from_rfc3339(text) {
                let moment = moment.to_utc() + chrono::TimeDelta::microseconds(by);
                *text = moment.to_rfc3339_opts(chrono::SecondsFormat::Micros, true);
            }
        }
        Value::Array(items) => items.iter_mut().for_each(|item| shift(item, by)),
        Value::Object(fields) => fields.values_mut().for_each(|field| shift(field, by)),
        _ => {}
    }
}

/// Writes the journal anew as the clock would have had it.
async fn set_clock(dir: &Path, by: i64) {
    let old = Journal::open(dir).await.unwrap();
    let rows = old.rows(0, usize::MAX).await.unwrap();
    old.close().await;
    let drafts = rows.into_iter().map(|row| {
        let mut body: Value = serde_json::from_str(&row.body).unwrap();
        // Its kind stands first.
        let kind = body.as_object_mut().unwrap().remove("kind").unwrap();
        shift(&mut body, by);
        let rest = serde_json::to_string(&body).unwrap();
        let body = match rest.strip_prefix('{') {
            Some("}") => format!("{{\"kind\":{kind}}}"),
            Some(rest) => format!("{{\"kind\":{kind},{rest}"),
            None => unreachable!(),
        };
        let (id, boot_id, boot_ns, epoch) = (row.id, row.boot_id, row.boot_ns, row.epoch);
        let (principal, command_id, stream, kind) = (row.principal, row.command_id, row.stream, row.kind);
        Draft { id, at: row.at + by, boot_id, boot_ns, epoch, principal, command_id, stream, kind, body }
    });
    let drafts: Vec<Draft> = drafts.collect();
    for name in ["journal.db", "journal.db-wal", "journal.db-shm", "VERSION"] {
        let _ = std::fs::remove_file(dir.join(name));
    }
    let mut new = Journal::open(dir).await.unwrap();
    new.append(drafts).await.unwrap();
    new.close().await;
}

/// A run with a program under way, a try that is made again after a pause, and a wait, and an update that nobody has taken yet:
/// the clock is set, and all of it goes on as if it had not been.
async fn goes_on_when_the_clock_is_set(by: i64) {
    let (shop, inbox) = (Service::start().await, Service::start().await);
    inbox.answers(503);
    let settings = format!(
        "[outbound]\nallow = [\"127.0.0.1\"]\n[channels.inbox]\nkind = \"webhook\"\nurl = \"{}\"\n",
        inbox.url()
    );
    let mut engine = Engine::with_config(&settings).await;
    let dir = engine.dir.display();
    let steps = format!(
        "      - {{id: work, needs: [], timeout: 10m, command: [sh, -c, \"echo x >> {dir}/ran; while ! test -e {dir}/end; do sleep 0.02; done\"]}}\n\
         \x20     - {{id: again, needs: [], retry: {{times: 1, every: 3s}}, command: [sh, -c, \"test $WARROOM_ATTEMPT = 2\"]}}\n\
         \x20     - {{id: wait, needs: [], wait: 3s}}\n"
    );
    let (incident, run) = engine.launch(&plan(&shop.url(), &steps), "mend").await;
    engine.step(run, "again", |state| matches!(state, StepState::Pausing { .. })).await;
    let ran = engine.dir.join("ran");
    eventually("the program runs", || async { ran.exists().then_some(()) }).await;
    let channels = Default::default();
    engine.ask(Command::SendUpdate { incident: incident.clone(), text: "We are on it.".into(), channels }).await;
    let id: ChannelId = "inbox".parse().unwrap();
    eventually("the update was tried", || async {
        let delivery = engine.incident(&incident).await.updates[0].deliveries[&id].clone();
        matches!(delivery, Delivery::Waiting { tries: 1.., .. }).then_some(())
    })
    .await;

    engine.kill();
    set_clock(&engine.dir, by).await;
    inbox.answers(200);
    engine.start_again().await;
    for id in ["again", "wait"] {
        engine.step(run, id, StepState::is_settled).await;
    }
    let known = engine.run(run).await;
    assert!(matches!(known.steps[0].state, StepState::Running { .. }), "{:?}", known.steps[0].state);
    assert!(known.overdue.is_none());
    std::fs::write(engine.dir.join("end"), "").unwrap();
    engine.step(run, "work", StepState::is_settled).await;
    let known = engine.run(run).await;
    assert!(matches!(known.state, RunState::Ended { result: RunResult::Done, .. }), "{:?}", known.state);
    for (_, seen) in known.pairs() {
        let StepState::Done { took, .. } = &seen.state else { panic!("{seen:?}") };
        assert!(took.to_std() < Duration::from_secs(600), "{seen:?}");
    }
    assert_eq!(std::fs::read_to_string(&ran).unwrap(), "x\n");
    eventually("the update is delivered", || async {
        let delivery = engine.incident(&incident).await.updates[0].deliveries[&id].clone();
        matches!(delivery, Delivery::Delivered { .. }).then_some(())
    })
    .await;
    assert!(matches!(engine.client.verify().await.unwrap(), Audit::Whole { .. }));
}

#[tokio::test(flavor = "multi_thread")]
async fn a_clock_that_is_set_back_a_day_delays_nothing() {
    goes_on_when_the_clock_is_set(DAY).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_clock_that_is_set_forward_a_day_makes_nothing_late() {
    goes_on_when_the_clock_is_set(-DAY).await;
}
