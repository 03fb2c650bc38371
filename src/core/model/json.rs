//! The one piece of JSON the core writes itself: a quoted string. Objects come in as text from
//! `JSON.stringify` and are only ever joined, never parsed: a parser would weigh more than the engine.

/// Appends `text` to `out` as a JSON string literal.
pub fn push_quoted(out: &mut String, text: &str) {
    out.push('"');
    let mut rest = text;
    // All that is escaped is ASCII: it stands between whole characters.
    while let Some(place) = rest.bytes().position(|byte| matches!(byte, b'"' | b'\\' | ..b' ')) {
        let (before, special) = rest.split_at(place);
        let (special, after) = special.split_at(1);
        out.push_str(before);
        match special.as_bytes() {
            &[code @ ..b' '] => {
                out.push_str(if code < 16 { "\\u000" } else { "\\u001" });
                out.push(char::from(b"0123456789abcdef"[usize::from(code & 15)]));
            }
            _ => {
                out.push('\\');
                out.push_str(special);
            }
        }
        rest = after;
    }
    out.push_str(rest);
    out.push('"');
}

/// `text` as a JSON string literal.
pub fn quoted(text: &str) -> String {
    let mut out = String::with_capacity(text.len() + 2);
    push_quoted(&mut out, text);
    out
}

#[cfg(test)]
#[cfg(not(target_family = "wasm"))]
mod tests {
    use super::*;
    use proptest::prelude::*;

    proptest! {
        #[test]
        fn a_quoted_string_reads_back_as_itself(text in any::<String>()) {
            let parsed: String = serde_json::from_str(&quoted(&text)).unwrap();
            prop_assert_eq!(parsed, text);
        }

        #[test]
        fn a_quoted_string_never_holds_a_raw_control_character(text in any::<String>()) {
            prop_assert!(quoted(&text).chars().all(|c| c >= ' '));
        }
    }
}
