//! How a server is reached, as PostgreSQL's own programs take it.

use percent_encoding::percent_decode_str;

/// What of an address PostgreSQL's own programs know as well, beside host, port, user and password.
const KNOWN: [&str; 13] = [
    "sslmode",
    "sslrootcert",
    "sslcert",
    "sslkey",
    "sslcrl",
    "channel_binding",
    "gssencmode",
    "application_name",
    "connect_timeout",
    "keepalives_idle",
    "keepalives_interval",
    "keepalives_count",
    "passfile",
];

/// The parts of an address.
#[derive(Clone)]
pub(crate) struct Conninfo {
    pub(crate) host: String,
    pub(crate) port: u16,
    user: Option<String>,
    database: Option<String>,
    /// As it is sent.
    pub(crate) password: Option<String>,
    others: Vec<(String, String)>,
}

/// Whether the password is to stand in it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Password {
    With,
    Without,
}

impl Conninfo {
    /// Takes an address `postgres://…` apart.
    pub(crate) fn of(url: &str) -> Option<Conninfo> {
        let url = reqwest::Url::parse(url).ok()?;
        let decoded = |text: &str| percent_decode_str(text).decode_utf8_lossy().into_owned();
        let filled = |text: String| Some(text).filter(|text| !text.is_empty());
        let host = url.host_str().unwrap_or("localhost");
        let mut parts = Conninfo {
            host: decoded(host.trim_start_matches('[').trim_end_matches(']')),
            port: url.port().unwrap_or(5_432),
            user: filled(decoded(url.username())),
            database: filled(decoded(url.path().trim_start_matches('/'))),
            password: url.password().map(decoded),
            others: Vec::new(),
        };
        for (name, value) in url.query_pairs() {
            let value = value.into_owned();
            match &*name {
                "host" | "hostaddr" => parts.host = value,
                "port" => parts.port = value.parse().ok()?,
                "user" => parts.user = Some(value),
                "dbname" => parts.database = Some(value),
                "password" => parts.password = Some(value),
                name if KNOWN.contains(&name) => parts.others.push((name.to_owned(), value)),
                _ => {}
            }
        }
        Some(parts)
    }

    /// `host:port`, for people.
    pub(crate) fn shown(&self) -> String {
        match self.host.contains(':') {
            true => format!("[{}]:{}", self.host, self.port),
            false => format!("{}:{}", self.host, self.port),
        }
    }

    /// `host='…' port='…'` as a standby keeps it, which names no database.
    pub(crate) fn of_standby(&self) -> String {
        self.text(None, Password::With)
    }

    /// The same with the database, and without the password, for the command line of a program.
    pub(crate) fn of_program(&self) -> String {
        self.text(Some(self.database.as_deref().unwrap_or("postgres")), Password::Without)
    }

    fn text(&self, database: Option<&str>, password: Password) -> String {
        let port = self.port.to_string();
        let password = self.password.as_deref().filter(|_| password == Password::With);
        let named = [
            ("host", Some(self.host.as_str())),
            ("port", Some(port.as_str())),
            ("user", self.user.as_deref()),
            ("password", password),
            ("dbname", database),
        ];
        let named = named.into_iter().filter_map(|(name, value)| Some((name, value?)));
        let all = named.chain(self.others.iter().map(|(name, value)| (name.as_str(), value.as_str())));
        let quoted = |value: &str| value.replace('\\', "\\\\").replace('\'', "\\'");
        all.map(|(name, value)| format!("{name}='{}'", quoted(value))).collect::<Vec<_>>().join(" ")
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_address_becomes_what_the_servers_own_programs_take() {
        let all = "postgres://re%70l:it's%20%5C@h:5433/shop?sslmode=require&statement-cache-capacity=9";
        let parts = Conninfo::of(all).unwrap();
        assert_eq!(parts.of_standby(), r"host='h' port='5433' user='repl' password='it\'s \\' sslmode='require'");
        assert_eq!(parts.of_program(), "host='h' port='5433' user='repl' dbname='shop' sslmode='require'");
        let few = Conninfo::of("postgres://[::1]").unwrap();
        assert_eq!((few.of_standby().as_str(), few.shown().as_str()), ("host='::1' port='5432'", "[::1]:5432"));
        let named = Conninfo::of("postgres:///?host=/run/postgresql&user=a&password=b&dbname=c").unwrap();
        assert_eq!(named.of_program(), "host='/run/postgresql' port='5432' user='a' dbname='c'");
        assert_eq!(named.password.as_deref(), Some("b"));
    }
}
