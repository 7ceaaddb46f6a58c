//! `warroom token`

use base64::Engine as _;
use base64::prelude::BASE64_URL_SAFE_NO_PAD;
use clap::{Args, Subcommand};
use serde_json::json;

use super::out::{Format, Out};
use super::{Failure, Outcome, args};
use crate::core::ids::{PersonId, PlanId, TokenId};
use crate::core::time::{Moment, Span};
use crate::engine::clock::Clock;
use crate::engine::hooks::TokenHash;

/// Random bytes in a token: 256 bits.
const RANDOM: usize = 32;

/// Tokens of those who bring alerts from outside, and of people who are no account
#[derive(Debug, Subcommand)]
pub(super) enum Token {
    Create(Create),
}

/// Makes a random token and shows it, once, with the lines for config.toml that let it in; changes nothing itself
#[derive(Debug, Args)]
#[command(after_help = "Examples:\n  warroom token create alertmanager --plan shop\n  \
                  warroom token create ci --plan shop --plan bank --for 90d --json\n  \
                  warroom token create --person robot --for 90d")]
pub(super) struct Create {
    /// What the journal will call whoever brings alerts with it
    #[arg(required_unless_present = "person", conflicts_with = "person")]
    name: Option<TokenId>,
    /// A plan whose alerts it may bring; several may be named
    #[arg(long = "plan", value_name = "PLAN", required_unless_present = "person", conflicts_with = "person")]
    plans: Vec<PlanId>,
    /// Whom it vouches for on the engine's socket, where that is no account, by a short name
    #[arg(long, value_name = "NAME")]
    person: Option<PersonId>,
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

/// What was made.
struct Made {
    token: String,
    sha256: TokenHash,
    expires: Option<Moment>,
}

impl Create {
    fn run(self, out: &mut Out) -> Outcome {
        let token = random()?;
        let made =
            Made { sha256: TokenHash::of(token.as_bytes()), token, expires: self.length.map(until).transpose()? };
        match (self.person, self.name) {
            (Some(person), _) => made.tell_person(&person, out),
            (None, Some(name)) => made.tell_hook(&name, &self.plans, out),
            (None, None) => Err(Failure::Usage("name whoever will hold it".into())),
        }
    }
}

impl Made {
    fn tell_hook(&self, name: &TokenId, plans: &[PlanId], out: &mut Out) -> Outcome {
        if out.format == Format::Json {
            return out.json(&json!({
                "token": self.token, "name": name, "sha256": self.sha256, "plans": plans,
                "expires": self.expires.map(Moment::rfc3339),
            }));
        }
        let plans: Vec<String> = plans.iter().map(|plan| format!("\"{plan}\"")).collect();
        self.tell("it goes to the sender's settings", out)?;
        out.line("Lines for the end of the engine's config.toml; then `warroom engine restart`:")?;
        out.line(format!("\n  [[hooks.tokens]]\n  name = \"{name}\""))?;
        self.tell_hash(out)?;
        out.line(format!("  plans = [{}]", plans.join(", ")))?;
        self.tell_end(out)
    }

    fn tell_person(&self, person: &PersonId, out: &mut Out) -> Outcome {
        if out.format == Format::Json {
            return out.json(&json!({
                "token": self.token, "person": person, "sha256": self.sha256,
                "expires": self.expires.map(Moment::rfc3339),
            }));
        }
        self.tell("it goes into a file of mode 0600, which --token-file names", out)?;
        out.line(format!("Lines for the engine's config.toml, at the end of {person}'s [[people]], which may be"))?;
        out.line(format!("\n  [[people]]\n  name = \"{person}\"\n  principal = \"person:{person}\""))?;
        out.line("  access = [\"responder\"]")?;
        out.line("\nthen `warroom engine restart`:\n\n  [[people.tokens]]")?;
        self.tell_hash(out)?;
        self.tell_end(out)
    }

    fn tell(&self, goes: &str, out: &mut Out) -> Outcome {
        out.line(format!("The token, shown this once; {goes}:"))?;
        out.line(format!("\n  {}\n", self.token))
    }

    fn tell_hash(&self, out: &mut Out) -> Outcome {
        out.line(format!("  sha256 = \"{}\"", String::from(self.sha256.clone())))
    }

    fn tell_end(&self, out: &mut Out) -> Outcome {
        match self.expires {
            Some(expires) => out.line(format!("  expires = \"{}\"", expires.rfc3339())),
            None => Ok(()),
        }
    }
}

/// Text that nobody can guess, safe in a header and in a file of settings.
pub(super) fn random() -> Result<String, Failure> {
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
