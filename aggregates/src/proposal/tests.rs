//! Proposals as stories of events: given what happened, when someone asks, then exactly this follows.

use std::sync::Arc;

use serde_json::{Value, json};
use uuid::Uuid;

use super::*;
use crate::Moment;
use crate::decision_model::{Choice, Tally};
use crate::ids::{MemberId, ProposalId, ZoneId};
use crate::text::Prose;

fn id(number: u128) -> Uuid {
    Uuid::from_u128(number)
}

fn at(minute: i64) -> Moment {
    "2026-01-05T10:00:00Z".parse::<Moment>().expect("moment") + chrono::Duration::minutes(minute)
}

/// A proposal with reviewers 1…n under `model`, changed by `change`.
fn opened(model: &Value, reviewers: u128, change: impl FnOnce(&mut Opening)) -> Event {
    let elector = |number: u128| json!({"member_id": id(number), "weight": 1, "human": true, "reason": "static", "zone_id": null, "chosen_by": "policy"});
    let electorate: Vec<Value> = (1..=reviewers).map(elector).collect();
    let mut opening: Opening = serde_json::from_value(json!({
        "proposal_id": id(50), "zone_id": id(60), "proposer_id": id(9), "title": "work", "description": "",
        "subject": {"type": "task_execution", "payload": {"action": "work.do"}}, "risk_level": "low", "decision_model": model,
        "electorate": electorate, "conflicts": [], "human_required": false, "auto_approved": false, "votes_may_change": false,
        "veto_window_minutes": 0, "deadline": null, "expires_at": null, "policy_position": 1, "opened_at": at(0),
    }))
    .expect("opening");
    change(&mut opening);
    Event::Opened(Arc::new(opening))
}

struct Given(State);

fn given(events: &[Event]) -> Given {
    Given(Proposal::replay(events))
}

impl Given {
    fn when(&self, command: Command) -> Result<Vec<Event>, Rejection> {
        Proposal::decide(&self.0, command)
    }
}

fn vote(voter: u128, choice: Choice, minute: i64) -> Command {
    Command::CastVote { voter_id: MemberId(id(voter)), choice, rationale: Prose::none(), now: at(minute) }
}

fn tally(approve: u64, reject: u64, outstanding: u64) -> Tally {
    Tally {
        approve,
        reject,
        outstanding,
        approve_weight: approve,
        reject_weight: reject,
        outstanding_weight: outstanding,
        ..Tally::default()
    }
}

fn cast(voter: u128, choice: Choice, tally: Tally, minute: i64) -> Event {
    Event::VoteCast {
        proposal_id: ProposalId(id(50)),
        zone_id: ZoneId(id(60)),
        member_id: MemberId(id(voter)),
        choice,
        rationale: Prose::none(),
        tally,
        cast_at: at(minute),
    }
}

fn approved(tally: Tally, held_until: Option<Moment>, minute: i64) -> Event {
    let (proposal_id, zone_id) = (ProposalId(id(50)), ZoneId(id(60)));
    Event::Approved { proposal_id, zone_id, reason: "votes".to_owned(), tally, held_until, decided_at: at(minute) }
}

fn seat(number: u128) -> Elector {
    let (member_id, reason) = (MemberId(id(number)), SelectionReason::Delegate);
    Elector { member_id, weight: 1, human: true, reason, zone_id: None, chosen_by: ChosenBy::Delegation }
}

fn threshold(number: u32) -> Value {
    json!({"model_type": "threshold", "threshold": number})
}

#[test]
fn the_deciding_vote_and_the_outcome_are_one_decision() {
    let history = [opened(&threshold(2), 3, |_| {}), cast(1, Choice::Approve, tally(1, 0, 2), 1)];
    let then = given(&history).when(vote(2, Choice::Approve, 2));
    assert_eq!(then, Ok(vec![cast(2, Choice::Approve, tally(2, 0, 1), 2), approved(tally(2, 0, 1), None, 2)]));
}

