//! Numbers as text, without the weight of `core::fmt`.

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

/// What stands before and after the first `separator`; not generic like std's, so that it is there only once.
#[inline(never)]
pub fn split_at_char(text: &str, separator: char) -> Option<(&str, &str)> {
    text.split_once(separator)
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
