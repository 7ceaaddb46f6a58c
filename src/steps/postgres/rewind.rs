//! An old primary becomes a standby again.

use super::choose::position;
use super::program::{self, REWIND};
use super::server::Server;
use super::{Work, refused, results, unmanaged, wrong};
use crate::core::lineage::{Lineage, related};
use crate::core::observe::StepEnd;
use crate::core::plan::{Given, Managed, ServerRole};
use crate::core::run::{Failure, News, Proof};
use crate::steps::shim::{self, Found};
use crate::text;

/// Whether the control file has the timeline that the server writes.
const TELLS_ITS_TIMELINE: &str = "
    SELECT timeline_id = ('x' || substr(pg_walfile_name(pg_current_wal_lsn()), 1, 8))::bit(32)::int FROM pg_control_checkpoint()";

impl Work<'_> {
    pub(super) async fn rewind(&self, (url, from): (&Given, &Given), manager: Managed) -> StepEnd {
        let (server, source) = match (self.server(url), self.server(from)) {
            (Ok(server), Ok(source)) => (server, source),
            (Err(why), _) | (_, Err(why)) => return StepEnd::Bad(why),
        };
        // Once a program is given out it is followed to its end.
        if matches!(shim::look(&self.job.dir), Ok(Found::NotStarted)) {
            match self.before(&server, &source, manager).await {
                Ok(News::Already) => return self.after(&server, &source, News::Already).await,
                Ok(News::Done) => {}
                Err(why) => return StepEnd::Bad(why),
            }
        }
        match program::run(self.job, REWIND).await {
            Ok(()) => self.after(&server, &source, News::Done).await,
            Err(end) => end,
        }
    }

    /// Whether it is a standby of that server already; refuses what would do harm.
    async fn before(&self, server: &Server, source: &Server, manager: Managed) -> Result<News, Failure> {
        let deadline = self.deadline();
        let leads = source.standing(deadline).await?;
        if leads.role == ServerRole::Standby {
            return Err(refused(format!("{} is a standby: rewind from a primary", source.conninfo.shown())));
        }
        match server.standing(deadline).await {
            Ok(standing) if standing.role == ServerRole::Primary => {
                let shown = server.conninfo.shown();
                return Err(refused(format!("{shown} still runs as a primary: fence it first")));
            }
            Ok(standing) => {
                let (ours, theirs) = (position(&leads, &self.job.since), position(&standing, &self.job.since));
                match related(&ours, &theirs) {
                    Lineage::Same if standing.streams => return Ok(News::Already),
                    Lineage::OtherCluster => {
                        return Err(refused(text::postgres::lineage(&Lineage::OtherCluster)));
                    }
                    _ => {}
                }
            }
            Err(_) => {}
        }
        unmanaged(&leads, manager)?;
        self.tells_its_timeline(source).await.map(|()| News::Done)
    }

    /// `pg_rewind` reads the source's timeline in its control file, where one that was promoted lately has the old one until its
    /// next checkpoint; what is rewound by that never starts again (documentation of `pg_rewind`, notes). Has it make one; where
    /// that is not ours to ask, waits for its own.
    async fn tells_its_timeline(&self, source: &Server) -> Result<(), Failure> {
        let deadline = self.deadline();
        let mut connection = source.connect(deadline).await?;
        let told = sqlx::query_scalar::<_, bool>(TELLS_ITS_TIMELINE).persistent(false).fetch_one(&mut connection);
        if source.in_time(deadline, told).await? {
            return Ok(());
        }
        let asked = sqlx::query("CHECKPOINT").persistent(false).execute(&mut connection);
        let _ = source.in_time(deadline, asked).await;
        self.until(deadline, || async {
            let mut connection = source.connect(deadline).await?;
            let told = sqlx::query_scalar::<_, bool>(TELLS_ITS_TIMELINE).persistent(false).fetch_one(&mut connection);
            match source.in_time(deadline, told).await? {
                true => Ok(()),
                false => Err(wrong(format!(
                    "{} was promoted and has made no checkpoint since: run CHECKPOINT there, or wait for the next",
                    source.conninfo.shown()
                ))),
            }
        })
        .await
    }

    /// Sees that it is in recovery, on the same timeline, and receives.
    async fn after(&self, server: &Server, source: &Server, news: News) -> StepEnd {
        let deadline = self.deadline();
        let seen = async {
            let lsn = self.follows(server, source, "", deadline).await?;
            let (leads, standing) = (source.standing(deadline).await?, server.standing(deadline).await?);
            if standing.role != ServerRole::Standby {
                return Err(wrong("it was started, and is not in recovery"));
            }
            match related(&position(&leads, &self.job.since), &position(&standing, &self.job.since)) {
                Lineage::Same | Lineage::Unknown { .. } => {}
                other => return Err(wrong(format!("it was rewound: {}", text::postgres::lineage(&other)))),
            }
            let whom = source.conninfo.shown();
            Ok((Proof::Follows { whom, lsn, news }, results([("lsn", Some(lsn.to_string()))])))
        };
        let ended = tokio::select! {
            biased;
            seen = seen => seen,
            () = self.job.over() => Err(Failure::Stopped),
        };
        self.end(ended)
    }
}
