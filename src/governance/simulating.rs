//! Replaying a period under another policy: people, zones and money as the log tells, the change applied to the zone as it was at
//! each time, and what would have been refused is not spent.

use std::sync::Arc;

use aggregates::access::{Access, Event as Asked, Particulars};
use aggregates::action::Action;
use aggregates::grant::{Event as Granted, Grant};
use aggregates::ids::{MemberId, OrganizationId, ProposalId, ZoneId};
use aggregates::ledger::{Event as Booked, Holder, Ledger};
use aggregates::organization::Organization;
use aggregates::permission::{Answer, Ask, Authority, Decision, Reason, Standing, check};
use aggregates::proposal::{
    Event as Proposed, Opening, Proposal, ResourceAllocation, Subject, Submission, TaskExecution, prepare,
};
use aggregates::zones::{self, Changes, Tree, Zones};
use aggregates::{Decider, Moment};
use chrono::{DateTime, Utc};
use projections::{Recorded, Unreadable, audit};
use serde::Serialize;
use serde_json::{Value, json};
use utoipa::ToSchema;

use crate::engine::App;
use crate::store::StoreError;

/// How many events are read at once.
const STRIDE: u64 = 1_000;
/// How many are followed at a stretch.
const AT_A_STRETCH: usize = 50;

/// A decision that would have been another one.
#[derive(Debug, Serialize, ToSchema)]
pub struct Difference {
    /// Where it is in the log.
    position: u64,
    /// The event that tells of it.
    r#type: String,
    zone_id: Option<ZoneId>,
    principal_id: MemberId,
    occurred_at: DateTime<Utc>,
    #[serde(flatten)]
    #[schema(value_type = Object)]
    what: Differing,
}

/// What would have been different.
#[derive(Debug, Serialize, ToSchema)]
#[serde(untagged)]
enum Differing {
    /// An answer.
    Answer { action: String, was: Decision, would_be: Decision, reasons: Vec<Reason> },
    /// What became of a proposal as it was opened.
    Opening { proposal_id: ProposalId, was: Value, would_be: Value },
}

/// A replay under way.
pub struct Replay {
    /// As it would have been; the zones as they were until they are [imagined](Self::imagined).
    authority: Authority,
    /// The zones as they were.
    tree: Arc<Tree>,
    /// When zones moved on last, if they have since they were imagined.
    stale: Option<Moment>,
    changes: Changes,
    zone: ZoneId,
    from: Moment,
    to: Moment,
    most: usize,
    grants: std::collections::BTreeMap<Arc<str>, aggregates::grant::Terms>,
    /// What proposals asked for that may have been given.
    subjects: std::collections::BTreeMap<ProposalId, Subject>,
    /// How many decisions were asked for once more.
    pub replayed: u64,
    /// How many would have been others.
    pub differing: u64,
    /// The first of those.
    pub differences: Vec<Difference>,
}

impl Replay {
    /// A replay of what happened in `zone` and below it from `from` to `to`, as if the zone had said `changes`.
    pub fn under(changes: Changes, zone: ZoneId, from: Moment, to: Moment, most: usize) -> Self {
        Self {
            authority: Authority::default(),
            tree: Arc::default(),
            stale: None,
            changes,
            zone,
            from,
            to,
            most,
            grants: std::collections::BTreeMap::new(),
            subjects: std::collections::BTreeMap::new(),
            replayed: 0,
            differing: 0,
            differences: Vec::new(),
        }
    }

    /// Zones move on as they did.
    fn moved_on(&mut self, fact: &zones::Event, now: Moment) {
        Zones::evolve(Arc::make_mut(&mut self.tree), fact);
        self.stale = Some(now);
    }

    /// Everything as it would have been: where the change would not have been possible, it would not have been made.
    fn imagined(&mut self) -> &Authority {
        if let Some(now) = self.stale.take() {
            let changes = Box::new(self.changes.clone());
            let change = zones::Command::Change { zone_id: self.zone, changes, by_proposal: None, now };
            let mut imagined = (*self.tree).clone();
            for event in Zones::decide(&self.tree, change).unwrap_or_default() {
                Zones::evolve(&mut imagined, &event);
            }
            self.authority.tree = Arc::new(imagined);
        }
        &self.authority
    }

