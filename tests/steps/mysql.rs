//! Statements to MariaDB.

use sqlx::{AssertSqlSafe, Connection as _, MySqlConnection};
use warroom::core::observe::StepEnd;
use warroom::core::plan::Capture;
use warroom::core::run::{Evidence, Failure};

use crate::servers::{SHORT, Server, fresh, mariadb};
use crate::world::{World, eventually, template, why};

async fn connect(server: &Server) -> MySqlConnection {
    MySqlConnection::connect(&server.url().replace("mariadb:", "mysql:")).await.unwrap()
}

async fn count(server: &Server, query: String) -> i64 {
    sqlx::query_scalar(AssertSqlSafe(query)).fetch_one(&mut connect(server).await).await.unwrap()
}

async fn table(server: &Server) -> String {
    let name = fresh("customer");
    let mut connection = connect(server).await;
    for text in [
        format!("CREATE TABLE {name} (id int PRIMARY KEY, name text) ENGINE=InnoDB"),
        format!("INSERT INTO {name} VALUES (1, 'ada'), (2, 'mike')"),
    ] {
        sqlx::raw_sql(AssertSqlSafe(text)).execute(&mut connection).await.unwrap();
    }
    name
}

#[tokio::test]
async fn values_are_bound_and_never_become_part_of_the_statement() {
    let Some(server) = mariadb().await else { return };
    let table = table(&server).await;
    let nasty = format!("'; DROP TABLE {table}; -- \\");
    let insert = World::sql(&server.url(), &format!("INSERT INTO {table} VALUES (?, ?)"))
        .with(&[("id", "7"), ("name", &nasty)])
        .changed(|sql| sql.bind = vec![template("${id}"), template("${name}")]);
    assert_eq!(insert.good().await.0, Evidence::Rows { rows: 1 });
    let ask = World::sql(&server.url(), &format!("SELECT id, name FROM {table} WHERE name = ?"))
        .with(&[("name", &nasty)])
        .changed(|sql| sql.bind = vec![template("${name}")])
        .capturing(&[("found", Capture::Column("id".into()))]);
    assert_eq!(ask.good().await.1["found"], "7");
    let two = World::sql(&server.url(), &format!("SELECT 1; DROP TABLE {table}"));
    assert!(two.wrong().await.contains("syntax"));
    assert_eq!(count(&server, format!("SELECT COUNT(*) FROM {table}")).await, 3);
}

#[tokio::test]
async fn what_is_not_as_expected_is_told_with_its_limit_and_undone() {
    let Some(server) = mariadb().await else { return };
    let table = table(&server).await;
    let update = World::sql(&server.url(), &format!("UPDATE {table} SET name = 'eve'"));
    assert_eq!(update.changed(|sql| sql.max_rows = Some(1)).wrong().await, "2 rows, expected at most 1; rolled back");
    assert_eq!(count(&server, format!("SELECT COUNT(*) FROM {table} WHERE name = 'eve'")).await, 0);
    let lag =
        World::sql(&server.url(), "SELECT 12.50 AS lag").changed(|sql| sql.at_most = [("lag".into(), 10.0)].into());
    assert_eq!(lag.wrong().await, "lag is 12.50, expected at most 10; rolled back");
}

#[tokio::test]
async fn what_takes_effect_at_once_is_never_called_rolled_back() {
    let Some(server) = mariadb().await else { return };
    let name = fresh("made");
    let make =
        World::sql(&server.url(), &format!("CREATE TABLE {name} (id int)")).changed(|sql| sql.min_rows = Some(1));
    assert_eq!(make.wrong().await, "0 rows, expected at least 1");
    assert_eq!(count(&server, format!("SELECT COUNT(*) FROM {name}")).await, 0, "it is there");
}

