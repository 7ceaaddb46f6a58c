//! Notes and updates, and the rule for every text that a person writes.

use std::collections::BTreeSet;

use super::super::comms::{MAX_TEXT, PLACEHOLDER};
use super::super::event::Event;
use super::super::ids::{ChannelId, IncidentId};
use super::super::refusal::{BadText, Missing, Refusal};
use super::super::unseen::{is_unseen, joins};
use super::Context;

/// Takes a text that a person wrote: not empty, at most [`MAX_TEXT`] bytes, nothing that drives a terminal or hides text. Line
/// ends of other systems become this one's.
pub(super) fn text(field: &str, text: &str) -> Result<String, Refusal> {
    let text = text.trim().replace("\r\n", "\n");
    if text.is_empty() {
        return Err(Refusal::Text { field: field.to_owned(), bad: BadText::Empty });
    }
    harmless(field, &text)?;
    Ok(text)
}

/// Checks a text that is kept as it is, perhaps empty.
pub(super) fn harmless(field: &str, text: &str) -> Result<(), Refusal> {
    let refuse = |bad| Err(Refusal::Text { field: field.to_owned(), bad });
    if text.len() > MAX_TEXT {
        return refuse(BadText::TooLong { bytes: text.len(), limit: MAX_TEXT });
    }
    let drives = |c: char| c.is_control() && !matches!(c, '\n' | '\t');
    let hides = |c: char| is_unseen(c) && !joins(c);
    match text.chars().find(|c| drives(*c) || hides(*c)) {
        Some(c) => refuse(BadText::Control { code_point: u32::from(c) }),
        None => Ok(()),
    }
}

/// The first place of a draft that nobody has filled in.
fn open_place(text: &str) -> Option<&str> {
    let (_, rest) = text.split_once(PLACEHOLDER)?;
    rest.split_once("]]").map(|(what, _)| what)
}

pub(super) fn note(c: Context<'_>, incident: Option<&IncidentId>, words: &str) -> Result<Vec<Event>, Refusal> {
    incident.map(|id| c.incident(id)).transpose()?;
    Ok(vec![Event::NoteAdded { incident: incident.cloned(), text: text("note", words)? }])
}

pub(super) fn update(
    c: Context<'_>,
    incident: &IncidentId,
    words: &str,
    channels: &BTreeSet<ChannelId>,
) -> Result<Vec<Event>, Refusal> {
    let known = c.incident(incident)?;
    if !known.phase.is_declared() {
        return Err(super::incident::is_elsewhere(known, "declared and not over"));
    }
    let text = text("update", words)?;
    if let Some(what) = open_place(&text) {
        return Err(Refusal::Text { field: "update".to_owned(), bad: BadText::Open { what: what.to_owned() } });
    }
    let of_plan = || c.state.plans.get(&known.plan).map(|l| l.plan.channels.iter().cloned().collect());
    let channels: BTreeSet<ChannelId> =
        if channels.is_empty() { of_plan().unwrap_or_default() } else { channels.clone() };
    if channels.is_empty() {
        return Err(Refusal::NoChannels);
    }
    if let Some(unknown) = channels.iter().find(|id| !c.state.channels.contains_key(*id)) {
        return Err(Refusal::NotFound {
            missing: Missing::Channel(unknown.clone()),
            known: c.state.channels.keys().map(ToString::to_string).collect(),
        });
    }
    Ok(vec![Event::UpdateSent {
        incident: incident.clone(),
        number: known.updates.len() + 1,
        text,
        channels,
        of: None,
    }])
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::core::unseen;

    #[test]
    fn what_nobody_sees_is_refused_but_what_letters_are_joined_with() {
        for c in unseen::all() {
            let refused = Refusal::Text { field: "note".into(), bad: BadText::Control { code_point: u32::from(c) } };
            let expected = if joins(c) { Ok(()) } else { Err(refused) };
            assert_eq!(harmless("note", &format!("a{c}b")), expected);
        }
    }
}
