//! `warroom heartbeat`

use clap::Args;

use super::session::Session;
use super::{Globals, Outcome};
use crate::core::ids::{PlanId, ProbeId};
use crate::wire;

/// Tells a probe that a job which is to run again and again has run; says nothing when it is heard
#[derive(Debug, Args)]
#[command(after_help = "Examples:\n  pg_dump shop >shop.sql && warroom heartbeat shop nightly-backup\n  \
                  warroom heartbeat shop nightly-backup --down \"no space left\"")]
pub(super) struct Heartbeat {
    /// The plan
    plan: PlanId,
    /// The probe, of kind heartbeat
    probe: ProbeId,
    /// Report trouble, in a few words
    #[arg(long, value_name = "WHY")]
    down: Option<String>,
}

impl Heartbeat {
    pub(super) async fn run(self, globals: &Globals) -> Outcome {
        let session = Session::open(globals).await?;
        let report = wire::Heartbeat { down: self.down };
        session.client.heartbeat(&self.plan, &self.probe, &report).await?;
        Ok(())
    }
}
