//! Who is turned away, and what never ties the engine up.

use std::process::Stdio;
use std::time::{Duration, Instant};

use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpStream;

use super::{Answer, Hooked, PLAN, TOKEN, ask, bearer, free, read, request, token};
use crate::harness::{Engine, eventually, run};

const FIRES: &str = r#"{"name": "disk-full", "status": "firing"}"#;

#[tokio::test]
async fn whoever_brings_no_token_a_wrong_one_or_one_of_yesterday_is_turned_away() {
    let expired = token("old", "wr_old", "\"shop\"", "expires = \"2026-01-01T00:00:00Z\"");
    let hooked = Hooked::with("", &expired).await;
    let send = async |headers: &str, path: &str| {
        let answer = ask(hooked.connect().await, &request(path, headers, FIRES)).await;
        (answer.status, answer.head.contains("www-authenticate: bearer"), answer.sentence().to_owned())
    };
    let path = "/hooks/generic";
    for (headers, path, status, part) in [
        (String::new(), path, 401, "a token is missing"),
        ("Authorization: Basic d3I6eA==\r\n".to_owned(), path, 401, "a token is missing"),
        (bearer(""), path, 401, "a token is missing"),
        (format!("{0}{0}", bearer(TOKEN)), path, 401, "a token is missing"),
        (bearer("wr_wrong"), path, 401, "nobody has this token"),
        (bearer("wr_old"), path, 401, "counts no more since 2026-01-01"),
        (String::new(), "/hooks/generic?token=wr_the-token-of-the-tests", 400, "never into an address"),
        (bearer(TOKEN), "/hooks/generic?x=1", 400, "never into an address"),
        (bearer(TOKEN), "/v1/snapshot", 404, "/hooks/alertmanager or /hooks/generic"),
        (bearer(TOKEN), "/v1/commands", 404, "/hooks/alertmanager or /hooks/generic"),
        (bearer(TOKEN) + "Content-Encoding: gzip\r\n", path, 415, "without Content-Encoding"),
    ] {
        let (seen, asks, sentence) = send(&headers, path).await;
        assert_eq!((seen, asks), (status, status == 401), "{headers:?} {path}");
        assert!(sentence.contains(part), "{part}: {sentence}");
    }
    assert!(hooked.firing().await.is_empty());
    assert_eq!(send(&bearer(TOKEN), path).await.0, 200);
    assert_eq!(hooked.firing().await, ["disk-full"], "a twin: the right one is let in");
}

#[tokio::test]
async fn guessing_ends_after_ten_wrong_tokens_and_the_log_holds_none_of_them() {
    let address = free();
    let temp = tempfile::tempdir().unwrap();
    let sender = token("alertmanager", TOKEN, "\"shop\"", "");
    std::fs::write(temp.path().join("config.toml"), format!("[hooks]\nlisten = \"{address}\"\n{sender}")).unwrap();
    let log = temp.path().join("log");
    let child = run(temp.path(), Stdio::from(std::fs::File::create(&log).unwrap()));
    let engine = Engine::of(temp.path(), child);
    engine.answers().await;
    engine.load(PLAN).await;
    let hooked = Hooked { engine, address };
    for n in 0..10 {
        let answer = hooked.post("/hooks/generic", &format!("wr_guess{n}"), FIRES).await;
        assert_eq!(answer.status, 401, "{n}");
    }
    let answer = hooked.post("/hooks/generic", TOKEN, FIRES).await;
    assert_eq!(answer.status, 429, "nothing from there is looked at");
    assert!(answer.head.contains("retry-after: 60"), "{}", answer.head);
    assert!(hooked.firing().await.is_empty());
    let log = eventually("the log says so", || async {
        let log = std::fs::read_to_string(&log).unwrap();
        log.contains("too many wrong tokens").then_some(log)
    })
    .await;
    assert!(!log.contains("guess") && !log.contains(TOKEN), "{log}");
}

