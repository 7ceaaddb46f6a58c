//! Who looks: the engine, the blackbox exporter asked by a schedule, and a bare loop.

use std::io::{BufRead, BufReader, Write};
use std::process::{Child, Command, Stdio};
use std::sync::{Arc, Mutex};
use std::time::Duration;

use http_body_util::{BodyExt, Empty};
use hyper::Request;
use hyper::body::Bytes;
use hyper_util::rt::TokioIo;
use tokio::net::TcpStream;
use tokio::time::{Instant, MissedTickBehavior, interval_at, timeout};
use uuid::Uuid;
use warroom::client::{Address, Client};
use warroom::core::command::Command as Asked;
use warroom::wire::Posted;

use super::{CORES, EVERY, PLANS, PROBES, TIMEOUT};

/// Something that looks at the targets.
pub trait Subject {
    fn pid(&self) -> u32;

    /// What it saw of its own lateness counts from here on.
    fn forget(&self) {}

    /// How late it began its looks by its own account, in microseconds.
    fn own_lateness(&self) -> Option<Vec<u64>> {
        None
    }
}

/// A process that ends with this.
struct Process(Child);

impl Drop for Process {
    fn drop(&mut self) {
        let _ = self.0.kill();
        let _ = self.0.wait();
    }
}

/// A program on the core of what is measured.
fn pinned(program: &str) -> Command {
    let mut command = Command::new("taskset");
    command.args(["-c", CORES[0], program]).stdin(Stdio::null()).stdout(Stdio::null());
    command
}

fn runtime() -> tokio::runtime::Runtime {
    tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap()
}

/// An engine with all plans loaded.
pub struct Engine {
    process: Process,
    late: Arc<Mutex<Vec<u64>>>,
    _dir: tempfile::TempDir,
}

impl Engine {
    pub fn start(targets: &str) -> Engine {
        let dir = tempfile::tempdir().unwrap();
        let mut command = pinned(env!("CARGO_BIN_EXE_warroom"));
        command.args(["engine", "run", "--state"]).arg(dir.path()).env("WARROOM_LOG", "warn,warroom::lateness=trace");
        let mut process = Process(command.stderr(Stdio::piped()).spawn().unwrap());
        let late: Arc<Mutex<Vec<u64>>> = Arc::default();
        let (log, noted) = (process.0.stderr.take().unwrap(), Arc::clone(&late));
        std::thread::spawn(move || {
            for line in BufReader::new(log).lines().map_while(Result::ok) {
                match line.rsplit_once("micros=").and_then(|(_, micros)| micros.trim().parse().ok()) {
                    Some(micros) => noted.lock().unwrap().push(micros),
                    None => eprintln!("{line}"),
                }
            }
        });
        let client = Client::new(Address::in_state(dir.path()));
        runtime().block_on(async {
            while client.hello().await.is_err() {
                tokio::time::sleep(Duration::from_millis(20)).await;
            }
            for plan in 0..PLANS {
                let command = Asked::LoadPlan { text: text(plan, targets), read: None };
                client.command(&Posted { id: Uuid::now_v7(), seen: None, command }).await.unwrap();
            }
        });
        Engine { process, late, _dir: dir }
    }
}

/// A plan whose probes look at their own paths.
fn text(plan: usize, targets: &str) -> String {
    let mut text = format!(
        "plan_id: plan-{plan}\nplan_name: Plan {plan}\nenvironment: practice\npriority: low\nrto: 30m\nrpo: 15m\n\
         sites: [{{site_id: east, name: East, role: primary}}]\n\
         recovery_procedures: [{{procedure_id: look, name: Look, kind: validation, steps: [Look around]}}]\ncomponents:\n"
    );
    let (every, patience) = (EVERY.as_secs(), TIMEOUT.as_secs());
    for probe in 0..PROBES {
        let url = format!("http://{targets}/{}", plan * PROBES + probe);
        text.push_str(&format!(
            "  - {{component_id: part-{probe}, name: Part {probe}, type: web, priority: high, \
             probes: [{{site: east, http: '{url}', every: {every}s, timeout: {patience}s}}]}}\n"
        ));
    }
    text
}

impl Subject for Engine {
    fn pid(&self) -> u32 {
        self.process.0.id()
    }

    fn forget(&self) {
        self.late.lock().unwrap().clear();
    }

    fn own_lateness(&self) -> Option<Vec<u64>> {
        Some(self.late.lock().unwrap().clone())
    }
}

/// When a probe looks: spread evenly, and mixed so that neighbours in a plan are none in time.
fn offset(number: usize) -> Duration {
    let all = PLANS * PROBES;
    EVERY.mul_f64((number * 7_919 % all) as f64 / all as f64)
}

