//! The people of the settings, and the tokens that vouch for them on the engine's socket.
//!
//! ```toml
//! [[people]]
//! name = "ada"
//! principal = "uid:1000"                 # the kernel vouches for her
//! access = ["commander", "production"]
//!
//! [[people]]
//! name = "robot"
//! principal = "person:robot"             # nobody's account: only a token vouches for it
//! access = ["responder"]
//!
//! [[people.tokens]]                      # `warroom token create --person robot --for 90d` prints one
//! sha256 = "5f70bf18a086007016e948b04aed3b82103a36bea41755b6cddfaf10ace3c6ef"
//! expires = "2027-01-01T00:00:00Z"       # may be left out
//! ```
//!
//! The kernel's word comes first: an account that the settings do not name is shown the door, whatever it brings. A token then
//! says which person speaks, so a token of somebody who has an account counts over that account alone and makes nobody a second
//! person.

use std::collections::{BTreeMap, BTreeSet};

use serde::Deserialize;

use super::hooks::TokenHash;
use crate::core::ids::Principal;
use crate::core::people::{Access, Person};
use crate::core::time::Moment;
use crate::wire::TokenTrouble;

/// Somebody whom the engine knows, as the settings say it.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct PersonSettings {
    /// The name shown.
    pub name: String,
    /// `uid:NUMBER`, or `person:NAME` for somebody whom only a token vouches for.
    pub principal: Principal,
    /// What they may do.
    pub access: BTreeSet<Access>,
    /// What vouches for them besides the kernel.
    #[serde(default)]
    pub tokens: Vec<PersonToken>,
}

/// A token that vouches for a person.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct PersonToken {
    /// Of what they hold.
    pub sha256: TokenHash,
    /// When it no longer counts.
    #[serde(default)]
    pub expires: Option<Moment>,
}

impl PersonSettings {
    /// What the rules know of them.
    #[must_use]
    pub fn person(&self) -> Person {
        Person { principal: self.principal.clone(), name: self.name.clone(), access: self.access.clone() }
    }

    fn check(&self) -> Result<(), String> {
        if self.name.trim().is_empty() || self.name.chars().any(char::is_control) {
            return Err(format!("{:?} is no name to show", self.name));
        }
        match &self.principal {
            Principal::Uid(_) => Ok(()),
            Principal::Person(_) if !self.tokens.is_empty() => Ok(()),
            Principal::Person(short) => Err(format!(
                "nothing vouches for {}; `warroom token create --person {short}` makes a token and prints its lines",
                self.name
            )),
            Principal::Engine | Principal::Token(_) => Err(format!(
                "{} cannot be {}; write principal = \"uid:NUMBER\", or \"person:NAME\" for one with a token",
                self.name, self.principal
            )),
        }
    }
}

/// Whether these are so many people: one has one principal, one name, and tokens of their own.
///
/// # Errors
/// What is wrong, and what would be right.
pub(super) fn check(people: &[PersonSettings]) -> Result<(), String> {
    let (mut principals, mut names) = (BTreeMap::new(), BTreeSet::new());
    let mut hashes: Vec<&TokenHash> = Vec::new();
    for person in people {
        person.check()?;
        if let Some(other) = principals.insert(&person.principal, &person.name) {
            return Err(format!("{} and {other} are both {}; one person, one account", person.name, person.principal));
        }
        if !names.insert(person.name.to_lowercase()) {
            return Err(format!("two people are called {}; one person, one entry", person.name));
        }
        for token in &person.tokens {
            if hashes.iter().any(|other| other.is(&token.sha256)) {
                return Err(format!("a token of {} stands twice; one token vouches for one person", person.name));
            }
            hashes.push(&token.sha256);
        }
    }
    Ok(())
}

/// Whose token this is, brought over a connection of `account`, which the kernel vouched for.
///
/// # Errors
/// [`TokenTrouble`] when it vouches for nobody here and now.
pub fn vouched<'p>(
    people: &'p [PersonSettings],
    account: &Principal,
    token: &[u8],
    now: Moment,
) -> Result<&'p Principal, TokenTrouble> {
    let hash = TokenHash::of(token);
    // All of them are compared, so that the time says nothing of which came close.
    let mut found = None;
    for person in people {
        for known in &person.tokens {
            if known.sha256.is(&hash) {
                found = Some((person, known));
            }
        }
    }
    let (person, token) = found.ok_or(TokenTrouble::Wrong)?;
    if let Some(at) = token.expires.filter(|expires| *expires <= now) {
        return Err(TokenTrouble::Expired { at });
    }
    match &person.principal {
        Principal::Uid(_) if person.principal != *account => Err(TokenTrouble::OtherAccount),
        principal => Ok(principal),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn moment(text: &str) -> Moment {
        serde_json::from_value(text.into()).unwrap()
    }

    fn person(principal: &str, tokens: &[(&str, Option<&str>)]) -> PersonSettings {
        let token = |(text, expires): &(&str, Option<&str>)| PersonToken {
            sha256: TokenHash::of(text.as_bytes()),
            expires: expires.map(moment),
        };
        PersonSettings {
            name: principal.replace(':', " "),
            principal: principal.parse().unwrap(),
            access: BTreeSet::new(),
            tokens: tokens.iter().map(token).collect(),
        }
    }

    #[test]
    fn a_token_vouches_for_its_person_and_one_of_an_account_over_that_account_alone() {
        let ends = Some("2026-11-21T03:00:00Z");
        let people = [
            person("uid:1", &[("adas", None)]),
            person("uid:2", &[]),
            person("person:robot", &[("old", ends), ("robots", None)]),
        ];
        let (ada, mike) = (Principal::Uid(1), Principal::Uid(2));
        let (before, after) = (moment("2026-11-21T02:59:59Z"), moment("2026-11-21T03:00:00Z"));
        let robot = &people[2].principal;
        for (account, token, now, expected) in [
            (&ada, "adas", before, Ok(&ada)),
            (&mike, "adas", before, Err(TokenTrouble::OtherAccount)),
            (&ada, "robots", after, Ok(robot)),
            (&mike, "robots", after, Ok(robot)),
            (&mike, "old", before, Ok(robot)),
            (&mike, "old", after, Err(TokenTrouble::Expired { at: after })),
            (&ada, "nobodys", before, Err(TokenTrouble::Wrong)),
            (&ada, "", before, Err(TokenTrouble::Wrong)),
        ] {
            assert_eq!(vouched(&people, account, token.as_bytes(), now), expected, "{account} {token}");
        }
    }

    #[test]
    fn one_person_stands_once_and_something_vouches_for_them() {
        let both = |a: PersonSettings, b: PersonSettings| check(&[a, b]).unwrap_err();
        let named = |name: &str, person: PersonSettings| PersonSettings { name: name.into(), ..person };
        let robot = || person("person:robot", &[("r", None)]);
        assert!(check(&[person("uid:1", &[]), robot()]).is_ok());
        assert!(check(&[person("person:robot", &[])]).unwrap_err().contains("warroom token create --person robot"));
        assert!(both(robot(), named("b", robot())).contains("one person, one account"));
        assert!(both(named("Ada", person("uid:1", &[])), named("ada", robot())).contains("one person, one entry"));
        let same = person("uid:1", &[("r", None)]);
        assert!(both(same, robot()).contains("one token vouches for one person"));
    }
}
