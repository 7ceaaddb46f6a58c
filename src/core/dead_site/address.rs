//! Hosts, out of addresses and out of the words of programs.

use super::super::host::Host;

/// A host that is spoken to.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Address {
    /// Its name or address in small letters, without user, brackets and zone.
    pub(super) host: String,
    /// The port, where it is said or follows from the kind of address.
    pub(super) port: Option<u16>,
}

impl Address {
    /// The host of a step, as ssh is given it.
    pub(super) fn of_host(text: &str) -> Address {
        let host = text.rsplit_once('@').map_or(text, |(_, host)| host);
        Address { host: plain(host), port: None }
    }

    /// `host:port`, `[::1]:port` or a host alone.
    pub(super) fn of_port(text: &str) -> Option<Address> {
        parse(text, None)
    }

    /// The hosts of `scheme://user@host:port,host:port/path`: one, or several of which any will do.
    pub(super) fn of_url(url: &str) -> Vec<Address> {
        let Some((scheme, rest)) = url.split_once("://") else { return Vec::new() };
        let authority = rest.split(['/', '?', '#']).next().unwrap_or_default();
        let hosts = authority.rsplit_once('@').map_or(authority, |(_, hosts)| hosts);
        let usual = usual_port(&scheme.to_ascii_lowercase());
        hosts.split(',').filter_map(|host| parse(host, usual)).collect()
    }

    /// The hosts that a word of a program or script speaks to: `https://host/…`, `user@host`, `host:port`, `host:/path`, each also
    /// behind `NAME=`. A name alone may only be spoken of, and is none.
    pub(super) fn of_word(word: &str) -> Vec<Address> {
        let word = value(word);
        if word.contains("://") {
            return Address::of_url(word);
        }
        if let Some((_, host)) = word.rsplit_once('@') {
            let host = host.split(':').next().unwrap_or_default();
            return Host::new(host).is_ok().then(|| Address::of_host(host)).into_iter().collect();
        }
        match word.rsplit_once(':') {
            Some((host, rest)) if rest.starts_with('/') && Host::new(host).is_ok() => vec![Address::of_host(host)],
            Some((host, port)) if port.parse::<u16>().is_ok() && Host::new(host).is_ok() => {
                Address::of_port(word).into_iter().collect()
            }
            _ => Vec::new(),
        }
    }
}

/// The value of a word such as `--file=/path`, else the word.
pub(super) fn value(word: &str) -> &str {
    let name = |text: &str| !text.is_empty() && text.chars().all(|c| c.is_ascii_alphanumeric() || "-_.".contains(c));
    word.split_once('=').filter(|(before, _)| name(before)).map_or(word, |(_, value)| value)
}

/// The words of a script, its comments left out.
pub(super) fn words(script: &str) -> impl Iterator<Item = &str> {
    let lines = script.lines().filter(|line| !line.trim_start().starts_with('#'));
    let between = |c: char| !(c.is_ascii_alphanumeric() || "._:/@-[]=,%+".contains(c));
    lines.flat_map(move |line| line.split(between)).filter(|word| !word.is_empty())
}

fn parse(text: &str, usual: Option<u16>) -> Option<Address> {
    let (host, port) = match text.rsplit_once(':') {
        Some((host, port)) if !port.contains(']') => (host, port.parse().ok()),
        _ => (text, None),
    };
    (!host.is_empty()).then(|| Address { host: plain(host), port: port.or(usual) })
}

fn plain(host: &str) -> String {
    let inside = host.trim_start_matches('[').trim_end_matches(']');
    inside.split('%').next().unwrap_or_default().trim_end_matches('.').to_ascii_lowercase()
}

fn usual_port(scheme: &str) -> Option<u16> {
    Some(match scheme {
        "http" => 80,
        "https" => 443,
        "postgres" | "postgresql" => 5432,
        "mysql" | "mariadb" => 3306,
        "redis" | "rediss" => 6379,
        _ => return None,
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn told(addresses: Vec<Address>) -> String {
        let one = |a: Address| a.port.map_or(a.host.clone(), |port| format!("{} {port}", a.host));
        addresses.into_iter().map(one).collect::<Vec<_>>().join(", ")
    }

    #[test]
    fn an_address_names_its_hosts_and_ports() {
        for (url, expected) in [
            ("http://Db.East/health?a=b@c", "db.east 80"),
            ("https://u:p@10.0.1.5:8443/", "10.0.1.5 8443"),
            ("http://[fd00::1]:81/", "fd00::1 81"),
            ("http://[fd00::1]/", "fd00::1 80"),
            ("postgres://u@a:1,b/x", "a 1, b 5432"),
            ("sqlite:/srv/x", ""),
        ] {
            assert_eq!(told(Address::of_url(url)), expected, "{url}");
        }
        assert_eq!(Address::of_host("root@[fe80::1%eth0]").host, "fe80::1");
    }

    #[test]
    fn a_word_speaks_to_a_host_only_where_it_is_an_address() {
        for (word, expected) in [
            ("-address=https://vault.east:8200", "vault.east 8200"),
            ("deploy@db-east:/srv", "db-east"),
            ("deploy@db-east", "db-east"),
            ("db-east:/srv/x", "db-east"),
            ("--to=db-east:5432", "db-east 5432"),
            ("db-east", ""),
            ("off", ""),
            ("a:b", ""),
            ("/srv/x", ""),
        ] {
            assert_eq!(told(Address::of_word(word)), expected, "{word}");
        }
        let script = "# see http://old/\ncurl -s \"https://api.east/x\" | tee $LOG; ssh root@web-east true\n";
        assert_eq!(told(words(script).flat_map(Address::of_word).collect()), "api.east 443, web-east");
    }
}
