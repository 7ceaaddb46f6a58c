//! Upstreams of a real nginx.

use std::fs;
use std::time::Duration;

use warroom::core::observe::StepEnd;
use warroom::core::plan::{Action, NginxUpstream, UpstreamRole, UpstreamServer, Verify};
use warroom::core::run::{Change, Evidence, Failure};
use warroom::steps::nginx::settle;

use crate::traffic::Nginx;
use crate::world::{World, template, why};

/// All to West, shown by new workers.
fn to_west(nginx: &Nginx) -> NginxUpstream {
    let words = |more: &[&str]| nginx.words(more).iter().map(|word| template(word)).collect();
    NginxUpstream {
        file: nginx.file().display().to_string(),
        upstream: "shop".into(),
        servers: vec![server(&nginx.west, UpstreamRole::Serves)],
        check: words(&["-t"]),
        reload: words(&["-s", "reload"]),
        pid_file: Some(nginx.home.path().join("nginx.pid").display().to_string()),
        verify: None,
    }
}

fn server(address: &str, role: UpstreamRole) -> UpstreamServer {
    UpstreamServer { address: template(address), weight: 1, role }
}

fn shows(nginx: &Nginx, site: &str) -> Option<Verify> {
    let header = [("x-site".to_owned(), template(site))].into();
    Some(Verify { url: template(&nginx.url()), header, contains: Some(format!("this is {site}")) })
}

fn put(upstream: NginxUpstream) -> World {
    World::of(Action::Nginx(upstream)).within(Duration::from_secs(20))
}

fn loaded(servers: usize, workers: Option<usize>, answered: Option<u16>, change: Change) -> Evidence {
    Evidence::UpstreamLoaded { upstream: "shop".into(), servers, workers, answered, change }
}

/// The file and what customers get, before and after.
async fn as_before(nginx: &Nginx) -> bool {
    let old = format!("upstream shop {{ server {}; }}\n", nginx.east);
    let names = fs::read_dir(nginx.home.path())
        .unwrap()
        .filter(|entry| entry.as_ref().unwrap().file_name().to_string_lossy().starts_with(".warroom"));
    fs::read_to_string(nginx.file()).unwrap() == old && nginx.site().await == "east" && names.count() == 0
}

#[tokio::test]
async fn the_upstream_is_put_checked_loaded_and_seen() {
    let Some(nginx) = Nginx::start().await else { return };
    assert_eq!(nginx.site().await, "east");
    let east = UpstreamServer { weight: 5, ..server(&nginx.east, UpstreamRole::Backup) };
    let down = server("127.0.0.1:1", UpstreamRole::Down);
    let mut west = NginxUpstream { verify: shows(&nginx, "west"), ..to_west(&nginx) };
    west.servers.extend([east, down]);
    assert_eq!(put(west.clone()).good().await.0, loaded(3, Some(2), Some(200), Change::Made));
    assert_eq!(nginx.site().await, "west");
    let written = fs::read_to_string(nginx.file()).unwrap();
    let lines: Vec<&str> = written.lines().skip(1).map(str::trim).collect();
    let [first, second] = [format!("server {};", nginx.west), format!("server {} weight=5 backup;", nginx.east)];
    assert_eq!(lines, ["upstream shop {", &first, &second, "server 127.0.0.1:1 down;", "}"]);
    // Nothing is left to do, and nothing is done: a reload would fail.
    west.reload = vec![template("false")];
    assert_eq!(put(west).good().await.0, loaded(3, None, Some(200), Change::AlreadySo));
}

#[tokio::test]
async fn settings_that_nginx_refuses_leave_all_as_it_was() {
    let Some(nginx) = Nginx::start().await else { return };
    let servers = vec![server("west.invalid:80", UpstreamRole::Serves)];
    let said = put(NginxUpstream { servers, ..to_west(&nginx) }).wrong().await;
    assert!(said.contains("nginx ended with status 1: ") && said.contains("west.invalid"), "{said}");
    assert!(said.ends_with("; the old files are back"), "{said}");
    assert!(as_before(&nginx).await);
}

