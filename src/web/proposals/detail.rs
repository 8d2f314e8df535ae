//! One proposal at length: who asks, what exactly would happen, who decides and has said what, what is still needed.

use aggregates::Decider;
use aggregates::decision_model::Choice;
use aggregates::escalation::may_escalate;
use aggregates::ids::{MemberId, ProposalId, ZoneId};
use aggregates::permission::holds_in_zone;
use aggregates::proposal::{ExecutionStatus, Opening, Proposal, ProposalType, Reviewer, State, Status};
use aggregates::zones::{Tree, Zones};
use projections::audit;

use super::effect::{Effect, Tense, effect};
use super::risk;
use super::row::still_needed;
use super::timeline::{Happened, happened};
use crate::web::refusal::Refusal;
use crate::web::shown::{Badge, Html, Id, Person, RiskMark, TallyBar, When, ZoneName};
use crate::web::visitor::Visitor;
use crate::web::words;

/// A reviewer as shown.
pub struct Voter {
    /// Who.
    pub who: Person,
    /// Why they were chosen.
    pub why: Html,
    /// What their vote weighs, where that differs.
    pub weight: Option<u64>,
    /// Their vote.
    pub vote: Option<Badge>,
    /// What they said with it.
    pub rationale: String,
    /// When.
    pub when: Option<When>,
    /// Why they left.
    pub left: Option<&'static str>,
}

/// How its execution stands.
pub struct Execution {
    /// In a word.
    pub badge: Badge,
    /// At length.
    pub words: String,
    /// Until when it is held, or when it was done.
    pub when: When,
    /// The grant that came of it.
    pub grant: Option<Id>,
}

/// One proposal at length.
#[expect(clippy::struct_excessive_bools, reason = "each says whether the page has one thing or not")]
pub struct Detail {
    /// Its id.
    pub id: String,
    /// The same, to be copied.
    pub id_shown: Id,
    /// Its title.
    pub title: String,
    /// Its description.
    pub description: String,
    /// What kind it is.
    pub kind: &'static str,
    /// Where it stands.
    pub status: Badge,
    /// Whether it waits for votes.
    pub open: bool,
    /// Where it is decided.
    pub zone: ZoneName,
    /// Who proposes.
    pub proposer: Person,
    /// When it was opened.
    pub opened: When,
    /// How risky it is.
    pub risk: RiskMark,
    /// Why.
    pub risk_why: String,
    /// What would happen.
    pub effect: Effect,
    /// What the decision model is called.
    pub model: String,
    /// What it means.
    pub model_words: String,
    /// What else the outcome rests on.
    pub terms: Vec<String>,
    /// The votes.
    pub tally: TallyBar,
    /// What is still needed.
    pub needed: String,
    /// When the clock acts on it.
    pub due: Option<When>,
    /// What the clock will do then.
    pub due_words: &'static str,
    /// Who decides.
    pub voters: Vec<Voter>,
    /// Who was kept out, and why.
    pub conflicts: Vec<(Person, String)>,
    /// How it ended.
    pub outcome: Option<(String, When)>,
    /// Whether the proposer decided alone.
    pub solo: bool,
    /// Its execution.
    pub execution: Option<Execution>,
    /// Everything that happened.
    pub timeline: Vec<Happened>,
    /// What the visitor has voted.
    pub my_vote: Option<Choice>,
    /// Whether the visitor may vote now.
    pub may_vote: bool,
    /// Whether the visitor may stand back.
    pub may_recuse: bool,
    /// Whether the visitor may take it back.
    pub may_withdraw: bool,
    /// Whether the visitor may try its execution again.
    pub may_retry: bool,
    /// Whether the visitor may say something.
    pub may_comment: bool,
    /// Whether reviewers are still being chosen.
    pub being_chosen: bool,
    /// Judgements of what came of it.
    pub evaluations: Vec<String>,
    /// Whether the visitor may ask for one.
    pub may_evaluate: bool,
    /// Whether the visitor may hand their seat on.
    pub may_delegate: bool,
    /// Whether the visitor may take it to the zone above.
    pub may_escalate: bool,
    /// To whom a seat may be handed: id and name.
    pub people: Vec<(String, String)>,
    /// Where its question went, and what it was opened for.
    pub lineage: Vec<Html>,
    /// Why the visitor may not vote, where they might have expected to.
    pub why_not: Option<String>,
}

