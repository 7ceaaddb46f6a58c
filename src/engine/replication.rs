//! Asks both ends of a replication again and again, whichever of the two sites serves.

use std::str::FromStr as _;
use std::sync::Arc;

use serde::Deserialize;
use sqlx::postgres::{PgConnectOptions, PgConnection};
use sqlx::{ConnectOptions as _, Connection as _};
use tokio::time::timeout;

use super::effects::Shared;
use super::watchers::{ANSWER_LIMIT, PATIENCE, ticks};
use crate::core::ids::{ComponentId, PlanId};
use crate::core::loss::{Pair, Side, Silence, Told};
use crate::core::plan::{Address, Replication, ServerRole};
use crate::core::time::{Moment, Now};
use crate::outbound::body_start;
use crate::postgres;
use crate::secrets::resolve;

/// What a page answers.
#[derive(Debug, Clone, Deserialize)]
struct Page {
    seq: u64,
    at: Option<Moment>,
    #[serde(default, deserialize_with = "known_role")]
    role: Option<ServerRole>,
}

/// Other words than those that are known here say nothing.
fn known_role<'de, D: serde::Deserializer<'de>>(from: D) -> Result<Option<ServerRole>, D::Error> {
    Ok(match serde_json::Value::deserialize(from)?.as_str() {
        Some("primary") => Some(ServerRole::Primary),
        Some("standby") => Some(ServerRole::Standby),
        _ => None,
    })
}

/// Asks both ends for as long as it is let.
pub(super) async fn watch(shared: Arc<Shared>, plan: PlanId, component: ComponentId, replication: Replication) {
    let mut ticks = ticks(replication.every);
    let mut pair = Pair::default();
    let mut source = End::new(&shared, &replication.source);
    let mut target = End::new(&shared, &replication.target);
    loop {
        ticks.tick().await;
        let turned = is_turned(&shared, &plan, &replication);
        let known = pair.known();
        let (writer, silent) = match turned {
            true => (Side::Target, known.target_silent_since.is_some()),
            false => (Side::Source, known.source_silent_since.is_some()),
        };
        // Asked after the one that writes, the other is seen to have what was written meanwhile. A silent one is not waited for.
        let (of_source, of_target) = match (writer, silent) {
            (_, true) => tokio::join!(source.ask(), target.ask()),
            (Side::Source, false) => (source.ask().await, target.ask().await),
            (Side::Target, false) => {
                let of_target = target.ask().await;
                (source.ask().await, of_target)
            }
        };
        let mut asked = [(Side::Source, of_source), (Side::Target, of_target)];
        // The one that receives is dated by what is known of the other.
        asked.sort_by_key(|(side, _)| *side != writer);
        for (side, asked) in asked {
            let role = if side == writer { ServerRole::Primary } else { ServerRole::Standby };
            pair.take(side, (&asked.began, &asked.ended), role, asked.answer);
        }
        shared.live.read(|readings| {
            readings.replication.entry(plan.clone()).or_default().insert(component.clone(), pair.known().clone());
        });
    }
}

/// Whether the site serves that only received at the start.
fn is_turned(shared: &Shared, plan: &PlanId, replication: &Replication) -> bool {
    let state = Arc::clone(&shared.state.borrow());
    state.plans.get(plan).is_some_and(|loaded| loaded.active.as_ref() == Some(&replication.to))
}

/// One question.
struct Asked {
    began: Now,
    ended: Now,
    answer: Result<Told, Silence>,
}

/// Who is asked.
struct End<'a> {
    shared: &'a Shared,
    address: &'a Address,
    /// To a server, while it answers.
    kept: Option<PgConnection>,
}

impl<'a> End<'a> {
    fn new(shared: &'a Shared, address: &'a Address) -> End<'a> {
        End { shared, address, kept: None }
    }

    async fn ask(&mut self) -> Asked {
        let began = self.shared.clock.now();
        let answer = timeout(PATIENCE.to_std(), self.answer()).await.unwrap_or(Err(Silence::NoAnswer));
        Asked { began, ended: self.shared.clock.now(), answer }
    }

    async fn answer(&mut self) -> Result<Told, Silence> {
        match self.address {
            Address::Plain(url) if !url.starts_with("postgres") => page(self.shared, url).await,
            address => self.server(address).await,
        }
    }

    /// Over the connection that is there; a server that was started anew meanwhile is connected to once more.
    async fn server(&mut self, address: &Address) -> Result<Told, Silence> {
        if let Some(mut kept) = self.kept.take()
            && let Ok(standing) = postgres::ask(&mut kept, PATIENCE).await
        {
            self.kept = Some(kept);
            return Ok(told(standing));
        }
        let mut fresh = connect(address).await?;
        let standing = postgres::ask(&mut fresh, PATIENCE).await.map_err(|error| silence(&error))?;
        self.kept = Some(fresh);
        Ok(told(standing))
    }
}

fn told(standing: postgres::Standing) -> Told {
    let postgres::Standing { role, lsn, line, manager, .. } = standing;
    Told { seq: lsn.0, at: None, role: Some(role), line, manager }
}

async fn connect(address: &Address) -> Result<PgConnection, Silence> {
    let options = match address {
        Address::Plain(url) => PgConnectOptions::from_str(url),
        Address::Secret(reference) => {
            let url = resolve(reference).await.map_err(|_| Silence::NoAnswer)?;
            PgConnectOptions::from_str(url.expose())
        }
    };
    let options = options.map_err(|_| Silence::NoAnswer)?.application_name("warroom").disable_statement_logging();
    PgConnection::connect_with(&options).await.map_err(|error| silence(&error))
}

fn silence(error: &sqlx::Error) -> Silence {
    match error {
        sqlx::Error::Io(why) if why.kind() == std::io::ErrorKind::ConnectionRefused => Silence::Refused,
        _ => Silence::NoAnswer,
    }
}

async fn page(shared: &Shared, url: &str) -> Result<Told, Silence> {
    let answer = shared.http.get(url).send().await.map_err(|error| refusal(&error))?;
    let answer = answer.error_for_status().map_err(|_| Silence::NoAnswer)?;
    let body = body_start(answer, ANSWER_LIMIT).await.map_err(|_| Silence::NoAnswer)?;
    let Page { seq, at, role } = serde_json::from_slice(&body).map_err(|_| Silence::NoAnswer)?;
    Ok(Told { seq, at, role, line: None, manager: None })
}

/// Whether nobody listens there: so it stands at the root of the error.
fn refusal(error: &reqwest::Error) -> Silence {
    let mut cause: Option<&dyn std::error::Error> = Some(error);
    while let Some(error) = cause {
        let io = error.downcast_ref::<std::io::Error>();
        if io.is_some_and(|why| why.kind() == std::io::ErrorKind::ConnectionRefused) {
            return Silence::Refused;
        }
        cause = error.source();
    }
    Silence::NoAnswer
}
