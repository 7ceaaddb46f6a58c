//! Asks a Redis server how it stands.

mod talk;

use std::time::{Duration, SystemTime};

use percent_encoding::percent_decode_str;

use super::database::target as address;
use super::tunnel::{connect, explained, tunnel};
use super::words::few;
use super::{NotGood, Seen, Tools, tls};
use crate::core::plan::{Address, Measure, Place, ServerRole};
use crate::core::time::Span;
use crate::secrets;
use talk::{Reply, Talk};

const PORT: u16 = 6379;

pub(super) async fn look(
    url: &Address,
    role: Option<ServerRole>,
    place: &Place,
    tools: Tools<'_>,
) -> Result<Seen, NotGood> {
    let target = match url {
        Address::Plain(text) => Target::read(text)?,
        Address::Secret(reference) => {
            let secret = secrets::resolve(reference).await.map_err(|e| NotGood::Unseen(e.to_string()))?;
            Target::read(secret.expose())?
        }
    };
    let address = address(&target.host, target.port);
    let tunnel = tunnel(tools.ssh, place, &address).await?;
    let socket = connect(&address, tunnel.as_ref()).await?;
    let asked = match target.encrypted {
        true => ask(&mut Talk::new(tls::over(socket, &target.host).await?), &target, role).await,
        false => ask(&mut Talk::new(socket), &target, role).await,
    };
    match asked {
        Err(why) => Err(explained(tunnel.as_ref(), why).await),
        seen => seen,
    }
}

/// Where the server is, and who asks.
struct Target {
    host: String,
    port: u16,
    encrypted: bool,
    login: Vec<secrecy::SecretString>,
}

impl Target {
    /// What is wrong with an address is not shown: it may hold a password.
    fn read(url: &str) -> Result<Target, NotGood> {
        let wrong = || NotGood::Unseen("the address of the server cannot be read".to_owned());
        let url = reqwest::Url::parse(url).map_err(|_| wrong())?;
        let host = url.host_str().ok_or_else(wrong)?.trim_start_matches('[').trim_end_matches(']').to_owned();
        let decode = |text: &str| percent_decode_str(text).decode_utf8_lossy().into_owned();
        let user = Some(decode(url.username())).filter(|user| !user.is_empty());
        let login = match url.password() {
            Some(password) => user.into_iter().chain([decode(password)]).map(Into::into).collect(),
            None => Vec::new(),
        };
        let encrypted = match url.scheme() {
            "redis" => false,
            "rediss" => true,
            _ => return Err(wrong()),
        };
        Ok(Target { host, port: url.port().unwrap_or(PORT), encrypted, login })
    }
}

async fn ask<S>(talk: &mut Talk<S>, target: &Target, role: Option<ServerRole>) -> Result<Seen, NotGood>
where
    S: tokio::io::AsyncRead + tokio::io::AsyncWrite + Unpin,
{
    use secrecy::ExposeSecret as _;
    if !target.login.is_empty() {
        let words: Vec<&str> = ["AUTH"].into_iter().chain(target.login.iter().map(|w| w.expose_secret())).collect();
        // Not in the server's words: they could repeat the password.
        if let Reply::Refusal(_) = talk.ask(&words).await? {
            return Err(NotGood::Bad("the server refuses the user or the password".to_owned()));
        }
    }
    match talk.ask(&["PING"]).await? {
        Reply::Text(pong) if pong == "PONG" => {}
        other => return Err(unexpected("PING", &other)),
    }
    let stands = standing(&talk.ask(&["ROLE"]).await?)?;
    if let Some(wanted) = role
        && stands.role != Some(wanted)
    {
        return Err(NotGood::Bad(format!("{}, expected {}", stands.says, word(wanted))));
    }
    let info = match talk.ask(&["INFO", "persistence"]).await? {
        Reply::Text(info) => info,
        other => return Err(unexpected("INFO", &other)),
    };
    let now = SystemTime::now().duration_since(SystemTime::UNIX_EPOCH).unwrap_or_default();
    saved(Seen::new(stands.says), &info, now)
}

/// What a server says that it is.
struct Standing {
    role: Option<ServerRole>,
    says: String,
}

fn standing(reply: &Reply) -> Result<Standing, NotGood> {
    let Reply::List(items) = reply else { return Err(unexpected("ROLE", reply)) };
    let text = |at: usize| match items.get(at) {
        Some(Reply::Text(text)) => text.as_str(),
        _ => "",
    };
    match (text(0), text(3)) {
        ("master", _) => Ok(Standing { role: Some(ServerRole::Primary), says: word(ServerRole::Primary).to_owned() }),
        ("slave", "connected") => {
            Ok(Standing { role: Some(ServerRole::Standby), says: word(ServerRole::Standby).to_owned() })
        }
        ("slave", link) => Err(NotGood::Bad(format!("standby, and its link to the primary is in state {}", few(link)))),
        (other, _) => Ok(Standing { role: None, says: few(other) }),
    }
}

fn word(role: ServerRole) -> &'static str {
    match role {
        ServerRole::Primary => "primary",
        ServerRole::Standby => "standby",
    }
}

/// Adds what the server says of its last save. Where nothing has changed since, what is on disk is as of now.
fn saved(mut seen: Seen, info: &str, now: Duration) -> Result<Seen, NotGood> {
    let field = |name: &str| {
        let mut lines = info.lines().filter_map(|line| line.split_once(':'));
        lines.find(|(key, _)| *key == name).map(|(_, value)| value.trim())
    };
    let number = |name: &str| field(name).and_then(|value| value.parse::<u64>().ok());
    if field("rdb_last_bgsave_status").is_some_and(|status| status != "ok") {
        return Err(NotGood::Bad(format!("{}, and its last save to disk failed", seen.what)));
    }
    let Some(last) = number("rdb_last_save_time").filter(|last| *last > 0) else { return Ok(seen) };
    let age = now.saturating_sub(Duration::from_secs(last));
    let changes = number("rdb_changes_since_last_save").unwrap_or(1);
    let (age, since) = match changes {
        0 => (Duration::ZERO, format!(", nothing unsaved since {} ago", Span::from(age))),
        _ => (age, format!(", saved {} ago", Span::from(age))),
    };
    seen.what.push_str(&since);
    seen.measured.insert(Measure::SaveAge, age.as_secs_f64());
    Ok(seen)
}

fn unexpected(question: &str, reply: &Reply) -> NotGood {
    let came = match reply {
        Reply::Text(text) => few(text),
        Reply::Number(number) => number.to_string(),
        Reply::List(_) => "a list".to_owned(),
        Reply::Nothing => "nothing".to_owned(),
        Reply::Refusal(why) => return NotGood::Bad(few(why)),
    };
    NotGood::Bad(format!("{came} in answer to {question}"))
}
