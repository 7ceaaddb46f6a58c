//! Every screen and every box, at the two sizes that people have.

use ratatui::buffer::Buffer;
use ratatui::layout::Rect;

use super::story::{ADA, Hour, Night, press};
use crate::console::app::App;

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
];

#[test]
fn screens_and_boxes_at_both_sizes() {
    for (name, hour, keys) in PICTURES {
        let night = Night::until(*hour);
        let mut app = night.console(&ADA);
        if !keys.is_empty() {
            press(&mut app, keys);
        }
        for (width, height) in [(80, 24), (132, 38)] {
            insta::assert_snapshot!(format!("{name}_{width}x{height}"), text(&page(&app, width, height)));
        }
    }
}
