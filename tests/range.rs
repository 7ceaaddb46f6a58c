//! The practice range as its parent sees it: addresses announced, real connections, faults that are really there.

#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic)]

use std::io::{self, ErrorKind, Write};
use std::net::SocketAddr;
use std::os::fd::OwnedFd;
use std::time::{Duration, Instant};

use serde_json::{Value, json};
use tokio::net::TcpStream;
use tokio::sync::mpsc;
use tokio::task::JoinHandle;
use warroom::range::{
    Addresses, Copying, DbRole, Fault, OutageClock, OutageStatus, Power, RangeError, RangeOptions, RangeStatus, Site,
    Way, run, watch_in_flight,
};

/// No condition here takes as long, on the slowest machine.
const AT_MOST: Duration = Duration::from_secs(20);

/// Hands the announced line to the test.
struct Announced(mpsc::UnboundedSender<Vec<u8>>);

impl Write for Announced {
    fn write(&mut self, line: &[u8]) -> io::Result<usize> {
        self.0.send(line.to_vec()).map_err(io::Error::other)?;
        Ok(line.len())
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}

/// A range at work, and the parent's end of its lifeline.
struct Range {
    addresses: Addresses,
    client: reqwest::Client,
    lifeline: OwnedFd,
    task: JoinHandle<Result<(), RangeError>>,
}

impl Range {
    async fn calm() -> Self {
        Self::start(|_| {}).await
    }

    async fn start(set: impl FnOnce(&mut RangeOptions)) -> Self {
        let (sender, mut announced) = mpsc::unbounded_channel();
        let (theirs, lifeline) = rustix::pipe::pipe().unwrap();
        let mut options = RangeOptions::new(Box::new(Announced(sender)));
        options.lifeline = Some(theirs);
        set(&mut options);
        let task = tokio::spawn(run(options));
        let mut line = Vec::new();
        while !line.ends_with(b"\n") {
            line.extend(announced.recv().await.expect("the range announces its addresses"));
        }
        let _ = rustls::crypto::ring::default_provider().install_default();
        let client = reqwest::Client::builder().timeout(Duration::from_secs(5)).build().unwrap();
        Self { addresses: serde_json::from_slice(&line).unwrap(), client, lifeline, task }
    }

    async fn get(&self, url: &str) -> (u16, Value) {
        let answer = self.client.get(url).send().await.unwrap();
        (answer.status().as_u16(), answer.json().await.unwrap())
    }

    async fn post(&self, url: &str, body: Value) -> (u16, Value) {
        let answer = self.client.post(url).body(body.to_string()).send().await.unwrap();
        (answer.status().as_u16(), answer.json().await.unwrap())
    }

    async fn control(&self, path: &str, body: Value) -> (u16, Value) {
        self.post(&format!("{}{path}", self.addresses.control), body).await
    }

    async fn status(&self) -> RangeStatus {
        serde_json::from_value(self.get(&format!("{}/range", self.addresses.control)).await.1).unwrap()
    }

    /// The first status that is as wanted.
    async fn until(&self, what: &str, wanted: impl Fn(&RangeStatus) -> bool) -> RangeStatus {
        let start = Instant::now();
        loop {
            let status = self.status().await;
            if wanted(&status) {
                return status;
            }
            assert!(start.elapsed() < AT_MOST, "waited for {what}: {status:#?}");
            tokio::time::sleep(Duration::from_millis(30)).await;
        }
    }

    /// Switches the power of a site's database.
    async fn power(&self, site: &str, on: bool) -> (u16, Value) {
        self.post(&format!("{}/power/{site}", self.addresses.power), json!({"on": on})).await
    }

    /// Asks a site's database for something.
    async fn db(&self, site: Site, act: &str) -> (u16, Value) {
        self.post(&format!("{}/{act}", self.addresses.sites.get(site).db), Value::Null).await
    }

    /// East goes down with orders that West has not, West takes over, customers go there.
    async fn move_to_west(&self) {
        self.until("orders at west", |range| range.databases.west.seq > 2).await;
        self.until("orders that west has not", |now| now.databases.east.seq > now.databases.west.seq + 1).await;
        self.control("/range/sites/east", json!({"fault": "down"})).await;
        self.weight(Site::East, 0).await;
        assert_eq!(self.db(Site::West, "promote").await.1["role"], "primary");
        self.weight(Site::West, 100).await;
        let moved = self.status().await;
        self.until("orders of west's own", |now| now.databases.west.seq > moved.databases.west.seq + 3).await;
    }

