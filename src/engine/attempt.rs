//! A command, attempted until it is decided on what the log holds: decide on memory, append with the streams it rests on
//! as guards, and begin again where one of them had moved. A refusal is checked against the log before it is given.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Duration;

use aggregates::action::Action;
use aggregates::ids::{OrganizationId, ZoneId};
use aggregates::ledger;
use aggregates::organization::{Member, Organization};
use aggregates::permission::{Ask, Authority, Standing, check, holds_in_zone, is_auditor};
use aggregates::token::Token;
use aggregates::zones::{Tree, Zones};
use aggregates::{Decider, Moment};
use axum::http::StatusCode;
use cqrs_es::Aggregate;

use super::answer::{Answer, Done, Told};
use super::app::{App, Caller, Envelope, may_see, permit, permit_in_zone};
use super::authorities::Ruling;
use super::plan::Plan;
use super::problem::Problem;
use crate::store::{Append, Deciding, GivenAnswer, Hosted, Link, Profile, Refused, StoreError, Stream};

/// How often a contended command begins again: more often than commands are in flight at once.
const MOST_ATTEMPTS: usize = 400;
/// How long an answer waits for what follows from it.
const COURTESY: Duration = Duration::from_millis(500);

/// An aggregate as one attempt sees it.
#[derive(Debug)]
pub struct Loaded<D: Decider> {
    /// Its stream.
    pub stream: Stream,
    /// Its state.
    pub state: Arc<D::State>,
    /// How long its stream is.
    pub sequence: u64,
}

impl<D: Decider> Clone for Loaded<D> {
    fn clone(&self) -> Self {
        Self { stream: self.stream.clone(), state: Arc::clone(&self.state), sequence: self.sequence }
    }
}

/// One attempt at a command.
pub struct Attempt {
    /// The service.
    pub app: Arc<App>,
    /// Who asks.
    pub caller: Caller,
    /// The versions the caller will have it at.
    pub if_match: Option<Vec<u64>>,
    /// Who is who and what holds where.
    pub ruling: Arc<Ruling>,
    /// When.
    pub now: Moment,
    token: Option<Loaded<Token>>,
    pub(super) from_log: bool,
    /// Whether what others have handed in and is not yet in the log is left out of account.
    pub(super) verifying: bool,
    /// Whether it rests on what others have handed in.
    pub(super) speculates: Arc<AtomicBool>,
}

impl Attempt {
    /// Who is who and what holds where.
    pub fn authority(&self) -> &Authority {
        &self.ruling.authority
    }

    /// Whether it rests on the log alone: not on memory, nor on what others have handed in.
    pub fn is_certain(&self) -> bool {
        self.from_log && !self.speculates.load(Ordering::Relaxed)
    }

    /// Refuses a caller who saw another version than `current` (SPEC H3).
    pub fn must_match(&self, current: u64) -> Result<(), Problem> {
        match &self.if_match {
            Some(seen) if !seen.contains(&current) => {
                let seen: Vec<String> = seen.iter().map(ToString::to_string).collect();
                let detail = format!("it is at version {current}, not {}", seen.join(" or "));
                Err(Problem::new(StatusCode::PRECONDITION_FAILED, "stale_version", detail))
            }
            Some(_) | None => Ok(()),
        }
    }

    /// Refuses a caller who may not do `action` in `zone`; a zone that is not here is not there (404). Reading and mending
    /// do not need the zone in force.
    pub fn permit(&self, zone: ZoneId, action: &'static str) -> Result<(), Problem> {
        permit_in_zone(&self.ruling, &self.caller, zone, action, self.now)
    }

    /// Refuses a caller from whom `zone` is hidden, whatever their token is for.
    pub fn must_see(&self, zone: ZoneId) -> Result<(), Problem> {
        may_see(&self.ruling, &self.caller, zone, self.now)
    }

    /// Refuses a caller who may not do `action` in `zone`, or anyone while the zone is not in force.
    pub fn permit_in_force(&self, zone: ZoneId, action: &'static str) -> Result<(), Problem> {
        self.permit(zone, action)?;
        let asked = Action::parse(action).map_err(|_| Problem::forbidden(action))?;
        let ask = Ask { via: self.caller.via(), ..Ask::plain(self.caller.id(), asked, self.now) };
        let answer = check(self.authority(), zone, &ask);
        if answer.is_allowed() { Ok(()) } else { Err(Problem::denied(answer)) }
    }

    /// Refuses an auditor, who changes nothing, whatever they may read (SPEC A2).
    pub fn refuse_auditors(&self, action: &str) -> Result<(), Problem> {
        if is_auditor(self.authority(), self.caller.id()) { Err(Problem::forbidden(action)) } else { Ok(()) }
    }

