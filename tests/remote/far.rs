//! A host to reach: a real sshd on loopback with keys of its own, and a proxy before it whose connections can be cut.

use std::{
    fs,
    net::TcpListener,
    path::{Path, PathBuf},
    process::{Child, Command, Stdio},
    time::{Duration, Instant},
};

use rustix::process::{Pid, Signal, kill_process_group};
use tempfile::TempDir;
use warroom::core::host::Host;
use warroom::steps::remote::Settings;

use super::proxy::Proxy;

/// Longer than any wait here takes on a busy machine; a test that reaches it has failed.
pub const PATIENCE: Duration = Duration::from_secs(60);

pub async fn until(what: &str, mut holds: impl FnMut() -> bool) {
    let end = Instant::now() + PATIENCE;
    while !holds() {
        assert!(Instant::now() < end, "this did not come about: {what}");
        tokio::time::sleep(Duration::from_millis(10)).await;
    }
}

/// The host `far`, gone with all that runs on it when this is dropped.
pub struct Far {
    dir: TempDir,
    sshd: Child,
    pub proxy: Proxy,
}

impl Far {
    /// A host that answers; nothing where sshd is not installed, with a line that says so.
    pub async fn start() -> Option<Far> {
        Far::with_tools(|_| "/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin".into()).await
    }

    /// A host that finds its programs as `tools` says; it may make some in the directory that it is given.
    pub async fn with_tools(tools: impl FnOnce(&Path) -> String) -> Option<Far> {
        let Some(program) = sshd() else {
            eprintln!("SKIPPED: steps on other hosts: sshd is not installed");
            return None;
        };
        // The control sockets' names must be short, whatever TMPDIR says.
        let dir = tempfile::Builder::new().prefix("wr").rand_bytes(4).tempdir_in("/tmp").unwrap();
        for key in ["host", "user", "other"] {
            let made = Command::new("ssh-keygen")
                .args(["-q", "-t", "ed25519", "-N", "", "-f"])
                .arg(dir.path().join(key))
                .status();
            assert!(made.unwrap().success());
        }
        fs::copy(dir.path().join("user.pub"), dir.path().join("authorized")).unwrap();
        if rustix::process::geteuid().is_root() {
            fs::create_dir_all("/run/sshd").unwrap();
        }
        let (sshd, port) = listen(&program, dir.path(), &tools(dir.path())).await;
        let far = Far { proxy: Proxy::start(port).await, dir, sshd };
        far.write_config(far.proxy.port());
        far.know("host");
        Some(far)
    }

    pub fn path(&self, name: &str) -> PathBuf {
        self.dir.path().join(name)
    }

    pub fn settings(&self) -> Settings {
        Settings { config: Some(self.path("config")), ..Settings::new(self.path("c")) }
    }

    pub fn host(&self) -> Host {
        Host::new("far").unwrap()
    }

    /// Points the name `far` at another port.
    pub fn write_config(&self, port: u16) {
        let dir = self.dir.path().display();
        let config = format!(
            "Host far\n HostName 127.0.0.1\n Port {port}\n HostKeyAlias far\n IdentityFile {dir}/user\n IdentitiesOnly yes\n \
             UserKnownHostsFile {dir}/known\n GlobalKnownHostsFile /dev/null\n IdentityAgent none\n"
        );
        fs::write(self.path("config"), config).unwrap();
    }

    /// Has this key, and no other, known as the host's.
    pub fn know(&self, key: &str) {
        let public = fs::read_to_string(self.path(&format!("{key}.pub"))).unwrap();
        fs::write(self.path("known"), format!("far {public}")).unwrap();
    }

    pub fn sshd_pid(&self) -> i32 {
        i32::try_from(self.sshd.id()).unwrap()
    }

    /// How many connections the host has let in.
    pub fn let_in(&self) -> usize {
        self.said("Accepted publickey")
    }

    /// How often this stands in the host's log.
    pub fn said(&self, what: &str) -> usize {
        fs::read_to_string(self.path("log")).unwrap().matches(what).count()
    }

    /// Where steps are kept on the host.
    pub fn steps(&self) -> PathBuf {
        self.path("state/warroom/steps")
    }
}

impl Drop for Far {
    fn drop(&mut self) {
        for step in fs::read_dir(self.steps()).into_iter().flatten().flatten() {
            for who in ["keeper", "pid"] {
                let text = fs::read_to_string(step.path().join(who)).unwrap_or_default();
                let pid = text.split(' ').next().and_then(|pid| pid.parse().ok()).and_then(Pid::from_raw);
                let _ = pid.map(|pid| kill_process_group(pid, Signal::KILL));
            }
        }
        let _ = self.sshd.kill();
        let _ = self.sshd.wait();
        // The shared connections end with the proxy; here they are told, for the sake of their sockets.
        for socket in fs::read_dir(self.path("c")).into_iter().flatten().flatten() {
            let mut told = Command::new("ssh");
            told.arg("-S").arg(socket.path()).args(["-O", "exit", "far"]);
            let _ = told.stdout(Stdio::null()).stderr(Stdio::null()).status();
        }
    }
}

fn sshd() -> Option<PathBuf> {
    let path = std::env::var_os("PATH").unwrap_or_default();
    let dirs = std::env::split_paths(&path).chain([PathBuf::from("/usr/sbin"), PathBuf::from("/usr/local/sbin")]);
    dirs.map(|dir| dir.join("sshd")).find(|program| program.is_file())
}

/// An sshd on a free port. Another process can take the port before sshd does; then another is tried.
async fn listen(program: &Path, dir: &Path, tools: &str) -> (Child, u16) {
    for _ in 0..10 {
        let port = TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap().port();
        let text = format!(
            "Port {port}\nListenAddress 127.0.0.1\nHostKey {0}/host\nAuthorizedKeysFile {0}/authorized\nStrictModes no\nUsePAM no\n\
             PasswordAuthentication no\nKbdInteractiveAuthentication no\nPermitRootLogin yes\nPidFile none\nLogLevel VERBOSE\n\
             SetEnv XDG_STATE_HOME={0}/state PATH={tools}\n",
            dir.display()
        );
        fs::write(dir.join("sshd_config"), text).unwrap();
        fs::write(dir.join("log"), "").unwrap();
        let mut sshd = Command::new(program)
            .arg("-D")
            .arg("-f")
            .arg(dir.join("sshd_config"))
            .arg("-E")
            .arg(dir.join("log"))
            .stdin(Stdio::null())
            .spawn()
            .unwrap();
        let log = || fs::read_to_string(dir.join("log")).unwrap();
        until("sshd listens or ends", || log().contains("Server listening") || sshd.try_wait().unwrap().is_some())
            .await;
        if sshd.try_wait().unwrap().is_none() {
            return (sshd, port);
        }
        eprintln!("{}", log());
    }
    panic!("sshd cannot be started");
}
