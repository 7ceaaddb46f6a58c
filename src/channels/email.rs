//! E-mail, over SMTP with TLS: plain text and HTML, and the updates of an incident as one thread.
//!
//! Every try has the same `Message-ID` (RFC 5322, section 3.6.4), by which mail systems drop a repeat.

use std::time::Duration;

use lettre::message::header::{ContentType, HeaderName, HeaderValue};
use lettre::message::{Mailbox, MultiPart};
use lettre::transport::smtp::authentication::Credentials;
use lettre::transport::smtp::client::{Certificate, Tls, TlsParameters};
use lettre::{AsyncSmtpTransport, AsyncTransport as _, Tokio1Executor};

use super::outbound::Outbound;
use super::settings::{Email, SmtpTls};
use super::{Message, secret};
use crate::core::comms::Attempt;

/// How long the server may take.
const TIMEOUT: Duration = Duration::from_secs(20);

pub(super) async fn send(outbound: &Outbound, settings: &Email, message: &Message) -> Result<Attempt, Attempt> {
    let letter = letter(settings, message).map_err(Attempt::never)?;
    let server = server(outbound, settings).await?;
    match server.send(letter).await {
        Ok(answer) => {
            let said: Vec<&str> = answer.message().collect();
            Ok(Attempt::took(format!("{} {}", answer.code(), said.join(" "))))
        }
        Err(why) if why.is_permanent() => Err(Attempt::never(reason(&why))),
        Err(why) => Err(Attempt::not_now(reason(&why))),
    }
}

/// The innermost reason.
fn reason(error: &lettre::transport::smtp::Error) -> String {
    let mut said = error.to_string();
    let mut inner: &dyn std::error::Error = error;
    while let Some(next) = inner.source() {
        inner = next;
        said = inner.to_string();
    }
    match error.status() {
        Some(code) => format!("{code} {said}"),
        None => said,
    }
}

async fn server(outbound: &Outbound, settings: &Email) -> Result<AsyncSmtpTransport<Tokio1Executor>, Attempt> {
    let (host, port) = settings.server.rsplit_once(':').unwrap_or_default();
    let host = host.trim_start_matches('[').trim_end_matches(']');
    let port: u16 = port.parse().map_err(|_| Attempt::never(format!("{:?} names no port", settings.server)))?;
    // Connected to is what was looked at; its certificate is for the name.
    let address = outbound.address(host, port).await?;
    let tls = || -> Result<TlsParameters, Attempt> {
        let failed = |why: String| Attempt::never(format!("TLS cannot be set up: {why}"));
        let mut tls = TlsParameters::builder(host.to_owned());
        if let Some(path) = &settings.ca {
            let pem = std::fs::read(path).map_err(|why| failed(format!("{}: {why}", path.display())))?;
            tls = tls.add_root_certificate(Certificate::from_pem(&pem).map_err(|why| failed(why.to_string()))?);
        }
        tls.build_rustls().map_err(|why| failed(why.to_string()))
    };
    let tls = match settings.tls {
        SmtpTls::Starttls => Tls::Required(tls()?),
        SmtpTls::Tls => Tls::Wrapper(tls()?),
        SmtpTls::None => Tls::None,
    };
    let mut server = AsyncSmtpTransport::<Tokio1Executor>::builder_dangerous(address.ip().to_string())
        .port(address.port())
        .timeout(Some(TIMEOUT))
        .tls(tls);
    if let (Some(user), Some(password)) = (&settings.user, &settings.password) {
        server = server.credentials(Credentials::new(user.clone(), secret(password).await?.expose().to_owned()));
    }
    Ok(server.build())
}

fn letter(settings: &Email, message: &Message) -> Result<lettre::Message, String> {
    let mailbox = |text: &String| text.parse::<Mailbox>().map_err(|why| format!("{text:?} is no address: {why}"));
    let from = mailbox(&settings.from)?;
    let domain = from.email.domain().to_owned();
    let thread = id(&format!("incident/{}", message.incident), &domain);
    let mut letter = lettre::Message::builder()
        .from(from)
        .subject(message.title())
        .message_id(Some(id(&message.key, &domain)))
        .in_reply_to(thread.clone())
        .references(thread)
        .raw_header(raw("Auto-Submitted", "auto-generated"))
        .raw_header(raw("X-Warroom-Incident", &message.incident));
    for to in &settings.to {
        letter = letter.to(mailbox(to)?);
    }
    let plain = format!("{}\n\n{}\n\n{}, {}\n", message.title(), message.text, message.by, message.at);
    let html = format!(
        "<p><strong>{}</strong></p><p>{}</p><p>{}, {}</p>",
        html(&message.title()),
        html(&message.text).replace('\n', "<br>"),
        html(&message.by),
        html(&message.at)
    );
    let both = MultiPart::alternative()
        .singlepart(lettre::message::SinglePart::builder().header(ContentType::TEXT_PLAIN).body(plain));
    let both = both.singlepart(lettre::message::SinglePart::builder().header(ContentType::TEXT_HTML).body(html));
    letter.multipart(both).map_err(|why| why.to_string())
}

fn raw(name: &'static str, value: &str) -> HeaderValue {
    HeaderValue::new(HeaderName::new_from_ascii_str(name), value.to_owned())
}

/// What tells a message from all others: letters, digits and dots of what it is made from, at the writer's own domain.
fn id(from: &str, domain: &str) -> String {
    let plain: String = from.chars().map(|c| if c.is_ascii_alphanumeric() || c == '-' { c } else { '.' }).collect();
    format!("<{plain}.warroom@{domain}>")
}

fn html(text: &str) -> String {
    text.replace('&', "&amp;").replace('<', "&lt;").replace('>', "&gt;").replace('"', "&quot;")
}
