//! What the plan expects of an answer.

use std::collections::BTreeMap;

use super::answer::Answer;
use crate::core::plan::Sql;
use crate::core::template::{NoValue, Values};

/// How much of a value a sentence shows, in characters.
const SHOWN: usize = 200;

/// What must come, with its values.
pub(super) struct Expected {
    min_rows: Option<u64>,
    max_rows: Option<u64>,
    row: BTreeMap<String, String>,
    at_most: BTreeMap<String, f64>,
}

impl Expected {
    pub(super) fn of(sql: &Sql, values: &Values) -> Result<Expected, NoValue> {
        let row = sql.row.iter().map(|(name, text)| Ok((name.clone(), text.fill(values)?)));
        Ok(Expected {
            min_rows: sql.min_rows,
            max_rows: sql.max_rows,
            row: row.collect::<Result<_, NoValue>>()?,
            at_most: sql.at_most.clone(),
        })
    }
}

/// Nothing when all is as expected, else the first thing that is not, with the value and the limit.
pub(super) fn judge(expected: &Expected, answer: &Answer) -> Result<(), String> {
    let rows = answer.rows();
    if let Some(least) = expected.min_rows.filter(|least| rows < *least) {
        return Err(format!("{}, expected at least {least}", counted(rows)));
    }
    if let Some(most) = expected.max_rows.filter(|most| rows > *most) {
        return Err(format!("{}, expected at most {most}", counted(rows)));
    }
    for (name, text) in &expected.row {
        let cell = column(answer, name)?;
        let value = cell.text().map_err(|why| format!("{name}: {why}, expected {text:?}"))?;
        if value != text {
            return Err(format!("{name} is {:?}, expected {text:?}", cut(value)));
        }
    }
    for (name, most) in &expected.at_most {
        let value = column(answer, name)?.text().map_err(|why| format!("{name}: {why}, expected at most {most}"))?;
        match value.trim().parse::<f64>() {
            // Not a number is not at most anything.
            Ok(number) if number <= *most => {}
            Ok(_) => return Err(format!("{name} is {value}, expected at most {most}")),
            Err(_) => return Err(format!("{name} is {:?}, which is no number; expected at most {most}", cut(value))),
        }
    }
    Ok(())
}

fn column<'a>(answer: &'a Answer, name: &str) -> Result<&'a super::answer::Cell, String> {
    answer.cell(name).map_err(|why| format!("{name} cannot be looked at: {why}"))
}

fn counted(rows: u64) -> String {
    if rows == 1 { "1 row".to_owned() } else { format!("{rows} rows") }
}

fn cut(value: &str) -> String {
    crate::text::cut(value, SHOWN).into_owned()
}

#[cfg(test)]
mod tests {
    use super::super::answer::Cell;
    use super::*;

    fn row(cells: &[(&str, &str)]) -> Option<Vec<(String, Cell)>> {
        Some(cells.iter().map(|(name, text)| ((*name).to_owned(), Cell::Text((*text).to_owned()))).collect())
    }

    fn nothing() -> Expected {
        Expected { min_rows: None, max_rows: None, row: BTreeMap::new(), at_most: BTreeMap::new() }
    }

    #[test]
    fn a_refusal_shows_the_value_and_the_limit() {
        let cells = row(&[("state", "streaming"), ("lag", "12.5"), ("odd", "NaN"), ("words", "many")]);
        let named: Vec<(&str, Cell)> = cells.iter().flatten().map(|(n, c)| (n.as_str(), c.clone())).collect();
        let answer = Answer::of(Some([named, vec![("gone", Cell::Null)]].concat()), 3);
        let least = |n| Expected { min_rows: Some(n), ..nothing() };
        let most = |n| Expected { max_rows: Some(n), ..nothing() };
        let shows = |name: &str, text: &str| Expected { row: [(name.into(), text.into())].into(), ..nothing() };
        let at_most = |name: &str, n| Expected { at_most: [(name.into(), n)].into(), ..nothing() };
        for (expected, sentence) in [
            (nothing(), None),
            (least(3), None),
            (least(4), Some("3 rows, expected at least 4")),
            (most(3), None),
            (most(2), Some("3 rows, expected at most 2")),
            (shows("state", "streaming"), None),
            (shows("state", "catchup"), Some("state is \"streaming\", expected \"catchup\"")),
            (shows("gone", "x"), Some("gone: it is null, expected \"x\"")),
            (
                shows("lost", "x"),
                Some("lost cannot be looked at: there is no column lost; there are state, lag, odd, words, gone"),
            ),
            (at_most("lag", 12.5), None),
            (at_most("lag", 10.0), Some("lag is 12.5, expected at most 10")),
            (at_most("odd", 10.0), Some("odd is NaN, expected at most 10")),
            (at_most("words", 10.0), Some("words is \"many\", which is no number; expected at most 10")),
            (at_most("gone", 1.0), Some("gone: it is null, expected at most 1")),
        ] {
            assert_eq!(judge(&expected, &answer).err().as_deref(), sentence);
        }
        let none = Answer::of(None, 0);
        assert_eq!(judge(&least(1), &none).unwrap_err(), "0 rows, expected at least 1");
        assert_eq!(judge(&shows("a", "b"), &none).unwrap_err(), "a cannot be looked at: no row came");
    }
}
