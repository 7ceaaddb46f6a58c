//! How a part is looked at: the kinds of probes, what they measure, and what counts as too much of it.

use std::fmt;

use serde::{Deserialize, Serialize};

use super::super::host::Host;
use super::super::ids::{ProbeId, SiteId};
use super::super::secret::SecretRef;
use super::super::time::Span;

/// Whether a probe feels what customers feel.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Vantage {
    /// Through the front door, as a customer: such probes stop the clocks.
    FrontDoor,
    /// Directly at a part.
    Inside,
}

/// From where a probe looks.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(into = "String", from = "String")]
pub enum Place {
    /// The engine itself.
    Engine,
    /// Another host, over ssh.
    Host(Host),
}

impl fmt::Display for Place {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Place::Engine => f.pad("engine"),
            Place::Host(host) => host.fmt(f),
        }
    }
}

impl From<Place> for String {
    fn from(place: Place) -> String {
        place.to_string()
    }
}

impl From<String> for Place {
    /// A name that cannot be a host's is not looked from: it can only come from another version's journal.
    fn from(text: String) -> Place {
        match Host::new(&text) {
            Ok(host) if text != "engine" => Place::Host(host),
            _ => Place::Engine,
        }
    }
}

/// A look at a component, again and again.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Probe {
    /// Its identifier: as the file says, else `component.site`, a further one with a number.
    pub id: ProbeId,
    /// The site that it looks at, if it looks at one.
    pub site: Option<SiteId>,
    /// What it does.
    pub look: Look,
    /// How often.
    pub every: Span,
    /// How long an answer may take.
    pub timeout: Span,
    /// Bad answers in a row before it counts as down; at least 1.
    pub fail_after: u32,
    /// Good answers in a row before it counts as ok again; at least 1.
    pub pass_after: u32,
    /// What it feels.
    pub vantage: Vantage,
    /// From where it looks; never empty, each place once.
    pub from: Vec<Place>,
    /// What counts as too much of what it measures.
    pub limits: Limits,
}

/// What a probe does.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Look {
    /// Asks for a page.
    Http {
        /// The address, `http` or `https`.
        url: String,
        /// The status that is good; any 2xx when none is given.
        status: Option<u16>,
        /// Text that the first 64 KiB of the body must hold.
        contains: Option<String>,
    },
    /// Opens a connection.
    Tcp {
        /// `host:port`.
        address: String,
    },
    /// Opens a TLS connection and judges the certificate: its chain, its name, how long it is valid.
    Tls {
        /// `host:port`.
        address: String,
        /// The name that it must be for; the host when none is given.
        name: Option<String>,
        /// A file of certificates in PEM form to trust in place of the system's.
        trust: Option<String>,
    },
    /// Asks a name server.
    Dns {
        /// The name that is asked for.
        name: String,
        /// The kind of record.
        record: Record,
        /// `host:port` of the server; the system's when none is given.
        server: Option<String>,
        /// What must be among the answers, as text; any answer is good when empty.
        expect: Vec<String>,
    },
    /// Sends an echo request, where the system lets an ordinary user do so.
    Icmp {
        /// A name or an address.
        host: String,
    },
    /// Asks a PostgreSQL server how it stands.
    Postgres {
        /// `postgres://…`.
        url: Address,
        /// What it must be.
        role: Option<ServerRole>,
    },
    /// Asks a MySQL or MariaDB server how it stands.
    Mysql {
        /// `mysql://…` or `mariadb://…`.
        url: Address,
        /// What it must be.
        role: Option<ServerRole>,
    },
    /// Asks a Redis server how it stands.
    Redis {
        /// `redis://[user:password@]host:port`.
        url: Address,
        /// What it must be.
        role: Option<ServerRole>,
    },
    /// Looks at the space of a file system.
    Disk {
        /// An absolute path on it.
        path: String,
    },
    /// Looks at the load of a machine: the average over one minute, for each processor.
    Load,
    /// Looks at a file.
    File {
        /// An absolute path.
        path: String,
        /// A text that marks trouble where a line appended since the last look holds it.
        pattern: Option<String>,
    },
    /// Runs a program; its exit status, and the number that it prints where limits ask for one.
    Command {
        /// The program and its arguments.
        argv: Vec<String>,
    },
    /// Waits for others to report; silence is failure.
    Heartbeat,
    /// Asks a Prometheus-compatible server.
    Metric {
        /// The server's address, `http` or `https`.
        url: String,
        /// PromQL that gives one number.
        query: String,
    },
}

/// An address that may hold a password.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Address {
    /// It stands in the plan.
    Plain(String),
    /// It stands elsewhere, and is fetched when it is used.
    Secret(SecretRef),
}

/// Kinds of records that a name server is asked for.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "UPPERCASE")]
pub enum Record {
    /// An IPv4 address.
    A,
    /// An IPv6 address.
    Aaaa,
    /// Another name.
    Cname,
    /// Mail servers.
    Mx,
    /// Name servers.
    Ns,
    /// Text.
    Txt,
}

impl Record {
    /// The type as zones and plans name it.
    #[must_use]
    pub fn word(self) -> &'static str {
        match self {
            Record::A => "A",
            Record::Aaaa => "AAAA",
            Record::Cname => "CNAME",
            Record::Mx => "MX",
            Record::Ns => "NS",
            Record::Txt => "TXT",
        }
    }
}

/// Which of two a database server is.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum ServerRole {
    /// Takes writes.
    Primary,
    /// Follows a primary.
    Standby,
}

