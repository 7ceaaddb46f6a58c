//! Everything in the range, put together: what the control address shows and changes.

use std::io;
use std::net::SocketAddr;
use std::sync::{Arc, Mutex};

use serde::{Deserialize, Serialize};
use tokio::task::JoinSet;

use super::RangeOptions;
use super::control;
use super::customers::{CustomerCounts, Customers, till};
use super::database::{Database, DbRole, Replication};
use super::endpoint::{Endpoint, Port};
use super::inbox::{Inbox, InboxStatus};
use super::ledger::{Ledger, LedgerStatus};
use super::names::{Addresses, Fault, PerService, PerSite, Service, Site, url};
use super::orders::Orders;
use super::outage::{Outage, OutageStatus};
use super::postgres::Pair;
use super::power::{self, Power, Starts};
use super::reply::lock;
use super::router::{Balancer, RoutedSite};
use super::services;

/// The whole range, as `GET /range` shows it.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct RangeStatus {
    /// Where everything is.
    pub addresses: Addresses,
    /// Each site's services.
    pub sites: PerSite<SiteStatus>,
    /// What the router does with each site.
    pub router: PerSite<RoutedSite>,
    /// What has become of the customers' requests.
    pub customers: CustomerCounts,
    /// How far each site's database is.
    pub databases: PerSite<Replication>,
    /// Whether each site's database has power.
    pub power: PerSite<Power>,
    /// Orders taken, orders there, orders lost.
    pub ledger: LedgerStatus,
    /// What the inbox holds.
    pub inbox: InboxStatus,
    /// How far the outage is.
    pub outage: OutageStatus,
}

/// One site of the range.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct SiteStatus {
    /// The fault that all its services have, if it is the same one.
    pub fault: Option<Fault>,
    /// Each of its services.
    pub services: PerService<ServiceStatus>,
}

/// One service of a site.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct ServiceStatus {
    /// Where it is.
    pub url: String,
    /// What is wrong with it.
    pub fault: Option<Fault>,
}

/// What the control address shows and changes.
#[derive(Debug)]
pub(crate) struct World {
    addresses: Addresses,
    sites: PerSite<PerService<Endpoint>>,
    databases: PerSite<Orders>,
    balancer: Arc<Balancer>,
    ledger: Arc<Ledger>,
    strip_fault: Mutex<Option<Fault>>,
    pub(crate) customers: Arc<Customers>,
    pub(crate) inbox: Arc<Inbox>,
    pub(crate) outage: Outage,
}

impl World {
    /// The whole status.
    pub(crate) fn status(&self) -> RangeStatus {
        RangeStatus {
            addresses: self.addresses.clone(),
            sites: PerSite { east: self.site(Site::East), west: self.site(Site::West) },
            router: self.balancer.sites(),
            customers: self.customers.counts(),
            databases: self.databases.map(|db| db.replication()),
            power: PerSite { east: self.power(Site::East), west: self.power(Site::West) },
            ledger: self.ledger(),
            inbox: self.inbox.status(),
            outage: self.outage.status(),
        }
    }

    /// The status of one site.
    pub(crate) fn site(&self, site: Site) -> SiteStatus {
        let services = self
            .sites
            .get(site)
            .map(|endpoint| ServiceStatus { url: url(endpoint.address()), fault: endpoint.fault() });
        let same = Service::ALL.iter().all(|service| services.get(*service).fault == services.web.fault);
        SiteStatus { fault: services.web.fault.filter(|_| same), services }
    }

    /// Orders taken, orders there, orders lost.
    pub(crate) fn ledger(&self) -> LedgerStatus {
        self.ledger.status(self.balancer.serving(), || self.databases.map(|database| database.numbers()))
    }

    /// Whether a site's database has power.
    pub(crate) fn power(&self, site: Site) -> Power {
        self.sites.get(site).db.power()
    }

    /// What is wrong with the power strip.
    pub(crate) fn strip_fault(&self) -> Option<Fault> {
        *lock(&self.strip_fault)
    }

    /// Has the power strip not obey, or obey again.
    pub(crate) fn set_strip_fault(&self, fault: Option<Fault>) {
        *lock(&self.strip_fault) = fault;
    }

    /// Cuts the power of a site's database, or gives it back.
    ///
    /// # Errors
    /// What the system says when it cannot listen again.
    pub(crate) async fn set_power(&self, site: Site, power: Power, starts: Starts) -> io::Result<()> {
        if self.power(site) == Power::Off && starts == Starts::Standby {
            self.databases.get(site).begins_as_standby();
        }
        self.sites.get(site).db.set_power(power).await?;
        self.obeys(site).await
    }

    /// Ends East's outage: all of it answers again, but for a database without power.
    ///
    /// # Errors
    /// What the system says when a service cannot listen again.
    pub(crate) async fn wake_east(&self) -> io::Result<()> {
        self.set_site_fault(Site::East, None).await?;
        self.outage.ended();
        Ok(())
    }

    /// Puts a fault on one service of a site.
    ///
    /// # Errors
    /// What the system says when it cannot listen again.
    pub(crate) async fn set_service_fault(&self, site: Site, service: Service, fault: Option<Fault>) -> io::Result<()> {
        self.sites.get(site).get(service).set_fault(fault).await?;
        if service == Service::Db { self.obeys(site).await } else { Ok(()) }
    }

    async fn obeys(&self, site: Site) -> io::Result<()> {
        let wanted = *self.sites.get(site).db.states().borrow();
        self.databases.get(site).obey(wanted).await
    }

