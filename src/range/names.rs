//! What the range is made of, by name: sites, services, faults, and one value for each of them.

use std::fmt;
use std::net::SocketAddr;
use std::str::FromStr;

use serde::{Deserialize, Serialize};

use super::postgres::ServerPlace;

/// A name that the range does not know, with the ones it does.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("there is no {what} \"{given}\": {}", known.join(", "))]
pub struct UnknownName {
    /// What was looked for: "site", "service" or "fault".
    pub what: &'static str,
    /// The name as it was given.
    pub given: String,
    /// Every name that would have been right.
    pub known: Vec<&'static str>,
}

/// A closed set of names, written in lower case in URLs and JSON.
macro_rules! names {
    ($(#[$doc:meta])* $type:ident, $what:literal, { $($(#[$variant_doc:meta])* $variant:ident = $name:literal,)+ }) => {
        $(#[$doc])*
        #[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
        #[serde(rename_all = "lowercase")]
        pub enum $type { $($(#[$variant_doc])* $variant,)+ }

        impl $type {
            /// Every one of them, in the order they are shown.
            pub const ALL: &'static [Self] = &[$(Self::$variant,)+];

            /// The name in URLs and JSON.
            #[must_use]
            pub fn as_str(self) -> &'static str {
                match self { $(Self::$variant => $name,)+ }
            }
        }

        impl fmt::Display for $type {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str(self.as_str())
            }
        }

        impl FromStr for $type {
            type Err = UnknownName;

            fn from_str(given: &str) -> Result<Self, UnknownName> {
                match given {
                    $($name => Ok(Self::$variant),)+
                    _ => Err(UnknownName { what: $what, given: given.to_owned(), known: vec![$($name,)+] }),
                }
            }
        }
    };
}

names! {
    /// A site of the range.
    Site, "site", {
        /// Where traffic goes and orders are written at the start.
        East = "east",
        /// The standby.
        West = "west",
    }
}

names! {
    /// One of the services that each site has.
    Service, "service", {
        /// Answers customers, and calls `api`.
        Web = "web",
        /// Answers `web`, and calls `db`.
        Api = "api",
        /// Keeps the orders.
        Db = "db",
    }
}

names! {
    /// What can be made to be wrong with a service.
    Fault, "fault", {
        /// Nothing listens: connections are refused, and open ones were dropped.
        Down = "down",
        /// Every answer comes two seconds late.
        Slow = "slow",
        /// Connections are accepted and never answered.
        Hang = "hang",
        /// Every answer is a 500.
        Errors = "errors",
    }
}

/// One value for each site.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct PerSite<T> {
    /// East's.
    pub east: T,
    /// West's.
    pub west: T,
}

impl<T> PerSite<T> {
    /// The value of one site.
    pub fn get(&self, site: Site) -> &T {
        match site {
            Site::East => &self.east,
            Site::West => &self.west,
        }
    }

    /// The value of one site, to be changed.
    pub fn get_mut(&mut self, site: Site) -> &mut T {
        match site {
            Site::East => &mut self.east,
            Site::West => &mut self.west,
        }
    }

    /// A new value for each site.
    pub fn map<U>(&self, mut f: impl FnMut(&T) -> U) -> PerSite<U> {
        PerSite { east: f(&self.east), west: f(&self.west) }
    }
}

/// One value for each service of a site.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct PerService<T> {
    /// Of `web`.
    pub web: T,
    /// Of `api`.
    pub api: T,
    /// Of `db`.
    pub db: T,
}

impl<T> PerService<T> {
    /// The value of one service.
    pub fn get(&self, service: Service) -> &T {
        match service {
            Service::Web => &self.web,
            Service::Api => &self.api,
            Service::Db => &self.db,
        }
    }

    /// A new value for each service.
    pub fn map<U>(&self, mut f: impl FnMut(&T) -> U) -> PerService<U> {
        PerService { web: f(&self.web), api: f(&self.api), db: f(&self.db) }
    }
}

/// Where everything in the range is: `http://127.0.0.1:PORT`, without a slash at the end.
///
/// The line that the range announces at its start is this, as JSON.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Addresses {
    /// Status, faults and the outage clock.
    pub control: String,
    /// Where customers go.
    pub router: String,
    /// Where the router's weights are read and set.
    pub router_admin: String,
    /// Where updates are delivered; ends in `/inbox`.
    pub inbox: String,
    /// Where updates are delivered too, by a way that can fail on its own; ends in `/mail`.
    pub mail: String,
    /// Where the databases' power is read and cut.
    pub power: String,
    /// Each service of each site.
    pub sites: PerSite<PerService<String>>,
    /// The servers that keep the orders, where PostgreSQL does.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub postgres: Option<PerSite<ServerPlace>>,
}

/// The URL of a listener, without a slash at the end.
pub(crate) fn url(address: SocketAddr) -> String {
    format!("http://{address}")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_name_reads_back_as_itself() {
        for fault in Fault::ALL {
            assert_eq!(fault.as_str().parse(), Ok(*fault));
            assert_eq!(serde_json::to_value(fault).unwrap(), fault.as_str());
        }
    }

    #[test]
    fn an_unknown_name_is_refused_with_the_right_ones() {
        let error = "broken".parse::<Fault>().unwrap_err();
        assert_eq!(error.to_string(), "there is no fault \"broken\": down, slow, hang, errors");
    }
}
