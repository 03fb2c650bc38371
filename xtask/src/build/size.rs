//! What the package weighs, as it is and as servers send it.

use std::io::{Read, Write};
use std::path::PathBuf;

use anyhow::{Context, Result};
use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use brotli::CompressorReader;
use flate2::Compression;
use flate2::write::GzEncoder;
use sha2::{Digest, Sha384};

use super::{bundle, optimised_module, read};
use crate::{paths, process, progress};

/// Prints the table, and the hash that a script tag's `integrity` wants.
pub fn report() -> Result<()> {
    progress::heading("build: size in bytes");
    println!("   {:<34} {:>8} {:>8} {:>8}", "", "raw", "gzip", "brotli");
    for (name, contents) in measured()? {
        let sizes = Sizes::of(&contents).with_context(|| format!("measuring {name}"))?;
        println!("   {name:<34} {:>8} {:>8} {:>8}", sizes.raw, sizes.gzip, sizes.brotli);
    }
    println!("\n   integrity of pkg/appizer.js: {}", integrity(&read(&paths::package().join("appizer.js"))?));
    Ok(())
}

struct Sizes {
    raw: usize,
    gzip: usize,
    brotli: usize,
}

impl Sizes {
    fn of(contents: &[u8]) -> Result<Self> {
        let mut gzip = GzEncoder::new(Vec::new(), Compression::best());
        gzip.write_all(contents)?;
        let mut brotli = Vec::new();
        CompressorReader::new(contents, 4096, 11, 22).read_to_end(&mut brotli)?;
        Ok(Self { raw: contents.len(), gzip: gzip.finish()?.len(), brotli: brotli.len() })
    }
}

/// The package's scripts, and the two parts of which they are mostly made.
fn measured() -> Result<[(&'static str, Vec<u8>); 4]> {
    let package = paths::package();
    Ok([
        ("pkg/index.js", read(&package.join("index.js"))?),
        ("pkg/appizer.js", read(&package.join("appizer.js"))?),
        ("of which the module, before embedding", read(&optimised_module())?),
        ("of which wasm-bindgen's glue, minified", minified(&bundle::glue())?),
    ])
}

fn minified(script: &PathBuf) -> Result<Vec<u8>> {
    let mut esbuild = process::command(paths::npm_program("esbuild"));
    esbuild.arg(script).args(["--minify", "--format=esm", "--target=es2020"]);
    Ok(process::capture(&mut esbuild)?.into_bytes())
}

/// Subresource Integrity, as the `integrity` attribute has it.
fn integrity(contents: &[u8]) -> String {
    format!("sha384-{}", STANDARD.encode(Sha384::digest(contents)))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn integrity_is_what_browsers_compute() {
        // The example of the Subresource Integrity specification.
        let expected = "sha384-H8BRh8j48O9oYatfu5AZzq6A9RINhZO5H16dQZngK7T62em8MUt1FLm52t+eX6xO";
        assert_eq!(integrity(b"alert('Hello, world.');"), expected);
    }

    #[test]
    fn repetition_is_compressed_away() {
        let sizes = Sizes::of(&[b'a'; 10_000]).unwrap();
        assert_eq!(sizes.raw, 10_000);
        assert!(sizes.gzip < 100 && sizes.brotli < 100, "{} {}", sizes.gzip, sizes.brotli);
    }
}
