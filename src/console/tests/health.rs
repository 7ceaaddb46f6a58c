//! What is shown of a part: what is believed, and that somebody had it not count for a while.

use super::habits::shows;
use super::story::{ADA, Hour, Night, press};
use crate::core::command::Command;
use crate::core::health::Extent;
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
    press(&mut app, "j Enter");
    let shown = shows(&app);
    for words in ["PAUSED", "component web by ada, for 2h more", "the provider works on it"] {
        assert!(shown.contains(words), "{words}: {shown}");
    }
}
