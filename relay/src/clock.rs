//! Time as the relay sees it, which tests may speed up.

use std::sync::Arc;
use std::time::{Duration, Instant, SystemTime, UNIX_EPOCH};

/// A clock. All waits and timestamps of a relay come from one.
///
/// `Clock::default()` is the machine's. [`Clock::accelerated`] lets an hour pass in a minute; relays that are to agree
/// share a clone.
#[derive(Clone, Debug)]
pub struct Clock(Arc<Origin>);

#[derive(Debug)]
struct Origin {
    start: Instant,
    wall: u64,
    speed: u32,
}

impl Default for Clock {
    fn default() -> Self {
        Self::accelerated(1)
    }
}

impl Clock {
    /// Returns a clock that runs `speed` times as fast as the machine's, from now on.
    pub fn accelerated(speed: u32) -> Self {
        Self(Arc::new(Origin { start: Instant::now(), wall: machine_time(), speed: speed.max(1) }))
    }

    /// Returns milliseconds that never jump: since this clock was made.
    pub fn steady(&self) -> u64 {
        self.0.start.elapsed().as_millis() as u64 * u64::from(self.0.speed)
    }

    /// Returns milliseconds since 1970.
    pub fn wall(&self) -> u64 {
        if self.is_real() { machine_time() } else { self.0.wall + self.steady() }
    }

    /// Returns true if this is the machine's time.
    pub fn is_real(&self) -> bool {
        self.0.speed == 1
    }

    /// Waits for `ms` milliseconds of this clock.
    pub async fn sleep(&self, ms: u64) {
        tokio::time::sleep(self.real(ms)).await;
    }

    /// Returns how long `ms` milliseconds of this clock are on the machine's.
    pub fn real(&self, ms: u64) -> Duration {
        Duration::from_micros(ms.saturating_mul(1_000) / u64::from(self.0.speed))
    }
}

fn machine_time() -> u64 {
    // A clock before 1970 is wrong by decades; zero is as good.
    SystemTime::now().duration_since(UNIX_EPOCH).map_or(0, |since| since.as_millis() as u64)
}
