//! What a proposal is about (SPEC P1).

use serde::{Deserialize, Serialize, Serializer};
use serde_json::{Map, Value};
use strum::{Display, EnumString, IntoStaticStr};
use utoipa::ToSchema;

use crate::action::Action;
use crate::actor::ZoneRole;
use crate::amount::Amount;
use crate::grant::{INEXACT, inexact_number};
use crate::ids::{MemberId, ZoneId};
use crate::policy::apply_patch;
use crate::reading;
use crate::rejection::Fault;
use crate::text::Label;
use crate::zones::{Changes, Tree};

/// The four types.
#[derive(
    Clone,
    Copy,
    Debug,
    PartialEq,
    Eq,
    PartialOrd,
    Ord,
    Hash,
    Serialize,
    Deserialize,
    ToSchema,
    Display,
    IntoStaticStr,
    EnumString,
)]
#[serde(rename_all = "snake_case")]
#[strum(serialize_all = "snake_case")]
pub enum ProposalType {
    /// To do something.
    TaskExecution,
    /// To use up something.
    ResourceAllocation,
    /// To change a zone.
    ZoneChange,
    /// To give or take a role.
    MembershipChange,
}

/// To do something.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct TaskExecution {
    /// What.
    pub action: Action,
    /// For how much.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub amount: Option<Amount>,
    /// On which board.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub board_id: Option<Label>,
    /// With which tool.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub tool: Option<Label>,
    /// With what else.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schema(value_type = Option<Object>)]
    pub params: Option<Map<String, Value>>,
    /// By whom; by the proposer when absent.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub executor_id: Option<MemberId>,
}

/// To use up something.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct ResourceAllocation {
    /// How much.
    pub amount: Amount,
    /// On which board.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub board_id: Option<Label>,
    /// By which type of agent.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub agent_type: Option<Label>,
    /// For whom; for the proposer when absent.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub beneficiary_id: Option<MemberId>,
}

/// To change a zone.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct ZoneChange {
    /// Which zone: the proposal's own or one below it; its own when absent.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub zone_id: Option<ZoneId>,
    /// What a `PATCH` of the zone would carry, and `status` and `parent_zone_id`.
    #[schema(value_type = Object)]
    pub changes: Map<String, Value>,
}

/// A role that a zone change gives or takes.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct RoleOf {
    /// Whose.
    pub member_id: MemberId,
    /// Which.
    pub role: ZoneRole,
}

/// Roles that a zone change takes and gives, in this order.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct AssignmentChanges {
    /// Taken.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub remove: Vec<RoleOf>,
    /// Given.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub add: Vec<RoleOf>,
}

impl AssignmentChanges {
    /// First what is taken, then what is given.
    pub(super) fn in_order(&self) -> impl Iterator<Item = (RoleOf, MembershipOperation)> {
        let taken = self.remove.iter().map(|role| (*role, MembershipOperation::Remove));
        taken.chain(self.add.iter().map(|role| (*role, MembershipOperation::Add)))
    }
}

impl ZoneChange {
    /// The keys of the zone it changes, and the roles it takes and gives (under `assignments`).
    ///
    /// # Errors
    /// The first key of the roles that is unknown or does not fit.
    pub fn parts(&self) -> Result<(Map<String, Value>, AssignmentChanges), Fault> {
        let mut keys = self.changes.clone();
        let roles = match keys.remove("assignments") {
            None => AssignmentChanges::default(),
            Some(roles) => reading::read(&roles).map_err(|fault| fault.under("/assignments"))?,
        };
        Ok((keys, roles))
    }

    /// Whom it is about: whom it gives or takes roles, and whom it gives more of a say than the policies in `tree` do. It
    /// changes `zone_id` unless it names another zone.
    pub fn people(&self, tree: &Tree, zone_id: ZoneId) -> Vec<MemberId> {
        let (keys, roles) = self.parts().unwrap_or_default();
        let zone = tree.zone(self.zone_id.unwrap_or(zone_id));
        let empowered = zone.zip(Changes::read(keys).ok()).and_then(|(zone, changes)| {
            let after = apply_patch(&zone.policies, &changes.policies).ok()?;
            Some(after.empowered(&zone.policies))
        });
        let given_or_taken = roles.remove.iter().chain(&roles.add).map(|role| role.member_id);
        given_or_taken.chain(empowered.unwrap_or_default()).collect()
    }
}

/// Whether a role is given or taken.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "snake_case")]
pub enum MembershipOperation {
    /// Given.
    Add,
    /// Taken.
    Remove,
}

