//! What a plan promises, as it is read: tiers, data, capacity, service.

use warroom::core::plan::{BackupProof, Housed, Plan, SetBy, Worth};

use super::{DELIVERY, EVERYTHING, plan};

fn rto(plan: &Plan, component: &str) -> String {
    let component = plan.components.iter().find(|c| c.id.as_str() == component);
    let rto = component.and_then(|component| plan.rto_of(component));
    rto.map(|(span, set_by)| format!("{span} {set_by}")).unwrap_or_default()
}

#[test]
fn a_tier_that_the_plan_sets_takes_the_rest_from_the_field() {
    let everything = plan(EVERYTHING);
    let told = |number| {
        let tier = everything.tier(number);
        format!("{} {} {}", tier.rto, tier.rpo, tier.standby.word())
    };
    assert_eq!(
        [1, 2, 3, 4].map(told),
        ["20m00s 5m00s hot", "2h00m 1h00m warm", "4h00m 4h00m cold", "1d00h 1d00h cold"]
    );
    assert_eq!((rto(&everything, "db"), rto(&everything, "web")), ("20m00s tier 1".into(), String::new()));
}

#[test]
fn an_objective_of_its_own_comes_before_that_of_the_tier_and_that_before_the_plans() {
    let text = "plan_name: P\nrto: 45\ncomponents:\n\
                - {component_id: a, name: A, type: api, tier: 2, rto: 10}\n\
                - {component_id: b, name: B, type: api, tier: 2}\n\
                - {component_id: c, name: C, type: api}\n";
    let plan = plan(text);
    assert_eq!(["a", "b", "c"].map(|name| rto(&plan, name)), ["10m00s own", "2h00m tier 2", "45m00s of the plan"]);
}

#[test]
fn data_names_what_shows_it_and_how_much_may_be_lost() {
    let everything = plan(EVERYTHING);
    let [orders, dumps] = everything.targets.data.as_slice() else { panic!("{:?}", everything.targets) };
    assert_eq!(orders.wal.as_ref().map(|probe| probe.as_str()), Some("log"));
    let verified = BackupProof { probe: "restored".parse().unwrap(), worth: Worth::Verified };
    assert_eq!(orders.backup.as_ref(), Some(&verified));
    assert_eq!(dumps.backup.as_ref().map(|backup| backup.worth), Some(Worth::Unverified));
    let rpo = |category| everything.rpo_of_data(category).map(|(span, set_by)| (span.to_string(), set_by));
    assert_eq!(rpo(orders), Some(("1m00s".into(), SetBy::Own)));
    assert_eq!(rpo(dumps), Some(("5m00s".into(), SetBy::Tier(1))));
    let shares = (everything.targets.capacity, everything.targets.service);
    assert_eq!((shares.0.unwrap().to_string(), shares.1.unwrap().to_string()), ("80%".into(), "99.9%".into()));
    assert_eq!(everything.sites[0].capacity.as_ref().map(|probe| probe.as_str()), Some("load-east"));
}

#[test]
fn a_site_holds_what_the_plan_says_lies_there() {
    let everything = plan(EVERYTHING);
    let holds = &everything.sites[0].holds;
    let hosts: Vec<String> = holds.hosts.iter().map(ToString::to_string).collect();
    assert_eq!(hosts, ["bastion-1", "*.east.example", "10.0.1.0/24"]);
    assert_eq!(
        (&holds.paths[..], &holds.secrets[..]),
        (&["/mnt/nas-east".into()][..], &["env:EAST_DSN".into(), "command:vault".into()][..])
    );
    assert!(holds.channels.contains("slack-east"));
    assert_eq!(holds.people.iter().collect::<Vec<_>>(), ["dana", "uid:1004"]);
    assert_eq!(everything.sites.iter().map(|site| site.holds.engine).collect::<Vec<_>>(), [Housed::Here; 2]);
}

#[test]
fn a_document_of_the_delivery_platform_promises_nothing_beside() {
    assert_eq!(plan(DELIVERY).targets, Default::default());
}
