//! What an evaluation opens with, and who may judge (SPEC V1, V2).

use super::event::Terms;
use super::rejection::Rejection;
use crate::ids::{MemberId, ZoneId};
use crate::organization;
use crate::permission::Authority;
use crate::proposal::{Opening, Subject};
use crate::zones::Tree;

/// What work in `zone` is judged by now.
///
/// # Errors
/// [`Rejection::NoCriteria`] where no zone on the path says.
pub fn terms(authority: &Authority, zone: ZoneId) -> Result<Terms, Rejection> {
    let effective = authority.tree.effective(zone);
    let criteria = effective.evaluation_criteria.criteria.clone().unwrap_or_default();
    if criteria.is_empty() {
        return Err(Rejection::NoCriteria);
    }
    let evaluators_required = effective.evaluation_criteria.evaluators();
    Ok(Terms { criteria, evaluators_required, incentives: effective.incentive_model.clone() })
}

/// Whose work came of a proposal: whom it names, else its proposer. Where it names nobody, `claimed` may say who did it.
///
/// # Errors
/// [`Rejection::NotTheExecutor`] when it names someone else.
pub fn executor_of(opening: &Opening, claimed: Option<MemberId>) -> Result<MemberId, Rejection> {
    let named = match &opening.subject {
        Subject::TaskExecution(task) => task.executor_id,
        Subject::ResourceAllocation(allocation) => allocation.beneficiary_id,
        Subject::ZoneChange(_) | Subject::MembershipChange(_) => None,
    };
    match (named, claimed) {
        (Some(named), Some(claimed)) if named != claimed => Err(Rejection::NotTheExecutor),
        (Some(executor), _) | (None, Some(executor)) => Ok(executor),
        (None, None) => Ok(opening.proposer_id),
    }
}

/// To whom the grant for the work of a proposal goes: whom it names, else its proposer; nobody, where it is not about work.
pub fn grantee_of(opening: &Opening) -> Option<MemberId> {
    match &opening.subject {
        Subject::TaskExecution(task) => Some(task.executor_id.unwrap_or(opening.proposer_id)),
        Subject::ResourceAllocation(allocation) => Some(allocation.beneficiary_id.unwrap_or(opening.proposer_id)),
        Subject::ZoneChange(_) | Subject::MembershipChange(_) => None,
    }
}

/// Whether `judge` may judge the work of `executor` that came of a proposal: not as its executor, nor as whoever held the grant for it
/// (naming somebody else makes nobody impartial). Persons are compared, not accounts (SPEC V2).
///
/// # Errors
/// [`Rejection::Conflicted`].
pub fn must_be_impartial(
    organization: &organization::State,
    asked: Option<&Opening>,
    executor: MemberId,
    judge: MemberId,
) -> Result<(), Rejection> {
    let judge = organization.person(judge);
    let grantee = asked.and_then(grantee_of);
    let its_own = grantee.into_iter().chain([executor]).any(|doer| organization.person(doer) == judge);
    if its_own { Err(Rejection::Conflicted) } else { Ok(()) }
}

/// Whether work done in `zone` may be judged now: while the zone is in force (SPEC Z2), so that it waits while it is suspended. Nothing
/// is to wait for in one that is archived: what was done there before is judged all the same.
pub fn is_open_to_judging(tree: &Tree, zone: ZoneId) -> bool {
    tree.is_in_force(zone) || tree.is_archived(zone)
}
