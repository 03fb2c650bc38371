//! Short names for what module and glue have in common. wasm-bindgen's own carry a hash each, which no compressor makes
//! smaller, and stand both in the module and in the glue.

use std::collections::BTreeSet;

use anyhow::{Context, Result, bail};
use sha2::{Digest, Sha256};
use wasm_encoder::reencode::{Error, Reencode};
use wasm_encoder::{CodeSection, EntityType, ExportSection, ImportSection};
use wasmparser::{ExportSectionReader, FunctionBody, Import, ImportSectionReader, TypeRef};

use super::rewrite::{Rewritten, rewrite};

/// The module with short names, and the glue that goes with it.
pub fn shorten(module: &[u8], glue: &str) -> Result<(Vec<u8>, String)> {
    let tag = tag(module, glue);
    let mut shortener = Shortener { tag, glue: glue.to_owned() };
    let shortened = rewrite(module, &mut shortener)?;
    Ok((shortened, shortener.glue))
}

/// By it module and glue know each other. Short names of two versions are the same and mean different things, and the
/// slim entry may be given another version's module out of a cache: with one name tagged, the two do not link.
fn tag(module: &[u8], glue: &str) -> String {
    let hash = Sha256::new().chain_update(module).chain_update(glue).finalize();
    format!("_{:02x}{:02x}{:02x}", hash[0], hash[1], hash[2])
}

struct Shortener {
    /// For the first import.
    tag: String,
    glue: String,
}

impl Reencode for Shortener {
    type Error = anyhow::Error;

    fn parse_import_section(
        &mut self,
        imports: &mut ImportSection,
        section: ImportSectionReader<'_>,
    ) -> Rewritten {
        let mut scripts = BTreeSet::new();
        for (place, import) in section.into_imports().enumerate() {
            let import = import?;
            let short = short_name(place) + &std::mem::take(&mut self.tag);
            let function = self.shorten_import(import, &short, &mut scripts).map_err(Error::UserError)?;
            imports.import("w", &short, function);
        }
        let leads = |line: &str, from: &str| line.trim_start().starts_with(&format!("\"{from}\": "));
        let kept = self.glue.lines().filter(|line| !scripts.iter().any(|from| leads(line, from)));
        self.glue = kept.collect::<Vec<_>>().join("\n").replace(OWN, "\"w\": import0");
        Ok(())
    }

    fn parse_export_section(
        &mut self,
        exports: &mut ExportSection,
        section: ExportSectionReader<'_>,
    ) -> Rewritten {
        for (place, export) in section.into_iter().enumerate() {
            let export = export?;
            let short = short_name(place);
            exports.export(&short, self.export_kind(export.kind)?, export.index);
            self.glue = replace_member(&self.glue, export.name, &short);
        }
        Ok(())
    }

    /// As it is.
    fn parse_function_body(&mut self, code: &mut CodeSection, body: FunctionBody<'_>) -> Rewritten {
        code.raw(body.as_bytes());
        Ok(())
    }
}

impl Shortener {
    /// Gives the glue the import's short name. What needs no glue comes from its script as it is: that is noted.
    fn shorten_import<'a>(
        &mut self,
        import: Import<'a>,
        short: &str,
        scripts: &mut BTreeSet<&'a str>,
    ) -> Result<EntityType> {
        let Import { module: from, name, ty: TypeRef::Func(shape) } = import else {
            bail!("the import {} is no function", import.name);
        };
        let own = format!(" {name}: ");
        if self.glue.contains(&own) {
            self.glue = replace_once(&self.glue, &own, &format!(" {short}: "))?;
        } else {
            let script = namespace(&self.glue, from)?;
            let member = format!("{MEMBERS}\n{short}: {script}.{name},");
            self.glue = replace_once(&self.glue, MEMBERS, &member)?;
            scripts.insert(from);
        }
        Ok(EntityType::Function(shape))
    }
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
    use wasm_encoder::{ExportKind, Module, TypeSection};

    use super::*;

    const GLUE: &str = "import * as import1 from './x.js';\n    const import0 = {\n        __proto__: null,\n        \
                        __wbg_now_0123: function() {},\n    };\n    return {\n        \"./appizer_bg.js\": import0,\n        \
                        \"./x.js\": import1,\n    };\nwasm.core_now(); wasm.core_now2();";

    /// A module that imports `own` of the glue and `foreign` of a script, and exports the first as `exported`.
    fn module(from: [&str; 2], own: &str, foreign: &str, exported: &str) -> Vec<u8> {
        let mut types = TypeSection::new();
        types.ty().function([], []);
        let mut imports = ImportSection::new();
        imports.import(from[0], own, EntityType::Function(0));
        imports.import(from[1], foreign, EntityType::Function(0));
        let mut exports = ExportSection::new();
        exports.export(exported, ExportKind::Func, 0);
        let mut module = Module::new();
        module.section(&types).section(&imports).section(&exports);
        module.finish()
    }

    fn long() -> Vec<u8> {
        module(["./appizer_bg.js", "./x.js"], "__wbg_now_0123", "seed", "core_now")
    }

    #[test]
    fn both_sides_get_the_same_short_names() {
        let tag = tag(&long(), GLUE);
        let (shortened, glue) = shorten(&long(), GLUE).unwrap();
        assert_eq!(shortened, module(["w", "w"], &format!("a{tag}"), "b", "a"));
        let members = format!("b: import1.seed,\n        a{tag}: function() {{}},\n    }};\n");
        assert!(
            glue.contains(&members) && glue.contains("return {\n        \"w\": import0,\n    };"),
            "{glue}"
        );
        assert!(glue.ends_with("wasm.a(); wasm.core_now2();"));
    }

    #[test]
    fn modules_that_differ_do_not_share_their_tag() {
        assert_ne!(tag(&long(), GLUE), tag(&long(), "another"));
        assert_ne!(tag(&long(), GLUE), tag(b"\0asm", GLUE));
    }

    #[test]
    fn glue_of_another_module_is_an_error() {
        assert!(shorten(&long(), "").is_err());
    }

    #[test]
    fn short_names_differ() {
        let names: BTreeSet<_> = (0..2_000).map(short_name).collect();
        assert_eq!(names.len(), 2_000);
    }
}