#[tokio::test]
async fn garbage_is_told_and_what_is_too_big_is_cut_off() {
    let hooked = Hooked::start().await;
    for body in ["", "{", "[]", "null", r#"{"alerts": 1}"#, "\u{0}\u{1b}[2J", &"[".repeat(100_000)] {
        let answer = hooked.notify(body).await;
        assert_eq!(answer.status, 400, "{body:.20}: {answer:?}");
        assert!(answer.sentence().starts_with("the body cannot be read"), "{answer:?}");
    }
    let announced =
        format!("POST /hooks/generic HTTP/1.1\r\nHost: hooks\r\n{}Content-Length: 1048577\r\n\r\n", bearer(TOKEN));
    let big = " ".repeat(1_048_577);
    let whole = ask(hooked.connect().await, &[announced.as_bytes(), big.as_bytes()].concat()).await;
    assert_eq!(whole.status, 413);
    assert_eq!(whole.sentence(), "the body has more than 1048576 bytes; send fewer alerts at once");

    let endless = hooked.connect().await;
    let (reads, mut writes) = endless.into_split();
    let head =
        format!("POST /hooks/generic HTTP/1.1\r\nHost: hooks\r\n{}Transfer-Encoding: chunked\r\n\r\n", bearer(TOKEN));
    writes.write_all(head.as_bytes()).await.unwrap();
    let chunk = format!("10000\r\n{}\r\n", " ".repeat(0x10000));
    let sent = async {
        let mut sent = 0;
        while sent < 1_600 && writes.write_all(chunk.as_bytes()).await.is_ok() {
            sent += 1;
        }
        sent
    };
    let (answer, sent) = tokio::join!(last_words(reads), sent);
    assert!(sent < 1_600, "nobody reads a hundred megabytes to their end");
    assert!(answer.is_empty() || answer.starts_with("HTTP/1.1 413"), "{answer}");

    let flood: String = (0..2_000).map(|n| format!("X-Header-{n}: {n}\r\n")).collect();
    let flooded = ask(hooked.connect().await, &request("/hooks/generic", &(bearer(TOKEN) + &flood), FIRES)).await;
    assert_eq!(flooded.status, 431);
    let not_posted = format!("GET /hooks/generic HTTP/1.1\r\nHost: hooks\r\n{}\r\n", bearer(TOKEN));
    assert_eq!(ask(hooked.connect().await, not_posted.as_bytes()).await.status, 405);
    assert!(hooked.firing().await.is_empty());
}

/// What can still be read of a connection that may break.
async fn last_words(reads: impl tokio::io::AsyncRead + Unpin) -> String {
    let (mut reads, mut all) = (reads, Vec::new());
    let _ = reads.read_to_end(&mut all).await;
    String::from_utf8_lossy(&all).into_owned()
}

#[tokio::test]
async fn who_drips_a_head_or_a_body_is_cut_off_and_others_are_served_meanwhile() {
    let hooked = Hooked::start().await;
    let begun = Instant::now();
    // As many as one address may have, but one: none of them ever says a whole word.
    let mut silent: Vec<TcpStream> = Vec::new();
    for n in 0..15 {
        let mut stream = hooked.connect().await;
        let head = format!("POST /hooks/generic HTTP/1.1\r\nHost: hooks\r\n{}Content-Length: 10\r\n", bearer(TOKEN));
        match n % 3 {
            0 => {}
            1 => stream.write_all(head.as_bytes()).await.unwrap(),
            _ => stream.write_all(format!("{head}\r\n{{").as_bytes()).await.unwrap(),
        }
        silent.push(stream);
    }
    let served = hooked.post("/hooks/generic", TOKEN, FIRES).await;
    assert_eq!(served.status, 200);
    assert!(begun.elapsed() < Duration::from_secs(5), "{:?}", begun.elapsed());

    let mut answers = Vec::new();
    for stream in silent {
        answers.push(last_words(stream).await);
    }
    assert!(begun.elapsed() < Duration::from_secs(25), "all of them are gone: {:?}", begun.elapsed());
    let of_body = answers.iter().filter(|answer| answer.starts_with("HTTP/1.1 408")).count();
    assert_eq!(of_body, 5, "whoever gave a token is told: {answers:?}");
}

#[tokio::test]
async fn one_address_has_only_so_many_connections() {
    let hooked = Hooked::start().await;
    let mut open = Vec::new();
    for _ in 0..16 {
        open.push(hooked.connect().await);
    }
    let surplus = eventually("one more is sent away at once", || async {
        let begun = Instant::now();
        let mut stream = hooked.connect().await;
        let _ = stream.write_all(&request("/hooks/generic", &bearer(TOKEN), FIRES)).await;
        let said = last_words(stream).await;
        (said.is_empty() && begun.elapsed() < Duration::from_secs(3)).then_some(said)
    });
    assert_eq!(surplus.await, "");
    drop(open);
    eventually("there is room again", || async {
        let mut stream = hooked.connect().await;
        stream.write_all(&request("/hooks/generic", &bearer(TOKEN), FIRES)).await.ok()?;
        last_words(stream).await.starts_with("HTTP/1.1 200").then_some(())
    })
    .await;
}

