//! Values that are asked for: one field each, of the type that its parameter has, with what is wrong said at once.

use crate::console::canvas::{Canvas, Row, count, wrap};
use crate::console::edit::{Edit, Focus};
use crate::console::key::{Code, Key};
use crate::console::theme::Role;
use crate::core::ids::{ComponentId, SiteId};
use crate::core::param::{Known, ParamKind, check};
use crate::core::plan::{Need, Parameter, Plan};
use crate::core::template::Values;

/// Some values, asked for together.
pub(super) struct Ask {
    fields: Vec<Field>,
    at: usize,
    sites: Vec<SiteId>,
    components: Vec<ComponentId>,
}

struct Field {
    parameter: Parameter,
    input: Input,
}

enum Input {
    Typed(Edit),
    Picked { options: Vec<String>, at: Option<usize> },
}

/// Most options of a choice that are shown all at once.
const SHOWN_AT_ONCE: usize = 6;

/// Columns before a value.
const LABEL: usize = 20;

impl Input {
    fn of(kind: &ParamKind, value: &str, plan: &Plan) -> Input {
        let options: Vec<String> = match kind {
            ParamKind::Choice(choices) => choices.clone(),
            ParamKind::Component => plan.components.iter().map(|c| c.id.to_string()).collect(),
            ParamKind::Site => plan.sites.iter().map(|s| s.id.to_string()).collect(),
            _ => return Input::Typed(Edit::with(value)),
        };
        let at = options.iter().position(|option| option == value);
        Input::Picked { options, at }
    }

    fn text(&self) -> &str {
        match self {
            Input::Typed(edit) => edit.text(),
            Input::Picked { options, at } => at.and_then(|at| options.get(at)).map_or("", String::as_str),
        }
    }
}

impl Ask {
    /// For these parameters, each with the value that it begins with: its default.
    pub(super) fn of(plan: &Plan, parameters: &[Parameter]) -> Ask {
        let field = |parameter: &Parameter| {
            let value = match &parameter.need {
                Need::Default(value) => value.as_str(),
                Need::Required => "",
            };
            Field { parameter: parameter.clone(), input: Input::of(&parameter.kind, value, plan) }
        };
        Ask {
            fields: parameters.iter().map(field).collect(),
            at: 0,
            sites: plan.sites.iter().map(|s| s.id.clone()).collect(),
            components: plan.components.iter().map(|c| c.id.clone()).collect(),
        }
    }

    pub(super) fn is_empty(&self) -> bool {
        self.fields.is_empty()
    }

    /// What was filled in. What was left empty takes its default.
    pub(super) fn given(&self) -> Values {
        let filled = self.fields.iter().filter(|field| !field.input.text().trim().is_empty());
        filled.map(|field| (field.parameter.name.clone(), field.input.text().to_owned())).collect()
    }

    /// What was filled in and is not what the field began with.
    pub(super) fn changed(&self) -> Values {
        let began = |name: &str| {
            let parameter = self.fields.iter().map(|f| &f.parameter).find(|p| p.name == name);
            parameter.and_then(|p| if let Need::Default(value) = &p.need { Some(value.clone()) } else { None })
        };
        self.given().into_iter().filter(|(name, value)| began(name).as_ref() != Some(value)).collect()
    }

    /// Whether all of it can be taken. Where not, it goes to the first field that is wrong, which says what is.
    ///
    /// # Errors
    /// What is missing, where nothing is wrong but that.
    pub(super) fn complete(&mut self) -> Result<(), Option<String>> {
        let missing = |field: &Field| field.parameter.need == Need::Required && field.input.text().trim().is_empty();
        let wrong = |field: &Field| missing(field) || self.trouble(field).is_some();
        let Some(at) = self.fields.iter().position(wrong) else { return Ok(()) };
        self.at = at;
        let name = self.fields.get(at).filter(|field| missing(field)).map(|field| &field.parameter.name);
        Err(name.map(|name| format!("{name} is needed: give it a value, then Enter.")))
    }

    fn trouble(&self, field: &Field) -> Option<String> {
        let text = field.input.text();
        let known = Known { sites: &self.sites, components: &self.components };
        let bad = || check(&field.parameter.kind, text, &known).err().map(|why| why.to_string());
        if text.trim().is_empty() { None } else { bad() }
    }

    pub(super) fn walk(&mut self, by: isize) {
        self.at = self.at.saturating_add_signed(by).min(self.fields.len().saturating_sub(1));
    }

    /// Takes a key for the field that has them; answers whether it meant something there.
    pub(super) fn key(&mut self, key: Key) -> bool {
        match self.fields.get_mut(self.at).map(|field| &mut field.input) {
            Some(Input::Typed(edit)) => edit.key(key),
            Some(Input::Picked { options, at }) => {
                let count = options.len();
                match (key.code, key.text()) {
                    (Code::Right, _) | (_, Some(' ')) => *at = turned(*at, 1, count),
                    (Code::Left, _) => *at = turned(*at, -1, count),
                    (_, Some(letter)) => {
                        let begins = |i: &usize| {
                            options.get(*i).is_some_and(|o| o.to_lowercase().starts_with(letter.to_ascii_lowercase()))
                        };
                        let after = at.map_or(0, |at| at + 1);
                        *at = (after..count).chain(0..after.min(count)).find(begins).or(*at);
                    }
                    _ => return false,
                }
                true
            }
            None => false,
        }
    }

