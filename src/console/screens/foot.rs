//! The last two lines: how the link and the engine are, and which keys do what.

use crate::console::canvas::{Canvas, Row};
use crate::console::layer::Toast;
use crate::console::model::Link;
use crate::console::place::View;
use crate::console::theme::Role;

/// What the key line says, out of the table of actions.
#[derive(Debug, Default)]
pub(crate) struct Foot {
    /// Key and name, the most useful first.
    pub(crate) keys: Vec<(String, String)>,
    /// Those that stand at the right, always.
    pub(crate) always: Vec<(String, String)>,
    /// The first keys of a longer one that have been typed.
    pub(crate) typed: String,
    /// A few passing words.
    pub(crate) toast: Option<Toast>,
    /// What a teller says.
    pub(crate) hint: Option<String>,
}

/// Draws it.
pub(crate) fn draw(canvas: &mut Canvas<'_>, view: View<'_>, foot: &Foot) {
    let left = match (&foot.toast, &foot.hint) {
        (Some(toast), _) => Row::text(" ").with(&toast.says, toast.role),
        (None, Some(hint)) => Row::text(" ").with(hint, Role::Waits),
        (None, None) => link(view),
    };
    let mut right = Row::new();
    if !foot.typed.is_empty() {
        right = right.with(format!("{} ", foot.typed), Role::Key);
    }
    canvas.both(0, &left, &right);
    let key_row = |(key, name): &(String, String)| Row::of(key, Role::Key).gap(1).with(name, Role::Text);
    let always = foot.always.iter().fold(Row::new(), |row, hint| row.and(key_row(hint)).gap(2));
    let room = canvas.columns().saturating_sub(always.width() + 1);
    let mut row = Row::text(" ");
    for (index, next) in foot.keys.iter().map(key_row).enumerate() {
        let gap = if index > 0 { 2 } else { 0 };
        if row.width() + gap + next.width() > room {
            break;
        }
        row = row.gap(gap).and(next);
    }
    canvas.both(1, &row, &always);
}

fn link(view: View<'_>) -> Row {
    let row = match &view.model.link {
        Link::Connecting { .. } => Row::of(" link: none yet", Role::Warn),
        Link::Lost { .. } => Row::of(" link LOST, trying again", Role::Bad),
        Link::Up => Row::of(" link ok", Role::Dim),
    };
    let Some(hello) = &view.model.hello else { return row };
    let row = row.gap(2).with(format!("engine {}", hello.engine), Role::Dim);
    let row = row.gap(2).with(format!("you are {}", hello.you.name), Role::Dim);
    match view.model.read_only() {
        Some(why) => row.gap(2).with(format!("READ ONLY: {why}"), Role::ReadOnly),
        None => row,
    }
}
