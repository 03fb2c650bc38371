//! The one piece of JSON the core writes itself: a quoted string. Objects come in as text from
//! `JSON.stringify` and are only ever joined, never parsed: a parser would weigh more than the engine.

/// Appends `text` to `out` as a JSON string literal.
pub fn push_quoted(out: &mut String, text: &str) {
    out.push('"');
    for c in text.chars() {
        match c {
            '"' => out.push_str("\\\""),
            '\\' => out.push_str("\\\\"),
            c if c < ' ' => {
                out.push_str(if c < '\u{10}' { "\\u000" } else { "\\u001" });
                out.push(char::from(b"0123456789abcdef"[c as usize & 15]));
            }
            c => out.push(c),
        }
    }
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
