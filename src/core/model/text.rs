//! Numbers as text, without the weight of `core::fmt`.

/// Appends the last `digits` decimal digits of `number`, with zeros before it.
pub fn push_padded(text: &mut String, number: u64, digits: u32) {
    let mut unit = 10_u64.pow(digits - 1);
    while unit > 0 {
        push_ascii(text, b'0' + (number / unit % 10) as u8);
        unit /= 10;
    }
}

/// Appends an ASCII character, which takes none of what others take.
pub fn push_ascii(text: &mut String, byte: u8) {
    text.push(char::from(byte & 0x7f));
}

/// Appends `number` in as many decimal digits as it needs.
pub fn push_decimal(text: &mut String, number: u64) {
    let digits = number.checked_ilog10().unwrap_or(0) + 1;
    push_padded(text, number, digits);
}

/// The parts in one; not generic like std's.
#[inline(never)]
pub fn joined(parts: &[&str]) -> String {
    let mut whole = String::new();
    parts.iter().for_each(|part| whole.push_str(part));
    whole
}

/// Appends a word, with a space before it where it is not the first.
pub fn push_word(words: &mut String, word: &str) {
    if !words.is_empty() {
        words.push(' ');
    }
    words.push_str(word);
}

/// Returns true if `word` is one of the space-separated `words`.
#[inline(never)]
pub fn has_word(words: &str, word: &str) -> bool {
    fields(words, ' ').any(|other| other == word)
}

/// Returns true if `text` is made of decimal digits, one or more.
pub fn is_decimal(text: &str) -> bool {
    !text.is_empty() && text.bytes().all(|byte| byte.is_ascii_digit())
}

/// The number that a text of decimal digits stands for; nothing for any other text, or for what does not fit.
pub fn read_decimal(text: &str) -> Option<u64> {
    let mut number = 0;
    for byte in text.bytes() {
        let digit = u64::from(byte.wrapping_sub(b'0'));
        // Checked by a division: a checked multiplication is one of 128 bits.
        if digit > 9 || number > (u64::MAX - digit) / 10 {
            return None;
        }
        number = number * 10 + digit;
    }
    (!text.is_empty()).then_some(number)
}

/// The fields between the separators of a text. A text without a separator is one field.
#[derive(Debug, Clone)]
pub struct Fields<'a> {
    rest: Option<&'a str>,
    separator: char,
}

/// The fields of `text`; in place of `str::split`, whose state is large and set up anew wherever it is used.
pub fn fields(text: &str, separator: char) -> Fields<'_> {
    Fields { rest: Some(text), separator }
}

impl<'a> Iterator for Fields<'a> {
    type Item = &'a str;

    #[inline(never)]
    fn next(&mut self) -> Option<&'a str> {
        let text = self.rest?;
        let (field, rest) = match split_at_char(text, self.separator) {
            Some((field, rest)) => (field, Some(rest)),
            None => (text, None),
        };
        self.rest = rest;
        Some(field)
    }
}

/// Splits a text at the first `separator`, an ASCII character. Not generic like std's `split_once`, so that it is compiled only
/// once, nor ready for a character of several bytes.
#[inline(never)]
pub fn split_at_char(text: &str, separator: char) -> Option<(&str, &str)> {
    debug_assert!(separator.is_ascii());
    let place = text.bytes().position(|byte| char::from(byte) == separator)?;
    let (before, after) = text.split_at(place);
    Some((before, after.split_at(1).1))
}

#[cfg(test)]
#[cfg(not(target_family = "wasm"))]
mod tests {
    use super::*;
    use proptest::prelude::*;

    proptest! {
        #[test]
        fn padded_numbers_sort_as_they_count(a in 0_u64..1_000_000_000, b in 0_u64..1_000_000_000) {
            let padded = |number| {
                let mut text = String::new();
                push_padded(&mut text, number, 15);
                text
            };
            prop_assert_eq!(padded(a).cmp(&padded(b)), a.cmp(&b));
            prop_assert_eq!(padded(a).parse::<u64>().unwrap(), a);
        }

        #[test]
        fn a_decimal_number_is_as_long_as_it_needs_to_be(number in any::<u64>()) {
            let mut text = String::new();
            push_decimal(&mut text, number);
            prop_assert_eq!(text, number.to_string());
        }

        #[test]
        fn fields_are_what_stands_between_the_separators(text in "([^\t\n]|\t|é|\n){0,20}") {
            for separator in ['\t', '\n', '\u{1f}'] {
                prop_assert_eq!(fields(&text, separator).collect::<Vec<_>>(), text.split(separator).collect::<Vec<_>>());
                prop_assert_eq!(split_at_char(&text, separator), text.split_once(separator));
            }
        }
    }
}
