//! A real pair of PostgreSQL servers for the orders, in place of the range's own databases: East's takes them, West's streams
//! them.
//!
//! Servers and data lie in a directory of the demo's. The engine's steps reach them as they reach any server: by an address with
//! a password that a file holds, and by the data directory.

use std::fs::{self, Permissions};
use std::io;
use std::os::unix::fs::{PermissionsExt, chown};
use std::path::{Path, PathBuf};
use std::process::Output;

use serde::{Deserialize, Serialize};
use tokio::process::Command;
use uuid::Uuid;

mod orders;
mod server;

pub(crate) use orders::Orders;

use super::endpoint::Port;
use super::names::{PerSite, Site};
use server::Server;

/// Where Debian and the PostgreSQL project keep the programs of each version.
const HOMES: [&str; 2] = ["/usr/lib/postgresql", "/usr"];

/// Who runs the servers where the range is root's: they refuse to be that.
const OWNER: &str = "postgres";

/// Whose orders they are, inside the servers.
const USER: &str = "shop";

/// Where one of the two is, for a plan's steps.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct ServerPlace {
    /// A file with its address and password, which only the demo's owner reads.
    pub dsn: PathBuf,
    /// Its data directory.
    pub data: PathBuf,
    /// Its settings.
    pub config: PathBuf,
}

/// Why there is no pair.
#[derive(Debug, thiserror::Error)]
pub enum PostgresError {
    /// The programs of a server are missing.
    #[error(
        "PostgreSQL's server programs are not here: install them (Debian's package postgresql), or leave --postgres out"
    )]
    NotInstalled,
    /// Root runs no server, and the account that would does not exist.
    #[error(
        "PostgreSQL does not run as root, and there is no account \"{OWNER}\": start the demo from another account"
    )]
    NoOwner,
    /// A file cannot be made.
    #[error("{}: {why}", path.display())]
    File {
        /// Which.
        path: PathBuf,
        /// What the system says.
        why: io::Error,
    },
    /// A program failed.
    #[error("{program}: {why}")]
    Program {
        /// Which.
        program: String,
        /// What it says.
        why: String,
    },
    /// A server does not do what it is asked.
    #[error("{site}'s server: {why}")]
    Server {
        /// Whose.
        site: Site,
        /// What the driver says.
        why: sqlx::Error,
    },
}

/// The programs of one version, and as whom they run.
#[derive(Debug, Clone)]
pub(crate) struct Programs {
    bin: PathBuf,
    /// The account's number, where it is another than this process's own.
    owner: Option<u32>,
}

impl Programs {
    /// The newest that are installed.
    async fn find() -> Result<Programs, PostgresError> {
        let versions =
            HOMES.iter().filter_map(|home| fs::read_dir(home).ok()).flatten().flatten().filter_map(|entry| {
                let name = entry.file_name().to_string_lossy().trim_start_matches("pgsql-").parse::<u32>().ok()?;
                Some((name, entry.path().join("bin")))
            });
        let of_path = std::env::var_os("PATH").unwrap_or_default();
        let of_path = std::env::split_paths(&of_path).map(|bin| (0, bin));
        let whole = |bin: &Path| ["initdb", "pg_ctl", "pg_rewind"].iter().all(|name| bin.join(name).exists());
        let found = versions.chain(of_path).filter(|(_, bin)| whole(bin)).max_by_key(|(version, _)| *version);
        let (_, bin) = found.ok_or(PostgresError::NotInstalled)?;
        if !rustix::process::geteuid().is_root() {
            return Ok(Programs { bin, owner: None });
        }
        let said = Command::new("id").args(["-u", OWNER]).output().await.map_err(|_| PostgresError::NoOwner)?;
        let owner = String::from_utf8_lossy(&said.stdout).trim().parse().map_err(|_| PostgresError::NoOwner)?;
        Ok(Programs { bin, owner: Some(owner) })
    }

