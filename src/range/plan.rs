//! The plan for the range, with the addresses of this one written into it.

use std::path::Path;

use super::names::{Addresses, Service, Site};
use super::postgres::ServerPlace;

const TEMPLATE: &str = include_str!("../../assets/practice.yml");
/// What stands in place of parts of it where PostgreSQL keeps the orders.
const WITH_POSTGRES: &str = include_str!("../../assets/practice-postgres.yml");

/// Who works on the practice range.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Company {
    /// One person.
    Alone,
    /// A person and a robot: the gate asks for both.
    WithRobot,
}

/// The practice plan, for a range at `addresses`, with `exe`, the program that its command steps start, and for that company.
///
/// Placeholders are `@control@`, `@router@`, `@router_admin@`, `@inbox@`, `@power@`, `@SITE.SERVICE@` and `@exe@`, in
/// the template each within double quotes, and `@people@` and `@roles@`, which stand alone; with PostgreSQL `@SITE.dsn@`,
/// `@SITE.data@` and `@SITE.config@`.
#[must_use]
pub fn practice_plan(addresses: &Addresses, exe: &Path, company: Company) -> String {
    let (people, roles) = match company {
        Company::Alone => ("1", "incident_commander"),
        Company::WithRobot => ("2", "incident_commander, technical_lead"),
    };
    let mut values = vec![
        ("control".to_owned(), addresses.control.clone()),
        ("router".to_owned(), addresses.router.clone()),
        ("router_admin".to_owned(), addresses.router_admin.clone()),
        ("inbox".to_owned(), addresses.inbox.clone()),
        ("power".to_owned(), addresses.power.clone()),
        ("people".to_owned(), people.to_owned()),
        ("roles".to_owned(), roles.to_owned()),
        // A plan expands ${name} in arguments, which a path may hold by chance.
        ("exe".to_owned(), exe.to_string_lossy().replace("${", "$${")),
    ];
    for site in Site::ALL {
        for service in Service::ALL {
            values.push((format!("{site}.{service}"), addresses.sites.get(*site).get(*service).clone()));
        }
    }
    let template = match &addresses.postgres {
        None => TEMPLATE.to_owned(),
        Some(places) => {
            for site in Site::ALL {
                let ServerPlace { dsn, data, config } = places.get(*site);
                for (name, path) in [("dsn", dsn), ("data", data), ("config", config)] {
                    values.push((format!("{site}.{name}"), path.to_string_lossy().into_owned()));
                }
            }
            items(WITH_POSTGRES).into_iter().fold(TEMPLATE.to_owned(), |plan, item| with(&plan, &item))
        }
    };
    // Never over what was put in already: an @ in a path must not be read as a placeholder.
    let mut plan = String::with_capacity(template.len() + 1024);
    let mut rest = template.as_str();
    while let Some((before, after)) = rest.split_once('@') {
        plan.push_str(before);
        match values
            .iter()
            .find_map(|(name, value)| Some((value, after.strip_prefix(name.as_str())?.strip_prefix('@')?)))
        {
            Some((value, after)) => {
                plan.push_str(&quoted(value));
                rest = after;
            }
            None => {
                plan.push('@');
                rest = after;
            }
        }
    }
    plan.push_str(rest);
    plan
}

/// The items of a list that begins at the margin, without what stands before it.
fn items(list: &str) -> Vec<Vec<&str>> {
    let mut items: Vec<Vec<&str>> = Vec::new();
    for line in list.lines().filter(|line| !line.is_empty()) {
        match (line.starts_with("- "), items.last_mut()) {
            (true, _) => items.push(vec![line]),
            (false, Some(item)) => item.push(line),
            (false, None) => {}
        }
    }
    items
}

/// A plan with that item in place of the first one that begins with the same line.
fn with(plan: &str, item: &[&str]) -> String {
    let depth = |line: &str| line.len() - line.trim_start().len();
    let lines: Vec<&str> = plan.lines().collect();
    let Some(begin) = lines.iter().position(|line| Some(&line.trim_start()) == item.first()) else {
        return plan.to_owned();
    };
    let margin = lines.get(begin).map_or(0, |line| depth(line));
    let is_of_it = |line: &&&str| line.is_empty() || depth(line) > margin;
    let length = 1 + lines.iter().skip(begin + 1).take_while(is_of_it).count();
    let there = item.iter().map(|line| format!("{:margin$}{line}", ""));
    let before = lines.iter().take(begin).map(|line| (*line).to_owned());
    let after = lines.iter().skip(begin + length).map(|line| (*line).to_owned());
    before.chain(there).chain(after).map(|line| line + "\n").collect()
}

/// `text` as it stands between double quotes in YAML, which reads JSON's escapes.
fn quoted(text: &str) -> String {
    let json = serde_json::Value::from(text).to_string();
    json[1..json.len() - 1].to_owned()
}

#[cfg(test)]
mod tests {
    use granit_parser::{Event, Parser};

    use super::super::names::{PerService, PerSite};
    use super::*;

    fn addresses() -> Addresses {
        let site = |port: u16| PerService {
            web: format!("http://127.0.0.1:{port}1"),
            api: format!("http://127.0.0.1:{port}2"),
            db: format!("http://127.0.0.1:{port}3"),
        };
        Addresses {
            control: "http://127.0.0.1:1".to_owned(),
            router: "http://127.0.0.1:2".to_owned(),
            router_admin: "http://127.0.0.1:3".to_owned(),
            inbox: "http://127.0.0.1:4/inbox".to_owned(),
            mail: "http://127.0.0.1:4/mail".to_owned(),
            power: "http://127.0.0.1:5".to_owned(),
            sites: PerSite { east: site(1), west: site(2) },
            postgres: None,
        }
    }

    fn scalars(plan: &str) -> Vec<String> {
        Parser::new_from_str(plan)
            .filter_map(|next| match next.unwrap().0 {
                Event::Scalar(text, ..) => Some(text.into_owned()),
                _ => None,
            })
            .collect()
    }

    #[test]
    fn the_plan_is_yaml_without_a_placeholder_left() {
        let plan = practice_plan(&addresses(), Path::new("/usr/bin/warroom"), Company::WithRobot);
        let scalars = scalars(&plan);
        assert!(!plan.contains('@'), "{plan}");
        for expected in ["/usr/bin/warroom", "http://127.0.0.1:1/range/customers", "http://127.0.0.1:23/promote"] {
            assert!(scalars.iter().any(|scalar| scalar == expected), "{expected}");
        }
    }

    #[test]
    fn an_odd_path_of_the_program_stays_one_argument() {
        let odd = "/tmp/a \"b\"\\@router@ ${x}/warroom";
        let scalars = scalars(&practice_plan(&addresses(), Path::new(odd), Company::Alone));
        assert!(scalars.iter().any(|scalar| *scalar == odd.replace("${", "$${")), "{scalars:?}");
    }
}
