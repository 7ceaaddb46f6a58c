//! Every screen and every box, at the two sizes that people have.

use ratatui::buffer::Buffer;
use ratatui::layout::Rect;
use ratatui::style::{Color, Style};

use super::past::{tell_past, tell_pictures};
use super::rebuild::{self, Scene};
use super::story::{ADA, Hour, Night, press};
use crate::console::app::App;
use crate::console::canvas::Glyphs;
use crate::console::message::{Effect, Message};
use crate::console::theme::Depth;
use crate::core::command::Command;
use crate::core::ids::RunId;
use crate::core::people::Access;
use crate::wire::{Check, Finding};

pub(crate) fn page(app: &App, width: u16, height: u16) -> Buffer {
    let mut buffer = Buffer::empty(Rect::new(0, 0, width, height));
    app.draw(&mut buffer);
    buffer
}

pub(crate) fn text(buffer: &Buffer) -> String {
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

/// Where a picture begins.
#[derive(Clone, Copy)]
enum At {
    /// In the night at the shop.
    Night(Hour),
    /// In the night of the rebuild.
    Rebuild(Scene),
}

impl At {
    fn night(self) -> Night {
        match self {
            At::Night(hour) => Night::until(hour),
            At::Rebuild(scene) => rebuild::night(scene),
        }
    }
}

/// Every picture: its name, the hour, and the keys that lead there.
const PICTURES: &[(&str, At, &str)] = &[
    ("calm", At::Night(Hour::Calm), ""),
    ("proposed", At::Night(Hour::Proposed), ""),
    ("declared", At::Night(Hour::Declared), ""),
    ("manual", At::Night(Hour::Manual), ""),
    ("gate", At::Night(Hour::Gate), ""),
    ("promoting", At::Night(Hour::Promoting), ""),
    ("failed", At::Night(Hour::Failed), ""),
    ("recovered", At::Night(Hour::Recovered), ""),
    ("panel_sites", At::Night(Hour::Gate), "2"),
    ("panel_team", At::Night(Hour::Gate), "3"),
    ("panel_others", At::Night(Hour::Gate), "4"),
    ("panel_timeline", At::Night(Hour::Gate), "5"),
    ("runbooks", At::Night(Hour::Gate), "g r"),
    ("procedure", At::Night(Hour::Gate), "g r Enter"),
    ("run", At::Night(Hour::Gate), "Enter k k k"),
    ("timeline", At::Night(Hour::Gate), "g i"),
    ("timeline_row", At::Night(Hour::Gate), "g i Enter"),
    ("team", At::Night(Hour::Gate), "g t"),
    ("updates", At::Night(Hour::Gate), "g u"),
    ("update_row", At::Night(Hour::Gate), "g u Enter"),
    ("health", At::Night(Hour::Gate), "g h"),
    ("health_branch", At::Night(Hour::Gate), "g h j"),
    ("health_part_more", At::Night(Hour::Gate), "g h PgDn PgDn"),
    ("health_day", At::Night(Hour::Gate), "g h w w"),
    ("health_flat", At::Night(Hour::Gate), "g h t"),
    ("health_folded", At::Night(Hour::Gate), "g h j Enter"),
    ("health_filter", At::Night(Hour::Gate), "g h / w e s t Enter"),
    ("health_row", At::Night(Hour::Gate), "g h Enter"),
    ("reports", At::Night(Hour::Gate), "g o"),
    ("reports_row", At::Night(Hour::Gate), "g o Enter"),
    ("box_scenario", At::Night(Hour::Gate), ": s c e n a r i o Enter"),
    ("box_pause", At::Night(Hour::Gate), "g h Z p r o v i d e r"),
    ("help", At::Night(Hour::Gate), "?"),
    ("palette", At::Night(Hour::Gate), ":"),
    ("palette_hold", At::Night(Hour::Calm), ": h o l d"),
    ("box_declare", At::Night(Hour::Proposed), "D"),
    ("box_declare_plan", At::Night(Hour::Calm), "D"),
    ("box_dismiss", At::Night(Hour::Proposed), "D F2"),
    ("box_launch", At::Night(Hour::Declared), "L"),
    ("box_launch_fill", At::Night(Hour::Declared), "L Enter"),
    ("box_launch_preview", At::Night(Hour::Declared), "L Enter x Enter"),
    ("box_gate", At::Night(Hour::Gate), "Space"),
    ("box_gate_wrong", At::Night(Hour::Gate), "Space n o Enter"),
    ("box_decline", At::Night(Hour::Gate), "Space F2"),
    ("box_done", At::Night(Hour::Manual), "Space"),
    ("box_settle", At::Night(Hour::Failed), "Space"),
    ("box_hold", At::Night(Hour::Gate), "H"),
    ("box_abort", At::Night(Hour::Gate), "X Enter"),
    ("box_note", At::Night(Hour::Gate), "N h i"),
    ("box_assign", At::Night(Hour::Gate), "A"),
    ("box_update", At::Night(Hour::Gate), "U h i"),
    ("box_close", At::Night(Hour::Recovered), "K"),
    ("box_commit", At::Night(Hour::Recovered), "Space"),
    ("box_assess", At::Night(Hour::Declared), ": a s s e s s Enter"),
    ("box_assess_calm", At::Night(Hour::Calm), ": a s s e s s Enter"),
    ("box_quit", At::Night(Hour::Gate), "q"),
    ("box_cancel", At::Night(Hour::Declared), ": c a n c e l Enter"),
    ("range", At::Night(Hour::Declared), "g x"),
    ("box_fault", At::Night(Hour::Declared), "g x F"),
    ("war_several", At::Rebuild(Scene::Going), ""),
    ("war_gates", At::Rebuild(Scene::Gates), ""),
    ("war_back", At::Rebuild(Scene::Back), ""),
    ("box_gate_of_two", At::Rebuild(Scene::Gates), "Space"),
    ("box_launch_typed", At::Rebuild(Scene::Before), "L j j Enter"),
    ("box_launch_wrong", At::Rebuild(Scene::Before), "L j j Enter x Down Down Down Down m Enter"),
    (
        "box_launch_secret",
        At::Rebuild(Scene::Before),
        "L j j Enter x Down Down Down Down Down Down Down C-u h u n t e r",
    ),
    ("box_launch_lanes", At::Rebuild(Scene::Before), "L j j Enter x Enter"),
    ("box_launch_lanes_end", At::Rebuild(Scene::Before), "L j j Enter x Enter PgDn PgDn"),
    ("box_launch_options", At::Rebuild(Scene::Before), "L j j Enter x Enter F3 Space Down Down x"),
    ("box_launch_differs", At::Rebuild(Scene::Before), "L j j Enter x Enter F3 Space Down Down Down 2 Enter"),
    ("box_launch_refused", At::Rebuild(Scene::Going), "L j j"),
    ("box_roll_back", At::Rebuild(Scene::Going), "B"),
    ("box_roll_back_past", At::Rebuild(Scene::Opened), "B"),
    ("box_abort_lanes", At::Rebuild(Scene::Going), "X"),
    ("box_take_up", At::Rebuild(Scene::Aborted), "R"),
    ("box_unknown", At::Rebuild(Scene::Lost), "Space"),
    ("box_retry", At::Rebuild(Scene::Lost), "Space F4"),
    ("box_retry_changed", At::Rebuild(Scene::Lost), "Space F4 C-u h e r e"),
    ("box_leave_out", At::Rebuild(Scene::Going), "g s G S"),
    ("box_off_script", At::Rebuild(Scene::Going), "O"),
    (
        "box_off_script_line",
        At::Rebuild(Scene::Going),
        "O d f Space - h Space ' / s r v Space x ' Space | Space t e e Tab d b 1",
    ),
    ("run_several", At::Rebuild(Scene::Going), "g s"),
    ("run_list", At::Rebuild(Scene::Going), "g s j Enter"),
    ("run_folded", At::Rebuild(Scene::Going), "g s j"),
    ("run_gates", At::Rebuild(Scene::Gates), "g s"),
    ("run_mending", At::Rebuild(Scene::Mending), "g s"),
    ("run_lost", At::Rebuild(Scene::Lost), "g s"),
    ("run_overdue", At::Rebuild(Scene::Overdue), "g s"),
    ("run_back", At::Rebuild(Scene::Back), "g s"),
    ("run_returned", At::Rebuild(Scene::Returned), "g s g g"),
    ("run_aborted", At::Rebuild(Scene::Aborted), "g s"),
    ("run_partly", At::Rebuild(Scene::Partly), "g s g g"),
];

const SIZES: [(u16, u16); 2] = [(80, 24), (132, 38)];

/// The console as it stands after those keys, on a practice range that has answered.
fn picture(at: At, keys: &str, depth: Depth, glyphs: Glyphs) -> App {
    let night = at.night();
    let mut app = night.console_with(&ADA, depth, glyphs);
    app.take(Message::Range(Ok(range())));
    if !keys.is_empty() {
        press(&mut app, keys);
    }
    tell_past(&mut app, &night);
    tell_pictures(&mut app, &night);
    answer_checks(&mut app);
    app
}

/// The engine looks at what launches rest on: one thing is as it must be, one is not.
fn answer_checks(app: &mut App) {
    let check = |step: &str, name: &str, finding, says: &str| Check {
        step: Some(step.parse().unwrap()),
        name: name.into(),
        finding,
        says: says.into(),
    };
    for effect in std::mem::take(&mut app.effects) {
        let Effect::Check(of) = effect else { continue };
        let found = vec![
            check("up", "The site is healthy", Finding::Good, "all 3 probes ok"),
            check("room", "There is room for the ledger", Finding::Bad, "6.2 GiB are free, 10 GiB are needed"),
        ];
        let of_rebuild = of.procedure.as_str() == "rebuild";
        app.take(Message::Checks { of, found: Ok(if of_rebuild { found } else { Vec::new() }) });
    }
}

#[test]
fn screens_and_boxes_at_both_sizes() {
    for (name, at, keys) in PICTURES {
        let app = picture(*at, keys, Depth::True, Glyphs::Unicode);
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
    closed.command(&ADA, &Command::Close { incident, reason: Some("West is home now".into()) });
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
    for (name, at, keys) in PICTURES {
        let app = picture(*at, keys, Depth::Mono, Glyphs::Ascii);
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
        for (name, at, keys) in PICTURES {
            let app = picture(*at, keys, depth, Glyphs::Unicode);
            for (width, height) in SIZES {
                let shown = looks(&page(&app, width, height));
                insta::assert_snapshot!(format!("looks_{name}_{width}x{height}_{depth_name}"), shown);
            }
        }
    }
}
