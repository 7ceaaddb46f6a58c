//! Through a procedure step by step, with all that it could come to: calls, lists, what mends and what undoes.

use std::collections::{BTreeMap, BTreeSet};

use super::super::expand::Given;
use super::super::health::Verdict;
use super::super::ids::{ChannelId, ComponentId, ProcedureId, SiteId, StepId};
use super::super::people::Act;
use super::super::plan::{
    Action, Call, Component, Each, Gate, Given as Text, HaproxyAddress, Housed, List, OnFailure, Procedure, Purpose,
    Step, Subject, Which,
};
use super::super::secret::SecretRef;
use super::super::template::{Template, Values};
use super::super::when::Facts;
use super::address::{Address, value, words};
use super::whereabouts::{Whereabouts, only_site};
use super::{By, Need, People, Thing, TooMuch, Within, foreseen};

/// Whether a step may need what is gone: the run goes on when it fails, or it is not done at all while the site is down. `values`
/// are those that are known of it.
#[must_use]
pub fn excused(step: &Step, at: &Whereabouts<'_>, dead: &SiteId, values: &Values) -> bool {
    // In an emergency it has another form, or is left out.
    let has_another_form = step.ungraceful.is_some();
    has_another_form
        || matches!(step.on_failure, OnFailure::Continue | OnFailure::Do(_))
        || is_left_out(step, at, dead, values)
}

/// Whether a condition over nothing but values and the dead site says that a step is not done.
fn is_left_out(step: &Step, at: &Whereabouts<'_>, dead: &SiteId, values: &Values) -> bool {
    let Some(condition) = &step.when else { return false };
    let facts = Assumed { at, dead, values };
    let known = condition.sites().all(|site| site == dead.as_str())
        && condition.components().all(|id| facts.is_gone(id))
        && condition.alerts().next().is_none();
    known && condition.holds(&facts) == Ok(false)
}

/// What is so when a site is down, and nothing else is known.
struct Assumed<'a> {
    at: &'a Whereabouts<'a>,
    dead: &'a SiteId,
    values: &'a Values,
}

impl Assumed<'_> {
    /// Whether a component as conditions name it, `db` or `db.east`, is at the dead site alone.
    fn is_gone(&self, id: &str) -> bool {
        let at_site = id.rsplit_once('.').is_some_and(|(_, site)| site == self.dead.as_str());
        let component = ComponentId::new(id).ok().and_then(|id| self.at.component(&id));
        component.map_or(at_site, |component| only_site(component) == Some(self.dead))
    }
}

impl Facts for Assumed<'_> {
    fn value(&self, name: &str) -> Option<String> {
        self.values.get(name).cloned()
    }

    fn outcome(&self, _: &str) -> Option<&'static str> {
        None
    }

    fn component(&self, _: &str) -> Verdict {
        Verdict::Down
    }

    fn site(&self, _: &str) -> Verdict {
        Verdict::Down
    }

    fn alert(&self, _: &str) -> bool {
        false
    }
}

/// Whose step is looked at, with what is known there.
#[derive(Clone)]
struct Scope<'s> {
    procedure: &'s ProcedureId,
    values: Values,
    secrets: &'s BTreeMap<String, SecretRef>,
    within: Option<Within>,
}

pub(super) struct Walk<'a> {
    at: &'a Whereabouts<'a>,
    dead: &'a SiteId,
    people: People<'a>,
    left: &'a mut usize,
    found: Vec<Need>,
    seen: BTreeSet<Need>,
    /// Calls that were looked into.
    called: BTreeSet<(ProcedureId, Values)>,
    excused: BTreeSet<StepId>,
    /// What a value that is not known yet reads as: nothing that stands in a name.
    unknown: String,
}

/// One thing with what tells that it is gone.
type Found = Option<(Thing, By)>;

