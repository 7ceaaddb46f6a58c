//! How much of each category of data would be lost now: what replication has not carried over, what no archived log holds, what
//! no verified backup holds. The least of what is known counts; nothing is made up.

use serde::{Deserialize, Serialize};

use super::failover::lost;
use super::health::{Found, Readings, Sample};
use super::ids::{CategoryId, PlanId, ProbeId};
use super::loss::Loss;
use super::plan::{Category, Look, Measure, Place, Plan, SetBy, Worth};
use super::state::Loaded;
use super::time::{Moment, Now, Span};

/// Where data could be had back from.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Source {
    /// A replica.
    Replication,
    /// Archived logs.
    Wal,
    /// A backup.
    Backup,
}

/// What one source would lose.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Known {
    /// That much is lost.
    Exactly(Span),
    /// It cannot be more than this: what would be written since is not, or was not seen.
    AtMost(Span),
    /// It would be that much, but nobody has shown that it can be restored, so it counts for nothing.
    Unverified(Span),
    /// Nobody can say, and why.
    Unknown(String),
}

impl Known {
    /// What counts; `None` when nothing does.
    #[must_use]
    pub fn counts(&self) -> Option<Span> {
        match self {
            Known::Exactly(span) | Known::AtMost(span) => Some(*span),
            Known::Unverified(_) | Known::Unknown(_) => None,
        }
    }
}

/// One source of a category.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Seen {
    /// What sort.
    pub source: Source,
    /// Who says so: a probe, or for a replica the component.
    pub by: String,
    /// What it would lose.
    pub known: Known,
    /// When that was seen.
    pub at: Option<Moment>,
}

/// How an exposure stands to its objective.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Against {
    /// Within it.
    Met,
    /// Beyond it by so much.
    Beyond(Span),
    /// Nobody can say.
    Unknown,
    /// There is no objective.
    NoObjective,
}

/// How much of a category would be lost now.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Exposure {
    /// The category.
    pub category: CategoryId,
    /// Its name.
    pub name: String,
    /// Its objective and where that stands.
    pub rpo: Option<(Span, SetBy)>,
    /// Each source that the plan names.
    pub sources: Vec<Seen>,
    /// Which of them loses least; `None` when nobody can say.
    pub least: Option<Source>,
    /// What that one would lose.
    pub loss: Option<Span>,
    /// Against the objective.
    pub against: Against,
    /// How late the next backup is; `None` when it is not, or when the plan or the probe does not say.
    pub backup_late: Option<Span>,
}

/// Every category of a plan, in file order.
#[must_use]
pub fn of_plan(loaded: &Loaded, readings: &Readings, now: &Now) -> Vec<Exposure> {
    loaded.plan.targets.data.iter().map(|category| of_category(loaded, category, readings, now)).collect()
}

/// How much of a category would be lost now.
#[must_use]
pub fn of_category(loaded: &Loaded, category: &Category, readings: &Readings, now: &Now) -> Exposure {
    let writes = Writes::of(loaded, category, readings, now);
    let sources = [
        replica(loaded, category, readings, now),
        category.wal.as_ref().map(|probe| wal(&loaded.plan, probe, readings, &writes)),
        category.backup.as_ref().map(|proof| backup(&loaded.plan, &proof.probe, proof.worth, readings, &writes)),
    ];
    let sources: Vec<Seen> = sources.into_iter().flatten().collect();
    let least = sources.iter().filter_map(|seen| Some((seen.known.counts()?, seen.source)));
    let least = least.min_by_key(|(loss, _)| *loss);
    let rpo = loaded.plan.rpo_of_data(category);
    let against = match (rpo, least) {
        (None, _) => Against::NoObjective,
        (Some(_), None) => Against::Unknown,
        (Some((rpo, _)), Some((loss, _))) if loss <= rpo => Against::Met,
        (Some((rpo, _)), Some((loss, _))) => Against::Beyond(loss.minus(rpo)),
    };
    let late = category.backup_every.zip(category.backup.as_ref()).and_then(|(every, proof)| {
        let (_, age) = newest(&loaded.plan, &proof.probe, readings)?;
        Some(age.until(now).minus(every)).filter(|late| *late > Span::ZERO)
    });
    Exposure {
        category: category.id.clone(),
        name: category.name.clone(),
        rpo,
        least: least.map(|(_, source)| source),
        loss: least.map(|(loss, _)| loss),
        sources,
        against,
        backup_late: late,
    }
}

