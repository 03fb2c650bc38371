//! The examples of README and guide as files, for the type checker.

use std::fs;
use std::path::PathBuf;

use anyhow::{Context, Result, ensure};

use crate::paths;

/// Languages of the examples that are complete modules. Pieces of other files are `javascript` or `jsx`.
const LANGUAGES: [&str; 2] = ["js", "ts"];

/// Writes each example to `target/guide-examples`, which `tests/types/guide.json` names, anew.
pub fn write() -> Result<()> {
    let folder = paths::root().join("target/guide-examples");
    if folder.exists() {
        fs::remove_dir_all(&folder).with_context(|| format!("removing {}", folder.display()))?;
    }
    fs::create_dir_all(&folder).with_context(|| format!("creating {}", folder.display()))?;
    for page in pages()? {
        let text = fs::read_to_string(&page).with_context(|| format!("reading {}", page.display()))?;
        let name = page.file_stem().context("a page without a name")?.display();
        for (number, (language, code)) in blocks(&text)?.into_iter().enumerate() {
            let path = folder.join(format!("{name}-{number}.{language}"));
            // Each is a module, also one that imports nothing.
            let module = format!("{code}export {{}};\n");
            fs::write(&path, module).with_context(|| format!("writing {}", path.display()))?;
        }
    }
    Ok(())
}

fn pages() -> Result<Vec<PathBuf>> {
    let guide = paths::root().join("docs/guide");
    let mut pages = vec![paths::root().join("README.md")];
    for entry in fs::read_dir(&guide).with_context(|| format!("reading {}", guide.display()))? {
        pages.push(entry?.path());
    }
    Ok(pages)
}

/// Returns language and text of each block of code in one of the languages.
fn blocks(text: &str) -> Result<Vec<(&str, &str)>> {
    let mut blocks = Vec::new();
    let mut rest = text;
    while let Some((_, after)) = rest.split_once("```") {
        let (language, after) = after.split_once('\n').context("a block of code without an end")?;
        let (code, after) = after.split_once("```").context("a block of code without an end")?;
        ensure!(!language.contains(' '), "a block of code ends before it begins: ```{language}");
        blocks.extend(LANGUAGES.contains(&language).then_some((language, code)));
        rest = after;
    }
    Ok(blocks)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn blocks_of_complete_modules_are_found() {
        let text = "a\n```js\nf();\n```\n```sh\nls\n```\n```ts\ng();\n```\n";
        assert_eq!(blocks(text).unwrap(), [("js", "f();\n"), ("ts", "g();\n")]);
    }

    #[test]
    fn a_block_without_an_end_is_an_error() {
        assert!(blocks("```js\nf();\n").is_err());
    }
}
