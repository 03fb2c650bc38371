//! Numbers and words as text. std's `to_string` for numbers would be 600 bytes of brotli more (26 November 2026).

/// Appends the last `digits` decimal digits of `number`, with zeros before it.
pub fn push_padded(text: &mut String, number: u64, digits: u32) {
    let mut unit = 10_u64.pow(digits - 1);
    while unit > 0 {
        text.push(char::from(b'0' + (number / unit % 10) as u8));
        unit /= 10;
    }
}

/// Appends `number` in as many decimal digits as it needs.
pub fn push_decimal(text: &mut String, number: u64) {
    let digits = number.checked_ilog10().unwrap_or(0) + 1;
    push_padded(text, number, digits);
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
    words.split(' ').any(|other| other == word)
}

/// Returns true if `text` is made of decimal digits, one or more.
pub fn is_decimal(text: &str) -> bool {
    !text.is_empty() && text.bytes().all(|byte| byte.is_ascii_digit())
}

/// The number that a text of decimal digits stands for; nothing for any other text, or for what does not fit.
pub fn read_decimal(text: &str) -> Option<u64> {
    if is_decimal(text) { text.parse().ok() } else { None }
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
    }
}
