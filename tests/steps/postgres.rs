//! Statements to PostgreSQL.

use sqlx::{AssertSqlSafe, Connection as _, PgConnection};
use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::net::{TcpListener, TcpStream};
use warroom::core::observe::StepEnd;
use warroom::core::plan::{Capture, Given};
use warroom::core::run::{Evidence, Failure};

use crate::servers::{PASSWORD, SHORT, Server, fresh, postgres};
use crate::world::{World, eventually, private, template, why};

async fn count(server: &Server, query: String) -> i64 {
    let mut connection = PgConnection::connect(&server.url()).await.unwrap();
    sqlx::query_scalar(AssertSqlSafe(query)).fetch_one(&mut connection).await.unwrap()
}

async fn table(server: &Server) -> String {
    let name = fresh("customer");
    let mut connection = PgConnection::connect(&server.url()).await.unwrap();
    let text = format!(
        "CREATE TABLE {name} (id int PRIMARY KEY, name text); INSERT INTO {name} VALUES (1, 'ada'), (2, 'mike')"
    );
    sqlx::raw_sql(AssertSqlSafe(text)).execute(&mut connection).await.unwrap();
    name
}

#[tokio::test]
async fn values_are_bound_and_never_become_part_of_the_statement() {
    let Some(server) = postgres().await else { return };
    let table = table(&server).await;
    let nasty = format!("'; DROP TABLE {table}; --");
    let insert = World::sql(&server.url(), &format!("INSERT INTO {table} VALUES ($1::int, $2)"))
        .with(&[("id", "7"), ("name", &nasty)])
        .changed(|sql| sql.bind = vec![template("${id}"), template("${name}")]);
    assert_eq!(insert.good().await.0, Evidence::Rows { rows: 1 });
    let ask = World::sql(&server.url(), &format!("SELECT id, name FROM {table} WHERE name = $1"))
        .with(&[("name", &nasty)])
        .changed(|sql| sql.bind = vec![template("${name}")])
        .capturing(&[("found", Capture::Column("id".into())), ("rows", Capture::Rows)]);
    let (evidence, results) = ask.good().await;
    assert_eq!(evidence, Evidence::Rows { rows: 1 });
    assert_eq!((results["found"].as_str(), results["rows"].as_str()), ("7", "1"));
}

#[tokio::test]
async fn one_step_is_one_statement() {
    let Some(server) = postgres().await else { return };
    let table = table(&server).await;
    let said = World::sql(&server.url(), &format!("SELECT 1; DROP TABLE {table}")).wrong().await;
    assert!(said.contains("multiple commands"), "{said}");
    assert_eq!(count(&server, format!("SELECT count(*) FROM {table}")).await, 2);
}

#[tokio::test]
async fn what_is_not_as_expected_is_told_with_its_limit_and_undone() {
    let Some(server) = postgres().await else { return };
    let table = table(&server).await;
    let update = World::sql(&server.url(), &format!("UPDATE {table} SET name = 'eve'"));
    let one = update.changed(|sql| sql.max_rows = Some(1));
    assert_eq!(one.wrong().await, "2 rows, expected at most 1; rolled back");
    assert_eq!(count(&server, format!("SELECT count(*) FROM {table} WHERE name = 'eve'")).await, 0);

    let ask = || {
        World::sql(&server.url(), "SELECT 'catchup' AS state, 12.50::numeric AS lag WHERE $1 = 'yes'")
            .changed(|sql| sql.bind = vec![template("yes")])
    };
    assert_eq!(ask().changed(|sql| sql.min_rows = Some(2)).wrong().await, "1 row, expected at least 2; rolled back");
    let state = ask().changed(|sql| sql.row = [("state".into(), template("${wanted}"))].into());
    assert_eq!(
        state.with(&[("wanted", "streaming")]).wrong().await,
        "state is \"catchup\", expected \"streaming\"; rolled back"
    );
    let lag = |most| ask().changed(move |sql| sql.at_most = [("lag".into(), most)].into());
    assert_eq!(lag(10.0).wrong().await, "lag is 12.50, expected at most 10; rolled back");
    lag(12.5).good().await;
}

