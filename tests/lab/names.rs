//! A name server that takes updates from whoever has the key: the zone `lab`, where `shop.lab` leads to East.

use std::fs;
use std::os::unix::fs::PermissionsExt as _;
use std::path::{Path, PathBuf};
use std::process::{Child, Command};

use crate::harness::eventually;
use crate::place::Place;
use crate::programs;
use crate::template::Postgres;

pub const NAMED: &str = "/usr/sbin/named";
/// Where `shop.lab` leads while East serves, and while West does.
pub const EAST: &str = "192.0.2.1";
pub const WEST: &str = "192.0.2.2";
const SECRET: &str = "c2hvcmUtb2YtYS1sYWItd2l0aC1hLWtleS0zMmJ5dGU=";

pub struct Names {
    host: &'static str,
    pub port: u16,
    /// The file with its key, in base64.
    pub secret: PathBuf,
    place: Place,
    _child: Child,
}

impl Names {
    pub async fn serve(lab: &Path, place: &Place, port: u16, postgres: &Postgres) -> Names {
        let dir = lab.join("names");
        fs::create_dir(&dir).unwrap();
        // Whoever it runs as writes its journal here.
        fs::set_permissions(&dir, fs::Permissions::from_mode(0o777)).unwrap();
        let key = format!("key \"lab\" {{ algorithm hmac-sha256; secret \"{SECRET}\"; }};\n");
        let settings = format!(
            "options {{ directory \"{}\"; listen-on port {port} {{ {}; }}; listen-on-v6 {{ none; }}; pid-file none; \
             session-keyfile none; recursion no; dnssec-validation no; notify no; }};\n\
             controls {{ }};\n{key}\
             zone \"lab\" {{ type primary; file \"zone\"; allow-update {{ key \"lab\"; }}; }};\n",
            dir.display(),
            place.host
        );
        let zone = format!(
            "$TTL 5\n@ SOA ns.lab. people.lab. (1 60 60 60 5)\n@ NS ns.lab.\nns A {}\nshop A {EAST}\n",
            place.host
        );
        for (name, text) in [("named.conf", &settings), ("zone", &zone), ("key", &key)] {
            fs::write(dir.join(name), text).unwrap();
        }
        let secret = lab.join("zone-key");
        fs::write(&secret, SECRET).unwrap();
        fs::set_permissions(&secret, fs::Permissions::from_mode(0o600)).unwrap();
        let words = [postgres.rights.clone(), vec![NAMED.to_owned()]].concat();
        let mut command = place.command(&words[0]);
        command.args(&words[1..]).args(["-g", "-4", "-n", "1", "-c"]).arg(dir.join("named.conf"));
        programs::logged(&mut command, lab, "named");
        let child = command.spawn().unwrap();
        let names = Names { host: place.host, port, secret, place: place.clone(), _child: child };
        eventually("the name server answers", || async { (names.shop() == EAST).then_some(()) }).await;
        names
    }

    /// Where `shop.lab` leads.
    pub fn shop(&self) -> String {
        let mut ask = self.place.of(&Command::new("dig"));
        ask.args(["+short", "+time=1", "+tries=1", &format!("@{}", self.host), "-p", &self.port.to_string()]);
        let output = ask.args(["shop.lab", "A"]).output().unwrap();
        String::from_utf8_lossy(&output.stdout).trim().to_owned()
    }
}
