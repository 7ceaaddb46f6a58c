//! Statements to databases, and what must come back.

use std::collections::BTreeMap;

use crate::core::plan::{Given, Sql};
use crate::core::template::{Template, Values};

use super::{Scope, placeholders};
use crate::plan::fields::{Field, Fields, Shape};
use crate::plan::names::Place;
use crate::plan::net::has_password;
use crate::plan::tree::Value;

const SQL: Shape = Shape { what: "a sql step", fields: &["url", "query", "bind", "expect"] };
const SECRET: Shape = Shape { what: "a reference to a secret", fields: &["secret"] };
const EXPECT: Shape =
    Shape { what: "an expectation of rows", fields: &["rows", "min_rows", "max_rows", "row", "at_most"] };

/// The databases that are spoken to, by how their addresses begin.
const SCHEMES: [&str; 5] = ["postgres://", "postgresql://", "mysql://", "mariadb://", "sqlite:"];
const MOST_ROWS: u64 = 1_000_000;

pub(super) fn sql(field: &Field<'_>, scope: &Scope<'_>) -> Option<Sql> {
    let fields = field.fields(SQL)?;
    let url = fields.need("url", "{secret: \"env:NAME\"}, or postgres://user@host/db").and_then(|f| url(&f, scope));
    let query = fields.need("query", "a statement").and_then(|f| query(&f));
    if let (Some(Given::Text(url)), Some(query)) = (&url, &query) {
        each_is_bound(&fields, placeholders::wanted(url.source(), query));
    }
    let items = fields.get("bind").map(|f| f.items()).unwrap_or_default();
    let bind: Vec<Option<Template>> = items.iter().map(|f| f.template(&scope.names, Place::Inside)).collect();
    let expect = fields.get("expect").and_then(|f| f.fields(EXPECT));
    let (min_rows, max_rows) = expect.map(|e| rows(&e)).unwrap_or_default();
    let (row, at_most) = expect.map(|e| first_row(&e, max_rows, scope)).unwrap_or_default();
    Some(Sql {
        url: url?,
        query: query?,
        bind: bind.into_iter().collect::<Option<_>>()?,
        min_rows,
        max_rows,
        row,
        at_most,
    })
}

fn url(field: &Field<'_>, scope: &Scope<'_>) -> Option<Given> {
    let right = "postgres://, mysql://, mariadb:// or sqlite:, or {secret: \"env:NAME\"}";
    url_of(field, scope, &SCHEMES, right)
}

/// The address of a database, which begins in one of those ways.
pub(super) fn url_of(field: &Field<'_>, scope: &Scope<'_>, schemes: &[&str], right: &str) -> Option<Given> {
    if let Value::Map(_) = field.node.value {
        let secret = field.fields(SECRET)?.need("secret", "\"env:NAME\"")?;
        return secret.secret_ref().map(Given::Secret);
    }
    let template = field.template(&scope.names, Place::Database)?;
    let filler: Values = template.names().map(|name| (name.to_owned(), "1".to_owned())).collect();
    let filled = template.fill_url(&filler).unwrap_or_default();
    if !schemes.iter().any(|scheme| filled.starts_with(scheme)) {
        // It is not shown: an address of another kind may have a password in it, too.
        return field.wrong("this is no address of a database that is spoken to", Some(right.to_owned()));
    }
    if filled.chars().any(|c| c.is_whitespace() || c.is_control()) {
        return field.wrong("a space cannot stand in it", Some("the address, percent-encoded".to_owned()));
    }
    if has_password(&filled) {
        let right = "{secret: \"env:NAME\"}, with the whole address in it".to_owned();
        field.doubt("a password stands in the plan in clear text", Some(right));
    }
    Some(Given::Text(template))
}

fn query(field: &Field<'_>) -> Option<String> {
    let query = field.prose()?;
    if query.trim().is_empty() {
        return field.wrong("it is empty", Some("a statement".to_owned()));
    }
    if query.contains("${") {
        let right = "$1 or ? in the query, and the value in bind".to_owned();
        return field.wrong("\"${\" stands in it; values are bound, never pasted in", Some(right));
    }
    Some(query)
}

