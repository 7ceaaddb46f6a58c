//! What keeps a site's orders: the range's own database, or a PostgreSQL server.

use std::io;
use std::sync::Arc;

use axum::Router;
use tokio::sync::watch;

use super::database::{Database, Replication};
use super::endpoint::Condition;
use super::numbers::Numbers;
use super::postgres;

/// What keeps a site's orders.
#[derive(Debug, Clone)]
pub(crate) enum Orders {
    Own(Arc<Database>),
    Postgres(Arc<postgres::Orders>),
}

impl Orders {
    /// Its HTTP address.
    pub(crate) fn app(&self) -> Router {
        match self {
            Orders::Own(own) => own.app(),
            Orders::Postgres(server) => server.app(),
        }
    }

    /// How far it is.
    pub(crate) fn replication(&self) -> Replication {
        match self {
            Orders::Own(own) => own.replication(),
            Orders::Postgres(server) => server.replication(),
        }
    }

    /// The numbers of all orders that it holds.
    pub(crate) fn numbers(&self) -> Numbers {
        match self {
            Orders::Own(own) => own.numbers(),
            Orders::Postgres(server) => server.numbers(),
        }
    }

    /// Has it begin as a standby once it has power again.
    pub(crate) fn begins_as_standby(&self) {
        match self {
            Orders::Own(own) => drop(own.demote()),
            Orders::Postgres(server) => server.leave(),
        }
    }

    /// Has it be in that condition, where its address is not all of it.
    ///
    /// # Errors
    /// What a server's programs say.
    pub(crate) async fn obey(&self, wanted: Condition) -> io::Result<()> {
        match self {
            Orders::Own(_) => Ok(()),
            Orders::Postgres(server) => server.obey(wanted).await,
        }
    }

    /// What it does by itself, for ever.
    pub(crate) async fn live(self, states: watch::Receiver<Condition>) {
        match self {
            Orders::Own(own) => own.copy(states).await,
            Orders::Postgres(server) => server.watch().await,
        }
    }

    /// Ends it.
    pub(crate) async fn close(&self) {
        match self {
            Orders::Own(_) => {}
            Orders::Postgres(server) => server.close().await,
        }
    }
}
