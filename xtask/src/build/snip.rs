//! Takes out what the compiler must leave in and nothing reaches, or nobody hears.
//!
//! - A panic ends in a trap, with or without the message that it formats before: on this target the message goes nowhere.
//!   What formats it is 5 KB, and 2 KB are what values in such messages are formatted by.
//! - wasm-bindgen has a shim for every shape of closure in its crates, and the table of functions keeps them all. Only
//!   JavaScript calls them, and only those that are exported. In the table one trap stands for all, and so does its type.
//! - It exports what its own glue calls, of which ours leaves some out.

use std::collections::{HashMap, HashSet};

use anyhow::{Result, ensure};
use wasm_encoder::reencode::{Reencode, utils};
use wasm_encoder::{CodeSection, Elements, ExportSection, Function};
use wasmparser::{
    ElementItems, Export, ExternalKind, FunctionBody, KnownCustom, Name, NameSectionReader, Parser, Payload,
    TypeRef,
};

use super::rewrite::{Rewritten, rewrite};

/// Functions that do not come back. Names as the compiler's, without the crates' hashes.
const PANICS: &[&str] = &[
    "core::panicking::",
    "core::cell::panic_",
    "core::cell::lazy::panic_",
    "core::option::expect_failed",
    "core::option::unwrap_failed",
    "core::result::unwrap_failed",
    "core::slice::copy_from_slice_impl::len_mismatch_fail",
    "core::slice::index::slice_index_fail",
    "core::str::slice_error_fail",
    "alloc::alloc::handle_alloc_error",
    "alloc::raw_vec::capacity_overflow",
    "alloc::raw_vec::handle_error",
    "__rustc::rust_begin_unwind",
];

/// How values in panic messages are formatted. The table of functions keeps them; `core::fmt::write`, which alone calls
/// them, would stand in the module if anything else formatted.
const FORMATTERS: &[&str] = &["::fmt::Debug>::fmt", "::fmt::Display>::fmt"];

const SHIM: &str = "wasm_bindgen::convert::closures::_::invoke";

/// What runs `async` functions, of which the package has none; js-sys exports it.
const EXECUTOR: &str = "js_sys::futures::";

/// The module with traps in place of those functions' bodies, and without the exports that the glue does not name; an
/// optimiser finds what else they leave unreached.
pub fn snip(module: &[u8], glue: &str) -> Result<Vec<u8>> {
    let Functions { names, exported, imported, .. } = Functions::of(module)?;
    ensure!(!names.is_empty(), "the compiled module names no functions: was it stripped?");
    let kept: HashSet<&str> =
        exported.iter().filter_map(|index| names.get(index)).map(|name| bare(name)).collect();
    let unreached = |name: &str| {
        let plain = without_hashes(name);
        let is_idle = plain.starts_with(SHIM) && !kept.contains(bare(name));
        is_panic(&plain) || is_formatter(&plain) || is_idle || plain.starts_with(EXECUTOR)
    };
    let snipped = names.iter().filter(|(_, name)| unreached(name)).map(|(&index, _)| index).collect();
    rewrite(module, &mut Snipper { glue, snipped, trap: None, index: imported })
}

/// Every function's name and the length of its body.
pub fn functions(module: &[u8]) -> Result<Vec<(String, usize)>> {
    let Functions { mut names, imported, lengths, .. } = Functions::of(module)?;
    let named = |(index, length)| (names.remove(&index).unwrap_or_default(), length);
    Ok((imported..).zip(lengths).map(named).collect())
}

/// A module's functions, by their indices: those that are imported come first.
#[derive(Default)]
struct Functions {
    names: HashMap<u32, String>,
    exported: HashSet<u32>,
    imported: u32,
    /// Of the bodies, in bytes.
    lengths: Vec<usize>,
}

impl Functions {
    fn of(module: &[u8]) -> Result<Self> {
        let mut functions = Self::default();
        for payload in Parser::new(0).parse_all(module) {
            match payload? {
                Payload::ImportSection(section) => {
                    for import in section.into_imports() {
                        functions.imported += u32::from(matches!(import?.ty, TypeRef::Func(_)));
                    }
                }
                Payload::ExportSection(section) => {
                    for export in section {
                        let export = export?;
                        if export.kind == ExternalKind::Func {
                            functions.exported.insert(export.index);
                        }
                    }
                }
                Payload::CodeSectionEntry(body) => functions.lengths.push(body.as_bytes().len()),
                Payload::CustomSection(section) => {
                    if let KnownCustom::Name(section) = section.as_known() {
                        functions.read_names(section)?;
                    }
                }
                _ => {}
            }
        }
        Ok(functions)
    }

    fn read_names(&mut self, section: NameSectionReader<'_>) -> Result<()> {
        for names in section {
            if let Name::Function(names) = names? {
                for named in names {
                    let named = named?;
                    self.names.insert(named.index, named.name.to_owned());
                }
            }
        }
        Ok(())
    }
}

struct Snipper<'a> {
    glue: &'a str,
    snipped: HashSet<u32>,
    /// The one that stands in the table.
    trap: Option<u32>,
    /// Of the next function.
    index: u32,
}