impl Detail {
    /// The proposal with this id, as the visitor may see it.
    pub async fn read(visitor: &Visitor, id: &str) -> Result<Self, Refusal> {
        let id: ProposalId = id.parse().map_err(|_| Refusal::not_found("proposal"))?;
        let loaded = visitor.app.load::<Proposal>(id, false).await?;
        let state = &loaded.state;
        let opening = state.opening.as_ref().ok_or_else(|| Refusal::not_found("proposal"))?;
        if visitor.ruling.authority.tree.zone(opening.zone_id).is_none() {
            return Err(Refusal::not_found("proposal"));
        }
        visitor.must(opening.zone_id, "zone.read")?;
        let statement = audit::stream_until(visitor.caller.organization_id, Proposal::TYPE, id.to_string(), u64::MAX >> 1);
        let events = visitor.app.log.events(statement).await?;
        let tree = tree_for(visitor, state, opening).await?;
        let tree = tree.as_ref().unwrap_or(&visitor.ruling.authority.tree);
        let timeline = events.iter().map(|event| happened(visitor, event)).collect();
        Ok(Self::of(visitor, state, opening, tree, timeline))
    }

    fn of(visitor: &Visitor, state: &State, opening: &Opening, tree: &Tree, timeline: Vec<Happened>) -> Self {
        let (now, me, zone) = (visitor.now(), visitor.caller.id(), opening.zone_id);
        let due = state.due_at();
        let open = state.status == Status::PendingReview && due.is_none_or(|due| due > now);
        let tally = state.tally();
        let mine = state.reviewer(me).filter(|reviewer| reviewer.left.is_none());
        let voted = mine.and_then(|reviewer| reviewer.vote.as_ref()).map(|vote| vote.choice);
        let seat = open && mine.is_some() && (voted.is_none() || opening.votes_may_change);
        let covers =
            |action: &str| aggregates::action::Action::parse(action).is_ok_and(|action| visitor.caller.token_covers(&action));
        let may_vote = seat && (covers("proposal.approve") || covers("proposal.reject") || covers("proposal.review"));
        let budget = tree.effective(zone).resource_scope.budget_limit.map(|limit| limit.0);
        let weights_differ = opening.electorate.iter().any(|elector| elector.weight != 1);
        let execution = state.execution.as_ref();
        let comes_to_nothing = matches!(state.status, Status::Rejected | Status::Expired | Status::Withdrawn)
            || execution.is_some_and(|execution| execution.status == ExecutionStatus::Failed);
        let tense = if comes_to_nothing { Tense::Would } else { Tense::Will };
        let held = execution.is_some_and(|execution| execution.status == ExecutionStatus::Held);
        let failed = execution.is_some_and(|execution| execution.status == ExecutionStatus::Failed);
        let auditor = visitor.member.role == aggregates::actor::OrganizationRole::Auditor;
        Self {
            id: opening.proposal_id.to_string(),
            id_shown: Id(opening.proposal_id.to_string()),
            title: opening.title.to_string(),
            description: opening.description.to_string(),
            kind: words::proposal_type(opening.subject.proposal_type()),
            status: words::status(state.status, execution.map(|execution| execution.status)),
            open,
            zone: visitor.zone(zone),
            proposer: visitor.person(opening.proposer_id),
            opened: When { at: opening.opened_at, now },
            risk: words::risk(opening.risk_level),
            risk_why: risk::why(opening, budget),
            effect: effect(visitor, tree, zone, opening.proposer_id, &opening.subject, tense),
            model: words::model_name(&opening.decision_model),
            model_words: words::model(&opening.decision_model),
            terms: terms(opening, state),
            tally: TallyBar(tally),
            needed: if open { still_needed(&opening.decision_model, &tally, state.is_human_missing()) } else { String::new() },
            due: due.filter(|_| state.status == Status::PendingReview).map(|at| When { at, now }),
            due_words: if opening.deadline.is_some() && due == opening.deadline { "The clock decides" } else { "Expires" },
            voters: state.reviewers.iter().map(|reviewer| voter(visitor, reviewer, weights_differ)).collect(),
            conflicts: kept_out(visitor, opening),
            outcome: state.resolution.as_ref().map(|end| (outcome_words(&end.reason), When { at: end.decided_at, now })),
            solo: state.is_solo(),
            execution: execution.map(|execution| shown_execution(execution, visitor)),
            timeline,
            my_vote: voted,
            may_vote,
            may_recuse: open && mine.is_some() && voted.is_none() && covers("proposal.review"),
            may_withdraw: open
                && opening.proposer_id == me
                && opening.lineage.is_none()
                && visitor.may(zone, "proposal.create"),
            may_retry: failed && may_retry(visitor, zone),
            being_chosen: opening.to_be_chosen.is_some() && state.selection.is_none() && open,
            evaluations: state.evaluations.iter().map(|(id, _)| id.to_string()).collect(),
            may_evaluate: execution.is_some_and(|execution| execution.status == ExecutionStatus::Succeeded)
                && matches!(opening.subject.proposal_type(), ProposalType::TaskExecution | ProposalType::ResourceAllocation)
                && state.evaluations.is_empty()
                && visitor.may(zone, "evaluation.create"),
            may_delegate: open
                && mine.is_some_and(|mine| mine.vote.is_none() && mine.seat_of.is_none())
                && covers("proposal.review"),
            may_escalate: (open || held)
                && covers("escalation.trigger")
                && !opening.lineage.is_some_and(|lineage| lineage.last_instance)
                && may_escalate(&visitor.ruling.authority, state, me).is_ok(),
            people: if mine.is_some() { others(visitor) } else { Vec::new() },
            lineage: lineage(visitor, state, opening),
            may_comment: !auditor && covers("proposal.comment"),
            why_not: why_not(visitor, state, opening, open),
        }
    }
}

