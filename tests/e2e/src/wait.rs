//! Waiting for something to be so, instead of for time to pass.

use std::time::{Duration, Instant};

use anyhow::{Context, Result, anyhow};

/// Far more than anything here takes, on a slow and busy machine, too: it ends what would never come.
const DEADLINE: Duration = Duration::from_secs(60);

const PAUSE: Duration = Duration::from_millis(25);

/// Looks again and again until there is something to see. A look that fails is one that saw nothing: a page
/// on its way elsewhere cannot be asked.
pub async fn until<T>(what: &str, mut look: impl AsyncFnMut() -> Result<Option<T>>) -> Result<T> {
    let start = Instant::now();
    loop {
        let failure = match look().await {
            Ok(Some(seen)) => return Ok(seen),
            Ok(None) => None,
            Err(failure) => Some(failure),
        };
        if start.elapsed() > DEADLINE {
            let failure = failure.unwrap_or_else(|| anyhow!("it never came"));
            return Err(failure).with_context(|| format!("waited {DEADLINE:?} for {what}"));
        }
        tokio::time::sleep(PAUSE).await;
    }
}
