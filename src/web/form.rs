//! Forms: what was typed, and what is wrong with it.

use std::collections::BTreeMap;

use axum::body::Bytes;
use axum::extract::{FromRequest, Request};
use axum::http::StatusCode;
use chrono::{DateTime, Datelike, Utc};
use serde_json::{Map, Value, json};

use super::refusal::{Fault, Refusal};
use super::words::spoken;
use crate::engine::Problem;

/// What a form carries, as typed.
#[derive(Clone, Debug, Default)]
pub struct Fields {
    pairs: Vec<(String, String)>,
}

impl<S: Send + Sync> FromRequest<S> for Fields {
    type Rejection = Refusal;

    async fn from_request(request: Request, state: &S) -> Result<Self, Refusal> {
        let bytes = Bytes::from_request(request, state).await.map_err(|rejection| {
            Problem::new(StatusCode::PAYLOAD_TOO_LARGE, "body_too_large", format!("the form is too large: {rejection}"))
        })?;
        Ok(Self { pairs: form_urlencoded::parse(&bytes).into_owned().collect() })
    }
}

impl Fields {
    /// These pairs of name and value.
    pub fn of(pairs: Vec<(String, String)>) -> Self {
        Self { pairs }
    }

    /// What a query string carries. No text that anything could be looked for by has the character NUL, which no database takes.
    pub fn of_query(query: &str) -> Self {
        let pairs = form_urlencoded::parse(query.as_bytes()).into_owned();
        Self { pairs: pairs.map(|(name, value)| (name, value.replace('\0', "\u{fffd}"))).collect() }
    }

    /// What stands in a field; nothing where it is absent.
    pub fn text(&self, name: &str) -> &str {
        self.pairs.iter().find(|(known, _)| known == name).map_or("", |(_, value)| value)
    }

    /// What stands in a field, unless that is nothing but white space.
    pub fn given(&self, name: &str) -> Option<&str> {
        Some(self.text(name).trim()).filter(|text| !text.is_empty())
    }

    /// What a field narrows a list to; nothing where it is empty. What is not understood is refused: to leave it out would show more
    /// than was asked for.
    pub fn narrowed<T>(&self, name: &str, read: impl FnOnce(&str) -> Option<T>) -> Result<Option<T>, Refusal> {
        let Some(text) = self.given(name) else { return Ok(None) };
        read(text).map(Some).ok_or_else(|| {
            let detail = format!("“{text}” is nothing that a list can be narrowed to");
            Problem::new(StatusCode::BAD_REQUEST, "filter_not_understood", detail).into()
        })
    }

    /// A moment, as a form or a person writes it, by which a list is narrowed; in UTC where no other zone is written.
    pub fn narrowed_by_moment(&self, name: &str) -> Result<Option<DateTime<Utc>>, Refusal> {
        self.narrowed(name, |text| {
            let spelled = [text.to_owned(), format!("{text}Z"), format!("{text}:00Z"), format!("{text}T00:00:00Z")];
            let known: Option<DateTime<Utc>> = spelled.iter().find_map(|text| text.parse().ok());
            // No database keeps moments outside these years, and none was ever written.
            known.filter(|at| (0..=9999).contains(&at.year()))
        })
    }

    /// All that was chosen under a name.
    pub fn all(&self, name: &str) -> Vec<&str> {
        self.pairs
            .iter()
            .filter(|(known, value)| known == name && !value.trim().is_empty())
            .map(|(_, value)| value.trim())
            .collect()
    }

    /// The lines of a field that say something.
    pub fn lines(&self, name: &str) -> Vec<&str> {
        self.text(name).lines().map(str::trim).filter(|line| !line.is_empty()).collect()
    }

    /// Whether a box is ticked, or an option chosen.
    pub fn is(&self, name: &str, value: &str) -> bool {
        self.pairs.iter().any(|(known, given)| known == name && given == value)
    }

    /// Whether the form has such a field.
    pub fn has(&self, name: &str) -> bool {
        self.pairs.iter().any(|(known, _)| known == name)
    }

    /// Puts a field in where it is absent.
    pub fn or(mut self, name: &str, value: impl Into<String>) -> Self {
        if !self.pairs.iter().any(|(known, _)| known == name) {
            self.pairs.push((name.to_owned(), value.into()));
        }
        self
    }

    /// With `value` in the place of what stands in a field.
    pub fn with(mut self, name: &str, value: &str) -> Self {
        self.pairs.retain(|(known, _)| known != name);
        self.pairs.push((name.to_owned(), value.to_owned()));
        self
    }

    /// The hidden field by which a form is carried out once.
    pub fn once(&self) -> Option<&str> {
        self.given("once")
    }

    /// A JSON object of the text fields that say something, each under its own name.
    pub fn object(&self, names: &[&str]) -> Map<String, Value> {
        names.iter().filter_map(|name| Some(((*name).to_owned(), json!(self.given(name)?)))).collect()
    }
}

/// A fault in words for people: neither pointers nor ids.
fn said(fault: &Fault) -> String {
    match (fault.code.as_str(), &fault.limit) {
        ("wider_than_parent", Some(limit)) if !limit.is_object() && !limit.is_array() => {
            format!("Wider than the zones above allow, which is {}.", limit.to_string().trim_matches('"'))
        }
        ("wider_than_parent", _) => "Wider than the zones above allow.".to_owned(),
        _ => spoken(&fault.message),
    }
}

/// What is wrong with a form: by field, and as a whole.
#[derive(Clone, Debug, Default)]
pub struct Faults {
    by_pointer: BTreeMap<String, String>,
    /// What no field of the form is to blame for.
    pub overall: Option<String>,
}

impl Faults {
    /// The faults of a refused command, for a form with these fields (as JSON pointers into the command's body). What concerns
    /// no field of it is told as a whole.
    pub fn of(refusal: &Refusal, pointers: &[&str]) -> Self {
        let mut faults = Self::default();
        for fault in &refusal.errors {
            let field =
                pointers.iter().find(|pointer| fault.pointer == **pointer || fault.pointer.starts_with(&format!("{pointer}/")));
            match field {
                Some(pointer) => {
                    faults.by_pointer.entry((*pointer).to_owned()).or_insert_with(|| said(fault));
                }
                None if faults.overall.is_none() => faults.overall = Some(said(fault)),
                None => {}
            }
        }
        if refusal.errors.is_empty() {
            faults.overall = Some(spoken(&refusal.detail));
        }
        faults
    }

    /// What no field is to blame for.
    pub fn of_all(message: impl Into<String>) -> Self {
        Self { by_pointer: BTreeMap::new(), overall: Some(message.into()) }
    }

    /// One fault.
    pub fn at(pointer: &str, message: impl Into<String>) -> Self {
        Self { by_pointer: BTreeMap::from([(pointer.to_owned(), message.into())]), overall: None }
    }

    /// Adds what is wrong with one field, unless something is already.
    pub fn put(&mut self, pointer: &str, message: impl Into<String>) {
        self.by_pointer.entry(pointer.to_owned()).or_insert_with(|| message.into());
    }

    /// What is wrong with one field.
    pub fn on(&self, pointer: &str) -> Option<&str> {
        self.by_pointer.get(pointer).map(String::as_str)
    }

    /// Whether anything is wrong.
    pub fn any(&self) -> bool {
        self.overall.is_some() || !self.by_pointer.is_empty()
    }
}
