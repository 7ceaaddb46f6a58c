//! Ways to the world, against servers on loopback that speak each protocol and misbehave: what is sent is what the service's
//! documents ask for, and what comes back means for a delivery what they say.

#![allow(clippy::unwrap_used, clippy::panic, clippy::print_stderr, unreachable_pub)]

mod fake;
mod mail;
mod outbound;
mod pagerduty;
mod phone;
mod slack;
mod statuspage;
mod webhook;

use std::fs;
use std::os::unix::fs::PermissionsExt as _;
use std::path::Path;

use warroom::channels::outbound::Outbound;
use warroom::channels::settings::ChannelSettings;
use warroom::channels::{Earnest, Message, Trouble, send};
use warroom::core::comms::Attempt;
use warroom::core::time::Span;

/// What the first update of an incident says.
pub fn message() -> Message {
    Message {
        key: "DR-1/1/chat".into(),
        incident: "DR-1".into(),
        call_sign: "KESTREL".into(),
        severity: "critical".into(),
        status: "recovering".into(),
        environment: "PRODUCTION".into(),
        number: 1,
        at: "2026-11-21T03:14:00Z".into(),
        by: "ada".into(),
        text: "Orders <fail> & we move to West.".into(),
        reference: None,
        trouble: Trouble::Lasts,
        earnest: Earnest::Real,
    }
}

/// Tries it once, with this machine allowed.
pub async fn tries(settings: &str, message: &Message) -> Attempt {
    let settings: ChannelSettings = toml::from_str(settings).unwrap();
    settings.check().unwrap();
    send(&settings, message, &Outbound::new(["127.0.0.1".to_owned(), "localhost".to_owned()]).unwrap()).await
}

/// What the other side said that took it.
pub fn answer(attempt: Attempt) -> String {
    match attempt {
        Attempt::Took { answer, .. } => answer,
        other => panic!("it was not taken: {other:?}"),
    }
}

/// Why it never will be taken.
pub fn never(attempt: Attempt) -> String {
    match attempt {
        Attempt::Never { why } => why,
        other => panic!("it may be taken later: {other:?}"),
    }
}

/// Why it was not taken yet, and how long they want to be left alone.
pub fn not_now(attempt: Attempt) -> (String, Option<Span>) {
    match attempt {
        Attempt::NotNow { why, rest } => (why, rest),
        other => panic!("it is no matter of time: {other:?}"),
    }
}

/// A file that holds a secret, as a reference to it.
pub fn secret(dir: &Path, name: &str, secret: &str) -> String {
    let path = dir.join(name);
    fs::write(&path, secret).unwrap();
    fs::set_permissions(&path, fs::Permissions::from_mode(0o600)).unwrap();
    format!("file:{}", path.display())
}
