//! Where a database is, and whose.

use std::str::FromStr as _;

use percent_encoding::percent_decode_str;
use sqlx::ConnectOptions as _;
use sqlx::mysql::MySqlConnectOptions;
use sqlx::postgres::PgConnectOptions;
use sqlx::sqlite::SqliteConnectOptions;

use crate::core::plan::Given;
use crate::core::template::{Template, Values};
use crate::secrets::Secret;

/// A database's address, read.
pub(super) enum Address {
    Postgres(Box<Server<PgConnectOptions>>),
    MySql(Box<Server<MySqlConnectOptions>>),
    Sqlite(Box<SqliteConnectOptions>),
}

/// A server and who asks it.
pub(super) struct Server<O> {
    pub(super) options: O,
    /// As it is sent.
    password: Option<String>,
}

impl Address {
    /// Reads an address. Sentences of failure show nothing of it, as it may hold a password.
    pub(super) fn read(given: &Given, secret: Option<&Secret>, values: &Values) -> Result<Address, String> {
        match (given, secret) {
            (Given::Text(template), _) => {
                if template.source().starts_with("sqlite:") {
                    stays_in_its_place(template, values)?;
                }
                Address::of(&template.fill_url(values).map_err(|missing| missing.to_string())?)
            }
            (Given::Secret(_), Some(secret)) => Address::of(secret.expose()),
            (Given::Secret(reference), None) => Err(format!("the secret {reference} was not fetched")),
        }
    }

    fn of(url: &str) -> Result<Address, String> {
        let not_read = |_| "the address of the database is not understood".to_owned();
        let scheme = url.split(':').next().unwrap_or_default();
        match scheme {
            "postgres" | "postgresql" => {
                let options = PgConnectOptions::from_str(url).map_err(not_read)?;
                let options = options.application_name("warroom").disable_statement_logging();
                Ok(Address::Postgres(Box::new(Server { password: password(url), options })))
            }
            "mysql" | "mariadb" => {
                let options = MySqlConnectOptions::from_str(url).map_err(not_read)?.disable_statement_logging();
                Ok(Address::MySql(Box::new(Server { password: password(url), options })))
            }
            "sqlite" => {
                let options = SqliteConnectOptions::from_str(url).map_err(not_read)?;
                Ok(Address::Sqlite(Box::new(options.create_if_missing(false).disable_statement_logging())))
            }
            _ => Err("the address of the database begins with none of postgres:, mysql:, mariadb: and sqlite:".into()),
        }
    }

    /// The password in it, as it is sent.
    pub(super) fn password(&self) -> Option<&str> {
        match self {
            Address::Postgres(server) => server.password.as_deref(),
            Address::MySql(server) => server.password.as_deref(),
            Address::Sqlite(_) => None,
        }
    }
}

/// The password of an address, which stands before the host or among the parameters.
fn password(url: &str) -> Option<String> {
    let url = reqwest::Url::parse(url).ok()?;
    let named = url.query_pairs().find(|(name, _)| name == "password").map(|(_, value)| value.into_owned());
    named.or_else(|| Some(percent_decode_str(url.password()?).decode_utf8_lossy().into_owned()))
}

/// The path of a file is taken apart after its values are in it, so that they must not hold what leads elsewhere.
fn stays_in_its_place(template: &Template, values: &Values) -> Result<(), String> {
    for name in template.names() {
        let value = values.get(name).map(String::as_str).unwrap_or_default();
        if value.contains(['/', '\0']) || value.chars().all(|c| c == '.') {
            return Err(format!("${{{name}}} stands in the path of a file; it must be no path itself"));
        }
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn read(text: &str, values: &[(&str, &str)]) -> Result<Address, String> {
        let values = values.iter().map(|(k, v)| ((*k).to_owned(), (*v).to_owned())).collect();
        Address::read(&Given::Text(Template::new(text).unwrap()), None, &values)
    }

    #[test]
    fn a_value_stays_in_its_part_of_the_address() {
        let Ok(Address::Postgres(server)) = read("postgres://app:${pw}@h/db", &[("pw", "p@x/y?sslmode=disable")])
        else {
            panic!("not read")
        };
        assert_eq!((server.options.get_host(), server.options.get_database()), ("h", Some("db")));
        assert_eq!(server.password.as_deref(), Some("p@x/y?sslmode=disable"));
        let Ok(Address::Postgres(server)) = read("postgres://app@h/db?password=a%2Bb", &[]) else { panic!("not read") };
        assert_eq!(server.password.as_deref(), Some("a+b"));
    }

    #[test]
    fn a_value_cannot_lead_to_another_file() {
        for value in ["../shop", "a/b", "..", ".", ""] {
            assert_eq!(
                read("sqlite:/srv/${site}.db", &[("site", value)]).err().unwrap(),
                "${site} stands in the path of a file; it must be no path itself"
            );
        }
        assert!(read("sqlite:/srv/${site}.db", &[("site", "east")]).is_ok());
    }

    #[test]
    fn an_address_that_is_not_understood_is_not_shown() {
        for text in ["postgres://app:hunter2@h:port/db", "oracle://app:hunter2@h/db", "hunter2"] {
            let why = read(text, &[]).err().unwrap();
            assert!(why.starts_with("the address of the database ") && !why.contains("hunter2"), "{why}");
        }
    }
}
