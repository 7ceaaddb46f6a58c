//! The load of machines.

use warroom::core::health::Found;
use warroom::core::plan::{Look, Measure};

use crate::far::Far;
use crate::{ask, ask_from, failing_at, from, probe};

#[tokio::test]
async fn a_load_probe_measures_the_load_of_this_machine() {
    let answer = ask(&probe(Look::Load)).await;
    assert_eq!(answer.found, Found::Good, "{answer:?}");
    assert!(answer.measured[&Measure::Load] >= 0.0);
    let below_all = ask(&failing_at(Measure::Load, -1.0, probe(Look::Load))).await;
    assert_eq!(below_all.found, Found::Bad, "{below_all:?}");
}

#[tokio::test]
async fn a_load_is_looked_at_on_its_host() {
    let Some(far) = Far::start().await else { return };
    let answer = ask_from(&far, &from(&far, Look::Load)).await;
    assert_eq!(answer.found, Found::Good, "{answer:?}");
    // The host is this machine.
    let processors = |why: &str| why.split(", of ").nth(1).unwrap().to_owned();
    assert_eq!(processors(&answer.why), processors(&ask(&probe(Look::Load)).await.why));
}
