//! Numbers that mean something: sizes, permission bits, factors; and absolute paths.

use super::fields::Field;
use super::tree::{Style, Value};
use super::values::{bare, quote};

/// Units of size with their bytes.
const UNITS: [(&str, u64); 9] = [
    ("B", 1),
    ("kB", 1_000),
    ("MB", 1_000_000),
    ("GB", 1_000_000_000),
    ("TB", 1_000_000_000_000),
    ("KiB", 1 << 10),
    ("MiB", 1 << 20),
    ("GiB", 1 << 30),
    ("TiB", 1 << 40),
];
/// Longest path, in bytes, as Linux has it.
const MAX_PATH: usize = 4_095;

impl Field<'_> {
    /// A number of bytes with its unit: `10MiB`.
    pub(crate) fn size(&self) -> Option<u64> {
        let text = self.raw()?.trim();
        let digits = text.len() - text.trim_start_matches(|c: char| c.is_ascii_digit()).len();
        let (number, unit) = text.split_at(digits);
        let usual = || Some("a size such as 512B, 10MiB or 2GB".to_owned());
        match (number, unit.trim_start()) {
            ("", _) => self.wrong(format!("{} is no size", quote(text)), usual()),
            (number, "") => {
                let right = format!("{0}B, {0}KiB or {0}MiB", bare(number));
                self.wrong(format!("{} has no unit", quote(text)), Some(right))
            }
            (number, unit) => {
                let Some((_, bytes)) = UNITS.iter().find(|(name, _)| *name == unit) else {
                    let right = UNITS.map(|(name, _)| name).join(", ");
                    let what = format!("{} in {} is no unit of size", quote(unit), quote(text));
                    return self.wrong(what, Some(format!("one of {right}")));
                };
                match number.parse::<u64>().ok().and_then(|n| n.checked_mul(*bytes)) {
                    Some(size) => Some(size),
                    None => self.wrong(format!("{} is more than any file holds", quote(text)), usual()),
                }
            }
        }
    }

    /// Permission bits in octal digits, and in quotes: bare, `0640` is 640 to some readers of YAML and 416 to others.
    pub(crate) fn mode(&self) -> Option<u32> {
        let Value::Scalar { text, style } = &self.node.value else {
            return self.wrong_type("permission bits", Some("octal digits in quotes, as in \"0640\"".to_owned()));
        };
        let is_octal = (3..=4).contains(&text.len()) && text.bytes().all(|b| (b'0'..=b'7').contains(&b));
        if !is_octal {
            let right = "three or four octal digits in quotes, as in \"0640\"".to_owned();
            return self.wrong(format!("{} are no permission bits", quote(text)), Some(right));
        }
        if *style == Style::Plain {
            let what = format!("{text} without quotes is octal to some readers of YAML and decimal to others");
            return self.wrong(what, Some(format!("\"{text}\", in quotes")));
        }
        u32::from_str_radix(text, 8).ok()
    }

    /// A number from 1 to 100, in hundredths.
    pub(crate) fn factor(&self) -> Option<u32> {
        let number = self.number_like("1.5")?;
        if !(1.0..=100.0).contains(&number) {
            return self
                .wrong(format!("{number} is out of range"), Some("a factor from 1 to 100, such as 2".to_owned()));
        }
        Some((number * 100.0).round() as u32)
    }

    /// An absolute path without `..` in it, as it stands.
    pub(crate) fn path(&self) -> Option<String> {
        let text = self.raw()?;
        let right = |text: &str| Some(text.to_owned());
        if text.contains("${") {
            let what = format!("{}: nothing is filled into a path", quote(text));
            return self.wrong(what, right("the path itself"));
        }
        if !text.starts_with('/') {
            return self.wrong(format!("{} is no absolute path", quote(text)), right("a path that begins with '/'"));
        }
        if text.split('/').any(|part| part == "..") {
            return self.wrong(format!("{} has \"..\" in it", quote(text)), right("the path that it leads to"));
        }
        if text.chars().any(char::is_control) {
            return self.wrong("a line end or a tab cannot stand in it", right("a path of one line"));
        }
        if text.len() > MAX_PATH {
            let what = format!("it has {} bytes; at most {MAX_PATH} are allowed", text.len());
            return self.wrong(what, right("a shorter path"));
        }
        Some(text.to_owned())
    }

    /// A text without line ends that something is looked up by.
    pub(crate) fn word(&self) -> Option<String> {
        let text = self.raw()?;
        if text.trim().is_empty() {
            return self.wrong("it is empty", Some("a text".to_owned()));
        }
        self.name()
    }
}
