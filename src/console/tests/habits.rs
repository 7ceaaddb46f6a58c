//! What must never happen at a console, and what must always work.

use proptest::prelude::*;
use ratatui::layout::Size;

use super::pages::{page, text};
use super::story::{ADA, Hour, MIKE, Night, console, press, write};
use crate::console::app::App;
use crate::console::decoder::Input;
use crate::console::message::{Answer, Effect, Message, Ticket};
use crate::core::command::{Command, Declared};
use crate::core::health::Verdict;
use crate::core::ids::RunId;
use crate::core::refusal::Refusal;
use crate::core::time::Span;
use crate::wire::{Accepted, Trouble};

pub(super) fn shows(app: &App) -> String {
    text(&page(app, 80, 24))
}

pub(super) fn sent(app: &mut App) -> Vec<(Ticket, Command)> {
    let effects = std::mem::take(&mut app.effects);
    let commands = effects.into_iter().filter_map(|effect| match effect {
        Effect::Send { ticket, command, .. } => Some((ticket, *command)),
        _ => None,
    });
    commands.collect()
}

fn yes(seq: u64) -> Answer {
    Answer::Yes(Accepted { seq, incident: None, run: None })
}

#[test]
fn two_keys_declare_what_was_proposed() {
    let night = Night::until(Hour::Proposed);
    let mut app = night.console(&ADA);
    press(&mut app, "D Enter");
    let commands = sent(&mut app);
    assert!(
        matches!(&commands[..], [(_, Command::Declare { what: Declared::Proposal(id), severity: Some(_), .. })] if *id == night.incident()),
        "{commands:?}"
    );
}

#[test]
fn keys_behind_one_that_opens_a_box_are_not_for_the_box() {
    let mut app = Night::until(Hour::Proposed).console(&ADA);
    app.was_painted(Size::new(80, 24));
    let typed = |key: &str| Input::Key(key.parse().unwrap());
    app.type_all(vec![typed("D"), typed("Enter"), typed("Enter")]);
    assert!(sent(&mut app).is_empty(), "the box had not been painted");
    app.was_painted(Size::new(80, 24));
    app.type_all(vec![typed("Enter")]);
    assert_eq!(sent(&mut app).len(), 1);
}

#[test]
fn a_gate_is_confirmed_by_its_words_and_by_nothing_else() {
    let mut app = Night::until(Hour::Gate).console(&ADA);
    press(&mut app, "Space Enter Enter");
    write(&mut app, "KESTREL east");
    press(&mut app, "Enter");
    app.was_painted(Size::new(80, 24));
    press(&mut app, "C-u");
    app.type_all(vec![Input::Paste("KESTREL west".into())]);
    press(&mut app, "Enter");
    assert!(sent(&mut app).is_empty(), "neither Enter alone, nor other words, nor pasted ones");
    write(&mut app, "KESTREL west");
    press(&mut app, "Enter");
    let commands = sent(&mut app);
    let [(ticket, Command::Confirm { run, target, max_loss, .. })] = &commands[..] else { panic!("{commands:?}") };
    assert_eq!((*run, target.as_str(), *max_loss), (RunId(1), "west", Some(Span::from_secs(5))));
    app.take(Message::Answered { ticket: *ticket, answer: yes(99) });
    assert!(shows(&app).contains("gate 6 confirmed"), "{}", shows(&app));
}

#[test]
fn what_was_typed_at_a_gate_is_void_when_more_would_be_lost() {
    let mut night = Night::until(Hour::Gate);
    let mut app = night.console(&ADA);
    press(&mut app, "Space");
    write(&mut app, "KESTREL west");
    night.replicate(Some(9));
    app.take(Message::Live(Box::new(night.live())));
    press(&mut app, "Enter");
    assert!(sent(&mut app).is_empty());
    let shown = shows(&app);
    assert!(shown.contains("CHANGED: the loss was ≤ 5s, source silent, is ≤ 9s, source silent"), "{shown}");
    write(&mut app, "KESTREL west");
    press(&mut app, "Enter");
    let commands = sent(&mut app);
    assert!(
        matches!(&commands[..], [(_, Command::Confirm { max_loss: Some(loss), .. })] if *loss == Span::from_secs(9))
    );
}

#[test]
fn what_was_typed_at_a_gate_is_void_when_the_evidence_changes() {
    let mut night = Night::until(Hour::Gate);
    let mut app = night.console(&ADA);
    press(&mut app, "Space");
    write(&mut app, "KESTREL west");
    let before = night.head;
    night.probe("web-west", Verdict::Down, "connection refused");
    for entry in night.entries.iter().filter(|e| e.seq > before) {
        app.take(Message::Event(Box::new(entry.clone())));
    }
    press(&mut app, "Enter");
    assert!(sent(&mut app).is_empty());
    let shown = shows(&app);
    assert!(shown.contains("CHANGED: West"), "{shown}");
}

