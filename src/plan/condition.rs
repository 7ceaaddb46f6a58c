//! What conditions of steps and of triggers share: what of a plan they can ask about, and faults at the word where they are.

use crate::core::when::BadCondition;

use super::fault::At;
use super::fields::Field;
use super::resolve::Known;

/// Whether there is such a component: `db`, or at one site, `db.west`.
pub(crate) fn component(known: &Known, id: &str) -> bool {
    let at_a_site = |(dot, _)| {
        let (component, site) = id.split_at(dot);
        known.components.contains(component) && known.sites.contains(&site[1..])
    };
    known.components.contains(id) || id.match_indices('.').any(at_a_site)
}

/// All parts of a plan that can be written, to find what was meant.
pub(crate) fn parts(known: &Known) -> impl Iterator<Item = String> {
    let components = known.component_ids.iter().map(|id| format!("component.{id}"));
    components.chain(known.site_ids.iter().map(|id| format!("site.{id}")))
}

/// Notes what is wrong with a condition, at the word where it is.
pub(crate) fn wrong<T>(field: &Field<'_>, text: &str, bad: &BadCondition) -> Option<T> {
    let at = place(field, text, bad.at).unwrap_or_else(|| field.at());
    let right = bad.right.as_deref().map(harmless);
    field.faults.error(at, format!("{}: {}", field.label, harmless(&bad.what)), right);
    None
}

/// A sentence with texts from the file in it, harmless and whole.
fn harmless(text: &str) -> String {
    text.chars().map(|c| if c.is_control() { ' ' } else { c }).collect()
}

/// The word that begins at that character of a text, where the file has the text as it is.
fn place(field: &Field<'_>, text: &str, character: usize) -> Option<At> {
    let start = field.at().start + field.faults.source(field.at()).find(text)?;
    let (offset, _) = text.char_indices().nth(character)?;
    let word = text[offset..].split(|c: char| c.is_whitespace() || "()[],".contains(c)).next()?;
    let length = word.len().max(text[offset..].chars().next().map_or(0, char::len_utf8));
    Some(At { start: start + offset, end: start + offset + length })
}
