//! Values as MySQL sends them in binary, shown as it would show them itself.

use std::fmt::Write as _;

use sqlx::mysql::MySqlRow;
use sqlx::{Column as _, Decode, MySql, Row as _, TypeInfo as _, ValueRef as _};

use super::super::answer::{Cell, Cells, hex};

impl Cells for MySqlRow {
    fn names(&self) -> Vec<String> {
        self.columns().iter().map(|column| column.name().to_owned()).collect()
    }

    fn cell(&self, place: usize) -> (Cell, usize) {
        let Ok(value) = self.try_get_raw(place) else { return (Cell::Null, 0) };
        if value.is_null() {
            return (Cell::Null, 0);
        }
        let kind = value.type_info().name().to_owned();
        // Without a look at the type: whatever it is, these are its bytes.
        let Ok(bytes) = <&[u8] as Decode<'_, MySql>>::decode(value) else { return (Cell::Null, 0) };
        (shown(&kind, bytes).map_or(Cell::Other { kind }, Cell::Text), bytes.len())
    }
}

/// The text of a value; none for a type that is not read, or bytes that are not of it.
fn shown(kind: &str, bytes: &[u8]) -> Option<String> {
    Some(match kind {
        "FLOAT" => f32::from_le_bytes(bytes.try_into().ok()?).to_string(),
        "DOUBLE" => f64::from_le_bytes(bytes.try_into().ok()?).to_string(),
        "BIT" => bytes.iter().fold(0_u64, |sum, byte| sum << 8 | u64::from(*byte)).to_string(),
        "DATE" | "DATETIME" | "TIMESTAMP" => moment(bytes, kind == "DATE")?,
        "TIME" => time(bytes)?,
        "GEOMETRY" => return None,
        unsigned if unsigned.ends_with(" UNSIGNED") || unsigned == "YEAR" => whole(bytes, 0)?.to_string(),
        "BOOLEAN" | "TINYINT" | "SMALLINT" | "INT" | "MEDIUMINT" | "BIGINT" => {
            let sign = if bytes.last()? & 0x80 == 0 { 0 } else { 0xff };
            whole(bytes, sign)?.cast_signed().to_string()
        }
        _ => match std::str::from_utf8(bytes) {
            Ok(text) => text.to_owned(),
            Err(_) => hex("0x", bytes),
        },
    })
}

/// A number, least byte first, made as long as the longest with `fill`.
fn whole(bytes: &[u8], fill: u8) -> Option<u64> {
    let mut all = [fill; 8];
    all.get_mut(..bytes.len())?.copy_from_slice(bytes);
    Some(u64::from_le_bytes(all))
}

/// How many bytes follow; then year, month, day; hour, minute, second; microseconds: as many of them as are not zero.
fn moment(bytes: &[u8], date_only: bool) -> Option<String> {
    let at = |place: usize| bytes.get(place).copied().unwrap_or(0);
    let year = u16::from_le_bytes([at(1), at(2)]);
    let mut out = format!("{year:04}-{:02}-{:02}", at(3), at(4));
    if !date_only {
        // Writing into a String cannot fail.
        let _ = write!(out, " {:02}:{:02}:{:02}", at(5), at(6), at(7));
        push_micros(&mut out, bytes.get(8..12));
    }
    (bytes.len() == usize::from(*bytes.first()?) + 1).then_some(out)
}

/// How many bytes follow; then the sign, days, hour, minute, second; microseconds.
fn time(bytes: &[u8]) -> Option<String> {
    let at = |place: usize| bytes.get(place).copied().unwrap_or(0);
    let days = u32::from_le_bytes([at(2), at(3), at(4), at(5)]);
    let hours = u64::from(days) * 24 + u64::from(at(6));
    let mut out = format!("{}{hours:02}:{:02}:{:02}", if at(1) == 1 { "-" } else { "" }, at(7), at(8));
    push_micros(&mut out, bytes.get(9..13));
    (bytes.len() == usize::from(*bytes.first()?) + 1).then_some(out)
}

fn push_micros(out: &mut String, bytes: Option<&[u8]>) {
    if let Some(bytes) = bytes.and_then(|bytes| <[u8; 4]>::try_from(bytes).ok()) {
        let _ = write!(out, ".{:06}", u32::from_le_bytes(bytes));
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn bytes_that_are_not_of_their_type_are_not_read() {
        for kind in ["FLOAT", "DOUBLE", "INT", "DATETIME", "TIME"] {
            assert_eq!(shown(kind, &[]), None, "{kind}");
        }
        assert_eq!(shown("DATETIME", &[9, 1]), None);
        assert_eq!(shown("BIGINT UNSIGNED", &[0; 9]), None);
        assert_eq!(shown("BLOB", &[0xff, 0x00]).unwrap(), "0xff00");
    }
}
