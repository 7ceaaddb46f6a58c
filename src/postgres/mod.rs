//! What looking at a PostgreSQL server from several places has in common.

mod standing;

pub(crate) use standing::{Standing, ask};
