//! What looks at database servers share: where they are, and faults that tell nothing of a secret address.

use super::NotGood;
use crate::core::mask::Masker;
use crate::core::plan::{Address, ServerRole};
use crate::secrets::{Secret, resolve};

/// An address as it is used for one look.
pub(super) enum Url<'a> {
    /// It stands in the plan.
    Plain(&'a str),
    /// It was fetched for this look; nothing of it may be shown.
    Secret(Secret),
}

impl<'a> Url<'a> {
    pub(super) async fn of(address: &'a Address) -> Result<Url<'a>, NotGood> {
        match address {
            Address::Plain(url) => Ok(Url::Plain(url)),
            Address::Secret(reference) => {
                resolve(reference).await.map(Url::Secret).map_err(|why| NotGood::Unseen(why.to_string()))
            }
        }
    }

    /// The address itself, to be shown nowhere.
    pub(super) fn expose(&self) -> &str {
        match self {
            Url::Plain(url) => url,
            Url::Secret(url) => url.expose(),
        }
    }

    /// What a fault of the driver says about the server. A server repeats names of the address in its messages, so of a secret
    /// one only the code is shown.
    pub(super) fn fault(&self, error: &sqlx::Error) -> NotGood {
        match (error, self) {
            (sqlx::Error::Io(why), _) => NotGood::of(why),
            (sqlx::Error::Configuration(_), _) => not_understood(),
            (sqlx::Error::Database(said), _) => {
                let code = said.code().map(|code| format!(" ({code})")).unwrap_or_default();
                NotGood::Bad(match self {
                    Url::Plain(_) => format!("{}{code}", self.masked(said.message())),
                    Url::Secret(_) => format!("{}{code}", in_words(said.code().as_deref().unwrap_or_default())),
                })
            }
            (sqlx::Error::Tls(why), Url::Plain(_)) => {
                NotGood::Bad(self.masked(&format!("no secure connection: {why}")))
            }
            (sqlx::Error::Tls(_), Url::Secret(_)) => NotGood::Bad("no secure connection".into()),
            (sqlx::Error::Protocol(_) | sqlx::Error::ColumnDecode { .. }, _) => {
                NotGood::Bad("its answer is not understood".into())
            }
            _ => NotGood::Bad("it gives no answer".into()),
        }
    }

    fn masked(&self, text: &str) -> String {
        let url = reqwest::Url::parse(self.expose()).ok();
        let written = url.as_ref().and_then(|url| url.password()).unwrap_or_default();
        let sent = percent_encoding::percent_decode_str(written).decode_utf8_lossy();
        let named = url.iter().flat_map(reqwest::Url::query_pairs).find(|(name, _)| name == "password");
        let named = named.map(|(_, value)| value.into_owned()).unwrap_or_default();
        let text = Masker::new([written, sent.as_ref(), named.as_str()]).mask_text(text);
        crate::text::cut(&crate::text::clean_line(&text), 200).into_owned()
    }
}

/// An address that cannot be read is a fault of whoever wrote it.
pub(super) fn not_understood() -> NotGood {
    NotGood::Unseen("the address of the server is not understood".into())
}

/// What an SQLSTATE means, where the server's own words may not be shown.
fn in_words(code: &str) -> &'static str {
    match code {
        "3D000" | "42000" => "it has no such database, or does not open it",
        "53300" | "08004" => "it takes no more connections",
        "57P03" | "57P01" => "it is starting or stopping",
        "57014" => "a query was not over in time",
        code if code.starts_with("28") => "it refuses the login",
        _ => "it refuses",
    }
}

/// `host:port` as ssh takes it.
pub(super) fn target(host: &str, port: u16) -> String {
    let bare = host.trim_start_matches('[').trim_end_matches(']');
    if bare.contains(':') { format!("[{bare}]:{port}") } else { format!("{bare}:{port}") }
}

/// A way of checking a server's name that has no meaning through a tunnel.
pub(super) fn name_not_checked(mode: &str) -> NotGood {
    NotGood::Unseen(format!("through a host the server's name cannot be checked; {mode} checks all else"))
}

/// The word for a role.
pub(super) fn word(role: ServerRole) -> &'static str {
    match role {
        ServerRole::Primary => "primary",
        ServerRole::Standby => "standby",
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_password_is_masked_as_it_is_written_and_as_it_is_sent() {
        for url in ["postgres://app:hunter%32two@h/d", "postgres://app@h/d?password=hunter2two"] {
            assert_eq!(Url::Plain(url).masked("no hunter2two here"), "no *** here", "{url}");
        }
    }

    #[test]
    fn an_address_of_ipv6_stands_in_brackets() {
        assert_eq!(target("db", 5432), "db:5432");
        assert_eq!(target("[::1]", 5432), "[::1]:5432");
        assert_eq!(target("::1", 5432), "[::1]:5432");
    }
}
