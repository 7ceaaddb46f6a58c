//! Pages that want to cost time, memory or a terminal.

use std::process::{Command, Stdio};
use std::sync::Arc;
use std::time::Duration;

use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::net::{TcpListener, TcpStream};
use warroom::core::health::Found;
use warroom::core::plan::{Look, Probe};
use warroom::core::time::Span;
use warroom::probes::Answer;

use crate::{PATIENT, ask, probe};

const SHORT: Span = Span::from_millis(300);
const OK: &[u8] = b"HTTP/1.1 200 OK\r\nconnection: close\r\n";

/// How a server sends what it says.
#[derive(Clone, Copy)]
enum Pace {
    AtOnce,
    /// The first part at once, then byte by byte, over and over.
    Dripping(usize),
}

/// Says that to whoever asks, and keeps what was asked.
async fn serve(says: Vec<u8>, pace: Pace) -> (String, Arc<std::sync::Mutex<String>>) {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let address = listener.local_addr().unwrap();
    let asked = Arc::new(std::sync::Mutex::new(String::new()));
    let heard = asked.clone();
    tokio::spawn(async move {
        while let Ok((socket, _)) = listener.accept().await {
            tokio::spawn(answer(socket, says.clone(), pace, heard.clone()));
        }
    });
    (format!("http://{address}/"), asked)
}

async fn answer(mut socket: TcpStream, says: Vec<u8>, pace: Pace, heard: Arc<std::sync::Mutex<String>>) {
    let mut request = [0; 4096];
    let length = socket.read(&mut request).await.unwrap_or(0);
    *heard.lock().unwrap() = String::from_utf8_lossy(&request[..length]).into_owned();
    let first = match pace {
        Pace::AtOnce => says.len(),
        Pace::Dripping(first) => first,
    };
    if socket.write_all(&says[..first]).await.is_err() || matches!(pace, Pace::AtOnce) {
        return;
    }
    let mut drip = tokio::time::interval(Duration::from_millis(10));
    for byte in says[first..].iter().cycle() {
        drip.tick().await;
        if socket.write_all(&[*byte]).await.is_err() {
            return;
        }
    }
}

fn page(head: &str, body: &[u8]) -> Vec<u8> {
    [OK, head.as_bytes(), b"\r\n", body].concat()
}

async fn looked(url: &str, contains: Option<&str>, timeout: Span) -> Answer {
    let contains = contains.map(str::to_owned);
    ask(&Probe { timeout, ..probe(Look::Http { url: url.to_owned(), status: None, contains }) }).await
}

/// The most memory that this process ever had, in KiB.
fn peak() -> u64 {
    let status = std::fs::read_to_string("/proc/self/status").unwrap();
    let line = status.lines().find(|line| line.starts_with("VmHWM:")).unwrap();
    line.split_whitespace().nth(1).unwrap().parse().unwrap()
}

#[tokio::test]
async fn a_compressed_bomb_costs_neither_memory_nor_time() {
    let bomb = Command::new("sh").args(["-c", "head -c 512M /dev/zero | gzip -1"]).stderr(Stdio::null()).output();
    let bomb = bomb.unwrap().stdout;
    assert!(bomb.len() > 1_000_000 && bomb.len() < 10_000_000);
    let (url, asked) = serve(page("content-encoding: gzip\r\n", &bomb), Pace::AtOnce).await;
    let before = peak();
    let answer = looked(&url, Some("orders: open"), PATIENT).await;
    let why = "200, compressed (gzip) though asked not to be";
    assert_eq!((answer.found, answer.why.as_str()), (Found::Bad, why));
    assert_eq!(looked(&url, None, PATIENT).await.found, Found::Good);
    assert!(peak() - before < 32 * 1024, "{} KiB more", peak() - before);
    assert!(asked.lock().unwrap().contains("accept-encoding: identity\r\n"), "{asked:?}");
}

#[tokio::test]
async fn text_that_is_not_compressed_is_found_also_where_the_header_says_so() {
    for head in ["", "content-encoding: identity\r\n", "content-encoding: \r\n"] {
        let (url, _) = serve(page(head, b"orders: open"), Pace::AtOnce).await;
        assert_eq!(looked(&url, Some("orders: open"), PATIENT).await.found, Found::Good, "{head}");
    }
}

#[tokio::test]
async fn answers_that_drip_end_at_the_time_out() {
    let head = page("", b"").len();
    for (says, first) in [(page("", b"xy"), head), (page("", b"xy"), 5), (page("x-more: 1\r\n", b""), OK.len())] {
        let (url, _) = serve(says, Pace::Dripping(first)).await;
        let answer = looked(&url, Some("orders: open"), SHORT).await;
        assert_eq!((answer.found, answer.why.as_str()), (Found::Bad, "no answer within 300ms"));
        assert!(answer.took < Span::from_secs(5), "{answer:?}");
    }
}

#[tokio::test]
async fn the_text_is_found_in_an_answer_that_drips_and_has_an_end() {
    let (url, _) = serve(page("content-length: 12\r\n", b"orders: open"), Pace::Dripping(OK.len())).await;
    assert_eq!(looked(&url, Some("orders: open"), PATIENT).await.found, Found::Good);
}

#[tokio::test]
async fn redirects_in_circles_are_an_answer_like_any_other() {
    let circle = b"HTTP/1.1 302 Found\r\nlocation: /\r\ncontent-length: 0\r\n\r\n";
    let (url, asked) = serve(circle.to_vec(), Pace::AtOnce).await;
    let answer = looked(&url, None, PATIENT).await;
    assert_eq!((answer.found, answer.why.as_str()), (Found::Bad, "302, expected 2xx"));
    assert!(asked.lock().unwrap().starts_with("GET / "));
    let look = Look::Http { url, status: Some(302), contains: None };
    assert_eq!(ask(&probe(look)).await.found, Found::Good);
}

#[tokio::test]
async fn what_the_other_side_says_is_short_and_drives_no_terminal() {
    let long = format!("content-encoding: {}\r\n", "x".repeat(5_000));
    let flood = "x-flood: 1\r\n".repeat(10_000);
    let table = [
        page(&long, b""),
        page("content-encoding: \u{202e}pizg\r\n", b""),
        page(&flood, b""),
        b"\x1b[2J\x1b]0;hello\x07".to_vec(),
        b"HTTP/1.1 200 \x1b[2J\r\n\r\n".to_vec(),
        Vec::new(),
    ];
    for says in table {
        let (url, _) = serve(says, Pace::AtOnce).await;
        let answer = looked(&url, Some("orders: open"), PATIENT).await;
        assert_eq!(answer.found, Found::Bad, "{answer:?}");
        let wild = |c: char| c.is_control() || c == '\u{202e}';
        assert!(answer.why.len() < 200 && !answer.why.contains(wild), "{answer:?}");
    }
}