    pub(super) fn paste(&mut self, text: &str) {
        if let Some(Input::Typed(edit)) = self.fields.get_mut(self.at).map(|field| &mut field.input) {
            edit.paste(text.trim_end());
        }
    }

    /// Draws as many fields as fit, the one that has the keys among them.
    pub(super) fn draw(&self, area: &mut Canvas<'_>) {
        let width = area.columns();
        let all: Vec<Vec<Row>> =
            self.fields.iter().enumerate().map(|(index, field)| self.rows(field, index == self.at, width)).collect();
        let room = usize::from(area.height());
        let everything: usize = all.iter().map(Vec::len).sum();
        // Where not all of it fits, the last row says how much is missing.
        let height = if everything > room { room.saturating_sub(1) } else { room };
        let (mut first, mut used) = (self.at, all.get(self.at).map_or(0, Vec::len));
        while let Some(before) = first.checked_sub(1).and_then(|i| all.get(i)).filter(|r| used + r.len() <= height) {
            used += before.len();
            first -= 1;
        }
        let mut y = 0;
        let mut shown = 0;
        for rows in all.iter().skip(first) {
            if usize::from(y) + rows.len() > height {
                break;
            }
            for row in rows {
                area.row(y, row);
                y += 1;
            }
            shown += 1;
        }
        let hidden = all.len() - shown;
        if hidden > 0 {
            let row = Row::of("Up Down", Role::Key).with(format!(" show {} more", count(hidden, "field")), Role::Dim);
            area.both(area.height().saturating_sub(1), &Row::new(), &row);
        }
    }

    fn rows(&self, field: &Field, here: bool, width: usize) -> Vec<Row> {
        let parameter = &field.parameter;
        let head =
            Row::of(if here { "▸ " } else { "  " }, Role::Key).with(&parameter.name, Role::Strong).cut(LABEL - 1);
        let room = width.saturating_sub(LABEL + 1);
        let mut rows = vec![head.tab(LABEL).and(value_row(field, here, room))];
        let below = match self.trouble(field) {
            Some(why) => {
                wrap(&format!("✗ {why}"), width.saturating_sub(4)).into_iter().map(|l| Row::of(l, Role::Bad)).collect()
            }
            None => vec![Row::of(hint(parameter), Role::Dim)],
        };
        rows.extend(below.into_iter().take(2).map(|row| Row::new().gap(4).and(row)));
        rows
    }
}

/// Round and round among that many options; from none to the first or the last.
fn turned(at: Option<usize>, by: isize, count: usize) -> Option<usize> {
    let last = count.checked_sub(1)?;
    Some(match at {
        None if by > 0 => 0,
        None => last,
        Some(at) => (at as isize).saturating_add(by).rem_euclid(count as isize).unsigned_abs(),
    })
}

fn value_row(field: &Field, here: bool, room: usize) -> Row {
    let focus = if here { Focus::Yes } else { Focus::No };
    match &field.input {
        // What is typed for a secret by mistake could be the secret: only what begins like a reference is shown.
        Input::Typed(edit) if field.parameter.kind == ParamKind::Secret && !is_reference(edit.text()) => {
            Edit::with(&"*".repeat(edit.text().chars().count())).row(room, focus)
        }
        Input::Typed(edit) => edit.row(room, focus),
        Input::Picked { options, at } if here && options.len() <= SHOWN_AT_ONCE => {
            options.iter().enumerate().fold(Row::new(), |row, (index, option)| {
                let (sign, role) = if Some(index) == *at { ("● ", Role::Strong) } else { ("○ ", Role::Dim) };
                row.with(sign, role).with(option, role).gap(2)
            })
        }
        Input::Picked { options, at: Some(at) } => {
            let row = Row::of(field.input.text(), if here { Role::Input } else { Role::Text });
            row.with(format!("  ({} of {})", at + 1, options.len()), Role::Dim)
        }
        Input::Picked { options, at: None } => Row::of(format!("not chosen yet, of {}", options.len()), Role::Warn),
    }
}

fn is_reference(text: &str) -> bool {
    ["env:", "file:"].iter().any(|kind| text.starts_with(kind) || kind.starts_with(text))
}

/// What a value means, and how one is written.
fn hint(parameter: &Parameter) -> String {
    let needed = if parameter.need == Need::Required { "needed" } else { "" };
    let written = match &parameter.kind {
        ParamKind::Text => "",
        ParamKind::Number => "a number",
        ParamKind::Duration => "a length of time, as in 90s",
        ParamKind::Time => "a moment, as in 2026-11-21T03:44:55Z",
        ParamKind::Choice(_) => "Left Right choose",
        ParamKind::Component => "a component: Left Right, or its first letter",
        ParamKind::Site => "a site: Left Right choose",
        ParamKind::Secret => "where the secret is kept, never the secret: env:NAME, file:/PATH",
    };
    let words = [parameter.description.as_deref().unwrap_or_default(), written, needed];
    words.into_iter().filter(|word| !word.is_empty()).collect::<Vec<_>>().join("; ")
}
