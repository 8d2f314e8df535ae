//! What executing a proposal does (SPEC X1–X3), worked out against the policy in force now.

use chrono::Duration;
use serde_json::{Map, Value, json};

use super::opening::stopped;
use super::rejection::Rejection;
use super::state::State;
use super::subject::{MembershipChange, MembershipOperation, ResourceAllocation, Subject, TaskExecution, ZoneChange};
use crate::action::Action;
use crate::actor::OrganizationRole;
use crate::grant::{LIFETIME_HOURS, Terms, digest, particulars};
use crate::ids::{AssignmentId, GrantId, MemberId, ProposalId, ZoneId};
use crate::permission::{Ask, Authority, Standing, check, holds_in_zone};
use crate::policy::apply_patch;
use crate::rejection::{Fault, Kind, Rejected};
use crate::zones::{self, Assignee, Changes, Tree, Zones};
use crate::{Decider, Moment};

/// The name under which an allocation is checked and granted.
pub const ALLOCATE: &str = "resource.allocate";

/// What an execution does to other aggregates.
#[derive(Clone, Debug, PartialEq)]
pub enum Effects {
    /// To the zone tree.
    Zones(Vec<zones::Event>),
    /// A grant.
    Grant(Box<Terms>),
}

/// Why an execution failed; recorded on the proposal.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Failure {
    /// Stable code.
    pub code: String,
    /// In words.
    pub reason: String,
}

/// The longest reason that is put on record, in characters.
const LONGEST_REASON: usize = 1_000;

impl From<Rejection> for Failure {
    fn from(rejection: Rejection) -> Self {
        let faults = rejection.faults();
        let code = faults.first().map_or_else(|| rejection.code().to_owned(), |fault| fault.code.clone());
        let told = std::iter::once(rejection.to_string()).chain(faults.iter().filter_map(binding));
        let reason = told.collect::<Vec<_>>().join("; ");
        Self { code, reason: reason.chars().take(LONGEST_REASON).collect() }
    }
}

/// Which key of which zone binds, and both values, where a limit is what stands in the way (SPEC Z5).
fn binding(fault: &Fault) -> Option<String> {
    let (zone, limit, requested) = (fault.zone_id?, fault.limit.as_ref()?, fault.requested.as_ref()?);
    let key = fault.pointer.trim_start_matches("/payload/changes").trim_start_matches("/payload");
    let whose = if key.is_empty() { format!("zone {zone}") } else { format!("{key} of zone {zone}") };
    Some(format!("{whose} admits {limit}, {requested} was asked for"))
}

/// What executing `proposal` now would do. Ids are given in case a grant or an assignment comes of it.
///
/// # Errors
/// [`Failure`] when the policy in force now does not admit it any more (SPEC X1).
pub fn effects(authority: &Authority, proposal: &State, new_id: uuid::Uuid, now: Moment) -> Result<Effects, Failure> {
    let opening = proposal
        .opening
        .as_ref()
        .ok_or_else(|| Failure { code: "no_such_proposal".to_owned(), reason: "the proposal never opened".to_owned() })?;
    if let Some(stopped) = stopped(authority, opening.zone_id, opening.lineage) {
        return Err(Rejection::ZoneNotInForce(stopped).into());
    }
    let context = Context {
        authority,
        zone_id: opening.zone_id,
        proposer_id: opening.proposer_id,
        by_proposal: Some(opening.proposal_id),
        new_id,
        now,
    };
    Ok(context.effects(&opening.subject)?)
}

/// Whether `subject` could be executed in `zone` now (SPEC P1), by the limits and by what is booked against them.
///
/// # Errors
/// [`Rejection`] with the reason why not.
pub fn could_be_executed(
    authority: &Authority,
    zone_id: ZoneId,
    proposer_id: MemberId,
    subject: &Subject,
    now: Moment,
) -> Result<(), Rejection> {
    let context = Context { authority, zone_id, proposer_id, by_proposal: None, new_id: uuid::Uuid::nil(), now };
    let steps = match subject {
        Subject::TaskExecution(task) => return context.executor(task).map(drop),
        Subject::ResourceAllocation(allocation) => return context.beneficiary(allocation).map(drop),
        Subject::ZoneChange(change) => context.zone_change(change)?,
        Subject::MembershipChange(change) => context.membership_change(change)?,
    };
    if steps.is_empty() { Err(Rejection::NothingToDo) } else { Ok(()) }
}

