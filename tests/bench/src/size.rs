//! What a page loads for a tracker: the files that a real load asked for, as they are and as servers send them.

use std::fs;
use std::io::{Read, Write};

use anyhow::{Context, Result, bail};
use brotli::CompressorReader;
use flate2::Compression;
use flate2::write::GzEncoder;
use serde::Serialize;

use crate::trackers::bundles;

/// Bytes.
#[derive(Clone, Debug, Default, Serialize)]
pub struct Size {
    /// Files that were loaded.
    pub files: usize,
    /// As they are.
    pub raw: usize,
    /// Each by `gzip -9`.
    pub gzip: usize,
    /// Each by `brotli -q 11`.
    pub brotli: usize,
    /// What it asked other servers for.
    pub elsewhere: Vec<String>,
}

/// Of the resources with these addresses, as the browser lists them.
pub fn of(addresses: &[String]) -> Result<Size> {
    let mut size = Size::default();
    for address in addresses {
        let Some((_, path)) = address.split_once(".localhost:") else {
            size.elsewhere.push(address.clone());
            continue;
        };
        let Some((_, path)) = path.split_once("/trackers/") else { bail!("{address} is no tracker's file") };
        let file = bundles().join(path);
        let contents = fs::read(&file).with_context(|| format!("reading {}", file.display()))?;
        size.files += 1;
        size.add(&contents)?;
    }
    Ok(size)
}

impl Size {
    fn add(&mut self, contents: &[u8]) -> Result<()> {
        let mut gzip = GzEncoder::new(Vec::new(), Compression::best());
        gzip.write_all(contents)?;
        let mut brotli = Vec::new();
        CompressorReader::new(contents, 4096, 11, 22).read_to_end(&mut brotli)?;
        self.raw += contents.len();
        self.gzip += gzip.finish()?.len();
        self.brotli += brotli.len();
        Ok(())
    }
}
