//! A thousand parts that come and go are one incident.

use std::collections::HashMap;
use std::fmt::Write as _;
use std::sync::{Arc, Mutex};
use std::time::{Duration, Instant};

use axum::Router;
use axum::http::{StatusCode, Uri};
use warroom::core::event::Event;

use crate::harness::Engine;

/// How many parts there are, and of how many components.
const PARTS: usize = 1_000;
const COMPONENTS: usize = 50;

/// Longer than anything here takes on a busy machine; nothing waits for it to pass.
const PATIENCE: Duration = Duration::from_secs(120);

/// A service of whose paths each answers well, then badly, then well.
async fn comes_and_goes() -> u16 {
    let asked: Arc<Mutex<HashMap<String, usize>>> = Arc::default();
    let router = Router::new().fallback(move |uri: Uri| async move {
        let mut asked = asked.lock().unwrap();
        let times = asked.entry(uri.path().to_owned()).or_default();
        *times += 1;
        if *times % 2 == 1 { StatusCode::OK } else { StatusCode::SERVICE_UNAVAILABLE }
    });
    let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await.unwrap();
    let port = listener.local_addr().unwrap().port();
    tokio::spawn(async move { axum::serve(listener, router).await });
    port
}

fn plan(port: u16) -> String {
    let mut plan =
        "plan_id: shop\nplan_name: Shop\nenvironment: practice\npriority: critical\ncomponents:\n".to_owned();
    for component in 0..COMPONENTS {
        write!(plan, "  - {{component_id: c{component}, name: Part {component}, type: service, probes: [").unwrap();
        for probe in 0..PARTS / COMPONENTS {
            let id = format!("c{component}-{probe}");
            let url = format!("http://127.0.0.1:{port}/{id}");
            write!(plan, "{{id: {id}, http: \"{url}\", every: 2s, timeout: 2s, fail_after: 2, pass_after: 2}}, ")
                .unwrap();
        }
        plan.push_str("]}\n");
    }
    plan
}

#[tokio::test]
async fn a_thousand_flapping_probes_are_one_incident_that_all_of_them_join() {
    let engine = Engine::start().await;
    engine.load(&plan(comes_and_goes().await)).await;
    let deadline = Instant::now() + PATIENCE;
    let incident = loop {
        let state = engine.state().await;
        assert!(state.incidents.len() <= 1, "{:?}", state.incidents.keys());
        if let Some(incident) = state.open_incidents().find(|incident| incident.causes.len() == PARTS) {
            break Arc::clone(incident);
        }
        let joined: Vec<usize> = state.incidents.values().map(|incident| incident.causes.len()).collect();
        assert!(Instant::now() < deadline, "{joined:?} of {PARTS} have joined");
        tokio::time::sleep(Duration::from_millis(500)).await;
    };
    let mut before = None;
    let mut proposals = 0;
    loop {
        let page = engine.client.timeline(before, 1_000, None).await.unwrap();
        proposals += page.iter().filter(|entry| matches!(entry.event, Event::IncidentProposed(_))).count();
        match page.iter().map(|entry| entry.seq).min() {
            Some(seq) if seq > 1 => before = Some(seq),
            _ => break,
        }
    }
    assert_eq!(proposals, 1, "{}", incident.call_sign);
}
