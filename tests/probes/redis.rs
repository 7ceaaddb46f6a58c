//! Redis.

use std::net::TcpListener as StdTcpListener;
use std::process::{Child, Command, Stdio};
use std::time::Duration;

use tempfile::TempDir;
use tokio::io::{AsyncBufReadExt as _, AsyncReadExt as _, AsyncWriteExt as _, BufReader};
use tokio::net::{TcpListener, TcpStream};
use warroom::core::health::Found;
use warroom::core::plan::{Address, Limit, Limits, Look, Measure, Probe, ServerRole, Side};
use warroom::core::time::Span;
use warroom::probes::Answer;

use crate::{apart, ask, probe, tls};

/// A Redis server of the test's own; ends with it.
struct Server {
    child: Child,
    port: u16,
    dir: TempDir,
}

impl Drop for Server {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

fn free_port() -> u16 {
    StdTcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap().port()
}

/// Starts one with further options; nothing, and says so, where none is installed.
async fn start(options: &[&str]) -> Option<Server> {
    let dir = tempfile::tempdir().unwrap();
    let port = free_port();
    let port_text = port.to_string();
    let secured = options.contains(&"--tls-cert-file");
    let ports =
        if secured { ["--tls-port", &port_text, "--port", "0"] } else { ["--port", &port_text, "--tls-port", "0"] };
    let mut command = Command::new("redis-server");
    command.args(ports).args(["--bind", "127.0.0.1", "--save", "3600 1"]).args(options);
    let child = command.current_dir(dir.path()).stdout(Stdio::null()).stderr(Stdio::null()).spawn();
    let Ok(child) = child else {
        eprintln!("SKIPPED: looks at Redis: redis-server is not installed");
        return None;
    };
    let mut server = Server { child, port, dir };
    while TcpStream::connect(("127.0.0.1", port)).await.is_err() {
        assert!(server.child.try_wait().unwrap().is_none(), "redis-server ended");
        tokio::time::sleep(Duration::from_millis(10)).await;
    }
    Some(server)
}

impl Server {
    /// Sends a command as people type it, and gives the first line of the answer.
    async fn say(&self, words: &str) -> String {
        let mut stream = BufReader::new(TcpStream::connect(("127.0.0.1", self.port)).await.unwrap());
        stream.write_all(format!("{words}\r\n").as_bytes()).await.unwrap();
        let mut line = String::new();
        stream.read_line(&mut line).await.unwrap();
        line.trim().to_owned()
    }