/// Until when data was written.
struct Writes {
    /// Now, or when the source was first found silent.
    until: Now,
    goes_on: bool,
}

impl Writes {
    /// Nothing is written any more once every source that replication asks is silent, and it can be asked for all of it.
    fn of(loaded: &Loaded, category: &Category, readings: &Readings, now: &Now) -> Writes {
        let asked = readings.replication.get(&loaded.plan.id);
        let silent: Option<Vec<Now>> = category
            .components
            .iter()
            .map(|id| {
                let component = loaded.component(id)?;
                let replication = component.replication.as_ref()?;
                let active = loaded.active_of(id);
                let serves = active.is_none_or(|active| replication.from == *active);
                let silent = asked?.get(id).filter(|_| serves)?.source_silent_since.as_ref()?;
                lost::writes_ended(loaded, active, silent).map(|end| now.at(end))
            })
            .collect();
        let last = silent.and_then(|all| super::time::last_of(all.iter()).cloned());
        Writes { goes_on: last.is_none(), until: last.unwrap_or_else(|| now.clone()) }
    }

    fn loss(&self, age: &Age) -> Known {
        let span = age.until(&self.until);
        if self.goes_on { Known::Exactly(span) } else { Known::AtMost(span) }
    }
}

/// How old something was when it was looked at.
struct Age {
    span: Span,
    at: Now,
}

impl Age {
    /// How old it was at another moment: measured, not read off a wall clock, within one boot.
    fn until(&self, moment: &Now) -> Span {
        if self.at.is_before(moment) {
            self.span.plus(moment.since(&self.at).span)
        } else {
            self.span.minus(self.at.since(moment).span)
        }
    }
}

fn replica(loaded: &Loaded, category: &Category, readings: &Readings, now: &Now) -> Option<Seen> {
    let components: Vec<_> = category.components.iter().filter_map(|id| loaded.component(id)).collect();
    components.iter().find(|c| c.replication.is_some())?;
    let mut worst: Option<(Loss, Moment, String)> = None;
    for component in components {
        let by = component.id.to_string();
        let unknown = |why: &str| Some(seen(Source::Replication, &by, Known::Unknown(why.to_owned()), None));
        if component.replication.is_none() {
            return unknown("its data is not replicated");
        }
        if !lost::travels(loaded, component, readings) {
            return unknown("it travels to the site that serves");
        }
        let asked = readings.replication.get(&loaded.plan.id).and_then(|all| all.get(&component.id));
        let Some(replicated) = asked else { return unknown("not asked yet") };
        let loss = lost::of_component(loaded, component, readings, now).unwrap_or(Loss::Unknown);
        if loss == Loss::Unknown {
            return unknown("the target does not answer, or has nothing yet");
        }
        let at = replicated.target.as_ref().map_or(now.utc, |target| target.asked.utc);
        if worst.as_ref().is_none_or(|(known, ..)| known.ceiling() < loss.ceiling()) {
            worst = Some((loss, at, by));
        }
    }
    let (loss, at, by) = worst?;
    let known = match loss {
        Loss::Measured(span) => Known::Exactly(span),
        Loss::AtMost(span) => Known::AtMost(span),
        Loss::Unknown => Known::Unknown("not asked yet".to_owned()),
    };
    Some(seen(Source::Replication, &by, known, Some(at)))
}

