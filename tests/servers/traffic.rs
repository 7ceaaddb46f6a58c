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
