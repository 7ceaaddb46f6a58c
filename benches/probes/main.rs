//! 10,000 http probes every 10 seconds from one engine on one core, in 100 plans: how late looks begin, what the engine takes, and
//! what becomes of the others while 3,000 hang until their time-out. Beside it, on the same core and the same targets: the
//! Prometheus blackbox exporter, where it is installed, and a bare loop over hyper.
//!
//! `cargo bench --bench probes` takes six minutes; a number after `--` is how many seconds each part is watched. It needs
//! two cores and `taskset`.
//!
//! The targets are a process of their own on another core. It notes when each request came; a probe's lateness there is against
//! the earliest moment of its interval at which it ever came, which can be said of all three. The engine's own lateness is
//! what it writes into its log: between the moment that a look was due and its beginning. The exporter looks when it is asked
//! to and keeps no schedule: it is asked on the schedule by the bench.

#![allow(clippy::unwrap_used, clippy::print_stdout, clippy::print_stderr, unreachable_pub)]

mod subjects;
mod targets;
mod watched;

use std::time::Duration;

use subjects::{Exporter, Loop, Subject};
use targets::{Manners, Targets};
use watched::{Usage, lateness};

/// Plans, and probes in each.
pub const PLANS: usize = 100;
/// Probes of a plan.
pub const PROBES: usize = 100;
/// How often each looks.
pub const EVERY: Duration = Duration::from_secs(10);
/// How long a look may take.
pub const TIMEOUT: Duration = Duration::from_secs(5);
/// How many of a plan's hang, when some do.
pub const HANGING: usize = 30;
/// The core of what is measured, and that of all the rest.
pub const CORES: [&str; 2] = ["0", "1"];

/// After this every probe has looked at least once.
const WARM_UP: Duration = Duration::from_secs(20);

/// Starts one of those that look.
type Start = Box<dyn Fn(&str) -> Box<dyn Subject>>;

fn main() {
    let args: Vec<String> = std::env::args().skip(1).collect();
    match args.first().map(String::as_str) {
        Some("targets") => return targets::serve(),
        Some("loop") => return subjects::bare_loop(&args[1]),
        _ => {}
    }
    watched::stay_on(CORES[1]);
    let watched = args.iter().find_map(|arg| arg.parse().ok()).map_or(Duration::from_secs(60), Duration::from_secs);
    let targets = Targets::start();
    println!(
        "{} http probes every {} s in {PLANS} plans, time-out {} s, on one core; each part watched for {} s",
        PLANS * PROBES,
        EVERY.as_secs(),
        TIMEOUT.as_secs(),
        watched.as_secs()
    );
    println!("{:<24} {:>9} {:>27} {:>21} {:>7} {:>7}", "", "", "late at target, ms", "late by itself, ms", "", "");
    println!(
        "{:<24} {:>9} {:>8} {:>9} {:>8} {:>6} {:>7} {:>6} {:>7} {:>7}",
        "", "looks/s", "p50", "p99", "max", "p50", "p99", "max", "%cpu", "RSS MiB"
    );
    let engine: Start = Box::new(|to| Box::new(subjects::Engine::start(to)));
    let exporter: Start = Box::new(|to| Box::new(Exporter::start(to)));
    let bare: Start = Box::new(|to| Box::new(Loop::start(to)));
    for (name, start) in [("warroom", engine), ("blackbox exporter", exporter), ("bare hyper loop", bare)] {
        if name == "blackbox exporter" && !Exporter::is_there() {
            println!("SKIPPED {name}: it is not installed");
            continue;
        }
        targets.turn(Manners::Answer);
        let subject = start(&targets.address());
        std::thread::sleep(WARM_UP);
        row(name, &targets, subject.as_ref(), watched);
        targets.turn(Manners::SomeHang);
        std::thread::sleep(WARM_UP);
        row(&format!("  {} hang", PLANS * HANGING), &targets, subject.as_ref(), watched);
    }
}

fn row(name: &str, targets: &Targets, subject: &dyn Subject, watched: Duration) {
    targets.forget();
    subject.forget();
    let before = Usage::of(subject.pid());
    std::thread::sleep(watched);
    let after = Usage::of(subject.pid());
    let came = targets.came();
    let looks = came.values().map(Vec::len).sum::<usize>() as f64 / watched.as_secs_f64();
    let [p50, p99, max] = lateness(&came).map(|micros| micros as f64 / 1_000.0);
    let own = subject.own_lateness().map_or_else(
        || format!("{:>6} {:>7} {:>6}", "", "", ""),
        |own| {
            let [p50, p99, max] = watched::shares(own).map(|micros| micros as f64 / 1_000.0);
            format!("{p50:>6.1} {p99:>7.1} {max:>6.0}")
        },
    );
    println!(
        "{name:<24} {looks:>9.0} {p50:>8.1} {p99:>9.1} {max:>8.1} {own} {:>7.1} {:>7.1}",
        after.cpu_since(&before, watched),
        after.resident as f64 / 1_048_576.0
    );
}