/// What was archived stays so when whoever told of it does not answer any more.
fn wal(plan: &Plan, probe: &ProbeId, readings: &Readings, writes: &Writes) -> Seen {
    match newest(plan, probe, readings) {
        Some((sample, age)) => seen(Source::Wal, probe.as_str(), writes.loss(&age), Some(sample.at.utc)),
        None => seen(Source::Wal, probe.as_str(), Known::Unknown(silence(&plan.id, probe, readings)), None),
    }
}

/// A backup counts when the plan says that what is looked at was verified, and the last look at it was good. Where nobody could
/// look, it is as it was when somebody last could.
fn backup(plan: &Plan, probe: &ProbeId, worth: Worth, readings: &Readings, writes: &Writes) -> Seen {
    let by = probe.as_str();
    let is_beat = matches!(plan.probe(probe).map(|(_, p)| &p.look), Some(Look::Heartbeat));
    let bad = last_look(&plan.id, probe, readings).filter(|sample| sample.found == Found::Bad);
    // Silence of those who report each backup says that there is no newer one, and nothing against the last.
    if let Some(bad) = bad.filter(|_| !is_beat) {
        return seen(Source::Backup, by, Known::Unknown(bad.why.clone()), Some(bad.at.utc));
    }
    let Some((sample, age)) = newest(plan, probe, readings) else {
        return seen(Source::Backup, by, Known::Unknown(silence(&plan.id, probe, readings)), None);
    };
    let known = match worth {
        Worth::Verified => writes.loss(&age),
        Worth::Unverified => Known::Unverified(age.until(&writes.until)),
    };
    seen(Source::Backup, by, known, Some(sample.at.utc))
}

fn seen(source: Source, by: &str, known: Known, at: Option<Moment>) -> Seen {
    Seen { source, by: by.to_owned(), known, at }
}

/// The newest look that measured an age, and that age: the last look, else the last good one.
fn newest<'r>(plan: &Plan, probe: &ProbeId, readings: &'r Readings) -> Option<(&'r Sample, Age)> {
    let (_, probe) = plan.probe(probe)?;
    let kept = readings.proofs.get(&plan.id).and_then(|proofs| proofs.get(&probe.id));
    let looks = readings.looks(&plan.id, &probe.id).map(|(_, sample)| sample).chain(kept);
    let ages = looks.filter_map(|sample| Some((sample, age(&probe.look, sample)?)));
    ages.reduce(|newest, other| if newest.0.at.is_before(&other.0.at) { other } else { newest })
}

/// The newest look from any place.
fn last_look<'r>(plan: &PlanId, probe: &ProbeId, readings: &'r Readings) -> Option<&'r Sample> {
    let looks = readings.looks(plan, probe).map(|(_, sample): (&Place, &Sample)| sample);
    looks.reduce(|newest, other| if newest.at.is_before(&other.at) { other } else { newest })
}

fn silence(plan: &PlanId, probe: &ProbeId, readings: &Readings) -> String {
    match last_look(plan, probe, readings) {
        Some(sample) if matches!(sample.found, Found::Good | Found::Degraded) => "it measured no age".to_owned(),
        Some(sample) => sample.why.clone(),
        None => "not looked at yet".to_owned(),
    }
}

/// The measure by which looks of a kind tell how old something is; a heartbeat tells by coming.
#[must_use]
pub fn age_measure(look: &Look) -> Option<Measure> {
    match look {
        Look::Postgres { .. } => Some(Measure::ArchiveAge),
        Look::File { .. } => Some(Measure::Age),
        Look::Command { .. } | Look::Metric { .. } => Some(Measure::Value),
        Look::Redis { .. } => Some(Measure::SaveAge),
        _ => None,
    }
}

fn age(look: &Look, sample: &Sample) -> Option<Age> {
    let at = sample.at.clone();
    if matches!(look, Look::Heartbeat) {
        return (sample.found == Found::Good).then_some(Age { span: Span::ZERO, at });
    }
    let seconds = sample.measured.get(&age_measure(look)?).copied().filter(|s| s.is_finite() && *s >= 0.0)?;
    Some(Age { span: Span::from_micros((seconds * 1e6) as u64), at })
}
