//! What is shown of a part: what is believed, and that somebody had it not count for a while.

use super::habits::{sent, shows};
use super::past::{histories, shop, tell_past};
use super::story::{ADA, Hour, Night, press};
use crate::console::app::App;
use crate::console::histories::AskedHistory;
use crate::console::message::{Effect, Message};
use crate::console::place::{Thing, View};
use crate::console::screens;
use crate::core::command::Command;
use crate::core::health::history::Window;
use crate::core::health::{Extent, Verdict};
use crate::core::ids::ProbeId;
use crate::core::time::Span;

#[test]
fn a_paused_part_says_so_in_its_row_and_why_and_how_long_in_its_box() {
    let mut night = Night::until(Hour::Gate);
    let (plan, of) = ("shop".parse().unwrap(), Extent::Component("web".parse().unwrap()));
    let reason = "the provider works on it".into();
    night.command(&ADA, &Command::PauseHealth { plan, of, length: Span::from_secs(7_200), reason });
    let mut app = night.console(&ADA);
    press(&mut app, "g h");
    let row = |shown: &str| {
        shown.lines().find(|line| line.contains("web-west") || line.contains("paused")).map(str::to_owned)
    };
    assert!(row(&shows(&app)).is_some_and(|row| row.contains("paused")), "{}", shows(&app));
    press(&mut app, "/ w e b - w Enter Enter");
    let shown = shows(&app);
    for words in ["PAUSED", "component web by ada, for 2h00m more, until 05:03:38Z", "provider works on it"] {
        assert!(shown.contains(words), "{words}: {shown}");
    }
}

/// The console after those keys, with the past that an engine would tell.
fn after(night: &Night, keys: &str) -> App {
    let mut app = night.console(&ADA);
    press(&mut app, keys);
    tell_past(&mut app, night);
    app
}

fn cursor(app: &App) -> String {
    let shown = shows(app);
    shown.lines().find(|line| line.starts_with('▸')).unwrap_or_default().to_owned()
}

#[test]
fn a_part_is_paused_and_resumed_by_key_with_reason_and_end() {
    let mut night = Night::until(Hour::Gate);
    let mut app = after(&night, "g h");
    press(&mut app, "Z");
    let shown = shows(&app);
    for words in ["PAUSE A PART OF shop", "probe front", "for 1h00m more, until 04:03:38Z", "raises nothing"] {
        assert!(shown.contains(words), "{words}: {shown}");
    }
    press(&mut app, "Enter");
    assert!(sent(&mut app).is_empty() && shows(&app).contains("It needs a reason"), "{}", shows(&app));
    // The next part up, and two steps longer.
    press(&mut app, "h u s h Tab Down Tab Down Down Enter");
    let commands = sent(&mut app);
    let [(_, command @ Command::PauseHealth { of, length, reason, .. })] = commands.as_slice() else {
        panic!("{commands:?}")
    };
    assert_eq!(
        (of, *length, reason.as_str()),
        (&Extent::Component("front".parse().unwrap()), Span::from_secs(14_400), "hush")
    );
    night.command(&ADA, command);

    let mut app = after(&night, "g h / f r o n t Enter");
    assert!(cursor(&app).contains("paused"), "{}", shows(&app));
    press(&mut app, "R");
    let shown = shows(&app);
    for words in ["RESUME A PART OF shop", "component front", "by you, for 4h00m more, until 07:03:38Z: hush"] {
        assert!(shown.contains(words), "{words}: {shown}");
    }
    press(&mut app, "Enter");
    assert!(matches!(sent(&mut app).as_slice(), [(_, Command::ResumeHealth { of: Extent::Component(_), .. })]));
}

#[test]
fn nothing_is_paused_where_no_part_is_and_r_elsewhere_is_for_runs() {
    let night = Night::until(Hour::Gate);
    let mut app = after(&night, "g h R");
    assert!(shows(&app).contains("nothing of shop is paused"), "{}", shows(&app));
    press(&mut app, "g t Z");
    assert!(!shows(&app).contains("PAUSE"), "{}", shows(&app));
}

#[test]
fn the_cursor_keeps_its_part_when_others_turn_worse_and_above_it() {
    let mut night = Night::until(Hour::Calm);
    let mut app = after(&night, "g h G k");
    let before = cursor(&app);
    assert!(before.contains("✓"), "{before}");
    let seq = app.model.seq;
    night.probe("db-west", Verdict::Down, "connection refused");
    let news: Vec<_> = night.entries.iter().filter(|entry| entry.seq > seq).cloned().collect();
    news.into_iter().for_each(|entry| app.take(Message::Event(Box::new(entry))));
    let first = shows(&app).lines().find(|line| line.contains("✗")).map(str::to_owned).unwrap();
    assert!(first.contains("Orders database"), "the worst comes first: {}", shows(&app));
    let words = |line: &str| line.trim_start_matches(['▸', ' ']).split("  ").next().map(str::to_owned);
    assert_eq!(words(&cursor(&app)), words(&before), "{}", shows(&app));
}

