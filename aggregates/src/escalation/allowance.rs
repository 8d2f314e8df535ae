//! How often someone may escalate in a zone: a rolling day, counted in a stream of its own for each person and zone, so that
//! it is exact however many ask at once (SPEC E4).

use chrono::Duration;
use serde::{Deserialize, Serialize};
use strum::IntoStaticStr;

use crate::decider::{DomainEvent, stored_names};
use crate::ids::{EscalationId, MemberId, ZoneId};
use crate::rejection::{Kind, Rejected};
use crate::{Decider, Moment};

/// What can be asked of an allowance.
#[derive(Clone, Debug)]
pub enum Command {
    /// Counts one more escalation, of at most `limit` in 24 hours; any number where there is no limit.
    Use { escalation_id: EscalationId, zone_id: ZoneId, person_id: MemberId, limit: Option<u32>, now: Moment },
}

/// What happened to an allowance.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "type")]
pub enum Event {
    /// One was used.
    #[serde(rename = "escalation_allowance.used")]
    Used { escalation_id: EscalationId, zone_id: ZoneId, person_id: MemberId, used_at: Moment },
}

stored_names!(Event { Used => "escalation_allowance.used" });

impl DomainEvent for Event {
    fn event_type(&self) -> &'static str {
        self.stored_name()
    }

    fn zone_id(&self) -> Option<ZoneId> {
        let Self::Used { zone_id, .. } = self;
        Some(*zone_id)
    }
}

/// Why nothing more may be escalated now.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error, IntoStaticStr)]
#[strum(serialize_all = "snake_case")]
pub enum Rejection {
    /// Over the limit.
    #[error("{}", too_many(*limit, *retry_after_seconds))]
    TooManyEscalations {
        /// How many are admitted in 24 hours.
        limit: u32,
        /// Until the oldest that counts is a day old; at least 1. None where none are ever admitted.
        retry_after_seconds: Option<u64>,
    },
}

fn too_many(limit: u32, retry_after_seconds: Option<u64>) -> String {
    match retry_after_seconds {
        Some(seconds) => format!("only {limit} escalations a day are admitted here, the next in {seconds} seconds"),
        None => "no escalations are admitted here".to_owned(),
    }
}

impl Rejected for Rejection {
    fn code(&self) -> &'static str {
        self.into()
    }

    fn kind(&self) -> Kind {
        Kind::TooMany
    }

    fn retry_after_seconds(&self) -> Option<u64> {
        let Self::TooManyEscalations { retry_after_seconds, .. } = self;
        *retry_after_seconds
    }
}

/// The allowance as an aggregate; its state is when it was used, the latest last.
pub struct Allowance;

impl Decider for Allowance {
    const TYPE: &'static str = "escalation_allowance";
    type State = Vec<Moment>;
    type Command = Command;
    type Event = Event;
    type Rejection = Rejection;

    fn decide(used: &Vec<Moment>, command: Command) -> Result<Vec<Event>, Rejection> {
        let Command::Use { escalation_id, zone_id, person_id, limit, now } = command;
        let day = Duration::hours(24);
        let recent: Vec<Moment> = used.iter().copied().filter(|at| *at + day > now).collect();
        if let Some(limit) = limit
            && let Some(over) = recent.len().checked_sub(usize::try_from(limit).unwrap_or(usize::MAX))
        {
            // With a limit of 0 nothing ever makes room.
            let seconds = |at: &Moment| u64::try_from((*at + day - now).num_seconds()).unwrap_or(0).saturating_add(1);
            let retry_after_seconds = recent.get(over).filter(|_| limit > 0).map(seconds);
            return Err(Rejection::TooManyEscalations { limit, retry_after_seconds });
        }
        Ok(vec![Event::Used { escalation_id, zone_id, person_id, used_at: now }])
    }

    fn evolve(used: &mut Vec<Moment>, event: &Event) {
        let Event::Used { used_at, .. } = event;
        used.retain(|at| *at + Duration::hours(48) > *used_at);
        used.push(*used_at);
    }
}
