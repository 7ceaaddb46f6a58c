//! MariaDB: a server alone, and one that another follows.

use sqlx::{AssertSqlSafe, Connection as _, MySqlConnection};
use warroom::core::health::Found;
use warroom::core::plan::{Address, Look, Measure, ServerRole};
use warroom::probes::Answer;

use crate::far::Far;
use crate::servers::{Server, eventually, fresh, mariadb, mariadb_pair};
use crate::{ask, ask_from, failing_at, from, probe};

fn look(url: String, role: Option<ServerRole>) -> Look {
    Look::Mysql { url: Address::Plain(url), role }
}

async fn see(server: Server, role: Option<ServerRole>) -> Answer {
    ask(&probe(look(server.url(), role))).await
}

async fn run(server: Server, text: &str) {
    let mut connection = MySqlConnection::connect(&server.url().replace("mariadb:", "mysql:")).await.unwrap();
    sqlx::raw_sql(AssertSqlSafe(text.to_owned())).execute(&mut connection).await.unwrap();
}

#[tokio::test]
async fn a_primary_and_one_that_follows_it_are_told_apart() {
    let Some((primary, standby)) = mariadb_pair().await else { return };
    use ServerRole::{Primary, Standby};
    for (server, role, found, why) in [
        (primary, Some(Primary), Found::Good, "primary in "),
        (primary, Some(Standby), Found::Bad, "it follows nobody, expected standby"),
        (standby, Some(Standby), Found::Good, "standby, lag "),
        (standby, Some(Primary), Found::Bad, "standby, expected primary"),
    ] {
        let seen = || async { Some(see(server, role).await).filter(|answer| answer.why.starts_with(why)) };
        let answer = eventually(why, seen).await;
        assert_eq!(answer.found, found, "{answer:?}");
    }
}

#[tokio::test]
async fn one_that_is_delayed_falls_behind_and_one_that_is_stopped_is_bad() {
    let Some((primary, standby)) = mariadb_pair().await else { return };
    eventually("it follows", || async {
        let answer = see(standby, Some(ServerRole::Standby)).await;
        (answer.measured.get(&Measure::Lag) == Some(&0.0)).then_some(())
    })
    .await;
    run(standby, "STOP SLAVE; CHANGE MASTER TO MASTER_DELAY=3600; START SLAVE").await;
    run(primary, &format!("CREATE TABLE shop.{} (id int)", fresh("load"))).await;
    let limited = failing_at(Measure::Lag, 0.0, probe(look(standby.url(), None)));
    let late = eventually("it falls behind", || async {
        let answer = ask(&limited).await;
        answer.measured.contains_key(&Measure::Lag).then_some(answer).filter(|answer| answer.found == Found::Bad)
    })
    .await;
    assert!(late.why.contains("lag ") && late.why.ends_with("limit 0s"), "{late:?}");
    run(standby, "STOP SLAVE").await;
    let stopped = see(standby, None).await;
    assert_eq!(
        (stopped.found, stopped.why.as_str()),
        (Found::Bad, "standby, does not follow: fetching No, applying No")
    );
    run(standby, "CHANGE MASTER TO MASTER_DELAY=0; START SLAVE").await;
    eventually("it has caught up", || async { (ask(&limited).await.found == Found::Good).then_some(()) }).await;
}

#[tokio::test]
async fn what_a_user_may_not_see_is_said_and_not_guessed() {
    let Some(server) = mariadb().await else { return };
    let user = fresh("w").chars().take(30).collect::<String>();
    run(server, &format!("CREATE USER {user}@'127.0.0.1' IDENTIFIED BY 'watching-1b2c'")).await;
    run(server, &format!("GRANT SELECT ON shop.* TO {user}@'127.0.0.1'")).await;
    let url = server.url_for(&user, "watching-1b2c");
    let answer = ask(&probe(look(url.clone(), None))).await;
    assert_eq!(answer.found, Found::Good, "{answer:?}");
    assert!(answer.why.starts_with("takes writes, whom it follows is not shown to this user"), "{answer:?}");
    let primary = probe(look(url, Some(ServerRole::Primary)));
    assert_eq!(ask(&primary).await.found, Found::Unseen);
    run(server, &format!("GRANT REPLICA MONITOR ON *.* TO {user}@'127.0.0.1'")).await;
    assert_eq!(ask(&primary).await.found, Found::Good);
}

#[tokio::test]
async fn a_server_that_lets_nobody_in_is_bad_and_its_password_is_never_shown() {
    let Some(server) = mariadb().await else { return };
    let wrong = ask(&probe(look(server.url_of("wrong-password-1b2c"), None))).await;
    assert_eq!(wrong.found, Found::Bad);
    assert!(wrong.why.contains("Access denied") && !wrong.why.contains("wrong-"), "{wrong:?}");
}

#[tokio::test]
async fn a_server_is_asked_through_a_host() {
    let (Some(far), Some(server)) = (Far::start().await, mariadb().await) else { return };
    let answer = ask_from(&far, &from(&far, look(server.url(), Some(ServerRole::Primary)))).await;
    assert_eq!(answer.found, Found::Good, "{answer:?}");
    let nobody = ask_from(&far, &from(&far, look("mysql://app:x@127.0.0.1:1/db".into(), None))).await;
    assert_eq!((nobody.found, nobody.why.as_str()), (Found::Bad, "connection refused"));
}