#[test]
fn a_veto_window_holds_the_execution_back() {
    let history = [opened(&threshold(1), 1, |opening| opening.veto_window_minutes = 30)];
    let then = given(&history).when(vote(1, Choice::Approve, 1)).expect("events");
    assert_eq!(then[1], approved(tally(1, 0, 0), Some(at(31)), 1));
    let held = given(&[history[0].clone(), then[0].clone(), then[1].clone()]);
    assert_eq!(held.when(Command::RecordSuccess { grant_id: None, now: at(30) }), Err(Rejection::Held(at(31))));
    assert!(held.when(Command::RecordSuccess { grant_id: None, now: at(31) }).is_ok());
}

#[test]
fn a_repeated_vote_changes_nothing_and_another_is_refused() {
    let history = [opened(&threshold(2), 3, |_| {}), cast(1, Choice::Approve, tally(1, 0, 2), 1)];
    assert_eq!(given(&history).when(vote(1, Choice::Approve, 2)), Ok(vec![]));
    assert_eq!(given(&history).when(vote(1, Choice::Reject, 2)), Err(Rejection::AlreadyVoted));
    assert_eq!(given(&history).when(vote(7, Choice::Reject, 2)), Err(Rejection::NotInElectorate));
}

#[test]
fn a_repeated_vote_after_the_decision_still_changes_nothing() {
    let history =
        [opened(&threshold(1), 2, |_| {}), cast(1, Choice::Approve, tally(1, 0, 1), 1), approved(tally(1, 0, 1), None, 1)];
    assert_eq!(given(&history).when(vote(1, Choice::Approve, 2)), Ok(vec![]));
    assert_eq!(given(&history).when(vote(2, Choice::Approve, 2)), Err(Rejection::NotPending(Status::Approved)));
}

#[test]
fn nobody_votes_after_the_deadline_even_before_the_clock_has_spoken() {
    let history = [opened(&threshold(1), 2, |opening| opening.deadline = Some(at(60)))];
    assert_eq!(given(&history).when(vote(1, Choice::Approve, 60)), Err(Rejection::DeadlinePassed(at(60))));
    assert_eq!(given(&history).when(Command::ReachDeadline { now: at(59) }), Err(Rejection::NotDue));
}

#[test]
fn a_deadline_that_decides_nothing_expires_and_rejects_nobody() {
    let history =
        [opened(&threshold(2), 3, |opening| opening.deadline = Some(at(60))), cast(1, Choice::Approve, tally(1, 0, 2), 1)];
    let (proposal_id, zone_id) = (ProposalId(id(50)), ZoneId(id(60)));
    let expired =
        Event::Expired { proposal_id, zone_id, reason: "deadline".to_owned(), tally: tally(1, 0, 2), expired_at: at(60) };
    assert_eq!(given(&history).when(Command::ReachDeadline { now: at(60) }), Ok(vec![expired.clone()]));
    let over = given(&[history[0].clone(), history[1].clone(), expired]);
    assert_eq!(over.when(Command::ReachDeadline { now: at(61) }), Ok(vec![]), "the clock may come twice");
}

#[test]
fn a_majority_decides_at_its_deadline_on_the_votes_cast() {
    let history = [
        opened(&json!({"model_type": "majority"}), 4, |opening| opening.deadline = Some(at(60))),
        cast(1, Choice::Approve, tally(1, 0, 3), 1),
        cast(2, Choice::Approve, tally(2, 0, 2), 2),
    ];
    let then = given(&history).when(Command::ReachDeadline { now: at(60) });
    assert_eq!(then, Ok(vec![approved(tally(2, 0, 2), None, 60)]));
}

#[test]
fn an_expiry_comes_before_a_later_deadline() {
    let history = [opened(&json!({"model_type": "majority"}), 1, |opening| {
        opening.deadline = Some(at(60));
        opening.expires_at = Some(at(30));
    })];
    let then = given(&history).when(Command::ReachDeadline { now: at(30) }).expect("events");
    assert!(matches!(then.as_slice(), [Event::Expired { reason, .. }] if reason == "expires_at"));
}

#[test]
fn whoever_stands_back_may_leave_a_deadlock() {
    let history = [opened(&threshold(2), 2, |_| {})];
    let recuse = Command::Recuse { member_id: MemberId(id(1)), now: at(1) };
    let then = given(&history).when(recuse.clone()).expect("events");
    assert!(matches!(then.as_slice(), [Event::ReviewerRecused { .. }, Event::Rejected { reason, .. }] if reason == "deadlock"));
    let left: Vec<Event> = history.iter().cloned().chain([then[0].clone()]).collect();
    assert_eq!(given(&left).when(recuse), Ok(vec![]));
}

