//! wasm-bindgen's glue, as the package has it.

use std::path::Path;

use anyhow::{Context, Result, ensure};

use super::read_text;
use crate::paths;

/// The JavaScript that the crate imports.
pub const IMPORTED: &[&str] = &["src/js/environment.js", "src/js/store.js", "src/js/transport.js"];

/// The glue as a function that makes an instance of the module: wasm-bindgen's own has room for one, and a trap leaves an
/// instance that nobody may call any more. It imports the facade's own copies of what the crate imports, not those that
/// wasm-bindgen put beside the module: the bundle must hold each once.
pub fn read_glue() -> Result<String> {
    let glue = read_text(&paths::wasm_pack().join("appizer.js"))?;
    as_function(&glue, paths::root())
}

/// `instantiate(module, guard, makeStore)` resolves with the functions of a new instance, all of which went through `guard`.
/// It never calls `new WebAssembly.Instance`: before Chromium 114 that throws on a page's main thread for any module over 4 KiB.
fn as_function(glue: &str, root: &Path) -> Result<String> {
    let mut glue = glue.to_owned();
    let mut imports = String::new();
    for imported in IMPORTED {
        let is_it = |line: &&str| line.starts_with("import") && line.contains(imported);
        let lines: Vec<String> = glue.lines().filter(is_it).map(String::from).collect();
        ensure!(!lines.is_empty(), "wasm-bindgen's glue does not import {imported}");
        for line in lines {
            let (what, _) = line.split_once(" from ").context("an import without its `from`")?;
            imports += &format!("{what} from {:?};\n", root.join(imported).display().to_string());
            glue = glue.replacen(&line, "", 1);
        }
    }
    let (body, _) = cut(&glue, "\nlet wasmModule, wasmInstance, wasm;")?;
    // Older than any browser that has reference types.
    let body = replace(body, "\nif (!('encodeInto' in cachedTextEncoder)) {", "\n}\n", "\n")?;
    let names = glue.lines().filter_map(|line| line.strip_prefix("export function ")?.split('(').next());
    let names = names.collect::<Vec<_>>().join(", ");
    let body = body.replace("\nexport function ", "\nfunction ");
    let body = without_precautions(&with_encoded_texts(&body)?)?;
    Ok(format!(
        "{imports}\nexport async function instantiate(module, guard, makeStore) {{\n{body}\n\
         const instance = await WebAssembly.instantiate(module, __wbg_get_imports());\n\
         const wasm = guard(instance.exports);\nwasm.__wbindgen_start();\nreturn {{ {names} }};\n}}\n"
    ))
}

/// wasm-bindgen copies a text's ASCII letter by letter before it asks the browser's encoder for the rest. The encoder does both.
fn with_encoded_texts(glue: &str) -> Result<String> {
    const ENCODED: &str = "\nfunction passStringToWasm0(arg) {
    const encode = (text, from) => cachedTextEncoder.encodeInto(text, getUint8ArrayMemory0().subarray(from, ptr + size));
    let size = arg.length;
    let ptr = wasm.__wbindgen_malloc(size, 1) >>> 0;
    let { read, written } = encode(arg, ptr);
    if (read < arg.length) {
        const rest = arg.slice(read);
        ptr = wasm.__wbindgen_realloc(ptr, size, size = written + rest.length * 3, 1) >>> 0;
        written += encode(rest, ptr + written).written;
        ptr = wasm.__wbindgen_realloc(ptr, size, written, 1) >>> 0;
    }
    WASM_VECTOR_LEN = written;
    return ptr;
}\n";
    let glue = replace(glue, "\nfunction passStringToWasm0(arg, malloc, realloc) {", "\n}\n", ENCODED)?;
    Ok(glue.replace(", wasm.__wbindgen_malloc, wasm.__wbindgen_realloc)", ")"))
}

