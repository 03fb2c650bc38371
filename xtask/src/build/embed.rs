//! The module as text inside a script: one file to load instead of two. Servers compress scripts, so the text keeps
//! what a compressor finds in the module: each byte is a printable character, or, where it is rare, two. Measured on a
//! module of 95,197 bytes: 39,796 bytes of brotli, against 43,500 for the module deflated and in base64, and
//! 38,749 for the bare file.

use std::cmp::Reverse;
use std::path::PathBuf;

use anyhow::Result;

use super::{size, write};
use crate::paths;

/// The letter of each byte, a space where the byte is rare: that is two letters, [`PREFIXES`] first. Of printable characters
/// those that a string in any kind of quotes would have to escape are not among them. A compressor foresees a letter from the
/// kinds of those before it (upper case, lower case, digits, vowels), so it matters which byte has which: these were found on
/// modules of 70,282 and 66,479 bytes by swapping two at a time, 603 bytes of brotli less than bytes that stand for themselves
/// where they can, and 158 more. `cargo xtask build --letters` looks for better ones.
const LETTERS: &[u8; 256] = b"\
    fb>).hjcv74=8[{6%(  m   9  zd   BMD]&   ua  2~  g     ie  o     \
    w:;  xty                        nW  +^  sJUOE5Ik*qpr03 ?1   A @l\
    , K P  -T           Z   L   C   R       F       Q       G       \
    S   N   X       |   H   V       }   /   <       _           Y  #";

/// What announces a rare byte.
const PREFIXES: [char; 2] = [' ', '!'];

/// The script: its default export is the module as text, which the facade turns back into bytes.
pub fn module_script() -> PathBuf {
    paths::intermediate().join("module.js")
}

pub fn write_module(module: &[u8]) -> Result<()> {
    write(&module_script(), script(module, LETTERS))
}

/// What the module adds to a script, in brotli.
pub fn weight(module: &[u8]) -> Result<usize> {
    weight_with(module, LETTERS)
}

/// Swaps the letters of two bytes, frequent ones first, and keeps what weighs less, until no swap does; prints what it found.
pub fn look_for_letters(module: &[u8]) -> Result<()> {
    let mut bytes = Vec::from_iter(0..=255_u8);
    bytes.sort_by_cached_key(|byte| Reverse(module.iter().filter(|&it| it == byte).count()));
    let mut letters = *LETTERS;
    let mut least = weight_with(module, &letters)?;
    println!("   {least:>6} of brotli with the letters as they are");
    loop {
        let before = least;
        for (place, &one) in bytes.iter().enumerate() {
            for &other in &bytes[..place] {
                let mut swapped = letters;
                swapped.swap(usize::from(one), usize::from(other));
                let weight = weight_with(module, &swapped)?;
                if weight < least {
                    (letters, least) = (swapped, weight);
                    println!("   {least:>6} with {:?}", String::from_utf8_lossy(&letters));
                }
            }
        }
        if least == before {
            return Ok(());
        }
    }
}

fn weight_with(module: &[u8], letters: &[u8; 256]) -> Result<usize> {
    Ok(size::brotli(script(module, letters).as_bytes())?)
}

fn script(module: &[u8], letters: &[u8; 256]) -> String {
    format!("export default \"{}\";\n", encode(module, letters))
}

/// The letters of all bytes, then the module.
fn encode(module: &[u8], letters: &[u8; 256]) -> String {
    let codes = codes(letters);
    let mut text = String::with_capacity(letters.len() + module.len() * 9 / 8);
    text.extend(letters.iter().copied().map(char::from));
    module.iter().for_each(|&byte| text.push_str(&codes[usize::from(byte)]));
    text
}

/// The rare bytes in their order, each a prefix and one of the frequent bytes' letters in theirs.
fn codes(letters: &[u8; 256]) -> Vec<String> {
    let singles: Vec<char> =
        letters.iter().filter(|&&letter| letter != b' ').copied().map(char::from).collect();
    let mut seen = 0;
    let code = |&letter: &u8| match letter {
        b' ' => {
            seen += 1;
            let (prefix, single) = ((seen - 1) / singles.len(), (seen - 1) % singles.len());
            String::from_iter([PREFIXES[prefix], singles[single]])
        }
        _ => String::from(char::from(letter)),
    };
    letters.iter().map(code).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    /// As `src/js/embedded.js` does it.
    fn decode(text: &str) -> Vec<u8> {
        let (letters, body) = text.as_bytes().split_at(256);
        let singles = Vec::from_iter(letters.iter().filter(|&&letter| letter != b' '));
        let mut table = [0; 3 * 128];
        let mut rare = 0;
        for (byte, &letter) in letters.iter().enumerate() {
            let place = if letter == b' ' {
                rare += 1;
                ((rare - 1) / singles.len() + 1) * 128 + usize::from(*singles[(rare - 1) % singles.len()])
            } else {
                usize::from(letter)
            };
            table[place] = byte as u8;
        }
        let mut body = body.iter().map(|&letter| usize::from(letter));
        let mut module = Vec::new();
        while let Some(letter) = body.next() {
            let place = if letter < 34 { (letter - 31) * 128 + body.next().unwrap() } else { letter };
            module.push(table[place]);
        }
        module
    }

    #[test]
    fn the_script_holds_the_module() {
        let every_byte = (0..=255_u8).collect::<Vec<_>>();
        let uneven: Vec<u8> = (0..2_000_u32).map(|n| (n * n % 251) as u8).collect();
        for module in [every_byte, uneven, Vec::new()] {
            let script = script(&module, LETTERS);
            let text = script.strip_prefix("export default \"").unwrap().strip_suffix("\";\n").unwrap();
            assert_eq!(decode(text), module);
        }
    }

    #[test]
    fn no_letter_stands_for_two_bytes_or_has_to_be_escaped() {
        let mut singles = Vec::from_iter(LETTERS.iter().filter(|&&letter| letter != b' '));
        singles.sort_unstable();
        assert!(singles.windows(2).all(|pair| pair[0] < pair[1]));
        assert!(singles.iter().all(|&&letter| (34..127).contains(&letter) && !b"\"'`$\\".contains(&letter)));
        assert!(256 - singles.len() <= PREFIXES.len() * singles.len());
    }
}
