//! What pages show again and again: people, zones, moments, states, ids. Each value writes its own markup, escaped; templates
//! put it in with `{{ value }}`.

use std::fmt::{self, Display, Formatter};

use aggregates::Moment;
use aggregates::actor::PrincipalKind;
use aggregates::decision_model::Tally;
use aggregates::ids::{MemberId, ZoneId};
use aggregates::organization::Member;
use aggregates::policy::Risk;
use askama::filters::HtmlSafe;

/// Writes text as it may stand in HTML, in attributes too.
pub struct Escaped<'a>(pub &'a str);

impl Display for Escaped<'_> {
    fn fmt(&self, f: &mut Formatter<'_>) -> fmt::Result {
        for character in self.0.chars() {
            match character {
                '&' => f.write_str("&amp;")?,
                '<' => f.write_str("&lt;")?,
                '>' => f.write_str("&gt;")?,
                '"' => f.write_str("&quot;")?,
                '\'' => f.write_str("&#39;")?,
                other => write!(f, "{other}")?,
            }
        }
        Ok(())
    }
}

/// Someone: a face with letters (round for people, square for agents and services), and a name that leads to their page.
#[derive(Clone, Debug)]
pub struct Person {
    /// Their id.
    pub id: String,
    /// Their name.
    pub name: String,
    /// What they are.
    pub kind: PrincipalKind,
    /// Whether they have left.
    pub left: bool,
    /// Whether it is whoever looks.
    pub me: bool,
}

impl Person {
    /// Someone with this id, as far as they are known.
    pub fn new(id: MemberId, name: Option<&str>, known: Option<&Member>, me: bool) -> Self {
        let system = id == MemberId::SYSTEM;
        let fallback = if system { "Trust Zones" } else { "Someone without a name" };
        Self {
            id: id.to_string(),
            name: name.unwrap_or(fallback).to_owned(),
            kind: known.map_or(PrincipalKind::System, |known| known.kind),
            left: !system && known.is_none_or(|known| !known.active),
            me,
        }
    }

    /// The first letters of their names.
    pub fn initials(&self) -> String {
        let words = self.name.split_whitespace().filter_map(|word| word.chars().next());
        words.take(2).flat_map(char::to_uppercase).collect()
    }
}

impl Display for Person {
    fn fmt(&self, f: &mut Formatter<'_>) -> fmt::Result {
        let (name, kind, initials) = (Escaped(&self.name), self.kind, self.initials());
        let me = if self.me { " <span class=\"quiet\">(you)</span>" } else { "" };
        let left = if self.left { " <span class=\"quiet\">(left)</span>" } else { "" };
        let title = if kind == PrincipalKind::Human { String::new() } else { format!(" title=\"{kind}\"") };
        if kind == PrincipalKind::System {
            return write!(f, "<span class=\"person\"><span class=\"face system\" aria-hidden=\"true\">TZ</span>{name}</span>");
        }
        write!(
            f,
            "<a class=\"person\" href=\"/members/{}\"{title}><span class=\"face {kind}\" aria-hidden=\"true\">{}</span>\
             <span class=\"name\">{name}</span>{me}{left}</a>",
            self.id,
            Escaped(&initials)
        )
    }
}

/// A zone by name, leading to its page.
#[derive(Clone, Debug)]
pub struct ZoneName {
    /// Its id.
    pub id: String,
    /// Its name.
    pub name: String,
}

impl ZoneName {
    /// A zone with this id and, if it is known, this name.
    pub fn new(id: ZoneId, name: Option<String>) -> Self {
        Self { id: id.to_string(), name: name.unwrap_or_else(|| "a zone that is not here".to_owned()) }
    }
}

impl Display for ZoneName {
    fn fmt(&self, f: &mut Formatter<'_>) -> fmt::Result {
        write!(f, "<a class=\"zone\" href=\"/zones/{}\">{}</a>", self.id, Escaped(&self.name))
    }
}

/// A moment, as far away as it is now; the exact one on hover and for programs.
#[derive(Clone, Copy, Debug)]
pub struct When {
    /// The moment.
    pub at: Moment,
    /// When it is looked at.
    pub now: Moment,
}

/// How far away a moment is, in words.
pub fn distance(at: Moment, now: Moment) -> String {
    let seconds = (at - now).num_seconds();
    let far = seconds.abs();
    let text = match far {
        0..45 if seconds > 0 => return "in a moment".to_owned(),
        0..45 => return "just now".to_owned(),
        45..5400 => format!("{} min", (far + 30) / 60),
        5400..129_600 => format!("{} h", (far + 1800) / 3600),
        129_600..5_184_000 => format!("{} days", (far + 43_200) / 86_400),
        5_184_000..63_072_000 => format!("{} months", far / 2_592_000),
        _ => format!("{} years", far / 31_536_000),
    };
    if seconds > 0 { format!("in {text}") } else { format!("{text} ago") }
}

