//! Subresource Integrity: the hash by which a page says which `appizer.js` it means, and no other.

use anyhow::{Context, Result};
use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use sha2::{Digest, Sha384};

use super::read;
use crate::paths;

const ALGORITHM: &str = "sha384-";

/// Letters of a hash in base64.
const LENGTH: usize = 64;

/// Of the built `appizer.js`, as the `integrity` attribute has it.
pub fn of_script() -> Result<String> {
    Ok(integrity(&read(&paths::package().join("appizer.js"))?))
}

/// The readme with `hash` where it shows one.
pub fn put_into(readme: &str, hash: &str) -> Result<String> {
    Ok(readme.replace(shown_in(readme)?, hash))
}

/// The hash that a readme shows.
pub fn shown_in(readme: &str) -> Result<&str> {
    let start = readme.find(ALGORITHM).context("the readme shows no integrity of appizer.js")?;
    readme.get(start..start + ALGORITHM.len() + LENGTH).context("the integrity in the readme is cut short")
}

fn integrity(contents: &[u8]) -> String {
    format!("{ALGORITHM}{}", STANDARD.encode(Sha384::digest(contents)))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn integrity_is_what_browsers_compute() {
        // The example of the Subresource Integrity specification.
        let expected = "sha384-H8BRh8j48O9oYatfu5AZzq6A9RINhZO5H16dQZngK7T62em8MUt1FLm52t+eX6xO";
        assert_eq!(integrity(b"alert('Hello, world.');"), expected);
    }

    #[test]
    fn the_readme_shows_the_hash_of_the_script_it_comes_with() {
        let (old, new) = (integrity(b"old"), integrity(b"new"));
        let readme = put_into(&format!("<script integrity=\"{old}\"></script>"), &new).unwrap();
        assert_eq!(shown_in(&readme).unwrap(), new);
        assert!(put_into("no hash here", &new).is_err());
    }
}
