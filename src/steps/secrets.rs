//! Secrets that a step uses: fetched for it, and kept out of what it says.

use std::collections::{BTreeMap, BTreeSet};

use super::program::{file_variable, variable};
use super::shim::GivenSecret;
use super::{Job, postgres};
use crate::core::mask::Masker;
use crate::core::observe::StepEnd;
use crate::core::plan::{Action, DnsRecords, Given, HttpRequest, Sql, Step, ZoneKey};
use crate::core::run::Failure;
use crate::core::secret::SecretRef;
use crate::core::template::{Template, Values};
use crate::secrets::{NotResolved, Secret, resolve};

/// The secrets of one step.
pub(super) struct Fetched {
    /// By the name of their parameter.
    named: BTreeMap<String, Secret>,
    /// The address of a database, where that is one.
    pub(super) address: Option<Secret>,
    /// The key of a zone, where that is one.
    pub(super) key: Option<Secret>,
    /// The addresses of servers.
    urls: BTreeMap<SecretRef, Secret>,
    masker: Masker,
}

impl Fetched {
    /// Fetches those that the step uses and no others, so that one that is out of reach stops only who needs it.
    pub(super) async fn of(job: &Job) -> Result<Fetched, NotResolved> {
        let wanted = wanted(&job.step.action);
        let mut named = BTreeMap::new();
        for (name, reference) in job.secrets.iter().filter(|(name, _)| wanted.contains(*name)) {
            named.insert(name.clone(), resolve(reference).await?);
        }
        let address = match &job.step.action {
            Action::Sql(Sql { url: Given::Secret(reference), .. }) => Some(resolve(reference).await?),
            _ => None,
        };
        let key = match key_of(&job.step.action) {
            Some(Given::Secret(reference)) => Some(resolve(reference).await?),
            _ => None,
        };
        let mut urls = BTreeMap::new();
        for reference in addresses(&job.step.action) {
            urls.insert(reference.clone(), resolve(reference).await?);
        }
        let all = named.values().chain(&address).chain(&key).chain(urls.values());
        let masker = Masker::new(all.map(Secret::expose));
        Ok(Fetched { named, address, key, urls, masker })
    }

    /// The step's values with its secrets among them; for places that nobody reads.
    pub(super) fn among(&self, values: &Values) -> Values {
        let secrets = self.named.iter().map(|(name, secret)| (name.clone(), secret.expose().to_owned()));
        values.clone().into_iter().chain(secrets).collect()
    }

    /// The address of a server that is kept there.
    pub(super) fn url(&self, reference: &SecretRef) -> Option<String> {
        self.urls.get(reference).map(|url| url.expose().to_owned())
    }

    /// A text with secrets masked. What is cut is masked first.
    pub(super) fn mask_text(&self, text: &str) -> String {
        self.masker.mask_text(text)
    }

    /// The end with secrets masked in every text of it.
    pub(super) fn mask(&self, end: StepEnd) -> StepEnd {
        let text = |text: String| self.mask_text(&text);
        match end {
            StepEnd::Good { evidence, results } => {
                StepEnd::Good { evidence, results: results.into_iter().map(|(k, v)| (k, text(v))).collect() }
            }
            StepEnd::Bad(failure) => StepEnd::Bad(match failure {
                Failure::NotStarted { why } => Failure::NotStarted { why: text(why) },
                Failure::WrongAnswer { why } => Failure::WrongAnswer { why: text(why) },
                Failure::NoAnswer { why } => Failure::NoAnswer { why: text(why) },
                Failure::NotHealthy { why } => Failure::NotHealthy { why: text(why) },
                silent @ (Failure::Exit { .. }
                | Failure::Signal { .. }
                | Failure::TimedOut { .. }
                | Failure::Stopped) => silent,
            }),
            StepEnd::Lost(what) => StepEnd::Lost(text(what)),
            StepEnd::Regained => StepEnd::Regained,
        }
    }
}

/// The secrets of a program: all of its step, as nobody knows which of them it uses, nor whether it takes them from its
/// environment or from a file. Fetched when it starts; its shim keeps them out of its output.
pub(super) async fn of_program(job: &Job) -> Result<Vec<GivenSecret>, NotResolved> {
    let mut secrets = Vec::new();
    for (name, reference) in &job.secrets {
        let value = resolve(reference).await?.expose().to_owned();
        // What a shim here starts for a program elsewhere reads no files.
        let file_variable = job.host.is_none().then(|| file_variable(name));
        secrets.push(GivenSecret { variable: variable(name), file_variable, value });
    }
    secrets.extend(postgres::secrets(job).await?);
    Ok(secrets)
}

/// Where the secrets are kept that a step uses.
pub fn used_by(step: &Step) -> BTreeSet<SecretRef> {
    let wanted = wanted(&step.action);
    let of_step = step.origin.secrets.iter();
    let named = of_step.filter(|(name, _)| step.action.is_program() || wanted.contains(*name));
    let address = match &step.action {
        Action::Sql(Sql { url: Given::Secret(reference), .. }) => Some(reference.clone()),
        _ => None,
    };
    let key = match key_of(&step.action) {
        Some(Given::Secret(reference)) => Some(reference.clone()),
        _ => None,
    };
    let servers = addresses(&step.action).cloned();
    named.map(|(_, reference)| reference.clone()).chain(address).chain(key).chain(servers).collect()
}

/// The key that a step signs with.
fn key_of(action: &Action) -> Option<&Given> {
    match action {
        Action::Dns(DnsRecords { key: ZoneKey { secret, .. }, .. }) => Some(secret),
        _ => None,
    }
}

/// Where the addresses of servers are kept that a step speaks to.
fn addresses(action: &Action) -> impl Iterator<Item = &SecretRef> {
    let urls = match action {
        Action::Postgres(does) => does.urls(),
        _ => Vec::new(),
    };
    urls.into_iter().filter_map(|url| match url {
        Given::Secret(reference) => Some(reference),
        Given::Text(_) => None,
    })
}

/// The names that may stand for a secret in this step: in places that are never shown, and nowhere else.
fn wanted(action: &Action) -> BTreeSet<String> {
    match action {
        Action::Http(HttpRequest { headers, json, .. }) => {
            let mut names: BTreeSet<String> = headers.values().flat_map(Template::names).map(str::to_owned).collect();
            json.iter().for_each(|json| names_in_json(json, &mut names));
            names
        }
        Action::Sql(sql) => {
            let address = match &sql.url {
                Given::Text(template) => Some(template),
                Given::Secret(_) => None,
            };
            address.into_iter().chain(&sql.bind).flat_map(Template::names).map(str::to_owned).collect()
        }
        Action::Dns(records) => match &records.key.secret {
            Given::Text(template) => template.names().map(str::to_owned).collect(),
            Given::Secret(_) => BTreeSet::new(),
        },
        Action::Postgres(does) => {
            let texts = does.urls().into_iter().filter_map(|url| match url {
                Given::Text(template) => Some(template),
                Given::Secret(_) => None,
            });
            texts.flat_map(Template::names).map(str::to_owned).collect()
        }
        _ => BTreeSet::new(),
    }
}

fn names_in_json(value: &serde_json::Value, names: &mut BTreeSet<String>) {
    use serde_json::Value;
    match value {
        Value::String(text) => {
            if let Ok(template) = Template::new(text.as_str()) {
                names.extend(template.names().map(str::to_owned));
            }
        }
        Value::Array(items) => items.iter().for_each(|item| names_in_json(item, names)),
        Value::Object(fields) => fields.values().for_each(|field| names_in_json(field, names)),
        _ => {}
    }
}
