//! Waiting for something to be so, instead of for time to pass.

use std::time::{Duration, Instant};

use anyhow::{Context, Result, anyhow};

/// Far more than anything here takes, on a slow and busy machine, too: it ends what would never come. A page whose key counts as
/// crowded waits for up to a minute by itself.
const DEADLINE: Duration = Duration::from_secs(150);

const PAUSE: Duration = Duration::from_millis(25);

/// Waits for what announces itself.
pub async fn in_time<T>(what: &str, coming: impl Future<Output = Result<T>>) -> Result<T> {
    let came = tokio::time::timeout(DEADLINE, coming).await;
    came.map_err(|_| anyhow!("it never came"))
        .flatten()
        .with_context(|| format!("waited {DEADLINE:?} for {what}"))
}

/// Looks again and again until there is something to see. A look that fails is one that saw nothing: a page
/// on its way elsewhere cannot be asked.
pub async fn until<T>(what: &str, look: impl AsyncFnMut() -> Result<Option<T>>) -> Result<T> {
    until_within(DEADLINE, what, look).await
}

/// The same with a deadline of its own.
pub async fn until_within<T>(
    deadline: Duration,
    what: &str,
    mut look: impl AsyncFnMut() -> Result<Option<T>>,
) -> Result<T> {
    let start = Instant::now();
    loop {
        let failure = match look().await {
            Ok(Some(seen)) => return Ok(seen),
            Ok(None) => None,
            Err(failure) => Some(failure),
        };
        if start.elapsed() > deadline {
            let failure = failure.unwrap_or_else(|| anyhow!("it never came"));
            return Err(failure).with_context(|| format!("waited {deadline:?} for {what}"));
        }
        tokio::time::sleep(PAUSE).await;
    }
}
