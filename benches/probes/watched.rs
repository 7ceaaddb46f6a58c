//! What a process takes, and how late requests came.

use std::collections::BTreeMap;
use std::time::Duration;

use super::EVERY;

/// What a process has taken so far.
pub struct Usage {
    ticks: u64,
    /// Bytes that are resident.
    pub resident: u64,
}

impl Usage {
    pub fn of(pid: u32) -> Usage {
        let stat = std::fs::read_to_string(format!("/proc/{pid}/stat")).unwrap();
        let fields: Vec<&str> = stat.rsplit_once(')').unwrap().1.split_whitespace().collect();
        let ticks = fields[11].parse::<u64>().unwrap() + fields[12].parse::<u64>().unwrap();
        let status = std::fs::read_to_string(format!("/proc/{pid}/status")).unwrap();
        let resident = status.lines().find_map(|line| line.strip_prefix("VmRSS:")).unwrap();
        let kib: u64 = resident.trim().trim_end_matches(" kB").parse().unwrap();
        Usage { ticks, resident: kib * 1_024 }
    }

    /// Per cent of a core since then.
    pub fn cpu_since(&self, before: &Usage, lasted: Duration) -> f64 {
        // The kernel counts in hundredths of a second wherever this runs.
        (self.ticks - before.ticks) as f64 / lasted.as_secs_f64()
    }
}

/// Keeps this process on a core.
pub fn stay_on(core: &str) {
    let pid = std::process::id().to_string();
    let mut command = std::process::Command::new("taskset");
    let done = command.args(["-c", "-p", core, &pid]).stdout(std::process::Stdio::null()).status().unwrap();
    assert!(done.success(), "taskset is needed");
}

/// Median, 99th percentile and most, in microseconds: each against the earliest moment of its interval at which that probe came.
pub fn lateness(came: &BTreeMap<usize, Vec<u64>>) -> [u64; 3] {
    let every = EVERY.as_micros() as u64;
    let of = |times: &Vec<u64>| {
        let first = times.iter().min().copied().unwrap_or(0);
        // Counted from half an interval before the first, so that what comes early does not look late by a whole one.
        let base = first + every / 2;
        let phase: Vec<u64> = times.iter().map(|at| (at + every - base % every) % every).collect();
        let earliest = phase.iter().min().copied().unwrap_or(0);
        phase.into_iter().map(|at| at - earliest).collect::<Vec<_>>()
    };
    shares(came.values().flat_map(of).collect())
}

/// Median, 99th percentile and most.
pub fn shares(mut all: Vec<u64>) -> [u64; 3] {
    all.sort_unstable();
    let at = |share: f64| all.get((all.len().saturating_sub(1) as f64 * share) as usize).copied().unwrap_or(0);
    [at(0.5), at(0.99), at(1.0)]
}
