//! A pseudo-terminal with a program on it, typed to and looked at.

use std::fs::{File, OpenOptions};
use std::io::{Read, Write};
use std::os::unix::fs::OpenOptionsExt;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Condvar, Mutex, MutexGuard, PoisonError};
use std::thread::JoinHandle;
use std::time::{Duration, Instant};

use portable_pty::{Child, CommandBuilder, MasterPty, PtySize, native_pty_system};
use rustix::fs::OFlags;
use rustix::process::{Pid, Signal, kill_process};
use rustix::termios::{LocalModes, tcgetattr};

use super::screen::{Modes, Taken};

/// Longer than anything here takes on a busy machine; nothing waits for it to pass.
pub const PATIENCE: Duration = Duration::from_secs(60);

pub const ENTER: &str = "\r";
pub const ESC: &str = "\x1b";
pub const DOWN: &str = "\x1b[B";
pub const CTRL_S: &str = "\x13";
pub const CTRL_Z: &str = "\x1a";

/// Columns and rows.
pub type Size = (u16, u16);

/// The terminal. What still runs on it is killed when this is dropped.
pub struct Terminal {
    master: Box<dyn MasterPty + Send>,
    writer: Box<dyn Write + Send>,
    /// The program's side of it: its settings can be read when the program is gone.
    line: File,
    child: Program,
    taken: Arc<Shared>,
    reader: JoinHandle<()>,
}

struct Shared {
    taken: Mutex<Taken>,
    more: Condvar,
    close: AtomicBool,
}

/// The program on a terminal.
pub struct Program {
    child: Box<dyn Child + Send + Sync>,
}

impl Terminal {
    /// Starts a program on a new terminal.
    pub fn start((columns, rows): Size, command: CommandBuilder) -> Terminal {
        let size = PtySize { rows, cols: columns, pixel_width: 0, pixel_height: 0 };
        let pair = native_pty_system().openpty(size).unwrap();
        let flags = (OFlags::NOCTTY | OFlags::CLOEXEC).bits().cast_signed();
        let name = pair.master.tty_name().unwrap();
        let line = OpenOptions::new().read(true).write(true).custom_flags(flags).open(name).unwrap();
        let child = pair.slave.spawn_command(command).unwrap();
        let taken = Mutex::new(Taken::new(columns, rows));
        let taken = Arc::new(Shared { taken, more: Condvar::new(), close: AtomicBool::new(false) });
        let (from, into) = (pair.master.try_clone_reader().unwrap(), Arc::clone(&taken));
        let reader = std::thread::spawn(move || into.read_all(from));
        let writer = pair.master.take_writer().unwrap();
        Terminal { master: pair.master, writer, line, child: Program { child }, taken, reader }
    }

    /// The process on it.
    pub fn pid(&self) -> Pid {
        self.child.pid()
    }

    /// Types, all at once.
    pub fn press(&mut self, keys: &str) {
        self.writer.write_all(keys.as_bytes()).unwrap();
        self.writer.flush().unwrap();
    }

    /// Puts a text in as terminals do when somebody pastes.
    pub fn paste(&mut self, text: &str) {
        self.press(&format!("\x1b[200~{text}\x1b[201~"));
    }

    pub fn resize(&mut self, (columns, rows): Size) {
        // The screen first: what is written after the program heard of it is then for the new size.
        self.taken.lock().resize(columns, rows);
        let size = PtySize { rows, cols: columns, pixel_width: 0, pixel_height: 0 };
        self.master.resize(size).unwrap();
    }

    pub fn signal(&self, signal: Signal) {
        kill_process(self.pid(), signal).unwrap();
    }

    pub fn text(&self) -> String {
        self.taken.lock().text()
    }

    /// Every byte that was written so far.
    pub fn bytes(&self) -> Vec<u8> {
        self.taken.lock().bytes.clone()
    }

