//! Who may do what: one table, denied by default.

use std::collections::BTreeSet;
use std::fmt;

use serde::{Deserialize, Serialize};

use super::ids::Principal;
use super::plan::Environment;

/// How the engine is run, which decides whom it serves.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Mode {
    /// For the one person who started it.
    #[default]
    Personal,
    /// For everybody whom its settings name.
    Shared,
}

/// What somebody was given in the engine's settings.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Access {
    /// Sees everything, does nothing.
    Observer,
    /// Declares, notes, ticks off, holds.
    Responder,
    /// Leads: everything that an incident needs.
    Commander,
    /// Runs recoveries and opens gates.
    RecoveryAdmin,
    /// Looks after backups.
    BackupAdmin,
    /// Everything, plans included.
    Admin,
    /// May act on plans whose environment is production, on top of another access.
    Production,
    /// May override guards, loudly, on top of another access.
    BreakGlass,
}

impl Access {
    /// All of them.
    pub const ALL: [Access; 8] = [
        Access::Observer,
        Access::Responder,
        Access::Commander,
        Access::RecoveryAdmin,
        Access::BackupAdmin,
        Access::Admin,
        Access::Production,
        Access::BreakGlass,
    ];
}

impl fmt::Display for Access {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(match self {
            Access::Observer => "observer",
            Access::Responder => "responder",
            Access::Commander => "commander",
            Access::RecoveryAdmin => "recovery admin",
            Access::BackupAdmin => "backup admin",
            Access::Admin => "admin",
            Access::Production => "production",
            Access::BreakGlass => "break glass",
        })
    }
}

/// What a command does, as far as permissions care.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Act {
    /// Declares or dismisses an incident.
    Declare,
    /// Closes, cancels or reopens an incident.
    EndIncident,
    /// Says when an incident really began.
    CorrectClock,
    /// Writes into the journal.
    Note,
    /// Gives somebody a role.
    AssignRole,
    /// Tells the world.
    SendUpdate,
    /// Starts a run.
    StartRun,
    /// Runs a program that no runbook has.
    Improvise,
    /// Says that a manual step is done.
    TickStep,
    /// Retries or skips a step, or says what became of one.
    SettleStep,
    /// Confirms or declines at a gate.
    PassGate,
    /// Holds a run: always safe.
    HoldRun,
    /// Resumes or aborts a run.
    SteerRun,
    /// Takes parts out of the judgement for a while.
    PauseHealth,
    /// Says that an incident is not what it was taken for, and so allows what that forbade.
    RuleOutScenario,
    /// Overrides a guard.
    BreakGlass,
    /// Loads a plan.
    LoadPlan,
}

impl Act {
    /// All of them.
    pub const ALL: [Act; 17] = [
        Act::Declare,
        Act::EndIncident,
        Act::CorrectClock,
        Act::Note,
        Act::AssignRole,
        Act::SendUpdate,
        Act::StartRun,
        Act::Improvise,
        Act::TickStep,
        Act::SettleStep,
        Act::PassGate,
        Act::HoldRun,
        Act::SteerRun,
        Act::PauseHealth,
        Act::RuleOutScenario,
        Act::BreakGlass,
        Act::LoadPlan,
    ];

    /// The table: whoever holds one of these may.
    #[must_use]
    pub fn needs(self) -> &'static [Access] {
        use Access::{Admin, BackupAdmin, Commander, RecoveryAdmin, Responder};
        match self {
            Act::Note => &[Responder, Commander, RecoveryAdmin, BackupAdmin, Admin],
            Act::Declare | Act::TickStep | Act::HoldRun => &[Responder, Commander, RecoveryAdmin, Admin],
            Act::StartRun
            | Act::Improvise
            | Act::SettleStep
            | Act::PassGate
            | Act::SteerRun
            | Act::PauseHealth
            | Act::RuleOutScenario => &[Commander, RecoveryAdmin, Admin],
            Act::EndIncident | Act::CorrectClock | Act::AssignRole | Act::SendUpdate => &[Commander, Admin],
            Act::BreakGlass => &[Access::BreakGlass],
            Act::LoadPlan => &[Admin],
        }
    }

    /// Whether it acts on the plan's systems, so that production asks for more.
    #[must_use]
    fn touches_systems(self) -> bool {
        matches!(self, Act::StartRun | Act::Improvise | Act::SettleStep | Act::PassGate | Act::SteerRun)
    }
}

