//! The permission check: may this principal do this here, now, and if not, why (SPEC section 4).

mod answer;
mod ask;
mod check;
mod funds;
mod grants;
mod spoken;
mod steps;

pub use answer::{Answer, Decision, Reason};
pub use ask::{Ask, Standing, Via};
pub use check::check;
pub use funds::{Budget, Line, budget};
pub use grants::{holds_in_organization, holds_in_zone, is_auditor, organization_grants, zone_grants};
pub use spoken::{Spoken, speakable};

use std::sync::Arc;

use crate::ledger;
use crate::organization;
use crate::zones::Tree;

/// Who is who, what holds where and what is spent in one organization: all that permission rests on.
#[derive(Clone, Debug, Default)]
pub struct Authority {
    /// Who belongs to it.
    pub organization: Arc<organization::State>,
    /// Its zones.
    pub tree: Arc<Tree>,
    /// Its books.
    pub ledger: Arc<ledger::State>,
}

impl Authority {
    /// An organization and its zones, with nothing spent.
    pub fn new(organization: organization::State, tree: Tree) -> Self {
        Self { organization: Arc::new(organization), tree: Arc::new(tree), ledger: Arc::default() }
    }

    /// The same with other zones.
    #[must_use]
    pub fn with_tree(&self, tree: Tree) -> Self {
        Self { tree: Arc::new(tree), ..self.clone() }
    }
}

#[cfg(test)]
mod tests;
