//! Two sites with networks of their own, and the world between them, which can be cut without a word to either.

use std::process::{Child, Command, Stdio};

use crate::place::Place;
use crate::programs::MARK;

const EAST: &str = "10.77.0.1";
const WEST: &str = "10.77.0.2";
const WORLD: &str = "10.77.0.3";

/// Where everything of a laboratory is.
pub struct Network {
    pub east: Place,
    /// Where the engine is, too.
    pub west: Place,
    /// Where customers, front door and name server are.
    pub world: Place,
    keepers: Vec<Child>,
}

impl Network {
    /// All of it on the machine's loopback.
    pub fn loopback() -> Network {
        Network { east: Place::here(), west: Place::here(), world: Place::here(), keepers: Vec::new() }
    }

    /// Three network namespaces, with the world as the router between the sites; or why that cannot be.
    pub fn apart(lab: &std::path::Path) -> Result<Network, String> {
        let keepers: Vec<Child> = (0..3).map(|_| keeper(lab)).collect::<Result<_, _>>()?;
        let place = |at: usize, host| Place::inside(keepers[at].id(), host);
        let [east, west, world] = [place(0, EAST), place(1, WEST), place(2, WORLD)];
        for place in [&east, &west, &world] {
            run(place, &["ip", "link", "set", "lo", "up"])?;
            run(place, &["ip", "addr", "add", &format!("{}/32", place.host), "dev", "lo"])?;
        }
        for (at, (site, name)) in [(&east, "east"), (&west, "west")].into_iter().enumerate() {
            let netns = keepers[at].id().to_string();
            run(&world, &["ip", "link", "add", name, "type", "veth", "peer", "name", "out", "netns", &netns])?;
            run(&world, &["ip", "link", "set", name, "up"])?;
            run(site, &["ip", "link", "set", "out", "up"])?;
            run(&world, &["ip", "route", "add", site.host, "dev", name, "src", WORLD])?;
            run(site, &["ip", "route", "add", WORLD, "dev", "out", "src", site.host])?;
            run(site, &["ip", "route", "add", "default", "via", WORLD, "dev", "out", "src", site.host, "onlink"])?;
        }
        run(&world, &["sh", "-c", "echo 1 >/proc/sys/net/ipv4/ip_forward"])?;
        Ok(Network { east, west, world, keepers })
    }

    /// Nothing passes between the sites any more, and nobody is told.
    pub fn cut(&self) {
        self.rules("add");
    }

    pub fn mend(&self) {
        self.rules("del");
    }

    fn rules(&self, what: &str) {
        for (order, from, to) in [("1", "east", WEST), ("2", "west", EAST)] {
            run(&self.world, &["ip", "rule", what, "pref", order, "iif", from, "to", to, "blackhole"]).unwrap();
        }
    }
}

impl Drop for Network {
    fn drop(&mut self) {
        for keeper in &mut self.keepers {
            let _ = keeper.kill();
            let _ = keeper.wait();
        }
    }
}

/// A process in a network namespace of its own, which exists for as long as it and whoever joins it.
fn keeper(lab: &std::path::Path) -> Result<Child, String> {
    let mut command = Command::new("unshare");
    command.args(["--net", "sh", "-c", "echo made; exec sleep infinity"]).env(MARK, lab);
    let mut child = command
        .stdin(Stdio::null())
        .stdout(Stdio::piped())
        .stderr(Stdio::null())
        .spawn()
        .map_err(|error| error.to_string())?;
    let mut said = String::new();
    let _ = std::io::BufRead::read_line(&mut std::io::BufReader::new(child.stdout.take().unwrap()), &mut said);
    if said == "made\n" { Ok(child) } else { Err("no network namespace can be made".to_owned()) }
}

fn run(place: &Place, words: &[&str]) -> Result<(), String> {
    let output = place.command(words[0]).args(&words[1..]).output().map_err(|error| error.to_string())?;
    if output.status.success() {
        return Ok(());
    }
    Err(format!("{}: {}", words.join(" "), String::from_utf8_lossy(&output.stderr).trim()))
}