    /// Puts a fault on every service of a site.
    ///
    /// # Errors
    /// What the system says when one of them cannot listen again; the others have the fault all the same.
    pub(crate) async fn set_site_fault(&self, site: Site, fault: Option<Fault>) -> io::Result<()> {
        let mut result = Ok(());
        for service in Service::ALL {
            result = result.and(self.set_service_fault(site, *service, fault).await);
        }
        result
    }

    /// Takes East down when the outage is due, and wakes it up when it is over.
    async fn break_east_when_due(self: Arc<Self>) {
        self.outage.due().await;
        if let Err(error) = self.set_site_fault(Site::East, Some(Fault::Down)).await {
            tracing::warn!(%error, "the outage did not begin as it should");
        }
        self.outage.begun();
        self.outage.over().await;
        if let Err(error) = self.wake_east().await {
            tracing::warn!(%error, "the outage did not end as it should");
        }
    }
}

/// The range at work. Dropping it ends it too, a moment later.
#[derive(Debug)]
pub(crate) struct Running {
    world: Arc<World>,
    /// Router, its administration, inbox, power strip and control: no fault is ever put on them.
    fronts: Vec<Endpoint>,
    /// Customers, replication and the outage clock.
    _tasks: JoinSet<()>,
}

/// A port for everything that listens.
struct Ports {
    sites: PerSite<PerService<Port>>,
    router: Port,
    router_admin: Port,
    inbox: Port,
    power: Port,
    control: Port,
}

impl Ports {
    fn take() -> io::Result<Self> {
        let site = || Ok::<_, io::Error>(PerService { web: Port::take()?, api: Port::take()?, db: Port::take()? });
        Ok(Self {
            sites: PerSite { east: site()?, west: site()? },
            router: Port::take()?,
            router_admin: Port::take()?,
            inbox: Port::take()?,
            power: Port::take()?,
            control: Port::take()?,
        })
    }

    fn addresses(&self) -> Addresses {
        let of = |port: &Port| url(port.address());
        Addresses {
            control: of(&self.control),
            router: of(&self.router),
            router_admin: of(&self.router_admin),
            inbox: format!("{}/inbox", of(&self.inbox)),
            mail: format!("{}/mail", of(&self.inbox)),
            power: of(&self.power),
            sites: self.sites.map(|services| services.map(of)),
            postgres: None,
        }
    }
}

fn open_site(site: Site, ports: PerService<Port>, db: &Orders) -> io::Result<PerService<Endpoint>> {
    let (api, database) = (ports.api.address(), ports.db.address());
    Ok(PerService {
        web: Endpoint::open(ports.web, services::web(site, api))?,
        api: Endpoint::open(ports.api, services::api(site, database))?,
        db: Endpoint::open(ports.db, db.app())?,
    })
}

impl Running {
    /// Opens every listener, and sets customers and replication going.
    ///
    /// # Errors
    /// What the system says when it has no port or cannot listen.
    pub(crate) fn start(options: &RangeOptions, postgres: Option<&Pair>) -> io::Result<Self> {
        let ports = Ports::take()?;
        let mut addresses = ports.addresses();
        addresses.postgres = postgres.map(|pair| pair.places.clone());
        let own = |site, role, other: Site| Orders::Own(Database::new(site, role, ports.sites.get(other).db.address()));
        let databases = match postgres {
            None => PerSite {
                east: own(Site::East, DbRole::Primary, Site::West),
                west: own(Site::West, DbRole::Standby, Site::East),
            },
            Some(pair) => pair.orders.map(|orders| Orders::Postgres(Arc::clone(orders))),
        };
        let ledger = Arc::<Ledger>::default();
        let balancer = Balancer::new(ports.sites.map(|services| services.web.address()));
        let router = ports.router.address();
        let world = Arc::new(World {
            sites: PerSite {
                east: open_site(Site::East, ports.sites.east, &databases.east)?,
                west: open_site(Site::West, ports.sites.west, &databases.west)?,
            },
            addresses,
            databases,
            balancer: Arc::clone(&balancer),
            customers: Customers::new(Arc::clone(&ledger)),
            ledger,
            strip_fault: Mutex::default(),
            inbox: Arc::default(),
            outage: Outage::new(options.after, options.lasts),
        });
        let fronts = vec![
            Endpoint::open(ports.router, balancer.traffic())?,
            Endpoint::open(ports.router_admin, balancer.admin())?,
            Endpoint::open(ports.inbox, world.inbox.app())?,
            Endpoint::open(ports.power, power::app(&world))?,
            Endpoint::open(ports.control, control::app(&world))?,
        ];
        let tasks = set_going(&world, router, options);
        Ok(Self { world, fronts, _tasks: tasks })
    }

    /// Where everything is.
    pub(crate) fn addresses(&self) -> &Addresses {
        &self.world.addresses
    }

    /// Starts the clock of the outage.
    pub(crate) fn start_outage_clock(&self) {
        self.world.outage.start();
    }

    /// Ends it: when this returns, nothing listens any more.
    pub(crate) async fn close(self) {
        for front in &self.fronts {
            front.close().await;
        }
        for site in Site::ALL {
            for service in Service::ALL {
                self.world.sites.get(*site).get(*service).close().await;
            }
            self.world.databases.get(*site).close().await;
        }
    }
}

fn set_going(world: &Arc<World>, router: SocketAddr, options: &RangeOptions) -> JoinSet<()> {
    let mut tasks = JoinSet::new();
    for site in Site::ALL {
        tasks.spawn(world.databases.get(*site).clone().live(world.sites.get(*site).db.states()));
    }
    tasks.spawn(till(Arc::clone(&world.ledger), world.sites.east.web.address()));
    tasks.spawn(Arc::clone(&world.customers).stream(router, options.customers_per_second));
    tasks.spawn(Arc::clone(world).break_east_when_due());
    tasks
}
