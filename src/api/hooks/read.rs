//! What senders post, as the alerts that it tells of.

use std::str::FromStr;

use crate::core::alert::{Heard, Told};
use crate::core::ids::PlanId;
use crate::core::plan::Severity;
use crate::core::time::Moment;
use crate::engine::hooks::Token;
use crate::wire::hooks::{Generic, Misfit, Notified, Status};

/// An alert, or its name and why it is none.
pub(super) type Read = Result<Heard, (String, Misfit)>;

/// What Alertmanager says of one alert, for a token.
pub(super) fn notified(token: &Token, alert: &Notified) -> Read {
    let name = label(alert, "alertname").unwrap_or_default().to_owned();
    notified_as(token, &name, alert).map_err(|why| (name, why))
}

fn notified_as(token: &Token, name: &str, alert: &Notified) -> Result<Heard, Misfit> {
    if name.is_empty() {
        return Err(Misfit::Lacks { what: "label alertname" });
    }
    if alert.fingerprint.is_empty() {
        return Err(Misfit::Lacks { what: "fingerprint" });
    }
    let plan = named(alert, "warroom_plan", "label warroom_plan")?;
    let words = ["summary", "description", "message"].iter().find_map(|kind| alert.annotations.get(*kind));
    Ok(Heard {
        plan: plan_for(token, plan, "label warroom_plan")?,
        key: alert.fingerprint.clone(),
        name: name.to_owned(),
        severity: severity(alert)?,
        summary: words.cloned().unwrap_or_default(),
        component: named(alert, "warroom_component", "label warroom_component")?,
        site: named(alert, "warroom_site", "label warroom_site")?,
        told: match alert.status {
            Status::Firing => Told::Firing { since: real(alert.starts_at) },
            Status::Resolved => Told::Ended { at: real(alert.ends_at) },
        },
    })
}

/// What a program says of its alert, for a token.
pub(super) fn generic(token: &Token, alert: Generic) -> Read {
    let Generic { plan, name, status, severity, summary, component, site, key, at } = alert;
    let plan = match plan_for(token, plan, "field plan") {
        Ok(plan) => plan,
        Err(why) => return Err((name, why)),
    };
    let parts = || {
        let component = component.as_ref().map_or("", |id| id.as_str());
        format!("{name}/{component}/{}", site.as_ref().map_or("", |id| id.as_str()))
    };
    Ok(Heard {
        plan,
        key: key.unwrap_or_else(parts),
        severity: severity.unwrap_or(Severity::Medium),
        summary,
        told: match status {
            Status::Firing => Told::Firing { since: real(at) },
            Status::Resolved => Told::Ended { at: real(at) },
        },
        name,
        component,
        site,
    })
}

/// The plan that is named, or the only one of the token.
fn plan_for(token: &Token, named: Option<PlanId>, label: &'static str) -> Result<PlanId, Misfit> {
    let plans = || token.plans.iter().map(ToString::to_string).collect();
    match (named, token.plans.first()) {
        (Some(plan), _) if token.plans.contains(&plan) => Ok(plan),
        (Some(plan), _) => Err(Misfit::OtherPlan { token: token.name.clone(), plan, plans: plans() }),
        (None, Some(only)) if token.plans.len() == 1 => Ok(only.clone()),
        (None, _) => Err(Misfit::NoPlan { label, plans: plans() }),
    }
}

fn label<'a>(alert: &'a Notified, name: &str) -> Option<&'a str> {
    alert.labels.get(name).map(String::as_str).filter(|value| !value.is_empty())
}

/// What a label names.
fn named<T: FromStr<Err: ToString>>(alert: &Notified, name: &str, shown: &'static str) -> Result<Option<T>, Misfit> {
    let bad = |value: &str, why: T::Err| Misfit::Bad { label: shown, value: value.to_owned(), why: why.to_string() };
    label(alert, name).map(|value| value.parse().map_err(|why| bad(value, why))).transpose()
}

/// How bad it is: as `warroom_severity` says, else as the words mean that people give the label `severity`.
fn severity(alert: &Notified) -> Result<Severity, Misfit> {
    if let Some(given) = named(alert, "warroom_severity", "label warroom_severity")? {
        return Ok(given);
    }
    let word = label(alert, "severity").unwrap_or_default().to_ascii_lowercase();
    Ok(match word.as_str() {
        "critical" | "page" | "emergency" | "disaster" | "fatal" | "p1" | "sev1" => Severity::Critical,
        "high" | "error" | "major" | "p2" | "sev2" => Severity::High,
        "low" | "info" | "information" | "informational" | "notice" | "none" | "debug" | "p4" | "p5" | "sev4"
        | "sev5" => Severity::Low,
        _ => Severity::Medium,
    })
}

