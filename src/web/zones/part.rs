//! What of a zone is edited at a time: one policy object, its seals, its name, its place, its status.

use aggregates::policy::Section;
use aggregates::zones::Zone;
use serde_json::{Map, Value, json};

use super::keys::{about, keys};
use super::typed::{self, Pair, Unreadable};
use crate::web::form::Fields;

/// What is edited.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Part {
    /// A policy object.
    Section(Section),
    /// What zones below may not set.
    Sealed,
    /// Name, short name and description.
    About,
    /// The zone above.
    Place,
    /// Draft, active, suspended, archived.
    Status,
}

impl Part {
    /// By the name in the address.
    pub fn parse(text: &str) -> Option<Self> {
        match text {
            "sealed" => Some(Self::Sealed),
            "about" => Some(Self::About),
            "place" => Some(Self::Place),
            "status" => Some(Self::Status),
            other => Section::all().find(|section| section.to_string() == other).map(Self::Section),
        }
    }

    /// The name in the address.
    pub fn name(self) -> String {
        match self {
            Self::Section(section) => section.to_string(),
            Self::Sealed => "sealed".to_owned(),
            Self::About => "about".to_owned(),
            Self::Place => "place".to_owned(),
            Self::Status => "status".to_owned(),
        }
    }

    /// What it is called, and what it settles.
    pub fn about(self) -> (&'static str, &'static str) {
        match self {
            Self::Section(section) => about(section),
            Self::Sealed => ("Seals", "What zones below may not set; what they had set is void while the seal lasts."),
            Self::About => ("Name and purpose", "What the zone is called, and what it is for."),
            Self::Place => ("Place in the tree", "Everything below moves along, and the limits of the new place hold."),
            Self::Status => ("Status", "A zone is in force while it and every zone above it are active."),
        }
    }

    /// Whether it settles who decides and how, which needs a right of its own.
    pub fn governs(self) -> bool {
        match self {
            Self::Section(section) => section.governs(),
            Self::Sealed | Self::Place | Self::Status => true,
            Self::About => false,
        }
    }

    /// The fields of the form, as pointers into a change.
    pub fn pointers(self) -> Vec<String> {
        match self {
            Self::Section(Section::DecisionModel) => [
                "threshold",
                "quorum",
                "approval_ratio",
                "max_share",
                "weights",
                "fallback_model",
                "timeout_hours",
                "model_type",
            ]
            .iter()
            .map(|key| format!("/decision_model/{key}"))
            .collect(),
            Self::Section(section) => keys(section).iter().map(|key| format!("/{section}/{}", key.name)).collect(),
            Self::Sealed => vec!["/sealed".to_owned()],
            Self::About => ["/name", "/slug", "/description"].map(str::to_owned).to_vec(),
            Self::Place => vec!["/parent_zone_id".to_owned()],
            Self::Status => vec!["/status".to_owned()],
        }
    }

    /// What the zone says of it, as fields.
    pub fn fill(self, zone: &Zone) -> Vec<Pair> {
        let own = json!(zone.policies);
        let pair = |name: &str, value: String| (name.to_owned(), value);
        match self {
            Self::Section(section) => typed::fill(section, &own[section.to_string()]),
            Self::Sealed => zone.policies.sealed.iter().flatten().map(|section| pair("sealed", section.to_string())).collect(),
            Self::About => vec![
                pair("name", zone.name.to_string()),
                pair("slug", zone.slug.to_string()),
                pair("description", zone.description.to_string()),
            ],
            Self::Place => vec![pair("parent_zone_id", zone.parent_zone_id.map(|id| id.to_string()).unwrap_or_default())],
            Self::Status => Vec::new(),
        }
    }

    /// The change that the fields ask for; empty where nothing would change.
    pub fn change(self, zone: &Zone, fields: &Fields) -> Result<Map<String, Value>, Unreadable> {
        let mut change = Map::new();
        let own = json!(zone.policies);
        let mut differs = |name: &str, before: &Value, after: &Value| {
            if let Some(patch) = typed::patch(name, before, after) {
                change.insert(name.to_owned(), patch);
            }
        };
        match self {
            Self::Section(section) => {
                let name = section.to_string();
                differs(&name, &own[&name], &typed::read(section, fields)?);
            }
            Self::Sealed => {
                let sealed = fields.all("sealed");
                let sealed = if sealed.is_empty() { Value::Null } else { json!(sealed) };
                differs("sealed", &own["sealed"], &sealed);
            }
            Self::About => {
                differs("name", &json!(zone.name), &json!(fields.text("name").trim()));
                differs("slug", &json!(zone.slug), &json!(fields.text("slug").trim()));
                differs(
                    "description",
                    &json!(zone.description),
                    &json!(fields.text("description").trim().replace("\r\n", "\n")),
                );
            }
            Self::Place => {
                let parent = fields.given("parent_zone_id").map_or(Value::Null, |id| json!(id));
                differs("parent_zone_id", &json!(zone.parent_zone_id), &parent);
            }
            Self::Status => {
                if let Some(status) = fields.given("status") {
                    differs("status", &json!(zone.status), &json!(status));
                }
            }
        }
        Ok(change)
    }
}
