//! Every screen and every box, at the two sizes that people have.

use ratatui::buffer::Buffer;
use ratatui::layout::Rect;
use ratatui::style::{Color, Style};

use super::story::{ADA, Hour, Night, press};
use crate::console::app::App;
use crate::console::canvas::Glyphs;
use crate::console::message::Message;
use crate::console::theme::Depth;
use crate::core::command::Command;
use crate::core::ids::RunId;
use crate::core::people::Access;

pub(super) fn page(app: &App, width: u16, height: u16) -> Buffer {
    let mut buffer = Buffer::empty(Rect::new(0, 0, width, height));
    app.draw(&mut buffer);
    buffer
}

pub(super) fn text(buffer: &Buffer) -> String {
    let width = usize::from(buffer.area.width).max(1);
    let mut lines = Vec::new();
    for row in buffer.content.chunks(width) {
        let mut line = String::new();
        let mut skip = 0;
        for cell in row {
            if skip > 0 {
                skip -= 1;
                continue;
            }
            line.push_str(cell.symbol());
            skip = unicode_width::UnicodeWidthStr::width(cell.symbol()).saturating_sub(1);
        }
        lines.push(line.trim_end().to_owned());
    }
    lines.join("\n")
}

/// Every picture: its name, the hour, and the keys that lead there.
const PICTURES: &[(&str, Hour, &str)] = &[
    ("calm", Hour::Calm, ""),
    ("proposed", Hour::Proposed, ""),
    ("declared", Hour::Declared, ""),
    ("manual", Hour::Manual, ""),
    ("gate", Hour::Gate, ""),
    ("promoting", Hour::Promoting, ""),
    ("failed", Hour::Failed, ""),
    ("recovered", Hour::Recovered, ""),
    ("panel_sites", Hour::Gate, "2"),
    ("panel_team", Hour::Gate, "3"),
    ("panel_others", Hour::Gate, "4"),
    ("panel_timeline", Hour::Gate, "5"),
    ("runbooks", Hour::Gate, "g r"),
    ("procedure", Hour::Gate, "g r Enter"),
    ("run", Hour::Gate, "Enter k k k"),
    ("timeline", Hour::Gate, "g i"),
    ("timeline_row", Hour::Gate, "g i Enter"),
    ("team", Hour::Gate, "g t"),
    ("updates", Hour::Gate, "g u"),
    ("update_row", Hour::Gate, "g u Enter"),
    ("health", Hour::Gate, "g h"),
    ("health_row", Hour::Gate, "g h Enter"),
    ("help", Hour::Gate, "?"),
    ("palette", Hour::Gate, ":"),
    ("palette_hold", Hour::Calm, ": h o l d"),
    ("box_declare", Hour::Proposed, "D"),
    ("box_declare_plan", Hour::Calm, "D"),
    ("box_dismiss", Hour::Proposed, "D F2"),
    ("box_launch", Hour::Declared, "L"),
    ("box_launch_fill", Hour::Declared, "L Enter"),
    ("box_launch_preview", Hour::Declared, "L Enter x Enter"),
    ("box_gate", Hour::Gate, "Space"),
    ("box_gate_wrong", Hour::Gate, "Space n o Enter"),
    ("box_decline", Hour::Gate, "Space F2"),
    ("box_done", Hour::Manual, "Space"),
    ("box_settle", Hour::Failed, "Space"),
    ("box_hold", Hour::Gate, "H"),
    ("box_abort", Hour::Gate, "X Enter"),
    ("box_note", Hour::Gate, "N h i"),
    ("box_assign", Hour::Gate, "A"),
    ("box_update", Hour::Gate, "U h i"),
    ("box_close", Hour::Recovered, "Space"),
    ("box_quit", Hour::Gate, "q"),
    ("box_cancel", Hour::Declared, ": c a n c e l Enter"),
    ("range", Hour::Declared, "g x"),
    ("box_fault", Hour::Declared, "g x F"),
];

const SIZES: [(u16, u16); 2] = [(80, 24), (132, 38)];

/// The console as it stands after those keys, on a practice range that has answered.
fn picture(hour: Hour, keys: &str, depth: Depth, glyphs: Glyphs) -> App {
    let mut app = Night::until(hour).console_with(&ADA, depth, glyphs);
    app.take(Message::Range(Ok(range())));
    if !keys.is_empty() {
        press(&mut app, keys);
    }
    app
}

#[test]
fn screens_and_boxes_at_both_sizes() {
    for (name, hour, keys) in PICTURES {
        let app = picture(*hour, keys, Depth::True, Glyphs::Unicode);
        for (width, height) in SIZES {
            insta::assert_snapshot!(format!("{name}_{width}x{height}"), text(&page(&app, width, height)));
        }
    }
}

