//! PostgreSQL: a primary, and a standby that streams from it.

use sqlx::{AssertSqlSafe, Connection as _, PgConnection};
use warroom::core::health::Found;
use warroom::core::plan::{Address, Look, Measure, ServerRole};
use warroom::core::time::Span;
use warroom::probes::Answer;

use crate::far::Far;
use crate::servers::{Server, eventually, fresh, postgres, postgres_pair};
use crate::{ask, ask_from, failing_at, from, probe};

fn look(url: String, role: Option<ServerRole>) -> Look {
    Look::Postgres { url: Address::Plain(url), role }
}

async fn see(server: Server, role: Option<ServerRole>) -> Answer {
    ask(&probe(look(server.url(), role))).await
}

async fn run(server: Server, text: &str) {
    let mut connection = PgConnection::connect(&server.url()).await.unwrap();
    sqlx::raw_sql(AssertSqlSafe(text.to_owned())).execute(&mut connection).await.unwrap();
}

async fn has(server: Server, table: &str) -> bool {
    let mut connection = PgConnection::connect(&server.url()).await.unwrap();
    sqlx::query_scalar("SELECT to_regclass($1) IS NOT NULL").bind(table).fetch_one(&mut connection).await.unwrap()
}

#[tokio::test]
async fn a_primary_and_a_standby_are_told_apart() {
    let Some((primary, standby)) = postgres_pair().await else { return };
    use ServerRole::{Primary, Standby};
    for (server, role, found, why) in [
        (primary, None, Found::Good, "primary, 1 standby, "),
        (primary, Some(Primary), Found::Good, "primary, 1 standby, "),
        (primary, Some(Standby), Found::Bad, "primary, expected standby"),
        (standby, Some(Standby), Found::Good, "standby, lag "),
        (standby, Some(Primary), Found::Bad, "standby, expected primary"),
    ] {
        let seen = || async { Some(see(server, role).await).filter(|answer| answer.why.starts_with(why)) };
        let answer = eventually(why, seen).await;
        assert_eq!(answer.found, found, "{answer:?}");
    }
}

#[tokio::test]
async fn a_standby_that_does_not_replay_falls_behind_and_catches_up() {
    let Some((primary, standby)) = postgres_pair().await else { return };
    // Without one that it has replayed it does not know the time.
    let first = fresh("first");
    run(primary, &format!("CREATE TABLE {first} (id int)")).await;
    eventually("the standby has replayed it", || async { has(standby, &first).await.then_some(()) }).await;
    run(standby, "SELECT pg_wal_replay_pause()").await;
    let table = fresh("load");
    run(primary, &format!("CREATE TABLE {table} AS SELECT repeat('x', 100) FROM generate_series(1, 20000)")).await;
    let late = eventually("it falls behind", || async {
        let answer = see(standby, Some(ServerRole::Standby)).await;
        let (lag, behind) = (*answer.measured.get(&Measure::Lag)?, *answer.measured.get(&Measure::LagBytes)?);
        (lag > 0.0 && behind > 1_000_000.0).then_some(answer)
    })
    .await;
    assert!(late.why.contains(" MiB behind, replay paused"), "{late:?}");
    // A limit that it crosses, and one that it does not.
    let limited = |at| failing_at(Measure::LagBytes, at, probe(look(standby.url(), None)));
    assert_eq!(ask(&limited(1_000_000.0)).await.found, Found::Bad);
    assert_eq!(ask(&limited(1e12)).await.found, Found::Good);
    // Its primary sees it, too.
    eventually("the primary sees it", || async {
        (*see(primary, None).await.measured.get(&Measure::LagBytes)? > 1_000_000.0).then_some(())
    })
    .await;
    run(standby, "SELECT pg_wal_replay_resume()").await;
    eventually("it has caught up", || async {
        let measured = see(standby, None).await.measured;
        (measured.get(&Measure::Lag) == Some(&0.0) && measured.get(&Measure::LagBytes) == Some(&0.0)).then_some(())
    })
    .await;
}

#[tokio::test]
async fn the_age_of_the_archive_and_what_slots_hold_back_are_measured() {
    let Some((primary, _)) = postgres_pair().await else { return };
    let (slot, table) = (fresh("slot"), fresh("load"));
    run(primary, &format!("SELECT pg_create_physical_replication_slot('{slot}', true)")).await;
    run(primary, &format!("CREATE TABLE {table} AS SELECT repeat('x', 100) FROM generate_series(1, 20000)")).await;
    run(primary, "SELECT pg_switch_wal()").await;
    let answer = eventually("it is archived", || async {
        let answer = see(primary, Some(ServerRole::Primary)).await;
        answer.measured.contains_key(&Measure::ArchiveAge).then_some(answer)
    })
    .await;
    assert!(answer.measured[&Measure::SlotBytes] > 1_000_000.0, "{answer:?}");
    assert!(answer.why.contains(", archived ") && answer.why.contains(", slots hold back "), "{answer:?}");
    run(primary, &format!("SELECT pg_drop_replication_slot('{slot}')")).await;
    let after = see(primary, None).await;
    assert!(after.measured[&Measure::SlotBytes] < 1_000_000.0, "{after:?}");
}