#[tokio::test]
async fn no_tcp_socket_is_there_by_default() {
    assert_eq!(listening(&Engine::start().await), 0);
    assert_eq!(listening(&Hooked::start().await.engine), 1, "a twin: one where hooks are set");
}

/// How many TCP sockets an engine's process listens on.
fn listening(engine: &Engine) -> usize {
    let proc = std::path::PathBuf::from(format!("/proc/{}", engine.pid()));
    let links = std::fs::read_dir(proc.join("fd")).unwrap().filter_map(|fd| std::fs::read_link(fd.ok()?.path()).ok());
    let sockets: Vec<String> = links.map(|link| link.to_string_lossy().into_owned()).collect();
    let tables = ["tcp", "tcp6"].map(|table| std::fs::read_to_string(proc.join("net").join(table)).unwrap_or_default());
    let listens = |line: &&str| line.split_whitespace().nth(3) == Some("0A");
    let inode = |line: &str| line.split_whitespace().nth(9).map(|inode| format!("socket:[{inode}]"));
    let inodes = tables.iter().flat_map(|table| table.lines().filter(listens).filter_map(inode));
    inodes.filter(|inode| sockets.contains(inode)).count()
}

#[tokio::test]
async fn beyond_loopback_without_tls_and_tokens_or_with_what_cannot_be_had_no_engine_starts() {
    let sender = token("alertmanager", TOKEN, "\"shop\"", "");
    let taken = std::net::TcpListener::bind("127.0.0.1:0").unwrap();
    let busy = taken.local_addr().unwrap();
    let free = free();
    for (config, part) in [
        (format!("[hooks]\nlisten = \"0.0.0.0:0\"\n{sender}"), "beyond this host, without TLS and tokens"),
        (format!("[hooks]\nlisten = \"[::]:0\"\n{sender}"), "beyond this host, without TLS and tokens"),
        ("[hooks]\nlisten = \"0.0.0.0:0\"\ntls = {cert = \"c\", key = \"k\"}".into(), "add [[hooks.tokens]]"),
        ("[hooks]\nlisten = \"127.0.0.1:0\"".into(), "`warroom token create NAME`"),
        (format!("[hooks]\nlisten = \"{busy}\"\n{sender}"), "hooks cannot be taken on"),
        (
            format!(
                "[hooks]\nlisten = \"{free}\"\ntls = {{cert = \"/nonexistent/cert\", key = \"/dev/null\"}}\n{sender}"
            ),
            "/nonexistent/cert cannot be read",
        ),
        (
            format!("[hooks]\nlisten = \"{free}\"\ntls = {{cert = \"/dev/null\", key = \"/dev/null\"}}\n{sender}"),
            "nothing of the kind stands in it",
        ),
    ] {
        let temp = tempfile::tempdir().unwrap();
        std::fs::write(temp.path().join("config.toml"), &config).unwrap();
        let mut child = run(temp.path(), Stdio::piped());
        let mut said = String::new();
        std::io::Read::read_to_string(&mut child.stderr.take().unwrap(), &mut said).unwrap();
        assert_eq!(child.wait().unwrap().code(), Some(1), "{config}: {said}");
        assert!(said.contains(part), "{part}: {said}");
        std::fs::write(temp.path().join("config.toml"), "").unwrap();
        let engine = Engine::on(temp.path()).await;
        assert_eq!(engine.client.hello().await.unwrap().head, 1, "nothing was written then: {config}");
    }
}

#[tokio::test]
async fn a_connection_serves_one_request() {
    let hooked = Hooked::start().await;
    let one = request("/hooks/generic", &bearer(TOKEN), FIRES);
    let Answer { status, head, .. } = ask(hooked.connect().await, &[one.clone(), one].concat()).await;
    assert_eq!(status, 200);
    assert!(head.contains("connection: close"), "{head}");
    let mut stream = hooked.connect().await;
    stream.write_all(b"GET / HTTP/1.1\r\nHost: hooks\r\n\r\n").await.unwrap();
    assert_eq!(read(stream).await.status, 404);
}
