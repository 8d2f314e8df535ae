//! The parts of a running service, and who asks what of it.

use std::collections::{BTreeSet, HashMap};
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, RwLock};
use std::time::Duration;

use aggregates::Moment;
use aggregates::action::{Action, Pattern};
use aggregates::actor::Actor;
use aggregates::ids::{MemberId, OrganizationId, TokenId, ZoneId};
use aggregates::organization::Member;
use aggregates::permission::{Ask, Authority, Standing, Via, check, holds_in_organization};
use projections::{Recorded, audit};
use tokio::sync::watch;
use tokio_util::sync::CancellationToken;
use uuid::Uuid;

use super::authorities::{Authorities, Ruling};
use super::desk::Desks;
use super::freshness::Freshness;
use super::memory::Memory;
use super::problem::Problem;
use super::recent::Recent;
use crate::auth::{Limits, Secrets};
use crate::clock::Clock;
use crate::config::Config;
use crate::gardener::Gardener;
use crate::store::{Log, OnCommit, StoreError, Views, Writer};

/// How long a read waits for its own organization's latest writes before it answers with what there is.
const COURTESY: Duration = Duration::from_millis(250);
/// How long a read waits for a position it was asked to wait for.
const PATIENCE: Duration = Duration::from_secs(5);

/// Who asks: a principal of one organization, perhaps by a token.
#[derive(Clone, Debug)]
pub struct Caller {
    /// In which organization.
    pub organization_id: OrganizationId,
    /// Who.
    pub actor: Actor,
    /// By which token.
    pub token_id: Option<TokenId>,
    /// What the token is for; everything when absent.
    pub scope: Option<BTreeSet<Pattern>>,
}

impl Caller {
    /// The principal.
    pub fn id(&self) -> MemberId {
        self.actor.id
    }

    /// How the principal comes.
    pub fn via(&self) -> Via {
        Via::Token(self.scope.clone())
    }

    /// How `principal` comes where the caller asks about them: the caller as they are, anyone else in person.
    pub fn via_of(&self, principal: MemberId) -> Via {
        if principal == self.id() { self.via() } else { Via::Itself }
    }

    /// Whether the token, if it narrows, is for `action`.
    pub fn token_covers(&self, action: &Action) -> bool {
        self.scope.as_ref().is_none_or(|scope| scope.iter().any(|pattern| pattern.covers(action)))
    }
}

/// What comes with a request besides what it asks for.
#[derive(Clone, Debug)]
pub struct Envelope {
    /// Who asks.
    pub caller: Caller,
    /// For whom the answer is kept, where that is not the caller (an owner founding another organization).
    pub answer_to: Option<MemberId>,
    /// What the request belongs together with.
    pub correlation_id: Uuid,
    /// The key to answer under, and a digest of what is asked.
    pub key: Option<(String, String)>,
    /// The versions the caller will have it at.
    pub if_match: Option<Vec<u64>>,
    /// Whether it is only asked what would happen.
    pub dry_run: bool,
}

impl Envelope {
    /// Trust Zones itself asks, acting for an organization.
    pub fn of_the_system(organization_id: OrganizationId, correlation_id: Uuid) -> Self {
        let caller = Caller { organization_id, actor: Actor::SYSTEM, token_id: None, scope: None };
        Self { caller, answer_to: None, correlation_id, key: None, if_match: None, dry_run: false }
    }

    /// For whom the answer is kept.
    pub fn asker(&self) -> MemberId {
        self.answer_to.unwrap_or(self.caller.id())
    }
}

/// What stays in memory between requests and follows the log.
pub struct Parts {
    /// Who is who and what holds where.
    pub authorities: Authorities,
    /// Other aggregates.
    pub memory: Memory,
    /// How far everything has come.
    pub freshness: Freshness,
    /// What has been appended here lately.
    pub recent: Recent,
    /// Where ledgers are written.
    pub(super) desks: Desks,
    /// Held by whoever finds out whether the log can be written again: one at a time.
    pub trial: tokio::sync::Mutex<()>,
    followed: AtomicU64,
    latest: RwLock<HashMap<OrganizationId, u64>>,
}