#[tokio::test]
async fn a_look_refuses_to_write_and_an_act_commits() {
    let Some(server) = mariadb().await else { return };
    let table = table(&server).await;
    // The last ones would end a read-only transaction by themselves, and act.
    for (act, refused) in [
        ("DELETE FROM", "READ ONLY transaction"),
        ("TRUNCATE", "only questions can be asked beforehand"),
        ("/**/ DROP TABLE", "only questions can be asked beforehand"),
    ] {
        let said = why(World::sql(&server.url(), &format!("{act} {table}")).look().await);
        assert!(said.contains(refused), "{said}");
    }
    let asked = World::sql(&server.url(), &format!("(SELECT * FROM {table})")).look().await;
    assert!(matches!(asked, StepEnd::Good { evidence: Evidence::Rows { rows: 2 }, .. }), "{asked:?}");
    assert_eq!(count(&server, format!("SELECT COUNT(*) FROM {table}")).await, 2);
    let delete = World::sql(&server.url(), &format!("DELETE FROM {table} WHERE id = 1"));
    assert_eq!(delete.good().await.0, Evidence::Rows { rows: 1 });
    assert_eq!(count(&server, format!("SELECT COUNT(*) FROM {table}")).await, 1);
}

#[tokio::test]
async fn a_time_out_ends_the_query_on_the_server() {
    let Some(server) = mariadb().await else { return };
    let mark = fresh("slow");
    let slow = World::sql(&server.url(), &format!("SELECT SLEEP(600) AS {mark}")).within(SHORT);
    assert_eq!(slow.perform().await, StepEnd::Bad(Failure::TimedOut { after: SHORT.into() }));
    nobody_runs(&server, &mark).await;
}

#[tokio::test]
async fn a_query_that_nobody_waits_for_is_ended_on_the_server() {
    let Some(server) = mariadb().await else { return };
    let mark = fresh("slow");
    let slow = World::sql(&server.url(), &format!("SELECT SLEEP(600) AS {mark}"));
    let task = tokio::spawn(warroom::steps::perform(slow.job()));
    eventually("the query runs", || async { (running(&server, &mark).await == 1).then_some(()) }).await;
    task.abort();
    nobody_runs(&server, &mark).await;
}

async fn running(server: &Server, mark: &str) -> i64 {
    let others = "ID <> CONNECTION_ID() AND COMMAND <> 'Sleep'";
    count(
        server,
        format!("SELECT COUNT(*) FROM information_schema.PROCESSLIST WHERE {others} AND INFO LIKE '%{mark}%'"),
    )
    .await
}

async fn nobody_runs(server: &Server, mark: &str) {
    eventually("the query has ended", || async { (running(server, mark).await == 0).then_some(()) }).await;
}

#[tokio::test]
async fn a_password_is_never_shown() {
    let Some(server) = mariadb().await else { return };
    let said = why(World::sql(&server.url_of("wrong-password-1b2c"), "SELECT 1").perform().await);
    assert!(said.contains("Access denied") && !said.contains("wrong-password-1b2c"), "{said}");
}

#[tokio::test]
async fn values_read_as_the_server_shows_them() {
    let Some(server) = mariadb().await else { return };
    for value in [
        "7",
        "-7",
        "CAST(18446744073709551615 AS UNSIGNED)",
        "12345678901234567890.0012",
        "CAST(1.5 AS DOUBLE)",
        "'text'",
        "DATE '2026-11-21'",
        "TIMESTAMP '2026-11-21 03:44:55'",
        "TIMESTAMP '2026-11-21 00:00:00'",
        "TIMESTAMP '2026-11-21 03:44:55.250000'",
        "TIME '-838:59:59'",
        "TIME '03:04:05.5'",
        "YEAR('2026-01-01')",
        "JSON_OBJECT('a', 1)",
        "TRUE",
    ] {
        let ask = World::sql(&server.url(), &format!("SELECT {value} AS `raw`, CAST({value} AS CHAR) AS shown"))
            .capturing(&[("raw", Capture::Column("raw".into())), ("shown", Capture::Column("shown".into()))]);
        let results = ask.good().await.1;
        let trim =
            |text: &str| if text.contains(':') { text.trim_end_matches('0').to_owned() } else { text.to_owned() };
        assert_eq!(trim(&results["raw"]), trim(&results["shown"]), "{value}");
    }
    let none = World::sql(&server.url(), "SELECT NULL AS n").capturing(&[("n", Capture::Column("n".into()))]);
    assert_eq!(none.wrong().await, "no result n: it is null; rolled back");
}

#[tokio::test]
async fn a_statement_with_other_than_its_values_is_refused() {
    let Some(server) = mariadb().await else { return };
    let said = World::sql(&server.url(), "SELECT ? + ?").changed(|sql| sql.bind = vec![template("1")]).wrong().await;
    assert!(said.contains("expected 2 parameters but 1"), "{said}");
}
