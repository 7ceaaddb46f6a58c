//! Certificates.

use std::io::Write as _;
use std::sync::Arc;
use std::time::{Duration, SystemTime};

use rcgen::{BasicConstraints, CertificateParams, DnType, IsCa, Issuer, KeyPair, SanType, date_time_ymd};
use rustls::pki_types::{CertificateDer, PrivateKeyDer};
use rustls::{ServerConfig, SupportedProtocolVersion};
use tempfile::NamedTempFile;
use tokio::io::AsyncWriteExt as _;
use tokio::net::TcpListener;
use tokio_rustls::TlsAcceptor;
use warroom::core::health::Found;
use warroom::core::plan::{Limit, Limits, Look, Measure, Side};
use warroom::core::time::Span;
use warroom::probes::Answer;

use crate::{ask, probe};

const DAY: u64 = 86_400;
pub const BOTH: &[&SupportedProtocolVersion] = &[&rustls::version::TLS12, &rustls::version::TLS13];

/// Somebody who signs.
pub struct Authority {
    issuer: Issuer<'static, KeyPair>,
    pub pem: String,
}

impl Authority {
    pub fn new(name: &str) -> Authority {
        let mut params = CertificateParams::new(Vec::new()).unwrap();
        params.is_ca = IsCa::Ca(BasicConstraints::Unconstrained);
        params.distinguished_name.push(DnType::CommonName, name);
        let key = KeyPair::generate().unwrap();
        let pem = params.self_signed(&key).unwrap().pem();
        Authority { issuer: Issuer::new(params, key), pem }
    }
}

/// A certificate with its key, as servers need them.
pub struct Paper {
    pub pem: String,
    pub key: KeyPair,
    der: CertificateDer<'static>,
}

fn days_from_now(days: i64) -> Duration {
    let now = SystemTime::now().duration_since(SystemTime::UNIX_EPOCH).unwrap();
    let days_away = Duration::from_secs(days.unsigned_abs() * DAY);
    if days < 0 { now - days_away } else { now + days_away }
}

/// A certificate for a name, from and until some days from now, signed by somebody or by itself.
pub fn paper(name: &str, days: (i64, i64), by: Option<&Authority>) -> Paper {
    let mut params = CertificateParams::new(vec![name.to_owned()]).unwrap();
    params.distinguished_name.push(DnType::CommonName, name);
    signed(params, days, by)
}

fn signed(mut params: CertificateParams, days: (i64, i64), by: Option<&Authority>) -> Paper {
    let key = KeyPair::generate().unwrap();
    params.not_before = date_time_ymd(1970, 1, 1) + days_from_now(days.0);
    params.not_after = date_time_ymd(1970, 1, 1) + days_from_now(days.1);
    let cert = match by {
        Some(authority) => params.signed_by(&key, &authority.issuer),
        None => params.self_signed(&key),
    };
    let cert = cert.unwrap();
    Paper { pem: cert.pem(), der: cert.der().clone(), key }
}