impl<'a> Walk<'a> {
    pub(super) fn new(left: &'a mut usize, at: &'a Whereabouts<'a>, dead: &'a SiteId, people: People<'a>) -> Walk<'a> {
        Walk {
            at,
            dead,
            people,
            left,
            found: Vec::new(),
            seen: BTreeSet::new(),
            called: BTreeSet::new(),
            excused: BTreeSet::new(),
            unknown: "?".to_owned(),
        }
    }

    pub(super) fn all(mut self, procedure: &Procedure, given: &Given) -> Result<Vec<Need>, TooMuch> {
        let whole = |what| (procedure.id.clone(), None, Within::Work, Some((what, By::Plan("engine".to_owned()))));
        if self.at.only_at(self.dead, |site| site.holds.engine == Housed::Here) {
            self.note(whole(Thing::Engine));
        }
        self.procedure(procedure, given)?;
        if procedure.timeout.is_some() {
            self.pages(&procedure.id);
        }
        Ok(self.found)
    }

    fn procedure(&mut self, procedure: &Procedure, given: &Given) -> Result<(), TooMuch> {
        for secret in given.secrets.values() {
            let found = self.secret(secret);
            self.note((procedure.id.clone(), None, Within::Work, found));
        }
        let scope =
            Scope { procedure: &procedure.id, values: given.values.clone(), secrets: &given.secrets, within: None };
        let before = Scope { within: Some(Within::Precondition), ..scope.clone() };
        procedure.preconditions.iter().try_for_each(|step| self.step(step, &before))?;
        procedure.steps.iter().try_for_each(|step| self.step(step, &scope))
    }

    /// A step, for each that it is done for.
    fn step(&mut self, step: &Step, scope: &Scope<'_>) -> Result<(), TooMuch> {
        let mut scope = scope.clone();
        scope.values.extend(step.origin.values.clone());
        let Some(each) = &step.each else { return self.once(step, &scope) };
        for value in self.passes(each, &scope.values) {
            scope.values.insert(each.name.clone(), value);
            self.once(step, &scope)?;
        }
        Ok(())
    }

    fn passes(&self, each: &Each, values: &Values) -> Vec<String> {
        match &each.list {
            List::Items(items) => items.iter().map(|item| self.fill(item, values)).collect(),
            List::Components { which: Which::These(ids), .. } => ids.iter().map(ToString::to_string).collect(),
            List::Components { .. } => self.at.plan.components.iter().map(|c| c.id.to_string()).collect(),
        }
    }

    fn once(&mut self, step: &Step, scope: &Scope<'_>) -> Result<(), TooMuch> {
        self.spend(1)?;
        let within = scope.within.unwrap_or(match step.purpose {
            Purpose::Work => Within::Work,
            Purpose::Precondition => Within::Precondition,
            Purpose::Mend(_) => Within::Mend,
            Purpose::Undo(_) => Within::Undo,
        });
        // What was never done for want of the site is not taken back either.
        let undoes_nothing = matches!(&step.purpose, Purpose::Undo(of) if self.excused.contains(of));
        if undoes_nothing || excused(step, self.at, self.dead, &scope.values) {
            self.excused.insert(step.id.clone());
        } else {
            let host = step.host.as_ref();
            self.action(step, &step.action, host, &Scope { within: Some(within), ..scope.clone() })?;
            if let Some(undo) = &step.undo {
                let scope = Scope { within: Some(Within::Undo), ..scope.clone() };
                self.action(step, &undo.action, undo.host.as_ref().or(host), &scope)?;
            }
        }
        match &step.on_failure {
            OnFailure::Do(steps) => {
                let scope = Scope { within: Some(Within::Mend), ..scope.clone() };
                steps.iter().try_for_each(|step| self.step(step, &scope))
            }
            _ => Ok(()),
        }
    }

    fn action(
        &mut self,
        step: &Step,
        action: &Action,
        host: Option<&Template>,
        scope: &Scope<'_>,
    ) -> Result<(), TooMuch> {
        let values = &scope.values;
        let mut found: Vec<Found> = Vec::new();
        if let Some(host) = host.map(|host| self.fill(host, values)) {
            let by = self.at.address(&Address::of_host(&host), self.dead);
            found.push(by.map(|by| (Thing::Host(host), by)));
        }
        match action {
            Action::Manual { .. } | Action::Wait { .. } => {}
            Action::Gate(gate) => found.push(self.gate(gate)),
            Action::Command { argv } => found.extend(self.argv(argv, values)?),
            Action::Shell { script } => {
                for word in words(script) {
                    self.spend(1)?;
                    found.push(self.word(word));
                }
            }
            Action::Http(request) => found.push(self.url(&self.fill(&request.url, values))),
            Action::Health { subject, .. } => found.push(self.health(subject, values)),
            Action::Sql(sql) => match &sql.url {
                Text::Text(url) => found.push(self.url(&self.fill(url, values))),
                Text::Secret(secret) => {
                    found.push(self.secret(secret));
                    let by = self.at.behind(secret, self.dead);
                    found.push(by.map(|by| (Thing::Database(secret.clone()), by)));
                }
            },
            Action::Postgres(does) => {
                found.extend(does.cluster().map(|cluster| self.path(&cluster.data)));
                for url in does.urls() {
                    match url {
                        Text::Text(url) => found.push(self.url(&self.fill(url, values))),
                        Text::Secret(secret) => {
                            found.push(self.secret(secret));
                            let by = self.at.behind(secret, self.dead);
                            found.push(by.map(|by| (Thing::Database(secret.clone()), by)));
                        }
                    }
                }
            }
            Action::File(check) => found.push(self.path(&check.path)),
            Action::Config(config) => {
                let paths = config.files.iter().flat_map(|file| [&file.from, &file.to]).chain(&config.keep);
                found.extend(paths.map(|path| self.path(path)));
                found.extend(self.argv(&config.check, values)?);
            }
            Action::Notify(notice) => {
                let usual = self.at.plan.channels.iter();
                let named: Vec<&ChannelId> =
                    if notice.channels.is_empty() { usual.collect() } else { notice.channels.iter().collect() };
                found.extend(named.into_iter().map(|channel| self.channel(channel)));
            }
            Action::Haproxy(server) => found.push(match &server.address {
                HaproxyAddress::Socket(path) => self.path(path),
                HaproxyAddress::Port(at) => self.word(&self.fill(at, values)),
            }),
            Action::Nginx(upstream) => {
                found.push(self.path(&upstream.file));
                found.extend(upstream.pid_file.iter().map(|path| self.path(path)));
                found.extend(upstream.verify.iter().map(|page| self.url(&self.fill(&page.url, values))));
                found.extend(self.argv(&upstream.check, values)?);
                found.extend(self.argv(&upstream.reload, values)?);
            }
            Action::Dns(records) => {
                let servers = std::iter::once(&records.server).chain(&records.until);
                found.extend(servers.map(|server| self.word(&self.fill(server, values))));
                if let Text::Secret(secret) = &records.key.secret {
                    found.push(self.secret(secret));
                }
            }
            Action::Procedure(call) => self.call(call, scope)?,
        }
        let within = scope.within.unwrap_or(Within::Work);
        for one in found {
            self.note((scope.procedure.clone(), Some(step.id.clone()), within, one));
        }
        Ok(())
    }

    fn call(&mut self, call: &Call, scope: &Scope<'_>) -> Result<(), TooMuch> {
        let Some(procedure) = self.at.plan.procedure(&call.procedure) else { return Ok(()) };
        let mut given = foreseen(procedure);
        for (name, value) in &call.values {
            given.values.insert(name.clone(), self.fill(value, &scope.values));
        }
        // Its caller's secrets come before its own of the same name, and have been looked at.
        given.secrets.retain(|name, _| !scope.secrets.contains_key(name));
        // Procedures never call each other in a circle; a plan says so before it is loaded.
        match self.called.insert((procedure.id.clone(), given.values.clone())) {
            true => self.procedure(procedure, &given),
            false => Ok(()),
        }
    }

    fn argv(&mut self, argv: &[Template], values: &Values) -> Result<Vec<Found>, TooMuch> {
        self.spend(argv.len())?;
        Ok(argv.iter().map(|word| self.word(&self.fill(word, values))).collect())
    }

    fn word(&self, word: &str) -> Found {
        let addresses = Address::of_word(word);
        self.any_of(&addresses).or_else(|| self.path(value(word)))
    }

    fn url(&self, url: &str) -> Found {
        match url.strip_prefix("sqlite:") {
            Some(path) => self.path(path.trim_start_matches("//")),
            None => self.any_of(&Address::of_url(url)),
        }
    }

    /// Several hosts of which any will do are gone when all are.
    fn any_of(&self, addresses: &[Address]) -> Found {
        let gone: Option<Vec<By>> = addresses.iter().map(|address| self.at.address(address, self.dead)).collect();
        let (by, first) = (gone?.into_iter().next()?, addresses.first()?);
        let shown = first.port.map_or(first.host.clone(), |port| format!("{}:{port}", first.host));
        Some((Thing::Address(shown), by))
    }

    fn health(&self, subject: &Subject, values: &Values) -> Found {
        match subject {
            Subject::Site(site) => (self.fill(site, values) == self.dead.as_str()).then_some((Thing::Site, By::Itself)),
            Subject::Component(id) => {
                let component = ComponentId::new(self.fill(id, values)).ok().and_then(|id| self.at.component(&id))?;
                is_only_at(component, self.dead).then(|| (Thing::Component(component.id.clone()), By::Itself))
            }
        }
    }

    fn secret(&self, secret: &SecretRef) -> Found {
        self.at.secret(secret, self.dead).map(|by| (Thing::Secret(secret.clone()), by))
    }

    fn path(&self, path: &str) -> Found {
        self.at.path(path, self.dead).map(|by| (Thing::Storage(path.to_owned()), by))
    }

    fn channel(&self, channel: &ChannelId) -> Found {
        let gone = self.at.only_at(self.dead, |site| site.holds.channels.contains(channel));
        gone.then(|| (Thing::Channel(channel.clone()), By::Plan(channel.to_string())))
    }

    /// The channels that the team is called over, when none of them is left.
    fn pages(&mut self, procedure: &ProcedureId) {
        let all: Option<Vec<_>> = self.at.plan.pages.iter().map(|channel| self.channel(channel)).collect();
        for one in all.into_iter().flatten() {
            self.note((procedure.clone(), None, Within::Work, Some(one)));
        }
    }

    /// A gate that too few of those who may pass it are left for. Roles are given by people, to whoever is there.
    fn gate(&self, gate: &Gate) -> Found {
        let plan = self.at.plan;
        let here = plan.site(self.dead)?;
        let elsewhere = match self.people {
            People::Known(people) => {
                let may = people.values().filter(|person| person.may(Act::PassGate, Some(plan.environment)).is_ok());
                let (gone, left): (Vec<_>, Vec<_>) = may.partition(|person| here.holds.person(person));
                // Where nobody is placed there, it is for other rules to say that there are too few.
                if gone.is_empty() {
                    return None;
                }
                left.len()
            }
            People::Placed => {
                let others = plan.sites.iter().filter(|site| site.id != *self.dead);
                let people: BTreeSet<&String> = others.flat_map(|site| &site.holds.people).collect();
                if here.holds.people.is_empty() || people.is_empty() {
                    return None;
                }
                people.len()
            }
        };
        let needs = gate.people;
        let too_few = elsewhere < usize::try_from(needs).unwrap_or(usize::MAX);
        too_few.then(|| (Thing::People { needs, elsewhere }, By::Plan("people".to_owned())))
    }

    /// A text with what is not known yet in it all the same: the host of an address is seldom what a run finds out.
    fn fill(&self, template: &Template, values: &Values) -> String {
        template.fill_from(|name| values.get(name).or(Some(&self.unknown))).unwrap_or_default()
    }

    fn spend(&mut self, looks: usize) -> Result<(), TooMuch> {
        *self.left = self.left.checked_sub(looks).ok_or(TooMuch)?;
        Ok(())
    }

    fn note(&mut self, (procedure, step, within, found): (ProcedureId, Option<StepId>, Within, Found)) {
        let Some((what, by)) = found else { return };
        let need = Need { procedure, step, within, what, by };
        if self.seen.insert(need.clone()) {
            self.found.push(need);
        }
    }
}

/// Whether a component runs, and is looked at, at one site alone.
fn is_only_at(component: &Component, site: &SiteId) -> bool {
    let mut probes = component.probes.iter().map(|probe| probe.site.as_ref().or(only_site(component)));
    only_site(component) == Some(site) && probes.all(|at| at == Some(site))
}
