//! The last looks at parts: not sent to consoles unasked, given for what is asked for.

use std::process::{Command, Stdio};

use warroom::client::StreamItem;
use warroom::core::ids::{ComponentId, ProbeId};
use warroom::wire::Live;

use crate::harness::{Engine, eventually, warroom};
use crate::service::Service;

fn probes(live: &Live) -> Vec<&str> {
    live.readings.samples.values().flat_map(|probes| probes.keys()).map(ProbeId::as_str).collect()
}

#[tokio::test]
async fn a_console_is_told_no_looks_unasked_and_gets_those_of_the_components_that_it_names() {
    let shop = Service::start().await;
    let engine = Engine::with_config("").await;
    let part = |name: &str| {
        let url = shop.url();
        format!(
            "  - {{component_id: {name}, name: {name}, type: web, priority: low, \
             probes: [{{http: '{url}', every: 100ms, timeout: 100ms}}]}}\n"
        )
    };
    let text = format!(
        "plan_id: shop\nplan_name: Shop\nenvironment: practice\npriority: low\nrto: 30m\nrpo: 15m\n\
         sites: [{{site_id: east, name: East, role: primary}}]\n\
         recovery_procedures: [{{procedure_id: look, name: Look, kind: validation, steps: [Look around]}}]\n\
         components:\n{}{}",
        part("api"),
        part("web")
    );
    engine.load(&text).await;
    let plan = "shop".parse().unwrap();
    let all = || async {
        let live = engine.client.samples(&plan, &[]).await.unwrap();
        (probes(&live) == ["api", "web"]).then_some(())
    };
    eventually("both were looked at", all).await;

    let named: [ComponentId; 2] = ["web".parse().unwrap(), "nothing".parse().unwrap()];
    assert_eq!(probes(&engine.client.samples(&plan, &named).await.unwrap()), ["web"]);
    assert!(probes(&engine.client.samples(&"other".parse().unwrap(), &named).await.unwrap()).is_empty());

    let head = engine.client.hello().await.unwrap().head;
    let mut stream = engine.client.stream(head).await.unwrap();
    let frame = loop {
        if let StreamItem::Live(live) = stream.next().await.unwrap().unwrap() {
            break live;
        }
    };
    assert!(probes(&frame).is_empty(), "{frame:?}");
}

#[tokio::test]
async fn an_engine_takes_as_many_open_files_as_it_may() {
    let temp = tempfile::tempdir().unwrap();
    let exe = warroom().get_program().to_owned();
    let mut command = Command::new("sh");
    command.args(["-c", "ulimit -S -n 256 && exec \"$0\" engine run --state \"$1\""]).arg(exe).arg(temp.path());
    let engine = Engine::of(temp.path(), command.stdout(Stdio::null()).stderr(Stdio::null()).spawn().unwrap());
    engine.answers().await;
    let limits = std::fs::read_to_string(format!("/proc/{}/limits", engine.pid())).unwrap();
    let files = limits.lines().find_map(|line| line.strip_prefix("Max open files")).unwrap();
    let files: Vec<u64> = files.split_whitespace().filter_map(|word| word.parse().ok()).collect();
    assert_eq!(files[0], files[1].min(65_536), "{limits}");
}
