//! Source maps as they are published: complete, without what no debugger needs, and without this machine's paths.

use std::path::Path;

use anyhow::{Context, Result};
use serde_json::Value;

use super::{read_text, write};

/// The script that is nothing but the module as text.
const MODULE_TEXT: &str = "/package/module.js";

/// Takes the place of that text, which stands in the published script already. Tools warn of a source without content.
const MODULE_COMMENT: &str =
    "// The WebAssembly module as text, written by the build from the Rust sources in src/.\n";

pub fn tidy(map: &Path) -> Result<()> {
    write(map, tidied(&read_text(map)?).with_context(|| format!("reading {}", map.display()))?)
}

fn tidied(map: &str) -> Result<String> {
    let mut map: Value = serde_json::from_str(map)?;
    let sources: Vec<String> = serde_json::from_value(map["sources"].take())?;
    for (place, source) in sources.iter().enumerate() {
        if source.ends_with(MODULE_TEXT) {
            map["sourcesContent"][place] = MODULE_COMMENT.into();
        }
    }
    map["sources"] = sources.iter().map(|source| within_repository(source)).collect();
    Ok(map.to_string())
}

/// esbuild names sources from where the map lies, in `pkg/`; those of npm packages begin with their package.
fn within_repository(source: &str) -> &str {
    let source = source.trim_start_matches("../");
    source.strip_prefix("xtask/npm/").unwrap_or(source)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_comment_takes_the_place_of_the_modules_text() {
        let map =
            r#"{"sources":["../src/js/a.js","../target/package/module.js"],"sourcesContent":["a","huge"]}"#;
        assert_eq!(
            serde_json::from_str::<Value>(&tidied(map).unwrap()).unwrap(),
            serde_json::json!({
                "sources": ["src/js/a.js", "target/package/module.js"],
                "sourcesContent": ["a", MODULE_COMMENT],
            })
        );
    }
}