impl Parts {
    /// Parts that know nothing yet and will keep so many aggregates.
    pub fn keeping(aggregates: u32) -> Self {
        Self {
            authorities: Authorities::default(),
            memory: Memory::of(aggregates),
            freshness: Freshness::default(),
            recent: Recent::default(),
            desks: Desks::default(),
            trial: tokio::sync::Mutex::default(),
            followed: AtomicU64::default(),
            latest: RwLock::default(),
        }
    }

    /// Follows events committed here or elsewhere.
    pub fn follow(&self, events: &[Recorded]) {
        self.authorities.follow(events);
        for event in events {
            self.memory.forget_older(event);
        }
        let mut latest = self.latest.write().unwrap_or_else(std::sync::PoisonError::into_inner);
        for event in events {
            let known = latest.entry(event.organization_id).or_insert(0);
            *known = (*known).max(event.global_position);
        }
        drop(latest);
        if let (Some(first), Some(last)) = (events.first(), events.last()) {
            self.followed_without_gap(first.global_position, last.global_position);
            self.freshness.log_reached(last.global_position);
        }
    }

    /// The global position up to which every event has been followed.
    pub fn followed(&self) -> u64 {
        self.followed.load(Ordering::Acquire)
    }

    /// Where following begins: what memory holds is loaded from the log as it is needed.
    pub fn begin_at(&self, position: u64) {
        self.followed.store(position, Ordering::Release);
        self.freshness.log_reached(position);
    }

    /// Counts a stretch of events as followed, unless others lie before it that have not been.
    fn followed_without_gap(&self, first: u64, last: u64) {
        let mut followed = self.followed();
        while first <= followed + 1 && last > followed {
            match self.followed.compare_exchange(followed, last, Ordering::AcqRel, Ordering::Acquire) {
                Ok(_) => return,
                Err(meanwhile) => followed = meanwhile,
            }
        }
    }

    fn latest_of(&self, organization: OrganizationId) -> u64 {
        let latest = self.latest.read().unwrap_or_else(std::sync::PoisonError::into_inner);
        latest.get(&organization).copied().unwrap_or(0)
    }
}

impl OnCommit for Arc<Parts> {
    fn committed(&self, events: &Arc<Vec<Recorded>>) {
        // Whoever is woken finds it here.
        self.recent.keep(events);
        self.follow(events);
    }
}

/// A running service.
pub struct App {
    /// How it is set up.
    pub config: Config,
    /// What time it is.
    pub clock: Clock,
    /// The log.
    pub log: Log,
    /// The way into the log.
    pub writer: Writer,
    /// Whether the last write succeeded.
    pub log_health: watch::Receiver<bool>,
    /// The read models.
    pub views: Views,
    /// What is kept in memory.
    pub parts: Arc<Parts>,
    /// How often who may ask.
    pub limits: Limits,
    /// Is cancelled when the service is to end; streams that would go on for ever end then.
    pub ending: CancellationToken,
    /// Who is asked which reviewers to choose; rules choose where there is nobody.
    pub gardener: Option<Gardener>,
    /// Secrets of tokens that have been presented.
    pub secrets: Secrets,
}

impl App {
    /// The ruling for an organization.
    pub async fn ruling(&self, organization: OrganizationId) -> Result<Arc<Ruling>, StoreError> {
        self.parts.authorities.ruling(&self.log, organization).await
    }

    /// The caller as a member, and the ruling that says so.
    pub async fn known_caller(&self, caller: &Caller) -> Result<(Arc<Ruling>, Member), Problem> {
        let ruling = self.ruling(caller.organization_id).await?;
        let member = ruling.authority.organization.member(caller.id()).cloned().ok_or_else(Problem::unauthenticated)?;
        Ok((ruling, member))
    }

    /// The ruling, if the caller may do `action` in the organization as a whole.
    pub async fn permitted(&self, caller: &Caller, action: &'static str) -> Result<Arc<Ruling>, Problem> {
        let ruling = self.ruling(caller.organization_id).await?;
        permit(&ruling, caller, action)?;
        Ok(ruling)
    }

