//! The recipes of the guide against the projects that the full matrix builds and opens.

use std::fs;

use anyhow::{Context, Result, ensure};
use packaging::{cases::recipes::PROJECTS, repository};

const GUIDE: &str = "docs/guide/recipes.md";

/// Sections of the guide, and the projects of their code.
const SECTIONS: [(&str, &str); 8] = [
    ("React (Vite)", "react"),
    ("Next.js (app router)", "next"),
    ("Vue", "vue"),
    ("Nuxt", "nuxt"),
    ("SvelteKit", "sveltekit"),
    ("Angular", "angular"),
    ("Astro", "astro"),
    ("Browser extension", "extension"),
];

/// A code block whose first line names a file.
#[derive(Debug)]
struct Block<'a> {
    section: &'a str,
    file: &'a str,
    lines: Vec<&'a str>,
}

/// Returns the blocks of a guide that name a file.
fn blocks(guide: &str) -> Vec<Block<'_>> {
    let (mut found, mut section, mut code) = (Vec::new(), "", None::<Vec<&str>>);
    for line in guide.lines() {
        if line.starts_with("```") {
            let Some(lines) = code.take() else {
                code = Some(Vec::new());
                continue;
            };
            let file = lines.first().and_then(|first| named(first));
            found.extend(file.map(|file| Block { section, file, lines: lines[1..].to_vec() }));
        } else if let Some(lines) = &mut code {
            lines.push(line.trim());
        } else if let Some(title) = line.strip_prefix("## ") {
            section = title;
        }
    }
    found
}

/// Returns the file that a comment names, without what it says about the file.
fn named(comment: &str) -> Option<&str> {
    let text = comment.strip_prefix("// ").or_else(|| comment.strip_prefix("<!-- "))?;
    let file = text.split([' ', ':']).next()?;
    file.contains('.').then_some(file)
}

/// Returns true if a file has these lines, one after the other, wherever they are indented.
fn holds(file: &str, lines: &[&str]) -> bool {
    let all: Vec<_> = file.lines().map(str::trim).collect();
    all.windows(lines.len()).any(|part| part == lines)
}

#[test]
fn each_recipe_is_a_part_of_the_project_that_the_matrix_opens() -> Result<()> {
    let guide = fs::read_to_string(repository().join(GUIDE))?;
    let blocks = blocks(&guide);
    for (section, _) in SECTIONS {
        ensure!(
            blocks.iter().any(|block| block.section == section),
            "{section} has no block that names a file"
        );
    }
    for Block { section, file, lines } in &blocks {
        let project = SECTIONS.iter().find(|(title, _)| title == section);
        let (_, project) = project.with_context(|| format!("{section} has no project: add one"))?;
        let path = repository().join(PROJECTS).join(project).join(file);
        let text = fs::read_to_string(&path).with_context(|| format!("reading {}", path.display()))?;
        ensure!(holds(&text, lines), "{section}: {} does not hold\n{}", path.display(), lines.join("\n"));
    }
    Ok(())
}

#[test]
fn a_block_is_found_by_the_file_that_its_first_line_names_and_only_there() {
    let guide = "## A\n```js\nplain();\n```\n## B\n```jsx\n// a/b.js: runs first\n  one();\ntwo();\n```\n";
    let found = blocks(guide);
    assert_eq!(found.len(), 1, "{found:?}");
    assert_eq!((found[0].section, found[0].file), ("B", "a/b.js"));
    assert!(holds("zero();\n one();\n two();\n", &found[0].lines));
    assert!(!holds("one();\nother();\ntwo();\n", &found[0].lines));
}
