//! Calling the system's ssh.

use std::{
    env, fs, io,
    os::unix::fs::{DirBuilderExt, MetadataExt, PermissionsExt},
    path::{Path, PathBuf},
    process::Stdio,
    time::Duration,
};

use tokio::process::Command;

use super::spec::Settings;
use crate::core::host::Host;

/// Longest that ssh may take to say how it is configured; a `Match exec` there runs programs.
const ASKING: Duration = Duration::from_secs(10);

/// Longest name of a directory of sockets, in bytes: systems take 103 for a socket's name, of which ssh needs a slash, forty
/// of a hash and seventeen of a temporary ending.
const DIR_ROOM: usize = 103 - 1 - 40 - 17;

/// What ssh gets of the environment; the rest may hold secrets of the step, which ssh's configuration could send along.
const PASSED_ON: [&str; 13] = [
    "HOME",
    "KRB5CCNAME",
    "KRB5_CONFIG",
    "LANG",
    "LC_ALL",
    "LOGNAME",
    "PATH",
    "SHELL",
    "SSH_AUTH_SOCK",
    "TMPDIR",
    "TZ",
    "USER",
    "XDG_RUNTIME_DIR",
];

/// Whether the connection is shared.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Route {
    /// With every other step on that host; whoever comes first makes it.
    Shared,
    /// A connection for this session alone.
    Direct,
}

/// What the user's configuration says about the keys of hosts that are not known yet.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum NewHosts {
    /// They are refused. So they are too where it says "ask", for nobody is there to answer, and where it says "no".
    Refused,
    /// They are taken and remembered; changed ones are refused.
    Taken,
}

/// An ssh that runs `line` on `host`: without a terminal, without questions, with host keys checked.
pub(crate) async fn command(settings: &Settings, host: &Host, route: Route, line: &str) -> Result<Command, String> {
    let mut ssh = connection(settings, host, route, "INFO").await?;
    ssh.arg("--").arg(host.destination()).arg(line);
    Ok(ssh)
}

/// An ssh that carries its standard input and output to `target` (`host:port`), as that host reaches it. It says on standard
/// error, among much else, when the connection there is open.
pub(crate) async fn forward(settings: &Settings, host: &Host, route: Route, target: &str) -> Result<Command, String> {
    let mut ssh = connection(settings, host, route, "DEBUG2").await?;
    ssh.arg("-W").arg(target).arg("--").arg(host.destination());
    Ok(ssh)
}

async fn connection(settings: &Settings, host: &Host, route: Route, log: &str) -> Result<Command, String> {
    let new_hosts = new_hosts(settings, host).await?;
    let mut ssh = base(settings);
    ssh.arg("-T").arg("-x").arg("-o").arg(format!("LogLevel={log}"));
    for option in [
        "BatchMode=yes",
        "ClearAllForwardings=yes",
        "ConnectTimeout=10",
        "RemoteCommand=none",
        "ServerAliveCountMax=3",
        "ServerAliveInterval=5",
    ] {
        ssh.arg("-o").arg(option);
    }
    if new_hosts == NewHosts::Refused {
        ssh.args(["-o", "StrictHostKeyChecking=yes"]);
    }
    match socket_dir(settings).filter(|_| route == Route::Shared) {
        Some(dir) => {
            ssh.args(["-o", "ControlMaster=auto", "-o", "ControlPersist=60", "-o"]);
            ssh.arg(format!("ControlPath={dir}/%C"));
        }
        None => {
            ssh.args(["-o", "ControlMaster=no", "-o", "ControlPath=none"]);
        }
    }
    Ok(ssh)
}

/// An ssh that is killed when it is dropped.
fn base(settings: &Settings) -> Command {
    let mut ssh = Command::new(&settings.program);
    if let Some(config) = &settings.config {
        ssh.arg("-F").arg(config);
    }
    ssh.env_clear().envs(PASSED_ON.iter().filter_map(|name| Some((name, env::var_os(name)?))));
    ssh.stdin(Stdio::null()).stdout(Stdio::piped()).stderr(Stdio::piped()).kill_on_drop(true);
    ssh
}

async fn new_hosts(settings: &Settings, host: &Host) -> Result<NewHosts, String> {
    let asked = base(settings).arg("-G").arg("--").arg(host.destination()).output();
    let said = tokio::time::timeout(ASKING, asked).await.map_err(|_| "ssh does not say how it is configured")?;
    let said = said.map_err(|why| format!("ssh ({}) could not be started: {why}", settings.program.display()))?;
    if !said.status.success() {
        return Err(reason(&said.stderr).unwrap_or_else(|| "ssh refuses its configuration".into()));
    }
    let taken = String::from_utf8_lossy(&said.stdout).lines().any(|line| line == "stricthostkeychecking accept-new");
    Ok(if taken { NewHosts::Taken } else { NewHosts::Refused })
}

