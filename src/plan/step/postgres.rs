//! What is done with PostgreSQL servers that replicate to each other.

use std::collections::BTreeSet;

use crate::core::plan::{Cluster, Fencing, Given, Managed, Postgres, Replica, StopMode};
use crate::core::template::{Template, Values};

use super::{Scope, sql};
use crate::plan::fields::{Field, Fields, Shape};
use crate::plan::names::Place;
use crate::plan::resolve::{LONGEST, SHORTEST};
use crate::plan::values::quote;

/// What can be done, of which a step does one, with the fields that each has.
const DOES: [(&str, Shape); 7] = [
    ("lag", Shape { what: "lag", fields: &["do", "url", "primary", "within", "bytes"] }),
    ("choose", Shape { what: "choose", fields: &["do", "of"] }),
    ("fence", Shape { what: "fence", fields: &["do", "url", "how", "data", "config", "mode"] }),
    ("promote", Shape { what: "promote", fields: &["do", "url", "manager"] }),
    ("follow", Shape { what: "follow", fields: &["do", "url", "primary", "slot", "manager"] }),
    ("rewind", Shape { what: "rewind", fields: &["do", "url", "from", "data", "config", "manager"] }),
    ("drop_slots", Shape { what: "drop_slots", fields: &["do", "url", "named"] }),
];
/// All of it, for one of which nobody knows yet what it does.
const ANY: Shape = Shape {
    what: "a postgres step",
    fields: &[
        "do", "url", "primary", "of", "within", "bytes", "how", "data", "config", "mode", "manager", "slot", "from",
        "named",
    ],
};
const REPLICA: Shape = Shape { what: "a replica", fields: &["name", "url"] };

const SCHEMES: [&str; 2] = ["postgres://", "postgresql://"];
const URL: &str = "{secret: \"env:NAME\"}, or postgres://user@host/db";

#[derive(Clone, Copy, PartialEq, Eq)]
enum How {
    Stop,
    ReadOnly,
}

/// Whether a name of a slot may end with `*`.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Names {
    One,
    Several,
}

pub(super) fn postgres(field: &Field<'_>, scope: &Scope<'_>) -> Option<Postgres> {
    let word = field.node.peek("do").and_then(|node| node.peek_text());
    let Some((word, shape)) = DOES.into_iter().find(|(known, _)| Some(*known) == word) else {
        let words = DOES.map(|(word, _)| (word, ()));
        let example = words.map(|(word, ())| word).join(", ");
        field.fields(ANY)?.need("do", &format!("one of {example}"))?.choice(&words);
        return None;
    };
    let fields = field.fields(shape)?;
    let address = |name| fields.need(name, URL).and_then(|f| address(&f, scope));
    Some(match word {
        "lag" => lag(field, &fields, scope)?,
        "choose" => Postgres::Choose { of: replicas(&fields, scope)? },
        "fence" => {
            let (url, how) = (address("url"), fencing(&fields));
            Postgres::Fence { url: url?, how: how? }
        }
        "promote" => {
            let (url, manager) = (address("url"), managed(&fields));
            Postgres::Promote { url: url?, manager: manager? }
        }
        "follow" => {
            let (url, primary, manager) = (address("url"), address("primary"), managed(&fields));
            let slot = fields.get("slot").map(|f| slot(&f, Names::One, scope));
            Postgres::Follow { url: url?, primary: primary?, slot: slot.transpose_all()?, manager: manager? }
        }
        "rewind" => {
            let (url, from, cluster) = (address("url"), address("from"), cluster(&fields));
            Postgres::Rewind { url: url?, from: from?, cluster: cluster?, manager: managed(&fields)? }
        }
        _ => {
            let (url, named) = (address("url"), fields.need("named", "a list of slots: [standby_2, old_*]"));
            let named: Option<Vec<Template>> =
                named?.some_items("slot").iter().map(|f| slot(f, Names::Several, scope)).collect();
            Postgres::DropSlots { url: url?, named: named? }
        }
    })
}

/// `Some(None)` where nothing was asked for, `None` where what was asked for is wrong.
trait TransposeAll<T> {
    fn transpose_all(self) -> Option<Option<T>>;
}

impl<T> TransposeAll<T> for Option<Option<T>> {
    fn transpose_all(self) -> Option<Option<T>> {
        match self {
            None => Some(None),
            Some(read) => read.map(Some),
        }
    }
}

fn lag(field: &Field<'_>, fields: &Fields<'_>, scope: &Scope<'_>) -> Option<Postgres> {
    let url = fields.need("url", URL).and_then(|f| address(&f, scope));
    let primary = fields.get("primary").map(|f| address(&f, scope));
    let within = fields.get("within").map(|f| f.span_within(SHORTEST, LONGEST));
    let bytes = fields.get("bytes").map(|f| f.size());
    if within.is_none() && bytes.is_none() {
        return field.wrong("it measures, and has no limit", Some("within: 15s, or bytes: 16MiB, or both".to_owned()));
    }
    let (primary, within) = (primary.transpose_all()?, within.transpose_all()?);
    Some(Postgres::Lag { url: url?, primary, within, bytes: bytes.transpose_all()? })
}

