//! Failovers that nobody launches: counted down, stopped, raced by people, and once.

use warroom::core::command::Command;
use warroom::core::event::Event;
use warroom::core::failover::{CountdownEnd, MoveKind, Seen};
use warroom::core::ids::{IncidentId, RunId};
use warroom::core::loss::Loss;
use warroom::core::run::RunResult;
use warroom::core::time::Span;

use crate::harness::{eventually, start};
use crate::lab::{Decides, Lab, Wanted};
use crate::ledger::Ledger;

/// In seconds, long enough for a person of these stories to do something meanwhile, on a busy machine too.
const LONG: u32 = 5;

/// One that fails over by itself after so many seconds.
async fn armed(abort_window: u32) -> Option<Lab> {
    let decides = Decides::Engine { abort_window };
    let lab = Lab::with(Wanted { decides, ..Wanted::default() }).await?;
    lab.watched(1).await;
    Some(lab)
}

impl Lab {
    /// All that happened.
    async fn events(&self) -> Vec<Event> {
        let entries = self.engine.client.timeline(None, 1_000, None).await.unwrap();
        entries.into_iter().map(|entry| entry.event).collect()
    }

    /// Waits until a failover is counted down, and tells for which incident.
    async fn counted_down(&self) -> IncidentId {
        let counts = || async { self.engine.state().await.plans["shop"].automation.countdown.clone() };
        eventually("a failover is counted down", counts).await.incident
    }

    /// How each countdown ended that did.
    async fn countdowns(&self) -> Vec<CountdownEnd> {
        let ended = |event| match event {
            Event::CountdownEnded { why, .. } => Some(why),
            _ => None,
        };
        self.events().await.into_iter().filter_map(ended).collect()
    }

    /// Waits until the engine has launched a failover; what was to be lost by it.
    pub async fn launched_by_itself(&self) -> (RunId, Loss) {
        let launched = |event| match event {
            Event::RunStarted { run, move_kind: Some(MoveKind::Automatic), guards, .. } => {
                let lost = guards.into_iter().find_map(|found| match found.seen {
                    Seen::Lost { loss, .. } => Some(loss),
                    _ => None,
                });
                Some((run, lost.unwrap()))
            }
            _ => None,
        };
        eventually("the engine fails over", || async { self.events().await.into_iter().find_map(launched) }).await
    }

    /// Waits for the end of the only failover.
    async fn is_done(&self, run: RunId) {
        let result = self.engine.end(run).await;
        assert!(matches!(result, RunResult::Done), "{result:?}");
        self.serves(50).await;
        self.failed_over_once().await;
    }

    /// That one failover happened, and no second one.
    async fn failed_over_once(&self) {
        assert_eq!(self.engine.state().await.runs.len(), 1);
        assert_eq!(self.west.db.timeline().await, 2);
        assert!(!self.door.sends_to("east") && self.door.sends_to("west"));
    }

