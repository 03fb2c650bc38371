//! Where there is no browser: the package is imported, and does nothing.

use anyhow::{Context, Result, ensure};

use crate::{Stage, Workshop};

/// Stands for the entry's own file.
const TRACKER: &str = "the tracker";

/// Conditions as a runtime or its bundler sets them, and the file that they must lead to.
const RESOLUTIONS: &[(&str, &str)] = &[
    // Bundlers for a page, and for a page's worker.
    ("browser", TRACKER),
    ("browser worker", TRACKER),
    // Cloudflare's, Vercel's edge, and React's server components.
    ("workerd worker browser", "server.js"),
    ("edge-light worker", "server.js"),
    ("react-server", "server.js"),
    ("react-server workerd browser", "server.js"),
    ("deno worker", "server.js"),
    ("", "server.js"),
];

/// `import` gives the stand-in, with every function of the real module in its shape.
pub async fn import(workshop: &Workshop) -> Result<String> {
    check(workshop, "node-import", "check.mjs").await
}

/// So does `require`.
pub async fn require(workshop: &Workshop) -> Result<String> {
    check(workshop, "node-require", "check.cjs").await
}

/// Servers of every kind get the stand-in; pages and their workers never do.
pub async fn conditions(workshop: &Workshop) -> Result<String> {
    let stage = Stage::set(workshop, "conditions", "tests/packaging/projects/node").await?;
    for (entry, file) in [("", "index.js"), ("/slim", "slim.js"), ("/static", "static.js"), ("/js", "js.js")]
    {
        for (conditions, expected) in RESOLUTIONS {
            let mut arguments: Vec<String> =
                conditions.split_whitespace().map(|name| format!("--conditions={name}")).collect();
            arguments.extend(["resolve.mjs".into(), format!("@appizer/tracker{entry}")]);
            let arguments: Vec<&str> = arguments.iter().map(String::as_str).collect();
            let found = stage.project.node(&arguments)?;
            let found = found.trim().rsplit('/').next().context("no file")?.to_owned();
            let expected = if *expected == TRACKER { file } else { expected };
            ensure!(found == expected, "{conditions:?} leads to {found} instead of {expected}");
        }
    }
    Ok(format!("{} sets of conditions lead where they should", RESOLUTIONS.len()))
}

async fn check(workshop: &Workshop, name: &str, script: &str) -> Result<String> {
    let stage = Stage::set(workshop, name, "tests/packaging/projects/node").await?;
    let said = stage.project.node(&["--trace-warnings", script])?;
    ensure!(said.trim() == "as it should be", "it says: {said}");
    Ok("every function in its shape, nothing written".into())
}
