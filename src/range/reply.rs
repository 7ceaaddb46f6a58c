//! How the range's servers answer, and refuse.

use std::sync::{Mutex, MutexGuard, PoisonError};

use axum::Json;
use axum::http::{StatusCode, Uri};
use axum::response::{IntoResponse, Response};
use serde_json::json;

use super::names::UnknownName;

/// A refusal: what is wrong, and what would be right.
#[derive(Debug)]
pub(crate) struct Refusal {
    pub(crate) status: StatusCode,
    pub(crate) error: String,
    pub(crate) expected: Vec<String>,
}

impl Refusal {
    /// A refusal of what the request says, with what would have been right.
    pub(crate) fn unprocessable(error: impl Into<String>, expected: &[&str]) -> Self {
        Self {
            status: StatusCode::UNPROCESSABLE_ENTITY,
            error: error.into(),
            expected: expected.iter().map(ToString::to_string).collect(),
        }
    }

    /// A refusal that a better request would not change.
    pub(crate) fn because(status: StatusCode, error: impl Into<String>) -> Self {
        Self { status, error: error.into(), expected: Vec::new() }
    }

    /// A refusal of a name in the path.
    pub(crate) fn not_found(unknown: &UnknownName) -> Self {
        Self {
            status: StatusCode::NOT_FOUND,
            error: unknown.to_string(),
            expected: unknown.known.iter().map(ToString::to_string).collect(),
        }
    }
}

impl IntoResponse for Refusal {
    fn into_response(self) -> Response {
        let body = if self.expected.is_empty() {
            json!({"error": self.error})
        } else {
            json!({"error": self.error, "expected": self.expected})
        };
        (self.status, Json(body)).into_response()
    }
}

/// The answer to a path that a server does not have; `routes` are the ones it has.
pub(crate) fn no_such_path(uri: &Uri, routes: &[&str]) -> Refusal {
    Refusal {
        status: StatusCode::NOT_FOUND,
        error: format!("there is nothing at {}", uri.path()),
        expected: routes.iter().map(ToString::to_string).collect(),
    }
}

/// Takes a lock. What it guards here is whole between any two statements, so a panic elsewhere does not spoil it.
pub(crate) fn lock<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}
