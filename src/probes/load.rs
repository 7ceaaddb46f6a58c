//! Looks at the load of a machine.

use super::host::{Script, on};
use super::{NotGood, Seen, Tools};
use crate::core::health::judge::quantity;
use crate::core::plan::{Measure, Place, Unit};
use crate::core::time::Span;

/// The load, and a line for each processor that is at work.
const SCRIPT: &str = "cat /proc/loadavg && grep '^cpu[0-9]' /proc/stat";

pub(super) async fn look(timeout: Span, place: &Place, tools: Tools<'_>) -> Result<Seen, NotGood> {
    let text = match place {
        Place::Engine => here().await.map_err(|why| NotGood::Unseen(why.to_string()))?,
        Place::Host(host) => {
            // A line of /proc/stat is short; this is room for thousands of processors.
            let script = Script { text: SCRIPT, words: Vec::new(), limit: timeout, kept: 1024 * 1024 };
            let said = on(tools.ssh, host, &script).await?;
            if said.code != 0 {
                return Err(NotGood::Unseen(format!("{host}: its load is not told in /proc")));
            }
            String::from_utf8_lossy(&said.out).into_owned()
        }
    };
    seen(&text).ok_or_else(|| NotGood::Unseen("the load is not understood".into()))
}

async fn here() -> std::io::Result<String> {
    let load = tokio::fs::read_to_string("/proc/loadavg").await?;
    Ok(load + &tokio::fs::read_to_string("/proc/stat").await?)
}

fn seen(text: &str) -> Option<Seen> {
    let all = text.split_whitespace().next()?.parse::<f64>().ok().filter(|load| load.is_finite())?;
    let is_processor = |line: &&str| line.strip_prefix("cpu").is_some_and(|rest| rest.starts_with(char::is_numeric));
    let processors = text.lines().filter(is_processor).count().max(1);
    let load = all / processors as f64;
    let what = format!("load {} a processor, of {processors}", quantity(load, Unit::Number));
    Some(Seen { what, measured: [(Measure::Load, load)].into() })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_load_is_shared_by_the_processors() {
        let text = "3.00 1.00 0.50 2/345 6789\ncpu  1 2 3\ncpu0 1 2\ncpu1 1 2\ncpu10 1 2\ncpu11 1 2\nintr 5\n";
        let seen = seen(text).unwrap();
        assert_eq!((seen.what.as_str(), seen.measured[&Measure::Load]), ("load 0.75 a processor, of 4", 0.75));
        assert!(super::seen("").is_none() && super::seen("NaN 1 2").is_none());
    }
}
