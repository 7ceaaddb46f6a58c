//! Values as PostgreSQL sends them in binary, shown as it would show them itself.

use chrono::NaiveDate;
use sqlx::postgres::{PgRow, PgValueFormat};
use sqlx::{Column as _, Row as _, TypeInfo as _, ValueRef as _};

use super::super::answer::{Cell, Cells, hex};

/// From 1970 to 2000, where PostgreSQL's time begins.
const EPOCH_DAYS: i32 = 10_957;

impl Cells for PgRow {
    fn names(&self) -> Vec<String> {
        self.columns().iter().map(|column| column.name().to_owned()).collect()
    }

    fn cell(&self, place: usize) -> (Cell, usize) {
        let Ok(value) = self.try_get_raw(place) else { return (Cell::Null, 0) };
        let Ok(bytes) = value.as_bytes() else { return (Cell::Null, 0) };
        let kind = value.type_info().name().to_owned();
        let text = match value.format() {
            PgValueFormat::Text => text(bytes),
            PgValueFormat::Binary => shown(&kind, bytes),
        };
        (text.map_or(Cell::Other { kind }, Cell::Text), bytes.len())
    }
}

/// The text of a value; none for a type that is not read, or bytes that are not of it.
fn shown(kind: &str, bytes: &[u8]) -> Option<String> {
    Some(match kind.to_ascii_lowercase().as_str() {
        "bool" => if bytes == [0] { "f" } else { "t" }.to_owned(),
        "int2" => i16::from_be_bytes(bytes.try_into().ok()?).to_string(),
        "int4" => i32::from_be_bytes(bytes.try_into().ok()?).to_string(),
        "int8" => long(bytes)?.to_string(),
        "oid" | "xid" => u32::from_be_bytes(bytes.try_into().ok()?).to_string(),
        "xid8" => u64::from_be_bytes(bytes.try_into().ok()?).to_string(),
        "float4" => f32::from_be_bytes(bytes.try_into().ok()?).to_string(),
        "float8" => f64::from_be_bytes(bytes.try_into().ok()?).to_string(),
        "numeric" => numeric(bytes)?,
        "uuid" => uuid::Uuid::from_slice(bytes).ok()?.to_string(),
        "bytea" => hex("\\x", bytes),
        // The first byte is a version.
        "jsonb" => text(bytes.get(1..)?)?,
        "pg_lsn" => {
            let at = u64::from_be_bytes(bytes.try_into().ok()?);
            format!("{:X}/{:X}", at >> 32, at & 0xffff_ffff)
        }
        "date" => date(i32::from_be_bytes(bytes.try_into().ok()?))?,
        "time" => time(long(bytes)?)?,
        "timestamp" => moment(long(bytes)?, "")?,
        "timestamptz" => moment(long(bytes)?, "+00")?,
        "interval" => interval(bytes)?,
        "void" => String::new(),
        "text" | "varchar" | "bpchar" | "char" | "\"char\"" | "name" | "json" | "xml" | "unknown" | "citext" => {
            text(bytes)?
        }
        _ => return None,
    })
}

fn text(bytes: &[u8]) -> Option<String> {
    String::from_utf8(bytes.to_vec()).ok()
}

fn long(bytes: &[u8]) -> Option<i64> {
    Some(i64::from_be_bytes(bytes.try_into().ok()?))
}

fn date(days: i32) -> Option<String> {
    match days {
        i32::MAX => Some("infinity".into()),
        i32::MIN => Some("-infinity".into()),
        days => Some(NaiveDate::from_epoch_days(days.checked_add(EPOCH_DAYS)?)?.to_string()),
    }
}

fn time(micros: i64) -> Option<String> {
    // Midnight at the end of a day is a time there.
    (0..=86_400_000_000).contains(&micros).then(|| clock(micros.unsigned_abs()))
}

/// Hours, minutes and seconds, with as much of the second's part as is not zero.
fn clock(micros: u64) -> String {
    let (secs, left) = (micros / 1_000_000, micros % 1_000_000);
    let part = if left == 0 { String::new() } else { format!(".{left:06}").trim_end_matches('0').to_owned() };
    format!("{:02}:{:02}:{:02}{part}", secs / 3_600, secs / 60 % 60, secs % 60)
}

fn moment(micros: i64, zone: &str) -> Option<String> {
    const DAY: i64 = 86_400_000_000;
    match micros {
        i64::MAX => Some("infinity".into()),
        i64::MIN => Some("-infinity".into()),
        micros => {
            let days = i32::try_from(micros.div_euclid(DAY)).ok()?;
            Some(format!("{} {}{zone}", date(days)?, clock(micros.rem_euclid(DAY).unsigned_abs())))
        }
    }
}

/// Months, days and time of day, as the default output style has them.
fn interval(bytes: &[u8]) -> Option<String> {
    let micros = long(bytes.get(..8)?)?;
    let days = i32::from_be_bytes(bytes.get(8..12)?.try_into().ok()?);
    let months = i32::from_be_bytes(bytes.get(12..16)?.try_into().ok()?);
    let counted = |count: i32, one: &str| match count {
        0 => None,
        1 | -1 => Some(format!("{count} {one}")),
        _ => Some(format!("{count} {one}s")),
    };
    let mut parts: Vec<String> = [counted(months / 12, "year"), counted(months % 12, "mon"), counted(days, "day")]
        .into_iter()
        .flatten()
        .collect();
    if micros != 0 || parts.is_empty() {
        parts.push(format!("{}{}", if micros < 0 { "-" } else { "" }, clock(micros.unsigned_abs())));
    }
    Some(parts.join(" "))
}

/// Digits in groups of four, with the weight of the first group, a sign, and how many digits are shown after the point.
fn numeric(bytes: &[u8]) -> Option<String> {
    let short = |place: usize| Some(u16::from_be_bytes(bytes.get(place * 2..place * 2 + 2)?.try_into().ok()?));
    let (groups, weight, sign, scale) = (short(0)?, short(1)?.cast_signed(), short(2)?, usize::from(short(3)?));
    match sign {
        0xC000 => return Some("NaN".into()),
        0xD000 => return Some("Infinity".into()),
        0xF000 => return Some("-Infinity".into()),
        _ => {}
    }
    let group = |power: i32| {
        let place = i32::from(weight) - power;
        let place = usize::try_from(place).ok().filter(|place| *place < usize::from(groups));
        place.map_or(Some(0), |place| short(4 + place))
    };
    let mut whole = String::new();
    for power in (0..=i32::from(weight.max(0))).rev() {
        whole.push_str(&format!("{:04}", group(power)?));
    }
    let mut part = String::new();
    for power in 1..=i32::try_from(scale.div_ceil(4)).ok()? {
        part.push_str(&format!("{:04}", group(-power)?));
    }
    let whole = whole.trim_start_matches('0');
    let whole = if whole.is_empty() { "0" } else { whole };
    let point = if scale == 0 { "" } else { "." };
    Some(format!("{}{whole}{point}{}", if sign == 0x4000 { "-" } else { "" }, part.get(..scale)?))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn bytes_that_are_not_of_their_type_are_not_read() {
        for kind in ["int4", "int8", "numeric", "interval", "timestamptz", "date", "uuid", "jsonb", "pg_lsn", "time"] {
            assert_eq!(shown(kind, &[]), None, "{kind}");
            assert_eq!(shown(kind, &[0xff; 3]), None, "{kind}");
        }
        assert_eq!(shown("text", &[0xff]), None);
        assert_eq!(shown("point", &[0; 16]), None);
    }
}