/// A moment in full.
pub fn exact(at: Moment) -> String {
    at.format("%-d %b %Y, %H:%M:%S UTC").to_string()
}

impl Display for When {
    fn fmt(&self, f: &mut Formatter<'_>) -> fmt::Result {
        let (machine, exact) = (self.at.to_rfc3339_opts(chrono::SecondsFormat::Secs, true), exact(self.at));
        write!(f, "<time datetime=\"{machine}\" title=\"{exact}\">{}</time>", distance(self.at, self.now))
    }
}

/// A word for a state, with a shape and a colour.
#[derive(Clone, Debug)]
pub struct Badge {
    /// Which look: `good`, `bad`, `open`, `wait`, `off`.
    pub look: &'static str,
    /// The word.
    pub word: String,
}

impl Badge {
    /// A badge.
    pub fn new(look: &'static str, word: impl Into<String>) -> Self {
        Self { look, word: word.into() }
    }
}

impl Display for Badge {
    fn fmt(&self, f: &mut Formatter<'_>) -> fmt::Result {
        let icon = Icon(match self.look {
            "good" => "check",
            "bad" => "cross",
            "open" => "circle",
            "wait" => "clock",
            _ => "dash",
        });
        write!(f, "<span class=\"badge {}\">{icon}{}</span>", self.look, Escaped(&self.word))
    }
}

/// How risky something is: a word, and bars that grow with it.
#[derive(Clone, Copy, Debug)]
pub struct RiskMark(pub Risk);

impl Display for RiskMark {
    fn fmt(&self, f: &mut Formatter<'_>) -> fmt::Result {
        let steps = match self.0 {
            Risk::Low => 1,
            Risk::Medium => 2,
            Risk::High => 3,
            Risk::Critical => 4,
        };
        write!(
            f,
            "<span class=\"risk {}\"><svg viewBox=\"0 0 14 12\" width=\"14\" height=\"12\" aria-hidden=\"true\">",
            self.0
        )?;
        for step in 0..4 {
            let (x, height) = (step * 4 - step / 2, 3 + step * 3);
            let on = if step < steps { " class=\"on\"" } else { "" };
            write!(f, "<rect{on} x=\"{x}\" y=\"{}\" width=\"2.5\" height=\"{height}\" rx=\"0.8\"/>", 12 - height)?;
        }
        write!(f, "</svg>{} risk</span>", super::words::risk_word(self.0))
    }
}

/// Votes as a bar: approvals, rejections, abstentions, and what is still open; in words for those who do not see it.
#[derive(Clone, Copy, Debug)]
pub struct TallyBar(pub Tally);

impl Display for TallyBar {
    fn fmt(&self, f: &mut Formatter<'_>) -> fmt::Result {
        let tally = self.0;
        let Tally { approve, reject, abstain, outstanding, .. } = tally;
        let told = format!("{approve} approve, {reject} reject, {abstain} abstain, {outstanding} open");
        write!(f, "<span class=\"tally\" role=\"img\" aria-label=\"{told}\" title=\"{told}\">")?;
        for (look, votes) in [("yes", approve), ("no", reject), ("pass", abstain), ("open", outstanding)] {
            for _ in 0..votes.min(60) {
                write!(f, "<i class=\"{look}\"></i>")?;
            }
        }
        write!(f, "</span>")
    }
}

/// Markup that has been made here, of escaped parts.
#[derive(Clone, Debug, Default)]
pub struct Html(pub String);

