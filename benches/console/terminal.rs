//! Programs on a pseudo-terminal, measured from outside.

use std::fs;
use std::io::{Read, Write};
use std::sync::mpsc::{Receiver, RecvTimeoutError, channel};
use std::thread;
use std::time::{Duration, Instant};

use portable_pty::{Child, CommandBuilder, MasterPty, PtySize, native_pty_system};

/// Silence after which a burst of output is over.
const QUIET: Duration = Duration::from_millis(150);

/// Cells that are not blank on a painted screen, at least.
const PAINTED_CELLS: usize = 150;

/// What only the help shows.
const HELP: &str = "Capital letters open a box";

/// Time for a program to settle before it is watched.
const SETTLE: Duration = Duration::from_secs(3);

/// A program and its arguments.
pub struct Program {
    name: &'static str,
    argv: Vec<String>,
}

/// One start.
pub struct Started {
    /// From exec to the last byte of the first burst that leaves a painted screen.
    pub full_paint: Duration,
    /// Bytes until then.
    pub bytes: usize,
    /// Questions put to the terminal in them.
    pub queries: usize,
}

/// A program at rest.
pub struct Idle {
    /// Bytes resident.
    pub resident: u64,
    /// Of one core.
    pub cpu_percent: f64,
    /// Voluntary context switches.
    pub wakeups_a_second: f64,
    /// Written to the terminal.
    pub bytes_a_second: f64,
}

/// Output as it came.
type Chunk = (Instant, Vec<u8>);

struct Running {
    began: Instant,
    child: Box<dyn Child + Send + Sync>,
    _master: Box<dyn MasterPty + Send>,
    writer: Box<dyn Write + Send>,
    output: Receiver<Chunk>,
}

/// Whether a command of that name can be run.
pub fn on_path(name: &str) -> bool {
    std::env::var("PATH").unwrap_or_default().split(':').any(|dir| fs::metadata(format!("{dir}/{name}")).is_ok())
}

impl Program {
    pub fn new(name: &'static str, argv: &[&str]) -> Program {
        Program { name, argv: argv.iter().map(|a| (*a).to_owned()).collect() }
    }

    pub fn name(&self) -> &'static str {
        self.name
    }

    pub fn start_and_stop(&self) -> Started {
        let mut running = self.start();
        let started = running.painted();
        running.end();
        started
    }

    pub fn idle(&self, span: Duration) -> Idle {
        let mut running = self.start();
        running.painted();
        running.collect_for(SETTLE);
        let pid = running.child.process_id().unwrap();
        let (cpu, switches) = (cpu_nanos(pid), voluntary_switches(pid));
        let bytes: usize = running.collect_for(span).iter().map(|(_, chunk)| chunk.len()).sum();
        let seconds = span.as_secs_f64();
        let idle = Idle {
            resident: resident(pid),
            cpu_percent: (cpu_nanos(pid) - cpu) as f64 / 1e7 / seconds,
            wakeups_a_second: (voluntary_switches(pid) - switches) as f64 / seconds,
            bytes_a_second: bytes as f64 / seconds,
        };
        running.end();
        idle
    }

    /// From `?` written to the chunk of output that shows the help, again and again, while what `meanwhile` starts goes on.
    pub fn help_times<T>(&self, times: usize, meanwhile: impl FnOnce() -> T) -> (Vec<Duration>, T) {
        let mut running = self.start();
        let mut screen = vt100::Parser::new(24.try_into().unwrap(), 80.try_into().unwrap(), 0);
        running.feed_until(&mut screen, |screen| cells(screen) >= PAINTED_CELLS);
        let going_on = meanwhile();
        let times = (0..times).map(|_| {
            let pressed = running.press(b"?");
            let shown = running.feed_until(&mut screen, |screen| screen.screen().contents().contains(HELP));
            running.press(b"\x1b");
            running.feed_until(&mut screen, |screen| !screen.screen().contents().contains(HELP));
            shown.duration_since(pressed)
        });
        let times = times.collect();
        running.end();
        (times, going_on)
    }

    fn start(&self) -> Running {
        let size = PtySize { rows: 24, cols: 80, pixel_width: 0, pixel_height: 0 };
        let pair = native_pty_system().openpty(size).unwrap();
        let mut command = CommandBuilder::new(&self.argv[0]);
        command.args(&self.argv[1..]);
        command.env("TERM", "xterm-256color");
        command.env("COLORTERM", "truecolor");
        command.env("LANG", "C.UTF-8");
        let mut reader = pair.master.try_clone_reader().unwrap();
        let writer = pair.master.take_writer().unwrap();
        let (tell, output) = channel();
        thread::spawn(move || {
            let mut buffer = [0; 65_536];
            while let Ok(n @ 1..) = reader.read(&mut buffer) {
                if tell.send((Instant::now(), buffer[..n].to_vec())).is_err() {
                    break;
                }
            }
        });
        let began = Instant::now();
        let child = pair.slave.spawn_command(command).unwrap();
        Running { began, child, _master: pair.master, writer, output }
    }
}

