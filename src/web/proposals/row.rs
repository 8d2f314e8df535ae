//! A proposal in a list.

use aggregates::decision_model::{DecisionModel, Tally, needed};
use aggregates::ids::{MemberId, ZoneId};
use aggregates::policy::Risk;
use aggregates::proposal::{ExecutionStatus, ProposalType, Status};
use serde::de::DeserializeOwned;
use serde_json::{Value, json};

use crate::engine::Problem;
use crate::store::Row;
use crate::web::refusal::Refusal;
use crate::web::shown::{Badge, Person, RiskMark, TallyBar, When, ZoneName};
use crate::web::visitor::Visitor;
use crate::web::words;

/// A proposal in a list.
pub struct ProposalRow {
    /// Its id.
    pub id: String,
    /// Its title.
    pub title: String,
    /// Where it is decided.
    pub zone: ZoneName,
    /// Who proposes.
    pub proposer: Person,
    /// What kind it is.
    pub kind: &'static str,
    /// Where it stands.
    pub status: Badge,
    /// Whether it waits for votes.
    pub open: bool,
    /// How risky it is.
    pub risk: RiskMark,
    /// The votes.
    pub tally: TallyBar,
    /// What is still needed, while it is open.
    pub needed: String,
    /// When the clock acts on it, while it is open.
    pub due: Option<When>,
    /// When it was opened.
    pub opened: When,
    /// When it was decided.
    pub decided: Option<When>,
}

fn read<T: DeserializeOwned>(value: Value) -> Result<T, Refusal> {
    serde_json::from_value(value).map_err(|error| {
        tracing::error!(%error, "a row of proposals cannot be read");
        Problem::unavailable("read_model_broken", "the list cannot be read, rebuild the read models").into()
    })
}

/// What an open proposal still needs, without the deadline, which is shown by itself.
pub fn still_needed(model: &DecisionModel, tally: &Tally, human_missing: bool) -> String {
    let words = needed(&model.rule, tally, human_missing).summary;
    let mut letters = words.chars();
    letters.next().map(|first| first.to_uppercase().collect::<String>() + letters.as_str()).unwrap_or_default()
}

impl ProposalRow {
    /// Reads a row.
    pub fn read(visitor: &Visitor, row: &Row) -> Result<Self, Refusal> {
        let now = visitor.now();
        let model: DecisionModel = read(row.json("decision_model")?)?;
        let tally: Tally = read(row.json("tally")?)?;
        let status: Status = read(json!(row.text("status")?))?;
        let kind: ProposalType = read(json!(row.text("proposal_type")?))?;
        let risk: Risk = read(json!(row.text("risk_level")?))?;
        let execution: Option<ExecutionStatus> = read(json!(row.optional("execution_status", Row::text)?))?;
        let due = [row.optional("deadline", Row::time)?, row.optional("expires_at", Row::time)?].into_iter().flatten().min();
        let open = status == Status::PendingReview;
        // A row does not know who has approved; the proposal itself says whether a human is missing.
        Ok(Self {
            id: row.id("proposal_id")?.to_string(),
            title: row.text("title")?,
            zone: visitor.zone(ZoneId(row.id("zone_id")?)),
            proposer: visitor.person(MemberId(row.id("proposer_id")?)),
            kind: words::proposal_type(kind),
            status: words::status(status, execution),
            open,
            risk: words::risk(risk),
            needed: if open { still_needed(&model, &tally, false) } else { String::new() },
            tally: TallyBar(tally),
            due: due.filter(|_| open).map(|at| When { at, now }),
            opened: When { at: row.time("opened_at")?, now },
            decided: row.optional("decided_at", Row::time)?.map(|at| When { at, now }),
        })
    }
}
