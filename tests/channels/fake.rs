//! A service on loopback that answers each request as the test says.

use std::sync::{Arc, Mutex};

use axum::Router;
use axum::extract::Request;
use axum::http::{HeaderMap, StatusCode};
use serde_json::Value;

/// What a request brought.
#[derive(Debug, Clone)]
pub struct Got {
    pub method: String,
    pub path: String,
    pub headers: HeaderMap,
    pub body: String,
}

impl Got {
    pub fn header(&self, name: &str) -> &str {
        self.headers.get(name).and_then(|value| value.to_str().ok()).unwrap_or_default()
    }

    pub fn json(&self) -> Value {
        serde_json::from_str(&self.body).unwrap()
    }

    /// The fields of a form.
    pub fn form(&self) -> Vec<(String, String)> {
        let read =
            |text: &str| percent_encoding::percent_decode_str(&text.replace('+', " ")).decode_utf8_lossy().into_owned();
        self.body
            .split('&')
            .filter_map(|field| field.split_once('='))
            .map(|(name, value)| (read(name), read(value)))
            .collect()
    }
}

/// What it answers.
pub struct Reply {
    status: u16,
    body: String,
    retry_after: Option<&'static str>,
}

pub fn reply(status: u16, body: impl ToString) -> Reply {
    Reply { status, body: body.to_string(), retry_after: None }
}

impl Reply {
    pub fn later(self, retry_after: &'static str) -> Reply {
        Reply { retry_after: Some(retry_after), ..self }
    }
}

pub struct Fake {
    pub url: String,
    got: Arc<Mutex<Vec<Got>>>,
}

impl Fake {
    pub async fn start(answers: impl Fn(&Got) -> Reply + Send + Sync + 'static) -> Fake {
        let got: Arc<Mutex<Vec<Got>>> = Arc::default();
        let (keeping, answers) = (Arc::clone(&got), Arc::new(answers));
        let router = Router::new().fallback(move |request: Request| async move {
            let (parts, body) = request.into_parts();
            let body = axum::body::to_bytes(body, usize::MAX).await.unwrap();
            let body = String::from_utf8(body.to_vec()).unwrap();
            let (method, path) = (parts.method.to_string(), parts.uri.path().to_owned());
            let came = Got { method, path, headers: parts.headers, body };
            let Reply { status, body, retry_after } = answers(&came);
            keeping.lock().unwrap().push(came);
            let mut headers = HeaderMap::new();
            headers.extend(retry_after.map(|after| (axum::http::header::RETRY_AFTER, after.parse().unwrap())));
            (StatusCode::from_u16(status).unwrap(), headers, body)
        });
        let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await.unwrap();
        let url = format!("http://{}", listener.local_addr().unwrap());
        tokio::spawn(async move { axum::serve(listener, router).await });
        Fake { url, got }
    }

    pub fn got(&self) -> Vec<Got> {
        self.got.lock().unwrap().clone()
    }
}
