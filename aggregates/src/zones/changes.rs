//! A change to a zone, as a `PATCH` or a proposal carries it: the same keys, read in the same way.

use serde_json::{Map, Value};

use super::tree::Status;
use crate::ids::ZoneId;
use crate::policy::Section;
use crate::reading;
use crate::rejection::Fault;
use crate::slug::Slug;
use crate::text::{Name, Prose};

/// A change to a zone. What is absent stays as it is.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Changes {
    /// Another name.
    pub name: Option<Name>,
    /// Another slug.
    pub slug: Option<Slug>,
    /// Another description.
    pub description: Option<Prose>,
    /// Another status.
    pub status: Option<Status>,
    /// Another parent; `Some(None)` makes it a root.
    pub parent_zone_id: Option<Option<ZoneId>>,
    /// A merge patch over the policy objects and `sealed`.
    pub policies: Map<String, Value>,
}

impl Changes {
    /// Reads the keys of a change.
    ///
    /// # Errors
    /// The first key that is unknown or does not fit. What the policies say is read when it is known what they change.
    pub fn read(keys: Map<String, Value>) -> Result<Self, Fault> {
        let mut changes = Self::default();
        for (key, value) in keys {
            let at = reading::below(&key, "");
            match key.as_str() {
                "name" => changes.name = Some(read_at(&at, &value)?),
                "slug" => changes.slug = Some(read_at(&at, &value)?),
                "description" => changes.description = Some(read_at::<Option<Prose>>(&at, &value)?.unwrap_or_else(Prose::none)),
                "status" => changes.status = Some(read_at(&at, &value)?),
                "parent_zone_id" => changes.parent_zone_id = Some(read_at(&at, &value)?),
                policy if is_policy(policy) => {
                    changes.policies.insert(key, value);
                }
                _ => return Err(Fault::new(at, "unknown_key", format!("`{key}` is not a key of a zone"))),
            }
        }
        Ok(changes)
    }

    /// Only another status.
    pub fn to_status(status: Status) -> Self {
        Self { status: Some(status), ..Self::default() }
    }

    /// Only another parent.
    pub fn to_parent(parent: Option<ZoneId>) -> Self {
        Self { parent_zone_id: Some(parent), ..Self::default() }
    }

    /// Whether its keys are such that it changes who decides and how (SPEC C1), which needs `zone.govern`. What it blocks of
    /// governing counts too, and depends on what was blocked before (see [`crate::policy::Policies::governing_blocks`]).
    pub fn governs(&self) -> bool {
        let policies = self
            .policies
            .keys()
            .any(|key| key == "sealed" || Section::all().any(|section| section.governs() && section.to_string() == *key));
        policies || self.status.is_some() || self.parent_zone_id.is_some()
    }

    /// Whether it changes anything that tending a zone covers, which needs `zone.write`.
    pub fn tends(&self) -> bool {
        let policies =
            self.policies.keys().any(|key| Section::all().any(|section| !section.governs() && section.to_string() == *key));
        policies || self.name.is_some() || self.slug.is_some() || self.description.is_some()
    }

    /// Whether the patch speaks of what is at `pointer`, by itself or with all that is around it.
    pub(super) fn speaks_of(&self, pointer: &str) -> bool {
        let mut said = &self.policies;
        for key in pointer.split('/').skip(1) {
            match said.get(&key.replace("~1", "/").replace("~0", "~")) {
                None => return false,
                Some(Value::Object(keys)) => said = keys,
                Some(_) => return true,
            }
        }
        true
    }
}

fn is_policy(key: &str) -> bool {
    key == "sealed" || Section::all().any(|section| section.to_string() == key)
}

fn read_at<T: serde::de::DeserializeOwned>(at: &str, value: &Value) -> Result<T, Fault> {
    reading::read(value).map_err(|fault| fault.under(at))
}
