//! The parameters that narrow on the way down: responsibilities, resources, qualifications, alignment, constraints.

use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use super::hours::ActiveHours;
use super::limits::{AllowList, Ceiling, Ceilings, Demand, Floor, NotAfter, NotBefore, UnionList};
use super::narrowing::{LevelOf, Widening, binder, meet_of, widenings_of};
use super::spending::{RateLimits, SpendingLimit};
use crate::action::Pattern;
use crate::actor::PrincipalKind;
use crate::amount::{Amount, Quantity};
use crate::ids::ZoneId;
use crate::text::Label;

/// A parameter object whose keys are limits: declares the struct, how levels meet key by key, and which keys are wider
/// than an ancestor's.
macro_rules! parameter {
    ($(#[$doc:meta])* $name:ident { $($(#[$key_doc:meta])* $key:ident: $limit:ty),+ $(,)? }) => {
        $(#[$doc])*
        #[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
        #[serde(deny_unknown_fields)]
        pub struct $name {
            $(
                $(#[$key_doc])*
                #[serde(default, skip_serializing_if = "Option::is_none")]
                pub $key: Option<$limit>,
            )+
        }

        impl $name {
            /// What holds when every level holds.
            pub(super) fn meet_all(levels: &[&Self]) -> Self {
                Self { $($key: meet_of(levels.iter().filter_map(|level| level.$key.as_ref()))),+ }
            }

            /// The keys in which this is wider than some level above it.
            pub(super) fn widenings(&self, section: &str, levels: &[LevelOf<'_, Self>]) -> Vec<Widening> {
                [$(widenings_of(
                    &format!("/{section}/{}", stringify!($key)),
                    self.$key.as_ref(),
                    levels.iter().filter_map(|(zone, level)| Some((*zone, level.$key.as_ref()?))),
                )),+].into_iter().flatten().collect()
            }

            /// For each key that is limited, the zone whose word made it what it is.
            pub(super) fn binders(section: &str, levels: &[LevelOf<'_, Self>]) -> Vec<(String, ZoneId)> {
                [$((
                    format!("/{section}/{}", stringify!($key)),
                    binder(levels.iter().filter_map(|(zone, level)| Some((*zone, level.$key.as_ref()?)))),
                )),+].into_iter().filter_map(|(pointer, zone)| Some((pointer, zone?))).collect()
            }
        }
    };
}

parameter! {
    /// What the zone answers for. Expectations of ancestors hold below them.
    Responsibilities {
        /// What is to come about.
        outcomes: UnionList<crate::text::Name>,
        /// How it is to be done.
        expectations: UnionList<crate::text::Name>,
    }
}

parameter! {
    /// What the zone may use.
    ResourceScope {
        /// The most that may be allocated over the zone's whole subtree.
        budget_limit: Ceiling<Amount>,
        /// Boards that may be touched.
        allowed_boards: AllowList<Label>,
        /// Types of agents that may act.
        allowed_agent_types: AllowList<Label>,
        /// Tools that may be used.
        allowed_tools: AllowList<Label>,
        /// What API tokens may be used for here, as action patterns.
        api_key_scopes: AllowList<Pattern>,
        /// Named numeric ceilings, compared with the numbers of the same name in `params`.
        limits: Ceilings<Quantity>,
    }
}

parameter! {
    /// Who may hold a role and do work here.
    AgentQualifications {
        /// Kinds of principals.
        kinds: AllowList<PrincipalKind>,
        /// The least reputation.
        min_reputation: Floor<Quantity>,
        /// Skills one must have, all of them.
        required_skills: UnionList<Label>,
    }
}

parameter! {
    /// Ownership alignment: what a delegate must put at stake.
    AlignmentRequirements {
        /// Reputation locked when work is granted.
        stake_required: Floor<Quantity>,
        /// Whether an agent must have an accountable human.
        sponsor_required: Demand,
    }
}

parameter! {
    /// What may be done, how much, and when.
    Constraints {
        /// Work that is allowed; nothing else is.
        allowed_actions: AllowList<Pattern>,
        /// What is forbidden to everyone.
        blocked_actions: UnionList<Pattern>,
        /// What needs an approved proposal.
        approval_required_actions: UnionList<Pattern>,
        /// How much may be spent in a span of time.
        spending_limit: SpendingLimit,
        /// How often.
        rate_limits: RateLimits,
        /// Not before.
        valid_from: NotBefore,
        /// Not from then on.
        valid_until: NotAfter,
        /// At which hours.
        active_hours: ActiveHours,
        /// How much work may be under way at once.
        max_concurrent_tasks: Ceiling<u32>,
        /// Whether an approval needs at least one human's vote (SPEC D4).
        require_human_review: Demand,
    }
}