#[tokio::test]
async fn a_reload_that_cannot_be_asked_for_leaves_all_as_it_was() {
    let Some(nginx) = Nginx::start().await else { return };
    let reload = ["sh", "-c", "echo no such process; exit 3"].map(template).to_vec();
    let said = put(NginxUpstream { reload, ..to_west(&nginx) }).wrong().await;
    assert_eq!(said, "the reload sh ended with status 3: no such process; the old files are back");
    assert!(as_before(&nginx).await);

    let gone = nginx.home.path().join("gone.pid").display().to_string();
    let end = put(NginxUpstream { pid_file: Some(gone.clone()), ..to_west(&nginx) }).perform().await;
    let StepEnd::Bad(Failure::NotStarted { why }) = end else { panic!("{end:?}") };
    assert!(why.starts_with(&gone) && why.ends_with("; no file was touched"), "{why}");
    fs::write(&gone, std::process::id().to_string()).unwrap();
    let said = put(NginxUpstream { pid_file: Some(gone.clone()), ..to_west(&nginx) }).wrong().await;
    let own = std::process::id();
    assert_eq!(said, format!("process {own} of {gone} is no nginx with workers; no file was touched"));
    assert!(as_before(&nginx).await);
}

#[tokio::test]
async fn a_reload_that_did_nothing_is_found_out() {
    let Some(nginx) = Nginx::start().await else { return };
    let idle = NginxUpstream { reload: vec![template("true")], ..to_west(&nginx) };
    let file = nginx.file().display().to_string();
    let end = put(idle.clone()).within(Duration::from_secs(1)).perform().await;
    let rest = format!("; {file} is in place, and nginx was told to load it");
    assert_eq!(why(end), format!("nginx still works with 2 of its 2 old workers{rest}"));

    let seen = NginxUpstream { pid_file: None, verify: shows(&nginx, "west"), ..idle };
    let end = put(seen.clone()).within(Duration::from_secs(1)).perform().await;
    let url = nginx.url();
    assert_eq!(why(end), format!("{url} does not show the new side: x-site is \"east\", expected \"west\"{rest}"));
    // Done again by a reload that does something, it is done.
    let again = NginxUpstream { reload: to_west(&nginx).reload, ..seen };
    assert_eq!(put(again).good().await.0, loaded(1, None, Some(200), Change::Made));
    assert_eq!(nginx.site().await, "west");
}

#[tokio::test]
async fn a_value_stays_one_word_of_the_settings() {
    let Some(nginx) = Nginx::start().await else { return };
    let servers = vec![server("${to}", UpstreamRole::Serves)];
    for value in ["127.0.0.1:1; } server { listen 1", "unix:/run/x", "127.0.0.1:1 resolve", "", "a\n:1"] {
        let world = put(NginxUpstream { servers: servers.clone(), ..to_west(&nginx) }).with(&[("to", value)]);
        assert_eq!(world.wrong().await, format!("{value:?} is no host and port"));
    }
    assert!(as_before(&nginx).await);
}

#[tokio::test]
async fn an_attempt_that_was_cut_short_is_taken_up_or_told_of() {
    let Some(nginx) = Nginx::start().await else { return };
    let idle = NginxUpstream { reload: vec![template("true")], ..to_west(&nginx) };
    let mut world = put(idle).within(Duration::from_millis(500));
    world.wrong().await;
    let end = settle(&world.dir()).await;
    let said = "it was stopped: the new file is in place, and nobody looked whether nginx has loaded it";
    assert_eq!(end, StepEnd::Bad(Failure::WrongAnswer { why: said.into() }));
    // The same attempt, as an engine takes it up again after a crash.
    world.step.action = Action::Nginx(to_west(&nginx));
    let world = world.within(Duration::from_secs(20));
    assert_eq!(world.good().await.0, loaded(1, Some(2), None, Change::Made));
    assert_eq!(nginx.site().await, "west");
    assert_eq!(settle(&nginx.home.path().join("nothing")).await, StepEnd::Bad(Failure::Stopped));
}
