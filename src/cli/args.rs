//! Words of the command line that mean something.

use std::io::Read;

use super::Failure;
use crate::core::comms::MAX_TEXT;
use crate::core::ids::RoleId;
use crate::core::plan::Part;
use crate::core::template::is_parameter_name;
use crate::core::time::{BadSpan, Span};

/// `NAME=VALUE` for a parameter of a procedure.
pub(super) fn parameter(text: &str) -> Result<(String, String), String> {
    let (name, value) = text.split_once('=').ok_or("write NAME=VALUE, as in reason=\"East is down\"")?;
    if !is_parameter_name(name) {
        return Err(format!("{name:?} is no parameter's name; letters, digits and '_' are"));
    }
    Ok((name.to_owned(), value.to_owned()))
}

/// The names of the parts of a procedure that a launch can leave out.
pub(super) const PARTS: [&str; 4] = ["verify", "notify", "dns", "load-balancer"];

/// One of [`PARTS`].
pub(super) fn part(text: &str) -> Result<Part, String> {
    match text {
        "verify" => Ok(Part::Verify),
        "notify" => Ok(Part::Notify),
        "dns" => Ok(Part::Dns),
        "load-balancer" => Ok(Part::LoadBalancer),
        _ => Err(format!("{text:?} cannot be left out; {} can", crate::text::all_of(&PARTS))),
    }
}

/// A length of time, as `30m`.
pub(super) fn span(text: &str) -> Result<Span, String> {
    text.parse().map_err(|e: BadSpan| e.to_string())
}

/// A length of time that is longer than none.
pub(super) fn limit(text: &str) -> Result<Span, String> {
    match span(text)? {
        Span::ZERO => Err(format!("{text} is no time at all; write it like 90s, 30m or 2h")),
        span => Ok(span),
    }
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
    fn what_a_launch_leaves_out_goes_by_its_name() {
        for (text, expected) in [
            ("verify", Some(Part::Verify)),
            ("notify", Some(Part::Notify)),
            ("dns", Some(Part::Dns)),
            ("load-balancer", Some(Part::LoadBalancer)),
            ("gates", None),
        ] {
            assert_eq!(part(text).ok(), expected, "{text}");
        }
    }

    #[test]
    fn a_limit_is_a_length_of_time() {
        for (text, expected) in
            [("30m", Some(Span::from_secs(1_800))), ("800ms", Some(Span::from_millis(800))), ("0s", None), ("15", None)]
        {
            assert_eq!(limit(text).ok(), expected, "{text}");
        }
        assert_eq!(span("0s"), Ok(Span::ZERO), "a loss of nothing can be asked for");
    }

    #[test]
    fn a_role_may_be_written_as_people_write_it() {
        for text in ["incident_commander", "incident-commander", " Incident Commander "] {
            assert_eq!(role(text).unwrap().as_str(), "incident_commander", "{text}");
        }
        assert!(role("in/out").is_err());
    }
}
