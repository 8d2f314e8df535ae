//! Proposals that await their reviewers: given what happened, when someone chooses, then exactly this follows.

use std::sync::Arc;

use serde_json::{Value, json};
use uuid::Uuid;

use super::*;
use crate::Decider;
use crate::decision_model::Choice as Said;
use crate::ids::{ProposalId, ZoneId};
use crate::proposal::{Command, Proposal};
use crate::text::Prose;

fn id(number: u128) -> MemberId {
    MemberId(Uuid::from_u128(number))
}

fn at(second: i64) -> Moment {
    "2026-01-05T10:00:00Z".parse::<Moment>().expect("moment") + chrono::Duration::seconds(second)
}

/// A proposal under `model` that awaits a choice among candidates 1…n with these weights; the rules would take the first.
fn awaiting(model: &Value, weights: &[u64], change: impl FnOnce(&mut Opening)) -> Event {
    let elector = |(place, weight): (usize, &u64)| {
        json!({"member_id": id(place as u128 + 1), "weight": weight, "human": place != 0, "reason": "approver", "zone_id": Uuid::from_u128(60),
            "chosen_by": "policy"})
    };
    let electors: Vec<Value> = weights.iter().enumerate().map(elector).collect();
    let nominee = |elector: &Value| {
        json!({"elector": elector, "kind": "human", "organization_role": "member", "seat": {"approver": {"levels_up": 0}}, "reputation": 0,
            "record": {"asked": 0, "in_time": 0, "upheld": 0, "overturned": 0, "open": 0}})
    };
    let model: DecisionModel = serde_json::from_value(model.clone()).expect("a model");
    let mut opening: Opening = serde_json::from_value(json!({
        "proposal_id": ProposalId(Uuid::from_u128(50)), "zone_id": ZoneId(Uuid::from_u128(60)), "proposer_id": id(99), "title": "work",
        "description": "", "subject": {"type": "task_execution", "payload": {"action": "work.do"}}, "risk_level": "low",
        "decision_model": model, "electorate": electors[..1], "conflicts": [], "human_required": false, "auto_approved": false,
        "votes_may_change": false, "veto_window_minutes": 0, "deadline": null, "expires_at": null, "policy_position": 1, "opened_at": at(0),
        "to_be_chosen": {"candidates": electors.iter().map(nominee).collect::<Vec<_>>(), "until": at(10),
            "numbers": {"low": 1, "medium": 2, "high": 3, "critical": 5}, "least": model.rule.least_electorate()},
    }))
    .expect("an opening");
    change(&mut opening);
    Event::Opened(Arc::new(opening))
}

fn by_rules(gone: &[u128]) -> Command {
    let gone = gone.iter().copied().map(id).collect();
    let chooses = Chooses { advice: Err("timeout".to_owned()), consultation: None, gone };
    Command::ChooseReviewers { chooses: Box::new(chooses), now: at(10) }
}

fn advised(named: &[u128], risk: Option<Risk>, model: Option<Value>, gone: &[u128]) -> Command {
    let stricter_model = model.map(|model| serde_json::from_value(model).expect("a model"));
    let advice = Advice { reviewers: named.iter().copied().map(id).collect(), raised_risk: risk, stricter_model };
    let gone = gone.iter().copied().map(id).collect();
    Command::ChooseReviewers { chooses: Box::new(Chooses { advice: Ok(advice), consultation: None, gone }), now: at(1) }
}

fn vote(voter: u128, choice: Said) -> Command {
    Command::CastVote { voter_id: id(voter), choice, rationale: Prose::none(), now: at(20) }
}

fn after(state: &State, command: Command) -> (State, Vec<Event>) {
    let events = Proposal::decide(state, command).expect("a decision");
    let mut state = state.clone();
    for event in &events {
        Proposal::evolve(&mut state, event);
    }
    (state, events)
}

fn seats(state: &State) -> Vec<(u128, u64, ChosenBy)> {
    let seat =
        |reviewer: &Reviewer| (reviewer.elector.member_id.0.as_u128(), reviewer.elector.weight, reviewer.elector.chosen_by);
    state.reviewers.iter().map(seat).collect()
}

fn one() -> Value {
    json!({"model_type": "threshold", "threshold": 1})
}

#[test]
fn nobody_votes_or_stands_back_before_the_choice() {
    let state = Proposal::replay([&awaiting(&one(), &[1, 1], |_| ())]);
    assert_eq!(Proposal::decide(&state, vote(1, Said::Approve)), Err(Rejection::ReviewersNotChosen(at(10))));
    let recuse = Command::Recuse { member_id: id(1), now: at(1) };
    assert_eq!(Proposal::decide(&state, recuse), Err(Rejection::ReviewersNotChosen(at(10))));
}