/// As the interface has it: what a zone blocks for everyone does not keep those with the role from mending what failed.
fn may_retry(visitor: &Visitor, zone: ZoneId) -> bool {
    let action = aggregates::action::Action::parse("zone.write");
    let by_role = || {
        action.is_ok_and(|action| {
            let caller = &visitor.caller;
            holds_in_zone(&visitor.ruling.authority, caller.id(), zone, &action) && caller.token_covers(&action)
        })
    };
    match visitor.must(zone, "zone.write") {
        Ok(()) => true,
        Err(refusal) => refusal.code == "action_blocked" && by_role(),
    }
}

fn others(visitor: &Visitor) -> Vec<(String, String)> {
    let me = visitor.caller.id().to_string();
    let nobody = (String::new(), "Choose someone".to_owned());
    [nobody].into_iter().chain(visitor.people_options().into_iter().filter(|(id, _)| *id != me)).collect()
}

fn lineage(visitor: &Visitor, state: &State, opening: &Opening) -> Vec<Html> {
    let mut told = Vec::new();
    if let Some(up) = &state.went_up {
        let place = visitor.zone(up.to_zone_id);
        let link = format!("<a href=\"/proposals/{}\">the proposal there</a>", up.parent_id);
        told.push(Html(format!(
            "Its question went up to {place}: {link} decides it (<a href=\"/escalations/{}\">escalation</a>).",
            up.escalation_id
        )));
    }
    if let Some(lineage) = &opening.lineage {
        let source =
            lineage.source_id.map(|id| format!(" of <a href=\"/proposals/{id}\">a proposal below</a>")).unwrap_or_default();
        told.push(Html(format!("It decides <a href=\"/escalations/{}\">an escalation</a>{source}.", lineage.escalation_id)));
    }
    told
}

/// The tree that a decided proposal was held against; the present one for what is open.
async fn tree_for(visitor: &Visitor, state: &State, opening: &Opening) -> Result<Option<Tree>, Refusal> {
    if state.status == Status::PendingReview {
        return Ok(None);
    }
    let organization = visitor.caller.organization_id;
    let until = opening.policy_position;
    let statement = audit::stream_until(organization, Zones::TYPE, organization.to_string(), until);
    let recorded = visitor.app.log.events(statement).await?;
    let events: Result<Vec<_>, _> = recorded.iter().map(projections::Recorded::read).collect();
    let events = events.map_err(crate::store::StoreError::from)?;
    Ok(Some(Zones::replay(&events)))
}

fn terms(opening: &Opening, state: &State) -> Vec<String> {
    let mut terms = Vec::new();
    if state.superseded_model.is_some() {
        terms.push("Whoever chose the reviewers asked for a stricter model; an approval passes both.".to_owned());
    }
    if opening.zone_model.is_some() {
        terms.push("The proposer chose a stricter model than the zone's; an approval passes both.".to_owned());
    }
    if opening.human_required {
        terms.push("At least one of those who approve must be a human.".to_owned());
    }
    if opening.votes_may_change {
        terms.push("Votes may be changed until it is decided.".to_owned());
    }
    if opening.veto_window_minutes > 0 {
        let minutes = opening.veto_window_minutes;
        let span = if minutes.is_multiple_of(60) { format!("{} h", minutes / 60) } else { format!("{minutes} min") };
        terms.push(format!("Once approved, it is held for {span} in which it can be objected to."));
    }
    terms
}

