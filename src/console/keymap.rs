//! From keys to an action: a pure function of what was typed and where.

use std::sync::OnceLock;

use super::actions::{ACTIONS, Action, Sort};
use super::key::Key;
use super::place::Screen;

/// What typed keys amount to.
#[derive(Clone, Copy)]
pub(crate) enum Resolved {
    /// They do this.
    Action(&'static Action),
    /// More has to follow.
    Prefix,
    /// Nothing.
    Nothing,
}

fn table() -> &'static [(Vec<Key>, &'static Action)] {
    static TABLE: OnceLock<Vec<(Vec<Key>, &'static Action)>> = OnceLock::new();
    TABLE.get_or_init(|| {
        // What stops is asked for before anything else, and only while there is something to stop.
        let usual = ACTIONS.iter().filter(|action| action.sort != Sort::Stops);
        let rows = usual.flat_map(|action| action.keys.iter().map(move |keys| (*keys, action)));
        let read = |keys: &str| keys.split(' ').filter_map(|key| key.parse().ok()).collect();
        rows.map(|(keys, action)| (read(keys), action)).collect()
    })
}

/// What `typed` does on a screen.
pub(crate) fn resolve(typed: &[Key], screen: Screen) -> Resolved {
    let here = || table().iter().filter(|(_, action)| action.on.includes(screen));
    if let Some((_, action)) = here().find(|(keys, _)| keys == typed) {
        return Resolved::Action(action);
    }
    match here().any(|(keys, _)| keys.starts_with(typed)) {
        true => Resolved::Prefix,
        false => Resolved::Nothing,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn typed(keys: &str) -> Vec<Key> {
        keys.split(' ').map(|key| key.parse().unwrap()).collect()
    }

    fn name(keys: &str, screen: Screen) -> &'static str {
        match resolve(&typed(keys), screen) {
            Resolved::Action(action) => action.id,
            Resolved::Prefix => "...",
            Resolved::Nothing => "-",
        }
    }

    #[test]
    fn keys_resolve_to_actions() {
        for (keys, screen, action) in [
            ("Space", Screen::WarRoom, "next"),
            ("g", Screen::WarRoom, "..."),
            ("g g", Screen::WarRoom, "top"),
            ("g w", Screen::Health, "war-room"),
            ("g z", Screen::WarRoom, "-"),
            ("H", Screen::WarRoom, "hold"),
            ("h", Screen::WarRoom, "panel-previous"),
            ("Tab", Screen::Timeline, "-"),
            ("F", Screen::WarRoom, "-"),
            ("F", Screen::Range, "fault"),
            ("C-p", Screen::Run, "palette"),
            (":", Screen::Run, "palette"),
            ("Esc", Screen::Run, "back"),
            ("Z", Screen::Run, "-"),
        ] {
            assert_eq!(name(keys, screen), action, "{keys} on {}", screen.name());
        }
    }

    #[test]
    fn every_key_of_the_table_can_be_read_and_means_one_thing() {
        let mut seen: Vec<(&str, &str, super::super::actions::On)> = Vec::new();
        for action in ACTIONS.iter().filter(|action| action.sort != Sort::Stops) {
            for keys in action.keys {
                assert!(keys.split(' ').all(|key| key.parse::<Key>().is_ok()), "{keys}");
                let double = seen.iter().find(|(k, _, on)| k == keys && *on == action.on);
                assert!(double.is_none(), "{keys} does {} and {double:?}", action.id);
                seen.push((keys, action.id, action.on));
            }
        }
    }

    #[test]
    fn no_key_is_the_beginning_of_another_so_that_none_has_to_wait() {
        for (keys, action) in table() {
            for (longer, other) in table() {
                assert!(longer == keys || !longer.starts_with(keys), "{} hides {}", action.id, other.id);
            }
        }
    }

    #[test]
    fn small_letters_only_show_and_capitals_open_boxes() {
        // Only these may be capitals without a box: one moves, one stops.
        let moves = ["bottom", "stop-automation"];
        for action in ACTIONS {
            for key in action.keys.iter().filter(|keys| keys.len() == 1) {
                let capital = key.chars().all(char::is_uppercase);
                let opens = action.sort == Sort::Asks;
                assert_eq!(capital && !moves.contains(&action.id), opens, "{key} {}", action.id);
            }
        }
    }
}