    /// Waits until something is to be seen, and hands it back.
    pub fn see<T>(&self, what: &str, mut look: impl FnMut(&str) -> Option<T>) -> T {
        self.wait(what, |taken| look(&taken.text()))
    }

    /// Waits until the screen shows a text; hands back the screen.
    pub fn shows(&self, text: &str) -> String {
        self.see(&format!("{text:?} on the screen"), |screen| screen.contains(text).then(|| screen.to_owned()))
    }

    /// Waits until the screen no longer shows a text; hands back the screen.
    pub fn shows_no(&self, text: &str) -> String {
        self.see(&format!("no {text:?} on the screen"), |screen| (!screen.contains(text)).then(|| screen.to_owned()))
    }

    /// Waits until the terminal was told to be so.
    pub fn is_set_as(&self, modes: Modes) {
        self.wait(&format!("{modes:?}"), |taken| (taken.modes() == modes).then_some(()));
    }

    /// Whether keys are echoed and gathered into lines, as a shell wants them.
    pub fn is_cooked(&self) -> bool {
        let cooked = LocalModes::ECHO | LocalModes::ICANON | LocalModes::ISIG;
        tcgetattr(&self.line).unwrap().local_modes.contains(cooked)
    }

    /// Waits until the program has ended, and checks that the terminal is as it was; hands back the exit status.
    pub fn ends(&mut self) -> u32 {
        let status = self.child.ends(|| self.taken.lock().text());
        self.is_set_as(Modes::SHELL);
        assert!(self.is_cooked(), "keys are not echoed any more");
        status
    }

    /// The terminal goes away, as when its window is closed; the program stays.
    pub fn vanish(self) -> Program {
        self.taken.close.store(true, Ordering::SeqCst);
        drop(self.line);
        // This types an end of file, which has the program write: then the reader lets go too.
        drop(self.writer);
        drop(self.master);
        self.reader.join().unwrap();
        self.child
    }

    fn wait<T>(&self, what: &str, mut look: impl FnMut(&Taken) -> Option<T>) -> T {
        let deadline = Instant::now() + PATIENCE;
        let mut taken = self.taken.lock();
        loop {
            if let Some(found) = look(&taken) {
                return found;
            }
            let left = deadline.saturating_duration_since(Instant::now());
            if left.is_zero() || taken.ended {
                let why = if taken.ended { "the program has ended" } else { "it never came" };
                panic!("waited for {what}: {why}. The screen:\n{}\n", taken.text());
            }
            // Its end is told on the same bell, but a missed one must not cost the whole patience.
            let (next, _) = self.taken.more.wait_timeout(taken, left.min(Duration::from_secs(1))).unwrap();
            taken = next;
        }
    }
}

impl Shared {
    fn lock(&self) -> MutexGuard<'_, Taken> {
        self.taken.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn read_all(&self, mut from: Box<dyn Read + Send>) {
        let mut buffer = vec![0; 64 * 1024];
        while let Ok(length @ 1..) = from.read(&mut buffer) {
            self.lock().take(&buffer[..length]);
            self.more.notify_all();
            if self.close.load(Ordering::SeqCst) {
                return;
            }
        }
        self.lock().ended = true;
        self.more.notify_all();
    }
}

impl Program {
    pub fn pid(&self) -> Pid {
        Pid::from_raw(self.child.process_id().unwrap().cast_signed()).unwrap()
    }

    /// Waits until it has ended; hands back its exit status.
    pub fn ends(&mut self, screen: impl Fn() -> String) -> u32 {
        let deadline = Instant::now() + PATIENCE;
        loop {
            if let Some(status) = self.child.try_wait().unwrap() {
                return status.exit_code();
            }
            assert!(Instant::now() < deadline, "the program did not end. The screen:\n{}\n", screen());
            std::thread::sleep(Duration::from_millis(10));
        }
    }
}

impl Drop for Program {
    fn drop(&mut self) {
        if let Ok(None) = self.child.try_wait() {
            let _ = self.child.kill();
            let _ = self.child.wait();
        }
    }
}