impl Reencode for Snipper<'_> {
    type Error = anyhow::Error;

    fn parse_export(&mut self, exports: &mut ExportSection, export: Export<'_>) -> Rewritten {
        if self.glue.contains(&format!("wasm.{}", export.name)) {
            exports.export(export.name, self.export_kind(export.kind)?, export.index);
        }
        Ok(())
    }

    fn element_items<'a>(&mut self, items: ElementItems<'a>) -> Rewritten<Elements<'a>> {
        let items = utils::element_items(self, items)?;
        let Elements::Functions(functions) = items else { return Ok(items) };
        let merged = functions.iter().map(|&index| {
            if self.snipped.contains(&index) { *self.trap.get_or_insert(index) } else { index }
        });
        Ok(Elements::Functions(merged.collect()))
    }

    fn parse_function_body(&mut self, code: &mut CodeSection, body: FunctionBody<'_>) -> Rewritten {
        if self.snipped.contains(&self.index) {
            let mut trap = Function::new([]);
            trap.instructions().unreachable().end();
            code.function(&trap);
        } else {
            code.raw(body.as_bytes());
        }
        self.index += 1;
        Ok(())
    }
}

fn is_panic(name: &str) -> bool {
    PANICS.iter().any(|panic| name.starts_with(panic) || name.ends_with("::assert_failed"))
}

fn is_formatter(name: &str) -> bool {
    FORMATTERS.iter().any(|formatter| name.ends_with(formatter))
}

/// `core[c5930c85a12de822]::panicking::panic` is `core::panicking::panic`; a method's `<` goes too.
fn without_hashes(name: &str) -> String {
    let mut kept = String::new();
    let mut rest = name.trim_start_matches('<');
    while let Some((before, after)) = rest.split_once('[') {
        kept.push_str(before);
        rest = after.split_once(']').map_or("", |(_, after)| after);
    }
    kept + rest
}

/// wasm-bindgen wraps a shim in others, which have its name and more behind it.
fn bare(name: &str) -> &str {
    let end = [" externref shim", " multivalue shim"].iter().filter_map(|shim| name.find(shim)).min();
    &name[..end.unwrap_or(name.len())]
}

#[cfg(test)]
mod tests {
    use super::*;
    use wasm_encoder::{
        ConstExpr, ElementSection, ExportKind, FunctionSection, Module, NameMap, NameSection, TypeSection,
    };

    /// A module of one function after another, by name, all of them in the table and the first exported.
    fn module(functions: &[&str]) -> Vec<u8> {
        let mut types = TypeSection::new();
        types.ty().function([], []);
        let (mut shapes, mut code, mut names) = (FunctionSection::new(), CodeSection::new(), NameMap::new());
        for (index, name) in (0..).zip(functions) {
            shapes.function(0);
            let mut body = Function::new([]);
            body.instructions().nop().end();
            code.function(&body);
            names.append(index, name);
        }
        let mut exports = ExportSection::new();
        exports.export("first", ExportKind::Func, 0);
        let mut elements = ElementSection::new();
        elements.active(
            None,
            &ConstExpr::i32_const(1),
            Elements::Functions((0..functions.len() as u32).collect()),
        );
        let mut named = NameSection::new();
        named.functions(&names);
        let mut module = Module::new();
        module
            .section(&types)
            .section(&shapes)
            .section(&exports)
            .section(&elements)
            .section(&code)
            .section(&named);
        module.finish()
    }

    /// Of each function whether it is a trap now, and the table.
    fn snipped(functions: &[&str]) -> (Vec<bool>, Vec<u32>) {
        let snipped = snip(&module(functions), "wasm.first()").unwrap();
        let (mut traps, mut table) = (Vec::new(), Vec::new());
        for payload in Parser::new(0).parse_all(&snipped) {
            match payload.unwrap() {
                Payload::CodeSectionEntry(body) => traps.push(body.as_bytes() == [0, 0x00, 0x0b]),
                Payload::ElementSection(section) => {
                    for element in section {
                        let ElementItems::Functions(items) = element.unwrap().items else {
                            panic!("no functions")
                        };
                        table.extend(items.into_iter().map(Result::unwrap));
                    }
                }
                _ => {}
            }
        }
        (traps, table)
    }

    #[test]
    fn panics_and_shims_that_nobody_calls_become_traps_of_which_the_table_has_one() {
        let shim = |of: &str| format!("wasm_bindgen[5f]::convert::closures::_::invoke::<{of}>");
        let exported = shim("u32, u32") + " externref shim multivalue shim";
        let (inner, idle) = (shim("u32, u32"), shim("u32, bool"));
        let shown = "<usize as core[c5]::fmt::Display>::fmt";
        let functions =
            [&exported, "core[c5]::panicking::panic_fmt", &inner, &idle, shown, "core::fmt::write"];
        let (traps, table) = snipped(&functions);
        assert_eq!(traps, [false, true, false, true, true, false]);
        assert_eq!(table, [0, 1, 2, 1, 1, 5]);
    }

    #[test]
    fn what_the_glue_does_not_name_is_not_exported() {
        let exported = |glue| Functions::of(&snip(&module(&["a"]), glue).unwrap()).unwrap().exported.len();
        assert_eq!((exported("wasm.first();"), exported("wasm.second();")), (1, 0));
    }

    #[test]
    fn a_module_without_names_is_an_error() {
        assert!(snip(&module(&[]), "").is_err());
    }
}
