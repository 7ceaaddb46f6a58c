//! Programs that write fast, and what no terminal should see, into readers that are slow.

use std::io::{Read, Write};
use std::os::unix::fs::MetadataExt;
use std::os::unix::net::UnixStream;
use std::path::Path;
use std::process::Stdio;

use portable_pty::{CommandBuilder, PtySize, native_pty_system};
use warroom::core::run::StepState;

use crate::harness::{Engine, PATIENCE, plan, warroom};
use crate::processes::resident;
use crate::service::Service;

const MIB: u64 = 1024 * 1024;

/// How many pieces of one MiB are written.
const PIECES: u64 = 300;

/// Far more than the engine, a client or a file takes for this, and far less than what is written.
const MOST: u64 = 64 * MIB;

/// One MiB of everything: all bytes, sequences that drive a terminal, marks that turn text around, and one long line.
fn rude() -> Vec<u8> {
    let mut piece: Vec<u8> = (0..=255_u8).collect();
    piece.extend_from_slice(b"\n\x1b]52;c;aGk=\x07\x1b[2J\x1b[31m\x1b]0;title\x1b\\\x9b1A\xc2\x9b5m\x0e\x0f\x08\x7f\r");
    piece.extend_from_slice("\u{202e}\u{2066}\u{200b}\u{feff}e\u{301}\n".as_bytes());
    let mut all = piece.repeat(600);
    all.resize(usize::try_from(MIB).unwrap(), b'x');
    all
}

/// A procedure of one step that writes this file so often, and an end.
async fn write_it(engine: &Engine, pieces: u64) -> warroom::core::ids::RunId {
    let shop = Service::start().await;
    let dir = engine.dir.display();
    std::fs::write(engine.dir.join("rude"), rude()).unwrap();
    let script = format!(
        "i=0; while [ $i -lt {pieces} ]; do cat {dir}/rude; i=$((i+1)); done; echo; echo the end; while ! test -e {dir}/end; do sleep 0.05; done"
    );
    let steps = format!("      - {{id: flood, name: Flood, command: [sh, -c, \"{script}\"]}}\n");
    engine.launch(&plan(&shop.url(), &steps), "mend").await.1
}

fn on_disk(path: &Path) -> u64 {
    std::fs::metadata(path).map_or(0, |about| about.blocks() * 512)
}

#[tokio::test(flavor = "multi_thread")]
async fn a_flood_leaves_memory_flat_and_its_file_bounded_whoever_reads_slowly() {
    let engine = Engine::start().await;
    let before = resident(engine.pid());
    let run = write_it(&engine, PIECES).await;
    // Two readers that take nothing while it comes.
    let mut socket = UnixStream::connect(engine.dir.join("engine.sock")).unwrap();
    socket.set_read_timeout(Some(PATIENCE)).unwrap();
    let path = format!("/v1/runs/{run}/steps/flood/1/output?follow=1");
    write!(socket, "GET {path} HTTP/1.1\r\nHost: engine\r\nConnection: close\r\n\r\n").unwrap();
    let mut follow = warroom()
        .args(["--state", engine.dir.to_str().unwrap(), "run", "log", &run.to_string(), "flood", "--follow"])
        .stdout(Stdio::piped())
        .spawn()
        .unwrap();

    let output = engine.dir.join("runs/R1/flood.1/output");
    let (mut largest, mut widest) = (0, 0);
    loop {
        largest = largest.max(resident(engine.pid())).max(resident(follow.id()));
        widest = widest.max(on_disk(&output));
        // The CLI, and the engine for the socket, wait until somebody reads.
        let all = engine.client.output(run, &"flood".parse().unwrap(), 1, u64::MAX).await.unwrap();
        if all.total >= PIECES * MIB + 8 {
            break;
        }
    }
    std::fs::write(engine.dir.join("end"), "").unwrap();
    engine.step(run, "flood", StepState::is_settled).await;
    largest = largest.max(resident(engine.pid())).max(resident(follow.id()));
    assert!(largest < before + MOST, "{largest} bytes of memory, {before} before");
    assert!(widest < MOST, "{widest} bytes of disk");
    let kept = on_disk(&output);
    assert!(kept <= 21 * MIB, "{kept} bytes of disk at the end");

    let (mut answer, mut said) = (Vec::new(), Vec::new());
    socket.read_to_end(&mut answer).unwrap();
    follow.stdout.take().unwrap().read_to_end(&mut said).unwrap();
    assert!(follow.wait().unwrap().success());
    for whole in [answer, said] {
        let end = String::from_utf8_lossy(&whole[whole.len().saturating_sub(40)..]).into_owned();
        assert!(end.contains("the end\n"), "{end:?}");
        assert!((whole.len() as u64) < 2 * MOST, "{} bytes were read", whole.len());
    }
    assert!(resident(engine.pid()) < before + MOST);
}

#[tokio::test(flavor = "multi_thread")]
async fn nothing_that_a_program_writes_drives_the_terminal_of_who_follows_it() {
    let engine = Engine::start().await;
    let run = write_it(&engine, 1).await;
    let pair = native_pty_system().openpty(PtySize { rows: 24, cols: 80, pixel_width: 0, pixel_height: 0 }).unwrap();
    let mut command = CommandBuilder::new(env!("CARGO_BIN_EXE_warroom"));
    command.args(["--state", engine.dir.to_str().unwrap(), "run", "log", &run.to_string(), "flood", "--follow"]);
    let mut child = pair.slave.spawn_command(command).unwrap();
    drop(pair.slave);
    let mut master = pair.master.try_clone_reader().unwrap();
    let reader = std::thread::spawn(move || {
        let (mut all, mut piece) = (Vec::new(), [0; 4096]);
        // The terminal's end is an error here.
        while let Ok(count @ 1..) = master.read(&mut piece) {
            all.extend_from_slice(&piece[..count]);
        }
        all
    });
    std::fs::write(engine.dir.join("end"), "").unwrap();
    assert!(child.wait().unwrap().success());
    let shown = String::from_utf8(reader.join().unwrap()).unwrap();
    assert!(shown.contains("the end\r\n") && shown.contains("^[[2J"), "what was written can be read");
    let drives = |c: char| {
        (c.is_control() && !matches!(c, '\r' | '\n'))
            || matches!(c, '\u{202a}'..='\u{202e}' | '\u{2066}'..='\u{2069}' | '\u{200b}' | '\u{feff}')
    };
    let driving: Vec<char> = shown.chars().filter(|c| drives(*c)).take(8).collect();
    assert!(driving.is_empty(), "{driving:?}");
}
