//! Looking at processes.

use std::path::Path;

use crate::harness::eventually;

/// Whether a process lives; a zombie does not.
pub fn lives(pid: u32) -> bool {
    std::fs::read_to_string(format!("/proc/{pid}/stat")).is_ok_and(|stat| !stat.contains(") Z "))
}

/// Waits until the process whose id a file holds is gone.
pub async fn gone(pid_file: &Path) {
    let pid = std::fs::read_to_string(pid_file).unwrap().trim().parse().unwrap();
    eventually(&format!("process {pid} is gone"), || async { (!lives(pid)).then_some(()) }).await;
}

/// How many processes have this text in their command line.
pub fn with_argument(text: &str) -> usize {
    let lines = std::fs::read_dir("/proc").unwrap().filter_map(|entry| {
        let path = entry.ok()?.path();
        path.file_name()?.to_str()?.parse::<u32>().ok()?;
        std::fs::read(path.join("cmdline")).ok()
    });
    lines.filter(|line| String::from_utf8_lossy(line).contains(text)).count()
}

/// How much memory a process has in use, in bytes; 0 when it is gone.
pub fn resident(pid: u32) -> u64 {
    let status = std::fs::read_to_string(format!("/proc/{pid}/status")).unwrap_or_default();
    let line = status.lines().find_map(|line| line.strip_prefix("VmRSS:"));
    let kib = line.and_then(|line| line.trim().strip_suffix(" kB")?.parse::<u64>().ok());
    kib.unwrap_or(0) * 1024
}