/// What a look can measure.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Measure {
    /// How long the answer took.
    Latency,
    /// How long the certificate is still valid.
    ExpiresIn,
    /// How far a standby is behind, in time.
    Lag,
    /// How far a standby is behind, in bytes.
    LagBytes,
    /// How long ago the last piece of the log was archived.
    ArchiveAge,
    /// How much of the log replication slots hold back.
    SlotBytes,
    /// How long ago the data was last saved to disk.
    SaveAge,
    /// Space in use.
    Used,
    /// Space that is free.
    Free,
    /// Load average over one minute, for each processor.
    Load,
    /// Since when a file is unchanged.
    Age,
    /// Lines with the pattern since the last look.
    Matches,
    /// A number that a program or a query gave.
    Value,
}

/// What a measure counts in.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Unit {
    /// Time, in seconds.
    Time,
    /// Bytes.
    Bytes,
    /// Hundredths of the whole.
    Percent,
    /// A plain number.
    Number,
}

/// On which side of a limit trouble lies.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Side {
    /// More than the limit is trouble.
    Above,
    /// Less than the limit is trouble.
    Below,
}

impl Measure {
    /// All of them.
    pub const ALL: [Measure; 13] = [
        Measure::Latency,
        Measure::ExpiresIn,
        Measure::Lag,
        Measure::LagBytes,
        Measure::ArchiveAge,
        Measure::SlotBytes,
        Measure::SaveAge,
        Measure::Used,
        Measure::Free,
        Measure::Load,
        Measure::Age,
        Measure::Matches,
        Measure::Value,
    ];

    /// As plan files say it.
    #[must_use]
    pub fn word(self) -> &'static str {
        match self {
            Measure::Latency => "latency",
            Measure::ExpiresIn => "expires_in",
            Measure::Lag => "lag",
            Measure::LagBytes => "lag_bytes",
            Measure::ArchiveAge => "archive_age",
            Measure::SlotBytes => "slot_bytes",
            Measure::SaveAge => "save_age",
            Measure::Used => "used",
            Measure::Free => "free",
            Measure::Load => "load",
            Measure::Age => "age",
            Measure::Matches => "matches",
            Measure::Value => "value",
        }
    }

    /// What it counts in.
    #[must_use]
    pub fn unit(self) -> Unit {
        match self {
            Measure::Latency
            | Measure::ExpiresIn
            | Measure::Lag
            | Measure::ArchiveAge
            | Measure::SaveAge
            | Measure::Age => Unit::Time,
            Measure::LagBytes | Measure::SlotBytes | Measure::Free => Unit::Bytes,
            Measure::Used => Unit::Percent,
            Measure::Load | Measure::Matches | Measure::Value => Unit::Number,
        }
    }

    /// Where trouble lies when nothing else is said.
    #[must_use]
    pub fn side(self) -> Side {
        match self {
            Measure::ExpiresIn | Measure::Free => Side::Below,
            _ => Side::Above,
        }
    }
}

/// One limit.
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize)]
pub struct Limit {
    /// Of what.
    pub measure: Measure,
    /// On which side trouble lies.
    pub side: Side,
    /// The limit itself, in the measure's unit; finite.
    pub at: f64,
}

impl Limit {
    /// Whether a value is on the wrong side.
    #[must_use]
    pub fn is_crossed_by(&self, value: f64) -> bool {
        match self.side {
            Side::Above => value > self.at,
            Side::Below => value < self.at,
        }
    }
}

/// What counts as too much.
#[derive(Debug, Clone, PartialEq, Default, Serialize, Deserialize)]
pub struct Limits {
    /// Crossed, the part is degraded.
    pub warn: Vec<Limit>,
    /// Crossed, the look is a bad one.
    pub fail: Vec<Limit>,
}

impl Look {
    /// The word for its kind, as plan files say it.
    #[must_use]
    pub fn kind(&self) -> &'static str {
        match self {
            Look::Http { .. } => "http",
            Look::Tcp { .. } => "tcp",
            Look::Tls { .. } => "tls",
            Look::Dns { .. } => "dns",
            Look::Icmp { .. } => "icmp",
            Look::Postgres { .. } => "postgres",
            Look::Mysql { .. } => "mysql",
            Look::Redis { .. } => "redis",
            Look::Disk { .. } => "disk",
            Look::Load => "load",
            Look::File { .. } => "file",
            Look::Command { .. } => "command",
            Look::Heartbeat => "heartbeat",
            Look::Metric { .. } => "metric",
        }
    }
}

/// What looks of a kind can measure.
#[must_use]
pub fn measures(kind: &str) -> &'static [Measure] {
    match kind {
        "http" | "tcp" | "dns" | "icmp" => &[Measure::Latency],
        "tls" => &[Measure::Latency, Measure::ExpiresIn],
        "postgres" => &[Measure::Latency, Measure::Lag, Measure::LagBytes, Measure::ArchiveAge, Measure::SlotBytes],
        "mysql" => &[Measure::Latency, Measure::Lag],
        "redis" => &[Measure::Latency, Measure::SaveAge],
        "disk" => &[Measure::Used, Measure::Free],
        "load" => &[Measure::Load],
        "file" => &[Measure::Age, Measure::Matches],
        "command" => &[Measure::Latency, Measure::Value],
        "metric" => &[Measure::Latency, Measure::Value],
        _ => &[],
    }
}
