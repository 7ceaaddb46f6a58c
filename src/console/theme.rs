//! What things look like, by what they mean. A theme is a TOML file of roles; a role that it leaves out looks like the one that
//! stands behind it, so that a theme of three lines is whole.

use std::collections::BTreeMap;
use std::path::Path;

use ratatui::style::{Color, Modifier, Style};
use serde::Deserialize;

/// What something means.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Deserialize)]
#[serde(rename_all = "snake_case")]
pub(crate) enum Role {
    /// Plain words.
    Text,
    /// What matters least: hints, ages, things to come.
    Dim,
    /// What matters most: names, numbers to decide by.
    Strong,
    /// Lines around and between.
    Line,
    /// The line of what has the focus.
    LineFocus,
    /// The thing under the cursor.
    Selection,
    /// Healthy, done, seen.
    Good,
    /// Slow, late, said but not seen.
    Warn,
    /// Down, failed, missed.
    Bad,
    /// Nobody can say.
    Unknown,
    /// Under way.
    Active,
    /// Waits for the person at the keyboard.
    Waits,
    /// Cannot be taken back.
    NoReturn,
    /// What is typed.
    Input,
    /// A key that can be pressed.
    Key,
    /// What a search found.
    Found,
    /// The mode PRODUCTION.
    Production,
    /// The mode STAGING.
    Staging,
    /// The mode PRACTICE.
    Practice,
    /// The mode READ ONLY.
    ReadOnly,
}

impl Role {
    /// All of them.
    pub(crate) const ALL: [Role; 20] = [
        Role::Text,
        Role::Dim,
        Role::Strong,
        Role::Line,
        Role::LineFocus,
        Role::Selection,
        Role::Good,
        Role::Warn,
        Role::Bad,
        Role::Unknown,
        Role::Active,
        Role::Waits,
        Role::NoReturn,
        Role::Input,
        Role::Key,
        Role::Found,
        Role::Production,
        Role::Staging,
        Role::Practice,
        Role::ReadOnly,
    ];

    /// What it looks like where a theme does not say.
    fn behind(self) -> Option<Role> {
        Some(match self {
            Role::Text => return None,
            Role::Dim | Role::Strong | Role::Line | Role::Selection | Role::Good | Role::Active | Role::Input => {
                Role::Text
            }
            Role::LineFocus | Role::Waits | Role::Key => Role::Strong,
            Role::Warn | Role::Bad => Role::Strong,
            Role::Unknown | Role::NoReturn => Role::Warn,
            Role::Found => Role::Selection,
            Role::Production | Role::Staging | Role::Practice | Role::ReadOnly => Role::Selection,
        })
    }
}

/// How many colours the terminal has, as its environment says.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Depth {
    /// None: bold, underlined and turned-around text only.
    Mono,
    /// The sixteen that users choose themselves.
    Sixteen,
    /// The fixed 256.
    Indexed,
    /// All of them.
    True,
}

impl Depth {
    /// What `NO_COLOR`, `COLORTERM` and `TERM` say; nothing is asked of the terminal.
    #[must_use]
    pub(crate) fn of(variable: impl Fn(&str) -> Option<String>) -> Depth {
        let says = |name: &str| variable(name).filter(|value| !value.is_empty());
        let term = says("TERM").unwrap_or_default();
        if says("NO_COLOR").is_some() || term == "dumb" || term.starts_with("vt1") || term.starts_with("vt2") {
            Depth::Mono
        } else if says("COLORTERM").is_some_and(|c| c == "truecolor" || c == "24bit") || term.ends_with("-direct") {
            Depth::True
        } else if term.contains("256") {
            Depth::Indexed
        } else {
            Depth::Sixteen
        }
    }
}

/// Why a theme cannot be used.
#[derive(Debug, thiserror::Error)]
pub enum ThemeError {
    /// Neither a built-in name nor a file that can be read.
    #[error("no theme {name:?}: {why}; built in are {}", BUILT_IN.map(|(name, _)| name).join(" and "))]
    NotFound {
        /// As it was asked for.
        name: String,
        /// Why it cannot be read as a file.
        why: std::io::Error,
    },
    /// Its text is wrong.
    #[error("theme {name:?}: {why}")]
    Malformed {
        /// As it was asked for.
        name: String,
        /// Where and what.
        why: String,
    },
}

