//! What a gate says while it waits, and its evidence line by line.

use crate::core::gate::Check;
use crate::core::plan::Gate;
use crate::core::run::{StepRun, StepState};
use crate::core::state::State;

use super::{any_of, clean_line, how, role, verdict};

/// How a waiting gate stands: `1 of 2 people (ada); still needed: incident commander or technical lead`.
#[must_use]
pub fn gate(state: &State, gate: &Gate, step: &StepRun) -> String {
    let by: Vec<_> = step.confirmations.iter().map(|c| state.name(&c.by)).collect();
    let names = if by.is_empty() { String::new() } else { format!(" ({})", super::all_of(&by)) };
    let roles: Vec<_> = gate.roles.iter().map(role).collect();
    let needed = if roles.is_empty() { "anybody who may confirm".into() } else { any_of(&roles) };
    format!("{} of {} people{names}; still needed: {needed}", by.len(), gate.people)
}

/// One line of a gate's evidence, name and finding: `("West", "3 of 3 parts ok")`.
#[must_use]
pub fn check(state: &State, check: &Check) -> (String, String) {
    match check {
        Check::Step { name, state: StepState::Done { how: known, .. } } => {
            (clean_line(name).into_owned(), how(state, known))
        }
        Check::Step { name, state: other } => (clean_line(name).into_owned(), super::step_state(state, other)),
        Check::Source { site, down: (down, all), worst } => {
            (clean_line(site).into_owned(), format!("{down} of {all} parts DOWN, worst {}", verdict(*worst)))
        }
        Check::Target { site, ok: (ok, all), worst } => {
            (clean_line(site).into_owned(), format!("{ok} of {all} parts ok, worst {}", verdict(*worst)))
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::core::fixtures::at;
    use crate::core::health::Verdict;
    use crate::core::plan::Action;
    use crate::core::run::{Confirmation, Evidence, How};
    use crate::core::time::Span;
    use crate::text::fixtures::{ada, state};

    #[test]
    fn a_waiting_gate_says_who_is_still_needed() {
        let state = state();
        let run = state.runs.values().next().unwrap();
        let (_, step, done) = run.find(&"go".parse().unwrap()).unwrap();
        let Action::Gate(definition) = &step.action else { panic!("no gate") };
        let mut done = done.clone();
        assert_eq!(
            gate(&state, definition, &done),
            "0 of 2 people; still needed: incident commander or technical lead"
        );
        done.confirmations.push(Confirmation {
            by: ada(),
            at: at(1),
            expires: at(601).utc,
            digest: String::new(),
            max_loss: None,
        });
        assert_eq!(
            gate(&state, definition, &done),
            "1 of 2 people (ada); still needed: incident commander or technical lead"
        );
        let open_to_all = Gate { roles: Default::default(), ..definition.clone() };
        assert_eq!(gate(&state, &open_to_all, &done), "1 of 2 people (ada); still needed: anybody who may confirm");
    }

    #[test]
    fn evidence_reads_as_name_and_finding() {
        let done = StepState::Done { how: How::Seen(Evidence::ExitedWell), at: at(1), took: Span::ZERO };
        for (given, name, finding) in [
            (Check::Step { name: "Fence".into(), state: done }, "Fence", "seen: exit 0"),
            (Check::Step { name: "Fence\u{7}".into(), state: StepState::Pending }, "Fence^G", "pending"),
            (
                Check::Source { site: "East".into(), down: (2, 3), worst: Verdict::Down },
                "East",
                "2 of 3 parts DOWN, worst DOWN",
            ),
            (
                Check::Target { site: "West".into(), ok: (3, 3), worst: Verdict::Ok },
                "West",
                "3 of 3 parts ok, worst ok",
            ),
        ] {
            assert_eq!(check(&state(), &given), (name.to_owned(), finding.to_owned()));
        }
    }
}