/// A moment that is one: Alertmanager writes the year 1 for none.
fn real(moment: Option<Moment>) -> Option<Moment> {
    moment.filter(|moment| moment.micros() > 0)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::engine::hooks::TokenHash;

    fn token(plans: &[&str]) -> Token {
        let plans = plans.iter().map(|plan| plan.parse().unwrap()).collect();
        Token { name: "am".parse().unwrap(), sha256: TokenHash::of(b"x"), plans, expires: None }
    }

    fn alert(labels: &[(&str, &str)]) -> Notified {
        let labels = labels.iter().map(|(name, value)| ((*name).to_owned(), (*value).to_owned()));
        Notified {
            status: Status::Firing,
            labels: [("alertname".to_owned(), "Slow".to_owned())].into_iter().chain(labels).collect(),
            annotations: Default::default(),
            starts_at: "2026-11-21T03:12:09.5Z".parse().ok(),
            ends_at: "0001-01-01T00:00:00Z".parse().ok(),
            fingerprint: "f".into(),
        }
    }

    #[test]
    fn the_words_for_a_severity_are_understood_and_an_unknown_one_is_medium() {
        for (labels, expected) in [
            (&[("severity", "critical")][..], Severity::Critical),
            (&[("severity", "Page")], Severity::Critical),
            (&[("severity", "error")], Severity::High),
            (&[("severity", "warning")], Severity::Medium),
            (&[("severity", "info")], Severity::Low),
            (&[("severity", "purple")], Severity::Medium),
            (&[], Severity::Medium),
            (&[("severity", "info"), ("warroom_severity", "critical")], Severity::Critical),
        ] {
            assert_eq!(notified(&token(&["shop"]), &alert(labels)).unwrap().severity, expected, "{labels:?}");
        }
        let (_, why) = notified(&token(&["shop"]), &alert(&[("warroom_severity", "purple")])).unwrap_err();
        assert!(matches!(why, Misfit::Bad { label: "label warroom_severity", .. }), "{why:?}");
    }

    #[test]
    fn the_plan_is_the_one_that_is_named_or_the_only_one() {
        let plan = |plans: &[&str], labels: &[(&str, &str)]| {
            notified(&token(plans), &alert(labels)).map(|heard| heard.plan.to_string()).map_err(|(_, why)| why)
        };
        assert_eq!(plan(&["shop"], &[]).unwrap(), "shop");
        assert_eq!(plan(&["bank", "shop"], &[("warroom_plan", "shop")]).unwrap(), "shop");
        assert!(matches!(plan(&["bank", "shop"], &[]), Err(Misfit::NoPlan { .. })));
        assert!(matches!(plan(&["shop"], &[("warroom_plan", "bank")]), Err(Misfit::OtherPlan { .. })));
        assert!(matches!(plan(&["shop"], &[("warroom_plan", "../x")]), Err(Misfit::Bad { .. })));
    }

    #[test]
    fn the_year_one_is_no_moment_and_an_alert_has_a_name_and_a_fingerprint() {
        let heard = notified(&token(&["shop"]), &alert(&[])).unwrap();
        assert!(matches!(heard.told, Told::Firing { since: Some(_) }));
        let resolved = Notified { status: Status::Resolved, ..alert(&[]) };
        let heard = notified(&token(&["shop"]), &resolved).unwrap();
        assert_eq!(heard.told, Told::Ended { at: None });
        for bad in [alert(&[("alertname", "")]), Notified { fingerprint: String::new(), ..alert(&[]) }] {
            let (_, why) = notified(&token(&["shop"]), &bad).unwrap_err();
            assert!(matches!(why, Misfit::Lacks { .. }), "{why:?}");
        }
    }

    #[test]
    fn a_program_that_gives_no_key_means_name_component_and_site() {
        let read = |json: &str| generic(&token(&["shop"]), serde_json::from_str(json).unwrap()).unwrap();
        let short = read(r#"{"name":"disk","status":"firing"}"#);
        assert_eq!((short.key.as_str(), short.severity), ("disk//", Severity::Medium));
        let long = read(r#"{"name":"disk","status":"resolved","component":"db","site":"east","key":"k"}"#);
        assert_eq!((long.key.as_str(), long.told), ("k", Told::Ended { at: None }));
    }
}
