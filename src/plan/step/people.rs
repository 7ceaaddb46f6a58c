//! Steps for people: decisions and words.

use std::collections::BTreeSet;

use crate::core::ids::{ChannelId, RoleId};
use crate::core::nearest::nearest;
use crate::core::plan::{Attended, Gate, Launcher, Notice, ROLES};

use super::Scope;
use crate::plan::fields::{Field, Fields, Shape};
use crate::plan::names::Place;
use crate::plan::tree::Value;
use crate::plan::values::quote;

const NOTICE: Shape = Shape { what: "a notice", fields: &["text", "channels"] };

const MOST_PEOPLE: u64 = 100;

pub(super) fn gate(question: &Field<'_>, fields: &Fields<'_>, scope: &Scope<'_>) -> Option<Gate> {
    let roles = fields.get("roles").map(|f| roles(&f)).unwrap_or_default();
    let people = match fields.get("people") {
        Some(field) => people(&field, roles.len()),
        None => Some(1),
    };
    let separate = fields.get("separate").map_or(Some(false), |f| f.flag());
    let after = fields.get("after").and_then(|f| f.told(&scope.names));
    let unattended = fields.get("unattended").map_or(Some(false), |f| f.flag());
    Some(Gate {
        question: question.told(&scope.names)?,
        people: people?,
        roles,
        launcher: if separate? { Launcher::IsAnother } else { Launcher::Counts },
        after,
        in_automatic: if unattended? { Attended::ByCountdown } else { Attended::ByPeople },
    })
}

/// How many people it takes: no more than can hold the roles, each of which one person holds.
fn people(field: &Field<'_>, roles: usize) -> Option<u32> {
    let people = field.whole(0..=MOST_PEOPLE).and_then(|n| u32::try_from(n).ok())?;
    let holders = u32::try_from(roles).unwrap_or(u32::MAX);
    if people == 0 {
        return field.wrong("a gate that asks for 0 people is no gate", Some("1 or more".to_owned()));
    }
    if holders > 0 && people > holders {
        let what = format!(
            "nobody can pass a gate that asks for {people} people and lists {holders} roles, each held by one person"
        );
        return field.wrong(what, Some(format!("at most {holders}, or more roles")));
    }
    Some(people)
}

fn roles(field: &Field<'_>) -> BTreeSet<RoleId> {
    let mut roles = BTreeSet::new();
    for item in field.some_items("role") {
        let Some(role) = item.id::<RoleId>() else { continue };
        let known = ROLES.iter().map(|(name, _)| *name);
        if let Some(near) = nearest(role.as_str(), known).filter(|near| *near != role.as_str()) {
            item.doubt(format!("{} is no role that is known", quote(role.as_str())), Some(near.to_owned()));
        }
        if !roles.insert(role) {
            item.wrong::<()>("it stands in the list twice", Some("once".to_owned()));
        }
    }
    roles
}

/// Words for channels: alone, or with the channels that they go to.
pub(super) fn notice(field: &Field<'_>, scope: &Scope<'_>) -> Option<Notice> {
    let (text, channels) = match field.node.value {
        Value::Scalar { .. } => (words(field, scope), None),
        _ => {
            let fields = field.fields(NOTICE)?;
            let text = fields.need("text", "what they are told").and_then(|f| words(&f, scope));
            (text, fields.get("channels"))
        }
    };
    if channels.is_none() && !scope.known.has_channels {
        let right = "channels: [inbox], here or in the plan".to_owned();
        field.doubt("nobody is told: neither the step nor the plan names channels", Some(right));
    }
    let channels = channels.map(|f| channel_ids(&f)).unwrap_or_default();
    Some(Notice { text: text?, channels })
}

fn words(field: &Field<'_>, scope: &Scope<'_>) -> Option<crate::core::template::Template> {
    field.sentence()?;
    field.template(&scope.names, Place::Words)
}

fn channel_ids(field: &Field<'_>) -> BTreeSet<ChannelId> {
    let mut channels = BTreeSet::new();
    for item in field.some_items("channel") {
        if item.id().is_some_and(|id| !channels.insert(id)) {
            item.wrong::<()>("it stands in the list twice", Some("once".to_owned()));
        }
    }
    channels
}
