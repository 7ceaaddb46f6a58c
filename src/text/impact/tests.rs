//! Sentences about impact, fits and assessments.

use super::*;
use crate::core::fixtures::at;
use crate::core::health::SiteVerdict;
use crate::core::ids::{ComponentId, RunId};
use crate::core::impact::{Fitting, Objective, SiteSeen, TierTally};
use crate::core::time::Span;

fn id(name: &str) -> ComponentId {
    name.parse().unwrap()
}

fn named(names: &[&str]) -> Named {
    Named { count: names.len(), first: names.iter().map(|n| id(n)).collect() }
}

fn tally(components: usize, direct: usize, by_dependency: usize, worst: Verdict) -> Tally {
    Tally { components, direct, by_dependency, standby_only: 0, worst }
}

/// The database down at East, and what that takes with it.
fn night() -> Summary {
    let part = Suspect::Part { component: id("db"), at: Some("Ea\u{1b}st".into()) };
    Summary {
        direct: named(&["db"]),
        by_dependency: named(&["api", "web"]),
        chains: vec![
            Chain { way: vec![id("api"), id("db")], left_out: 0 },
            Chain { way: vec![id("web"), id("api"), id("db")], left_out: 2 },
        ],
        standby_only: named(&["cache"]),
        layers: [
            (Layer::Infrastructure, tally(2, 0, 0, Verdict::Ok)),
            (Layer::Application, tally(3, 0, 2, Verdict::Degraded)),
            (Layer::Database, tally(1, 1, 0, Verdict::Down)),
        ]
        .into(),
        tiers: vec![
            TierTally { tier: Some(1), tally: tally(2, 1, 1, Verdict::Down) },
            TierTally { tier: None, tally: tally(4, 0, 1, Verdict::Ok) },
        ],
        objective: Some(Objective { rto: Span::from_secs(600), of: Some(id("db")) }),
        causes: vec![LikelyCause { what: part, dependents: 2 }],
        more_causes: 0,
    }
}

fn pairs(said: &[Said]) -> Vec<(&str, &str)> {
    said.iter().map(|said| (said.label.as_str(), said.words.as_str())).collect()
}

#[test]
fn an_impact_says_whom_it_hits_how_and_where_it_comes_from() {
    assert_eq!(
        pairs(&impact(&night())),
        [
            ("direct", "db"),
            ("dependent", "api and web"),
            ("", "web needs api needs, through 2 more, db"),
            ("standby", "cache, where nobody is served"),
            ("layers", "application 2 dependent of 3, worst degraded; database 1 direct of 1, worst DOWN"),
            ("tiers", "T1 1 direct, 1 dependent of 2, worst DOWN; no tier 1 dependent of 4, worst ok"),
            ("tightest RTO", "10m00s, of db"),
            ("likely cause", "db (Ea^[st), 2 need it"),
        ]
    );
    assert_eq!(
        impact_short(&night()),
        "direct db; by dependency api and web; standby only cache; likely cause db (Ea^[st)"
    );
}

#[test]
fn nothing_hit_is_said_and_so_is_trouble_where_nobody_is_served() {
    assert_eq!(pairs(&impact(&Summary::default())), [("impact", "nothing is hit")]);
    assert_eq!(impact_short(&Summary::default()), "nothing is hit");
    let standby = Summary { standby_only: named(&["db"]), ..Summary::default() };
    let said = impact(&standby);
    assert_eq!(
        pairs(&said)[..2],
        [("direct", "nothing where customers are served"), ("standby", "db, where nobody is served")]
    );
}

#[test]
fn of_many_names_and_causes_the_first_are_told_and_the_others_counted() {
    let many: Vec<String> = (0..20).map(|n| format!("c{n}")).collect();
    let many: Vec<&str> = many.iter().map(String::as_str).collect();
    let part =
        |name: &str, dependents| LikelyCause { what: Suspect::Part { component: id(name), at: None }, dependents };
    let site = Suspect::Site { site: "east".parse().unwrap(), name: "East".into(), parts: 3 };
    let found = Summary {
        direct: Named { count: 90, ..named(&many) },
        causes: vec![LikelyCause { what: site, dependents: 1 }, part("a", 0), part("b", 9), part("c", 0)],
        more_causes: 40,
        objective: Some(Objective { rto: Span::from_secs(1_800), of: None }),
        ..Summary::default()
    };
    assert_eq!(
        pairs(&impact(&found)),
        [
            ("direct", "c0, c1, c2, c3, c4, c5, c6, c7 and 82 more"),
            ("tightest RTO", "30m00s, the plan's"),
            ("likely cause", "all of East, 3 parts DOWN, 1 needs it; or a; or b, 9 need it; and 41 more"),
        ]
    );
}

#[test]
fn a_scenario_that_fits_says_that_it_is_one() {
    let of = |reason| {
        let what = Fitting::Scenario("s".parse().unwrap());
        fit(&Fit { what, name: "East is lost".into(), reason, hindered: None })
    };
    assert_eq!(of(Reason::TakenFor), "scenario East is lost: the incident is taken for it");
    assert_eq!(of(Reason::Shows), "scenario East is lost: it shows now");
    assert_eq!(of(Reason::AsksAbout), "scenario East is lost: it is about what is wrong, and does not show");
}