/// What no hour of the night has by itself: a run held, an incident closed, and somebody who only looks.
#[test]
fn held_closed_and_read_only_at_both_sizes() {
    let mut held = Night::until(Hour::Gate);
    held.command(&ADA, &Command::Hold { run: RunId(1), reason: Some("wait for the network people".into()) });
    let mut resume = held.console(&ADA);
    press(&mut resume, "R");

    let mut closed = Night::until(Hour::Recovered);
    let incident = closed.incident();
    closed.command(&ADA, &Command::Close { incident, reason: None });
    let mut reopen = closed.console(&ADA);
    press(&mut reopen, "4 Enter : r e o p e n Enter");

    let mut watching = Night::until(Hour::Gate).console(&ADA);
    let Message::Connected { mut hello, snapshot } = Night::until(Hour::Gate).connected(&ADA) else { panic!() };
    hello.you.access = vec![Access::Observer];
    watching.take(Message::Connected { hello, snapshot });

    for (name, app) in [("box_resume", resume), ("box_reopen", reopen), ("read_only", watching)] {
        for (width, height) in SIZES {
            insta::assert_snapshot!(format!("{name}_{width}x{height}"), text(&page(&app, width, height)));
        }
    }
}

/// What the range says of itself with East down.
fn range() -> serde_json::Value {
    let site = |fault: Option<&str>| {
        let service = serde_json::json!({"fault": fault, "url": "http://127.0.0.1:1"});
        serde_json::json!({"fault": fault, "services": {"web": service, "api": service, "db": service}})
    };
    let at = "2026-11-21T03:14:51.000000Z";
    let message = serde_json::json!({"received_at": at, "body": "{\"text\": \"We are on it.\"}"});
    serde_json::json!({
        "sites": {"east": site(Some("down")), "west": site(None)},
        "router": {"east": {"weight": 100, "in_flight": 3}, "west": {"weight": 0, "in_flight": 0}},
        "customers": {"ok": 320, "failed": 12},
        "databases": {
            "east": {"role": "primary", "seq": 80, "at": at},
            "west": {"role": "standby", "seq": 79, "at": null},
        },
        "inbox": {"fault": null, "messages": [message]},
    })
}

/// The same for terminals that show no more than ASCII.
#[test]
fn every_page_has_its_form_in_ascii() {
    for (name, hour, keys) in PICTURES {
        let app = picture(*hour, keys, Depth::Mono, Glyphs::Ascii);
        for (width, height) in SIZES {
            let shown = text(&page(&app, width, height));
            assert!(shown.is_ascii(), "{name}: {shown}");
            insta::assert_snapshot!(format!("{name}_{width}x{height}_ascii"), shown);
        }
    }
}

/// Which looks stand where: each cell's look as a letter, each letter explained.
fn looks(buffer: &Buffer) -> String {
    let mut known: Vec<Style> = Vec::new();
    let width = usize::from(buffer.area.width).max(1);
    let mut lines = Vec::new();
    for row in buffer.content.chunks(width) {
        let line: String = row
            .iter()
            .map(|cell| {
                let style = cell.style();
                let index = known.iter().position(|s| *s == style).unwrap_or_else(|| {
                    known.push(style);
                    known.len() - 1
                });
                if cell.symbol() == " " && cell.bg == Color::Reset && cell.modifier.is_empty() {
                    ' '
                } else {
                    char::from(b'a' + u8::try_from(index).unwrap())
                }
            })
            .collect();
        lines.push(line.trim_end().to_owned());
    }
    let explained = known.iter().enumerate().map(|(index, style)| {
        let letter = char::from(b'a' + u8::try_from(index).unwrap());
        let colour = |c: Option<Color>| c.map_or("-".to_owned(), |c| c.to_string());
        format!("{letter}: {} on {} {:?}", colour(style.fg), colour(style.bg), style.add_modifier)
    });
    lines.extend(explained);
    lines.join("\n")
}

#[test]
fn looks_at_every_depth_of_colour() {
    for (depth, depth_name) in [(Depth::True, "true"), (Depth::Sixteen, "16"), (Depth::Mono, "mono")] {
        for (name, hour, keys) in PICTURES {
            let app = picture(*hour, keys, depth, Glyphs::Unicode);
            for (width, height) in SIZES {
                let shown = looks(&page(&app, width, height));
                insta::assert_snapshot!(format!("looks_{name}_{width}x{height}_{depth_name}"), shown);
            }
        }
    }
}