/// The look of a role, as a file gives it.
#[derive(Debug, Clone, Default, Deserialize)]
#[serde(deny_unknown_fields)]
struct Look {
    fg: Option<String>,
    bg: Option<String>,
    /// In place of `fg` where there are only sixteen colours.
    fg16: Option<String>,
    /// In place of `bg` where there are only sixteen colours.
    bg16: Option<String>,
    #[serde(default)]
    bold: bool,
    #[serde(default)]
    dim: bool,
    #[serde(default)]
    underline: bool,
    #[serde(default)]
    reverse: bool,
}

/// The look of everything.
#[derive(Debug, Clone)]
pub(crate) struct Theme {
    styles: [Style; Role::ALL.len()],
}

/// The themes that are always there.
const BUILT_IN: [(&str, &str); 2] =
    [("dark", include_str!("../../themes/dark.toml")), ("mono", include_str!("../../themes/mono.toml"))];

impl Theme {
    /// The theme of that name or in that file, in as many colours as there are. Without colours it is `mono`, unless a file was
    /// named.
    ///
    /// # Errors
    /// [`ThemeError`] says which and why.
    pub(crate) fn load(name: Option<&str>, depth: Depth) -> Result<Theme, ThemeError> {
        let name = match (name, depth) {
            (None | Some("dark"), Depth::Mono) => "mono",
            (None, _) => "dark",
            (Some(name), _) => name,
        };
        let built_in = BUILT_IN.iter().find(|(known, _)| *known == name).map(|(_, text)| (*text).to_owned());
        let text = match built_in {
            Some(text) => text,
            None => std::fs::read_to_string(Path::new(name))
                .map_err(|why| ThemeError::NotFound { name: name.to_owned(), why })?,
        };
        Theme::parse(&text, depth).map_err(|why| ThemeError::Malformed { name: name.to_owned(), why })
    }

    fn parse(text: &str, depth: Depth) -> Result<Theme, String> {
        let looks: BTreeMap<Role, Look> = toml::from_str(text).map_err(|e| e.to_string())?;
        let mut styles = [Style::new(); Role::ALL.len()];
        for (role, slot) in Role::ALL.into_iter().zip(&mut styles) {
            let mut from = Some(role);
            let look = loop {
                match from {
                    Some(r) if looks.contains_key(&r) => break looks.get(&r),
                    Some(r) => from = r.behind(),
                    None => break None,
                }
            };
            *slot =
                look.map_or(Ok(Style::new()), |look| look.style(depth)).map_err(|why| format!("{role:?}: {why}"))?;
        }
        Ok(Theme { styles })
    }

    /// How something of that meaning looks.
    #[must_use]
    pub(crate) fn style(&self, role: Role) -> Style {
        self.styles.get(role as usize).copied().unwrap_or_default()
    }
}

impl Look {
    fn style(&self, depth: Depth) -> Result<Style, String> {
        let mut style = Style::new();
        for (set, modifier) in [
            (self.bold, Modifier::BOLD),
            (self.dim, Modifier::DIM),
            (self.underline, Modifier::UNDERLINED),
            (self.reverse, Modifier::REVERSED),
        ] {
            if set {
                style = style.add_modifier(modifier);
            }
        }
        if let Some(fg) = pick(self.fg.as_deref(), self.fg16.as_deref(), depth)? {
            style = style.fg(fg);
        }
        if let Some(bg) = pick(self.bg.as_deref(), self.bg16.as_deref(), depth)? {
            style = style.bg(bg);
        }
        Ok(style)
    }
}

fn pick(full: Option<&str>, sixteen: Option<&str>, depth: Depth) -> Result<Option<Color>, String> {
    let read = |text: Option<&str>| {
        text.map(|t| {
            t.parse::<Color>().map_err(|_| format!("{t:?} is no colour; #rrggbb and names like light-red are"))
        })
        .transpose()
    };
    let (full, sixteen) = (read(full)?, read(sixteen)?);
    Ok(match depth {
        Depth::Mono => None,
        Depth::True => full.or(sixteen),
        Depth::Indexed => full.map(|c| nearest(c, 16..=255)).or(sixteen),
        Depth::Sixteen => sixteen.or(full.map(|c| nearest(c, 0..=15))),
    })
}

