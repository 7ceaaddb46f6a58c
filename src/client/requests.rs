//! What can be asked of an engine.

use std::time::Duration;

use http_body_util::{BodyExt, Full, Limited};
use hyper::body::{Bytes, Incoming};
use hyper::header::{ACCEPT, AUTHORIZATION, CONTENT_TYPE, HOST};
use hyper::{Method, Request, Response};
use serde::Deserialize;
use serde::de::DeserializeOwned;
use tokio::time::{sleep, timeout};

use crate::core::comms::Attempt;
use crate::core::ids::{ChannelId, ComponentId, IncidentId, PlanId, ProbeId, RunId, StepId};
use crate::core::state::{Entry, PROTOCOL};
use crate::core::time::{Moment, Span};
use crate::wire::{
    Accepted, AskedChecks, Audit, Check, Evidence, Heartbeat, Hello, Histories, Live, Posted, Snapshot, Trouble,
};

use super::dial::dial;
use super::{Address, ClientError, EventStream, Token};

/// How long an engine may take over an ordinary answer.
const ANSWER: Duration = Duration::from_secs(10);

/// How long it may take to look at what a launch rests on.
const LOOKED: Duration = Duration::from_secs(120);

/// How long it may take to look through a whole journal.
const AUDIT: Duration = Duration::from_secs(600);

/// The pauses before a command whose answer was lost is sent again, with the same identifier.
const AGAIN: [Duration; 3] = [Duration::from_millis(100), Duration::from_millis(400), Duration::from_millis(1_500)];

/// Whether exported entries carry their bodies; without them they still verify.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Bodies {
    /// They do.
    Included,
    /// They do not: what people wrote and plans say stays where it is.
    Withheld,
}

/// Largest answer that is read, in bytes; a snapshot stays far below.
const LARGEST: usize = 64 * 1024 * 1024;

/// Most bytes that [`Client::output`] brings at once.
pub const OUTPUT_AT_ONCE: usize = 1024 * 1024;

/// Asks one engine. Cheap to clone: it holds no connection.
#[derive(Debug, Clone)]
pub struct Client {
    address: Address,
    token: Option<Token>,
}

/// A piece of a step's output.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Output {
    /// Where the bytes begin: where it was asked for, or behind it where the bytes from there on are not kept.
    pub from: u64,
    /// The bytes; at most [`OUTPUT_AT_ONCE`].
    pub bytes: Vec<u8>,
    /// How many bytes there are in all so far.
    pub total: u64,
}

/// An engine that is newer may know other troubles; its sentence is shown then.
#[derive(Deserialize)]
struct Unheard {
    code: String,
    sentence: String,
}

#[derive(Deserialize)]
struct OnlyProtocol {
    protocol: u32,
}

impl Client {
    /// Asks the engine at that address; nothing is sent yet.
    #[must_use]
    pub fn new(address: Address) -> Client {
        Client { address, token: None }
    }

    /// The same with a token, which says who asks. It goes over a Unix socket alone, where the kernel says who reads it.
    #[must_use]
    pub fn with_token(self, token: Option<Token>) -> Client {
        Client { token, ..self }
    }

    /// A client of an engine that answers.
    ///
    /// # Errors
    /// [`ClientError::Unreachable`] and what [`Client::hello`] meets.
    pub async fn connect(address: &Address) -> Result<(Client, Hello), ClientError> {
        let client = Client::new(address.clone());
        let hello = client.hello().await?;
        Ok((client, hello))
    }

    /// Where it asks.
    #[must_use]
    pub fn address(&self) -> &Address {
        &self.address
    }

    /// Who is there, and whom it takes the caller for. Works across protocols.
    ///
    /// # Errors
    /// As [`ClientError`] says.
    pub async fn hello(&self) -> Result<Hello, ClientError> {
        self.get("/v1/hello").await
    }

