//! What HAProxy says of a server.

use std::fmt;

use super::talk::start_of;
use crate::core::plan::ServerState;

/// Bits of `srv_admin_state` (management guide of HAProxy, 9.3, "show servers state"): by command, by what it tracks, because
/// its name is not resolved.
const MAINT: u32 = 0x01 | 0x02 | 0x20 | 0x40;
const DRAIN: u32 = 0x08 | 0x10;

/// Most characters of a status that are kept.
const STATUS: usize = 40;

/// How a server stands.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Seen {
    pub(super) weight: u32,
    pub(super) state: ServerState,
    /// What its checks say, in words of HAProxy: `UP`, `DOWN 1/2`, `no check`.
    pub(super) status: String,
    pub(super) sessions: u64,
}

impl Seen {
    /// Reads the answers to `show servers state` and `show stat` for one backend.
    ///
    /// # Errors
    /// A sentence: there is no such backend or server, or the answers are none.
    pub(super) fn read(backend: &str, server: &str, states: &str, counts: &str) -> Result<Seen, String> {
        let states = Table::read(states, |line| line.split_whitespace().collect(), "be_id")
            .ok_or_else(|| format!("backend {backend}: {}", start_of(states)))?;
        let counts = Table::read(counts, |line| line.split(',').collect(), "pxname")
            .ok_or_else(|| format!("backend {backend}: {}", start_of(counts)))?;
        let missing =
            || format!("backend {backend} has no server {server}; it has {}", states.all("srv_name").join(", "));
        let state = states.row("srv_name", server).ok_or_else(missing)?;
        let count = counts.row("svname", server).ok_or_else(missing)?;
        let bits: u32 = state.number("srv_admin_state")?;
        Ok(Seen {
            weight: state.number("srv_uweight")?,
            state: match bits {
                bits if bits & MAINT != 0 => ServerState::Maint,
                bits if bits & DRAIN != 0 => ServerState::Drain,
                _ => ServerState::Ready,
            },
            status: count.cell("status").unwrap_or_default().chars().take(STATUS).collect(),
            sessions: count.number("scur")?,
        })
    }
}

impl fmt::Display for Seen {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let s = if self.sessions == 1 { "" } else { "s" };
        write!(f, "weight {}, {}, {} session{s}", self.weight, self.state.word(), self.sessions)
    }
}

/// Lines of an answer under the line, begun by `#`, that names their columns.
struct Table<'a> {
    columns: Vec<&'a str>,
    rows: Vec<Vec<&'a str>>,
}

struct Row<'t, 'a> {
    table: &'t Table<'a>,
    cells: &'t [&'a str],
}

impl<'a> Table<'a> {
    fn read(answer: &'a str, split: fn(&'a str) -> Vec<&'a str>, first: &str) -> Option<Table<'a>> {
        let mut lines = answer.lines().map(str::trim).filter(|line| !line.is_empty());
        let columns = lines.find_map(|line| line.strip_prefix("# ").map(split))?;
        let rows = lines.map(split).collect();
        (columns.first() == Some(&first)).then_some(Table { columns, rows })
    }

    fn place(&self, column: &str) -> Option<usize> {
        self.columns.iter().position(|name| *name == column)
    }

    fn row(&self, column: &str, value: &str) -> Option<Row<'_, 'a>> {
        let place = self.place(column)?;
        let cells = self.rows.iter().find(|cells| cells.get(place) == Some(&value))?;
        Some(Row { table: self, cells })
    }

    fn all(&self, column: &str) -> Vec<&'a str> {
        let place = self.place(column);
        self.rows.iter().filter_map(|cells| cells.get(place?).copied()).take(20).collect()
    }
}

impl<'a> Row<'_, 'a> {
    fn cell(&self, column: &str) -> Option<&'a str> {
        self.cells.get(self.table.place(column)?).copied()
    }

    fn number<N: std::str::FromStr>(&self, column: &str) -> Result<N, String> {
        let cell = self.cell(column).and_then(|cell| cell.parse().ok());
        cell.ok_or_else(|| format!("HAProxy says no {column} of its servers"))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn states(rows: &str) -> String {
        format!(
            "1\n# be_id be_name srv_id srv_name srv_addr srv_op_state srv_admin_state srv_uweight srv_iweight\n{rows}\n\n"
        )
    }

    const COUNTS: &str = "# pxname,svname,qcur,qmax,scur,smax,slim,stot,status\n\
                          shop,east,0,0,3,9,,20,UP\nshop,west,0,0,0,9,,20,no check\n\n";

    #[test]
    fn what_keeps_work_from_a_server_is_read_from_all_bits() {
        use ServerState::{Drain, Maint, Ready};
        for (bits, state) in
            [(0, Ready), (4, Ready), (8, Drain), (16, Drain), (1, Maint), (2, Maint), (32, Maint), (9, Maint)]
        {
            let states = states(&format!("3 shop 1 east 10.0.0.1 2 {bits} 100 1"));
            let seen = Seen::read("shop", "east", &states, COUNTS).unwrap();
            assert_eq!(seen, Seen { weight: 100, state, status: "UP".into(), sessions: 3 }, "{bits}");
        }
    }

    #[test]
    fn what_is_not_there_or_not_understood_is_told() {
        let both = states("3 shop 1 east 10.0.0.1 2 0 1 1\n3 shop 2 west 10.0.0.2 2 0 1 1");
        for (server, states, counts, sentence) in [
            ("east", "Can't find backend.\n\n", COUNTS, "backend shop: Can't find backend."),
            ("east", both.as_str(), "Permission denied\n", "backend shop: Permission denied"),
            ("north", both.as_str(), COUNTS, "backend shop has no server north; it has east, west"),
            ("east", "# be_id srv_name\n3 east\n", COUNTS, "HAProxy says no srv_admin_state of its servers"),
            ("east", "", "", "backend shop: "),
        ] {
            assert_eq!(Seen::read("shop", server, states, counts), Err(sentence.to_owned()));
        }
    }
}