/// The fixed colour that is closest to a free one.
fn nearest(colour: Color, among: std::ops::RangeInclusive<u8>) -> Color {
    let Color::Rgb(r, g, b) = colour else { return colour };
    let distance = |(x, y, z): (u8, u8, u8)| {
        [(r, x), (g, y), (b, z)].into_iter().map(|(p, q)| u32::from(p.abs_diff(q)).pow(2)).sum::<u32>()
    };
    among.min_by_key(|index| distance(rgb(*index))).map_or(colour, Color::Indexed)
}

/// What the 256 colours look like; the first sixteen as most terminals have them.
fn rgb(index: u8) -> (u8, u8, u8) {
    const FIRST: [(u8, u8, u8); 16] = [
        (0, 0, 0),
        (205, 0, 0),
        (0, 205, 0),
        (205, 205, 0),
        (0, 0, 238),
        (205, 0, 205),
        (0, 205, 205),
        (229, 229, 229),
        (127, 127, 127),
        (255, 0, 0),
        (0, 255, 0),
        (255, 255, 0),
        (92, 92, 255),
        (255, 0, 255),
        (0, 255, 255),
        (255, 255, 255),
    ];
    let step = |n: u8| if n == 0 { 0 } else { 55 + 40 * n };
    match index {
        0..=15 => FIRST.get(usize::from(index)).copied().unwrap_or_default(),
        16..=231 => (step((index - 16) / 36), step((index - 16) / 6 % 6), step((index - 16) % 6)),
        _ => {
            let grey = 8 + 10 * (index - 232);
            (grey, grey, grey)
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_environment_says_how_many_colours_there_are() {
        let table = [
            (&[("TERM", "xterm-256color"), ("COLORTERM", "truecolor")][..], Depth::True),
            (&[("TERM", "xterm-256color")], Depth::Indexed),
            (&[("TERM", "xterm")], Depth::Sixteen),
            (&[("TERM", "linux")], Depth::Sixteen),
            (&[("TERM", "vt100")], Depth::Mono),
            (&[("TERM", "xterm-256color"), ("NO_COLOR", "1")], Depth::Mono),
            (&[("TERM", "xterm-256color"), ("NO_COLOR", "")], Depth::Indexed),
        ];
        for (environment, depth) in table {
            let found = Depth::of(|name| environment.iter().find(|(n, _)| *n == name).map(|(_, v)| (*v).to_owned()));
            assert_eq!(found, depth, "{environment:?}");
        }
    }

    #[test]
    fn every_built_in_theme_is_whole_at_every_depth() {
        for (name, _) in BUILT_IN {
            for depth in [Depth::Mono, Depth::Sixteen, Depth::Indexed, Depth::True] {
                let theme = Theme::load(Some(name), depth).unwrap();
                for role in [Role::Bad, Role::Selection, Role::Production, Role::Waits] {
                    assert_ne!(theme.style(role), theme.style(Role::Text), "{name} {depth:?} {role:?}");
                }
            }
        }
    }

    #[test]
    fn a_role_that_is_left_out_looks_like_the_one_behind_it() {
        let theme = Theme::parse("warn = { fg = \"#ff0000\" }", Depth::True).unwrap();
        assert_eq!(theme.style(Role::NoReturn).fg, Some(Color::Rgb(255, 0, 0)));
        assert_eq!(theme.style(Role::Good), Style::new());
    }

    #[test]
    fn a_free_colour_becomes_the_nearest_that_there_is() {
        let theme = |depth| Theme::parse("bad = { fg = \"#ff0000\", fg16 = \"light-red\" }", depth).unwrap();
        assert_eq!(theme(Depth::Indexed).style(Role::Bad).fg, Some(Color::Indexed(196)));
        assert_eq!(theme(Depth::Sixteen).style(Role::Bad).fg, Some(Color::LightRed));
        assert_eq!(theme(Depth::Mono).style(Role::Bad).fg, None);
    }

    #[test]
    fn a_wrong_theme_says_what_is_wrong() {
        let wrong = Theme::parse("bad = { fg = \"reddish\" }", Depth::True).unwrap_err();
        assert!(wrong.contains("reddish"), "{wrong}");
        assert!(Theme::parse("worse = { fg = \"#ff0000\" }", Depth::True).is_err());
        assert!(matches!(Theme::load(Some("/nowhere.toml"), Depth::True), Err(ThemeError::NotFound { .. })));
    }
}
