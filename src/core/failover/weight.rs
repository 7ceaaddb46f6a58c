//! What a guard that does not hold means, for which kind of failover: one table.

use super::{Guard, MoveKind, Says};

/// What a guard that does not hold says to a failover of that kind.
///
/// What a person does in trouble is not stopped by what only makes it worse later (an old backup, a small site, a frozen calendar); what
/// could lose data or end with two primaries stops everybody. A drill is judged by the same table.
#[must_use]
pub(super) fn when_broken(guard: Guard, kind: MoveKind) -> Says {
    use Guard::{
        Backup, Capacity, CoolDown, Engine, Fence, Freeze, Lineage, Loss, Manager, OnePrimary, People, Reach, Scenario,
        Source, Target,
    };
    use MoveKind::{Automatic, Emergency, Manual, Planned};
    match (guard, kind) {
        // A site that is healthy can still be reached.
        (Reach, Planned) => Says::Warn,
        (Engine | Target | Loss | Lineage | Fence | OnePrimary | Manager | Scenario | Reach, _) => Says::Refuse,
        // What burns may still answer; who names an emergency says so, and everybody sees it.
        (Source, Emergency) => Says::Warn,
        (Source, _) => Says::Refuse,
        (Backup | Capacity | Freeze, Planned | Automatic) => Says::Refuse,
        (Backup | Capacity | Freeze, Manual | Emergency) => Says::Warn,
        // A person who launches it is the override.
        (CoolDown, Automatic) => Says::Refuse,
        (CoolDown, _) => Says::Warn,
        (People, Emergency | Automatic) => Says::Warn,
        (People, Planned | Manual) => Says::Refuse,
    }
}
