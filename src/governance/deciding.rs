//! Deciding proposals: what a decision orders is executed in the same append (SPEC P10, X1): either all of it is in the
//! log or none, so that nothing is executed twice or forgotten.

use std::sync::Arc;

use aggregates::Decider;
use aggregates::grant::{self, Grant};
use aggregates::ids::GrantId;
use aggregates::proposal::{Command, Effects, ExecutionStatus, Opening, Proposal, State, effects};
use aggregates::zones::Zones;

use super::choosing::tended;
use crate::engine::{Attempt, Loaded, Plan, Problem};
use crate::entropy;

/// A plan that runs `commands` on a proposal in turn and executes what they decide.
pub async fn deciding(
    attempt: &Attempt,
    loaded: &Loaded<Proposal>,
    commands: Vec<Command>,
) -> Result<(Plan, Arc<State>), Problem> {
    let mut plan = attempt.plan();
    let mut proposal =
        Loaded::<Proposal> { stream: loaded.stream.clone(), state: Arc::clone(&loaded.state), sequence: loaded.sequence };
    for command in commands {
        proposal.state = plan.decide(&proposal, command).await?;
    }
    let ordered = proposal.state.execution.as_ref().is_some_and(|execution| execution.status == ExecutionStatus::Pending);
    if ordered {
        proposal.state = execute(attempt, &mut plan, &proposal).await?;
    }
    Ok((plan, proposal.state))
}

/// A plan that opens a proposal, and executes it if nobody needs to be asked.
pub async fn opening(attempt: &Attempt, opening: Opening) -> Result<(Plan, Arc<State>), Problem> {
    let opening = tended(attempt, opening).await?;
    let loaded = attempt.load::<Proposal>(opening.proposal_id).await?;
    deciding(attempt, &loaded, vec![Command::Open(Box::new(opening))]).await
}

/// Executes against the policy in force now; a policy that no longer admits it is a failure on record.
pub async fn execute(attempt: &Attempt, plan: &mut Plan, proposal: &Loaded<Proposal>) -> Result<Arc<State>, Problem> {
    let now = attempt.now;
    let outcome = match effects(attempt.authority(), &proposal.state, entropy::new_id(), now) {
        Err(failure) => Command::RecordFailure { failure, now },
        Ok(Effects::Grant(terms)) => {
            let grant_id: GrantId = terms.grant_id;
            let grant = attempt.load::<Grant>(grant_id).await?;
            plan.decide(&grant, grant::Command::Issue(terms)).await?;
            Command::RecordSuccess { grant_id: Some(grant_id), now }
        }
        Ok(Effects::Zones(events)) => {
            let mut tree = attempt.authority().tree.clone();
            for event in &events {
                Zones::evolve(&mut tree, event);
            }
            plan.add(&attempt.zone_tree(), &events, &Arc::new(tree));
            Command::RecordSuccess { grant_id: None, now }
        }
    };
    plan.decide(proposal, outcome).await
}