    /// Runs one as the owner of the servers.
    async fn run(&self, program: &str, args: impl FnOnce(&mut Command)) -> Result<Output, PostgresError> {
        let path = self.bin.join(program);
        let path = if path.exists() { path } else { program.into() };
        let mut command = match self.owner {
            None => Command::new(path),
            Some(_) => {
                // Often left out of the PATH of people.
                let usual = Path::new("/usr/sbin/runuser");
                let mut command = Command::new(if usual.exists() { usual } else { Path::new("runuser") });
                command.args(["-u", OWNER, "--"]).arg(path);
                command
            }
        };
        args(&mut command);
        let failed = |why: String| PostgresError::Program { program: program.to_owned(), why };
        let output = command.current_dir("/").output().await.map_err(|error| failed(error.to_string()))?;
        let said = || failed(String::from_utf8_lossy(&output.stderr).trim().to_owned());
        if output.status.success() { Ok(output) } else { Err(said()) }
    }

    /// Gives what was made to whom the servers run as.
    fn give(&self, path: &Path, mode: u32) -> Result<(), PostgresError> {
        let given =
            fs::set_permissions(path, Permissions::from_mode(mode)).and_then(|()| chown(path, self.owner, None));
        given.map_err(|why| PostgresError::File { path: path.to_owned(), why })
    }
}

/// The two servers.
#[derive(Debug)]
pub(crate) struct Pair {
    pub(crate) orders: PerSite<std::sync::Arc<Orders>>,
    pub(crate) places: PerSite<ServerPlace>,
}

impl Pair {
    /// Makes both in an empty directory, and waits until West's streams from East's.
    pub(crate) async fn make(directory: &Path) -> Result<Pair, PostgresError> {
        let programs = Programs::find().await?;
        let password = Uuid::now_v7().simple().to_string();
        let servers = directory.join("servers");
        for path in [servers.clone(), servers.join("east"), servers.join("west")] {
            fs::create_dir(&path).map_err(|why| PostgresError::File { path: path.clone(), why })?;
            programs.give(&path, 0o711)?;
        }
        let port = || Port::take().map_err(|why| PostgresError::File { path: directory.to_owned(), why });
        let new = |site, port| Server::new(site, &programs, &servers.join(Site::as_str(site)), port, &password);
        let (east, west) = (new(Site::East, port()?), new(Site::West, port()?));
        initialize(&programs, &servers, &password, &east).await?;
        let copy = |command: &mut Command| {
            command.arg("-a").arg(east.data()).arg(west.data());
        };
        programs.run("cp", copy).await?;
        west.is_standby_of(&east)?;
        if let Err(why) = begin(&east, &west).await {
            // None is left behind; what is wrong was said by the first.
            let _ = tokio::join!(east.kill(), west.kill());
            return Err(why);
        }
        let place = |server: &Server| {
            let dsn = directory.join(format!("dsn-{}", server.site));
            written(&dsn, &server.url(), 0o600)?;
            Ok(ServerPlace { dsn, data: server.data(), config: server.settings() })
        };
        let places = PerSite { east: place(&east)?, west: place(&west)? };
        Ok(Pair { orders: PerSite { east: Orders::new(east), west: Orders::new(west) }, places })
    }
}

async fn begin(east: &Server, west: &Server) -> Result<(), PostgresError> {
    for server in [east, west] {
        server.has_settings()?;
        server.start().await?;
    }
    east.makes_table().await
}

async fn initialize(programs: &Programs, servers: &Path, password: &str, server: &Server) -> Result<(), PostgresError> {
    let file = servers.join("password");
    written(&file, password, 0o600)?;
    programs.give(&file, 0o600)?;
    let args = |command: &mut Command| {
        let plain = ["-U", USER, "--auth=scram-sha-256", "--encoding=UTF8", "--locale=C", "--no-sync"];
        command.args(plain).arg("--pwfile").arg(&file).arg("-D").arg(server.data());
    };
    let made = programs.run("initdb", args).await;
    fs::remove_file(&file).map_err(|why| PostgresError::File { path: file.clone(), why })?;
    made.map(drop)
}

/// Writes a new file that nobody but those may read.
fn written(path: &Path, text: &str, mode: u32) -> Result<(), PostgresError> {
    use std::io::Write as _;
    use std::os::unix::fs::OpenOptionsExt as _;
    let file = fs::OpenOptions::new().create_new(true).write(true).mode(mode).open(path);
    file.and_then(|mut file| file.write_all(text.as_bytes()))
        .map_err(|why| PostgresError::File { path: path.to_owned(), why })
}
