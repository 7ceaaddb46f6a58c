//! The console on a real terminal, with a real engine: it asks the terminal nothing, and puts it back however it ends.

#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic)]

use std::io::{Read, Write};
use std::num::NonZero;
use std::path::Path;
use std::process::{Child as Process, Command, Stdio};
use std::sync::mpsc::{Receiver, channel};
use std::time::{Duration, Instant};

use portable_pty::{Child, CommandBuilder, MasterPty, PtySize, native_pty_system};
use rustix::process::{Pid, Signal, kill_process};
use tempfile::TempDir;

/// How long anything may take on a busy machine.
const PATIENCE: Duration = Duration::from_secs(30);

const PROGRAM: &str = env!("CARGO_BIN_EXE_warroom");

/// An engine of its own, for one test.
struct Engine {
    process: Process,
    state: TempDir,
}

impl Engine {
    fn start() -> Engine {
        let state = tempfile::tempdir().unwrap();
        let process = Command::new(PROGRAM)
            .args(["engine", "run", "--state"])
            .arg(state.path())
            .stdin(Stdio::null())
            .stdout(Stdio::null())
            .stderr(Stdio::null())
            .spawn()
            .unwrap();
        let socket = state.path().join("engine.sock");
        until("the engine's socket", || socket.exists());
        Engine { process, state }
    }

    fn state(&self) -> &Path {
        self.state.path()
    }
}

impl Drop for Engine {
    fn drop(&mut self) {
        // It may have ended already.
        let _ = self.process.kill();
        let _ = self.process.wait();
    }
}

/// A console on a terminal.
struct Console {
    child: Box<dyn Child + Send + Sync>,
    master: Box<dyn MasterPty + Send>,
    writer: Box<dyn Write + Send>,
    output: Receiver<Vec<u8>>,
    bytes: Vec<u8>,
    screen: vt100::Parser,
}

/// Starts the program on a terminal of 80x24.
fn spawn(state: &Path) -> (Box<dyn Child + Send + Sync>, Box<dyn MasterPty + Send>) {
    let size = PtySize { rows: 24, cols: 80, pixel_width: 0, pixel_height: 0 };
    let pair = native_pty_system().openpty(size).unwrap();
    let mut command = CommandBuilder::new(PROGRAM);
    command.args(["--state", state.to_str().unwrap()]);
    for (name, value) in [("TERM", "xterm-256color"), ("LANG", "C.UTF-8"), ("LC_ALL", "C.UTF-8")] {
        command.env(name, value);
    }
    (pair.slave.spawn_command(command).unwrap(), pair.master)
}

fn screen() -> vt100::Parser {
    let size = |n| NonZero::new(n).unwrap();
    vt100::Parser::new(size(24), size(80), 0)
}

impl Console {
    fn start(state: &Path) -> Console {
        let (child, master) = spawn(state);
        let mut reader = master.try_clone_reader().unwrap();
        let (tell, output) = channel();
        std::thread::spawn(move || {
            let mut buffer = [0; 65_536];
            while let Ok(n @ 1..) = reader.read(&mut buffer) {
                if tell.send(buffer[..n].to_vec()).is_err() {
                    break;
                }
            }
        });
        let writer = master.take_writer().unwrap();
        Console { child, master, writer, output, bytes: Vec::new(), screen: screen() }
    }

    /// A console that has its engine.
    fn connected(engine: &Engine) -> Console {
        let mut console = Console::start(engine.state());
        console.wait_for("link ok");
        console
    }

    fn read(&mut self, wait: Duration) {
        if let Ok(bytes) = self.output.recv_timeout(wait) {
            self.screen.process(&bytes);
            self.bytes.extend(bytes);
        }
    }

    fn wait_for(&mut self, words: &str) {
        let start = Instant::now();
        while !self.screen.screen().contents().contains(words) {
            assert!(start.elapsed() < PATIENCE, "no {words:?} on\n{}", self.screen.screen().contents());
            self.read(Duration::from_millis(50));
        }
    }

    fn press(&mut self, bytes: &[u8]) {
        self.writer.write_all(bytes).unwrap();
        self.writer.flush().unwrap();
    }

    fn signal(&self, signal: Signal) {
        let pid = Pid::from_raw(i32::try_from(self.child.process_id().unwrap()).unwrap()).unwrap();
        kill_process(pid, signal).unwrap();
    }

    /// Waits for its end; answers with its exit status.
    fn ended(&mut self) -> u32 {
        let start = Instant::now();
        loop {
            if let Some(status) = self.child.try_wait().unwrap() {
                while let Ok(bytes) = self.output.recv_timeout(Duration::from_millis(50)) {
                    self.screen.process(&bytes);
                    self.bytes.extend(bytes);
                }
                return status.exit_code();
            }
            assert!(start.elapsed() < PATIENCE, "it does not end");
            self.read(Duration::from_millis(20));
        }
    }