#[test]
fn a_gate_whose_evidence_does_not_fit_can_only_be_left() {
    let mut app = Night::until(Hour::Gate).console(&ADA);
    press(&mut app, "Space");
    app.was_painted(Size::new(80, 16));
    for c in "KESTREL west".chars() {
        app.type_all(vec![Input::Key(crate::console::key::Key::char(c))]);
    }
    app.type_all(vec![Input::Key("Enter".parse().unwrap())]);
    assert!(sent(&mut app).is_empty());
    assert!(text(&page(&app, 80, 16)).contains("make the window larger"));
    app.type_all(vec![Input::Key("Esc".parse().unwrap())]);
    assert!(!text(&page(&app, 80, 16)).contains("GATE 6  Promote"));
}

#[test]
fn the_second_person_sees_who_went_first() {
    let mut night = Night::until(Hour::Gate);
    night.confirm(&MIKE);
    let mut app = night.console(&ADA);
    press(&mut app, "Space");
    let shown = shows(&app);
    assert!(shown.contains("mike confirmed 03:03:38Z of what you see, accepting 5s of loss"), "{shown}");
}

#[test]
fn a_refusal_is_shown_in_its_box_and_what_was_typed_stays() {
    let mut app = Night::until(Hour::Gate).console(&ADA);
    press(&mut app, "X");
    write(&mut app, "wrong site");
    press(&mut app, "Enter");
    let (ticket, _) = sent(&mut app).remove(0);
    let refusal = Trouble::Refused(Refusal::RunOver { run: RunId(1) });
    app.take(Message::Answered { ticket, answer: Answer::No(refusal.clone()) });
    let shown = shows(&app);
    assert!(shown.contains("wrong site") && shown.contains("R1"), "{shown}");
    assert!(shown.contains(crate::text::trouble(&refusal).split(' ').next().unwrap()), "{shown}");
}

#[test]
fn a_command_without_an_answer_is_asked_again_under_its_own_number() {
    let mut app = Night::until(Hour::Gate).console(&ADA);
    press(&mut app, "H Enter");
    let (first, _) = sent(&mut app).remove(0);
    press(&mut app, "Enter");
    assert!(sent(&mut app).is_empty(), "not while it is on its way");
    app.take(Message::Answered { ticket: first, answer: Answer::Unsure("the connection was lost".into()) });
    assert!(shows(&app).contains("nobody knows yet"), "{}", shows(&app));
    press(&mut app, "Enter");
    assert_eq!(sent(&mut app).remove(0).0, first);
    app.take(Message::Answered { ticket: first, answer: Answer::Unsure("again".into()) });
    write(&mut app, "x");
    press(&mut app, "Enter");
    assert_ne!(sent(&mut app).remove(0).0, first, "it is another command now");
}

#[test]
fn an_update_can_begin_as_what_the_engine_knows_behind_what_was_written_already() {
    let night = Night::until(Hour::Gate);
    let mut app = night.console(&ADA);
    press(&mut app, "U");
    write(&mut app, "Hello all.");
    press(&mut app, "F2");
    let shown = shows(&app);
    assert!(shown.contains("Next update by "), "{shown}");
    press(&mut app, "C-s");
    let (_, command) = sent(&mut app).remove(0);
    let Command::SendUpdate { text, .. } = command else { panic!("{command:?}") };
    assert!(text.starts_with("Hello all.\n") && text.contains("[[what they see"), "{text}");
}

#[test]
fn keys_typed_while_the_link_is_dead_are_dropped_and_counted() {
    let night = Night::until(Hour::Gate);
    let mut app = night.console(&ADA);
    press(&mut app, "Space");
    // What is heard late says that the engine still speaks, though its clock stands behind what is known.
    app.tick(Span::from_millis(1_500));
    app.take(Message::Clock(night.now()));
    app.take(Message::Lost { why: "connection reset".into() });
    press(&mut app, "K E S");
    app.tick(Span::from_millis(8_500));
    let shown = shows(&app);
    assert!(shown.contains("ENGINE LOST 7s ago"), "{shown}");
    assert!(shown.contains("data 7s old, 3 keys dropped"), "{shown}");
    assert!(!shown.contains("west   KES"), "{shown}");
    press(&mut app, "Esc D");
    assert!(sent(&mut app).is_empty());
    assert!(shows(&app).contains("4 keys dropped"), "capitals open nothing now");
    press(&mut app, "g h");
    assert!(shows(&app).contains("─ Health"), "looking around always works");
}

