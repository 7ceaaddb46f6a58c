//! The same over TLS, with a certificate made here.

use std::sync::Arc;
use std::time::{Duration, Instant};

use rcgen::{CertificateParams, KeyPair};
use rustls::pki_types::{CertificateDer, ServerName};
use rustls::{ClientConfig, RootCertStore};
use tempfile::TempDir;
use tokio::io::AsyncReadExt;
use tokio_rustls::TlsConnector;

use super::{Hooked, TOKEN, ask, bearer, request};

const FIRES: &str = r#"{"name": "disk-full", "status": "firing"}"#;

struct Paper {
    der: CertificateDer<'static>,
    _dir: TempDir,
}

/// An engine that shows a certificate for `bastion.example`.
async fn start() -> (Hooked, Paper) {
    let dir = tempfile::tempdir().unwrap();
    let key = KeyPair::generate().unwrap();
    let cert = CertificateParams::new(vec!["bastion.example".to_owned()]).unwrap().self_signed(&key).unwrap();
    let (cert_path, key_path) = (dir.path().join("cert.pem"), dir.path().join("key.pem"));
    std::fs::write(&cert_path, cert.pem()).unwrap();
    std::fs::write(&key_path, key.serialize_pem()).unwrap();
    let tls = format!("tls = {{cert = \"{}\", key = \"{}\"}}", cert_path.display(), key_path.display());
    (Hooked::with(&tls, "").await, Paper { der: cert.der().clone(), _dir: dir })
}

fn connector(paper: &Paper) -> TlsConnector {
    let mut roots = RootCertStore::empty();
    roots.add(paper.der.clone()).unwrap();
    let provider = Arc::new(rustls::crypto::ring::default_provider());
    let builder = ClientConfig::builder_with_provider(provider).with_safe_default_protocol_versions().unwrap();
    TlsConnector::from(Arc::new(builder.with_root_certificates(roots).with_no_client_auth()))
}

#[tokio::test]
async fn alerts_come_in_over_tls_and_not_beside_it() {
    let (hooked, paper) = start().await;
    let name = ServerName::try_from("bastion.example").unwrap();
    let stream = connector(&paper).connect(name, hooked.connect().await).await.unwrap();
    let answer = ask(stream, &request("/hooks/generic", &bearer(TOKEN), FIRES)).await;
    assert_eq!(answer.status, 200);
    assert_eq!(hooked.firing().await, ["disk-full"]);

    let other = ServerName::try_from("other.example").unwrap();
    assert!(connector(&paper).connect(other, hooked.connect().await).await.is_err(), "it is the one that was set");

    let mut plain = hooked.connect().await;
    tokio::io::AsyncWriteExt::write_all(&mut plain, &request("/hooks/generic", &bearer(TOKEN), FIRES)).await.unwrap();
    let mut said = Vec::new();
    let _ = plain.read_to_end(&mut said).await;
    assert!(!String::from_utf8_lossy(&said).contains("HTTP/1.1"), "nothing is said in the clear: {said:?}");
}

#[tokio::test]
async fn a_client_that_never_says_hello_is_cut_off() {
    let (hooked, _paper) = start().await;
    let begun = Instant::now();
    let mut silent = hooked.connect().await;
    let mut said = Vec::new();
    let _ = silent.read_to_end(&mut said).await;
    assert!(said.is_empty() && begun.elapsed() < Duration::from_secs(20), "{:?}", begun.elapsed());
}
