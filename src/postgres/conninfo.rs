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

/// The file in a standby's data directory that has the password for whom it follows.
pub(crate) const PASSFILE: &str = "warroom.pgpass";

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

    /// `host='…' port='…'` as a standby keeps it, which names no database. The password stands in another file: the server
    /// writes to its log what it is told here.
    pub(crate) fn of_standby(&self) -> String {
        let mut text = self.text(None);
        if self.password.is_some() {
            text.push_str(&format!(" passfile='{PASSFILE}'"));
        }
        text
    }

    /// The line of a password file for it, where it has a password.
    pub(crate) fn password_line(&self) -> Option<String> {
        let escaped = |text: &str| text.replace('\\', "\\\\").replace(':', "\\:");
        let user = self.user.as_deref().map_or_else(|| "*".to_owned(), escaped);
        let password = escaped(self.password.as_deref()?);
        Some(format!("{}:{}:*:{user}:{password}", escaped(&self.host), self.port))
    }

    /// The same with the database, and without the password, for the command line of a program.
    pub(crate) fn of_program(&self) -> String {
        self.text(Some(self.database.as_deref().unwrap_or("postgres")))
    }

    fn text(&self, database: Option<&str>) -> String {
        let port = self.port.to_string();
        let named = [
            ("host", Some(self.host.as_str())),
            ("port", Some(port.as_str())),
            ("user", self.user.as_deref()),
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
        assert_eq!(parts.of_standby(), "host='h' port='5433' user='repl' sslmode='require' passfile='warroom.pgpass'");
        assert_eq!(parts.password_line().unwrap(), r"h:5433:*:repl:it's \\");
        assert_eq!(
            Conninfo::of("postgres://[::1]/?password=a:b").unwrap().password_line().unwrap(),
            r"\:\:1:5432:*:*:a\:b"
        );
        assert_eq!(parts.of_program(), "host='h' port='5433' user='repl' dbname='shop' sslmode='require'");
        let few = Conninfo::of("postgres://[::1]").unwrap();
        assert_eq!((few.of_standby().as_str(), few.shown().as_str()), ("host='::1' port='5432'", "[::1]:5432"));
        let named = Conninfo::of("postgres:///?host=/run/postgresql&user=a&password=b&dbname=c").unwrap();
        assert_eq!(named.of_program(), "host='/run/postgresql' port='5432' user='a' dbname='c'");
        assert_eq!(named.password.as_deref(), Some("b"));
    }
}
