//! Reviewers that the gardener is to choose: what candidates are ranked by is read when a proposal opens; the choice follows, and
//! is made once, whoever comes with it first.

use std::collections::BTreeMap;
use std::sync::Arc;

use aggregates::gardener::{Advice, Consultation, Record};
use aggregates::ids::{MemberId, OrganizationId, ProposalId};
use aggregates::proposal::{self, Chooses, Command, Opening, Proposal, Tending, departed, is_tended, nominees};
use projections::reviewers;

use super::deciding;
use crate::engine::{Answer, App, Attempt, Envelope, Problem, decision};
use crate::entropy;
use crate::store::StoreError;

/// `opening` with its candidates ranked, where its zone leaves the choice to the gardener. The model itself is never asked here.
pub async fn tended(attempt: &Attempt, opening: Opening) -> Result<Opening, Problem> {
    let authority = attempt.authority();
    if !is_tended(authority, &opening) {
        return Ok(opening);
    }
    let mut records = BTreeMap::new();
    for member in nominees(authority, &opening) {
        records.insert(member, member_record(&attempt.app, attempt.caller.organization_id, member).await?);
    }
    let timeout = attempt.app.gardener.as_ref().map(crate::gardener::Gardener::timeout);
    let until = timeout.and_then(|timeout| attempt.now.checked_add_signed(chrono::Duration::from_std(timeout).ok()?));
    let tending = Tending { records, until };
    proposal::tended(authority, opening, &tending).map_err(|rejection| Problem::of(&rejection))
}

/// What someone's reviews amount to, without the middle of their answer times.
pub async fn member_record(app: &App, organization: OrganizationId, member: MemberId) -> Result<Record, StoreError> {
    let Some(row) = app.views.live().db.row(reviewers::record(organization, member)).await? else {
        return Ok(Record::default());
    };
    Ok(Record {
        asked: row.number("asked")?,
        in_time: row.number("in_time")?,
        upheld: row.number("upheld")?,
        overturned: row.number("overturned")?,
        open: row.number("open_reviews")?,
        median_answer_seconds: None,
    })
}

/// Makes the choice among a proposal's candidates: with what the model says, or by rule for the reason given. Changes nothing
/// where it has been made.
pub async fn choose_among_candidates(
    app: &Arc<App>,
    organization_id: OrganizationId,
    id: ProposalId,
    advice: &Result<Advice, &'static str>,
    consultation: Option<&Consultation>,
) -> Result<(), Problem> {
    let envelope = Envelope::of_the_system(organization_id, entropy::new_id());
    app.command(
        &envelope,
        decision!(attempt, [advice, consultation] => {
            let loaded = attempt.load::<Proposal>(id).await?;
            let chooses = Chooses {
                advice: (*advice).clone().map_err(str::to_owned),
                consultation: consultation.cloned(),
                gone: departed(&loaded.state, attempt.authority()),
            };
            let choose = Command::ChooseReviewers { chooses: Box::new(chooses), now: attempt.now };
            let (plan, _) = deciding(attempt, &loaded, vec![choose]).await?;
            Ok((plan, Answer::nothing()))
        }),
    )
    .await
    .map(drop)
}
