//! A signed change of a zone.

use std::time::{SystemTime, UNIX_EPOCH};

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use hickory_proto::op::update_message::UpdateMessage as _;
use hickory_proto::op::{Message, OpCode, Query, ResponseCode};
use hickory_proto::rr::rdata::tsig::{TsigAlgorithm, TsigError};
use hickory_proto::rr::{DNSClass, Name, Record, RecordType, TSigner};
use tokio::time::Instant;

use super::ask::{code, exchange, read};
use super::records::{Wanted, name, shown};
use crate::core::plan::{KeyAlgorithm, ZoneKey};
use crate::core::run::Failure;

/// How far the clocks of both ends may be apart, in seconds (RFC 8945, 10).
const FUDGE: u16 = 300;

/// Who changes the zone.
pub(super) struct Key {
    name: String,
    signer: TSigner,
}

impl Key {
    /// Reads a key. Sentences of failure show nothing of it.
    pub(super) fn of(key: &ZoneKey, secret: &str) -> Result<Key, String> {
        let wrong = || format!("the secret of the key {} is no base64", key.name);
        let bytes = STANDARD.decode(secret.trim()).map_err(|_| wrong())?;
        let algorithm = match key.algorithm {
            KeyAlgorithm::HmacSha256 => TsigAlgorithm::HmacSha256,
            KeyAlgorithm::HmacSha512 => TsigAlgorithm::HmacSha512,
        };
        let signer = TSigner::new(bytes, algorithm, name(&key.name)?, FUDGE);
        Ok(Key { name: key.name.clone(), signer: signer.map_err(|why| why.to_string())? })
    }
}

/// Replaces all records of the type that the name has.
pub(super) async fn send(server: &str, zone: &Name, wanted: &Wanted, key: &Key, until: Instant) -> Result<(), Failure> {
    let unsent = |why: String| Failure::NotStarted { why };
    let mut change = change(zone, wanted);
    let now = SystemTime::now().duration_since(UNIX_EPOCH).map_or(0, |since| since.as_secs());
    let verifier = change.finalize(&key.signer, now).map_err(|why| unsent(why.to_string()))?;
    let message = change.to_vec().map_err(|why| unsent(why.to_string()))?;
    let no_answer = |why: String| Failure::NoAnswer { why: format!("{server}: {why}") };
    let reply = exchange(server, &message, until).await.map_err(no_answer)?;
    let answer = read(&reply, change.id).map_err(no_answer)?;
    let wrong = |why: String| Failure::WrongAnswer { why: format!("{server} does not change {}: {why}", shown(zone)) };
    if answer.response_code != ResponseCode::NoError {
        return Err(wrong(refusal(&answer, key)));
    }
    let mut verifier = verifier.ok_or_else(|| unsent("the change was not signed".to_owned()))?;
    match verifier.verify(&reply) {
        Ok(_) => Ok(()),
        Err(_) => Err(wrong(format!("its answer is not signed with the key {}", key.name))),
    }
}

/// RFC 2136, 2.5: what the name has of the type is deleted (2.5.2), then each value is added (2.5.1).
fn change(zone: &Name, wanted: &Wanted) -> Message {
    let mut message = Message::query();
    message.metadata.op_code = OpCode::Update;
    message.metadata.recursion_desired = false;
    message.add_zone(Query::query(zone.clone(), RecordType::SOA));
    let mut none = Record::update0(wanted.name.clone(), 0, wanted.kind());
    none.dns_class = DNSClass::ANY;
    message.add_update(none);
    for data in &wanted.data {
        message.add_update(Record::from_rdata(wanted.name.clone(), wanted.ttl, data.clone()));
    }
    message
}

/// Why a server refuses, in its words and where those are hard to guess in ours.
fn refusal(answer: &Message, key: &Key) -> String {
    let said = code(answer.response_code);
    let error = answer.signature().and_then(|signature| signature.data.error);
    let why = match error {
        Some(TsigError::BadKey) => format!("it knows no key {} of that kind (BADKEY)", key.name),
        Some(TsigError::BadSig) => format!("the secret of the key {} is another there (BADSIG)", key.name),
        Some(TsigError::BadTime) => format!("its clock is more than {FUDGE} seconds off from this one (BADTIME)"),
        Some(other) => format!("TSIG error {}", u16::from(other)),
        None => match answer.response_code {
            ResponseCode::NotAuth => "it does not serve the zone as its primary".to_owned(),
            ResponseCode::Refused => format!("the key {} may not", key.name),
            _ => return said,
        },
    };
    format!("{said}: {why}")
}
