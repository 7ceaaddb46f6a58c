//! Everything that acts does so from a box, which says on what. [`Asked`] is what can be asked for; a box fills it in and sends it.

mod ask;
mod assess;
mod away;
mod compose;
mod fault;
mod find;
mod findings;
mod form;
mod gate;
mod glass;
mod help;
mod improvise;
mod launch;
mod palette;
mod probe;
mod purpose;
mod quit;
mod read;
mod retry;

pub(crate) use away::{Absence, Away};
pub(crate) use find::Find;
pub(crate) use help::Help;
pub(crate) use palette::Palette;
pub(crate) use probe::ProbeBox;
pub(crate) use quit::Quit;
pub(crate) use read::Read;

use super::layer::Layer;
use super::message::{Answer, Ticket};
use super::place::View;
use purpose::Purpose;

/// What a person can ask for; on what follows from where they are.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Asked {
    Declare,
    Dismiss,
    Cancel,
    Close,
    Reopen,
    Commit,
    Glass,
    PutBack,
    Emergency,
    Began,
    Launch,
    Gate,
    Withdraw,
    Step,
    Retry,
    Skip,
    Hold,
    Resume,
    RollBack,
    Abort,
    Improvise,
    Update,
    Note,
    Assign,
    Assess,
    Scenario,
    Fault,
    PausePart,
    ResumePart,
    Disarm,
    Arm,
}

/// Whether something can be asked for now.
pub(crate) fn check(view: View<'_>, asked: Asked) -> Result<(), String> {
    match asked {
        Asked::Launch => launch::check(view),
        Asked::Gate => gate::check(view),
        Asked::Glass => glass::check(view),
        Asked::Fault => fault::check(view),
        Asked::Assess => assess::check(view),
        Asked::Retry => retry::check(view),
        Asked::Improvise => improvise::check(view),
        other => Purpose::of(view, other)?.check(view),
    }
}

/// Opens the box for it.
///
/// # Errors
/// Why there is nothing to ask for.
pub(crate) fn open(view: View<'_>, asked: Asked, draft: &str) -> Result<Box<dyn Layer>, String> {
    check(view, asked)?;
    Ok(match asked {
        Asked::Launch => Box::new(launch::Launch::new(view)?),
        Asked::Gate => Box::new(gate::GateBox::new(view)?),
        Asked::Assess => Box::new(assess::Assess::new(view)?),
        Asked::Glass => Box::new(glass::GlassBox::new(view)?),
        Asked::Fault => Box::new(fault::FaultBox::new(view)?),
        Asked::Retry => Box::new(retry::Retry::new(view)?),
        Asked::Improvise => Box::new(improvise::Improvise::new(view)?),
        Asked::Update => Box::new(compose::Compose::new(view, draft)?),
        other => Box::new(form::Form::new(Purpose::of(view, other)?)),
    })
}

/// A command on its way.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Sent {
    /// Nothing was sent.
    No,
    /// No answer yet.
    Waits(Ticket),
    /// None came: sending again has the same number and acts at most once.
    Unsure(Ticket),
}

impl Sent {
    /// What to say of it when its box had to be closed.
    pub(crate) fn left(self) -> &'static str {
        match self {
            Sent::No => "nothing sent",
            Sent::Waits(_) | Sent::Unsure(_) => "SENT, no answer came: the timeline says whether it was done",
        }
    }

    /// Takes an answer, if it is to this command: nothing when all is well, else the sentence to show.
    pub(crate) fn answered(&mut self, ticket: Ticket, answer: &Answer) -> Option<Result<(), String>> {
        if *self != Sent::Waits(ticket) {
            return None;
        }
        let (sent, result) = match answer {
            Answer::Yes(_) => (Sent::No, Ok(())),
            Answer::No(trouble) => (Sent::No, Err(crate::text::trouble(trouble))),
            Answer::NotSent(why) => (Sent::No, Err(format!("Not sent: {why}"))),
            Answer::Unsure(why) => {
                let says = format!(
                    "No answer ({why}): nobody knows yet whether it was done. The same key asks again; it acts once."
                );
                (Sent::Unsure(ticket), Err(says))
            }
        };
        *self = sent;
        Some(result)
    }
}
