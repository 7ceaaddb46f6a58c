//! What looking at a PostgreSQL server from several places has in common.

mod conninfo;
mod standing;

pub(crate) use conninfo::{Conninfo, PASSFILE};
pub(crate) use standing::{Standing, ask};
