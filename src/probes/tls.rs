//! Opens a TLS connection and judges the certificate that it is shown.

mod verdict;

use std::io::BufReader;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::SystemTime;

use rustls::client::danger::{HandshakeSignatureValid, ServerCertVerified, ServerCertVerifier};
use rustls::crypto::{CryptoProvider, verify_tls12_signature, verify_tls13_signature};
use rustls::pki_types::pem::PemObject as _;
use rustls::pki_types::{CertificateDer, ServerName, UnixTime};
use rustls::{CertificateError, ClientConfig, DigitallySignedStruct, Error, RootCertStore, SignatureScheme};
use tokio::net::TcpStream;
use tokio::sync::OnceCell;
use tokio_rustls::TlsConnector;
use tokio_rustls::client::TlsStream;

use super::tunnel::{connect, explained, tunnel};
use super::words::few;
use super::{NotGood, Seen, Tools};
use crate::core::plan::{Measure, Place};
use verdict::Verdict;

/// Largest file of certificates, in bytes: the system's own have a quarter of it.
const LARGEST_FILE: u64 = 1024 * 1024;

pub(super) async fn look(
    address: &str,
    name: Option<&str>,
    trust: Option<&str>,
    place: &Place,
    tools: Tools<'_>,
) -> Result<Seen, NotGood> {
    let name = server_name(name.unwrap_or_else(|| host_of(address)))?;
    let trusted = match trust {
        Some(path) => Arc::new(Trusted::from_file(path).await?),
        None => Trusted::of_system().await?,
    };
    let judge = Arc::new(Judge { trusted, provider: provider(), verdict: Mutex::new(None) });
    let builder = ClientConfig::builder_with_provider(provider()).with_safe_default_protocol_versions();
    let config = builder.map_err(|e| NotGood::Unseen(e.to_string()))?.dangerous();
    let config = config.with_custom_certificate_verifier(judge.clone()).with_no_client_auth();
    let tunnel = tunnel(tools.ssh, place, address).await?;
    let socket = connect(address, tunnel.as_ref()).await?;
    let connected = TlsConnector::from(Arc::new(config)).connect(name, socket).await;
    let verdict = judge.verdict.lock().unwrap_or_else(PoisonError::into_inner).take();
    if let Some(verdict) = &verdict {
        tools.memory.tell(&verdict.facts);
    }
    match (verdict, connected) {
        (Some(verdict), Err(_)) if !verdict.faults.is_empty() => Err(NotGood::Bad(verdict.says())),
        (_, Err(error)) => Err(explained(tunnel.as_ref(), not_connected(&error)).await),
        (None, Ok(_)) => Err(NotGood::Bad("a connection without a certificate".to_owned())),
        (Some(verdict), Ok(stream)) => {
            let mut seen = Seen::new(format!("{}, {}", protocol(&stream), verdict.says()));
            seen.measured.insert(Measure::ExpiresIn, verdict.expires_in);
            Ok(seen)
        }
    }
}

/// A TLS connection over that socket to a server whose certificate the system trusts and that is for that host.
pub(super) async fn over(socket: TcpStream, host: &str) -> Result<TlsStream<TcpStream>, NotGood> {
    let name = server_name(host)?;
    let trusted = Trusted::of_system().await?;
    let builder = ClientConfig::builder_with_provider(provider()).with_safe_default_protocol_versions();
    let config = builder.map_err(|e| NotGood::Unseen(e.to_string()))?;
    let config = config.with_root_certificates(trusted.roots.clone()).with_no_client_auth();
    TlsConnector::from(Arc::new(config)).connect(name, socket).await.map_err(|e| not_connected(&e))
}

/// What is wrong with a certificate, without the names in it and without the one that was asked for, which may be secret.
fn wrong(error: &CertificateError) -> &'static str {
    use CertificateError as E;
    match error {
        E::Expired | E::ExpiredContext { .. } => "its certificate has expired",
        E::NotValidYet | E::NotValidYetContext { .. } => "its certificate is not yet valid",
        E::NotValidForName | E::NotValidForNameContext { .. } => "its certificate is for another name",
        E::UnknownIssuer => "nothing trusted vouches for its certificate",
        _ => "its certificate is not acceptable",
    }
}

fn provider() -> Arc<CryptoProvider> {
    Arc::new(rustls::crypto::ring::default_provider())
}

fn server_name(name: &str) -> Result<ServerName<'static>, NotGood> {
    let refused = |_| NotGood::Unseen(format!("{} is no name that a certificate can be for", few(name)));
    ServerName::try_from(name.trim_start_matches('[').trim_end_matches(']').to_owned()).map_err(refused)
}

fn host_of(address: &str) -> &str {
    address.rsplit_once(':').map_or(address, |(host, _)| host)
}