    /// The whole state.
    ///
    /// # Errors
    /// [`ClientError::Protocol`] when the engine's state means something else here, else as [`ClientError`] says.
    pub async fn snapshot(&self) -> Result<Snapshot, ClientError> {
        let body = self.fetch(Method::GET, "/v1/snapshot", Bytes::new(), ANSWER).await?;
        match serde_json::from_slice::<Snapshot>(&body) {
            Ok(snapshot) if snapshot.protocol == PROTOCOL => Ok(snapshot),
            read => match (serde_json::from_slice::<OnlyProtocol>(&body), read) {
                (Ok(only), _) if only.protocol != PROTOCOL => Err(ClientError::Protocol { theirs: only.protocol }),
                (_, Err(error)) => Err(ClientError::Broken(error.to_string())),
                (_, Ok(snapshot)) => Ok(snapshot),
            },
        }
    }

    /// Everything that happens after that entry, until the stream or the engine ends.
    ///
    /// # Errors
    /// As [`ClientError`] says.
    pub async fn stream(&self, from: u64) -> Result<EventStream, ClientError> {
        let path = format!("/v1/stream?from={from}");
        let response = within(ANSWER, self.ask(Method::GET, &path, Bytes::new())).await?;
        Ok(EventStream::new(good(response).await?.into_body()))
    }

    /// Sends a command. When the answer is lost on the way it is sent again with the same identifier, so that it acts once.
    ///
    /// # Errors
    /// [`ClientError::AnswerLost`] when no answer came back at all, else as [`ClientError`] says.
    pub async fn command(&self, posted: &Posted) -> Result<Accepted, ClientError> {
        let body = Bytes::from(serde_json::to_vec(posted).map_err(|e| ClientError::Broken(e.to_string()))?);
        let mut lost = None;
        for pause in std::iter::once(Duration::ZERO).chain(AGAIN) {
            sleep(pause).await;
            let why = match self.fetch(Method::POST, "/v1/commands", body.clone(), ANSWER).await {
                Err(error @ ClientError::Lost(_)) => error,
                Err(error @ ClientError::Unreachable { .. }) if lost.is_some() => error,
                Err(error) => return Err(error),
                Ok(answer) => return read(&answer),
            };
            lost = Some(why);
        }
        Err(ClientError::AnswerLost(lost.map(|why| why.to_string()).unwrap_or_default()))
    }

    /// What a launch rests on, looked at now by the engine. Changes nothing.
    ///
    /// # Errors
    /// As [`ClientError`] says.
    pub async fn checks(&self, asked: &AskedChecks) -> Result<Vec<Check>, ClientError> {
        let body = Bytes::from(serde_json::to_vec(asked).map_err(|e| ClientError::Broken(e.to_string()))?);
        read(&self.fetch(Method::POST, "/v1/checks", body, LOOKED).await?)
    }

    /// Sends a message over a channel that says it is a test, once.
    ///
    /// # Errors
    /// As [`ClientError`] says.
    pub async fn test_channel(&self, channel: &ChannelId) -> Result<Attempt, ClientError> {
        let path = format!("/v1/channels/{channel}/test");
        read(&self.fetch(Method::POST, &path, Bytes::new(), LOOKED).await?)
    }

    /// Reports to a probe of kind `heartbeat` that all is well, or what is wrong.
    ///
    /// # Errors
    /// As [`ClientError`] says.
    pub async fn heartbeat(&self, plan: &PlanId, probe: &ProbeId, beat: &Heartbeat) -> Result<(), ClientError> {
        let body = Bytes::from(serde_json::to_vec(beat).map_err(|e| ClientError::Broken(e.to_string()))?);
        // Identifiers are safe in a URL by their rule.
        let path = format!("/v1/heartbeats/{plan}/{probe}");
        self.fetch(Method::POST, &path, body, ANSWER).await.map(drop)
    }

