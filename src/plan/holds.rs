//! What lies at a site beside what probes look at there.

use crate::core::ids::ChannelId;
use crate::core::plan::{BadHosts, Holds, Hosts, Housed};
use crate::core::secret::SecretRef;

use super::fields::{Field, Shape};
use super::values::quote;

const HOLDS: Shape =
    Shape { what: "what a site holds", fields: &["hosts", "paths", "secrets", "channels", "people", "engine"] };

/// Most entries of one list: each is compared with every address of a plan.
const MOST: usize = 200;

/// `{hosts, paths, secrets, channels, people, engine}`.
pub(crate) fn holds(field: &Field<'_>) -> Option<Holds> {
    let fields = field.fields(HOLDS)?;
    let list = |name| fields.get(name).map(|f| items(&f)).unwrap_or_default();
    Some(Holds {
        hosts: list("hosts").iter().filter_map(hosts).collect(),
        paths: list("paths").iter().filter_map(path).collect(),
        secrets: list("secrets").iter().filter_map(secret).collect(),
        channels: list("channels").iter().filter_map(|f| f.id::<ChannelId>()).collect(),
        people: list("people").iter().filter_map(|f| f.name()).collect(),
        engine: match fields.get("engine").and_then(|f| f.flag()) {
            Some(true) => Housed::Here,
            _ => Housed::NotSaid,
        },
    })
}

fn items<'t>(field: &Field<'t>) -> Vec<Field<'t>> {
    let items = field.items();
    if items.len() > MOST {
        let what = format!("it has {} entries; at most {MOST} are read", items.len());
        field.wrong::<()>(what, Some("patterns such as *.east.example, or networks".to_owned()));
        return Vec::new();
    }
    items
}

fn hosts(field: &Field<'_>) -> Option<Hosts> {
    let text = field.raw()?;
    let (why, right) = match Hosts::new(text) {
        Ok(hosts) => return Some(hosts),
        Err(BadHosts::All) => ("names no host, or every one".to_owned(), "a name such as bastion-2 or *.east.example"),
        Err(BadHosts::NoNetwork) => ("is no network".to_owned(), "an address with its bits, as in 10.0.1.0/24"),
        Err(BadHosts::BadCharacter(c)) => {
            (format!("has {c:?} in it"), "a host alone: no user, no port, no scheme, as in db-east or 10.0.1.5")
        }
    };
    field.wrong(format!("{} {why}", quote(text)), Some(right.to_owned()))
}

fn path(field: &Field<'_>) -> Option<String> {
    let text = field.raw()?;
    match text.starts_with('/') && text.len() > 1 {
        true => Some(text.to_owned()),
        false => field.wrong(
            format!("{} is no absolute path below /", quote(text)),
            Some("a path such as /mnt/nas-east".to_owned()),
        ),
    }
}

/// The text of a reference, or how such begin.
fn secret(field: &Field<'_>) -> Option<String> {
    field.raw()?.parse::<SecretRef>().ok().map(|secret| secret.to_string()).or_else(|| {
        let right = "env:NAME, file:/PATH or command:PROGRAM ARGUMENTS, or how such begin".to_owned();
        // What is no reference is not shown: it may be a secret itself.
        field.wrong("this is no reference to a secret", Some(right))
    })
}
