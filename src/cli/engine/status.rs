//! `warroom engine status`

use serde_json::json;

use super::super::out::{Format, Out};
use super::super::session::Session;
use super::super::{Globals, Outcome};
use super::logout::{self, LogOut};
use crate::core::people::Mode;
use crate::core::state::PROTOCOL;
use crate::core::time::{Moment, Span};
use crate::text;
use crate::wire::Hello;

pub(super) async fn run(globals: &Globals, out: &mut Out) -> Outcome {
    let session = Session::open(globals).await?;
    let hello = &session.hello;
    let since = since(hello);
    let logout = logout::of(hello.pid);
    let address = session.client.address();
    if out.format == Format::Json {
        return out.json(&json!({
            "address": address.to_string(), "pid": hello.pid, "since": since, "engine": hello.engine,
            "protocol": hello.protocol, "mode": hello.mode, "head": hello.head, "epoch": hello.epoch, "you": hello.you,
            "log_out": logout.map(LogOut::word),
        }));
    }
    let mode = match hello.mode {
        Mode::Personal => "personal: serves the one who runs it",
        Mode::Shared => "shared: serves everybody in its settings",
    };
    let protocol = if hello.protocol == PROTOCOL {
        hello.protocol.to_string()
    } else {
        format!("{} (this program speaks {PROTOCOL})", hello.protocol)
    };
    let access: Vec<_> = hello.you.access.iter().map(ToString::to_string).collect();
    let rows = [
        ("engine", text::clean_line(&hello.engine).into_owned()),
        ("at", text::clean_line(&address.to_string()).into_owned()),
        ("process", hello.pid.to_string()),
        ("since", since.map_or_else(|| "unknown".into(), Moment::dated)),
        ("mode", mode.into()),
        ("protocol", protocol),
        ("head", hello.head.to_string()),
        ("you", format!("{} ({}): {}", text::clean_line(&hello.you.name), hello.you.principal, access.join(", "))),
        ("log-out", logout.map_or("unknown", LogOut::sentence).into()),
    ];
    out.table(&rows.map(|(name, value)| vec![name.to_owned(), value]))
}

/// When the engine's process began; unknown when it runs where its processes cannot be seen.
fn since(hello: &Hello) -> Option<Moment> {
    let stat = std::fs::read_to_string(format!("/proc/{}/stat", hello.pid)).ok()?;
    let start = Span::from_millis(ticks(&stat)?.saturating_mul(MILLIS_A_TICK));
    let lasted = i64::try_from(hello.now.uptime.minus(start).micros()).ok()?;
    Some(Moment::from_micros(hello.now.utc.micros().saturating_sub(lasted)))
}

/// A tick of /proc is 10 ms on every machine that this runs on (USER_HZ is 100 in Linux's interface).
const MILLIS_A_TICK: u64 = 10;

/// The moment of a process's start in its /proc/PID/stat: field 22, in ticks since the boot.
fn ticks(stat: &str) -> Option<u64> {
    // The name, in parentheses, may itself hold spaces and parentheses.
    let (_, after_name) = stat.rsplit_once(')')?;
    after_name.split_whitespace().nth(19)?.parse().ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_process_with_an_odd_name_still_tells_its_start() {
        let stat = "7 (a) b ( c) S 1 7 7 0 -1 4194560 1 2 3 4 5 6 7 8 20 0 1 0 4711 1 2 3";
        assert_eq!(ticks(stat), Some(4711));
        assert_eq!(ticks("7 (cut"), None);
    }
}
