//! Clocks on the pages: tiers, components, data, capacity, service, the front door, and the box that corrects when it began.

use super::habits::shows;
use super::pages::{page, text};
use super::story::{ADA, Hour, Night, SHOP, press, write};
use crate::console::app::App;
use crate::console::message::Effect;
use crate::core::command::Command;
use crate::core::health::{Found, Sample};
use crate::core::past::Past;
use crate::core::plan::{Measure, Place};
use crate::core::service::{Looks, Service};
use crate::core::time::Span;

/// The shop with tiers, data, capacity and service, and nobody who counts customers.
fn promised() -> String {
    let counter = "customers: {url: \"http://127.0.0.1:1/customers\", every: 1s}\n";
    let promises = "rco: 80%\nrso: 99.9%\ndata:\n\
        - {category_id: orders, name: Orders, components: [db], rpo: 2s, backup_every: 1h, backup: {probe: dump, verified: true}}\n\
        - {category_id: pictures, name: Pictures, components: [web], rpo: 1h, backup: {probe: pictures}}\n";
    let proofs = "    probes:\n\
        \x20     - {id: dump, file: /srv/dump, every: 1m}\n\
        \x20     - {id: pictures, file: /srv/pictures, every: 1m}\n\
        \x20     - {id: share, metric: 'http://127.0.0.1:9', query: share}\n\
        \x20     - {id: db-east,";
    SHOP.replace(counter, promises)
        .replace("    probes:\n      - {id: db-east,", proofs)
        .replace("type: database\n", "type: database\n    tier: 1\n")
        .replace("type: service\n", "type: service\n    tier: 1\n")
        .replace("type: web\n", "type: web\n    tier: 2\n")
        .replace("role: standby}", "role: standby, capacity: {probe: share}}")
}

fn measured(night: &mut Night, probe: &str, measure: Measure, value: f64) {
    let (at, why) = (night.now(), "seen".to_owned());
    let sample = Sample { at, took: Span::ZERO, found: Found::Good, why, measured: [(measure, value)].into() };
    night.readings.note(&"shop".parse().unwrap(), &probe.parse().unwrap(), &Place::Engine, sample);
}

fn night(hour: Hour) -> Night {
    let mut night = Night::new();
    night.load(&promised(), Vec::new());
    night.go_on(hour);
    measured(&mut night, "dump", Measure::Age, 4_980.0);
    measured(&mut night, "pictures", Measure::Age, 60.0);
    measured(&mut night, "share", Measure::Value, 110.0);
    let looks = Looks {
        since: night.state.incidents.values().next().map_or(night.now(), |i| i.began.clone()),
        good: 3,
        all: 90,
    };
    let incident = night.state.incidents.keys().next().map(|id| (id.clone(), looks.clone()));
    night.readings.service.insert("shop".parse().unwrap(), Service { lately: Some(looks), incident });
    night
}

#[test]
fn all_clocks_are_on_one_page_at_both_sizes() {
    let table = [
        ("clocks_calm", Hour::Calm, "g c"),
        ("clocks", Hour::Gate, "g c"),
        ("clocks_recovered", Hour::Recovered, "g c"),
        ("clocks_data", Hour::Gate, "g c j j j j j j Enter"),
        ("clocks_head", Hour::Gate, "Esc"),
        ("box_began", Hour::Gate, ": b e g a n Enter - 2 0 m Tab c u s t o m e r s"),
    ];
    for (name, hour, keys) in table {
        let mut app = night(hour).console(&ADA);
        press(&mut app, keys);
        for (width, height) in [(80, 24), (132, 38)] {
            insta::assert_snapshot!(format!("{name}_{width}x{height}"), text(&page(&app, width, height)));
        }
    }
}

fn sent(app: &mut App) -> Vec<Command> {
    let command = |effect: Effect| match effect {
        Effect::Send { command, .. } => Some(*command),
        _ => None,
    };
    std::mem::take(&mut app.effects).into_iter().filter_map(command).collect()
}

#[test]
fn the_box_takes_a_moment_and_a_reason_and_says_what_becomes_of_the_clock() {
    let night = night(Hour::Gate);
    let mut app = night.console(&ADA);
    press(&mut app, ": b e g a n Enter");
    write(&mut app, "soon");
    press(&mut app, "Enter");
    assert!(shows(&app).contains("It needs a reason"), "{}", shows(&app));
    write(&mut app, "customers called");
    press(&mut app, "Enter");
    assert!(shows(&app).contains("is no moment; write -15m"), "{}", shows(&app));
    assert!(sent(&mut app).is_empty());
    press(&mut app, "Tab C-u");
    write(&mut app, "-20m");
    assert!(shows(&app).contains("down 20m00s"), "{}", shows(&app));
    press(&mut app, "Enter");
    let (incident, began) = (night.incident(), Past::Ago(Span::from_secs(1_200)));
    let reason = "customers called".to_owned();
    assert_eq!(sent(&mut app), [Command::CorrectBegan { incident, began, reason }]);
}
