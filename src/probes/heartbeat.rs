//! Waits for others to report: whoever falls silent is in trouble.

use std::collections::{BTreeMap, HashMap};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use tokio::sync::mpsc;
use tokio::time::{Instant, timeout_at};

use super::Answer;
use crate::core::health::Found;
use crate::core::ids::{PlanId, ProbeId};
use crate::core::time::Span;

/// How many reports of one source may wait to be taken; who sends more waits with them.
const WAITING: usize = 16;

/// Longest that is kept of what a source says is wrong, in characters.
const SHOWN: usize = 200;

/// What a source reports.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Beat {
    /// All is well.
    Good,
    /// It is not, and why.
    Down(String),
}

type Key = (PlanId, ProbeId);
type Inboxes = Arc<Mutex<HashMap<Key, mpsc::Sender<Beat>>>>;

/// Where reports come in. Clones are the same place.
#[derive(Debug, Clone, Default)]
pub struct Heartbeats(Inboxes);

/// Takes the reports of one source, for as long as it lives.
#[derive(Debug)]
pub struct Listener {
    inboxes: Inboxes,
    key: Key,
    /// The one that the place knows, for as long as nobody else listens.
    own: mpsc::Sender<Beat>,
    inbox: mpsc::Receiver<Beat>,
    /// When it last heard something; first, when it began to listen.
    heard: Instant,
    /// Until when it waits before it calls that silence.
    until: Instant,
    every: Span,
}

/// Nobody listens to a source.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("nobody listens to it")]
pub struct NobodyListens;

fn locked(inboxes: &Inboxes) -> MutexGuard<'_, HashMap<Key, mpsc::Sender<Beat>>> {
    inboxes.lock().unwrap_or_else(PoisonError::into_inner)
}

impl Heartbeats {
    /// Listens from now on to one source, which is to report at least once in each `every`. Whoever listened to it before hears
    /// nothing any more.
    #[must_use]
    pub fn listen(&self, plan: PlanId, probe: ProbeId, every: Span) -> Listener {
        let (own, inbox) = mpsc::channel(WAITING);
        let key = (plan, probe);
        locked(&self.0).insert(key.clone(), own.clone());
        let heard = Instant::now();
        Listener { inboxes: Arc::clone(&self.0), key, own, inbox, heard, until: heard + every.to_std(), every }
    }

    /// Hands over a report.
    ///
    /// # Errors
    /// Nobody listens to that source: there is none of that name, or the engine has only just begun.
    pub async fn report(&self, plan: &PlanId, probe: &ProbeId, beat: Beat) -> Result<(), NobodyListens> {
        let inbox = locked(&self.0).get(&(plan.clone(), probe.clone())).cloned();
        inbox.ok_or(NobodyListens)?.send(beat).await.map_err(|_| NobodyListens)
    }
}

impl Listener {
    /// The next report, or that one is missing. May be given up and asked again.
    pub async fn next(&mut self) -> Answer {
        match timeout_at(self.until, self.inbox.recv()).await {
            Ok(Some(beat)) => {
                self.heard = Instant::now();
                self.until = self.heard + self.every.to_std();
                match beat {
                    Beat::Good => answer(Found::Good, "reported".into()),
                    Beat::Down(why) => answer(Found::Bad, says(&why)),
                }
            }
            // Its own sender keeps the inbox open: this is silence.
            Ok(None) | Err(_) => {
                let silent = Span::from(self.heard.elapsed());
                self.until += self.every.to_std();
                answer(Found::Bad, format!("silent for {silent}"))
            }
        }
    }
}

impl Drop for Listener {
    fn drop(&mut self) {
        let mut inboxes = locked(&self.inboxes);
        if inboxes.get(&self.key).is_some_and(|known| known.same_channel(&self.own)) {
            inboxes.remove(&self.key);
        }
    }
}

fn says(why: &str) -> String {
    let why = crate::text::clean_line(why);
    match why.trim() {
        "" => "reported trouble".to_owned(),
        why => format!("reported trouble: {}", crate::text::cut(why, SHOWN)),
    }
}

fn answer(found: Found, why: String) -> Answer {
    Answer { found, why, took: Span::ZERO, measured: BTreeMap::new(), detail: None }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn key() -> (PlanId, ProbeId) {
        ("shop".parse().unwrap(), "backup".parse().unwrap())
    }

    #[tokio::test]
    async fn silence_longer_than_the_interval_is_bad_again_and_again() {
        let (plan, probe) = key();
        let (beats, every) = (Heartbeats::default(), Span::from_millis(20));
        let began = Instant::now();
        let mut listener = beats.listen(plan.clone(), probe.clone(), every);
        for _ in 0..2 {
            let answer = listener.next().await;
            assert!(answer.found == Found::Bad && answer.why.starts_with("silent for "), "{answer:?}");
        }
        assert!(began.elapsed() >= 2 * every.to_std());
        beats.report(&plan, &probe, Beat::Good).await.unwrap();
        assert_eq!(listener.next().await.found, Found::Good);
        let heard = Instant::now();
        assert_eq!(listener.next().await.found, Found::Bad);
        assert!(heard.elapsed() >= every.to_std() / 2);
    }

    #[tokio::test]
    async fn a_report_says_good_or_what_is_wrong() {
        let (plan, probe) = key();
        let beats = Heartbeats::default();
        assert_eq!(beats.report(&plan, &probe, Beat::Good).await, Err(NobodyListens));
        let mut listener = beats.listen(plan.clone(), probe.clone(), Span::from_secs(60));
        for (beat, found, why) in [
            (Beat::Good, Found::Good, "reported"),
            (Beat::Down("disk\u{1b}[31m full".into()), Found::Bad, "reported trouble: disk"),
            (Beat::Down(" ".into()), Found::Bad, "reported trouble"),
        ] {
            beats.report(&plan, &probe, beat).await.unwrap();
            let answer = listener.next().await;
            assert!(answer.found == found && answer.why.starts_with(why), "{answer:?}");
            assert!(!answer.why.contains('\u{1b}'));
        }
        let newer = beats.listen(plan.clone(), probe.clone(), Span::from_secs(60));
        drop(listener);
        assert!(beats.report(&plan, &probe, Beat::Good).await.is_ok(), "the newer one still listens");
        drop(newer);
        assert_eq!(beats.report(&plan, &probe, Beat::Good).await, Err(NobodyListens));
    }
}