#[tokio::test]
async fn a_look_refuses_to_write_and_an_act_commits() {
    let Some(server) = postgres().await else { return };
    let table = table(&server).await;
    let delete = World::sql(&server.url(), &format!("DELETE FROM {table} WHERE id = 1"));
    let refused = "cannot execute DELETE in a read-only transaction (25006)";
    assert_eq!(why(delete.look().await), refused);
    let precondition = World::sql(&server.url(), &format!("DELETE FROM {table} WHERE id = 1")).precondition();
    assert_eq!(why(precondition.perform().await), refused);
    assert_eq!(count(&server, format!("SELECT count(*) FROM {table}")).await, 2);
    assert_eq!(delete.good().await.0, Evidence::Rows { rows: 1 });
    assert_eq!(count(&server, format!("SELECT count(*) FROM {table}")).await, 1);
    let asked = World::sql(&server.url(), "SELECT 1").look().await;
    assert!(matches!(asked, StepEnd::Good { evidence: Evidence::Rows { rows: 1 }, .. }), "{asked:?}");
}

#[tokio::test]
async fn a_statement_that_suffers_no_transaction_runs_without() {
    let Some(server) = postgres().await else { return };
    let table = table(&server).await;
    let vacuum = World::sql(&server.url(), &format!("VACUUM {table}"));
    assert!(why(vacuum.look().await).contains("cannot run inside a transaction block"));
    vacuum.good().await;
}

#[tokio::test]
async fn a_time_out_ends_the_query_on_the_server() {
    let Some(server) = postgres().await else { return };
    let mark = fresh("slow");
    let slow = World::sql(&server.url(), &format!("SELECT pg_sleep(600) AS {mark}")).within(SHORT);
    let end = slow.perform().await;
    assert_eq!(end, StepEnd::Bad(Failure::TimedOut { after: SHORT.into() }));
    nobody_runs(&server, &mark).await;
}

#[tokio::test]
async fn a_query_that_nobody_waits_for_is_ended_on_the_server() {
    let Some(server) = postgres().await else { return };
    let mark = fresh("slow");
    let slow = World::sql(&server.url(), &format!("SELECT pg_sleep(600) AS {mark}"));
    let task = tokio::spawn(warroom::steps::perform(slow.job()));
    eventually("the query runs", || async { (running(&server, &mark).await == 1).then_some(()) }).await;
    task.abort();
    nobody_runs(&server, &mark).await;
}

async fn running(server: &Server, mark: &str) -> i64 {
    let others = "pid <> pg_backend_pid() AND state = 'active'";
    count(server, format!("SELECT count(*) FROM pg_stat_activity WHERE {others} AND query LIKE '%{mark}%'")).await
}

async fn nobody_runs(server: &Server, mark: &str) {
    eventually("the query has ended", || async { (running(server, mark).await == 0).then_some(()) }).await;
}

#[tokio::test]
async fn a_password_is_never_shown() {
    let Some(server) = postgres().await else { return };
    let wrong = World::sql(&server.url_of("wrong-password-1b2c"), "SELECT 1").perform().await;
    let said = why(wrong);
    assert!(said.contains("password authentication failed") && !said.contains("wrong-password-1b2c"), "{said}");
    // Not even where the database itself would say it.
    let echo = World::sql(&server.url(), &format!("SELECT '{PASSWORD}'::int"));
    let said = echo.wrong().await;
    assert!(said.contains("invalid input syntax") && !said.contains(PASSWORD), "{said}");
    let port = server.port;
    let named = World::sql(&format!("postgres://warroom:${{pw}}@127.0.0.1:{port}/postgres"), "SELECT $1::int")
        .with_secret("pw", PASSWORD)
        .changed(|sql| sql.bind = vec![template("x${pw}y")]);
    let said = named.wrong().await;
    assert!(said.contains("invalid input syntax") && said.contains("x***y"), "{said}");
    let result = World::sql(&server.url(), "SELECT 'see ' || $1 AS seen")
        .with_secret("pw", PASSWORD)
        .changed(|sql| sql.bind = vec![template("${pw}")])
        .capturing(&[("seen", Capture::Column("seen".into()))]);
    assert_eq!(result.good().await.1["seen"], "see ***");
}

#[tokio::test]
async fn more_rows_than_are_read_are_refused() {
    let Some(server) = postgres().await else { return };
    let rows = World::sql(&server.url(), "SELECT * FROM generate_series(1, 10001)").wrong().await;
    assert_eq!(rows, "more than 10000 rows came; at most that many are read");
    World::sql(&server.url(), "SELECT * FROM generate_series(1, 10000)").good().await;
    let bytes = World::sql(&server.url(), "SELECT repeat('x', 600000) FROM generate_series(1, 2)").wrong().await;
    assert_eq!(bytes, "more than 1048576 bytes came; at most that many are read");
}

