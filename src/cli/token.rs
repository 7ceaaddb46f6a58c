//! `warroom token`

use base64::Engine as _;
use base64::prelude::BASE64_URL_SAFE_NO_PAD;
use clap::{Args, Subcommand};
use serde_json::json;

use super::out::{Format, Out};
use super::{Failure, Outcome, args};
use crate::core::ids::{PlanId, TokenId};
use crate::core::time::{Moment, Span};
use crate::engine::clock::Clock;
use crate::engine::hooks::TokenHash;

/// Random bytes in a token: 256 bits.
const RANDOM: usize = 32;

/// Tokens of those who bring alerts from outside
#[derive(Debug, Subcommand)]
pub(super) enum Token {
    Create(Create),
}

/// Makes a random token and shows it, once, with the lines for config.toml that let it in; changes nothing itself
#[derive(Debug, Args)]
#[command(after_help = "Examples:\n  warroom token create alertmanager --plan shop\n  \
                  warroom token create ci --plan shop --plan bank --for 90d --json")]
pub(super) struct Create {
    /// What the journal will call whoever holds it
    name: TokenId,
    /// A plan whose alerts it may bring; several may be named
    #[arg(long = "plan", value_name = "PLAN", required = true)]
    plans: Vec<PlanId>,
    /// How long it counts, as 90d; for good when left out
    #[arg(long = "for", value_name = "DURATION", value_parser = args::limit)]
    length: Option<Span>,
}

impl Token {
    pub(super) fn run(self, out: &mut Out) -> Outcome {
        let Token::Create(create) = self;
        create.run(out)
    }
}

impl Create {
    fn run(self, out: &mut Out) -> Outcome {
        let Create { name, plans, length } = self;
        let token = random()?;
        let sha256 = TokenHash::of(token.as_bytes());
        let expires = length.map(until).transpose()?;
        if out.format == Format::Json {
            return out.json(&json!({
                "token": token, "name": name, "sha256": sha256, "plans": plans, "expires": expires.map(Moment::rfc3339),
            }));
        }
        let plans: Vec<String> = plans.iter().map(|plan| format!("\"{plan}\"")).collect();
        out.line("The token, shown this once; it goes to the sender's settings:")?;
        out.line(format!("\n  {token}\n"))?;
        out.line("Lines for the end of the engine's config.toml; then `warroom engine restart`:")?;
        out.line(format!("\n  [[hooks.tokens]]\n  name = \"{name}\"\n  sha256 = \"{}\"", String::from(sha256)))?;
        out.line(format!("  plans = [{}]", plans.join(", ")))?;
        match expires {
            Some(expires) => out.line(format!("  expires = \"{}\"", expires.rfc3339())),
            None => Ok(()),
        }
    }
}

/// Text that nobody can guess, safe in a header and in a file of settings.
fn random() -> Result<String, Failure> {
    let mut bytes = [0; RANDOM];
    let provider = rustls::crypto::ring::default_provider();
    let filled = provider.secure_random.fill(&mut bytes);
    filled.map_err(|_| Failure::failed("the system has no random numbers".to_owned()))?;
    Ok(format!("wr_{}", BASE64_URL_SAFE_NO_PAD.encode(bytes)))
}

fn until(length: Span) -> Result<Moment, Failure> {
    let clock = Clock::new().map_err(|e| Failure::failed(format!("the machine's clock cannot be read: {e}")))?;
    Ok(clock.now().utc.plus(length))
}
