//! Asks a Prometheus-compatible server for one number.

use std::fmt;

use serde::Deserialize;
use serde::de::IgnoredAny;

use super::request::get;
use super::tunnel::explained;
use super::words::few;
use super::{NotGood, Seen, Tools, detail};
use crate::core::plan::{Measure, Place};

/// Largest answer that is read, in bytes: one number has some hundred.
const LARGEST: usize = 64 * 1024;

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct Reply {
    status: String,
    error_type: Option<String>,
    error: Option<String>,
    data: Option<Data>,
}

#[derive(Deserialize)]
#[serde(tag = "resultType", content = "result", rename_all = "lowercase")]
enum Data {
    Vector(Vec<Sample>),
    Scalar(Point),
    Matrix(IgnoredAny),
    String(IgnoredAny),
}

#[derive(Deserialize)]
struct Sample {
    value: Option<Point>,
}

/// A moment, and the number as text.
#[derive(Deserialize)]
struct Point(IgnoredAny, String);

pub(super) async fn look(url: &str, query: &str, place: &Place, tools: Tools<'_>) -> Result<Seen, NotGood> {
    let (answer, tunnel) = get(address(url, query)?.as_ref(), place, tools).await?;
    let status = answer.status();
    let masker = detail::masker(url);
    tools.memory.tell(&masker.mask_text(&detail::of_head(&answer)));
    let body = match crate::outbound::body_start(answer, LARGEST + 1).await {
        Ok(body) => body,
        Err(error) => return Err(explained(tunnel.as_ref(), NotGood::of_request(&error)).await),
    };
    if body.len() > LARGEST {
        return Err(NotGood::Bad(format!("{}, more than {} KiB for one number", status.as_u16(), LARGEST / 1024)));
    }
    tools.memory.tell(&masker.mask_text(&detail::start(&String::from_utf8_lossy(&body))));
    let text = match serde_json::from_slice::<Reply>(&body) {
        Ok(reply) => number(reply).map_err(|why| NotGood::Bad(format!("{}, {why}", status.as_u16())))?,
        Err(_) => {
            return Err(NotGood::Bad(format!("{}, and no answer of a Prometheus-compatible server", status.as_u16())));
        }
    };
    if !status.is_success() {
        return Err(NotGood::Bad(format!("{}, expected 2xx", status.as_u16())));
    }
    let value = text.parse::<f64>().ok().filter(|value| value.is_finite());
    let value = value.ok_or_else(|| NotGood::Bad(format!("{}, which is no number to judge", few(&text))))?;
    let mut seen = Seen::new(few(&text));
    seen.measured.insert(Measure::Value, value);
    Ok(seen)
}

fn address(url: &str, query: &str) -> Result<reqwest::Url, NotGood> {
    let wrong = || NotGood::Unseen("the address of the server cannot be read".to_owned());
    let mut address = reqwest::Url::parse(url).map_err(|_| wrong())?;
    address.path_segments_mut().map_err(|()| wrong())?.pop_if_empty().extend(["api", "v1", "query"]);
    address.query_pairs_mut().append_pair("query", query);
    Ok(address)
}

/// The one number of a reply, as the server wrote it.
fn number(reply: Reply) -> Result<String, String> {
    if reply.status != "success" {
        let of = |text: Option<String>| text.unwrap_or_default();
        return Err(few(&format!("{}: {}", of(reply.error_type), of(reply.error))));
    }
    match reply.data {
        Some(Data::Scalar(Point(_, text))) => Ok(text),
        Some(Data::Vector(samples)) => one(samples),
        Some(Data::Matrix(_)) => Err(not_one("a range of numbers")),
        Some(Data::String(_)) => Err(not_one("a text")),
        None => Err(not_one("nothing")),
    }
}

fn one(samples: Vec<Sample>) -> Result<String, String> {
    let count = samples.len();
    match (count, samples.into_iter().next()) {
        (1, Some(Sample { value: Some(Point(_, text)) })) => Ok(text),
        (1, _) => Err(not_one("a histogram")),
        (0, _) => Err(not_one("nothing: no series fits the query")),
        _ => Err(not_one(format_args!("{count} numbers"))),
    }
}

fn not_one(came: impl fmt::Display) -> String {
    format!("one number expected, came {came}")
}
