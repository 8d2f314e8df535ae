//! How someone's reputation came to be what it is.

use aggregates::ids::MemberId;
use serde_json::Value;

use crate::web::refusal::Refusal;
use crate::web::shown::{Html, When, ZoneName};
use crate::web::visitor::Visitor;
use crate::web::words::{reputation, sentence};

/// The height of the line's field.
const HEIGHT: f64 = 54.0;
/// Its lower edge.
const BASE: f64 = 60.0;
/// Its width.
const WIDTH: f64 = 300.0;

/// Something that changed it.
pub struct Step {
    /// What, in words.
    pub words: String,
    /// By how much, with its sign.
    pub magnitude: String,
    /// What it was afterwards, where it changed.
    pub after: Option<String>,
    /// Where.
    pub zone: ZoneName,
    /// Because of what.
    pub cause: Html,
    /// When.
    pub when: When,
}

/// What there is to show of someone's standing.
pub struct Standing {
    /// The latest changes, the last first.
    pub history: Vec<Step>,
    /// The points of a line through them, the first first.
    pub trend: String,
    /// Where the line begins.
    pub from: String,
    /// What their reviews amount to.
    pub reviews: Option<String>,
}

fn step(visitor: &Visitor, item: &Value) -> Option<Step> {
    let text = |key: &str| item[key].as_str().unwrap_or_default();
    let id = item["cause"]["id"].as_str()?;
    let cause = match item["cause"]["type"].as_str()? {
        "evaluation" => format!("<a href=\"/evaluations/{id}\">a judgement</a>"),
        "escalation" => format!("<a href=\"/escalations/{id}\">an escalation</a>"),
        _ => format!("<a href=\"/proposals/{id}\">a proposal</a>"),
    };
    let sign = match text("kind") {
        "negative" | "overturned" | "stake_burnt" => "−",
        "positive" | "upheld" => "+",
        _ => "",
    };
    Some(Step {
        words: sentence(text("kind")),
        magnitude: format!("{sign}{}", figure(&item["magnitude"])?),
        after: figure(&item["reputation"]),
        zone: visitor.zone(text("zone_id").parse().ok()?),
        cause: Html(cause),
        when: When { at: text("at").parse().ok()?, now: visitor.now() },
    })
}

/// The points of a line through what it was after each change.
fn trend(after: &[f64]) -> String {
    let most = after.iter().copied().fold(1.0, f64::max);
    let last = after.len().saturating_sub(1).max(1);
    let point = |(index, value): (usize, &f64)| {
        #[expect(clippy::cast_precision_loss, reason = "a page has some fifty of them")]
        let x = index as f64 / last as f64 * WIDTH;
        format!("{x:.1},{:.1}", BASE - value / most * HEIGHT)
    };
    after.iter().enumerate().map(point).collect::<Vec<_>>().join(" ")
}

fn reviews(told: &Value) -> Option<String> {
    let number = |key: &str| told[key].as_u64();
    let asked = number("asked").filter(|asked| *asked > 0)?;
    let right = number("accuracy_per_mille").map(|share| format!("; proved right in {} %", share / 10)).unwrap_or_default();
    let reviews = if asked == 1 { "review" } else { "reviews" };
    Some(format!("Asked for {asked} {reviews}, answered {} in time{right}.", number("in_time").unwrap_or(0)))
}

/// A figure as it is read, where there is one.
fn figure(told: &Value) -> Option<String> {
    Some(reputation(serde_json::from_value(told.clone()).ok()?))
}

/// What there is to show.
pub async fn standing(visitor: &Visitor, member: MemberId) -> Result<Standing, Refusal> {
    let told = visitor.get(&format!("/members/{member}/reputation?limit=50")).await?;
    let items = told["items"].as_array().cloned().unwrap_or_default();
    let mut after: Vec<f64> = items.iter().rev().filter_map(|item| item["reputation"].as_f64()).collect();
    if told["next"].is_null() {
        // It began with nothing.
        after.insert(0, 0.0);
    }
    Ok(Standing {
        history: items.iter().filter_map(|item| step(visitor, item)).collect(),
        from: after.first().map(ToString::to_string).unwrap_or_default(),
        trend: trend(&after),
        reviews: reviews(&told["reviews"]),
    })
}
