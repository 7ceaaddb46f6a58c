//! What a plan promises: tiers of service, categories of data, capacity and level of service.

use std::collections::BTreeMap;
use std::fmt;

use serde::{Deserialize, Serialize};

use super::super::ids::{CategoryId, ComponentId, ProbeId};
use super::super::time::Span;
use super::{Component, Plan};

/// What a plan promises beside its own recovery time and recovery point.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize)]
#[serde(default)]
pub struct Targets {
    /// The tiers that the plan sets itself; the others are as [`Tier::usual`] has them.
    pub tiers: BTreeMap<u8, Tier>,
    /// The categories of data, in file order.
    pub data: Vec<Category>,
    /// How much of its capacity what serves must have (RCO, VP-1).
    pub capacity: Option<Share>,
    /// How many of the looks through the front door must be good (RSO, VP-1).
    pub service: Option<Share>,
}

/// What stands ready to take over (TR-1); what asks for more is greater.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Standby {
    /// Nothing: recovered as well as it goes.
    None,
    /// Nothing that runs: restored from a backup.
    Cold,
    /// A second one that runs and is switched to by hand.
    Warm,
    /// A second one that can take over at any moment.
    Hot,
}

impl Standby {
    /// The word for it, as plan files say it.
    #[must_use]
    pub fn word(self) -> &'static str {
        match self {
            Standby::None => "none",
            Standby::Cold => "cold",
            Standby::Warm => "warm",
            Standby::Hot => "hot",
        }
    }

    /// Whether it takes a second place that runs.
    #[must_use]
    pub fn needs_second_site(self) -> bool {
        self >= Standby::Warm
    }
}

/// What a tier of service promises.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub struct Tier {
    /// Its recovery time objective.
    pub rto: Span,
    /// Its recovery point objective.
    pub rpo: Span,
    /// What must stand ready.
    pub standby: Standby,
}

impl Tier {
    /// The four tiers as the field has them (TR-1), from 1, the most important; beyond 4 as 4.
    #[must_use]
    pub fn usual(number: u8) -> Tier {
        let minutes = |n: u64| Span::from_secs(n * 60);
        match number {
            0 | 1 => Tier { rto: minutes(30), rpo: minutes(15), standby: Standby::Hot },
            2 => Tier { rto: minutes(120), rpo: minutes(60), standby: Standby::Warm },
            3 => Tier { rto: minutes(240), rpo: minutes(240), standby: Standby::Cold },
            _ => Tier { rto: minutes(1_440), rpo: minutes(1_440), standby: Standby::None },
        }
    }
}

/// Where an objective stands in the plan.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum SetBy {
    /// With the component or the category itself.
    Own,
    /// With its tier.
    Tier(u8),
    /// With the component whose data it is, or with that one's tier.
    Component,
    /// With the plan as a whole.
    Plan,
}

impl fmt::Display for SetBy {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            SetBy::Own => f.pad("own"),
            SetBy::Tier(number) => f.pad(&format!("tier {number}")),
            SetBy::Component => f.pad("of its component"),
            SetBy::Plan => f.pad("of the plan"),
        }
    }
}

/// A share of the whole, to the hundredth of a per cent. Reads `99.9%`; capacity may be more than all of it.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(into = "f64", try_from = "f64")]
pub struct Share(u32);

/// The greatest share, in per cent.
pub const MAX_SHARE: f64 = 1_000.0;

/// A number that is no share.
#[derive(Debug, Clone, Copy, PartialEq, thiserror::Error)]
#[error("{0} is no share in per cent; 0 to {MAX_SHARE} are")]
pub struct BadShare(f64);

impl Share {
    /// So many per cent, rounded to the hundredth.
    ///
    /// # Errors
    /// Less than none or more than [`MAX_SHARE`].
    pub fn percent(percent: f64) -> Result<Share, BadShare> {
        match (0.0..=MAX_SHARE).contains(&percent) {
            true => Ok(Share((percent * 100.0).round() as u32)),
            false => Err(BadShare(percent)),
        }
    }

    /// What `part` is of `whole`, rounded down so that all of it means all; `None` of nothing.
    #[must_use]
    pub fn of(part: u64, whole: u64) -> Option<Share> {
        let hundredths = u128::from(part.min(whole)) * 10_000 / u128::from((whole > 0).then_some(whole)?);
        u32::try_from(hundredths).ok().map(Share)
    }
}

impl fmt::Display for Share {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let (whole, rest) = (self.0 / 100, self.0 % 100);
        f.pad(&match rest {
            0 => format!("{whole}%"),
            rest if rest % 10 == 0 => format!("{whole}.{}%", rest / 10),
            rest => format!("{whole}.{rest:02}%"),
        })
    }
}

impl From<Share> for f64 {
    fn from(share: Share) -> f64 {
        f64::from(share.0) / 100.0
    }
}

impl TryFrom<f64> for Share {
    type Error = BadShare;
    fn try_from(percent: f64) -> Result<Share, BadShare> {
        Share::percent(percent)
    }
}

