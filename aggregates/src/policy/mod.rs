//! The seven parameters and three policies of a zone (SPEC Z6): what a zone writes, how levels meet, what really holds.

mod approval;
mod effective;
mod hours;
mod limits;
mod merge;
mod narrowing;
mod parameters;
mod sections;
mod spending;

pub use approval::{
    ApprovalPolicy, AutoApprove, Criterion, CriterionType, EscalationPolicy, EvaluationCriteria, IncentiveModel,
    ReviewerSelection, ReviewersByRisk, Risk,
};
pub use effective::{Effective, Level};
pub use hours::{ActiveHours, Day, TimeOfDay, Window, ZoneOfEarth};
pub use limits::{AllowList, Ceiling, Ceilings, Demand, Floor, Limit, NotAfter, NotBefore, UnionList};
pub use merge::{REPLACED_WHOLE, apply_patch, validate};
pub use narrowing::{Widening, sealed_sections, widenings};
#[cfg(test)]
pub use narrowing::{is_within, is_within_level};
pub use parameters::{AgentQualifications, AlignmentRequirements, Constraints, ResourceScope, Responsibilities};
pub use sections::{Policies, Section};
pub use spending::{RateLimit, RateLimits, SpendingLimit, SpendingWindow};