impl Display for Html {
    fn fmt(&self, f: &mut Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

/// An id, short, with a button that copies all of it.
#[derive(Clone, Debug)]
pub struct Id(pub String);

impl Display for Id {
    fn fmt(&self, f: &mut Formatter<'_>) -> fmt::Result {
        let end = self.0.len().saturating_sub(8);
        let (id, short) = (Escaped(&self.0), Escaped(self.0.get(end..).unwrap_or(&self.0)));
        write!(
            f,
            "<span class=\"id\"><code title=\"{id}\">…{short}</code><button type=\"button\" class=\"copy\" data-copy=\"{id}\" \
             hidden><span class=\"sr\">Copy the whole id</span>{}</button></span>",
            Icon("copy")
        )
    }
}

/// A small picture, drawn with strokes.
#[derive(Clone, Copy, Debug)]
pub struct Icon(pub &'static str);

impl Icon {
    fn strokes(self) -> &'static str {
        match self.0 {
            "overview" => "M2.5 9.5h4v4h-4zM9.5 2.5h4v11h-4zM2.5 2.5h4v4h-4z",
            "inbox" => "M2 9.5 4 3h8l2 6.5V13H2zM2 9.5h3.5L6.5 11h3l1-1.5H14",
            "proposals" => "M4 2h6l2.5 2.5V14H4zM6 7h4.5M6 10h4.5",
            "zones" => "M6 2.5h4v3H6zM2 10.5h4v3H2zM10 10.5h4v3h-4zM8 5.5V8M4 10.5V8h8v2.5",
            "escalations" => "M8 13V3M4 7l4-4 4 4",
            "evaluations" => "M8 2l1.8 3.9 4.2.5-3.1 2.9.8 4.2L8 11.4l-3.7 2.1.8-4.2L2 6.4l4.2-.5z",
            "members" => {
                "M6 7.5a2.3 2.3 0 1 0 0-4.6 2.3 2.3 0 0 0 0 4.6M1.8 13.5c.3-2.4 2-3.8 4.2-3.8s3.9 1.4 4.2 3.8M10.5 3.2a2.2 2.2 0 0 1 0 4.2M12 9.8c1.3.5 2 1.8 2.2 3.7"
            }
            "tokens" => "M10 8a3 3 0 1 0-2.6-1.5L2.5 11.4v2.1h2.2v-1.6h1.6v-1.6h1.1l1.1-1.1c.5.3 1 .4 1.5.4M10.7 5.3h.01",
            "audit" => "M3 2.5h10v11H3zM5.5 5.5h5M5.5 8h5M5.5 10.5h3",
            "checks" => "M8 1.8 13.3 4v3.6c0 3.2-2.2 5.5-5.3 6.6-3.1-1.1-5.3-3.4-5.3-6.6V4zM5.6 7.9l1.7 1.7 3.1-3.3",
            "check" => "M3.5 8.5l3 3 6-7",
            "cross" => "M4 4l8 8M12 4l-8 8",
            "circle" => "M8 3.5a4.5 4.5 0 1 0 0 9 4.5 4.5 0 0 0 0-9",
            "clock" => "M8 2.5a5.5 5.5 0 1 0 0 11 5.5 5.5 0 0 0 0-11M8 5v3.2l2 1.3",
            "dash" => "M4 8h8",
            "copy" => "M5.5 5.5h8v8h-8zM10.5 5.5v-3h-8v8h3",
            "menu" => "M2.5 4.5h11M2.5 8h11M2.5 11.5h11",
            "plus" => "M8 3v10M3 8h10",
            "arrow" => "M3 8h10M9 4l4 4-4 4",
            "out" => "M9 2.5H3.5v11H9M7 8h7M11.5 5.5 14 8l-2.5 2.5",
            "light" => {
                "M8 5.2a2.8 2.8 0 1 0 0 5.6 2.8 2.8 0 0 0 0-5.6M8 1.5v1.3M8 13.2v1.3M1.5 8h1.3M13.2 8h1.3M3.4 3.4l.9.9M11.7 11.7l.9.9M12.6 3.4l-.9.9M4.3 11.7l-.9.9"
            }
            "dark" => "M13 9.5A5.5 5.5 0 0 1 6.5 3 5.5 5.5 0 1 0 13 9.5",
            "warning" => "M8 2.5 14.3 13H1.7zM8 6.5v3M8 11.2v.1",
            "comment" => "M2.5 3h11v8H7l-3 2.5V11H2.5z",
            "person" => "M8 8a2.7 2.7 0 1 0 0-5.4A2.7 2.7 0 0 0 8 8M3 13.7c.4-2.6 2.4-4 5-4s4.6 1.4 5 4",
            "flag" => "M4 14V2.5h8l-1.8 3L12 8.5H4",
            _ => "M8 3a5 5 0 1 0 0 10A5 5 0 0 0 8 3",
        }
    }
}

impl Display for Icon {
    fn fmt(&self, f: &mut Formatter<'_>) -> fmt::Result {
        let strokes = self.strokes();
        write!(
            f,
            "<svg class=\"icon\" viewBox=\"0 0 16 16\" width=\"16\" height=\"16\" aria-hidden=\"true\"><path d=\"{strokes}\"/></svg>"
        )
    }
}

impl HtmlSafe for Person {}
impl HtmlSafe for ZoneName {}
impl HtmlSafe for When {}
impl HtmlSafe for Badge {}
impl HtmlSafe for Id {}
impl HtmlSafe for Icon {}
impl HtmlSafe for RiskMark {}
impl HtmlSafe for TallyBar {}
impl HtmlSafe for Html {}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn moments_are_told_by_their_distance() {
        let now: Moment = "2026-01-05T10:00:00Z".parse().expect("a moment");
        let after = |seconds: i64| distance(now + chrono::Duration::seconds(seconds), now);
        let told = [after(-10), after(-60), after(-7200), after(3600 * 24 * 3), after(-3600 * 24 * 400)];
        assert_eq!(told, ["just now", "1 min ago", "2 h ago", "in 3 days", "13 months ago"]);
    }

    #[test]
    fn a_name_cannot_bring_markup_along() {
        let person = Person::new(MemberId::from(uuid::Uuid::max()), Some("<b onclick='x'>\"Eve\"</b>"), None, false);
        let shown = person.to_string();
        assert!(!shown.contains("<b"), "{shown}");
    }
}
