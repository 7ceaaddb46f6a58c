//! Words of the command line that mean something.

use std::io::Read;

use super::Failure;
use crate::core::comms::MAX_TEXT;
use crate::core::ids::RoleId;
use crate::core::template::is_parameter_name;

/// `NAME=VALUE` for a parameter of a procedure.
pub(super) fn parameter(text: &str) -> Result<(String, String), String> {
    let (name, value) = text.split_once('=').ok_or("write NAME=VALUE, as in reason=\"East is down\"")?;
    if !is_parameter_name(name) {
        return Err(format!("{name:?} is no parameter's name; letters, digits and '_' are"));
    }
    Ok((name.to_owned(), value.to_owned()))
}

/// A role as people write it: `incident_commander`, `incident-commander`, `"Incident commander"`.
pub(super) fn role(text: &str) -> Result<RoleId, String> {
    RoleId::new(text.trim().to_ascii_lowercase().replace([' ', '-'], "_")).map_err(|e| format!("no role: {e}"))
}

/// The words given, or standard input for `-`.
pub(super) fn words(given: &str) -> Result<String, Failure> {
    if given != "-" {
        return Ok(given.to_owned());
    }
    let mut bytes = Vec::new();
    // One byte more than is taken, so that the engine can say that it is too much.
    let limit = MAX_TEXT as u64 + 1;
    let read = std::io::stdin().lock().take(limit).read_to_end(&mut bytes);
    read.map_err(|e| Failure::failed(format!("cannot read standard input: {e}")))?;
    let text = String::from_utf8(bytes).map_err(|_| Failure::failed("standard input is not UTF-8 text"))?;
    Ok(text.replace("\r\n", "\n"))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_parameter_is_a_name_and_a_value() {
        for (text, expected) in [
            ("reason=East is down", Ok(("reason", "East is down"))),
            ("a=b=c", Ok(("a", "b=c"))),
            ("a=", Ok(("a", ""))),
            ("reason", Err(())),
            ("=x", Err(())),
            ("a b=x", Err(())),
        ] {
            let given = parameter(text).map_err(|_| ());
            assert_eq!(given, expected.map(|(n, v)| (n.to_owned(), v.to_owned())), "{text}");
        }
    }

    #[test]
    fn a_role_may_be_written_as_people_write_it() {
        for text in ["incident_commander", "incident-commander", " Incident Commander "] {
            assert_eq!(role(text).unwrap().as_str(), "incident_commander", "{text}");
        }
        assert!(role("in/out").is_err());
    }
}