#[test]
fn a_short_loss_of_the_link_changes_nothing() {
    let night = Night::until(Hour::Gate);
    let mut app = night.console(&ADA);
    press(&mut app, "Space");
    write(&mut app, "KES");
    app.take(Message::Lost { why: "connection reset".into() });
    app.tick(Span::from_secs(5));
    app.take(night.connected(&ADA));
    write(&mut app, "TREL west");
    press(&mut app, "Enter");
    assert_eq!(sent(&mut app).len(), 1);
}

/// A console that was away for 221 s at a gate, while mike confirmed.
fn away() -> App {
    let mut night = Night::until(Hour::Gate);
    let mut app = night.console(&ADA);
    press(&mut app, "U h i Esc Space K");
    app.take(Message::Lost { why: "connection reset".into() });
    press(&mut app, "a b");
    app.tick(Span::from_secs(221));
    night.second += 100;
    night.confirm(&MIKE);
    night.probe("web-east", Verdict::Down, "connection refused");
    night.second += 121;
    app.take(night.connected(&ADA));
    app
}

#[test]
fn who_was_away_is_told_what_happened_before_any_key_counts() {
    let mut app = away();
    insta::assert_snapshot!("away_80x24", shows(&app));
    insta::assert_snapshot!("away_132x38", text(&page(&app, 132, 38)));
    press(&mut app, "Enter Esc D q");
    assert!(shows(&app).contains("INPUT LOCKED"));
    assert!(app.effects.iter().all(|e| !matches!(e, Effect::Send { .. } | Effect::Quit)));
    press(&mut app, "Space");
    assert!(shows(&app).contains("GATE 6  Promote West"), "{}", shows(&app));
    let mut app = away();
    press(&mut app, "W");
    assert!(!shows(&app).contains("INPUT LOCKED"));
    assert!(!shows(&app).contains("GATE 6  Promote West ─"), "its box stays closed");
}

#[test]
fn a_draft_outlives_esc_the_link_and_the_console() {
    let night = Night::until(Hour::Gate);
    let mut app = night.console(&ADA);
    press(&mut app, "U");
    write(&mut app, "We are moving.");
    press(&mut app, "Enter n o w Esc U");
    assert!(shows(&app).contains("We are moving."), "{}", shows(&app));
    let memory = app.memory();
    let mut next = App::new(
        super::story::look(crate::console::theme::Depth::True, crate::console::canvas::Glyphs::Unicode),
        crate::console::app::Range::None,
        memory,
    );
    next.take(night.connected(&ADA));
    assert!(shows(&next).contains("YOU WERE AWAY"), "an incident is open: {}", shows(&next));
    assert!(shows(&next).contains("update 2 kept, unsent, 18 characters"), "{}", shows(&next));
    press(&mut next, "W U C-s");
    let commands = sent(&mut next);
    let [(ticket, Command::SendUpdate { text, .. })] = &commands[..] else { panic!("{commands:?}") };
    assert_eq!(text, "We are moving.\nnow");
    next.take(Message::Answered { ticket: *ticket, answer: yes(99) });
    assert_eq!(next.memory().drafts.len(), 0, "sent is sent");
}

#[test]
fn a_console_without_an_engine_shows_so_and_can_be_left() {
    let mut app = console();
    assert!(shows(&app).contains("connecting to the engine"));
    app.take(Message::Lost { why: "there is no socket".into() });
    assert!(shows(&app).contains("there is no socket"), "{}", shows(&app));
    press(&mut app, "q");
    assert_eq!(app.effects, [Effect::Quit]);
}

#[test]
fn an_incident_that_is_over_gives_way_and_can_be_looked_at_again() {
    let mut night = Night::until(Hour::Recovered);
    let mut app = night.console(&ADA);
    press(&mut app, "Space Esc Space Esc K");
    write(&mut app, "West is home now");
    press(&mut app, "Enter");
    let (ticket, command) = sent(&mut app).remove(0);
    assert!(app.place.incident.is_some());
    let head = night.head;
    night.command(&ADA, &command);
    for entry in night.entries.iter().filter(|e| e.seq > head) {
        app.take(Message::Event(Box::new(entry.clone())));
    }
    app.take(Message::Answered { ticket, answer: yes(night.head) });
    assert!(shows(&app).contains("NO INCIDENT"), "{}", shows(&app));
    press(&mut app, "4 Enter");
    assert!(shows(&app).contains("KESTREL") && shows(&app).contains("closed"), "{}", shows(&app));
    press(&mut app, ": r e o p e n Enter");
    assert!(shows(&app).contains("REOPEN"), "{}", shows(&app));
}

#[test]
fn leaving_asks_while_something_waits_and_only_then() {
    let mut app = Night::until(Hour::Gate).console(&ADA);
    press(&mut app, "q Esc");
    assert!(app.effects.is_empty());
    press(&mut app, "q Enter");
    assert!(app.effects.contains(&Effect::Quit));
}

