//! One organization, twice: as our authority, and as entities and policies of Cedar that say the same. A chain of zones, each of
//! which allows families of actions, blocks one action by name, and admits some tools; a worker with a role in the root.

use aggregates::Decider;
use aggregates::action::Action;
use aggregates::actor::ZoneRole;
use aggregates::ids::{AssignmentId, MemberId, OrganizationId, ZoneId};
use aggregates::organization::{Event as Joined, Organization};
use aggregates::permission::{Ask, Authority};
use aggregates::slug::Slug;
use aggregates::text::{Label, Name};
use aggregates::zones::{Event as Zoned, Zones};
use cedar_policy::{Context, Entities, EntityUid, PolicySet, Request};
use serde_json::{Value, json};
use uuid::Uuid;

const NOW: &str = "2026-01-05T10:00:00Z";
const WORKER: u128 = 2;

fn id(number: u128) -> Uuid {
    Uuid::from_u128(number)
}

/// What is asked about the deepest zone.
#[derive(Clone, Copy, Debug)]
pub enum Question {
    /// What every zone allows.
    Allowed,
    /// What the root alone blocks by name.
    Blocked,
    /// A tool that the deepest zone alone does not admit.
    Tool,
}

impl Question {
    /// All of them, with their names.
    pub const ALL: [(&'static str, Self); 3] = [("allowed", Self::Allowed), ("blocked", Self::Blocked), ("tool", Self::Tool)];

    fn words(self) -> (&'static str, &'static str) {
        match self {
            Self::Allowed => ("work.deploy", "helm"),
            Self::Blocked => ("work.destroy", "helm"),
            Self::Tool => ("work.deploy", "argo"),
        }
    }

    /// Whether it is allowed.
    pub fn is_allowed(self) -> bool {
        matches!(self, Self::Allowed)
    }
}

/// What the zone at `level` of a chain that is `depth` deep says.
fn policies(level: u128, depth: u128) -> Value {
    let mut tools = vec!["helm", "terraform"];
    if level + 1 < depth || depth == 1 {
        tools.push("argo");
    }
    if depth == 1 {
        tools.retain(|tool| *tool != "argo");
    }
    let blocked = if level == 0 { vec!["work.destroy", "ledger.delete"] } else { vec!["ledger.delete"] };
    json!({
        "constraints": {"allowed_actions": ["work.*", "task.*"], "blocked_actions": blocked},
        "resource_scope": {"allowed_tools": tools},
    })
}

/// A chain of zones, `depth` deep, and the deepest.
pub fn authority(depth: u128) -> (Authority, ZoneId) {
    let now = NOW.parse().expect("a moment");
    let people = [
        Joined::Founded {
            organization_id: OrganizationId(id(1)),
            name: Name::parse("Org").expect("a name"),
            slug: Slug::parse("org").expect("a slug"),
            founder_id: None,
            founded_at: now,
        },
        serde_json::from_value(json!({"type": "member.added", "member_id": id(WORKER), "kind": "agent", "role": "member",
            "sponsor_id": null, "agent_type": "coder", "skills": [], "added_at": NOW}))
        .expect("a member"),
    ];
    let zone = |level: u128| id(100 + level);
    let created = |level: u128| -> Zoned {
        let parent = level.checked_sub(1).map(zone);
        serde_json::from_value(json!({"type": "zone.created", "zone_id": zone(level), "parent_zone_id": parent, "name": "Zone",
            "slug": format!("zone-{level}"), "description": "", "status": "active", "policies": policies(level, depth),
            "created_at": NOW}))
        .expect("a zone")
    };
    let assigned = Zoned::MemberAssigned {
        zone_id: ZoneId(zone(0)),
        assignment_id: AssignmentId(id(3)),
        member_id: MemberId(id(WORKER)),
        role: ZoneRole::Executor,
        by_proposal: None,
        assigned_at: now,
    };
    let events: Vec<Zoned> = (0..depth).map(created).chain([assigned]).collect();
    (Authority::new(Organization::replay(&people), Zones::replay(&events)), ZoneId(zone(depth - 1)))
}

/// A question of ours.
pub fn ask(question: Question) -> Ask {
    let (action, tool) = question.words();
    Ask {
        tool: Some(Label::parse(tool).expect("a label")),
        ..Ask::plain(MemberId(id(WORKER)), Action::parse(action).expect("an action"), NOW.parse().expect("a moment"))
    }
}

/// The same chain for Cedar.
pub fn cedar(depth: u128) -> (PolicySet, Entities) {
    let mut text =
        String::from("permit(principal in Role::\"executor-0\", action in Action::\"work\", resource in Zone::\"0\");\n");
    for level in 0..depth {
        let said = policies(level, depth);
        let tools = &said["resource_scope"]["allowed_tools"];
        text += &format!(
            "forbid(principal, action, resource in Zone::\"{level}\") unless {{ action in [Action::\"work\", Action::\"task\"] }};\n\
             forbid(principal, action, resource in Zone::\"{level}\") when {{ context has tool && !({tools}.contains(context.tool)) }};\n"
        );
        for blocked in said["constraints"]["blocked_actions"].as_array().into_iter().flatten() {
            text += &format!("forbid(principal, action == Action::{blocked}, resource in Zone::\"{level}\");\n");
        }
    }
    let entity = |kind: &str, id: &str, parents: Vec<(&str, String)>| {
        let parents: Vec<Value> = parents.into_iter().map(|(kind, id)| json!({"type": kind, "id": id})).collect();
        json!({"uid": {"type": kind, "id": id}, "attrs": {}, "parents": parents})
    };
    let mut entities = vec![
        entity("Member", "worker", vec![("Role", "executor-0".to_owned())]),
        entity("Role", "executor-0", vec![]),
        entity("Action", "work", vec![]),
        entity("Action", "task", vec![]),
        entity("Action", "ledger.delete", vec![]),
        entity("Action", "work.deploy", vec![("Action", "work".to_owned())]),
        entity("Action", "work.destroy", vec![("Action", "work".to_owned())]),
    ];
    for level in 0..depth {
        let above = level.checked_sub(1).map(|above| ("Zone", above.to_string()));
        entities.push(entity("Zone", &level.to_string(), above.into_iter().collect()));
    }
    let entities = Entities::from_json_value(Value::Array(entities), None).expect("entities");
    (text.parse().expect("policies"), entities)
}

/// A question for Cedar.
pub fn request(question: Question, depth: u128) -> Request {
    let (action, tool) = question.words();
    let uid = |kind: &str, id: &str| -> EntityUid { format!("{kind}::\"{id}\"").parse().expect("an id") };
    let context = Context::from_json_value(json!({"tool": tool}), None).expect("a context");
    let zone = (depth - 1).to_string();
    Request::new(uid("Member", "worker"), uid("Action", action), uid("Zone", &zone), context, None).expect("a request")
}