struct Context<'a> {
    authority: &'a Authority,
    zone_id: ZoneId,
    proposer_id: MemberId,
    by_proposal: Option<ProposalId>,
    new_id: uuid::Uuid,
    now: Moment,
}

impl Context<'_> {
    fn effects(&self, subject: &Subject) -> Result<Effects, Rejection> {
        match subject {
            Subject::TaskExecution(task) => self.task(task),
            Subject::ResourceAllocation(allocation) => self.allocation(allocation),
            Subject::ZoneChange(change) => self.zone_change(change).map(Effects::Zones),
            Subject::MembershipChange(change) => self.membership_change(change).map(Effects::Zones),
        }
    }

    /// A grant to do the task once.
    fn task(&self, task: &TaskExecution) -> Result<Effects, Rejection> {
        let executor = self.executor(task)?;
        let bound =
            particulars([("board_id", json!(task.board_id)), ("tool", json!(task.tool)), ("params", json!(task.params))]);
        Ok(self.grant(executor, task.action.clone(), &bound, task.amount, Some(1)))
    }

    /// Who may do the task once it is approved. The approval stands in for a role; every hard rule is checked.
    fn executor(&self, task: &TaskExecution) -> Result<MemberId, Rejection> {
        if task.action.is_governing() && task.amount.is_some() {
            let message = "governing is not work: nothing is set aside for it";
            let fault = Fault::new("/payload/amount", "not_work", message);
            return Err(Rejection::NotExecutable { message: message.to_owned(), faults: vec![fault] });
        }
        let executor = self.principal(task.executor_id, "/payload/executor_id")?;
        let params = task.params.clone().unwrap_or_default();
        self.checked(&Ask {
            amount: task.amount,
            board_id: task.board_id.clone(),
            tool: task.tool.clone(),
            params,
            ..self.ask(executor, task.action.clone())
        })?;
        self.can_stake(executor)?;
        Ok(executor)
    }

    /// A grant to use the amount up.
    fn allocation(&self, allocation: &ResourceAllocation) -> Result<Effects, Rejection> {
        let beneficiary = self.beneficiary(allocation)?;
        let bound = particulars([("board_id", json!(allocation.board_id)), ("agent_type", json!(allocation.agent_type))]);
        Ok(self.grant(beneficiary, Action::known(ALLOCATE), &bound, Some(allocation.amount), None))
    }

    /// Who may use the amount once it is approved.
    fn beneficiary(&self, allocation: &ResourceAllocation) -> Result<MemberId, Rejection> {
        let beneficiary = self.principal(allocation.beneficiary_id, "/payload/beneficiary_id")?;
        let asked = self.ask(beneficiary, Action::known(ALLOCATE));
        self.checked(&Ask {
            standing: Standing { allocation: true, ..asked.standing },
            amount: Some(allocation.amount),
            board_id: allocation.board_id.clone(),
            agent_type: allocation.agent_type.clone(),
            ..asked
        })?;
        self.can_stake(beneficiary)?;
        Ok(beneficiary)
    }

    fn zone_change(&self, change: &ZoneChange) -> Result<Vec<zones::Event>, Rejection> {
        let zone_id = self.target(change.zone_id)?;
        let does_not_fit = |fault: Fault| not_executable(&fault.message, vec![fault.clone()], "/payload/changes");
        let (keys, roles) = change.parts().map_err(does_not_fit)?;
        let changes = Changes::read(keys).map_err(does_not_fit)?;
        if let Some(parent) = changes.parent_zone_id {
            self.stays_inside(parent)?;
        }
        self.refuse_strangers(zone_id, &changes)?;
        let command =
            zones::Command::Change { zone_id, changes: Box::new(changes), by_proposal: self.by_proposal, now: self.now };
        let mut steps = on_tree(&self.authority.tree, command, "/payload/changes")?;
        let mut after = (*self.authority.tree).clone();
        for event in &steps {
            Zones::evolve(&mut after, event);
        }
        for (number, (role, operation)) in roles.in_order().enumerate() {
            let given = MembershipChange { zone_id: Some(zone_id), operation, member_id: role.member_id, role: role.role };
            let id = uuid::Uuid::from_u128(self.new_id.as_u128().wrapping_add(number as u128));
            let more = self.role_changed(&after, zone_id, &given, AssignmentId(id), "/payload/changes/assignments")?;
            for event in &more {
                Zones::evolve(&mut after, event);
            }
            steps.extend(more);
        }
        Ok(steps)
    }

    fn membership_change(&self, change: &MembershipChange) -> Result<Vec<zones::Event>, Rejection> {
        let zone_id = self.target(change.zone_id)?;
        self.role_changed(&self.authority.tree, zone_id, change, AssignmentId(self.new_id), "/payload")
    }

    /// A role given or taken in `tree`.
    fn role_changed(
        &self,
        tree: &Tree,
        zone_id: ZoneId,
        change: &MembershipChange,
        assignment_id: AssignmentId,
        pointer: &'static str,
    ) -> Result<Vec<zones::Event>, Rejection> {
        let unknown = Rejection::NoSuchMember {
            id: change.member_id,
            pointer: if pointer == "/payload" { "/payload/member_id" } else { pointer },
        };
        let member = self.authority.organization.member(change.member_id).ok_or(unknown)?;
        let by_proposal = self.by_proposal;
        let command = match change.operation {
            MembershipOperation::Add => {
                let assignee = Box::new(Assignee::of(member, &self.authority.organization));
                zones::Command::Assign { zone_id, assignment_id, assignee, role: change.role, by_proposal, now: self.now }
            }
            MembershipOperation::Remove => {
                let zone = tree.zone(zone_id);
                let mut held = zone.into_iter().flat_map(|zone| &zone.assignments);
                let held = held.find(|held| held.member_id == change.member_id && held.role == change.role);
                // Somebody else has taken it away: as good as done.
                let Some(assignment_id) = held.map(|held| held.id) else { return Ok(Vec::new()) };
                zones::Command::Unassign { zone_id, assignment_id, by_proposal, now: self.now }
            }
        };
        on_tree(tree, command, pointer)
    }

    fn target(&self, named: Option<ZoneId>) -> Result<ZoneId, Rejection> {
        let zone_id = named.unwrap_or(self.zone_id);
        self.authority.tree.zone(zone_id).ok_or(Rejection::NoSuchZone { id: zone_id, pointer: "/payload/zone_id" })?;
        if self.authority.tree.is_within(zone_id, self.zone_id) { Ok(zone_id) } else { Err(Rejection::OutsideZone(zone_id)) }
    }

    /// A zone moved by proposal stays below the zone that decided: else a child's approvers could lift every limit above them.
    fn stays_inside(&self, parent: Option<ZoneId>) -> Result<(), Rejection> {
        let pointer = "/payload/changes/parent_zone_id";
        let Some(parent) = parent else { return Err(Rejection::OutsideZone(self.zone_id)) };
        self.authority.tree.zone(parent).ok_or(Rejection::NoSuchZone { id: parent, pointer })?;
        if self.authority.tree.is_within(parent, self.zone_id) { Ok(()) } else { Err(Rejection::OutsideZone(parent)) }
    }

    fn principal(&self, named: Option<MemberId>, pointer: &'static str) -> Result<MemberId, Rejection> {
        let id = named.unwrap_or(self.proposer_id);
        let member = self.authority.organization.member(id).ok_or(Rejection::NoSuchMember { id, pointer })?;
        if member.role == OrganizationRole::Auditor {
            let fault = Fault::new(pointer, "no_role", "an auditor changes nothing");
            return Err(Rejection::NotExecutable { message: fault.message.clone(), faults: vec![fault] });
        }
        Ok(id)
    }

    /// Names of people who are not here; what the zone named before stays its own affair.
    fn refuse_strangers(&self, zone_id: ZoneId, changes: &Changes) -> Result<(), Rejection> {
        let Some(zone) = self.authority.tree.zone(zone_id) else { return Ok(()) };
        // What does not fit is refused with its reason by the tree.
        let Ok(after) = apply_patch(&zone.policies, &changes.policies) else { return Ok(()) };
        let mut named = after.newly_named(&zone.policies).into_iter();
        match named.find(|(_, id)| self.authority.organization.member(*id).is_none()) {
            Some((_, id)) => Err(Rejection::NoSuchMember { id, pointer: "/payload/changes" }),
            None => Ok(()),
        }
    }

    /// Whoever is to do it must have left what the zone demands to be put at stake (SPEC Z7).
    fn can_stake(&self, principal: MemberId) -> Result<(), Rejection> {
        let effective = self.authority.tree.effective(self.zone_id);
        let demanded = effective.alignment_requirements.stake_required.map(|floor| floor.0);
        let member = self.authority.organization.member(principal);
        let Some((demanded, member)) = demanded.zip(member).filter(|(demanded, member)| member.unstaked() < *demanded) else {
            return Ok(());
        };
        let pointer = "/alignment_requirements/stake_required";
        let message = format!("{demanded} of reputation must be put at stake, {} is left", member.unstaked());
        let fault = Fault {
            zone_id: effective.bound_by.get(pointer).copied(),
            limit: Some(json!(demanded)),
            requested: Some(json!(member.unstaked())),
            ..Fault::new("/payload", "stake_not_available", message.clone())
        };
        Err(Rejection::NotExecutable { message, faults: vec![fault] })
    }

    fn ask(&self, principal: MemberId, action: Action) -> Ask {
        let standing = Standing { approved: true, ahead: true, ..Standing::default() };
        Ask { standing, ..Ask::plain(principal, action, self.now) }
    }

    fn checked(&self, ask: &Ask) -> Result<(), Rejection> {
        let answer = check(self.authority, self.zone_id, ask);
        match answer.reasons.first() {
            Some(reason) if !answer.is_allowed() => Err(Rejection::by_check(reason)),
            Some(_) | None => Ok(()),
        }
    }

    fn grant(
        &self,
        principal_id: MemberId,
        action: Action,
        params: &Map<String, Value>,
        amount: Option<crate::amount::Amount>,
        uses: Option<u32>,
    ) -> Effects {
        let held_role = holds_in_zone(self.authority, principal_id, self.zone_id, &action);
        let is_work = uses.is_some() && !action.is_governing();
        Effects::Grant(Box::new(Terms {
            grant_id: GrantId(self.new_id),
            proposal_id: self.by_proposal.unwrap_or(ProposalId(uuid::Uuid::nil())),
            principal_id,
            zone_id: self.zone_id,
            action,
            parameters_sha256: digest(params),
            amount,
            uses,
            expires_at: self.now + Duration::hours(LIFETIME_HOURS),
            issued_at: self.now,
            held_role,
            counts_as_task: is_work && self.authority.limits_tasks(self.zone_id),
        }))
    }
}

