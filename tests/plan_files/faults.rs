//! Each fault with its exact words.

use warroom::plan::{Level, read, render};

use crate::{FAULTY, reading};

/// A plan with more of its own fields, from line 3.
fn plan(more: &str) -> String {
    format!("plan_name: P\ncomponents: [{{component_id: c, name: C, type: api}}]\n{more}\n")
}

/// A plan with sites `east` and `west` and one component with more fields, from line 5.
fn component(more: &str) -> String {
    format!(
        "plan_name: P\n{SITES}\ncomponents:\n- {{component_id: db, name: C, type: api}}\n- component_id: c\n  name: C\n  type: api\n  {more}\n"
    )
}

/// Such a component with one probe, on line 8.
fn probe(fields: &str) -> String {
    component(&format!("probes: [{{{fields}}}]"))
}

/// A plan with probes of several kinds and one category of data that names them, on line 6.
fn shows(fields: &str) -> String {
    format!(
        "plan_name: P\n{SITES}\ncomponents:\n- {{component_id: c, name: C, type: api, probes: [\n  {{id: page, http: 'http://h/'}}, {{id: log, postgres: 'postgres://h/'}}, {{id: mute, command: [true]}}]}}\ndata: [{{category_id: d, name: D, components: [c], {fields}}}]\n"
    )
}

/// A plan with one procedure with those fields, on line 5.
fn procedure(fields: &str) -> String {
    format!(
        "plan_name: P\n{SITES}\ncomponents: [{{component_id: db, name: C, type: api}}]\nrecovery_procedures:\n- {{procedure_id: p, name: N, {fields}}}\n"
    )
}

/// A failover with those fields, on line 5, whose source two look at.
fn moves(fields: &str) -> String {
    format!(
        "plan_name: P\n{SITES}\ncomponents: [{{component_id: db, name: C, type: api, probes: [{{site: east, tcp: 'h:1'}}, {{site: east, tcp: 'h:2'}}]}}]\nrecovery_procedures:\n- {{procedure_id: p, name: N, kind: failover, from: east, to: west, {fields}}}\n"
    )
}

/// Such a procedure with those steps.
fn steps(steps: &str) -> String {
    procedure(&format!("from: east, to: west, parameters: [{{name: reason}}], steps: [{steps}]"))
}

const SITES: &str = "sites: [{site_id: east, name: E, role: primary}, {site_id: west, name: W, role: standby}]";

/// Place, sentence and what would be right, one line for each fault.
fn said(text: &str) -> String {
    let line = |fault: &warroom::plan::Fault| {
        let place = fault.place;
        let level = if fault.level == Level::Warning { "warning: " } else { "" };
        let right = fault.right.as_deref().unwrap_or("nothing");
        format!("{}:{}+{} {level}{} => {right}", place.line, place.column, place.length, fault.what)
    };
    reading(text).faults.iter().map(line).collect::<Vec<_>>().join("\n")
}

#[test]
fn every_fault_has_its_words() {
    let mut wrong = String::new();
    for (text, expected) in table().into_iter().chain(procedure_table()) {
        let said = said(&text);
        if said != expected {
            wrong += &format!("--- for\n{text}--- is said\n{said}\n--- in place of\n{expected}\n");
        }
    }
    assert!(wrong.is_empty(), "{wrong}");
}

#[test]
fn bytes_that_are_no_text_are_named() {
    let reading = read("plan.yml", b"plan_name: a\ndescription: caf\xe9\n");
    assert!(reading.plan.is_none());
    assert_eq!(reading.faults.len(), 1);
    assert_eq!(reading.faults[0].what, "byte 30 of the file (0xE9, in line 2) is not UTF-8");
    assert_eq!((reading.faults[0].place.line, reading.faults[0].place.column), (2, 17));
    assert_eq!(reading.text, "plan_name: a\ndescription: caf\u{fffd}\n");
}

#[test]
fn many_faults_are_shown_at_once() {
    insta::assert_snapshot!(render("faulty.yml", FAULTY, &reading(FAULTY).faults));
}

include!("table.rs");
include!("procedure_table.rs");
