//! Load balancers and name servers of one test each, on loopback, in a temporary directory: they end with the value that stands for
//! them.

use std::fs;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};

use tempfile::TempDir;
use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::net::{TcpListener, TcpStream, UnixStream};

use super::servers::eventually;

/// A program that is ended when this is dropped.
pub struct Daemon(Child);

impl Daemon {
    pub fn start(program: &str, arguments: &[&str], log: &Path) -> Daemon {
        let log = fs::File::create(log).unwrap();
        let mut command = Command::new(program);
        command.args(arguments).stdin(Stdio::null()).stdout(log.try_clone().unwrap()).stderr(log);
        Daemon(command.spawn().unwrap())
    }
}

impl Drop for Daemon {
    fn drop(&mut self) {
        // SIGTERM, so that those end as well that it has started.
        if let Some(pid) = rustix::process::Pid::from_raw(i32::try_from(self.0.id()).unwrap()) {
            let _ = rustix::process::kill_process(pid, rustix::process::Signal::TERM);
        }
        let _ = self.0.wait();
    }
}

/// The program, or none where it is not installed, which is then said.
pub fn installed(program: &str) -> Option<String> {
    let found = ["/usr/sbin", "/usr/bin", "/usr/local/sbin"].map(|dir| format!("{dir}/{program}"));
    let found = found.into_iter().find(|path| Path::new(path).exists());
    if found.is_none() {
        eprintln!("SKIPPED: {program} is not installed");
    }
    found
}

/// A port that nobody has now.
pub fn free_port() -> u16 {
    std::net::TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap().port()
}

/// HAProxy with a backend `shop` of `east` and `west`, and a backend `fixed` that takes no weights.
pub struct Haproxy {
    pub home: TempDir,
    pub port: u16,
    _daemon: Daemon,
}

impl Haproxy {
    pub async fn start() -> Option<Haproxy> {
        let program = installed("haproxy")?;
        let home = tempfile::tempdir().unwrap();
        let (east, west, port) = (repeater("east").await, repeater("west").await, free_port());
        let at = home.path().display();
        let config = format!(
            "global\n stats socket {at}/admin.sock level admin\n stats socket {at}/operator.sock level operator\n \
             stats socket ipv4@127.0.0.1:{port} level admin\n\
             defaults\n mode tcp\n timeout connect 5s\n timeout client 1h\n timeout server 1h\n\
             frontend front\n bind unix@{at}/front.sock\n default_backend shop\n\
             backend shop\n balance roundrobin\n server east 127.0.0.1:{east} weight 10\n \
             server west 127.0.0.1:{west} weight 0\n\
             backend fixed\n balance static-rr\n server east 127.0.0.1:{east}\n"
        );
        fs::write(home.path().join("haproxy.cfg"), config).unwrap();
        let config = home.path().join("haproxy.cfg").display().to_string();
        let daemon = Daemon::start(&program, &["-db", "-f", &config], &home.path().join("log"));
        let haproxy = Haproxy { home, port, _daemon: daemon };
        eventually("HAProxy answers", || async { haproxy.try_ask("show info").await }).await;
        Some(haproxy)
    }

    pub fn socket(&self) -> PathBuf {
        self.home.path().join("admin.sock")
    }

    /// What HAProxy itself says.
    pub async fn ask(&self, command: &str) -> String {
        self.try_ask(command).await.unwrap()
    }

    async fn try_ask(&self, command: &str) -> Option<String> {
        let mut stream = UnixStream::connect(self.socket()).await.ok()?;
        stream.write_all(format!("{command}\n").as_bytes()).await.ok()?;
        let mut answer = String::new();
        stream.read_to_string(&mut answer).await.ok()?;
        Some(answer)
    }

    /// A customer, and the name of the server that it got to.
    pub async fn customer(&self) -> (UnixStream, String) {
        let mut stream = UnixStream::connect(self.home.path().join("front.sock")).await.unwrap();
        let mut name = [0; 4];
        stream.read_exact(&mut name).await.unwrap();
        (stream, String::from_utf8(name.to_vec()).unwrap())
    }
}

/// A server that says its name and then nothing, for as long as the customer stays.
async fn repeater(name: &'static str) -> u16 {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let port = listener.local_addr().unwrap().port();
    let serve = async |mut stream: TcpStream| {
        let _ = stream.write_all(name.as_bytes()).await;
        let _ = stream.read(&mut [0]).await;
    };
    tokio::spawn(async move {
        while let Ok((stream, _)) = listener.accept().await {
            tokio::spawn(serve(stream));
        }
    });
    port
}

/// nginx, whose upstream `shop` is a file of its own and leads to `east` at first.
pub struct Nginx {
    pub home: TempDir,
    pub port: u16,
    /// Where the sides listen, which say in the header `x-site` which one they are.
    pub east: String,
    pub west: String,
    program: String,
    _daemon: Daemon,
}

