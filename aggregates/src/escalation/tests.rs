//! Escalations by themselves: who signs, who takes back, how they end, and how often they may be raised.

use chrono::Duration;
use proptest::prelude::*;
use serde_json::{Map, json};

use super::*;
use crate::Moment;
use crate::ids::{EscalationId, MemberId, ProposalId, ZoneId};
use crate::proposal::Status as Outcome;
use crate::text::Prose;

fn now() -> Moment {
    "2026-01-05T10:00:00Z".parse().expect("a moment")
}

fn member(number: u128) -> MemberId {
    uuid::Uuid::from_u128(number).into()
}

fn raised(contest: Contest) -> Event {
    Event::Raised(Box::new(Raised {
        escalation_id: EscalationId(uuid::Uuid::from_u128(1)),
        zone_id: ZoneId(uuid::Uuid::from_u128(2)),
        to_zone_id: ZoneId(uuid::Uuid::from_u128(3)),
        escalator_id: member(10),
        reason: Prose::parse("so").expect("words"),
        contest,
        raised_at: now(),
    }))
}

fn petition(cosigner_threshold: u32) -> State {
    let change: Map<_, _> = json!({"status": "suspended"}).as_object().cloned().expect("an object");
    Escalation::replay([&raised(Contest::Governance { change, cosigner_threshold, person_id: member(10), about: vec![] })])
}

fn contested() -> State {
    let proposal_id = ProposalId(uuid::Uuid::from_u128(5));
    Escalation::replay([&raised(Contest::Action { proposal_id, automatic: None })])
}

fn does(state: &mut State, command: Command) -> Result<Vec<&'static str>, Rejection> {
    let events = Escalation::decide(state, command)?;
    for event in &events {
        Escalation::evolve(state, event);
    }
    Ok(events.iter().map(crate::decider::DomainEvent::event_type).collect())
}

fn signs(member_id: u128, person_id: u128) -> Command {
    Command::Cosign { member_id: member(member_id), person_id: member(person_id), gone: Vec::new(), now: now() }
}

fn accepted(state: &mut State) {
    let proposal_id = ProposalId(uuid::Uuid::from_u128(6));
    assert_eq!(does(state, Command::Accept { proposal_id, now: now() }), Ok(vec!["escalation.accepted"]));
}

#[test]
fn persons_are_counted_and_not_accounts() {
    let mut state = petition(3);
    assert!(!state.is_carried(|_| true));
    assert_eq!(does(&mut state, signs(10, 10)), Ok(vec![]), "the escalator has signed");
    assert_eq!(
        does(&mut state, signs(11, 10)),
        Err(Rejection::AlreadySigned),
        "so has whoever stands behind the escalator's agent"
    );
    assert_eq!(does(&mut state, signs(12, 12)), Ok(vec!["escalation.cosigned"]));
    assert!(!state.is_carried(|_| true));
    assert_eq!(does(&mut state, signs(13, 13)), Ok(vec!["escalation.cosigned"]));
    assert!(state.is_carried(|_| true));
    accepted(&mut state);
    assert!(!state.is_carried(|_| true), "once is enough");
    assert_eq!(does(&mut state, signs(14, 14)), Err(Rejection::NotPending(Status::Accepted)));
    assert_eq!(does(&mut contested(), signs(14, 14)), Err(Rejection::NotSigned));
}

