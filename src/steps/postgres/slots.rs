//! Replication slots that nobody uses are dropped: they hold back the log until the disk is full.

use sqlx::Row as _;
use sqlx::postgres::PgConnection;
use tokio::time::Instant;

use super::server::Server;
use super::{Seen, Work, results, wrong};
use crate::core::plan::Given;
use crate::core::run::{Failure, Proof};
use crate::core::template::Template;

const SLOTS: &str =
    "SELECT slot_name::text, active FROM pg_replication_slots WHERE slot_type = 'physical' ORDER BY slot_name";

/// The server refuses by itself one that is in use by now.
const DROP: &str = "SELECT pg_drop_replication_slot(slot_name) FROM pg_replication_slots
    WHERE slot_name = $1 AND slot_type = 'physical' AND NOT active";

/// Whether somebody uses it.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Use {
    Active,
    Unused,
}

impl Work<'_> {
    pub(super) async fn drop_slots(&self, url: &Given, named: &[Template]) -> Seen {
        let deadline = self.deadline();
        let server = self.server(url)?;
        let named: Vec<String> = named.iter().map(|name| self.filled(name)).collect::<Result<_, _>>()?;
        let mut connection = server.connect(deadline).await?;
        let all = slots(&server, &mut connection, deadline).await?;
        if let Some((name, _)) = all.iter().find(|(name, used)| *used == Use::Active && named.contains(name)) {
            return Err(wrong(format!("the slot {name} is in use, and stays")));
        }
        let unused = all.into_iter().filter(|(_, used)| *used == Use::Unused).map(|(name, _)| name);
        let dropped: Vec<String> = unused.filter(|name| named.iter().any(|wanted| fits(wanted, name))).collect();
        for name in &dropped {
            let asked = sqlx::query(DROP).bind(name).persistent(false).execute(&mut connection);
            server.in_time(deadline, asked).await?;
        }
        let left = slots(&server, &mut connection, deadline).await?;
        if let Some((name, _)) = left.iter().find(|(name, _)| dropped.contains(name)) {
            return Err(wrong(format!("the slot {name} is still there")));
        }
        let values = results([("dropped", Some(dropped.len().to_string()))]);
        Ok((Proof::Dropped { slots: dropped }, values))
    }
}

async fn slots(
    server: &Server,
    connection: &mut PgConnection,
    deadline: Instant,
) -> Result<Vec<(String, Use)>, Failure> {
    let rows = server.in_time(deadline, sqlx::query(SLOTS).persistent(false).fetch_all(connection)).await?;
    let slot = |row: &sqlx::postgres::PgRow| {
        let used = if row.try_get(1)? { Use::Active } else { Use::Unused };
        Ok((row.try_get(0)?, used))
    };
    rows.iter().map(slot).collect::<Result<_, sqlx::Error>>().map_err(|error| wrong(error.to_string()))
}

/// Whether a name is meant: itself, or all that begin as one that ends with `*`.
fn fits(wanted: &str, name: &str) -> bool {
    wanted.strip_suffix('*').map_or(wanted == name, |begin| name.starts_with(begin))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_name_means_itself_and_one_with_a_star_all_that_begin_so() {
        for (wanted, name, is) in
            [("a", "a", true), ("a", "ab", false), ("a*", "ab", true), ("*", "x", true), ("b*", "ab", false)]
        {
            assert_eq!(fits(wanted, name), is, "{wanted} {name}");
        }
    }
}
