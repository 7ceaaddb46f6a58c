//! How far a standby is behind.

use super::{Seen, Work, refused, results, wrong};
use crate::core::plan::{Given, ServerRole};
use crate::core::run::Proof;
use crate::core::time::Span;

impl Work<'_> {
    pub(super) async fn lag(
        &self,
        url: &Given,
        primary: Option<&Given>,
        within: Option<Span>,
        most: Option<u64>,
    ) -> Seen {
        let deadline = self.deadline();
        let standby = self.server(url)?;
        // Asked first: what it has then is all that the standby can be asked to have.
        let ahead = match primary {
            Some(primary) => Some(self.server(primary)?.standing(deadline).await?),
            None => None,
        };
        let standing = standby.standing(deadline).await?;
        if standing.role == ServerRole::Primary {
            return Err(refused(format!("{} is a primary, and behind nobody", standby.conninfo.shown())));
        }
        let bytes = match &ahead {
            Some(ahead) => ahead.lsn.0.saturating_sub(standing.lsn.0),
            None => standing.lsn.0.saturating_sub(standing.replayed.0),
        };
        let lag = standing.lag.map(|seconds| Span::from_micros((seconds * 1e6) as u64));
        // One that has all that there is is behind by no time, whether or not it knows.
        let lag =
            if ahead.is_some() && bytes == 0 && standing.lsn <= standing.replayed { Some(Span::ZERO) } else { lag };
        match (within, lag) {
            (Some(limit), Some(lag)) if lag > limit => {
                return Err(wrong(format!("{lag} behind, at most {limit} is good")));
            }
            (Some(_), None) => {
                return Err(wrong("a standby that has not replayed a transaction yet does not tell its lag"));
            }
            _ => {}
        }
        if let Some(limit) = most.filter(|limit| bytes > *limit) {
            return Err(wrong(format!("{bytes} bytes behind, at most {limit} are good")));
        }
        let values = results([
            ("lag", lag.map(|lag| (lag.micros() as f64 / 1e6).to_string())),
            ("bytes", Some(bytes.to_string())),
            ("lsn", Some(standing.lsn.to_string())),
        ]);
        Ok((Proof::Behind { lag, bytes }, values))
    }
}
