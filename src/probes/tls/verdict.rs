//! What is wrong with a certificate: each of its date, its name and its chain by itself, so that one fault hides no other.

use std::net::IpAddr;
use std::time::{Duration, SystemTime};

use rustls::client::{verify_server_cert_signed_by_trust_anchor, verify_server_name};
use rustls::pki_types::{CertificateDer, ServerName, SignatureVerificationAlgorithm, UnixTime};
use rustls::server::ParsedCertificate;
use rustls::{CertificateError, Error};
use x509_cert::certificate::{CertificateInner, Raw};
use x509_cert::der::Decode as _;
use x509_cert::ext::pkix::SubjectAltName;
use x509_cert::ext::pkix::name::GeneralName;

use super::super::words::{few, some};
use super::Trusted;
use crate::core::time::{Moment, Span};

/// Read without the rules that make no difference here: a certificate with an odd serial number has a date, too.
type Certificate = CertificateInner<Raw>;

/// What a server showed.
pub(super) struct Shown<'a> {
    pub(super) leaf: &'a CertificateDer<'a>,
    pub(super) intermediates: &'a [CertificateDer<'a>],
}

/// What a certificate is worth.
#[derive(Debug)]
pub(super) struct Verdict {
    /// What is wrong with it; empty when nothing is.
    pub(super) faults: Vec<String>,
    /// How long it is still valid, in seconds; below zero when it is no more.
    pub(super) expires_in: f64,
    /// What stands in it, a line each.
    pub(super) facts: String,
}

impl Verdict {
    fn broken(why: &str) -> Verdict {
        Verdict { faults: vec![why.to_owned()], expires_in: 0.0, facts: String::new() }
    }

    /// The faults, and how long it is still valid.
    pub(super) fn says(&self) -> String {
        let mut words = self.faults.clone();
        if self.expires_in > 0.0 {
            words.push(format!("valid for {}", Span::from(Duration::from_secs_f64(self.expires_in))));
        }
        words.join("; ")
    }
}

/// Judges a certificate for that name at that moment.
pub(super) fn of(
    shown: &Shown<'_>,
    name: &ServerName<'_>,
    trusted: &Trusted,
    algorithms: &[&dyn SignatureVerificationAlgorithm],
    now: SystemTime,
) -> Verdict {
    let (Ok(leaf), Ok(parsed)) = (Certificate::from_der(shown.leaf), ParsedCertificate::try_from(shown.leaf)) else {
        return Verdict::broken("a certificate that cannot be read");
    };
    let now = now.duration_since(SystemTime::UNIX_EPOCH).unwrap_or_default();
    let validity = leaf.tbs_certificate().validity();
    let (from, until) = (validity.not_before.to_unix_duration(), validity.not_after.to_unix_duration());
    let mut faults = Vec::new();
    if now > until {
        faults.push(format!("expired {} ago", Span::from(now - until)));
    } else if now < from {
        faults.push(format!("not yet valid, only in {}", Span::from(from - now)));
    }
    if verify_server_name(&parsed, name).is_err() {
        faults.push(format!("for {}, not {}", names(&leaf), few(&name.to_str())));
    }
    if !trusted.pinned.iter().any(|pinned| pinned == shown.leaf) {
        // At a moment when the certificate itself is valid, so that its date is not taken for a fault of the chain.
        let at = UnixTime::since_unix_epoch(now.min(until).max(from));
        let chain =
            verify_server_cert_signed_by_trust_anchor(&parsed, &trusted.roots, shown.intermediates, at, algorithms);
        faults.extend(chain.err().map(|error| of_chain(&error, &leaf)));
    }
    let facts = facts(&leaf, (from, until), shown.intermediates.len());
    Verdict { faults, expires_in: until.as_secs_f64() - now.as_secs_f64(), facts }
}

fn facts(leaf: &Certificate, (from, until): (Duration, Duration), behind: usize) -> String {
    let moment = |at: Duration| Moment::from_micros(i64::try_from(at.as_micros()).unwrap_or(i64::MAX)).dated();
    let own = leaf.tbs_certificate();
    let serial: Vec<String> = own.serial_number().as_bytes().iter().map(|byte| format!("{byte:02x}")).collect();
    let serial = serial.join(":");
    format!(
        "subject: {}\nissuer: {}\nfor: {}\nvalid from: {}\nvalid until: {}\nserial number: {}\n\
         certificates shown behind it: {behind}\n",
        few(&own.subject().to_string()),
        few(&own.issuer().to_string()),
        names(leaf),
        moment(from),
        moment(until),
        few(&serial),
    )
}

fn of_chain(error: &Error, leaf: &Certificate) -> String {
    use CertificateError as E;
    let (issuer, subject) = (leaf.tbs_certificate().issuer(), leaf.tbs_certificate().subject());
    match error {
        _ if issuer == subject => "self-signed".to_owned(),
        Error::InvalidCertificate(E::UnknownIssuer) => {
            let by = issuer.common_name().ok().flatten();
            let by = by.map_or_else(|| issuer.to_string(), |name| name.value().into_owned());
            format!("issued by {}, which nothing trusted vouches for", few(&by))
        }
        Error::InvalidCertificate(E::Expired | E::ExpiredContext { .. }) => "its chain has expired".to_owned(),
        Error::InvalidCertificate(E::NotValidYet | E::NotValidYetContext { .. }) => {
            "its chain is not yet valid".to_owned()
        }
        Error::InvalidCertificate(E::BadSignature) => "the signature of its chain is wrong".to_owned(),
        other => few(&other.to_string()),
    }
}

/// The names and addresses that it is for.
fn names(leaf: &Certificate) -> String {
    let names = leaf.tbs_certificate().get_extension::<SubjectAltName>().ok().flatten();
    let names = names.map(|(_, SubjectAltName(names))| names).unwrap_or_default();
    let names: Vec<String> = names.iter().filter_map(told).collect();
    if names.is_empty() { "no name at all".to_owned() } else { some(&names) }
}

fn told(name: &GeneralName) -> Option<String> {
    match name {
        GeneralName::DnsName(name) => Some(name.as_str().to_owned()),
        GeneralName::IpAddress(bytes) => {
            let bytes = bytes.as_bytes();
            let four = <[u8; 4]>::try_from(bytes).map(IpAddr::from).ok();
            four.or_else(|| <[u8; 16]>::try_from(bytes).map(IpAddr::from).ok()).map(|address| address.to_string())
        }
        _ => None,
    }
}
