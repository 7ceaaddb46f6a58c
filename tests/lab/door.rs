//! The front door: HAProxy before the applications of both sites.

use std::fs;
use std::io::{Read as _, Write as _};
use std::os::unix::net::UnixStream;
use std::path::{Path, PathBuf};
use std::process::Child;

use crate::harness::eventually;
use crate::place::Place;
use crate::programs;

pub const HAPROXY: &str = "/usr/sbin/haproxy";

pub struct Door {
    pub socket: PathBuf,
    pub address: String,
    _child: Child,
}

impl Door {
    /// East is open, West is not. The engine judges who is healthy, not HAProxy.
    pub async fn open(lab: &Path, place: &Place, port: u16, east: &str, west: &str) -> Door {
        let (socket, address) = (lab.join("haproxy.sock"), format!("{}:{port}", place.host));
        let settings = format!(
            "global\n  maxconn 200\n  nbthread 1\n  stats socket {} mode 600 level admin\n\
             defaults\n  mode http\n  retries 0\n  timeout connect 1s\n  timeout client 30s\n  timeout server 3s\n\
             frontend door\n  bind {address}\n  default_backend shop\n\
             backend shop\n  server east {east}\n  server west {west} disabled\n",
            socket.display()
        );
        let file = lab.join("haproxy.cfg");
        fs::write(&file, settings).unwrap();
        let mut command = place.command(HAPROXY);
        command.arg("-db").arg("-f").arg(file);
        programs::logged(&mut command, lab, "haproxy");
        let door = Door { socket, address, _child: command.spawn().unwrap() };
        eventually("HAProxy answers", || async { door.say("show info").ok() }).await;
        door
    }

    /// One command to its socket, and the answer.
    pub fn say(&self, command: &str) -> std::io::Result<String> {
        let mut socket = UnixStream::connect(&self.socket)?;
        socket.write_all(format!("{command}\n").as_bytes())?;
        let mut answer = String::new();
        socket.read_to_string(&mut answer)?;
        Ok(answer)
    }

    /// Whether customers are sent to a site.
    pub fn sends_to(&self, site: &str) -> bool {
        let servers = self.say("show servers state shop").unwrap();
        let line = servers.lines().find(|line| line.split(' ').nth(3) == Some(site)).unwrap();
        // The sixth column is what it does, 2 being that it runs.
        line.split(' ').nth(5) == Some("2")
    }
}
