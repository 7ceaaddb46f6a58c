//! Asks a MySQL or MariaDB server how it stands: over one connection, and nothing is written.

use std::str::FromStr as _;

use sqlx::mysql::{MySqlConnectOptions, MySqlConnection, MySqlDatabaseError, MySqlRow, MySqlSslMode};
use sqlx::{Column as _, ConnectOptions as _, Connection as _, Row as _};

use super::database::{Url, name_not_checked, not_understood, target, word};
use super::tunnel::{Tunnel, explained, tunnel};
use super::{NotGood, Seen, Tools, rests_on};
use crate::core::health::judge::quantity;
use crate::core::plan::{Address, Limits, Measure, Place, ServerRole, Unit};
use crate::core::time::Span;

/// Error numbers: a statement that the server does not know, and one that the user may not ask.
const NO_SUCH_STATEMENT: u16 = 1064;
const NOT_ALLOWED: [u16; 2] = [1227, 1045];

/// What is said where the server does not show whom it follows.
const HIDDEN: &str =
    "whom it follows is not shown to this user, who lacks REPLICATION CLIENT (MariaDB: REPLICA MONITOR)";

pub(super) async fn look(
    (address, role): (&Address, Option<ServerRole>),
    limits: &Limits,
    timeout: Span,
    place: &Place,
    tools: Tools<'_>,
) -> Result<Seen, NotGood> {
    let url = Url::of(address).await?;
    let mut options = MySqlConnectOptions::from_str(url.expose()).map_err(|_| not_understood())?;
    options = options.disable_statement_logging();
    if *place != Place::Engine {
        if options.get_socket().is_some() {
            return Err(NotGood::Unseen("a local socket cannot be reached through a host".into()));
        }
        if matches!(options.get_ssl_mode(), MySqlSslMode::VerifyIdentity) {
            return Err(name_not_checked("ssl-mode=VERIFY_CA"));
        }
    }
    let tunnel = tunnel(tools.ssh, place, &target(options.get_host(), options.get_port())).await?;
    if let Some(at) = tunnel.as_ref().map(Tunnel::address) {
        options = options.host(&at.ip().to_string()).port(at.port());
    }
    let asked = async {
        let mut connection = MySqlConnection::connect_with(&options).await.map_err(|error| url.fault(&error))?;
        let stands = ask(&mut connection, timeout).await;
        // A server notes clients that leave without a word.
        let _ = connection.close().await;
        stands.map_err(|error| url.fault(&error))
    };
    match asked.await {
        Ok(stands) => judged(&stands, role, limits),
        Err(why) => Err(explained(tunnel.as_ref(), why).await),
    }
}

/// How a server stands.
struct Stands {
    /// Whether it takes no writes of ordinary users.
    read_only: bool,
    /// Those whom it follows; nothing where that is not shown.
    follows: Option<Vec<Source>>,
}

/// Another server, whom this one follows.
#[derive(Debug, Clone, PartialEq, Eq)]
struct Source {
    /// In seconds; nothing while the replication does not run.
    behind: Option<u64>,
    /// `Yes`, or what is in the way of fetching.
    fetches: String,
    /// `Yes`, or what is in the way of applying.
    applies: String,
}

async fn ask(connection: &mut MySqlConnection, timeout: Span) -> Result<Stands, sqlx::Error> {
    let asked = sqlx::query_as("SELECT VERSION(), @@global.read_only + 0").persistent(false);
    let (version, read_only): (String, i64) = asked.fetch_one(&mut *connection).await?;
    let is_mariadb = version.contains("MariaDB");
    // The server's own limit, so that a question that nobody waits for does not run on there.
    let limit = if is_mariadb {
        sqlx::query("SET SESSION max_statement_time = ?").bind(timeout.to_std().as_secs_f64().max(0.001))
    } else {
        let millis = u64::try_from(timeout.to_std().as_millis()).unwrap_or(u64::MAX);
        sqlx::query("SET SESSION max_execution_time = ?").bind(millis.max(1))
    };
    limit.persistent(false).execute(&mut *connection).await?;
    Ok(Stands { read_only: read_only != 0, follows: sources(connection, is_mariadb).await? })
}

/// All whom it follows. MariaDB shows them all under one name only, MySQL has changed that name.
async fn sources(connection: &mut MySqlConnection, is_mariadb: bool) -> Result<Option<Vec<Source>>, sqlx::Error> {
    let ways = match is_mariadb {
        true => ["SHOW ALL SLAVES STATUS", "SHOW SLAVE STATUS"],
        false => ["SHOW REPLICA STATUS", "SHOW SLAVE STATUS"],
    };
    let mut last = None;
    for way in ways {
        let error = match sqlx::raw_sql(way).fetch_all(&mut *connection).await {
            Ok(rows) => return Ok(Some(rows.iter().map(source).collect())),
            Err(error) => error,
        };
        let said = error.as_database_error().and_then(|said| said.try_downcast_ref::<MySqlDatabaseError>());
        match said.map(MySqlDatabaseError::number) {
            Some(number) if NOT_ALLOWED.contains(&number) => return Ok(None),
            Some(NO_SUCH_STATEMENT) => last = Some(error),
            _ => return Err(error),
        }
    }
    last.map_or(Ok(None), Err)
}