#[tokio::test]
async fn what_a_user_may_not_see_is_said_and_not_guessed() {
    let Some((primary, _)) = postgres_pair().await else { return };
    let user = fresh("watcher");
    run(primary, &format!("CREATE USER {user} PASSWORD 'watching-1b2c'")).await;
    let url = primary.url_for(&user, "watching-1b2c");
    let seen = || async {
        Some(ask(&probe(look(url.clone(), None))).await).filter(|answer| answer.why.starts_with("primary, 1 standby, "))
    };
    let answer = eventually("the standby streams", seen).await;
    assert_eq!(answer.found, Found::Good, "{answer:?}");
    assert!(answer.why.contains("not shown to this user") && !answer.measured.contains_key(&Measure::LagBytes));
    let limited = failing_at(Measure::LagBytes, 1e12, probe(look(url.clone(), None)));
    assert_eq!(ask(&limited).await.found, Found::Unseen);
    run(primary, &format!("GRANT pg_monitor TO {user}")).await;
    assert_eq!(ask(&limited).await.found, Found::Good);
}

#[tokio::test]
async fn a_server_that_lets_nobody_in_is_bad_and_its_password_is_never_shown() {
    let Some(server) = postgres().await else { return };
    let wrong = ask(&probe(look(server.url_of("wrong-password-1b2c"), None))).await;
    assert_eq!(wrong.found, Found::Bad);
    assert!(wrong.why.contains("password authentication failed") && !wrong.why.contains("wrong-"), "{wrong:?}");
    // Of an address that is a secret nothing is shown at all.
    let home = tempfile::tempdir().unwrap();
    let secret = |url: &str| {
        use std::os::unix::fs::PermissionsExt as _;
        let path = home.path().join("url");
        std::fs::write(&path, url).unwrap();
        std::fs::set_permissions(&path, std::fs::Permissions::from_mode(0o600)).unwrap();
        let reference = format!("file:{}", path.display()).parse().unwrap();
        probe(Look::Postgres { url: Address::Secret(reference), role: None })
    };
    let hidden = ask(&secret(&server.url_for("secretly", "wrong-password-1b2c"))).await;
    assert_eq!((hidden.found, hidden.why.as_str()), (Found::Bad, "it refuses the login (28P01)"));
    let good = ask(&secret(&server.url())).await;
    assert_eq!(good.found, Found::Good, "{good:?}");
    let broken = ask(&secret("postgres://app:hunter2@h:port/db")).await;
    assert_eq!(broken.why, "could not look: the address of the server is not understood");
    std::fs::remove_file(home.path().join("url")).unwrap();
    let reference = format!("file:{}", home.path().join("url").display()).parse().unwrap();
    let gone = ask(&probe(Look::Postgres { url: Address::Secret(reference), role: None })).await;
    assert_eq!(gone.found, Found::Unseen, "{gone:?}");
}

#[tokio::test]
async fn no_server_is_bad_and_one_that_says_nothing_too() {
    let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await.unwrap();
    let url = format!("postgres://app:x@{}/db", listener.local_addr().unwrap());
    let limit = Span::from_millis(100);
    let silent = ask(&warroom::core::plan::Probe { timeout: limit, ..probe(look(url.clone(), None)) }).await;
    assert_eq!((silent.found, silent.why.as_str()), (Found::Bad, "no answer within 100ms"));
    drop(listener);
    let refused = ask(&probe(look(url, None))).await;
    assert_eq!((refused.found, refused.why.as_str()), (Found::Bad, "connection refused"));
}

#[tokio::test]
async fn a_server_is_asked_through_a_host() {
    let (Some(far), Some(server)) = (Far::start().await, postgres().await) else { return };
    let answer = ask_from(&far, &from(&far, look(server.url(), Some(ServerRole::Primary)))).await;
    assert_eq!(answer.found, Found::Good, "{answer:?}");
    let wrong = ask_from(&far, &from(&far, look(server.url(), Some(ServerRole::Standby)))).await;
    assert_eq!((wrong.found, wrong.why.as_str()), (Found::Bad, "primary, expected standby"));
    let named = format!("{}?sslmode=verify-full", server.url());
    assert_eq!(ask_from(&far, &from(&far, look(named, None))).await.found, Found::Unseen);
    let nobody = ask_from(&far, &from(&far, look("postgres://app:x@127.0.0.1:1/db".into(), None))).await;
    assert_eq!((nobody.found, nobody.why.as_str()), (Found::Bad, "connection refused"));
}
