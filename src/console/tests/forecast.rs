//! When a run will end, on the pages.

use std::rc::Rc;

use super::pages::{page, text};
use super::rebuild::{self, Scene};
use super::story::{ADA, Hour, Night, press};
use crate::console::app::App;
use crate::core::command::Command;
use crate::core::ids::RunId;
use crate::core::time::Span;

/// At the gate, with less time to the objective than the steps behind it take.
fn late() -> Night {
    let mut night = Night::until(Hour::Gate);
    night.pass(1_500);
    night
}

fn head(app: &App, width: u16) -> String {
    text(&page(app, width, 24)).lines().nth(1).unwrap().to_owned()
}

#[test]
fn a_run_that_ends_too_late_says_so_and_what_would_save_time_at_both_sizes() {
    for (name, keys) in [("war_late", ""), ("run_late", "g s")] {
        let mut app = late().console(&ADA);
        if !keys.is_empty() {
            press(&mut app, keys);
        }
        for (width, height) in [(80, 24), (132, 38)] {
            insta::assert_snapshot!(format!("{name}_{width}x{height}"), text(&page(&app, width, height)));
        }
    }
}

#[test]
fn the_head_tells_the_end_in_the_longest_form_that_fits_and_keeps_the_clock() {
    let app = Night::until(Hour::Gate).console(&ADA);
    for (width, end) in [
        (132, "recovering   ends ~03:09:30Z (by 03:10:18Z) if gate 6 now"),
        (100, "ends ~03:09:30Z (by 03:10:18Z) if gate 6 now"),
        (80, "ends ~03:09:30Z if gate 6 now"),
        (79, "ends ~03:10Z if gate 6 now"),
        (72, "~03:10Z if gate 6 now"),
        (66, "after ~03:10Z"),
        (60, "recovering"),
    ] {
        let head = head(&app, width);
        let (_, behind) = head.split_once("by 03:31:42Z").expect("the clock stays whole");
        assert_eq!(behind.trim(), end, "{width}: {head}");
    }
}

#[test]
fn a_run_that_is_held_or_over_is_told_as_such() {
    let mut night = Night::until(Hour::Gate);
    night.command(&ADA, &Command::Hold { run: RunId(1), reason: None });
    assert!(head(&night.console(&ADA), 80).ends_with("if resumed now"));
    let over = Night::until(Hour::Recovered).console(&ADA);
    assert!(head(&over, 80).ends_with("recovered"));
}

#[test]
fn a_forecast_is_worked_out_anew_each_second_and_when_something_happened() {
    let mut night = rebuild::night(Scene::Going);
    let mut app = night.console(&ADA);
    let told = |app: &App| app.model.forecast(&app.model.state.runs[&RunId(1)]).unwrap();
    let first = told(&app);
    assert!(Rc::ptr_eq(&first, &told(&app)));
    let at = app.model.at;
    app.tick(at.plus(Span::from_secs(1)));
    let second = told(&app);
    assert!(!Rc::ptr_eq(&first, &second));
    night.command(&ADA, &Command::Hold { run: RunId(1), reason: None });
    app.take(night.connected(&ADA));
    assert!(!Rc::ptr_eq(&second, &told(&app)));
}