    async fn weight(&self, site: Site, weight: u8) -> (u16, Value) {
        self.post(&format!("{}/sites/{site}", self.addresses.router_admin), json!({"weight": weight})).await
    }

    async fn end(self) {
        drop(self.lifeline);
        tokio::time::timeout(AT_MOST, self.task).await.unwrap().unwrap().unwrap();
    }
}

fn socket(url: &str) -> SocketAddr {
    url.strip_prefix("http://").unwrap().parse().unwrap()
}

async fn refused(url: &str) -> bool {
    TcpStream::connect(socket(url)).await.is_err_and(|error| error.kind() == ErrorKind::ConnectionRefused)
}

fn all(addresses: &Addresses) -> Vec<String> {
    let mut all = vec![addresses.control.clone(), addresses.router.clone(), addresses.router_admin.clone()];
    all.push(addresses.inbox.strip_suffix("/inbox").unwrap().to_owned());
    all.push(addresses.power.clone());
    for site in [&addresses.sites.east, &addresses.sites.west] {
        all.extend([site.web.clone(), site.api.clone(), site.db.clone()]);
    }
    all
}

#[tokio::test]
async fn every_service_says_which_it_is_on_a_port_of_its_own() {
    let range = Range::calm().await;
    for (site, services) in [("east", &range.addresses.sites.east), ("west", &range.addresses.sites.west)] {
        for (service, url) in [("web", &services.web), ("api", &services.api), ("db", &services.db)] {
            let answer = range.get(&format!("{url}/health")).await;
            assert_eq!(answer, (200, json!({"service": service, "site": site, "ok": true})));
        }
    }
    let mut urls = all(&range.addresses);
    urls.sort();
    urls.dedup();
    assert_eq!(urls.len(), 11);
    assert_eq!(range.addresses.mail.strip_suffix("/mail"), range.addresses.inbox.strip_suffix("/inbox"));
    range.end().await;
}

#[tokio::test]
async fn an_order_goes_through_web_and_api_into_the_database() {
    let range = Range::calm().await;
    let (status, order) = range.post(&format!("{}/orders", range.addresses.router), json!({"item": "tent"})).await;
    assert_eq!((status, &order["site"]), (201, &json!("east")));
    let (status, read) = range.get(&format!("{}/", range.addresses.router)).await;
    assert_eq!(status, 200);
    assert!(read["orders"].as_u64() >= order["seq"].as_u64(), "{read}");
    let (status, _) = range.post(&format!("{}/orders", range.addresses.sites.west.web), json!({})).await;
    assert_eq!(status, 503);
    range.end().await;
}

#[tokio::test]
async fn a_site_that_is_down_refuses_connections_and_comes_back_on_the_same_port() {
    let range = Range::calm().await;
    let east = range.addresses.sites.east.clone();
    let open = TcpStream::connect(socket(&east.web)).await.unwrap();
    for _ in 0..3 {
        let (status, answer) = range.control("/range/sites/east", json!({"fault": "down"})).await;
        assert_eq!((status, &answer["fault"]), (200, &json!("down")));
        for url in [&east.web, &east.api, &east.db] {
            assert!(refused(url).await, "{url}");
        }
        let (status, answer) = range.control("/range/sites/east", json!({"fault": null})).await;
        assert_eq!((status, &answer["fault"]), (200, &Value::Null));
        for url in [&east.web, &east.api, &east.db] {
            assert_eq!(range.get(&format!("{url}/health")).await.0, 200);
        }
    }
    let mut nothing = [0];
    tokio::time::timeout(AT_MOST, open.readable()).await.unwrap().unwrap();
    assert!(matches!(open.try_read(&mut nothing), Ok(0) | Err(_)), "the open connection was dropped");
    assert_eq!(range.status().await.addresses, range.addresses);
    range.end().await;
}

#[tokio::test]
async fn a_fault_of_one_service_leaves_the_others_alone() {
    let range = Range::calm().await;
    let east = range.addresses.sites.east.clone();
    assert_eq!(range.control("/range/sites/east/api", json!({"fault": "errors"})).await.0, 200);
    assert_eq!(range.get(&format!("{}/health", east.api)).await.0, 500);
    assert_eq!(range.get(&format!("{}/health", east.web)).await.0, 200);
    assert_eq!(range.get(&format!("{}/", east.web)).await.0, 500);
    let status = range.status().await;
    assert_eq!(status.sites.east.fault, None);
    assert_eq!(status.sites.east.services.api.fault, Some(Fault::Errors));
    range.end().await;
}

#[tokio::test]
async fn a_hanging_service_accepts_and_says_nothing_and_a_slow_one_answers_late() {
    let range = Range::calm().await;
    let (web, api) = (range.addresses.sites.east.web.clone(), range.addresses.sites.east.api.clone());
    range.control("/range/sites/east/web", json!({"fault": "hang"})).await;
    range.control("/range/sites/east/api", json!({"fault": "slow"})).await;
    TcpStream::connect(socket(&web)).await.unwrap();
    let patience = Duration::from_millis(2500);
    let hung = range.client.get(format!("{web}/health")).timeout(patience).send();
    let start = Instant::now();
    let late_url = format!("{api}/health");
    let late = range.get(&late_url);
    let (hung, late) = tokio::join!(hung, late);
    assert!(hung.unwrap_err().is_timeout());
    assert_eq!(late.0, 200);
    assert!(start.elapsed() >= Duration::from_secs(2));
    range.control("/range/sites/east", json!({"fault": null})).await;
    assert_eq!(range.get(&format!("{web}/health")).await.0, 200);
    range.end().await;
}

#[tokio::test]
async fn customers_fail_while_their_site_is_down_and_are_served_once_west_is_promoted() {
    let range = Range::calm().await;
    range.until("customers served", |range| range.customers.ok > 20).await;
    range.control("/range/sites/east", json!({"fault": "down"})).await;
    let failing = range.until("customers failing", |range| range.customers.failed > 10).await;
    assert_eq!(range.weight(Site::East, 0).await, (200, json!({"site": "east", "weight": 0, "in_flight": 0})));
    assert_eq!(range.get(&range.addresses.router).await.0, 503);
    let (status, promoted) = range.post(&format!("{}/promote", range.addresses.sites.west.db), Value::Null).await;
    assert_eq!((status, &promoted["role"]), (200, &json!("primary")));
    assert_eq!(range.weight(Site::West, 100).await.1["weight"], 100);
    let moved = range.status().await;
    let served = range.until("customers served by west", |range| range.customers.ok > failing.customers.ok + 40).await;
    // What was in flight when traffic moved may still have failed, and nothing after it.
    assert!(served.customers.failed <= moved.customers.failed + 2, "{moved:?} {served:?}");
    assert!(served.databases.west.seq > moved.databases.west.seq);
    range.end().await;
}

#[tokio::test]
async fn the_standby_follows_until_its_source_is_gone_and_refuses_orders_until_promoted() {
    let range = Range::calm().await;
    let first = range.until("first orders at west", |range| range.databases.west.seq > 0).await.databases.west;
    assert_eq!(first.role, DbRole::Standby);
    assert!(first.at.is_some() && first.received_at.is_some());
    range.until("more orders at west", |range| range.databases.west.seq > first.seq).await;
    range.control("/range/sites/east/db", json!({"fault": "down"})).await;
    let stopped = range.status().await;
    range.until("customers failing", |now| now.customers.failed > stopped.customers.failed + 20).await;
    let later = range.status().await;
    assert!(later.databases.west.seq <= later.databases.east.seq);
    assert_eq!(later.databases.east.seq, stopped.databases.east.seq);
    let promote = format!("{}/promote", range.addresses.sites.west.db);
    let orders = format!("{}/orders", range.addresses.sites.west.db);
    assert_eq!(range.post(&orders, json!({})).await.0, 503);
    for _ in 0..2 {
        assert_eq!(range.post(&promote, Value::Null).await.1["role"], "primary");
    }
    let (status, order) = range.post(&orders, json!({})).await;
    assert_eq!((status, order["seq"].as_u64()), (201, Some(later.databases.west.seq + 1)));
    range.control("/range/sites/east/db", json!({"fault": null})).await;
    range.until("orders at east again", |now| now.databases.east.seq > stopped.databases.east.seq + 2).await;
    assert_eq!(range.status().await.databases.west.seq, later.databases.west.seq + 1);
    range.end().await;
}

#[tokio::test]
async fn requests_in_flight_are_counted_and_watched_until_they_are_gone() {
    let range = Range::calm().await;
    range.control("/range/sites/east/api", json!({"fault": "hang"})).await;
    range.until("requests in flight", |range| range.router.east.in_flight > 3).await;
    range.weight(Site::East, 0).await;
    let mut lines = Vec::new();
    watch_in_flight(&range.addresses.router_admin, Site::East, &mut lines).await.unwrap();
    let lines = String::from_utf8(lines).unwrap();
    assert!(lines.ends_with("east: weight 0, 0 in flight\neast: nothing in flight\n"), "{lines}");
    assert_eq!(range.status().await.router.east.in_flight, 0);
    range.end().await;
}

#[tokio::test]
async fn the_inbox_keeps_a_repeated_key_once_and_can_be_told_to_fail() {
    let range = Range::calm().await;
    let send = async |key: &str, body: Vec<u8>| {
        let request = range.client.post(&range.addresses.inbox).header("Idempotency-Key", key).body(body);
        let answer = request.send().await.unwrap();
        (answer.status().as_u16(), answer.text().await.unwrap())
    };
    assert_eq!(send("a", b"We are on it.".to_vec()).await, (202, "{\"id\":1}".to_owned()));
    assert_eq!(send("a", b"We are on it.".to_vec()).await, (202, "{\"id\":1}".to_owned()));
    assert_eq!(send("big", vec![b'x'; 64 * 1024 + 1]).await.0, 413);
    assert_eq!(send("binary", vec![0xff]).await.0, 422);
    range.control("/range/inbox", json!({"fault": "down"})).await;
    assert_eq!(send("b", b"Nearly there.".to_vec()).await.0, 503);
    range.control("/range/inbox", json!({"fault": null})).await;
    assert_eq!(send("b", b"Nearly there.".to_vec()).await, (202, "{\"id\":2}".to_owned()));
    let inbox = range.status().await.inbox;
    let kept: Vec<_> = inbox.messages.iter().map(|message| (message.id, message.body.as_str())).collect();
    assert_eq!(kept, [(1, "We are on it."), (2, "Nearly there.")]);
    assert_eq!(inbox.messages[0].idempotency_key.as_deref(), Some("a"));
    range.end().await;
}

#[tokio::test]
async fn what_the_range_does_not_know_is_refused_with_what_would_be_right() {
    let range = Range::calm().await;
    let (status, answer) = range.control("/range/sites/east", json!({"fault": "broken"})).await;
    assert_eq!(status, 422);
    assert_eq!(answer["error"], "there is no fault \"broken\": down, slow, hang, errors");
    assert_eq!(answer["expected"][0], "{\"fault\": \"down\"}");
    let (status, answer) = range.control("/range/sites/north", json!({"fault": "down"})).await;
    assert_eq!((status, &answer["expected"]), (404, &json!(["east", "west"])));
    let (status, answer) = range.control("/range/sites/east/cache", json!({"fault": "down"})).await;
    assert_eq!((status, &answer["expected"]), (404, &json!(["web", "api", "db"])));
    let (status, answer) = range.get(&format!("{}/faults", range.addresses.control)).await;
    assert_eq!((status, &answer["expected"][0]), (404, &json!("GET /range")));
    let (status, answer) = range.weight(Site::East, 101).await;
    assert_eq!((status, &answer["error"]), (422, &json!("101 is more than 100")));
    assert_eq!(range.status().await.router.east.weight, 100);
    range.end().await;
}

#[tokio::test]
async fn the_outage_waits_for_its_clock_to_be_started() {
    let range = Range::start(|options| options.after = Some(Duration::from_millis(300))).await;
    assert_eq!(range.status().await.outage, OutageStatus::Waiting { after_ms: 300 });
    assert!(!refused(&range.addresses.sites.east.web).await);
    assert_eq!(range.control("/range/start", Value::Null).await.1["state"], "counting");
    let status = range.until("the outage", |range| range.outage == OutageStatus::Begun).await;
    assert_eq!(status.sites.east.fault, Some(Fault::Down));
    assert_eq!(status.sites.west.fault, None);
    assert!(refused(&range.addresses.sites.east.web).await);
    assert_eq!(range.control("/range/start", Value::Null).await.1["state"], "begun");
    range.end().await;
}

#[tokio::test]
async fn the_outage_clock_can_start_with_the_range() {
    let range = Range::start(|options| {
        options.after = Some(Duration::ZERO);
        options.clock = OutageClock::AtOnce;
    })
    .await;
    range.until("the outage", |range| range.outage == OutageStatus::Begun).await;
    range.end().await;
}

#[tokio::test]
async fn the_range_ends_and_frees_its_ports_when_its_lifeline_is_closed() {
    let range = Range::calm().await;
    let urls = all(&range.addresses);
    range.end().await;
    for url in urls {
        assert!(refused(&url).await, "{url}");
    }
}

#[tokio::test]
async fn a_lifeline_that_is_no_pipe_is_refused() {
    let mut options = RangeOptions::new(Box::new(io::sink()));
    options.lifeline = Some(std::fs::File::open("/dev/null").unwrap().into());
    assert!(matches!(run(options).await, Err(RangeError::Lifeline(_))));
}

#[tokio::test]
async fn one_fault_is_one_probe_of_three_and_all_that_customers_see() {
    let range = Range::calm().await;
    let east = range.addresses.sites.east.clone();
    range.control("/range/sites/east/web", json!({"fault": "errors"})).await;
    let mut well = Vec::new();
    for url in [&east.web, &east.api, &east.db] {
        well.push(range.get(&format!("{url}/health")).await.0);
    }
    assert_eq!(well, [500, 200, 200]);
    let before = range.status().await.customers;
    range.until("customers failing", |now| now.customers.failed > before.failed + 20).await;
    range.end().await;
}

#[tokio::test]
async fn a_database_without_power_stays_off_when_its_site_wakes_and_takes_no_order() {
    let range = Range::calm().await;
    range.move_to_west().await;
    for _ in 0..2 {
        assert_eq!(range.power("east", false).await, (200, json!({"site": "east", "on": false})), "while east is down");
    }
    assert_eq!(range.control("/range/wake", Value::Null).await.0, 200);
    let east = range.addresses.sites.east.clone();
    assert_eq!(range.get(&format!("{}/health", east.web)).await.0, 200);
    assert!(refused(&east.db).await, "the fence holds");
    assert_eq!(
        range.get(&format!("{}/power/east", range.addresses.power)).await.1,
        json!({"site": "east", "on": false})
    );
    let woken = range.status().await;
    assert_eq!((woken.power.east, woken.power.west), (Power::Off, Power::On));
    assert_eq!((woken.outage, woken.sites.east.fault), (OutageStatus::Calm, None));
    assert_eq!(range.post(&format!("{}/orders", east.web), json!({"order": 1})).await.0, 502);
    let later =
        range.until("more orders at west", |now| now.ledger.present.west > woken.ledger.present.west + 10).await;
    assert_eq!(later.ledger.lost, woken.ledger.lost, "nothing more is lost");
    assert_eq!(later.databases.east.seq, woken.databases.east.seq);

    let standby = json!({"on": true, "as": "standby"});
    let strip = format!("{}/power/east", range.addresses.power);
    assert_eq!(range.post(&strip, standby).await.1["on"], true);
    assert_eq!(range.status().await.databases.east.role, DbRole::Standby, "no order is taken before it follows");
    assert_eq!(range.get(&format!("{}/health", east.db)).await.0, 200);
    assert_eq!(range.power("north", false).await.0, 404);
    let (status, answer) = range.post(&strip, json!({"of": false})).await;
    assert_eq!((status, &answer["expected"][0]), (422, &json!("{\"on\": false}")));
    range.end().await;
}

#[tokio::test]
async fn a_database_that_was_not_fenced_comes_back_as_a_second_one_that_takes_orders_which_are_lost() {
    let range = Range::calm().await;
    range.move_to_west().await;
    let before = range.status().await;
    range.control("/range/wake", Value::Null).await;
    let split = range.until("orders at east", |now| now.databases.east.seq > before.databases.east.seq + 1).await;
    assert_eq!((split.databases.east.role, split.databases.west.role), (DbRole::Primary, DbRole::Primary));
    assert_ne!(split.databases.east.timeline, split.databases.west.timeline);
    range.until("orders lost at east's till", |now| now.ledger.lost > before.ledger.lost + 1).await;
    range.end().await;
}

#[tokio::test]
async fn the_ledger_counts_what_was_promised_and_is_not_there_and_since_when() {
    let range = Range::calm().await;
    let calm = range.until("orders", |now| now.ledger.acknowledged > 5).await;
    assert_eq!((calm.ledger.lost, &calm.ledger.gone, calm.ledger.serving), (0, &None, Site::East));
    range.until("orders that west has not", |now| now.databases.east.seq > now.databases.west.seq + 1).await;
    range.control("/range/sites/east", json!({"fault": "down"})).await;
    let stopped = range.status().await;
    range.weight(Site::East, 0).await;
    range.db(Site::West, "promote").await;
    range.weight(Site::West, 100).await;
    let moved = range.status().await;
    // Some may have been written and never acknowledged; those are not lost, as nobody was told that they are taken.
    let missing = stopped.databases.east.seq - stopped.databases.west.seq;
    assert_eq!(moved.ledger.serving, Site::West);
    assert!((1..=missing).contains(&moved.ledger.lost), "{missing}: {:?}", moved.ledger);
    let gone = moved.ledger.gone.expect("they were lost just now");
    assert!(gone.from < gone.to && gone.ms < 5_000, "{gone:?}");
    assert!(Some(&gone.to) <= stopped.databases.east.at.as_ref(), "{gone:?} {stopped:?}");
    let (status, ledger) = range.get(&format!("{}/range/ledger", range.addresses.control)).await;
    assert_eq!((status, ledger["lost"].as_u64()), (200, Some(moved.ledger.lost)));
    range.end().await;
}

#[tokio::test]
async fn a_database_that_follows_again_throws_away_what_the_other_has_not_and_sides_change_without_loss() {
    let range = Range::calm().await;
    range.move_to_west().await;
    assert_eq!(range.db(Site::West, "follow").await.0, 502, "east does not answer");
    let west = range.status().await.databases.west;
    assert_eq!(west.role, DbRole::Primary, "and nothing has happened");
    range.control("/range/wake", Value::Null).await;
    let (status, followed) = range.db(Site::East, "follow").await;
    assert_eq!((status, &followed["role"]), (200, &json!("standby")));
    assert!(followed["dropped"].as_u64() > Some(0), "it had orders that west never got: {followed}");
    let even = range.until("east has caught up", |now| now.databases.east.seq > west.seq).await;
    assert_eq!(even.databases.east.copying, Copying::Follows);
    assert_eq!(even.databases.east.timeline, even.databases.west.timeline);
    let (status, again) = range.db(Site::East, "follow").await;
    assert_eq!((status, &again["dropped"]), (200, &json!(0)), "doing it again changes nothing");

    range.weight(Site::West, 0).await;
    assert_eq!(range.db(Site::West, "demote").await.1["role"], "standby");
    let still = range.status().await;
    range.until("east has it all", |now| now.databases.east.seq == still.databases.west.seq).await;
    assert_eq!(range.db(Site::West, "follow").await.0, 409, "nobody takes orders now");
    range.db(Site::East, "promote").await;
    range.weight(Site::East, 100).await;
    let back = range.until("orders at east", |now| now.databases.east.seq > still.databases.west.seq + 3).await;
    assert_eq!(
        (back.ledger.serving, back.ledger.lost),
        (Site::East, even.ledger.lost),
        "the way back has lost nothing"
    );
    range.until("west follows east", |now| now.databases.west.seq > still.databases.west.seq).await;
    range.end().await;
}

#[tokio::test]
async fn an_outage_can_end_by_itself() {
    let range = Range::start(|options| {
        options.after = Some(Duration::ZERO);
        options.lasts = Some(Duration::from_millis(200));
        options.clock = OutageClock::AtOnce;
    })
    .await;
    let ended = range.until("the end of the outage", |range| range.outage == OutageStatus::Ended).await;
    assert_eq!(ended.sites.east.fault, None);
    assert_eq!(range.get(&format!("{}/health", range.addresses.sites.east.db)).await.0, 200);
    range.end().await;
}

#[tokio::test]
async fn one_way_into_the_inbox_fails_visibly_while_the_other_works() {
    let range = Range::calm().await;
    let (status, answer) = range.control("/range/mail", json!({"fault": "errors"})).await;
    assert_eq!((status, &answer["mail_fault"], &answer["fault"]), (200, &json!("errors"), &Value::Null));
    let message = json!("We are on it.");
    assert_eq!(range.post(&range.addresses.mail, message.clone()).await.0, 500);
    assert_eq!(range.post(&range.addresses.inbox, message.clone()).await.0, 202);
    range.control("/range/mail", json!({"fault": null})).await;
    assert_eq!(range.post(&range.addresses.mail, message).await.0, 202);
    let ways: Vec<Way> = range.status().await.inbox.messages.iter().map(|message| message.way).collect();
    assert_eq!(ways, [Way::Inbox, Way::Mail]);
    assert_eq!(range.control("/range/mail", json!({"fault": "slow"})).await.0, 422);
    range.end().await;
}