#[test]
fn the_part_that_the_screen_begins_at_stays_under_the_cursor_when_it_is_the_worst_no_more() {
    let mut night = Night::until(Hour::Gate);
    let mut app = after(&night, "g h");
    assert!(cursor(&app).contains("Front door"), "{}", shows(&app));
    let (seq, plan, of) = (app.model.seq, shop(), Extent::Probe("front".parse().unwrap()));
    night.command(&ADA, &Command::PauseHealth { plan, of, length: Span::from_secs(60), reason: "hush".into() });
    let news: Vec<_> = night.entries.iter().filter(|entry| entry.seq > seq).cloned().collect();
    news.into_iter().for_each(|entry| app.take(Message::Event(Box::new(entry))));
    assert!(cursor(&app).contains("Front door") && cursor(&app).contains("paused"), "{}", shows(&app));
}

#[test]
fn a_closed_branch_says_how_many_of_its_parts_are_how_and_keeps_closed() {
    let night = Night::until(Hour::Gate);
    let mut app = after(&night, "g h g g Enter");
    let line = cursor(&app);
    assert!(line.contains("+ Shop, east and west  3 DOWN 1 degraded 3 ok"), "{line}");
    press(&mut app, "j");
    assert_eq!(cursor(&app), line, "nothing else is shown");
    press(&mut app, "Enter");
    assert!(shows(&app).contains("Orders database"), "{}", shows(&app));
}

#[test]
fn parts_are_found_by_name_site_and_state_and_escape_shows_all_again() {
    let night = Night::until(Hour::Gate);
    let found = |words: &str| {
        let keys: String = words.chars().map(|c| if c == ' ' { "Space ".into() } else { format!("{c} ") }).collect();
        let mut app = after(&night, &format!("g h t / {keys}Enter"));
        let names: Vec<ProbeId> = shop_probes(&app);
        press(&mut app, "Esc");
        assert_eq!(shop_probes(&app).len(), 7, "{}", shows(&app));
        names.iter().map(ToString::to_string).collect::<Vec<_>>()
    };
    let mut app = after(&night, "g h / w e s t Enter");
    assert!(cursor(&app).contains("Web shop"), "{}", shows(&app));
    press(&mut app, "Enter");
    assert!(shows(&app).contains("PROBE web-west"), "what is under the cursor is what is opened: {}", shows(&app));
    assert_eq!(found("orders east"), ["api-east", "db-east"]);
    assert_eq!(found("down"), ["front", "api-east", "db-east"]);
    assert_eq!(found("degraded"), ["web-east"]);
    assert_eq!(found("WEST db"), ["db-west"]);
    assert!(found("nothing like it").is_empty());
}

fn shop_probes(app: &App) -> Vec<ProbeId> {
    let lines = screens::lines(View { model: &app.model, place: &app.place });
    let probe = |at| match lines.thing(at) {
        Some(Thing::Probe(plan, probe)) if plan == shop() => Some(probe),
        _ => None,
    };
    (0..lines.count()).filter_map(probe).collect()
}

#[test]
fn the_past_of_the_part_in_focus_is_asked_for_and_no_more_often_than_needed() {
    let night = Night::until(Hour::Gate);
    let asked = |app: &mut App| {
        let effects = std::mem::take(&mut app.effects);
        effects.into_iter().filter(|effect| matches!(effect, Effect::History(_))).count()
    };
    let mut app = night.console(&ADA);
    assert_eq!(asked(&mut app), 0, "a small war room shows none");
    press(&mut app, "g h");
    tell_past(&mut app, &night);
    let shown = shows(&app);
    assert!(shown.contains("[15 min]") && shown.contains("█") && shown.contains("82 looks"), "{shown}");
    app.tick(Span::from_secs(5));
    app.take(Message::Clock(night.now()));
    assert_eq!(asked(&mut app), 0, "it is fresh");
    app.tick(Span::from_secs(11));
    app.take(Message::Clock(night.now()));
    assert_eq!(asked(&mut app), 1, "it has grown old");
    press(&mut app, "w");
    assert_eq!(asked(&mut app), 0, "one answer is waited for at a time");
    app.take(Message::History { of: Box::new(in_full("front", Window::Quarter)), found: Err("no answer".into()) });
    assert_eq!(asked(&mut app), 1, "then the other stretch is asked for");
    app.take(Message::History { of: Box::new(in_full("front", Window::TwoHours)), found: Err("no answer".into()) });
    assert!(shows(&app).contains("what was seen cannot be had: no answer"), "{}", shows(&app));
}

fn in_full(probe: &str, window: Window) -> AskedHistory {
    AskedHistory::in_full(shop(), probe.parse().unwrap(), window)
}

#[test]
fn what_came_back_from_a_failed_look_drives_no_terminal() {
    let night = Night::until(Hour::Gate);
    let mut app = after(&night, "g h");
    let of = in_full("front", Window::Quarter);
    let mut found = histories(&night, &of);
    let failure = found.probes[0].places[0].failure.as_mut().unwrap();
    (failure.why, failure.detail) = ("\u{1b}[2Jwhy".into(), Some("\u{202e}body\u{7}\n\u{9b}31m".into()));
    app.take(Message::History { of: Box::new(of), found: Ok(found) });
    press(&mut app, "Enter PgDn");
    let shown = shows(&app);
    assert!(shown.contains("^[[2Jwhy") && shown.contains("<U+202E>body^G"), "{shown}");
}
