//! The practice range's way back: after a failover customers go back to East, and no order is lost on the way.

use std::io::{Read, Write};
use std::net::TcpStream;

use serde_json::Value;

use crate::Demo;
use crate::home::eventually;

impl Demo {
    /// Asks the range itself.
    fn range(&self, method: &str, path: &str) -> Value {
        let control = self.told["range"]["control"].as_str().unwrap().strip_prefix("http://").unwrap();
        let mut line = TcpStream::connect(control).unwrap();
        write!(line, "{method} /range{path} HTTP/1.1\r\nhost: range\r\nconnection: close\r\ncontent-length: 0\r\n\r\n")
            .unwrap();
        let mut answer = String::new();
        line.read_to_string(&mut answer).unwrap();
        assert!(answer.starts_with("HTTP/1.1 2"), "{path}: {answer}");
        serde_json::from_str(answer.split_once("\r\n\r\n").unwrap().1).unwrap_or_default()
    }

    /// Launches a run as soon as the guards let it begin.
    fn launches(&self, procedure: &str) -> String {
        eventually(&format!("{procedure} begins"), || {
            let (status, said, _) = self.home.run(&self.verb(&["run", "start", "practice", procedure, "--json"]));
            (status == 0).then(|| serde_json::from_str::<Value>(&said).unwrap()["run"].as_str().unwrap().to_owned())
        })
    }

    /// Says yes at a run's gate once it waits there.
    fn passes(&self, run: &str, target: &str, max_loss: &str) {
        eventually(&format!("{run} passes its gate"), || {
            let yes = ["run", "confirm", run, "go", "--target", target, "--max-loss", max_loss];
            (self.home.run(&self.verb(&yes)).0 == 0).then_some(())
        });
    }

    fn is_done(&self, run: &str) {
        eventually(&format!("{run} is done"), || {
            let page = self.good(&["run", "show", run]);
            page.lines().next().is_some_and(|line| line.contains(" done ")).then_some(())
        });
    }
}

/// Orders that customers hold a receipt for and that are nowhere.
fn lost(demo: &Demo) -> u64 {
    demo.range("GET", "/ledger")["lost"].as_u64().unwrap()
}

#[test]
fn after_a_failover_the_way_back_is_gone_without_losing_an_order() {
    there_and_back(&["--after", "1s"]);
}

#[test]
fn with_real_servers_too_customers_are_moved_and_come_back_without_losing_an_order() {
    let is_there = |version: std::fs::DirEntry| version.path().join("bin/pg_rewind").exists();
    if !std::fs::read_dir("/usr/lib/postgresql").is_ok_and(|versions| versions.flatten().any(is_there)) {
        eprintln!("SKIPPED a demo with PostgreSQL: it is not installed");
        return;
    }
    there_and_back(&["--after", "1s", "--postgres"]);
}

fn there_and_back(demo: &[&str]) {
    let demo = Demo::start(demo);
    demo.waits_for("is proposed");
    demo.good(&["incident", "declare"]);
    let there = demo.launches("failover-west");
    demo.waits_for("step 1 ");
    demo.good(&["run", "done", &there, "step-1"]);
    demo.passes(&there, "west", "30s");
    demo.is_done(&there);
    let before = lost(&demo);
    assert_eq!(demo.range("GET", "/ledger")["serving"], "west");

    // East is awake, and its database has no power: the plan's first step gives it back.
    demo.range("POST", "/wake");
    let back = demo.launches("back-to-east");
    demo.passes(&back, "east", "10s");
    demo.is_done(&back);
    let ledger = demo.range("GET", "/ledger");
    let timeline = demo.good(&["timeline"]);
    assert_eq!((&ledger["serving"], &ledger["lost"]), (&"east".into(), &before.into()), "{ledger}\n{timeline}");
    let served = ledger["acknowledged"].as_u64().unwrap();
    eventually("East takes orders", || {
        let ledger = demo.range("GET", "/ledger");
        (ledger["acknowledged"].as_u64().unwrap() > served + 5).then(|| assert_eq!(ledger["lost"], before, "{ledger}"))
    });
    assert!(timeline.contains("East serves now"), "{timeline}");
    assert_eq!(demo.end(), (Some(0), String::new()));
}
