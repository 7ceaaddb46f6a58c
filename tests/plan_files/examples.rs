//! The plans in `assets/examples/`, which people copy from.

#![allow(clippy::unwrap_used, reason = "a test that fails panics, in its helpers too")]

use std::fs;
use std::path::{Path, PathBuf};

use warroom::core::plan::{Action, Plan, Step};
use warroom::plan::{read, render};

fn files() -> Vec<PathBuf> {
    let dir = Path::new(env!("CARGO_MANIFEST_DIR")).join("assets/examples");
    let mut files: Vec<PathBuf> = fs::read_dir(dir).unwrap().map(|entry| entry.unwrap().path()).collect();
    files.sort();
    assert!(files.len() > 10, "{files:?}");
    files
}

/// The plan in a file, which nothing may be said against.
fn plan(file: &Path) -> Plan {
    let text = fs::read_to_string(file).unwrap();
    let reading = read(&file.display().to_string(), text.as_bytes());
    assert!(reading.faults.is_empty(), "{}", render(&file.display().to_string(), &text, &reading.faults));
    reading.plan.unwrap()
}

/// Whether a step of an example changes something: one that is done again without harm, or can be taken back.
fn acts(step: &Step) -> bool {
    step.undo.is_some() || !matches!(&step.action, Action::Http(request) if request.method == "GET") && !looks(step)
}

fn looks(step: &Step) -> bool {
    match &step.action {
        Action::Command { argv } => {
            let words: Vec<&str> = argv.iter().map(|word| word.source()).collect();
            words[0] == "test" || words.contains(&"get")
        }
        Action::Shell { script } => script.contains("test "),
        other => other.only_looks(),
    }
}

#[test]
fn every_example_is_a_plan_without_a_fault() {
    for file in files() {
        plan(&file);
    }
}

#[test]
fn what_an_example_does_can_be_taken_back_and_is_read_back() {
    for file in files() {
        for procedure in plan(&file).procedures.iter() {
            let at = format!("{} in {}", procedure.id, file.display());
            let done: Vec<&Step> = procedure.steps.iter().filter(|step| acts(step)).collect();
            assert!(!done.is_empty(), "{at}");
            assert!(done.iter().all(|step| step.undo.is_some()), "{at}");
            assert!(procedure.steps.last().is_some_and(looks_at_last), "{at}");
        }
    }
}

fn looks_at_last(step: &Step) -> bool {
    !acts(step)
}
