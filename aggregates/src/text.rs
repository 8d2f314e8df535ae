//! Texts people write: names, descriptions, rationales, each with its own bounds.

use std::borrow::Cow;
use std::fmt;
use std::sync::Arc;

use serde::{Deserialize, Serialize, Serializer};
use utoipa::openapi::RefOr;
use utoipa::openapi::schema::{ObjectBuilder, Schema, Type};
use utoipa::{PartialSchema, ToSchema};

/// Why a text is refused.
#[derive(Debug, PartialEq, Eq, thiserror::Error)]
pub enum Unreadable {
    /// Nothing but white space.
    #[error("must not be empty")]
    Empty,
    /// Over the bound, counted in characters.
    #[error("must not be longer than {0} characters")]
    TooLong(usize),
    /// Control characters other than line breaks and tabs.
    #[error("must not contain control characters")]
    Control,
}

fn bounded(text: &str, longest: usize) -> Result<String, Unreadable> {
    let trimmed = text.trim();
    if trimmed.chars().count() > longest {
        return Err(Unreadable::TooLong(longest));
    }
    if trimmed.chars().any(|c| c.is_control() && !matches!(c, '\n' | '\r' | '\t')) {
        return Err(Unreadable::Control);
    }
    Ok(trimmed.to_owned())
}

macro_rules! texts {
    ($($(#[doc = $doc:literal])* $name:ident, $longest:literal, empty: $empty:literal);+ $(;)?) => {$(
        $(#[doc = $doc])*
        #[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Deserialize)]
        #[serde(try_from = "String")]
        pub struct $name(Arc<str>);

        impl $name {
            /// Reads a text, without the white space around it.
            ///
            /// # Errors
            /// [`Unreadable`] when it is too long, has control characters, or is empty where it must not be.
            pub fn parse(text: &str) -> Result<Self, Unreadable> {
                let text = bounded(text, $longest)?;
                if text.is_empty() && !$empty {
                    return Err(Unreadable::Empty);
                }
                Ok(Self(text.into()))
            }

            /// The text.
            pub fn as_str(&self) -> &str {
                &self.0
            }
        }

        impl PartialSchema for $name {
            fn schema() -> RefOr<Schema> {
                let text = ObjectBuilder::new().schema_type(Type::String).max_length(Some($longest));
                let text = if $empty { text } else { text.min_length(Some(1)).pattern(Some(r"\S")) };
                text.description(Some(concat!($($doc),*).trim())).into()
            }
        }

        impl ToSchema for $name {
            fn name() -> Cow<'static, str> {
                stringify!($name).into()
            }
        }

        impl fmt::Display for $name {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                self.0.fmt(f)
            }
        }

        impl TryFrom<String> for $name {
            type Error = Unreadable;

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

texts! {
    /// A name or title: 1 to 200 characters.
    Name, 200, empty: false;
    /// A label in a list (a board, a tool, a skill, a criterion): 1 to 120 characters.
    Label, 120, empty: false;
    /// Prose (a description, a rationale, a comment): up to 10,000 characters.
    Prose, 10_000, empty: true;
}

impl Prose {
    /// No words.
    pub fn none() -> Self {
        Self(Arc::default())
    }

    /// Whether there is nothing to read.
    pub fn is_empty(&self) -> bool {
        self.0.is_empty()
    }
}
