//! What the lesson came to: times beside the forecast, loss promised beside loss counted, and what was refused.

use super::super::ledger::LedgerStatus;
use super::super::power::Power;
use super::{Facts, GateAt, Met, Stage, Told};
use crate::core::time::Span;

/// What the lesson came to. Lengths are from when customers began to fail.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub(crate) struct Score {
    /// How far the lesson went; `None` before it began.
    pub(crate) stage: Option<Stage>,
    /// Until the incident was declared.
    pub(crate) declared: Option<Span>,
    /// Until the failover was launched.
    pub(crate) launched: Option<Span>,
    /// Until the gate was open.
    pub(crate) opened: Option<Span>,
    /// Until customers were served again.
    pub(crate) served: Option<Span>,
    /// The loss that was accepted at the gate.
    pub(crate) promised: Option<Span>,
    /// What the ledger says at the end.
    pub(crate) ledger: Option<LedgerStatus>,
    /// What was foretold of the failover beside what it took, in words.
    pub(crate) forecast: Option<String>,
    /// Why the engine refused what would have harmed, in its words.
    pub(crate) refused: Vec<String>,
    /// Whether East's database was off when East woke; `None` while it has not.
    pub(crate) held: Option<Power>,
    /// What became of updates.
    pub(crate) told: Told,
}

impl Score {
    /// Takes down what has come true since.
    pub(crate) fn note(&mut self, stage: Option<Stage>, facts: &Facts) {
        let first = |mark: &mut Option<Span>, now: bool| {
            if now {
                mark.get_or_insert(facts.at);
            }
        };
        first(&mut self.declared, facts.incident == Met::Declared);
        first(&mut self.launched, facts.run.is_some());
        first(&mut self.opened, facts.gate() == GateAt::Opened);
        first(&mut self.served, facts.gate() == GateAt::Opened && facts.served);
        if let Some(run) = facts.run.as_ref().filter(|run| run.gate == GateAt::Opened) {
            self.promised = run.promised;
        }
        if stage >= Some(Stage::Wake) {
            self.held.get_or_insert(facts.power);
        }
        self.told = self.told.max(facts.told);
        self.stage = stage;
    }
}
