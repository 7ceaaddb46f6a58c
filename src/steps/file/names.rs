//! Users and groups by name, as the files of this host have them. Those of a directory service are told by their numbers.

use std::fs;

const USERS: &str = "/etc/passwd";
const GROUPS: &str = "/etc/group";

/// The number of a user, by name or number.
pub(super) fn user(name: &str) -> Result<u32, String> {
    number(USERS, name)
}

/// The number of a group, by name or number.
pub(super) fn group(name: &str) -> Result<u32, String> {
    number(GROUPS, name)
}

/// A user's name, else its number.
pub(super) fn of_user(uid: u32) -> String {
    name(USERS, uid)
}

/// A group's name, else its number.
pub(super) fn of_group(gid: u32) -> String {
    name(GROUPS, gid)
}

fn number(file: &str, name: &str) -> Result<u32, String> {
    if let Ok(number) = name.parse() {
        return Ok(number);
    }
    let text = fs::read_to_string(file).map_err(|why| format!("{file} cannot be read: {why}"))?;
    let found = entries(&text).find(|(known, _)| *known == name).map(|(_, number)| number);
    found.ok_or_else(|| format!("{name} is not in {file}; a number is taken as it is"))
}

fn name(file: &str, number: u32) -> String {
    let text = fs::read_to_string(file).unwrap_or_default();
    let found = entries(&text).find(|(_, known)| *known == number).map(|(name, _)| name.to_owned());
    found.unwrap_or_else(|| number.to_string())
}

/// Both files have the name first and the number third.
fn entries(text: &str) -> impl Iterator<Item = (&str, u32)> {
    text.lines().filter_map(|line| {
        let mut fields = line.split(':');
        Some((fields.next()?, fields.nth(1)?.parse().ok()?))
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_user_is_found_by_name_and_by_number() {
        assert_eq!(user("root"), Ok(0));
        assert_eq!(user("1234"), Ok(1234));
        assert_eq!(of_user(0), "root");
        assert_eq!(of_group(4_294_967_294), "4294967294");
        assert_eq!(
            group("no such group").unwrap_err(),
            "no such group is not in /etc/group; a number is taken as it is"
        );
    }

    #[test]
    fn broken_lines_are_passed_over() {
        let all: Vec<_> = entries("broken\nroot:x:0:0::/root:/bin/sh\n+nis\nwar:x:seven:7\nadm:x:4:\n").collect();
        assert_eq!(all, [("root", 0), ("adm", 4)]);
    }
}