    /// Rows of the timeline, newest first: at most `limit` of them before an entry, of one incident or of everything.
    ///
    /// # Errors
    /// As [`ClientError`] says.
    pub async fn timeline(
        &self,
        before: Option<u64>,
        limit: u32,
        incident: Option<&IncidentId>,
    ) -> Result<Vec<Entry>, ClientError> {
        let mut path = format!("/v1/timeline?limit={limit}");
        if let Some(seq) = before {
            path.push_str(&format!("&before={seq}"));
        }
        if let Some(incident) = incident {
            // Identifiers are safe in a URL by their rule.
            path.push_str(&format!("&incident={incident}"));
        }
        self.get(&path).await
    }

    /// What one try of a step has written, from that byte on.
    ///
    /// # Errors
    /// As [`ClientError`] says.
    pub async fn output(&self, run: RunId, step: &StepId, attempt: u32, from: u64) -> Result<Output, ClientError> {
        let path = format!("/v1/runs/{run}/steps/{step}/{attempt}/output?from={from}");
        within(ANSWER, async {
            let response = good(self.ask(Method::GET, &path, Bytes::new()).await?).await?;
            let number = |name| response.headers().get(name).and_then(|v| v.to_str().ok()?.parse().ok());
            let (total, from) = (number("x-total"), number("x-from").unwrap_or(from));
            let mut body = response.into_body();
            let mut bytes = Vec::new();
            while bytes.len() < OUTPUT_AT_ONCE {
                let Some(frame) = body.frame().await else { break };
                let frame = frame.map_err(|e| ClientError::Lost(e.to_string()))?;
                bytes.extend_from_slice(frame.data_ref().map(AsRef::as_ref).unwrap_or_default());
            }
            bytes.truncate(OUTPUT_AT_ONCE);
            let total = total.unwrap_or(from.saturating_add(bytes.len() as u64));
            Ok(Output { from, bytes, total })
        })
        .await
    }

    /// What was read last, with the samples of some components of a plan; of all of them when none is named.
    ///
    /// # Errors
    /// As [`ClientError`] says.
    pub async fn samples(&self, plan: &PlanId, components: &[ComponentId]) -> Result<Live, ClientError> {
        // Identifiers are safe in a URL by their rule, and hold no comma.
        let components: Vec<&str> = components.iter().map(ComponentId::as_str).collect();
        let some = if components.is_empty() { String::new() } else { format!("&component={}", components.join(",")) };
        self.get(&format!("/v1/samples?plan={plan}{some}")).await
    }

    /// What is kept of the looks of some probes of a plan, at most 64, in the stretch of that length that ends now.
    ///
    /// # Errors
    /// As [`ClientError`] says.
    pub async fn history(
        &self,
        plan: &PlanId,
        probes: &[ProbeId],
        span: Span,
        evidence: Evidence,
    ) -> Result<Histories, ClientError> {
        let stretch = format!("span={}", span.exact());
        self.get(&history_path(plan, probes, &stretch, evidence)).await
    }

    /// What is kept of the looks of some probes of a plan, at most 64, between two moments.
    ///
    /// # Errors
    /// As [`ClientError`] says.
    pub async fn history_between(
        &self,
        plan: &PlanId,
        probes: &[ProbeId],
        from: Moment,
        to: Moment,
    ) -> Result<Histories, ClientError> {
        let stretch = format!("from={}&to={}", from.rfc3339(), to.rfc3339());
        self.get(&history_path(plan, probes, &stretch, Evidence::With)).await
    }

    /// Has the engine look through its whole journal; may take minutes.
    ///
    /// # Errors
    /// As [`ClientError`] says.
    pub async fn verify(&self) -> Result<Audit, ClientError> {
        read(&self.fetch(Method::POST, "/v1/audit/verify", Bytes::new(), AUDIT).await?)
    }

    /// The next lines of the journal after an entry, as `assets/journal-format.md` documents them; none when there are no more.
    ///
    /// # Errors
    /// As [`ClientError`] says.
    pub async fn export(&self, after: u64, bodies: Bodies) -> Result<Vec<u8>, ClientError> {
        let bodies = match bodies {
            Bodies::Included => "included",
            Bodies::Withheld => "withheld",
        };
        let path = format!("/v1/audit/export?after={after}&bodies={bodies}");
        self.fetch(Method::GET, &path, Bytes::new(), ANSWER).await.map(|lines| lines.to_vec())
    }