#[test]
fn only_the_proposer_takes_it_back_and_only_while_it_is_pending() {
    let history = [opened(&threshold(1), 1, |_| {})];
    assert_eq!(
        given(&history).when(Command::Withdraw { why: Withdrawal::ByProposer(MemberId(id(1))), now: at(1) }),
        Err(Rejection::NotTheProposer)
    );
    assert!(given(&history).when(Command::Withdraw { why: Withdrawal::ByProposer(MemberId(id(9))), now: at(1) }).is_ok());
    let decided = [history[0].clone(), cast(1, Choice::Approve, tally(1, 0, 0), 1), approved(tally(1, 0, 0), None, 1)];
    let late = given(&decided).when(Command::Withdraw { why: Withdrawal::ByProposer(MemberId(id(9))), now: at(2) });
    assert_eq!(late, Err(Rejection::NotPending(Status::Approved)));
}

#[test]
fn what_has_been_executed_is_not_executed_again() {
    let (proposal_id, zone_id) = (ProposalId(id(50)), ZoneId(id(60)));
    let done = Event::ExecutionSucceeded { proposal_id, zone_id, grant_id: None, executed_at: at(1) };
    let history = [
        opened(&threshold(1), 1, |_| {}),
        cast(1, Choice::Approve, tally(1, 0, 0), 1),
        approved(tally(1, 0, 0), None, 1),
        done,
    ];
    let again = given(&history).when(Command::RecordSuccess { grant_id: None, now: at(2) });
    assert_eq!(again, Err(Rejection::NothingToExecute("it has been executed")));
}

#[test]
fn the_last_human_who_may_approve_hands_the_seat_to_a_human() {
    let agent = Elector { human: false, ..seat(7) };
    let delegate = Command::Delegate { from_id: MemberId(id(1)), to: Box::new(agent), now: at(2) };
    let abstained = |votes_may_change: bool| {
        let opening = opened(&threshold(2), 3, |opening| {
            opening.human_required = true;
            opening.votes_may_change = votes_may_change;
            opening.electorate[2].human = false;
        });
        given(&[opening, cast(2, Choice::Abstain, Tally { abstain: 1, abstain_weight: 1, ..tally(0, 0, 2) }, 1)])
    };
    assert_eq!(abstained(false).when(delegate.clone()), Err(Rejection::HumanNeeded));
    assert!(abstained(true).when(delegate).is_ok(), "an abstention may still become an approval");
}

#[test]
fn a_seat_that_the_proposer_handed_on_makes_no_solo_decision() {
    let alone = opened(&threshold(1), 1, |opening| opening.electorate[0].reason = SelectionReason::Solo);
    assert!(Proposal::replay([&alone]).is_solo());
    let elector = Elector { reason: SelectionReason::Delegate, ..seat(7) };
    let handed = Event::ReviewDelegated {
        proposal_id: ProposalId(id(50)),
        zone_id: ZoneId(id(60)),
        from_id: MemberId(id(1)),
        elector,
        tally: tally(0, 0, 1),
        delegated_at: at(1),
    };
    assert!(!Proposal::replay([&alone, &handed]).is_solo());
    let decided = [alone, cast(1, Choice::Approve, tally(1, 0, 0), 1), approved(tally(1, 0, 0), None, 1)];
    assert!(Proposal::replay(&decided).is_solo(), "marked for ever");
}

#[test]
fn a_human_is_missing_until_one_approves() {
    let opening = opened(&threshold(2), 2, |opening| {
        opening.human_required = true;
        opening.electorate[0].human = false;
    });
    let by_agent = cast(1, Choice::Approve, tally(1, 0, 1), 1);
    assert!(Proposal::replay([&opening, &by_agent]).is_human_missing());
    let by_human = cast(2, Choice::Approve, tally(2, 0, 0), 2);
    assert!(!Proposal::replay([&opening, &by_agent, &by_human]).is_human_missing());
}
