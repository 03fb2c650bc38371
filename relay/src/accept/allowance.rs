//! What one address may send.

use std::net::{IpAddr, Ipv6Addr};
use std::num::NonZeroU32;

use governor::clock::{Clock as _, DefaultClock};
use governor::{DefaultKeyedRateLimiter, Quota, RateLimiter};

use crate::config::Config;
use crate::policy;

/// Where addresses beyond those that are counted one by one are counted together.
const THE_REST: IpAddr = IpAddr::V6(Ipv6Addr::UNSPECIFIED);

/// Limits on events and bytes per address.
#[derive(Debug)]
pub(crate) struct Allowance {
    events: DefaultKeyedRateLimiter<IpAddr>,
    bytes: DefaultKeyedRateLimiter<IpAddr>,
    clock: DefaultClock,
}

/// Seconds until the address may send again.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Exceeded {
    pub(crate) seconds: u64,
}

impl Allowance {
    pub(crate) fn new(config: &Config) -> Self {
        Self {
            events: limiter(config.address_events_per_minute, policy::MAX_BATCH_EVENTS as u32),
            bytes: limiter(config.address_bytes_per_minute, policy::MAX_BODY_BYTES as u32),
            clock: DefaultClock::default(),
        }
    }

    /// Counts the bytes of a body.
    pub(crate) fn take_bytes(&self, address: IpAddr, bytes: usize) -> Result<(), Exceeded> {
        self.take(&self.bytes, address, bytes)
    }

    /// Counts events.
    pub(crate) fn take_events(&self, address: IpAddr, events: usize) -> Result<(), Exceeded> {
        self.take(&self.events, address, events)
    }

    /// Forgets addresses that have all of their allowance again.
    pub(crate) fn tidy(&self) {
        for limiter in [&self.events, &self.bytes] {
            limiter.retain_recent();
            limiter.shrink_to_fit();
        }
    }

    fn take(
        &self,
        limiter: &DefaultKeyedRateLimiter<IpAddr>,
        address: IpAddr,
        count: usize,
    ) -> Result<(), Exceeded> {
        let address = if limiter.len() < policy::MAX_ADDRESSES { address } else { THE_REST };
        let Some(count) = u32::try_from(count).ok().and_then(NonZeroU32::new) else { return Ok(()) };
        match limiter.check_key_n(&address, count) {
            Ok(Ok(())) => Ok(()),
            Ok(Err(until)) => {
                let wait = until.wait_time_from(self.clock.now());
                let seconds = wait.as_secs().saturating_add(1).min(policy::MAX_RETRY_AFTER_SECONDS);
                Err(Exceeded { seconds })
            }
            // More than the burst: no wait helps. A burst holds the largest request, so that this does not happen.
            Err(_) => Err(Exceeded { seconds: policy::MAX_RETRY_AFTER_SECONDS }),
        }
    }
}

/// Makes a limit with a burst of some minutes, and of one request at least.
fn limiter(per_minute: u32, largest: u32) -> DefaultKeyedRateLimiter<IpAddr> {
    let rate = NonZeroU32::new(per_minute).unwrap_or(NonZeroU32::MIN);
    let burst = per_minute.saturating_mul(policy::ADDRESS_BURST_MINUTES).max(largest);
    let burst = NonZeroU32::new(burst).unwrap_or(NonZeroU32::MIN);
    RateLimiter::keyed(Quota::per_minute(rate).allow_burst(burst))
}
