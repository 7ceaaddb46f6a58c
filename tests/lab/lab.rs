//! A laboratory: two sites, their front door, a name server, customers, and an engine that watches over them.

use std::fs;
use std::os::unix::fs::{PermissionsExt as _, symlink};
use std::path::{Path, PathBuf};
use std::process::Child;

use rustix::process::Signal;
use warroom::core::health::Verdict;
use warroom::core::loss::Loss;

use crate::app;
use crate::cluster::Cluster;
use crate::customers::{self, Attempt};
use crate::door::{Door, HAPROXY};
use crate::harness::{Engine, eventually, skip, warroom};
use crate::names::{EAST, NAMED, Names, WEST};
use crate::network::Network;
use crate::ports::Ports;
use crate::programs;
use crate::template::{self, Postgres};
use crate::watchman::{Watchman, send};

/// Where the sites are.
#[derive(Clone, Copy, PartialEq, Eq, Default)]
pub enum Sites {
    /// Both on loopback.
    #[default]
    Together,
    /// Each with a network of its own.
    Apart,
}

/// Who decides that East is left.
#[derive(Clone, Copy, Default)]
pub enum Decides {
    /// The engine proposes an incident.
    #[default]
    People,
    /// The engine fails over, after so many seconds in which anybody can stop it.
    Engine { abort_window: u32 },
}

/// How long the engine waits with a proposal.
#[derive(Clone, Copy, Default)]
pub enum Patience {
    /// Long enough for a busy machine, on which more looks are late than the story wants.
    #[default]
    Long,
    /// No longer than it must, for what is measured.
    Short,
}

/// How a laboratory differs from the plain one.
#[derive(Clone, Default)]
pub struct Wanted {
    pub sites: Sites,
    /// The engine's settings.
    pub settings: String,
    /// Where its socket is, if not in its state directory.
    pub socket: Option<PathBuf>,
    /// How long East has to be down before the engine proposes anything.
    pub patience: Patience,
    pub decides: Decides,
    /// How large West's disk is, in MiB, where it has one of its own.
    pub disk: Option<u32>,
}

/// One of the two sites.
pub struct Site {
    pub db: Cluster,
    /// Where its application listens.
    pub address: String,
    app: Child,
}

impl Site {
    fn app(&self) -> u32 {
        self.app.id()
    }

    /// Stops the clock for the whole site.
    pub fn freeze(&self) {
        send(self.app(), Signal::STOP);
        self.db.freeze();
    }

    pub fn thaw(&self) {
        self.db.thaw();
        send(self.app(), Signal::CONT);
    }
}

pub struct Lab {
    pub engine: Engine,
    pub east: Site,
    pub west: Site,
    pub door: Door,
    pub names: Names,
    pub network: Network,
    pub dir: PathBuf,
    customers: Child,
    patience: &'static str,
    decides: Decides,
    // Whatever else is dropped, these come last.
    _watchman: Watchman,
    _ports: Ports,
}

impl Lab {
    /// One in which all is well; none where something that it needs is not installed, which is then said.
    pub async fn start() -> Option<Lab> {
        Lab::with(Wanted::default()).await
    }

    /// One that differs.
    pub async fn with(wanted: Wanted) -> Option<Lab> {
        let postgres = installed()?;
        let dir = tempfile::Builder::new().prefix("warroom-lab-").tempdir().unwrap().keep();
        let watchman = Watchman::of(&dir);
        fs::set_permissions(&dir, fs::Permissions::from_mode(0o755)).unwrap();
        let network = match wanted.sites {
            Sites::Together => Network::loopback(),
            Sites::Apart => match Network::apart(&dir) {
                Ok(network) => network,
                Err(why) => {
                    skip("two networks", &why);
                    return None;
                }
            },
        };
        let template = tokio::task::spawn_blocking({
            let postgres = postgres.clone();
            move || template::made(&postgres)
        });
        let template = template.await.unwrap();
        let mut ports = Ports::take();
        let east = Cluster::new("east", &dir, &postgres, network.east.clone(), ports.next());
        let west = Cluster::new("west", &dir, &postgres, network.west.clone(), ports.next());
        if let Some(Err(why)) = wanted.disk.map(|size| west.on_a_disk_of(size)) {
            skip("a disk that is full", &why);
            return None;
        }
        east.copy(&template);
        west.copy(&template);
        west.follows(east.place.host, east.port);
        tokio::join!(east.up(), west.up());
        let [east, west] = [east, west].map(|db| site(&dir, db, ports.next()));
        let door = Door::open(&dir, &network.world, ports.next(), &east.address, &west.address).await;
        let names = Names::serve(&dir, &network.world, ports.next(), &postgres).await;
        let customers = begin_customers(&dir, &network, &door);
        let engine = begin_engine(&dir, &network, &wanted).await;
        Some(Lab {
            engine,
            east,
            west,
            door,
            names,
            network,
            dir,
            customers,
            patience: match wanted.patience {
                Patience::Long => "3s",
                Patience::Short => "1s",
            },
            decides: wanted.decides,
            _watchman: watchman,
            _ports: ports,
        })
    }