#[test]
fn what_others_have_carried_is_not_the_escalators_to_take_back() {
    let withdraw =
        |by: u128| Command::Dismiss { by: Some(member(by)), reason: DismissalReason::Withdrawn, note: None, now: now() };
    let mut state = petition(1);
    assert_eq!(does(&mut state, withdraw(11)), Err(Rejection::NotTheEscalator));
    accepted(&mut state);
    assert_eq!(does(&mut state, withdraw(10)), Err(Rejection::NotPending(Status::Accepted)));
    let mut state = contested();
    accepted(&mut state);
    assert_eq!(does(&mut state, withdraw(10)), Ok(vec!["escalation.dismissed"]), "a question is its asker's");
    assert_eq!(does(&mut state, withdraw(10)), Ok(vec![]));
    let refuse =
        |by: Option<u128>| Command::Dismiss { by: by.map(member), reason: DismissalReason::Refused, note: None, now: now() };
    assert_eq!(does(&mut state, refuse(Some(10))), Err(Rejection::NotPending(Status::Dismissed)), "it was taken back");
    let mut state = petition(1);
    assert_eq!(does(&mut state, refuse(Some(12))), Ok(vec!["escalation.dismissed"]));
    assert_eq!(does(&mut state, refuse(Some(12))), Ok(vec![]));
    assert_eq!(does(&mut state, refuse(Some(13))), Err(Rejection::NotPending(Status::Dismissed)), "others have said so");
    assert_eq!(does(&mut state, withdraw(10)), Err(Rejection::NotPending(Status::Dismissed)), "it was refused");
    assert_eq!(does(&mut state, refuse(None)), Ok(vec![]), "what follows of itself has followed");
}

#[test]
fn an_answered_question_is_resolved_and_confirmed_deciders_are_not() {
    for (outcome, action, governance) in [
        (Outcome::Approved, Status::Resolved, Status::Resolved),
        (Outcome::Rejected, Status::Resolved, Status::Dismissed),
        (Outcome::Expired, Status::Resolved, Status::Dismissed),
        (Outcome::Withdrawn, Status::Dismissed, Status::Dismissed),
    ] {
        for (mut state, expected) in [(contested(), action), (petition(1), governance)] {
            accepted(&mut state);
            does(&mut state, Command::Resolve { outcome, now: now() }).expect("an end");
            assert_eq!(state.status, expected, "{outcome}");
            assert_eq!(does(&mut state, Command::Resolve { outcome, now: now() }), Ok(vec![]), "it ends once");
        }
    }
}

#[test]
fn a_limit_of_nothing_names_no_time_to_try_again() {
    let used = vec![now() - Duration::hours(1)];
    for used in [&used, &Vec::new()] {
        let asked = AllowanceCommand::Use {
            escalation_id: EscalationId(uuid::Uuid::nil()),
            zone_id: ZoneId(uuid::Uuid::nil()),
            person_id: member(1),
            limit: Some(0),
            now: now(),
        };
        let refused = Allowance::decide(used, asked).expect_err("a refusal");
        assert_eq!(refused, AllowanceRejection::TooManyEscalations { limit: 0, retry_after_seconds: None });
        assert_eq!(refused.to_string(), "no escalations are admitted here");
    }
}

proptest! {
    /// Whenever someone asks, no 24 hours ever hold more than the limit, and a wait as long as told is long enough.
    #[test]
    fn no_rolling_day_holds_more_than_the_limit(limit in 1_u32..4, gaps in proptest::collection::vec(0_i64..40_000, 1..40)) {
        let mut used: Vec<Moment> = Vec::new();
        let mut state = Vec::new();
        let mut at = now();
        let ask = |state: &Vec<Moment>, at: Moment| Allowance::decide(state, AllowanceCommand::Use {
            escalation_id: EscalationId(uuid::Uuid::nil()),
            zone_id: ZoneId(uuid::Uuid::nil()),
            person_id: member(1),
            limit: Some(limit),
            now: at,
        });
        for gap in gaps {
            at += Duration::seconds(gap);
            match ask(&state, at) {
                Ok(events) => {
                    for event in &events {
                        Allowance::evolve(&mut state, event);
                    }
                    used.push(at);
                }
                Err(AllowanceRejection::TooManyEscalations { retry_after_seconds, .. }) => {
                    let seconds = retry_after_seconds.expect("a wait");
                    let later = at + Duration::seconds(i64::try_from(seconds).expect("seconds"));
                    prop_assert!(ask(&state, later).is_ok(), "{seconds} seconds later");
                }
            }
        }
        for start in &used {
            let held = used.iter().filter(|at| *at >= start && **at < *start + Duration::hours(24)).count();
            prop_assert!(held <= limit as usize, "{held} in a day");
        }
    }
}