/// Does something for each probe on its schedule, for ever.
async fn on_schedule<F>(look: impl Fn(usize) -> F + Send + Sync + 'static)
where
    F: Future<Output = ()> + Send + 'static,
{
    let (start, look) = (Instant::now(), Arc::new(look));
    let mut all = tokio::task::JoinSet::new();
    for number in 0..PLANS * PROBES {
        let mut ticks = interval_at(start + offset(number), EVERY);
        ticks.set_missed_tick_behavior(MissedTickBehavior::Skip);
        let look = Arc::clone(&look);
        all.spawn(async move {
            loop {
                ticks.tick().await;
                look(number).await;
            }
        });
    }
    while all.join_next().await.is_some() {}
}

/// The exporter, asked on the schedule from the other core over connections that are kept, as Prometheus does.
pub struct Exporter {
    process: Process,
    _driver: Driver,
    _config: tempfile::NamedTempFile,
}

struct Driver(Option<tokio::runtime::Runtime>);

impl Drop for Driver {
    fn drop(&mut self) {
        if let Some(runtime) = self.0.take() {
            runtime.shutdown_background();
        }
    }
}

impl Exporter {
    const PROGRAM: &'static str = "prometheus-blackbox-exporter";

    pub fn is_there() -> bool {
        Command::new("which").arg(Exporter::PROGRAM).stdout(Stdio::null()).status().is_ok_and(|s| s.success())
    }

    pub fn start(targets: &str) -> Exporter {
        let mut config = tempfile::NamedTempFile::new().unwrap();
        write!(config, "modules:\n  http_2xx:\n    prober: http\n    timeout: {}s\n", TIMEOUT.as_secs()).unwrap();
        let port = std::net::TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap().port();
        let mut command = pinned(Exporter::PROGRAM);
        command.arg(format!("--config.file={}", config.path().display()));
        command.arg(format!("--web.listen-address=127.0.0.1:{port}")).env("GOMAXPROCS", "1");
        let process = Process(command.stderr(Stdio::null()).spawn().unwrap());
        while std::net::TcpStream::connect(("127.0.0.1", port)).is_err() {
            std::thread::sleep(Duration::from_millis(20));
        }
        // Without a provider of cryptography no client can be built.
        let _ = rustls::crypto::ring::default_provider().install_default();
        let client = reqwest::Client::builder().no_proxy().build().unwrap();
        let targets = targets.to_owned();
        let driver = tokio::runtime::Builder::new_multi_thread().worker_threads(1).enable_all().build().unwrap();
        driver.spawn(on_schedule(move |number| {
            let url = format!("http://127.0.0.1:{port}/probe?module=http_2xx&target=http://{targets}/{number}");
            let client = client.clone();
            async move {
                if let Ok(answer) = client.get(url).send().await {
                    let _ = answer.bytes().await;
                }
            }
        }));
        Exporter { process, _driver: Driver(Some(driver)), _config: config }
    }
}

impl Subject for Exporter {
    fn pid(&self) -> u32 {
        self.process.0.id()
    }
}

/// This bench as a process that does nothing but look.
pub struct Loop(Process);

impl Loop {
    pub fn start(targets: &str) -> Loop {
        let mut command = pinned(std::env::current_exe().unwrap().to_str().unwrap());
        Loop(Process(command.args(["loop", targets]).spawn().unwrap()))
    }
}

impl Subject for Loop {
    fn pid(&self) -> u32 {
        self.0.0.id()
    }
}

/// Looks for ever: a new connection, a request, the whole answer or the time-out; nothing is kept.
pub fn bare_loop(targets: &str) {
    let targets: Arc<str> = targets.into();
    runtime().block_on(on_schedule(move |number| {
        let targets = Arc::clone(&targets);
        async move {
            let _ = timeout(TIMEOUT, look(&targets, number)).await;
        }
    }));
}

async fn look(targets: &str, number: usize) -> Option<Bytes> {
    let stream = TcpStream::connect(targets).await.ok()?;
    let (mut sender, connection) = hyper::client::conn::http1::handshake(TokioIo::new(stream)).await.ok()?;
    let driver = tokio::spawn(connection);
    let request = Request::get(format!("/{number}")).header("host", targets).body(Empty::<Bytes>::new()).ok()?;
    let body = async { Some(sender.send_request(request).await.ok()?.into_body().collect().await.ok()?.to_bytes()) };
    let body = body.await;
    drop(sender);
    let _ = driver.await;
    body
}