#[test]
fn an_observer_sees_everything_and_is_told_that_nothing_can_be_done() {
    let night = Night::until(Hour::Gate);
    let mut app = night.console(&ADA);
    let Message::Connected { mut hello, snapshot } = night.connected(&ADA) else { panic!() };
    hello.you.access = vec![crate::core::people::Access::Observer];
    app.take(Message::Connected { hello, snapshot });
    press(&mut app, "H");
    let shown = shows(&app);
    assert!(shown.starts_with(" READ ONLY  PRODUCTION"), "{shown}");
    assert!(shown.contains("may look and do nothing"), "{shown}");
}

#[test]
fn an_engine_of_another_protocol_is_only_looked_at() {
    let night = Night::until(Hour::Gate);
    let Message::Connected { mut hello, .. } = night.connected(&ADA) else { panic!() };
    hello.protocol += 1;
    let mut app = console();
    app.take(Message::Stranger { hello });
    assert!(shows(&app).contains("READ ONLY: the engine speaks protocol"), "{}", shows(&app));
}

#[test]
fn the_page_of_a_small_terminal_is_its_head() {
    let app = Night::until(Hour::Gate).console(&ADA);
    let shown = text(&page(&app, 59, 14));
    assert!(shown.contains("KESTREL") && shown.contains("FOR YOU"), "{shown}");
    assert!(shown.lines().skip(4).all(|line| line.trim().is_empty()), "{shown}");
    for (width, height) in [(0, 0), (1, 1), (0, 5), (5, 0)] {
        page(&app, width, height);
    }
}

#[test]
fn a_list_keeps_its_thing_when_rows_come_above_it() {
    let mut night = Night::until(Hour::Gate);
    let mut app = night.console(&ADA);
    press(&mut app, "g i j j");
    let marked = |app: &App| shows(app).lines().find(|l| l.starts_with('▸')).unwrap().to_owned();
    let before = marked(&app);
    let head = night.head;
    night.command(&MIKE, &Command::Note { incident: None, text: "one more".into() });
    for entry in night.entries.iter().filter(|e| e.seq > head) {
        app.take(Message::Event(Box::new(entry.clone())));
    }
    assert!(shows(&app).contains("one more"));
    assert_eq!(marked(&app), before);
}

#[test]
fn what_cannot_be_done_says_why() {
    let mut app = Night::until(Hour::Calm).console(&ADA);
    press(&mut app, "H");
    assert!(shows(&app).contains("hold: not now, nothing runs"), "{}", shows(&app));
    press(&mut app, ": l a u n c h");
    assert!(shows(&app).contains("D declares one first"), "{}", shows(&app));
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(48))]

    #[test]
    fn no_size_and_no_text_breaks_a_page(
        width in 0_u16..200,
        height in 0_u16..60,
        hostile in "(\\PC|[\u{0}-\u{1f}]|\u{202e}|\u{200b}|\u{301}|日|😀|\u{1b}\\[2J){0,60}",
        hour in prop_oneof![Just(Hour::Calm), Just(Hour::Proposed), Just(Hour::Manual), Just(Hour::Gate), Just(Hour::Failed)],
        keys in prop::sample::select(vec![
            "1", "2", "3", "4", "5", "g r", "g r Enter", "g i", "g i Enter", "g t", "g u", "g h", "g h Enter", "Enter", "g x",
            "?", ":", "D", "L", "L Enter", "Space", "H", "X Enter", "N a", "A", "U b", "T", "q", "/ x", "B", "O ' x", "S", "Y", "R",
        ]),
    ) {
        let mut night = Night::until(hour);
        night.probe("db-west", Verdict::Down, &hostile);
        if let Some(plan) = night.state.plans.values_mut().next() {
            let loaded = std::sync::Arc::make_mut(plan);
            let plan = std::sync::Arc::make_mut(&mut loaded.plan);
            plan.name.clone_from(&hostile);
            plan.sites.iter_mut().for_each(|s| s.name.push_str(&hostile));
            plan.procedures.iter_mut().for_each(|p| p.name.push_str(&hostile));
        }
        let mut app = night.console(&ADA);
        let of = crate::console::message::OutputId { run: RunId(1), step: "wal".parse().unwrap(), attempt: 1 };
        app.take(Message::Output { of, asked: 0, from: 0, bytes: hostile.clone().into_bytes(), total: hostile.len() as u64 });
        app.take(Message::Range(Ok(serde_json::json!({"sites": {hostile.clone(): {"fault": hostile.clone()}}, "inbox": 3}))));
        press(&mut app, keys);
        write(&mut app, &hostile);
        let drawn = page(&app, width, height);
        let drives = |c: char| c.is_control() || c == '\u{202e}';
        let clean = !drawn.content.iter().any(|cell| cell.symbol().chars().any(drives));
        prop_assert!(clean);
        crate::console::frame::Page::new().turn(drawn);
    }
}