/// The first directory for sockets that will do, as ssh's options take it; none where connections cannot be shared safely.
fn socket_dir(settings: &Settings) -> Option<String> {
    let own = rustix::process::geteuid().as_raw();
    let runtime = env::var_os("XDG_RUNTIME_DIR").map(|dir| PathBuf::from(dir).join("warroom"));
    [Some(settings.control_dir.clone()), runtime, Some(format!("/tmp/warroom-{own}").into())]
        .into_iter()
        .flatten()
        .find_map(|dir| option_text(&dir).filter(|_| is_private(&dir, own).unwrap_or(false)))
}

/// The name as it can stand in an option: short enough, and with nothing in it that ssh expands or splits at.
fn option_text(dir: &Path) -> Option<String> {
    let text = dir.to_str()?;
    let plain = |c: char| c.is_ascii_alphanumeric() || matches!(c, '/' | '.' | '_' | '-' | '+' | '@' | ',');
    (dir.is_absolute() && text.len() <= DIR_ROOM && text.chars().all(plain)).then(|| text.to_owned())
}

/// Makes the directory if need be; whether nobody else can reach into it. A socket there hands out a connection that is
/// already authenticated.
fn is_private(dir: &Path, own: u32) -> io::Result<bool> {
    fs::DirBuilder::new().recursive(true).mode(0o700).create(dir)?;
    let found = fs::symlink_metadata(dir)?;
    Ok(found.is_dir() && found.uid() == own && found.permissions().mode() & 0o077 == 0)
}

/// Why ssh gave up, from what it said on standard error: a sentence that can follow a colon.
pub(crate) fn reason(said: &[u8]) -> Option<String> {
    let said = String::from_utf8_lossy(said);
    let lines = || said.lines().map(str::trim).filter(|line| !line.is_empty() && !line.starts_with('@'));
    if said.contains("IDENTIFICATION HAS CHANGED") {
        let offending = lines().find(|line| line.starts_with("Offending")).unwrap_or("see ssh's list of known hosts");
        return Some(format!("the host shows another key than the one that is known for it ({offending})"));
    }
    if said.contains("Host key verification failed") {
        let unknown = lines().find(|line| line.contains("host key is known for"));
        return Some(format!(
            "the host's key cannot be checked ({})",
            unknown.unwrap_or("host key verification failed")
        ));
    }
    let last = lines().next_back()?;
    Some(last.strip_prefix("ssh: ").unwrap_or(last).chars().take(400).collect())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_directory_that_is_too_long_or_too_strange_for_a_socket_is_not_taken() {
        let short = format!("/{}", "a".repeat(DIR_ROOM - 1));
        assert_eq!(option_text(Path::new(&short)), Some(short.clone()));
        for bad in [format!("{short}a"), "/tmp/a b".into(), "/tmp/%h".into(), "/tmp/\"".into(), "tmp".into()] {
            assert_eq!(option_text(Path::new(&bad)), None, "{bad}");
        }
    }

    #[test]
    fn a_directory_that_others_can_reach_into_is_not_taken() {
        let home = tempfile::tempdir().unwrap();
        let own = rustix::process::geteuid().as_raw();
        let (dir, link) = (home.path().join("c"), home.path().join("l"));
        assert!(is_private(&dir, own).unwrap());
        std::os::unix::fs::symlink(&dir, &link).unwrap();
        assert!(!is_private(&link, own).unwrap());
        assert!(!is_private(&dir, own + 1).unwrap());
        fs::set_permissions(&dir, fs::Permissions::from_mode(0o750)).unwrap();
        assert!(!is_private(&dir, own).unwrap());
    }

    #[test]
    fn the_reason_is_one_sentence() {
        let refused = b"ssh: connect to host db port 22: Connection refused\r\n";
        assert_eq!(reason(refused).unwrap(), "connect to host db port 22: Connection refused");
        let changed =
            b"@@@@@\n@ WARNING: REMOTE HOST IDENTIFICATION HAS CHANGED! @\n@@@@@\nOffending ED25519 key in /k:3\n\
                        Host key verification failed.\n";
        assert!(reason(changed).unwrap().ends_with("(Offending ED25519 key in /k:3)"));
        assert_eq!(reason(b" \n"), None);
    }
}
