//! Test runners of the package's users, which imitate a browser.

use std::fs;

use anyhow::{Context, Result, ensure};

use crate::{Stage, Workshop, repository};

const GUIDE: &str = "docs/guide/testing.md";

/// Jest with jsdom loads the real tracker, which complains of nothing; the guide's example passes, too.
pub async fn jest(workshop: &Workshop) -> Result<String> {
    let stage = Stage::set(workshop, "jest", "tests/packaging/projects/jest").await?;
    let guide = fs::read_to_string(repository().join(GUIDE)).with_context(|| format!("reading {GUIDE}"))?;
    let (_, example) = guide.split_once("With Jest:\n\n```javascript\n").context("no example for Jest")?;
    let (example, _) = example.split_once("```").context("an example without an end")?;
    fs::write(stage.project.folder().join("guide.test.js"), example)?;
    let said = stage.project.run("jest", &["--ci"])?;
    ensure!(said.contains("Tests:       3 passed, 3 total"), "Jest says:\n{said}");
    Ok("works as far as jsdom allows, console quiet; the guide's example passes".into())
}
