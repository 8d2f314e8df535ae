//! Who is asked, and when nobody could be: given people and zones, when something is proposed, then these decide it.

use std::sync::Arc;

use serde_json::{Value, json};
use uuid::Uuid;

use super::*;
use crate::Decider;
use crate::ids::AssignmentId;
use crate::organization::{self, Organization};
use crate::proposal::{ConflictCode, Proposal, ProposalType, State, read_subject, seat_for};
use crate::zones::{self, Zones};

const NOW: &str = "2026-01-05T10:00:00Z";

fn id(number: u128) -> Uuid {
    Uuid::from_u128(number)
}

fn joined(number: u128, role: &str) -> organization::Event {
    serde_json::from_value(json!({"type": "member.added", "member_id": id(number), "kind": "human", "role": role,
        "sponsor_id": null, "agent_type": null, "skills": [], "added_at": NOW}))
    .expect("an event")
}

fn zoned(number: u128, parent: Option<u128>, policies: &Value) -> zones::Event {
    serde_json::from_value(
        json!({"type": "zone.created", "zone_id": id(number), "parent_zone_id": parent.map(id), "name": "zone",
        "slug": format!("zone-{number}"), "description": "", "status": "active", "policies": policies, "created_at": NOW}),
    )
    .expect("an event")
}

/// 1 and 2 own it, 3 to 5 are members; 3 and 4 approve in zone 10, below which lies zone 11.
fn authority(parent: &Value, child: &Value) -> Authority {
    let people = [joined(1, "owner"), joined(2, "owner"), joined(3, "member"), joined(4, "member"), joined(5, "member")];
    let approver = |number: u128| zones::Event::MemberAssigned {
        zone_id: ZoneId(id(10)),
        assignment_id: AssignmentId(id(number)),
        member_id: MemberId(id(number)),
        role: crate::actor::ZoneRole::Approver,
        by_proposal: None,
        assigned_at: NOW.parse().expect("a moment"),
    };
    let zones = [zoned(10, None, parent), zoned(11, Some(10), child), approver(3), approver(4)];
    Authority::new(Organization::replay(&people), Zones::replay(&zones))
}

/// What 5 proposes in zone 11.
fn proposed(kind: ProposalType, payload: &Value) -> Submission {
    Submission {
        id: ProposalId(id(50)),
        zone_id: ZoneId(id(11)),
        proposer_id: MemberId(id(5)),
        title: Name::parse("it").expect("a name"),
        description: Prose::none(),
        subject: read_subject(kind, payload).expect("a subject"),
        decision_model: None,
        expires_at: None,
        now: NOW.parse().expect("a moment"),
        policy_position: 1,
    }
}

fn work() -> Submission {
    proposed(ProposalType::TaskExecution, &json!({"action": "work.do"}))
}

fn kept_out(opening: &Opening) -> Vec<(u128, ConflictCode)> {
    opening.conflicts.iter().map(|kept| (kept.member_id.0.as_u128(), kept.code)).collect()
}

#[test]
fn whoever_would_get_more_of_a_say_does_not_decide_it() {
    let weighted = |weights: Value| json!({"decision_model": {"model_type": "weighted", "weights": weights}});
    let listing = |people: &[u128]| {
        let people: Vec<Uuid> = people.iter().map(|number| id(*number)).collect();
        json!({"approval_policy": {"reviewer_selection": "static", "static_reviewers": people}})
    };
    let three = id(3).to_string();
    let of_three = |weight: u32| weighted(json!({three.as_str(): weight, "owner": 1}));
    let fallback =
        json!({"decision_model": {"model_type": "consensus", "fallback_model": "weighted", "weights": {three.as_str(): 9}}});
    let about_three = vec![(3, ConflictCode::SubjectOfProposal)];
    let cases = [
        (json!({}), listing(&[3]), about_three.clone()),
        (json!({}), of_three(9), about_three.clone()),
        (json!({}), fallback, about_three.clone()),
        (of_three(2), of_three(9), about_three),
        (of_three(2), of_three(1), vec![]),
        (of_three(2), json!({"decision_model": {"model_type": "consensus"}}), vec![]),
        (json!({}), json!({"name": "Another"}), vec![]),
    ];
    for (before, changes, expected) in cases {
        let authority = authority(&json!({}), &before);
        let change = proposed(ProposalType::ZoneChange, &json!({"changes": changes}));
        let opening = prepare(&authority, change).expect("an electorate");
        assert_eq!(kept_out(&opening), expected, "{changes} after {before}");
    }
}

#[test]
fn nor_is_a_seat_handed_to_them() {
    let authority = authority(&json!({}), &json!({}));
    let policy = json!({"reviewer_selection": "static", "static_reviewers": [id(1)]});
    let change = proposed(ProposalType::ZoneChange, &json!({"changes": {"approval_policy": policy}}));
    let opening = prepare(&authority, change).expect("an electorate");
    let opened = crate::proposal::Event::Opened(Arc::new(opening));
    let state: State = Proposal::replay([&opened]);
    let handed_to = |to: u128| seat_for(&authority, &state, MemberId(id(3)), MemberId(id(to))).map(|seat| seat.member_id);
    assert_eq!(handed_to(1), Err(Rejection::Conflicted(ConflictCode::SubjectOfProposal)));
    assert_eq!(handed_to(2), Ok(MemberId(id(2))));
}

#[test]
fn nothing_opens_where_approving_is_blocked_by_name() {
    let free = json!({});
    for pattern in ["proposal.approve", "proposal.*"] {
        let blocking = json!({"constraints": {"blocked_actions": [pattern]}});
        for (parent, child, binder) in [(&blocking, &free, 10), (&free, &blocking, 11)] {
            let refused = prepare(&authority(parent, child), work()).expect_err("a refusal");
            assert_eq!(refused, Rejection::ApprovalBlocked(ZoneId(id(binder))), "{pattern}");
            assert_eq!(crate::Rejected::code(&refused), "no_electorate");
        }
    }
    for pattern in ["*", "proposal.reject"] {
        let blocking = json!({"constraints": {"blocked_actions": [pattern]}});
        let change = proposed(ProposalType::ZoneChange, &json!({"changes": {"name": "Another"}}));
        assert!(prepare(&authority(&blocking, &free), change).is_ok(), "{pattern}");
    }
}

#[test]
fn nothing_opens_that_the_zones_own_model_never_approves() {
    let zone = json!({"decision_model": {"model_type": "weighted", "weights": "reputation", "approval_ratio": 1}});
    let consensus = || serde_json::from_value(json!({"model_type": "consensus"})).expect("a model");
    let stricter = Submission { decision_model: Some(consensus()), ..work() };
    let refused = prepare(&authority(&zone, &json!({})), stricter.clone());
    assert!(matches!(refused, Err(Rejection::NoElectorate(_))), "{refused:?}");
    assert!(prepare(&authority(&json!({}), &json!({})), stricter).is_ok());
}
