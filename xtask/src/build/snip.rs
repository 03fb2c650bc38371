//! Takes out what the compiler must leave in and nothing reaches, or nobody hears.
//!
//! - A panic ends in a trap, with or without the message that it formats before: on this target the message goes nowhere.
//!   What formats it is 5 KB, and 2 KB are what values in such messages are formatted by.
//! - wasm-bindgen has a shim for every shape of closure in its crates, and the table of functions keeps them all. Only
//!   JavaScript calls them, and only those that are exported.

use std::collections::{HashMap, HashSet};

use anyhow::{Context, Result, bail};

use super::sections::{CODE, CUSTOM, EXPORTS, IMPORTS, Reader, push_number, rewrite};

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

/// No locals, `unreachable`, `end`.
const TRAP: [u8; 3] = [0, 0x00, 0x0b];

/// The module with traps in place of those functions' bodies; an optimiser finds what else they leave unreached.
pub fn snip(module: &[u8]) -> Result<Vec<u8>> {
    let mut imported = 0;
    let mut exported = HashSet::new();
    let mut names = HashMap::new();
    rewrite(module, |id, content| {
        let mut reader = Reader { rest: content };
        match id {
            IMPORTS => imported = count_functions(&mut reader)?,
            EXPORTS => exported = read_exports(&mut reader)?,
            CUSTOM if reader.name()? == "name" => names = read_names(&mut reader)?,
            _ => {}
        }
        Ok(None)
    })?;
    let kept: HashSet<&str> =
        exported.iter().filter_map(|index| names.get(index)).map(|name| bare(name)).collect();
    let unreached = |name: &str| {
        let plain = without_hashes(name);
        let is_idle = plain.starts_with(SHIM) && !kept.contains(bare(name));
        is_panic(&plain) || is_formatter(&plain) || is_idle || plain.starts_with(EXECUTOR)
    };
    if names.is_empty() {
        bail!("the compiled module names no functions: was it stripped?");
    }
    rewrite(module, |id, content| {
        if id != CODE {
            return Ok(None);
        }
        let mut reader = Reader { rest: content };
        let count = reader.number()?;
        let mut code = Vec::new();
        push_number(&mut code, count);
        for place in 0..count {
            let length = reader.number()?;
            let body = reader.take(length)?;
            let snipped = names.get(&(imported + place)).is_some_and(|name| unreached(name));
            let body = if snipped { &TRAP } else { body };
            push_number(&mut code, body.len());
            code.extend(body);
        }
        Ok(Some(code))
    })
}

/// Every function's name and the length of its body.
pub fn functions(module: &[u8]) -> Result<Vec<(String, usize)>> {
    let mut imported = 0;
    let mut lengths = Vec::new();
    let mut names = HashMap::new();
    rewrite(module, |id, content| {
        let mut reader = Reader { rest: content };
        match id {
            IMPORTS => imported = count_functions(&mut reader)?,
            CUSTOM if reader.name()? == "name" => names = read_names(&mut reader)?,
            CODE => {
                for _ in 0..reader.number()? {
                    let length = reader.number()?;
                    lengths.push(length);
                    reader.take(length)?;
                }
            }
            _ => {}
        }
        Ok(None)
    })?;
    let named = |(place, length)| (names.remove(&(imported + place)).unwrap_or_default(), length);
    Ok(lengths.into_iter().enumerate().map(named).collect())
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

fn count_functions(reader: &mut Reader<'_>) -> Result<usize> {
    let count = reader.number()?;
    for _ in 0..count {
        reader.name()?;
        reader.name()?;
        if reader.byte()? != 0 {
            bail!("an import that is no function");
        }
        reader.number()?;
    }
    Ok(count)
}

fn read_exports(reader: &mut Reader<'_>) -> Result<HashSet<usize>> {
    let mut exported = HashSet::new();
    for _ in 0..reader.number()? {
        reader.name()?;
        let is_function = reader.byte()? == 0;
        let index = reader.number()?;
        if is_function {
            exported.insert(index);
        }
    }
    Ok(exported)
}

fn read_names(reader: &mut Reader<'_>) -> Result<HashMap<usize, String>> {
    const FUNCTIONS: u8 = 1;
    let mut names = HashMap::new();
    while !reader.rest.is_empty() {
        let id = reader.byte()?;
        let length = reader.number()?;
        let mut reader = Reader { rest: reader.take(length).context("the names end early")? };
        if id == FUNCTIONS {
            for _ in 0..reader.number()? {
                let index = reader.number()?;
                names.insert(index, reader.name()?.to_owned());
            }
        }
    }
    Ok(names)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::build::sections::push_name;

    /// A module of one function after another, by name, the first of them exported.
    fn module(functions: &[&str]) -> Vec<u8> {
        let mut exports = vec![1];
        push_name(&mut exports, "first");
        exports.extend([0, 0]);
        let mut code = vec![functions.len() as u8];
        let mut map = vec![functions.len() as u8];
        for (index, name) in functions.iter().enumerate() {
            code.extend([4, 0, 0x41, index as u8, 0x0b]);
            map.push(index as u8);
            push_name(&mut map, name);
        }
        let mut names = Vec::new();
        push_name(&mut names, "name");
        names.push(1);
        push_number(&mut names, map.len());
        names.extend(map);
        let mut module = b"\0asm\x01\0\0\0".to_vec();
        for (id, content) in [(EXPORTS, exports), (CODE, code), (CUSTOM, names)] {
            module.push(id);
            push_number(&mut module, content.len());
            module.extend(content);
        }
        module
    }

    fn snipped(functions: &[&str]) -> Vec<bool> {
        let snipped = snip(&module(functions)).unwrap();
        let mut bodies = Vec::new();
        rewrite(&snipped, |id, content| {
            if id == CODE {
                let mut reader = Reader { rest: content };
                for _ in 0..reader.number()? {
                    let length = reader.number()?;
                    bodies.push(reader.take(length)? == TRAP);
                }
            }
            Ok(None)
        })
        .unwrap();
        bodies
    }

    #[test]
    fn panics_and_shims_that_nobody_calls_become_traps() {
        let shim = |of: &str| format!("wasm_bindgen[5f]::convert::closures::_::invoke::<{of}>");
        let exported = shim("u32, u32") + " externref shim multivalue shim";
        let (inner, idle) = (shim("u32, u32"), shim("u32, bool"));
        let shown = "<usize as core[c5]::fmt::Display>::fmt";
        let functions =
            [&exported, "core[c5]::panicking::panic_fmt", &inner, &idle, shown, "core::fmt::write"];
        assert_eq!(snipped(&functions), [false, true, false, true, true, false]);
    }

    #[test]
    fn a_module_without_names_is_an_error() {
        assert!(snip(&module(&[])).is_err());
    }
}
