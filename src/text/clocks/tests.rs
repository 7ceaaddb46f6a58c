//! Each clock with its sentence.

use super::*;
use crate::core::fixtures::at;
use crate::core::plan::Share;
use crate::core::service::Looks;
use crate::core::time::Exactness;

const fn secs(n: u64) -> Span {
    Span::from_secs(n)
}

fn clock(times: u32, since: Option<u64>, back: Option<u64>, exactness: Exactness) -> Clock {
    let moment = |second: Option<u64>| second.map(|s| at(s).utc);
    Clock {
        first: at(0).utc,
        times,
        since: moment(since),
        back: moment(back),
        downtime: secs(872),
        exactness,
        rto: None,
    }
}

#[test]
fn how_long_something_is_out() {
    use Exactness::{ByWallClock, Measured};
    let (first, second) = (at(0).utc, at(60).utc);
    for (given, sentence) in [
        (clock(1, Some(0), None, Measured), format!("out 14m32s, since {first}")),
        (clock(2, Some(0), Some(60), ByWallClock), format!("out ~14m32s in 2 times, since {first}")),
        (clock(1, None, Some(60), Measured), format!("was out 14m32s, back {second}")),
    ] {
        assert_eq!(outage(&given), sentence);
    }
}

#[test]
fn how_an_objective_stands() {
    let ends = at(1_800).utc;
    let given = |standing, ends, set_by| Goal { objective: secs(1_800), set_by, ends, standing };
    let next = Some((secs(7_200), secs(5_160)));
    for (given, sentence) in [
        (
            given(Standing::Left(secs(928)), Some(ends), SetBy::Tier(1)),
            format!("RTO 30m00s (tier 1): 15m28s left, by {ends}"),
        ),
        (given(Standing::Left(secs(928)), None, SetBy::Own), "RTO 30m00s: met, 15m28s to spare".into()),
        (
            given(Standing::Missed { by: secs(240), next }, None, SetBy::Plan),
            "RTO 30m00s (of the plan): MISSED by 4m00s; next 2h00m: 1h26m left".into(),
        ),
        (given(Standing::Missed { by: secs(240), next: None }, None, SetBy::Own), "RTO 30m00s: MISSED by 4m00s".into()),
    ] {
        assert_eq!(goal(&given), sentence);
    }
}

#[test]
fn what_would_be_lost_and_who_says_so() {
    let given = |known: Known, against, late| Exposure {
        category: "orders".parse().unwrap(),
        name: "Orders".into(),
        rpo: Some((secs(900), SetBy::Own)),
        least: known.counts().map(|_| Source::Backup),
        loss: known.counts(),
        sources: vec![Seen { source: Source::Backup, by: "du\u{1b}mp".into(), known, at: Some(at(0).utc) }],
        against,
        backup_late: late,
    };
    let moment = at(0).utc;
    for (given, sentence, source) in [
        (
            given(Known::Exactly(secs(4_980)), Against::Beyond(secs(4_080)), Some(secs(60))),
            "1h23m by backup, RPO 15m00s: BEYOND by 1h08m; backup LATE by 1m00s".to_owned(),
            format!("backup by du^[mp: 1h23m; seen {moment}"),
        ),
        (
            given(Known::AtMost(secs(4)), Against::Met, None),
            "≤ 4s by backup, RPO 15m00s: met".into(),
            format!("backup by du^[mp: ≤ 4s, its source is silent; seen {moment}"),
        ),
        (
            given(Known::Unverified(secs(60)), Against::Unknown, None),
            "unknown, RPO 15m00s: nobody can say".into(),
            format!("backup by du^[mp: 1m00s, NOT VERIFIED: it counts for nothing; seen {moment}"),
        ),
        (
            given(Known::Unknown("no such file".into()), Against::Unknown, None),
            "unknown, RPO 15m00s: nobody can say".into(),
            format!("backup by du^[mp: unknown: no such file; seen {moment}"),
        ),
    ] {
        assert_eq!(exposure(&given), sentence);
        assert_eq!(seen(&given.sources[0]), source);
    }
}

#[test]
fn capacity_and_service_against_their_objectives() {
    let share = |percent| Share::percent(percent).ok();
    let site = |name: &str, serves, now: Option<Share>| SiteCapacity {
        site: name.to_lowercase().parse().unwrap(),
        name: name.into(),
        serves,
        now,
        at: None,
    };
    let given = |sites, verdict| Capacity { objective: share(80.0), sites, verdict };
    assert_eq!(capacity(&given(vec![], Measured::NotMeasured)), "not measured (RCO 80%)");
    let two = vec![site("East", true, share(75.5)), site("West", false, None)];
    assert_eq!(capacity(&given(two, Measured::Below)), "East serves with 75.5% (RCO 80%: BELOW); West not measured");
    let looks = Looks { since: at(0), good: 310, all: 340 };
    let level = Level { objective: share(99.9), share: looks.share(), looks: Some(looks), verdict: Measured::Below };
    let moment = at(0).utc;
    assert_eq!(service(&level), format!("91.17% of 340 looks good since {moment} (RSO 99.9%: BELOW)"));
    let none = Level { objective: None, share: None, looks: None, verdict: Measured::NotMeasured };
    assert_eq!(service(&none), "not measured");
}

#[test]
fn a_front_door_is_never_taken_for_traffic() {
    let door = |ok, known, unknown| front_door(FrontDoor { ok, known, unknown });
    assert_eq!(door(2, 3, 0), "front door 2 of 3 ok");
    assert_eq!(door(2, 2, 1), "front door 2 of 2 ok and 1 unknown");
    assert_eq!(door(0, 0, 2), "front door unknown");
    assert_eq!(front_door_short(FrontDoor { ok: 2, known: 3, unknown: 1 }), "door 2/3 ok, 1 unknown");
}
