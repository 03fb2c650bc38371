//! What the package holds besides its scripts: manifest, declarations, readme and licences.

use std::fs;
use std::io::ErrorKind;

use anyhow::{Context, Result, bail, ensure};
use serde_json::Value;

use super::{integrity, read_text, write};
use crate::{paths, process};

const TEMPLATE: &str = "pkg.json.template";

const README: &str = "README.md";

/// From where in the repository, to where in the package.
const COPIED: &[(&str, &str)] = &[
    ("src/js/entry/index.d.ts", "index.d.ts"),
    ("src/js/entry/index.d.ts", "static.d.ts"),
    ("src/js/entry/index.d.ts", "js.d.ts"),
    ("src/js/entry/slim.d.ts", "slim.d.ts"),
    ("src/js/entry/script.d.ts", "script.d.ts"),
    ("target/package/appizer_bg.wasm", "appizer_bg.wasm"),
    ("src/js/entry/auto.d.ts", "auto.d.ts"),
    ("LICENSE-MIT", "LICENSE-MIT"),
    ("LICENSE-APACHE", "LICENSE-APACHE"),
];

const COPIED_IF_PRESENT: &[&str] = &["CHANGELOG.md"];

/// Begins anew: a file of an earlier build must not be published with this one.
pub fn clear() -> Result<()> {
    let package = paths::package();
    if let Err(error) = fs::remove_dir_all(&package)
        && error.kind() != ErrorKind::NotFound
    {
        return Err(error).with_context(|| format!("removing {}", package.display()));
    }
    fs::create_dir_all(&package).with_context(|| format!("creating {}", package.display()))
}

/// Declarations that `require` has of its own: TypeScript takes the kind of a module from its file's name.
const FOR_REQUIRE: &[(&str, &str)] = &[
    ("index.d.ts", "index.d.cts"),
    ("static.d.ts", "static.d.cts"),
    ("js.d.ts", "js.d.cts"),
    ("slim.d.ts", "slim.d.cts"),
    ("auto.d.ts", "auto.d.cts"),
];

/// Pages and texts that have the script tag's stub.
const WITH_STUB: [&str; 3] = [README, "www/examples/html/index.html", "www/examples/relay/index.html"];

pub fn complete() -> Result<()> {
    for (from, to) in COPIED {
        copy(from, to)?;
    }
    let package = paths::package();
    for (from, to) in FOR_REQUIRE {
        write(&package.join(to), read_text(&package.join(from))?.replace("'./index.js'", "'./index.cjs'"))?;
    }
    check_stub()?;
    let readme = read_text(&paths::root().join(README))?;
    for name in COPIED_IF_PRESENT.iter().filter(|name| paths::root().join(name).is_file()) {
        copy(name, name)?;
    }
    let metadata = crate_metadata()?;
    let repository = metadata["repository"].as_str().context("Cargo.toml names no repository")?;
    let readme = absolute(&integrity::put_into(&readme, &integrity::of_script()?)?, repository);
    write(&package.join(README), readme)?;
    let template = read_text(&paths::root().join(TEMPLATE))?;
    let manifest = fill(&template, &metadata).with_context(|| format!("filling {TEMPLATE}"))?;
    write(&paths::package().join("package.json"), manifest)
}

/// Returns the readme with links to files of the repository as addresses: the package does not have those files.
fn absolute(readme: &str, repository: &str) -> String {
    let mut text = readme.to_string();
    for folder in ["docs/", "relay/", "src/", "tests/", "www/"] {
        text = text.replace(&format!("]({folder}"), &format!("]({repository}/blob/main/{folder}"));
        text = text.replace(&format!("=\"{folder}"), &format!("=\"{repository}/raw/main/{folder}"));
    }
    text
}

/// Fails where a page that is there to be copied has another stub than the built one.
fn check_stub() -> Result<()> {
    let script = read_text(&paths::package().join("stub.js"))?;
    let stub = script.lines().next().unwrap_or_default();
    for page in WITH_STUB {
        let text = read_text(&paths::root().join(page))?;
        ensure!(text.contains(stub), "{page} has another stub than the built one, which is:\n{stub}");
    }
    Ok(())
}

fn copy(from: &str, to: &str) -> Result<()> {
    fs::copy(paths::root().join(from), paths::package().join(to))
        .with_context(|| format!("copying {from} to pkg/{to}"))?;
    Ok(())
}

/// What cargo knows of the crate: version, description and the like.
fn crate_metadata() -> Result<Value> {
    let mut cargo = process::cargo();
    let text = process::capture(cargo.args(["metadata", "--no-deps", "--format-version", "1"]))?;
    let mut metadata: Value = serde_json::from_str(&text).context("reading the output of cargo metadata")?;
    let packages = metadata["packages"].as_array_mut().context("cargo metadata lists no packages")?;
    let tracker = packages.iter_mut().find(|package| package["name"] == "appizer-tracker");
    tracker.map(Value::take).context("cargo metadata does not list appizer-tracker")
}

/// Puts the members of `values` in the place of their names in `{{…}}`, inside JSON strings.
fn fill(template: &str, values: &Value) -> Result<String> {
    let mut filled = String::with_capacity(template.len());
    let mut rest = template;
    while let Some((before, after)) = rest.split_once("{{") {
        let (name, after) = after.split_once("}}").context("a `{{` without its `}}`")?;
        let Some(value) = values[name].as_str() else {
            bail!("`{{{{{name}}}}}`: Cargo.toml gives no text of that name");
        };
        let quoted = Value::from(value).to_string();
        filled.push_str(before);
        filled.push_str(&quoted[1..quoted.len() - 1]);
        rest = after;
    }
    filled.push_str(rest);
    serde_json::from_str::<Value>(&filled).context("the result is not JSON")?;
    Ok(filled)
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn links_to_the_repository_are_addresses_and_others_stay() {
        let readme = "[a](docs/a.md) <img src=\"docs/b.png\"> [c](#c) [d](https://x.example/docs/)";
        let expected = "[a](https://h/r/blob/main/docs/a.md) <img src=\"https://h/r/raw/main/docs/b.png\"> [c](#c) [d](https://x.example/docs/)";
        assert_eq!(absolute(readme, "https://h/r"), expected);
    }

    #[test]
    fn names_give_way_to_values() {
        let values = json!({ "version": "1.2.3", "license": "MIT OR Apache-2.0" });
        let filled = fill(r#"{ "version": "{{version}}", "license": "{{license}}" }"#, &values).unwrap();
        assert_eq!(filled, r#"{ "version": "1.2.3", "license": "MIT OR Apache-2.0" }"#);
    }

    #[test]
    fn values_are_escaped() {
        let value = r#"back\slash and a "quotation""#;
        let filled =
            fill(r#"{ "description": "{{description}}" }"#, &json!({ "description": value })).unwrap();
        assert_eq!(serde_json::from_str::<Value>(&filled).unwrap()["description"], value);
    }

    #[test]
    fn an_unknown_name_is_an_error_that_names_it() {
        let error = fill(r#"{ "version": "{{versoin}}" }"#, &json!({})).unwrap_err();
        assert!(error.to_string().contains("versoin"), "{error}");
    }

    #[test]
    fn a_result_that_is_not_json_is_an_error() {
        assert!(fill("{ oops }", &json!({})).is_err());
    }
}
