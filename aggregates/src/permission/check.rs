//! The order of a check (SPEC C2): zone in force → token scope → blocked → allowed → time → qualifications → role →
//! resource scope and budget → tasks under way → rate → spending → approval required. The first failure decides. Every level of the path has its say, root
//! first.

use super::Authority;
use super::answer::{Answer, Decision, Reason};
use super::ask::Ask;
use super::funds::Funds;
use super::steps::Question;
use crate::ids::ZoneId;

/// May it be done in `zone`? A zone or principal that does not exist here is a reason like any other.
pub fn check(authority: &Authority, zone: ZoneId, ask: &Ask) -> Answer {
    let Some(member) = authority.organization.member(ask.principal) else {
        return deny(Reason::new("not_a_member", format!("{} is not an active member", ask.principal)));
    };
    let Some(path) = authority.tree.compiled(zone) else {
        return deny(Reason::new("no_such_zone", format!("there is no zone {zone} here")));
    };
    let question = Question { authority, ask, member, path, is_work: !ask.action.is_governing() };
    let funds = Funds { authority, ask, path };
    let denial = question
        .in_force()
        .or_else(|| question.within_token())
        .or_else(|| question.not_blocked())
        .or_else(|| question.allowed())
        .or_else(|| question.in_time())
        .or_else(|| question.qualified())
        .or_else(|| question.by_role())
        .or_else(|| question.within_resources())
        .or_else(|| if question.is_work { funds.within_budget() } else { None });
    // What is granted ahead is counted for rates when it is used.
    let rated = || if ask.standing.ahead { None } else { funds.within_rates() };
    let denial = if question.is_work {
        denial.or_else(|| funds.within_tasks()).or_else(rated).or_else(|| funds.within_spending())
    } else {
        denial
    };
    match (denial, question.needs_approval()) {
        (Some(reason), _) => deny(reason),
        (None, Some(reason)) => Answer { decision: Decision::ApprovalRequired, reasons: vec![reason] },
        (None, None) => Answer { decision: Decision::Allow, reasons: vec![] },
    }
}

fn deny(reason: Reason) -> Answer {
    Answer { decision: Decision::Deny, reasons: vec![reason] }
}