impl Running {
    /// Reads until a painted screen was followed by silence.
    fn painted(&mut self) -> Started {
        let mut screen = vt100::Parser::new(24.try_into().unwrap(), 80.try_into().unwrap(), 0);
        let (mut bytes, mut last, mut queries) = (0, self.began, 0);
        let deadline = self.began + Duration::from_secs(10);
        loop {
            match self.output.recv_timeout(QUIET) {
                Ok((at, chunk)) => {
                    (bytes, last) = (bytes + chunk.len(), at);
                    queries += count_queries(&chunk);
                    screen.process(&chunk);
                }
                Err(RecvTimeoutError::Timeout) if cells(&screen) >= PAINTED_CELLS || Instant::now() > deadline => break,
                Err(RecvTimeoutError::Timeout) => {}
                Err(RecvTimeoutError::Disconnected) => break,
            }
        }
        Started { full_paint: last.duration_since(self.began), bytes, queries }
    }

    fn press(&mut self, key: &[u8]) -> Instant {
        let pressed = Instant::now();
        self.writer.write_all(key).unwrap();
        self.writer.flush().unwrap();
        pressed
    }

    /// Reads until the screen is as wanted; answers with when the chunk that made it so came.
    fn feed_until(&mut self, screen: &mut vt100::Parser, wanted: impl Fn(&vt100::Parser) -> bool) -> Instant {
        loop {
            let (at, chunk) = self.output.recv_timeout(Duration::from_secs(10)).unwrap();
            screen.process(&chunk);
            if wanted(screen) {
                return at;
            }
        }
    }

    fn collect_for(&mut self, span: Duration) -> Vec<Chunk> {
        let end = Instant::now() + span;
        let mut chunks = Vec::new();
        while let Some(left) = end.checked_duration_since(Instant::now()) {
            match self.output.recv_timeout(left) {
                Ok(chunk) => chunks.push(chunk),
                Err(_) => break,
            }
        }
        chunks
    }

    fn end(mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

fn cells(screen: &vt100::Parser) -> usize {
    screen.screen().contents().chars().filter(|c| !c.is_whitespace()).count()
}

/// Device attributes, cursor position, colours, keyboard protocol, modes and version: whatever a terminal would answer.
fn count_queries(chunk: &[u8]) -> usize {
    let asks: [&[u8]; 8] =
        [b"\x1b[c", b"\x1b[0c", b"\x1b[>c", b"\x1b[>0c", b"\x1b[6n", b"\x1b[5n", b"\x1b[?u", b"\x1b[>q"];
    let plain: usize = asks.iter().map(|ask| chunk.windows(ask.len()).filter(|w| w == ask).count()).sum();
    let colours = [&b"\x1b]10;?"[..], &b"\x1b]11;?"[..]];
    plain + colours.iter().map(|ask| chunk.windows(ask.len()).filter(|w| w == ask).count()).sum::<usize>()
}

/// Bytes resident of a process.
pub fn resident(pid: u32) -> u64 {
    let statm = fs::read_to_string(format!("/proc/{pid}/statm")).unwrap_or_default();
    let pages: u64 = statm.split(' ').nth(1).and_then(|p| p.parse().ok()).unwrap_or(0);
    pages * rustix::param::page_size() as u64
}

/// Time on a processor of all threads of a process.
fn cpu_nanos(pid: u32) -> u64 {
    per_thread(pid, "schedstat", |text| text.split(' ').next()?.parse().ok())
}

fn voluntary_switches(pid: u32) -> u64 {
    per_thread(pid, "status", |text| {
        text.lines().find_map(|l| l.strip_prefix("voluntary_ctxt_switches:"))?.trim().parse().ok()
    })
}

fn per_thread(pid: u32, file: &str, read: impl Fn(&str) -> Option<u64>) -> u64 {
    let tasks = fs::read_dir(format!("/proc/{pid}/task")).into_iter().flatten().flatten();
    tasks.filter_map(|task| read(&fs::read_to_string(task.path().join(file)).ok()?)).sum()
}