/// Everyone who is kept out, with every reason.
pub fn kept_out(visitor: &Visitor, opening: &Opening) -> Vec<(Person, String)> {
    let mut reasons: Vec<(MemberId, Vec<&str>)> = Vec::new();
    for kept in &opening.conflicts {
        let why = words::conflict(kept.code, kept.member_id == opening.proposer_id);
        match reasons.iter_mut().find(|(member, _)| *member == kept.member_id) {
            Some((_, known)) if known.contains(&why) => {}
            Some((_, known)) => known.push(why),
            None => reasons.push((kept.member_id, vec![why])),
        }
    }
    reasons.into_iter().map(|(member, why)| (visitor.person(member), why.join(", "))).collect()
}

fn outcome_words(reason: &str) -> String {
    match reason {
        "votes" => "Decided by the votes".to_owned(),
        "auto_approved" => "Approved without a review, as the zone's policy says".to_owned(),
        "deadlock" => "Nobody could decide it any more".to_owned(),
        "withdrawn_by_proposer" => "Taken back by whoever proposed it".to_owned(),
        "escalation" => "Decided in the zone above".to_owned(),
        "expires_at" => "Its time ran out".to_owned(),
        "deadline" => "Nobody decided it in time".to_owned(),
        "zone_archived" => "Its zone was archived".to_owned(),
        "escalation_dismissed" => "The escalation it was to decide came to nothing".to_owned(),
        other => words::sentence(other),
    }
}

fn voter(visitor: &Visitor, reviewer: &Reviewer, weights_differ: bool) -> Voter {
    let elector = &reviewer.elector;
    let zone = elector.zone_id.map(|zone| format!(" {}", visitor.zone(zone))).unwrap_or_default();
    Voter {
        who: visitor.person(elector.member_id),
        why: Html(format!("{}{zone}", words::selection(elector.reason))),
        weight: weights_differ.then_some(elector.weight),
        vote: reviewer.vote.as_ref().map(|vote| words::choice(vote.choice)),
        rationale: reviewer.vote.as_ref().map(|vote| vote.rationale.to_string()).unwrap_or_default(),
        when: reviewer.vote.as_ref().map(|vote| When { at: vote.cast_at, now: visitor.now() }),
        left: reviewer.left.map(words::recusal),
    }
}

fn shown_execution(execution: &aggregates::proposal::Execution, visitor: &Visitor) -> Execution {
    let (badge, words) = match execution.status {
        ExecutionStatus::Pending => (Badge::new("wait", "Ordered"), "It is about to be carried out.".to_owned()),
        ExecutionStatus::Held => {
            (Badge::new("wait", "Held"), "It is carried out when the time for objections has passed.".to_owned())
        }
        ExecutionStatus::Succeeded => (Badge::new("good", "Carried out"), String::new()),
        ExecutionStatus::Failed => {
            let why = visitor.words(execution.reason.as_deref().unwrap_or_default());
            (Badge::new("bad", "Not carried out"), format!("What holds now did not admit it. {why}"))
        }
    };
    let at = execution.held_until.filter(|_| execution.status == ExecutionStatus::Held).unwrap_or(execution.at);
    Execution { badge, words, when: When { at, now: visitor.now() }, grant: execution.grant_id.map(|id| Id(id.to_string())) }
}

/// Why someone who might have expected to vote may not.
fn why_not(visitor: &Visitor, state: &State, opening: &Opening, open: bool) -> Option<String> {
    if !open {
        return None;
    }
    let me = visitor.caller.id();
    if let Some(kept) = opening.conflicts.iter().find(|kept| kept.member_id == me) {
        return Some(format!("You cannot vote on this: {}.", words::conflict_of_yours(kept.code, me == opening.proposer_id)));
    }
    match state.reviewer(me) {
        Some(reviewer) => {
            reviewer.left.map(|reason| format!("You do not vote on this any more: you {}.", words::recusal(reason)))
        }
        None => Some("You are not among its reviewers.".to_owned()),
    }
}
