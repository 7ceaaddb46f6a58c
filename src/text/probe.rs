//! What probes do and when they complain.

use super::clean_line;
use crate::core::health::judge::quantity;
use crate::core::plan::{Address, Limit, Look, Measure, Probe, ServerRole, Side};

/// What a look does, in a few words; cleaned.
#[must_use]
pub fn look(look: &Look) -> String {
    let says = match look {
        Look::Http { url, .. } => format!("GET {}", without_password(url)),
        Look::Tcp { address } => format!("opens a connection to {address}"),
        Look::Tls { address, name, .. } => {
            let name = name.as_ref().map_or(String::new(), |name| format!(" for {name}"));
            format!("judges the certificate{name} at {address}")
        }
        Look::Dns { name, record, server, .. } => {
            let server = server.as_ref().map_or(String::new(), |server| format!(" of {server}"));
            format!("asks for {} of {name}{server}", record.word())
        }
        Look::Icmp { host } => format!("sends an echo request to {host}"),
        Look::Postgres { url, role } => format!("asks PostgreSQL{}{}", at(url), must_be(*role)),
        Look::Mysql { url, role } => format!("asks MySQL{}{}", at(url), must_be(*role)),
        Look::Redis { url, role } => format!("asks Redis{}{}", at(url), must_be(*role)),
        Look::Disk { path } => format!("looks at the space at {path}"),
        Look::Load => "looks at the load".to_owned(),
        Look::File { path, pattern } => {
            let pattern = pattern.as_ref().map_or(String::new(), |pattern| format!(" for {pattern:?}"));
            format!("looks at {path}{pattern}")
        }
        Look::Command { argv } => format!("runs {}", argv.join(" ")),
        Look::Heartbeat => "waits for reports".to_owned(),
        Look::Metric { url, query } => format!("asks {} for {query}", without_password(url)),
    };
    clean_line(&says).into_owned()
}

/// The limits of a probe: `degraded with lag above 10s; bad with lag above 1m00s`; nothing without limits.
#[must_use]
pub fn limits(probe: &Probe) -> Option<String> {
    let side = |limit: &Limit| if limit.side == Side::Above { "above" } else { "below" };
    let one = |limit: &Limit| {
        let word = limit.measure.word().replace('_', " ");
        format!("{word} {} {}", side(limit), quantity(limit.at, limit.measure.unit()))
    };
    let all = |limits: &[Limit]| limits.iter().map(one).collect::<Vec<_>>().join(" or ");
    let says = [("degraded with", &probe.limits.warn), ("bad with", &probe.limits.fail)];
    let says: Vec<String> = says
        .iter()
        .filter(|(_, limits)| !limits.is_empty())
        .map(|(what, limits)| format!("{what} {}", all(limits)))
        .collect();
    (!says.is_empty()).then(|| says.join("; "))
}

/// What was measured, one after the other: `lag 4s, lag bytes 1.2 MiB`. How long it took is said elsewhere.
#[must_use]
pub fn measured(measured: &std::collections::BTreeMap<Measure, f64>) -> String {
    let others = measured.iter().filter(|(measure, _)| **measure != Measure::Latency);
    let one = |(measure, value): (&Measure, &f64)| {
        format!("{} {}", measure.word().replace('_', " "), quantity(*value, measure.unit()))
    };
    others.map(one).collect::<Vec<_>>().join(", ")
}

/// With `***` for the password between the user and the host, where there is one.
fn without_password(url: &str) -> String {
    let known = url.split_once("://").and_then(|(scheme, rest)| {
        let end = rest.find(['/', '?', '#']).unwrap_or(rest.len());
        let (authority, path) = rest.split_at(end);
        let (user, host) = authority.rsplit_once('@')?;
        let (name, _) = user.split_once(':')?;
        Some(format!("{scheme}://{name}:***@{host}{path}"))
    });
    known.unwrap_or_else(|| url.to_owned())
}

/// Without what stands before `@`, which may be a password.
fn at(address: &Address) -> String {
    match address {
        Address::Plain(url) => {
            let rest = url.split_once("://").map_or(url.as_str(), |(_, rest)| rest);
            let host = rest.split(['/', '?', '#']).next().unwrap_or(rest);
            format!(" at {}", host.rsplit_once('@').map_or(host, |(_, host)| host))
        }
        Address::Secret(reference) => format!(" at the address in {reference}"),
    }
}

fn must_be(role: Option<ServerRole>) -> &'static str {
    match role {
        Some(ServerRole::Primary) => ", which must be the primary",
        Some(ServerRole::Standby) => ", which must be a standby",
        None => "",
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn limits_are_said_with_their_side_and_unit() {
        let limit = |measure: Measure, at| Limit { measure, side: measure.side(), at };
        let mut probe = crate::core::fixtures::probe("db");
        assert_eq!(limits(&probe), None);
        probe.limits.warn = vec![limit(Measure::Lag, 10.0), limit(Measure::Free, 1_073_741_824.0)];
        probe.limits.fail = vec![limit(Measure::Used, 95.0)];
        let says = "degraded with lag above 10s or free below 1.0 GiB; bad with used above 95 %";
        assert_eq!(limits(&probe).as_deref(), Some(says));
    }

    #[test]
    fn what_a_probe_does_is_said_without_its_password() {
        let address = |url: &str| Address::Plain(url.into());
        for (of, says) in [
            (
                Look::Postgres {
                    url: address("postgres://me:hunter2@db:5432/x?password=y"),
                    role: Some(ServerRole::Standby),
                },
                "asks PostgreSQL at db:5432, which must be a standby",
            ),
            (
                Look::Redis { url: Address::Secret("env:R".parse().unwrap()), role: None },
                "asks Redis at the address in env:R",
            ),
            (
                Look::Metric { url: "http://me:hunter2@prom:9090/p?x=a:b@c".into(), query: "up".into() },
                "asks http://me:***@prom:9090/p?x=a:b@c for up",
            ),
            (Look::Command { argv: vec!["check\u{1b}[2J".into()] }, "runs check^[[2J"),
        ] {
            assert_eq!(look(&of), says);
        }
    }
}
