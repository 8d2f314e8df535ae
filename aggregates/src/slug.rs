//! Slugs: the short names that appear in addresses.

use std::fmt;

use deunicode::deunicode;
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

/// A short name: 1 to 80 lower-case letters and digits in words joined by single `-` (SPEC Z1).
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize, ToSchema)]
#[serde(try_from = "String", into = "String")]
#[schema(value_type = String, pattern = "^[a-z0-9]+(-[a-z0-9]+)*$")]
pub struct Slug(String);

/// Why a text is no slug.
#[derive(Debug, PartialEq, Eq, thiserror::Error)]
#[error("a slug has 1 to 80 lower-case letters and digits in words joined by single hyphens")]
pub struct NotASlug;

impl Slug {
    const LONGEST: usize = 80;

    /// Reads a slug as written.
    ///
    /// # Errors
    /// [`NotASlug`] unless it is already in form.
    pub fn parse(text: &str) -> Result<Self, NotASlug> {
        let well_formed = !text.is_empty()
            && text.len() <= Self::LONGEST
            && text
                .split('-')
                .all(|word| !word.is_empty() && word.chars().all(|c| c.is_ascii_lowercase() || c.is_ascii_digit()));
        if well_formed { Ok(Self(text.to_owned())) } else { Err(NotASlug) }
    }

    /// Makes a slug from a name: lower case, words joined by `-`, letters that are not of ASCII as they are usually written there. A
    /// name without a single letter or digit becomes `fallback`.
    pub fn from_name(name: &str, fallback: &str) -> Self {
        let lower = deunicode(name).to_lowercase();
        let words: Vec<&str> = lower.split(|c: char| !c.is_ascii_alphanumeric()).filter(|word| !word.is_empty()).collect();
        let joined: String = words.join("-").chars().take(Self::LONGEST).collect();
        let trimmed = joined.trim_end_matches('-');
        Self(if trimmed.is_empty() { fallback.to_owned() } else { trimmed.to_owned() })
    }

    /// The same slug with a number, to tell it from one already taken.
    #[must_use]
    pub fn numbered(&self, number: usize) -> Self {
        let suffix = format!("-{number}");
        let stem: String = self.0.chars().take(Self::LONGEST - suffix.len()).collect();
        Self(format!("{}{suffix}", stem.trim_end_matches('-')))
    }

    /// The text.
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl fmt::Display for Slug {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.fmt(f)
    }
}

impl TryFrom<String> for Slug {
    type Error = NotASlug;

    fn try_from(text: String) -> Result<Self, Self::Error> {
        Self::parse(&text)
    }
}

impl From<Slug> for String {
    fn from(slug: Slug) -> Self {
        slug.0
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_name_becomes_lower_case_words_joined_by_hyphens() {
        assert_eq!(Slug::from_name("  Platform & Tools (EU) ", "zone").as_str(), "platform-tools-eu");
        assert_eq!(Slug::from_name("Zürich, Café №1", "zone").as_str(), "zurich-cafe-no1");
        assert_eq!(Slug::from_name("日本", "zone").as_str(), "ri-ben");
        assert_eq!(Slug::from_name(" … ", "zone").as_str(), "zone");
        assert!(Slug::parse(Slug::from_name(&"ab ".repeat(60), "zone").as_str()).is_ok());
    }

    #[test]
    fn a_written_slug_must_be_in_form() {
        for text in ["", "A", "a--b", "-a", "a_b", "a b"] {
            assert_eq!(Slug::parse(text), Err(NotASlug), "{text}");
        }
    }
}
