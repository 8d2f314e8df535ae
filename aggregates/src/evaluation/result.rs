//! From scores to a judgement, exactly (SPEC V3, V5).

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

/// `numerator ÷ denominator`, rounded to 3 decimals, halves up; exact, whatever the two are.
fn to_three_decimals(numerator: Decimal, denominator: Decimal) -> Score {
    let (twice, bottom) = (numerator * Decimal::from(2_000) + denominator, denominator * Decimal::from(2));
    let whole = (twice - twice % bottom) / bottom;
    Score::try_from(Quantity::of_decimal(whole / Decimal::from(1_000))).unwrap_or(Score::full())
}

/// Sum and number of a criterion's scores that count: the system's where there is one, else the evaluators'.
fn counted(state: &State, criterion: &Criterion) -> (Decimal, u64) {
    let by_system = state.scores_of(&criterion.name).any(|given| given.evaluator_id.is_none());
    let counts = |given: &&Given| given.evaluator_id.is_none() == by_system;
    let scores: Vec<Decimal> = state.scores_of(&criterion.name).filter(counts).map(|given| given.score.decimal()).collect();
    (scores.iter().sum(), scores.len() as u64)
}

/// The mean of each criterion, and the weighted mean of all: the sum of weight × mean over the sum of weights, worked out
/// over the smallest common multiple of the numbers of scores so that nothing is rounded before the end.
pub fn weighted_mean(state: &State, opened: &Opened) -> (Vec<Mean>, Score) {
    let criteria = &opened.terms.criteria;
    let counts: Vec<(Decimal, u64)> = criteria.iter().map(|criterion| counted(state, criterion)).collect();
    let common = counts.iter().map(|(_, number)| (*number).max(1)).fold(1, least_common_multiple);
    let weight = |criterion: &Criterion| criterion.weight.map_or(Decimal::ONE, Quantity::decimal);
    let means = criteria.iter().zip(&counts).map(|(criterion, (sum, number))| Mean {
        criterion: criterion.name.clone(),
        mean: to_three_decimals(*sum, Decimal::from((*number).max(1))),
    });
    let total: Decimal = criteria
        .iter()
        .zip(&counts)
        .map(|(criterion, (sum, number))| weight(criterion) * *sum * Decimal::from(common / (*number).max(1)))
        .sum();
    let weights: Decimal = criteria.iter().map(weight).sum();
    let score = if weights.is_zero() { Score::none() } else { to_three_decimals(total, weights * Decimal::from(common)) };
    (means.collect(), score)
}

fn least_common_multiple(one: u64, other: u64) -> u64 {
    let (mut a, mut b) = (one, other);
    while b != 0 {
        (a, b) = (b, a % b);
    }
    one / a * other
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
