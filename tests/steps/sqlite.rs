//! Statements to SQLite.

use std::path::Path;

use sqlx::sqlite::SqliteConnectOptions;
use sqlx::{ConnectOptions as _, Connection as _};
use warroom::core::observe::StepEnd;
use warroom::core::plan::Capture;
use warroom::core::run::{Evidence, Failure};

use crate::servers::SHORT;
use crate::world::{World, template, why};

/// A file with a table of two rows; and a step upon it.
async fn shop(query: &str) -> World {
    let mut world = World::sql("sqlite:${file}", query);
    let path = world.home.path().join("shop.db");
    let mut connection = SqliteConnectOptions::new().filename(&path).create_if_missing(true).connect().await.unwrap();
    let text = "CREATE TABLE customer (id INTEGER PRIMARY KEY, name TEXT); INSERT INTO customer VALUES (1, 'ada'), (2, 'mike')";
    sqlx::raw_sql(text).execute(&mut connection).await.unwrap();
    connection.close().await.unwrap();
    let url = format!("sqlite:{}", path.display());
    world = world.changed(|sql| sql.url = warroom::core::plan::Given::Text(template(&url)));
    world
}

async fn names(world: &World) -> Vec<String> {
    let path = world.home.path().join("shop.db");
    let mut connection = SqliteConnectOptions::new().filename(path).connect().await.unwrap();
    sqlx::query_scalar("SELECT name FROM customer ORDER BY id").fetch_all(&mut connection).await.unwrap()
}

#[tokio::test]
async fn values_are_bound_and_never_become_part_of_the_statement() {
    let nasty = "'; DROP TABLE customer; --";
    let world = shop("UPDATE customer SET name = ? WHERE id = ?").await.with(&[("name", nasty), ("id", "2")]);
    let world = world.changed(|sql| sql.bind = vec![template("${name}"), template("${id}")]);
    assert_eq!(world.good().await.0, Evidence::Rows { rows: 1 });
    assert_eq!(names(&world).await, ["ada", nasty]);
}

#[tokio::test]
async fn what_is_not_as_expected_is_undone() {
    let world = shop("UPDATE customer SET name = 'eve'").await.changed(|sql| sql.max_rows = Some(1));
    assert_eq!(world.wrong().await, "2 rows, expected at most 1; rolled back");
    assert_eq!(names(&world).await, ["ada", "mike"]);
}

#[tokio::test]
async fn a_look_refuses_to_write() {
    let world = shop("DELETE FROM customer").await;
    assert_eq!(why(world.look().await), "attempt to write a readonly database (8)");
    assert_eq!(names(&world).await, ["ada", "mike"]);
    let asked = shop("SELECT id, name FROM customer ORDER BY id").await;
    assert!(matches!(asked.look().await, StepEnd::Good { evidence: Evidence::Rows { rows: 2 }, .. }));
}

#[tokio::test]
async fn a_file_that_is_not_there_is_not_made() {
    let home = tempfile::tempdir().unwrap();
    let path = home.path().join("none.db");
    for tail in ["", "?mode=rwc"] {
        let end = World::sql(&format!("sqlite:{}{tail}", path.display()), "CREATE TABLE t (id)").perform().await;
        assert!(matches!(end, StepEnd::Bad(Failure::NoAnswer { .. })), "{end:?}");
        assert!(!path.exists());
    }
    let memory = World::sql("sqlite::memory:", "SELECT 1").perform().await;
    assert!(matches!(memory, StepEnd::Bad(Failure::NoAnswer { .. })), "{memory:?}");
    let device = why(World::sql("sqlite:/dev/zero", "SELECT 1").perform().await);
    assert_eq!(device, "it is no regular file");
    assert!(!Path::new("none.db").exists());
}

#[tokio::test]
async fn a_time_out_ends_the_statement() {
    let endless = "WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n) SELECT COUNT(*) FROM n";
    let world = shop(endless).await.within(SHORT);
    assert_eq!(world.perform().await, StepEnd::Bad(Failure::TimedOut { after: SHORT.into() }));
    // The file is free again: nothing of it goes on.
    let after = world.changed(|sql| sql.query = "UPDATE customer SET name = 'eve' WHERE id = 1".into());
    after.good().await;
}

#[tokio::test]
async fn what_runs_in_no_transaction_runs_without() {
    shop("VACUUM").await.good().await;
}

#[tokio::test]
async fn values_read_as_sqlite_shows_them() {
    let columns = ["i", "r", "t", "b"];
    let world = shop("SELECT 42 AS i, 1.5 AS r, 'text' AS t, x'00ff' AS b").await;
    let captures: Vec<(&str, Capture)> = columns.iter().map(|name| (*name, Capture::Column((*name).into()))).collect();
    let results = world.capturing(&captures).good().await.1;
    assert_eq!(columns.map(|name| results[name].clone()), ["42", "1.5", "text", "00ff"]);
}
