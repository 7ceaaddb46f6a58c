//! How long a long journal takes to open: a snapshot and 1,000 entries after it, out of 100,000. `cargo bench --bench open`.

#![allow(clippy::unwrap_used, clippy::print_stdout, unreachable_pub)]

use std::collections::BTreeMap;
use std::path::Path;
use std::sync::Arc;
use std::time::{Duration, Instant};

use uuid::Uuid;
use warroom::core::apply::apply;
use warroom::core::event::{Event, PlanBody};
use warroom::core::health::{Change, Manner, Verdict};
use warroom::core::ids::{BootId, Principal};
use warroom::core::people::{Mode, Person};
use warroom::core::plan::{Place, Plan};
use warroom::core::state::{Entry, PROTOCOL, State};
use warroom::core::time::{Moment, Now, Span};
use warroom::engine::entry;
use warroom::store::{Draft, Journal};

const ENTRIES: u64 = 100_000;
const TAIL: u64 = 1_000;
const COMPONENTS: usize = 60;
const RUNS: usize = 11;

fn main() {
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap();
    runtime.block_on(async {
        let dir = tempfile::tempdir().unwrap();
        let snapshot = write(dir.path()).await;
        let mut times = Vec::new();
        for _ in 0..RUNS {
            times.push(open(dir.path()).await);
        }
        times.sort();
        println!("journal of {ENTRIES} entries, plan of {COMPONENTS} components with two probes each");
        println!("snapshot: {:.1} KiB", snapshot as f64 / 1_024.0);
        println!(
            "open, snapshot and {TAIL} entries: median {:.1} ms, worst {:.1} ms of {RUNS}",
            times[RUNS / 2].as_secs_f64() * 1_000.0,
            times[RUNS - 1].as_secs_f64() * 1_000.0
        );
    });
}

/// Writes the journal, with a snapshot before the tail; answers with the snapshot's size.
async fn write(dir: &Path) -> usize {
    let mut journal = Journal::open(dir).await.unwrap();
    let (mut state, mut size) = (State::default(), 0);
    let plan = Arc::new(plan());
    let mut seq = 0;
    while seq < ENTRIES {
        let mut drafts = Vec::new();
        for _ in 0..1_000 {
            seq += 1;
            let entry = Entry { seq, at: at(seq), by: Principal::Engine, event: event(seq, &plan) };
            apply(&mut state, &entry);
            drafts.push(draft(&entry));
        }
        let rows = journal.append(drafts).await.unwrap();
        if seq == ENTRIES - TAIL {
            let body = serde_json::to_vec(&state).unwrap();
            size = body.len();
            journal.save_snapshot(rows.last().unwrap().as_head(), PROTOCOL, &body).await.unwrap();
        }
    }
    journal.close().await;
    size
}

/// What an engine does before it serves.
async fn open(dir: &Path) -> Duration {
    let began = Instant::now();
    let journal = Journal::open(dir).await.unwrap();
    let reader = journal.reader();
    let snapshot = reader.latest_snapshot(PROTOCOL).await.unwrap().unwrap();
    let mut state: State = serde_json::from_slice(&snapshot.body).unwrap();
    let rows = reader.rows(snapshot.head.seq, 2_000).await.unwrap();
    assert_eq!(rows.len() as u64, TAIL);
    for row in &rows {
        apply(&mut state, &entry(row).unwrap());
    }
    let took = began.elapsed();
    journal.close().await;
    took
}

fn at(seq: u64) -> Now {
    Now {
        utc: Moment::from_micros(1_795_000_000_000_000 + seq.cast_signed() * 1_000_000),
        boot: BootId::new("5f0a6c3e-9d0b-4a43-9d4a-2c8c8d6ad1f1").unwrap(),
        uptime: Span::from_secs(seq),
    }
}

/// An engine's start, a plan, then probes that come and go and what people note.
fn event(seq: u64, plan: &Arc<Plan>) -> Event {
    match seq {
        1 => {
            let person = Person { principal: Principal::Uid(0), name: "ada".into(), access: Default::default() };
            let version = "bench".into();
            Event::EngineStarted { version, mode: Mode::Personal, people: vec![person], channels: BTreeMap::new() }
        }
        2 => Event::PlanLoaded {
            plan: plan.id.clone(),
            name: plan.name.clone(),
            hash: warroom::core::plan::PlanHash("bench".into()),
            body: Some(PlanBody { text: String::new(), plan: Arc::clone(plan) }),
        },
        n if n % 2 == 0 => {
            Event::NoteAdded { incident: None, text: format!("note {n}: the bridge says that it is quiet") }
        }
        n => {
            let (_, probe) = plan.probes().nth(usize::try_from(n).unwrap() % (2 * COMPONENTS)).unwrap();
            let to = if n % 4 == 1 { Verdict::Degraded } else { Verdict::Ok };
            let why = "200 in 12ms, limit 10ms".into();
            let change = Change {
                place: Place::Engine,
                manner: Manner::Steady,
                from: Verdict::Unknown,
                to,
                since: at(n),
                why,
                last_good: Some(at(n - 1)),
            };
            Event::ProbeChanged { plan: plan.id.clone(), probe: probe.id.clone(), change }
        }
    }
}

fn draft(entry: &Entry) -> Draft {
    Draft {
        id: Uuid::now_v7(),
        at: entry.at.utc.micros(),
        boot_id: entry.at.boot.to_string(),
        boot_ns: 0,
        epoch: 1,
        principal: entry.by.to_string(),
        command_id: entry.seq.is_multiple_of(2).then(Uuid::now_v7),
        stream: "engine".into(),
        kind: "bench".into(),
        body: serde_json::to_string(&entry.event).unwrap(),
    }
}

fn plan() -> Plan {
    let mut text = String::from(
        "plan_id: shop\nplan_name: Shop\nsites:\n  - {site_id: east, name: East, role: primary}\n  - {site_id: west, name: West, role: standby}\ncomponents:\n",
    );
    for n in 0..COMPONENTS {
        text.push_str(&format!("  - component_id: c{n}\n    name: Component {n}\n    type: service\n    priority: high\n    sites: [east, west]\n    probes:\n"));
        for site in ["east", "west"] {
            text.push_str(&format!("      - {{site: {site}, http: \"http://127.0.0.1:9/{n}\"}}\n"));
        }
    }
    warroom::plan::read("bench", text.as_bytes()).plan.unwrap()
}