#[tokio::test]
async fn values_read_as_the_server_shows_them() {
    let Some(server) = postgres().await else { return };
    let values = [
        "true",
        "(-7)::int2",
        "2147483647",
        "9223372036854775807",
        "1.5::float4",
        "(-2.25)::float8",
        "0::numeric",
        "12345678901234567890.00120::numeric",
        "(-0.5)::numeric",
        "0.00001234::numeric",
        "10000::numeric",
        "100000000::numeric",
        "'NaN'::numeric",
        "1e20::numeric",
        "0.1000::numeric(10,4)",
        "'text'::varchar",
        "'c'::char(3)",
        "'\\x00ff'::bytea",
        "'16/B374D848'::pg_lsn",
        "'2026-11-21'::date",
        "'1969-12-31'::date",
        "'infinity'::date",
        "'03:44:55.25'::time",
        "'24:00:00'::time",
        "'2026-11-21 03:44:55'::timestamp",
        "'1999-12-31 23:59:59.5+00'::timestamptz",
        "'infinity'::timestamptz",
        "'1 year 2 mons 3 days 04:05:06.7'::interval",
        "'-00:00:01.5'::interval",
        "'0'::interval",
        "'1 day -00:01'::interval",
        "'{\"a\": [1]}'::jsonb",
        "'{\"a\":1}'::json",
        "'01937a5e-0000-7000-8000-000000000000'::uuid",
        "42::oid",
        "'name'::name",
    ];
    // Both ways in one question: as it comes, and as the server itself writes it.
    for value in values {
        let ask = World::sql(&server.url(), &format!("SELECT {value} AS raw, ({value})::text AS shown"))
            .capturing(&[("raw", Capture::Column("raw".into())), ("shown", Capture::Column("shown".into()))]);
        let results = ask.good().await.1;
        let shown = match results["shown"].as_str() {
            "true" => "t",
            other => other,
        };
        assert_eq!(results["raw"], shown, "{value}");
    }
    let odd = World::sql(&server.url(), "SELECT '(1,2)'::point AS p").capturing(&[("p", Capture::Column("p".into()))]);
    let said = odd.wrong().await;
    assert!(said.contains("no result p: values of type POINT are not read; cast it to text"), "{said}");
}

/// Passes everything on until the client says COMMIT; then nobody hears anything any more.
async fn cut_at_commit(port: u16) -> u16 {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let own = listener.local_addr().unwrap().port();
    tokio::spawn(async move {
        while let Ok((client, _)) = listener.accept().await {
            let server = TcpStream::connect(("127.0.0.1", port)).await.unwrap();
            tokio::spawn(async move {
                let (mut from_client, mut to_client) = client.into_split();
                let (mut from_server, mut to_server) = server.into_split();
                let back = tokio::spawn(async move { tokio::io::copy(&mut from_server, &mut to_client).await });
                let mut block = vec![0; 64 * 1024];
                while let Ok(count @ 1..) = from_client.read(&mut block).await {
                    if block[..count].windows(6).any(|part| part == b"COMMIT") {
                        back.abort();
                        break;
                    }
                    to_server.write_all(&block[..count]).await.unwrap();
                }
            });
        }
    });
    own
}

#[tokio::test]
async fn a_connection_cut_at_the_commit_leaves_the_outcome_unknown() {
    let Some(server) = postgres().await else { return };
    let table = table(&server).await;
    let port = cut_at_commit(server.port).await;
    let url = server.url().replace(&server.port.to_string(), &port.to_string());
    let end = World::sql(&url, &format!("DELETE FROM {table}")).perform().await;
    let StepEnd::Lost(what) = &end else { panic!("{end:?}") };
    assert!(what.ends_with("just as it was to take effect: whether it did is not known"), "{what}");
    // A question has no outcome to be in doubt about.
    let asked = World::sql(&url, "SELECT 1").look().await;
    assert!(matches!(asked, StepEnd::Good { .. }), "{asked:?}");
}

#[tokio::test]
async fn an_address_can_be_a_secret() {
    let Some(server) = postgres().await else { return };
    let world = World::sql("", "SELECT 1");
    let path = world.home.path().join("address");
    private(&path, &server.url());
    let secret = Given::Secret(format!("file:{}", path.display()).parse().unwrap());
    world.changed(|sql| sql.url = secret).good().await;
}

#[tokio::test]
async fn a_server_that_is_not_there_is_no_answer() {
    let end = World::sql("postgres://warroom:x@127.0.0.1:1/postgres", "SELECT 1").perform().await;
    assert_eq!(end, StepEnd::Bad(Failure::NoAnswer { why: "connection refused".into() }));
}
