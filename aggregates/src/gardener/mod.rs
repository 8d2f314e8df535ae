//! Choosing reviewers (SPEC section 9): candidates in the order that rules give them, the question put to a language model, and
//! what its answer may change. A model only ever chooses among candidates and tightens; whatever else it says is refused.

mod answer;
mod profile;
mod prompt;
mod ranking;
mod seats;

pub use answer::{Advice, Unusable, read_answer, the_object_in};
pub use profile::{Rate, Record, ReviewerProfile, Seat};
pub use prompt::{Prompt, prompt};
pub use ranking::in_order;
pub use seats::{Numbers, Seated, seat};

use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use crate::decision_model::DecisionModel;
use crate::ids::{ProposalId, ZoneId};
use crate::policy::Risk;
use crate::proposal::Subject;
use crate::text::{Name, Prose};

/// What reviewers are to be chosen for.
#[derive(Clone, Debug)]
pub struct Question {
    /// The proposal.
    pub proposal_id: ProposalId,
    /// Where it is decided.
    pub zone_id: ZoneId,
    /// In a line, by the proposer.
    pub title: Name,
    /// At length, by the proposer.
    pub description: Prose,
    /// What it is about.
    pub subject: Subject,
    /// How risky the rules say it is.
    pub risk_level: Risk,
    /// How votes become an outcome.
    pub decision_model: DecisionModel,
    /// How many reviewers each level of risk calls for.
    pub numbers: Numbers,
    /// The fewest reviewers with whom it can be approved.
    pub least: usize,
    /// Whether one of them must be a human.
    pub human_required: bool,
    /// Who may be chosen, in the order of the rules.
    pub candidates: Vec<ReviewerProfile>,
}

/// What is put on record about asking a model (SPEC G3), whether or not anything came of it.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct Consultation {
    /// Whose interface was asked: `anthropic` or `openai`.
    pub provider: String,
    /// The model.
    pub model: String,
    /// SHA-256 of what was asked, in hexadecimal.
    pub prompt_sha256: String,
    /// What it said, up to 4,000 characters.
    pub answer: Option<String>,
    /// How long it took, retries included, in milliseconds.
    pub latency_ms: u64,
}

/// The most of an answer that is kept, in characters.
const MOST_KEPT: usize = 4_000;

impl Consultation {
    /// An answer as it is kept: bounded, and without what a database could refuse to hold.
    pub fn kept(answer: &str) -> String {
        answer.chars().filter(|c| !c.is_control() || matches!(c, '\n' | '\t')).take(MOST_KEPT).collect()
    }
}
