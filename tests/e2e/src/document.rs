//! Documents of which a program writes a part.

use std::fs;
use std::path::Path;

use anyhow::{Context, Result};

/// Replaces what stands between two lines of a document.
pub fn write_between(path: &Path, begin: &str, text: &str, end: &str) -> Result<()> {
    let old = fs::read_to_string(path).with_context(|| format!("cannot read {}", path.display()))?;
    let missing = |line: &str| format!("{} has no line {:?}", path.display(), line.trim_end());
    let (before, rest) = old.split_once(begin).with_context(|| missing(begin))?;
    let (_, after) = rest.split_once(end).with_context(|| missing(end))?;
    fs::write(path, format!("{before}{begin}{text}{end}{after}"))
        .with_context(|| format!("cannot write {}", path.display()))
}
