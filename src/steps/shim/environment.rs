//! The environment that commands start with.

use std::{collections::BTreeMap, env, fs};

/// The environment of a command step, whatever the engine's own is:
///
/// | name | value |
/// |---|---|
/// | `PATH` | `/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin` |
/// | `LANG` | `C.UTF-8` |
/// | `TZ` | `UTC` |
/// | `HOME`, `USER`, `LOGNAME` | those of the engine's user |
///
/// and `extra`, meant for the `WARROOM_…` names. A name of the table keeps the table's value.
pub fn clean_environment(extra: impl IntoIterator<Item = (String, String)>) -> BTreeMap<String, String> {
    let (user, home) = user_and_home();
    let fixed = [
        ("PATH", "/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin".to_owned()),
        ("LANG", "C.UTF-8".to_owned()),
        ("TZ", "UTC".to_owned()),
        ("HOME", home),
        ("LOGNAME", user.clone()),
        ("USER", user),
    ];
    let fixed = fixed.map(|(name, value)| (name.to_owned(), value));
    extra.into_iter().chain(fixed).collect()
}

/// From the password file; for a user that comes from elsewhere (a directory service), as the engine was told.
fn user_and_home() -> (String, String) {
    let uid = rustix::process::getuid().as_raw();
    let users = fs::read_to_string("/etc/passwd").unwrap_or_default();
    find_user(&users, uid).unwrap_or_else(|| {
        (env::var("USER").unwrap_or_else(|_| uid.to_string()), env::var("HOME").unwrap_or_else(|_| "/".to_owned()))
    })
}

fn find_user(users: &str, uid: u32) -> Option<(String, String)> {
    users.lines().find_map(|line| {
        let fields: Vec<&str> = line.split(':').collect();
        let same = fields.get(2)?.parse() == Ok(uid);
        same.then_some(((*fields.first()?).to_owned(), (*fields.get(5)?).to_owned()))
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_fixed_name_cannot_be_overridden() {
        let extra = [("PATH", "/tmp/evil"), ("WARROOM_RUN", "7")];
        let env = clean_environment(extra.map(|(name, value)| (name.to_owned(), value.to_owned())));
        let names: Vec<&str> = env.keys().map(String::as_str).collect();
        assert_eq!(names, ["HOME", "LANG", "LOGNAME", "PATH", "TZ", "USER", "WARROOM_RUN"]);
        assert!(!env["PATH"].contains("evil"));
        assert_eq!(env["WARROOM_RUN"], "7");
    }

    #[test]
    fn a_user_is_found_by_number_and_broken_lines_are_passed_over() {
        let users = "broken\nroot:x:0:0::/root:/bin/sh\nwar:x:77:7:War Room:/var/lib/war:/bin/false\n";
        assert_eq!(find_user(users, 77), Some(("war".to_owned(), "/var/lib/war".to_owned())));
        assert_eq!(find_user(users, 78), None);
    }
}