    /// Asks what an event decided once more, if it decided anything here, and follows it.
    pub fn follow(&mut self, event: &Recorded) -> Result<(), Unreadable> {
        let here = event.zone_id.is_some_and(|zone| self.tree.is_within(zone, self.zone));
        let asked = here && (self.from..=self.to).contains(&event.occurred_at);
        match event.aggregate_type.as_ref() {
            Organization::TYPE => Organization::evolve(Arc::make_mut(&mut self.authority.organization), &event.read()?),
            Zones::TYPE => self.moved_on(&event.read()?, event.occurred_at),
            Access::TYPE if asked => self.asked(event, event.read()?),
            Proposal::TYPE if here && event.event_type == "proposal.opened" => self.proposed(event, event.read()?, asked),
            Grant::TYPE => self.granted(event, event.read()?, asked),
            Ledger::TYPE => self.booked(event, &event.read()?, asked),
            _ => {}
        }
        Ok(())
    }

    fn told(&mut self, event: &Recorded, action: &str, was: Decision, answer: &Answer) {
        self.replayed += 1;
        if was == answer.decision {
            return;
        }
        let (action, reasons) = (action.to_owned(), answer.reasons.clone());
        self.differs(event, event.actor.id, Differing::Answer { action, was, would_be: answer.decision, reasons });
    }

    fn differs(&mut self, event: &Recorded, principal_id: MemberId, what: Differing) {
        self.differing += 1;
        if self.differences.len() < self.most {
            self.differences.push(Difference {
                position: event.position,
                r#type: event.event_type.to_string(),
                zone_id: event.zone_id,
                principal_id,
                occurred_at: event.occurred_at,
                what,
            });
        }
    }

    fn asked(&mut self, event: &Recorded, fact: Asked) {
        let (zone, principal, action, was, particulars) = match fact {
            Asked::CheckDenied { zone_id, principal_id, action, particulars, .. } => {
                (zone_id, principal_id, action, Decision::Deny, particulars)
            }
            Asked::CheckAnswered { zone_id, principal_id, action, decision, particulars, .. } => {
                (zone_id, principal_id, action, decision, particulars)
            }
            Asked::SignInFailed { .. } | Asked::VoteRefused { .. } | Asked::LogExported { .. } => return,
        };
        let Ok(asked) = Action::parse(&action) else { return };
        let particulars = particulars.map_or_else(Particulars::default, |particulars| *particulars);
        let ask = particulars.asked_again(principal, asked, event.occurred_at);
        let as_it_was = Authority { tree: Arc::clone(&self.tree), ..self.authority.clone() };
        if was == Decision::Allow && as_it_was.counted_seconds(zone, &ask).is_some() {
            // It was counted when it was answered, and is told with that.
            return;
        }
        let answer = check(self.imagined(), zone, &ask);
        self.told(event, &action, was, &answer);
    }

    /// What was admitted to the books is asked again, and booked only if it would be admitted again.
    fn booked(&mut self, event: &Recorded, fact: &Booked, asked: bool) {
        let question = match fact {
            Booked::Reserved(terms) if terms.holder == Holder::Task => {
                let asked = again(terms.asked.as_deref(), terms.principal_id, &terms.action, event);
                Some((terms.zone_id, Ask { amount: Some(terms.amount), ..asked }))
            }
            Booked::Admitted { zone_id, principal_id, action, asked, .. } if !self.is_of_a_grant(event) => {
                Some((*zone_id, again(asked.as_deref(), *principal_id, action, event)))
            }
            _ => None,
        };
        if let Some((zone, ask)) = question.filter(|_| asked) {
            let answer = check(self.imagined(), zone, &ask);
            self.told(event, ask.action.as_str(), Decision::Allow, &answer);
            if !answer.is_allowed() {
                return;
            }
        }
        Ledger::evolve(Arc::make_mut(&mut self.authority.ledger), fact);
    }

    /// A use of a grant is told by the grant.
    fn is_of_a_grant(&self, event: &Recorded) -> bool {
        self.grants.contains_key(&*event.correlation_id.to_string())
    }

