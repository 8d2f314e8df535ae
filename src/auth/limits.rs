//! How often: failed sign-ins per address, requests per credential (SPEC A8).

use std::net::{IpAddr, Ipv6Addr};
use std::num::NonZeroU32;
use std::time::Duration;

use governor::clock::{Clock as _, DefaultClock};
use governor::{DefaultKeyedRateLimiter, Quota, RateLimiter};
use uuid::Uuid;

/// The limiters.
pub struct Limits {
    failures: DefaultKeyedRateLimiter<IpAddr>,
    requests: DefaultKeyedRateLimiter<Uuid>,
}

fn at_least_one(number: u32) -> NonZeroU32 {
    NonZeroU32::new(number).unwrap_or(NonZeroU32::MIN)
}

fn seconds(wait: Duration) -> u64 {
    wait.as_secs() + 1
}

/// Where an address belongs: one of IPv6 is one of 2^64 that somebody has, so all of those count as one.
fn network(address: IpAddr) -> IpAddr {
    match address.to_canonical() {
        IpAddr::V6(address) => IpAddr::V6(Ipv6Addr::from_bits(address.to_bits() >> 64 << 64)),
        address @ IpAddr::V4(_) => address,
    }
}

impl Limits {
    /// Limiters that allow this much.
    pub fn new(failures_per_minute: u32, requests_per_second: u32) -> Self {
        Self {
            failures: RateLimiter::keyed(Quota::per_minute(at_least_one(failures_per_minute))),
            requests: RateLimiter::keyed(Quota::per_second(at_least_one(requests_per_second))),
        }
    }

    /// Counts a failed sign-in; says how many seconds the address must wait if it was one too many.
    pub fn failed(&self, address: IpAddr) -> Option<u64> {
        let refused = self.failures.check_key(&network(address)).err()?;
        Some(seconds(refused.wait_time_from(DefaultClock::default().now())))
    }

    /// Counts a request; says how many seconds the credential must wait if it was one too many.
    pub fn requested(&self, credential: Uuid) -> Option<u64> {
        let refused = self.requests.check_key(&credential).err()?;
        Some(seconds(refused.wait_time_from(DefaultClock::default().now())))
    }

    /// How many addresses and credentials are known.
    pub fn known(&self) -> usize {
        self.failures.len() + self.requests.len()
    }

    /// Forgets whoever has been quiet for long.
    pub fn sweep(&self) {
        self.failures.retain_recent();
        self.requests.retain_recent();
    }
}

#[cfg(test)]
mod tests {
    use uuid::Uuid;

    use super::Limits;

    #[test]
    fn who_could_ask_as_much_as_anyone_is_forgotten() {
        let limits = Limits::new(1, u32::MAX);
        limits.requested(Uuid::nil());
        limits.failed([127, 0, 0, 1].into());
        assert_eq!(limits.known(), 2);
        // A credential with this quota has used up nothing a moment later; the address has to wait.
        let forgotten = (0..1_000_000).any(|_| {
            limits.sweep();
            limits.known() == 1
        });
        assert!(forgotten, "the credential");
        assert!(limits.failed([127, 0, 0, 1].into()).is_some(), "and is still known");
    }

    #[test]
    fn another_address_of_the_same_network_is_no_other_stranger() {
        let limits = Limits::new(1, 1);
        let failed = |address: &str| limits.failed(address.parse().expect("an address")).is_some();
        assert!(!failed("2001:db8:1:2::1"));
        assert!(failed("2001:db8:1:2:ffff::7"), "the same network");
        assert!(!failed("2001:db8:1:3::1"), "another");
        assert!(!failed("::ffff:192.0.2.1"), "one of IPv4 is not one of a network of IPv6");
        assert!(!failed("192.0.2.2"));
        assert!(failed("192.0.2.1"));
    }
}
