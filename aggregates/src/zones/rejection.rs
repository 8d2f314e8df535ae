//! Why zones stay as they are.

use strum::IntoStaticStr;

use super::facts::Unfit;
use super::tree::Status;
use crate::ids::{AssignmentId, ZoneId};
use crate::policy::Section;
use crate::rejection::{Fault, Kind, Rejected};
use crate::slug::Slug;

/// Why zones stay as they are.
#[derive(Clone, Debug, PartialEq, thiserror::Error, IntoStaticStr)]
#[strum(serialize_all = "snake_case")]
pub enum Rejection {
    /// No such zone here.
    #[error("there is no zone {0} here")]
    NoSuchZone(ZoneId),
    /// No such parent here.
    #[error("there is no zone {0} here that could be the parent")]
    NoSuchParent(ZoneId),
    /// No such assignment here.
    #[error("there is no assignment {0} in this zone")]
    NoSuchAssignment(AssignmentId),
    /// Someone else has the slug.
    #[error("the slug `{0}` is taken")]
    SlugTaken(Slug),
    /// A zone cannot lie below itself.
    #[error("zone {0} would lie below itself")]
    Cycle(ZoneId),
    /// Too many levels.
    #[error("a zone tree has at most {0} levels")]
    TooDeep(usize),
    /// Wider than the ancestors allow (SPEC Z5).
    #[error("a child can only narrow what its parents allow")]
    WiderThanParent(Vec<Fault>),
    /// An ancestor has sealed it (SPEC Z6).
    #[error("`{section}` is sealed by zone {by}")]
    Sealed {
        /// What is sealed.
        section: Section,
        /// Who sealed it.
        by: ZoneId,
    },
    /// Nobody could ever change it again.
    #[error("it blocks changing the zone and approving a proposal to change it: nobody could ever mend it")]
    Unmendable,
    /// The policies do not fit in themselves.
    #[error("the change does not fit")]
    Invalid(Vec<Fault>),
    /// Archived is final.
    #[error("zone {0} is archived, which is final")]
    ZoneArchived(ZoneId),
    /// No such step.
    #[error("a zone that is {from} cannot become {to}")]
    InvalidTransition {
        /// What it is.
        from: Status,
        /// What it was to become.
        to: Status,
    },
    /// The zone is not in force.
    #[error("zone {0} is not in force")]
    ZoneNotInForce(ZoneId),
    /// The member does not meet the zone's demands.
    #[error("the member is not qualified: {}, {}", .unfit.code, .unfit.cure)]
    NotQualified {
        /// Which demand.
        unfit: Box<Unfit>,
        /// The zone that makes it.
        by: ZoneId,
    },
}

impl Rejected for Rejection {
    fn code(&self) -> &'static str {
        self.into()
    }

    fn kind(&self) -> Kind {
        match self {
            Self::NoSuchZone(_) | Self::NoSuchParent(_) | Self::NoSuchAssignment(_) => Kind::Missing,
            Self::SlugTaken(_) | Self::ZoneArchived(_) | Self::InvalidTransition { .. } | Self::ZoneNotInForce(_) => {
                Kind::Conflict
            }
            Self::Cycle(_)
            | Self::TooDeep(_)
            | Self::WiderThanParent(_)
            | Self::Sealed { .. }
            | Self::Unmendable
            | Self::Invalid(_)
            | Self::NotQualified { .. } => Kind::Rule,
        }
    }

    fn faults(&self) -> Vec<Fault> {
        let here = |pointer: &str| vec![Fault::new(pointer, self.code(), self.to_string())];
        match self {
            Self::WiderThanParent(faults) | Self::Invalid(faults) => faults.clone(),
            Self::Sealed { section, by } => {
                vec![Fault { zone_id: Some(*by), ..Fault::new(format!("/{section}"), "sealed", self.to_string()) }]
            }
            Self::NotQualified { unfit, by } => vec![Fault {
                zone_id: Some(*by),
                limit: Some(unfit.limit.clone()),
                requested: Some(unfit.requested.clone()),
                ..Fault::new("/member_id", unfit.code, format!("{self} ({})", unfit.parameter))
            }],
            Self::NoSuchParent(_) | Self::Cycle(_) | Self::TooDeep(_) => here("/parent_zone_id"),
            Self::SlugTaken(_) => here("/slug"),
            Self::Unmendable => here("/constraints/blocked_actions"),
            Self::InvalidTransition { .. } => here("/status"),
            Self::NoSuchZone(_) | Self::NoSuchAssignment(_) | Self::ZoneArchived(_) | Self::ZoneNotInForce(_) => Vec::new(),
        }
    }
}