/// To give or take a role.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct MembershipChange {
    /// In which zone: the proposal's own or one below it; its own when absent.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub zone_id: Option<ZoneId>,
    /// Whether it is given or taken.
    pub operation: MembershipOperation,
    /// Whose.
    pub member_id: MemberId,
    /// Which.
    pub role: ZoneRole,
}

/// What a proposal is about, with its payload.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(tag = "type", content = "payload", rename_all = "snake_case")]
pub enum Subject {
    /// To do something.
    TaskExecution(TaskExecution),
    /// To use up something.
    ResourceAllocation(ResourceAllocation),
    /// To change a zone.
    ZoneChange(ZoneChange),
    /// To give or take a role.
    MembershipChange(MembershipChange),
}

/// What a proposal is about, without its type.
#[derive(Clone, Copy, Debug)]
pub struct Payload<'a>(pub &'a Subject);

impl Serialize for Payload<'_> {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        match self.0 {
            Subject::TaskExecution(payload) => payload.serialize(serializer),
            Subject::ResourceAllocation(payload) => payload.serialize(serializer),
            Subject::ZoneChange(payload) => payload.serialize(serializer),
            Subject::MembershipChange(payload) => payload.serialize(serializer),
        }
    }
}

/// Reads the payload of a proposal of type `kind`.
///
/// # Errors
/// The first key that is unknown or does not fit.
pub fn read_subject(kind: ProposalType, payload: &Value) -> Result<Subject, Fault> {
    let read = match kind {
        ProposalType::TaskExecution => reading::read(payload).map(Subject::TaskExecution),
        ProposalType::ResourceAllocation => reading::read(payload).map(Subject::ResourceAllocation),
        ProposalType::ZoneChange => reading::read(payload).map(Subject::ZoneChange),
        ProposalType::MembershipChange => reading::read(payload).map(Subject::MembershipChange),
    };
    read.and_then(exact).map_err(|fault| fault.under("/payload"))
}

/// Refuses numbers that an approval could not hold on to.
fn exact(subject: Subject) -> Result<Subject, Fault> {
    let params = match &subject {
        Subject::TaskExecution(task) => task.params.as_ref(),
        Subject::ResourceAllocation(_) | Subject::ZoneChange(_) | Subject::MembershipChange(_) => None,
    };
    match params.and_then(inexact_number) {
        Some(place) => Err(Fault::new(format!("/params{place}"), "invalid", INEXACT)),
        None => Ok(subject),
    }
}

impl Subject {
    /// Its type.
    pub fn proposal_type(&self) -> ProposalType {
        match self {
            Self::TaskExecution(_) => ProposalType::TaskExecution,
            Self::ResourceAllocation(_) => ProposalType::ResourceAllocation,
            Self::ZoneChange(_) => ProposalType::ZoneChange,
            Self::MembershipChange(_) => ProposalType::MembershipChange,
        }
    }

    /// The payload as JSON.
    pub fn payload(&self) -> Value {
        serde_json::to_value(Payload(self)).expect("payloads are plain data")
    }

    /// The work it asks for, if it is a task; governing is no work.
    pub fn work(&self) -> Option<&TaskExecution> {
        match self {
            Self::TaskExecution(task) => Some(task).filter(|task| !task.action.is_governing()),
            Self::ResourceAllocation(_) | Self::ZoneChange(_) | Self::MembershipChange(_) => None,
        }
    }

    /// Whether it changes zones or roles rather than asks for work or money.
    pub fn is_about_the_organization(&self) -> bool {
        match self {
            Self::ZoneChange(_) | Self::MembershipChange(_) => true,
            Self::TaskExecution(_) | Self::ResourceAllocation(_) => false,
        }
    }

    /// Whose say or role in the organization it changes (SPEC P5).
    pub(super) fn people(&self, tree: &Tree, zone_id: ZoneId) -> Vec<MemberId> {
        match self {
            Self::ZoneChange(change) => change.people(tree, zone_id),
            Self::MembershipChange(change) => vec![change.member_id],
            Self::TaskExecution(_) | Self::ResourceAllocation(_) => Vec::new(),
        }
    }

    /// How much it is about, if it is about an amount.
    pub fn amount(&self) -> Option<Amount> {
        match self {
            Self::TaskExecution(task) => task.amount,
            Self::ResourceAllocation(allocation) => Some(allocation.amount),
            Self::ZoneChange(_) | Self::MembershipChange(_) => None,
        }
    }
}