/// Somebody whom the engine knows.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Person {
    /// Who, as the kernel or a token vouches for.
    pub principal: Principal,
    /// The name shown.
    pub name: String,
    /// What the settings gave.
    pub access: BTreeSet<Access>,
}

/// What is missing for an act.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Denied {
    /// Any one of these would do.
    pub needs: Vec<Access>,
}

impl Person {
    /// Whether this person may do `act` on a plan in `environment` (`None`: on no plan).
    ///
    /// # Errors
    /// [`Denied`] says which access would do.
    pub fn may(&self, act: Act, environment: Option<Environment>) -> Result<(), Denied> {
        let needs = act.needs();
        if !needs.iter().any(|access| self.access.contains(access)) {
            return Err(Denied { needs: needs.to_vec() });
        }
        let production = act.touches_systems() && environment == Some(Environment::Production);
        if production && !self.access.contains(&Access::Production) {
            return Err(Denied { needs: vec![Access::Production] });
        }
        Ok(())
    }

    /// Whether this person may do nothing but look.
    #[must_use]
    pub fn only_watches(&self) -> bool {
        Act::ALL.iter().all(|act| self.may(*act, None).is_err())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn person(access: &[Access]) -> Person {
        Person { principal: Principal::Uid(1), name: "ada".into(), access: access.iter().copied().collect() }
    }

    #[test]
    fn the_table_of_permissions() {
        // One row an act, one column each for observer, responder, commander, recovery admin, backup admin, admin.
        let table = [
            (Act::Note, "nyyyyy"),
            (Act::Declare, "nyyyny"),
            (Act::TickStep, "nyyyny"),
            (Act::HoldRun, "nyyyny"),
            (Act::StartRun, "nnyyny"),
            (Act::Improvise, "nnyyny"),
            (Act::SettleStep, "nnyyny"),
            (Act::PassGate, "nnyyny"),
            (Act::SteerRun, "nnyyny"),
            (Act::PauseHealth, "nnyyny"),
            (Act::RuleOutScenario, "nnyyny"),
            (Act::EndIncident, "nnynny"),
            (Act::CorrectClock, "nnynny"),
            (Act::AssignRole, "nnynny"),
            (Act::SendUpdate, "nnynny"),
            (Act::BreakGlass, "nnnnnn"),
            (Act::LoadPlan, "nnnnny"),
        ];
        assert_eq!(table.len(), Act::ALL.len());
        for (act, row) in table {
            for (access, expected) in Access::ALL.into_iter().zip(row.chars()) {
                assert_eq!(person(&[access]).may(act, None).is_ok(), expected == 'y', "{access} {act:?}");
            }
        }
    }

    #[test]
    fn production_is_a_permission_of_its_own_and_gives_nothing_else() {
        let production = Some(Environment::Production);
        let commander = person(&[Access::Commander]);
        assert_eq!(commander.may(Act::StartRun, production), Err(Denied { needs: vec![Access::Production] }));
        assert!(commander.may(Act::Declare, production).is_ok(), "declaring touches no system");
        assert!(commander.may(Act::HoldRun, production).is_ok(), "holding is always safe");
        assert!(person(&[Access::Commander, Access::Production]).may(Act::StartRun, production).is_ok());
        assert!(person(&[Access::Production]).only_watches());
    }

    #[test]
    fn nothing_is_allowed_to_somebody_without_access() {
        assert!(person(&[]).only_watches());
        assert!(person(&[Access::Observer]).only_watches());
    }
}
