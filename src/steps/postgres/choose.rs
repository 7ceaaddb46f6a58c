//! The best of several standbys.

use std::cmp::Reverse;

use futures_util::future::join_all;

use super::{Seen, Work, refused, results, wrong};
use crate::core::lineage::{Lineage, related};
use crate::core::loss::Position;
use crate::core::plan::{Replica, ServerRole};
use crate::core::run::{Failure, Proof};
use crate::core::time::Now;
use crate::postgres::Standing;
use crate::text;

impl Work<'_> {
    /// The one that received most, then replayed most, then stands first, of the newest timeline. One that was promoted already
    /// is the best, so that this can be done again.
    pub(super) async fn choose(&self, of: &[Replica]) -> Seen {
        let deadline = self.deadline();
        let asked = of.iter().map(|replica| async {
            let standing = async { self.server(&replica.url)?.standing(deadline).await };
            (replica.name.as_str(), standing.await)
        });
        let asked: Vec<(&str, Result<Standing, Failure>)> = join_all(asked).await;
        let answered: Vec<(&str, &Standing)> =
            asked.iter().filter_map(|(name, standing)| Some((*name, standing.as_ref().ok()?))).collect();
        let primaries = answered.iter().filter(|(_, standing)| standing.role == ServerRole::Primary).count();
        if primaries > 1 {
            let names = answered.iter().filter(|(_, standing)| standing.role == ServerRole::Primary);
            let names: Vec<&str> = names.map(|(name, _)| *name).collect();
            return Err(refused(format!("{} all take writes", names.join(" and "))));
        }
        let rank = |standing: &Standing| {
            let timeline = standing.line.as_ref().map_or(0, |line| line.timeline);
            (standing.role == ServerRole::Primary, timeline, standing.lsn, standing.replayed)
        };
        let best = answered.iter().enumerate().max_by_key(|(place, (_, standing))| (rank(standing), Reverse(*place)));
        let Some((_, (best, standing))) = best else {
            let why = asked.iter().map(|(name, standing)| format!("{name}: {}", said(standing)));
            return Err(wrong(format!("none of them answers: {}", why.collect::<Vec<_>>().join("; "))));
        };
        for (name, other) in answered.iter().filter(|(name, _)| name != best) {
            one_way(&self.job.since, (best, standing), (name, other))?;
        }
        let of = asked.iter().map(|(name, standing)| ((*name).to_owned(), standing.as_ref().ok().map(|seen| seen.lsn)));
        let values = results([
            ("best", Some((*best).to_owned())),
            ("lsn", Some(standing.lsn.to_string())),
            ("timeline", standing.line.as_ref().map(|line| line.timeline.to_string())),
        ]);
        Ok((Proof::Chosen { best: (*best).to_owned(), of: of.collect() }, values))
    }
}

fn said(standing: &Result<Standing, Failure>) -> String {
    standing.as_ref().err().map(text::failure).unwrap_or_default()
}

/// Refuses where the data of two did not go the same way, or nobody can say.
fn one_way(now: &Now, (best, ours): (&str, &Standing), (name, theirs): (&str, &Standing)) -> Result<(), Failure> {
    let (Some(our), Some(their)) = (&ours.line, &theirs.line) else {
        return Err(refused(format!("{best} or {name} does not tell its timeline")));
    };
    let lineage = related(&position(ours, now), &position(theirs, now));
    // Of two standbys on one timeline PostgreSQL itself asks no more.
    let same = (&our.system, our.timeline) == (&their.system, their.timeline);
    match lineage {
        Lineage::Same | Lineage::Behind => Ok(()),
        Lineage::Unknown { .. } if same => Ok(()),
        other => Err(refused(format!("{name} and {best}: {}", text::postgres::lineage(&other)))),
    }
}

/// What is known of a server, for comparing its line with another's.
pub(super) fn position(standing: &Standing, asked: &Now) -> Position {
    let (role, line) = (Some(standing.role), standing.line.clone());
    Position { asked: asked.clone(), seq: standing.lsn.0, at: None, role, line, manager: None }
}
