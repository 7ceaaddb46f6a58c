//! Settings of the hooks: where alerts come in from outside, and who may bring them.
//!
//! ```toml
//! [hooks]                                # no TCP socket at all without `listen`
//! listen = "127.0.0.1:9099"
//! tls = { cert = "/etc/warroom/cert.pem", key = "/etc/warroom/key.pem" }
//!
//! [[hooks.tokens]]                       # `warroom token create alertmanager --plan shop` prints one
//! name = "alertmanager"
//! sha256 = "5f70bf18a086007016e948b04aed3b82103a36bea41755b6cddfaf10ace3c6ef"
//! plans = ["shop"]
//! expires = "2027-01-01T00:00:00Z"       # may be left out
//! ```

use std::collections::BTreeSet;
use std::fmt::Write as _;
use std::net::SocketAddr;
use std::path::PathBuf;

use serde::{Deserialize, Serialize};
use sha2::{Digest, Sha256};
use subtle::ConstantTimeEq;

use crate::core::ids::{PlanId, TokenId};
use crate::core::time::Moment;

/// Where alerts come in, and who may bring them.
#[derive(Debug, Clone, PartialEq, Eq, Default, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct HooksSettings {
    /// The TCP address; without one there is no socket.
    pub listen: Option<SocketAddr>,
    /// The certificate that it shows; plain HTTP without, which is for loopback alone.
    pub tls: Option<TlsFiles>,
    /// Who may bring alerts.
    pub tokens: Vec<Token>,
}

/// PEM files, read when the engine starts.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct TlsFiles {
    /// The certificate, then those that vouch for it.
    pub cert: PathBuf,
    /// Its private key.
    pub key: PathBuf,
}

/// Somebody who may bring alerts.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Token {
    /// What the journal calls them.
    pub name: TokenId,
    /// Of what they hold.
    pub sha256: TokenHash,
    /// The plans whose alerts they may bring.
    pub plans: BTreeSet<PlanId>,
    /// When it no longer counts.
    #[serde(default)]
    pub expires: Option<Moment>,
}

/// The SHA-256 of a token, in hexadecimal: all that the engine keeps of it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(try_from = "String", into = "String")]
pub struct TokenHash([u8; 32]);

impl TokenHash {
    /// Of a token as it is sent.
    #[must_use]
    pub fn of(token: &[u8]) -> TokenHash {
        TokenHash(Sha256::digest(token).into())
    }

    /// Compares in a time that says nothing of where they differ.
    #[must_use]
    pub fn is(&self, other: &TokenHash) -> bool {
        self.0.ct_eq(&other.0).into()
    }
}

impl TryFrom<String> for TokenHash {
    type Error = String;
    fn try_from(text: String) -> Result<TokenHash, String> {
        let wrong = || format!("a sha256 is 64 hexadecimal digits, not {}", text.chars().count());
        if text.len() != 64 || !text.bytes().all(|byte| byte.is_ascii_hexdigit()) {
            return Err(wrong());
        }
        let mut bytes = [0; 32];
        for (byte, digits) in bytes.iter_mut().zip(text.as_bytes().chunks(2)) {
            let digits = std::str::from_utf8(digits).map_err(|_| wrong())?;
            *byte = u8::from_str_radix(digits, 16).map_err(|_| wrong())?;
        }
        Ok(TokenHash(bytes))
    }
}

impl From<TokenHash> for String {
    fn from(hash: TokenHash) -> String {
        hash.0.iter().fold(String::with_capacity(64), |mut text, byte| {
            // Writing into a String cannot fail.
            let _ = write!(text, "{byte:02x}");
            text
        })
    }
}

impl HooksSettings {
    /// Whether alerts can come in so, and only from those who may bring them.
    ///
    /// # Errors
    /// What is wrong, and what would be right.
    pub(super) fn check(&self) -> Result<(), String> {
        if let Some(listen) = self.listen {
            if !listen.ip().is_loopback() && (self.tls.is_none() || self.tokens.is_empty()) {
                return Err(format!(
                    "hooks would listen on {listen}, beyond this host, without TLS and tokens; give hooks.tls a \
                     certificate and add [[hooks.tokens]], or listen on 127.0.0.1"
                ));
            }
            if self.tokens.is_empty() {
                return Err(format!(
                    "hooks would listen on {listen} for nobody; `warroom token create NAME` makes a token and prints \
                     its lines"
                ));
            }
        }
        for (place, token) in self.tokens.iter().enumerate() {
            let before = self.tokens.get(..place).unwrap_or_default();
            if before.iter().any(|other| other.name == token.name) {
                return Err(format!("two tokens are called {}; give each a name of its own", token.name));
            }
            if token.plans.is_empty() {
                return Err(format!("token {} is for no plan; write plans = [\"PLAN\"]", token.name));
            }
        }
        Ok(())
    }
}
