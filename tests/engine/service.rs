//! A service on loopback whose answers the test sets.

use std::sync::{Arc, Mutex};

use axum::Router;
use axum::extract::Request;
use axum::http::{HeaderMap, StatusCode};
use tokio::sync::watch;

/// What a request brought.
#[derive(Debug, Clone)]
pub struct Got {
    pub method: String,
    pub path: String,
    pub headers: HeaderMap,
    pub body: String,
}

/// The service. It keeps every request.
pub struct Service {
    pub port: u16,
    answer: Arc<Mutex<(StatusCode, String)>>,
    silent: watch::Sender<bool>,
    got: Arc<Mutex<Vec<Got>>>,
}

impl Service {
    /// Answers 200 until told otherwise.
    pub async fn start() -> Service {
        let answer = Arc::new(Mutex::new((StatusCode::OK, "answered".to_owned())));
        let got: Arc<Mutex<Vec<Got>>> = Arc::default();
        let (answering, keeping) = (Arc::clone(&answer), Arc::clone(&got));
        let (silent, heard) = watch::channel(false);
        let router = Router::new().fallback(move |request: Request| async move {
            let (parts, body) = request.into_parts();
            let body = axum::body::to_bytes(body, usize::MAX).await.unwrap();
            let body = String::from_utf8_lossy(&body).into_owned();
            let (method, path) = (parts.method.to_string(), parts.uri.path().to_owned());
            keeping.lock().unwrap().push(Got { method, path, headers: parts.headers, body });
            let _ = heard.clone().wait_for(|silent| !silent).await;
            let (status, text) = answering.lock().unwrap().clone();
            (status, [("x-kind", "answer")], text)
        });
        let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await.unwrap();
        let port = listener.local_addr().unwrap().port();
        tokio::spawn(async move { axum::serve(listener, router).await });
        Service { port, answer, silent, got }
    }

    pub fn answers(&self, status: u16) {
        self.answer.lock().unwrap().0 = StatusCode::from_u16(status).unwrap();
    }

    pub fn says(&self, text: &str) {
        self.answer.lock().unwrap().1 = text.to_owned();
    }

    /// Takes requests and does not answer them yet.
    pub fn falls_silent(&self) {
        self.silent.send_replace(true);
    }

    /// Answers again, also what it owes.
    pub fn speaks(&self) {
        self.silent.send_replace(false);
    }

    pub fn asked(&self) -> Vec<Got> {
        self.got.lock().unwrap().clone()
    }

    pub fn url(&self) -> String {
        format!("http://127.0.0.1:{}/", self.port)
    }
}

/// Settings with webhooks that lead to services of this machine.
pub fn webhooks(channels: &[(&str, &Service)]) -> String {
    let channel =
        |(name, at): &(&str, &Service)| format!("[channels.{name}]\nkind = \"webhook\"\nurl = \"{}\"\n", at.url());
    let channels: String = channels.iter().map(channel).collect();
    format!("[outbound]\nallow = [\"127.0.0.1\"]\n{channels}")
}

impl Got {
    pub fn header(&self, name: &str) -> &str {
        self.headers.get(name).and_then(|value| value.to_str().ok()).unwrap_or_default()
    }
}