    fn granted(&mut self, event: &Recorded, fact: Granted, asked: bool) {
        match fact {
            Granted::Issued(terms) => drop(self.grants.insert(Arc::clone(&event.aggregate_id), *terms)),
            Granted::Used { amount, .. } => {
                let Some(terms) = self.grants.get(&event.aggregate_id).cloned().filter(|_| asked) else { return };
                self.grants.insert(event.correlation_id.to_string().into(), terms.clone());
                let ask = Ask {
                    amount,
                    standing: Standing { approved: true, allocation: terms.is_allocation(), ..Standing::default() },
                    holding: Some(terms.reservation_id()),
                    ..self.approved(&terms, event.occurred_at)
                };
                let answer = check(self.imagined(), terms.zone_id, &ask);
                self.told(event, terms.action.as_str(), Decision::Allow, &answer);
            }
            Granted::Expired { .. } | Granted::Voided { .. } => {}
        }
    }

    /// What a grant was given for, as it is asked for when it is used.
    fn approved(&self, terms: &aggregates::grant::Terms, now: Moment) -> Ask {
        let plain = Ask::plain(terms.principal_id, terms.action.clone(), now);
        match self.subjects.get(&terms.proposal_id).cloned() {
            Some(Subject::TaskExecution(TaskExecution { board_id, tool, params, .. })) => {
                Ask { board_id, tool, params: params.unwrap_or_default(), ..plain }
            }
            Some(Subject::ResourceAllocation(ResourceAllocation { board_id, agent_type, .. })) => {
                Ask { board_id, agent_type, ..plain }
            }
            Some(Subject::ZoneChange(_) | Subject::MembershipChange(_)) | None => plain,
        }
    }

    /// A proposal that opened is submitted once more: would it open, and how would it be decided?
    fn proposed(&mut self, event: &Recorded, fact: Proposed, asked: bool) {
        let Proposed::Opened(opening) = fact else { return };
        if matches!(opening.subject, Subject::TaskExecution(_) | Subject::ResourceAllocation(_)) {
            self.subjects.insert(opening.proposal_id, opening.subject.clone());
        }
        if !asked {
            return;
        }
        if opening.subject.is_about_the_organization() {
            return;
        }
        self.replayed += 1;
        let was = decided_how(&opening);
        let submission = Submission {
            id: opening.proposal_id,
            zone_id: opening.zone_id,
            proposer_id: opening.proposer_id,
            title: opening.title.clone(),
            description: opening.description.clone(),
            subject: opening.subject.clone(),
            decision_model: opening.zone_model.is_some().then(|| opening.decision_model.clone()),
            expires_at: opening.expires_at,
            now: event.occurred_at,
            policy_position: opening.policy_position,
        };
        let would_be = match prepare(self.imagined(), submission) {
            Ok(prepared) => decided_how(&prepared),
            Err(refused) => {
                json!({"opened": false, "code": aggregates::Rejected::code(&refused), "reason": refused.to_string()})
            }
        };
        if was != would_be {
            let what = Differing::Opening { proposal_id: opening.proposal_id, was, would_be };
            self.differs(event, opening.proposer_id, what);
        }
    }
}

/// What was asked when an event happened.
fn again(asked: Option<&Particulars>, principal: MemberId, action: &Action, event: &Recorded) -> Ask {
    asked.cloned().unwrap_or_default().asked_again(principal, action.clone(), event.occurred_at)
}

fn decided_how(opening: &Opening) -> Value {
    let reviewers: Vec<_> = opening.electorate.iter().map(|elector| elector.member_id).collect();
    json!({
        "opened": true, "risk_level": opening.risk_level, "auto_approved": opening.auto_approved,
        "decision_model": opening.decision_model, "reviewers": reviewers, "human_required": opening.human_required,
    })
}

impl App {
    /// Replays an organization's whole log: who is who is told from its beginning on.
    pub async fn replay(&self, organization: OrganizationId, replay: &mut Replay) -> Result<(), StoreError> {
        let mut read = 0;
        loop {
            let events = self.log.events(audit::all_after(organization, read, STRIDE)).await?;
            let Some(last) = events.last().map(|last| last.position) else { return Ok(()) };
            for some in events.chunks(AT_A_STRETCH) {
                for event in some {
                    replay.follow(event)?;
                }
                // Others, and the end of the time a request may take, have their turn.
                tokio::task::yield_now().await;
            }
            read = last;
        }
    }
}
