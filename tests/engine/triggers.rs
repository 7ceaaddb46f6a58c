//! Triggers of scenarios over real probes: what shows long enough brings one incident, and its twin none.

use warroom::core::event::Event;
use warroom::core::incident::Phase;

use crate::harness::{Engine, eventually};
use crate::service::Service;

/// Two parts at East, neither of them grave; declared by the engine once both are down.
fn plan(web: &str, db: &str) -> String {
    let probe = |id: &str, url: &str| {
        format!(
            "[{{id: {id}, site: east, http: \"{url}\", every: 100ms, timeout: 100ms, fail_after: 2, pass_after: 2}}]"
        )
    };
    format!(
        "plan_id: shop\nplan_name: Shop\nenvironment: practice\npriority: low\n\
         sites: [{{site_id: east, name: East, role: primary}}]\n\
         components:\n  - {{component_id: web, name: Web, type: web, sites: [east], probes: {}}}\n  \
         - {{component_id: db, name: Orders, type: database, sites: [east], probes: {}}}\n\
         scenarios:\n  - {{scenario_id: lost, name: East is lost, type: data_centre_outage, when: site.east == down, for: 300ms, then: declare}}\n",
        probe("web", web),
        probe("db", db)
    )
}

#[tokio::test]
async fn a_site_that_is_down_long_enough_is_declared_once_and_half_of_it_is_not() {
    let (web, db) = (Service::start().await, Service::start().await);
    let engine = Engine::start().await;
    engine.load(&plan(&web.url(), &db.url())).await;
    let met = |entries: &[warroom::core::state::Entry]| {
        entries.iter().filter(|entry| matches!(entry.event, Event::TriggerMet { .. })).count()
    };

    web.answers(500);
    eventually("web is down", || async {
        let state = engine.state().await;
        (state.plans["shop"].probes["web"].verdict == warroom::core::health::Verdict::Down).then_some(())
    })
    .await;
    let timeline = engine.client.timeline(None, 100, None).await.unwrap();
    assert_eq!(met(&timeline), 0, "half of East is no lost East");

    db.answers(500);
    let declared = eventually("the engine declares it", || async {
        engine.state().await.open_incidents().find(|i| i.phase == Phase::Declared).cloned()
    })
    .await;
    let (id, matched) = declared.counting().next().unwrap();
    assert_eq!(
        (id.as_str(), matched.saw[0].what.as_str(), matched.saw[0].found.as_str()),
        ("lost", "site.east", "down")
    );
    assert!(matched.saw[0].why.contains("500"), "it says what it saw: {:?}", matched.saw);
    assert!(declared.detected.is_some() && declared.declared.is_some());
    assert_eq!(engine.state().await.incidents.len(), 1);

    web.answers(200);
    db.answers(200);
    eventually("the trigger has passed", || async {
        engine.state().await.plans["shop"].triggers.is_empty().then_some(())
    })
    .await;
}