/// Shows a certificate to everyone who comes.
pub async fn serve(paper: &Paper, versions: &[&'static SupportedProtocolVersion]) -> String {
    let key = PrivateKeyDer::try_from(paper.key.serialize_der()).unwrap();
    let provider = Arc::new(rustls::crypto::ring::default_provider());
    let config = ServerConfig::builder_with_provider(provider).with_protocol_versions(versions).unwrap();
    let config = config.with_no_client_auth().with_single_cert(vec![paper.der.clone()], key).unwrap();
    let acceptor = TlsAcceptor::from(Arc::new(config));
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let address = listener.local_addr().unwrap().to_string();
    tokio::spawn(async move {
        while let Ok((socket, _)) = listener.accept().await {
            let acceptor = acceptor.clone();
            tokio::spawn(async move { acceptor.accept(socket).await.map(|_| ()) });
        }
    });
    address
}

pub fn file(text: &str) -> NamedTempFile {
    let mut file = NamedTempFile::new().unwrap();
    file.write_all(text.as_bytes()).unwrap();
    file
}

fn look(address: &str, trust: &NamedTempFile) -> Look {
    let trust = Some(trust.path().to_str().unwrap().to_owned());
    Look::Tls { address: address.to_owned(), name: Some("shop.example".to_owned()), trust }
}

async fn judged(paper: &Paper, trust: &NamedTempFile) -> Answer {
    ask(&probe(look(&serve(paper, BOTH).await, trust))).await
}

#[tokio::test]
async fn a_certificate_is_judged_by_date_name_and_chain() {
    let (known, unknown) = (Authority::new("Known CA"), Authority::new("Another CA"));
    let trust = file(&known.pem);
    let table = [
        (paper("shop.example", (-1, 30), Some(&known)), Found::Good, "TLS 1.3, valid for 29d23h in "),
        (paper("shop.example", (-30, -3), Some(&known)), Found::Bad, "expired 3d00h ago"),
        (paper("shop.example", (2, 30), Some(&known)), Found::Bad, "not yet valid, only in 1d23h; valid for 29d23h"),
        (
            paper("other.example", (-1, 30), Some(&known)),
            Found::Bad,
            "for other.example, not shop.example; valid for 29d23h",
        ),
        (paper("shop.example", (-1, 30), None), Found::Bad, "self-signed; valid for 29d23h"),
        (
            paper("shop.example", (-1, 30), Some(&unknown)),
            Found::Bad,
            "issued by Another CA, which nothing trusted vouches for; valid for 29d23h",
        ),
        (
            paper("other.example", (-30, -3), Some(&unknown)),
            Found::Bad,
            "expired 3d00h ago; for other.example, not shop.example; \
             issued by Another CA, which nothing trusted vouches for",
        ),
    ];
    for (paper, found, why) in table {
        let answer = judged(&paper, &trust).await;
        assert_eq!(answer.found, found, "{answer:?}");
        assert!(answer.why.starts_with(why), "{answer:?}, not {why}");
    }
}

#[tokio::test]
async fn what_stands_in_a_certificate_that_is_not_good_is_kept() {
    let known = Authority::new("Known CA");
    let answer = judged(&paper("other.example", (-30, -3), Some(&known)), &file(&known.pem)).await;
    let detail = answer.detail.unwrap();
    for words in ["issuer: CN=Known CA", "for: other.example", "valid until: 20", "certificates shown behind it: 0"] {
        assert!(detail.contains(words), "{words}: {detail}");
    }
    let good = judged(&paper("shop.example", (-1, 30), Some(&known)), &file(&known.pem)).await;
    assert_eq!((good.found, good.detail), (Found::Good, None));
}

#[tokio::test]
async fn how_long_a_certificate_is_valid_is_measured_and_limited() {
    let known = Authority::new("Known CA");
    let trust = file(&known.pem);
    let address = serve(&paper("shop.example", (-1, 30), Some(&known)), BOTH).await;
    let limit = |days: u64| Limit { measure: Measure::ExpiresIn, side: Side::Below, at: (days * DAY) as f64 };
    let table = [(20, 7, Found::Good), (40, 7, Found::Degraded), (60, 40, Found::Bad)];
    for (warn, fail, found) in table {
        let limits = Limits { warn: vec![limit(warn)], fail: vec![limit(fail)] };
        let answer = ask(&warroom::core::plan::Probe { limits, ..probe(look(&address, &trust)) }).await;
        assert_eq!(answer.found, found, "{answer:?}");
        let left = answer.measured[&Measure::ExpiresIn];
        assert!((left - (30 * DAY) as f64).abs() < 3_600.0, "{left}");
    }
}

#[tokio::test]
async fn a_self_signed_certificate_that_is_trusted_by_name_of_its_file_is_good() {
    let own = paper("shop.example", (-1, 30), None);
    assert_eq!(judged(&own, &file(&own.pem)).await.found, Found::Good);
    let mut params = CertificateParams::new(vec!["shop.example".to_owned()]).unwrap();
    params.is_ca = IsCa::Ca(BasicConstraints::Unconstrained);
    let own = signed(params, (-1, 30), None);
    assert_eq!(judged(&own, &file(&own.pem)).await.found, Found::Good);
    let other = paper("shop.example", (-1, 30), None);
    assert_eq!(judged(&other, &file(&own.pem)).await.found, Found::Bad);
}

#[tokio::test]
async fn a_server_of_the_older_version_is_judged_as_well() {
    let known = Authority::new("Known CA");
    let paper = paper("shop.example", (-1, 30), Some(&known));
    let address = serve(&paper, &[&rustls::version::TLS12]).await;
    let answer = ask(&probe(look(&address, &file(&known.pem)))).await;
    assert!(answer.found == Found::Good && answer.why.starts_with("TLS 1.2, valid for"), "{answer:?}");
}

#[tokio::test]
async fn names_out_of_a_certificate_neither_drive_a_terminal_nor_fill_the_screen() {
    let known = Authority::new("Known CA");
    let mut params = CertificateParams::new(Vec::new()).unwrap();
    let hostile = format!("\u{1b}[2J{}", "x".repeat(200));
    let names = (0..100).map(|n| format!("{n}{hostile}"));
    params.subject_alt_names = names.map(|name| SanType::DnsName(name.as_str().try_into().unwrap())).collect();
    let answer = judged(&signed(params, (-1, 30), Some(&known)), &file(&known.pem)).await;
    assert_eq!(answer.found, Found::Bad);
    assert!(answer.why.starts_with("for 0") && answer.why.contains("and 96 more, not shop.example"), "{answer:?}");
    assert!(answer.why.len() < 250 && !answer.why.contains('\u{1b}'), "{answer:?}");
}

#[tokio::test]
async fn what_is_no_tls_says_so() {
    let trust = file(&Authority::new("Known CA").pem);
    for (says, why) in [(&b"HTTP/1.1 400 Bad Request\r\n\r\n"[..], "the answer is no TLS"), (b"", "connection closed")]
    {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let address = listener.local_addr().unwrap().to_string();
        tokio::spawn(async move {
            let (mut socket, _) = listener.accept().await.unwrap();
            let _ = tokio::io::AsyncReadExt::read(&mut socket, &mut [0; 4096]).await;
            socket.write_all(says).await.unwrap();
        });
        let answer = ask(&probe(look(&address, &trust))).await;
        assert_eq!((answer.found, answer.why.as_str()), (Found::Bad, why));
    }
}

#[tokio::test]
async fn a_server_that_says_nothing_costs_no_more_than_the_time_out() {
    let trust = file(&Authority::new("Known CA").pem);
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let address = listener.local_addr().unwrap().to_string();
    let timeout = Span::from_millis(100);
    let answer = ask(&warroom::core::plan::Probe { timeout, ..probe(look(&address, &trust)) }).await;
    assert_eq!((answer.found, answer.why.as_str()), (Found::Bad, "no answer within 100ms"));
}

#[tokio::test]
async fn without_the_certificates_to_trust_nothing_is_said_about_the_server() {
    let address = serve(&paper("shop.example", (-1, 30), None), BOTH).await;
    let table = [
        ("/nowhere/ca.pem", "could not look: the certificates to trust: No such file"),
        ("/dev/null", "could not look: the certificates to trust: the file holds none in PEM form"),
    ];
    for (trust, why) in table {
        let look = Look::Tls { address: address.clone(), name: None, trust: Some(trust.to_owned()) };
        let answer = ask(&probe(look)).await;
        assert_eq!(answer.found, Found::Unseen);
        assert!(answer.why.starts_with(why), "{answer:?}");
    }
}
