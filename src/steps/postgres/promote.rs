//! A standby becomes a primary.

use sqlx::Row as _;

use super::server::Server;
use super::{Seen, Work, results, unmanaged, wrong};
use crate::core::plan::{Given, Managed, ServerRole};
use crate::core::run::{Failure, News, Proof};
use tokio::time::Instant;

/// A commit that changes nothing: a message in the log, which standbys pass over. It waits for synchronous standbys as any other.
const COMMIT: &str = "SELECT pg_logical_emit_message(true, 'warroom', 'does it take writes?')::text";

impl Work<'_> {
    pub(super) async fn promote(&self, url: &Given, manager: Managed) -> Seen {
        let deadline = self.deadline();
        let server = self.server(url)?;
        let before = server.standing(deadline).await?;
        let news = match before.role {
            ServerRole::Primary => News::Already,
            ServerRole::Standby => {
                unmanaged(&before, manager)?;
                let mut connection = server.connect(deadline).await?;
                // It is waited for below: the server's own wait would hold the connection beyond our time.
                let asked = sqlx::query("SELECT pg_promote(false)").persistent(false).execute(&mut connection);
                server.in_time(deadline, asked).await?;
                News::Done
            }
        };
        let after = self
            .until(deadline, || async {
                let standing = server.standing(deadline).await?;
                match standing.role {
                    ServerRole::Primary => Ok(standing),
                    ServerRole::Standby => Err(wrong("it was asked to take over, and is still in recovery")),
                }
            })
            .await?;
        let timeline = |standing: &crate::postgres::Standing| standing.line.as_ref().map(|line| line.timeline);
        if let (News::Done, Some(was), Some(is)) = (news, timeline(&before), timeline(&after))
            && is <= was
        {
            return Err(wrong(format!(
                "it left recovery on timeline {is}, which it had before: no promotion begins so"
            )));
        }
        let lsn = takes_writes(&server, deadline).await?;
        let timeline = timeline(&after);
        let values = results([("timeline", timeline.map(|timeline| timeline.to_string())), ("lsn", Some(lsn))]);
        Ok((Proof::Promoted { timeline, news }, values))
    }
}

/// Has the server commit something harmless, as any session would; where that stands in its log.
pub(super) async fn takes_writes(server: &Server, deadline: Instant) -> Result<String, Failure> {
    let mut connection = server.connect(deadline).await?;
    let asked =
        sqlx::query("SELECT current_setting('transaction_read_only'), current_setting('synchronous_standby_names')")
            .persistent(false)
            .fetch_one(&mut connection);
    let row = server.in_time(deadline, asked).await?;
    let unread = |error: sqlx::Error| wrong(error.to_string());
    let (read_only, waits_for): (String, String) = (row.try_get(0).map_err(unread)?, row.try_get(1).map_err(unread)?);
    if read_only == "on" {
        return Err(wrong("it is a primary whose transactions are read-only: see default_transaction_read_only"));
    }
    let commit = sqlx::query_scalar(COMMIT).persistent(false).fetch_one(&mut connection);
    server.in_time(deadline, commit).await.map_err(|failure| match failure {
        Failure::NoAnswer { .. } if !waits_for.is_empty() => {
            wrong(format!("it is a primary, and a commit waits for synchronous_standby_names = {waits_for:?}"))
        }
        other => other,
    })
}
