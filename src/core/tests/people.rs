//! Who may do what, as commands: strangers, access, production, and the roles of an incident.

use std::sync::Arc;

use crate::core::command::{Command, Declared};
use crate::core::fixtures::{World, ada, declare, id, launch, mike, olga, plan, rita, root};
use crate::core::ids::{IncidentId, Principal};
use crate::core::people::{Access, Act};
use crate::core::plan::{Action, Environment, Plan, PlanHash};
use crate::core::refusal::{Missing, Refusal};

fn assign(incident: &IncidentId, role: &str, to: Principal) -> Command {
    Command::AssignRole { incident: incident.clone(), role: id(role), to }
}

fn close(incident: &IncidentId, reason: Option<&str>) -> Command {
    Command::Close { incident: incident.clone(), reason: reason.map(Into::into) }
}

#[test]
fn roles_are_those_of_the_field_and_of_gates_and_go_to_people_who_may_act() {
    let (mut world, incident) = World::declared();
    world.ok(ada(), assign(&incident, "technical_lead", mike()));
    assert_eq!(world.incident(&incident).roles_of(&mike()).count(), 1);
    assert!(world.ok(ada(), assign(&incident, "technical_lead", mike())).is_empty(), "once is enough");
    world.ok(ada(), assign(&incident, "technical_lead", rita()));
    assert_eq!(world.incident(&incident).roles_of(&mike()).count(), 0, "one person holds a role");

    let why = world.refused(ada(), assign(&incident, "pope", mike()));
    let Refusal::NotFound { missing: Missing::Role(_), known } = why else { panic!("{why:?}") };
    assert_eq!(known.iter().filter(|r| *r == "incident_commander").count(), 1);
    let why = world.refused(ada(), assign(&incident, "scribe", Principal::Uid(99)));
    assert!(matches!(why, Refusal::NotFound { missing: Missing::Person(_), .. }), "{why:?}");
    let why = world.refused(ada(), assign(&incident, "scribe", olga()));
    assert_eq!(why, Refusal::OnlyWatches { name: "olga".into() });
}

#[test]
fn a_role_that_a_running_procedure_asks_for_can_be_given_though_the_plan_dropped_it() {
    let mut world = World::empty();
    let mut old = plan("shop");
    old.procedures.retain(|p| p.id.as_str() == "two-people");
    let Action::Gate(gate) = &mut old.procedures[0].steps[0].action else { unreachable!() };
    gate.roles = [id("keeper_of_keys")].into();
    world.load(old);
    world.ok(ada(), declare(Declared::Plan(id("shop"))));
    let incident = world.only_incident().id.clone();
    world.start(&incident, "two-people");
    world.load(plan("shop"));
    world.ok(ada(), assign(&incident, "keeper_of_keys", mike()));
}

#[test]
fn strangers_and_observers_change_nothing_and_acts_need_their_access() {
    let (mut world, incident) = World::declared();
    let note = || Command::Note { incident: None, text: "hello".into() };
    assert_eq!(world.refused(Principal::Uid(99), note()), Refusal::Stranger { principal: "uid:99".into() });
    assert_eq!(world.refused(Principal::Engine, note()), Refusal::Stranger { principal: "engine".into() });
    let table = [
        (note(), "nyyyy"),
        (declare(Declared::Plan(id("shop"))), "nyyyy"),
        (launch(&incident, "look-around"), "nnyyy"),
        (assign(&incident, "scribe", mike()), "nnnyy"),
        (close(&incident, Some("enough")), "nnnyy"),
        (Command::LoadPlan { text: "?".into(), read: Some((Arc::new(plan("bank")), PlanHash("x".into()))) }, "nnnny"),
    ];
    for (command, row) in table {
        for (who, expected) in [olga(), rita(), mike(), ada(), root()].into_iter().zip(row.chars()) {
            match world.clone().say(who.clone(), command.clone()) {
                Ok(_) => assert_eq!(expected, 'y', "{who} was let {command:?}"),
                Err(Refusal::NotPermitted { .. }) => assert_eq!(expected, 'n', "{who} was refused {command:?}"),
                Err(why) => panic!("{command:?}: {why:?}"),
            }
        }
    }
}

#[test]
fn production_asks_for_more_and_a_run_stays_where_it_began() {
    let mut world = World::empty();
    world.load(Plan { environment: Environment::Production, ..plan("shop") });
    world.ok(rita(), declare(Declared::Plan(id("shop"))));
    let incident = world.only_incident().id.clone();
    let needs = Refusal::NotPermitted { act: Act::StartRun, needs: vec![Access::Production] };
    assert_eq!(world.refused(mike(), launch(&incident, "look-around")), needs);
    let run = world.start(&incident, "look-around");
    world.load(plan("shop"));
    let abort = Command::Abort { run, reason: "enough".into() };
    let why = world.refused(mike(), abort.clone());
    assert!(matches!(why, Refusal::NotPermitted { .. }), "it began in production: {why:?}");
    world.ok(rita(), Command::Hold { run, reason: None });
    world.ok(ada(), abort);
}