fn not_connected(error: &std::io::Error) -> NotGood {
    match error.get_ref().and_then(|inner| inner.downcast_ref::<Error>()) {
        Some(Error::InvalidCertificate(error)) => NotGood::Bad(wrong(error).to_owned()),
        Some(Error::InvalidMessage(_)) => NotGood::Bad("the answer is no TLS".to_owned()),
        Some(tls) => NotGood::Bad(few(&tls.to_string())),
        None => NotGood::of(error),
    }
}

fn protocol(stream: &TlsStream<TcpStream>) -> &'static str {
    match stream.get_ref().1.protocol_version() {
        Some(rustls::ProtocolVersion::TLSv1_2) => "TLS 1.2",
        _ => "TLS 1.3",
    }
}

/// Whom to believe.
#[derive(Debug)]
struct Trusted {
    roots: Arc<RootCertStore>,
    /// Trusted as they are: a server may show one of these without anyone having signed it.
    pinned: Vec<CertificateDer<'static>>,
}

impl Trusted {
    /// The system's certificates, read once for all looks of this process, as for requests.
    async fn of_system() -> Result<Arc<Trusted>, NotGood> {
        static SYSTEM: OnceCell<Arc<Trusted>> = OnceCell::const_new();
        SYSTEM.get_or_try_init(|| async { read_system().await.map(Arc::new) }).await.cloned()
    }

    async fn from_file(path: &str) -> Result<Trusted, NotGood> {
        let path = path.to_owned();
        let wrong = |why: String| NotGood::Unseen(format!("the certificates to trust: {}", few(&why)));
        let read = tokio::task::spawn_blocking(move || read_pem(&path)).await;
        let pinned = read.map_err(|e| wrong(e.to_string()))?.map_err(wrong)?;
        let mut roots = RootCertStore::empty();
        roots.add_parsable_certificates(pinned.iter().cloned());
        Ok(Trusted { roots: Arc::new(roots), pinned })
    }
}

async fn read_system() -> Result<Trusted, NotGood> {
    let read = tokio::task::spawn_blocking(rustls_native_certs::load_native_certs).await;
    let mut roots = RootCertStore::empty();
    roots.add_parsable_certificates(read.map_err(|e| NotGood::Unseen(e.to_string()))?.certs);
    if roots.is_empty() {
        return Err(NotGood::Unseen("this system has no trusted certificates".to_owned()));
    }
    Ok(Trusted { roots: Arc::new(roots), pinned: Vec::new() })
}

fn read_pem(path: &str) -> Result<Vec<CertificateDer<'static>>, String> {
    let file = std::fs::File::open(path).map_err(|e| crate::outbound::io_reason(&e))?;
    let capped = BufReader::new(std::io::Read::take(file, LARGEST_FILE));
    let read = CertificateDer::pem_reader_iter(capped).collect::<Result<Vec<_>, _>>();
    match read {
        Ok(found) if found.is_empty() => Err("the file holds none in PEM form".to_owned()),
        Ok(found) => Ok(found),
        Err(error) => Err(error.to_string()),
    }
}

/// Judges the certificate in all its aspects, keeps what it found, and lets only a flawless one through.
#[derive(Debug)]
struct Judge {
    trusted: Arc<Trusted>,
    provider: Arc<CryptoProvider>,
    verdict: Mutex<Option<Verdict>>,
}

impl ServerCertVerifier for Judge {
    fn verify_server_cert(
        &self,
        leaf: &CertificateDer<'_>,
        intermediates: &[CertificateDer<'_>],
        name: &ServerName<'_>,
        _ocsp: &[u8],
        _now: UnixTime,
    ) -> Result<ServerCertVerified, Error> {
        let algorithms = self.provider.signature_verification_algorithms.all;
        let shown = verdict::Shown { leaf, intermediates };
        let verdict = verdict::of(&shown, name, &self.trusted, algorithms, SystemTime::now());
        let flawless = verdict.faults.is_empty();
        *self.verdict.lock().unwrap_or_else(PoisonError::into_inner) = Some(verdict);
        match flawless {
            true => Ok(ServerCertVerified::assertion()),
            false => Err(Error::InvalidCertificate(CertificateError::ApplicationVerificationFailure)),
        }
    }

    fn verify_tls12_signature(
        &self,
        message: &[u8],
        cert: &CertificateDer<'_>,
        signed: &DigitallySignedStruct,
    ) -> Result<HandshakeSignatureValid, Error> {
        verify_tls12_signature(message, cert, signed, &self.provider.signature_verification_algorithms)
    }

    fn verify_tls13_signature(
        &self,
        message: &[u8],
        cert: &CertificateDer<'_>,
        signed: &DigitallySignedStruct,
    ) -> Result<HandshakeSignatureValid, Error> {
        verify_tls13_signature(message, cert, signed, &self.provider.signature_verification_algorithms)
    }

    fn supported_verify_schemes(&self) -> Vec<SignatureScheme> {
        self.provider.signature_verification_algorithms.supported_schemes()
    }
}