    /// Refuses to touch what is a member's whose role is above the caller's (SPEC A2).
    pub fn not_above(&self, member: &Member) -> Result<(), Problem> {
        let own = self.authority().organization.member(self.caller.id()).ok_or_else(Problem::unauthenticated)?;
        if member.id == own.id || !member.active || own.role.may_grant(member.role) {
            return Ok(());
        }
        Err(Problem::new(StatusCode::FORBIDDEN, "role_above_own", "that member's role is above your own"))
    }

    /// Refuses a token that is not for `action`.
    pub fn token_must_cover(&self, action: &'static str) -> Result<(), Problem> {
        let asked = Action::parse(action).map_err(|_| Problem::forbidden(action))?;
        if self.caller.token_covers(&asked) { Ok(()) } else { Err(Problem::forbidden(action)) }
    }

    /// When the token by which the caller came expires, if it does.
    pub fn token_expires_at(&self) -> Option<Moment> {
        self.token.as_ref()?.state.issued.as_ref()?.expires_at
    }

    fn token_stream(&self) -> Option<(Stream, u64)> {
        self.token.as_ref().map(|token| (token.stream.clone(), token.sequence))
    }

    /// Refuses what `zone` or a zone above it blocks, whoever asks and by whatever token.
    pub fn not_blocked(&self, zone: ZoneId, action: &'static str) -> Result<(), Problem> {
        let asked = Action::parse(action).map_err(|_| Problem::forbidden(action))?;
        let standing = Standing { out_of_force: true, approved: true, ..Standing::default() };
        let ask = Ask { standing, ..Ask::plain(self.caller.id(), asked, self.now) };
        let answer = check(self.authority(), zone, &ask);
        if answer.is_allowed() { Ok(()) } else { Err(Problem::denied(answer)) }
    }

    /// Refuses a caller without a role (and a token) that grants `action` in `zone`, whatever the zone blocks.
    pub fn permit_by_role(&self, zone: ZoneId, action: &'static str) -> Result<(), Problem> {
        let asked = Action::parse(action).map_err(|_| Problem::forbidden(action))?;
        let granted = holds_in_zone(self.authority(), self.caller.id(), zone, &asked) && self.caller.token_covers(&asked);
        if granted { Ok(()) } else { Err(Problem::forbidden(action)) }
    }

    /// A plan that rests on the ruling, and on the token by which the caller came.
    pub fn plan(&self) -> Plan {
        Plan::resting_on(self.ruling.guards().into_iter().chain(self.token_stream()).collect())
    }

    /// Lets a plan rest on what someone of another organization may do there as well, and on the token by which they come.
    pub async fn rests_on(&self, plan: &mut Plan, other: &Caller, action: &'static str) -> Result<(), Problem> {
        let organization = other.organization_id;
        let ruling = if self.from_log {
            self.app.parts.authorities.fresh(&self.app.log, organization).await?
        } else {
            self.app.ruling(organization).await?
        };
        permit(&ruling, other, action)?;
        let token = self.app.token_of(other, self.now, self.from_log).await?;
        plan.guards.extend(ruling.guards().into_iter().chain(token.map(|token| (token.stream, token.sequence))));
        Ok(())
    }

    /// What authority will be with another tree.
    pub fn with_tree(&self, tree: &Tree) -> Authority {
        self.ruling.authority.with_tree(tree.clone())
    }

    /// The zone tree as an aggregate.
    pub fn zone_tree(&self) -> Loaded<Zones> {
        Loaded {
            stream: Stream::of::<Zones>(self.caller.organization_id),
            state: Arc::clone(&self.ruling.authority.tree),
            sequence: self.ruling.tree_sequence,
        }
    }

    /// The organization as an aggregate.
    pub fn organization(&self) -> Loaded<Organization> {
        Loaded {
            stream: Stream::of::<Organization>(self.caller.organization_id),
            state: Arc::clone(&self.ruling.authority.organization),
            sequence: self.ruling.organization_sequence,
        }
    }

    /// An aggregate that is to begin under a new id. The log is asked only if it turns out to know the id.
    pub async fn begin<D>(&self, id: impl ToString) -> Result<Loaded<D>, StoreError>
    where
        Hosted<D>: Aggregate,
        D: Decider + Send + Sync + 'static,
    {
        if self.from_log {
            return self.load::<D>(id).await;
        }
        Ok(Loaded { stream: Stream::of::<D>(id), state: Arc::default(), sequence: 0 })
    }

    /// An aggregate: from memory the first time, with the log's last word afterwards.
    pub async fn load<D>(&self, id: impl ToString) -> Result<Loaded<D>, StoreError>
    where
        Hosted<D>: Aggregate,
        D: Decider + Send + Sync + 'static,
    {
        self.app.load::<D>(id, self.from_log).await
    }
}

