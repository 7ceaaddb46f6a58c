//! Addresses: of pages, and of ports.

use std::net::Ipv6Addr;

use reqwest::Url;

use crate::core::template::{Template, Values};

use super::fields::Field;
use super::names::{Names, Place};
use super::values::quote;

const URL_EXAMPLE: &str = "an address such as http://host:8080/path or https://host/path";

/// Why a text is no address of a page; `None` when it is one.
fn wrong_url(text: &str) -> Option<&'static str> {
    let lower = text.to_ascii_lowercase();
    let Some(rest) = lower.strip_prefix("http://").or_else(|| lower.strip_prefix("https://")) else {
        return Some("does not begin with http:// or https://");
    };
    if rest.is_empty() || rest.starts_with(['/', '?', '#', ':', '\\']) {
        return Some("names no host");
    }
    if text.contains(|c: char| c.is_whitespace() || c == '\\') {
        return Some("has a space or a '\\' in it");
    }
    match Url::parse(text) {
        Ok(url) if url.host_str().is_some_and(|h| !h.is_empty()) => None,
        Ok(_) => Some("names no host"),
        Err(_) => Some("is no address"),
    }
}

fn is_port(text: &str) -> bool {
    text.bytes().all(|b| b.is_ascii_digit()) && text.parse::<u16>().is_ok_and(|port| port > 0)
}

fn is_host(text: &str) -> bool {
    if let Some(inner) = text.strip_prefix('[').and_then(|t| t.strip_suffix(']')) {
        return inner.parse::<Ipv6Addr>().is_ok();
    }
    let allowed = |b: u8| b.is_ascii_alphanumeric() || matches!(b, b'-' | b'.' | b'_');
    text.starts_with(|c: char| c.is_ascii_alphanumeric()) && text.len() <= 253 && text.bytes().all(allowed)
}

/// Whether a text is the address of a port: a name or a number, `:`, and a port.
pub(crate) fn is_host_and_port(text: &str) -> bool {
    text.rsplit_once(':').is_some_and(|(host, port)| is_host(host) && is_port(port))
}

impl Field<'_> {
    /// The address of a page: `http` or `https`, with a host.
    pub(crate) fn url(&self) -> Option<String> {
        let text = self.verbatim()?;
        match wrong_url(&text) {
            Some(why) => self.wrong(format!("{} {why}", quote(&text)), Some(URL_EXAMPLE.to_owned())),
            None => Some(text),
        }
    }

    /// The address of a port.
    pub(crate) fn host_and_port(&self) -> Option<String> {
        let text = self.raw()?;
        if is_host_and_port(text) { Some(text.to_owned()) } else { self.no_port(text) }
    }

    /// The same with `${name}` in its parts.
    pub(crate) fn host_and_port_template(&self, names: &Names<'_>) -> Option<Template> {
        let template = self.template(names, Place::Words)?;
        // A digit can stand in a host and in a port. What a value makes of it shows once it is filled in.
        let filler: Values = template.names().map(|name| (name.to_owned(), "1".to_owned())).collect();
        let filled = template.fill(&filler).unwrap_or_default();
        let is_whole = template.names().any(|name| template.source() == format!("${{{name}}}"));
        if is_whole || is_host_and_port(&filled) { Some(template) } else { self.no_port(template.source()) }
    }

    fn no_port<T>(&self, text: &str) -> Option<T> {
        let right = "host:port such as 10.0.1.5:5432, db.local:5432 or [::1]:5432".to_owned();
        self.wrong(format!("{} is no host and port", quote(text)), Some(right))
    }

    /// The address of a page with `${name}` in its parts.
    pub(crate) fn url_template(&self, names: &Names<'_>) -> Option<Template> {
        let template = self.template(names, Place::Address)?;
        // A digit can stand wherever a value can: in a host, a port, a path.
        let filler: Values = template.names().map(|name| (name.to_owned(), "1".to_owned())).collect();
        let filled = template.fill_url(&filler).unwrap_or_default();
        match wrong_url(&filled) {
            Some(why) => self.wrong(format!("{} {why}", quote(template.source())), Some(URL_EXAMPLE.to_owned())),
            None => Some(template),
        }
    }
}

/// Whether an address names a password: between the user and the host, or as a parameter.
pub(crate) fn has_password(url: &str) -> bool {
    let Some((_, rest)) = url.split_once("://") else { return false };
    let (authority, rest) = rest.split_at(rest.find(['/', '?', '#']).unwrap_or(rest.len()));
    let user = authority.rsplit_once('@').map_or("", |(user, _)| user);
    let in_user = user.split_once(':').is_some_and(|(_, password)| !password.is_empty());
    in_user || rest.split(['?', '&']).any(|part| part.strip_prefix("password=").is_some_and(|p| !p.is_empty()))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_address_of_a_page_has_a_scheme_and_a_host() {
        for good in
            ["http://h", "https://h.example:8443/a?b=c#d", "http://127.0.0.1:80/", "http://[::1]:80/", "HTTP://h/"]
        {
            assert_eq!(wrong_url(good), None, "{good}");
        }
        for bad in [
            "",
            "h",
            "ftp://h/",
            "http:/h",
            "http:h",
            "http:///h",
            "http://",
            "http://:80/",
            "http://h:99999/",
            "http://h\\@x/",
            "http://a b/",
            "http://[::1/",
            "javascript:alert(1)",
            "http://?x",
        ] {
            assert!(wrong_url(bad).is_some(), "{bad}");
        }
    }

    #[test]
    fn an_address_of_a_port_has_both() {
        for good in ["10.0.1.5:5432", "db:1", "db-1.local:65535", "[::1]:80"] {
            let (host, port) = good.rsplit_once(':').unwrap();
            assert!(is_host(host) && is_port(port), "{good}");
        }
        for bad in [":80", "db:0", "db:65536", "db:+80", "-db:80", "::1:80", "[::1:80", "a b:80", "db:", "http://db:80"]
        {
            let (host, port) = bad.rsplit_once(':').unwrap();
            assert!(!(is_host(host) && is_port(port)), "{bad}");
        }
    }
}
