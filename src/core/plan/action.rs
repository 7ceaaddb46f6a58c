//! What a step does, by kind.

use std::collections::{BTreeMap, BTreeSet};

use serde::{Deserialize, Serialize};

use super::super::ids::{ChannelId, ComponentId, ProcedureId, RoleId};
use super::super::secret::SecretRef;
use super::super::template::Template;
use super::super::time::Span;
use super::{DnsRecords, HaproxyServer, NginxUpstream};

/// What a step does, by kind.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Action {
    /// A person does what the sentence says, and says so.
    Manual {
        /// The sentence.
        sentence: String,
    },
    /// People decide whether the run goes on.
    Gate(Gate),
    /// A program runs: an argument vector, never a shell.
    Command {
        /// The program and its arguments.
        argv: Vec<Template>,
    },
    /// A script for `/bin/sh` runs. It sees values as variables of its environment only: nothing is pasted into it.
    Shell {
        /// The script, as it stands in the plan.
        script: String,
    },
    /// A request is sent.
    Http(HttpRequest),
    /// The engine waits until it sees something healthy.
    Health {
        /// What must be healthy.
        subject: Subject,
        /// How long it may take.
        within: Span,
        /// How long it must have stayed so.
        #[serde(default)]
        stable_for: Span,
    },
    /// A database is asked, or told.
    Sql(Sql),
    /// A file is looked at.
    File(FileCheck),
    /// Time passes.
    Wait {
        /// How much.
        span: Span,
    },
    /// Files of settings are put in place, with a safety copy (TR-21).
    Config(ConfigFiles),
    /// A server behind HAProxy gets a weight or a state, or loses its sessions (TR-10).
    Haproxy(HaproxyServer),
    /// An upstream of nginx gets its servers, and nginx loads them.
    Nginx(NginxUpstream),
    /// A name gets its records, and servers answer them.
    Dns(DnsRecords),
    /// PostgreSQL servers are looked at, promoted, fenced or made to follow.
    Postgres(super::Postgres),
    /// Words go out over channels; done when all of them took it.
    Notify(Notice),
    /// Another procedure of the plan is done. Stands in plans only: in a run its steps stand in its place.
    Procedure(Call),
}

/// Whether whoever launched a run may be one of a gate's people.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Launcher {
    /// May.
    Counts,
    /// May not (`separate: true`).
    IsAnother,
}

/// Where a run waits for people.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Gate {
    /// What is decided.
    pub question: String,
    /// How many distinct people it takes; at least 1.
    pub people: u32,
    /// The roles that count; anybody with the permission when empty.
    pub roles: BTreeSet<RoleId>,
    /// Whether the launcher counts.
    pub launcher: Launcher,
    /// What cannot be undone afterwards, in its author's words.
    pub after: Option<String>,
    /// Whether an automatic failover, which was counted down, passes it without people.
    #[serde(default)]
    pub in_automatic: Attended,
}

/// Whether a gate asks people in an automatic failover.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Attended {
    /// It does: the failover waits for them.
    #[default]
    ByPeople,
    /// The countdown that nobody stopped was their yes (`unattended: true`).
    ByCountdown,
}

/// A request and what a good answer is.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct HttpRequest {
    /// `GET`, `POST`, `PUT`, `PATCH` or `DELETE`.
    pub method: String,
    /// The address; values stand percent-encoded in it.
    pub url: Template,
    /// Header lines.
    pub headers: BTreeMap<String, Template>,
    /// A JSON body; texts in it are templates.
    pub json: Option<serde_json::Value>,
    /// The status that is good; any 2xx when none is given.
    pub status: Option<u16>,
    /// Text that the answer must hold.
    pub contains: Option<String>,
}

/// What a health step looks at.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Subject {
    /// All probes at a site; the text may be a template such as `${to}`.
    Site(Template),
    /// All probes of a component; the text may be a template such as `${component}`.
    Component(Template),
}

/// A text that may be secret.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Given {
    /// It stands in the plan.
    Text(Template),
    /// It stands elsewhere, and is fetched when it is used.
    Secret(SecretRef),
}

/// One statement to a database, with its values bound, and what must come back.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Sql {
    /// `postgres://`, `mysql://`, `mariadb://` or `sqlite:`.
    pub url: Given,
    /// The statement as it stands in the plan, with `$1` (PostgreSQL, SQLite) or `?` (MySQL, SQLite) for bound values.
    pub query: String,
    /// The bound values, in order.
    pub bind: Vec<Template>,
    /// The fewest rows that are good.
    pub min_rows: Option<u64>,
    /// The most rows that are good.
    pub max_rows: Option<u64>,
    /// Columns of the first row, with the text that each must show.
    pub row: BTreeMap<String, Template>,
    /// Columns of the first row that hold a number, with the most that is good.
    pub at_most: BTreeMap<String, f64>,
}