impl App {
    /// An aggregate, from memory or, with `from_log`, with the log's last word.
    pub async fn load<D>(&self, id: impl ToString, from_log: bool) -> Result<Loaded<D>, StoreError>
    where
        Hosted<D>: Aggregate,
        D: Decider + Send + Sync + 'static,
    {
        let stream = Stream::of::<D>(id);
        let known = self.parts.memory.recall::<D>(&stream);
        let (state, sequence) = match known {
            Some(known) if !from_log => known,
            Some((state, sequence)) => {
                let later = self.log.tail::<D>(&stream.aggregate_id, sequence).await?;
                let mut state = (*state).clone();
                for event in &later {
                    D::evolve(&mut state, event);
                }
                (Arc::new(state), sequence + later.len() as u64)
            }
            None => {
                let (state, sequence) = self.log.load::<D>(&stream.aggregate_id).await?;
                (Arc::new(state), sequence)
            }
        };
        if sequence > 0 {
            self.parts.memory.remember::<D>(&stream, sequence, Arc::clone(&state));
        }
        Ok(Loaded { stream, state, sequence })
    }

    /// An aggregate that is read by someone of `organization`: as fresh as they ask, with the log's last word where they do.
    pub async fn load_fresh<D>(
        &self,
        organization: OrganizationId,
        id: impl ToString,
        after: Option<u64>,
    ) -> Result<Loaded<D>, Problem>
    where
        Hosted<D>: Aggregate,
        D: Decider + Send + Sync + 'static,
    {
        self.fresh_memory(organization, after).await?;
        Ok(self.load::<D>(id, after.is_some()).await?)
    }

    /// Runs a command that may cost people the seats and the grants they hold, and waits a moment for that to follow: whoever has
    /// removed someone sees them gone.
    pub async fn command_with_consequences<F, D>(self: &Arc<Self>, envelope: &Envelope, decide: F) -> Result<Done, Problem>
    where
        F: Fn(Attempt) -> D + Send + Sync,
        D: Future<Output = Result<(Plan, Answer), Problem>> + Send,
    {
        let before = self.parts.freshness.log_position();
        let done = self.command(envelope, decide).await?;
        if self.parts.freshness.log_position() > before {
            self.parts.freshness.reactions_at_the_end(COURTESY).await;
        }
        Ok(done)
    }

    /// Runs a command for an envelope: `decide` says what to append and what to answer, and is asked again with the log's
    /// last word when something it rests on has moved.
    pub async fn command<F, D>(self: &Arc<Self>, envelope: &Envelope, decide: F) -> Result<Done, Problem>
    where
        F: Fn(Attempt) -> D + Send + Sync,
        D: Future<Output = Result<(Plan, Answer), Problem>> + Send,
    {
        if let Some(done) = self.answered(envelope).await? {
            return Ok(done);
        }
        let caller = &envelope.caller;
        let mut from_log = false;
        let mut verifying = false;
        for _ in 0..MOST_ATTEMPTS {
            let ruling = if from_log {
                self.parts.authorities.fresh(&self.log, caller.organization_id).await?
            } else {
                self.ruling(caller.organization_id).await?
            };
            let now = self.clock.now();
            let token = self.token_of(caller, now, from_log).await?;
            let (app, caller) = (Arc::clone(self), caller.clone());
            let deciding = self.writer.deciding();
            let speculates = Arc::new(AtomicBool::new(false));
            let (rests_on_memory, if_match) = (Arc::clone(&speculates), envelope.if_match.clone());
            let decided = decide(Attempt { app, caller, if_match, ruling, now, token, from_log, verifying, speculates }).await;
            let certain = from_log && !rests_on_memory.load(Ordering::Relaxed);
            match decided {
                Err(problem) if certain => return Err(problem),
                // That there is nothing to do is no more certain on memory than a refusal.
                Ok((plan, _)) if plan.is_empty() && !certain => (from_log, verifying) = (true, true),
                Err(_) => (from_log, verifying) = (true, true),
                Ok((plan, answer)) => match self.append(envelope, now, plan, answer, deciding).await {
                    Ok(done) => return Ok(done),
                    Err(Refused::Conflict) => (from_log, verifying) = (true, false),
                    Err(Refused::Answered) => return self.answered(envelope).await?.ok_or_else(|| Refused::Answered.into()),
                    Err(refused) => return Err(refused.into()),
                },
            }
        }
        Err(Refused::Conflict.into())
    }

