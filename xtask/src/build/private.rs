//! Properties that nobody but the facade's own scripts sees get short names. A minifier alone shortens variables only, for it
//! cannot know who else reads a property.

use std::fs;
use std::path::{Path, PathBuf};

use anyhow::{Context, Result, ensure};

use super::read_text;
use crate::paths;

/// No browser, no page and no Rust knows them; none is stored, sent, or reached by a name that is a text.
const NAMES: &[&str] = &[
    "account",
    "adoptSegments",
    "answerWithoutCore",
    "ask",
    "change",
    "current",
    "deepest",
    "discard",
    "due",
    "engaged",
    "events",
    "given",
    "handOver",
    "idle",
    "isHeld",
    "isOpen",
    "isScheduled",
    "isShared",
    "liftMarks",
    "note",
    "operations",
    "own",
    "say",
    "schedule",
    "segments",
    "sent",
    "settle",
    "settleMarks",
    "settleWrite",
    "stale",
    "stored",
    "touch",
    "tracked",
    "unsent",
];

/// esbuild's option for them.
pub fn mangling() -> String {
    format!("--mangle-props=^({})$", NAMES.join("|"))
}

/// They are members of nothing that a browser has, as TypeScript knows it, nor of what the package declares.
pub fn check() -> Result<()> {
    let mut folders = vec![paths::root().join("src/js")];
    for platform in list(&paths::npm().join("node_modules/@typescript"))? {
        folders.push(platform.join("lib"));
    }
    ensure!(folders.len() > 1, "TypeScript's declarations are not installed");
    for folder in folders {
        let files = list(&folder)?;
        for file in files.iter().filter(|file| file.to_string_lossy().ends_with(".d.ts")) {
            let declarations = read_text(file)?;
            let taken = NAMES.iter().find(|name| declares(&declarations, name));
            ensure!(taken.is_none(), "{} has {}: it is not private", file.display(), taken.unwrap_or(&""));
        }
    }
    Ok(())
}

fn declares(declarations: &str, name: &str) -> bool {
    declarations.lines().any(|line| {
        let member = line.trim_start().trim_start_matches("readonly ");
        member.strip_prefix(name).is_some_and(|rest| rest.starts_with(['?', ':', '(', '<']))
    })
}

fn list(folder: &Path) -> Result<Vec<PathBuf>> {
    let entries = fs::read_dir(folder).with_context(|| format!("reading {}", folder.display()))?;
    entries.map(|entry| Ok(entry.with_context(|| format!("reading {}", folder.display()))?.path())).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_member_is_known_by_its_declaration() {
        let declarations =
            "/** due: */\ninterface X {\n    readonly due?: number;\n    send(touch: Touch): void;\n}";
        let declared = ["due", "send", "touch", "du", "sen"].map(|name| declares(declarations, name));
        assert_eq!(declared, [true, true, false, false, false]);
    }
}
