//! The module as text inside a script: one file to load instead of two, at the size of the compressed module.

use std::io::Write;
use std::path::PathBuf;

use anyhow::{Context, Result};
use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use flate2::Compression;
use flate2::write::DeflateEncoder;
use zopfli::{Format, Options};

use super::write;
use crate::paths;

/// The script: its default export is the module, deflated (raw, no header) and in base64. The facade gives it
/// to `new DecompressionStream('deflate-raw')`.
pub fn module_script() -> PathBuf {
    paths::intermediate().join("module.js")
}

pub fn write_module(module: &[u8]) -> Result<()> {
    write(&module_script(), script(module)?)
}

/// Near enough to the embedded size to choose by, a hundred times faster. Not brotli's size: what is embedded
/// is deflated, and nothing on the way makes it smaller.
pub fn quick_deflated_size(module: &[u8]) -> Result<usize> {
    let mut encoder = DeflateEncoder::new(Vec::new(), Compression::best());
    encoder.write_all(module).context("deflating the module")?;
    Ok(encoder.finish().context("deflating the module")?.len())
}

fn script(module: &[u8]) -> Result<String> {
    let mut deflated = Vec::new();
    // Zopfli searches for what zlib's level 9 takes as it comes: 5 % smaller, for seconds once a build.
    zopfli::compress(Options::default(), Format::Deflate, module, &mut deflated)
        .context("deflating the module")?;
    Ok(format!("export default \"{}\";\n", STANDARD.encode(deflated)))
}

#[cfg(test)]
mod tests {
    use std::io::Read;

    use flate2::read::DeflateDecoder;

    use super::*;

    #[test]
    fn the_script_holds_the_module() {
        let module: Vec<u8> = (0..2_000_u32).map(|n| (n * n % 251) as u8).collect();
        let script = script(&module).unwrap();
        let text =
            script.strip_prefix("export default \"").and_then(|rest| rest.strip_suffix("\";\n")).unwrap();
        let mut inflated = Vec::new();
        DeflateDecoder::new(&STANDARD.decode(text).unwrap()[..]).read_to_end(&mut inflated).unwrap();
        assert_eq!(inflated, module);
    }
}
