//! What looks found before.

use axum::Json;
use axum::extract::{ConnectInfo, Query, State};
use serde::Deserialize;

use super::peer::Peer;
use super::routes::known;
use crate::core::health::history::Window;
use crate::core::ids::{PlanId, ProbeId};
use crate::core::time::{Moment, Span};
use crate::engine::Engine;
use crate::wire::{Evidence, Histories, PlaceHistory, ProbeHistory, Trouble};

/// Most probes in one answer.
const PROBES: usize = 64;

#[derive(Debug, Deserialize)]
pub(super) struct HistoryQuery {
    plan: PlanId,
    probe: String,
    from: Option<String>,
    to: Option<String>,
    span: Option<Span>,
    #[serde(default)]
    evidence: Evidence,
}

/// A probe that is gone from its plan still has its history, so that an incident can be shown again; one that there never was has an
/// empty one.
pub(super) async fn history(
    State(engine): State<Engine>,
    ConnectInfo(peer): ConnectInfo<Peer>,
    Query(query): Query<HistoryQuery>,
) -> Result<Json<Histories>, Trouble> {
    known(&engine, &peer)?;
    let (from, to) = stretch(&query, engine.shared.clock.now().utc)?;
    let history = &engine.shared.history;
    let mut probes = Vec::new();
    for probe in named(&query.probe)? {
        let kept = history.of(&query.plan, &probe, from, to).await;
        let place = |kept: crate::history::Kept| PlaceHistory {
            place: kept.place,
            slots: kept.slots,
            failure: kept.failure.filter(|_| query.evidence == Evidence::With),
        };
        probes.push(ProbeHistory { probe, places: kept.into_iter().map(place).collect() });
    }
    Ok(Json(Histories { from, to, trouble: history.trouble(), probes }))
}

fn bad(why: impl Into<String>) -> Trouble {
    Trouble::BadRequest { why: why.into() }
}

fn named(probes: &str) -> Result<Vec<ProbeId>, Trouble> {
    let probes: Result<Vec<ProbeId>, _> = probes.split(',').map(ProbeId::new).collect();
    let probes = probes.map_err(|why| bad(format!("no probe: {why}")))?;
    match probes.len() {
        0..=PROBES => Ok(probes),
        count => Err(bad(format!("{count} probes at once; at most {PROBES}"))),
    }
}

fn stretch(query: &HistoryQuery, now: Moment) -> Result<(Moment, Moment), Trouble> {
    let read = |text: &Option<String>| -> Result<Option<Moment>, Trouble> {
        let moment = |text: &String| text.parse().map_err(|why| bad(format!("no moment: {why}")));
        text.as_ref().map(moment).transpose()
    };
    let to = read(&query.to)?.unwrap_or(now);
    let from = match (read(&query.from)?, query.span) {
        (Some(_), Some(_)) => return Err(bad("both from and span; one of them says where it begins")),
        (Some(from), None) => from,
        (None, span) => {
            let span = i64::try_from(span.unwrap_or(Window::Quarter.length()).micros()).unwrap_or(i64::MAX);
            Moment::from_micros(to.micros().saturating_sub(span))
        }
    };
    if from < to { Ok((from, to)) } else { Err(bad("it ends before it begins")) }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn query(from: Option<&str>, to: Option<&str>, span: Option<u64>) -> HistoryQuery {
        let text = |text: Option<&str>| text.map(str::to_owned);
        let span = span.map(Span::from_secs);
        HistoryQuery {
            plan: "shop".parse().unwrap(),
            probe: "db".into(),
            from: text(from),
            to: text(to),
            span,
            evidence: Evidence::With,
        }
    }

    #[test]
    fn a_stretch_has_two_ends_and_one_length() {
        let now: Moment = "2026-11-21T03:00:00Z".parse().unwrap();
        let (early, late) = (Some("2026-11-21T01:00:00Z"), Some("2026-11-21T02:00:00Z"));
        let seconds = |query: &HistoryQuery| {
            stretch(query, now).map(|(from, to)| (now.since(from).secs(), now.since(to).secs())).map_err(
                |why| match why {
                    Trouble::BadRequest { why } => why,
                    other => panic!("{other:?}"),
                },
            )
        };
        assert_eq!(seconds(&query(None, None, None)), Ok((900, 0)));
        assert_eq!(seconds(&query(None, None, Some(7_200))), Ok((7_200, 0)));
        assert_eq!(seconds(&query(early, late, None)), Ok((7_200, 3_600)));
        assert_eq!(seconds(&query(None, late, Some(60))), Ok((3_660, 3_600)));
        assert_eq!(seconds(&query(late, early, None)), Err("it ends before it begins".into()));
        assert!(seconds(&query(early, late, Some(60))).unwrap_err().contains("both from and span"));
        assert!(seconds(&query(Some("yesterday"), None, None)).unwrap_err().contains("no moment"));
    }

    #[test]
    fn probes_are_named_one_after_the_other() {
        assert_eq!(named("db.east,web").unwrap().len(), 2);
        assert!(named("db,,web").is_err());
        assert!(named(&vec!["p"; 65].join(",")).is_err());
    }
}
