//! Where things lie, by what a plan says and by what its probes look at.

use std::collections::{BTreeMap, BTreeSet};
use std::net::IpAddr;

use super::super::ids::{ComponentId, SiteId};
use super::super::plan::{self, Component, Holds, Look, Place, Plan, Probe, Site, Vantage};
use super::super::secret::{SecretRef, Source};
use super::By;
use super::address::Address;

/// Where the things of a plan lie.
#[derive(Debug)]
pub struct Whereabouts<'p> {
    pub(super) plan: &'p Plan,
    /// Its components, as a procedure may ask about each of very many.
    components: BTreeMap<&'p ComponentId, &'p Component>,
    /// The sites that it says hold anything.
    holding: Vec<&'p Site>,
    /// Sites by `host:port`, `host` and references to secret addresses, and what tells it.
    told: BTreeMap<String, (BTreeSet<&'p SiteId>, By)>,
}

impl<'p> Whereabouts<'p> {
    /// Reads them out of a plan.
    #[must_use]
    pub fn new(plan: &'p Plan) -> Whereabouts<'p> {
        let holding = plan.sites.iter().filter(|site| site.holds != Holds::default()).collect();
        let components = plan.components.iter().map(|component| (&component.id, component)).collect();
        let mut known = Whereabouts { plan, components, holding, told: BTreeMap::new() };
        for component in &plan.components {
            for probe in component.probes.iter().filter(|probe| probe.vantage == Vantage::Inside) {
                known.learn_probe(component, probe);
            }
            if let Some(of) = &component.replication {
                let by = By::Replication(component.id.clone());
                for (site, url) in [(&of.from, &of.source), (&of.to, &of.target)] {
                    match url {
                        plan::Address::Plain(url) => {
                            Address::of_url(url).iter().for_each(|address| known.learn(address, site, &by));
                        }
                        plan::Address::Secret(secret) => known.put(secret.to_string(), site, &by),
                    }
                }
            }
        }
        known
    }

    fn learn_probe(&mut self, component: &'p Component, probe: &'p Probe) {
        let Some(site) = probe.site.as_ref().or(only_site(component)) else { return };
        let by = By::Probe(probe.id.clone());
        // A server that is asked for numbers about a part need not stand beside it.
        let addresses = match &probe.look {
            Look::Http { url, .. } => Address::of_url(url),
            Look::Tcp { address } | Look::Tls { address, .. } => Address::of_port(address).into_iter().collect(),
            Look::Dns { server, .. } => server.iter().filter_map(|server| Address::of_port(server)).collect(),
            Look::Icmp { host } => vec![Address::of_host(host)],
            Look::Postgres { url, .. } | Look::Mysql { url, .. } | Look::Redis { url, .. } => match url {
                plan::Address::Plain(url) => Address::of_url(url),
                plan::Address::Secret(secret) => {
                    self.put(secret.to_string(), site, &by);
                    Vec::new()
                }
            },
            Look::Disk { .. } | Look::Load | Look::File { .. } => hosts_of(probe),
            Look::Command { .. } | Look::Heartbeat | Look::Metric { .. } => Vec::new(),
        };
        addresses.iter().for_each(|address| self.learn(address, site, &by));
    }

    fn learn(&mut self, address: &Address, site: &'p SiteId, by: &By) {
        if let Some(port) = address.port {
            self.put(format!("{}:{port}", address.host), site, by);
        }
        // Every site has a loopback of its own, and a range may have all of them on one.
        if !is_loopback(&address.host) {
            self.put(address.host.clone(), site, by);
        }
    }

    fn put(&mut self, key: String, site: &'p SiteId, by: &By) {
        self.told.entry(key).or_insert_with(|| (BTreeSet::new(), by.clone())).0.insert(site);
    }

    /// What tells that a host is gone with that site: what the plan says, else what probes look at. A host that is told of at several
    /// sites is not.
    pub(super) fn address(&self, address: &Address, dead: &SiteId) -> Option<By> {
        if let Some(told) = self.said(dead, |holds| holds.host(&address.host).map(ToString::to_string)) {
            return told;
        }
        let with_port = address.port.map(|port| format!("{}:{port}", address.host));
        let keys = [with_port.as_deref(), Some(address.host.as_str())];
        keys.into_iter().flatten().find_map(|key| self.told.get(key)).and_then(|told| only(told, dead))
    }

    /// What tells that what keeps a secret is gone with that site.
    pub(super) fn secret(&self, secret: &SecretRef, dead: &SiteId) -> Option<By> {
        let said = self.said(dead, |holds| holds.secret(secret).map(str::to_owned));
        match (said, secret.source()) {
            (Some(told), _) => told,
            (None, Source::File(path)) => self.path(path, dead),
            (None, Source::Command(argv)) => {
                let words = argv.iter().skip(1);
                words.flat_map(|word| Address::of_word(word)).find_map(|address| self.address(&address, dead))
            }
            (None, Source::Env(_)) => None,
        }
    }

    /// What tells that the database behind a secret address is gone with that site: a probe there has the same one.
    pub(super) fn behind(&self, secret: &SecretRef, dead: &SiteId) -> Option<By> {
        only(self.told.get(&secret.to_string())?, dead)
    }

    /// What tells that a path is gone with that site.
    pub(super) fn path(&self, path: &str, dead: &SiteId) -> Option<By> {
        self.said(dead, |holds| holds.path(path).map(str::to_owned)).flatten()
    }

    /// `None` when the plan says nothing; `Some(None)` when it says another site too.
    fn said(&self, dead: &SiteId, of: impl Fn(&Holds) -> Option<String>) -> Option<Option<By>> {
        let mut elsewhere = false;
        let mut here = None;
        for site in &self.holding {
            match of(&site.holds) {
                Some(entry) if site.id == *dead => here = Some(By::Plan(entry)),
                Some(_) => elsewhere = true,
                None => {}
            }
        }
        (elsewhere || here.is_some()).then(|| here.filter(|_| !elsewhere))
    }

    /// A component of the plan.
    pub(super) fn component(&self, id: &ComponentId) -> Option<&'p Component> {
        self.components.get(id).copied()
    }

    /// Whether something that sites hold is held by that one alone.
    pub(super) fn only_at(&self, dead: &SiteId, holds: impl Fn(&Site) -> bool) -> bool {
        let mut sites = self.holding.iter().filter(|site| holds(site));
        sites.next().is_some_and(|site| site.id == *dead) && sites.next().is_none()
    }
}

fn only((sites, by): &(BTreeSet<&SiteId>, By), dead: &SiteId) -> Option<By> {
    (sites.len() == 1 && sites.contains(dead)).then(|| by.clone())
}

/// The site of a component that runs at one.
pub(super) fn only_site(component: &Component) -> Option<&SiteId> {
    component.sites.first().filter(|_| component.sites.len() == 1)
}

/// The hosts that a probe looks at by looking from there.
fn hosts_of(probe: &Probe) -> Vec<Address> {
    let host = |place: &Place| match place {
        Place::Host(host) => Some(Address::of_host(host.as_str())),
        Place::Engine => None,
    };
    probe.from.iter().filter_map(host).collect()
}

fn is_loopback(host: &str) -> bool {
    host == "localhost" || host.parse::<IpAddr>().is_ok_and(|address| address.is_loopback())
}
