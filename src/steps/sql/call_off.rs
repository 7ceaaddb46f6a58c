//! A query that nobody waits for any more is ended on its server: dropping the connection alone would let it run on there.

use std::time::Duration;

use futures_util::future::BoxFuture;
use tokio::runtime::Handle;

/// How long the call may take; then the server's own limit has to do.
const PATIENCE: Duration = Duration::from_secs(5);

/// Calls a query off when it is dropped before it was [answered](CallOff::answered).
pub(super) struct CallOff(Option<BoxFuture<'static, ()>>);

impl CallOff {
    /// `call` is made at most once, after the drop.
    pub(super) fn with(call: impl Future<Output = ()> + Send + 'static) -> CallOff {
        CallOff(Some(Box::pin(call)))
    }

    /// There is nothing to call off any more.
    pub(super) fn answered(mut self) {
        self.0 = None;
    }
}

impl Drop for CallOff {
    fn drop(&mut self) {
        if let (Some(call), Ok(runtime)) = (self.0.take(), Handle::try_current()) {
            runtime.spawn(tokio::time::timeout(PATIENCE, call));
        }
    }
}
