//! The last looks at parts: asked for while they are shown, and a large site closed to counts.

use super::habits::shows;
use super::pages::{page, text};
use super::story::{ADA, Hour, Night, press};
use crate::console::app::App;
use crate::console::message::{Effect, Message};
use crate::core::health::{Found, Readings, Sample, Verdict};
use crate::core::plan::{Component, Place, Plan, Probe};
use crate::core::time::Span;
use crate::wire::Live;

/// The components that the console asked for, by plan.
fn asked(app: &mut App) -> Vec<(String, Vec<String>)> {
    let effects = std::mem::take(&mut app.effects);
    let looks = effects.into_iter().filter_map(|effect| match effect {
        Effect::Looks { plan, components } => {
            Some((plan.to_string(), components.iter().map(ToString::to_string).collect()))
        }
        _ => None,
    });
    looks.collect()
}

#[test]
fn looks_are_asked_for_once_a_second_while_they_are_shown_and_never_twice_at_once() {
    let night = Night::until(Hour::Calm);
    let mut app = night.console(&ADA);
    let later = |app: &mut App, millis| app.tick(app.model.at.plus(Span::from_millis(millis)));
    shows(&app);
    later(&mut app, 5_000);
    assert_eq!(asked(&mut app), [], "the war room shows none");

    press(&mut app, "g h");
    shows(&app);
    later(&mut app, 10);
    let first = asked(&mut app);
    assert!(
        matches!(&first[..], [(plan, components)] if plan == "shop" && components.contains(&"db".to_owned())),
        "{first:?}"
    );
    shows(&app);
    later(&mut app, 5_000);
    assert_eq!(asked(&mut app), [], "the answer is still to come");

    let sample = Sample {
        at: night.now(),
        took: Span::from_secs(4),
        found: Found::Good,
        why: "200".into(),
        measured: Default::default(),
    };
    let mut readings = Readings::default();
    readings.note(&"shop".parse().unwrap(), &"front".parse().unwrap(), &Place::Engine, sample);
    app.take(Message::Looks(Some(Box::new(Live { readings, ..night.live() }))));
    assert!(shows(&app).contains("4s, 0s ago"), "{}", shows(&app));
    app.take(Message::Live(Box::new(Live { readings: Readings::default(), ..night.live() })));
    assert!(shows(&app).contains("4s, 0s ago"), "a frame without looks takes none away");
    later(&mut app, 10);
    assert_eq!(asked(&mut app).len(), 1);
}

#[test]
fn a_large_site_shows_what_is_not_well_and_counts_the_rest() {
    let mut night = Night::until(Hour::Calm);
    let known = night.state.plans["shop"].plan.as_ref().clone();
    let model = known.components.iter().find(|c| c.probes.iter().any(|p| p.site.is_some())).unwrap().clone();
    let like = model.probes.iter().find(|probe| probe.site.is_some()).unwrap().clone();
    let part = |n: usize| Component {
        id: format!("part-{n}").parse().unwrap(),
        probes: vec![Probe { id: format!("part-{n}").parse().unwrap(), ..like.clone() }],
        ..model.clone()
    };
    let many = Plan { components: (0..1_000).map(part).collect(), ..known };
    night.loads(many);
    for n in 0..1_000 {
        night.probe(&format!("part-{n}"), Verdict::Ok, "200");
    }
    night.probe("part-7", Verdict::Degraded, "slow");
    let mut app = night.console(&ADA);
    press(&mut app, "2");
    let shown = text(&page(&app, 132, 38));
    assert!(shown.contains("part-7") && shown.contains("999 ok") && !shown.contains("part-8"), "{shown}");
}
