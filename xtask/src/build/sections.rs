//! A WebAssembly module as its sections.

use anyhow::{Context, Result, bail};

pub const CUSTOM: u8 = 0;
pub const IMPORTS: u8 = 2;
pub const EXPORTS: u8 = 7;
pub const CODE: u8 = 10;

const PREAMBLE: usize = 8;

/// The module with the sections that `change` gave anew.
pub fn rewrite(
    module: &[u8],
    mut change: impl FnMut(u8, &[u8]) -> Result<Option<Vec<u8>>>,
) -> Result<Vec<u8>> {
    let mut rewritten = module.get(..PREAMBLE).context("no module")?.to_vec();
    let mut reader = Reader { rest: &module[PREAMBLE..] };
    while !reader.rest.is_empty() {
        let id = reader.byte()?;
        let length = reader.number()?;
        let content = reader.take(length)?;
        let changed = change(id, content)?;
        let content = changed.as_deref().unwrap_or(content);
        rewritten.push(id);
        push_number(&mut rewritten, content.len());
        rewritten.extend(content);
    }
    Ok(rewritten)
}

/// Reads a module's binary form from its beginning.
pub struct Reader<'a> {
    pub rest: &'a [u8],
}

impl<'a> Reader<'a> {
    pub fn byte(&mut self) -> Result<u8> {
        Ok(self.take(1)?[0])
    }

    /// LEB128.
    pub fn number(&mut self) -> Result<usize> {
        let mut number = 0;
        for shift in (0..35).step_by(7) {
            let byte = self.byte()?;
            number |= usize::from(byte & 0x7f) << shift;
            if byte < 0x80 {
                return Ok(number);
            }
        }
        bail!("a number in the module does not end");
    }

    pub fn name(&mut self) -> Result<&'a str> {
        let length = self.number()?;
        std::str::from_utf8(self.take(length)?).context("a name in the module")
    }

    pub fn take(&mut self, length: usize) -> Result<&'a [u8]> {
        let (taken, rest) = self.rest.split_at_checked(length).context("the module ends early")?;
        self.rest = rest;
        Ok(taken)
    }
}

pub fn push_number(bytes: &mut Vec<u8>, mut number: usize) {
    while number >= 0x80 {
        bytes.push(number as u8 | 0x80);
        number >>= 7;
    }
    bytes.push(number as u8);
}

pub fn push_name(bytes: &mut Vec<u8>, name: &str) {
    push_number(bytes, name.len());
    bytes.extend(name.as_bytes());
}