    /// Waits until the read models, and what memory holds, are as fresh as asked; without a wish, a moment for the organization's
    /// latest writes. What is then read is judged by a ruling that is asked for afterwards.
    pub async fn fresh_views(&self, organization: OrganizationId, after: Option<u64>) -> Result<(), Problem> {
        let Some(after) = after else {
            let latest = self.parts.latest_of(organization);
            self.parts.freshness.views_at(latest, COURTESY).await;
            return Ok(());
        };
        self.fresh_memory(organization, Some(after)).await?;
        let Some(global) = self.global_position(organization, after).await? else {
            return Err(self.not_there_yet(organization, after).await?);
        };
        let reached = self.parts.freshness.views_at(global, PATIENCE).await;
        if reached {
            Ok(())
        } else {
            Err(Problem::unavailable("not_fresh_yet", "the read models have not come that far, try again"))
        }
    }

    /// Waits a moment for everything this process knows to be in the log, whichever organization it is of.
    pub async fn latest_views(&self) {
        self.parts.freshness.views_at(self.parts.freshness.log_position(), COURTESY).await;
    }

    /// Waits until what memory holds of an organization is as fresh as asked.
    pub async fn fresh_memory(&self, organization: OrganizationId, after: Option<u64>) -> Result<(), Problem> {
        let Some(after) = after else { return Ok(()) };
        let Some(global) = self.global_position(organization, after).await? else {
            return Err(self.not_there_yet(organization, after).await?);
        };
        // A later event of its own says nothing of what another process has written before it.
        if self.parts.followed() < global {
            self.parts.authorities.fresh(&self.log, organization).await?;
        }
        Ok(())
    }

    /// Where a position of an organization is in the whole log, if it is.
    async fn global_position(&self, organization: OrganizationId, position: u64) -> Result<Option<u64>, Problem> {
        if position == 0 {
            return Ok(Some(0));
        }
        Ok(self.log.number(audit::global_position(organization, position), "global_position").await?)
    }

    async fn not_there_yet(&self, organization: OrganizationId, after: u64) -> Result<Problem, Problem> {
        let head = self.log.organization_head(organization).await?;
        let detail = format!("position {after} does not exist, the log is at {head}");
        Ok(Problem::new(axum::http::StatusCode::PRECONDITION_FAILED, "position_ahead", detail))
    }
}

/// Whether the caller may do `action` in the organization as a whole.
pub fn permit(ruling: &Ruling, caller: &Caller, action: &'static str) -> Result<(), Problem> {
    let asked = Action::parse(action).map_err(|_| Problem::forbidden(action))?;
    let granted = holds_in_organization(&ruling.authority, caller.id(), &asked);
    if granted && caller.token_covers(&asked) { Ok(()) } else { Err(Problem::forbidden(action)) }
}

/// Whether the caller may read `zone`, whatever their token is for: a token for an action is enough to do it.
pub fn may_see(ruling: &Ruling, caller: &Caller, zone: ZoneId, now: Moment) -> Result<(), Problem> {
    permit_under(&ruling.authority, &Caller { scope: None, ..caller.clone() }, zone, "zone.read", now)
}

/// Whether the caller may ask what `principal` may do in `zone`: who reads it may, about themselves whatever their token is for.
pub fn may_ask_about(ruling: &Ruling, caller: &Caller, principal: MemberId, zone: ZoneId, now: Moment) -> Result<(), Problem> {
    if principal == caller.id() {
        may_see(ruling, caller, zone, now)
    } else {
        permit_in_zone(ruling, caller, zone, "zone.read", now)
    }
}

/// Whether the caller may do `action` in `zone`; a zone that is not here is not there (404). Reading and mending do not need
/// the zone in force.
pub fn permit_in_zone(
    ruling: &Ruling,
    caller: &Caller,
    zone: ZoneId,
    action: &'static str,
    now: Moment,
) -> Result<(), Problem> {
    permit_under(&ruling.authority, caller, zone, action, now)
}

/// The same, under an authority that may be thought of.
pub fn permit_under(
    authority: &Authority,
    caller: &Caller,
    zone: ZoneId,
    action: &'static str,
    now: Moment,
) -> Result<(), Problem> {
    if authority.tree.zone(zone).is_none() {
        return Err(Problem::not_found("zone"));
    }
    let asked = Action::parse(action).map_err(|_| Problem::forbidden(action))?;
    let standing = Standing { out_of_force: true, ..Standing::default() };
    let ask = Ask { via: caller.via(), standing, ..Ask::plain(caller.id(), asked, now) };
    let answer = check(authority, zone, &ask);
    if answer.is_allowed() { Ok(()) } else { Err(Problem::denied(answer)) }
}