/// Notes when there is not one value for each placeholder: some databases take none for a value that is missing.
fn each_is_bound(fields: &Fields<'_>, wanted: Option<usize>) {
    let bind = fields.get("bind");
    let given = match bind.as_ref().map(|field| &field.node.value) {
        None => 0,
        Some(Value::List(items)) => items.len(),
        Some(_) => return,
    };
    let Some(wanted) = wanted.filter(|wanted| *wanted != given) else { return };
    let of = |number: usize, what: &str| format!("{number} {what}{}", if number == 1 { "" } else { "s" });
    let (values, placeholders) = (of(wanted, "value"), of(wanted, "placeholder"));
    if let Some(field) = bind {
        let right = if wanted == 0 { "bind left out".to_owned() } else { values };
        field.wrong::<()>(format!("{} for {placeholders} in the query", of(given, "value")), Some(right));
    } else if let Some(field) = fields.get("query") {
        field.wrong::<()>(format!("nothing is bound to its {placeholders}"), Some(format!("bind: a list of {values}")));
    }
}

/// The fewest and the most rows that are good.
fn rows(expect: &Fields<'_>) -> (Option<u64>, Option<u64>) {
    let count = |key| expect.get(key).and_then(|f| f.whole(0..=MOST_ROWS));
    let (rows, min, max) = (count("rows"), count("min_rows"), count("max_rows"));
    if expect.get("rows").is_some() {
        for (key, at) in expect.present(&["min_rows", "max_rows"]) {
            expect.faults().error(at, format!("{key} beside rows, which says it all"), Some("one of them".to_owned()));
        }
        return (rows, rows);
    }
    if let (Some(min), Some(max), Some(field)) = (min, max, expect.get("max_rows"))
        && min > max
    {
        field.wrong::<()>(format!("{max} is less than min_rows, {min}"), Some(format!("{min} or more")));
    }
    (min, max)
}

/// What columns of the first row must show, and what they must not exceed.
fn first_row(
    expect: &Fields<'_>,
    max_rows: Option<u64>,
    scope: &Scope<'_>,
) -> (BTreeMap<String, Template>, BTreeMap<String, f64>) {
    let mut row = BTreeMap::new();
    for (column, field) in expect.get("row").map(|f| f.entries("{column: text}")).unwrap_or_default() {
        let text = field.template(&scope.names, Place::Inside);
        row.extend(text.map(|text| (column.to_owned(), text)));
    }
    let mut at_most = BTreeMap::new();
    for (column, field) in expect.get("at_most").map(|f| f.entries("{column: 5}")).unwrap_or_default() {
        at_most.extend(field.number_like("5").map(|most| (column.to_owned(), most)));
    }
    if let (Some(0), Some((key, at))) = (max_rows, expect.present(&["row", "at_most"]).first()) {
        let what = format!("{key} says something of a row where none may come");
        expect.faults().error(*at, what, Some(format!("{key} left out, or more rows")));
    }
    (row, at_most)
}

/// Whether a statement only reads, as far as its words show: one `SELECT`, not into a table, and nothing behind it.
pub(super) fn only_reads(query: &str) -> bool {
    let query = query.trim().trim_end_matches(';');
    let mut words = query.split(|c: char| !c.is_ascii_alphanumeric() && c != '_');
    let selects = words.next().is_some_and(|word| word.eq_ignore_ascii_case("select"));
    selects && !words.any(|word| word.eq_ignore_ascii_case("into")) && !query.contains(';')
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_password_is_found_wherever_an_address_can_have_one() {
        for (url, has) in [
            ("postgres://u:p@h/db", true),
            ("postgres://u:p%40@h:5432/db?sslmode=require", true),
            ("mysql://h/db?user=u&password=p", true),
            ("postgres://u@h:5432/db", false),
            ("postgres://u:@h/db", false),
            ("postgres://h:5432/a:b@c", false),
            ("sqlite:/srv/u:p@h.db", false),
        ] {
            assert_eq!(has_password(url), has, "{url}");
        }
    }

    #[test]
    fn only_a_lone_select_is_known_to_read() {
        for (query, reads) in [
            ("select 1", true),
            (" SELECT\n1;", true),
            ("select a into b from c", false),
            ("selection", false),
            ("select 1; drop table x", false),
            ("with a as (delete from b returning 1) select 1", false),
            ("update a set b = 1", false),
            ("", false),
        ] {
            assert_eq!(only_reads(query), reads, "{query}");
        }
    }
}
