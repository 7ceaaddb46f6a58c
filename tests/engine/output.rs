//! Following what a step writes over HTTP.

use std::io::{Read, Write};
use std::os::unix::net::UnixStream;

use warroom::core::run::StepState;

use crate::harness::{Engine, PATIENCE, eventually, plan};
use crate::service::Service;

/// Asks the engine's socket, and reads until it hangs up or the text has come.
fn ask(engine: &Engine, path: &str, until: Option<&str>) -> String {
    let mut socket = UnixStream::connect(engine.dir.join("engine.sock")).unwrap();
    socket.set_read_timeout(Some(PATIENCE)).unwrap();
    write!(socket, "GET {path} HTTP/1.1\r\nHost: engine\r\nConnection: close\r\n\r\n").unwrap();
    let (mut answer, mut piece) = (Vec::new(), [0; 64 * 1024]);
    loop {
        let count = socket.read(&mut piece).unwrap();
        answer.extend_from_slice(&piece[..count]);
        let text = String::from_utf8_lossy(&answer);
        if count == 0 || until.is_some_and(|until| text.contains(until)) {
            return text.into_owned();
        }
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn output_is_followed_from_a_byte_on_until_the_step_ends() {
    let shop = Service::start().await;
    let engine = Engine::start().await;
    let go = engine.dir.join("go");
    let script = format!("echo first; while [ ! -e {} ]; do sleep 0.01; done; echo second; exit 3", go.display());
    let steps = format!("      - {{id: say, name: Say it, command: [sh, -c, \"{script}\"]}}\n");
    let (_, run) = engine.launch(&plan(&shop.url(), &steps), "mend").await;
    let path = format!("/v1/runs/{run}/steps/say/1/output");
    eventually("the first line is there", || async {
        let output = engine.client.output(run, &"say".parse().unwrap(), 1, 0).await.ok()?;
        (output.total == 6).then_some(())
    })
    .await;
    let early = ask(&engine, &format!("{path}?from=2&follow=1"), Some("rst\n"));
    assert!(early.contains("x-from: 2\r\n") && early.contains("x-total: 6\r\n"), "{early}");

    let whole = std::thread::scope(|scope| {
        let follower = scope.spawn(|| ask(&engine, &format!("{path}?follow=1"), None));
        std::fs::write(&go, "").unwrap();
        follower.join().unwrap()
    });
    assert!(whole.contains("first\n") && whole.contains("second\n"), "{whole}");
    assert!(whole.ends_with("\r\n0\r\n\r\n"), "the stream ends by itself: {whole}");
    engine.step(run, "say", |state| matches!(state, StepState::Failed { .. })).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn whoever_asks_for_what_is_not_kept_is_told_and_given_what_comes_next() {
    let shop = Service::start().await;
    let engine = Engine::start().await;
    let steps = "      - {id: say, name: Say it, command: [sh, -c, \"head -c 60000000 /dev/zero; echo the end\"]}\n";
    let (_, run) = engine.launch(&plan(&shop.url(), steps), "mend").await;
    engine.step(run, "say", StepState::is_settled).await;
    let output = engine.client.output(run, &"say".parse().unwrap(), 1, 30_000_000).await.unwrap();
    assert_eq!(output.total, 60_000_008);
    assert!(output.from > 50_000_000, "{}", output.from);
    let path = format!("/v1/runs/{run}/steps/say/1/output?from=30000000&follow=1");
    let followed = ask(&engine, &path, Some("are not kept]"));
    let line = format!("\n[{} bytes of output are not kept]\n", output.from - 30_000_000);
    assert!(followed.contains(&line) && followed.contains(&format!("x-from: {}\r\n", output.from)), "{line}");
}

#[tokio::test(flavor = "multi_thread")]
async fn consoles_are_told_how_much_every_running_program_has_written() {
    let shop = Service::start().await;
    let engine = Engine::start().await;
    let steps = "      - {id: one, needs: [], command: [sh, -c, \"echo one; sleep 60\"]}\n\
                 \x20     - {id: two, needs: [], shell: \"echo twice; sleep 60\"}\n";
    engine.launch(&plan(&shop.url(), steps), "mend").await;
    eventually("both are told", || async {
        let told = engine.client.snapshot().await.unwrap().live.output;
        let told: Vec<_> = told.iter().map(|of| (of.step.as_str(), of.bytes)).collect();
        (told == [("one", 4), ("two", 6)]).then_some(())
    })
    .await;
}