    /// Whether the kernel hands lines over and echoes them, as a shell needs it.
    fn is_sane(&self) -> bool {
        let modes = self.master.get_termios().unwrap().local_flags;
        let modes = format!("{modes:?}");
        modes.contains("ICANON") && modes.contains("ECHO")
    }

    fn is_put_back(&self) -> bool {
        let screen = self.screen.screen();
        self.is_sane() && !screen.alternate_screen() && !screen.hide_cursor() && !screen.bracketed_paste()
    }

    /// The letter that the kernel gives its state: `T` when it is stopped.
    fn state(&self) -> char {
        let path = format!("/proc/{}/stat", self.child.process_id().unwrap());
        let stat = std::fs::read_to_string(path).unwrap();
        stat.rsplit(") ").next().unwrap().chars().next().unwrap()
    }
}

impl Drop for Console {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

fn until(what: &str, mut holds: impl FnMut() -> bool) {
    let start = Instant::now();
    while !holds() {
        assert!(start.elapsed() < PATIENCE, "{what}: not within {PATIENCE:?}");
        std::thread::yield_now();
    }
}

#[test]
fn the_terminal_is_asked_nothing_and_put_back_when_its_person_leaves() {
    let engine = Engine::start();
    let mut console = Console::connected(&engine);
    assert!(!console.is_sane() && console.screen.screen().alternate_screen());
    console.press(b"q");
    assert_eq!(console.ended(), 0);
    assert!(console.is_put_back());
    let said = String::from_utf8_lossy(&console.bytes).into_owned();
    for question in ["\x1b[6n", "\x1b[5n", "\x1b[c", "\x1b[>c", "\x1b[?u", "$p", "\x1b]10;?", "\x1b]11;?", "\x1b[18t"] {
        assert!(!said.contains(question), "{question:?} was asked");
    }
}

#[test]
fn the_terminal_is_put_back_after_every_signal_that_ends() {
    let engine = Engine::start();
    for signal in [Signal::TERM, Signal::HUP, Signal::INT] {
        let mut console = Console::connected(&engine);
        console.signal(signal);
        assert_ne!(console.ended(), 0, "{signal:?}");
        assert!(console.is_put_back(), "{signal:?}");
    }
}

#[test]
fn a_console_whose_terminal_is_gone_ends() {
    let engine = Engine::start();
    // No thread reads here: it would keep the terminal alive.
    let (mut child, master) = spawn(engine.state());
    let mut reader = master.try_clone_reader().unwrap();
    let (mut screen, mut buffer) = (screen(), [0; 65_536]);
    while !screen.screen().contents().contains("link ok") {
        let n = reader.read(&mut buffer).unwrap();
        screen.process(&buffer[..n]);
    }
    drop((reader, master));
    until("it ends without its terminal", || child.try_wait().unwrap().is_some());
}

#[test]
fn a_stopped_console_leaves_the_terminal_to_others_and_comes_back() {
    let engine = Engine::start();
    let mut console = Console::connected(&engine);
    console.press(b"gh");
    console.wait_for("Health");
    console.press(&[0x1a]);
    until("it stops", || console.state() == 'T');
    until("the terminal is put back", || {
        console.read(Duration::from_millis(10));
        console.is_put_back()
    });
    console.signal(Signal::CONT);
    until("it takes the terminal again", || {
        console.read(Duration::from_millis(10));
        console.screen.screen().alternate_screen()
    });
    console.wait_for("Health");
    assert!(!console.is_sane());
}

#[test]
fn an_arrow_that_comes_in_pieces_is_an_arrow() {
    let engine = Engine::start();
    let mut console = Console::connected(&engine);
    console.press(b"?");
    console.wait_for("KEYS");
    console.wait_for("Declare an incident");
    // Had the Esc counted, the help would have closed; had the letter, nothing would have moved.
    for piece in [&b"\x1b"[..], b"[", b"6~", b"\x1b[", b"B"] {
        console.press(piece);
    }
    console.wait_for("Go back one");
    assert!(console.screen.screen().contents().contains("KEYS"));
}

#[test]
fn a_resize_storm_ends_on_a_whole_page() {
    let engine = Engine::start();
    let mut console = Console::connected(&engine);
    let sizes = [(1, 1), (200, 60), (59, 14), (0, 0), (132, 38), (3, 50), (80, 24)];
    for (cols, rows) in sizes.into_iter().cycle().take(70) {
        let size = PtySize { rows, cols, pixel_width: 0, pixel_height: 0 };
        console.master.resize(size).unwrap();
    }
    console.screen = screen();
    console.press(b"\x0c");
    console.wait_for("link ok");
    console.wait_for("NO PLAN");
    assert_eq!(console.child.try_wait().unwrap().map(|s| s.exit_code()), None);
}
