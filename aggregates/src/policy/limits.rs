//! How limits of a parent and a child meet (SPEC Z4), each kind of limit a type of its own.

use std::collections::{BTreeMap, BTreeSet};

use chrono::{DateTime, Utc};
use serde::{Deserialize, Deserializer, Serialize};
use utoipa::ToSchema;

use crate::action::{Action, Pattern};
use crate::reading::below;
use crate::text::Label;

/// A limit that can only be narrowed on the way down.
pub trait Limit: Clone + PartialEq + Serialize {
    /// What holds when both hold.
    #[must_use]
    fn meet(&self, other: &Self) -> Self;

    /// Whether this admits something that `limit` does not.
    fn is_wider_than(&self, limit: &Self) -> bool;

    /// What is narrowed each for itself: its place below the key, as a JSON pointer, and the limit with nothing but that.
    fn parts(&self) -> Vec<(String, Self)> {
        vec![(String::new(), self.clone())]
    }
}

/// Things that can be members of an allow-list, some of which contain others.
pub trait Admissible: Clone + Ord {
    /// Whether allowing `self` allows `other` too.
    fn admits(&self, other: &Self) -> bool;
}

impl Admissible for Label {
    fn admits(&self, other: &Self) -> bool {
        self == other
    }
}

impl Admissible for crate::actor::PrincipalKind {
    fn admits(&self, other: &Self) -> bool {
        self == other
    }
}

impl Admissible for Pattern {
    fn admits(&self, other: &Self) -> bool {
        self.includes(other)
    }
}

/// What is allowed; an empty list allows nothing. Meets by intersection.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(transparent)]
pub struct AllowList<T: Ord>(pub BTreeSet<T>);

impl<T: Admissible> AllowList<T> {
    /// Whether the list admits `item`.
    pub fn admits(&self, item: &T) -> bool {
        self.0.contains(item) || self.0.iter().any(|allowed| allowed.admits(item))
    }
}

impl AllowList<Pattern> {
    /// Whether the list admits `action`.
    pub fn covers(&self, action: &Action) -> bool {
        self.0.iter().any(|pattern| pattern.covers(action))
    }
}

impl<T: Admissible + Serialize> Limit for AllowList<T> {
    fn meet(&self, other: &Self) -> Self {
        let ours = self.0.iter().filter(|item| other.admits(item));
        let theirs = other.0.iter().filter(|item| self.admits(item));
        Self(ours.chain(theirs).cloned().collect())
    }

    fn is_wider_than(&self, limit: &Self) -> bool {
        self.0.iter().any(|item| !limit.admits(item))
    }
}

/// What is blocked or demanded. Meets by union, so a child's list is never wider: it can only add.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(transparent)]
pub struct UnionList<T: Ord>(pub BTreeSet<T>);

impl UnionList<Pattern> {
    /// Whether any pattern covers `action`.
    pub fn covers(&self, action: &Action) -> bool {
        self.0.iter().any(|pattern| pattern.covers(action))
    }

    /// Whether any pattern names `action` or its family.
    pub fn names(&self, action: &Action) -> bool {
        self.0.iter().any(|pattern| pattern.names(action))
    }
}

impl<T: Clone + Ord + Serialize> Limit for UnionList<T> {
    fn meet(&self, other: &Self) -> Self {
        Self(self.0.union(&other.0).cloned().collect())
    }

    fn is_wider_than(&self, _limit: &Self) -> bool {
        false
    }
}

/// At most this. Meets by the smaller.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(transparent)]
pub struct Ceiling<T>(pub T);

impl<T: Copy + Ord + Serialize> Limit for Ceiling<T> {
    fn meet(&self, other: &Self) -> Self {
        Self(self.0.min(other.0))
    }

    fn is_wider_than(&self, limit: &Self) -> bool {
        self.0 > limit.0
    }
}

/// At least this. Meets by the larger.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(transparent)]
pub struct Floor<T>(pub T);

impl<T: Copy + Ord + Serialize> Limit for Floor<T> {
    fn meet(&self, other: &Self) -> Self {
        Self(self.0.max(other.0))
    }

    fn is_wider_than(&self, limit: &Self) -> bool {
        self.0 < limit.0
    }
}

/// A demand that, once made, holds all the way down. Meets by or.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(transparent)]
pub struct Demand(pub bool);

impl Limit for Demand {
    fn meet(&self, other: &Self) -> Self {
        Self(self.0 || other.0)
    }

    fn is_wider_than(&self, limit: &Self) -> bool {
        limit.0 && !self.0
    }
}

/// Named ceilings; a name that is absent is not limited. Meets name by name.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(transparent, bound(deserialize = "T: Deserialize<'de>"))]
pub struct Ceilings<T>(#[serde(deserialize_with = "by_name")] pub BTreeMap<Label, T>);

/// A name as it is written: without the white space around it, another one would be limited, or one of two limits forgotten.
#[derive(PartialEq, Eq, PartialOrd, Ord, Deserialize)]
#[serde(try_from = "String")]
struct Exactly(Label);

impl TryFrom<String> for Exactly {
    type Error = String;

    fn try_from(text: String) -> Result<Self, Self::Error> {
        let label = Label::parse(&text).map_err(|refused| refused.to_string())?;
        if label.as_str() == text { Ok(Self(label)) } else { Err(format!("`{text}` has white space around it")) }
    }
}

fn by_name<'de, D: Deserializer<'de>, T: Deserialize<'de>>(deserializer: D) -> Result<BTreeMap<Label, T>, D::Error> {
    let named = BTreeMap::<Exactly, T>::deserialize(deserializer)?;
    Ok(named.into_iter().map(|(name, limit)| (name.0, limit)).collect())
}

impl<T: Copy + Ord + Serialize> Limit for Ceilings<T> {
    fn meet(&self, other: &Self) -> Self {
        let mut both = self.0.clone();
        for (name, limit) in &other.0 {
            both.entry(name.clone()).and_modify(|ours| *ours = (*ours).min(*limit)).or_insert(*limit);
        }
        Self(both)
    }

    fn is_wider_than(&self, limit: &Self) -> bool {
        self.0.iter().any(|(name, ours)| limit.0.get(name).is_some_and(|theirs| ours > theirs))
    }

    fn parts(&self) -> Vec<(String, Self)> {
        let alone = |(name, limit): (&Label, &T)| (below(name.as_str(), ""), Self([(name.clone(), *limit)].into()));
        self.0.iter().map(alone).collect()
    }
}

/// Not before this moment. Meets by the later.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(transparent)]
pub struct NotBefore(pub DateTime<Utc>);

impl Limit for NotBefore {
    fn meet(&self, other: &Self) -> Self {
        Self(self.0.max(other.0))
    }

    fn is_wider_than(&self, limit: &Self) -> bool {
        self.0 < limit.0
    }
}

/// Not from this moment on. Meets by the earlier.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(transparent)]
pub struct NotAfter(pub DateTime<Utc>);

impl Limit for NotAfter {
    fn meet(&self, other: &Self) -> Self {
        Self(self.0.min(other.0))
    }

    fn is_wider_than(&self, limit: &Self) -> bool {
        self.0 > limit.0
    }
}
