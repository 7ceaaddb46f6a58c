//! What others say, on the screens: who says it, since when, in which words.

use super::habits::shows;
use super::story::{ADA, Hour, Night, press};
use crate::core::alert::{Heard, Told};
use crate::core::command::Command;
use crate::core::health::Extent;
use crate::core::ids::Principal;
use crate::core::plan::Severity;
use crate::core::time::Span;

fn say(night: &mut Night, name: &str, severity: Severity) {
    let heard = Heard {
        plan: "shop".parse().unwrap(),
        key: name.into(),
        name: name.into(),
        severity,
        summary: "7% of requests \u{1b}[31mfail".into(),
        component: Some("web".parse().unwrap()),
        site: None,
        told: Told::Firing { since: None },
    };
    night.command(&Principal::Token("prometheus".parse().unwrap()), &Command::HearAlerts { alerts: vec![heard] });
}

fn health(night: &Night) -> String {
    let mut app = night.console(&ADA);
    press(&mut app, "g h");
    shows(&app)
}

#[test]
fn an_alert_that_fires_has_a_line_that_says_who_says_it() {
    let mut night = Night::until(Hour::Gate);
    assert!(!health(&night).contains("said by"), "none fires");
    say(&mut night, "HighErrors", Severity::High);
    let shown = health(&night);
    let line = shown.lines().find(|line| line.contains("HighErrors")).unwrap_or_else(|| panic!("{shown}"));
    for words in ["high", "said by prometheus since", "7% "] {
        assert!(line.contains(words), "{words}: {line}");
    }
    let (plan, of) = ("shop".parse().unwrap(), Extent::Component("web".parse().unwrap()));
    let (length, reason) = (Span::from_secs(60), "known".into());
    night.command(&ADA, &Command::PauseHealth { plan, of, length, reason });
    assert!(health(&night).contains("paused; said by"), "{}", health(&night));
}

#[test]
fn many_alerts_leave_room_for_the_probes_and_the_gravest_is_shown() {
    let mut night = Night::until(Hour::Gate);
    for n in 0..20 {
        say(&mut night, &format!("Mild{n}"), Severity::Low);
    }
    say(&mut night, "Grave", Severity::Critical);
    let shown = health(&night);
    for words in ["Grave", "and 19 more alerts; `warroom health list` has all", "Front door  "] {
        assert!(shown.contains(words), "{words}: {shown}");
    }
}

#[test]
fn what_is_proposed_because_others_say_so_shows_what_they_say() {
    let mut night = Night::until(Hour::Calm);
    say(&mut night, "HighErrors", Severity::Critical);
    let app = night.console(&ADA);
    let shown = shows(&app);
    for words in ["The engine heard of trouble and proposes KESTREL", "HighErrors of", "said by prometheus since"] {
        assert!(shown.contains(words), "{words}: {shown}");
    }
}