impl Nginx {
    pub async fn start() -> Option<Nginx> {
        let program = installed("nginx")?;
        let home = tempfile::tempdir().unwrap();
        let (east, west, port) = (side("east").await, side("west").await, free_port());
        let at = home.path().display();
        let temporary = ["client_body", "proxy", "fastcgi", "uwsgi", "scgi"];
        let temporary: String = temporary.iter().map(|kind| format!(" {kind}_temp_path {at}/{kind};\n")).collect();
        let config = format!(
            "pid {at}/nginx.pid;\nerror_log {at}/error.log;\nworker_processes 2;\nevents {{}}\nhttp {{\n access_log off;\n\
             {temporary} include {at}/shop.conf;\n server {{ listen 127.0.0.1:{port}; location / {{ proxy_pass http://shop; }} }}\n}}\n"
        );
        fs::write(home.path().join("nginx.conf"), config).unwrap();
        fs::write(home.path().join("shop.conf"), format!("upstream shop {{ server {east}; }}\n")).unwrap();
        let config = home.path().join("nginx.conf").display().to_string();
        let daemon = Daemon::start(&program, &["-c", &config, "-g", "daemon off;"], &home.path().join("log"));
        let nginx = Nginx { home, port, east, west, program, _daemon: daemon };
        eventually("nginx answers", || async { nginx.try_site().await }).await;
        Some(nginx)
    }

    pub fn file(&self) -> PathBuf {
        self.home.path().join("shop.conf")
    }

    /// `nginx` with its settings and one more word or two.
    pub fn words(&self, more: &[&str]) -> Vec<String> {
        let config = self.home.path().join("nginx.conf").display().to_string();
        let words = [self.program.as_str(), "-c", &config].into_iter().chain(more.iter().copied());
        words.map(str::to_owned).collect()
    }

    pub fn url(&self) -> String {
        format!("http://127.0.0.1:{}/", self.port)
    }

    /// Which side answers a customer.
    pub async fn site(&self) -> String {
        self.try_site().await.unwrap()
    }

    async fn try_site(&self) -> Option<String> {
        let answer = warroom::outbound::client().unwrap().get(self.url()).send().await.ok()?;
        Some(answer.headers().get("x-site")?.to_str().unwrap().to_owned())
    }
}

async fn side(name: &'static str) -> String {
    let page = axum::routing::get(move || async move { ([("x-site", name)], format!("this is {name}")) });
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let at = listener.local_addr().unwrap().to_string();
    tokio::spawn(async move { axum::serve(listener, axum::Router::new().route("/", page)).await });
    at
}

/// A BIND that is the primary of `example.org` for the key `failover`, and of `example.net` for nobody. `www` is at 10.0.1.5.
pub struct Bind {
    pub at: String,
    _home: TempDir,
    _daemon: Daemon,
}

/// The keys that it knows, in base64; `other` may change nothing.
pub const FAILOVER: &str = "c2VjcmV0LWtleS1vZi10aGUtdGVzdHMtN2YzYQ==";
pub const LONG: &str = "YW5vdGhlci1zZWNyZXQta2V5LW9mLXRoZS10ZXN0cy0xYzJk";
pub const OTHER: &str = "b3RoZXItc2VjcmV0LWtleS1vZi10aGUtdGVzdHMtOWI=";

impl Bind {
    pub async fn start() -> Option<Bind> {
        let program = installed("named")?;
        let home = tempfile::tempdir().unwrap();
        let (at, port) = (home.path().display(), free_port());
        let config = format!(
            "options {{ directory \"{at}\"; listen-on port {port} {{ 127.0.0.1; }}; listen-on-v6 {{ none; }}; pid-file none;\n \
             session-keyfile none; recursion no; dnssec-validation no; }};\ncontrols {{ }};\n\
             key failover {{ algorithm hmac-sha256; secret \"{FAILOVER}\"; }};\n\
             key long {{ algorithm hmac-sha512; secret \"{LONG}\"; }};\n\
             key other {{ algorithm hmac-sha256; secret \"{OTHER}\"; }};\n\
             zone example.org {{ type primary; file \"org.zone\"; allow-update {{ key failover; key long; }}; }};\n\
             zone example.net {{ type primary; file \"net.zone\"; allow-update {{ none; }}; }};\n"
        );
        let zone = "$TTL 60\n@ SOA ns.example.org. root.example.org. 1 3600 600 86400 60\n@ NS ns.example.org.\n\
                    ns A 127.0.0.1\nwww A 10.0.1.5\n";
        for (name, text) in [("named.conf", config.as_str()), ("org.zone", zone), ("net.zone", zone)] {
            fs::write(home.path().join(name), text).unwrap();
        }
        let config = home.path().join("named.conf").display().to_string();
        let daemon = Daemon::start(&program, &["-g", "-n", "1", "-c", &config], &home.path().join("log"));
        let at = format!("127.0.0.1:{port}");
        eventually("BIND listens", || async { TcpStream::connect(&at).await.ok().map(drop) }).await;
        Some(Bind { at, _home: home, _daemon: daemon })
    }
}