    async fn append(
        &self,
        envelope: &Envelope,
        now: Moment,
        mut plan: Plan,
        answer: Answer,
        deciding: Deciding,
    ) -> Result<Done, Refused> {
        let organization_id = envelope.caller.organization_id;
        if envelope.dry_run {
            let position = self.log.organization_head(organization_id).await?;
            return Ok(Done { answer: answer.imagined(&plan.writes), position });
        }
        if plan.is_empty() && envelope.key.is_none() {
            let position = self.log.organization_head(organization_id).await?;
            return Ok(Done { answer, position });
        }
        let kept = envelope.key.as_ref().map(|(key, fingerprint)| GivenAnswer {
            caller_id: envelope.asker().0,
            key: key.clone(),
            fingerprint: fingerprint.clone(),
            status: answer.status.as_u16(),
            body: answer.kept_body(),
            etag: answer.version.map(|version| version.to_string()),
            location: answer.location.clone(),
            position: 0,
            given_at: now,
        });
        let planned = plan.turn.take();
        let link = planned.as_ref().map(|planned| Link { ticket: planned.turn.ticket, builds_on: planned.builds_on });
        let turn = planned.map(|planned| {
            let sequence = plan.sequence_after::<ledger::Ledger>(organization_id, planned.before);
            (planned.turn, sequence, planned.state)
        });
        let append = Append {
            organization_id,
            actor: envelope.caller.actor,
            correlation_id: envelope.correlation_id,
            causation_id: envelope.correlation_id,
            occurred_at: now,
            writes: plan.writes,
            guards: plan.guards,
            link,
            answer: kept,
            beside: plan.beside,
        };
        let appended = self.writer.hand_in(append).await?;
        drop(deciding);
        let committed = match turn {
            None => appended.await?,
            Some((turn, sequence, state)) => {
                let handed_over = turn.hand_over(sequence, state);
                match appended.await {
                    Ok(committed) => committed,
                    Err(refused) => {
                        handed_over.was_refused();
                        return Err(refused);
                    }
                }
            }
        };
        plan.remember.into_iter().for_each(|remember| remember(self));
        Ok(Done { answer, position: committed.position })
    }

    /// Refuses a caller whose token has been revoked or has expired since, or who does not belong here any more.
    pub async fn still_signed_in(&self, caller: &Caller) -> Result<(), Problem> {
        self.known_caller(caller).await?;
        self.token_of(caller, self.clock.now(), false).await.map(drop)
    }

    /// The caller's token, which a command rests on: a token revoked in another process writes nothing any more.
    async fn token_of(&self, caller: &Caller, now: Moment, from_log: bool) -> Result<Option<Loaded<Token>>, Problem> {
        let Some(id) = caller.token_id else { return Ok(None) };
        let token = self.load::<Token>(id, from_log).await?;
        let valid = token.state.issued.as_ref().is_some_and(|issued| issued.is_valid(now));
        if valid { Ok(Some(token)) } else { Err(Problem::unauthenticated()) }
    }

    /// The answer already given under the envelope's key.
    pub async fn answered(&self, envelope: &Envelope) -> Result<Option<Done>, Problem> {
        let Some((key, fingerprint)) = envelope.key.as_ref().filter(|_| !envelope.dry_run) else { return Ok(None) };
        let Some(given) = self.log.answer(envelope.asker().0, key).await? else { return Ok(None) };
        if given.fingerprint != *fingerprint {
            let detail = "this Idempotency-Key has been used for another request";
            return Err(Problem::new(StatusCode::UNPROCESSABLE_ENTITY, "idempotency_key_reused", detail));
        }
        let (mut body, about) = Answer::kept(given.body);
        if let (Told::Value(shown), Some(person)) = (&mut body, about) {
            let profile = self.log.profiles(envelope.caller.organization_id, Some(person)).await?.into_iter().next();
            let profile = profile.filter(|profile| !profile.display_name.is_empty() || profile.email.is_some());
            if let Some(Profile { display_name, email, .. }) = profile {
                shown["display_name"] = Some(display_name).filter(|name| !name.is_empty()).into();
                shown["email"] = email.into();
            }
        }
        let answer = Answer {
            status: StatusCode::from_u16(given.status).unwrap_or(StatusCode::OK),
            body,
            version: given.etag.and_then(|etag| etag.parse().ok()),
            location: given.location,
            shown_once: None,
            about: None,
        };
        Ok(Some(Done { answer, position: given.position }))
    }
}

/// Writes the decision of a command: `decision!(attempt, [what, it, borrows] => { … })`.
macro_rules! decision {
    ($attempt:ident, [$($borrowed:ident),* $(,)?] => $body:block) => {
        |$attempt: $crate::engine::Attempt| {
            $(let $borrowed = &$borrowed;)*
            async move {
                let $attempt = &$attempt;
                $body
            }
        }
    };
}
pub(crate) use decision;
