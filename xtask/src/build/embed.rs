//! The module as text inside a script: one file to load instead of two. Servers compress scripts, so the text keeps
//! what a compressor finds in the module: each byte is a printable character, or, where it is rare, two. Measured on a
//! module of 95,197 bytes: 39,796 bytes of brotli, against 43,500 for the module deflated and in base64, and
//! 38,749 for the bare file.

use std::fmt::Write as _;
use std::path::PathBuf;

use anyhow::Result;

use super::{size, write};
use crate::paths;

/// What the text is made of: printable, and nothing that a string in any kind of quotes would have to escape.
/// `src/js/embedded.js` has the same.
const ALPHABET: &[u8; 90] =
    b" !#%&()*+,-./0123456789:;<=>?@ABCDEFGHIJKLMNOPQRSTUVWXYZ[]^_abcdefghijklmnopqrstuvwxyz{|}~";

/// Of these the first two announce a rare byte.
const PREFIXES: usize = 2;

/// The script: its default export is the module as text, which the facade turns back into bytes.
pub fn module_script() -> PathBuf {
    paths::intermediate().join("module.js")
}

pub fn write_module(module: &[u8]) -> Result<()> {
    write(&module_script(), script(module)?)
}

/// What the module adds to a script, in brotli.
pub fn weight(module: &[u8]) -> Result<usize> {
    Ok(size::brotli(script(module)?.as_bytes())?)
}

fn script(module: &[u8]) -> Result<String> {
    Ok(format!("export default \"{}\";\n", encode(module)?))
}

/// 64 hexadecimal digits that name the frequent bytes, one bit each, then the bytes. Both kinds keep their order: a
/// compressor does better with neighbours than with bytes sorted by frequency.
fn encode(module: &[u8]) -> Result<String> {
    let frequent = frequent_bytes(module);
    let mut text = String::with_capacity(module.len() * 9 / 8);
    for byte in
        frequent.chunks(8).map(|bits| bits.iter().rev().fold(0, |byte, &bit| byte << 1 | u8::from(bit)))
    {
        write!(text, "{byte:02x}")?;
    }
    let codes = codes(&frequent);
    module.iter().for_each(|&byte| text.push_str(&codes[usize::from(byte)]));
    Ok(text)
}

fn frequent_bytes(module: &[u8]) -> [bool; 256] {
    let mut counts = [0_usize; 256];
    module.iter().for_each(|&byte| counts[usize::from(byte)] += 1);
    let mut bytes: Vec<usize> = (0..256).collect();
    bytes.sort_by_key(|&byte| std::cmp::Reverse(counts[byte]));
    let mut frequent = [false; 256];
    bytes[..ALPHABET.len() - PREFIXES].iter().for_each(|&byte| frequent[byte] = true);
    frequent
}

fn codes(frequent: &[bool; 256]) -> Vec<String> {
    let character = |place: usize| char::from(ALPHABET[place]);
    let (mut frequent_seen, mut rare_seen) = (PREFIXES, 0);
    let codes = frequent.iter().map(|&is_frequent| {
        let seen = if is_frequent { &mut frequent_seen } else { &mut rare_seen };
        let place = *seen;
        *seen += 1;
        if is_frequent {
            return String::from(character(place));
        }
        String::from_iter([character(place / ALPHABET.len()), character(place % ALPHABET.len())])
    });
    codes.collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    /// As `src/js/embedded.js` does it.
    fn decode(text: &str) -> Vec<u8> {
        let (head, body) = text.as_bytes().split_at(64);
        let nibble = |place: usize| char::from(head[place]).to_digit(16).unwrap();
        let is_frequent =
            |byte: usize| nibble(byte / 8 * 2 + usize::from(byte % 8 < 4)) >> (byte % 4) & 1 == 1;
        let (frequent, rare): (Vec<usize>, Vec<usize>) = (0..256).partition(|&byte| is_frequent(byte));
        let places = body.iter().map(|byte| ALPHABET.iter().position(|letter| letter == byte).unwrap());
        let mut module = Vec::new();
        let mut prefix = None;
        for place in places {
            match prefix.take() {
                Some(prefix) => module.push(rare[prefix * ALPHABET.len() + place]),
                None if place < PREFIXES => prefix = Some(place),
                None => module.push(frequent[place - PREFIXES]),
            }
        }
        module.into_iter().map(|byte| byte as u8).collect()
    }

    #[test]
    fn the_script_holds_the_module() {
        let every_byte = (0..=255_u8).collect::<Vec<_>>();
        let uneven: Vec<u8> = (0..2_000_u32).map(|n| (n * n % 251) as u8).collect();
        for module in [every_byte, uneven, Vec::new()] {
            let script = script(&module).unwrap();
            let text = script.strip_prefix("export default \"").unwrap().strip_suffix("\";\n").unwrap();
            assert_eq!(decode(text), module);
            assert!(text.bytes().all(|byte| ALPHABET.contains(&byte)));
        }
    }

    #[test]
    fn the_facade_reads_the_same_alphabet() {
        let facade = std::fs::read_to_string(paths::root().join("src/js/embedded.js")).unwrap();
        assert!(facade.contains(std::str::from_utf8(ALPHABET).unwrap()));
    }
}