    fn url(&self) -> String {
        format!("redis://127.0.0.1:{}", self.port)
    }
}

async fn looked(url: &str, role: Option<ServerRole>) -> Answer {
    ask(&probe(Look::Redis { url: Address::Plain(url.to_owned()), role })).await
}

/// Looks until that is found.
async fn until(url: &str, role: Option<ServerRole>, found: Found) -> Answer {
    for _ in 0..2_000 {
        let answer = looked(url, role).await;
        if answer.found == found {
            return answer;
        }
        tokio::time::sleep(Duration::from_millis(10)).await;
    }
    panic!("never {found:?}: {:?}", looked(url, role).await);
}

#[tokio::test]
async fn a_primary_and_its_standby_are_told_apart() {
    let Some(primary) = start(&["--repl-diskless-sync-delay", "0"]).await else { return };
    let port = primary.port.to_string();
    let Some(standby) = start(&["--replicaof", "127.0.0.1", &port]).await else { return };
    let answer = until(&standby.url(), Some(ServerRole::Standby), Found::Good).await;
    assert!(answer.why.starts_with("standby, "), "{answer:?}");
    let answer = looked(&primary.url(), Some(ServerRole::Primary)).await;
    assert!(answer.found == Found::Good && answer.why.starts_with("primary, "), "{answer:?}");
    let answer = looked(&standby.url(), Some(ServerRole::Primary)).await;
    assert_eq!((answer.found, answer.why.as_str()), (Found::Bad, "standby, expected primary"));
    let answer = looked(&primary.url(), Some(ServerRole::Standby)).await;
    assert_eq!((answer.found, answer.why.as_str()), (Found::Bad, "primary, expected standby"));

    drop(primary);
    let answer = until(&standby.url(), None, Found::Bad).await;
    assert!(answer.why.starts_with("standby, and its link to the primary is in state conn"), "{answer:?}");
}

#[tokio::test]
async fn the_age_of_the_last_save_is_measured_while_something_is_unsaved() {
    let Some(server) = start(&[]).await else { return };
    let limits =
        Limits { warn: vec![Limit { measure: Measure::SaveAge, side: Side::Above, at: 0.5 }], fail: Vec::new() };
    let asked = Probe { limits, ..probe(Look::Redis { url: Address::Plain(server.url()), role: None }) };
    assert_eq!(server.say("SAVE").await, "+OK");
    let answer = ask(&asked).await;
    assert_eq!((answer.found, answer.measured[&Measure::SaveAge]), (Found::Good, 0.0), "{answer:?}");
    assert!(answer.why.contains("nothing unsaved since"), "{answer:?}");

    assert_eq!(server.say("SET order 1").await, "+OK");
    let answer = loop {
        let answer = ask(&asked).await;
        if answer.found != Found::Good {
            break answer;
        }
        tokio::time::sleep(Duration::from_millis(10)).await;
    };
    assert!(answer.found == Found::Degraded && answer.measured[&Measure::SaveAge] > 0.5, "{answer:?}");
}

#[tokio::test]
async fn a_save_that_failed_is_bad() {
    for (stops, why) in [("no", "primary, and its last save to disk failed"), ("yes", "MISCONF Redis is configured")] {
        let Some(server) = start(&["--stop-writes-on-bgsave-error", stops]).await else { return };
        assert_eq!(looked(&server.url(), None).await.found, Found::Good);
        std::fs::create_dir(server.dir.path().join("dump.rdb")).unwrap();
        assert!(server.say("BGSAVE").await.starts_with("+Background"));
        let answer = until(&server.url(), None, Found::Bad).await;
        assert!(answer.why.starts_with(why), "{answer:?}");
    }
}

#[tokio::test]
async fn who_may_look_is_asked_and_passwords_appear_nowhere() {
    let Some(server) = start(&[]).await else { return };
    assert_eq!(server.say("ACL SETUSER watcher on >p@ss:word ~* +ping +role +info").await, "+OK");
    assert_eq!(server.say("CONFIG SET requirepass hush").await, "+OK");
    let port = server.port;
    let table = [
        (format!("redis://:hush@127.0.0.1:{port}"), Found::Good, "primary"),
        (format!("redis://default:hush@127.0.0.1:{port}/0"), Found::Good, "primary"),
        (format!("redis://watcher:p%40ss%3Aword@127.0.0.1:{port}"), Found::Good, "primary"),
        (format!("redis://:wr0ng@127.0.0.1:{port}"), Found::Bad, "the server refuses the user or the password"),
        (format!("redis://127.0.0.1:{port}"), Found::Bad, "NOAUTH Authentication required."),
        (
            "redis://:wr0ng@[::1:99".to_owned(),
            Found::Unseen,
            "could not look: the address of the server cannot be read",
        ),
    ];
    for (url, found, why) in table {
        let dir = tempfile::tempdir().unwrap();
        let file = dir.path().join("url");
        std::fs::write(&file, &url).unwrap();
        std::fs::set_permissions(&file, std::os::unix::fs::PermissionsExt::from_mode(0o600)).unwrap();
        let secret = format!("file:{}", file.display()).parse().unwrap();
        for address in [Address::Plain(url.clone()), Address::Secret(secret)] {
            let answer = ask(&probe(Look::Redis { url: address, role: None })).await;
            assert_eq!(answer.found, found, "{answer:?}");
            assert!(answer.why.starts_with(why), "{answer:?}");
            assert!(!answer.why.contains("wr0ng") && !answer.why.contains("hush"), "{answer:?}");
        }
    }
    let nowhere = Address::Secret("env:WARROOM_TEST_NO_SUCH_VARIABLE".parse().unwrap());
    let answer = ask(&probe(Look::Redis { url: nowhere, role: None })).await;
    assert_eq!(answer.found, Found::Unseen, "{answer:?}");
}

/// Says that to whoever comes, over and over where it is to have no end.
async fn serve(says: Vec<u8>, endless: bool) -> String {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let address = listener.local_addr().unwrap().to_string();
    tokio::spawn(async move {
        while let Ok((mut socket, _)) = listener.accept().await {
            let says = says.clone();
            tokio::spawn(async move {
                let _ = socket.read(&mut [0; 1024]).await;
                while socket.write_all(&says).await.is_ok() && endless {}
                // Until the other side has read what there was and leaves.
                while socket.read(&mut [0; 1024]).await.is_ok_and(|n| n > 0) {}
            });
        }
    });
    format!("redis://{address}")
}

#[tokio::test]
async fn answers_that_no_redis_gives_are_bad_short_and_harmless() {
    let long = "a longer answer than any look asks for";
    let table: [(&[u8], bool, &str); 9] = [
        (b"HTTP/1.1 400 Bad Request\r\n\r\n", false, "the answer is no Redis"),
        (b"+PANG\x1b[2J\r\n", false, "PANG"),
        (b"-ERR \x1b[2Jno\r\n", false, "ERR "),
        (b"xxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxx", true, "the answer is no Redis"),
        (b"$999999999999\r\n", false, long),
        (b"*999999999\r\n", false, long),
        (b"*1\r\n", true, long),
        (b"$notanumber\r\n", false, "the answer is no Redis"),
        (b"+PONG\r\n*3\r\n$6\r\nmaster\r\n:0\r\n*-1\r\n$5\r\nhello\r\n", false, "primary"),
    ];
    for (says, endless, why) in table {
        let answer = looked(&serve(says.to_vec(), endless).await, None).await;
        assert!(answer.why.starts_with(why), "{answer:?}, not {why}");
        assert_eq!(answer.found, if why == "primary" { Found::Good } else { Found::Bad }, "{answer:?}");
        assert!(answer.why.len() < 200 && !answer.why.contains('\u{1b}'), "{answer:?}");
    }
}

#[tokio::test]
async fn a_server_that_says_nothing_costs_no_more_than_the_time_out() {
    let look = Look::Redis { url: Address::Plain(serve(Vec::new(), false).await), role: None };
    let answer = ask(&Probe { timeout: Span::from_millis(100), ..probe(look) }).await;
    assert_eq!((answer.found, answer.why.as_str()), (Found::Bad, "no answer within 100ms"));
}

/// Both with the system's own certificates, which here are those of a file.
#[tokio::test(flavor = "multi_thread")]
async fn over_tls_the_certificate_has_to_be_one_that_the_system_trusts() {
    const REDIS: &str = "WARROOM_TEST_REDIS";
    const PAGE: &str = "WARROOM_TEST_TLS";
    if apart::is_inside() {
        let trusted = std::env::var("SSL_CERT_FILE").unwrap().ends_with("known.pem");
        let found = if trusted { Found::Good } else { Found::Bad };
        let answer = looked(&std::env::var(REDIS).unwrap(), None).await;
        assert_eq!(answer.found, found, "{answer:?}");
        assert!(trusted || answer.why == "nothing trusted vouches for its certificate", "{answer:?}");
        let name = Some("localhost".to_owned());
        let look = Look::Tls { address: std::env::var(PAGE).unwrap(), name, trust: None };
        let answer = ask(&probe(look)).await;
        assert_eq!(answer.found, found, "{answer:?}");
        return;
    }
    let (known, other) = (tls::Authority::new("Known CA"), tls::Authority::new("Other CA"));
    let paper = tls::paper("localhost", (-1, 30), Some(&known));
    let dir = tempfile::tempdir().unwrap();
    let path = |name: &str| dir.path().join(name).to_str().unwrap().to_owned();
    for (name, text) in [
        ("known.pem", &known.pem),
        ("other.pem", &other.pem),
        ("cert.pem", &paper.pem),
        ("key.pem", &paper.key.serialize_pem()),
    ] {
        std::fs::write(path(name), text).unwrap();
    }
    let (cert, key, ca) = (path("cert.pem"), path("key.pem"), path("known.pem"));
    let options =
        ["--tls-cert-file", &cert, "--tls-key-file", &key, "--tls-ca-cert-file", &ca, "--tls-auth-clients", "no"];
    let Some(server) = start(&options).await else { return };
    let url = format!("rediss://localhost:{}", server.port);
    let page = tls::serve(&paper, tls::BOTH).await;
    for file in ["known.pem", "other.pem"] {
        let test = "redis::over_tls_the_certificate_has_to_be_one_that_the_system_trusts";
        apart::with(test, &[("SSL_CERT_FILE", &path(file)), (REDIS, &url), (PAGE, &page)]);
    }
}
