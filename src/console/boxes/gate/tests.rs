use ratatui::layout::Rect;

use super::*;
use crate::console::app::App;
use crate::console::boxes::findings;
use crate::console::key::Key;
use crate::console::layer::{Desk, Layer};
use crate::console::message::Effect;
use crate::console::tests::pages::{page, text};
use crate::console::tests::story::{ADA, Hour, Night, look, press, write};
use crate::console::theme::Depth;
use crate::core::failover::{Finding, Seen};
use crate::core::health::Verdict;

const SIZE: Size = Size { width: 80, height: 24 };

fn shows(app: &App) -> String {
    text(&page(app, 80, 24))
}

/// A night in which what takes over has gone bad at the gate.
fn refused() -> App {
    let mut night = Night::until(Hour::Gate);
    night.probe("web-west", Verdict::Down, "connection refused");
    night.console(&ADA)
}

fn draw(gate: &GateBox, view: View<'_>) -> String {
    let look = look(Depth::Mono, crate::console::canvas::Glyphs::Unicode);
    let mut buffer = ratatui::buffer::Buffer::empty(Rect::new(0, 0, SIZE.width, SIZE.height));
    gate.draw(&mut Canvas::new(&mut buffer, &look), view);
    text(&buffer)
}

/// As many findings as that, most of which hold.
fn findings_of(count: usize) -> Vec<Finding> {
    let refused = Finding { guard: Guard::ALL[0], says: Says::Pass, seen: Seen::NotAsked, overridden: None };
    let say = |(index, guard): (usize, Guard)| {
        let says = if index == 8 { Says::Warn } else { Says::Pass };
        Finding { guard, says, ..refused.clone() }
    };
    Guard::ALL.into_iter().take(count).enumerate().map(say).collect()
}

#[test]
fn a_gate_at_which_a_guard_refuses_says_what_helps_and_takes_no_yes() {
    let mut app = refused();
    assert!(shows(&app).contains("REFUSED by target"), "{}", shows(&app));
    press(&mut app, "Space");
    insta::assert_snapshot!("gate_refused_80x24", shows(&app));
    insta::assert_snapshot!("gate_refused_132x38", text(&page(&app, 132, 38)));
    write(&mut app, "KESTREL west");
    press(&mut app, "Enter");
    assert!(!app.effects.iter().any(|effect| matches!(effect, Effect::Send { .. })), "nothing was sent");
    assert!(!shows(&app).contains("Confirm: type"), "{}", shows(&app));
    press(&mut app, "F2");
    assert!(shows(&app).contains("DECLINE GATE 6"), "no can be said all the same: {}", shows(&app));
}

#[test]
fn all_of_twelve_findings_fit_a_small_page_and_a_key_shows_each() {
    let app = Night::until(Hour::Gate).console(&ADA);
    let view = app.view();
    let mut gate = GateBox::new(view).unwrap();
    gate.shown.guards = findings_of(12);
    assert!(gate.fits(SIZE, view));
    let drawn = draw(&gate, view);
    insta::assert_snapshot!("gate_twelve_80x24", drawn);
    assert!(drawn.contains("more hold   F3 all") && drawn.contains("Backup is young enough"), "{drawn}");
    gate.reading = Some(0);
    let all = draw(&gate, view);
    let pair = Pair::default();
    for one in gate.shown.guards.iter().filter(|one| !findings::is_said_twice(&gate.shown.guards, one)) {
        let (name, _) = crate::text::guard(&pair, one);
        let known = name.split_whitespace().next_back().unwrap_or_default();
        assert!(all.contains(known), "{name}: {all}");
    }
}

#[test]
fn while_all_evidence_is_read_no_key_acts() {
    let mut app = Night::until(Hour::Gate).console(&ADA);
    press(&mut app, "Space");
    write(&mut app, "KESTREL west");
    press(&mut app, "F3 Enter Down x Enter");
    assert!(app.effects.is_empty(), "{:?}", app.effects.len());
    press(&mut app, "F3 Enter");
    assert_eq!(app.effects.len(), 1, "what was typed is as it was");
}

#[test]
fn a_key_while_reading_moves_and_never_leaves_the_page() {
    let app = Night::until(Hour::Gate).console(&ADA);
    let mut gate = GateBox::new(app.view()).unwrap();
    let (mut place, mut drafts, mut effects, mut tickets, mut toast) =
        (app.place.clone(), Default::default(), Vec::new(), 0, None);
    let mut desk = Desk {
        model: &app.model,
        place: &mut place,
        drafts: &mut drafts,
        effects: &mut effects,
        tickets: &mut tickets,
        toast: &mut toast,
    };
    gate.reading = Some(0);
    for _ in 0..40 {
        gate.key("PgDn".parse::<Key>().unwrap(), &mut desk);
    }
    let lines = gate.everything(app.view(), inside(USUAL_WIDTH)).len();
    assert_eq!(gate.reading, Some(lines - 1));
    gate.key("Esc".parse::<Key>().unwrap(), &mut desk);
    assert_eq!(gate.reading, None);
}
