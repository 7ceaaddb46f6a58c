//! How many values a statement takes, where its words say so for certain.

/// How a database reads a statement.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Dialect {
    Postgres,
    MySql,
    Sqlite,
}

/// How many values must be bound to a statement for the database at an address: the highest of `$1`, `$2`, …, or the number of
/// `?`. None where that depends on the server or is written in a way that is rarely met.
pub(super) fn wanted(url: &str, query: &str) -> Option<usize> {
    let dialect = match url.split_once(':')?.0 {
        "postgres" | "postgresql" => Dialect::Postgres,
        "mysql" | "mariadb" => Dialect::MySql,
        "sqlite" => Dialect::Sqlite,
        _ => return None,
    };
    // Whether it hides the quote behind it depends on the server.
    if query.contains('\\') { None } else { count(dialect, query) }
}

fn count(dialect: Dialect, query: &str) -> Option<usize> {
    use Dialect::{MySql, Postgres, Sqlite};
    let (mut wanted, mut before) = (0, ' ');
    let mut chars = query.chars();
    while let Some(c) = chars.next() {
        let rest = chars.as_str();
        let rest = match (c, dialect) {
            // One that is doubled ends a text and begins the next.
            ('\'' | '"', _) | ('`', MySql | Sqlite) => rest.split_once(c)?.1,
            ('[', Sqlite) => rest.split_once(']')?.1,
            ('-', _) if rest.starts_with('-') => {
                // To MySQL these may be two signs.
                let is_sure = dialect != MySql || rest.chars().nth(1).is_none_or(char::is_whitespace);
                is_sure.then(|| past_line(rest))??
            }
            ('#', MySql) => past_line(rest)?,
            ('/', _) if rest.starts_with('*') => past_comment(dialect, rest.get(1..)?)?,
            ('$', Postgres) if continues(before) => return None,
            ('$', Postgres) => {
                let (number, rest) = number(rest)?;
                wanted = wanted.max(number);
                rest
            }
            ('?', MySql | Sqlite) if rest.starts_with(|c: char| c.is_ascii_digit()) => return None,
            ('?', MySql | Sqlite) => {
                wanted += 1;
                rest
            }
            // Other ways to write a placeholder.
            (':', MySql | Sqlite) if !rest.starts_with('=') => return None,
            ('@' | '$', Sqlite) => return None,
            _ => rest,
        };
        before = c;
        chars = rest.chars();
    }
    Some(wanted)
}

fn past_line(rest: &str) -> Option<&str> {
    let (line, rest) = rest.split_once('\n').unwrap_or((rest, ""));
    (!line.contains('\r')).then_some(rest)
}

fn past_comment(dialect: Dialect, rest: &str) -> Option<&str> {
    let (comment, rest) = rest.split_once("*/")?;
    // Comments within comments end here or there; those of MySQL may be done.
    let is_done = dialect == Dialect::MySql && comment.starts_with(['!', 'M', 'm']);
    (!comment.contains("/*") && !is_done).then_some(rest)
}

/// The number of a placeholder, behind its `$`. Anything else there begins a text that is quoted in another way.
fn number(rest: &str) -> Option<(usize, &str)> {
    let end = rest.find(|c: char| !c.is_ascii_digit()).unwrap_or(rest.len());
    let (digits, rest) = rest.split_at(end);
    let number = digits.parse().ok().filter(|number| *number > 0)?;
    (!rest.starts_with(continues)).then_some((number, rest))
}

/// Whether a character goes on with a name.
fn continues(c: char) -> bool {
    c.is_ascii_alphanumeric() || matches!(c, '_' | '$') || !c.is_ascii()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn told(url: &str, table: &[(&str, Option<usize>)]) {
        for (query, expected) in table {
            assert_eq!(wanted(url, query), *expected, "{url} {query}");
        }
    }

    #[test]
    fn placeholders_of_postgresql_have_numbers() {
        told(
            "postgresql://h/db",
            &[
                ("select 1", Some(0)),
                ("select $1, $2::int, $1", Some(2)),
                ("select a[$1:$2] from b where c = $10", Some(10)),
                ("select '$1 ''$2'' ', \"$3\", a ? b -- $4\n, $1 /* $5 */", Some(1)),
                ("select $$ $1 $$", None),
                ("select $a$ $1 $a$", None),
                ("select a$1", None),
                ("select é$1", None),
                ("select $1a", None),
                ("select $0", None),
                ("select $99999999999999999999", None),
                ("select E'\\' $1'", None),
                ("select /* /* $1 */ $2 */ 1", None),
                ("select ' $1", None),
                ("select /* $1", None),
                ("select 1 -- a\r, $1", None),
                ("select $", None),
            ],
        );
    }

    #[test]
    fn placeholders_of_the_others_are_counted() {
        let both = [
            ("select ?, ?", Some(2)),
            ("select '?', \"?\", `?`, 'it''s ?', ? -- ?\n /* ? */", Some(1)),
            ("select ?1", None),
            ("select :a, ?", None),
            ("select '\\'?'", None),
            ("select '?", None),
        ];
        told("mysql://h/db", &both);
        told("mariadb://h/db", &both);
        told("sqlite:/srv/x.db", &both);
        told(
            "mysql://h/db",
            &[
                ("select @a := ? # ?\n, ?", Some(2)),
                ("select a[?]", Some(1)),
                ("select 1--?", None),
                ("select 1 --", Some(0)),
                ("select /*! ? */ 1", None),
                ("select /*M! ? */ 1", None),
                ("select /*+ hint */ ?", Some(1)),
            ],
        );
        told("sqlite:/srv/x.db", &[("select [?], 1--?", Some(0)), ("select @a", None), ("select $1", None)]);
    }

    #[test]
    fn nothing_is_told_of_a_database_that_is_not_known() {
        told("env:DSN", &[("select ?", None)]);
        told("", &[("select ?", None)]);
    }
}