/// Whether a file must be there.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Presence {
    /// It must.
    Present,
    /// It must not.
    Absent,
}

/// What a file is read as.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Format {
    /// RFC 8259.
    Json,
    /// YAML 1.2.
    Yaml,
    /// TOML 1.0.
    Toml,
}

/// What must be true of a file.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct FileCheck {
    /// Its absolute path, as it stands in the plan.
    pub path: String,
    /// Whether it must be there.
    pub presence: Presence,
    /// The user that owns it: a name or a number.
    pub owner: Option<String>,
    /// The group that owns it: a name or a number.
    pub group: Option<String>,
    /// Its permission bits.
    pub mode: Option<u32>,
    /// Its least size, in bytes.
    pub min_size: Option<u64>,
    /// Its greatest size, in bytes.
    pub max_size: Option<u64>,
    /// How long ago it may have been changed at most.
    pub max_age: Option<Span>,
    /// What it must be readable as.
    pub format: Option<Format>,
    /// The SHA-256 of its content, in small hexadecimal digits.
    pub sha256: Option<String>,
    /// Free bytes that the file system under it must have left.
    pub free: Option<u64>,
}

/// A file of settings that is put in place.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct PutFile {
    /// The absolute path that it is taken from.
    pub from: String,
    /// The absolute path that it is put at.
    pub to: String,
    /// What it must be readable as, once in place.
    pub format: Option<Format>,
    /// Its permission bits; those of the file that was there, else 0644, when not given.
    pub mode: Option<u32>,
}

/// Files of settings that are put in place together, or not at all.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct ConfigFiles {
    /// The files, in the order in which they are put.
    pub files: Vec<PutFile>,
    /// The absolute path of the directory for safety copies; the step's own directory when not given.
    pub keep: Option<String>,
    /// A program that says, by status 0, that the settings are valid.
    pub check: Vec<Template>,
}

/// Words for channels.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Notice {
    /// The words.
    pub text: Template,
    /// Where to; the plan's channels when empty.
    pub channels: BTreeSet<ChannelId>,
}

/// Another procedure, with values for its parameters.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Call {
    /// Which.
    pub procedure: ProcedureId,
    /// Values of its parameters: templates over those of the caller that are known at launch.
    pub values: BTreeMap<String, Template>,
}

/// A list that a step is done for, one after the other or side by side.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Each {
    /// What the current one is called in templates: `item`, `component`, or as the plan says.
    pub name: String,
    /// The list.
    pub list: List,
}

/// What a step is done for.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum List {
    /// These, side by side as far as slots allow.
    Items(Vec<Template>),
    /// Components of the plan.
    Components {
        /// Which of them.
        which: Which,
        /// What comes first.
        order: Order,
    },
}

/// Some components of a plan.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Which {
    /// Every one.
    All,
    /// Those that are down or whose dependencies are, when the run begins.
    Affected,
    /// These.
    These(Vec<ComponentId>),
}

/// What comes first of some components.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Order {
    /// Side by side, the more critical first where slots are short.
    Priority,
    /// Each after those that it depends on; of those that could go, the more critical first (EX-15).
    Dependencies,
}

impl Action {
    /// The kind as plans and screens name it.
    #[must_use]
    pub fn kind(&self) -> &'static str {
        match self {
            Action::Manual { .. } => "manual",
            Action::Gate(_) => "gate",
            Action::Command { .. } => "command",
            Action::Shell { .. } => "shell",
            Action::Http(_) => "http",
            Action::Health { .. } => "health",
            Action::Sql(_) => "sql",
            Action::File(_) => "file",
            Action::Wait { .. } => "wait",
            Action::Config(_) => "config",
            Action::Haproxy(_) => "haproxy",
            Action::Nginx(_) => "nginx",
            Action::Dns(_) => "dns",
            Action::Postgres(_) => "postgres",
            Action::Notify(_) => "notify",
            Action::Procedure(_) => "procedure",
        }
    }

    /// Whether a person must act for it to end.
    #[must_use]
    pub fn is_for_people(&self) -> bool {
        matches!(self, Action::Manual { .. } | Action::Gate(_))
    }

    /// Whether a program runs under a shim for it.
    #[must_use]
    pub fn is_program(&self) -> bool {
        match self {
            Action::Command { .. } | Action::Shell { .. } => true,
            Action::Postgres(does) => does.cluster().is_some(),
            _ => false,
        }
    }

    /// Whether it only looks: such a step can be done at any time, any number of times.
    #[must_use]
    pub fn only_looks(&self) -> bool {
        match self {
            Action::Health { .. } | Action::File(_) | Action::Wait { .. } => true,
            Action::Http(request) => request.method == "GET",
            Action::Postgres(does) => matches!(does, super::Postgres::Lag { .. } | super::Postgres::Choose { .. }),
            _ => false,
        }
    }
}