#[test]
fn what_fits_says_why_and_what_stands_in_its_way() {
    let of = |reason, hindered| {
        fit(&Fit { what: Fitting::Procedure("p".parse().unwrap()), name: "Mend\nit".into(), reason, hindered })
    };
    let (from, is) = ("East".to_owned(), SiteVerdict::Down);
    let to = Some(("West".to_owned(), SiteVerdict::Unknown));
    let target = Hindrance::TargetIs { site: "West".into(), is: SiteVerdict::Unknown };
    let works = |aim, more| Reason::WorksOn { aim, components: vec![id("db"), id("api")], more };
    for (reason, hindered, sentence) in [
        (
            Reason::Moves { from: from.clone(), is, to },
            Some(target),
            "Mend it: moves customers from East, DOWN, to West, unknown; NOT NOW: West is unknown",
        ),
        (
            Reason::Moves { from, is: SiteVerdict::Partly, to: None },
            Some(Hindrance::Moving(RunId(4))),
            "Mend it: moves customers from East, PARTLY DOWN; where to is asked at launch; NOT NOW: R4 moves customers \
             already",
        ),
        (
            Reason::FindsOut,
            Some(Hindrance::Forbidden("orders-wrong".parse().unwrap())),
            "Mend it: finds out more; NOT NOW: the incident is taken for orders-wrong, which allows no failover",
        ),
        (works(Aim::Cause, 0), None, "Mend it: works on db and api, the likely cause"),
        (
            works(Aim::Dependent, 7),
            Some(Hindrance::AtWork(RunId(4))),
            "Mend it: works on db, api and 7 more, hit by dependency; NOT NOW: R4 works there already",
        ),
        (Reason::FindsOut, None, "Mend it: finds out more"),
        (Reason::Unsaid, None, "Mend it: recovers, and the plan does not say what"),
    ] {
        assert_eq!(of(reason, hindered), sentence);
    }
}

fn found() -> Assessment {
    let place = |site: Option<&str>, verdict, why: &str| PlaceSeen {
        site: site.map(Into::into),
        verdict,
        why: why.into(),
        since: (verdict == Verdict::Down).then(|| at(3)),
    };
    let part =
        |name: &str, verdict, places| PartSeen { component: id(name), name: format!("The {name}"), verdict, places };
    let group = |group, counts: &[(Verdict, usize)], parts| GroupSeen {
        group,
        worst: counts.iter().map(|(v, _)| *v).max(),
        counts: counts.iter().copied().collect(),
        parts,
    };
    let site = |name: &str, verdict| SiteSeen { site: name.parse().unwrap(), name: name.to_uppercase(), verdict };
    Assessment {
        groups: vec![
            group(
                Group::Service,
                &[(Verdict::Ok, 40)],
                vec![
                    part(
                        "api",
                        Verdict::Ok,
                        vec![place(Some("West"), Verdict::Degraded, "4 s"), place(Some("East"), Verdict::Ok, "200")],
                    ),
                    part("web", Verdict::Ok, vec![place(None, Verdict::Ok, "200")]),
                ],
            ),
            group(
                Group::Database,
                &[(Verdict::Down, 1)],
                vec![part("db", Verdict::Down, vec![place(Some("East"), Verdict::Down, "connection \u{1b}refused")])],
            ),
            group(Group::External, &[(Verdict::Unknown, 1)], vec![part("pay", Verdict::Unknown, vec![])]),
            group(Group::Storage, &[], vec![]),
        ],
        sites: vec![site("east", SiteVerdict::Partly), site("west", SiteVerdict::Degraded)],
        serves: Some("east".parse().unwrap()),
        impact: Summary { direct: named(&["db"]), causes: night().causes, ..Summary::default() },
        fits: vec![Fit {
            what: Fitting::Procedure("p".parse().unwrap()),
            name: "Look".into(),
            reason: Reason::FindsOut,
            hindered: None,
        }],
    }
}

#[test]
fn an_assessment_goes_through_all_four_groups_and_says_what_is_wrong_with_its_evidence() {
    let since = at(3).utc;
    let db = format!("The db: East DOWN, connection ^[refused, since {since}");
    assert_eq!(
        pairs(&assessment(&found())),
        [
            ("services", "40 ok"),
            ("api", "The api: West degraded, 4 s; East ok"),
            ("ok", "web"),
            ("and", "38 more, none worse than these 25"),
            ("databases", "1 DOWN"),
            ("db", &db),
            ("external", "1 unknown"),
            ("pay", "The pay: nothing looks at it"),
            ("storage", "none in this plan"),
            ("sites", "EAST serves, PARTLY DOWN; WEST degraded"),
            ("direct", "db"),
            ("likely cause", "db (Ea^[st), 2 need it"),
            ("fits", "1 Look: finds out more"),
        ]
    );
}

#[test]
fn in_the_timeline_it_is_one_line_also_of_what_was_kept_of_it() {
    let sentence = "services ok, databases 1 of 1 DOWN, external 1 of 1 unknown; likely cause db (Ea^[st)";
    assert_eq!(assessment_short(&found()), sentence);
    assert_eq!(assessment_short(&found().brief()), sentence);
}
