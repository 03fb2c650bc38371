//! The document of which programs write a part.

use std::fs;
use std::path::Path;

use anyhow::{Context, Result};

/// Replaces the text between two lines of docs/relay.md.
pub fn write_into_relay_document(begin: &str, text: &str, end: &str) -> Result<()> {
    let path = &Path::new(env!("CARGO_MANIFEST_DIR")).join("../../docs/relay.md");
    let old = fs::read_to_string(path).with_context(|| format!("cannot read {}", path.display()))?;
    let missing = |line: &str| format!("{} has no line {:?}", path.display(), line.trim_end());
    let (before, rest) = old.split_once(begin).with_context(|| missing(begin))?;
    let (_, after) = rest.split_once(end).with_context(|| missing(end))?;
    fs::write(path, format!("{before}{begin}{text}{end}{after}"))
        .with_context(|| format!("cannot write {}", path.display()))
}
