//! The practice script at work: a second person who is a program, a link that it can cut, and a teller whose words reach the console.
//!
//! All of it is a thread of the demo, with a runtime of its own beside the console's: it ends with the demo however that ends.

mod proxy;
mod robot;

use std::path::Path;
use std::sync::{Arc, Mutex, PoisonError};
use std::thread::JoinHandle;

use tokio::sync::{oneshot, watch};

use super::super::Failure;
use super::house::House;
use crate::client::{Address, Token};
use crate::range::lesson::Score;
use crate::text;
use proxy::{Line, Proxy};
use robot::Robot;

/// What the robot is called, and its name among principals.
pub(super) const ROBOT: &str = "robot";

/// A lesson that goes on.
pub(super) struct Lesson {
    /// What the teller says.
    pub(super) hints: watch::Receiver<String>,
    /// Where the console asks the engine.
    pub(super) address: Address,
    score: Arc<Mutex<Score>>,
    end: oneshot::Sender<()>,
    thread: JoinHandle<()>,
}

impl Lesson {
    /// Begins a lesson in a demo that knows the robot by that token.
    pub(super) fn begin(house: &House, token: &str) -> Result<Lesson, Failure> {
        let failed = |why: String| Failure::failed(format!("the lesson cannot begin: {why}"));
        let range = house.addresses().ok_or_else(|| failed("the range is not open".to_owned()))?;
        let token = Token::new(token).ok_or_else(|| failed("the robot has no token".to_owned()))?;
        let socket = house.state().join("console.sock");
        let (line, carried) = watch::channel(Line::Whole);
        let (say, hints) = watch::channel(String::new());
        let (end, ended) = oneshot::channel();
        let proxy = Proxy::new(&house.state().join("engine.sock"), carried);
        let robot = Robot::new(house.address().clone(), token, &range.control, line, say, proxy.refusals());
        let robot = robot.map_err(|why| failed(why.to_string()))?;
        let score = robot.score();
        let listener = listen(&socket).map_err(|why| failed(why.to_string()))?;
        let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build();
        let runtime = runtime.map_err(|why| failed(why.to_string()))?;
        let thread = std::thread::Builder::new().name("lesson".into()).spawn(move || {
            runtime.block_on(async {
                let Ok(listener) = tokio::net::UnixListener::from_std(listener) else { return };
                tokio::select! {
                    () = proxy.serve(listener) => {}
                    () = robot.live() => {}
                    _ = ended => {}
                }
            });
        });
        let thread = thread.map_err(|why| failed(why.to_string()))?;
        Ok(Lesson { hints, address: Address::in_demo(socket), score, end, thread })
    }

    /// Ends it, and says what it came to.
    pub(super) fn end(self) -> Vec<String> {
        // A lesson that has ended by itself hears nothing any more.
        let _ = self.end.send(());
        if self.thread.join().is_err() {
            return vec!["The lesson ended by a fault of its own.".to_owned()];
        }
        text::lesson_score(&self.score.lock().unwrap_or_else(PoisonError::into_inner))
    }
}

fn listen(path: &Path) -> std::io::Result<std::os::unix::net::UnixListener> {
    let listener = crate::api::bind(path)?;
    listener.set_nonblocking(true)?;
    Ok(listener)
}