fn replicas(fields: &Fields<'_>, scope: &Scope<'_>) -> Option<Vec<Replica>> {
    let of = fields.need("of", "[{name: west, url: {secret: \"env:WEST_DSN\"}}]")?;
    let mut names = BTreeSet::new();
    let read = |item: &Field<'_>| {
        let fields = item.fields(REPLICA)?;
        let name_field = fields.need("name", "a name for results");
        let url = fields.need("url", URL).and_then(|f| address(&f, scope));
        let name_field = name_field?;
        let name = name_field.name()?;
        if !names.insert(name.clone()) {
            return name_field
                .wrong(format!("another replica is called {}", quote(&name)), Some("another name".to_owned()));
        }
        Some(Replica { name, url: url? })
    };
    let all: Vec<Option<Replica>> = of.some_items("replica").iter().map(read).collect();
    all.into_iter().collect()
}

fn fencing(fields: &Fields<'_>) -> Option<Fencing> {
    let how = fields.need("how", "stop or read_only")?;
    match how.choice(&[("stop", How::Stop), ("read_only", How::ReadOnly)])? {
        How::Stop => {
            let modes = [("fast", StopMode::Fast), ("immediate", StopMode::Immediate)];
            let mode = fields.get("mode").map_or(Some(StopMode::Fast), |f| f.choice(&modes));
            Some(Fencing::Stop { cluster: cluster(fields)?, mode: mode? })
        }
        How::ReadOnly => {
            for (name, at) in fields.present(&["data", "config", "mode"]) {
                let what = format!("{name} belongs to how: stop, which ends processes");
                fields.faults().error(at, what, Some(format!("{name} left out")));
            }
            Some(Fencing::ReadOnly)
        }
    }
}

fn cluster(fields: &Fields<'_>) -> Option<Cluster> {
    let data = fields.need("data", "the absolute path of the data directory").and_then(|f| path(&f));
    let config = fields.get("config").map(|f| path(&f));
    Some(Cluster { data: data?, config: config.transpose_all()? })
}

/// A path that PostgreSQL's own programs can hand to a shell.
fn path(field: &Field<'_>) -> Option<String> {
    let path = field.path()?;
    let plain = |c: char| c.is_ascii_alphanumeric() || "/._-".contains(c);
    if path.chars().all(plain) {
        return Some(path);
    }
    let right = "only letters, digits and / . _ - in it".to_owned();
    field.wrong(format!("{} has characters that pg_ctl hands to a shell", quote(&path)), Some(right))
}

fn managed(fields: &Fields<'_>) -> Option<Managed> {
    fields.get("manager").map_or(Some(Managed::Acts), |f| f.choice(&[("paused", Managed::Paused)]))
}

/// The name of a slot, as PostgreSQL has them; at its end a `*` may stand where several can be meant.
fn slot(field: &Field<'_>, names: Names, scope: &Scope<'_>) -> Option<Template> {
    let template = field.template(&scope.names, Place::Words)?;
    let filler: Values = template.names().map(|name| (name.to_owned(), "1".to_owned())).collect();
    let name = template.fill(&filler).unwrap_or_default();
    let bare = match names {
        Names::One => name.as_str(),
        Names::Several => name.strip_suffix('*').unwrap_or(&name),
    };
    let plain = |c: char| c.is_ascii_lowercase() || c.is_ascii_digit() || c == '_';
    if name.is_empty() || name.len() > 63 || !bare.chars().all(plain) {
        let right = "1 to 63 small letters, digits and '_'".to_owned();
        return field.wrong(format!("{} is no name of a slot", quote(template.source())), Some(right));
    }
    Some(template)
}

fn address(field: &Field<'_>, scope: &Scope<'_>) -> Option<Given> {
    sql::url_of(field, scope, &SCHEMES, "postgres://, or {secret: \"env:NAME\"}")
}

/// What a step without a name is called.
pub(super) fn title(does: &Postgres) -> String {
    match does {
        Postgres::Lag { .. } => "The standby is not far behind".into(),
        Postgres::Choose { of } => {
            let names: Vec<&str> = of.iter().map(|replica| replica.name.as_str()).collect();
            format!("Choose the best of {}", names.join(", "))
        }
        Postgres::Fence { how: Fencing::Stop { .. }, .. } => "Stop the database server".into(),
        Postgres::Fence { how: Fencing::ReadOnly, .. } => "Have the database take no writes by default".into(),
        Postgres::Promote { .. } => "Promote the standby".into(),
        Postgres::Follow { .. } => "Have the standby follow the primary".into(),
        Postgres::Rewind { .. } => "Rewind the old primary".into(),
        Postgres::DropSlots { .. } => "Drop replication slots that nobody uses".into(),
    }
}
