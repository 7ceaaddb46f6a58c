//! `warroom run start`

use std::collections::BTreeSet;

use clap::Args;
use clap::builder::{PossibleValuesParser, TypedValueParser};

use super::super::out::Out;
use super::super::session::Session;
use super::super::{Outcome, args, find};
use super::follow::Interrupts;
use super::{preview, show};
use crate::core::command::{Command, Options};
use crate::core::failover::MoveKind;
use crate::core::ids::{ComponentId, PlanId};
use crate::core::plan::{Part, Severity};
use crate::core::template::Values;
use crate::core::time::Span;

/// Launches a procedure of a plan for an incident
#[derive(Debug, Args)]
#[command(after_help = "Examples:\n  warroom run start shop failover-west --preview\n  \
                        warroom run start shop failover-west -p reason=\"East is down\" --follow\n  \
                        warroom run start shop restart --component web --component api --without notify --parallel 2\n\n\
                        A preview changes nothing. Its exit status is 0 when the run could start now, every precondition was\n\
                        seen to hold and no program or host was seen to be missing. With --follow, the exit status is 1 when the run does not end as done.")]
pub(in crate::cli) struct Start {
    /// The plan
    plan: PlanId,
    /// The procedure
    procedure: String,
    /// Call-sign or identifier; may be left out when one is declared
    #[arg(long)]
    incident: Option<String>,
    /// A value for a parameter; several by repeating it
    #[arg(short = 'p', long = "parameter", value_name = "NAME=VALUE", value_parser = args::parameter)]
    parameters: Vec<(String, String)>,
    /// Only this component, where steps are done for components; several by repeating it
    #[arg(long = "component", value_name = "COMPONENT")]
    components: Vec<ComponentId>,
    /// A part to leave out; several by repeating it. Gates never are
    #[arg(long, value_name = "PART", value_parser = PossibleValuesParser::new(args::PARTS).try_map(|name| args::part(&name)))]
    without: Vec<Part>,
    /// How long the engine may be at work in it, as 30m; then it holds the run. As the plan says when left out
    #[arg(long, value_name = "DURATION", value_parser = args::limit)]
    timeout: Option<Span>,
    /// How often each step that is tried again by itself is; as the plan says when left out
    #[arg(long, value_name = "N", value_parser = clap::value_parser!(u32).range(0..=100))]
    retries: Option<u32>,
    /// How many steps go side by side; as the plan says when left out
    #[arg(long, value_name = "N", value_parser = clap::value_parser!(u32).range(1..=1_000))]
    parallel: Option<u32>,
    /// critical, high, medium or low: whose steps go first where runs share a host. As the plan says when left out
    #[arg(long, value_name = "PRIORITY")]
    priority: Option<Severity>,
    /// Which kind of failover: planned, manual or emergency
    #[arg(long = "as", value_name = "KIND")]
    move_kind: Option<MoveKind>,
    /// Only show what it would do
    #[arg(long, conflicts_with = "follow")]
    preview: bool,
    /// Go on printing what happens in it, until it is over
    #[arg(long, short)]
    follow: bool,
}

impl Start {
    pub(super) async fn run(self, session: &Session, out: &mut Out) -> Outcome {
        let snapshot = session.snapshot().await?;
        let loaded = find::plan(&snapshot.state, &self.plan)?;
        let procedure = find::procedure(loaded, &self.procedure)?.id.clone();
        self.components.iter().try_for_each(|id| find::component(loaded, id))?;
        let incident = find::incident(&snapshot.state, self.incident.as_deref(), |p| p.is_declared(), "declared");
        let values: Values = self.parameters.into_iter().collect();
        let options = Options {
            components: self.components.into_iter().collect(),
            without: self.without.into_iter().collect::<BTreeSet<Part>>(),
            timeout: self.timeout,
            retries: self.retries,
            parallel: self.parallel,
            priority: self.priority,
            move_kind: self.move_kind,
        };
        if self.preview {
            let asked = preview::Asked { plan: &self.plan, procedure: &procedure, values: &values, options: &options };
            return preview::show(session, &snapshot, incident, asked, out).await;
        }
        let command = Command::StartRun {
            incident: incident?.id.clone(),
            plan: self.plan.clone(),
            procedure,
            values,
            options,
            seen: Some(loaded.hash.clone()),
        };
        let interrupts = self.follow.then(Interrupts::new).transpose()?;
        let started = session.command(&snapshot, command, "nothing started", out).await?;
        match (interrupts, started.run) {
            (Some(interrupts), Some(run)) => show::follow(session, started.after, run, interrupts, out).await,
            _ => Ok(()),
        }
    }
}
