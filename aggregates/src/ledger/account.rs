//! The books: one account per zone that ever reserved, spent or was counted.

use std::collections::BTreeMap;
use std::sync::Arc;

use chrono::Duration;

use super::event::{Event, Holder, Terms};
use crate::Moment;
use crate::action::{Action, Pattern};
use crate::amount::Amount;
use crate::ids::{MemberId, ReservationId, ZoneId};

/// Spending is summed in quarters of an hour: every calendar day on earth begins on one.
const QUARTER_SECONDS: i64 = 15 * 60;
/// How many quarters of an hour are kept: more than the longest month.
const QUARTERS_KEPT: i64 = 40 * 96;

/// An amount that is set aside.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Open {
    /// In which zone.
    pub zone_id: ZoneId,
    /// For whom.
    pub principal_id: MemberId,
    /// Who asked for it.
    pub reserved_by: MemberId,
    /// To do what.
    pub action: Action,
    /// What is still set aside.
    pub amount: Amount,
    /// For what.
    pub holder: Holder,
    /// Since when.
    pub reserved_at: Moment,
    /// Until when.
    pub expires_at: Moment,
}

/// An action that counts for rate limits.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Admission {
    /// When.
    pub at: Moment,
    /// What.
    pub action: Action,
    until: Moment,
}

/// What one zone has set aside, spent and been counted for, without the zones below it.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Account {
    open: BTreeMap<ReservationId, Open>,
    reserved: Amount,
    spent: Amount,
    tasks: u32,
    booked: BTreeMap<i64, Amount>,
    admissions: Vec<Admission>,
}

fn quarter(at: Moment) -> i64 {
    at.timestamp().div_euclid(QUARTER_SECONDS)
}

impl Account {
    /// What is set aside.
    pub fn reserved(&self) -> Amount {
        self.reserved
    }

    /// What has been spent.
    pub fn spent(&self) -> Amount {
        self.spent
    }

    /// How many tasks are under way.
    pub fn tasks(&self) -> u32 {
        self.tasks
    }

    /// How many tasks are under way besides what `id` stands for.
    pub fn tasks_besides(&self, id: Option<ReservationId>) -> u32 {
        let own = id.and_then(|id| self.open.get(&id)).is_some_and(|open| open.holder.is_task());
        self.tasks.saturating_sub(u32::from(own))
    }

    /// What has been set aside or spent since `from`; since ever when absent.
    pub fn booked_since(&self, from: Option<Moment>) -> Amount {
        match from {
            None => self.reserved.plus(self.spent),
            Some(from) => self.booked.range(quarter(from)..).fold(Amount::ZERO, |sum, (_, booked)| sum.plus(*booked)),
        }
    }

    /// What one reservation holds of what has been booked since `from`.
    pub fn held_since(&self, id: ReservationId, from: Option<Moment>) -> Amount {
        let open = self.open.get(&id).filter(|open| from.is_none_or(|from| quarter(open.reserved_at) >= quarter(from)));
        open.map_or(Amount::ZERO, |open| open.amount)
    }

    /// When actions that `pattern` speaks of were admitted after `since`.
    pub fn admitted_since<'a>(&'a self, pattern: &'a Pattern, since: Moment) -> impl Iterator<Item = Moment> + 'a {
        let counted = self.admissions.iter().filter(move |admission| admission.at > since && pattern.covers(&admission.action));
        counted.map(|admission| admission.at)
    }

    fn reserve(&mut self, terms: &Terms) {
        if let Some(seconds) = terms.counted_seconds {
            self.admit(&terms.action, terms.reserved_at, seconds);
        }
        self.reserved = self.reserved.plus(terms.amount);
        self.tasks += u32::from(terms.holder.is_task());
        let now = quarter(terms.reserved_at);
        self.booked = self.booked.split_off(&(now - QUARTERS_KEPT));
        let booked = self.booked.entry(now).or_default();
        *booked = booked.plus(terms.amount);
        let open = Open {
            zone_id: terms.zone_id,
            principal_id: terms.principal_id,
            reserved_by: terms.reserved_by,
            action: terms.action.clone(),
            amount: terms.amount,
            holder: terms.holder,
            reserved_at: terms.reserved_at,
            expires_at: terms.expires_at,
        };
        self.open.insert(terms.reservation_id, open);
    }

    /// Closes a reservation of which `spent` was spent; the rest is free.
    fn close(&mut self, id: ReservationId, spent: Amount) {
        let Some(open) = self.open.remove(&id) else { return };
        self.tasks = self.tasks.saturating_sub(u32::from(open.holder.is_task()));
        self.reserved = self.reserved.minus(open.amount);
        self.spent = self.spent.plus(spent);
        let freed = open.amount.minus(spent);
        if let Some(booked) = self.booked.get_mut(&quarter(open.reserved_at)) {
            *booked = booked.minus(freed);
        }
    }

    fn draw(&mut self, id: ReservationId, amount: Amount) {
        let Some(open) = self.open.get_mut(&id) else { return };
        open.amount = open.amount.minus(amount);
        self.reserved = self.reserved.minus(amount);
        self.spent = self.spent.plus(amount);
    }

    fn admit(&mut self, action: &Action, at: Moment, seconds: u32) {
        // What no limit asks for any more is forgotten, now and then.
        if self.admissions.len().is_power_of_two() {
            self.admissions.retain(|admission| admission.until > at);
        }
        let until = at + Duration::seconds(i64::from(seconds));
        self.admissions.push(Admission { at, action: action.clone(), until });
    }
}

/// The books of an organization.
#[derive(Clone, Debug, Default)]
pub struct State {
    accounts: BTreeMap<ZoneId, Arc<Account>>,
}

impl State {
    /// Every account, by zone.
    pub fn accounts(&self) -> impl Iterator<Item = (ZoneId, &Account)> {
        self.accounts.iter().map(|(zone, account)| (*zone, account.as_ref()))
    }

    /// Whether nothing was ever booked or counted.
    pub fn is_empty(&self) -> bool {
        self.accounts.is_empty()
    }

    /// What stands under an id.
    pub fn open(&self, id: ReservationId) -> Option<&Open> {
        self.accounts.values().find_map(|account| account.open.get(&id))
    }

    fn account(&mut self, zone: ZoneId) -> &mut Account {
        Arc::make_mut(self.accounts.entry(zone).or_default())
    }

    pub(super) fn evolve(&mut self, event: &Event) {
        match event {
            Event::Reserved(terms) => self.account(terms.zone_id).reserve(terms),
            Event::Committed { reservation_id, zone_id, actual, .. } => self.account(*zone_id).close(*reservation_id, *actual),
            Event::Drawn { reservation_id, zone_id, amount, .. } => self.account(*zone_id).draw(*reservation_id, *amount),
            Event::Released { reservation_id, zone_id, .. } | Event::Lapsed { reservation_id, zone_id, .. } => {
                self.account(*zone_id).close(*reservation_id, Amount::ZERO);
            }
            Event::Admitted { zone_id, action, counted_seconds, admitted_at, principal_id: _, asked: _ } => {
                self.account(*zone_id).admit(action, *admitted_at, *counted_seconds);
            }
        }
    }
}