#[test]
fn a_choice_is_made_once() {
    let state = Proposal::replay([&awaiting(&one(), &[1, 1], |_| ())]);
    let (chosen, _) = after(&state, advised(&[2], None, None, &[]));
    assert_eq!(seats(&chosen), [(2, 1, ChosenBy::Gardener)]);
    assert_eq!(after(&chosen, by_rules(&[])).1, vec![]);
    assert_eq!(after(&chosen, advised(&[1], None, None, &[])).1, vec![]);
    let (approved, _) = after(&chosen, vote(2, Said::Approve));
    assert_eq!(approved.status, Status::Approved);
    assert_eq!(after(&approved, vote(2, Said::Approve)).1, vec![], "a repeat changes nothing, even after the decision");
}

#[test]
fn what_is_over_needs_no_reviewers() {
    let state = Proposal::replay([&awaiting(&one(), &[1, 1], |_| ())]);
    let (withdrawn, _) = after(&state, Command::Withdraw { why: crate::proposal::Withdrawal::ByProposer(id(99)), now: at(1) });
    assert_eq!(after(&withdrawn, by_rules(&[])).1, vec![]);
    assert_eq!(Proposal::decide(&withdrawn, vote(1, Said::Approve)), Err(Rejection::NotPending(Status::Withdrawn)));
    let expiring = Proposal::replay([&awaiting(&one(), &[1], |opening| opening.deadline = Some(at(5)))]);
    let (expired, _) = after(&expiring, Command::ReachDeadline { now: at(5) });
    assert_eq!(expired.status, Status::Expired, "nobody said no");
}

#[test]
fn both_the_stricter_model_and_the_one_before_must_pass() {
    let two = json!({"model_type": "threshold", "threshold": 2});
    let state = Proposal::replay([&awaiting(&two, &[1, 1, 1], |_| ())]);
    let consensus = Some(json!({"model_type": "consensus"}));
    let (chosen, _) = after(&state, advised(&[3], Some(Risk::Medium), consensus, &[]));
    assert_eq!(seats(&chosen), [(3, 1, ChosenBy::Gardener), (1, 1, ChosenBy::Policy)]);
    let opening = chosen.opening.as_ref().expect("an opening");
    assert_eq!((opening.risk_level, opening.electorate.len()), (Risk::Medium, 2));
    let (one_abstains, _) = after(&chosen, vote(3, Said::Abstain));
    let (settled, _) = after(&one_abstains, vote(1, Said::Approve));
    assert_eq!(settled.status, Status::Rejected, "everyone who did not abstain agreed, but two approvals there are not");
    let (agreed, _) = after(&chosen, vote(3, Said::Approve));
    assert_eq!(after(&agreed, vote(1, Said::Approve)).0.status, Status::Approved);
}

#[test]
fn who_is_gone_is_not_chosen_and_advice_that_names_them_is_not_taken() {
    let state = Proposal::replay([&awaiting(&one(), &[1, 1, 1], |_| ())]);
    assert_eq!(seats(&after(&state, by_rules(&[1])).0), [(2, 1, ChosenBy::Policy)]);
    let (chosen, _) = after(&state, advised(&[3], Some(Risk::High), None, &[3]));
    assert_eq!(seats(&chosen), [(1, 1, ChosenBy::Policy)]);
    let made = chosen.selection.expect("a choice");
    assert_eq!((made.chosen_by, made.fallback.as_deref()), (Chooser::Rules, Some("reviewer_gone")));
    assert_eq!(after(&state, by_rules(&[1, 2, 3])).0.status, Status::Rejected, "a deadlock, at once");
}

#[test]
fn a_human_sits_where_one_must_and_no_weight_exceeds_its_share() {
    let human = Proposal::replay([&awaiting(&one(), &[1, 1], |opening| opening.human_required = true)]);
    assert_eq!(seats(&after(&human, by_rules(&[])).0), [(1, 1, ChosenBy::Policy), (2, 1, ChosenBy::Policy)]);
    let weighted = json!({"model_type": "weighted", "weights": "reputation", "max_share": 0.5});
    let state = Proposal::replay([&awaiting(&weighted, &[900, 7, 3], |_| ())]);
    assert_eq!(
        seats(&after(&state, advised(&[1, 3], None, None, &[])).0),
        [(1, 3, ChosenBy::Gardener), (3, 3, ChosenBy::Gardener)]
    );
    assert_eq!(seats(&after(&state, by_rules(&[2, 3])).0), [(1, 1, ChosenBy::Policy)], "too few are left for any cap");
}
