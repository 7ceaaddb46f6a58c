//! `warroom role`

use clap::Subcommand;

use super::out::Out;
use super::session::Session;
use super::{Globals, Outcome, args, find};
use crate::core::command::Command;
use crate::core::ids::RoleId;

/// Says who does what in an incident
#[derive(Debug, Subcommand)]
pub(super) enum Role {
    /// Gives somebody a role
    #[command(after_help = "Examples:\n  warroom role assign incident_commander me\n  \
                            warroom role assign \"technical lead\" mike --incident KESTREL")]
    Assign {
        /// The role: incident_commander, deputy, technical_lead, scribe, or one that the plan's gates name
        #[arg(value_parser = args::role)]
        role: RoleId,
        /// A name, uid:NUMBER, or me
        who: String,
        /// Call-sign or identifier; may be left out when one is open
        #[arg(long)]
        incident: Option<String>,
    },
}

impl Role {
    pub(super) async fn run(self, globals: &Globals, out: &mut Out) -> Outcome {
        let Role::Assign { role, who, incident } = self;
        let session = Session::open(globals).await?;
        let snapshot = session.snapshot().await?;
        let incident = find::open_incident(&snapshot.state, incident.as_deref())?.id.clone();
        let to = find::person(&snapshot.state, &session.hello.you, &who)?;
        let command = Command::AssignRole { incident, role, to };
        session.command(&snapshot, command, "that role is held so already", out).await?;
        Ok(())
    }
}
