//! What is looked at: a server in a process of its own that notes when each request came.

use std::collections::{BTreeMap, HashMap};
use std::io::{BufRead, BufReader, Read, Write};
use std::net::{SocketAddr, TcpStream};
use std::process::{Child, Command, Stdio};
use std::sync::{Arc, Mutex};
use std::time::Instant;

use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpListener;

use super::{CORES, HANGING, PROBES};

/// What the targets do.
#[derive(Clone, Copy, PartialEq)]
pub enum Manners {
    /// All answer at once.
    Answer,
    /// Some of each plan take the request and never answer.
    SomeHang,
}

/// The server's process; it ends with this.
pub struct Targets {
    child: Child,
    address: SocketAddr,
}

impl Targets {
    pub fn start() -> Targets {
        let mut command = Command::new("taskset");
        command.args(["-c", CORES[1]]).arg(std::env::current_exe().unwrap()).arg("targets");
        let mut child = command.stdin(Stdio::null()).stdout(Stdio::piped()).spawn().unwrap();
        let mut line = String::new();
        BufReader::new(child.stdout.take().unwrap()).read_line(&mut line).unwrap();
        Targets { child, address: line.trim().parse().unwrap() }
    }

    pub fn address(&self) -> String {
        self.address.to_string()
    }

    pub fn turn(&self, manners: Manners) {
        self.ask(if manners == Manners::Answer { "/answer" } else { "/hang" });
    }

    pub fn forget(&self) {
        self.ask("/forget");
    }

    /// When requests of probes that answer came, in microseconds, by probe.
    pub fn came(&self) -> BTreeMap<usize, Vec<u64>> {
        serde_json::from_str(&self.ask("/came")).unwrap()
    }

    fn ask(&self, path: &str) -> String {
        let mut stream = TcpStream::connect(self.address).unwrap();
        write!(stream, "GET {path} HTTP/1.1\r\nHost: targets\r\n\r\n").unwrap();
        let mut answer = String::new();
        stream.read_to_string(&mut answer).unwrap();
        answer.split_once("\r\n\r\n").unwrap().1.to_owned()
    }
}

impl Drop for Targets {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

struct Notes {
    start: Instant,
    came: Mutex<HashMap<usize, Vec<u64>>>,
    manners: Mutex<Manners>,
}

/// The server itself.
pub fn serve() {
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap();
    let (came, manners) = (Mutex::default(), Mutex::new(Manners::Answer));
    let notes = Arc::new(Notes { start: Instant::now(), came, manners });
    runtime.block_on(async {
        let socket = tokio::net::TcpSocket::new_v4().unwrap();
        socket.bind("127.0.0.1:0".parse().unwrap()).unwrap();
        let listener: TcpListener = socket.listen(16_384).unwrap();
        println!("{}", listener.local_addr().unwrap());
        loop {
            let Ok((stream, _)) = listener.accept().await else { continue };
            let notes = Arc::clone(&notes);
            tokio::spawn(async move { drop(answer(stream, &notes).await) });
        }
    });
}

async fn answer(mut stream: tokio::net::TcpStream, notes: &Notes) -> std::io::Result<()> {
    let came = notes.start.elapsed().as_micros() as u64;
    let mut request = Vec::new();
    while !request.ends_with(b"\r\n\r\n") {
        if stream.read_buf(&mut request).await? == 0 {
            return Ok(());
        }
    }
    let request = String::from_utf8_lossy(&request);
    let path = request.split(' ').nth(1).unwrap_or_default();
    let body = match path {
        "/answer" | "/hang" => {
            *notes.manners.lock().unwrap() = if path == "/hang" { Manners::SomeHang } else { Manners::Answer };
            String::new()
        }
        "/forget" => {
            notes.came.lock().unwrap().clear();
            String::new()
        }
        "/came" => serde_json::to_string(&*notes.came.lock().unwrap())?,
        _ => {
            let probe: usize = path.trim_start_matches('/').parse().unwrap_or(0);
            if *notes.manners.lock().unwrap() == Manners::SomeHang && probe % PROBES < HANGING {
                // Until whoever asks gives up.
                return stream.read(&mut [0]).await.map(drop);
            }
            notes.came.lock().unwrap().entry(probe).or_default().push(came);
            "well".into()
        }
    };
    let head = format!("HTTP/1.1 200 OK\r\nConnection: close\r\nContent-Length: {}\r\n\r\n", body.len());
    stream.write_all(format!("{head}{body}").as_bytes()).await?;
    stream.shutdown().await
}
