//! Space of file systems.

use warroom::core::health::Found;
use warroom::core::plan::{Look, Measure};

use crate::far::Far;
use crate::{ask, ask_from, failing_at, from, probe};

fn disk(path: &str) -> Look {
    Look::Disk { path: path.to_owned() }
}

#[tokio::test]
async fn a_disk_probe_measures_what_is_used_and_free() {
    let home = tempfile::tempdir().unwrap();
    let look = disk(&home.path().display().to_string());
    let answer = ask(&probe(look.clone())).await;
    assert_eq!(answer.found, Found::Good, "{answer:?}");
    let (used, free) = (answer.measured[&Measure::Used], answer.measured[&Measure::Free]);
    assert!((0.0..=100.0).contains(&used) && free > 0.0, "{answer:?}");
    assert!(answer.why.contains(" % used, ") && answer.why.ends_with(" free"), "{answer:?}");

    let full = ask(&failing_at(Measure::Free, free * 4.0, probe(look))).await;
    assert_eq!(full.found, Found::Bad, "{full:?}");
    assert!(full.why.contains(", at least "), "{full:?}");
}

#[tokio::test]
async fn a_place_that_is_not_there_is_bad() {
    let answer = ask(&probe(disk("/nonexistent/srv"))).await;
    assert_eq!((answer.found, answer.why.as_str()), (Found::Bad, "it is not there"));
}

#[tokio::test]
async fn a_disk_is_looked_at_on_its_host() {
    let Some(far) = Far::start().await else { return };
    let answer = ask_from(&far, &from(&far, disk(&far.path("").display().to_string()))).await;
    assert_eq!(answer.found, Found::Good, "{answer:?}");
    let here = ask(&probe(disk(&far.path("").display().to_string()))).await;
    let apart = (answer.measured[&Measure::Used] - here.measured[&Measure::Used]).abs();
    assert!(apart < 5.0, "{answer:?} {here:?}");
    let odd = far.path("it's $(touch ran)");
    let gone = ask_from(&far, &from(&far, disk(&odd.display().to_string()))).await;
    assert_eq!((gone.found, gone.why.as_str()), (Found::Bad, "it is not there"));
}