    /// Has the engine watch over it, with so many people at the gate, and waits until it sees all of it well.
    pub async fn watched(&self, people: u32) {
        for site in [&self.east, &self.west] {
            let file = self.dir.join(format!("dsn-{}", site.db.name));
            fs::write(&file, site.db.url()).unwrap();
            fs::set_permissions(&file, fs::Permissions::from_mode(0o600)).unwrap();
        }
        self.engine.load(&self.plan(people)).await;
        eventually("all of the laboratory is well", || async {
            let snapshot = self.engine.client.snapshot().await.unwrap();
            let loaded = &snapshot.state.plans["shop"];
            let well = loaded.plan.probes().all(|(_, probe)| loaded.verdict(&probe.id) == Verdict::Ok);
            let loss = warroom::core::gate::worst_loss(loaded, &snapshot.live.readings, &snapshot.now);
            (well && matches!(loss, Some(Loss::Measured(_))) && self.acknowledged() > 50).then_some(())
        })
        .await;
    }

    /// The plan with the addresses of this laboratory.
    fn plan(&self, people: u32) -> String {
        let text = |path: &Path| path.to_string_lossy().into_owned();
        let lost = "component.app.east == down and component.db.east == down";
        // Nobody is left to say that customers are served; so the engine looks.
        let lost_to_all = format!("component.front == down and {lost}");
        let (when, then, abort_window) = match self.decides {
            Decides::People => (lost, "propose", 60),
            Decides::Engine { abort_window } => (lost_to_all.as_str(), "failover", abort_window),
        };
        let values = [
            ("door", self.door.address.clone()),
            ("app_east", self.east.address.clone()),
            ("app_west", self.west.address.clone()),
            ("db_east", format!("{}:{}", self.east.db.place.host, self.east.db.port)),
            ("dir", text(&self.dir)),
            ("east", text(&self.east.db.dir)),
            ("west", text(&self.west.db.dir)),
            ("names", format!("{}:{}", self.network.world.host, self.names.port)),
            ("key", format!("{{name: lab, secret: {{secret: \"file:{}\"}}}}", text(&self.names.secret))),
            ("address_east", EAST.to_owned()),
            ("address_west", WEST.to_owned()),
            ("people", people.to_string()),
            ("for", self.patience.to_owned()),
            ("when", when.to_owned()),
            ("then", then.to_owned()),
            ("unattended", (then == "failover").to_string()),
            ("abort_window", format!("{abort_window}s")),
        ];
        let template = include_str!("plan.yml").to_owned();
        values.into_iter().fold(template, |plan, (name, value)| plan.replace(&format!("@{name}@"), &value))
    }

    /// What became of each row so far.
    pub fn record(&self) -> Vec<Attempt> {
        customers::record(&self.dir.join("customers"))
    }

    pub fn acknowledged(&self) -> usize {
        self.record().iter().filter(|attempt| attempt.acknowledged).count()
    }

    /// Waits until customers were served so many times more.
    pub async fn serves(&self, more: usize) {
        let before = self.acknowledged();
        eventually("customers are served", || async { (self.acknowledged() >= before + more).then_some(()) }).await;
    }

    /// No customer comes any more.
    pub fn close(&mut self) {
        let _ = self.customers.kill();
        self.customers.wait().unwrap();
    }

    /// How the engine judges a site.
    pub async fn sees(&self, site: &str) -> Verdict {
        self.engine.state().await.plans["shop"].counts(Some(&site.parse().unwrap())).worst()
    }
}

fn installed() -> Option<Postgres> {
    for (program, package) in [(HAPROXY, "haproxy"), (NAMED, "bind9"), ("/usr/bin/dig", "bind9-dnsutils")] {
        if !Path::new(program).exists() {
            skip("the laboratory", &format!("{package} is not installed"));
            return None;
        }
    }
    let found = Postgres::find();
    if found.is_none() {
        skip("the laboratory", "PostgreSQL is not installed");
    }
    found
}

fn site(lab: &Path, db: Cluster, port: u16) -> Site {
    let address = format!("{}:{port}", db.place.host);
    let mut command = db.place.of(&programs::command("app"));
    command.env(app::LISTENS, &address).env(app::SITE, db.name).env(app::DATABASE, db.url());
    programs::logged(&mut command, lab, &format!("app-{}", db.name));
    let app = command.spawn().unwrap();
    Site { db, address, app }
}

fn begin_customers(lab: &Path, network: &Network, door: &Door) -> Child {
    let mut command = network.world.of(&programs::command("customers"));
    command.env(customers::DOOR, &door.address).env(customers::RECORD, lab.join("customers"));
    programs::logged(&mut command, lab, "customers");
    command.spawn().unwrap()
}

async fn begin_engine(lab: &Path, network: &Network, wanted: &Wanted) -> Engine {
    let state = lab.join("engine");
    fs::create_dir(&state).unwrap();
    fs::set_permissions(&state, fs::Permissions::from_mode(0o700)).unwrap();
    fs::write(state.join("config.toml"), &wanted.settings).unwrap();
    if let Some(socket) = &wanted.socket {
        symlink(socket, state.join("engine.sock")).unwrap();
    }
    let mut command = network.west.of(&warroom());
    command.args(["engine", "run", "--state"]).arg(&state);
    programs::logged(&mut command, lab, "engine");
    let engine = Engine::of(&state, command.spawn().unwrap());
    engine.answers().await;
    engine
}