fn not_executable(message: &str, faults: Vec<Fault>, pointer: &str) -> Rejection {
    let faults = faults.into_iter().map(|fault| fault.under(pointer)).collect();
    Rejection::NotExecutable { message: message.to_owned(), faults }
}

/// What a command does to a tree; what the tree refuses could not be executed.
fn on_tree(tree: &Tree, command: zones::Command, pointer: &str) -> Result<Vec<zones::Event>, Rejection> {
    Zones::decide(tree, command).map_err(|rejection| match rejection {
        zones::Rejection::NoSuchParent(id) => Rejection::NoSuchZone { id, pointer: "/payload/changes/parent_zone_id" },
        refused => {
            let mut faults = refused.faults();
            if faults.is_empty() || refused.kind() == Kind::Missing {
                faults = vec![Fault::new("", refused.code(), refused.to_string())];
            }
            not_executable(&refused.to_string(), faults, pointer)
        }
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_failure_names_what_binds_within_bounds() {
        let zone = ZoneId(uuid::Uuid::from_u128(7));
        let wider = |requested: Value| Fault {
            zone_id: Some(zone),
            limit: Some(json!("5")),
            requested: Some(requested),
            ..Fault::new("/resource_scope/budget_limit", "wider_than_parent", "wider")
        };
        let failed =
            |requested: Value| Failure::from(not_executable("it is wider", vec![wider(requested)], "/payload/changes"));
        let failure = failed(json!("9"));
        assert_eq!(failure.code, "wider_than_parent");
        let told = format!("/resource_scope/budget_limit of zone {zone} admits \"5\", \"9\" was asked for");
        assert_eq!(failure.reason, format!("it could not be executed: it is wider; {told}"));
        assert_eq!(failed(json!("9".repeat(5_000))).reason.chars().count(), LONGEST_REASON);
    }
}
