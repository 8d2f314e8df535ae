//! Actions and the patterns that speak of them (SPEC C1).

use std::fmt;
use std::sync::LazyLock;

use serde::{Deserialize, Serialize, Serializer};
use utoipa::ToSchema;

const LONGEST: usize = 120;

/// Families of actions that govern the organization; `zone.execute` never implies them (SPEC C1).
pub(crate) const GOVERNANCE: [&str; 9] =
    ["organization", "zone", "proposal", "escalation", "evaluation", "reviewer", "token", "member", "audit"];

/// A dotted name of something one can do: `task.create`, `deploy.production`.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Deserialize, ToSchema)]
#[serde(try_from = "String")]
#[schema(value_type = String, pattern = "^[a-z0-9_-]+(\\.[a-z0-9_-]+)*$")]
pub struct Action(String);

/// What whoever decides proposals has to hold.
pub(crate) static APPROVE: LazyLock<Action> = LazyLock::new(|| Action::known("proposal.approve"));

/// An action, all actions below a prefix (`deploy.*`), or every action (`*`).
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Deserialize, ToSchema)]
#[serde(try_from = "String")]
#[schema(value_type = String, pattern = "^([a-z0-9_-]+(\\.[a-z0-9_-]+)*(\\.\\*)?|\\*)$")]
pub struct Pattern(String);

/// Why a text is neither.
#[derive(Debug, PartialEq, Eq, thiserror::Error)]
pub enum NotAnAction {
    /// Not an action.
    #[error("an action is a dotted name of lower-case letters, digits, `_` and `-`, such as `task.create`")]
    Action,
    /// Not a pattern.
    #[error("a pattern is an action, `prefix.*` or `*`")]
    Pattern,
}

fn dotted(text: &str) -> bool {
    text.len() <= LONGEST
        && text.split('.').all(|word| {
            !word.is_empty() && word.chars().all(|c| c.is_ascii_lowercase() || c.is_ascii_digit() || matches!(c, '_' | '-'))
        })
}

impl Action {
    /// Reads an action.
    ///
    /// # Errors
    /// [`NotAnAction::Action`] unless it is a dotted name.
    pub fn parse(text: &str) -> Result<Self, NotAnAction> {
        if dotted(text) { Ok(Self(text.to_owned())) } else { Err(NotAnAction::Action) }
    }

    /// One of the service's own actions, known to be well formed.
    pub(crate) fn known(text: &'static str) -> Self {
        debug_assert!(dotted(text), "{text} is not an action");
        Self(text.to_owned())
    }

    /// The first word: `task` of `task.create`.
    pub fn family(&self) -> &str {
        self.0.split('.').next().unwrap_or(&self.0)
    }

    /// Whether it only reads.
    pub fn is_read(&self) -> bool {
        self.0.rsplit('.').next() == Some("read") && self.0.contains('.')
    }

    /// Whether it speaks of governing rather than of work (SPEC C2): such actions are refused only when blocked by name.
    pub fn is_governing(&self) -> bool {
        governs(self.family())
    }

    /// The text.
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

fn governs(family: &str) -> bool {
    matches!(family, "zone" | "proposal" | "escalation" | "evaluation")
}

impl Pattern {
    /// Reads a pattern.
    ///
    /// # Errors
    /// [`NotAnAction::Pattern`] unless it is an action, `prefix.*` or `*`.
    pub fn parse(text: &str) -> Result<Self, NotAnAction> {
        let stem = text.strip_suffix(".*").unwrap_or(text);
        if text == "*" || dotted(stem) { Ok(Self(text.to_owned())) } else { Err(NotAnAction::Pattern) }
    }

    /// Whether `action` is among what it speaks of.
    pub fn covers(&self, action: &Action) -> bool {
        self.spans(action.as_str())
    }

    /// Whether it names the action or its family, rather than simply everything.
    pub fn names(&self, action: &Action) -> bool {
        self.0 != "*" && self.covers(action)
    }

    /// Whether it speaks of governing alone: of nothing that allow-lists, approvals and rates are about (SPEC C2).
    pub fn is_of_governing(&self) -> bool {
        governs(self.0.split('.').next().unwrap_or_default())
    }

    /// Whether something that governs the organization may be among what it speaks of.
    pub fn reaches_governance(&self) -> bool {
        let family = self.0.split('.').next().unwrap_or_default();
        family == "*" || GOVERNANCE.contains(&family)
    }

    fn spans(&self, text: &str) -> bool {
        match self.0.strip_suffix('*') {
            Some(prefix) => text.starts_with(prefix),
            None => self.0 == text,
        }
    }

    /// Whether everything `other` speaks of is spoken of by this one too.
    pub fn includes(&self, other: &Self) -> bool {
        self.spans(&other.0)
    }

    /// The text.
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

macro_rules! texts_of {
    ($($name:ident),+) => {$(
        impl fmt::Display for $name {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                self.0.fmt(f)
            }
        }

        impl TryFrom<String> for $name {
            type Error = NotAnAction;

            fn try_from(text: String) -> Result<Self, Self::Error> {
                Self::parse(&text)
            }
        }

        impl Serialize for $name {
            fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
                serializer.serialize_str(&self.0)
            }
        }
    )+};
}
texts_of!(Action, Pattern);

#[cfg(test)]
mod tests {
    use super::*;

    fn pattern(text: &str) -> Pattern {
        Pattern::parse(text).expect("pattern")
    }

    #[test]
    fn a_pattern_covers_itself_its_prefix_or_everything() {
        let action = Action::parse("deploy.production").expect("action");
        assert!(pattern("deploy.production").covers(&action));
        assert!(pattern("deploy.*").covers(&action));
        assert!(pattern("*").covers(&action) && !pattern("*").names(&action));
        assert!(!pattern("dep.*").covers(&action));
        assert!(!pattern("deploy").covers(&action));
    }

    #[test]
    fn a_wider_pattern_includes_a_narrower_one() {
        assert!(pattern("*").includes(&pattern("a.*")));
        assert!(pattern("a.*").includes(&pattern("a.b.*")));
        assert!(!pattern("a.b.*").includes(&pattern("a.*")));
        assert!(!pattern("a.b").includes(&pattern("a.*")));
    }

    #[test]
    fn malformed_names_are_refused() {
        for text in ["", ".", "a.", "A.b", "a b", "a.*.b", "**", "a*"] {
            assert!(Pattern::parse(text).is_err(), "{text}");
        }
    }
}
