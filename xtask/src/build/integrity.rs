//! Subresource Integrity: the hash by which a page says which `appizer.js` it means, and no other.

use anyhow::{Result, ensure};
use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use sha2::{Digest, Sha384};

use super::read;
use crate::paths;

const ALGORITHM: &str = "sha384-";

/// Where a readme's script tag takes the attribute.
const TAG: &str = " data-api-key=\"YOUR_API_KEY\"";

/// Of the built `appizer.js`, as the `integrity` attribute has it.
pub fn of_script() -> Result<String> {
    Ok(integrity(&read(&paths::package().join("appizer.js"))?))
}

/// Returns the readme with the attribute `integrity` in its script tag. The repository's readme has none: the file may be another.
pub fn put_into(readme: &str, hash: &str) -> Result<String> {
    ensure!(readme.matches(TAG).count() == 1, "the readme must show one script tag with{TAG}");
    Ok(readme.replace(TAG, &format!("{TAG} integrity=\"{hash}\" crossorigin=\"anonymous\"")))
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
    fn the_package_s_readme_shows_the_hash_of_the_script_it_comes_with() {
        let readme = put_into(&format!("<script async{TAG}></script>"), "sha384-x").unwrap();
        let expected =
            format!("<script async{TAG} integrity=\"sha384-x\" crossorigin=\"anonymous\"></script>");
        assert_eq!(readme, expected);
    }

    #[test]
    fn a_readme_without_a_script_tag_is_an_error() {
        assert!(put_into("no tag here", "sha384-x").is_err());
    }
}
