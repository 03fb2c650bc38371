//! What the package weighs, as it is and as servers send it.

use std::io::{Read, Write};
use std::path::PathBuf;

use anyhow::{Context, Result};
use brotli::CompressorReader;
use flate2::Compression;
use flate2::write::GzEncoder;

use super::{bundle, integrity, optimised_module, read, wasm};
use crate::{paths, process, progress};

/// The size of each file above which CI fails (gate), and the size aimed at (target). The gate of the default entry is the
/// project's budget for everything that a page loads; the others are in proportion. A gate is lowered when it is beaten by
/// more than 3 %, once the redesign that the budget is for is complete.
const LIMITS: &[Limit] = &[
    Limit {
        name: ENTRY,
        gzip: Bound { gate: GATE_GZIP, target: 48_000 },
        brotli: Bound { gate: GATE_BROTLI, target: 42_000 },
    },
    Limit {
        name: SCRIPT,
        gzip: Bound { gate: GATE_GZIP, target: 48_000 },
        brotli: Bound { gate: GATE_BROTLI, target: 42_000 },
    },
    Limit {
        name: SLIM,
        gzip: Bound { gate: 54_000, target: 50_000 },
        brotli: Bound { gate: 48_500, target: 44_000 },
    },
    Limit {
        name: FACADE,
        gzip: Bound { gate: 16_000, target: 14_000 },
        brotli: Bound { gate: 14_500, target: 12_500 },
    },
];

const GATE_GZIP: usize = 53_000;
const GATE_BROTLI: usize = 47_000;

const ENTRY: &str = "pkg/index.js";
const SCRIPT: &str = "pkg/appizer.js";
const FACADE: &str = "of which the facade, alone";
const SLIM_SCRIPT: &str = "pkg/slim.js, besides its module";
const MODULE: &str = "of which the module, before embedding";
const SLIM: &str = "pkg/slim.js and its module";

struct Limit {
    name: &'static str,
    gzip: Bound,
    brotli: Bound,
}

struct Bound {
    gate: usize,
    target: usize,
}

/// Prints the table, and the hash that a script tag's `integrity` wants.
pub fn report() -> Result<()> {
    progress::heading("build: size in bytes");
    measure()?;
    println!("\n   integrity of pkg/appizer.js: {}", integrity::of_script()?);
    Ok(())
}

/// Prints the table and the largest functions, and says whether every gate holds.
pub fn check() -> Result<bool> {
    progress::heading("size: bytes");
    let measured = measure()?;
    let mut holds = true;
    println!();
    for Limit { name, gzip, brotli } in LIMITS {
        let sizes = measured.iter().find(|(of, _)| of == name).map(|(_, sizes)| sizes);
        let sizes = sizes.with_context(|| format!("{name} was not measured"))?;
        for (kind, size, Bound { gate, target }) in
            [("gzip", sizes.gzip, gzip), ("brotli", sizes.brotli, brotli)]
        {
            let verdict = judge(size, *gate, *target);
            holds &= size <= *gate;
            println!("   {name:<34} {kind:<6} {size:>7}  gate {gate:>6}  target {target:>6}  {verdict}");
        }
    }
    progress::heading("size: largest functions of the module, raw bytes, before names are stripped");
    for (name, bytes) in wasm::functions()?.into_iter().take(LARGEST) {
        println!("   {bytes:>6} {name:.100}");
    }
    Ok(holds)
}

const LARGEST: usize = 20;

fn judge(size: usize, gate: usize, target: usize) -> &'static str {
    if size > gate {
        "ABOVE THE GATE"
    } else if size > target {
        "above the target"
    } else if size * 100 < gate * 97 {
        "lower the gate"
    } else {
        "ok"
    }
}

fn measure() -> Result<Vec<(&'static str, Sizes)>> {
    println!("   {:<34} {:>8} {:>8} {:>8}", "", "raw", "gzip", "brotli");
    let mut all = Vec::new();
    for (name, contents) in contents()? {
        let sizes = Sizes::of(&contents).with_context(|| format!("measuring {name}"))?;
        println!("   {name:<34} {:>8} {:>8} {:>8}", sizes.raw, sizes.gzip, sizes.brotli);
        all.push((name, sizes));
    }
    // Two files, each compressed by itself.
    let of_slim = |size: fn(&Sizes) -> usize| {
        all.iter()
            .filter(|(name, _)| [SLIM_SCRIPT, MODULE].contains(name))
            .map(|(_, sizes)| size(sizes))
            .sum()
    };
    let sizes =
        Sizes { raw: of_slim(|of| of.raw), gzip: of_slim(|of| of.gzip), brotli: of_slim(|of| of.brotli) };
    println!("   {SLIM:<34} {:>8} {:>8} {:>8}", sizes.raw, sizes.gzip, sizes.brotli);
    all.push((SLIM, sizes));
    Ok(all)
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
        Ok(Self { raw: contents.len(), gzip: gzip.finish()?.len(), brotli: brotli(contents)? })
    }
}

/// As the best servers send it.
pub fn brotli(contents: &[u8]) -> std::io::Result<usize> {
    let mut compressed = Vec::new();
    CompressorReader::new(contents, 4096, 11, 22).read_to_end(&mut compressed)?;
    Ok(compressed.len())
}

/// The package's scripts, and the parts of which they are made.
fn contents() -> Result<[(&'static str, Vec<u8>); 7]> {
    let package = paths::package();
    Ok([
        (ENTRY, read(&package.join("index.js"))?),
        (SCRIPT, read(&package.join("appizer.js"))?),
        ("pkg/auto.js", read(&package.join("auto.js"))?),
        (FACADE, bundle::facade()?),
        (SLIM_SCRIPT, read(&package.join("slim.js"))?),
        (MODULE, read(&optimised_module())?),
        ("of which wasm-bindgen's glue, minified", minified(&bundle::glue())?),
    ])
}

fn minified(script: &PathBuf) -> Result<Vec<u8>> {
    let mut esbuild = process::command(paths::npm_program("esbuild"));
    esbuild.arg(script).args(["--minify", "--format=esm", "--target=es2020"]);
    Ok(process::capture(&mut esbuild)?.into_bytes())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_size_is_held_against_gate_and_target() {
        let said = [11_000, 10_000, 9_000].map(|size| judge(size, 10_000, 9_500));
        assert_eq!(said, ["ABOVE THE GATE", "above the target", "lower the gate"]);
        assert_eq!(judge(9_900, 10_000, 9_900), "ok");
    }

    #[test]
    fn repetition_is_compressed_away() {
        let sizes = Sizes::of(&[b'a'; 10_000]).unwrap();
        assert_eq!(sizes.raw, 10_000);
        assert!(sizes.gzip < 100 && sizes.brotli < 100, "{} {}", sizes.gzip, sizes.brotli);
    }
}