fn source(row: &MySqlRow) -> Source {
    let text = |end: &str| {
        let column = row.columns().iter().find(|column| ends_with(column.name(), end))?;
        row.try_get_unchecked::<Option<String>, _>(column.ordinal()).ok().flatten()
    };
    // Of old these columns spoke of masters and slaves, now of sources and replicas.
    let behind = text("Seconds_Behind_Source").or_else(|| text("Seconds_Behind_Master"));
    let runs = |what: &str| text(what).unwrap_or_else(|| "not told".into());
    Source {
        behind: behind.and_then(|seconds| seconds.parse().ok()),
        fetches: runs("_IO_Running"),
        applies: runs("_SQL_Running"),
    }
}

fn ends_with(name: &str, end: &str) -> bool {
    name == end || (end.starts_with('_') && name.ends_with(end))
}

fn judged(stands: &Stands, expected: Option<ServerRole>, limits: &Limits) -> Result<Seen, NotGood> {
    let bad = |is: &str, expected: ServerRole| NotGood::Bad(format!("{is}, expected {}", word(expected)));
    let Some(follows) = &stands.follows else {
        return match expected {
            Some(ServerRole::Primary) if stands.read_only => Err(bad("read-only", ServerRole::Primary)),
            None if !rests_on(limits, Measure::Lag) => Ok(Seen::new(format!("{}, {HIDDEN}", writes(stands)))),
            _ => Err(NotGood::Unseen(HIDDEN.into())),
        };
    };
    if follows.is_empty() {
        return match expected {
            Some(ServerRole::Standby) => Err(bad("it follows nobody", ServerRole::Standby)),
            Some(ServerRole::Primary) if stands.read_only => Err(bad("read-only", ServerRole::Primary)),
            _ => Ok(Seen::new(if stands.read_only { "follows nobody, read-only" } else { "primary" })),
        };
    }
    if let Some(ServerRole::Primary) = expected {
        return Err(bad("standby", ServerRole::Primary));
    }
    if let Some(stopped) = follows.iter().find(|source| source.behind.is_none()) {
        let (fetches, applies) = (&stopped.fetches, &stopped.applies);
        let why = format!("standby, does not follow: fetching {fetches}, applying {applies}");
        return Err(NotGood::Bad(crate::text::cut(&crate::text::clean_line(&why), 200).into_owned()));
    }
    let lag = follows.iter().filter_map(|source| source.behind).max().unwrap_or(0) as f64;
    let mut what = format!("standby, lag {}", quantity(lag, Unit::Time));
    if !stands.read_only {
        what.push_str(", takes writes");
    }
    Ok(Seen { what, measured: [(Measure::Lag, lag)].into() })
}

fn writes(stands: &Stands) -> &'static str {
    if stands.read_only { "read-only" } else { "takes writes" }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn says(read_only: bool, behind: Option<&[Option<u64>]>, expected: Option<ServerRole>) -> Result<String, NotGood> {
        let source = |behind: &Option<u64>| {
            let runs = if behind.is_some() { "Yes" } else { "No" };
            Source { behind: *behind, fetches: runs.into(), applies: "Yes".into() }
        };
        let follows = behind.map(|all| all.iter().map(source).collect());
        judged(&Stands { read_only, follows }, expected, &Limits::default()).map(|seen| seen.what)
    }

    #[test]
    fn who_follows_is_a_standby_and_what_is_not_shown_is_not_guessed() {
        use ServerRole::{Primary, Standby};
        let bad = |why: &str| Err(NotGood::Bad(why.to_owned()));
        let good = |what: &str| Ok(what.to_owned());
        for (read_only, behind, expected, said) in [
            (false, Some(&[][..]), Some(Primary), good("primary")),
            (true, Some(&[]), Some(Primary), bad("read-only, expected primary")),
            (true, Some(&[]), Some(Standby), bad("it follows nobody, expected standby")),
            (true, Some(&[Some(3), Some(7)]), Some(Standby), good("standby, lag 7s")),
            (false, Some(&[Some(0)]), None, good("standby, lag 0s, takes writes")),
            (true, Some(&[Some(0)]), Some(Primary), bad("standby, expected primary")),
            (true, Some(&[None]), None, bad("standby, does not follow: fetching No, applying Yes")),
            (true, None, Some(Primary), bad("read-only, expected primary")),
            (false, None, Some(Primary), Err(NotGood::Unseen(HIDDEN.into()))),
            (true, None, Some(Standby), Err(NotGood::Unseen(HIDDEN.into()))),
        ] {
            assert_eq!(says(read_only, behind, expected), said);
        }
        assert!(says(true, None, None).unwrap().starts_with("read-only, whom it follows is not shown"));
    }

    #[test]
    fn columns_are_known_by_their_old_names_and_their_new_ones() {
        assert!(ends_with("Slave_IO_Running", "_IO_Running") && ends_with("Replica_IO_Running", "_IO_Running"));
        assert!(!ends_with("Slave_SQL_Running_State", "_SQL_Running"));
    }
}