    /// A person launches the same, whatever comes of it.
    async fn a_person_launches(&self, incident: &IncidentId) -> Option<RunId> {
        self.engine.try_ask(start(incident, "failover-west")).await.ok().map(|accepted| accepted.run.unwrap())
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_killed_primary_is_failed_over_by_itself_and_no_more_is_lost_than_was_known() {
    let Some(mut lab) = armed(1).await else { return };
    lab.east.db.kill();
    let (run, announced) = lab.launched_by_itself().await;
    lab.is_done(run).await;
    assert!(matches!(lab.countdowns().await[..], [CountdownEnd::Over]));
    Ledger::of(&mut lab, |lab| &lab.west.db).await.holds(announced);
}

#[tokio::test(flavor = "multi_thread")]
async fn nothing_is_counted_down_while_nothing_is_wrong() {
    let Some(mut lab) = armed(0).await else { return };
    lab.serves(500).await;
    lab.is_calm().await;
    assert!(lab.countdowns().await.is_empty());
    Ledger::of(&mut lab, |lab| &lab.east.db).await.is_whole();
}

#[tokio::test(flavor = "multi_thread")]
async fn a_countdown_that_a_person_stops_fails_nothing_over() {
    let Some(mut lab) = armed(LONG).await else { return };
    lab.east.db.kill();
    lab.counted_down().await;
    lab.engine.ask(Command::StopAutomation { plan: "shop".parse().unwrap(), reason: None }).await;
    let begun = lab.engine.client.snapshot().await.unwrap().now;
    let all_of_it = Span::from_secs(u64::from(LONG) + 2);
    eventually("it would have begun by now", || async {
        let now = lab.engine.client.snapshot().await.unwrap().now;
        (now.surely_since(&begun) > all_of_it).then_some(())
    })
    .await;
    let automation = lab.engine.state().await.plans["shop"].automation.clone();
    assert!(automation.disarmed.is_some() && automation.countdown.is_none());
    assert!(lab.engine.state().await.runs.is_empty());
    assert!(lab.door.sends_to("east") && !lab.west.db.is_primary().await);
    lab.east.db.again().await;
    Ledger::of(&mut lab, |lab| &lab.east.db).await.is_whole();
}

#[tokio::test(flavor = "multi_thread")]
async fn a_person_who_launches_during_the_countdown_overtakes_it() {
    let Some(mut lab) = armed(LONG).await else { return };
    lab.east.db.kill();
    let incident = lab.counted_down().await;
    let run = lab.launch(&incident).await;
    let announced = lab.confirm(run).await;
    lab.is_done(run).await;
    assert!(matches!(lab.countdowns().await[..], [CountdownEnd::Overtaken { run: by }] if by == run));
    Ledger::of(&mut lab, |lab| &lab.west.db).await.holds(announced);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_person_who_launches_as_the_countdown_ends_makes_one_failover_with_it() {
    let Some(mut lab) = armed(2).await else { return };
    lab.east.db.kill();
    let incident = &lab.counted_down().await;
    eventually("hardly anything is left of it", || async {
        let snapshot = lab.engine.client.snapshot().await.unwrap();
        let countdown = &snapshot.state.plans["shop"].automation.countdown;
        let left = countdown.as_ref().map_or(Span::ZERO, |countdown| countdown.left(&snapshot.now));
        (left < Span::from_millis(50)).then_some(())
    })
    .await;
    // Again and again until one of the two has begun.
    let begun = eventually("somebody launches it", || async {
        let mine = lab.a_person_launches(incident).await;
        let runs = lab.engine.state().await.runs;
        runs.into_values().next().map(|run| (run.id, mine))
    });
    let (run, mine) = begun.await;
    assert!(mine.is_none_or(|mine| mine == run));
    assert_eq!(lab.a_person_launches(incident).await, None, "one is under way");
    let announced = match mine {
        Some(run) => lab.confirm(run).await,
        None => lab.launched_by_itself().await.1,
    };
    lab.is_done(run).await;
    Ledger::of(&mut lab, |lab| &lab.west.db).await.holds(announced);
}

#[tokio::test(flavor = "multi_thread")]
async fn an_engine_killed_during_the_countdown_fails_over_at_most_once() {
    let Some(mut lab) = armed(2).await else { return };
    lab.east.db.kill();
    let incident = lab.counted_down().await;
    lab.engine.kill();
    lab.engine.start_again().await;
    // It never heard how far East was, so that it is for a person to accept what nobody can say.
    eventually("the countdown is over", || async { (!lab.countdowns().await.is_empty()).then_some(()) }).await;
    let run = match lab.engine.state().await.runs.keys().next() {
        Some(run) => *run,
        None => lab.launch(&incident).await,
    };
    let by_itself = lab.engine.run(run).await.move_kind == Some(MoveKind::Automatic);
    let announced = if by_itself { lab.launched_by_itself().await.1 } else { lab.confirm(run).await };
    lab.is_done(run).await;
    Ledger::of(&mut lab, |lab| &lab.west.db).await.holds_if_known(announced);
}
