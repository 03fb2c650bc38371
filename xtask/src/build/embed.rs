//! The module as text inside a script: no file to host, and no plugin that a bundler needs for one. Base64 would cost a
//! compressing server 6,900 bytes; a letter for each frequent byte and two for each rare one costs some 700.

use std::cmp::Reverse;
use std::path::PathBuf;

use anyhow::{Result, ensure};

use super::write;
use crate::paths;

/// Letters that stand for a frequent byte: printable ASCII without those that a string in double quotes would have to escape, and
/// without the two that announce a rare byte.
const SINGLES: std::ops::RangeInclusive<u8> = b'"'..=b'~';
const ESCAPED: &[u8] = b"\"\\";
const PREFIXES: [char; 2] = [' ', '!'];

/// The script whose text the page's own script decodes (src/js/embedded.js).
pub fn module_script() -> PathBuf {
    paths::intermediate().join("module.js")
}

pub fn write_module(module: &[u8]) -> Result<()> {
    let script = script(module);
    ensure!(!script.contains("</script"), "the module's text would end an inline script");
    write(&module_script(), script)
}

/// The frequent bytes, then the module as text. Frequent and rare bytes stand in their own order: a compressor foresees a letter
/// by its neighbours, and that is worth more than the shortest table.
fn script(module: &[u8]) -> String {
    let codes = codes();
    let singles = codes.iter().filter(|code| code.len() == 1).count();
    let mut frequent = Vec::from_iter(0..=u8::MAX);
    frequent.sort_by_cached_key(|byte| Reverse(module.iter().filter(|&it| it == byte).count()));
    frequent.truncate(singles);
    frequent.sort_unstable();
    let rare = (0..=u8::MAX).filter(|byte| !frequent.contains(byte));
    let mut code_of = vec![""; 256];
    for (byte, code) in frequent.iter().copied().chain(rare).zip(&codes) {
        code_of[usize::from(byte)] = code;
    }
    let text: String = module.iter().map(|&byte| code_of[usize::from(byte)]).collect();
    format!("export const frequent = {frequent:?};\nexport const text = {text:?};\n")
}

/// A code for each byte: single letters, then pairs that begin with a prefix.
fn codes() -> Vec<String> {
    let singles: Vec<char> = SINGLES.filter(|letter| !ESCAPED.contains(letter)).map(char::from).collect();
    let pairs = PREFIXES
        .iter()
        .flat_map(|prefix| singles.iter().map(move |single| [*prefix, *single].iter().collect()));
    singles.iter().map(char::to_string).chain(pairs).take(256).collect()
}

#[cfg(test)]
mod tests {
    use super::super::read;
    use super::*;
    use crate::process;

    /// Returns what the page's own script makes of the text.
    fn decode(script: &str) -> Result<Vec<u8>> {
        let folder = tempfile::tempdir()?;
        let decoder = super::super::read_text(&paths::root().join("src/js/embedded.js"))?;
        write(&folder.path().join("text.mjs"), script)?;
        write(&folder.path().join("embedded.mjs"), decoder.replace("appizer-module-text", "./text.mjs"))?;
        let keep = "WebAssembly.compile = (module) => require('fs').writeFileSync('module.wasm', module);
            import('./embedded.mjs').then(({ compile }) => compile());";
        process::capture(process::command("node").args(["--eval", keep]).current_dir(&folder))?;
        read(&folder.path().join("module.wasm"))
    }

    #[test]
    fn every_byte_reads_back_as_the_page_reads_it() {
        let mut module = Vec::from_iter(0..=u8::MAX);
        module.extend([0; 90].iter().chain(&[7; 40]).chain(b"\"\\</script>"));
        assert_eq!(decode(&script(&module)).unwrap(), module);
    }

    #[test]
    fn every_byte_has_a_code_of_its_own_that_no_string_escapes() {
        let codes = codes();
        assert_eq!(codes.len(), 256);
        assert!(codes.iter().all(|code| format!("{code:?}") == format!("\"{code}\"")));
    }
}