    /// Posts nothing to a path and takes any good answer: for what is pressed like a button.
    ///
    /// # Errors
    /// As [`ClientError`] says.
    pub async fn poke(&self, path: &str) -> Result<(), ClientError> {
        self.fetch(Method::POST, path, Bytes::new(), ANSWER).await.map(drop)
    }

    async fn get<T: DeserializeOwned>(&self, path: &str) -> Result<T, ClientError> {
        read(&self.fetch(Method::GET, path, Bytes::new(), ANSWER).await?)
    }

    /// The body of a good answer.
    async fn fetch(&self, method: Method, path: &str, body: Bytes, limit: Duration) -> Result<Bytes, ClientError> {
        within(limit, async {
            let response = good(self.ask(method, path, body).await?).await?;
            whole(response).await
        })
        .await
    }

    async fn ask(&self, method: Method, path: &str, body: Bytes) -> Result<Response<Incoming>, ClientError> {
        let (host, token) = match &self.address {
            Address::Socket { .. } => ("warroom", self.token.as_ref()),
            Address::Http(authority) => (authority.as_str(), None),
        };
        let mut request = Request::builder()
            .method(method)
            .uri(path)
            .header(HOST, host)
            .header(ACCEPT, "application/json, text/event-stream")
            .header(CONTENT_TYPE, "application/json");
        if let Some(token) = token {
            request = request.header(AUTHORIZATION, token.header());
        }
        let request = request.body(Full::new(body)).map_err(|e| ClientError::Broken(e.to_string()))?;
        let mut sender = dial(&self.address).await?;
        sender.send_request(request).await.map_err(|e| ClientError::Lost(e.to_string()))
    }
}

/// Identifiers, moments and lengths of time are safe in a URL by their rules.
fn history_path(plan: &PlanId, probes: &[ProbeId], stretch: &str, evidence: Evidence) -> String {
    let probes: Vec<&str> = probes.iter().map(ProbeId::as_str).collect();
    let evidence = match evidence {
        Evidence::With => "with",
        Evidence::Without => "without",
    };
    format!("/v1/samples/history?plan={plan}&probe={}&{stretch}&evidence={evidence}", probes.join(","))
}

async fn within<T>(limit: Duration, work: impl Future<Output = Result<T, ClientError>>) -> Result<T, ClientError> {
    match timeout(limit, work).await {
        Ok(done) => done,
        Err(_) => Err(ClientError::Lost(format!("no answer within {} s", limit.as_secs()))),
    }
}

/// An answer of 200, or the trouble that the engine tells instead.
async fn good(response: Response<Incoming>) -> Result<Response<Incoming>, ClientError> {
    let status = response.status();
    if status.is_success() {
        return Ok(response);
    }
    let body = whole(response).await?;
    if let Ok(trouble) = serde_json::from_slice::<Trouble>(&body) {
        return Err(ClientError::Trouble(trouble));
    }
    Err(match serde_json::from_slice::<Unheard>(&body) {
        Ok(Unheard { code, sentence }) => ClientError::NewTrouble { code, sentence },
        Err(_) => ClientError::Broken(format!("status {}", status.as_u16())),
    })
}

async fn whole(response: Response<Incoming>) -> Result<Bytes, ClientError> {
    match Limited::new(response.into_body(), LARGEST).collect().await {
        Ok(body) => Ok(body.to_bytes()),
        Err(error) if error.is::<http_body_util::LengthLimitError>() => {
            Err(ClientError::Broken(format!("it is larger than {LARGEST} bytes")))
        }
        Err(error) => Err(ClientError::Lost(error.to_string())),
    }
}

fn read<T: DeserializeOwned>(body: &[u8]) -> Result<T, ClientError> {
    serde_json::from_slice(body).map_err(|e| ClientError::Broken(e.to_string()))
}
