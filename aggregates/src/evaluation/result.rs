//! From scores to a judgement, exactly (SPEC V3, V5).

use num_bigint::BigInt;
use num_rational::BigRational;
use num_traits::{ToPrimitive, Zero};
use rust_decimal::Decimal;

use super::event::{Mean, Opened};
use super::score::Score;
use super::state::{Given, State};
use crate::amount::Quantity;
use crate::decision_model::Choice;
use crate::ids::{EscalationId, MemberId, ZoneId};
use crate::organization::{Cause, Judged, Signal};
use crate::policy::{Criterion, IncentiveModel};
use crate::proposal::{self, Status};

/// What reviewers gain or lose by being right or wrong: 0.3, in thousandths (SPEC V5).
const REVIEWERS_STAKE: u32 = 300;

fn exact(decimal: Decimal) -> BigRational {
    BigRational::new(decimal.mantissa().into(), BigInt::from(10).pow(decimal.scale()))
}

/// Rounded to 3 decimals, halves up.
fn to_three_decimals(share: &BigRational) -> Score {
    let half = BigRational::new(1.into(), 2.into());
    let thousandths = (share * BigRational::from_integer(1_000.into()) + half).floor().to_integer();
    let quantity = thousandths.to_u32().map(Quantity::of_thousandths);
    quantity.and_then(|quantity| Score::try_from(quantity).ok()).unwrap_or(Score::full())
}

/// The mean of a criterion's scores that count: the system's where there is one, else the evaluators'; 0 where there is none.
fn mean(state: &State, criterion: &Criterion) -> BigRational {
    let by_system = state.scores_of(&criterion.name).any(|given| given.evaluator_id.is_none());
    let counts = |given: &&Given| given.evaluator_id.is_none() == by_system;
    let scores: Vec<Decimal> = state.scores_of(&criterion.name).filter(counts).map(|given| given.score.decimal()).collect();
    exact(scores.iter().sum()) / BigInt::from(scores.len().max(1))
}

/// The mean of each criterion, and the weighted mean of all: the sum of weight × mean over the sum of weights. Nothing is rounded
/// before the end.
pub fn weighted_mean(state: &State, opened: &Opened) -> (Vec<Mean>, Score) {
    let criteria = &opened.terms.criteria;
    let means: Vec<BigRational> = criteria.iter().map(|criterion| mean(state, criterion)).collect();
    let weights: Vec<BigRational> =
        criteria.iter().map(|criterion| exact(criterion.weight.map_or(Decimal::ONE, Quantity::decimal))).collect();
    let all: BigRational = weights.iter().sum();
    let total: BigRational = weights.iter().zip(&means).map(|(weight, mean)| weight * mean).sum();
    let score = if all.is_zero() { Score::none() } else { to_three_decimals(&(total / all)) };
    let named = criteria.iter().zip(&means);
    let rounded = named.map(|(criterion, mean)| Mean { criterion: criterion.name.clone(), mean: to_three_decimals(mean) });
    (rounded.collect(), score)
}

/// What a score says of the executor, and by how much (SPEC V5): from the positive threshold min(1.5 × score, 2), from the
/// neutral threshold nothing, below it max(1 − score, 0.5), unless the zone sets magnitudes of its own.
pub fn signal_of(score: Score, incentives: &IncentiveModel) -> (Signal, Quantity) {
    let decimal = score.decimal();
    if decimal >= incentives.positive_threshold().decimal() {
        let usual = (decimal * Decimal::new(15, 1)).min(Decimal::from(2));
        (Signal::Positive, incentives.positive_magnitude.unwrap_or(Quantity::of_decimal(usual)))
    } else if decimal >= incentives.neutral_threshold().decimal() {
        (Signal::Neutral, incentives.neutral_magnitude.unwrap_or(Quantity::ZERO))
    } else {
        let usual = (Decimal::ONE - decimal).max(Decimal::new(5, 1));
        (Signal::Negative, incentives.negative_magnitude.unwrap_or(Quantity::of_decimal(usual)))
    }
}

/// Everybody whom a completed evaluation says something of: the executor, and those who decided that the work be done.
/// Good work proves those right who approved it, bad work those who rejected it; work that would do proves nobody wrong.
pub fn judgements(state: &State, reviewers: &[proposal::Reviewer]) -> Vec<Judged> {
    let (Some(opened), Some(completion)) = (&state.opened, &state.completion) else { return Vec::new() };
    let (signal, magnitude) = signal_of(completion.score, &opened.terms.incentives);
    let cause = Cause::Evaluation(opened.evaluation_id);
    let zone_id = opened.zone_id;
    let executor = Judged { member_id: opened.executor_id, signal, magnitude, zone_id, cause };
    let of_reviewer = |reviewer: &proposal::Reviewer| {
        let right = match (reviewer.vote.as_ref()?.choice, signal) {
            (Choice::Approve, Signal::Positive | Signal::Neutral) | (Choice::Reject, Signal::Negative) => true,
            (Choice::Approve, Signal::Negative) | (Choice::Reject, Signal::Positive) => false,
            (Choice::Approve | Choice::Reject | Choice::Abstain, _) => return None,
        };
        Some(about_reviewer(reviewer.elector.member_id, right, zone_id, cause))
    };
    // A vote of someone who had left did not count, and says nothing.
    let counted = reviewers.iter().filter(|reviewer| reviewer.left.is_none());
    std::iter::once(executor).chain(counted.filter_map(of_reviewer)).collect()
}

/// What the zone above says of those who voted, by deciding as they did or otherwise (SPEC G5).
pub fn upheld(source: &proposal::State, outcome: Status, escalation_id: EscalationId) -> Vec<Judged> {
    let Some(opening) = &source.opening else { return Vec::new() };
    let answer = match outcome {
        Status::Approved => Choice::Approve,
        Status::Rejected => Choice::Reject,
        Status::PendingReview | Status::Escalated | Status::Expired | Status::Withdrawn => return Vec::new(),
    };
    let voted =
        source.active_reviewers().filter_map(|reviewer| Some((reviewer.elector.member_id, reviewer.vote.as_ref()?.choice)));
    voted
        .filter(|(_, choice)| *choice != Choice::Abstain)
        .map(|(member, choice)| about_reviewer(member, choice == answer, opening.zone_id, Cause::Escalation(escalation_id)))
        .collect()
}

fn about_reviewer(member_id: MemberId, right: bool, zone_id: ZoneId, cause: Cause) -> Judged {
    let signal = if right { Signal::Upheld } else { Signal::Overturned };
    Judged { member_id, signal, magnitude: Quantity::of_thousandths(REVIEWERS_STAKE), zone_id, cause }
}