/// Data that is lost and brought back together (TR-1).
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Category {
    /// Its identifier.
    pub id: CategoryId,
    /// Its name for people.
    pub name: String,
    /// The components that hold it.
    pub components: Vec<ComponentId>,
    /// Its own recovery point objective.
    pub rpo: Option<Span>,
    /// How often it is to be backed up.
    pub backup_every: Option<Span>,
    /// The probe that measures how old the last archived log is, in seconds.
    pub wal: Option<ProbeId>,
    /// What shows how old its last backup is.
    pub backup: Option<BackupProof>,
}

/// What shows that there is a backup.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct BackupProof {
    /// The probe that measures its age in seconds, or that is told of each by a heartbeat.
    pub probe: ProbeId,
    /// What the plan says of what that probe looks at.
    pub worth: Worth,
}

/// What the plan says of a backup that a probe looks at.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Worth {
    /// Something is there.
    Unverified,
    /// It is there only once it was shown that it can be restored.
    Verified,
}

impl Plan {
    /// What a tier of service promises here.
    #[must_use]
    pub fn tier(&self, number: u8) -> Tier {
        self.targets.tiers.get(&number).copied().unwrap_or_else(|| Tier::usual(number))
    }

    /// A component's recovery time objective and where it stands: its own, else its tier's, else the plan's.
    #[must_use]
    pub fn rto_of(&self, component: &Component) -> Option<(Span, SetBy)> {
        self.objective(component, component.rto, |tier| tier.rto, self.rto)
    }

    /// A component's recovery point objective and where it stands: its own, else its tier's, else the plan's.
    #[must_use]
    pub fn rpo_of(&self, component: &Component) -> Option<(Span, SetBy)> {
        self.objective(component, component.rpo, |tier| tier.rpo, self.rpo)
    }

    fn objective(
        &self,
        component: &Component,
        own: Option<Span>,
        of: impl Fn(Tier) -> Span,
        plan: Option<Span>,
    ) -> Option<(Span, SetBy)> {
        let tier = || component.tier.map(|number| (of(self.tier(number)), SetBy::Tier(number)));
        own.map(|own| (own, SetBy::Own)).or_else(tier).or(plan.map(|plan| (plan, SetBy::Plan)))
    }

    /// A category's recovery point objective and where it stands: its own, else the tightest of its components, else the plan's.
    #[must_use]
    pub fn rpo_of_data(&self, category: &Category) -> Option<(Span, SetBy)> {
        let components = category.components.iter().filter_map(|id| self.component(id));
        let tightest = components.filter_map(|component| self.rpo_of(component)).min();
        let theirs = tightest.map(|(span, set_by)| match set_by {
            SetBy::Own => (span, SetBy::Component),
            set_by => (span, set_by),
        });
        category.rpo.map(|own| (own, SetBy::Own)).or(theirs).or(self.rpo.map(|plan| (plan, SetBy::Plan)))
    }

    /// The probes whose newest looks clocks are read from: those of data, and of capacity.
    pub fn clock_probes(&self) -> impl Iterator<Item = &ProbeId> {
        let wal = self.targets.data.iter().filter_map(|category| category.wal.as_ref());
        let backup = self.targets.data.iter().filter_map(|category| Some(&category.backup.as_ref()?.probe));
        wal.chain(backup).chain(self.sites.iter().filter_map(|site| site.capacity.as_ref()))
    }

    /// Whether a probe shows how far data is kept, so that its last good look is to be remembered.
    #[must_use]
    pub fn is_proof(&self, probe: &ProbeId) -> bool {
        let names = |category: &Category| {
            category.wal.as_ref() == Some(probe) || category.backup.as_ref().is_some_and(|b| b.probe == *probe)
        };
        self.targets.data.iter().any(names)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_share_reads_as_people_say_it_and_all_means_all() {
        for (percent, text) in [(0.0, "0%"), (80.0, "80%"), (99.9, "99.9%"), (99.95, "99.95%"), (110.0, "110%")] {
            assert_eq!(Share::percent(percent).unwrap().to_string(), text);
        }
        for bad in [-0.1, 1_000.1, f64::NAN, f64::INFINITY] {
            assert!(Share::percent(bad).is_err(), "{bad}");
        }
        assert_eq!(Share::of(99_999, 100_000).unwrap().to_string(), "99.99%");
        assert_eq!(Share::of(3, 3).unwrap().to_string(), "100%");
        assert_eq!(Share::of(0, 0), None);
        let kept = serde_json::to_string(&Share::percent(99.95).unwrap()).unwrap();
        assert_eq!((kept.as_str(), serde_json::from_str(&kept).ok()), ("99.95", Share::percent(99.95).ok()));
    }

    #[test]
    fn the_four_tiers_are_those_of_the_field() {
        let row = |n| {
            let tier = Tier::usual(n);
            format!("{} {} {}", tier.rto, tier.rpo, tier.standby.word())
        };
        assert_eq!(
            [1, 2, 3, 4].map(row),
            ["30m00s 15m00s hot", "2h00m 1h00m warm", "4h00m 4h00m cold", "1d00h 1d00h none"]
        );
    }
}