/// What wasm-bindgen does for a module that runs for long and hands over much. Here an instance that fails is replaced, and with it
/// its decoder, also Safari's, which fails after 2 GiB of text. Few texts go to the module's own memory, so that a view of it is
/// made for each. And a text finds no memory only where the module has trapped: then nobody needs those that were passed before.
fn without_precautions(glue: &str) -> Result<String> {
    let decode = "\nfunction decodeText(bytes) {";
    let glue = replace(glue, decode, "\n    return ", &format!("{decode}\n    return "))?;
    let view = "\nfunction getDataViewMemory0() {";
    let always = format!("{view}\n    return new DataView(wasm.memory.buffer);\n}}\n");
    let mut glue = replace(&glue, view, "\n}\n", &always)?;
    while let Some((before, rest)) = glue.split_once("    try {\n        ptr0 = ") {
        let (passed, rest) =
            rest.split_once("    } catch (e) {\n").context("texts are passed without a catch")?;
        let (_, after) = rest.split_once("throw e;\n    }\n").context("texts that fail are not thrown on")?;
        glue = [before, "    ptr0 = ", passed, after].concat();
    }
    Ok(glue)
}

/// With another text in place of what the only `start` begins and the next `end` ends, both of them included.
fn replace(glue: &str, start: &str, end: &str, text: &str) -> Result<String> {
    let (before, rest) = cut(glue, start)?;
    let (_, after) =
        rest.split_once(end).with_context(|| format!("no {end:?} after the glue's {start:?}"))?;
    Ok([before, text, after].concat())
}

/// What comes before the only `mark` of the text, and what comes after it.
fn cut<'a>(glue: &'a str, mark: &str) -> Result<(&'a str, &'a str)> {
    let (before, after) =
        glue.split_once(mark).with_context(|| format!("wasm-bindgen's glue has no {mark:?}"))?;
    ensure!(!after.contains(mark), "wasm-bindgen's glue has more than one {mark:?}");
    Ok((before, after))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_glue_becomes_a_function_that_makes_an_instance() {
        let imports = IMPORTED
            .iter()
            .enumerate()
            .map(|(place, imported)| format!("import {{ of{place} }} from \"./snippets/x/{imported}\";\n"));
        let glue = imports.collect::<String>()
            + "\nexport function start(given) {}\n\nexport function close() {}\n\
               f(passStringToWasm0(given, wasm.__wbindgen_malloc, wasm.__wbindgen_realloc));\n\
               function passStringToWasm0(arg, malloc, realloc) {\n    slow();\n}\n\
               function getDataViewMemory0() {\n    if (cached) {}\n    return cached;\n}\n\
               function pass() {\n    let ptr0;\n    try {\n        ptr0 = 1;\n    } catch (e) {\n        undo();\n        throw e;\n    }\n}\n\
               function decodeText(bytes) {\n    count(bytes);\n    return decoder.decode(bytes);\n}\n\
               const cachedTextEncoder = new TextEncoder();\n\
               if (!('encodeInto' in cachedTextEncoder)) {\n    old();\n}\nlet more;\n\
               let wasmModule, wasmInstance, wasm;\nfunction __wbg_finalize_init(instance) {}\n\
               async function __wbg_load(module) {}\nexport { initSync, __wbg_init as default };";
        let function = as_function(&glue, Path::new("/r")).unwrap();
        assert!(function.starts_with("import { of0 } from \"/r/src/js/environment.js\";\n"), "{function}");
        assert!(function.contains("\nexport async function instantiate(module, guard, makeStore) {\n"));
        assert!(
            function
                .contains("\nconst instance = await WebAssembly.instantiate(module, __wbg_get_imports());\n")
        );
        assert!(function.contains("\nfunction close() {}") && function.contains("\nlet more;\n"));
        let end =
            "const wasm = guard(instance.exports);\nwasm.__wbindgen_start();\nreturn { start, close };\n}\n";
        assert!(function.ends_with(end), "{function}");
        assert!(
            function.contains("f(passStringToWasm0(given));") && !function.contains("slow"),
            "{function}"
        );
        assert!(function.contains("decodeText(bytes) {\n    return decoder.decode(bytes);\n}"), "{function}");
        assert!(function.contains("() {\n    return new DataView(wasm.memory.buffer);\n}"), "{function}");
        assert!(function.contains("let ptr0;\n    ptr0 = 1;\n}") && !function.contains("undo"), "{function}");
        assert!(!function.contains("__wbg_load") && !function.contains("old()"), "{function}");
        assert!(as_function("let wasm;", Path::new("/r")).is_err());
    }
}
