//! One verb's talk with an engine.

use std::io;
use std::path::PathBuf;

use serde_json::{Value, json};
use uuid::Uuid;

use super::out::{Format, Out};
use super::{Failure, Globals};
use crate::client::locate::{Located, Surroundings};
use crate::client::start::ensure_engine;
use crate::client::{Address, Client, ClientError, Token};
use crate::core::command::Command;
use crate::core::ids::{Principal, RunId};
use crate::core::state::State;
use crate::text;
use crate::wire::{Accepted, Hello, Posted, Snapshot};

/// An engine that answers.
pub(super) struct Session {
    pub(super) client: Client,
    pub(super) hello: Hello,
}

impl Session {
    /// Talks to the engine that is meant; one that does not answer is an error.
    pub(super) async fn open(globals: &Globals) -> Result<Session, Failure> {
        let located = located(globals)?;
        Session::with(client(globals, located.address)?).await
    }

    /// Talks to the engine that is meant, and starts it when it is the caller's own.
    pub(super) async fn open_or_start(globals: &Globals) -> Result<Session, Failure> {
        let located = located(globals)?;
        if let Some(state) = &located.own_state {
            ensure_engine(&own_program()?, state).await?;
        }
        Session::with(client(globals, located.address)?).await
    }

    async fn with(client: Client) -> Result<Session, Failure> {
        let hello = client.hello().await?;
        Ok(Session { client, hello })
    }

    pub(super) async fn snapshot(&self) -> Result<Snapshot, Failure> {
        Ok(self.client.snapshot().await?)
    }

    /// Has a command carried out and tells what came of it: each thing that it made happen, or `nothing_new` when it was so
    /// already.
    pub(super) async fn command(
        &self,
        before: &Snapshot,
        command: Command,
        nothing_new: &str,
        out: &mut Out,
    ) -> Result<Brought, Failure> {
        let accepted = self.post(before.seq, command).await?;
        let after = self.snapshot().await?;
        match out.format {
            Format::Json => out.json(&told(&accepted, &after.state))?,
            Format::Text => {
                let mine = brought(&after.state, before.seq, accepted.seq, &self.hello.you.principal);
                if mine.is_empty() {
                    out.line(nothing_new)?;
                }
                for sentence in mine {
                    out.line(sentence)?;
                }
            }
        }
        Ok(Brought { run: accepted.run, after })
    }

    /// Has a command carried out.
    pub(super) async fn post(&self, seen: u64, command: Command) -> Result<Accepted, ClientError> {
        let posted = Posted { id: Uuid::now_v7(), seen: Some(seen), command };
        self.client.command(&posted).await
    }
}

/// What a command brought.
pub(super) struct Brought {
    /// The run that it started or worked on.
    pub(super) run: Option<RunId>,
    /// What is known since.
    pub(super) after: Snapshot,
}

/// The engine that flags and surroundings mean.
pub(super) fn located(globals: &Globals) -> Result<Located, Failure> {
    Ok(surroundings(globals).locate()?)
}

pub(super) fn surroundings(globals: &Globals) -> Surroundings {
    Surroundings::gather(globals.engine.clone(), globals.state.clone())
}

/// Asks the engine at an address, with the token that flag or environment name.
pub(super) fn client(globals: &Globals, address: Address) -> Result<Client, Failure> {
    // An empty variable is none.
    let named = || std::env::var_os("WARROOM_TOKEN_FILE").filter(|path| !path.is_empty()).map(PathBuf::from);
    let Some(path) = globals.token_file.clone().or_else(named) else { return Ok(Client::new(address)) };
    if matches!(address, Address::Http(_)) {
        return Err(Failure::Usage("a token goes over the engine's own socket alone, never over --engine URL".into()));
    }
    let token = Token::read(&path).map_err(|why| Failure::failed(crate::text::clean_line(&why.to_string())))?;
    Ok(Client::new(address).with_token(Some(token)))
}

/// The program that runs, to be started again as engine, shim or range.
pub(super) fn own_program() -> Result<PathBuf, Failure> {
    std::env::current_exe().map_err(|e: io::Error| Failure::failed(format!("cannot find this program's own file: {e}")))
}

/// What somebody made happen between two entries of the journal.
fn brought(state: &State, after: u64, until: u64, who: &Principal) -> Vec<String> {
    let rows = state.timeline.iter().filter(|entry| (after + 1..=until).contains(&entry.seq) && entry.by == *who);
    rows.map(|entry| text::event(state, entry)).collect()
}

fn told(accepted: &Accepted, state: &State) -> Value {
    let call_sign = accepted.incident.as_ref().and_then(|id| state.incidents.get(id)).map(|i| &i.call_sign);
    json!({ "seq": accepted.seq, "incident": accepted.incident, "call_sign": call_sign, "run": accepted.run })
}
