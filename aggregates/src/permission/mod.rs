//! The permission check: may this principal do this here, now, and if not, why (SPEC section 4).

mod answer;
mod ask;
mod check;
mod grants;

pub use answer::{Answer, Decision, Reason};
pub use ask::{Ask, Standing, Via};
pub use check::check;
pub use grants::{holds_in_organization, holds_in_zone, organization_grants, zone_grants};

use crate::organization;
use crate::zones::Tree;

/// Who is who and what holds where in one organization: all that permission rests on.
#[derive(Clone, Debug, Default)]
pub struct Authority {
    /// Who belongs to it.
    pub organization: organization::State,
    /// Its zones.
    pub tree: Tree,
}

#[cfg(test)]
mod tests;
