//! The structure of `src/core`, read from its imports: each points to its own layer or to one below, and no files import each
//! other in a circle.

#![cfg(not(target_family = "wasm"))]
#![allow(clippy::unwrap_used, reason = "a test that meets the unexpected has failed")]

use std::collections::{BTreeMap, BTreeSet};
use std::fs;
use std::path::Path;

/// The layers, the lowest first: folders of `src/core`.
const LAYERS: [&str; 5] = ["model", "rows", "policy", "queue", "engine"];

/// Files of `src/core` by name, `policy/options` or `queue/mod`, each with the files that it imports.
type Imports = BTreeMap<String, BTreeSet<String>>;

#[test]
fn no_import_of_the_core_points_to_a_layer_above() {
    let imports = read_imports(&read_sources());
    assert!(imports.values().map(BTreeSet::len).sum::<usize>() > 100, "imports were not found: {imports:?}");
    assert_eq!(upward(&imports), Vec::<String>::new());
}

#[test]
fn no_files_of_the_core_import_each_other_in_a_circle() {
    assert_eq!(circle(&read_imports(&read_sources())), None);
}

#[test]
fn an_upward_import_and_a_circle_are_named() {
    let sources = [
        ("model/mod", "pub mod mark;"),
        ("model/mark", "use crate::core::{rows::{self, Operations}, model::time::Clocks};"),
        ("model/time", "/// See [`crate::core::engine`].\nfn now() -> super::mark::Mark { todo!() }"),
        (
            "rows/mod",
            "use crate::core::model::time::Clocks;\n#[cfg(test)]\nmod tests { use crate::core::engine::Engine; }",
        ),
        ("engine/mod", "mod state;\npub use state::Engine;"),
        ("engine/state", "use crate::core::rows;"),
    ];
    let sources = sources.map(|(file, code)| (file.to_owned(), code.to_owned())).into();
    let imports = read_imports(&sources);
    assert_eq!(imports["engine/mod"], ["engine/state".to_owned()].into());
    assert_eq!(upward(&imports), ["model/mark imports rows/mod"]);
    assert_eq!(circle(&imports).as_deref(), Some("model/time → model/mark → model/time"));
}

/// Returns the imports that point to a layer above.
fn upward(imports: &Imports) -> Vec<String> {
    let layer = |file: &str| LAYERS.iter().position(|layer| file.split('/').next() == Some(layer));
    let arrows = imports.iter().flat_map(|(file, imported)| imported.iter().map(move |other| (file, other)));
    let upward = arrows.filter(|(file, other)| layer(file) < layer(other));
    upward.map(|(file, other)| format!("{file} imports {other}")).collect()
}

/// Returns the files of a circle in the order of their imports, if there is one.
fn circle(imports: &Imports) -> Option<String> {
    let mut done = BTreeSet::new();
    imports.keys().find_map(|file| circle_from(file, imports, &mut Vec::new(), &mut done))
}

fn circle_from<'a>(
    file: &'a str,
    imports: &'a Imports,
    path: &mut Vec<&'a str>,
    done: &mut BTreeSet<&'a str>,
) -> Option<String> {
    if let Some(start) = path.iter().position(|&before| before == file) {
        return Some([&path[start..], &[file]].concat().join(" → "));
    }
    if !done.contains(file) {
        path.push(file);
        let found = imports[file].iter().find_map(|other| circle_from(other, imports, path, done));
        path.pop();
        done.insert(file);
        return found;
    }
    None
}

/// Returns the source of every file of the core but its tests.
fn read_sources() -> BTreeMap<String, String> {
    let mut sources = BTreeMap::new();
    read_folder(&Path::new(env!("CARGO_MANIFEST_DIR")).join("src/core"), "", &mut sources);
    sources
}

fn read_folder(folder: &Path, prefix: &str, sources: &mut BTreeMap<String, String>) {
    for entry in fs::read_dir(folder).unwrap() {
        let path = entry.unwrap().path();
        let name = [prefix, path.file_stem().unwrap().to_str().unwrap()].concat();
        if name.ends_with("tests") {
            continue;
        }
        if path.is_dir() {
            read_folder(&path, &[&name, "/"].concat(), sources);
        } else {
            sources.insert(name, fs::read_to_string(&path).unwrap());
        }
    }
}

fn read_imports(sources: &BTreeMap<String, String>) -> Imports {
    let imported = |(file, source): (&String, &String)| {
        let found = paths(source).iter().filter_map(|path| resolve(file, path, sources)).collect();
        (file.clone(), found)
    };
    sources.iter().map(imported).collect()
}

/// Returns the paths that code names, in `use` statements and elsewhere. Comments and tests are left out.
fn paths(source: &str) -> Vec<String> {
    let code = source.split("#[cfg(test)]").next().unwrap_or_default();
    let mut lines = code.lines().map(|line| line.split("//").next().unwrap_or_default().trim());
    let mut paths = Vec::new();
    while let Some(line) = lines.next() {
        if let Some(start) = line.strip_prefix("pub ").unwrap_or(line).strip_prefix("use ") {
            let mut statement = start.to_owned();
            while !statement.ends_with(';') {
                statement.push_str(lines.next().expect("a `use` ends"));
            }
            expand("", statement.trim_end_matches(';'), &mut paths);
        } else {
            let words = line.split(|letter: char| !letter.is_alphanumeric() && !"_:".contains(letter));
            let rooted = words.filter(|word| word.starts_with("crate::") || word.starts_with("super::"));
            paths.extend(rooted.map(String::from));
        }
    }
    paths
}

/// Adds the paths of a `use` tree: `a::{b, c::{d, e}}` is three.
fn expand(prefix: &str, tree: &str, paths: &mut Vec<String>) {
    let Some((head, rest)) = tree.split_once('{') else {
        return paths.push([prefix, tree.trim()].concat());
    };
    let inside = rest.rsplit_once('}').map_or(rest, |(inside, _)| inside);
    let prefix = [prefix, head.trim()].concat();
    let (mut depth, mut start) = (0, 0);
    for (place, letter) in inside.char_indices().chain([(inside.len(), ',')]) {
        match letter {
            '{' => depth += 1,
            '}' => depth -= 1,
            ',' if depth == 0 => {
                expand(&prefix, &inside[start..place], paths);
                start = place + 1;
            }
            _ => {}
        }
    }
}

/// Returns the file of the core that a path in `file` leads to, if it leads to one but itself.
fn resolve(file: &str, path: &str, sources: &BTreeMap<String, String>) -> Option<String> {
    let mut within: Vec<&str> = file.split('/').collect();
    let mut segments = path.split("::").filter(|segment| !segment.is_empty()).peekable();
    match *segments.peek()? {
        "crate" => {
            segments.next();
            segments.next().filter(|root| *root == "core")?;
            within.clear();
        }
        // The folder of a file is the parent of its module, that of a `mod.rs` the module itself.
        "super" if within.pop() == Some("mod") => drop(within.pop()),
        "super" => {}
        _ if within.last() == Some(&"mod") => drop(within.pop()),
        _ => {}
    }
    within.extend(segments.filter(|segment| !matches!(*segment, "super" | "self")));
    let names = (0..=within.len()).rev().map(|length| within[..length].join("/"));
    let found =
        names.flat_map(|name| [[&name, "/mod"].concat(), name]).find(|name| sources.contains_key(name));
    found.filter(|name| name != file)
}
