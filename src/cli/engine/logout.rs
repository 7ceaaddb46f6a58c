//! Whether a log-out ends a process: it depends on where its service manager keeps it.

use std::path::Path;

/// What a log-out does to an engine.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum LogOut {
    /// Nothing.
    Survives,
    /// The user's service manager ends with the last session, and the engine with it.
    Ends,
    /// The engine lies in the log-in's own session: it ends only where logind is told to kill what is left of one.
    AsLogindSays,
}

impl LogOut {
    pub(super) fn sentence(self) -> &'static str {
        match self {
            LogOut::Survives => "does not end it",
            LogOut::Ends => "ends it; `loginctl enable-linger` keeps it",
            LogOut::AsLogindSays => "ends it only where logind has KillUserProcesses=yes",
        }
    }

    /// For programs.
    pub(super) fn word(self) -> &'static str {
        match self {
            LogOut::Survives => "survives",
            LogOut::Ends => "ends",
            LogOut::AsLogindSays => "as_logind_says",
        }
    }
}

/// What a log-out does to that process; unknown when it cannot be seen.
pub(super) fn of(pid: u32) -> Option<LogOut> {
    let groups = std::fs::read_to_string(format!("/proc/{pid}/cgroup")).ok()?;
    let name = std::env::var("USER").or_else(|_| std::env::var("LOGNAME")).unwrap_or_default();
    let lingers = !name.is_empty() && Path::new("/var/lib/systemd/linger").join(&name).exists();
    Some(by_group(&groups, if lingers { Linger::On } else { Linger::Off }))
}

/// Whether the user's service manager outlives the last session.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Linger {
    On,
    Off,
}

fn by_group(groups: &str, linger: Linger) -> LogOut {
    let parts = || groups.split(['/', '\n']);
    let in_manager = parts().any(|part| part.starts_with("user@") && part.ends_with(".service"));
    let in_session = parts().any(|part| part.starts_with("session-") && part.ends_with(".scope"));
    match (in_manager, in_session, linger) {
        (true, _, Linger::Off) => LogOut::Ends,
        (false, true, _) => LogOut::AsLogindSays,
        _ => LogOut::Survives,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn where_a_process_is_kept_says_what_a_log_out_does() {
        let scope = "0::/user.slice/user-1000.slice/user@1000.service/app.slice/run-r1.scope\n";
        let session = "0::/user.slice/user-1000.slice/session-3.scope\n";
        let system = "0::/system.slice/warroom.service\n";
        for (groups, linger, expected) in [
            (scope, Linger::Off, LogOut::Ends),
            (scope, Linger::On, LogOut::Survives),
            (session, Linger::On, LogOut::AsLogindSays),
            (system, Linger::Off, LogOut::Survives),
            ("0::/\n", Linger::Off, LogOut::Survives),
        ] {
            assert_eq!(by_group(groups, linger), expected, "{groups}");
        }
    }
}
