//! Short names for what module and glue have in common. wasm-bindgen's own carry a hash each, which no compressor makes
//! smaller, and stand both in the module and in the glue.

use std::collections::BTreeSet;

use anyhow::{Context, Result, bail};
use sha2::{Digest, Sha256};

use super::sections::{EXPORTS, IMPORTS, Reader, push_name, push_number, rewrite};

/// The module with short names, and the glue that goes with it.
pub fn shorten(module: &[u8], glue: &str) -> Result<(Vec<u8>, String)> {
    let tag = tag(module, glue);
    let mut glue = glue.to_owned();
    let shortened = rewrite(module, |id, content| match id {
        IMPORTS => shorten_imports(content, &tag, &mut glue).map(Some),
        EXPORTS => shorten_exports(content, &mut glue).map(Some),
        _ => Ok(None),
    })?;
    Ok((shortened, glue))
}

/// By it module and glue know each other. Short names of two versions are the same and mean different things, and the
/// slim entry may be given another version's module out of a cache: with one name tagged, the two do not link.
fn tag(module: &[u8], glue: &str) -> String {
    let hash = Sha256::new().chain_update(module).chain_update(glue).finalize();
    format!("_{:02x}{:02x}{:02x}", hash[0], hash[1], hash[2])
}

fn shorten_imports(section: &[u8], mut tag: &str, glue: &mut String) -> Result<Vec<u8>> {
    let mut reader = Reader { rest: section };
    let count = reader.number()?;
    let mut shortened = Vec::new();
    push_number(&mut shortened, count);
    let mut scripts = BTreeSet::new();
    for place in 0..count {
        let from = reader.name()?;
        let name = reader.name()?;
        let before = reader.rest;
        if reader.byte()? != 0 {
            bail!("the import {name} is no function");
        }
        reader.number()?;
        let short = short_name(place) + std::mem::take(&mut tag);
        push_name(&mut shortened, "w");
        push_name(&mut shortened, &short);
        shortened.extend(&before[..before.len() - reader.rest.len()]);
        let own = format!(" {name}: ");
        if glue.contains(&own) {
            *glue = replace_once(glue, &own, &format!(" {short}: "))?;
        } else {
            // What needs no glue of its own comes from its script as it is.
            let script = namespace(glue, from)?;
            let member = format!("{MEMBERS}\n{short}: {script}.{name},");
            *glue = replace_once(glue, MEMBERS, &member)?;
            scripts.insert(from);
        }
    }
    let leads = |line: &str, from: &str| line.trim_start().starts_with(&format!("\"{from}\": "));
    let kept = glue.lines().filter(|line| !scripts.iter().any(|from| leads(line, from)));
    *glue = kept.collect::<Vec<_>>().join("\n").replace(OWN, "\"w\": import0");
    Ok(shortened)
}

/// The glue's own functions, and the line of the imports that has them.
const MEMBERS: &str = "const import0 = {\n        __proto__: null,";
const OWN: &str = "\"./appizer_bg.js\": import0";

/// What the glue calls all that a script exports.
fn namespace(glue: &str, script: &str) -> Result<String> {
    let (_, after) =
        glue.split_once(&format!("\"{script}\": ")).with_context(|| format!("no {script} in the glue"))?;
    Ok(after.split(',').next().unwrap_or_default().to_owned())
}

fn shorten_exports(section: &[u8], glue: &mut String) -> Result<Vec<u8>> {
    let mut reader = Reader { rest: section };
    let count = reader.number()?;
    let mut shortened = Vec::new();
    push_number(&mut shortened, count);
    for place in 0..count {
        let name = reader.name()?;
        let before = reader.rest;
        reader.byte()?;
        reader.number()?;
        let short = short_name(place);
        push_name(&mut shortened, &short);
        shortened.extend(&before[..before.len() - reader.rest.len()]);
        *glue = replace_member(glue, name, &short);
    }
    Ok(shortened)
}

fn replace_once(text: &str, from: &str, to: &str) -> Result<String> {
    if text.matches(from).count() != 1 {
        bail!("wasm-bindgen's glue does not have{from}exactly once");
    }
    Ok(text.replacen(from, to, 1))
}

/// `wasm.name` becomes `wasm.short`, but `wasm.name2` stays.
fn replace_member(text: &str, name: &str, short: &str) -> String {
    let member = format!("wasm.{name}");
    let mut parts = text.split(&member);
    let mut replaced = parts.next().unwrap_or_default().to_owned();
    for part in parts {
        let longer = part.starts_with(|c: char| c.is_ascii_alphanumeric() || c == '_' || c == '$');
        replaced.push_str("wasm.");
        replaced.push_str(if longer { name } else { short });
        replaced.push_str(part);
    }
    replaced
}

/// `a` to `z`, then `aa`, `ba` and so on.
fn short_name(place: usize) -> String {
    let letter = char::from(b'a' + (place % 26) as u8);
    if place < 26 { letter.into() } else { format!("{letter}{}", short_name(place / 26 - 1)) }
}

#[cfg(test)]
mod tests {
    use super::*;

    const GLUE: &str = "import * as import1 from './x.js';\n    const import0 = {\n        __proto__: null,\n        \
                        __wbg_now_0123: function() {},\n    };\n    return {\n        \"./appizer_bg.js\": import0,\n        \
                        \"./x.js\": import1,\n    };\nwasm.core_now(); wasm.core_now2();";

    /// A module with the imports `__wbg_now_0123` of the glue and `seed` of a script, and the export `core_now` of the first.
    fn module() -> Vec<u8> {
        let mut imports = vec![2];
        for (from, name) in [("./appizer_bg.js", "__wbg_now_0123"), ("./x.js", "seed")] {
            push_name(&mut imports, from);
            push_name(&mut imports, name);
            imports.extend([0, 0]);
        }
        let mut exports = vec![1];
        push_name(&mut exports, "core_now");
        exports.extend([0, 0]);
        let mut module = b"\0asm\x01\0\0\0\x01\x04\x01\x60\0\0".to_vec();
        for (id, content) in [(IMPORTS, imports), (EXPORTS, exports)] {
            module.push(id);
            push_number(&mut module, content.len());
            module.extend(content);
        }
        module
    }

    #[test]
    fn both_sides_get_the_same_short_names() {
        let tag = tag(&module(), GLUE);
        let (module, glue) = shorten(&module(), GLUE).unwrap();
        let mut expected = b"\0asm\x01\0\0\0\x01\x04\x01\x60\0\0\x02\x14\x02\x01w\x08a".to_vec();
        expected.extend(tag.bytes().chain(*b"\0\0\x01w\x01b\0\0\x07\x05\x01\x01a\0\0"));
        assert_eq!(module, expected);
        let members = format!("b: import1.seed,\n        a{tag}: function() {{}},\n    }};\n");
        assert!(
            glue.contains(&members) && glue.contains("return {\n        \"w\": import0,\n    };"),
            "{glue}"
        );
        assert!(glue.ends_with("wasm.a(); wasm.core_now2();"));
    }

    #[test]
    fn modules_that_differ_do_not_share_their_tag() {
        assert_ne!(tag(&module(), GLUE), tag(&module(), "another"));
        assert_ne!(tag(&module(), GLUE), tag(b"\0asm", GLUE));
    }

    #[test]
    fn glue_of_another_module_is_an_error() {
        assert!(shorten(&module(), "").is_err());
    }

    #[test]
    fn short_names_differ() {
        let names: BTreeSet<_> = (0..2_000).map(short_name).collect();
        assert_eq!(names.len(), 2_000);
    }
}
